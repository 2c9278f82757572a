"""The container of a Max for Live device: chunks of a name, a length (little-endian) and data.

`ampf` holds the kind of device (`aaaa` an audio effect, `mmmm` MIDI, `iiii` an instrument), `meta` a number, and `ptch`
the same JSON as a .maxpat, ended by a zero. Source: the reader in Ableton's maxdevtools, maxdiff/amxd_textconv.py
(https://github.com/Ableton/maxdevtools), which shows differences of unfrozen devices. What the JSON of a device holds
beside a patch's was seen in devices that Max saved, and is told in py2max (https://github.com/shakfu/py2max), m4l.py.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

AUDIO_EFFECT = b"aaaa"


def pack(patch: bytes, kind: bytes = AUDIO_EFFECT) -> bytes:
    """patch: a .maxpat's bytes."""
    chunks = ((b"ampf", kind), (b"meta", struct.pack("<I", 0)), (b"ptch", patch + b"\0"))
    return b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents. Raises ValueError if a length does not fit."""
    at = 0
    while at < len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > len(data):
            raise ValueError(f"chunk {name!r} says {length} bytes; {len(data) - at - 8} are left")
        yield name, data[at + 8 : at + 8 + length]
        at += 8 + length


def unpack(data: bytes) -> tuple[bytes, dict[str, Any]]:
    """The kind of device, and its patch."""
    parts = dict(chunks(data))
    return parts[b"ampf"], json.loads(parts[b"ptch"].rstrip(b"\0"))
