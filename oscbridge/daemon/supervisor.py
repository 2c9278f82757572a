"""Keeps a worker process alive: starts it, watches its heartbeat, kills it when it hangs, restarts it with back-off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

log = logging.getLogger(__name__)

HANG_S = 1.5  # 65 hops without a finished one
LOAD_S = 60.0  # importing torch on a busy, cold machine
CHECK_S = 0.25
MAX_RESTARTS = 5
PER_S = 60.0
BACKOFF_S = (0.0, 0.25, 0.5, 1.0, 2.0)


class Owner(Protocol):
    """Who a worker belongs to."""

    def worker_arguments(self) -> tuple[Any, ...]:
        """What the next process starts with, after the socket: what was last committed."""

    def worker_said(self, message: dict[str, Any]) -> None: ...

    def worker_beat(self, frames: list[int]) -> None:
        """Frames that were finished since the last call, oldest first."""

    def worker_down(self, why: str) -> None: ...


class Supervisor:
    """One worker. `target(socket, *arguments)` runs in its own process and speaks JSON lines over the socket.

    A line of digits is a finished hop's frame number: the heartbeat.
    """

    def __init__(
        self, context: SpawnContext, name: str, target: Callable[..., None], owner: Owner, hang_s: float = HANG_S
    ) -> None:
        """hang_s: silence after which a worker that was ready is taken for hung."""
        self._name, self._hang_s = name, hang_s
        self._context, self._target, self.owner = context, target, owner  # who owns it may change while it runs
        self._process: BaseProcess | None = None
        self._socket: socket.socket | None = None
        self._buffer = b""
        self._starts: deque[float] = deque(maxlen=MAX_RESTARTS)
        self._alive_at = 0.0
        self._ready = False
        self._stopping = True  # until it is started
        self._checking: asyncio.TimerHandle | None = None
        self._checked_at = 0.0
        self.restarts = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raises RuntimeError if it runs already."""
        if not self._stopping:
            raise RuntimeError(f"the {self._name} worker was started twice")
        self._loop, self._stopping = loop, False
        self._launch()
        self._checked_at = time.monotonic()
        self._checking = loop.call_later(CHECK_S, self._check)

    def tell(self, message: dict[str, Any]) -> bool:
        """Sends one message to the worker. False if it is down."""
        if self._socket is None:
            return False
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return False
        return True

    def stop(self, grace_s: float = 0.5) -> None:
        """Ends the worker, until it is started again; returns when it is gone. grace_s: time to end by itself."""
        if (process := self._let_go()) is not None:
            _see_off(process, grace_s)

    def stop_beside(self, grace_s: float = 0.5) -> asyncio.Future[None]:
        """As `stop`, but what is returned is done when the worker is gone. From now on it is not heard any more."""
        loop = asyncio.get_running_loop()
        if (process := self._let_go()) is not None:
            return loop.run_in_executor(None, _see_off, process, grace_s)
        gone: asyncio.Future[None] = loop.create_future()
        gone.set_result(None)
        return gone

    def _launch(self) -> None:
        assert self._loop is not None
        self._pending = None
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        arguments = (theirs, os.getpid(), *self.owner.worker_arguments())
        self._process = self._context.Process(target=self._target, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._socket, self._buffer, self._ready = ours, b"", False
        self._alive_at = time.monotonic()
        self._loop.add_reader(ours, self._read)

    def _read(self) -> None:
        assert self._socket is not None
        try:
            data = self._socket.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost("it ended")
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._alive_at = time.monotonic()
        frames = []
        for line in lines:
            if line.isdigit():
                frames.append(int(line))
                continue
            message = json.loads(line)
            if "ready" in message:
                self._ready = True
            self.owner.worker_said(message)
            if self._socket is None:  # what it said was its last word
                return
        if frames:
            self.owner.worker_beat(frames)

    def _check(self) -> None:
        assert self._loop is not None
        if self._stopping:
            return
        now = time.monotonic()
        # a check that comes late itself tells of our own pause (suspend, a debugger), not of the worker's
        on_time = now - self._checked_at < 2 * CHECK_S
        self._checked_at = now
        silent = now - self._alive_at
        self._checking = self._loop.call_later(CHECK_S, self._check)
        if self._socket is not None and on_time and silent > (self._hang_s if self._ready else LOAD_S):
            self._dump_stack()
            self._lost(f"it hung: no sign of life for {silent:.1f} s")

    def _dump_stack(self) -> None:
        """Asks the worker's faulthandler where it hangs; a stopped process keeps silent."""
        if hasattr(signal, "SIGUSR1") and self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGUSR1)
                time.sleep(0.02)

    def _lost(self, why: str) -> None:
        assert self._loop is not None
        if (process := self._disconnect()) is not None:
            _see_off(process, grace_s=0.0)
        if self._stopping:
            return
        self.restarts += 1
        delay = self._delay(time.monotonic())
        why = f"the {self._name} worker is down ({why}); it starts again" + (f" in {delay:.0f} s" if delay >= 1 else "")
        self.owner.worker_down(why)
        if self._stopping:  # its owner has no use for another
            return
        log.warning(why)
        self._pending = self._loop.call_later(delay, self._relaunch)

    def _relaunch(self) -> None:
        self._starts.append(time.monotonic())
        self._launch()

    def _delay(self, now: float) -> float:
        """Seconds to the next start: soon at first, and never more than MAX_RESTARTS in PER_S."""
        recent = [t for t in self._starts if now - t < PER_S]
        if len(recent) >= MAX_RESTARTS:
            return max(PER_S - (now - recent[0]), BACKOFF_S[-1])
        return BACKOFF_S[len(recent)]

    def _let_go(self) -> BaseProcess | None:
        """No timer and no socket holds the worker any more. Returns its process, which has to be seen off."""
        self._stopping = True
        for timer in (self._pending, self._checking):
            if timer is not None:
                timer.cancel()
        self._pending = self._checking = None
        return self._disconnect()

    def _disconnect(self) -> BaseProcess | None:
        if self._socket is not None:
            if self._loop is not None:
                self._loop.remove_reader(self._socket)
            self._socket.close()  # the worker sees the end of its input and leaves
            self._socket = None
        self._ready = False
        process, self._process = self._process, None
        return process


def _see_off(process: BaseProcess, grace_s: float) -> None:
    """Returns when it is gone: its memory is free, and its device, before the next one starts."""
    if grace_s:
        process.join(grace_s)
    if process.is_alive():
        process.kill()
    process.join()
    process.close()
