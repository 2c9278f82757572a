"""Networks that cannot be streamed: they look at the last seconds as a whole, as often as there is time for it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

SHARE = 0.5  # of a core that looking may take


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
