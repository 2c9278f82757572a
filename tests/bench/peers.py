"""Our layouts beside those of sfdp, igraph and ForceAtlas2, by hand: `python -m tests.bench.peers`.

The graphs are networks pruned until every tool can load them: every neuron keeps its heaviest edges, which count alike
from there on. Each layout is made on one thread by a process of its own. Its time begins with the edges in memory and
ends with the positions there: what a program needs to read and write them is in it.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

PICTURE = Path(__file__).parents[2] / "docs" / "layout-peers.png"
GRAPHS = {"ResNet 18": 60_000, "half ear": 226_000}  # edges that are left
SOURCES = 100  # nodes from which hops are counted
NEAREST = 8
PATIENCE_S = 900  # for one layout

Settings = dict[str, Any]
# of each tool: its settings, and how many seeds are tried
TOOLS: dict[str, tuple[list[Settings], int]] = {
    "oscbridge": (
        [
            {"k": k, "tolerance": tolerance, "most": most}
            for k in (2.0, 2.5, 3.0)
            for tolerance, most in ((0.05, 40), (0.02, 150), (0.01, 400))
        ],
        3,
    ),
    "sfdp": ([{}], 3),
    "igraph drl": ([{}], 1),
    "igraph fr grid": ([{"niter": 50}, {"niter": 500}], 1),
    "ForceAtlas2": ([{"iterations": 100}, {"iterations": 500}], 1),
}


@dataclass(frozen=True)
class Graph:
    """Connected, every edge once."""

    nodes: int
    sources: Integers
    targets: Integers

    @cached_property
    def table(self) -> Any:
        """(nodes, nodes), sparse, 1 where there is an edge, both ways."""
        from scipy import sparse

        ends = np.concatenate([self.sources, self.targets]), np.concatenate([self.targets, self.sources])
        return sparse.csr_array((np.ones(2 * len(self.sources), np.float32), ends), shape=(self.nodes, self.nodes))

    @cached_property
    def hops(self) -> tuple[Integers, Floats]:
        """Some nodes, and (these, nodes), how many edges lie between."""
        from scipy.sparse import csgraph

        some = np.random.default_rng(0).choice(self.nodes, min(SOURCES, self.nodes), replace=False)
        return some, csgraph.dijkstra(self.table, unweighted=True, indices=some).astype(np.float32)


@dataclass(frozen=True)
class Result:
    """stress: mean squared error of distances, by the number of hops, at the scale that suits the layout best;
    near: share of each node's 8 nearest that are one or two hops away."""

    graph: str
    tool: str
    settings: Settings
    seed: int
    seconds: float
    stress: float
    near: float


def pruned(network: Any, count: int) -> Graph:
    """The `count` edges that rank highest among those of either end, and of these the largest component."""
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    a, b, weights = network.listed()
    heaviest = np.argsort(-weights, kind="stable")
    a, b = a[heaviest], b[heaviest]
    rank = np.full(len(a), len(a))
    for ends in (a, b):
        order = np.argsort(ends, kind="stable")
        own = np.arange(len(a)) - np.searchsorted(ends[order], ends[order])
        rank[order] = np.minimum(rank[order], own)
    keep = np.argsort(rank, kind="stable")[:count]
    a, b = a[keep], b[keep]
    shape = (network.nodes, network.nodes)
    _, label = connected_components(sparse.coo_array((np.ones(len(a)), (a, b)), shape=shape), directed=False)
    largest = label == np.bincount(label).argmax()
    number, inside = np.cumsum(largest) - 1, largest[a]
    return Graph(int(largest.sum()), number[a[inside]], number[b[inside]])


def graph_of(name: str) -> Graph:
    import torch

    from oscbridge import resources
    from oscbridge.ear.spec import load_spec
    from oscbridge.ear.weights import load_ear
    from oscbridge.layout.slices import resnet18_network
    from oscbridge.layout.topologies import ear_network

    if name == "ResNet 18":
        return pruned(resnet18_network(weighted=True), GRAPHS[name])
    path = resources.model_file("ear-half")
    loaded = load_ear(load_spec(path), path.with_suffix(".safetensors"), torch.zeros(0))
    return pruned(ear_network(loaded.ear, weighted=True), GRAPHS[name])


