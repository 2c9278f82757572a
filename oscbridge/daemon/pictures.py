"""Pictures from a folder or a .npy file: looped, one a hop, at the pace of real time."""

from __future__ import annotations

import queue
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..errors import BridgeError
from .ahead import AHEAD_S, Ahead
from .intake import Gain
from .looped import Tell
from .sources import SYSTEM_CLOCK, Clock, Hop, Pacer, log_told

Picture = NDArray[np.float32]  # (3, height, width), RGB, 0 to 1
Size = tuple[int, int]  # height, width

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
STACKS = "(n, height, width, 3) uint8, or (n, 3, height, width) float of 0 to 1, n at least 1"
RETRY_S = 0.25  # how long the last picture stays before all are tried again
AHEAD_BYTES = 64 << 20  # of pictures that are ready: a second of large ones would fill the memory
KEPT_BYTES = 256 << 20  # of a folder's pictures: what fits is decoded once, not in every round


def are_pictures(path: Path) -> bool:
    """Whether a path names pictures, not sound: a folder, or a .npy file."""
    return path.is_dir() or path.suffix.lower() == ".npy"


class LoopedPictures(ABC):
    """Pictures without an end. What is wrong at first is raised by the constructor, later it is told."""

    def __init__(self, path: Path, size: Size, tell: Tell, repeats: int) -> None:
        """tell is called in the thread that calls `next_picture`, and here; repeats: how often the last picture is
        given before all are tried again, where none can be read.

        Raises BridgeError: 404 nothing there, 403 not readable, 422 no picture in it.
        """
        self.path, self.name, self.count = path, path.name, 0
        self._size, self._tell, self._repeats = size, tell, repeats
        self._pictures = self._endless()
        self._first: Picture | None = next(self._pictures)

    def next_picture(self) -> Picture:
        """The loop's next picture; the last one again if none can be read."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return next(self._pictures)

    def close(self) -> None:
        self._pictures.close()

    def _endless(self) -> Generator[Picture, None, None]:
        last: Picture | None = None
        is_gone = False
        while True:
            error, is_shown = BridgeError(f"{self.path} holds no picture that can be read; choose another"), False
            try:
                for last in self._round():
                    is_shown = True
                    if is_gone:
                        is_gone = False
                        self._tell(200, f"{self.name} can be read again")
                    yield last
            except BridgeError as caught:
                error = caught
            except OSError as caught:
                error = _refusal(self.path, caught)
            if is_shown:
                continue
            if last is None:
                raise error
            if not is_gone:
                is_gone = True
                self._tell(503, f"{error}; its last picture stays until there is one")
            for _ in range(self._repeats):
                yield last

    @abstractmethod
    def _round(self) -> Iterator[Picture]:
        """Every picture once. Sets `count`. Raises BridgeError before the first one if there is none."""


class _Folder(LoopedPictures):
    """In natural order, 2.png before 10.png; what comes and goes is followed from the next round on."""

    def __init__(self, *args: Any) -> None:
        self._kept: dict[str, tuple[tuple[int, int], NDArray[np.uint8]]] = {}  # by name: what file it was, its pixels
        self._broken: set[str] = set()
        super().__init__(*args)

    def _round(self) -> Iterator[Picture]:
        names = self._names()
        self.count = len(names)
        for gone in self._kept.keys() - set(names):
            del self._kept[gone]
        for name in names:
            pixels = self._pixels(name)
            if pixels is not None:
                yield _channels_first(pixels)

    def _names(self) -> list[str]:
        names = [x.name for x in self.path.iterdir() if x.suffix.lower() in ENDINGS and x.is_file()]
        names = [name for name in names if not name.startswith(".")]  # macOS leaves ._1.png beside 1.png
        if not names:
            raise BridgeError(f"{self.path} holds no picture; expected files that end in {', '.join(ENDINGS)}")
        return sorted(names, key=_natural)

    def _pixels(self, name: str) -> NDArray[np.uint8] | None:
        """(height, width, 3); None if there is no such picture, which is told once if it is broken."""
        try:
            stat = (self.path / name).stat()
            file = stat.st_mtime_ns, stat.st_size
            if name in self._kept and self._kept[name][0] == file:
                return self._kept[name][1]
            pixels = _decoded(self.path / name, self._size)
        except FileNotFoundError:
            return None
        except Exception as error:  # a broken picture makes Pillow raise anything
            if name not in self._broken:
                self._broken.add(name)
                self._tell(422, f"{name} in {self.name} is no picture that can be read ({error}); it is skipped")
            return None
        self._broken.discard(name)
        self._kept.pop(name, None)
        if (len(self._kept) + 1) * pixels.nbytes <= KEPT_BYTES:
            self._kept[name] = file, pixels
        return pixels


class _Stack(LoopedPictures):
    """A .npy file. Read, never through its map: who writes it anew would kill this process."""

    _is_told = False

    def _round(self) -> Iterator[Picture]:
        header = self._header()
        count, *shape = header.shape
        self.count = count
        frame = header.dtype.itemsize * int(np.prod(shape))
        with self.path.open("rb") as file:
            file.seek(header.offset)
            for number in range(1, count + 1):
                data = file.read(frame)
                if len(data) < frame:
                    self._tell(422, f"{self.name} breaks off before picture {number} of {count}; starting again")
                    return
                yield self._picture(np.frombuffer(data, header.dtype).reshape(shape))

    def _header(self) -> np.memmap[Any, Any]:
        """The array, not to be read from. Raises BridgeError."""
        if self.path.exists() and not self.path.is_file():  # opening a pipe would wait for ever
            raise BridgeError(f"{self.path} is a pipe or a device; expected a .npy file")
        try:
            array = open_memmap(self.path, "r")
        except (ValueError, EOFError) as error:
            raise BridgeError(f"{self.path} is no .npy file that can be read; expected {STACKS}") from error
        dtype = array.dtype
        channels = {"u": array.shape[-1:], "f": array.shape[1:2]}.get(dtype.kind)
        if array.ndim != 4 or channels != (3,) or 0 in array.shape or (dtype.kind == "u" and dtype != np.uint8):
            raise BridgeError(f"{self.path} is {array.shape} {dtype}; expected {STACKS}")
        if not array.flags.c_contiguous:
            raise BridgeError(f"{self.path} is in Fortran's order; save it with np.ascontiguousarray")
        return array

    def _picture(self, frame: NDArray[Any]) -> Picture:
        """frame: (height, width, 3) uint8, or (3, height, width) float."""
        if frame.dtype == np.uint8:
            return _channels_first(np.asarray(_fitted(Image.fromarray(frame), self._size)))
        good = (frame >= 0) & (frame <= 1)  # false for NaN too
        if not good.all():
            if not self._is_told:
                self._is_told = True
                text = f"values that are not within 0 and 1, as {frame[~good][0]:g}"
                self._tell(422, f"{self.name} holds {text}; they are clipped, and NaN is black")
            frame = np.clip(np.nan_to_num(frame), 0, 1)
        return np.stack([np.asarray(_fitted(Image.fromarray(x.astype(np.float32)), self._size)) for x in frame])


def open_pictures(path: Path, size: Size, tell: Tell, repeats: int = 1) -> LoopedPictures:
    """A folder's pictures, or a .npy file's. Arguments and errors as of LoopedPictures."""
    kind = _Stack if path.suffix.lower() == ".npy" and not path.is_dir() else _Folder
    return kind(path, size, tell, repeats)


class PictureSource:
    """Loops pictures, each shrunk or grown until it covers `size`, and cropped to its middle.

    A thread decodes about a second ahead. If it cannot keep up, the picture before stays and the others come later
    (`lost_hops` counts). Hops that are skipped take their pictures along, but for those that are not decoded yet.
    """

    def __init__(
        self,
        path: Path,
        rate: int,
        hop: int,
        size: Size,
        channel: int = 0,
        gain_db: float = 0.0,
        *,
        tell: Tell = log_told,
        clock: Clock = SYSTEM_CLOCK,
        slack_hops: int = 2,
        keep_hops: int = 16,
        patience_s: float | None = None,
    ) -> None:
        """rate, hop: rate / hop pictures a second. patience_s: how long to wait for a picture that is late; one hop if
        None. Raises BridgeError: as LoopedPictures and `set_channel`, `set_gain`."""
        self.set_channel(channel)
        self.lost_hops = 0
        self._rate, self._hop, self._keep, self._clock, self._tell = rate, hop, keep_hops, clock, tell
        self._pacer, self._gain = Pacer(rate, hop, clock, slack_hops), Gain(gain_db, ramp=1)
        self._patience = hop / rate if patience_s is None else patience_s
        self._pace = rate / hop
        self._is_late, self._on_time = False, 0  # hops in a row
        most = AHEAD_BYTES // (3 * size[0] * size[1] * 4)
        self._ahead: Ahead[Picture] = Ahead(path.name, min(round(AHEAD_S * self._pace), most))
        repeats = max(1, round(RETRY_S * self._pace))
        self._pictures = open_pictures(path, size, self._ahead.remark, repeats)
        self._newest = self._pictures.next_picture()
        self._ahead.put(self._newest)
        self._ahead.start(lambda: [self._pictures.next_picture()], self._pictures.close)

    @property
    def what(self) -> str:
        count = self._pictures.count
        return f"{self._pictures.name}, {count:,} picture{'' if count == 1 else 's'}, {self._pace:.1f} a second, looped"

    def next_hop(self) -> Hop:
        skip, due = self._pacer.wait()
        self._advance(min(skip + 1, self._ahead.ready.maxsize))
        picture = np.minimum(self._gain(self._newest.reshape(-1)), 1).reshape(self._newest.shape)
        dropped = np.zeros((min(skip, self._keep), self._hop), np.float32)
        return Hop(np.zeros(self._hop, np.float32), self._clock.unix_at(due), due, dropped, skip, picture)

    def set_gain(self, gain_db: float) -> None:
        """Any thread; from the next hop on. The brightness: 6 dB doubles every value, and what passes 1 is 1."""
        self._gain.set(gain_db)

    def set_channel(self, channel: int) -> None:
        if channel != 0:
            raise BridgeError(f"the channel is {channel}, but pictures have no channels of sound; expected 0", 422)

    def close(self) -> None:
        self._ahead.close()

    def _advance(self, pictures: int) -> None:
        self._ahead.remarks(self._tell)
        until = time.monotonic() + self._patience
        for _ in range(pictures):
            try:
                self._newest = self._ahead.take(until)
            except queue.Empty:
                self._on_late()
                return
        self._on_time += 1
        if self._is_late and self._on_time * self._hop >= self._rate:  # a second: else it is told with every picture
            self._is_late = False
            self._tell(200, f"{self._pictures.name} is seen in time again")

    def _on_late(self) -> None:
        self.lost_hops += 1
        self._on_time = 0
        if not self._is_late:
            self._is_late = True
            self._tell(503, f"{self._pictures.name} cannot be read fast enough; each picture stays until the next one")


def _refusal(path: Path, error: OSError) -> BridgeError:
    if isinstance(error, FileNotFoundError):
        return BridgeError(f"{path} is not there; expected a folder of pictures, or a .npy file", 404)
    if isinstance(error, PermissionError):
        return BridgeError(f"{path} may not be read: {error.strerror}; change its permissions", 403)
    return BridgeError(f"{path} cannot be read: {error.strerror}; choose another", 404)


def _natural(name: str) -> tuple[list[str | int], str]:
    parts = re.split(r"(\d+)", name.casefold())  # words and numbers in turn, so like is compared with like
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], name


def _decoded(path: Path, size: Size) -> NDArray[np.uint8]:
    """(height, width, 3). As a viewer shows it: turned as the camera says, and on black where it is transparent."""
    with Image.open(path) as image:
        image.draft("RGB", (max(size), max(size)))  # a JPEG far too large is decoded in a part of the time
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I"):  # 16 bits of grey: Pillow would clip them to 8
            image = Image.fromarray((np.asarray(image) // 257).clip(0, 255).astype(np.uint8))
        elif image.has_transparency_data:
            colours = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", colours.size, (0, 0, 0, 255)), colours)
        return np.asarray(_fitted(image.convert("RGB"), size))


def _fitted(image: Image.Image, size: Size) -> Image.Image:
    height, width = size
    return ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)  # which adds no values beyond the picture's


def _channels_first(pixels: NDArray[np.uint8]) -> Picture:
    return np.ascontiguousarray(pixels.transpose(2, 0, 1), np.float32) / np.float32(255)
