"""Beats and loops on the monotonic clock: which beat it is at a moment, and when a beat comes. Pure."""

from __future__ import annotations

import math

BEATS_PER_BAR = 4
MINUTE_NS = 60_000_000_000


class Timeline:
    """Maps beats to nanoseconds of the monotonic clock and back, and divides them into loops.

    Beats are counted from 0 on as float64. Moments are whole nanoseconds, so that they are exact after weeks, and are
    reckoned from the last change alone, so that nothing adds up. Loops begin at whole beats: at loop_start, and every
    loop_beats from there on.
    """

    def __init__(self, at_ns: int, bpm: float, loop_beats: int, beat: float = 0.0) -> None:
        """`beat` falls on `at_ns`, and the first loop begins at the whole beat before it.

        bpm: above 0; loop_beats: at least 1. Raises ValueError for others.
        """
        self._at_ns, self._beat = at_ns, beat
        self._bpm = _above_zero(bpm)
        self.loop_start, self._loop_beats = math.floor(beat), _at_least_one(loop_beats)

    @property
    def bpm(self) -> float:
        return self._bpm

    @property
    def loop_beats(self) -> int:
        return self._loop_beats

    @property
    def loop_ns(self) -> int:
        """How long a loop lasts."""
        return self.beats_ns(self._loop_beats)

    def beats_ns(self, beats: float) -> int:
        """How long so many beats last."""
        return round(beats * MINUTE_NS / self._bpm)

    def beat_at(self, at_ns: int) -> float:
        return self._beat + (at_ns - self._at_ns) * self._bpm / MINUTE_NS

    def time_of(self, beat: float) -> int:
        """When a beat comes, or came, ns: the nearest one."""
        return self._at_ns + self.beats_ns(beat - self._beat)

    def loop_end_after(self, beat: float) -> int:
        """The first beat after `beat` at which a loop ends."""
        return self._loop_at(beat) + self._loop_beats

    def phase(self, beat: float) -> float:
        """How much of its loop is over at a beat: 0 to below 1."""
        return min((beat - self._loop_at(beat)) / self._loop_beats, math.nextafter(1.0, 0.0))

    def set_bpm(self, bpm: float, at_ns: int) -> None:
        """From `at_ns` on; the beat goes on from where it is. Raises ValueError unless bpm is above 0."""
        self.align(self.beat_at(at_ns), at_ns, bpm)

    def set_loop_beats(self, loop_beats: int, beat: float) -> None:
        """The loop that runs at `beat` gets the new length. If that is over already it ends at the first multiple of
        the new length that is not: never in the past. Raises ValueError unless it is at least 1."""
        self.loop_start = self._loop_at(beat)
        self._loop_beats = _at_least_one(loop_beats)

    def align(self, beat: float, at_ns: int, bpm: float | None = None) -> None:
        """`beat` falls on `at_ns`; loops keep their beats. Raises ValueError unless bpm is above 0."""
        self._bpm = self._bpm if bpm is None else _above_zero(bpm)
        self._at_ns, self._beat = at_ns, beat

    def _loop_at(self, beat: float) -> int:
        """Where the loop begins that runs at a beat."""
        return self.loop_start + math.floor((beat - self.loop_start) / self._loop_beats) * self._loop_beats


def numbered(beat: int) -> tuple[int, int]:
    """Bar and beat as musicians count them: 4 beats a bar, both from 1 on. beat: a whole one, from 0 on."""
    bar, rest = divmod(beat, BEATS_PER_BAR)
    return bar + 1, rest + 1


def _above_zero(bpm: float) -> float:
    if not (math.isfinite(bpm) and bpm > 0):
        raise ValueError(f"the tempo is {bpm} bpm; expected a finite one above 0")
    return float(bpm)


def _at_least_one(beats: int) -> int:
    if beats < 1:
        raise ValueError(f"a loop has {beats} beats; expected at least 1")
    return int(beats)
