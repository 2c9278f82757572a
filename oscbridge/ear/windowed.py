"""Networks that cannot be streamed: they look at the last seconds as a whole, as often as there is time for it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .measuring import NEAR_SILENCE
from .neurons import Statistics

SHARE = 0.5  # of a core that looking may take
EVERY_S = 0.25  # between the windows that statistics are taken from


class WindowHearing:
    """Between two looks the values stay; each look is at the newest window, silence before the first sound."""

    settle = 1  # a look is a step of every layer

    def __init__(
        self,
        look: Callable[[Tensor], Tensor],
        window: int,
        neurons: int,
        clock: Callable[[], float],
        share: float = SHARE,
    ) -> None:
        """look: (window,) float32 to (neurons,) float32; window: samples; clock: seconds, steady; share: 0 to 1."""
        self.values = torch.zeros(neurons)
        self.looks = 0
        self._look, self._clock, self._share = look, clock, share
        self._sound = torch.zeros(window)
        self._not_before = -float("inf")

    def skip(self, samples: Tensor) -> None:
        """Takes sound in without a look. samples: (n,) float32."""
        window = len(self._sound)
        self._sound = torch.cat((self._sound, samples))[-window:]

    lead = skip

    @torch.inference_mode()
    def push(self, samples: Tensor) -> None:
        """One hop, (hop,) float32, and a look if it is time for one."""
        self.skip(samples)
        began = self._clock()
        if began < self._not_before:
            return
        self.values.copy_(self._look(self._sound))
        self.looks += 1
        ended = self._clock()
        self._not_before = ended + (ended - began) * (1 / self._share - 1)


def looks(look: Callable[[Tensor], Tensor], loop: Tensor, window: int, count: int) -> NDArray[np.float32]:
    """(count, neurons): at windows of a loop that goes round, their ends evenly spread over it, the last at its end.

    look: (window,) float32 to (neurons,); loop: (n,) float32
    """
    n = len(loop)
    laps = loop.repeat(math.ceil(window / n) + 1)
    ends = (len(laps) - n + n * part // count for part in range(1, count + 1))
    return np.stack([look(laps[end - window : end]).numpy() for end in ends])


def measure_looks(look: Callable[[Tensor], Tensor], loop: Tensor, window: int, rate: int) -> Statistics:
    """Statistics of every neuron over a loop that goes round, and over near-silence. Arguments as of `looks`."""
    heard = looks(look, loop, window, math.ceil(len(loop) / (EVERY_S * rate)))
    noise = NEAR_SILENCE * torch.randn(window, generator=torch.Generator().manual_seed(0))
    high = np.percentile(heard, 99.5, axis=0).astype(np.float32)
    return Statistics(heard.mean(0), heard.std(0), high, look(noise).numpy().copy())
