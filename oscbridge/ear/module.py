"""A network of the user's own, made by the function that its YAML names, as layers of neurons."""

from __future__ import annotations

import hashlib
import importlib
import math
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import BridgeError
from .anatomy import CLASSES, Layer
from .filterbank import FilterBank
from .model import STREAMED
from .neurons import Statistics
from .plan import Plan
from .reference import load_statistics, path_of
from .scalogram import scalogram
from .spec import ModuleSpec, load_any_spec
from .traced_stream import TracedStream
from .tracing import Traced, trace
from .windowed import looks, measure_looks

COLOURS = 3
OWN = "oscbridge."  # modules whose networks have learned nothing without weights


@dataclass(frozen=True)
class Made:
    """A network of the user's own, its layers known. bank: of the scalogram, None if it takes sound itself; streams:
    whether it goes step by step, else `why_not` says why its whole window is evaluated each time."""

    spec: ModuleSpec
    traced: Traced
    plan: Plan
    bank: FilterBank | None
    streams: bool
    why_not: str

    def given(self, x: Tensor) -> Tensor:
        """What the network takes.

        x: (batch, channels, columns, bins) of a scalogram, or (batch, 1, samples, 1) of sound
        """
        if self.spec.input == "audio":
            return x[:, 0, :, 0]
        return picture_of(x, self.spec.picture.height, self.spec.picture.width) if self.spec.input == "picture" else x

    def answers(self, x: Tensor) -> list[Tensor]:
        """(batch, channels, steps, positions) of every layer in the plan. x: as `given` gives it, a window long."""
        found = self.traced(x)
        if self.spec.classes and self.spec.probabilities != "none":
            found.append(self.probabilities(found[-1]))
        return found

    def probabilities(self, logits: Tensor) -> Tensor:
        """(batch, classes, steps, 1), the same shape."""
        if self.spec.probabilities == "softmax":
            return torch.softmax(logits, 1)
        return torch.sigmoid(logits) if self.spec.probabilities == "sigmoid" else logits

    def logits(self, answers: list[Tensor]) -> Tensor:
        """What the probabilities are made of, (batch, classes, steps, 1)."""
        return answers[-1].clamp(min=1e-9).log() if self.spec.probabilities == "none" else answers[-2]

    @torch.inference_mode()
    def newest(self, x: Tensor) -> Tensor:
        """(neurons,): of every neuron its newest activation. x: one window, as `given` gives it."""
        return torch.cat([found[0, :, -1].flatten() for found in self.answers(x)])

    @cached_property
    def samples(self) -> int:
        """Of sound in a window, what the scalogram looks back on included."""
        if self.bank is None:
            return self.spec.window
        return (self.spec.window + math.ceil(self.bank.history / self.spec.hop)) * self.spec.hop

    @torch.inference_mode()
    def look(self, sound: Tensor) -> Tensor:
        """(neurons,). sound: (samples,) float32."""
        if self.bank is None:
            return self.newest(sound[None])
        return self.newest(self.given(scalogram(sound, self.bank)[None, :, -self.spec.window :]))


@dataclass(frozen=True)
class LoadedModule:
    """A network of the user's own, ready to listen."""

    made: Made
    statistics: Statistics

    @property
    def plan(self) -> Plan:
        return self.made.plan

    @property
    def how(self) -> str:
        made = self.made
        return STREAMED if made.streams else f"in windows of {made.spec.window_s:g} s, since {made.why_not}"

    @property
    def samples(self) -> int:
        return self.made.samples

    def look(self, sound: Tensor) -> Tensor:
        """As of Made."""
        return self.made.look(sound)

    @property
    def trained(self) -> bool:
        return bool(self.made.spec.weights) or not self.made.spec.model.startswith(OWN)

    def moments(self, music: Tensor, count: int) -> NDArray[np.float32]:
        """As Model has it; each is one window."""
        return looks(self.made.look, music, self.made.samples, count)


def open_module(path: Path, music: Tensor) -> LoadedModule:
    """The network whose YAML that is. music: (n,) float32 at its rate, which its statistics are taken from if none lie
    beside it.

    Raises BridgeError."""
    made = make(path)
    known = load_statistics(path_of(path), made.plan.neurons)
    words = len(made.plan.classes)
    return LoadedModule(made, known or measure_looks(made.look, music, made.samples, made.spec.rate, words))


def make(path: Path) -> Made:
    """Runs the function that the YAML names. Raises BridgeError: the function is not there, or fails; what it returns
    can't be used."""
    spec = load_any_spec(path)
    assert isinstance(spec, ModuleSpec)
    module, sources = _built(spec, path)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    bank = None if spec.input == "audio" else FilterBank(spec.scalogram)
    example, time_axis = _example(spec)
    try:
        traced = trace(module.eval(), example, time_axis)
    except BridgeError as error:
        raise BridgeError(f"{path}: {error}", error.code) from error
    why_not = _why_windowed(traced, spec)
    digest = hashlib.sha256(b"".join(x.read_bytes() for x in (path, *sources))).hexdigest()[:8]
    layers = _layers(spec, traced, streams=not why_not)
    plan = Plan(
        spec.name, f"{spec.name}-{digest}", layers, spec.rate, spec.hop, spec.classes, spec.probabilities != "sigmoid"
    )
    return Made(spec, traced, plan, bank, not why_not, why_not)


