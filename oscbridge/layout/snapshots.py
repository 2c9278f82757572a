"""Several layouts of one network: the one at rest, and those of the moments of a loop or of a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .solver import Solver, Step

Floats = NDArray[np.float32]

MOST = 40  # steps a snapshot: it starts where the layout at rest has settled


@dataclass(frozen=True)
class Progress:
    """One step. snapshot: which layout it belongs to, 0 the one at rest."""

    snapshot: int
    step: Step


class Snapshots:
    """Solves the layout at rest, then the others from there, so that neurons keep their places.

    positions: (snapshots, nodes, 2), what is there so far: stopped at any step, it keeps what it has.
    """

    def __init__(self, solver: Solver, others: Sequence[Solver] = (), backwards: bool = False) -> None:
        """others: of the snapshots in their order, with the same nodes. backwards: the last one starts from the layout
        at rest and each other one from the one after it, as a training goes; else all start from the layout at rest."""
        self._solver, self._others, self._backwards = solver, others, backwards
        self._done: list[Floats] = []
        self._now: Floats | None = None

    def solve(self, start: Floats | None = None) -> Iterator[Progress]:
        """start: (2, nodes), to go on from these places instead of anew."""
        self._done, self._now = [], start
        for step in self._solver.solve() if start is None else self._solver.settle(start):
            self._now = step.expanded
            yield Progress(0, step)
        if self._now is None:
            return
        rest = self._now
        self._done.append(rest)
        order = range(len(self._others) - 1, -1, -1) if self._backwards else range(len(self._others))
        for index in order:
            for step in self._others[index].settle(self._done[-1] if self._backwards else rest, MOST):
                self._now = step.positions
                yield Progress(index + 1, step)
            self._done.append(self._now)

    @property
    def positions(self) -> Floats:
        """(snapshots, nodes, 2), in a unit circle around the middle of the layout at rest."""
        shapes = self._done or ([self._now] if self._now is not None else [])
        if self._backwards:
            shapes = [*shapes[:1], *shapes[:0:-1]]
        if not shapes:
            return np.zeros((1, self._solver.graph.nodes, 2), np.float32)
        return unit(np.stack(shapes).transpose(0, 2, 1))


def unit(positions: Floats) -> Floats:
    """positions: (snapshots, nodes, 2). Returns them moved and scaled so that all lie in the unit circle, the middle
    of snapshot 0 at its centre."""
    if positions.shape[1] == 0:
        return positions
    centred = positions - positions[0].mean(axis=0)
    return np.ascontiguousarray(centred / (np.hypot(centred[..., 0], centred[..., 1]).max() or 1.0), np.float32)


def between(positions: Floats, phase: float) -> Floats:
    """The layout of a moment between the snapshots of a loop.

    positions: (snapshots, nodes, 2); snapshot 0 is at rest and takes no part; phase: in loops, 0 and 1 are the
    middle of the first moment. Returns (nodes, 2), the one at rest if there is no other.
    """
    moments = positions[1:] if len(positions) > 1 else positions
    at = phase % 1.0 * len(moments)
    first, share = int(at) % len(moments), np.float32(at - int(at))
    return moments[first] * (1 - share) + moments[(first + 1) % len(moments)] * share
