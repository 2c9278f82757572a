"""A clock that a test turns by hand, and a sound input that plays what a test gives it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from oscbridge.daemon.feed import Block, Event, Opened
from oscbridge.daemon.sources import Clock

RATE, HOP = 44_100, 1_024
PERIOD = HOP * 1_000_000_000 // RATE  # ns


class Hands:
    """A clock whose time passes only in `sleep`, and when a test moves it."""

    def __init__(self, unix_ns: int = 1_700_000_000_000_000_000, oversleep_ns: int = 0) -> None:
        self.now, self._unix, self._oversleep = 5_000_000_000, unix_ns, oversleep_ns
        self.slept: list[int] = []
        self.on_sleep: Callable[[int], None] = lambda now: None
        self.clock = Clock(lambda: self.now, lambda: self.now + self._unix, self.sleep)

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        nanoseconds = round(seconds * 1e9) + self._oversleep
        self.slept.append(nanoseconds)
        self.move(nanoseconds)

    def move(self, nanoseconds: int) -> None:
        self.now += nanoseconds
        self.on_sleep(self.now)


class FakeFeed:
    """A device that brings `sound` (n, channels) in blocks, each when its last frame has been played."""

    def __init__(self, hands: Hands, sound: np.ndarray, rate: int = RATE, block: int = 512, note: str = "") -> None:
        self.events: deque[Event] = deque()
        self.answered = threading.Event()
        self.answered.set()
        self.overflows = 0
        self.is_closed = False
        self.is_plugged = True
        self.opened = Opened(1, "loopback", sound.shape[1], rate, note)
        self.events.append(self.opened)
        self._hands, self._sound, self._rate, self._block = hands, sound, rate, block
        self._start, self._at = hands.now, 0
        hands.on_sleep = self._bring

    def _bring(self, now: int) -> None:
        while True:
            end = self._at + self._block
            when = self._start + end * 1_000_000_000 // self._rate
            if when > now or end > len(self._sound):
                return
            if self.is_plugged:
                self.events.append(Block(self._sound[self._at : end], when, when + 7))
            self._at = end

    def check(self) -> None:
        pass

    def close(self) -> None:
        self.is_closed = True
