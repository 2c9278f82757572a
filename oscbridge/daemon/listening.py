"""The listening worker as control sees it: its frames, its source, its troubles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from ..ear.neurons import Statistics
from ..sections import Listen
from . import listen_worker
from .candidate import Candidate
from .frames import Frame, SharedFrames
from .listen_worker import LastFrame
from .recent import SharedRecent
from .supervisor import Supervisor

LATE_FRAMES = 3  # a backlog longer than this is skipped up to the newest frame


@dataclass(frozen=True)
class Surroundings:
    """What it needs of the daemon. became_ready: the network's id, whether it has learned, its statistics; answer: an
    outcome of a change of source; tell_all: an OSC message to every client with a lease."""

    model: Path
    hop_s: float
    listen: Callable[[], Listen]
    deck: Callable[[], dict[str, Any] | None]
    on_frame: Callable[[Frame], None]
    became_ready: Callable[[str, bool, Statistics], None]
    answer: Callable[[dict[str, Any]], None]
    went_down: Callable[[], None]
    tell_all: Callable[..., None]
    say: Callable[[str], None]


class Listening:
    """Owns the listening worker."""

    def __init__(
        self,
        context: SpawnContext,
        around: Surroundings,
        neurons: int,
        recent: SharedRecent,
        run: Callable[..., None] = listen_worker.run,
    ) -> None:
        """run: what the worker's process does."""
        self._around, self._recent = around, recent
        self._frames = SharedFrames(context, neurons)
        self.worker = Supervisor(context, "listening", run, self)
        self.is_ready = asyncio.Event()
        self.newest: Frame | None = None
        self.newest_at = 0.0  # monotonic
        self.load = 0.0
        self._skipped = 0  # frames that control was too late for
        self._worker_dropped = 0
        self._dropped_before = 0  # by workers that are gone
        self._what = ""  # that the ear hears
        self._trouble = self._fatal = ""  # of the source, of the worker's start; "" while all is well
        self._left: LastFrame | None = None  # of the network before
        self.how = ""  # the network is evaluated, in words
        self._looks_per_s: float | None = None  # if that is not at every hop

    @property
    def dropped(self) -> int:
        return self._dropped_before + self._worker_dropped + self._skipped

    @property
    def state(self) -> str:
        if self._trouble or self._fatal or (self.worker.restarts and not self.is_ready.is_set()):
            return "degraded"
        return "running" if self.newest is not None else "starting"

    def play(self, order: dict[str, Any], crossfade_ms: float) -> None:
        """What plays from now on, for when the source is `clip`."""
        self.worker.tell({"deck": {**order, "crossfade_ms": crossfade_ms}})

    def follow(self, around: Surroundings, new: Candidate) -> None:
        """Another network listens from now on; the worker before has ended."""
        restarts, self._left = self.worker.restarts, self._last
        self._around, self._frames, self._recent = around, new.frames, new.recent
        self.worker = new.worker
        self.worker.owner, self.worker.restarts = self, restarts
        self.newest, self.load = None, 0.0
        self._forget_worker()
        self._fatal = ""
        self.takes(new.how)
        if new.is_lost:  # at the last moment: the next one loads as after any loss
            self.worker.start(asyncio.get_running_loop())
        else:
            self._go()

    def takes(self, how: str) -> None:
        """How the network is evaluated, in words."""
        if how != self.how:
            self._around.say(f"the network is evaluated {how}")
        self.how, self._looks_per_s = how, None

    @property
    def answers_per_s(self) -> float:
        return 1 / self._around.hop_s if self._looks_per_s is None else self._looks_per_s

    @property
    def _last(self) -> LastFrame | None:
        return (self.newest.number, self.newest_at) if self.newest else self._left

    def worker_arguments(self) -> tuple[Any, ...]:
        return (self._frames, self._recent, str(self._around.model))

    def _go(self) -> None:
        order = {"listen": self._around.listen().model_dump(), "last": self._last, "deck": self._around.deck()}
        self.worker.tell({"go": order})

    def worker_said(self, message: dict[str, Any]) -> None:
        if "loaded" in message:
            self._around.became_ready(message["loaded"], message["trained"], self._frames.read_statistics())
            self.takes(message["how"])
            self._go()
        elif "ready" in message:
            self._fatal = ""
            self._hears(message["what"])
            self.is_ready.set()
        elif "result" in message:
            if message["code"] == 200:
                self._trouble = ""
                self._hears(message["text"])
            self._around.answer(message)
        elif "looks" in message:
            self._looks_per_s = message["looks"]
        elif "trouble" in message:
            self._source_trouble(message["code"], message["trouble"], message["lasts"])
        elif "fatal" in message:
            if message["fatal"] != self._fatal:  # a worker that fails for one reason again and again says so once
                self._around.say(message["fatal"])
            self._fatal = message["fatal"]
            self._around.tell_all("/ear/fail", "/ear/status", message["code"], message["fatal"])

    def _hears(self, what: str) -> None:
        if what != self._what:
            self._around.say(f"hears {what}")
        self._what = what

    def _source_trouble(self, code: int, text: str, lasts: bool) -> None:
        self._around.say(text)
        if code == 200:
            self._trouble = ""
            self._around.tell_all("/ear/done", "/ear/listen/source", text)
            return
        if lasts:
            self._trouble = text
        self._around.tell_all("/ear/fail", "/ear/listen/source", code, text)

    def worker_down(self, why: str) -> None:
        self._forget_worker()
        self._around.went_down()
        self._around.say(why)
        self._around.tell_all("/ear/fail", "/ear/status", 503, why)

    def _forget_worker(self) -> None:
        self.is_ready.clear()
        self._trouble = ""  # the next worker finds out anew
        self._dropped_before += self._worker_dropped
        self._worker_dropped = 0

    def worker_beat(self, frames: list[int]) -> None:
        if len(frames) > LATE_FRAMES:
            self._skipped += len(frames) - 1
            frames = frames[-1:]
        for number in frames:
            frame = self._frames.read(number)
            if frame is None:
                self._skipped += 1
                continue
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        now = time.monotonic()
        if self.newest is None and self._left is not None:
            self._around.say(f"{(now - self._left[1]) * 1e3:.0f} ms lay between the two networks' frames")
        self.newest, self.newest_at = frame, now
        self._worker_dropped = frame.dropped
        self.load += (frame.compute_ns / (self._around.hop_s * 1e9) - self.load) / 43  # over about a second
        self._around.on_frame(frame)
