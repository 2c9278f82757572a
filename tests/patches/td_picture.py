"""Draws what the TouchDesigner network computes, from frames of a running daemon: `python -m tests.patches.td_picture`.

The pure part of the patch gives textures and places; numpy draws the squares and their glow as the network's operators
say, and nothing more: no TouchDesigner is here.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tests.wire import Running

from .td_patch import FOLDER, pure

wire, talk = pure("oscbridge_td"), pure("oscbridge_talk")

SIZE = 1080  # pixels of the render, as in build.py
WIDTH, SQUARE, GLOW, BLUR = 1.2, 0.007, 0.8, 24  # the defaults of View Width, Size, Glow and Glow Size


def render(places: np.ndarray, colours: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Squares as large and as bright as the neurons are, added up. places: (n, 2); colours: (n, 3) uint8; values: (n,)
    uint8. Returns (SIZE, SIZE, 3) float, 1 is white."""
    share = values / 255
    side = SQUARE * share * SIZE / WIDTH
    whole = np.maximum(np.round(side), 1).astype(int)
    light = colours / 255 * share[:, None] * np.minimum(side / whole, 1)[:, None] ** 2
    corner = np.round((places * [1, -1] / WIDTH + 0.5) * SIZE - whole[:, None] / 2).astype(int)
    out = np.zeros((SIZE * SIZE, 3))
    for pixels in range(1, whole.max() + 1):
        these = (whole == pixels) & (values > 0)
        for dx in range(pixels):
            for dy in range(pixels):
                x, y = (corner[these] + [dx, dy]).clip(0, SIZE - 1).T
                for channel in range(3):
                    out[:, channel] += np.bincount(y * SIZE + x, light[these, channel], SIZE * SIZE)
    picture = out.reshape(SIZE, SIZE, 3)
    blurred = Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(BLUR / 2))
    return picture + GLOW * np.asarray(blurred) / 255


def listen(port: int, seconds: float) -> tuple[Any, Any, Any, Any]:
    """Frames, layout, scalogram and session of a daemon, after so long."""
    import socket

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(("127.0.0.1", 0))
    sock.settimeout(0.1)
    wishes = [talk.Wish("layout"), talk.Wish("scalogram", "u8"), talk.Wish("activations", "u8")]
    session = talk.Session("picture", 0, wishes)
    frames, layout, scalogram = wire.Frames(0), wire.Layout(0), wire.Scalogram()
    end = time.monotonic() + seconds
    while (now := time.monotonic()) < end:
        says = session.tick(now)
        try:
            messages = wire.parse(sock.recv(65_536))
        except TimeoutError:
            messages = []
        for address, args, _ in messages:
            says += session.heard(address, args, now)
            if session.neurons != frames.neurons:
                frames, layout = wire.Frames(session.neurons), wire.Layout(session.neurons)
            takes = {"/ear/activations": frames, "/ear/layout/xy": layout, "/ear/scalogram": scalogram}
            if address in takes:
                takes[address].add(*args)
        for say in says:
            sock.sendto(wire.encode(*say), ("127.0.0.1", port))
    sock.close()
    return frames, layout, scalogram, session


def main(folder: Path) -> None:
    with Running(folder) as running:
        frames, layout, scalogram, session = listen(running.port, 16)
    count = frames.neurons
    hues = wire.hues([first for _, first in sorted(session.firsts.items())], count).reshape(-1, 4)
    grey = frames.texture().reshape(-1, 4)
    side = wire.side_of(count)
    colours = (hues.astype(int) * grey // 255)[:, :3].astype(np.uint8)
    rest = layout.texture().reshape(-1, 4)[:count, :2]
    far = np.percentile(np.abs(rest), 99)
    ear = render(rest, colours[:count], frames.values)

    def image(pixels: np.ndarray, size: tuple[int, int]) -> Image.Image:
        """Row 0 is the bottom, as in TouchDesigner."""
        return Image.fromarray(np.ascontiguousarray(pixels[::-1])).resize(size, Image.Resampling.NEAREST)

    sheet = Image.new("RGB", (SIZE // 4 * 3 + side * 2 + 30, SIZE // 4 * 3 + 90), (12, 12, 14))
    right = SIZE // 4 * 3 + 20
    sheet.paste(Image.fromarray((ear.clip(0, 1) * 255).astype(np.uint8)).resize((SIZE // 4 * 3,) * 2), (10, 50))
    sheet.paste(image(colours.reshape(side, side, 3), (side * 2, side * 2)), (right, 50))
    sheet.paste(image(scalogram.texture()[..., :3], (side * 2, 216)), (right, side * 2 + 84))
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    pen.text((10, 14), "Drawn by the patch's pure part from frames of the daemon, not a TouchDesigner screenshot.",
             (230, 230, 230), font)  # fmt: skip
    pen.text(
        (10, SIZE // 4 * 3 + 62),
        "out1: every neuron at its place, as bright and as large as it is active",
        (150, 150, 150),
        font,
    )
    pen.text((right, 26), f"out2: neuron n in pixel n, {side} x {side}", (150, 150, 150), font)
    pen.text((right, side * 2 + 60), "out3: the scalogram, 512 frames", (150, 150, 150), font)
    out = FOLDER / "oscbridge.jpg"
    sheet.save(out, quality=62, optimize=True)
    print(f"{out}: {out.stat().st_size:,} bytes, {sheet.size}, frame {frames.number}, 99% within {far:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
