"""OSC 1.0 datagrams to messages and back. python-osc reads and writes the messages; bundles are walked here, so that
one bad element does not lose the others."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message import ParseError as MessageParseError
from pythonosc.osc_message_builder import OscMessageBuilder

Argument = int | float | str | bytes | bool

ACCEPTED_TAGS = frozenset("ifsbTF")
MAX_DEPTH = 16  # of bundles in bundles
IMMEDIATELY = 1
NTP_EPOCH_S = 2_208_988_800  # 1900-01-01 to 1970-01-01


@dataclass(frozen=True)
class Message:
    """A received message. at: Unix seconds of its bundle's timetag, 0 for at once."""

    address: str
    args: tuple[Argument, ...]
    at: float = 0.0


@dataclass(frozen=True)
class Malformed:
    """Something that began like OSC and was not. address: as far as it could be read, else ""."""

    address: str
    why: str


def parse(datagram: bytes) -> list[Message | Malformed]:
    """The messages of one datagram, in order. Never raises; what is not OSC at all gives an empty list."""
    if datagram[:1] == b"/":
        return [_message(datagram, 0.0)]
    if datagram[:8] == b"#bundle\0":
        found: list[Message | Malformed] = []
        _bundle(datagram, 0.0, 0, found)
        return found
    return []


def encode(address: str, *args: Any) -> bytes:
    """One message; int and bool as i, float as f, str as s, bytes as b (numpy scalars too).

    Raises TypeError for anything else.
    """
    builder = OscMessageBuilder(address=address)
    for value in args:
        if hasattr(value, "item"):
            value = value.item()  # python-osc refuses numpy scalars
        if isinstance(value, (bool, int)):
            builder.add_arg(_int32(int(value)), "i")
        elif isinstance(value, float):
            builder.add_arg(value, "f")
        elif isinstance(value, str):
            text = value.replace("\0", "").encode(errors="replace").decode()  # a file's name may not be Unicode
            builder.add_arg(text, "s")
        elif isinstance(value, (bytes, bytearray, memoryview)):
            builder.add_arg(bytes(value), "b")
        else:
            raise TypeError(f"an OSC argument is an int, float, str or bytes, not {type(value).__name__}")
    return bytes(builder.build().dgram)


def address_of(packet: bytes | memoryview) -> str:
    """The address of one message that was encoded here."""
    return bytes(packet[:256]).partition(b"\0")[0].decode("ascii")


def bundle(at_unix_ns: int, *packets: bytes | memoryview) -> bytes:
    """A bundle of messages, or of bundles, for a moment of the Unix clock in ns; 0 means at once."""
    seconds, rest = divmod(at_unix_ns, 1_000_000_000)
    timetag = ((seconds + NTP_EPOCH_S) << 32) + round((rest << 32) / 1e9) if at_unix_ns else IMMEDIATELY
    parts = [b"#bundle\0", struct.pack(">Q", timetag % 2**64)]  # NTP's seconds begin again in 2036
    for element in map(bytes, packets):
        parts += [struct.pack(">i", len(element)), element]
    return b"".join(parts)


def _int32(value: int) -> int:
    """Wrapped into 32 bits, as a counter that outgrows them does on every host."""
    return (value + 2**31) % 2**32 - 2**31


def _message(datagram: bytes, at: float) -> Message | Malformed:
    address = ""
    try:
        address, start = _string(datagram, 0)
        if not address.isprintable() or " " in address:
            return Malformed("", "the address holds characters that OSC does not allow")
        tags = ""
        if start < len(datagram):
            tags, _ = _string(datagram, start)
            if not tags.startswith(","):
                return Malformed(address, "its type tags do not begin with a comma")
        if odd := sorted(set(tags[1:]) - ACCEPTED_TAGS):
            return Malformed(address, f"type {odd[0]!r} is not understood; send i f s b T F")
        params = OscMessage(datagram).params if tags else []
    except (MessageParseError, ValueError, struct.error, IndexError, UnicodeDecodeError) as error:
        return Malformed(address, f"it is cut short or wrongly padded ({str(error)[:60]})")
    return Message(address, tuple(params), at)


def _string(datagram: bytes, start: int) -> tuple[str, int]:
    end = datagram.index(b"\0", start)
    return datagram[start:end].decode("ascii"), (end // 4 + 1) * 4


def _bundle(datagram: bytes, at: float, depth: int, found: list[Message | Malformed]) -> None:
    if depth >= MAX_DEPTH:
        found.append(Malformed("", f"bundles are nested deeper than {MAX_DEPTH}"))
        return
    if len(datagram) < 16:
        found.append(Malformed("", "a bundle is cut short"))
        return
    (timetag,) = struct.unpack_from(">Q", datagram, 8)
    if timetag != IMMEDIATELY:
        at = max(at, timetag / 2**32 - NTP_EPOCH_S)
    position = 16
    while position < len(datagram):
        (size,) = struct.unpack_from(">i", datagram, position) if position + 4 <= len(datagram) else (-1,)
        position += 4
        if size < 0 or size % 4 or position + size > len(datagram):
            found.append(Malformed("", "a bundle's element has a wrong size"))
            return
        element = datagram[position : position + size]
        if element[:8] == b"#bundle\0":
            _bundle(element, at, depth + 1, found)
        elif element[:1] == b"/":
            found.append(_message(element, at))
        elif size:
            found.append(Malformed("", "a bundle's element is neither a message nor a bundle"))
        position += size
