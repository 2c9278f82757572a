"""What the tests of pictures share: grey pictures in a folder, and what a source shows of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from oscbridge.daemon.pictures import PictureSource

from .fakes import HOP, RATE, Hands

Told = list[tuple[int, str]]
Play = Callable[..., PictureSource]
SIZE = 4, 6


def grey(path: Path, level: int) -> None:
    """Whole or not at all, for a source may be reading."""
    image = Image.new("RGB", SIZE[::-1], (level, level, level))
    image.save(path.with_name("half"), path.suffix[1:])
    os.replace(path.with_name("half"), path)


def three(path: Path) -> Path:
    """A folder of three grey pictures, of 10, 20 and 100."""
    path.mkdir()
    for name, level in (("f10.png", 100), ("F2.bmp", 20), ("f1.PNG", 10)):
        grey(path / name, level)
    return path


def levels(source: PictureSource, hops: int) -> list[int]:
    """Of grey pictures, 0 to 255."""
    shown = []
    for _ in range(hops):
        picture = source.next_hop().picture
        assert picture is not None and picture.dtype == np.float32 and picture.shape == (3, *SIZE)
        assert np.ptp(picture) == 0
        shown.append(round(255 * float(picture.max())))
    return shown


def until(source: PictureSource, wanted: Callable[[list[int]], bool]) -> list[int]:
    """Plays until what was shown last is what is wanted: what is decoded ahead is shown first."""
    shown: list[int] = []
    for _ in range(600):
        shown += levels(source, 1)
        if wanted(shown):
            return shown
    raise AssertionError(shown[-100:])


@contextmanager
def player() -> Iterator[Play]:
    """Opens sources, as a patient reader, so that a busy machine changes nothing."""
    opened: list[PictureSource] = []

    def play(path: Path, size: tuple[int, int] = SIZE, **more: Any) -> PictureSource:
        more = {"clock": Hands().clock, "patience_s": 20.0, **more}
        opened.append(PictureSource(path, RATE, HOP, size, **more))
        return opened[-1]

    yield play
    for source in opened:
        source.close()
