"""The graph of a network of the user's own, read from its trace: what each layer's neurons are joined to.

From a layer back to those before it, by way of what has no neurons of its own: norms, pools, padding, crops, sums and
concatenations. What is not understood on the way joins the layers as wholes, which is as much as is known then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.fx
from torch import Tensor, nn

from ..ear.traced_layers import GraphNetwork, call_name, module_of
from ..ear.tracing import Traced
from .builder import Builder
from .graph import Network

_SAME = frozenset({"contiguous", "clone", "relu", "float", "to", "detach"})
_SHAPES = frozenset({"flatten", "reshape", "view", "permute", "transpose", "unsqueeze", "squeeze", "swapaxes"})
_SUMS = frozenset({"add", "iadd", "sub", "mul", "truediv", "div"})


@dataclass(frozen=True)
class Part:
    """What a value takes from one layer. Its position p takes from those at p * stride + offset + t.

    weights: (channels, source channels, t), or (t,) while each channel takes from its own alone; first: the channel
    that the source's first one is by now; axis: of the positions in the value, None if there is but one; is_moved:
    they may lie along another by now; is_whole: how it takes from it is not known
    """

    source: int
    weights: Tensor
    stride: int = 1
    offset: int = 0
    first: int = 0
    axis: int | None = None
    is_moved: bool = False
    is_whole: bool = False

    @property
    def is_lost(self) -> bool:
        """Whether a window along the positions could not be told from one along something else."""
        return self.is_whole or (self.is_moved and self.axis is not None)

    def through(self, taps: Tensor, stride: int, offset: int) -> Part:
        """After a window on its positions. taps: (..., t)."""
        inner, step = self.weights, self.stride
        window = (taps.shape[-1] - 1) * step + inner.shape[-1]
        out = inner.new_zeros(*(taps if inner.dim() == 1 else inner).shape[:-1], window)
        for t in range(taps.shape[-1]):
            out[..., t * step : t * step + inner.shape[-1]] += taps[..., t : t + 1] * inner
        return replace(self, weights=out, stride=step * stride, offset=self.offset + offset * step)


def module_network(traced: Traced, names: Sequence[str], has_classes: bool, weighted: bool) -> Network:
    """names: of all layers; has_classes: whether the last of them is made of the one before, neuron by neuron.

    Without a traced graph each layer is joined to the one before, as wholes.
    """
    b = Builder(weighted)
    layers = [*traced.layers, *traced.layers[-1:]] if has_classes else traced.layers
    for name, layer in zip(names, layers, strict=True):
        b.group(name, layer.channels, layer.positions)
    reader = _Reader(traced, weighted) if traced.graph is not None else None
    for target in range(1, len(traced.layers)):
        parts = reader.parts_of(target) if reader is not None else [Part(target - 1, torch.ones(1), is_whole=True)]
        for part in parts:
            _join(b, part, target)
    if has_classes:
        last = len(layers) - 1
        b.channelwise(last - 1, last, torch.ones(layers[-1].channels, 1))
    return b.done()


def _join(b: Builder, part: Part, target: int) -> None:
    source, own = b.groups[part.source], b.groups[target]
    weights = part.weights
    if part.is_whole or (weights.dim() == 1 and source.channels != own.channels):
        stride = max(1, source.positions // own.positions)
        window = max(1, source.positions - (own.positions - 1) * stride)
        b.dense(part.source, target, torch.ones(own.channels, source.channels, window), 0, stride)
    elif weights.dim() == 1:
        b.channelwise(part.source, target, weights.expand(own.channels, -1), part.offset, part.stride)
    else:
        b.windowed(part.source, target, weights, part.offset, part.stride)


class _Reader:
    def __init__(self, traced: Traced, weighted: bool) -> None:
        assert traced.graph is not None
        self._traced, self._graph, self._weighted = traced, traced.graph, weighted
        nodes = {node.name: node for node in traced.graph.graph.nodes}
        self._layers = {nodes[name]: i for i, name in enumerate(traced.nodes)}
        self._values: dict[str, Any] = {}
        with torch.no_grad():
            GraphNetwork(traced.graph, everything=True).run(torch.zeros(traced.shape), self._values)

    def parts_of(self, target: int) -> list[Part]:
        node = next(node for node, index in self._layers.items() if index == target)
        return [part for part in self._read(node) if part.source < target]

    def _value(self, node: torch.fx.Node) -> list[Part]:
        """What a node's output takes from the layers."""
        if node in self._layers:
            index = self._layers[node]
            axis, is_known = self._axis(index)
            return [Part(index, torch.ones(1), axis=axis, is_whole=not is_known)]
        return self._read(node)

    def _axis(self, index: int) -> tuple[int | None, bool]:
        """Of a layer's positions in its output, and whether that is clear."""
        form, value = self._traced.forms[index], self._values[self._traced.nodes[index]]
        if form.is_picture:
            return 3, True
        rest = [axis for axis in range(1, value.dim()) if axis not in (form.time, form.channel)]
        return (rest[0] if rest else None), len(rest) < 2

    def _read(self, node: torch.fx.Node) -> list[Part]:
        """The same of a node by its own operation, also if it is a layer's."""
        before = [arg for arg in _nodes_in(node.args) if isinstance(self._values.get(arg.name), Tensor)]
        name, module = call_name(node), module_of(node)
        if (conv := self._convolution_of(node, module)) is not None:
            return [self._convolved(part, conv) for part in self._value(before[0])]
        if isinstance(module, nn.Linear) or (name == "linear" and node.op != "call_module"):
            weights = module.weight if isinstance(module, nn.Linear) else self._values[before[1].name]
            return [self._weighed(part, weights, before[0]) for part in self._value(before[0])]
        if (pool := _pool_of(node, module)) is not None:
            return [pool.after(part, self._size(before[0], part.axis)) for part in self._value(before[0])]
        if name in _SUMS and node.op != "call_module":
            return [part for arg in before for part in self._value(arg)]
        if name == "cat" and node.op != "call_module":
            return self._joined(node, before)
        found = [part for arg in before[:1] for part in self._value(arg)]
        if name == "pad" and node.op != "call_module":
            return [_padded(part, node, self._values[node.name].dim()) for part in found]
        if name == "getitem":
            index = torch.fx.node.map_arg(node.args[1], lambda x: self._values[x.name])
            return [_cropped(part, index, self._values[before[0].name].dim()) for part in found]
        is_same = module is not None and _keeps_places(module)
        if is_same or (node.op != "call_module" and name in _SAME) or node.op == "output":
            return found
        if name in _SHAPES and node.op != "call_module":
            return [replace(part, is_moved=True) for part in found]  # a dense layer asks itself where each neuron went
        return [replace(part, is_whole=True) for arg in before for part in self._value(arg)]

    def _size(self, node: torch.fx.Node, axis: int | None) -> int:
        return 1 if axis is None else int(self._values[node.name].shape[axis])

    def _convolution_of(self, node: torch.fx.Node, module: Any) -> _Convolution | None:
        if isinstance(module, (nn.Conv1d, nn.Conv2d)):
            return _Convolution(module.weight, module.stride, module.padding, module.dilation, module.groups)
        if node.op == "call_module" or call_name(node) not in ("conv1d", "conv2d"):
            return None
        names = ("weight", "bias", "stride", "padding", "dilation", "groups")
        given: dict[str, Any] = {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}
        given.pop("bias", None)
        weight = given.pop("weight")
        return _Convolution(self._values[weight.name], **given)

    def _convolved(self, part: Part, conv: _Convolution) -> Part:
        if part.is_lost or part.weights.dim() > 1 or isinstance(conv.padding, str):
            return replace(part, is_whole=True)
        weights = self._sizes(conv.weight)
        if conv.groups > 1:
            own, size = weights, weights.shape[1]
            weights = own.new_zeros(len(own), size * conv.groups, *own.shape[2:])
            for channel, row in enumerate(own):
                group = channel * conv.groups // len(own)
                weights[channel, group * size : (group + 1) * size] = row
        channels = self._traced.layers[part.source].channels
        weights = weights[:, part.first : part.first + channels]
        at = None if part.axis is None or part.axis < 2 else part.axis - 2
        others = [axis for axis in range(2, weights.dim()) if axis - 2 != at]
        weights = self._alike(weights.sum(others)) if others else weights
        if at is None:
            return replace(part, weights=weights.unsqueeze(-1))
        stride, padding, dilation = (_along(x, at + 2) for x in (conv.stride, conv.padding, conv.dilation))
        spread = weights.new_zeros(*weights.shape[:-1], (weights.shape[-1] - 1) * dilation + 1)
        spread[..., ::dilation] = weights
        return part.through(spread, stride, -padding)

    def _sizes(self, weights: Tensor) -> Tensor:
        """What an edge weighs before it is scaled: its size, or 1."""
        return weights.detach().float().abs() if self._weighted else torch.ones(weights.shape)

    def _alike(self, weights: Tensor) -> Tensor:
        """Added up over what has no place in a layout, where each edge still weighs 1 if they all do."""
        return weights if self._weighted else (weights > 0).float()

    def _weighed(self, part: Part, own: Tensor, given: torch.fx.Node) -> Part:
        """A dense layer takes from every position at once, by the neurons that its features are."""
        weights = self._sizes(own)
        layer = self._traced.layers[part.source]
        neurons = self._features(part, given)
        if neurons is not None:
            joined = weights.new_zeros(len(weights), layer.channels * layer.positions).index_add_(1, neurons, weights)
            joined = self._alike(joined).view(len(weights), layer.channels, -1)
            return replace(part, weights=joined, stride=1, offset=0, is_whole=False)
        if not part.is_whole and weights.shape[1] % layer.channels == 0:  # averaged on the way
            by_channel = self._alike(weights.view(len(weights), layer.channels, -1).sum(-1, keepdim=True))
            return replace(part, weights=by_channel.expand(-1, -1, layer.positions), stride=1, offset=0)
        return replace(part, is_whole=True)

    def _features(self, part: Part, given: torch.fx.Node) -> Tensor | None:
        """Which neuron of the layer each feature is: (features,), None if they are not such alone."""
        source = next(node for node, index in self._layers.items() if index == part.source)
        chain = [given]
        while chain[-1] is not source:
            if not self._only_moves(chain[-1]):
                return None
            chain.append(next(iter(_nodes_in(chain[-1].args))))
        form, shape = self._traced.forms[part.source], self._values[source.name].shape
        if form.is_picture:
            return None
        interpreter = torch.fx.Interpreter(self._graph)
        for node in self._graph.graph.nodes:
            interpreter.env[node] = self._values.get(node.name)
        layer = self._traced.layers[part.source]
        ids = torch.arange(layer.channels * layer.positions, dtype=torch.float32).view(layer.channels, layer.positions)
        order = [axis for axis in (form.channel, part.axis) if axis is not None]
        if len(order) < 2:
            ids = ids.flatten()
        if order != sorted(order):
            ids = ids.T
        sizes = [shape[axis] if axis in order else 1 for axis in range(len(shape))]
        interpreter.env[source] = ids.reshape(sizes).expand(shape).clone()
        for node in reversed(chain[:-1]):
            interpreter.env[node] = interpreter.run_node(node)
        return interpreter.env[given].reshape(-1, interpreter.env[given].shape[-1])[-1].long()

    def _only_moves(self, node: torch.fx.Node) -> bool:
        module = module_of(node)
        if module is not None:
            return isinstance(module, (nn.Flatten, nn.Identity)) or "dropout" in type(module).__module__
        return call_name(node) in _SHAPES | {"contiguous", "dropout"}

    def _joined(self, node: torch.fx.Node, before: list[torch.fx.Node]) -> list[Part]:
        axis = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        found, first = [], 0
        for arg in before:
            for part in self._value(arg):
                known = axis == 1 and part.weights.dim() == 1
                found.append(replace(part, first=part.first + first, is_whole=part.is_whole or not known))
            first += self._values[arg.name].shape[1]
        return found


