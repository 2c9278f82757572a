"""What a step hears instead of the loop itself, so that only what survives small changes is dreamed.

Source: Immersions, Input Optimization (temporal shifting, small pitch changes, masking of random regions, noisy
gradients, de-noising of the input); Mordvintsev, Olah & Tyka (2015), Inceptionism (jitter).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..sections import Dream as Wishes


@dataclass(frozen=True)
class Variation:
    """How one view differs from the loop. shift: samples it begins later; bins: up; masks: (first, count)."""

    shift: int = 0
    bins: float = 0.0
    columns: tuple[int, int] = (0, 0)
    band: tuple[int, int] = (0, 0)


def draw(wishes: Wishes, random: torch.Generator, samples: int, rate: int, frames: int, bins: int) -> Variation:
    """A variation as large as the wishes allow. random advances by the same count whatever they are."""
    a, b, c, d = torch.rand(4, generator=random, dtype=torch.float64).tolist()
    shift = round((2 * a - 1) * wishes.time_shift_s * rate)
    return Variation(
        shift % samples if shift else 0,
        (2 * b - 1) * wishes.pitch_shift_bins,
        (int(c * frames), round(wishes.time_mask * frames)),
        (int(d * bins), round(wishes.pitch_mask * bins)),
    )


def is_plain(wishes: Wishes) -> bool:
    """Whether every view is the loop itself."""
    return not (wishes.time_shift_s or wishes.pitch_shift_bins or wishes.time_mask or wishes.pitch_mask)


def shifted(audio: Tensor, variations: list[Variation]) -> Tensor:
    """(n,) to (views, n), each rolled round the circle."""
    return torch.stack([audio.roll(v.shift) if v.shift else audio for v in variations])


def altered(
    x: Tensor, variations: list[Variation], before: int, frames: int, moved: Callable[[float], Tensor]
) -> Tensor:
    """Spectra moved along their bins and masked.

    x: (views, channels, columns, bins), of which the loop's own are `frames` from `before` on; moved: as Circle has it
    """
    parts = [_moved(part, moved(v.bins)) if v.bins else part for part, v in zip(x, variations, strict=True)]
    return torch.stack([_masked(part, v, before, frames) for part, v in zip(parts, variations, strict=True)])


def _moved(x: Tensor, at: Tensor) -> Tensor:
    """Each bin from where it was; between two bins it is their mean by distance, beyond the ends the outermost."""
    last = x.shape[-1] - 1
    at = torch.clamp(at, 0, last)
    low = at.floor()
    share = at - low
    low = low.long()
    high = torch.clamp(low + 1, max=last)
    return x.index_select(-1, low) * (1 - share) + x.index_select(-1, high) * share


def _masked(x: Tensor, v: Variation, before: int, frames: int) -> Tensor:
    columns, bins = x.shape[-2:]
    if v.columns[1]:
        # the columns before the loop are its last ones, and fall under the same mask
        at = (torch.arange(-before, columns - before) - v.columns[0]) % frames
        x = x * (at >= v.columns[1]).unsqueeze(-1)
    if v.band[1]:
        x = x * ((torch.arange(bins) - v.band[0]) % bins >= v.band[1])
    return x


class Equalizer:
    """Three bands between the dream and the clip, as on a mixer. `apply` is linear, differentiable and circular."""

    LOW_HZ, HIGH_HZ = 250.0, 2_500.0

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._key: tuple[float, ...] = ()
        self._gain: Tensor | None = None

    def apply(self, audio: Tensor, wishes: Wishes) -> Tensor:
        """audio: (n,)."""
        gains = (wishes.low_db, wishes.mid_db, wishes.high_db)
        if not any(gains):
            return audio
        n = audio.shape[-1]
        if self._key != (n, *gains):
            self._key, self._gain = (n, *gains), self._curve(n, gains)
        return torch.fft.irfft(torch.fft.rfft(audio) * self._gain, n)

    def _curve(self, n: int, gains: tuple[float, float, float]) -> Tensor:
        """Gains in decibels, joined over an octave on either side of each crossing."""
        octaves = torch.log2(torch.clamp(torch.fft.rfftfreq(n, 1 / self._rate), min=1.0))
        low, mid, high = gains
        first = torch.sigmoid(4 * (octaves - torch.log2(torch.tensor(self.LOW_HZ))))
        second = torch.sigmoid(4 * (octaves - torch.log2(torch.tensor(self.HIGH_HZ))))
        decibels = low + (mid - low) * first + (high - mid) * second
        return 10 ** (decibels / 20)
