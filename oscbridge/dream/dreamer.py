"""The optimisation loop: a sound is changed, a step at a time, towards its objective.

Source: Immersions, Input Optimization and Live Performance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..ear.model import Model
from ..sections import Dream as Wishes
from .circles import Circle, circle_of
from .goals import Goals
from .objectives import Match, Moments, Selected
from .spectrum import Spectrum, Steps, Trust, slopes, without_faint, without_small
from .variations import Equalizer, Variation, altered, draw, is_plain, shifted

PEAK = 0.98  # full scale is 1
LEAST_NOISE = 3e-5  # -90 dB under every origin: what is exactly silent has no level to be raised


@dataclass(frozen=True)
class Progress:
    """One step. score: of the loop itself, neither shifted nor masked, after step `scored`; undone: bad steps."""

    step: int
    score: float
    scored: int
    loss: float
    undone: int


class Dreamer:
    """One dream of one network. Its wishes and its selection may change between any two steps.

    Deterministic: the same wishes, origin and count of steps give the same sound on the same machine.
    """

    def __init__(self, model: Model, origin: Tensor, wishes: Wishes, selected: Selected, goals: Goals) -> None:
        """origin: (n,) float32 at the network's rate. Raises BridgeError if the wishes cannot be met: nothing selected,
        a class or a prediction that this network lacks."""
        self._model, self._goals = model, goals
        self.rate = model.plan.rate
        self._equalizer = Equalizer(self.rate)
        self._circles: dict[tuple[int, ...], tuple[Circle, Circle]] = {}
        self.begin(origin, wishes.seed)
        self.change(wishes, selected)

    # what is changed from outside

    def begin(self, origin: Tensor, seed: int) -> None:
        """From this sound on, as if nothing had been."""
        self._random = torch.Generator().manual_seed(seed)
        sound = torch.nan_to_num(origin.detach().float(), 0.0, 0.0, 0.0)
        sound = sound + LEAST_NOISE * torch.randn(sound.shape, generator=self._random)
        self.origin = _within_peak(sound)
        self._take(self.origin.clone())
        self.step_number = self.undone = 0
        self._score, self._scored = 0.0, -1

    def _take(self, sound: Tensor) -> None:
        self._sound = sound.requires_grad_()
        self._spectrum = Spectrum(sound.shape[0])
        self._trust = Trust()
        self._steps = Steps(self._spectrum.shape)

    def change(self, wishes: Wishes, selected: Selected) -> None:
        """Other wishes, or another selection. Raises BridgeError as the constructor does, and nothing has changed."""
        objective = self._goals.objective(wishes, selected)
        self.wishes, self.selected, self._objective = wishes, selected, objective
        self._trust = Trust()  # another aim, another loss
        key = tuple(sorted(objective.layers))
        if key not in self._circles:  # the ones before are forgotten: they are large
            self._circles = {key: (circle_of(self._model, key, fast=True), circle_of(self._model, key))}
        self._fast, self._exact = self._circles[key]
        self._high = _high_band(self._fast.bins)

    def resize(self, sound: Tensor, origin: Tensor) -> None:
        """Goes on with a loop of another length: (m,) both."""
        self.origin = origin
        self._take(sound.detach().clone())

    def take(self, sound: Tensor, steps: int, score: float, loss: float) -> Progress:
        """What these steps, made elsewhere from this dream as it is, have led to. sound: (n,)."""
        self._take(sound.detach().clone())
        self.step_number += steps
        self._score, self._scored = score, self.step_number
        return Progress(self.step_number, score, self._scored, loss, self.undone)

    # what comes out

    @property
    def samples(self) -> int:
        return self._sound.shape[0]

    @property
    def sound(self) -> Tensor:
        """(n,), the dream before the equaliser."""
        return self._sound.detach()

    @property
    def clip(self) -> Tensor:
        """(n,) float32 as it is heard: finite, within ±PEAK."""
        with torch.no_grad():
            return _within_peak(self._equalizer.apply(self._sound.detach(), self.wishes)).clone()

    def score(self) -> float:
        """Of the clip as it is now, in float32."""
        with torch.inference_mode():
            return self.score_of(self.clip)

    def score_of(self, sound: Tensor) -> float:
        """Of any sound, by this dream's objective. sound: (m,)."""
        with torch.inference_mode():
            moments = self._moments([Variation()], sound.shape[0])
            if isinstance(self._objective, Match):
                self._objective.target = self._exact.answers(self._exact.hear(self._goals.target[None]))
            return self._objective.score(self._exact.answers(self._exact.hear(sound[None])), moments)

    # a step

    def step(self, is_scored: bool = True) -> Progress:
        """One step. is_scored: evaluate the clean loop after it; else the score is the one before's."""
        w = self.wishes
        n = self.samples
        sizes = self._fast.frames_of(n), self._fast.bins
        views = [draw(w, self._random, n, self.rate, *sizes) for _ in range(1 if is_plain(w) else w.views)]
        loss = self._loss(views)
        (gradient,) = torch.autograd.grad(loss, self._sound)
        before = self._sound.detach().clone()
        value = float(loss.detach())
        if torch.isfinite(gradient).all() and math.isfinite(value):
            self._move(gradient, self._trust.see(value))
        if not torch.isfinite(self._sound).all() or not math.isfinite(value):
            self.undone += 1
            self._take(before)  # with new moments: the old ones may be what broke it
        self.step_number += 1
        progress = Progress(self.step_number, self._score, self._scored, value, self.undone)
        return self.rated(progress) if is_scored else progress

    def rated(self, progress: Progress) -> Progress:
        """The newest step's progress, with the score of the loop as it is after it."""
        score = self.score()
        if math.isfinite(score):
            self._score, self._scored = score, self.step_number
        return replace(progress, score=self._score, scored=self._scored)

    def _loss(self, views: list[Variation]) -> Tensor:
        w = self.wishes
        heard = self._equalizer.apply(self._sound, w)
        x = self._heard(heard, views)
        answers = self._fast.answers(x)
        if isinstance(self._objective, Match):
            with torch.no_grad():
                self._objective.target = self._fast.answers(self._heard(self._goals.target, views))
        loss = self._objective.loss(answers, self._moments(views, self.samples))
        power = x[:, 0, self._fast.before :][:, : self._fast.frames_of(self.samples)]
        if w.loudness:
            loss = loss + w.loudness * power.mean() * 10
        if w.high_frequencies:
            loss = loss + w.high_frequencies * (power * self._high).mean() * 10
        if w.activation:
            loss = loss + w.activation * self._goals.excitement(answers)
        return loss

    def _heard(self, sound: Tensor, views: list[Variation]) -> Tensor:
        """(n,), as each of the views differs from it, and as the network is given it."""
        circle = self._fast
        x = circle.hear(shifted(sound, views))
        return altered(x, views, circle.before, circle.frames_of(sound.shape[0]), circle.moved)

    def _moments(self, views: list[Variation], samples: int) -> Moments:
        return Moments(self.wishes.position, self.wishes.width, [v.shift / samples for v in views])

    @torch.no_grad()
    def _move(self, gradient: Tensor, share: float) -> None:
        w = self.wishes
        cells = self._spectrum.of(self._sound)
        slope = slopes(cells, self._spectrum.of(gradient))
        if w.denoise_gradient:
            slope = without_small(slope, w.denoise_gradient)
        if w.gradient_noise:
            slope = slope + w.gradient_noise * torch.randn(slope.shape, generator=self._random)
        if w.step_size > 0:
            make = self._steps.adam if w.optimizer == "adam" else self._steps.plain
            cells = cells * torch.exp(make(slope, w.step_size * share))
            if w.denoise:
                cells = without_faint(cells, w.denoise)
            self._sound.copy_(self._spectrum.sound(cells))
            if w.mix_original:
                self._sound.lerp_(self.origin, w.mix_original)
        self._sound.copy_(_within_peak(self._sound))


def _within_peak(sound: Tensor) -> Tensor:
    """Turned down as a whole where its highest sample, of either sign, lies above PEAK."""
    peak = float(sound.abs().max())
    return sound * (PEAK / peak) if peak > PEAK else sound


def _high_band(bins: int) -> Tensor:
    """(bins,), 0 in the lower two thirds of what the network hears, rising to 1 at the top."""
    return torch.clamp(torch.linspace(-2.0, 1.0, bins), min=0.0)
