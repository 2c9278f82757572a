"""`oscbridge layout`: solves a layout, keeps it, draws it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .. import resources
from ..ear.model import Model
from ..ear.neurons import Statistics
from ..ear.opening import open_with_sound
from ..ear.spec import EarSpec, load_spec
from ..ear.vision import read_state
from ..ear.weights import LoadedEar, load_ear
from ..errors import BridgeError
from ..files import write_whole
from ..layout import charges, keeping, picture
from ..layout.graph import Edges, Network
from ..layout.job import Job, along_training
from ..layout.slices import resnet18_network, vgg16_network
from ..layout.snapshots import Progress as Solved
from ..layout.snapshots import Snapshots
from ..layout.solver import Forces, Solver
from ..sections import Layout as Wishes
from ..sound import decode

IMAGE_NETS = {"vgg16": vgg16_network, "resnet18": resnet18_network}


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    model: a network's name or YAML; edges: a file of edges instead; state: a torchvision state dict for IMAGE_NETS,
    laid out as slices of themselves; checkpoints: a folder of weights along a training; out: a folder or a .npy; loop:
    a sound file
    """

    model: str
    edges: Path | None
    state: Path | None
    checkpoints: Path | None
    loop: Path | None
    out: Path | None
    png: bool
    mp4: bool
    size: int


def lay_out(wanted: Wanted, many: Sequence[Wishes]) -> None:
    """Solves one layout for each of the wishes. Raises BridgeError for what the user can mend."""
    console = Console(highlight=False)
    if wanted.mp4 and (wanted.edges or wanted.state):
        raise BridgeError("--mp4 shows a network while it hears its loop; this graph hears nothing")
    if wanted.edges is not None:
        graph = read_edges(wanted.edges)
        for wishes in many:
            _solve_plain(console, wanted, wanted.edges.stem, graph, wishes)
        return
    if wanted.state is not None:
        if wanted.model not in IMAGE_NETS:
            raise BridgeError(f"--state holds weights of {' or '.join(IMAGE_NETS)}; name one of these")
        state = read_state(wanted.state)
        for wishes in many:
            network = IMAGE_NETS[wanted.model](state, weighted=wishes.weights == "weight", seed=wishes.seed)
            _solve_plain(console, wanted, wanted.model, network, wishes)
        return
    path = resources.model_file(wanted.model)
    model, loop = open_with_sound(path, wanted.loop)
    for wishes in many:
        if wanted.checkpoints is None:
            _solve(console, wanted, model, loop, wishes)
        elif isinstance(model, LoadedEar):
            _solve_training(console, wanted, path, model, wishes)
        else:
            raise BridgeError(f"--checkpoints is for ears, and {model.plan.name} is none; take it out")


def _solve(console: Console, wanted: Wanted, model: Model, loop: torch.Tensor, wishes: Wishes) -> None:
    job = Job(model, loop, wishes)
    _follow(console, f"{model.plan.name}, {job.network.nodes:,} neurons", job.solve(), 1 + len(job.moments))
    kept = _keep(console, wanted, job.name, job.positions, job.made, job.network)
    if wanted.mp4:
        from .layout_film import write_mp4

        write_mp4(console, kept.path.with_suffix(".mp4"), model, loop, kept.positions, job.network, wanted.size)


def _solve_training(console: Console, wanted: Wanted, path: Path, last: LoadedEar, wishes: Wishes) -> None:
    assert wanted.checkpoints is not None
    files = sorted(wanted.checkpoints.glob("*.safetensors"))
    if not files:
        raise BridgeError(f"{wanted.checkpoints} has no .safetensors; give a training's folder of snapshots", 404)
    spec = load_spec(path)
    music = torch.from_numpy(decode(resources.loop_file(), spec.scalogram.rate))
    network, snapshots = along_training([_early(spec, file, music, last) for file in files], wishes)
    title = f"{spec.name} at {len(files)} times of its training"
    _follow(console, title, snapshots.solve(), 1 + len(files))
    made = {"model": last.id, "checkpoints": [file.stem for file in files], **wishes.model_dump()}
    _keep(console, wanted, f"{spec.name}-training-k{wishes.k:g}", snapshots.positions, made, network)


