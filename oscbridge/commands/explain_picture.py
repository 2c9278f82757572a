"""The picture of `oscbridge explain`: one sound on its way through a network, time across, layer below layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ear.feature_maps import Heard, Maps, liveliest, most_said, stretched
from . import dream_paint as paint
from .dream_paint import AMBER, BLUE, DIM, INK, Box, Canvas

Floats = NDArray[np.float32]
Tick = tuple[float, str]  # a place of the frequency axis, 0 to 1, and its name

WIDTH = 1_280  # of one network's column
LEFT, RIGHT = 186, 74
HEAD, TOP_HEIGHT = 150, 260
STRIPS = 4  # channels of a layer that has frequencies
ROWS = 24  # of one that has none
STRIP_HEIGHT, STRIP_GAP, NONE_HEIGHT = 38, 4, 132
NAME_HEIGHT, LAYER_GAP = 36, 20
WORDS, WORD_HEIGHT, WORD_GAP = 6, 44, 6
FOOT = 64
DARKEST = np.float32(0.05)  # of what is there, so that a silent channel differs from none


@dataclass(frozen=True)
class Column:
    """One network's answer, and what is written over it. given: the name of what it is given; ticks: of that."""

    title: str
    notes: str
    given: str
    ticks: Sequence[Tick]
    heard: Heard
    seconds: float


def picture(columns: Sequence[Column]) -> bytes:
    """One column a network, side by side. Returns a PNG, 1280 pixels wide for each."""
    heights = [_height(column.heard) for column in columns]
    canvas = Canvas(WIDTH * len(columns), max(heights))
    for i, column in enumerate(columns):
        # what a shorter column lacks its spectrogram gets, so that all say their words at the same height
        _paint(canvas, i * WIDTH, column, TOP_HEIGHT + max(heights) - heights[i])
    return canvas.png()


def _height(heard: Heard) -> int:
    layers = sum(LAYER_GAP + NAME_HEIGHT + _maps_height(maps) for maps in heard.maps[1:])
    words = min(WORDS, len(heard.names))
    told = LAYER_GAP + NAME_HEIGHT + words * (WORD_HEIGHT + WORD_GAP) if words else 0
    return HEAD + NAME_HEIGHT + TOP_HEIGHT + layers + told + FOOT


def _maps_height(maps: Maps) -> int:
    strips = min(STRIPS, maps.layer.channels)
    return NONE_HEIGHT if maps.layer.positions == 1 else strips * (STRIP_HEIGHT + STRIP_GAP) - STRIP_GAP


def _paint(canvas: Canvas, x: int, column: Column, top_height: int) -> None:
    left, right = x + LEFT, x + WIDTH - RIGHT
    room = WIDTH - 60 - RIGHT
    canvas.fitting(x + 60, 66, column.title, 44, room)
    canvas.fitting(x + 60, 108, column.notes, 25, room, DIM)
    given, *maps = column.heard.maps
    y = HEAD
    _named(canvas, left, right, y, column.given, _size(given))
    y += NAME_HEIGHT
    box = (left, y, right, y + top_height)
    _heat(canvas, box, stretched(given.values[0]), given.step_s, column.seconds)
    lines = []
    for at, name in column.ticks:
        height = round(box[3] - at * top_height)
        lines.append((left, height, right, height))
        canvas.text(left - 12, height, name, 21, DIM, "rm")
    canvas.veil(box, lines)
    y += top_height
    for part in maps:
        y += LAYER_GAP
        _named(
            canvas, left, right, y, part.layer.name, f"{_size(part)}, sees {_duration(part.layer.receptive_field_s)}"
        )
        y += NAME_HEIGHT
        (_without_frequency if part.layer.positions == 1 else _strips)(canvas, left, right, y, part, column.seconds)
        y += _maps_height(part)
    if column.heard.names:
        y += LAYER_GAP
        _named(
            canvas,
            left,
            right,
            y,
            "what it says",
            f"the likeliest of {len(column.heard.names)}; at the right their best moment",
        )
        y += NAME_HEIGHT
        y = _words(canvas, left, right, y, column)
    paint.time_axis(canvas, (left, y, right, y), column.seconds, 21, named=True)


