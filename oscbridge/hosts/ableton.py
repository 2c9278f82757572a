"""Ableton Live as AbletonOSC shows it: what we send, what comes back, and where its beat is. Pure.

Source: AbletonOSC's address reference, https://github.com/ideoforms/AbletonOSC. It answers on port 11001 of whoever
asked, and tells who listens to a property its value at once and whenever it changes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ..osc.packets import Argument, Message, encode, parse

TEST = "/live/test"
STARTUP = "/live/startup"  # sent when Live has loaded AbletonOSC anew
LISTENED = ("tempo", "is_playing", "beat")
WINDOW = 16  # beats
MINUTE_NS = 60_000_000_000


@dataclass(frozen=True)
class Said:
    """Something that AbletonOSC told: a property's name, or "test" and "startup", and its value."""

    name: str
    value: float


def hears(datagram: bytes) -> list[Said]:
    """What is of interest in a datagram; never raises."""
    out = []
    for message in parse(datagram):
        if not isinstance(message, Message):
            continue
        name = message.address.rpartition("/")[2]
        if message.address in (TEST, STARTUP):
            out.append(Said(name, 1.0))
        elif message.address == f"/live/song/get/{name}" and name in LISTENED and message.args:
            value = _number(message.args)
            if value is not None:
                out.append(Said(name, value))
    return out


def _number(args: Sequence[Argument]) -> float | None:
    return float(args[0]) if isinstance(args[0], (int, float)) and abs(args[0]) < 1e9 else None


def test() -> bytes:
    """Asks whether anybody is there."""
    return encode(TEST)


def listen(is_on: bool = True) -> list[bytes]:
    """Asks to be told of all that is LISTENED to, or no longer."""
    verb = "start_listen" if is_on else "stop_listen"
    return [encode(f"/live/song/{verb}/{name}") for name in LISTENED]


def fire(track: int, slot: int) -> bytes:
    """Launches the clip in a slot, both counted from 0 on; Live waits for its launch quantisation."""
    return encode("/live/clip/fire", track, slot)


class BeatFollower:
    """Where Live's beat is, out of messages that are late by up to a tenth of a second.

    AbletonOSC looks at the song when Live gives it a turn, every 100 ms or so, so each beat is told late by another
    time, and never early. Of the last WINDOW beats the one that came soonest, by the tempo, is nearest to the truth.
    """

    def __init__(self) -> None:
        self._bpm = 0.0
        self._starts: deque[int] = deque(maxlen=WINDOW)  # when beat 0 would have been, by each message
        self._beat = -1

    def begin(self, bpm: float) -> None:
        """Another tempo, or another place in the song: what was seen before is void."""
        self._bpm = bpm
        self._starts.clear()
        self._beat = -1

    def beat(self, beat: int, at_ns: int) -> tuple[float, int] | None:
        """A beat was told at that moment. Returns a beat and when it was; None while no tempo is known."""
        if self._bpm <= 0:
            return None
        if beat <= self._beat:  # the song has jumped back
            self._starts.clear()
        self._beat = beat
        start = at_ns - round(beat * MINUTE_NS / self._bpm)
        if self._starts and abs(start - min(self._starts)) > MINUTE_NS / self._bpm:
            self._starts.clear()  # it has jumped ahead
        self._starts.append(start)
        return float(beat), min(self._starts) + round(beat * MINUTE_NS / self._bpm)
