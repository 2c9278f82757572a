"""Our layouts beside those of sfdp, igraph and ForceAtlas2, by hand: `python -m tests.bench.peers`.

The graphs are networks pruned until every tool can load them: every neuron keeps its heaviest edges, which count alike
from there on. Each layout is made on one thread by a process of its own. Its time is the processor's, so that others
who use the machine don't count, from the edges in memory to the positions there: what a program needs to read and
write them is in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
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
OURS = {2.0: "#ffb454", 2.5: "#cf8427", 3.0: "#8f5a1c"}  # colours by k
PATIENCE_S = 1800  # for one layout

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
    "sfdp": ([{}], 2),
    "igraph drl": ([{}], 1),
    "igraph fr grid": ([{"niter": 50}, {"niter": 500}], 1),
    "ForceAtlas2": ([{"iterations": 100}], 1),
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


def _spent() -> float:
    """Seconds of processor time, with those of programs that have been called."""
    return sum(os.times()[:4])


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
    began = _spent()
    positions = solve(Edges(graph.nodes, graph.sources, graph.targets), **rest)
    return positions, _spent() - began


def _sfdp(graph: Graph, _: Settings, seed: int) -> tuple[Floats, float]:
    began = _spent()
    lines = [f"{a}--{b};" for a, b in zip(graph.sources.tolist(), graph.targets.tolist(), strict=True)]
    command = ["sfdp", "-Goverlap=true", "-Gsplines=none", f"-Gstart={seed + 1}", "-Tplain"]
    done = subprocess.run(command, input="graph {" + "".join(lines) + "}", capture_output=True, text=True, check=True)
    positions = np.zeros((2, graph.nodes), np.float32)
    for line in done.stdout.splitlines():
        if line.startswith("node "):
            _, node, x, y, *_ = line.split()
            positions[:, int(node)] = float(x), float(y)
    return positions, _spent() - began


def _igraph(graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    import random

    import igraph

    igraph.set_random_number_generator(random.Random(seed))
    began = _spent()
    own = igraph.Graph(graph.nodes, np.stack([graph.sources, graph.targets], 1))
    layout = own.layout_fruchterman_reingold(grid=True, **settings) if settings else own.layout_drl()
    return np.array(layout.coords, np.float32).T, _spent() - began


def _force_atlas(graph: Graph, settings: Settings, seed: int) -> tuple[Floats, float]:
    import random

    from fa2_modified import ForceAtlas2

    random.seed(seed)
    np.random.seed(seed)
    table = graph.table.astype(np.float64).tolil()
    began = _spent()
    places = ForceAtlas2(verbose=False).forceatlas2(table, **settings)
    return np.array(places, np.float32).T, _spent() - began


# ---- all of them


def measure(folder: Path, tools: list[str], graphs: list[str]) -> list[Result]:
    """Runs what the folder has no result of, and keeps it there."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    results = []
    for name in graphs:
        path = folder / f"{name}.npz"
        if not path.exists():
            graph = graph_of(name)
            np.savez(path, nodes=graph.nodes, sources=graph.sources, targets=graph.targets)
        for tool in tools:
            settings, seeds = TOOLS[tool]
            for wish in (
                {"graph": name, "tool": tool, "settings": s, "seed": n} for s in settings for n in range(seeds)
            ):
                text = json.dumps(wish)
                kept = folder / (re.sub(r"[^\w.]+", "-", text).strip("-") + ".json")
                if not kept.exists():
                    command = [sys.executable, "-m", "tests.bench.peers", "--folder", str(folder), "--one", text]
                    done = subprocess.run(
                        command, env=environment, check=True, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S
                    )
                    kept.write_text(done.stdout)
                results.append(Result(**json.loads(kept.read_text())))
    return results


def one(folder: Path, wish: dict[str, Any]) -> Result:
    kept = np.load(folder / f"{wish['graph']}.npz")
    graph = Graph(int(kept["nodes"]), kept["sources"], kept["targets"])
    positions, seconds = lay_out(wish["tool"], graph, wish["settings"], wish["seed"])
    return Result(**wish, seconds=seconds, stress=stress(graph, positions), near=near(graph, positions))


def rows(results: list[Result]) -> dict[tuple[str, str, str], list[Result]]:
    """By graph, tool and settings, those of all seeds."""
    out: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        said = ", ".join(f"{key} {value:g}" for key, value in result.settings.items())
        out.setdefault((result.graph, result.tool, said), []).append(result)
    return out


