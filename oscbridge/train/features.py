"""What probes are given of a moment of music: the ear's own features, and the plain ones that it has to beat.

All of them see the same window of sound, which ends at the same time: what c hears.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..ear.anatomy import anatomy
from ..ear.network import Ear
from ..ear.spec import EarSpec

Features = NDArray[np.float32]  # (windows, dimensions)

LAGS = 86  # frames of the autocorrelation, 2 s
BANDS = 4  # of the onset strength
PIECE = 2_048  # frames that go through the network at once


def window_ends(frames: int, spec: EarSpec, overlap: float = 0.5) -> NDArray[np.int64]:
    """Frames at which windows end in a file of `frames`, each where c is new."""
    step = anatomy(spec).layers[spec.c_layer].frames_per_step
    length = window_frames(spec)
    stride = max(step, int(length * (1 - overlap)) // step * step)
    return np.arange(-(-length // step) * step, frames, stride)


def window_frames(spec: EarSpec) -> int:
    """The receptive field of c, in frames."""
    scalogram = spec.scalogram
    kernel_s = scalogram.kernel_samples(0) / scalogram.rate
    return round((anatomy(spec).layers[spec.c_layer].receptive_field_s - kernel_s) / scalogram.hop_s) + 1


@torch.inference_mode()
def ear_features(ear: Ear, columns: NDArray[np.uint8], ends: NDArray[np.int64]) -> dict[str, Features]:
    """ "c": the context at each window's end; "z": mean and standard deviation of the encodings in the window.

    columns: (frames, bins) uint8 as on the shelf. The ear is in eval mode; its device computes.
    """
    layers = anatomy(ear.spec).layers
    z_step, c_step = layers[ear.spec.z_layer].frames_per_step, layers[ear.spec.c_layer].frames_per_step
    length = window_frames(ear.spec)
    lead = -(-length // c_step) * c_step  # every window is heard whole
    device = next(ear.parameters()).device
    found: list[tuple[Features, Features]] = []
    for first in range(0, int(ends.max()) + 1, PIECE):
        own = ends[(ends >= first) & (ends < first + PIECE)]
        if not len(own):
            continue
        start = max(0, first - lead) // c_step * c_step  # pools keep their phase
        x = torch.from_numpy(np.array(columns[start : int(own.max()) + 1])).to(device).float().div(255)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            out = ear(x[None, None])
        z, c = (out[i][0, :, :, 0].T.float().cpu().numpy() for i in (ear.spec.z_layer, ear.spec.c_layer))
        for end in own:
            last = (int(end) - start) // z_step
            part = z[max(0, last + 1 - length // z_step) : last + 1]
            found.append((c[(int(end) - start) // c_step], np.concatenate([part.mean(0), part.std(0)])))
    return {"c": np.stack([c for c, _ in found]), "z": np.stack([z for _, z in found])}


def plain_features(columns: NDArray[np.uint8], ends: NDArray[np.int64], spec: EarSpec) -> dict[str, Features]:
    """ "scalogram": its mean over the window; "scalogram-std": with its standard deviation; "onsets": autocorrelation
    of the onset strength in BANDS bands, each divided by its value at lag 0."""
    values = np.asarray(columns, np.float32) / 255
    length = window_frames(spec)
    rise = np.maximum(np.diff(values, axis=0, prepend=values[:1]), 0)
    strength = np.stack([band.mean(1) for band in np.array_split(rise, BANDS, axis=1)], 1)
    mean, both, onsets = [], [], []
    for end in ends:
        window = values[int(end) + 1 - length : int(end) + 1]
        mean.append(window.mean(0))
        both.append(np.concatenate([window.mean(0), window.std(0)]))
        onsets.append(autocorrelation(strength[int(end) + 1 - length : int(end) + 1]))
    return {"scalogram": np.stack(mean), "scalogram-std": np.stack(both), "onsets": np.stack(onsets)}


def autocorrelation(x: Features) -> NDArray[np.float32]:
    """(frames, bands) to (LAGS * bands,): lags 1 to LAGS, of the deviation from the mean."""
    x = x - x.mean(0)
    spectrum = np.abs(np.fft.rfft(x, 2 * len(x), axis=0)) ** 2
    result = np.fft.irfft(spectrum, axis=0)[: LAGS + 1]
    return (result[1:] / (result[0] + 1e-9)).T.reshape(-1).astype(np.float32)
