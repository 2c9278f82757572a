"""MIDI messages of controllers, and where a value lies on a fader. Pure. Source: MIDI 1.0 Detailed Specification."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import BridgeError
from ..settings import Parameter

CC, NOTE = "cc", "note"
MOST = 127
FINE_MOST = 16_383  # of 14 bits
LSB = 32  # the lower 7 bits of control n, 0 to 31, come as control n + 32
FROM_ZERO = 1e-3  # of the highest value: where a logarithmic fader begins that has a 0 below it


@dataclass(frozen=True)
class Heard:
    """What a controller says. channel: 1 to 16; number: of the control or the note, 0 to 127; value: 0 to 127, and of
    a note 127 while it is held, else 0: it is taken for a button."""

    kind: str
    channel: int
    number: int
    value: int


def parse(data: Sequence[int]) -> Heard | None:
    """A control change, a note on or a note off; None for anything else, bad bytes too. data: 0 to 255 each."""
    if len(data) != 3 or any(not 0 <= byte <= MOST for byte in data[1:]):
        return None
    status, number, value = data
    channel = (status & 0x0F) + 1
    if status & 0xF0 == 0xB0:
        return Heard(CC, channel, number, value)
    if status & 0xF0 in (0x80, 0x90):
        return Heard(NOTE, channel, number, MOST if status & 0x10 and value else 0)
    return None


def message(kind: str, channel: int, number: int, value: int) -> list[int]:
    """The bytes of a control change or a note on. channel: 1 to 16."""
    return [(0xB0 if kind == CC else 0x90) | (channel - 1), number, value]


class Scale:
    """A parameter along the way of a fader, 0 to 1: equal ratios where it says log, equal parts for choices.

    steps: how many values it has, 0 if they are without number.
    """

    def __init__(self, parameter: Parameter, low: float | None = None, high: float | None = None) -> None:
        """low, high: what the ends are; the parameter's own range if None. low may be above high.
        Raises BridgeError 422 if the parameter has no range, or none may be given."""
        self.parameter = parameter
        kind = parameter.field.annotation
        self.choices: tuple[Any, ...] = (False, True) if kind is bool else parameter.choices
        self.steps = len(self.choices)
        self.low = self.high = 0.0
        if self.choices:
            if low is not None or high is not None:
                raise BridgeError(f"{parameter.path} takes {parameter.allowed}: leave low and high out")
            return
        if kind not in (int, float):
            raise BridgeError(f"{parameter.path} is a text; write one behind the address, for a button to send")
        low, high = parameter.low if low is None else low, parameter.high if high is None else high
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)) or low == high:
            raise BridgeError(f"{parameter.path} is to go from {low} to {high}; give two different numbers")
        self.low, self.high = (
            float(parameter.from_wire(round(low) if kind is int else low)),
            float(parameter.from_wire(round(high) if kind is int else high)),
        )
        if self.low == self.high:
            raise BridgeError(f"from {low:g} to {high:g} lies outside {parameter.path}, {parameter.allowed}")
        self.steps = int(abs(self.high - self.low)) + 1 if kind is int else 0
        self._least, self._most = sorted((self.low, self.high))
        self._is_log = parameter.scale == "log" and self._least >= 0
        self._start = self._least or self._most * FROM_ZERO

    def value(self, at: float) -> Any:
        """The parameter's value there. at: 0 to 1. Never falls where `at` rises, or never rises if low is above
        high."""
        if self.choices:
            return self.choices[min(int(at * self.steps), self.steps - 1)]
        along = at if self.low < self.high else 1.0 - at
        if self._is_log:
            number = self._least if along <= 0 else self._start * (self._most / self._start) ** along
        else:
            number = self._least + (self._most - self._least) * along
        number = min(max(number, self._least), self._most)
        return self.parameter.from_wire(round(number) if self.steps else number)

    def at(self, value: Any) -> float:
        """Where a value lies, 0 to 1; beyond an end: that end."""
        if self.choices:
            return self.choices.index(value) / (self.steps - 1)
        if not self._is_log:
            along = (value - self._least) / (self._most - self._least)
        elif value <= self._start:
            along = 0.0
        else:
            along = math.log(value / self._start) / math.log(self._most / self._start)
        along = min(max(along, 0.0), 1.0)
        return along if self.low < self.high else 1.0 - along
