"""What pictures of sound are painted with: a table of colours, a dark canvas, panels with axes. Pillow alone."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..ear.spec import ScalogramSpec

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels

GROUND, PANEL, INK, DIM, FAINT = "#08080d", "#101018", "#e8eaf0", "#9298a8", "#343846"
AMBER, BLUE, GREY = "#ffb454", "#59c2ff", "#777d8c"
COLOURS = 1_024  # steps of the table: no banding in dark gradients
SMOOTH = 4  # lines are drawn so many times larger, then reduced
TICKS_HZ = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)

# lightness, chroma, hue in degrees (Oklch): black over violet and rose to amber and near white
_STOPS = np.array(
    [
        [0.13, 0.012, 285],
        [0.24, 0.090, 292],
        [0.36, 0.150, 308],
        [0.49, 0.185, 338],
        [0.62, 0.190, 372],
        [0.74, 0.155, 405],
        [0.86, 0.125, 438],
        [0.97, 0.060, 460],
    ]
)


@cache
def colour_table() -> NDArray[np.uint8]:
    """(COLOURS, 3) sRGB, even steps of which look even: lightness rises in a straight line.

    Source: Ottosson (2020), A perceptual color space for image processing (Oklab).
    """
    at, stops = np.linspace(0, 1, COLOURS), np.linspace(0, 1, len(_STOPS))
    lightness = np.interp(at, [0, 1], _STOPS[[0, -1], 0])
    chroma, hue = (np.interp(at, stops, _STOPS[:, i]) for i in (1, 2))
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=1,
    ).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * encoded + 0.5).astype(np.uint8)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The one that comes with Pillow, so that a picture is the same everywhere; it has ASCII and the middle dot."""
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


