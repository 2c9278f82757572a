"""Any torch.nn.Module as layers of neurons: names, sizes, steps, receptive fields, whether it is causal.

Convention, that of `Ear`: step s of a layer that makes a step every k input steps may see the input steps up to s k,
and n input steps make ceil(n / k) steps. A network of which this is true in every layer is causal.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn

from ..errors import BridgeError
from .traced_fields import fields, leaks
from .traced_layers import Chosen, GraphNetwork, Network, graph_of, hooked

INPUT = "input"


@dataclass(frozen=True)
class TracedLayer:
    """One layer of neurons.

    name:            module path; of a function the fx node's name; unique. "input" is the input itself
    every:           input steps, along time, from one step of the layer to the next; 1 if it has no time
    has_time:        whether its output has a time axis; a dense layer over a whole window has none
    field_steps:     receptive field along the input's time axis, input steps, as far as the example reaches
    field_positions: receptive field along the input's last axis; 1 if that is the time
    """

    name: str
    channels: int
    positions: int
    every: int
    has_time: bool
    field_steps: int
    field_positions: int


@dataclass(frozen=True)
class Form:
    """How an output lies in its tensor. time, channel: the axes, None if there is none; is_picture: (batch, channels,
    height, width), of which each column's strongest row counts."""

    time: int | None
    channel: int | None
    is_picture: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        """(batch, channels, steps, positions), all axes that are neither time nor channel being positions."""
        if self.is_picture:
            return x.amax(2).unsqueeze(2)
        named = [axis for axis in (self.channel, self.time) if axis is not None]
        x = x.permute(0, *named, *(axis for axis in range(1, x.dim()) if axis not in named))
        sizes = iter(x.shape[1:])
        channels = 1 if self.channel is None else next(sizes)
        steps = 1 if self.time is None else next(sizes)
        return x.reshape(x.shape[0], channels, steps, -1)


