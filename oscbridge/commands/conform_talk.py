"""One client of the wire under test: sends, receives, and reads messages with their type tags exactly as they came.

It decodes for itself, so that a fault in our own parser cannot hide the same fault in what we test.
"""

from __future__ import annotations

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple

from ..osc.packets import encode
from ..osc.space import COMMANDS, DONE, FAIL
from ..osc.streams import STREAMS
from .conform_check import Differs, short

ANSWER_S = 2.0  # an answer that takes longer counts as none
SILENCE_S = 0.3  # so long nothing has to come for "nothing came"
BUFFER_BYTES = 4 << 20
NAME = "oscbridge conform"


class Said(NamedTuple):
    """A message as it came. tags: without the comma, "?" if it was no OSC; at: monotonic seconds; size: bytes of its
    datagram; timetag: Unix seconds of its bundle, 0 for none or at once."""

    address: str
    tags: str
    args: tuple[Any, ...]
    at: float = 0.0
    size: int = 0
    timetag: float = 0.0

    def __str__(self) -> str:
        return short(f"{self.address} ,{self.tags} {' '.join(map(repr, self.args[:9]))}")


def decode(datagram: bytes, at: float = 0.0) -> list[Said]:
    """The messages of a datagram. Never raises: what is no OSC comes as one message with the tags "?"."""
    try:
        return list(_walk(datagram, at, len(datagram), 0.0))
    except (ValueError, IndexError, struct.error, UnicodeDecodeError, KeyError):
        return [Said("", "?", (datagram[:64],), at, len(datagram))]


def _walk(data: bytes, at: float, size: int, timetag: float) -> Iterator[Said]:
    if not data.startswith(b"#bundle\0"):
        yield _message(data, at, size, timetag)
        return
    (raw,) = struct.unpack_from(">Q", data, 8)
    timetag = 0.0 if raw == 1 else raw / 2**32 - 2_208_988_800
    position = 16
    while position < len(data):
        (length,) = struct.unpack_from(">i", data, position)
        if length < 0 or position + 4 + length > len(data):
            raise ValueError("a bundle's element is longer than the bundle")
        yield from _walk(data[position + 4 : position + 4 + length], at, size, timetag)
        position += 4 + length


def _message(data: bytes, at: float, size: int, timetag: float) -> Said:
    address, position = _string(data, 0)
    tags, position = _string(data, position)
    if not address.startswith("/") or not tags.startswith(",") or len(data) % 4:
        raise ValueError("no OSC message")
    tags = tags[1:]
    if not set(tags) - set("if"):  # many numbers: at once
        args = struct.unpack_from(f">{tags}", data, position)
        if position + 4 * len(tags) != len(data):
            raise ValueError("its arguments and its length differ")
        return Said(address, tags, args, at, size, timetag)
    values: list[Any] = []
    for tag in tags:
        value: Any
        if tag == "s":
            value, position = _string(data, position)
        elif tag == "b":
            (length,) = struct.unpack_from(">i", data, position)
            value = data[position + 4 : position + 4 + length]
            if length < 0 or len(value) != length:
                raise ValueError("a blob is cut short")
            position += 4 + (length + 3) // 4 * 4
        elif tag in "TF":
            value = tag == "T"
        else:
            form = {"i": ">i", "f": ">f", "h": ">q", "d": ">d", "t": ">Q"}[tag]
            (value,) = struct.unpack_from(form, data, position)
            position += struct.calcsize(form)
        values.append(value)
    if position != len(data):
        raise ValueError("its arguments and its length differ")
    return Said(address, tags, tuple(values), at, size, timetag)


