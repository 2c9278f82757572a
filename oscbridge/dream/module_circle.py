"""A network of the user's own on a loop that has always played: in windows that follow one another round the circle.

Of each window those steps count that lie at its end, as many as there are from one window's end to the next: what it
begins with, which knows nothing of what came before, is left out, if that is no more than half of it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..ear.module import Made
from ..ear.traced_layers import GraphNetwork, call_name, module_of
from ..ear.tracing import Traced
from .circle import LEAK, LOGITS, WAKING, circular_scalogram, redirected, round_the_circle


class CircularModule:
    """See Circle. layers: of the plan, and LOGITS."""

    def __init__(self, made: Made, layers: Sequence[int], wakes: bool = False) -> None:
        self.layers = sorted(layers)
        self._made = replace(made, traced=_awake(made.traced, self.layers)) if wakes else made
        self.before = self._window = made.spec.window
        wanted = [x for i, x in enumerate(made.traced.layers) if i in self.layers and x.has_time]
        field = max((x.field_steps for x in wanted), default=1)
        self._apart = max(self._window // 2, self._window - field + 1)  # ends of windows, at most
        self.bins = 1 if made.bank is None else made.spec.scalogram.bins

    def frames_of(self, samples: int) -> int:
        """Columns, or samples where the network hears sound itself."""
        return samples if self._made.bank is None else max(1, samples // self._made.spec.hop)

    def hear(self, audio: Tensor) -> Tensor:
        frames = self.frames_of(audio.shape[-1])
        if self._made.bank is None:
            return round_the_circle(audio, self.before, frames)[:, None, :, None]
        return circular_scalogram(audio, self._made.bank, self.before, frames)

    def moved(self, bins: float) -> Tensor:
        """As Circle has it; sound itself stays where it is."""
        return torch.arange(self.bins, dtype=torch.float32) - bins

    def answers(self, x: Tensor) -> dict[int, Tensor]:
        frames = x.shape[2] - self.before
        count = math.ceil(frames / self._apart)
        ends = [self.before + frames * (i + 1) // count for i in range(count)]
        cut = torch.stack([x[:, :, end - self._window : end] for end in ends], 1)
        every = self._made.answers(self._made.given(cut.flatten(0, 1)))
        found = {i: self._ends(every[i], frames, count) for i in self.layers if i >= 0}
        if LOGITS in self.layers:
            found[LOGITS] = self._ends(self._made.logits(every), frames, count)
        return found

    def _ends(self, x: Tensor, frames: int, count: int) -> Tensor:
        """(views x windows, channels, steps, positions) to (views, channels, all their last steps, positions)."""
        steps = x.shape[2]
        x = x.view(-1, count, *x.shape[1:])
        total = max(count, round(steps * frames / self._window))
        firsts = [total * i // count for i in range(count + 1)]
        parts = [x[:, i, :, -(firsts[i + 1] - firsts[i]) :] for i in range(count)]
        return torch.cat(parts, 2).float()


def _awake(traced: Traced, wanted: Sequence[int]) -> Traced:
    """The same values, but a silent ReLU feels a pull upwards, as in an ear; without a traced graph, just the same."""
    if traced.graph is None:
        return traced
    wishes = {traced.nodes[i] for i in wanted if 0 <= i < len(traced.nodes)}
    graph = torch.fx.GraphModule(traced.graph, copy.deepcopy(traced.graph.graph))
    for node in graph.graph.nodes:
        if isinstance(module_of(node), nn.ReLU) or (node.op.startswith("call_") and call_name(node) == "relu"):
            node.op, node.target = "call_function", redirected
            node.args, node.kwargs = (node.args[0], WAKING if node.name in wishes else LEAK), {}
    network = GraphNetwork(graph)
    network.choose(traced.network.chosen)
    return replace(traced, graph=graph, network=network)
