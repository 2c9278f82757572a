"""What an ear answered to a loop, as one small file: for playing it again without the network.

A file is a line that names the format, a line of JSON (`Header`), and parts in the order and with the sizes that the
header tells: the activations, the range of each, the network's statistics, and sound files of dreams.

A neuron is kept once per step of its layer (frames_per_step), as a byte between its own lowest and highest value in
the loop: what is played is off by half a step at most, 1/510 of that range, and by float16's rounding of its ends
(2e-4 of them). Played values are normalised afterwards as live ones are: brightness is off by about 1/500.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BridgeError
from ..files import write_whole
from .anatomy import Layer, anatomy
from .neurons import Floats, Statistics
from .spec import EarSpec

VERSION = 1
_MAGIC = b"oscbridge recording "
_STATISTICS = ("mean", "std", "high", "quiet")
_LEVELS = 255
_LARGEST = 6e4  # float16 ends at 65,504
_MOST_BYTES = 1 << 30  # of all activations, unpacked: a header that tells more is nonsense

Bytes = NDArray[np.uint8]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Part):
    """A step of a dream. at_s: since it began; score: standard deviations over music."""

    at_s: float = Field(ge=0)
    step: int = Field(ge=1)
    steps_per_s: float = Field(gt=0)
    score: float
    loss: float


class Dreamt(Part):
    """A clip that a dream handed over. at_s: since it began; frames: samples of it."""

    at_s: float = Field(ge=0)
    score: float
    frames: int = Field(ge=1)


class Header(Part):
    """model: the ear's id; frames: of the loop; sound: what was heard, in words; made: by what, in words; sizes: of
    the parts in bytes; sha256: of all parts together."""

    model: str
    trained: bool
    spec: EarSpec
    frames: int = Field(ge=1, le=1_000_000)
    sound: str
    made: str
    steps: tuple[Step, ...] = ()
    clips: tuple[Dreamt, ...] = ()
    sizes: tuple[int, ...] = ()
    sha256: str = ""


@dataclass(frozen=True)
class Recording:
    """values: for each layer (steps, its neurons) uint8; low, high: (neurons,) float32, what 0 and 255 stand for;
    sounds: a sound file for each of the header's clips."""

    header: Header
    values: tuple[Bytes, ...]
    low: Floats
    high: Floats
    statistics: Statistics
    sounds: tuple[bytes, ...]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        return anatomy(self.header.spec).layers

    @cached_property
    def neurons(self) -> int:
        return len(self.low)

    @cached_property
    def _step(self) -> Floats:
        return (self.high - self.low) / np.float32(_LEVELS)

    def play(self, frame: int, out: Floats, everything: bool = False) -> None:
        """Writes the layers that have a step at this frame, 0 and on, into out: (neurons,) float32. everything: the
        other layers too, as they are then."""
        for layer, values in zip(self.layers, self.values, strict=True):
            if everything or frame % layer.frames_per_step == 0:
                row = values[frame // layer.frames_per_step % len(values)]
                part = out[layer.span]
                np.multiply(row, self._step[layer.span], out=part)
                part += self.low[layer.span]


def steps_of(layer: Layer, frames: int) -> int:
    """How many steps a layer makes until a loop of so many frames, and its own pace, come round together."""
    return math.lcm(frames, layer.frames_per_step) // layer.frames_per_step


def quantised(heard: Sequence[Floats]) -> tuple[tuple[Bytes, ...], Floats, Floats]:
    """values, low and high of a Recording. heard: for each layer (steps, its neurons) float32.

    Raises BridgeError if an activation is not finite, or larger than float16 can hold.
    """
    values, lows, highs = [], [], []
    for layer in heard:
        if not np.isfinite(layer).all() or np.abs(layer).max() > _LARGEST:
            raise BridgeError(
                f"an activation is {np.abs(layer).max():g}; a recording holds finite ones up to {_LARGEST:g}"
            )
        low, high = _outwards(layer.min(0), -np.inf), _outwards(layer.max(0), np.inf)
        width = np.where(high > low, high - low, np.float32(1))
        values.append(np.rint((layer - low) / width * _LEVELS).astype(np.uint8))
        lows.append(low)
        highs.append(high)
    return tuple(values), np.concatenate(lows), np.concatenate(highs)


def _outwards(ends: Floats, towards: float) -> Floats:
    """As float16, and not inside of what they were."""
    rounded = ends.astype(np.float16)
    inside = rounded < ends if towards > 0 else rounded > ends
    rounded[inside] = np.nextafter(rounded[inside], np.float16(towards))
    return rounded.astype(np.float32)


def save_recording(recording: Recording, path: Path) -> None:
    """Whole or not at all. Raises BridgeError 500 if the disk refuses."""
    ends = np.stack([recording.low, recording.high]).astype(np.float16)
    statistics = np.stack([getattr(recording.statistics, name) for name in _STATISTICS]).astype(np.float16)
    # neuron by neuron and as differences it takes a tenth less
    turned = b"".join(np.diff(x, axis=0, prepend=np.uint8(0)).T.tobytes() for x in recording.values)
    parts = [_packed(turned), _packed(ends.tobytes()), _packed(statistics.tobytes()), *recording.sounds]
    body = b"".join(parts)
    told = {"sizes": tuple(len(p) for p in parts), "sha256": hashlib.sha256(body).hexdigest()}
    head = recording.header.model_copy(update=told).model_dump_json().encode()
    write_whole(path, b"%s%d\n%s\n%s" % (_MAGIC, VERSION, head, body))


def load_recording(path: Path) -> Recording:
    """Raises BridgeError: 404 no such file, 422 no recording, one of another version, or a broken one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise BridgeError(f"there is no recording {path}; `oscbridge record {path.name}` makes one", 404) from error
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror}", 500) from error
    first, _, rest = content.partition(b"\n")
    if not content.startswith(_MAGIC) or not first[len(_MAGIC) :].isdigit():
        raise BridgeError(f"{path} is no recording of an ear; `oscbridge record` makes one")
    if (version := int(first[len(_MAGIC) :])) != VERSION:
        raise BridgeError(
            f"{path} is a recording of version {version}, and this oscbridge plays {VERSION}; record it again"
        )
    line, _, body = rest.partition(b"\n")
    try:
        header = Header.model_validate_json(line)
    except ValidationError as error:
        mistakes = f"{error.error_count()} mistakes, the first: {error.errors()[0]['msg']}"
        raise BridgeError(f"{path} has a header that cannot be read ({mistakes}); record it again") from error
    if len(body) != sum(header.sizes):
        raise BridgeError(
            f"{path} holds {len(body):,} bytes, and its header tells {sum(header.sizes):,}; copy it again"
        )
    if hashlib.sha256(body).hexdigest() != header.sha256:
        raise BridgeError(f"{path} was changed or damaged: its sha256 is another than it tells; copy it again")
    try:
        return _unpacked(header, body)
    except (ValueError, zlib.error, OverflowError) as error:
        raise BridgeError(f"{path} does not hold what its header tells ({error}); record it again") from error


def _unpacked(header: Header, body: bytes) -> Recording:
    layers = anatomy(header.spec).layers
    neurons = layers[-1].span.stop
    counts = [steps_of(layer, header.frames) * layer.neurons for layer in layers]
    if len(header.sizes) != 3 + len(header.clips):
        raise ValueError(f"{len(header.sizes)} parts, and {len(header.clips)} clips")
    ends = np.cumsum((0, *header.sizes))
    parts = [body[a:b] for a, b in itertools.pairwise(ends)]
    turned = np.frombuffer(_inflated(parts[0], sum(counts)), np.uint8)
    values = []
    for layer, piece in zip(layers, np.split(turned, np.cumsum(counts)[:-1]), strict=True):
        by_neuron = np.cumsum(piece.reshape(layer.neurons, -1), axis=1, dtype=np.uint8)
        values.append(np.ascontiguousarray(by_neuron.T))
    low, high = _halves(parts[1], 2, neurons)
    statistics = Statistics(*_halves(parts[2], len(_STATISTICS), neurons))
    return Recording(header, tuple(values), low, high, statistics, tuple(parts[3:]))


def _halves(part: bytes, rows: int, columns: int) -> Floats:
    halves = np.frombuffer(_inflated(part, 2 * rows * columns), np.float16)
    return halves.reshape(rows, columns).astype(np.float32)


def _packed(content: bytes) -> bytes:
    return zlib.compress(content, 9)


def _inflated(part: bytes, size: int) -> bytes:
    """Raises ValueError or zlib.error unless it unpacks to just that size; never makes more of it."""
    if size > _MOST_BYTES:
        raise ValueError(f"{size:,} bytes of activations")
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(part, size + 1)
    if len(content) != size:
        raise ValueError(f"{len(content):,} bytes instead of {size:,}")
    return content
