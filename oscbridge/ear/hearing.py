"""Networks as the listener drives them: sound in, a hop at a time, the newest activation of every neuron out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from .model import Model
from .module import LoadedModule
from .module_hearing import ModuleStream, ModuleWindows
from .neurons import Floats
from .opening import open_model
from .scalogram import ScalogramStream
from .streaming import EarStream
from .tagger_hearing import LoadedTagger
from .weights import LoadedEar
from .windowed import Beside, WindowHearing


class Hearing(Protocol):
    """values: (neurons,) float32, the newest activation of every neuron, in the wire's order; the next push overwrites
    them. settle: hops after which every layer has made a step. streams: whether each hop is answered, else `looks`
    counts the windows that were."""

    values: Tensor
    settle: int
    streams: bool

    @property
    def looks(self) -> int: ...

    def skip(self, samples: Tensor) -> None:
        """Sound for which there is no time, (n x hop,) float32: heard, but not looked at."""

    def lead(self, samples: Tensor) -> None:
        """Sound ahead of the one that counts, (n x hop,) float32: what comes next is answered as if all of it had been
        pushed, but what is not needed for that is left out."""

    def push(self, samples: Tensor) -> None:
        """One hop, (hop,) float32."""


class EarHearing:
    """An ear, column by column."""

    streams, looks = True, 0

    def __init__(self, loaded: LoadedEar) -> None:
        self._scalogram, self._stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
        self._hop = loaded.bank.spec.hop
        self.values = self._stream.values
        self.settle = max(layer.frames_per_step for layer in self._stream.layers)

    def skip(self, samples: Tensor) -> None:
        self._scalogram.hear(samples)

    def lead(self, samples: Tensor) -> None:
        for hop in samples.view(-1, self._hop):
            self.push(hop)

    def push(self, samples: Tensor) -> None:
        self._stream.push(self._scalogram.push(samples))


@torch.inference_mode()
def hearing_of(model: Model, clock: Callable[[], float], beside: Beside | None = None) -> Hearing:
    """The network as the listener drives it, warmed up on silence: the first calls pack weights and allocate, better
    now than with the first sound. clock, beside: as of Turns; a windowed network may use half of that time."""
    hearing: Hearing
    hop = torch.zeros(model.plan.hop)
    if isinstance(model, (LoadedTagger, LoadedModule)) and not _streams(model):
        model.look(torch.zeros(model.samples))
        if isinstance(model, LoadedModule) and model.made.bank is not None:
            return ModuleWindows(model.made, clock, beside)
        return WindowHearing(model.look, model.samples, model.plan.neurons, clock, beside=beside)
    if isinstance(model, LoadedModule):
        hearing = ModuleStream(model.made)
    else:
        assert isinstance(model, LoadedEar)
        hearing = EarHearing(model)
    for _ in range(hearing.settle):  # so that frame 0 is a step of every layer
        hearing.push(hop)
    return hearing


def heard(model: Model, loop: Tensor) -> Iterator[Floats]:
    """(neurons,), the raw activations after every hop of the loop's second round, since a loop has no beginning.

    Each is overwritten by the next. loop: (samples,) float32 at the network's rate
    """
    hop = model.plan.hop
    whole = loop[: len(loop) // hop * hop]
    hearing = hearing_of(model, clock=lambda: 0.0)  # however long a look takes, every hop is worth one
    with torch.inference_mode():
        hearing.lead(whole)
    for samples in whole.view(-1, hop):
        with torch.inference_mode():
            hearing.push(samples)
        yield hearing.values.numpy()


def _streams(model: LoadedTagger | LoadedModule) -> bool:
    return isinstance(model, LoadedModule) and model.made.streams


@dataclass(frozen=True)
class Opened:
    """A network that is ready to hear. picture: height and width of the pictures that it takes, and see: takes one,
    (3, height, width) float32, 0 to 1; None if it hears."""

    model: Model
    hearing: Hearing
    picture: tuple[int, int] | None = None
    see: Callable[[Tensor], None] | None = None


def open_hearing(path: Path, clock: Callable[[], float], beside: Beside | None = None) -> Opened:
    """The network whose YAML that is, as `hearing_of` has it. Raises BridgeError."""
    model = open_model(path)
    hearing = hearing_of(model, clock, beside)
    if isinstance(model, LoadedModule) and isinstance(hearing, ModuleWindows) and model.made.spec.input == "picture":
        size = model.made.spec.picture
        return Opened(model, hearing, (size.height, size.width), hearing.see)
    return Opened(model, hearing)
