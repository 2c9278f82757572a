"""`oscbridge train`: an ear that learns from folders of sound, with a bar that tells how far it is."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..ear.spec import load_spec
from ..errors import BridgeError
from ..resources import folder as packaged
from ..resources import model_file
from ..train import trainer as training
from ..train.data import read_labels
from ..train.export import export
from ..train.place import Place, find_place
from ..train.shelf import Skipped, Track, fill, split
from ..train.spec import TrainSpec
from ..train.supervised import Labels
from ..train.tasks import to_learn
from ..validation import check, did_you_mean, read_yaml
from .denormals import flushed_denormals

SHELF = "shelf"
STATISTICS_BATCHES = 4
PROFILED = 5  # steps
SHOWN_SKIPPED = 10


def load_train_spec(name: str, overrides: dict[str, Any]) -> TrainSpec:
    """config/train/<name>.yaml or the file `name`, with what the command line says instead. Raises BridgeError."""
    path = Path(name).expanduser()
    if path.suffix not in (".yaml", ".yml"):
        known = sorted(p.stem for p in (packaged("config") / "train").glob("*.yaml"))
        if name not in known:
            hint = did_you_mean(name, known)
            raise BridgeError(
                f"no training configuration {name!r}; there are {', '.join(known)}, or give a YAML.{hint}", 404
            )
        path = packaged("config") / "train" / f"{name}.yaml"
    given = {key: value for key, value in overrides.items() if value is not None}
    return check(TrainSpec, {**(read_yaml(path) or {}), **given}, str(path))


@flushed_denormals()
def learn(
    folders: list[Path],
    spec: TrainSpec,
    out: Path,
    init: Path | None = None,
    shelf: Path | None = None,
    workers: int = 0,
    plot: bool = False,
    profile: bool = False,
    supervised: list[str] | None = None,
) -> bool:
    """Runs a training to its end or until Ctrl-C. Returns whether it is done. Raises BridgeError.

    supervised: tasks of the probes to train a classifier for, instead of contrasting
    """
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    place = find_place()
    console = Console(stderr=True, quiet=not place.is_first)
    ear = load_spec(model_file(spec.model)).model_copy(update={"classes": ()})
    tracks = _prepare(folders, ear.scalogram, shelf or out.parent / SHELF, workers, place, console)
    labels: Labels | None = None
    if (
        supervised
    ):  # every file may hold a class's only examples: it is watched on what it learns from, and probed apart
        tracks, labels = to_learn(supervised, {f.resolve().name: read_labels(f) for f in folders}, tracks)
    learned, held = split(tracks, spec.held_out) if labels is None else (tracks, tracks)
    console.print(
        f"{len(learned)} files to learn from, {len(held)} held out; {place.processes} process(es) on {place.device}"
    )
    with _bar(console, spec.steps) as told, _stopping() as should_stop:
        trainer = training.Trainer(
            ear, spec, learned, held, out, place, init=init, labels=labels, told=told,
            warn=lambda text: console.print(f"[yellow]{text}"),
        )  # fmt: skip
        if trainer.step:
            console.print(f"goes on from step {trainer.step:,} in {out}")
        if profile:
            console.print(trainer.profile(PROFILED))
            return False
        done = trainer.run(should_stop)
    if place.is_first:
        _finish(trainer, ear.name, out, done, plot, console)
    if dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()
    return done


def _prepare(folders: list[Path], sizes: Any, shelf: Path, workers: int, place: Place, console: Console) -> list[Track]:
    """The first process fills the shelf, the others find it full."""
    if not place.is_first:
        dist.barrier()
    columns = TextColumn("preparing sound"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("")
        tracks, skipped = fill(
            folders, sizes, shelf, workers, lambda n, all_, _: bar.update(task, completed=n, total=all_)
        )
    if place.is_first and place.processes > 1:
        dist.barrier()
    _show_skipped(skipped, console)
    return tracks


def _show_skipped(skipped: list[Skipped], console: Console) -> None:
    for item in skipped[:SHOWN_SKIPPED]:
        console.print(f"[yellow]skipped {item.path}: {item.why}")
    if len(skipped) > SHOWN_SKIPPED:
        console.print(f"[yellow]… and {len(skipped) - SHOWN_SKIPPED} more were skipped")


def _finish(trainer: training.Trainer, name: str, out: Path, done: bool, plot: bool, console: Console) -> None:
    if plot:
        from ..train.plots import curves

        console.print(f"curves: {curves(out / training.LOG, out / 'curves.png')}")
    if not done:
        console.print(f"stopped at step {trainer.step:,}; the same command goes on from there")
        return
    clips = [clip for index in range(STATISTICS_BATCHES) for clip in trainer.held_clips(index)]
    path = export(trainer.settle(), clips, out, trainer.maps)
    console.print(f"done: {path} and {name}.safetensors. Hear it: oscbridge run --model {path}")


@contextlib.contextmanager
def _bar(console: Console, steps: int) -> Iterator[Any]:
    """A progress bar, and what the trainer calls to move it; a line every 50 steps where there is no terminal."""
    columns = (
        BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn()
    )  # fmt: skip
    if not sys.stderr.isatty():

        def line(p: training.Progress) -> None:
            if p.step % 50 == 0 or p.validation_loss is not None:
                console.print(_words(p), highlight=False, soft_wrap=True)

        yield line
        return
    heard = ""
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=steps)

        def move(p: training.Progress) -> None:
            nonlocal heard
            if p.validation_loss is not None:
                heard = f" held out {p.validation_loss:.2f} {p.validation_accuracy:.0%}"
            text = f"loss {p.loss:.3f} accuracy {p.accuracy:.1%}{heard} {p.items_per_s:.1f} items/s"
            bar.update(task, completed=p.step, description=text)

        yield move


def _words(p: training.Progress) -> str:
    held = "" if p.validation_loss is None else f", held out {p.validation_loss:.3f} {p.validation_accuracy:.1%}"
    return (
        f"step {p.step:,}: loss {p.loss:.3f}, accuracy {p.accuracy:.1%}{held}, rate {p.learning_rate:.1e}, "
        f"gradient {p.gradient_norm:.2f}, {p.items_per_s:.1f} items/s, {p.seconds / 60:.0f} min"
    )


@contextlib.contextmanager
def _stopping() -> Iterator[Any]:
    """Ctrl-C and SIGTERM end the training after the step that runs, with a checkpoint; a second one at once."""
    asked = False

    def ask(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
