"""Sound inputs: what is played now, one hop at a time, and silence while the device is away.

PortAudio runs in a process of its own (see capture.py), so nothing here can hang or crash with it.
"""

from __future__ import annotations

import logging
from collections import deque

import numpy as np

from ..errors import BridgeError
from .capture import Input
from .feed import Block, CaptureProcess, Event, Feed, Opened, Trouble, list_inputs
from .intake import Gain, Intake
from .looped import Tell
from .sources import SECOND, SYSTEM_CLOCK, Clock, Hop, log_told

__all__ = ["DeviceSource", "Input", "list_inputs"]

log = logging.getLogger(__name__)

GONE_S = 0.5  # no sound for so long: the device is gone
OPEN_S = 12.0  # the first answer; a driver that takes longer is given up


class DeviceSource:
    """Hops from a sound input, as they come in; silence, on time, while the device is away.

    `gaps` counts hops of silence put in because sound came too late, `overflows` the times the system lost
    sound before it reached us. Both are 0 on a healthy machine.
    """

    def __init__(
        self,
        device: str = "",
        rate: int = 44_100,
        hop: int = 1_024,
        channel: int = 0,
        gain_db: float = 0.0,
        *,
        tell: Tell = log_told,
        wait: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        slack_hops: int = 2,
        keep_hops: int = 16,
        feed: Feed | None = None,
    ) -> None:
        """Returns when the first sound is there.

        device: "" is the system's default input, digits an index, else a part of the name in any case.
        wait: do not raise if the device is missing, but begin with silence and keep trying.
        slack_hops: when more hops than this wait to be read, the oldest are skipped.
        feed: stands in for the device, in tests.
        Raises BridgeError: 404 no such device (lists them), 422 no such channel, 503 it does not open.
        """
        self.rate, self.hop = rate, hop
        self.gaps = 0
        self._device, self._channel, self._tell, self._clock = device, channel, tell, clock
        self._slack, self._keep = slack_hops, keep_hops
        self._period = hop * SECOND // rate
        self._gain = Gain(gain_db, ramp=hop)
        self._intake: Intake | None = None
        self._opened: Opened | None = None
        self._ready = np.empty(0, np.float32)  # heard, at `rate`, not handed out yet
        self._arrived = self._read = 0  # samples of it, ever
        self._stamps: deque[tuple[int, int, int]] = deque()  # (samples arrived, monotonic ns, Unix ns)
        self._largest = 0  # frames of the largest block, at `rate`
        self._is_gone = self._is_silent = False
        self._trouble = ""
        self._given: int | None = None  # when the last hop was handed out
        self._last_sound = clock.monotonic_ns()
        self._feed: Feed = feed or CaptureProcess(device, rate, channel)
        try:
            self._start(wait)
        except BridgeError:
            self._feed.close()
            raise

    def _start(self, wait: bool) -> None:
        first: Event = Trouble(503, f"{self._name} does not answer within {OPEN_S:.0f} s")
        if self._feed.answered.wait(OPEN_S):
            first = self._feed.events.popleft()
        if isinstance(first, Opened):
            self._open(first, is_first=not wait)
        elif not wait and isinstance(first, Trouble):
            raise BridgeError(first.text, first.code)
        elif isinstance(first, Trouble):
            self._lose(first, f"{first.text}; silence until it is there, trying every second")
        self._last_sound = self._clock.monotonic_ns()

    @property
    def what(self) -> str:
        if self._opened is None or self._is_gone:
            return f"{self._name}, which is away"
        o = self._opened
        text = f'device {o.index} "{o.name}", {o.channels} channel{"s" * (o.channels > 1)} at {o.rate:,} Hz'
        return text if o.rate == self.rate else f"{text}, resampled to {self.rate:,} Hz"

    @property
    def lost_hops(self) -> int:
        return self.gaps

    @property
    def overflows(self) -> int:
        return self._feed.overflows

    def set_gain(self, gain_db: float) -> None:
        self._gain.set(gain_db)

    def set_channel(self, channel: int) -> None:
        if self._intake is not None:
            self._intake.set_channel(channel)
        self._channel = channel

    def close(self) -> None:
        self._feed.close()

    def next_hop(self) -> Hop:
        """The next hop as soon as it is there, or silence: after two hops' time, then every hop's."""
        self._feed.check()
        begun = self._clock.monotonic_ns()
        if self._given is None:
            self._given = begun - self._period
        while True:
            self._take_events()
            now = self._clock.monotonic_ns()
            due = self._given + self._period
            whole = len(self._ready) // self.hop
            # blocks longer than a hop bring several at once: they are handed out one by one, evenly
            reserve = -(-self._largest // self.hop) - 1
            if whole and (whole > reserve or now >= due):
                return self._sound(whole, max(0, reserve), now)
            until = due if self._is_silent else begun + 2 * self._period
            if now >= until:
                return self._silence(now)
            # asleep until shortly before the next hop, then looking each millisecond
            wake = due if whole else max(due - 2_000_000, now + 1_000_000)
            self._clock.sleep((min(wake, until) - now) / SECOND)

    def _sound(self, whole: int, reserve: int, now: int) -> Hop:
        skip = whole - 1 - reserve if whole > self._slack + reserve else 0
        begin, end = (skip - min(skip, self._keep)) * self.hop, (skip + 1) * self.hop
        sound = self._gain(self._ready[begin:end]).reshape(-1, self.hop)
        self._ready = self._ready[end:]
        self._read += end
        while self._stamps[0][0] < self._read:
            self._stamps.popleft()
        _, monotonic_ns, unix_ns = self._stamps[0]
        self._given = now
        self._is_silent = False
        return Hop(sound[-1], unix_ns, monotonic_ns, sound[:-1], skip)

    def _silence(self, now: int) -> Hop:
        assert self._given is not None
        skip = 0
        if self._is_silent:
            late = (now - self._given) // self._period - 1
            skip = late if late > self._slack else 0
            self._given += (skip + 1) * self._period
        else:
            self._given = now
            self._is_silent = True
        self.gaps += not self._is_gone
        dropped = np.zeros((min(skip, self._keep), self.hop), np.float32)
        hop = np.zeros(self.hop, np.float32)
        return Hop(hop, self._clock.unix_at(self._given), self._given, dropped, skip)

    def _take_events(self) -> None:
        gone = f"{self._name} is gone; silence until it is back, trying every second"
        while self._feed.events:
            event = self._feed.events.popleft()
            if isinstance(event, Block):
                self._hear(event)
            elif isinstance(event, Opened):
                self._open(event, is_first=False)
            else:
                self._lose(event, gone)
        if not self._is_gone and self._clock.monotonic_ns() - self._last_sound > GONE_S * SECOND:
            self._lose(Trouble(503, "no sound comes in"), gone)

    def _hear(self, block: Block) -> None:
        assert self._intake is not None, "a feed opens before it gives sound"
        self._last_sound = self._clock.monotonic_ns()
        if self._is_gone:
            self._is_gone = False
            self._tell(200, f"{self._name} is back")
        had = self._intake.broken
        sound = self._intake(block.samples)
        if self._intake.broken and not had:
            self._tell(422, f"{self._name} gives NaN, infinite or huge samples; they are taken as 0")
        self._ready = np.concatenate([self._ready, sound])
        self._arrived += len(sound)
        self._stamps.append((self._arrived, block.monotonic_ns, block.unix_ns))
        self._largest = max(self._largest, len(sound))

    def _open(self, opened: Opened, is_first: bool) -> None:
        self._opened = opened
        channel = self._channel
        if not is_first and not 0 <= channel <= opened.channels:
            self._tell(
                422,
                f"{self._name} came with {opened.channels} channels, so there is no channel {channel}; "
                "taking the mean of all",
            )
            channel = 0
        self._intake = Intake(self._name, opened.channels, opened.rate, self.rate, channel, ramp=self.hop)
        self._forget_sound()
        self._largest = 0
        if opened.note:
            self._tell(200, opened.note)

    def _lose(self, trouble: Trouble, text: str) -> None:
        self._forget_sound()
        if not self._is_gone:
            self._is_gone = self._is_silent = True
            self._tell(503, text)
        if trouble.text != self._trouble:
            self._trouble = trouble.text
            log.info("no sound from %s: %s", self._name, trouble.text)

    def _forget_sound(self) -> None:
        self._ready = np.empty(0, np.float32)
        self._arrived = self._read = 0
        self._stamps.clear()

    @property
    def _name(self) -> str:
        if self._opened is not None:
            return f'device "{self._opened.name}"'
        return f'device "{self._device}"' if self._device else "the default input"
