"""One route: from a level of the network, shaped, to an OSC address of any host. Pure."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..ear.anatomy import CLASSES, Layer
from ..ear.neurons import Floats
from ..ear.selection import Selection
from ..errors import BridgeError
from ..sections import Route
from ..validation import did_you_mean
from .packets import encode
from .streams import FramePackets

VALUE = "$value"
SOURCES = (
    "layer.<n>.mean", "layer.<n>.peak", "channel.<layer>.<channel>", "neuron.<n>", "region.<name>", "class.<name>",
    "selection", "selection.peak", "beat",
)  # fmt: skip
BEAT = "beat"
REARM = 0.9  # a trigger fires again once its level has fallen below so much of its threshold
AGAIN_S = 1.0  # a value that stays the same is told again, for a datagram may be lost
MARK = 1.2345678e30  # a float that nobody sends, in the place of the value

Reader = Callable[[FramePackets], float]
_TARGET = re.compile(r"udp://(?:\[([0-9A-Fa-f:.%]+)\]|([A-Za-z0-9_.-]+)):([0-9]{1,5})(/[^\s#*,?\[\]{}]*)")


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    address: str


def parse_target(text: str) -> Target:
    """`udp://host:port/address`. Raises BridgeError 422."""
    match = _TARGET.fullmatch(text)
    if not match or not 1 <= int(match[3]) <= 65_535 or len(match[4]) < 2:
        example = "udp://127.0.0.1:7000/composition/speed"
        raise BridgeError(f"to is {text[:80]!r}; write udp://host:port/address, as {example}")
    return Target(match[1] or match[2], int(match[3]), match[4])


def reader(text: str, layers: Sequence[Layer], classes: Sequence[str], selection: Selection) -> Reader | None:
    """What `from` names, as a function of a frame that gives 0 to 1; None for the beat, which comes by itself.

    Raises BridgeError 422 if it names nothing that there is.
    """
    word, *rest = text.split(".", 1 if text.startswith(("region.", "class.")) else -1)
    numbers = [int(r) for r in rest if r.isascii() and r.isdigit() and len(r) < 10]
    if text == BEAT:
        return None
    if text == "selection":
        return lambda frame: frame.selected[0]
    if text == "selection.peak":
        return lambda frame: frame.selected[1]
    if word == "layer" and len(rest) == 2 and len(numbers) == 1 and rest[1] in ("mean", "peak"):
        n = _within(numbers[0], len(layers), text, "layers")
        return (lambda frame: float(frame.means[n])) if rest[1] == "mean" else (lambda frame: float(frame.peaks[n]))
    if word == "channel" and len(rest) == 2 and len(numbers) == 2:
        n = _within(numbers[0], len(layers), text, "layers")
        c = _within(numbers[1], layers[n].channels, text, f"channels of layer {n}")
        return lambda frame: float(frame.channels[n][c])
    if word == "neuron" and len(rest) == 1 and len(numbers) == 1:
        n = _within(numbers[0], layers[-1].span.stop, text, "neurons")
        return lambda frame: float(frame.values[n])
    if word == "region" and rest and rest[0]:
        return lambda frame: selection.mean_of(rest[0], frame.values)
    if word == "class" and rest:
        if layers[-1].name != CLASSES or rest[0] not in classes:
            there, hint = ", ".join(classes) or "none", did_you_mean(rest[0], list(classes))
            raise BridgeError(f"from is {text[:80]!r}; the network has the classes {there}.{hint}")
        n = layers[-1].first_neuron + list(classes).index(rest[0])
        return lambda frame: min(max(float(frame.raw[n]), 0.0), 1.0)
    raise BridgeError(f"from is {text[:80]!r}; it is one of {', '.join(SOURCES)}")


def _within(number: int, count: int, text: str, what: str) -> int:
    if number >= count:
        raise BridgeError(f"from is {text[:80]!r}; the {what} go from 0 to {count - 1}")
    return number


class Template:
    """A message whose value is put in where it belongs, without building the rest anew."""

    def __init__(self, address: str, args: Sequence[int | float | str]) -> None:
        """args: as they are sent, with VALUE in the place of the value."""
        self._packet = bytearray(encode(address, *(MARK if a == VALUE else a for a in args)))
        mark, at = struct.pack(">f", MARK), -1
        self._places = []
        while (at := self._packet.find(mark, at + 1)) >= 0:
            self._places.append(at)

    def packet(self, value: float) -> bytes:
        number = struct.pack(">f", value)
        for at in self._places:
            self._packet[at : at + 4] = number
        return bytes(self._packet)


class Shaper:
    """From levels to what is sent, for many routes at once; all arrays are (routes,).

    A level rises with the time constant attack_ms and falls with release_ms (one pole: after that time 63 % of a step
    is done), is bent by the exponent `curve`, and spread over `range`. A route with a threshold is a trigger: it sends
    once each time its level rises to the threshold.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._attack_s, self._release_s = (
            np.array([getattr(r, name) for r in routes], float) / 1e3 for name in ("attack_ms", "release_ms")
        )
        self._curve = np.array([r.curve for r in routes], float)
        self._low, self._high = (np.array([r.range[i] for r in routes], float) for i in (0, 1))
        self._period = 1.0 / np.array([r.max_hz for r in routes], float)
        self._threshold = np.array([math.nan if r.threshold is None else r.threshold for r in routes])
        self._is_trigger = ~np.isnan(self._threshold)
        count = len(routes)
        self.levels = np.zeros(count)  # smoothed
        self._armed = np.ones(count, bool)
        self._sent = np.full(count, math.nan)
        self._sent_at = np.full(count, -math.inf)
        self._next_due = np.full(count, -math.inf)
        self._at: float | None = None

    def step(self, raw: Floats | np.ndarray, now: float) -> tuple[np.ndarray, np.ndarray]:
        """raw: 0..1; now: seconds. Returns the values to send, and the numbers of the routes that are due."""
        passed = 0.0 if self._at is None else max(now - self._at, 0.0)
        first, self._at = self._at is None, now
        constant = np.where(raw > self.levels, self._attack_s, self._release_s)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(constant > 0, 1.0 - np.exp(-passed / constant), 1.0)
        self.levels += (raw - self.levels) * (np.where(constant > 0, 0.0, 1.0) if first else share)
        values = self.shaped(self.levels)
        above = self.levels >= self._threshold  # NaN: never
        fires = above & self._armed
        # a quarter of a period early still counts, so that a rate close to the frames' does not beat with them
        is_time = now >= self._next_due - self._period / 4
        is_same = np.abs(values - self._sent) <= 1e-6 * np.abs(self._high - self._low)
        is_news = ~is_same | (now - self._sent_at >= AGAIN_S)
        due = is_time & np.where(self._is_trigger, fires, is_news)
        self._armed &= ~(fires & due)
        self._armed |= self.levels < REARM * np.where(self._is_trigger, self._threshold, math.inf)
        self._sent[due], self._sent_at[due] = values[due], now
        is_late = now >= self._next_due + self._period  # a pause is not made up for
        self._next_due = np.where(due, np.where(is_late, now, self._next_due) + self._period, self._next_due)
        return values, np.flatnonzero(due)

    def take_over(self, before: Shaper, rows: Sequence[int]) -> None:
        """What these routes were in another table: rows there, -1 for new ones. So a change of one moves no other."""
        old = np.array(rows, int)
        kept = old >= 0
        for name in ("levels", "_armed", "_sent", "_sent_at", "_next_due"):
            getattr(self, name)[kept] = getattr(before, name)[old[kept]]
        self._at = before._at

    def shaped(self, levels: np.ndarray) -> np.ndarray:
        """Curve and range."""
        return self._low + (self._high - self._low) * np.clip(levels, 0.0, 1.0) ** self._curve
