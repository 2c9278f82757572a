"""One control of a MIDI controller – a fader, a knob, an encoder, a button – and what it does. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import field_validator, model_validator

from ..errors import BridgeError
from ..sections import Section, param
from ..settings import Parameter
from .midi import CC, FINE_MOST, LSB, MOST, NOTE, Heard, Scale, message
from .packets import Argument, encode
from .routes import parse_args
from .space import AddressSpace

ABSOLUTE, TOGGLE, FINE, RELATIVE = "absolute", "toggle", "fine", "relative"
PRESSED = 64  # a button is down from here on
MOST_TEXT = 200
CLIENTS = ("/ear/hello", "/ear/sync", "/ear/subscribe", "/ear/renew", "/ear/unsubscribe")

Current = Callable[[Parameter], Any]


class Control(Section):
    """A line of a map. cc or note: its number; to: an address of ours, with arguments behind it or without."""

    cc: int | None = param(None, doc="Number of the control change.")
    note: int | None = param(None, doc="Number of the note, for a button or pad that sends one.")
    channel: int = param(0, ge=0, le=16, doc="MIDI channel; 0 is any.")
    to: str = param(..., min_length=1, max_length=MOST_TEXT, doc="A live parameter, or a command.")
    low: float | None = param(None, doc="The value at the low end; the parameter's lowest if left out.")
    high: float | None = param(None, doc="The value at the high end; may be below low.")
    kind: Literal["absolute", "toggle", "fine", "relative"] = param(
        "absolute",
        doc="toggle: a press changes to the other, or next, value; fine: 14 bits, with the control 32 above; relative: "
        "an encoder that sends steps in two's complement, 1 up and 127 down.",
    )

    @field_validator("cc", "note", mode="before")
    @classmethod
    def _is_a_number(cls, value: Any) -> Any:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST):
            raise ValueError("expected a whole number from 0 to 127")
        return value

    @field_validator("low", "high", mode="before")
    @classmethod
    def _is_a_value(cls, value: Any) -> Any:
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise ValueError("expected a number")
        return float(value) if isinstance(value, int) else value

    @model_validator(mode="after")
    def _is_one_control(self) -> Control:
        if (self.cc is None) == (self.note is None):
            raise ValueError("a control has either cc or note, and not both")
        if self.cc is None and self.kind in (FINE, RELATIVE):
            raise ValueError(f"{self.kind} needs cc; a note is a button")
        if self.kind == FINE and (self.cc or 0) >= LSB:
            raise ValueError(f"fine takes cc 0 to 31, and the control 32 above it for the lower bits; cc is {self.cc}")
        return self

    @property
    def family(self) -> str:
        return NOTE if self.cc is None else CC

    @property
    def number(self) -> int:
        return int(self.note or 0) if self.cc is None else self.cc

    def is_same(self, other: Control) -> bool:
        """Whether it is the same thing on the controller."""
        return (self.family, self.number) == (other.family, other.number) and (
            self.channel == other.channel or not self.channel or not other.channel
        )


@dataclass(frozen=True)
class Target:
    """What a control does: moves a parameter, sets it to a fixed value, or fires a command."""

    address: str
    parameter: Parameter | None
    fixed: Any  # the value that a button sets, None if it is the fader's
    args: tuple[Argument, ...]  # of a command


def target(text: str, space: AddressSpace) -> Target:
    """`/ear/stream/gamma`, `/ear/dream/origin silence`, `/ear/clip/play 0`. Raises BridgeError: 404 no such address,
    409 a parameter that can't be changed, 400 or 422 arguments that it does not take."""
    address, *rest = text.split(maxsplit=1) or [""]
    args = parse_args(rest[0]) if rest else []
    try:
        if (command := space.command(address)) is not None:
            if address in CLIENTS:
                raise BridgeError("is for clients, which are answered; a button is none", 422)
            return Target(address, None, None, tuple(command.check(args)))
        if (parameter := space.parameters.get(address)) is None:
            space.matching(address)  # raises, with the nearest
            raise BridgeError("is a pattern; a control moves one parameter", 422)
        if not parameter.live:
            raise BridgeError("can't be changed while running", 409)
        if len(args) > 1:
            raise BridgeError(f"takes one value ({parameter.allowed}); {len(args)} came", 400)
        return Target(address, parameter, parameter.from_wire(args[0]) if args else None, ())
    except BridgeError as error:
        raise BridgeError(f"{address[:80]}: {error}", error.code) from error


@dataclass(frozen=True)
class Move:
    """A parameter is to have this value."""

    parameter: Parameter
    value: Any


@dataclass(frozen=True)
class Fire:
    """A command is to be carried out."""

    address: str
    args: tuple[Argument, ...]


NOTHING = object()


