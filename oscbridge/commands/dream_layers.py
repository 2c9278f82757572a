"""`oscbridge dream` through the layers: what excites each of them, or what each of them keeps of a sound."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from rich import box
from rich.table import Table
from torch import Tensor

from ..dream.circle import circular_scalogram
from ..dream.objectives import correlation
from ..ear.anatomy import Layer
from ..ear.filterbank import FilterBank
from ..ear.selection import ALL
from ..files import write_whole
from . import dream_picture as picture
from .dream import Wanted, origin_told
from .dream_picture import Cell, Depth, short
from .dream_run import UNITS, Studio, follow, progress_bar
from .dream_sound import level_db, write_sound

CHANNELS = 2  # the first so many of every layer, as in the essay
INDEX, OVERVIEW = "index.csv", "overview.png"
TABLE, CURVE = "reconstruction.csv", "reconstruction.png"

Row = dict[str, Any]


def every_layer(wanted: Wanted, studio: Studio, origin: Tensor) -> None:
    """A clip for the first channels of each layer, an index and a picture of all. Ctrl-C keeps the layers so far.

    Raises BridgeError if the disk refuses.
    """
    bank, unit = studio.bank, UNITS["activate"]
    rows: list[Row] = []
    cells: list[Cell] = []
    layers = studio.model.plan.inner
    with progress_bar(wanted.console) as bar:
        for layer in layers:
            last = min(CHANNELS, layer.channels) - 1
            channels = f"0-{last}" if last else "0"
            dreamer = studio.dreamer(origin, [(layer.index, 0, last, 0.0, 1.0, 1.0)])
            title = f"{layer.name}, channels {channels}" if last else f"{layer.name}, channel 0"
            dreamed = follow(dreamer, studio.limit, bar, f"{len(rows) + 1} of {len(layers)}: {title}")
            scores = f"{short(dreamed.before)} → {short(dreamed.after)}"
            wanted.tell(f"{title}: {scores} {unit}, {dreamed.steps:,} steps, {level_db(dreamed.clip):.1f} dBFS")
            file = _file(wanted, layer)
            write_sound(file, dreamed.clip, studio.rate)
            rows.append(
                {
                    "layer": layer.index, "name": layer.name, "channels": channels, "score_before": dreamed.before,
                    "score_after": dreamed.after, "steps": dreamed.steps, "file": file.name,
                }
            )  # fmt: skip
            _write_csv(wanted.out / INDEX, rows)
            note = f"{short(dreamed.before)} to {short(dreamed.after)}"
            cells.append(Cell(f"{layer.index} {layer.name}", note, picture.upright(dreamed.clip, bank)))
            if dreamed.is_stopped:
                wanted.tell(f"stopped; the {len(rows)} layers so far are kept")
                break
    wanted.tell(f"{len(rows)} clips and {INDEX} written to {wanted.out}")
    if wanted.png:
        notes = (
            f"{studio.name} · channels 0-{CHANNELS - 1} of every layer · {origin_told(wanted, studio.wishes)} · below "
            f"each name its score before and after, {unit}"
        )
        seconds = studio.samples / studio.rate
        drawn = picture.many_dreams("What excites each layer", notes, cells, bank.spec, seconds)
        write_whole(wanted.out / OVERVIEW, drawn)
        wanted.tell(f"drawn as {wanted.out / OVERVIEW}")


def reconstruct(wanted: Wanted, studio: Studio, origin: Tensor, named: Sequence[Layer]) -> None:
    """For each layer a sound that it cannot tell from the target, and how like the target that sounds: shallow layers
    keep nearly all, deep ones less. Ctrl-C keeps the layers so far.

    named: the layers, in any order; none: all but the classes. Raises BridgeError if the disk refuses.
    Source: Gatys, Ecker & Bethge (2016), Image style transfer, content reconstruction.
    """
    assert wanted.match is not None
    bank, name = studio.bank, wanted.match.name
    layers = sorted(set(named), key=lambda layer: layer.index) or studio.model.plan.inner
    rows: list[Row] = []
    found: list[Depth] = []
    noise = likeness(origin, studio.target, bank)
    cells = [Cell("original", name, picture.upright(studio.target, bank))]
    table = Table(box=box.SIMPLE_HEAD, header_style="dim")
    for head in ("layer", "name", "spectrum like the original", "own activations", "steps"):
        table.add_column(head, justify="left" if head == "name" else "right")
    is_stopped = False
    with progress_bar(wanted.console) as bar:
        for layer in layers:
            dreamer = studio.dreamer(origin, [(layer.index, 0, ALL, 0.0, 1.0, 1.0)])
            title = f"{len(rows) + 1} of {len(layers)}: {name} in {layer.name}"
            dreamed = follow(dreamer, studio.limit, bar, title)
            depth = Depth(layer.name, likeness(dreamed.clip, studio.target, bank), dreamed.after)
            file = _file(wanted, layer)
            write_sound(file, dreamed.clip, studio.rate)
            found.append(depth)
            rows.append(
                {
                    "layer": layer.index, "name": layer.name, "spectrum_before": noise,
                    "spectrum_after": depth.spectrum, "score_before": dreamed.before, "score_after": dreamed.after,
                    "steps": dreamed.steps, "file": file.name,
                }
            )  # fmt: skip
            _write_csv(wanted.out / TABLE, rows)
            values = (f"{depth.spectrum:.3f}", f"{depth.own:.3f}", f"{dreamed.steps:,}")
            table.add_row(str(layer.index), layer.name, *values)
            cells.append(Cell(layer.name, f"spectrum {depth.spectrum:.2f}", picture.upright(dreamed.clip, bank)))
            is_stopped = dreamed.is_stopped
            if is_stopped:
                break
    wanted.console.print(table)
    if is_stopped:
        wanted.tell(f"stopped; the {len(rows)} layers so far are kept")
    wanted.tell(f"correlations with {name}; noise began at {noise:.3f}")
    wanted.tell(f"{len(rows)} clips and {TABLE} written to {wanted.out}")
    if wanted.png:
        notes = f"{studio.name} · {name} dreamed anew from what one layer hears · {origin_told(wanted, studio.wishes)}"
        seconds = studio.samples / studio.rate
        drawn = picture.depths("What each layer keeps of a sound", notes, found, noise, cells, bank.spec, seconds)
        write_whole(wanted.out / CURVE, drawn)
        wanted.tell(f"drawn as {wanted.out / CURVE}")


@torch.inference_mode()
def likeness(x: Tensor, y: Tensor, bank: FilterBank) -> float:
    """Correlation of the log spectra of two loops of the same length, over all moments and frequencies. x, y: (n,)."""
    frames = max(1, len(x) // bank.spec.hop)
    both = circular_scalogram(torch.stack([x, y]), bank, 0, frames)[:, 0]
    return correlation(both[0], both[1])


def _file(wanted: Wanted, layer: Layer) -> Path:
    return wanted.out / f"{layer.index:02}-{layer.name}.wav"


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    write_whole(path, text.getvalue().encode())