@dataclass(frozen=True)
class Traced:
    """A network whose layers are known.

    untraced:   "", or a sentence why torch.fx could not trace it: then hooks give the outputs, and `graph` is None
    nodes:      for each layer the fx node's name whose output it is; empty with hooks
    forms:      for each layer how its output lies
    shape:      the example's; time_axis: that of the input, None of pictures
    """

    layers: tuple[TracedLayer, ...]
    is_causal: bool
    untraced: str
    graph: torch.fx.GraphModule | None
    nodes: tuple[str, ...]
    forms: tuple[Form, ...]
    shape: tuple[int, ...]
    time_axis: int | None
    network: Network

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Every layer's activations, (batch, channels, steps, positions), 1 step where it has no time.

        x: as the example, of any batch and, where all layers have a time, of any length along it. Differentiable.
        Raises BridgeError if x has another shape, or the network cannot run on it.
        """
        free = (0, self.time_axis)
        expected = [size if axis not in free else "any" for axis, size in enumerate(self.shape)]
        if x.dim() != len(expected) or any(e not in ("any", s) for e, s in zip(expected, x.shape, strict=True)):
            raise BridgeError(f"the network was given an input of shape {tuple(x.shape)}; expected {expected}")
        kept: dict[str, Any] = {}
        try:
            self.network.run(x, kept)
        except Exception as error:  # user code
            raise BridgeError(
                f"the network cannot run on an input of shape {tuple(x.shape)}: {error}; the example was {self.shape}"
            ) from error
        keys = (chosen.key for chosen in self.network.chosen)
        return [form(y) for form, y in zip(self.forms, (x, *(kept[key] for key in keys)), strict=True)]


def trace(module: nn.Module, example: Tensor, time_axis: int | None) -> Traced:
    """The layers of a network, from an example of its input. The numbers are measured, by running it, not read.

    module:    in eval mode, its weights made outside torch.inference_mode, for gradients pass through them
    example:   float32, batch first: sound (1, samples), scalogram (1, channels, frames, bins), picture (1, 3, H, W).
               The longer it is, the larger the receptive fields that can be told
    time_axis: of the example, None if it has no time: 1, 2, None
    Which axis of an output is time shows when the input gets longer; an output that keeps its size, or whose layer
    refuses the length, has none.
    Raises BridgeError if the module does not run on the example, or no layer is found.
    """
    _check(module, example, time_axis)
    graph, untraced = graph_of(module, example)
    network: Network | None = GraphNetwork(graph) if graph is not None else None
    found = _measured(network, example, time_axis) if network is not None else []
    if not found:
        untraced = untraced or "the traced graph has no layer of neurons"
        network, graph = hooked(module, example), None
        found = _measured(network, example, time_axis)
    if not found or network is None:
        raise BridgeError(
            f"{type(module).__name__} has no layer of neurons: no convolution, dense layer or nonlinearity gives a "
            f"tensor of batch {example.shape[0]} ({untraced}); make these torch.nn modules of their own"
        )
    network.choose([layer.chosen for layer in found])
    forms = (_input_form(example, time_axis), *(layer.form for layer in found))
    channels, positions = _size(forms[0](example))
    layers = [TracedLayer(INPUT, channels, positions, 1, time_axis is not None, 1, 1)]
    layers += [layer.described for layer in found]
    nodes = (network.input.name, *(x.chosen.key for x in found)) if isinstance(network, GraphNetwork) else ()
    result = Traced(
        tuple(layers), False, untraced, graph, nodes, forms, tuple(example.shape), time_axis, network
    )  # fmt: skip
    every = [layer.every if layer.has_time else None for layer in layers]
    seen, looks_ahead = fields(result, every, example, time_axis)
    layers = [
        replace(layer, field_steps=x.steps, field_positions=x.positions) for layer, x in zip(layers, seen, strict=True)
    ]
    is_causal = all(layer.counts_causally for layer in found) and None not in every
    is_causal = is_causal and not looks_ahead and not leaks(result, every, example, time_axis)
    return replace(result, layers=tuple(layers), is_causal=is_causal)


def _check(module: nn.Module, example: Tensor, time_axis: int | None) -> None:
    if (
        example.dim() < 2
        or not example.is_floating_point()
        or (time_axis is not None and not 0 < time_axis < example.dim())
    ):
        raise BridgeError(
            f"the example is {tuple(example.shape)} {example.dtype} with time axis {time_axis}; expected floats, batch "
            "first, and a time axis after it, or None"
        )
    try:
        with torch.no_grad():
            module(example.clone())
    except Exception as error:  # user code
        raise BridgeError(
            f"{type(module).__name__} cannot run on an input of shape {tuple(example.shape)}: {error}; "
            "give the shape that its forward takes"
        ) from error


# ---- sizes


@dataclass(frozen=True)
class _Found:
    chosen: Chosen
    form: Form
    described: TracedLayer
    counts_causally: bool


def longer(example: Tensor, time_axis: int) -> Tensor:
    """About 1.5 times as long, by a multiple of as large a power of two as fits, for strides are often such."""
    length = example.shape[time_axis]
    unit = 2 ** max(0, math.floor(math.log2(max(1, length / 4))))
    surplus = min(length, unit * max(1, round(length / 2 / unit)))
    return torch.cat((example, example.narrow(time_axis, 0, surplus)), time_axis)


def run_twice(network: Network, example: Tensor, time_axis: int | None) -> tuple[dict[str, Any], dict[str, Any], int]:
    """What the network keeps of the example and of a longer one, as far as it runs there; the difference in steps."""
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    with torch.no_grad():
        network.run(example, first)
        if time_axis is None:
            return first, second, 0
        more = longer(example, time_axis)
        # a dense layer refuses another length; what came before it is there
        with contextlib.suppress(Exception):
            network.run(more, second)
    return first, second, more.shape[time_axis] - example.shape[time_axis]


def grown_axes(first: Tensor, second: Any) -> list[int]:
    """The axes along which the second is larger or smaller; none if it has another number of them."""
    if not isinstance(second, Tensor) or second.dim() != first.dim():
        return []
    return [axis for axis, (a, b) in enumerate(zip(first.shape, second.shape, strict=True)) if a != b]


def _measured(network: Network, example: Tensor, time_axis: int | None) -> list[_Found]:
    first, second, surplus = run_twice(network, example, time_axis)
    lengths = _Lengths(network, example, time_axis, surplus)
    found: list[_Found] = []
    every = 1
    for chosen in network.chosen:
        value = first.get(chosen.key)
        grown = grown_axes(value, second.get(chosen.key)) if isinstance(value, Tensor) else []
        if not isinstance(value, Tensor) or not _is_layer(value, grown, example.shape[0]):
            continue
        form = Form(None, 1, is_picture=time_axis is None and value.dim() == 4)
        counts_causally = True
        if grown:
            time = grown[0]
            form = Form(time, 1 if time != 1 else value.dim() - 1 if value.dim() > 2 else None)
            counts = value.shape[time], second[chosen.key].shape[time]
            every, counts_causally = lengths.every(counts, every, chosen.key, time)
        channels, positions = _size(form(value))
        layer = TracedLayer(chosen.name, channels, positions, every if grown else 1, bool(grown), 1, 1)
        found.append(_Found(chosen, form, layer, counts_causally))
    return found


def _is_layer(value: Tensor, grown: Sequence[int], batch: int) -> bool:
    fits = value.dim() >= 2 and value.shape[0] == batch and 0 not in grown and len(grown) < 2
    return fits and value.is_floating_point() and value.numel() > 0


class _Lengths:
    """How many steps inputs of several lengths make."""

    def __init__(self, network: Network, example: Tensor, time_axis: int | None, surplus: int) -> None:
        self._network, self._example, self._axis, self._surplus = network, example, time_axis or 0, surplus
        self._runs: dict[int, dict[str, Any]] = {}

    def every(self, counts: tuple[int, int], before: int, key: str, axis: int) -> tuple[int, bool]:
        """A layer's stride, and whether n steps of the input make ceil(n / stride) of it, as in a causal layer.

        counts: its steps for the example and the longer one; before: the stride of the layer before it
        """
        length, more = self._example.shape[self._axis], abs(counts[1] - counts[0])
        exact = self._surplus / more
        low, high = self._surplus / (more + 1), self._surplus / (more - 1) if more > 1 else 2 * self._surplus
        strides = [k for k in range(max(1, math.floor(low)), math.ceil(high) + 1) if low <= k <= high]
        likely = [k for k in strides if k % before == 0] or strides or [max(1, round(exact))]
        lengths = (length, length + self._surplus)
        causal = [k for k in likely if tuple(_causal(n, k) for n in lengths) == counts]
        while len(causal) > 1:
            # the length at which they differ most
            other = max(range(length, 2 * length), key=lambda n: len({_causal(n, k) for k in causal}))
            left = [k for k in causal if _causal(other, k) == self._steps(other, key, axis)]
            if len(left) == len(causal):
                break
            causal = left
        return min(causal or likely, key=lambda k: abs(k - exact)), bool(causal)

    def _steps(self, length: int, key: str, axis: int) -> int:
        if length not in self._runs:
            kept: dict[str, Any] = {}
            twice = torch.cat((self._example, self._example), self._axis)
            with torch.no_grad(), contextlib.suppress(Exception):  # as in run_twice
                self._network.run(twice.narrow(self._axis, 0, length), kept)
            self._runs[length] = {name: x.shape for name, x in kept.items() if isinstance(x, Tensor)}
        shape = self._runs[length].get(key, ())
        return shape[axis] if axis < len(shape) else 0


def _causal(length: int, stride: int) -> int:
    return -(-length // stride)


def _input_form(example: Tensor, time_axis: int | None) -> Form:
    if time_axis is None:
        return Form(None, 1, is_picture=example.dim() == 4)
    return Form(time_axis, 1 if time_axis != 1 else example.dim() - 1 if example.dim() > 2 else None)


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[1], x.shape[3]
