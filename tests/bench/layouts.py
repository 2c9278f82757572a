"""What a layout costs: the pull of all edges, the push of all nodes, and the whole solve of the shipped ear."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from oscbridge import resources
from oscbridge.ear.opening import open_ear
from oscbridge.layout.graph import Network
from oscbridge.layout.job import Job
from oscbridge.layout.repulsion import THETA, Tree
from oscbridge.layout.topologies import ear_network
from oscbridge.sections import Layout

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

K = 2.5
CONFIG = "ear-half"
PART = 10  # one edge in so many is added one by one
SAMPLE = 500  # nodes whose push by all others is summed in double precision
SIZES = (41_000, 77_000)
GROWTH = (10_000, 80_000)


@dataclass(frozen=True)
class Attraction:
    """Milliseconds an iteration. rows_ms: of the same edges in scipy's compressed rows, None without scipy;
    listed_ms: of an edge list, measured on a part; error: the largest, as a share of the largest pull."""

    nodes: int
    edges: int
    weighted_ms: float
    uniform_ms: float
    rows_ms: float | None
    listed_ms: float
    error: float


@dataclass(frozen=True)
class Push:
    """Milliseconds, by tree and by all pairs in the same loop. error: root mean square of some nodes'."""

    nodes: int
    tree_ms: float
    pairs_ms: float
    error: float


@dataclass(frozen=True)
class LayoutCost:
    """All on one thread, as in the daemon. growth: the power of the number of nodes that a push's time grows with."""

    attraction: Attraction
    pushes: list[Push]
    growth: float
    solve_s: float
    steps: int
    neurons: int


def measure() -> LayoutCost:
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    pushes = [push(nodes) for nodes in SIZES]
    few, many = (_push_s(nodes)[0] for nodes in GROWTH)
    growth = float(np.log(many / few) / np.log(GROWTH[1] / GROWTH[0]))
    return LayoutCost(attraction(), pushes, growth, *solve())


def rows() -> list[tuple[str, str, str, str]]:
    """Of the README's table."""
    cost = measure()
    pull = cost.attraction
    sparse = "scipy is not installed" if pull.rows_ms is None else _times(pull.rows_ms, pull.weighted_ms, "sparse rows")
    table = [
        (
            f"layout: pull of {pull.edges / 1e6:.1f} M edges between {pull.nodes:,} neurons",
            f"{pull.weighted_ms:.1f} ms by weight, {pull.uniform_ms:.2f} ms if all are alike",
            f"{sparse}, {_times(pull.listed_ms, pull.weighted_ms, 'an edge list')} (by 1 edge in {PART})",
            f"exact: the largest error is {pull.error:.0e} of the largest pull",
        )
    ]
    for push_ in cost.pushes:
        table.append(
            (
                f"layout: push of {push_.nodes:,} nodes on each other",
                f"{push_.tree_ms:.0f} ms",
                _times(push_.pairs_ms, push_.tree_ms, "all pairs in the same loop"),
                f"error {push_.error:.2%} of a node's push (RMS); grows with the nodes to the {cost.growth:.2f}",
            )
        )
    table.append(
        (
            f"layout of the shipped ear, {cost.neurons:,} neurons",
            f"{cost.solve_s:.1f} s, {cost.steps:,} steps",
            "",
            "one thread, as in the daemon",
        )
    )
    return table


def _times(other: float, own: float, what: str) -> str:
    return f"{other / own:.0f}× less than {what} ({other:,.0f} ms)"


