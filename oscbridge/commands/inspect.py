"""`oscbridge inspect`: the network as a table, worked out from its sizes alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..ear.anatomy import Anatomy, anatomy
from ..ear.spec import EarSpec, ear_id, load_any_spec
from ..resources import model_file
from ..sections import ModelSection

WIDTH = 120  # of what goes into a file or a pipe
WINDOW_S = 4


def show(model: str | None, as_json: bool) -> None:
    """Prints the network. model: as resources.model_file takes it. Raises BridgeError for a mistake in its YAML."""
    path = model_file(model or ModelSection().name)
    spec = load_any_spec(path)
    described = describe(anatomy(spec), path) if isinstance(spec, EarSpec) else described_model(path)
    if as_json:
        print(json.dumps(described, indent=2))
        return
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ⌊ and × still gets the numbers
    sized = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if sized else WIDTH, highlight=False)
    if isinstance(spec, EarSpec):
        console.print(picture(described, console))
    else:
        console.print(layers_table(described))


def described_model(path: Path) -> dict[str, Any]:
    """What is known of any other network, once it is made."""
    from ..ear.opening import open_model

    model = open_model(path)
    plan = model.plan
    return {
        "name": plan.name, "file": str(path), "id": plan.id, "how": model.how, "hop_ms": 1000 * plan.hop_s,
        "neurons": plan.neurons, "classes": list(plan.classes), "layers": [asdict(layer) for layer in plan.layers],
    }  # fmt: skip


def layers_table(described: dict[str, Any]) -> Group:
    table = Table(box=box.SIMPLE_HEAD, header_style="dim")
    for head in ("layer", "name", "channels × positions", "neurons", "sees, s", "octaves"):
        table.add_column(head, justify="left" if head == "name" else "right")
    for x in described["layers"]:
        table.add_row(
            str(x["index"]), x["name"], f"{x['channels']:,} × {x['positions']:,}",
            f"{x['channels'] * x['positions']:,}", f"{x['receptive_field_s']:.2f}",
            f"{x['receptive_field_octaves']:.1f}",
        )  # fmt: skip
    notes = f"{described['neurons']:,} neurons, a frame every {described['hop_ms']:.1f} ms, {described['how']}"
    return Group(Text(described["id"]), table, Text(notes))


def describe(a: Anatomy, path: Path) -> dict[str, Any]:
    """Everything there is to know about a network, for the table and as JSON."""
    weights = path.with_suffix(".safetensors")
    trained = weights.exists()
    z, c = a.layers[a.spec.z_layer], a.layers[a.spec.c_layer]
    scalogram = sum(op.macs_per_hop for op in a.operations if op.kind == "cqt")
    hop_s = a.spec.scalogram.hop_s
    z_s = z.frames_per_step * hop_s
    return {
        "name": a.spec.name,
        "file": str(path),
        "weights": {
            "id": ear_id(a.spec, weights),
            "trained": trained,
            "file": str(weights),
            "seed": None if trained else a.spec.seed,
        },
        "hop_ms": 1000 * hop_s,
        "lowest_hz": a.spec.scalogram.lowest_hz,
        "highest_hz": a.spec.scalogram.frequency_hz(a.spec.scalogram.bins - 1),
        "operations": [asdict(op) | {"formula": op.formula, "macs_per_hop": op.macs_per_hop} for op in a.operations],
        "layers": [asdict(layer) | {"neurons": layer.neurons} for layer in a.layers],
        "totals": {
            "layers": len(a.layers),
            "neurons": a.neurons,
            "parameters": a.parameters,
            "macs_per_hop": round(a.macs_per_hop),
            "macs_per_hop_scalogram": round(scalogram),
            "macs_per_hop_network": round(a.macs_per_hop - scalogram),
            "window_s": WINDOW_S,
            "window_macs": a.window_macs,
            "window_ratio": a.window_macs / (a.macs_per_hop - scalogram),
            "z_every_hops": z.frames_per_step,
            "z_every_ms": 1000 * z_s,
            "c_every_hops": c.frames_per_step,
            "context_encodings": 1 + round((c.receptive_field_s - z.receptive_field_s) / z_s),
            "context_s": c.receptive_field_s,
        },
    }


Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """One column of the table. sizes: those of the table that have it, 0 the smallest."""

    head: str
    cell: Callable[[Row], str]
    sizes: tuple[int, ...] = (0, 1, 2)
    left: bool = False
    style: str = ""


def _count(value: float) -> str:
    """Three digits: 15.6 k, 6.19 M. Nothing for 0."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= 0.9995 * size:
            scaled = value / size
            return f"{scaled:.{2 if scaled < 9.995 else 1 if scaled < 99.95 else 0}f} {unit}"
    return f"{value:.0f}" if value else ""


