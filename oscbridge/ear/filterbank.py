"""Constant-Q kernels, and the convolution with them: for whole clips, and hop by hop.

A kernel's length is many hops at low frequencies, and each hop of it is a piece of a slow, smooth wave: all pieces of
an octave together span only a few dozen dimensions. So a long octave group is kept as a product, basis x mix: a hop of
sound is projected on to the basis once, and a column mixes the last hops' coefficients. That reads a third of the
memory, which is what a hop costs when the machine's cache is in other hands, and the result is the same to less than
float32's own rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .spec import ScalogramSpec

TOLERANCE = 1e-8  # of an octave's largest singular value; float32 rounds at 6e-8
SKETCH = 128  # dimensions tried for; an octave needs about 70 at most


@dataclass(frozen=True)
class Dense:
    """Kernels as they are. kernels: (2 x bins, width) float32, real parts and then imaginary parts."""

    kernels: Tensor

    @property
    def width(self) -> int:
        return self.kernels.shape[1]

    def columns(self, audio: Tensor, columns: int, hop: int) -> Tensor:
        """audio: (..., n) that ends with the last column. Returns (..., columns, 2 x bins)."""
        needed = self.width + (columns - 1) * hop
        return F.linear(audio[..., audio.shape[-1] - needed :].unfold(-1, self.width, hop), self.kernels)


@dataclass(frozen=True)
class Factored:
    """Kernels of whole hops as a product. basis: (rank, hop); mix: (2 x bins, hops x rank) float32."""

    basis: Tensor
    mix: Tensor

    @property
    def hops(self) -> int:
        return self.mix.shape[1] // self.basis.shape[0]

    @property
    def width(self) -> int:
        return self.hops * self.basis.shape[1]

    def columns(self, audio: Tensor, columns: int, hop: int) -> Tensor:
        """As of Dense."""
        needed = self.width + (columns - 1) * hop
        coefficients = F.linear(audio[..., audio.shape[-1] - needed :].unfold(-1, hop, hop), self.basis)
        windows = coefficients.unfold(-2, self.hops, 1).transpose(-1, -2)
        return F.linear(windows.flatten(-2), self.mix)


class FilterBank:
    """The kernels of a scalogram, grouped by octave of length so that high bins don't pay for low ones.

    Kernels are right-aligned: a bin's ends with the column's last sample. They are scaled so that a full-scale sine at
    the bin's frequency has power 1.

    groups: lowest bins first.
    history: samples that a column sees before its own end, the longest group's width.
    delay_s: (bins,) seconds from a sound to the middle of its kernel.
    Source: Brown (1991), JASA 89(1), 425-434; Immersions, Model Architecture (a convolution with fixed weights).
    """

    def __init__(self, spec: ScalogramSpec, device: torch.device | str = "cpu") -> None:
        self.spec = spec
        lengths = [spec.kernel_samples(b) for b in range(spec.bins)]
        padded = [1 << (n - 1).bit_length() for n in lengths]
        self.groups: list[Dense | Factored] = []
        for width in sorted(set(padded), reverse=True):
            bins = [b for b in range(spec.bins) if padded[b] == width]
            kernels = np.zeros((2, len(bins), width))
            for column, b in enumerate(bins):
                kernel = _kernel(lengths[b], spec.frequency_hz(b) / spec.rate)
                kernels[0, column, width - lengths[b] :] = kernel.real
                kernels[1, column, width - lengths[b] :] = kernel.imag
            self.groups.append(_group(kernels.reshape(-1, width), spec.hop, device))
        self.history = self.groups[0].width
        self.delay_s = np.array(lengths) / 2 / spec.rate
        frequencies = np.array([spec.frequency_hz(b) for b in range(spec.bins)])
        # a steady sine turns by this much from column to column (cycles taken mod 1 before scaling: exact in float64)
        turns = frequencies * spec.hop / spec.rate % 1.0
        self.advance = torch.from_numpy((2 * math.pi * turns).astype(np.float32)).to(device)
        self.log_frequency = torch.from_numpy(np.log(frequencies).astype(np.float32)).to(device)

    def project(self, audio: Tensor, columns: int) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of the last `columns` columns.

        audio: (..., history + (columns - 1) * hop) float32
        Returns two tensors (..., columns, bins).
        """
        return _split([group.columns(audio, columns, self.spec.hop) for group in self.groups])


class BankStream:
    """The same, one hop at a time. All products share one projection: few calls cost less than small ones."""

    def __init__(self, bank: FilterBank) -> None:
        self._groups = bank.groups
        self._audio = torch.zeros(max((g.width for g in bank.groups if isinstance(g, Dense)), default=1))
        factored = [g for g in bank.groups if isinstance(g, Factored)]
        bases = [g.basis for g in factored] or [torch.zeros(0, bank.spec.hop)]
        self._basis = torch.cat(bases)
        self._coefficients = torch.zeros(max((g.hops for g in factored), default=1), self._basis.shape[0])

    def hear(self, samples: Tensor) -> None:
        """Takes one hop in, (hop,) float32."""
        n = min(samples.numel(), self._audio.numel())
        self._audio = torch.cat((self._audio[n:], samples[samples.numel() - n :]))
        newest = F.linear(samples.unsqueeze(0), self._basis)
        self._coefficients = torch.cat((self._coefficients[1:], newest))

    def column(self) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts of the column that ends with what was heard last, (1, bins) each."""
        parts, first = [], 0
        for group in self._groups:
            if isinstance(group, Factored):
                rank = group.basis.shape[0]
                own = self._coefficients[-group.hops :, first : first + rank]
                parts.append(F.linear(own.reshape(1, -1), group.mix))
                first += rank
            else:
                parts.append(F.linear(self._audio[self._audio.numel() - group.width :].unsqueeze(0), group.kernels))
        return _split(parts)


def _split(parts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    halves = [part.chunk(2, dim=-1) for part in parts]
    return torch.cat([real for real, _ in halves], -1), torch.cat([imaginary for _, imaginary in halves], -1)


def _group(kernels: np.ndarray, hop: int, device: torch.device | str) -> Dense | Factored:
    """The cheaper of the two. kernels: (2 x bins, width) float64."""

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(device)

    if kernels.shape[1] % hop == 0 and kernels.shape[1] > hop:
        basis, mix = _factor(kernels.reshape(-1, hop))
        if basis.size + mix.size < 0.7 * kernels.size:
            return Factored(tensor(basis), tensor(mix.reshape(kernels.shape[0], -1)))
    return Dense(tensor(kernels))


def _factor(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """basis (rank, hop) and mix (pieces, rank) with pieces = mix @ basis, to TOLERANCE.

    Source: Halko, Martinsson & Tropp (2011), SIAM Review 53(2), 217-288, algorithm 4.1, exact here since the rank is
    far below the sketch's.
    """
    size = min(SKETCH, *pieces.shape)
    sketch = np.random.default_rng(0).standard_normal((pieces.shape[0], size))
    rows, _ = np.linalg.qr(pieces.T @ sketch)
    left, values, right = np.linalg.svd(pieces @ rows, full_matrices=False)
    rank = int((values > TOLERANCE * values[0]).sum())
    return right[:rank] @ rows.T, left[:, :rank] * values[:rank]


def _kernel(length: int, frequency: float) -> np.ndarray:
    """A complex sinusoid under a Hann window. frequency: cycles per sample. Returns (length,) complex128."""
    n = np.arange(length) - (length - 1) / 2
    window = 0.5 + 0.5 * np.cos(2 * np.pi * n / length)
    return 2 * window / window.sum() * np.exp(-2j * np.pi * frequency * n)
