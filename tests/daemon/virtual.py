"""A transport whose time is a test's: an event loop that waits by turning its clock, and a Link that says what it is
told to."""

from __future__ import annotations

import asyncio
import itertools
import math
import selectors
from collections.abc import Callable
from typing import Any

from oscbridge.daemon.link import Reading
from oscbridge.daemon.transport import Transport
from oscbridge.errors import BridgeError
from oscbridge.sections import TransportSection

MS = 1_000_000
TURN_NS = 50_000  # what a turn of the event loop takes


class _Selector(selectors.SelectSelector):
    """Waits by turning the clock: up to the next whole millisecond, as epoll does, or one turn of the loop."""

    now = 5_000_000_000

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen again"
        self.now += max(math.ceil(timeout * 1e3) * MS, TURN_NS)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.virtual = _Selector()
        super().__init__(self.virtual)

    def time(self) -> float:
        return self.virtual.now / 1e9

    def clock(self) -> int:
        return self.virtual.now


class FakeLink:
    """A session whose beat and tempo a test sets. Readings are 8 beats modulo."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop, self.quantum, self.is_closed = loop, 8, False
        self.bpm, self._at, self._beat = 120.0, loop.clock(), 0.0

    def put(self, beat: float, bpm: float) -> None:
        self._at, self._beat, self.bpm = self._loop.clock(), beat, bpm

    @property
    def beat(self) -> float:
        return self._beat + (self._loop.clock() - self._at) * self.bpm / 60e9

    def read(self) -> Reading:
        return Reading(self.beat, self._loop.clock(), self.bpm, self.quantum, 1)

    def propose(self, bpm: float) -> None:
        self.put(self.beat, bpm)

    def set_loop_beats(self, loop_beats: int) -> None:
        self.quantum = math.lcm(4, loop_beats)

    def close(self) -> None:
        self.is_closed = True


class Rig:
    """A transport in a virtual loop; `calls` is what its owner was told: (what, ms since the start, arguments)."""

    def __init__(self, **section: Any) -> None:
        self.loop, self.section = VirtualLoop(), TransportSection(**section)
        self.link, self.has_link = FakeLink(self.loop), True
        self.calls: list[tuple[str, float, tuple[Any, ...]]] = []
        self.on_call: Callable[[str], None] = lambda what: None
        self.transport = Transport(lambda: self.section, self, self.loop.clock, self._open)  # type: ignore[arg-type]
        self.began = self.loop.clock()

    def _open(self, bpm: float, loop_beats: int, beat: float) -> FakeLink:
        if not self.has_link:
            raise BridgeError("no Link here: pip install 'oscbridge[link]'", 503)
        self.link.set_loop_beats(loop_beats)
        return self.link

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith("on_"):
            raise AttributeError(name)

        def told(*args: Any) -> None:
            self.calls.append((name.removeprefix("on_"), self.ms, args))
            self.on_call(name.removeprefix("on_"))

        told.__name__ = name
        return told

    @property
    def ms(self) -> float:
        return (self.loop.clock() - self.began) / MS

    def start(self) -> Rig:
        self.loop.call_soon(self.transport.start, self.loop)
        self.run(0)
        self.began = self.transport.loop_start_ns
        return self

    def run(self, seconds: float) -> Rig:
        self.loop.run_until_complete(asyncio.sleep(seconds))
        return self

    def set(self, **changes: Any) -> None:
        self.section = self.section.model_copy(update=changes)
        self.transport.parameters_changed()

    def names(self, *without: str) -> list[str]:
        return [what for what, _, _ in self.calls if what not in without]

    def of(self, what: str) -> list[tuple[float, tuple[Any, ...]]]:
        return [(at, args) for name, at, args in self.calls if name == what]


ROUND = ["ready_due", "activate_due", "loop"]


def check_rounds(rig: Rig) -> None:
    """Each of a loop's moments once, in order; beats and loop ends only rise."""
    told = rig.names("beat")
    assert told == (ROUND * len(told))[: len(told)]
    beats = [4 * bar + beat for _, (bar, beat, _, _) in rig.of("beat")]
    assert all(a < b for a, b in itertools.pairwise(beats))
    loops = [args for _, args in rig.of("loop")]
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(loops))
