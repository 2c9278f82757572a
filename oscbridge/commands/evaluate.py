"""`oscbridge evaluate`: a table of how well ears hear, beside the plain features that they have to beat."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track as progress
from rich.table import Table

from ..ear.measuring import NEAR_SILENCE
from ..ear.network import Ear
from ..ear.scalogram import scalogram
from ..ear.spec import EarSpec, load_spec
from ..ear.streaming import EarStream
from ..ear.weights import LoadedEar, load_ear
from ..errors import BridgeError
from ..files import write_whole
from ..resources import loop_file, model_file
from ..sound import decode
from ..train import features as feature
from ..train import tasks as task_list
from ..train.data import read_labels
from ..train.heading import give_head
from ..train.plots import confusions, contrast
from ..train.probes import Result, Windows, judge
from ..train.shelf import Track, fill
from .denormals import flushed_denormals

HEARD_S = {"scores": 20.0, "scores-held": 20.0, "house-held": 120.0, "recordings-held": 75.0}  # of each file
RANDOM = "random network"
PLAIN = {
    "scalogram": "averaged scalogram",
    "scalogram-std": "scalogram, mean and deviation",
    "onsets": "onset autocorrelation",
}


@dataclass
class Sound:
    """Every window of the sets, in one order, and the features found so far."""

    tracks: list[Track]
    ends: list[NDArray[np.int64]]
    labels: dict[str, dict[str, dict[str, str]]]
    features: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def of_windows(self, key: str) -> NDArray[np.str_]:
        return np.repeat([getattr(t, key) for t in self.tracks], [len(e) for e in self.ends])


@flushed_denormals()
def probe(
    models: Sequence[str],
    data: Path,
    out: Path,
    names: Sequence[str],
    head: str | None,
    shelf: Path | None,
    workers: int,
    baselines: bool,
) -> None:
    """Probes ears and writes probes.json, probes.md, confusions.png and contrast.png. Raises BridgeError."""
    console = Console(stderr=True)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    tasks = task_list.chosen(names)
    if head and head not in tasks:
        raise BridgeError(f"--head {head}: it is none of the tasks probed, {', '.join(tasks)}", 404)
    loaded = {_title(name): _named(name) for name in models}
    first = next(iter(loaded.values()))
    spec = first.ear.spec
    sound = _collect(tasks, data, spec, shelf or data / "shelf", workers)
    windows = _windows(sound, tasks, spec)
    ears = {title: one.ear for title, one in loaded.items()}
    if baselines:
        ears[RANDOM] = _load(spec.model_copy(update={"classes": ()}), Path("no weights")).ear
        _hear_plain(sound, spec, console)
    for title, ear in ears.items():
        _hear(sound, title, ear, console)
    rows = [f"{title}: {what}" for title in ears for what in ("c", "z")] + (list(PLAIN.values()) if baselines else [])
    results: dict[str, dict[str, Result]] = {row: {} for row in rows}
    for row in progress(rows, "fitting", console=console, transient=True):
        for name, own in windows.items():
            results[row][name] = judge(sound.features[row], own)
    _show(results, tasks)
    _keep(results, tasks, windows, out)
    _draw_confusions(results[rows[0]], out / "confusions.png")
    _draw_contrast(first, out / "contrast.png")
    console.print(f"{out}/probes.md, probes.json, confusions.png, contrast.png")
    if head:
        for name in models:
            c = sound.features[f"{_title(name)}: c"]
            give_head(model_file(name), loaded[_title(name)].ear, c, windows[head])
        console.print(f"{', '.join(models)}: with a head now, {head}")


def _windows(sound: Sound, tasks: Mapping[str, task_list.Task], spec: EarSpec) -> dict[str, Windows]:
    domains, names, ends = sound.of_windows("domain"), sound.of_windows("name"), np.concatenate(sound.ends)
    frames = feature.window_frames(spec)
    return {name: task_list.windows(task, domains, names, ends, frames, sound.labels) for name, task in tasks.items()}


def _draw_confusions(results: Mapping[str, Result], path: Path) -> None:
    confusions([(f"{name}: {r.accuracy:.0%}", r.confusion, r.classes) for name, r in results.items()], path)


def _title(name: str) -> str:
    path = Path(name)
    return path.parent.name if path.suffix in (".yaml", ".yml") else name


def _load(spec: EarSpec, weights: Path) -> LoadedEar:
    return load_ear(spec, weights, torch.from_numpy(decode(loop_file(), spec.scalogram.rate)))


def _named(name: str) -> LoadedEar:
    path = model_file(name)
    return _load(load_spec(path), path.with_suffix(".safetensors"))


def _collect(tasks: Mapping[str, task_list.Task], data: Path, spec: EarSpec, shelf: Path, workers: int) -> Sound:
    folders = sorted({folder for task in tasks.values() for folder in (task.fit, task.test) if folder})
    for folder in folders:
        if not (data / folder).is_dir():
            raise BridgeError(
                f"{data / folder} is not there; make it: oscbridge data {folder.removesuffix('-held')}", 404
            )
    tracks, _ = fill([data / folder for folder in folders], spec.scalogram, shelf, workers)
    most = {folder: int(seconds / spec.scalogram.hop_s) for folder, seconds in HEARD_S.items()}
    ends = [feature.window_ends(min(t.frames, most.get(t.domain, t.frames)), spec) for t in tracks]
    kept = [(t, e) for t, e in zip(tracks, ends, strict=True) if len(e)]
    labels = {folder: read_labels(data / folder) for folder in folders}
    return Sound([t for t, _ in kept], [e for _, e in kept], labels)


def _hear(sound: Sound, title: str, ear: Ear, console: Console) -> None:
    ear = ear.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parts = [
        feature.ear_features(ear, t.columns(), e)
        for t, e in progress(list(zip(sound.tracks, sound.ends, strict=True)), title, console=console, transient=True)
    ]
    for what in ("c", "z"):
        sound.features[f"{title}: {what}"] = np.concatenate([p[what] for p in parts])


def _hear_plain(sound: Sound, spec: EarSpec, console: Console) -> None:
    pairs = list(zip(sound.tracks, sound.ends, strict=True))
    parts = [
        feature.plain_features(t.columns(), e, spec)
        for t, e in progress(pairs, "plain", console=console, transient=True)
    ]
    for what, row in PLAIN.items():
        sound.features[row] = np.concatenate([p[what] for p in parts])


def _draw_contrast(loaded: LoadedEar, out: Path) -> None:
    """What the wire shows of the bundled loop, of near-silence, and of music that stops."""
    rate = loaded.bank.spec.rate
    music = torch.from_numpy(decode(loop_file(), rate))
    hiss = NEAR_SILENCE * torch.randn(len(music), generator=torch.Generator().manual_seed(1))
    sounds = {"the bundled loop": music, "near-silence (-100 dB)": hiss, "music that stops": torch.cat([music, hiss])}
    heard = {}
    for title, audio in sounds.items():
        stream, columns = EarStream(loaded.ear), scalogram(torch.cat([hiss, audio]), loaded.bank)
        frames = [stream.push(columns[:, t]).numpy().copy() for t in range(columns.shape[1])]
        own_start = len(hiss) // loaded.bank.spec.hop
        heard[title] = np.stack(frames[own_start:])
    contrast(stream.layers, loaded.statistics, heard, loaded.bank.spec.hop_s, out)


def _show(results: Mapping[str, Mapping[str, Result]], tasks: Mapping[str, task_list.Task]) -> None:
    table = Table("features", *tasks)
    for row, own in results.items():
        table.add_row(row, *[f"{r.accuracy:.1%}\n{r.low:.0%}–{r.high:.0%}" for r in own.values()])
    Console().print(table)


def _keep(
    results: Mapping[str, Mapping[str, Result]],
    tasks: Mapping[str, task_list.Task],
    windows: Mapping[str, Windows],
    out: Path,
) -> None:
    lines = ["| features | " + " | ".join(tasks) + " |", "|---" * (len(tasks) + 1) + "|"]
    best = {name: max(own[name].accuracy for own in results.values()) for name in tasks}
    for row, own in results.items():
        cells = []
        for name, r in own.items():
            text = f"{100 * r.accuracy:.1f} ± {100 * r.spread:.1f} ({100 * r.low:.0f}–{100 * r.high:.0f}), {r.loss:.2f}"
            cells.append(f"**{text}**" if r.accuracy == best[name] else text)
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    content = {
        row: {name: {**vars(r), "confusion": r.confusion.tolist()} for name, r in own.items()}
        for row, own in results.items()
    }
    sizes = {
        name: {
            "question": tasks[name].question,
            "classes": len(np.unique(w.labels[w.fit])),
            "fit windows": int(w.fit.sum()),
            "test windows": int(w.test.sum()),
            "test groups": len(np.unique(w.groups[w.test])),
        }
        for name, w in windows.items()
    }
    write_whole(out / "probes.md", ("\n".join(lines) + "\n").encode())
    write_whole(out / "probes.json", json.dumps({"tasks": sizes, "results": content}, indent=1).encode())
