"""A node of a traced graph that is to be streamed: what it calls, with which arguments, on which streams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch.fx
from torch import nn

from .traced_layers import NONLINEAR, NONLINEAR_CALLS, call_name, plain

Node = torch.fx.Node
Work = Callable[[list[Any]], Any]  # from new steps of the sources to new steps, or None if there are none yet

_SHORT = {name.replace("_", ""): name for name in NONLINEAR_CALLS}
_MODULES = {
    **{c.__name__: _SHORT[c.__name__.lower()] for c in NONLINEAR if c.__name__.lower() in _SHORT},
    **dict.fromkeys(["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"], "batch_norm"),
    **dict.fromkeys(["ConstantPad1d", "ConstantPad2d", "ZeroPad1d", "ZeroPad2d"], "pad"),
    **dict.fromkeys(["Dropout", "Dropout1d", "Dropout2d", "AlphaDropout", "Identity"], "identity"),
    **{name: name.lower() for name in ("Conv1d", "Conv2d", "Conv3d", "Linear", "Flatten", "Unflatten")},
    **{f"{kind}Pool{n}d": f"{kind.lower()}_pool{n}d" for kind in ("Max", "Avg") for n in (1, 2)},
    "LayerNorm": "layer_norm",
}


class Unsupported(Exception):
    """An operation that cannot be streamed, in a sentence that names it."""


@dataclass(frozen=True)
class Flow:
    """A node's output as it grows along `axis`. shape: the example's; tail: steps at its end that come of a padding at
    the end of a clip, which a stream never reaches and must be cropped."""

    axis: int
    shape: tuple[int, ...]
    tail: int

    @property
    def steps(self) -> int:
        return self.shape[self.axis]


@dataclass(frozen=True)
class Call:
    """A node to be streamed. axis, shape: as `Flow` has them, of its output, or of the first of several."""

    node: Node
    module: nn.Module | None
    constants: dict[Node, Any]
    sources: Sequence[Node]
    flows: Sequence[Flow]
    axis: int
    shape: tuple[int, ...]
    is_several: bool

    @property
    def name(self) -> str:
        """Of the operation: a module by its class in the case of functions, so that both share their rules."""
        if self.module is None:
            return call_name(self.node)
        return next((_MODULES[c.__name__] for c in type(self.module).__mro__ if c.__name__ in _MODULES), "")

    @property
    def flow(self) -> Flow:
        """What comes out if the operation keeps the steps as they are."""
        return replace(self.flows[0], axis=self.axis, shape=self.shape)

    def fails(self, why: str) -> Unsupported:
        kind = call_name(self.node) if self.module is None else type(self.module).__name__
        return Unsupported(f"{plain(str(self.node.target)) if self.module else self.node.name} ({kind}) {why}")

    def constant(self, value: Any) -> Any:
        """An argument as it is, at every length of the input."""
        return _fill(value, self._known)

    def _known(self, node: Node) -> Any:
        if node not in self.constants:
            raise self.fails(f"depends on {node.name}, which differs with the length of the input")
        return self.constants[node]

    def options(self, *names: str) -> dict[str, Any]:
        """The arguments after the first by name, or the module's attributes of these names."""
        if self.module is not None:
            return {name: getattr(self.module, name) for name in names if hasattr(self.module, name)}
        found = {**dict(zip(names, self.node.args[1:], strict=False)), **self.node.kwargs}
        return {name: self.constant(found[name]) for name in names if name in found}

    def run(self) -> Work:
        """The operation itself, on chunks in the place of its sources."""
        if self.module is not None:
            module = self.module
            return lambda chunks: module(*chunks)
        slots: dict[Node, int] = {source: i for i, source in enumerate(self.sources)}

        used: list[_Slot] = []

        def known(node: Node) -> Any:
            if node not in slots:
                return self._known(node)
            used.append(_Slot(slots[node]))
            return used[-1]

        args, kwargs = _fill(self.node.args, known), _fill(self.node.kwargs, known)
        target: Any = self.node.target
        if isinstance(args[0], _Slot) and len(used) == 1:  # the most frequent case, and the quicker
            rest = args[1:]
            if isinstance(target, str):
                return lambda chunks: getattr(chunks[0], target)(*rest, **kwargs)
            return lambda chunks: target(chunks[0], *rest, **kwargs)
        if isinstance(target, str):
            return lambda chunks: getattr(_put(args[0], chunks), target)(
                *_put(args[1:], chunks), **_put(kwargs, chunks)
            )
        return lambda chunks: target(*_put(args, chunks), **_put(kwargs, chunks))


@dataclass(frozen=True)
class _Slot:
    index: int


def _fill(value: Any, known: Callable[[Node], Any]) -> Any:
    return torch.fx.node.map_arg(value, known)


def _put(value: Any, chunks: list[Any]) -> Any:
    if isinstance(value, _Slot):
        return chunks[value.index]
    if isinstance(value, (list, tuple)):
        return type(value)([_put(part, chunks) for part in value]) if value else value
    if isinstance(value, dict):
        return {key: _put(part, chunks) for key, part in value.items()}
    return value
