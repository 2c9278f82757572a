"""Networks as the listener drives them: sound in, a hop at a time, the newest activation of every neuron out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from .model import Model
from .neurons import Statistics
from .opening import open_model
from .scalogram import ScalogramStream
from .streaming import EarStream
from .tagger_anatomy import WINDOW
from .tagger_hearing import LoadedTagger
from .weights import LoadedEar
from .windowed import WindowHearing


class Hearing(Protocol):
    """values: (neurons,) float32, the newest activation of every neuron, in the wire's order; the next push overwrites
    them. settle: hops after which every layer has made a step."""

    values: Tensor
    settle: int

    def skip(self, samples: Tensor) -> None:
        """Sound for which there is no time, (n x hop,) float32: heard, but not looked at."""

    def lead(self, samples: Tensor) -> None:
        """Sound ahead of the one that counts, (n x hop,) float32: what comes next is answered as if all of it had been
        pushed, but what is not needed for that is left out."""

    def push(self, samples: Tensor) -> None:
        """One hop, (hop,) float32."""


class EarHearing:
    """An ear, column by column."""

    def __init__(self, loaded: LoadedEar) -> None:
        self._scalogram, self._stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
        self._hop = loaded.bank.spec.hop
        self.values = self._stream.values
        self.settle = max(layer.frames_per_step for layer in self._stream.layers)

    def skip(self, samples: Tensor) -> None:
        self._scalogram.hear(samples)

    def lead(self, samples: Tensor) -> None:
        for hop in samples.split(self._hop):
            self.push(hop)

    def push(self, samples: Tensor) -> None:
        self._stream.push(self._scalogram.push(samples))


@torch.inference_mode()
def hearing_of(model: Model, clock: Callable[[], float]) -> Hearing:
    """The network as the listener drives it, warmed up on silence: the first calls pack weights and allocate, better
    now than with the first sound. clock: seconds, steady; a windowed network may use half of its time."""
    if isinstance(model, LoadedTagger):
        return WindowHearing(model.look, WINDOW, model.plan.neurons, clock)
    assert isinstance(model, LoadedEar)
    hearing = EarHearing(model)
    for _ in range(hearing.settle):  # so that frame 0 is a step of every layer
        hearing.push(torch.zeros(model.plan.hop))
    return hearing


@dataclass(frozen=True)
class Opened:
    """A network that is ready to hear. hop: samples; trained: whether it has learned anything."""

    hearing: Hearing
    id: str
    rate: int
    hop: int
    statistics: Statistics
    trained: bool


def open_hearing(path: Path, clock: Callable[[], float]) -> Opened:
    """The network whose YAML that is, as `hearing_of` has it. Raises BridgeError."""
    model = open_model(path)
    plan = model.plan
    return Opened(hearing_of(model, clock), plan.id, plan.rate, plan.hop, model.statistics, model.trained)
