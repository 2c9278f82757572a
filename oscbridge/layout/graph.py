"""Graphs that can be laid out: a network in groups and links, or any list of edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import BridgeError
from .links import Group, Link
from .matching import matched, pull_rows

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

FEW = 700  # nodes of which all pairs are a small table


class Graph(Protocol):
    """What the solver needs to know of a graph."""

    @property
    def nodes(self) -> int: ...

    @property
    def degree(self) -> Floats:
        """(nodes,), the weights of each node's edges added up."""
        ...

    def pull(self, positions: Floats) -> Floats:
        """(2, nodes) in and out: the sum over a node's edges of w (p_other - p_own). Immersions, attraction a_ij."""
        ...

    def coarser(self) -> tuple[Graph, Integers] | None:
        """The graph with neighbours merged, its weights theirs added up, and which of its nodes each node became;
        None if there is nothing to merge."""
        ...


@dataclass(frozen=True)
class Network:
    """Groups of neurons, numbered one after the other, and the links between them.

    fold: how many positions of a group's links share a node, for each group: above 1 once positions are merged.
    """

    groups: tuple[Group, ...]
    links: tuple[Link, ...]
    fold: tuple[int, ...] = ()

    @cached_property
    def _folds(self) -> tuple[int, ...]:
        return self.fold or (1,) * len(self.groups)

    @cached_property
    def _shapes(self) -> list[tuple[int, int]]:
        return [(g.channels, -(-g.positions // f)) for g, f in zip(self.groups, self._folds, strict=True)]

    @cached_property
    def spans(self) -> list[slice]:
        """Each group's nodes."""
        ends = np.cumsum([0] + [channels * positions for channels, positions in self._shapes])
        return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]

    @cached_property
    def nodes(self) -> int:
        return self.spans[-1].stop if self.spans else 0

    @cached_property
    def edges(self) -> float:
        """How many there are if all weights are 1, else their sum."""
        return float(self.degree.sum(dtype=np.float64)) / 2

    @cached_property
    def degree(self) -> Floats:
        return self._sums(np.ones((2, self.nodes), np.float32))[0]

    def pull(self, positions: Floats) -> Floats:
        sums = positions @ self._matrix if self.nodes <= FEW else self._sums(positions)
        return sums - self.degree * positions

    @cached_property
    def _matrix(self) -> Floats:
        """(nodes, nodes), every edge's weight: a coarse graph is quicker as a table than link by link."""
        return self._sums(np.eye(self.nodes, dtype=np.float32))

    @torch.inference_mode()
    def _sums(self, positions: Floats) -> Floats:
        field = torch.from_numpy(np.ascontiguousarray(positions))
        fields = [self._unfolded(field[:, span], i) for i, span in enumerate(self.spans)]
        sums = [torch.zeros_like(x) for x in fields]
        for link in self.links:
            to_target, to_source = link.sums(fields[link.source], fields[link.target])
            sums[link.target] += to_target
            sums[link.source] += to_source
        out = torch.empty_like(field)
        for i, span in enumerate(self.spans):
            out[:, span] = self._folded(sums[i], i).flatten(1)
        return out.numpy()

    def _unfolded(self, x: Tensor, group: int) -> Tensor:
        """(rows, nodes) to (rows, channels, positions)."""
        x = x.reshape(len(x), *self._shapes[group])
        fold, positions = self._folds[group], self.groups[group].positions
        return x if fold == 1 else x.repeat_interleave(fold, dim=2)[..., :positions]

    def _folded(self, x: Tensor, group: int) -> Tensor:
        fold, (_, nodes) = self._folds[group], self._shapes[group]
        if fold == 1:
            return x
        return torch.nn.functional.pad(x, (0, nodes * fold - x.shape[-1])).reshape(*x.shape[:2], nodes, fold).sum(3)

    def coarser(self) -> tuple[Network, Integers] | None:
        """Halves every group along its longer dimension: channels, or positions along frequency."""
        halved = [max(shape) > 1 and channels >= positions for shape in self._shapes for channels, positions in [shape]]
        maps = [torch.arange(c) // (2 if half else 1) for (c, _), half in zip(self._shapes, halved, strict=True)]
        groups, folds = [], []
        for group, fold, half, (channels, positions) in zip(
            self.groups, self._folds, halved, self._shapes, strict=True
        ):
            groups.append(Group(group.name, -(-channels // 2) if half else channels, group.positions))
            folds.append(fold * 2 if not half and positions > 1 else fold)
        links = tuple(link.merged(maps[link.source], maps[link.target]) for link in self.links)
        coarse = Network(tuple(groups), links, tuple(folds))
        if coarse.nodes == self.nodes:
            return None
        parents = np.empty(self.nodes, np.int64)
        for i, (span, own) in enumerate(zip(self.spans, coarse.spans, strict=True)):
            channels, positions = self._shapes[i]
            new_positions = coarse._shapes[i][1]
            position = np.arange(positions) // (folds[i] // self._folds[i])
            parents[span] = (own.start + maps[i].numpy()[:, None] * new_positions + position[None, :]).ravel()
        return coarse, parents

    def listed(self) -> tuple[Integers, Integers, Floats]:
        """Every edge with a weight, as source node, target node and weight. For small networks, and to prune."""
        if self.fold and max(self.fold) > 1:
            raise ValueError("a coarse network has no edges of its own")
        rows: list[tuple[Integers, Integers, Floats]] = []
        for link in self.links:
            rows.append(_listed(link, self.groups, self.spans))
        if not rows:
            none = np.zeros(0, np.int64)
            return none, none, np.zeros(0, np.float32)
        sources, targets, weights = (np.concatenate(part) for part in zip(*rows, strict=True))
        return sources, targets, weights


def _listed(link: Link, groups: Sequence[Group], spans: Sequence[slice]) -> tuple[Integers, Integers, Floats]:
    """What a link says of single positions, found by asking it: one target position after the other."""
    a, b = groups[link.source], groups[link.target]
    sources, targets, weights = [], [], []
    empty = torch.zeros(1, a.channels, a.positions)
    for channel in range(b.channels):
        one = torch.zeros(b.positions, b.channels, b.positions)
        one[torch.arange(b.positions), channel, torch.arange(b.positions)] = 1
        _, back = link.sums(empty.expand(b.positions, -1, -1), one)  # (target position, source channel, position)
        position, node = back.flatten(1).nonzero(as_tuple=True)
        sources.append(node.numpy() + spans[link.source].start)
        targets.append(position.numpy() + channel * b.positions + spans[link.target].start)
        weights.append(back.flatten(1)[position, node].numpy())
    return np.concatenate(sources), np.concatenate(targets), np.concatenate(weights)


class Edges:
    """Any graph, as a list of edges. Edges from a node to itself pull nothing and are dropped."""

    def __init__(self, nodes: int, sources: Integers, targets: Integers, weights: Floats | None = None) -> None:
        """sources, targets: (edges,) node numbers; weights: (edges,), 1 if not given. Raises BridgeError 422."""
        self.nodes = nodes
        sources, targets = _node_numbers("sources", sources), _node_numbers("targets", targets)
        weights = np.ones(len(sources), np.float32) if weights is None else np.asarray(weights, np.float32)
        if not sources.shape == targets.shape == weights.shape:
            given = f"{len(sources)} sources, {len(targets)} targets, weights of shape {weights.shape}"
            raise BridgeError(f"{given}; expected as many of each")
        ends = np.concatenate([sources, targets])
        if ends.size and (ends.min() < 0 or ends.max() >= nodes):
            raise BridgeError(f"an edge ends at node {ends.min()} or {ends.max()}; nodes go from 0 to {nodes - 1}")
        if not np.all(np.isfinite(weights)) or (weights < 0).any():
            raise BridgeError("a weight is negative or not a number; weights are 0 or more")
        keep = (sources != targets) & (weights > 0)
        self.sources, self.targets, self.weights = sources[keep], targets[keep], weights[keep]

    @cached_property
    def _rows(self) -> tuple[Integers, NDArray[np.int32], Floats]:
        """Compressed rows: where each node's neighbours start, who they are, with what weight."""
        a = np.concatenate([self.sources, self.targets])
        b = np.concatenate([self.targets, self.sources])
        w = np.concatenate([self.weights, self.weights])
        order = np.argsort(a, kind="stable")
        starts = np.zeros(self.nodes + 1, np.int64)
        np.cumsum(np.bincount(a, minlength=self.nodes), out=starts[1:])
        return starts, b[order].astype(np.int32), w[order]

    @cached_property
    def degree(self) -> Floats:
        ends = np.concatenate([self.sources, self.targets])
        sums = np.bincount(ends, np.concatenate([self.weights] * 2), minlength=self.nodes)
        return sums.astype(np.float32)[: self.nodes]

    def pull(self, positions: Floats) -> Floats:
        return pull_rows(np.ascontiguousarray(positions), *self._rows)

    def coarser(self) -> tuple[Edges, Integers] | None:
        """Merges each node with the neighbour that it is most tied to (heavy-edge matching; Karypis & Kumar 1998)."""
        parents = matched(*self._rows)
        nodes = int(parents.max()) + 1 if self.nodes else 0
        if nodes >= 0.95 * self.nodes:
            return None
        a, b = parents[self.sources], parents[self.targets]
        low, high = np.minimum(a, b), np.maximum(a, b)
        keep = low != high
        keys, index = np.unique(low[keep] * nodes + high[keep], return_inverse=True)
        weights = np.bincount(index, self.weights[keep], minlength=len(keys)).astype(np.float32)
        return Edges(nodes, keys // max(nodes, 1), keys % max(nodes, 1), weights), parents


def _node_numbers(name: str, values: Integers) -> Integers:
    values = np.asarray(values)
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise BridgeError(f"{name} are {values.dtype} in the shape {values.shape}; expected a list of whole numbers")
    return values.astype(np.int64)
