"""Networks as the listener drives them: sound in, a hop at a time, the newest activation of every neuron out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ..resources import loop_file
from ..sound import decode
from .neurons import Statistics
from .opening import open_ear
from .plan import plan_of
from .scalogram import ScalogramStream
from .spec import TaggerSpec, load_any_spec
from .streaming import EarStream
from .tagger import load_tagger
from .tagger_anatomy import RATE, WINDOW
from .tagger_hearing import Look, measure_looks
from .weights import LoadedEar
from .windowed import WindowHearing


class Hearing(Protocol):
    """values: (neurons,) float32, the newest activation of every neuron, in the wire's order; the next push overwrites
    them. settle: hops after which every layer has made a step."""

    values: Tensor
    settle: int

    def skip(self, samples: Tensor) -> None:
        """Sound for which there is no time, (n x hop,) float32: heard, but not looked at."""

    def push(self, samples: Tensor) -> None:
        """One hop, (hop,) float32."""


class EarHearing:
    """An ear, column by column."""

    def __init__(self, loaded: LoadedEar) -> None:
        self._scalogram, self._stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
        self.values = self._stream.values
        self.settle = max(layer.frames_per_step for layer in self._stream.layers)

    def skip(self, samples: Tensor) -> None:
        self._scalogram.hear(samples)

    def push(self, samples: Tensor) -> None:
        self._stream.push(self._scalogram.push(samples))


@dataclass(frozen=True)
class Opened:
    """A network that is ready to hear. hop: samples; trained: whether it has learned anything."""

    hearing: Hearing
    id: str
    rate: int
    hop: int
    statistics: Statistics
    trained: bool


@torch.inference_mode()
def open_hearing(path: Path, clock: Callable[[], float]) -> Opened:
    """The network whose YAML that is, warmed up on silence: the first calls pack weights and allocate, better now than
    with the first sound. clock: seconds, steady. Raises BridgeError."""
    spec = load_any_spec(path)
    if isinstance(spec, TaggerSpec):
        return _open_tagger(path, spec, clock)
    loaded, _ = open_ear(path)
    rate, hop, hearing = spec.scalogram.rate, spec.scalogram.hop, EarHearing(loaded)
    for _ in range(hearing.settle):  # so that frame 0 is a step of every layer
        hearing.push(torch.zeros(hop))
    return Opened(hearing, loaded.id, rate, hop, loaded.statistics, loaded.trained)


def _open_tagger(path: Path, spec: TaggerSpec, clock: Callable[[], float]) -> Opened:
    look, plan = Look(load_tagger(path.with_suffix(".safetensors"))), plan_of(path)
    statistics = measure_looks(look, torch.from_numpy(decode(loop_file(), RATE)))
    return Opened(WindowHearing(look, WINDOW, plan.neurons, clock), plan.id, RATE, spec.hop, statistics, True)