def picture_of(columns: Tensor, height: int, width: int) -> Tensor:
    """A scalogram as a grey picture: from left to right its frequencies, from top to bottom its time.

    columns: (batch, channels, columns, bins), the first channel counts. Returns (batch, 3, height, width), 0 to 1.
    """
    grey = F.interpolate(columns[:, :1].clamp(0, 1), (height, width), mode="bilinear", antialias=True)
    return grey.expand(-1, COLOURS, -1, -1)


def _built(spec: ModuleSpec, path: Path) -> tuple[nn.Module, list[Path]]:
    """The network, and the files that it is made of."""
    where, _, function = spec.model.partition(":")
    beside = str(path.parent.resolve())
    if beside not in sys.path:
        sys.path.insert(0, beside)
    try:
        imported = importlib.import_module(where)
    except ModuleNotFoundError as error:
        if error.name != where:
            raise BridgeError(f"{path}: {where} needs {error.name}, which is not installed; install it", 404) from error
        raise BridgeError(f"{path}: there is no module {where}; put {where}.py beside the YAML", 404) from error
    except Exception as error:  # user code
        raise BridgeError(f"{path}: importing {where} failed: {error!r}") from error
    build = getattr(imported, function, None)
    if not callable(build):
        raise BridgeError(
            f"{path}: {where} has no function {function}; expected one that returns a torch.nn.Module", 404
        )
    sources = [Path(imported.__file__)] if imported.__file__ else []
    options = {}
    if spec.weights:
        weights = path.parent / spec.weights
        if not weights.is_file():
            raise BridgeError(f"{path}: weights are {spec.weights}; there is no file {weights}", 404)
        options["weights"] = weights
        sources.append(weights)
    try:
        module = build(**options)
    except BridgeError as error:
        raise BridgeError(f"{path}: {error}", error.code) from error
    except Exception as error:  # user code
        raise BridgeError(f"{path}: {spec.model} failed: {error!r}") from error
    if not isinstance(module, nn.Module):
        raise BridgeError(f"{path}: {spec.model} returned {type(module).__name__}; expected a torch.nn.Module")
    return module, sources


def _example(spec: ModuleSpec) -> tuple[Tensor, int | None]:
    """An input and the axis of its time."""
    random = torch.Generator().manual_seed(0)
    if spec.input == "audio":
        return 0.1 * torch.randn(1, spec.window, generator=random), 1
    if spec.input == "picture":
        return torch.rand(1, COLOURS, spec.picture.height, spec.picture.width, generator=random), None
    return torch.rand(1, spec.scalogram.channels, spec.window, spec.scalogram.bins, generator=random), 2


def _why_windowed(traced: Traced, spec: ModuleSpec) -> str:
    if spec.input == "picture":
        return "a picture is looked at as a whole"
    if traced.untraced:
        return traced.untraced
    if not traced.is_causal:
        return "a layer hears what comes after its moment"
    return TracedStream.unsupported(traced)


def _layers(spec: ModuleSpec, traced: Traced, streams: bool) -> tuple[Layer, ...]:
    """As the wire has them. In windows every look changes every layer."""
    step_s = 1 / spec.rate if spec.input == "audio" else spec.scalogram.hop_s
    kernel_s = 0.0 if spec.input == "audio" else spec.scalogram.kernel_samples(0) / spec.rate
    bins_an_octave = math.inf if spec.input == "audio" else spec.scalogram.bins_per_octave
    if spec.input == "picture":
        bins_an_octave *= spec.picture.width / spec.scalogram.bins
    first, found = 0, []
    for index, x in enumerate(traced.layers):
        every = max(1, x.every // (spec.hop if spec.input == "audio" else 1)) if streams else 1
        seconds = spec.window_s if spec.input == "picture" else (x.field_steps - 1) * step_s + kernel_s
        octaves = x.field_positions / bins_an_octave
        name = x.name if index else spec.input
        found.append(Layer(index, name, first, x.channels, x.positions, every, seconds, octaves))
        first += x.channels * x.positions
    if not spec.classes:
        return tuple(found)
    last = found[-1]
    if last.neurons != len(spec.classes) or last.positions != 1:
        raise BridgeError(
            f"classes has {len(spec.classes)} names; the last layer, {last.name}, has {last.channels} channels of "
            f"{last.positions} positions. Give as many names as it has channels, or none"
        )
    if spec.probabilities == "none":
        found[-1] = replace(last, name=CLASSES)
    else:
        found.append(replace(last, index=len(found), name=CLASSES, first_neuron=first))
    return tuple(found)
