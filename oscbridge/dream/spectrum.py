"""A loop in time and frequency, and the steps that are made there.

The ear hears logarithms of power, so a step is so many decibels up or down in each cell of a short-time spectrum. Steps
along the sound's own samples would have to be small beside the faintest part that matters, and so many times as many.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WINDOW, HOP = 2_048, 512  # samples
FAINT = 0.15  # of the mean magnitude: what de-noising with amount 1 takes from every cell in a step
NEPER = math.log(10) / 20  # a decibel
LEAST, RISE, FALL, SLOWLY = 1 / 32, 1.1, 0.8, 0.7  # of the trust in a step
SMOOTH = 0.1  # of the usual slope: cells that hardly matter move less than the others


class Spectrum:
    """Short-time spectra of loops of one length, taken round the circle."""

    def __init__(self, samples: int) -> None:
        self._n = samples
        self._laps = -(-WINDOW // samples)
        self._window = torch.hann_window(WINDOW)

    @property
    def shape(self) -> torch.Size:
        return torch.Size([WINDOW // 2 + 1, 1 + (self._n + 2 * WINDOW) // HOP])

    def of(self, audio: Tensor) -> Tensor:
        """(n,) float32 to (WINDOW / 2 + 1, frames) complex64; the first and last frames reach around the seam."""
        n = self._n
        ring = audio.repeat(1 + 2 * self._laps)[self._laps * n - WINDOW : (self._laps + 1) * n + WINDOW]
        return torch.stft(ring, WINDOW, HOP, window=self._window, return_complex=True)

    def sound(self, spectrum: Tensor) -> Tensor:
        """Back to (n,)."""
        ring = torch.istft(spectrum, WINDOW, HOP, window=self._window, length=self._n + 2 * WINDOW)
        return ring[WINDOW : WINDOW + self._n]


def slopes(spectrum: Tensor, gradient: Tensor) -> Tensor:
    """What a neper more in each cell adds to the loss, by the mean of all cells (RMS 1).

    spectrum: of the sound; gradient: the spectrum of the gradient along its samples
    """
    slope = spectrum.real * gradient.real + spectrum.imag * gradient.imag
    return slope / (slope.square().mean().sqrt() + 1e-20)


def without_small(slope: Tensor, amount: float) -> Tensor:
    """Slopes below `amount` of their mean (RMS) become 0, and the others less by it: soft thresholding."""
    return slope.sign() * torch.clamp(slope.abs() - amount * slope.square().mean().sqrt(), min=0.0)


def without_faint(spectrum: Tensor, amount: float) -> Tensor:
    """Every cell loses as much power as the mean one has, times (FAINT * amount)²: what is faint vanishes, what is
    strong hardly changes. Source: Boll (1979), Suppression of acoustic noise using spectral subtraction."""
    power = spectrum.real.square() + spectrum.imag.square()
    floor = (FAINT * amount) ** 2 * power.mean()
    return spectrum * torch.clamp(1 - floor / (power + 1e-20), min=0.0).sqrt()


class Steps:
    """Turns slopes into changes in nepers. It remembers the slopes of the steps before, as Adam does.

    Source: Kingma & Ba (2015), Adam: a method for stochastic optimization.
    """

    def __init__(self, shape: torch.Size) -> None:
        self._change = torch.zeros(shape, requires_grad=True)
        self._adam = torch.optim.Adam([self._change], betas=(0.8, 0.95), eps=SMOOTH)

    def adam(self, slope: Tensor, decibels: float) -> Tensor:
        self._adam.param_groups[0]["lr"] = decibels * NEPER
        self._change.grad = slope
        self._adam.step()
        change = self._change.detach().clone()
        with torch.no_grad():
            self._change.zero_()
        return change

    @staticmethod
    def plain(slope: Tensor, decibels: float) -> Tensor:
        return -decibels * NEPER * slope / (slope.square().mean().sqrt() + 1e-20)


class Trust:
    """How much of a step to make: less while steps lead nowhere, all of it again while they lead down.

    A fine pattern is only found by fine steps, and a faint or silent sound is only raised by large ones.
    """

    def __init__(self) -> None:
        self.share = 1.0
        self._trend: float | None = None

    def see(self, loss: float) -> float:
        """After each evaluation. Returns the share of the wished step."""
        if self._trend is not None:
            trend = SLOWLY * self._trend + (1 - SLOWLY) * loss  # single losses jump with their variations
            self.share = min(1.0, max(LEAST, self.share * (RISE if trend < self._trend else FALL)))
            loss = trend
        self._trend = loss
        return self.share
