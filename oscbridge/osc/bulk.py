"""Frames as datagrams: thousands of values cut into messages whose headers are built once.

python-osc would take microseconds a value; here a frame is a copy of a template and one assignment a message.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LIST_VALUES = 256
REMOTE_BYTES = 1_400
LOCAL_BYTES = 8_000
STREAM_BYTES = 1 << 17  # over a WebSocket: a whole frame of u8 in one message


def padded(text: str) -> bytes:
    """An OSC string: zero-terminated, filled up to a multiple of four."""
    raw = text.encode("ascii")
    return raw + b"\0" * (4 - len(raw) % 4)


@dataclass(frozen=True)
class Chunk:
    """One message of a frame: `count` values from neuron `first` on, `offset` bytes into the frame's buffer."""

    first: int
    count: int
    offset: int
    size: int
    frame_at: int
    values_at: int


class Frames:
    """Cuts frames of values into ready datagrams; each chunk lies in one contiguous run of neurons."""

    def __init__(self, headers: Sequence[tuple[int, int, bytes, int]], value_bytes: int, dtype: str) -> None:
        """headers: (first neuron, values, bytes before the values, position of the frame number) for each message."""
        self.chunks: list[Chunk] = []
        self._dtype = dtype
        self._value_bytes = value_bytes
        template = bytearray()
        for first, count, header, frame_at in headers:
            body = count * value_bytes
            size = len(header) + body + (-body) % 4
            offset = len(template)
            self.chunks.append(Chunk(first, count, offset, size, offset + frame_at, offset + len(header)))
            template += header + b"\0" * (size - len(header))
        self._template = np.frombuffer(bytes(template), np.uint8)

    def pack(self, frame: int, values: NDArray[np.generic]) -> list[memoryview]:
        """The datagrams of one frame. values: (neurons,) of the whole network, uint8 or float32 as the packing says."""
        raw = np.ascontiguousarray(values, self._dtype).view(np.uint8)
        buffer = self._template.copy()  # a socket may still hold the last frame's
        number = np.frombuffer(struct.pack(">i", frame & 0x7FFFFFFF), np.uint8)
        width, view, packets = self._value_bytes, memoryview(buffer), []
        for c in self.chunks:
            buffer[c.frame_at : c.frame_at + 4] = number
            buffer[c.values_at : c.values_at + c.count * width] = raw[c.first * width : (c.first + c.count) * width]
            packets.append(view[c.offset : c.offset + c.size])
        return packets


def blob_frames(address: str, epoch: int, runs: Sequence[tuple[int, int]], packing: str, max_bytes: int) -> Frames:
    """`address i:epoch i:frame i:chunk i:chunks i:first_neuron b:values`, datagrams under max_bytes.

    runs: (first neuron, neurons) of what is sent; packing "u8", "f32" (little-endian), or "xy": two of those a neuron.
    """
    width = {"u8": 1, "f32": 4, "xy": 8}[packing]
    head = padded(address) + padded(",iiiiib")
    capacity = (max_bytes - 1 - len(head) - 24) // 4 * 4 // width
    pieces = _cut(runs, capacity)
    headers = []
    for index, (first, count) in enumerate(pieces):
        numbers = struct.pack(">iiiiii", epoch, 0, index, len(pieces), first, count * width)
        headers.append((first, count, head + numbers, len(head) + 4))
    return Frames(headers, width, "u1" if packing == "u8" else "<f4")


def list_frames(address: str, runs: Sequence[tuple[int, int]], width: int = 1, before: tuple[int, ...] = ()) -> Frames:
    """`address (before) i:frame i:first_neuron f x <=256`. width: floats a neuron; before: ints ahead of the frame."""
    headers = []
    for first, count in _cut(runs, LIST_VALUES // width):
        head = padded(address) + padded("," + "i" * (len(before) + 2) + "f" * count * width)
        numbers = struct.pack(f">{len(before) + 2}i", *before, 0, first)
        headers.append((first, count, head + numbers, len(head) + 4 * len(before)))
    return Frames(headers, 4 * width, ">f4")


def floats(address: str, integers: Sequence[int], values: NDArray[np.float32]) -> bytes:
    """One message of a few ints and then floats."""
    tags = padded("," + "i" * len(integers) + "f" * len(values))
    numbers = struct.pack(f">{len(integers)}i", *(i & 0x7FFFFFFF for i in integers))
    return padded(address) + tags + numbers + values.astype(">f4").tobytes()


def _cut(runs: Sequence[tuple[int, int]], capacity: int) -> list[tuple[int, int]]:
    return [(first + done, min(capacity, count - done)) for first, count in runs for done in range(0, count, capacity)]