def _named(canvas: Canvas, left: int, right: int, y: int, name: str, note: str) -> None:
    canvas.text(left, y + NAME_HEIGHT - 11, name, 26, INK, "ls")
    canvas.text(right, y + NAME_HEIGHT - 11, note, 21, DIM, "rs")


def _size(maps: Maps) -> str:
    """H x W x C: frequencies, steps, channels; and how long a step is."""
    channels, steps, positions = maps.values.shape
    return f"{positions} x {steps} x {channels} · a step {_duration(maps.step_s)}"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.995 else f"{1000 * seconds:.0f} ms"


def _strips(canvas: Canvas, left: int, right: int, y: int, maps: Maps, seconds: float) -> None:
    """Some channels, one below the other, each on its own scale."""
    for row, channel in enumerate(liveliest(maps.values, STRIPS)):
        top = y + row * (STRIP_HEIGHT + STRIP_GAP)
        _heat(canvas, (left, top, right, top + STRIP_HEIGHT), stretched(maps.values[channel]), maps.step_s, seconds)
        canvas.text(left - 12, top + STRIP_HEIGHT / 2, f"channel {channel}", 19, DIM, "rm")


def _without_frequency(canvas: Canvas, left: int, right: int, y: int, maps: Maps, seconds: float) -> None:
    """A row a channel, each on its own scale, those that begin first at the top."""
    chosen = liveliest(maps.values, ROWS)
    box = (left, y, right, y + NONE_HEIGHT)
    if not chosen:
        canvas.panel(box)
        return
    rows = np.stack([stretched(maps.values[channel, :, 0]) for channel in chosen])
    weight = rows**2 + 1e-9
    middle = (weight * np.arange(rows.shape[1])).sum(1) / weight.sum(1)
    rows = rows[np.argsort(-middle, kind="stable")]
    _heat(canvas, box, np.ascontiguousarray(rows.T), maps.step_s, seconds)
    canvas.text(left - 12, y + NONE_HEIGHT / 2 - 12, f"{len(rows)} of {len(maps.values)}", 19, DIM, "rm")
    canvas.text(left - 12, y + NONE_HEIGHT / 2 + 12, "channels", 19, DIM, "rm")


def _words(canvas: Canvas, left: int, right: int, y: int, column: Column) -> int:
    """Probabilities over time as areas, one word a row. Returns where it ends."""
    words, chosen = column.heard.words, most_said(column.heard.words, WORDS)
    for row, index in enumerate(chosen):
        box = (left, y, right, y + WORD_HEIGHT)
        values = _over(words[:, index : index + 1], column.heard.step_s, column.seconds, right - left)[:, 0]
        heights = (np.arange(WORD_HEIGHT, dtype=np.float32) + 0.5) / WORD_HEIGHT
        canvas.panel(box)
        lit = heights[None, :] < values[:, None]
        canvas.heat(box, np.where(lit, 0.3 + 0.6 * values[:, None], DARKEST).astype(np.float32))
        colour = AMBER if row == 0 else BLUE
        canvas.fitting(left - 12 - min(160, canvas.width_of(column.heard.names[index], 23)), y + 31,
                       column.heard.names[index], 23, 160, colour)  # fmt: skip
        canvas.text(right + 10, y + WORD_HEIGHT / 2, f"{float(words[:, index].max()):.2f}", 21, DIM, "lm")
        y += WORD_HEIGHT + WORD_GAP
    return y


def _heat(canvas: Canvas, box: Box, values: Floats, step_s: float, seconds: float) -> None:
    """values: (steps, rows) 0 to 1, every one as long and as high as it is; where there are none it stays empty."""
    width, height = box[2] - box[0], box[3] - box[1]
    across = _over(DARKEST + (1 - DARKEST) * values, step_s, seconds, width)
    up = np.minimum(np.arange(height) * values.shape[1] // height, values.shape[1] - 1)
    canvas.heat(box, np.ascontiguousarray(across[:, up]))


def _over(values: Floats, step_s: float, seconds: float, width: int) -> Floats:
    """(steps, n) as (width, n): which step it is at every pixel of so many seconds, 0 after the last."""
    step = ((np.arange(width) + 0.5) / width * seconds / step_s).astype(int)
    found = values[np.minimum(step, len(values) - 1)].copy()
    found[step >= len(values)] = 0
    return found