class Canvas:
    """A dark picture that is painted from the ground up."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width, height), GROUND)
        self._draw = ImageDraw.Draw(self._image)

    def png(self) -> bytes:
        buffer = io.BytesIO()
        self._image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue()

    def text(self, x: float, y: float, text: str, size: int, colour: str = INK, anchor: str = "la") -> None:
        """anchor: as Pillow has it, e.g. "mm" for the middle."""
        self._draw.text((x, y), printable(text), font=_font(size), fill=colour, anchor=anchor)

    def width_of(self, text: str, size: int) -> float:
        return float(_font(size).getlength(printable(text)))

    def fitting(self, x: float, y: float, text: str, size: int, width: float, colour: str = INK) -> None:
        """Text that is made smaller, and at last cut, until it is no wider than `width`. y: of its baseline."""
        text, least = printable(text), max(12, size // 2)
        while size > least and _font(size).getlength(text) > width:
            size -= 1
        while len(text) > 4 and _font(size).getlength(text) > width:
            text = text.removesuffix("...")[:-1] + "..."
        self.text(x, y, text, size, colour, "ls")

    def slanted(self, x: float, y: float, text: str, size: int, colour: str) -> None:
        """Text that climbs at 45 degrees to its end at (x, y)."""
        length = math.ceil(_font(size).getlength(text)) + 4
        mask = Image.new("L", (length, 2 * size))
        ImageDraw.Draw(mask).text((length - 2, size), text, font=_font(size), fill=255, anchor="rm")
        turned = mask.rotate(45, Image.Resampling.BICUBIC, expand=True)
        # the end of the text lies half its box's thickness from the corner
        inset = round(size * math.sqrt(0.5))
        self._image.paste(colour, (round(x) - turned.width + inset, round(y) - inset), turned)

    def heat(self, box: Box, values: Floats) -> None:
        """values: (columns, rows) 0 to 1, the lowest row at the bottom."""
        left, top, right, bottom = box
        plain = Image.fromarray(np.ascontiguousarray(values.T[::-1], np.float32))
        large = np.asarray(plain.resize((right - left, bottom - top), Image.Resampling.BICUBIC))
        index = (large.clip(0, 1) * (COLOURS - 1) + 0.5).astype(np.int64)
        self._image.paste(Image.fromarray(colour_table()[index]), (left, top))

    def panel(self, box: Box) -> None:
        self._draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=PANEL)

    def curve(self, box: Box, points: Sequence[tuple[float, float]], colour: str, width: float = 3.0) -> None:
        """A line through points given in pixels, cut at the box and smooth."""
        left, top, right, bottom = box
        mask = Image.new("L", ((right - left) * SMOOTH, (bottom - top) * SMOOTH))
        scaled = [((x - left) * SMOOTH, (y - top) * SMOOTH) for x, y in points]
        ImageDraw.Draw(mask).line(scaled, fill=255, width=round(width * SMOOTH), joint="curve")
        self._paste(box, mask, colour)

    def dots(self, box: Box, points: Sequence[tuple[float, float]], colour: str, radius: float = 5.0) -> None:
        left, top, right, bottom = box
        mask = Image.new("L", ((right - left) * SMOOTH, (bottom - top) * SMOOTH))
        draw = ImageDraw.Draw(mask)
        for x, y in points:
            cx, cy, r = (x - left) * SMOOTH, (y - top) * SMOOTH, radius * SMOOTH
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
        self._paste(box, mask, colour)

    def _paste(self, box: Box, mask: Image.Image, colour: str) -> None:
        reduced = mask.reduce(SMOOTH)
        self._image.paste(colour, (box[0], box[1]), reduced)

    def rule(self, x0: float, y0: float, x1: float, y1: float, colour: str = FAINT) -> None:
        self._draw.line((x0, y0, x1, y1), fill=colour, width=1)

    def veil(self, box: Box, lines: Sequence[Box], strength: float = 0.13) -> None:
        """Faint light lines over what is painted."""
        left, top, right, bottom = box
        mask = Image.new("L", (right - left, bottom - top))
        draw = ImageDraw.Draw(mask)
        for x0, y0, x1, y1 in lines:
            draw.line((x0 - left, y0 - top, x1 - left, y1 - top), fill=round(255 * strength))
        self._image.paste("#ffffff", (left, top), mask)


def printable(text: str) -> str:
    """With a question mark for what the font lacks."""
    return "".join(c if " " <= c <= "~" or c == "·" else "?" for c in text)


def frequency_axis(canvas: Canvas, box: Box, spec: ScalogramSpec, size: int, named: bool, sparse: bool = False) -> None:
    """Ticks at round frequencies on the left of a panel of all bins, the lines over it; their names if `named`.

    sparse: powers of ten alone
    """
    left, top, right, bottom = box
    lines = []
    for hz in TICKS_HZ:
        at = (math.log2(hz / spec.lowest_hz) * spec.bins_per_octave + 0.5) / spec.bins
        if not 0 <= at <= 1 or (sparse and str(hz).strip("0") != "1"):
            continue
        y = round(bottom - at * (bottom - top))
        lines.append((left, y, right, y))
        if named:
            canvas.text(left - size * 0.5, y, f"{hz // 1000}k" if hz >= 1000 else str(hz), size, DIM, "rm")
    canvas.veil(box, lines)


def time_axis(canvas: Canvas, box: Box, seconds: float, size: int, named: bool) -> None:
    """Ticks at round times below a panel of so many seconds."""
    left, _, right, bottom = box
    step = next(s for s in (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if seconds / s <= 6 or s == 20)
    count = int(seconds / step + 1e-6)
    for i in range(count + 1):
        x = left + (right - left) * i * step / seconds
        x = min(x, right - 1)
        canvas.rule(x, bottom, x, bottom + size * 0.3, DIM)
        if named:
            # those at the edges stay within, or they would meet the next panel's
            anchor = "la" if i == 0 else "ra" if x > right - size else "ma"
            canvas.text(x, bottom + size * 0.55, f"{i * step:g}{' s' if i == count else ''}", size, DIM, anchor)


def colour_bar(canvas: Canvas, box: Box, low_db: float, high_db: float, size: int) -> None:
    """The colours from top to bottom, and what they stand for."""
    canvas.heat(box, np.linspace(0, 1, 256, dtype=np.float32)[None, :])
    _, top, right, bottom = box
    for db in range(math.ceil(low_db / 10) * 10, math.floor(high_db / 10) * 10 + 1, 10):
        y = bottom - (db - low_db) / (high_db - low_db) * (bottom - top)
        canvas.rule(right, y, right + 6, y, DIM)
        canvas.text(right + 12, y, str(db), size, DIM, "lm")
    canvas.text(right + 12, top - size * 1.4, "dBFS", size, DIM, "lm")