COLUMNS = (
    Column("\nlayer", lambda row: row["number"], style="bold cyan"),
    Column("\nname", lambda row: row["title"], left=True, style="bold"),
    Column("\nkind", lambda row: row["kind"], left=True, style="dim"),
    Column("kernel\nt × f", lambda row: "" if row["kind"] == "cqt" else "×".join(map(str, row["kernel"]))),
    Column("chan-\nnels", lambda row: str(row["channels"])),
    Column("\npositions", lambda row: row["sum"], (2,)),
    Column("posi-\ntions", lambda row: str(row["positions"]), (0, 1)),
    Column("\nneurons", lambda row: row["neurons"], (2,)),
    Column("\nparameters", lambda row: f"{row['parameters']:,}" if row["parameters"] else "", (2,)),
    Column("para-\nmeters", lambda row: _count(row["parameters"]), (1,)),
    Column("MACs\na hop", lambda row: _count(row["macs_per_hop"])),
    Column("hops\na step", lambda row: str(row["frames_per_step"]), (1, 2)),
    Column("sees\ns", lambda row: f"{row['receptive_field_s']:.2f}", (1, 2)),
    Column("sees\noct.", lambda row: f"{row['receptive_field_octaves']:.2f}", (1, 2)),
)


def picture(described: dict[str, Any], console: Console) -> Group:
    """The largest table that fits the console, and below it the totals."""
    title = Text.assemble((f" {described['name']}", "bold"), (f"  {described['file']}", "dim"))
    tables = (_table(described, size) for size in (2, 1))
    unbound = console.options.update(max_width=10_000)
    fitting = (t for t in tables if console.measure(t, options=unbound).maximum <= console.width)
    table = next(fitting, _table(described, 0))
    return Group(title, table, _totals(described))


def _table(described: dict[str, Any], size: int) -> Table:
    columns = [column for column in COLUMNS if size in column.sizes]
    table = Table(box=box.SIMPLE_HEAD, padding=0, header_style="dim")
    for column in columns:
        table.add_column(column.head, justify="left" if column.left else "right", style=column.style, no_wrap=True)
    for row in _rows(described):
        table.add_row(*[column.cell(row) for column in columns], end_section=row["ends"])
    return table


def _rows(described: dict[str, Any]) -> list[Row]:
    """The operations; the first of a layer carries its number and name, the last its neurons."""
    operations, layers = described["operations"], described["layers"]
    rows = []
    for i, op in enumerate(operations):
        layer = layers[op["layer"]]
        first = i == 0 or operations[i - 1]["layer"] != op["layer"]
        last = i + 1 == len(operations) or operations[i + 1]["layer"] != op["layer"]
        span = f"{described['lowest_hz']:.0f} Hz to {described['highest_hz'] / 1000:.1f} kHz: {op['positions']}"
        rows.append(
            op
            | {
                "number": str(layer["index"]) if first else "",
                "title": layer["name"] if first else "",
                "neurons": f"{layer['neurons']:,}" if last else "",
                "sum": span if op["kind"] == "cqt" else op["formula"],
                "ends": op["kind"] in ("cqt", "depthwise"),
            }
        )
    return rows


def _totals(described: dict[str, Any]) -> Table:
    t, weights = described["totals"], described["weights"]
    parts = f"{_count(t['macs_per_hop_scalogram'])} scalogram, {_count(t['macs_per_hop_network'])} network"
    untrained = f"untrained, seed {weights['seed']}; trained ones would be {weights['file']}"
    lines = {
        "neurons": f"{t['neurons']:,} in the layers 0 to {t['layers'] - 1} of /ear/layer",
        "parameters": f"{t['parameters']:,}",
        "a hop": f"{_count(t['macs_per_hop'])} MACs every {described['hop_ms']:.1f} ms: {parts}",
        "a window": f"{_count(t['window_macs'])} MACs to compute {t['window_s']} s again, "
        f"{t['window_ratio']:.0f} times the network's hop",
        "z": f"every {t['z_every_hops']} hops, {t['z_every_ms']:.1f} ms",
        "c": f"every {t['c_every_hops']} hops, from the last {t['context_encodings']} z; sees {t['context_s']:.2f} s",
        "positions": "⌊(in − kernel + padding) / stride⌋ + 1; a crop is a negative padding",
        "weights": f"{weights['id']}, {weights['file']}" if weights["trained"] else untrained,
    }
    grid = Table.grid(padding=(0, 2, 0, 1))
    for name, text in lines.items():
        grid.add_row(Text(name, "dim"), Text(text))
    return grid
