"""When things happen: the beat, and the three moments of every loop's end, by our own clock, by Link or by a client."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import BridgeError
from ..sections import TransportSection
from .link import LinkSession, quantum_of
from .timeline import Timeline, numbered

log = logging.getLogger(__name__)

READY, ACTIVATE, LOOP = range(3)  # what is next in a loop
POLL_S = 0.02  # of Link
TOLERANCE_NS = 200_000  # that we may be off Link before we follow
JITTER_NS = 3_000_000  # and off a clock that is told over OSC
JUMP_BEATS = 0.5  # what is further off is not a drift, but another count
SHORTEST_LOOP_NS = 50_000_000  # clients that play together all say that it ended
EARLY_NS = 1_200_000  # selectors round up to whole milliseconds; the rest is waited for turn by turn


class Owner(Protocol):
    """Who is told. Moments are nanoseconds of the monotonic clock. Whatever a method raises is logged, and that is all.

    In every loop on_ready_due, on_activate_due and on_loop come once each and in this order. A beat that begins a
    loop comes before its on_loop.
    """

    def on_beat(self, bar: int, beat: int, bpm: float, phase: float) -> None:
        """bar and beat count from 1 on; phase: how much of the loop is over, 0 to below 1."""

    def on_ready_due(self, loop_end_ns: int) -> None:
        """The newest clip is to be handed over now."""

    def on_activate_due(self, loop_end_ns: int, beat: float) -> None:
        """What clients have loaded is to begin at loop_end_ns, which is `beat`, counted from 0 on."""

    def on_loop(self, loop_start_ns: int, beat: float) -> None:
        """A loop has begun."""


class Transport:
    """Calls its owner on every beat and around the end of every loop."""

    def __init__(
        self,
        settings: Callable[[], TransportSection],
        owner: Owner,
        clock: Callable[[], int] = time.monotonic_ns,
        open_link: Callable[[float, int, float], LinkSession] = LinkSession,
    ) -> None:
        """clock: ns, and the one by which the event loop's timers go; open_link: joins a session, see LinkSession."""
        self._settings, self._owner, self._clock, self._open_link = settings, owner, clock, open_link
        self._seen = settings()
        self.timeline = Timeline(clock(), self._seen.bpm, self._seen.beats_per_clip)
        self.mode = "internal"  # the one in force
        self._link: LinkSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._poll: asyncio.Handle | None = None
        self._stage = READY
        self._next_beat, self._begun, self._begun_ns = 0, 0, self.timeline.time_of(0)
        self._end = self.timeline.loop_beats  # where the running loop ends; means nothing in mode client

    # what the owner asks for

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beat 0, and the first loop, begin now; on_loop tells those after it. Must be called while the loop runs.

        Raises BridgeError 503 if the settings ask for Link, which is not installed; our own clock runs then.
        """
        self._loop, self._seen, self._begun_ns = loop, self._settings(), self._clock()
        self.timeline = Timeline(self._begun_ns, self._seen.bpm, self._seen.beats_per_clip)
        self._end = self.timeline.loop_beats
        try:
            self._switch(self._seen.mode)
        finally:
            self._arm()

    def close(self) -> None:
        for handle in (self._timer, self._poll):
            if handle is not None:
                handle.cancel()
        self._leave_link()
        self._loop = None

    @property
    def bpm(self) -> float:
        """The tempo in force: the session's in mode link."""
        return self.timeline.bpm

    @property
    def loop_start_ns(self) -> int:
        """When the running loop began."""
        return self._begun_ns

    @property
    def loop_end_ns(self) -> int | None:
        """When the running loop ends, as far as is known now; None in mode client."""
        return None if self.mode == "client" else self.timeline.time_of(self._end)

    def parameters_changed(self) -> None:
        """Takes the settings over; what is due by them now happens at once.

        Raises BridgeError 503 if mode is now link, which is not installed: the mode stays what it was, all else is
        taken over.
        """
        if self._loop is None:  # start takes what is set by then
            return
        before, self._seen = self._seen, self._settings()
        if self._seen.bpm != before.bpm:
            if self._link is not None:
                self._link.propose(self._seen.bpm)
            else:
                self.timeline.set_bpm(self._seen.bpm, self._clock())
        if self._seen.beats_per_clip != before.beats_per_clip:
            if self._link is not None:
                self._link.set_loop_beats(self._seen.beats_per_clip)
            self._divide()
        try:
            if self._seen.mode != before.mode:
                self._switch(self._seen.mode)
        finally:
            self._arm()

    def align(self, at_ns: int) -> bool:
        """A loop of the player began at that moment, by its device's clock. Whether it was followed: in mode internal
        alone, and if one of our loops begins within half a beat of it."""
        beat = self.timeline.beat_at(at_ns)
        start = self.timeline.loop_start
        start += round((beat - start) / self.timeline.loop_beats) * self.timeline.loop_beats
        if self.mode != "internal" or abs(start - beat) > JUMP_BEATS:
            return False
        self.timeline.align(start, at_ns)
        self._arm()
        return True

    def follow(self, beat: float, at_ns: int, bpm: float) -> bool:
        """Another clock has that beat at that moment, ns, and that tempo. Whether it was followed: in mode internal
        alone. Bars and loops agree with its from then on."""
        if self.mode != "internal" or self._loop is None:
            return False
        if self.timeline.loop_start % self.timeline.loop_beats:
            self.timeline.loop_start = 0
            self._find_end()
        self._go_by(beat, at_ns, bpm, quantum_of(self._seen.beats_per_clip), JITTER_NS)
        return True

    def ended(self) -> bool:
        """A client's loop has ended: all that is left of a loop happens at once. False if the last one ended just now,
        so that clients who play together end it once. Raises BridgeError 409 in another mode than client."""
        if self.mode != "client":
            raise BridgeError(
                f"transport.mode is {self.mode}, which says itself when a loop ends; "
                "/ear/transport/mode client leaves it to you",
                409,
            )
        now = self._clock()
        if now - self._begun_ns < SHORTEST_LOOP_NS:
            return False
        beat = max(round(self.timeline.beat_at(now)), self._next_beat - 1)
        self.timeline.align(beat, now)
        self.timeline.loop_start = self._end = beat
        self._skip_what_was_slept_through(now)
        while self._next_beat <= beat:
            self._fire_beat()
        for _ in range(self._stage, LOOP + 1):
            self._fire_stage()
        self._arm()
        return True

    # modes

    def _switch(self, mode: str) -> None:
        if mode == self.mode:
            return
        now = self._clock()
        if mode == "link":
            self._link = self._open_link(self.bpm, self._seen.beats_per_clip, self.timeline.beat_at(now))
        else:
            self._leave_link()
            self.timeline.set_bpm(self._seen.bpm, now)
        self.mode = mode
        self._divide()
        if mode == "link":
            self._follow()

    def _leave_link(self) -> None:
        if self._poll is not None:
            self._poll.cancel()
        if self._link is not None:
            self._link.close()
        self._poll = self._link = None

    def _follow(self) -> None:
        """Goes by Link's beat and tempo. Our count runs on: it agrees with the session's modulo Link's quantum."""
        assert self._link is not None and self._loop is not None
        self._poll = self._loop.call_later(POLL_S, self._follow)
        now = self._link.read()
        self._go_by(now.beat, now.at_ns, now.bpm, now.quantum, TOLERANCE_NS)

    def _go_by(self, beat: float, at_ns: int, bpm: float, quantum: int, tolerance_ns: int) -> None:
        own = self.timeline.beat_at(at_ns)
        off = math.remainder(beat - own, quantum)
        if off < -JUMP_BEATS:
            off += quantum  # beats that have been told are not told again
        if abs(self.timeline.beats_ns(off)) <= tolerance_ns and math.isclose(bpm, self.bpm, rel_tol=1e-7):
            return
        self.timeline.align(own + off, at_ns, bpm)
        if off > JUMP_BEATS:
            self._next_beat = max(self._next_beat, math.floor(self.timeline.beat_at(self._clock())) + 1)
            self._find_end()
        self._arm()

    # loops

    def _divide(self) -> None:
        """Lays loops of the length that is wanted now over the beats."""
        self.timeline.set_loop_beats(self._seen.beats_per_clip, self._here())
        if self.mode == "link":
            self.timeline.loop_start = 0  # as all others in the session count
        elif self._stage == LOOP:
            self.timeline.loop_start = self._end
        self._find_end()

    def _find_end(self) -> None:
        """The end that clients have been told stays."""
        if self._stage != LOOP:
            self._end = self.timeline.loop_end_after(self._here())

    def _here(self) -> float:
        """The beat of now; an alignment may have put it back a little before the last loop's end."""
        return max(self.timeline.beat_at(self._clock()), self._begun)

    # time

    def _arm(self) -> None:
        """Sets the timer for what comes next."""
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is None:
            return
        delay = min(self.timeline.time_of(self._next_beat), self._stage_due()) - self._clock()
        if delay > EARLY_NS:
            self._timer = self._loop.call_later((delay - EARLY_NS) / 1e9, self._wake)
        else:
            self._timer = self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._skip_what_was_slept_through(self._clock())
        while self._loop is not None:
            beat_due, stage_due = self.timeline.time_of(self._next_beat), self._stage_due()
            if min(beat_due, stage_due) > self._clock():
                break
            if beat_due <= stage_due:
                self._fire_beat()
            else:
                self._fire_stage()
        self._arm()

    def _stage_due(self) -> float:
        """When the next moment of the running loop is due, ns."""
        if self.mode == "client":
            return math.inf
        lookahead = self._seen.lookahead_ms
        before_ms = (max(self._seen.ready_ms, lookahead), lookahead, 0.0)[self._stage]
        return self.timeline.time_of(self._end) - round(before_ms * 1e6)

    def _skip_what_was_slept_through(self, now: int) -> None:
        """After more than a loop, the running one ends once, at the last moment at which a loop did."""
        latest = now - self.timeline.loop_ns
        beat = self.timeline.beat_at(now)
        if self.timeline.time_of(self._next_beat) < latest:
            self._next_beat = math.ceil(beat)
        if self.mode != "client" and self.timeline.time_of(self._end) < latest:
            self._end = max(self._end, self.timeline.loop_end_after(beat) - self.timeline.loop_beats)

    def _fire_beat(self) -> None:
        beat = self._next_beat
        self._next_beat += 1
        self._tell(self._owner.on_beat, *numbered(beat), self.bpm, self.timeline.phase(beat))

    def _fire_stage(self) -> None:
        end, at_ns, stage = self._end, self.timeline.time_of(self._end), self._stage
        if stage == READY:
            self._stage = ACTIVATE
            self._tell(self._owner.on_ready_due, at_ns)
        elif stage == ACTIVATE:
            self._stage = LOOP
            self._tell(self._owner.on_activate_due, at_ns, float(end))
        else:
            self._stage, self._begun, self._begun_ns = READY, end, at_ns
            self._end = self.timeline.loop_end_after(end)
            self._tell(self._owner.on_loop, at_ns, float(end))

    def _tell(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            callback(*args)
        except Exception:
            log.exception("%s failed; the beat goes on", callback.__name__)


def unix_ns(at_ns: int) -> int:
    """A moment of the monotonic clock by the wall clock as it is set now: for what is sent at once."""
    return time.time_ns() + at_ns - time.monotonic_ns()
