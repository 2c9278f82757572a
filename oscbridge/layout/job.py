"""The layout of a network, as its parameters ask for it; they may change while it is being solved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from ..ear.model import Model
from ..sections import Layout as Wishes
from . import charges
from .graph import Network
from .hearing import variance_of_moments
from .snapshots import Floats, Progress, Snapshots
from .solver import Forces, Solver
from .topologies import network_of


def along_training(ears: Sequence[Model], wishes: Wishes) -> tuple[Network, Snapshots]:
    """The layouts of one ear at several times of its training, and the graph of the last.

    ears: in their order, of the same sizes; the last one's layout is solved, and the others follow it backwards.
    """
    forces = Forces(wishes.k, wishes.gravity)
    solvers = []
    for ear in ears:
        network, own = _graph_at_rest(ear, wishes)
        solvers.append(Solver(network, own, forces, wishes.seed))
    return network, Snapshots(solvers[-1], solvers, backwards=True)


def _graph_at_rest(model: Model, wishes: Wishes) -> tuple[Network, Floats]:
    """A network's graph, and its neurons' charges at rest."""
    network = network_of(model, wishes.weights == "weight", wishes.prediction)
    if wishes.charge == "uniform":
        return network, charges.uniform(network.nodes)
    return network, charges.from_variance(np.square(model.statistics.std), network.spans)


class Job:
    """Solves the layout of one network, with the snapshots of one loop.

    loop: (samples,) float32 at the network's rate
    """

    def __init__(self, model: Model, loop: Tensor, wishes: Wishes) -> None:
        self._model, self._loop = model, loop
        self._variance: Floats | None = None  # of the moments, once heard
        self._forces = Forces()
        self._take(wishes)

    def _take(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self._forces.k, self._forces.gravity = wishes.k, wishes.gravity
        self.network, own = _graph_at_rest(self._model, wishes)
        self.moments = self._charges_of_moments()
        self._snapshots = Snapshots(self._solver(own), [self._solver(moment) for moment in self.moments])

    def _solver(self, own: Floats) -> Solver:
        return Solver(self.network, own, self._forces, self.wishes.seed)

    def _charges_of_moments(self) -> Floats:
        """(snapshots, neurons); none if charges are uniform: all moments would rest alike."""
        count = self.wishes.snapshots if self.wishes.charge == "variance" else 0
        if count == 0:
            return np.zeros((0, self.network.nodes), np.float32)
        if self._variance is None or len(self._variance) != count:
            self._variance = variance_of_moments(self._model, self._loop, count)
        return charges.from_variance(self._variance, self.network.spans)

    def solve(self, start: Floats | None = None) -> Iterator[Progress]:
        """start: (2, neurons), to go on from there."""
        return self._snapshots.solve(start)

    def change(self, wishes: Wishes) -> bool:
        """Takes over parameters between two steps. False if that was all; True if `solve` has to be called again: with
        the places reached, or anew if the seed is another."""
        live = {"k": wishes.k, "gravity": wishes.gravity}
        if self.wishes.model_copy(update=live) == wishes:
            self._forces.k, self._forces.gravity = wishes.k, wishes.gravity
            self.wishes = wishes
            return False
        self._take(wishes)
        return True

    @property
    def positions(self) -> Floats:
        """(snapshots, neurons, 2) in the unit circle, as far as it is solved."""
        return self._snapshots.positions

    @property
    def made(self) -> dict[str, Any]:
        """What goes into the file beside the positions."""
        return {"model": self._model.plan.id, **self.wishes.model_dump()}

    @property
    def name(self) -> str:
        """Of the file: other parameters, another file."""
        w = self.wishes
        parts = [self._model.plan.id, w.weights, w.charge, f"k{w.k:g}", f"g{w.gravity:g}"]
        return "-".join([*parts, *(["prediction"] if w.prediction else []), f"s{w.seed}"])
