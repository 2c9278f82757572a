"""The layout itself: forces, steps and levels, from some tens of merged nodes to all.

Source: Immersions, Visualization: attraction w (p_j - p_i) along edges, repulsion q_i q_j (p_i - p_j) / |p_i - p_j| **
(k + 1) between all, centring -l p; Verlet integration; coarse to fine. The time step follows the energy as in Bitzek et
al. (2006), Structural relaxation made simple (FIRE).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .graph import FEW, Graph
from .repulsion import THETA, Tree

Floats = NDArray[np.float32]

FEWEST = 64  # nodes of the coarsest level, about
STARTS = 8  # places the coarsest level is tried from: what is folded there stays folded
REBUILD = 8  # steps that a tree serves
DAMPING = 0.1  # share of the velocity lost in a step
GROW, SHRINK = 1.1, 0.5  # of the time step
LONGEST, SHORTEST = 1.0, 0.02
REACH = 0.1  # a node's longest way in a step, as a share of the layout's radius
PATIENT = 4  # times as many steps on small levels
SPELL = 20  # steps over which movement is measured: single ones are short after each turn


@dataclass
class Forces:
    """What acts on the nodes; may be changed between any two steps.

    k: exponent of the repulsion, 2 to 3; gravity: centring, as a share of the mean degree; theta: see repulsion
    """

    k: float = 2.5
    gravity: float = 0.01
    theta: float = THETA


@dataclass(frozen=True)
class Step:
    """How a layout stands after a step. level counts down to 0, the whole graph; positions: (2, nodes) of the level's
    graph; parents: which of these each node of the whole graph is in; energy: by the forces, in their own unit;
    movement: how far nodes are from where they were SPELL steps ago, as a share of the layout's radius."""

    level: int
    levels: int
    iteration: int
    energy: float
    movement: float
    positions: Floats
    parents: NDArray[np.int64]

    @property
    def expanded(self) -> Floats:
        """(2, all nodes): every node at the place of what it is in."""
        return self.positions[:, self.parents]


@dataclass
class Solver:
    """Lays out a graph.

    graph: what to lay out; charges: (nodes,) positive; forces: read anew at each step; seed: of the start
    tolerance: a level is done when its nodes' movement (see Step) is less; most: steps a level at most, a bound for
    graphs that never come to rest
    """

    graph: Graph
    charges: Floats
    forces: Forces = field(default_factory=Forces)
    seed: int = 0
    tolerance: float = 1e-2
    most: int = 400

    def solve(self) -> Iterator[Step]:
        """Steps, coarse to fine. The caller may stop at any of them and keep what it has."""
        if self.graph.nodes == 0:
            return
        random = np.random.default_rng(self.seed)
        levels = _levels(self.graph, self.charges)
        positions = self._start(levels, random)
        for index in range(len(levels) - 1, -1, -1):
            level = levels[index]
            if index + 1 < len(levels):
                positions = _expanded(positions, level.parents, random)
            to_level = np.arange(self.graph.nodes)
            for finer in levels[:index]:
                to_level = finer.parents[to_level]
            # what is folded here stays folded, and a small level's steps cost next to nothing: it may take many; and
            # gravity grows from level to level, since at first it would only fold what has to unfold
            most = self.most * (PATIENT if level.graph.nodes <= FEW else 1)
            for step in self._relax(level, positions, 1 / (1 + index), most):
                positions = step[0]
                yield Step(index, len(levels), step[1], step[2], step[3], positions, to_level)

    def _start(self, levels: list[_Level], random: np.random.Generator) -> Floats:
        """Places on the coarsest level: of several the ones that come to rest with the least energy."""
        level, share = levels[-1], 1 / len(levels)
        nodes = level.graph.nodes
        if nodes > FEW:
            return random.standard_normal((2, nodes)).astype(np.float32)

        def rest(start: Floats) -> float:
            *_, last = self._relax(level, start, share, self.most * PATIENT)
            return last[2]

        return min(random.standard_normal((STARTS, 2, nodes)).astype(np.float32), key=rest)

    def settle(self, positions: Floats, most: int | None = None) -> Iterator[Step]:
        """Steps from given positions, (2, nodes), on the whole graph only: for a snapshot, or to go on. most: another
        bound than the solver's."""
        if self.graph.nodes == 0:
            return
        level = _Level(self.graph, self.charges, np.arange(self.graph.nodes))
        for step in self._relax(level, positions, 1.0, most or self.most):
            yield Step(0, 1, step[1], step[2], step[3], step[0], level.parents)

    def _relax(
        self, level: _Level, start: Floats, share: float, most: int
    ) -> Iterator[tuple[Floats, int, float, float]]:
        p = _balanced(level, start.astype(np.float32), self.forces, share)
        velocity = np.zeros_like(p)
        tree: Tree | None = None
        dt, before, downhill, movement, earlier = LONGEST / 4, np.inf, 0, np.inf, p
        degree = level.graph.degree
        for iteration in range(most):
            if tree is None or iteration % REBUILD == 0:
                tree = Tree(p)
            radius = _radius(p)
            gravity = _gravity(level, self.forces, share)
            pull = level.graph.pull(p)
            push = tree.repulsion(p, level.charges, self.forces.k, 1e-6 * radius, self.forces.theta)
            force = pull + push.force - gravity * p
            energy = _energy(p, pull, push.force, gravity, self.forces.k)
            # a node is as heavy as what holds it is stiff, so that one time step suits them all
            heavy = degree + push.curvature + gravity + np.float32(1e-12)
            power = float(np.vdot(force, velocity))
            if power < 0 or energy > before:
                velocity[:] = 0
                dt, downhill = max(SHORTEST, dt * SHRINK), 0
            else:
                downhill += 1
                if downhill > 3:
                    dt = min(LONGEST, dt * GROW)
            before = energy
            velocity = np.float32(1 - DAMPING) * velocity + np.float32(dt) * force / heavy
            move = np.float32(dt) * velocity
            length = np.hypot(move[0], move[1])
            limit = np.float32(REACH * radius)
            move *= np.minimum(np.float32(1), limit / np.maximum(length, np.float32(1e-30)))
            p = p + move
            if (iteration + 1) % SPELL == 0:
                movement, earlier = _radius(p - earlier) / _radius(p), p
            yield p, iteration, energy, movement
            # at first steps are short: a spell of little movement may be one before it has begun
            if movement < self.tolerance and iteration >= 2 * SPELL - 1:
                return