def table(results: list[Result]) -> str:
    """Markdown: medians, and the range where there are several seeds."""
    lines = ["| graph | tool | settings | seconds | stress | near |", "|---|---|---|---|---|---|"]
    for (graph, tool, said), own in rows(results).items():
        numbers = [(r.seconds, r.stress, r.near) for r in own]
        cells = []
        for values, form in zip(zip(*numbers, strict=True), (".1f", ".3f", ".0%"), strict=True):
            low, high = format(min(values), form), format(max(values), form)
            cells.append(format(float(np.median(values)), form) + (f" ({low} to {high})" if low != high else ""))
        lines.append("| " + " | ".join([graph, tool, said, *cells]) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="*", help=f"those to run, all if none: {', '.join(TOOLS)}")
    parser.add_argument("--graph", action="append", choices=list(GRAPHS), help="those to lay out, all if none")
    parser.add_argument("--folder", type=Path, help="where results are kept, so that another run may go on")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(asdict(one(args.folder, json.loads(args.one)))))
        return
    folder = args.folder or Path(tempfile.mkdtemp(prefix="oscbridge-peers-"))
    missing = [name for name, there in _there().items() if not there]
    tools = [tool for tool in args.tools or TOOLS if tool not in missing]
    results = measure(folder, tools, args.graph or list(GRAPHS))
    print(table(results))
    for name in missing:
        print(f"\n{name} is not installed.")
    if not args.tools and not args.graph:
        picture(results, PICTURE)


def _there() -> dict[str, bool]:
    modules = {"igraph drl": "igraph", "igraph fr grid": "igraph", "ForceAtlas2": "fa2_modified"}
    return {"sfdp": shutil.which("sfdp") is not None} | {
        tool: importlib.util.find_spec(module) is not None for tool, module in modules.items()
    }


def picture(results: list[Result], out: Path) -> None:
    """Time against stress, a panel for each graph."""
    from oscbridge.train.plots import COLOURS, FAINT, GROUND, INK, _figure, _write

    names = [name for name in GRAPHS if any(r.graph == name for r in results)]
    figure, axes = _figure(1, len(names), (6.4 * len(names), 5.2))
    colours = dict(zip(TOOLS, COLOURS, strict=True))
    for axis, name in zip(axes.flat, names, strict=True):
        fronts: dict[tuple[str, float], list[list[Result]]] = {}
        for (graph, tool, _), own in rows(results).items():
            if graph == name:
                fronts.setdefault((tool, own[0].settings.get("k", 0.0)), []).append(own)
        for (tool, k), points in fronts.items():
            x, y = np.array([np.median([(r.seconds, r.stress) for r in own], axis=0) for own in points]).T
            spread = [
                [abs(e([r.stress for r in own]) - m) for own, m in zip(points, y, strict=True)] for e in (min, max)
            ]
            order, ours = np.argsort(x), tool == "oscbridge"
            axis.errorbar(
                x[order], y[order], np.array(spread)[:, order],
                color=OURS[k] if ours else colours[tool], marker="o", markersize=7, linewidth=1.8 if ours else 1,
                linestyle="-" if ours else ":", elinewidth=1, zorder=3 if ours else 2,
                label=f"oscbridge, k = {k:g}" if ours else None,
            )  # fmt: skip
            if not ours:
                at = (x[order[0]], y[order[0]])
                axis.annotate(tool, at, (4, 9), textcoords="offset points", color=colours[tool], fontsize=9.5, zorder=4)
        axis.set_title(f"{name}, pruned to {GRAPHS[name]:,} edges", color=INK, loc="left", fontsize=11)
        axis.set_xscale("log")
        axis.margins(x=0.14, y=0.14)
        axis.set_ylim(bottom=0.9 * min(r.stress for r in results if r.graph == name))
        axis.set_xlabel("seconds of one core", color=INK)
        axis.set_ylabel("stress: lower is truer to the graph", color=INK)
        axis.set_xlim(0.1, 400)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter("")
        axis.grid(True, color=FAINT, linewidth=0.4, alpha=0.5)
        axis.set_axisbelow(True)
    axes.flat[0].legend(loc="upper left", facecolor=GROUND, edgecolor=FAINT, labelcolor=INK, fontsize=9.5)
    _write(figure, out)


if __name__ == "__main__":
    main()
