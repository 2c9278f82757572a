"""Pictures of dreams: one before and after, one of many layers, one of how much each layer keeps of a sound."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..dream.circle import circular_scalogram
from ..ear.filterbank import FilterBank
from ..ear.spec import ScalogramSpec
from . import dream_paint as paint
from .dream_paint import AMBER, BLUE, DIM, FAINT, GREY, INK, Box, Canvas

Floats = NDArray[np.float32]
Curve = Sequence[tuple[int, float]]  # (step, score)

FINER = 4  # columns of a picture to one of the ear
RANGE_DB = 60.0  # from the darkest to the brightest
QUIETEST_TOP_DB = -50.0  # near silence is not blown up until its noise glows
FLOOR_DB = 90.0  # what the scalogram calls 0 lies so far below full scale
MARGIN = 56


@dataclass(frozen=True)
class Cell:
    """One of many scalograms. image: (columns, bins) as `upright` has it."""

    title: str
    note: str
    image: Floats


@dataclass(frozen=True)
class Depth:
    """How well a layer's dream is like the sound it was to match. spectrum: correlation of the log spectra; own: of the
    layer's activations."""

    layer: str
    spectrum: float
    own: float


@torch.inference_mode()
def upright(audio: Tensor, bank: FilterBank) -> Floats:
    """The scalogram of a loop for the eye: FINER columns a hop, and every bin where its sound is, while the ear hears a
    low one later than a high one.

    audio: (n,) float32. Returns (columns, bins), 0 for -90 dBFS and 1 for a full-scale sine.
    """
    hop = bank.spec.hop
    views = torch.stack([audio.roll(-(k * hop // FINER)) for k in range(FINER)])
    columns = circular_scalogram(views, bank, 0, max(1, len(audio) // hop))[:, 0]
    image: Floats = columns.transpose(0, 1).flatten(0, 1).numpy()
    for b in range(bank.spec.bins):
        late = bank.spec.kernel_samples(b) / 2 + hop / FINER / 2 - hop
        image[:, b] = np.roll(image[:, b], -round(late * FINER / hop))
    return image


def one_dream(
    title: str, notes: str, before: Floats, after: Floats, spec: ScalogramSpec, seconds: float, curve: Curve, unit: str
) -> bytes:
    """Before and after side by side, and below them how the score rose. before, after: as `upright` has them.

    Returns a PNG of 1920 x 1080 pixels.
    """
    canvas = Canvas(1920, 1080)
    scaled, low_db, high_db = _scaled([before, after])
    _heading(canvas, title, notes)
    top, bottom, gap, left, right = 218, 790, 36, 150, canvas.width - 150
    width = (right - left - gap) // 2
    for i, (name, image) in enumerate(zip(("before", "after"), scaled, strict=True)):
        box = (left + i * (width + gap), top, left + i * (width + gap) + width, bottom)
        canvas.text(box[0], top - 16, name, 26, INK if i else DIM, "ls")
        canvas.heat(box, image)
        paint.frequency_axis(canvas, box, spec, 22, named=i == 0)
        paint.time_axis(canvas, box, seconds, 22, named=True)
    canvas.text(left - 11, top - 16, "Hz", 22, DIM, "rs")
    paint.colour_bar(canvas, (right + 28, top, right + 46, bottom), low_db, high_db, 20)
    _score_curve(canvas, (left, 890, right, 1012), curve, unit)
    return canvas.png()


def many_dreams(title: str, notes: str, cells: Sequence[Cell], spec: ScalogramSpec, seconds: float) -> bytes:
    """A grid of scalograms, each on its own scale, with a name above. Returns a PNG, 1920 pixels wide."""
    columns = 6
    canvas = Canvas(1920, 190 + -(-len(cells) // columns) * 268 + 56)
    _heading(canvas, title, notes)
    _grid(canvas, cells, columns, 190, spec, seconds)
    return canvas.png()


def depths(
    title: str, notes: str, found: Sequence[Depth], noise: float, cells: Sequence[Cell], spec: ScalogramSpec,
    seconds: float,
) -> bytes:  # fmt: skip
    """The curve of what is kept against depth, and below it what is left of the sound.

    noise: the correlation of the spectra that the dreams began with; cells: the original first
    Returns a PNG, 1920 pixels wide.
    """
    columns, below = 7, 830
    canvas = Canvas(1920, below + -(-len(cells) // columns) * 240 + 56)
    _heading(canvas, title, notes)
    box = (150, 230, canvas.width - MARGIN, 640)
    _depth_curves(canvas, box, found, noise)
    _grid(canvas, cells, columns, below, spec, seconds, height=150)
    return canvas.png()


def _scaled(images: Sequence[Floats]) -> tuple[list[Floats], float, float]:
    """All on one scale of 0 to 1, and the levels in dBFS that these are."""
    brightest = max(float(np.percentile(image, 99.9)) for image in images)
    high = max(FLOOR_DB * (brightest - 1), QUIETEST_TOP_DB)
    low = max(high - RANGE_DB, -FLOOR_DB)  # what the ear does not hear at all is dark
    return [(FLOOR_DB * (image - 1) - low) / np.float32(high - low) for image in images], low, high


def _heading(canvas: Canvas, title: str, notes: str) -> None:
    room = canvas.width - 2 * MARGIN
    canvas.fitting(MARGIN, 92, title, 50, room)
    canvas.fitting(MARGIN, 140, notes, 27, room, DIM)


def _score_curve(canvas: Canvas, box: Box, curve: Curve, unit: str) -> None:
    left, top, right, bottom = box
    canvas.panel(box)
    steps, scores = [s for s, _ in curve], [v for _, v in curve]
    low, high = min(scores), max(scores)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    pad = 14
    points = [
        (left + pad + (right - left - 2 * pad) * s / max(1, steps[-1]),
         bottom - pad - (bottom - top - 2 * pad) * (v - low) / (high - low))
        for s, v in curve
    ]  # fmt: skip
    canvas.curve(box, points, AMBER)
    canvas.dots(box, points[:: max(1, len(points) - 1)], AMBER)
    for value, y in ((high, top + pad), (low, bottom - pad)):
        canvas.text(left - 11, y, short(value), 22, DIM, "rm")
    canvas.text(left, bottom + 12, "step 0", 20, DIM, "la")
    canvas.text(right, bottom + 12, f"{steps[-1]:,}", 20, DIM, "ra")
    canvas.text(left, top - 14, f"score, {unit}", 22, INK, "ls")


def _depth_curves(canvas: Canvas, box: Box, found: Sequence[Depth], noise: float) -> None:
    left, top, right, bottom = box
    canvas.panel(box)
    values = [v for depth in found for v in (depth.spectrum, depth.own)] + [noise, 0.0]
    low = math.floor(min(values) * 4) / 4

    def y_of(value: float) -> float:
        return bottom - 12 - (bottom - top - 24) * (value - low) / (1 - low)

    for i in range(round((1 - low) * 4) + 1):
        value = low + i / 4
        canvas.rule(left, y_of(value), right - 1, y_of(value), FAINT)
        canvas.text(left - 11, y_of(value), f"{value:.2f}", 22, DIM, "rm")
    width = (right - left) / len(found)
    centres = [left + width * (i + 0.5) for i in range(len(found))]
    for dash in range(left, right, 16):
        canvas.rule(dash, y_of(noise), min(dash + 7, right - 1), y_of(noise), GREY)
    legend = float(left)
    for name, colour, line in (
        ("spectrum: dream and original", AMBER, [d.spectrum for d in found]),
        ("the layer's own activations", BLUE, [d.own for d in found]),
    ):
        points = [(x, y_of(v)) for x, v in zip(centres, line, strict=True)]
        if len(points) > 1:
            canvas.curve(box, points, colour)
        canvas.dots(box, points, colour)
        canvas.dots((round(legend), top - 42, round(legend) + 20, top - 18), [(legend + 10, top - 30)], colour, 7)
        canvas.text(legend + 28, top - 30, name, 24, INK, "lm")
        legend += 28 + canvas.width_of(name, 24) + 56
    canvas.rule(legend, top - 30, legend + 20, top - 30, GREY)
    canvas.text(legend + 28, top - 30, "spectrum: noise and original", 24, DIM, "lm")
    canvas.text(MARGIN, top - 30, "corr.", 22, DIM, "lm")
    for x, depth in zip(centres, found, strict=True):
        canvas.slanted(x + 6, bottom + 10, depth.layer, 22, DIM)


def _grid(
    canvas: Canvas, cells: Sequence[Cell], columns: int, top: int, spec: ScalogramSpec, seconds: float,
    height: int = 178,
) -> None:  # fmt: skip
    left, gap, head = 110, 18, 62
    width = (canvas.width - left - MARGIN - gap * (columns - 1)) // columns
    for i, cell in enumerate(cells):
        (image,), _, _ = _scaled([cell.image])
        row, column = divmod(i, columns)
        x, y = left + column * (width + gap), top + row * (height + head + 28) + head
        box = (x, y, x + width, y + height)
        canvas.heat(box, image)
        canvas.fitting(x, y - 34, cell.title, 24, width)
        canvas.fitting(x, y - 10, cell.note, 18, width, DIM)
        paint.frequency_axis(canvas, box, spec, 18, named=column == 0, sparse=True)
        is_lowest = i + columns >= len(cells)
        paint.time_axis(canvas, box, seconds, 18, named=is_lowest)
        if column == 0 and row == 0:
            canvas.text(x - 9, y - 12, "Hz", 18, DIM, "rs")


def short(value: float) -> str:
    """A score with as many digits as one reads: 0.031, 4.21, 128."""
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
