"""Ableton Link, when it is asked for: the beat and the tempo that all in the session share."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

from ..errors import BridgeError
from .timeline import BEATS_PER_BAR

GOOD_NS = 50_000  # a reading that took longer was interrupted, and may be wrong by as much
TRIES = 4


@dataclass(frozen=True)
class Reading:
    """beat: at the moment at_ns of the monotonic clock; the session agrees on it modulo `quantum`."""

    beat: float
    at_ns: int
    bpm: float
    quantum: int
    peers: int


class LinkSession:
    """Our part in the session. Its methods belong to the thread of the event loop, and return at once."""

    def __init__(self, bpm: float, loop_beats: int, beat: float) -> None:
        """Joins. bpm and beat, that of now, hold unless somebody is there already. Must be called while the event
        loop runs: aalink takes the running one. Raises BridgeError 503 if aalink is missing."""
        self._link = _aalink().Link(bpm)
        self.set_loop_beats(loop_beats)
        self._link.request_beat(beat)
        self._link.enabled = True

    def set_loop_beats(self, loop_beats: int) -> None:
        self._quantum = quantum_of(loop_beats)
        self._link.quantum = self._quantum

    def propose(self, bpm: float) -> None:
        """A tempo for all in the session; Link takes 20 to 999."""
        self._link.tempo = bpm

    def read(self) -> Reading:
        """aalink tells the beat of now by Link's own clock, so the two of ours around it say when that was."""
        best, at_ns, beat = math.inf, 0, 0.0
        for _ in range(TRIES):
            before = time.monotonic_ns()
            now = float(self._link.beat)
            took = time.monotonic_ns() - before
            if took < best:
                best, at_ns, beat = took, before + took // 2, now
            if took < GOOD_NS:
                break
        return Reading(beat, at_ns, float(self._link.tempo), self._quantum, int(self._link.num_peers))

    def close(self) -> None:
        self._link.enabled = False


def quantum_of(loop_beats: int) -> int:
    """Beats after which whole bars and whole loops have passed: who shares them shares loops too, if as long."""
    return math.lcm(BEATS_PER_BAR, loop_beats)


def require() -> None:
    """Raises BridgeError 503 if Link is not installed; then transport.mode cannot be link."""
    _aalink()


def _aalink() -> Any:
    try:
        import aalink
    except ImportError as error:
        raise BridgeError(
            f"transport.mode link needs Ableton Link, which is not there ({error}): pip install 'oscbridge[link]', "
            "then start again",
            503,
        ) from None
    return aalink
