"""Networks that cannot be streamed: they look at the last seconds as a whole, as often as there is time for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .measuring import NEAR_SILENCE
from .neurons import Statistics
from .plan import SHARE

EVERY_S = 0.25  # between the windows that statistics are taken from


Beside = Callable[[Callable[[], Tensor]], "Future[Tensor]"]  # as an executor's submit


class Turns:
    """When it is time for another look, as often as its share of a core allows, and where it is made."""

    def __init__(self, clock: Callable[[], float], share: float = SHARE, beside: Beside | None = None) -> None:
        """clock: seconds, steady; share: 0 to 1; beside: makes a look in a thread of its own, so that no hop waits for
        it; None makes it at once."""
        self.taken = 0
        self._clock, self._share, self._beside = clock, share, beside
        self._not_before = -math.inf
        self._pending: Future[Tensor] | None = None

    def take(self, look: Callable[[], Tensor]) -> Tensor | None:
        """A look's answer, if one has come since the last time; and another look, if it is time for it."""
        if self._pending is not None and not self._pending.done():
            return None
        answer, self._pending = (self._pending.result() if self._pending is not None else None), None
        if self._clock() < self._not_before:
            return answer
        if self._beside is None:
            return self._timed(look)
        self._pending = self._beside(lambda: self._timed(look))
        return answer

    @torch.inference_mode()
    def _timed(self, look: Callable[[], Tensor]) -> Tensor:
        began = self._clock()
        answer = look()
        self.taken += 1
        ended = self._clock()
        self._not_before = ended + (ended - began) * (1 / self._share - 1)
        return answer


class WindowHearing:
    """Between two looks the values stay; each look is at the newest window, silence before the first sound."""

    settle = 1  # a look is a step of every layer
    streams = False

    def __init__(
        self, look: Callable[[Tensor], Tensor], window: int, neurons: int, clock: Callable[[], float],
        share: float = SHARE, beside: Beside | None = None,
    ) -> None:  # fmt: skip
        """look: (window,) float32 to (neurons,) float32; window: samples; the others as of Turns."""
        self.values = torch.zeros(neurons)
        self._look, self._turns = look, Turns(clock, share, beside)
        self._sound = torch.zeros(window)

    @property
    def looks(self) -> int:
        return self._turns.taken

    def skip(self, samples: Tensor) -> None:
        """Takes sound in without a look. samples: (n,) float32."""
        window = len(self._sound)
        self._sound = torch.cat((self._sound, samples))[-window:]

    lead = skip

    @torch.inference_mode()
    def push(self, samples: Tensor) -> None:
        """One hop, (hop,) float32, and a look if it is time for one."""
        self.skip(samples)
        sound = self._sound  # the next hop makes another
        if (answer := self._turns.take(lambda: self._look(sound))) is not None:
            self.values.copy_(answer)


def looks(look: Callable[[Tensor], Tensor], loop: Tensor, window: int, count: int) -> NDArray[np.float32]:
    """(count, neurons): at windows of a loop that goes round, their ends evenly spread over it, the last at its end.

    look: (window,) float32 to (neurons,); loop: (n,) float32
    """
    n = len(loop)
    laps = loop.repeat(math.ceil(window / n) + 1)
    ends = (len(laps) - n + n * part // count for part in range(1, count + 1))
    return np.stack([look(laps[end - window : end]).numpy() for end in ends])


def measure_looks(look: Callable[[Tensor], Tensor], loop: Tensor, window: int, rate: int, words: int = 0) -> Statistics:
    """Statistics of every neuron over a loop that goes round, and over near-silence. Arguments as of `looks` and
    `statistics_of`."""
    return statistics_of(looks(look, loop, window, math.ceil(len(loop) / (EVERY_S * rate))), look, window, words)


def statistics_of(
    heard: NDArray[np.float32], look: Callable[[Tensor], Tensor], window: int, words: int = 0
) -> Statistics:
    """heard: (looks, neurons) on music; near-silence is looked at here. words: how many of the last neurons are
    probabilities: these are bright when they are certain, whatever the music made of them."""
    noise = NEAR_SILENCE * torch.randn(window, generator=torch.Generator().manual_seed(0))
    high = np.percentile(heard, 99.5, axis=0).astype(np.float32)
    high[len(high) - words :] = 1.0
    return Statistics(heard.mean(0), heard.std(0), high, look(noise).numpy().copy())