def _early(spec: EarSpec, weights: Path, music: torch.Tensor, last: LoadedEar) -> LoadedEar:
    """The ear at a time of its training, with the classifier head that it was given at the end."""
    early = load_ear(spec.model_copy(update={"classes": ()}), weights, music)
    early.ear.spec, early.ear.head = spec, last.ear.head
    both = [(getattr(early.statistics, f.name), getattr(last.statistics, f.name)) for f in fields(Statistics)]
    statistics = Statistics(*(np.concatenate([own, end[len(own) :]]) for own, end in both))
    return replace(early, statistics=statistics)


def _solve_plain(console: Console, wanted: Wanted, name: str, graph: Network | Edges, wishes: Wishes) -> None:
    solver = Solver(graph, charges.uniform(graph.nodes), Forces(wishes.k, wishes.gravity), wishes.seed)
    snapshots = Snapshots(solver)
    _follow(console, f"{name}, {graph.nodes:,} nodes", snapshots.solve(), 1)
    made = {"graph": name, **wishes.model_dump(include={"k", "gravity", "weights", "seed"})}
    _keep(console, wanted, f"{name}-{wishes.weights}-k{wishes.k:g}-s{wishes.seed}", snapshots.positions, made, graph)


def _follow(console: Console, title: str, steps: Iterator[Solved], snapshots: int) -> None:
    """Shows how it goes. Ctrl-C ends it and keeps what there is."""
    began, count = time.monotonic(), 0
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(title, total=None, told="")
        try:
            for solved in steps:
                count += 1
                step = solved.step
                total, done = step.levels + snapshots - 1, step.levels - step.level + solved.snapshot - 1
                told = f"level {step.levels - step.level} of {step.levels}, step {step.iteration + 1}"
                told = f"moment {solved.snapshot} of {snapshots - 1}" if solved.snapshot else told
                bar.update(task, total=total, completed=done, told=f"{told}, nodes move {step.movement:.2%}")
        except KeyboardInterrupt:
            console.print("stopped; what there is is kept")
    console.print(f"{title}: {count:,} steps in {time.monotonic() - began:.1f} s")


def _keep(
    console: Console, wanted: Wanted, name: str, positions: Any, made: dict[str, Any], graph: Network | Edges
) -> keeping.Layout:
    """Writes the layout where it was wanted, and its picture if that was. name: of the file, if none was given."""
    out = wanted.out or resources.user_folder("") / "layouts"
    kept = keeping.save(out if out.suffix == ".npy" else out / f"{name}.npy", positions, made)
    console.print(f"kept as {kept.path}")
    if wanted.png:
        _write_png(console, kept.path.with_suffix(".png"), kept.places, graph, wanted.size)
    return kept


def _write_png(console: Console, path: Path, places: Any, graph: Network | Edges, size: int) -> None:
    spans, edges = [slice(0, len(places))], None
    if isinstance(graph, Network):
        spans, edges = graph.spans, picture.strokes(graph)
    content = io.BytesIO()
    Image.fromarray(picture.draw(places, spans, size=size, edges=edges)).save(content, "PNG", optimize=True)
    write_whole(path, content.getvalue())
    console.print(f"drawn as {path}")


def read_edges(path: Path) -> Edges:
    """A text file with an edge a line: two node numbers from 0, and a weight if it is not 1. Raises BridgeError."""
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        table = np.loadtxt(lines, ndmin=2, delimiter="," if path.suffix == ".csv" else None) if lines else np.zeros(0)
    except FileNotFoundError as error:
        raise BridgeError(f"there is no file {path}", 404) from error
    except (OSError, ValueError) as error:
        raise BridgeError(f"{path}: {error}; expected an edge a line, as 0 1 or 0 1 2.5") from error
    if not table.size:
        raise BridgeError(f"{path} has no edge; expected one a line, as 0 1 or 0 1 2.5")
    if table.shape[1] not in (2, 3):
        raise BridgeError(
            f"{path} has {table.shape[1]} numbers a line; expected two nodes, and a weight if it is not 1"
        )
    if (table[:, :2] != np.floor(table[:, :2])).any():
        raise BridgeError(f"{path}: a node is not a whole number; nodes are numbered from 0")
    weights = table[:, 2].astype(np.float32) if table.shape[1] == 3 else None
    return Edges(int(table[:, :2].max()) + 1, table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), weights)