def stress(graph: Graph, positions: Floats) -> float:
    """positions: (2, nodes). Gansner, Koren & North (2005), weighted by 1 / hops ** 2, in the mean over pairs."""
    sources, hops = graph.hops
    total = square = count = 0.0
    for source, d in zip(sources, hops, strict=True):
        length = np.hypot(*(positions - positions[:, [source]]))
        share = length[d > 0] / d[d > 0]
        total, square, count = total + float(share.sum()), square + float((share**2).sum()), count + len(share)
    return 1 - total**2 / square / count if square else 1.0


def near(graph: Graph, positions: Floats) -> float:
    from scipy.spatial import KDTree

    _, nearest = KDTree(positions.T).query(positions.T, NEAREST + 1)
    good = total = 0
    for rows in np.array_split(np.arange(graph.nodes), max(1, graph.nodes // 1000)):
        reached = (graph.table[rows] @ graph.table + graph.table[rows]).tocsr()
        others = nearest[rows]
        one = np.repeat(np.arange(len(rows)), NEAREST + 1)
        joined = np.asarray(reached[one, others.ravel()]).reshape(others.shape) > 0
        joined &= others != rows[:, None]
        good, total = good + int(joined.sum()), total + len(rows) * NEAREST
    return good / total


# ---- the tools. Each returns (2, nodes) and the seconds it took.


def lay_out(tool: str, graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    act = {"oscbridge": _oscbridge, "sfdp": _sfdp, "ForceAtlas2": _force_atlas}.get(tool, _igraph)
    return act(graph, settings, seed)


def _oscbridge(graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    from oscbridge.layout.graph import Edges
    from oscbridge.layout.solver import Forces, Solver

    forces = Forces(k=settings["k"])
    rest = {key: value for key, value in settings.items() if key != "k"}

    def solve(edges: Edges, **others: Any) -> Floats:
        *_, last = Solver(edges, np.ones(edges.nodes, np.float32), forces, seed, **others).solve()
        return last.expanded

    ring = np.arange(100)
    solve(Edges(100, ring, (ring + 1) % 100), most=5)  # compiles
    began = time.perf_counter()
    positions = solve(Edges(graph.nodes, graph.sources, graph.targets), **rest)
    return positions, time.perf_counter() - began


def _sfdp(graph: Graph, _: Settings, seed: int) -> tuple[Floats, float]:
    began = time.perf_counter()
    lines = [f"{a}--{b};" for a, b in zip(graph.sources.tolist(), graph.targets.tolist(), strict=True)]
    command = ["sfdp", "-Goverlap=true", "-Gsplines=none", f"-Gstart={seed + 1}", "-Tplain"]
    done = subprocess.run(command, input="graph {" + "".join(lines) + "}", capture_output=True, text=True, check=True)
    positions = np.zeros((2, graph.nodes), np.float32)
    for line in done.stdout.splitlines():
        if line.startswith("node "):
            _, node, x, y, *_ = line.split()
            positions[:, int(node)] = float(x), float(y)
    return positions, time.perf_counter() - began


def _igraph(graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    import random

    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    began = time.perf_counter()
    own = igraph.Graph(graph.nodes, np.stack([graph.sources, graph.targets], 1))
    layout = own.layout_fruchterman_reingold(grid=True, **settings) if settings else own.layout_drl()
    return np.array(layout.coords, np.float32).T, time.perf_counter() - began


def _force_atlas(graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    import random

    from fa2_modified import ForceAtlas2

    random.seed(seed)
    np.random.seed(seed)
    table = graph.table.astype(np.float64).tolil()
    began = time.perf_counter()
    places = ForceAtlas2(verbose=False).forceatlas2(table, **settings)
    return np.array(places, np.float32).T, time.perf_counter() - began