def attraction() -> Attraction:
    loaded, _ = open_ear(resources.model_file(CONFIG), None)
    weighted, uniform = ear_network(loaded.ear, weighted=True), ear_network(loaded.ear, weighted=False)
    positions = np.random.default_rng(0).standard_normal((2, weighted.nodes)).astype(np.float32)
    weighted_s, uniform_s = (_fastest(lambda n=n: n.pull(positions), 10) for n in (weighted, uniform))  # type: ignore[misc]
    a, b, w = weighted.listed()
    part = slice(None, None, PART)
    listed_s = PART * _fastest(lambda: _listed_pull(positions, a[part], b[part], w[part]), 2)
    rows_s = None
    if importlib.util.find_spec("scipy"):
        rows_s = _rows_s(weighted, a, b, w, positions)
    exact = _listed_pull(positions.astype(np.float64), a, b, w)
    error = float(np.abs(weighted.pull(positions) - exact).max() / np.abs(exact).max())
    return Attraction(
        weighted.nodes, len(a), weighted_s * 1e3, uniform_s * 1e3,
        None if rows_s is None else rows_s * 1e3, listed_s * 1e3, error,
    )  # fmt: skip


def _listed_pull(positions: NDArray, a: Integers, b: Integers, w: Floats) -> NDArray:
    out = np.zeros_like(positions)
    for own, row in zip(out, positions, strict=True):
        force = w * (row[b] - row[a])
        np.add.at(own, a, force)
        np.add.at(own, b, -force)
    return out


def _rows_s(network: Network, a: Integers, b: Integers, w: Floats, positions: Floats) -> float:
    from scipy import sparse

    shape = (network.nodes, network.nodes)
    half = sparse.csr_array((w, (a.astype(np.int32), b.astype(np.int32))), shape=shape)
    table, columns = half + half.T.tocsr(), np.ascontiguousarray(positions.T)
    degree = network.degree[:, None]
    return _fastest(lambda: table @ columns - degree * columns, 5)


def push(nodes: int) -> Push:
    seconds, positions, force = _push_s(nodes)
    some = np.random.default_rng(1).choice(nodes, SAMPLE, replace=False)
    exact = _all_pairs(positions, some)
    began = time.perf_counter()
    Tree(positions).repulsion(positions, np.ones(nodes, np.float32), K, 1e-6, 0)
    pairs_s = time.perf_counter() - began
    error = np.hypot(*(force[:, some] - exact)) / np.hypot(*exact)
    return Push(nodes, seconds * 1e3, pairs_s * 1e3, float(np.sqrt((error**2).mean())))


def _push_s(nodes: int) -> tuple[float, Floats, Floats]:
    """Seconds with a tree made anew, the places of the nodes and the force on them."""
    positions = np.random.default_rng(0).standard_normal((2, nodes)).astype(np.float32)
    charges = np.ones(nodes, np.float32)

    def act() -> Floats:
        return Tree(positions).repulsion(positions, charges, K, 1e-6, THETA).force

    force = act()
    return _fastest(act, 5), positions, force


@numba.njit(cache=False)
def _all_pairs(positions: Floats, some: Integers) -> Floats:
    out = np.zeros((2, some.size), np.float32)
    for row in range(some.size):
        i = some[row]
        x = y = 0.0
        for j in range(positions.shape[1]):
            dx = positions[0, i] - positions[0, j]
            dy = positions[1, i] - positions[1, j]
            s = dx * dx + dy * dy
            if s > 0:
                t = s ** (-0.5 * (K + 1))
                x += t * dx
                y += t * dy
        out[0, row], out[1, row] = x, y
    return out


def solve() -> tuple[float, int, int]:
    """Seconds and steps of the shipped ear's layout, and how many neurons it has."""
    job = Job(*open_ear(resources.model_file("ear"), None), Layout(snapshots=0))
    next(job.solve())  # what is compiled on first use is not in it
    began = time.perf_counter()
    steps = sum(1 for _ in job.solve())
    return time.perf_counter() - began, steps, job.network.nodes


def _fastest(act: Callable[[], object], times: int) -> float:
    """Seconds of the quickest of some calls: others who use the machine only add to it."""
    act()
    best = np.inf
    for _ in range(times):
        began = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - began)
    return float(best)


if __name__ == "__main__":
    for row in rows():
        print("| " + " | ".join(row) + " |")
