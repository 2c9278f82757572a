"""A causal traced network step by step: every operation of its graph keeps the few past steps it needs and no more.

What the stream has made after n steps equals what the network makes of these n steps as a whole.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.fx
from torch import Tensor

from ..errors import BridgeError
from .traced_call import Call, Flow, Node, Unsupported, Work
from .traced_layers import GraphNetwork, call_name, module_of, writes_in_place
from .traced_steps import Lead, step_of
from .tracing import Traced, grown_axes, run_twice


class TracedStream:
    """Streams a network that `trace` found causal.

    values: (neurons,) float32, the newest activation of every neuron, layer by layer, channel by channel, position by
            position; 0 before a layer's first step.
    """

    def __init__(self, traced: Traced) -> None:
        """Raises BridgeError if `unsupported` says why it can't be."""
        try:
            plan = _Plan(traced)
        except Unsupported as error:
            raise BridgeError(f"this network cannot be streamed: {error}; evaluate its whole window instead") from error
        assert traced.time_axis is not None  # for there is a plan
        self._shape, self._axis = (1, *traced.shape[1:]), traced.time_axis
        self._input, self._steps = plan.input, plan.steps
        self.values = torch.zeros(sum(layer.channels * layer.positions for layer in traced.layers))
        self._outputs = []
        first = 0
        for layer, form, node in zip(traced.layers, traced.forms, plan.outputs, strict=True):
            neurons = layer.channels * layer.positions
            self._outputs.append((node, form, self.values[first : first + neurons]))
            first += neurons

    @staticmethod
    def unsupported(traced: Traced) -> str:
        """Why the network cannot be streamed, by the name of the layer or operation; empty if it can."""
        try:
            _Plan(traced)
        except Unsupported as error:
            return str(error)
        return ""

    @torch.inference_mode()
    def push(self, columns: Tensor) -> None:
        """Takes in the input's next steps, as many as there are along its time axis, and brings `values` up to date.

        columns: shaped as the example, of batch 1. Raises BridgeError if they are not.
        """
        length = columns.shape[self._axis] if columns.dim() == len(self._shape) else 0
        expected = (*self._shape[: self._axis], length, *self._shape[self._axis + 1 :])
        if columns.shape != expected:
            raise BridgeError(
                f"the stream was given {tuple(columns.shape)}; expected {self._shape}, of any length along axis "
                f"{self._axis}"
            )
        if not length:
            return
        made: dict[Node, Any] = {self._input: columns}
        for step in self._steps:
            made[step.node] = step(made)
        for node, form, span in self._outputs:
            output = made[node]
            if output is not None:
                assert form.time is not None
                span.copy_(form(output.narrow(form.time, output.shape[form.time] - 1, 1)).flatten())


class _Step:
    """One node of the graph at work: from what its sources have made anew to what it makes of that."""

    def __init__(self, node: Node, sources: list[Node], axes: list[int], work: Work) -> None:
        self.node = node
        self._sources, self._axes, self._work = sources, axes, work
        self._waiting: list[Tensor | None] = [None] * len(sources)

    def __call__(self, made: dict[Node, Any]) -> Any:
        if len(self._sources) == 1:
            new = made[self._sources[0]]
            return None if new is None and not isinstance(self._work, Lead) else self._work([new])
        return self._together([made[source] for source in self._sources])

    def _together(self, new: list[Tensor | None]) -> Any:
        """Steps of several streams in pairs. Before a window is full one stream may be ahead: its steps wait."""
        joined = [_joined(*each) for each in zip(self._waiting, new, self._axes, strict=True)]
        complete = [x for x in joined if x is not None]
        if len(complete) < len(joined):
            self._waiting = joined
            return None
        lengths = [x.shape[axis] for x, axis in zip(complete, self._axes, strict=True)]
        count = min(lengths)
        if max(lengths) == count:
            self._waiting = [None] * len(joined)
            return self._work(complete)
        self._waiting = [
            x.narrow(axis, count, x.shape[axis] - count).clone() if x.shape[axis] > count else None
            for x, axis in zip(complete, self._axes, strict=True)
        ]
        return self._work([x.narrow(axis, 0, count) for x, axis in zip(complete, self._axes, strict=True)])


def _joined(kept: Tensor | None, new: Tensor | None, axis: int) -> Tensor | None:
    if kept is None or new is None:
        return new if kept is None else kept
    return torch.cat((kept, new), axis)


class _Plan:
    """The nodes that the layers need, each with how it is streamed. Raises Unsupported."""

    def __init__(self, traced: Traced) -> None:
        graph = traced.graph
        if graph is None or traced.time_axis is None:
            raise Unsupported(traced.untraced or "its input has no time")
        if not traced.is_causal:
            raise Unsupported(_why_not_causal(traced))
        self.steps: list[_Step] = []
        nodes = {node.name: node for node in graph.graph.nodes}
        self.outputs = [nodes[name] for name in traced.nodes]
        self.input = self.outputs[0]
        seeded = torch.Generator().manual_seed(0)
        example = torch.randn(traced.shape, generator=seeded)[:1]
        self._short, self._long, _ = run_twice(GraphNetwork(graph, everything=True), example, traced.time_axis)
        self._constants: dict[Node, Any] = {}
        self._flows: dict[Node, Flow] = {self.input: Flow(traced.time_axis, tuple(example.shape), 0)}
        needed = _ancestors(self.outputs)
        order = {node: i for i, node in enumerate(graph.graph.nodes)}
        for node in order:
            if node in needed and node is not self.input:
                self._add(node, order)

    def _add(self, node: Node, order: dict[Node, int]) -> None:
        short, long = self._short[node.name], self._long.get(node.name)
        # a constant depends on nothing, or is a size that is the same at every length
        if all(source in self._constants for source in node.all_input_nodes):
            self._constants[node] = short
            return
        if not isinstance(short, (Tensor, tuple, list)) or isinstance(short, torch.Size):
            if short == long and type(short) in (int, float, bool, str, torch.dtype, torch.device):
                self._constants[node] = short
            return
        sources = [source for source in node.all_input_nodes if source in self._flows]
        self._flows[node], work = self._streamed(node, sources, short, long)
        if writes_in_place(node) and sources:
            if any(order[user] > order[node] for user in sources[0].users):
                raise Unsupported(f"{node.name} overwrites what is used again")
            work = _on_a_copy(work)
        self.steps.append(_Step(node, sources, [self._flows[source].axis for source in sources], work))

    def _streamed(self, node: Node, sources: list[Node], short: Any, long: Any) -> tuple[Flow, Work]:
        one, other = (x[0] if isinstance(x, (tuple, list)) and x else x for x in (short, long))
        grown = grown_axes(one, other) if isinstance(one, Tensor) else []
        if len(grown) != 1 or grown[0] == 0 or not sources:
            raise Unsupported(f"{node.name} ({call_name(node)}) has no time of its own")
        call = Call(
            node, module_of(node), self._constants, sources, [self._flows[source] for source in sources],
            grown[0], tuple(one.shape), isinstance(short, (tuple, list)),
        )  # fmt: skip
        return step_of(call)


def _ancestors(nodes: list[Node]) -> set[Node]:
    found: set[Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.all_input_nodes
    return found


def _on_a_copy(work: Work) -> Work:
    return lambda chunks: work([chunks[0].clone(), *chunks[1:]])


def _why_not_causal(traced: Traced) -> str:
    timeless = [layer.name for layer in traced.layers if not layer.has_time]
    if timeless:
        return f"{timeless[0]} looks at a whole window"
    return "its layers see what comes later (step s of a layer may see the input as far as step s times its stride)"
