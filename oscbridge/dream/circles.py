"""Networks on a loop, whichever they are: how dreams hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from ..ear.model import Model
from ..ear.module import LoadedModule
from ..ear.tagger_hearing import LoadedTagger
from ..ear.weights import LoadedEar
from .circle import CircularEar, fast_dtype
from .module_circle import CircularModule
from .tagger_circle import CircularTagger


class Circle(Protocol):
    """Layers of a network over one loop. before: columns that `hear` gives ahead of the loop's first; bins: of a
    column."""

    before: int
    bins: int

    def frames_of(self, samples: int) -> int:
        """How many columns of a loop are looked at."""

    def hear(self, audio: Tensor) -> Tensor:
        """audio: (views, n) float32 at the network's rate. Returns (views, channels, columns, bins), `before` of the
        loop's end ahead of its own, and as many of its beginning behind them as the network looks ahead."""

    def moved(self, bins: float) -> Tensor:
        """(bins,) float32: in which bin lay before what lies in each, once the sound is so much higher. bins: an ear's
        own; of other networks quarter tones."""

    def answers(self, x: Tensor) -> dict[int, Tensor]:
        """x: as `hear` gives it. Returns (views, channels, steps, positions) float32 of each layer that is wanted, of
        the loop alone, its steps evenly spread over it."""


def circle_of(model: Model, layers: Sequence[int], fast: bool = False) -> Circle:
    """layers: those wanted, LOGITS too. fast: for steps, with the machine's fastest numbers, and silent neurons feel
    the gradient, as far as the network lets them; else exact."""
    if isinstance(model, LoadedTagger):
        return CircularTagger(model.tagger, layers, wakes=fast)
    if isinstance(model, LoadedModule):
        return CircularModule(model.made, layers, wakes=fast)
    assert isinstance(model, LoadedEar)
    return CircularEar(model, layers, fast_dtype(), wakes=True) if fast else CircularEar(model, layers)
