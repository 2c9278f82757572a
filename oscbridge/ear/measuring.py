"""How every neuron behaves on music and on near-silence, which is what dark and bright are measured by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .anatomy import anatomy
from .filterbank import FilterBank
from .network import Ear
from .neurons import Statistics
from .scalogram import scalogram

MOMENTS = 8_192  # values of a neuron that its percentile is taken from, at most
NEAR_SILENCE = 1e-5  # -100 dB: the hiss of a good interface


@torch.inference_mode()
def measure(ear: Ear, bank: FilterBank, clips: Sequence[Tensor]) -> Statistics:
    """Statistics of every neuron over music, the first quarter of each clip left out, and over near-silence.

    clips: scalograms, (channels, frames, bins) each, as `scalogram` gives them
    """
    moments = max(1, MOMENTS // len(clips))
    heard = [[_some(_flat(x), moments) for x in ear(clip.unsqueeze(0))] for clip in clips]
    noise = NEAR_SILENCE * torch.randn(6 * bank.spec.rate, generator=torch.Generator().manual_seed(0))
    quiet = [_flat(x)[-1] for x in ear(scalogram(noise, bank).unsqueeze(0))]
    layers = [torch.cat(parts).numpy() for parts in zip(*heard, strict=True)]  # (moments, neurons) each

    def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate(parts).astype(np.float32)

    return Statistics(
        mean=joined([x.mean(0) for x in layers]),
        std=joined([x.std(0) for x in layers]),
        high=joined([np.percentile(x, 99.5, axis=0) for x in layers]),
        quiet=joined([x.numpy() for x in quiet]),
    )


@torch.inference_mode()
def clip_means(ear: Ear, bank: FilterBank, clips: Sequence[Tensor], seconds: float) -> NDArray[np.float32]:
    """(clips, neurons): what every neuron does over the last `seconds` of each.

    clips: scalograms, as in `measure`
    """
    layers = anatomy(ear.spec).layers
    frames = max(1, round(seconds / bank.spec.hop_s))
    rows = []
    for clip in clips:
        heard = ear(clip.unsqueeze(0))
        row = [x[0, :, -max(1, frames // y.frames_per_step) :].mean(1) for y, x in zip(layers, heard, strict=True)]
        rows.append(torch.cat([x.flatten() for x in row]).numpy())
    return np.stack(rows)


def parts(music: Tensor, count: int, along: int = -1) -> list[Tensor]:
    """Beginnings of a piece, each longer than the one before: what has been heard at `count` moments of it."""
    n = music.shape[along]
    return [music.narrow(along, 0, max(1, n * part // count)) for part in range(1, count + 1)]


def _flat(x: Tensor) -> Tensor:
    """(1, channels, frames, positions) to (frames, channels * positions), the neurons' order."""
    return x[0].permute(1, 0, 2).reshape(x.shape[2], -1)


def _some(x: Tensor, count: int) -> Tensor:
    """At most `count` rows, evenly spread, of a clip's last three quarters."""
    x = x[x.shape[0] // 4 :]
    return x if len(x) <= count else x[torch.linspace(0, len(x) - 1, count).long()]
