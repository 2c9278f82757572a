"""How each operation of a traced graph is streamed: what it needs of the past, and what it must not touch.

Streams are sequences that only grow. An operation takes its sources' new steps and gives its own, so that a padding at
the start comes with the first steps, and a convolution gives as many as its windows are full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.fx
import torch.nn.functional as F
from torch import Tensor

from .traced_call import Call, Flow, Work
from .traced_layers import NONLINEAR_CALLS, call_name


def step_of(call: Call) -> tuple[Flow, Work]:
    """What the operation makes of the streams that it gets, and how. Raises Unsupported."""
    rule = _RULES.get(call.name)
    if rule is None:
        raise call.fails("is not an operation that can be streamed")
    first = call.flows[0]
    if call.is_several and call.name not in _GIVE_SEVERAL:
        raise call.fails("gives more than one tensor")
    if any(flow.tail != first.tail for flow in call.flows):
        raise call.fails("joins streams of different ends")
    return rule(call)


# ---- step by step


def _pointwise(call: Call) -> tuple[Flow, Work]:
    from_end = len(call.shape) - call.axis
    for flow in call.flows:
        if len(flow.shape) - flow.axis != from_end:
            raise call.fails("joins streams whose times are different axes")
    return call.flow, call.run()


def _norm(call: Call) -> tuple[Flow, Work]:
    statistics = call.options("running_mean", "running_var", "weight", "bias", "training")
    if statistics.get("training") or statistics.get("running_mean") is None or call.axis == 1:
        raise call.fails("takes its statistics from the input's whole length")
    return call.flow, call.run()


def _layer_norm(call: Call) -> tuple[Flow, Work]:
    if call.axis >= len(call.shape) - len(call.options("normalized_shape")["normalized_shape"]):
        raise call.fails("works along time")
    return call.flow, call.run()


def _dense(call: Call) -> tuple[Flow, Work]:
    if call.flows[0].axis == len(call.flows[0].shape) - 1:
        raise call.fails("works along time")
    return call.flow, call.run()


def _along(*names: str) -> Callable[[Call], tuple[Flow, Work]]:
    """Of operations along the axes that one of their arguments names. names: of all up to that one."""

    def rule(call: Call) -> tuple[Flow, Work]:
        flow = call.flows[0]
        if any(other.axis != flow.axis for other in call.flows):
            raise call.fails("joins streams whose times are different axes")
        dims = call.options(*names).get(names[-1], _DEFAULT_AXIS.get(call.name))
        axes = dims if isinstance(dims, (list, tuple)) else [dims]
        if any(not isinstance(axis, int) or axis % len(flow.shape) == flow.axis for axis in axes):
            raise call.fails("works along time")
        return call.flow, call.run()

    return rule


_DEFAULT_AXIS = {"chunk": 0, "split": 0, "cat": 0, "glu": -1}


def _moved(call: Call) -> tuple[Flow, Work]:
    return call.flow, call.run()


def _reshaped(call: Call) -> tuple[Flow, Work]:
    flow, axis, shape = call.flows[0], call.axis, call.shape
    if math.prod(flow.shape[: flow.axis]) != math.prod(shape[:axis]) or flow.steps != shape[axis]:
        raise call.fails("mixes time with another axis")
    before, after = shape[:axis], shape[axis + 1 :]
    return call.flow, lambda chunks: chunks[0].reshape(*before, chunks[0].shape[flow.axis], *after)


# ---- with a memory


class _Windows:
    """Work over windows of `span` steps, `stride` apart, the first after `start` zeros."""

    def __init__(self, work: Callable[[Tensor], Tensor], axis: int, span: int, stride: int, start: int) -> None:
        self._work, self._axis, self._span, self._stride, self._start = work, axis, span, stride, start
        self._past: Tensor | None = None
        self._skip = 0  # steps between two windows that no window sees

    def __call__(self, chunks: list[Tensor]) -> Tensor | None:
        x = chunks[0]
        if self._start:
            shape = list(x.shape)
            shape[self._axis], self._start = self._start, 0
            x = torch.cat((x.new_zeros(shape), x), self._axis)
        if self._past is not None:
            x = torch.cat((self._past, x), self._axis)
        skipped = min(self._skip, x.shape[self._axis])
        self._skip -= skipped
        length = x.shape[self._axis] - skipped
        count = (length - self._span) // self._stride + 1 if length >= self._span else 0
        used = min(length, count * self._stride)
        self._skip += count * self._stride - used
        rest = x.narrow(self._axis, skipped + used, length - used)
        self._past = rest.clone() if length > used else None  # copy: a view would keep the whole chunk
        if not count:
            return None
        return self._work(x.narrow(self._axis, skipped, (count - 1) * self._stride + self._span))


class Lead:
    """`count` steps of `value` before the first, which come even before that; then all as it is.

    shape: of any chunk but for its length
    """

    def __init__(self, work: Callable[[Tensor], Tensor], shape: Sequence[int], axis: int, count: int, value: float):
        self._work, self._shape, self._axis, self._count, self._value = work, list(shape), axis, count, value

    def __call__(self, chunks: list[Tensor | None]) -> Tensor | None:
        x = None if chunks[0] is None else self._work(chunks[0])
        if not self._count:
            return x
        self._shape[self._axis], self._count = self._count, 0
        lead = torch.full(self._shape, self._value)
        return lead if x is None else torch.cat((lead, x), self._axis)


class _Crop:
    """All but the first `start` and the last `end` steps: the newest are held back until there are newer."""

    def __init__(self, work: Callable[[Tensor], Tensor], axis: int, start: int, end: int) -> None:
        self._work, self._axis, self._start, self._end = work, axis, start, end
        self._held: Tensor | None = None

    def __call__(self, chunks: list[Tensor]) -> Tensor | None:
        x = self._work(chunks[0])
        dropped = min(self._start, x.shape[self._axis])
        self._start -= dropped
        x = x.narrow(self._axis, dropped, x.shape[self._axis] - dropped)
        if self._end:
            x = x if self._held is None else torch.cat((self._held, x), self._axis)
            free = max(0, x.shape[self._axis] - self._end)
            self._held = x.narrow(self._axis, free, x.shape[self._axis] - free).clone()
            x = x.narrow(self._axis, 0, free)
        return x if x.shape[self._axis] else None


def _spread(value: Any, dims: int) -> list[int]:
    """One number for each axis of a kernel."""
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    return found * dims if len(found) == 1 else found


def _conv(call: Call) -> tuple[Flow, Work]:
    o = call.options("weight", "bias", "stride", "padding", "dilation", "groups", "padding_mode")
    weight, bias, flow = o["weight"], o.get("bias"), call.flows[0]
    dims = weight.dim() - 2
    along = flow.axis - 2
    if len(flow.shape) != dims + 2 or along < 0 or o.get("padding_mode", "zeros") != "zeros":
        raise call.fails("has its time among the channels, or a padding other than zeros")
    stride, dilation = _spread(o.get("stride", 1), dims), _spread(o.get("dilation", 1), dims)
    reach = [(size - 1) * d for size, d in zip(weight.shape[2:], dilation, strict=True)]
    padding = o.get("padding", 0)
    if padding == "same":
        if any(r % 2 for r in reach):
            raise call.fails("pads one end more than the other")
        padding = [r // 2 for r in reach]
    padding = _spread(0 if padding == "valid" else padding, dims)
    start, padding[along] = padding[along], 0
    if start and stride[along] > 1:
        raise call.fails("pads the end of its time; pad the start alone")
    function = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[dims]
    weight, bias, groups = weight.detach(), None if bias is None else bias.detach(), o.get("groups", 1)

    def work(x: Tensor) -> Tensor:
        return function(x, weight, bias, stride, padding, dilation, groups)

    made = replace(call.flow, tail=_whole(call, flow, stride[along]) + start)
    return made, _windowed(work, flow.axis, reach[along] + 1, stride[along], start)


def _windowed(work: Callable[[Tensor], Tensor], axis: int, span: int, stride: int, start: int) -> Work:
    if span == stride == 1 and not start:
        return lambda chunks: work(chunks[0])
    return _Windows(work, axis, span, stride, start)


def _whole(call: Call, flow: Flow, stride: int) -> int:
    if flow.tail and stride > 1:
        raise call.fails("takes steps that only the end of a clip has")
    return flow.tail


def _pool(call: Call) -> tuple[Flow, Work]:
    names = ["kernel_size", "stride", "padding", "ceil_mode"]
    if "max" in call.name:
        names.insert(3, "dilation")
    o = call.options(*names)
    flow, dims = call.flows[0], int(call.name[-2])
    along = flow.axis - (len(flow.shape) - dims)
    run = call.run()
    if along < 0:
        return call.flow, run
    kernel = _spread(o["kernel_size"], dims)
    stride = _spread(o.get("stride") or kernel, dims)[along]
    span = (kernel[along] - 1) * _spread(o.get("dilation", 1), dims)[along] + 1
    if _spread(o.get("padding", 0), dims)[along]:
        raise call.fails("pads the end of its time; pad the start alone")
    if o.get("ceil_mode") and (span, stride) != (1, 1):
        raise call.fails("takes windows that are not full (ceil_mode)")
    made = replace(call.flow, tail=_whole(call, flow, stride))
    return made, _windowed(lambda x: run([x]), flow.axis, span, stride, 0)


def _pad(call: Call) -> tuple[Flow, Work]:
    o = call.options("pad", "mode", "value") if call.module is None else call.options("padding", "value")
    pairs, value = list(o.get("pad", o.get("padding", ()))), float(o.get("value") or 0.0)
    if o.get("mode", "constant") != "constant":
        raise call.fails("pads with something else than a constant")
    flow = call.flows[0]
    at = 2 * (len(flow.shape) - 1 - flow.axis)
    start, end = pairs[at : at + 2] if at < len(pairs) else (0, 0)
    if end > 0:
        raise call.fails("pads the end of its time")
    pairs[at : at + 2] = [0, 0][: len(pairs[at : at + 2])]
    made = replace(call.flow, tail=max(0, flow.tail + end))

    def work(x: Tensor) -> Tensor:
        return F.pad(x, pairs, value=value) if any(pairs) else x

    if min(start, end) < 0:
        if start > 0:
            raise call.fails("pads the start and crops the end at once; do one after the other")
        return made, _Crop(work, flow.axis, -start, max(0, -end - flow.tail))
    return made, Lead(work, call.shape, flow.axis, start, value)


def _item(call: Call) -> tuple[Flow, Work]:
    flow = call.flows[0]
    if call_name(call.sources[0]) in _GIVE_SEVERAL:
        part = call.constant(call.node.args[1])
        return call.flow, lambda chunks: chunks[0][part]
    index = call.node.args[1]
    parts = list(index) if isinstance(index, (tuple, list)) else [index]
    taken = sum(part is not None and part is not Ellipsis for part in parts)
    if Ellipsis not in parts:
        parts.append(Ellipsis)
    at = parts.index(Ellipsis)
    parts[at : at + 1] = [slice(None)] * (len(flow.shape) - taken)
    along = [i for i, part in enumerate(parts) if part is not None][flow.axis]
    time, parts[along] = parts[along], slice(None)
    picked = tuple(call.constant(part) for part in parts)
    if not isinstance(time, slice) or time.step not in (None, 1) or any(isinstance(p, (Tensor, list)) for p in picked):
        raise call.fails("picks steps, or picks by a list")
    start = call.constant(time.start) or 0
    end = flow.steps - start - call.shape[call.axis]
    # a stop that is another stream's length leaves nothing away but a padding
    if isinstance(time.stop, torch.fx.Node) and time.stop not in call.constants and end != flow.tail:
        raise call.fails("crops the end of its time")
    made = replace(call.flow, tail=max(0, flow.tail - end))
    return made, _Crop(lambda x: x[picked], call.axis, start, max(0, end - flow.tail))


_GIVE_SEVERAL = ("chunk", "split")
_POINTWISE = [
    "add", "iadd", "sub", "isub", "mul", "imul", "truediv", "div", "neg", "pow", "sqrt", "rsqrt", "square", "abs",
    "exp", "expm1", "log", "log1p", "log2", "log10", "clamp", "clip", "clamp_min", "clamp_max", "maximum", "minimum",
    "sin", "cos", "erf", "reciprocal", "contiguous", "clone", "detach", "float", "to", "dropout", "dropout1d",
    "dropout2d", "identity",
]  # fmt: skip
_RULES: dict[str, Callable[[Call], tuple[Flow, Work]]] = {
    **dict.fromkeys(NONLINEAR_CALLS, _pointwise),
    **dict.fromkeys(_POINTWISE, _pointwise),
    **dict.fromkeys(["softmax", "log_softmax", "softmin", "glu", "cat", "concat"], _along("dim")),
    **dict.fromkeys(["mean", "sum", "amax", "amin"], _along("dim")),
    **dict.fromkeys(["chunk", "split"], _along("size", "dim")),
    **dict.fromkeys(["transpose", "permute", "swapaxes", "swapdims", "movedim", "moveaxis", "stack"], _moved),
    **dict.fromkeys(["flatten", "reshape", "view", "squeeze", "unsqueeze", "unflatten"], _reshaped),
    **dict.fromkeys(["conv1d", "conv2d", "conv3d"], _conv),
    **dict.fromkeys(["max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d"], _pool),
    "pad": _pad,
    "getitem": _item,
    "linear": _dense,
    "batch_norm": _norm,
    "layer_norm": _layer_norm,
}
