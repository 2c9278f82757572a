"""The artificial cochlea: a causal constant-Q filter bank with logarithmic power, whole clips or hop by hop.

A value of 0 is -90 dB full scale or less, 1 a sine of full scale: value = 1 + dB / 90. A bin's kernel ends with the
column's last sample, so high notes are seen at once and a low one after half the length of its kernel (its delay).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from .spec import ScalogramSpec

FLOOR = 1e-9  # power below which nothing is heard
LOG_FLOOR = 20.72  # -ln(FLOOR), as the essay's code rounds it


class FilterBank:
    """Constant-Q kernels, grouped by octave of length so that high bins don't pay for low ones.

    groups: one (length, kernels) each, lowest bins first; kernels (2 x bins, length) float32, real parts and then
            imaginary parts, right-aligned, scaled so that a full-scale sine at the centre frequency has power 1.
    history: samples that a column sees before its own end, the longest group's length.
    delay_s: (bins,) seconds from a sound to the middle of its kernel.
    Source: Brown (1991), JASA 89(1), 425-434; Immersions, Model Architecture (a convolution with fixed weights).
    """

    def __init__(self, spec: ScalogramSpec, device: torch.device | str = "cpu") -> None:
        self.spec = spec
        lengths = [spec.kernel_samples(b) for b in range(spec.bins)]
        padded = [1 << (n - 1).bit_length() for n in lengths]
        self.groups: list[tuple[int, Tensor]] = []
        for width in sorted(set(padded), reverse=True):
            bins = [b for b in range(spec.bins) if padded[b] == width]
            kernels = np.zeros((2, len(bins), width), np.float32)
            for column, b in enumerate(bins):
                kernel = _kernel(lengths[b], spec.frequency_hz(b) / spec.rate)
                kernels[0, column, width - lengths[b] :] = kernel.real
                kernels[1, column, width - lengths[b] :] = kernel.imag
            self.groups.append((width, torch.from_numpy(kernels.reshape(-1, width)).to(device)))
        self.history = self.groups[0][0]
        self.delay_s = np.array(lengths) / 2 / spec.rate
        # a steady sine turns by this much from column to column (cycles taken mod 1 before scaling: exact in float64)
        turns = np.array([spec.frequency_hz(b) for b in range(spec.bins)]) * spec.hop / spec.rate % 1.0
        self.advance = torch.from_numpy((2 * math.pi * turns).astype(np.float32)).to(device)
        frequencies = np.array([spec.frequency_hz(b) for b in range(spec.bins)])
        self.log_frequency = torch.from_numpy(np.log(frequencies).astype(np.float32)).to(device)

    def project(self, audio: Tensor, columns: int) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of the last `columns` columns.

        audio: (..., history + (columns - 1) * hop) float32
        Returns two tensors (..., columns, bins).
        """
        hop, real, imaginary = self.spec.hop, [], []
        for width, kernels in self.groups:
            frames = audio[..., self.history - width :].unfold(-1, width, hop)[..., :columns, :]
            parts = torch.nn.functional.linear(frames, kernels)
            half = kernels.shape[0] // 2
            real.append(parts[..., :half])
            imaginary.append(parts[..., half:])
        return torch.cat(real, -1), torch.cat(imaginary, -1)


def scalogram(audio: Tensor, bank: FilterBank) -> Tensor:
    """Logarithmic constant-Q power of a clip that silence precedes.

    audio: (..., n) float32, -1 to 1, at the bank's rate
    Returns (..., channels, n // hop, bins) float32. Column t sees audio up to sample (t + 1) * hop and no later one.
    Channel 0 is (ln(power + 1e-9) + 20.72) / 20.72; channel 1, if the bank has a phase, the phase advance.
    The gradient is finite everywhere, exact silence included.
    """
    columns = audio.shape[-1] // bank.spec.hop
    before = bank.history - bank.spec.hop
    padded = torch.nn.functional.pad(audio[..., : columns * bank.spec.hop], (before, 0))
    real, imaginary = bank.project(padded, columns)
    power = log_power(real, imaginary)
    if not bank.spec.phase:
        return power.unsqueeze(-3)
    earlier = [torch.nn.functional.pad(part[..., :-1, :], (0, 0, 1, 0)) for part in (real, imaginary)]
    return torch.stack([power, phase_advance(real, imaginary, earlier[0], earlier[1], bank)], -3)


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
        self._audio = torch.zeros(bank.history)
        self._before: tuple[Tensor, Tensor] | None = None  # the last column's parts, unless sound came after it

    def hear(self, samples: Tensor) -> None:
        """Takes sound in without a column: for hops that are dropped, so that the next column is still right.

        samples: (n,) float32
        """
        self._before = None
        n = min(samples.numel(), self._audio.numel())
        self._audio = torch.cat((self._audio[n:], samples[samples.numel() - n :]))

    def push(self, samples: Tensor) -> Tensor:
        """One column. samples: (hop,) float32. Returns (channels, bins) float32."""
        before = self._before
        if self.bank.spec.phase and before is None:
            before = self.bank.project(self._audio, 1)
        self.hear(samples)
        real, imaginary = self.bank.project(self._audio, 1)
        power = log_power(real, imaginary)
        if before is None:
            return power
        self._before = (real, imaginary)
        return torch.cat((power, phase_advance(real, imaginary, *before, self.bank)))


def _kernel(length: int, frequency: float) -> np.ndarray:
    """A complex sinusoid under a Hann window. frequency: cycles per sample. Returns (length,) complex128."""
    n = np.arange(length) - (length - 1) / 2
    window = 0.5 + 0.5 * np.cos(2 * np.pi * n / length)
    return 2 * window / window.sum() * np.exp(-2j * np.pi * frequency * n)
