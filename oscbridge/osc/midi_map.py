"""What all controls of a MIDI controller do: from its messages to changes, and from changes to its lights. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from ..errors import BridgeError
from ..sections import Section
from .midi import LSB, MOST, Heard
from .midi_control import ABSOLUTE, FINE, MOST_TEXT, TOGGLE, Binding, Control, Current, Fire, Move
from .space import AddressSpace

MOST_CONTROLS = 1_000


class MapFile(Section):
    """A map as it is written."""

    controls: list[Control] = Field([], description="What each control does.")


class MidiMap:
    """The table of controls. Every method that changes it raises BridgeError instead if it cannot, and then nothing has
    changed."""

    def __init__(self, space: AddressSpace) -> None:
        self._space = space
        self._learning = ""
        self._build([])

    def __len__(self) -> int:
        return len(self._bindings)

    @property
    def controls(self) -> list[Control]:
        return [binding.control for binding in self._bindings]

    def replace(self, controls: Iterable[Control]) -> None:
        """These, and no others."""
        bindings = []
        for number, control in enumerate(controls):
            try:
                bindings.append(Binding(control, self._space))
            except BridgeError as error:
                raise BridgeError(
                    f"controls.{number} ({control.family} {control.number}): {error}", error.code
                ) from error
        self._build(bindings)

    def forget(self, to: str) -> int:
        """Takes an address off its controls, or all of them: "*". Returns how many. Raises BridgeError 404."""
        kept = [b for b in self._bindings if to != "*" and not _is_same(b.control.to, to)]
        gone = len(self._bindings) - len(kept)
        if not gone and to != "*":
            there = ", ".join(dict.fromkeys(b.control.to for b in self._bindings[:20])) or "nothing"
            raise BridgeError(f"no control does {to[:80]!r}; they do {there}", 404)
        self._build(kept)
        return gone

    # learning

    def learn(self, to: str) -> None:
        """The next control that is moved gets this; "" ends learning. Raises BridgeError as `target` does, and 429 if
        there is no room."""
        if len(to) > MOST_TEXT:
            raise BridgeError(f"the address and its arguments are {len(to)} characters; at most {MOST_TEXT}")
        if to:
            Binding(Control(cc=0, to=to), self._space)
            _fits(len(self) + 1)
        self._learning = to

    def take(self, heard: Heard) -> Control | None:
        """While learning: the control that was moved, which has learned now. What is let go counts for nothing: it
        may be the button of the lesson before. Raises BridgeError 429 if there is no room any more."""
        if not self._learning or heard.value == 0:
            return None
        to, self._learning = self._learning, ""
        scale = Binding(Control(cc=0, to=to), self._space).scale
        # a button's first word is 127; a fader passes other values on its way there
        is_switch = scale is not None and scale.choices and heard.value == MOST
        control = Control.model_validate(
            {heard.kind: heard.number, "channel": heard.channel, "to": to, "kind": TOGGLE if is_switch else ABSOLUTE}
        )
        others = [b for b in self._bindings if not b.control.is_same(control) and not _is_same(b.control.to, to)]
        self._build([*others, Binding(control, self._space)])
        return control

    # at work

    def hear(self, heard: Heard, current: Current, pickup: bool) -> list[Move | Fire]:
        """What is to be done, in the order of the map."""
        found = self._by_number.get((heard.kind, heard.number), ())
        orders = [b.hear(heard, current, pickup) for b in found if b.control.channel in (0, heard.channel)]
        return [order for order in orders if order is not None]

    def feedback(self, current: Current) -> list[list[int]]:
        """The messages for whatever does not show what is in force. A control with several tasks shows the first."""
        messages, seen = [], set()
        for binding in self._bindings:
            control = binding.control
            if binding.target.parameter is None or (key := (control.family, control.number, binding.channel)) in seen:
                continue
            seen.add(key)
            messages += binding.feedback(current)
        return messages

    def begin(self) -> None:
        """A controller was plugged in: nothing is known of what it shows, or where its knobs are."""
        for binding in self._bindings:
            binding.begin()

    def forget_shown(self) -> None:
        """All is to be shown again."""
        for binding in self._bindings:
            binding.shown = None

    def listed(self) -> list[bytes]:
        return [binding.listed() for binding in self._bindings]

    def _build(self, bindings: list[Binding]) -> None:
        _fits(len(bindings))
        self._bindings = bindings
        self._by_number: dict[tuple[str, int], list[Binding]] = {}
        for binding in bindings:
            control = binding.control
            for number in (control.number, control.number + LSB) if control.kind == FINE else (control.number,):
                self._by_number.setdefault((control.family, number), []).append(binding)


def _fits(count: int) -> None:
    if count > MOST_CONTROLS:
        raise BridgeError(f"there would be {count} controls; at most {MOST_CONTROLS}. Forget some first", 429)


def _is_same(one: str, other: str) -> bool:
    return one.split() == other.split()
