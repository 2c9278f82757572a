"""Pictures of a training and of what it came to: PNG files, dark as the rest of the project."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ear.anatomy import Layer
from ..ear.neurons import Normalizer, Statistics
from ..errors import BridgeError
from ..files import write_whole

GROUND, INK, FAINT = "#101216", "#d8dde6", "#3a404a"
COLOURS = ("#ffb454", "#59c2ff", "#aad94c", "#f07178", "#d2a6ff")


def curves(log: Path, out: Path) -> Path:
    """Loss, accuracy, gradient and speed of a training's log.csv. Returns `out`. Raises BridgeError without a log."""
    if not log.exists():
        raise BridgeError(f"{log} is not there; a training writes it at its first step", 404)
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    figure, axes = _figure(2, 2, (12, 7))

    def column(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        pairs = [(float(r["step"]), float(r[name])) for r in rows if r[name]]
        steps, values = np.array(pairs).reshape(-1, 2).T
        return steps, values

    panels = [
        ("loss, nats", [("loss", "as trained"), ("validation_loss", "held out, 1 of a batch")], False),
        ("accuracy", [("accuracy", "as trained"), ("validation_accuracy", "held out, 1 of a batch")], False),
        ("gradient norm", [("gradient_norm", "")], True),
        ("clips a second", [("items_per_s", "")], False),
    ]
    for axis, (title, lines, logarithmic) in zip(axes.flat, panels, strict=True):
        for (name, label), colour in zip(lines, COLOURS, strict=False):
            steps, values = column(name)
            if len(values) > 200:  # every step is noise; its running mean is the news
                axis.plot(steps, values, color=colour, alpha=0.2, linewidth=0.6)
                width = max(1, len(values) // 60)
                values = np.convolve(
                    np.pad(values, (width // 2, width - 1 - width // 2), "edge"), np.ones(width) / width, "valid"
                )
            axis.plot(
                steps,
                values,
                color=colour,
                label=label,
                linewidth=1.8,
                marker="o" if len(values) < 60 else None,
                markersize=3,
            )
        axis.set_title(title, color=INK, loc="left", fontsize=11)
        axis.set_xlabel("step", color=INK)
        if logarithmic:
            axis.set_yscale("log")
        if lines[0][1]:
            axis.legend(facecolor=GROUND, edgecolor=FAINT, labelcolor=INK, fontsize=9)
    return _write(figure, out)


def confusions(tables: Sequence[tuple[str, NDArray[np.float64], Sequence[str]]], out: Path) -> Path:
    """Confusion matrices side by side. tables: (title, (classes, classes) shares of a row, names)."""
    columns = min(3, len(tables))
    rows = -(-len(tables) // columns)
    figure, axes = _figure(rows, columns, (5.2 * columns, 5.0 * rows))
    for axis in axes.flat[len(tables) :]:
        axis.axis("off")
    for axis, (title, table, names) in zip(axes.flat, tables, strict=False):
        axis.imshow(table, cmap="magma", vmin=0, vmax=1)
        axis.set_title(title, color=INK, loc="left", fontsize=11)
        if len(names) <= 16:
            axis.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
            axis.set_yticks(range(len(names)), names, fontsize=8)
        axis.set_xlabel("heard as", color=INK)
        axis.set_ylabel("is", color=INK)
        if len(names) <= 8:
            for (i, j), value in np.ndenumerate(table):
                axis.text(
                    j, i, f"{value:.0%}", ha="center", va="center", fontsize=8, color=INK if value < 0.6 else GROUND
                )
    return _write(figure, out)


def contrast(
    layers: Sequence[Layer], statistics: Statistics, heard: dict[str, NDArray[np.float32]], hop_s: float, out: Path
) -> Path:
    """How bright the ear is on some sounds, layer by layer over time, normalised as the wire has it.

    heard: for each title (frames, neurons) float32 raw activations
    """
    normalizer = Normalizer(layers, statistics, "neuron", gamma=1.0, floor=0.0)
    figure, axes = _figure(len(heard), 1, (12, 2.9 * len(heard)))
    for axis, (title, raw) in zip(axes.flat, heard.items(), strict=True):
        values = np.stack([normalizer(frame) for frame in raw])
        means = np.stack([values[:, layer.span].mean(1) for layer in layers])
        extent = (0, len(raw) * hop_s, len(layers) - 0.5, -0.5)
        image = axis.imshow(
            means, aspect="auto", cmap="inferno", vmin=0, vmax=0.4, interpolation="nearest", extent=extent
        )
        axis.set_title(f"{title}: mean brightness {values.mean():.3f}", color=INK, loc="left", fontsize=11)
        axis.set_yticks(range(0, len(layers), 3), [layers[i].name for i in range(0, len(layers), 3)], fontsize=8)
        axis.set_xlabel("seconds", color=INK)
        bar = figure.colorbar(image, ax=axis, pad=0.01)
        bar.ax.tick_params(colors=INK, labelsize=8)
    return _write(figure, out)


def _figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise BridgeError("pictures need matplotlib: pip install 'oscbridge[train]'", 404) from error
    figure = Figure(figsize=size, facecolor=GROUND, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_facecolor(GROUND)
        axis.tick_params(which="both", colors=INK, labelsize=9)
        for spine in axis.spines.values():
            spine.set_color(FAINT)
        axis.grid(False)
    return figure, axes


def _write(figure: Any, out: Path) -> Path:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_whole(out, buffer.getvalue())
    return out
