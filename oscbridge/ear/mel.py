"""The spectrogram that the VGG tagger hears: 96 mel bands of power, on a logarithmic scale, differentiable.

Source: musicnn 0.1.0, extractor.py, `batch_data`: librosa 0.7's melspectrogram, to float16, then log10(10000 x + 1).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..errors import BridgeError
from .tagger_anatomy import BANDS, FFT, FRAMES, HOP, RATE, WINDOW, band_edges_hz

GAIN = 10_000.0
_LARGEST = 65_504.0  # float16 ends here; a sound of full scale gives some hundreds


def log_mel(audio: Tensor) -> Tensor:
    """log10(10000 x + 1) of the power x in every band, whole clips or windows.

    audio: (..., n) float32, -1 to 1, at 16 kHz; n at least 257
    Returns (..., 1 + n // 256, 96) float32, 0 for silence, some 6 at most. Frame t is centred on sample 256 t; beyond
    its ends the sound is mirrored, as librosa did when the tagger was trained. A window of 47,616 samples makes 187.

    x is rounded to float16 as musicnn does, and the gradient passes as if it were not. musicnn also takes the logarithm
    in float16, where 10000 x overflows; here that is float32.
    Raises BridgeError if the sound is too short to be mirrored.
    """
    if audio.shape[-1] <= FFT // 2:
        raise BridgeError(f"the tagger was given {audio.shape[-1]} samples; expected at least {FFT // 2 + 1} at 16 kHz")
    flat = audio.reshape(-1, 1, audio.shape[-1])
    padded = F.pad(flat, (FFT // 2, FFT // 2), mode="reflect")[:, 0]
    window, bank = _constants(audio.device)
    spectrum = torch.stft(padded, FFT, HOP, window=window, center=False, return_complex=True)
    # no square root, so silence has a gradient of 0 and not NaN
    power = (spectrum.real.square() + spectrum.imag.square()).transpose(1, 2) @ bank
    rounded = power.detach().clamp(max=_LARGEST).half().float()
    power = power + (rounded - power).detach() if power.requires_grad else rounded
    return torch.log10(GAIN * power + 1).reshape(*audio.shape[:-1], -1, BANDS)


def windows(spectrogram: Tensor, every: int) -> Tensor:
    """All windows of a clip's spectrogram, one every so many frames; a clip shorter than a window has none.

    spectrogram: (frames, 96). Returns (windows, 187, 96), a view.
    """
    if len(spectrogram) < FRAMES:
        return spectrogram.new_zeros(0, FRAMES, BANDS)
    return spectrogram.unfold(0, FRAMES, every).transpose(1, 2)


def fitted(audio: Tensor) -> Tensor:
    """A sound of at least a window: a shorter one ends in silence. audio: (n,) float32."""
    return F.pad(audio, (0, max(0, WINDOW - audio.shape[-1])))


@cache
def mel_bank() -> NDArray[np.float32]:
    """(257, 96) float32: triangles over the FFT's bins, each of area 1 in Hz, on Slaney's mel scale.

    Source: Slaney (1998), Auditory Toolbox; librosa.filters.mel with its defaults.
    """
    edges = np.array(band_edges_hz())
    bins = np.arange(FFT // 2 + 1) * RATE / FFT
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - low) / (centre - low)
    falling = (high - bins[:, None]) / (high - centre)
    return (np.maximum(0, np.minimum(rising, falling)) * 2 / (high - low)).astype(np.float32)


@cache
def _constants(device: torch.device) -> tuple[Tensor, Tensor]:
    """Hann's window and the bank."""
    # made as no inference's tensor, or a later gradient could not pass
    with torch.inference_mode(False):
        return torch.hann_window(FFT, device=device), torch.from_numpy(mel_bank()).to(device)