def _string(data: bytes, start: int) -> tuple[str, int]:
    end = data.index(b"\0", start)
    return data[start:end].decode(), (end // 4 + 1) * 4


@dataclass(frozen=True)
class Signature:
    """fixed: tags that every such message begins with; names: of those arguments; repeated: tags that then come any
    number of times, "" for none."""

    address: str
    fixed: str
    names: tuple[str, ...]
    repeated: str

    def fits(self, said: Said) -> bool:
        rest = said.tags[len(self.fixed) :]
        times = len(rest) // len(self.repeated) if self.repeated else 0
        return said.address == self.address and said.tags == self.fixed + self.repeated * times

    def __str__(self) -> str:
        words = [f"{tag}:{name}" for tag, name in zip(self.fixed, self.names, strict=True)]
        return " ".join([self.address, *words, *([f"{self.repeated}×n"] if self.repeated else [])])

    def check(self, said: Said) -> dict[str, Any]:
        """Its fixed arguments by name. Raises Differs if it is another message."""
        if not self.fits(said):
            raise Differs(str(self), str(said))
        return dict(zip(self.names, said.args, strict=False))


_WORD = re.compile(r"([ifsb]):(\S+?),?")
_MANY = re.compile(r"([ifsb])×\S*")


def signatures(text: str) -> dict[str, Signature]:
    """The messages that a line of our address reference describes, by their addresses."""
    found: dict[str, Signature] = {}
    for part in re.finditer(r"/ear/[\w/<>]*((?:\s+(?:[ifsb]:[^\s]+|[ifsb]×\S+|…))*)", text):
        address = part[0].split()[0]
        tags, repeated = "", ""
        names: list[str] = []
        for word in part[1].split():
            if fixed := _WORD.fullmatch(word):
                tags, names = tags + fixed[1], [*names, fixed[2]]
            elif many := _MANY.fullmatch(word):
                repeated = many[1]
            elif word == "…":
                tags, names, repeated = "", [], tags
        found.setdefault(address, Signature(address, tags, tuple(names), repeated))
    return found


@lru_cache
def answer_of(command: str) -> dict[str, Signature]:
    """What a command answers, without outcomes."""
    return signatures(next(c.answer for c in COMMANDS if c.address == command))


@lru_cache
def messages_of(stream: str) -> tuple[Signature, ...]:
    """What a stream sends, in the order of our table."""
    described = ((sent.address, f"{sent.address} {sent.signature}") for sent in STREAMS[stream].messages)
    return tuple(signatures(text)[address] for address, text in described)


class Talk:
    """A socket of its own, so a client of its own. hello=False: a stranger."""

    def __init__(self, host: str, port: int, hello: bool = True) -> None:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self.server = address
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.socket.bind(("::" if family == socket.AF_INET6 else "", 0))
        self.port: int = self.socket.getsockname()[1]
        self.sent_bytes = 0
        self._ids: list[int] = []
        if hello:
            self.ask("/ear/hello", NAME, 0, on="/ear/welcome")

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for key in self._ids:
            self.send("/ear/unsubscribe", key)
        self.socket.close()

    def send(self, address: str, *args: Any) -> None:
        self.send_raw(encode(address, *args))

    def send_raw(self, datagram: bytes) -> None:
        self.sent_bytes += len(datagram)
        self.socket.sendto(datagram, self.server)

    def heard(self, seconds: float) -> Iterator[Said]:
        """Everything that comes in that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                datagram = self.socket.recv(65_536)
            except (TimeoutError, BlockingIOError):
                return
            except ConnectionError:  # Windows tells of a closed port here
                time.sleep(min(left, 0.05))
                continue
            yield from decode(datagram, time.monotonic())

    def wait(self, wanted: Callable[[Said], bool], expected: str, seconds: float | None = None) -> Said:
        """The first that is wanted. Raises Differs if none comes in time; seconds: ANSWER_S if none is given."""
        seconds = ANSWER_S if seconds is None else seconds
        seen: list[Said] = []
        for said in self.heard(seconds):
            if wanted(said):
                return said
            seen.append(said)
        raise Differs(expected, f"nothing in {seconds:g} s" + (f" but {seen[-1]}" if seen else ""))

    def ask(self, address: str, *args: Any, on: str = "") -> Said:
        """Sends, and returns what is answered: on its own address, on `on`, or an outcome that names it."""
        self.send(address, *args)
        return self.answer(address, on)

    def answer(self, address: str, on: str = "") -> Said:
        def is_answer(said: Said) -> bool:
            outcome = said.address in (DONE, FAIL) and said.args[:1] == (address,)
            return outcome or said.address == (on or address)

        return self.wait(is_answer, f"an answer to {address}")

    def done(self, address: str, *args: Any) -> tuple[Any, ...]:
        """Sends a command that has to be carried out. Returns its results."""
        said = self.ask(address, *args, on=DONE)
        results = answer_of(address)[address]
        if said.address != DONE or said.tags != f"s{results.fixed}":
            raise Differs(f"{DONE} {results}", str(said))
        return said.args[1:]

    def refused(self, code: int, address: str, *args: Any, what: str = "") -> Said:
        """Sends what has to be refused with this code."""
        said = self.ask(address, *args, on=FAIL)
        return check_refusal(said, code, address, what or f"{address} {' '.join(map(repr, args))}".strip())

    def subscribe(self, stream: str, packing: str = "", max_hz: float = 0, lease_s: float = 60, text: str = "") -> int:
        """Returns the subscription's id; it ends with this client."""
        key: int = self.done("/ear/subscribe", stream, packing, 0, float(max_hz), float(lease_s), text)[0]
        self._ids.append(key)
        return key


def check_refusal(said: Said, code: int, address: str, what: str) -> Said:
    """Raises Differs unless it is /ear/fail with that address and code, and a sentence."""
    expected = f"{FAIL} {address} {code} s:message, for {what}"
    if said.address != FAIL or said.tags != "sis" or said.args[:2] != (address, code) or not said.args[2]:
        raise Differs(expected, str(said))
    return said
