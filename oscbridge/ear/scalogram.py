"""The artificial cochlea: a causal constant-Q filter bank with logarithmic power, whole clips or hop by hop.

A value of 0 is -90 dB full scale or less, 1 a sine of full scale: value = 1 + dB / 90. A bin's kernel ends with the
column's last sample, so high notes are seen at once and a low one after half the length of its kernel (its delay).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .filterbank import BankStream, FilterBank

FLOOR = 1e-9  # power below which nothing is heard
LOG_FLOOR = 20.72  # -ln(FLOOR), as the essay's code rounds it


def scalogram(audio: Tensor, bank: FilterBank) -> Tensor:
    """Logarithmic constant-Q power of a clip that silence precedes.

    audio: (..., n) float32, -1 to 1, at the bank's rate
    Returns (..., channels, n // hop, bins) float32. Column t sees audio up to sample (t + 1) * hop and no later one.
    Channel 0 is (ln(power + 1e-9) + 20.72) / 20.72; channel 1, if the bank has a phase, the phase advance.
    The gradient is finite everywhere, exact silence included.
    """
    columns = audio.shape[-1] // bank.spec.hop
    before = bank.history + (bank.spec.phase - 1) * bank.spec.hop
    padded = torch.nn.functional.pad(audio[..., : columns * bank.spec.hop], (before, 0))
    return columns_of(padded, bank, columns + bank.spec.phase)


def columns_of(audio: Tensor, bank: FilterBank, columns: int) -> Tensor:
    """The last columns of sound that has played before. With a phase the first of them is lost, which only says how
    much the second has turned.

    audio: (..., history + (columns - 1) * hop) float32
    Returns (..., channels, columns, bins), with a phase one column less.
    """
    real, imaginary = bank.project(audio, columns)
    power = log_power(real, imaginary)
    if not bank.spec.phase:
        return power.unsqueeze(-3)
    earlier = (real[..., :-1, :], imaginary[..., :-1, :])
    advance = phase_advance(real[..., 1:, :], imaginary[..., 1:, :], *earlier, bank)
    return torch.stack([power[..., 1:, :], advance], -3)


def log_power(real: Tensor, imaginary: Tensor) -> Tensor:
    """(ln(re² + im² + 1e-9) + 20.72) / 20.72: no square root, so silence has a gradient of 0 and not NaN."""
    return (torch.log(real.square() + imaginary.square() + FLOOR) + LOG_FLOOR) / LOG_FLOOR


def phase_advance(
    real: Tensor, imaginary: Tensor, real_before: Tensor, imaginary_before: Tensor, bank: FilterBank
) -> Tensor:
    """How much faster a bin turned since the last column than its own frequency does: -π to π, divided by ln f."""
    cos, sin = torch.cos(bank.advance), torch.sin(bank.advance)
    # the last column, turned on by the bin's own advance; then the angle between it and this one
    re, im = real_before * cos - imaginary_before * sin, real_before * sin + imaginary_before * cos
    angle = torch.atan2(imaginary * re - real * im, real * re + imaginary * im + FLOOR)
    return angle / bank.log_frequency


class ScalogramStream:
    """The same columns, one hop at a time. `push` gives what `scalogram` gives for the whole clip."""

    def __init__(self, bank: FilterBank) -> None:
        self.bank = bank
        self._stream = BankStream(bank)
        self._before: tuple[Tensor, Tensor] | None = None  # the last column's parts, unless sound came after it

    def hear(self, samples: Tensor) -> None:
        """Takes sound in without a column: for hops that are dropped, so that the next column is still right.

        samples: (n x hop,) float32; none where not even the skipped sound was there in time
        """
        self._before = None
        for hop in samples.view(-1, self.bank.spec.hop):
            self._stream.hear(hop)

    def push(self, samples: Tensor) -> Tensor:
        """One column. samples: (hop,) float32. Returns (channels, bins) float32."""
        before = self._before
        if self.bank.spec.phase and before is None:
            before = self._stream.column()
        self._stream.hear(samples)
        real, imaginary = self._stream.column()
        power = log_power(real, imaginary)
        if before is None:
            return power
        self._before = (real, imaginary)
        return torch.cat((power, phase_advance(real, imaginary, *before, self.bank)))