def _nodes_in(args: Any) -> Iterator[torch.fx.Node]:
    for arg in args:
        if isinstance(arg, torch.fx.Node):
            yield arg
        elif isinstance(arg, (tuple, list)):
            yield from _nodes_in(arg)


def _keeps_places(module: nn.Module) -> bool:
    """A norm, dropout, identity or nonlinearity."""
    where = type(module).__module__.rsplit(".", 1)[-1]
    return where in {"batchnorm", "normalization", "instancenorm", "dropout", "activation"} or isinstance(
        module, nn.Identity
    )


@dataclass(frozen=True)
class _Convolution:
    """weight: (channels, source channels a group, kernel …); the others of all axes or of each."""

    weight: Tensor
    stride: Any = 1
    padding: Any = 0
    dilation: Any = 1
    groups: int = 1


@dataclass(frozen=True)
class _Pool:
    """A pool's numbers, of all axes or of each from the third on; adaptive: how many positions it leaves."""

    size: Any = 1
    stride: Any = None
    padding: Any = 0
    adaptive: Any = None

    def after(self, part: Part, positions: int) -> Part:
        """positions: that it is given."""
        if part.axis is None or part.is_lost:
            return replace(part, is_whole=part.is_lost)
        if self.adaptive is not None:
            left = _along(self.adaptive, part.axis)
            window = positions // left
            return replace(part, is_whole=True) if positions % left else part.through(torch.ones(window), window, 0)
        stride = _along(self.stride or self.size, part.axis)
        return part.through(torch.ones(_along(self.size, part.axis)), stride, -_along(self.padding, part.axis))


