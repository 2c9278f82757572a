"""A thread that reads and decodes ahead of time, so that no hop waits for a disk."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from .looped import Tell

log = logging.getLogger(__name__)

AHEAD_S = 1.0  # how far
LEAST = 4  # that are kept ready, however large

Made = TypeVar("Made")


class Ahead(Generic[Made]):
    """Keeps the next things ready, and what is to be told of them until their reader comes by."""

    def __init__(self, name: str, most: int) -> None:
        """name: of what is read, for people; most: how many are kept ready."""
        self._name = name
        self.ready: queue.Queue[Made] = queue.Queue(max(LEAST, most))
        self._told: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
        self._closing = threading.Event()

    def start(self, make: Callable[[], Sequence[Made]], end: Callable[[], None]) -> None:
        """make: the next few, none at times; from now on called in the thread; end: lets go of the file, there too."""
        # the thread alone holds both: they may lead back here, and where no collector runs a circle is never freed
        self.thread = threading.Thread(target=self._run, args=(make, end), name="decode", daemon=True)
        self.thread.start()

    def remark(self, code: int, text: str) -> None:
        """Any thread; told when the reader comes by."""
        self._told.put((code, text))

    def remarks(self, tell: Tell) -> None:
        """Tells them, in the reader's thread."""
        while not self._told.empty():
            tell(*self._told.get())

    def take(self, until: float) -> Made:
        """The next one. until: on the monotonic clock, for a real thread is waited for. Raises queue.Empty."""
        return self.ready.get(timeout=max(0.0, until - time.monotonic()))

    def put(self, one: Made) -> None:
        while not self._closing.is_set():
            try:
                self.ready.put(one, timeout=0.1)
                return
            except queue.Full:
                continue  # a full second is ready: look whether we are closed, and wait on

    def close(self) -> None:
        self._closing.set()
        with contextlib.suppress(queue.Empty):
            self.ready.get_nowait()  # wakes the thread if the queue is full
        self.thread.join(timeout=1.0)  # a dead network disk may hold it longer; it is a daemon

    def _run(self, make: Callable[[], Sequence[Made]], end: Callable[[], None]) -> None:
        while not self._closing.is_set():
            try:
                made = make()
            except Exception:  # our own fault: the show goes on, and the log says what to mend
                log.exception("decoding %s failed", self._name)
                self.remark(500, f"{self._name} stopped: internal error, see the log")
                break
            for one in made:
                self.put(one)
        end()