@dataclass(frozen=True)
class _Level:
    """A graph, its charges, what each node became in the next coarser one; mass: nodes of the whole graph in each."""

    graph: Graph
    charges: Floats
    parents: NDArray[np.int64]
    mass: Floats = field(default_factory=lambda: np.ones(1, np.float32))


def _levels(graph: Graph, charges: Floats) -> list[_Level]:
    """Finest first; the last one's parents are its own nodes."""
    levels, mass = [], np.ones(graph.nodes, np.float32)
    while graph.nodes > FEWEST and (merged := graph.coarser()) is not None:
        coarse, parents = merged
        levels.append(_Level(graph, charges, parents, mass))
        charges = np.bincount(parents, charges, minlength=coarse.nodes).astype(np.float32)
        mass = np.bincount(parents, mass, minlength=coarse.nodes).astype(np.float32)
        graph = coarse
    return [*levels, _Level(graph, charges, np.arange(graph.nodes), mass)]


def _gravity(level: _Level, forces: Forces, share: float) -> Floats:
    """What pulls each node to the middle, by its distance from there."""
    return np.float32(share * forces.gravity * level.graph.degree.mean()) * level.mass


def _balanced(level: _Level, p: Floats, forces: Forces, share: float) -> Floats:
    """p at the scale of least energy: the pull's grows with its square, the push's falls with its (k - 1)th power."""
    gravity = _gravity(level, forces, share)
    push = Tree(p).repulsion(p, level.charges, forces.k, 1e-6 * _radius(p), forces.theta).force
    linear = float(np.vdot(p, gravity * p) - np.vdot(p, level.graph.pull(p)))
    outward = float(np.vdot(p, push))
    return p * np.float32((outward / linear) ** (1 / (forces.k + 1))) if linear > 0 and outward > 0 else p


def _expanded(positions: Floats, parents: NDArray[np.int64], random: np.random.Generator) -> Floats:
    """Every node near its merged one: nodes at one place would not push each other apart."""
    n = positions.shape[1]
    spacing = _radius(positions) / max(1.0, np.sqrt(n)) * 0.5
    return positions[:, parents] + (spacing * random.uniform(-1, 1, (2, len(parents)))).astype(np.float32)


def _radius(p: Floats) -> float:
    """Root mean square distance from the middle; 1 if all nodes are at one place."""
    return float(np.sqrt(p.var(axis=1).sum())) or 1.0


def _energy(p: Floats, pull: Floats, push: Floats, gravity: Floats, k: float) -> float:
    """Potential energy, by Euler's theorem for homogeneous functions: -p.F / 2 of the linear forces, p.F / (k - 1) of
    the repulsion."""
    linear = np.vdot(p, gravity * p) - np.vdot(p, pull)
    return float(linear) / 2 + float(np.vdot(p, push)) / (k - 1)
