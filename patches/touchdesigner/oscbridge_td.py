"""What arrives, as numpy arrays: OSC datagrams, whole frames of neurons, the layout, the scalogram, and their textures.

Pure: only the standard library and numpy, both of which TouchDesigner's Python has. Nothing here knows TouchDesigner.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import struct
import time
import urllib.request
from typing import Any

import numpy as np

Message = tuple[str, list[Any], float]  # address, arguments, Unix seconds of its bundle's timetag (0: at once)

NTP_EPOCH_S = 2_208_988_800  # 1900-01-01 to 1970-01-01
IMMEDIATELY = 1
MAX_DEPTH = 16  # of bundles in bundles
MOST_NEURONS = 4_000_000
GREY = np.arange(256, dtype=np.uint32) * 0x010101 + 0xFF000000  # a byte as an opaque grey pixel, little-endian RGBA
# amber where sound comes in, over green and blue to violet and rose at the network's summary
HUES = ((255, 107, 26), (250, 199, 41), (77, 235, 97), (26, 204, 219), (56, 107, 255), (158, 71, 255), (255, 77, 158))

_plans: dict[str, tuple[struct.Struct, str]] = {}  # by type tags: the ints and floats they begin with, the rest


# datagrams


def parse(datagram: bytes) -> list[Message]:
    """The messages of a datagram, in order; blobs are views of it, not copies. What is not whole OSC is left out."""
    found: list[Message] = []
    with contextlib.suppress(struct.error, ValueError, IndexError):
        _packet(datagram, 0, len(datagram), 0.0, 0, found)
    return found


def _packet(data: bytes, start: int, end: int, at: float, depth: int, found: list[Message]) -> None:
    if data[start : start + 1] == b"/":
        found.append(_message(data, start, end, at))
        return
    if data[start : start + 8] != b"#bundle\0" or depth > MAX_DEPTH:
        return
    (timetag,) = struct.unpack_from(">Q", data, start + 8)
    if timetag != IMMEDIATELY:
        at = timetag / 2**32 - NTP_EPOCH_S
    start += 16
    while start < end:
        (size,) = struct.unpack_from(">i", data, start)
        start += 4
        if size < 0 or start + size > end:
            raise ValueError("a bundle's element is cut short")
        with contextlib.suppress(struct.error, ValueError, IndexError):  # one bad element does not lose the others
            _packet(data, start, start + size, at, depth + 1, found)
        start += size


def _message(data: bytes, start: int, end: int, at: float) -> Message:
    close = data.index(b"\0", start, end)
    address = data[start:close].decode("ascii")
    start += (close - start) // 4 * 4 + 4
    if start >= end:
        return address, [], at  # old senders leave out empty type tags
    close = data.index(b"\0", start, end)
    tags = data[start:close].decode("ascii")
    start += (close - start) // 4 * 4 + 4
    head, rest = _plans.get(tags) or _plan(tags)
    if start + head.size > end:
        raise ValueError("a message is cut short")
    args: list[Any] = list(head.unpack_from(data, start))
    start += head.size
    for tag in rest:
        if tag in "if":
            args.append(struct.unpack_from(">" + tag, data, start)[0])
            start += 4
        elif tag == "s":
            close = data.index(b"\0", start, end)
            args.append(data[start:close].decode("utf-8", "replace"))
            start += (close - start) // 4 * 4 + 4
        elif tag == "b":
            (size,) = struct.unpack_from(">i", data, start)
            start += 4
            if size < 0 or start + size > end:
                raise ValueError("a blob is cut short")
            args.append(memoryview(data)[start : start + size])
            start += (size + 3) // 4 * 4
        else:
            args.append(tag == "T")
        if start > end:
            raise ValueError("a message is cut short")
    return address, args, at


def _plan(tags: str) -> tuple[struct.Struct, str]:
    if tags[:1] != "," or set(tags[1:]) - set("ifsbTF"):
        raise ValueError("type tags are i f s b T F, after a comma")
    plain = len(tags) - len(tags[1:].lstrip("if"))
    plan = struct.Struct(">" + tags[1:plain]), tags[plain:]
    if len(_plans) < 256:  # a fixed set in practice; a hostile sender shall not fill the memory
        _plans[tags] = plan
    return plan


def encode(address: str, *args: Any) -> bytes:
    """One message: bool and int as i, float as f, str as s, bytes as b. Raises TypeError for anything else."""
    tags, parts = ",", []
    for value in args:
        if hasattr(value, "item"):
            value = value.item()  # a numpy scalar
        if isinstance(value, int):
            tags, part = tags + "i", struct.pack(">i", (int(value) + 2**31) % 2**32 - 2**31)
        elif isinstance(value, float):
            tags, part = tags + "f", struct.pack(">f", value)
        elif isinstance(value, str):
            tags, part = tags + "s", _padded(value.replace("\0", "").encode("utf-8", "replace"))
        elif isinstance(value, (bytes, bytearray, memoryview)):
            blob = bytes(value)
            tags, part = tags + "b", struct.pack(">i", len(blob)) + blob + bytes(-len(blob) % 4)
        else:
            raise TypeError(f"an OSC argument is an int, float, str or bytes, not {type(value).__name__}")
        parts.append(part)
    return _padded(address.encode("ascii")) + _padded(tags.encode("ascii")) + b"".join(parts)


def _padded(text: bytes) -> bytes:
    return text + bytes(4 - len(text) % 4)


# textures


def side_of(neurons: int) -> int:
    """Width and height of the square texture that holds them."""
    return max(1, math.isqrt(max(neurons, 1) - 1) + 1)


def hues(firsts: list[int], neurons: int) -> np.ndarray:
    """The colour of every neuron's layer. firsts: each layer's first neuron. Returns (side, side, 4) uint8, black and
    transparent where there is no neuron."""
    side = side_of(neurons)
    texture = np.zeros((side * side, 4), np.uint8)
    layer = np.searchsorted(np.asarray(firsts or [0]), np.arange(neurons), "right") - 1
    at = np.linspace(0, len(HUES) - 1, max(len(firsts), 2))
    colours = np.stack([np.interp(at, range(len(HUES)), [hue[c] for hue in HUES]) for c in range(3)], 1)
    texture[:neurons, :3] = colours.round()[np.maximum(layer, 0)]
    texture[:neurons, 3] = 255
    return texture.reshape(side, side, 4)


class Frames:
    """Whole frames of neurons out of chunks: the newest wins, and a frame that is never whole is forgotten.

    values: (neurons,) uint8, the newest whole frame; number: its number, -1 while there is none.
    """

    def __init__(self, neurons: int) -> None:
        self.neurons = min(max(neurons, 0), MOST_NEURONS)
        self.epoch, self.number = 0, -1
        self.whole = self.torn = 0
        self.values = np.zeros(self.neurons, np.uint8)
        self._next = np.zeros(self.neurons, np.uint8)
        self._number: int | None = None  # of the frame whose chunks come
        self._got: set[int] = set()
        self._times: list[float] = []
        side = side_of(self.neurons)
        self._pixels = np.zeros(side * side, np.uint32)
        self._shape = (side, side, 4)

    def add(self, epoch: int, frame: int, chunk: int, chunks: int, first: int, blob: Any) -> bool:
        """Whether this chunk made a frame whole."""
        if epoch != self.epoch:
            self.epoch, self._number, self._got = epoch, None, set()
        ahead = 1 if self._number is None else (frame - self._number + 2**31) % 2**32 - 2**31
        if ahead < 0 or not 0 <= chunk < chunks or not 0 <= first <= self.neurons - len(blob):
            return False
        if ahead > 0:
            self.torn += bool(self._got)
            self._number, self._got = frame, set()
        elif not self._got:
            return False  # of a frame that is whole already
        self._next[first : first + len(blob)] = np.frombuffer(blob, np.uint8)
        self._got.add(chunk)
        if len(self._got) < chunks:
            return False
        self.values, self._next = self._next, self.values
        self.number, self._got = frame, set()
        self.whole += 1
        self._times = [*self._times[-63:], time.perf_counter()]
        return True

    def clear(self) -> None:
        """Dark: what another filter leaves out would stay as it was."""
        self._got = set()
        self.values[:] = 0
        self._next[:] = 0

    def per_second(self) -> float:
        """Whole frames a second, over the last ones; 0 when none has come for a second."""
        if len(self._times) < 2 or time.perf_counter() - self._times[-1] > 1:
            return 0.0
        return (len(self._times) - 1) / max(self._times[-1] - self._times[0], 1e-9)

    def texture(self) -> np.ndarray:
        """(side, side, 4) uint8: grey, opaque; neuron n is pixel n, row by row from the bottom. One buffer, reused."""
        np.take(GREY, self.values, out=self._pixels[: self.neurons], mode="clip")
        return self._pixels.view(np.uint8).reshape(self._shape)


class Layout:
    """Where each neuron lies, out of chunks or a file; snapshot 0 is the layout at rest.

    whole: the snapshots that are complete, each (neurons, 2) float32 in the unit circle, y up.
    """

    def __init__(self, neurons: int) -> None:
        self.neurons = min(max(neurons, 0), MOST_NEURONS)
        self.rev = -1
        self.whole: dict[int, np.ndarray] = {}
        self._next: dict[int, np.ndarray] = {}
        self._got: dict[int, set[int]] = {}

    def add(self, rev: int, snapshot: int, chunk: int, chunks: int, first: int, blob: Any) -> bool:
        """Whether this chunk made a snapshot whole. While a layout is solved its snapshot 0 comes again and again."""
        if rev < self.rev or not 0 <= chunk < chunks or not 0 <= snapshot <= 64 or len(blob) % 8:
            return False
        if not 0 <= first <= self.neurons - len(blob) // 8:
            return False
        if rev > self.rev:
            self.rev, self._next, self._got = rev, {}, {}
            self.whole = {0: self.whole[0]} if 0 in self.whole else {}  # shown until the new one is whole
        got = self._got.setdefault(snapshot, set())
        if chunk in got:
            got.clear()  # the next time round
        if snapshot not in self._next:
            self._next[snapshot] = np.zeros((self.neurons, 2), np.float32)
        self._next[snapshot][first : first + len(blob) // 8] = np.frombuffer(blob, "<f4").reshape(-1, 2)
        got.add(chunk)
        if len(got) < chunks:
            return False
        got.clear()
        self.whole[snapshot] = self._next.pop(snapshot)
        return True

    def load(self, rev: int, file: bytes) -> None:
        """The NumPy file that /ear/layout/ready names. Raises ValueError if it is of another network."""
        places = np.load(io.BytesIO(file), allow_pickle=False)
        if places.ndim != 3 or places.shape[1:] != (self.neurons, 2):
            raise ValueError(f"the layout is {places.shape}, but the network has {self.neurons} neurons")
        self.rev, self._next, self._got = rev, {}, {}
        self.whole = {i: np.ascontiguousarray(snapshot, np.float32) for i, snapshot in enumerate(places)}

    def at(self, moment: float, share: float) -> np.ndarray:
        """(neurons, 2): between the layout at rest (share 0) and that of a moment of the loop, 0 to 1 (share 1)."""
        rest = self.whole.get(0)
        if rest is None:
            return np.zeros((self.neurons, 2), np.float32)
        moments = max(self.whole)
        if share <= 0 or moments < 1 or any(i not in self.whole for i in range(moments + 1)):
            return rest
        place, step = divmod(moment % 1 * moments, 1)
        now, then = self.whole[1 + int(place) % moments], self.whole[1 + int(place + 1) % moments]
        return (rest + share * ((1 - step) * now + step * then - rest)).astype(np.float32)

    def texture(self, moment: float = 0.0, share: float = 0.0) -> np.ndarray:
        """(side, side, 4) float32: x in red, y in green, and in alpha 1 where a neuron lies, else 0."""
        side = side_of(self.neurons)
        texture = np.zeros((side * side, 4), np.float32)
        if 0 in self.whole:
            texture[: self.neurons, :2] = self.at(moment, share)
            texture[: self.neurons, 3] = 1
        return texture.reshape(side, side, 4)


def fetch(url: str, sha256: str, timeout_s: float = 20.0, most: int = 256 << 20) -> bytes:
    """A file of the daemon's, checked. To be called from a thread. Raises OSError or ValueError."""
    if not url.startswith("http://"):
        raise ValueError(f"{url!r} is not a URL of the daemon's")
    with urllib.request.urlopen(url, timeout=timeout_s) as answer:
        file = answer.read(most + 1)
    if len(file) > most or hashlib.sha256(file).hexdigest() != sha256:
        raise ValueError(f"{url} is not the file that was announced")
    return file


class Scalogram:
    """What the network hears, scrolling: the newest column at the right, low frequencies below."""

    def __init__(self, bins: int = 216, columns: int = 512) -> None:
        self._columns = np.zeros((bins, columns), np.uint8)
        self._number, self._write = -1, 0

    def add(self, frame: int, blob: Any) -> bool:
        values = np.frombuffer(blob, np.uint8)
        if not 0 < len(values) <= 4096:
            return False
        if len(values) != len(self._columns):
            self._columns = np.zeros((len(values), self._columns.shape[1]), np.uint8)
        self._columns[:, self._write] = values
        self._number, self._write = frame, (self._write + 1) % self._columns.shape[1]
        return True

    def texture(self) -> np.ndarray:
        """(bins, columns, 4) uint8."""
        rolled = np.concatenate([self._columns[:, self._write :], self._columns[:, : self._write]], 1)
        return GREY[rolled].view(np.uint8).reshape(*rolled.shape, 4)