class Binding:
    """A control at work: what it was last, what it set, and what it shows."""

    def __init__(self, control: Control, space: AddressSpace) -> None:
        """Raises BridgeError as `target` and `Scale` do."""
        self.control, self.target = control, target(control.to, space)
        parameter, low, high = self.target.parameter, control.low, control.high
        moves = parameter is not None and self.target.fixed is None
        if not moves and (low is not None or high is not None or control.kind in (FINE, RELATIVE)):
            raise BridgeError(f"{control.to} is for a button: low, high, fine and relative mean nothing there")
        self.scale = Scale(parameter, low, high) if parameter is not None and moves else None
        self.is_button = not moves or control.kind == TOGGLE
        self.most = FINE_MOST if control.kind == FINE else MOST
        self.channel = control.channel or 1  # where it was last heard, if any channel will do
        self.shown: int | None = None  # what the controller shows, as far as is known
        self._down = False
        self._at: float | None = None  # where the knob is
        self._mine: Any = NOTHING  # what it set, while it has hold of the parameter
        self._halves = [0, 0]  # upper and lower 7 bits

    def hear(self, heard: Heard, current: Current, pickup: bool) -> Move | Fire | None:
        """What is to be done when its control was moved. current: a parameter's value now; pickup: see `sections`."""
        self.channel = heard.channel
        if self.is_button:
            return self._button(heard.value >= PRESSED, current)
        assert self.scale is not None
        now = current(self.scale.parameter)
        if self.control.kind == RELATIVE:
            return self._turned(heard.value - (128 if heard.value >= 64 else 0), now)
        before, position = self._at, self._position(heard)
        self._at, self.shown = position / self.most, position
        value = self.scale.value(self._at)
        is_knob = heard.kind == CC and self.scale.steps != 2  # a switch cannot pass the value between its two
        if pickup and is_knob and not self._holds(before, self._at, value, now):
            self._mine = NOTHING
            return None
        self._mine = value
        return Move(self.scale.parameter, value)

    def _position(self, heard: Heard) -> int:
        if self.control.kind != FINE:
            return heard.value
        self._halves[heard.number != self.control.number] = heard.value
        return self._halves[0] << 7 | self._halves[1]

    def _holds(self, before: float | None, at: float, value: Any, now: Any) -> bool:
        """Soft take-over: it set the value that is in force, is within a step of it, or has just passed it."""
        assert self.scale is not None
        if now == self._mine or now == value:
            return True
        goal = self.scale.at(now)
        return abs(at - goal) <= 1 / self.most or (before is not None and (before - goal) * (at - goal) <= 0)

    def _button(self, is_down: bool, current: Current) -> Move | Fire | None:
        was_down, self._down = self._down, is_down
        self.shown = None  # a button lights up by itself as it is pressed, and goes out as it is let go
        if was_down or not is_down:
            return None
        parameter = self.target.parameter
        if parameter is None:
            return Fire(self.target.address, self.target.args)
        if self.scale is None:
            return Move(parameter, self.target.fixed)
        now, scale = current(parameter), self.scale
        if scale.choices:
            return Move(parameter, scale.choices[(scale.choices.index(now) + 1) % scale.steps])
        return Move(parameter, scale.value(0.0 if scale.at(now) >= 0.5 else 1.0))

    def _turned(self, steps: int, now: Any) -> Move:
        assert self.scale is not None
        at = self._at if self._at is not None and now == self._mine else self.scale.at(now)
        step = 1 / (self.scale.steps - 1) if 1 < self.scale.steps <= 128 else 1 / MOST
        self._at = min(max(at + steps * step, 0.0), 1.0)
        # a hair up: at the very edge of a choice the sum of steps may come out below it
        self._mine = self.scale.value(min(self._at + 1e-9, 1.0))
        return Move(self.scale.parameter, self._mine)

    def feedback(self, current: Current) -> list[list[int]]:
        """The messages that make the control show what is in force; none if it does, or moved it there itself."""
        parameter = self.target.parameter
        if parameter is None:
            return []
        now = current(parameter)
        if self.scale is None:
            wanted = MOST if now == self.target.fixed else 0
        else:
            wanted = round(self.scale.at(now) * self.most)
        if wanted == self.shown or (now == self._mine and self.control.kind != RELATIVE):
            return []
        self.shown = wanted
        if self.control.kind != RELATIVE:
            self._mine = NOTHING
        if self.control.kind == FINE:
            halves = (wanted >> 7, wanted & MOST)
            return [message(CC, self.channel, self.control.number + LSB * n, half) for n, half in enumerate(halves)]
        return [message(self.control.family, self.channel, self.control.number, wanted)]

    def begin(self) -> None:
        """Another controller may be there."""
        self.shown, self._at, self._mine, self._down = None, None, NOTHING, False

    def listed(self) -> bytes:
        """One answer of /ear/midi/list."""
        c, kind = self.control, "" if self.control.kind == ABSOLUTE else f" {self.control.kind}"
        low, high = (self.scale.low, self.scale.high) if self.scale is not None else (0.0, 0.0)
        return encode("/ear/midi", c.channel, c.number, f"{c.family}{kind}", c.to, low, high)
