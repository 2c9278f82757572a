"""Reads the arrays of a TensorFlow checkpoint (a "tensor bundle") without TensorFlow.

A bundle is an index, a sorted string table as LevelDB writes it, and shards, which hold the arrays one after the other.
The table's keys are the arrays' names; a value is a protocol buffer that tells type, shape, place and checksum.

Sources: LevelDB, doc/table_format.md; TensorFlow, core/util/tensor_bundle/tensor_bundle.cc and
core/protobuf/tensor_bundle.proto; RFC 3720, appendix B.4 (crc32c).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # bytes: two block handles, filled up to 40, and the magic number
_TYPES: dict[int, Any] = {1: np.float32, 2: np.float64, 3: np.int32, 9: np.int64}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of a protocol buffer


class BadCheckpoint(Exception):
    """The files are no checkpoint that this reader knows, or are damaged."""


@dataclass(frozen=True)
class Entry:
    """Where an array lies. offset, size: bytes in the shard; checksum: its masked crc32c."""

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int


def read_checkpoint(prefix: Path, names: list[str] | None = None) -> dict[str, NDArray[Any]]:
    """Arrays of the checkpoint <prefix>.index with <prefix>.data-00000-of-00001.

    names: which ones; all if None. Raises BadCheckpoint if a file is damaged, in several shards, or lacks a name.
    """
    entries = read_index(Path(f"{prefix}.index").read_bytes())
    missing = sorted(set(names or ()) - entries.keys())
    if missing:
        raise BadCheckpoint(f"{prefix}.index has no {missing[0]}; it has {', '.join(sorted(entries))}")
    data = Path(f"{prefix}.data-00000-of-00001").read_bytes()
    return {name: array_of(entries[name], data, name) for name in (entries if names is None else names)}


def read_index(table: bytes) -> dict[str, Entry]:
    """The entries of an index file, by name. Raises BadCheckpoint."""
    if len(table) < _FOOTER or struct.unpack("<Q", table[-8:])[0] != _MAGIC:
        raise BadCheckpoint(f"the index has {len(table)} bytes and does not end as a sorted string table does")
    _, at = _handle(table[-_FOOTER:], 0)  # of the meta index, which TensorFlow leaves empty
    place, _ = _handle(table[-_FOOTER:], at)
    entries: dict[str, Entry] = {}
    for _, handle in _block(table, *place):
        for key, value in _block(table, *_handle(handle, 0)[0]):
            if key:  # the empty key is the bundle's header
                entries[key.decode()] = _entry(value)
    return entries


def array_of(entry: Entry, data: bytes, name: str = "") -> NDArray[Any]:
    """An array out of its shard. Raises BadCheckpoint if it is cut off, altered or of a type not known here."""
    if entry.dtype not in _TYPES:
        raise BadCheckpoint(f"{name} has TensorFlow's type {entry.dtype}; known are {sorted(_TYPES)}")
    if entry.shard:
        raise BadCheckpoint(f"{name} lies in shard {entry.shard}; expected all in shard 0")
    content = data[entry.offset : entry.offset + entry.size]
    dtype = np.dtype(_TYPES[entry.dtype]).newbyteorder("<")
    if len(content) != entry.size or entry.size != dtype.itemsize * int(np.prod(entry.shape, dtype=np.int64)):
        raise BadCheckpoint(f"{name} {entry.shape} has {len(content)} bytes; expected {entry.size}")
    _check(content, entry.checksum, name)
    return np.frombuffer(content, dtype).reshape(entry.shape).astype(_TYPES[entry.dtype])


def masked(crc: int) -> int:
    """A crc as LevelDB stores it, so that a crc over data that holds crcs is still a good one."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc32c(content: bytes) -> int:
    """Castagnoli's 32-bit checksum."""
    table, crc = _crc_table(), 0xFFFFFFFF
    for byte in content:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


def _check(content: bytes, checksum: int, name: str) -> None:
    if masked(crc32c(content)) != checksum:
        raise BadCheckpoint(f"{name or 'a block'} is damaged: its checksum is another one; download it again")


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block. A key is told by how much of the one before it shares, and its rest."""
    content = table[offset : offset + size + 5]
    if len(content) != size + 5:
        raise BadCheckpoint(f"a block of {size} bytes at {offset} reaches beyond the end of the index")
    if content[size]:
        raise BadCheckpoint(f"a block is compressed (type {content[size]}); this reader knows plain ones")
    _check(content[: size + 1], struct.unpack("<I", content[size + 1 :])[0], "")
    (restarts,) = struct.unpack("<I", content[size - 4 : size])
    end, at, key = size - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(content, at)
        rest, at = _varint(content, at)
        length, at = _varint(content, at)
        key = key[:shared] + content[at : at + rest]
        yield key, content[at + rest : at + rest + length]
        at += rest + length


def _handle(content: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Offset and size of a block, and where to read on."""
    offset, at = _varint(content, at)
    size, at = _varint(content, at)
    return (offset, size), at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(content) and shift < 64:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise BadCheckpoint("a number in the index has no end; the file is damaged")


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of every field of a protocol buffer."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value: Any
            value, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
            value, at = int.from_bytes(message[at : at + length], "little"), at + length
        else:
            raise BadCheckpoint(f"a field of the index has the wire type {kind}; known are 0, 1, 2 and 5")
        yield tag >> 3, value


def _entry(message: bytes) -> Entry:
    """A BundleEntryProto: 1 dtype, 2 shape, 3 shard, 4 offset, 5 size, 6 crc32c; what is 0 is left out."""
    found = dict(_fields(message))
    # a TensorShapeProto holds a field 2 a dimension, and that its size as field 1
    dimensions = [dict(_fields(dim)) for number, dim in _fields(found.get(2, b"")) if number == 2]
    shape = tuple(int(dim.get(1, 0)) for dim in dimensions)
    return Entry(found.get(1, 0), shape, found.get(3, 0), found.get(4, 0), found.get(5, 0), found.get(6, 0))