def _pool_of(node: torch.fx.Node, module: Any) -> _Pool | None:
    if module is not None:
        if "pooling" not in type(module).__module__:
            return None
        if hasattr(module, "output_size"):
            return _Pool(adaptive=module.output_size)
        return _Pool(module.kernel_size, module.stride, module.padding)
    name = call_name(node)
    if node.op == "call_module" or "pool" not in name:
        return None
    given = {**dict(zip(("size", "stride", "padding"), node.args[1:], strict=False)), **node.kwargs}
    if name.startswith("adaptive"):
        return _Pool(adaptive=given.get("size", given.get("output_size")))
    return _Pool(given.get("size", given.get("kernel_size")), given.get("stride"), given.get("padding", 0))


def _along(value: Any, axis: int) -> int:
    """A pool's number for the tensor's axis, counted from the third."""
    return int(value[axis - 2] if isinstance(value, (tuple, list)) else value)


def _padded(part: Part, node: torch.fx.Node, dims: int) -> Part:
    """Padding counts from the last axis on, two numbers an axis."""
    amounts = node.args[1] if len(node.args) > 1 else node.kwargs.get("pad", ())
    if part.axis is None or not isinstance(amounts, (tuple, list)):
        return part
    at = 2 * (dims - 1 - part.axis)
    if at >= len(amounts):
        return part
    if not isinstance(amounts[at], int):
        return replace(part, is_whole=True)
    return replace(part, offset=part.offset - amounts[at] * part.stride)


def _cropped(part: Part, index: Any, dims: int) -> Part:
    parts = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (dims - len(parts) + 1)
    if part.axis is None or part.axis >= len(parts):
        return part
    cut = parts[part.axis]
    if not isinstance(cut, slice) or cut.step not in (None, 1) or not isinstance(cut.start, (int, type(None))):
        return replace(part, is_whole=True)
    if (cut.start or 0) < 0:
        return replace(part, is_whole=True)
    return replace(part, offset=part.offset + (cut.start or 0) * part.stride)
