"""Draws the presentation of a patch from its boxes: where everything is, not what Max makes of it."""

from __future__ import annotations

import io
import math
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from .main import PARTS
from .patcher import AMBER, BLUE, CARD, DARK, GREY, TEXT, Box, Patch, Rect

SCALE = 1.0
FIELD, LINE = (24, 27, 32), (70, 76, 86)


def png(patch: Patch) -> bytes:
    """A picture of its presentation."""
    image = Image.new("RGB", (int(patch.width), int(patch.height)), _rgb(DARK))
    _draw(ImageDraw.Draw(image), patch, 0.0, 0.0)
    data = io.BytesIO()
    image.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
    return data.getvalue()


def _draw(draw: ImageDraw.ImageDraw, patch: Patch, x: float, y: float) -> None:
    seen = [box for box in patch.boxes if box.seen is not None]
    for box in sorted(seen, key=lambda box: box.maxclass != "panel"):
        assert box.seen is not None
        left, top, width, height = box.seen
        left, top = left + x, top + y
        if box.maxclass == "bpatcher" and "name" in box.attributes:
            _draw(draw, PARTS[box.attributes["name"].removesuffix(".maxpat")](), left, top)
        else:
            _box(draw, box, _words(patch, box), (left, top, left + width - 1, top + height - 1))


def _box(draw: ImageDraw.ImageDraw, box: Box, words: str, at: Rect) -> None:
    (left, top, right, bottom), a = at, box.attributes
    kind = box.maxclass.removeprefix("live.")
    middle = (top + bottom) / 2
    if kind == "panel":
        draw.rounded_rectangle(at, 6, fill=_rgb(a.get("bgcolor", CARD)))
    elif kind == "comment":
        font = _font(a.get("fontsize", 11.0), a.get("fontface", 0) == 1)
        draw.text((left + 3, top + 3), box.text or "", font=font, fill=_rgb(a.get("textcolor", GREY)))
    elif kind == "multislider":
        draw.rectangle(at, fill=FIELD)
        _bars(draw, at, a["size"], _rgb(a["slidercolor"]))
    elif kind == "dial":
        _dial(draw, box, at)
    elif kind in ("button", "ezdac~", "toggle"):
        draw.rounded_rectangle(at, 4, fill=FIELD, outline=LINE)
        draw.ellipse((left + 5, top + 5, right - 5, bottom - 5), fill=_rgb(a.get("blinkcolor", GREY)))
    elif kind == "slider":
        draw.rectangle(at, fill=FIELD, outline=LINE)
        draw.rectangle((left, top, left + (right - left) * 0.4, bottom), fill=_rgb(a.get("knobcolor", AMBER)))
    elif kind in ("jit.pworld", "jit.pwindow"):
        draw.rectangle(at, fill=(6, 6, 9))
        (_points if kind == "jit.pworld" else _picture)(draw, at)
    else:
        draw.rounded_rectangle(at, 4, fill=(52, 57, 66) if kind in ("text", "textbutton") else FIELD, outline=LINE)
        draw.text((left + 6, middle), words, font=_font(11.0), fill=_rgb(a.get("textcolor", TEXT)), anchor="lm")


def _words(patch: Patch, box: Box) -> str:
    """What stands in a box that can be written into."""
    value = _value(box)
    for source, _, target, _ in patch.lines:
        if target is box and (source.text or "").startswith("loadmess "):
            return str(source.text).split()[-1]
    if box.text:
        return box.text
    if box.maxclass == "umenu":
        return str(box.attributes["items"][0])
    if "parameter_enum" in value:
        return str(value["parameter_enum"][0])
    if "parameter_initial" in value:
        return str(value["parameter_initial"][0])
    return "0" if box.maxclass == "number" else "0."


def _value(box: Box) -> dict[str, Any]:
    found: dict[str, Any] = box.attributes.get("saved_attribute_attributes", {}).get("valueof", {})
    return found


def _dial(draw: ImageDraw.ImageDraw, box: Box, at: Rect) -> None:
    left, top, right, bottom = at
    value, middle = _value(box), (left + right) / 2
    draw.text((middle, top + 7), value["parameter_shortname"], font=_font(9.5), fill=_rgb(TEXT), anchor="mm")
    ring = (middle - 10, top + 15, middle + 10, top + 35)
    draw.arc(ring, 130, 410, fill=LINE, width=3)
    draw.arc(ring, 130, 220, fill=_rgb(AMBER), width=3)
    low, high = value["parameter_mmin"], value["parameter_mmax"]
    draw.text((middle, bottom - 6), f"{low:g} … {high:g}", font=_font(9.0), fill=_rgb(GREY), anchor="mm")


def _bars(draw: ImageDraw.ImageDraw, at: Rect, count: int, colour: Any) -> None:
    left, top, right, bottom = at
    step = (right - left) / count
    for i in range(count):
        high = (0.5 + 0.4 * math.sin(0.9 * i)) * (0.6 + 0.4 * math.cos(0.23 * i)) * (bottom - top)
        x = left + i * step
        draw.rectangle((x, bottom - high, max(x, x + step - (1.5 if step > 3 else 0.5)), bottom), fill=colour)


def _picture(draw: ImageDraw.ImageDraw, at: Rect) -> None:
    left, top, right, bottom = at
    for y in range(int(top), int(bottom), 2):
        for x in range(int(left), int(right), 4):
            light = int(150 * (0.5 + 0.5 * math.sin(0.07 * x)) * (0.5 + 0.5 * math.sin(0.21 * y + 0.02 * x)) ** 2)
            draw.rectangle((x, y, x + 3, y + 1), fill=(light, light, light))


def _points(draw: ImageDraw.ImageDraw, at: Rect) -> None:
    left, top, right, bottom = at
    x0, y0, radius = (left + right) / 2, (top + bottom) / 2, (bottom - top) / 2 - 8
    for i in range(900):
        r, angle = radius * math.sqrt(i / 900), i * 2.399963
        light = 0.3 + 0.7 * abs(math.sin(0.013 * i * i))
        colour = tuple(int(255 * light * c) for c in (AMBER if i % 5 else BLUE)[:3])
        draw.point((x0 + r * math.cos(angle), y0 + r * math.sin(angle)), fill=colour)


def _font(size: float, bold: bool = False) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Any plain face will do."""
    try:
        return ImageFont.truetype("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf", size * 0.92 * SCALE)
    except OSError:
        return ImageFont.load_default(size)


def _rgb(colour: Any) -> tuple[int, int, int]:
    r, g, b = (int(255 * c) for c in list(colour)[:3])
    return r, g, b
