"""How the daemon holds out: it dreams, swaps clips and hears them for hours, while all that may be moved is moved.

`python -m tests.bench.soak --minutes 10` prints one table. A client loads and acknowledges every clip, counts every
frame and every beat, and moves parameters at random, the same ones for the same seed.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from oscbridge.settings import Parameter, live_parameters
from tests.wire import Running, Wire

MOVE_S = 0.5  # from one change to the next
SETTLED_S = 15.0  # after the start, when memory is looked at first
STATUS_S = 5.0
BEATS_PER_CLIP = 8
LIVE_SECTIONS = ("dream", "stream", "layout")
TEMPI = (110.0, 130.0)
MEMORY = Path("/dev/shm")  # where Linux keeps what processes share


@dataclass
class Counts:
    """What the client has seen."""

    began: float = field(default_factory=time.monotonic)
    frames: int = 0  # whole ones
    first_frame: int = 0
    last_frame: int = 0
    gaps: int = 0
    chunks: int = 0  # of the frame that is coming in
    last_frame_at: float = 0.0
    longest_silence_s: float = 0.0  # between frames
    clips: set[int] = field(default_factory=set)
    activated: list[int] = field(default_factory=list)
    late: int = 0  # activations that came after their time
    loops: int = 0
    active_in_loop: bool = False
    without: int = 0  # loops at whose end nothing was activated
    beat: tuple[int, float, float] | None = None  # number, bpm, arrival
    beat_gaps: int = 0
    jitter_ms: list[float] = field(default_factory=list)
    worst: str = ""  # what went before the beat that was furthest off
    moved: str = ""  # the last move
    steps: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    moves: int = 0
    dropped: int = 0
    restarts: int = 0
    slowest_answer_ms: float = 0.0
    asked_at: float = 0.0


class Client:
    """Loads every clip as soon as it is told of it."""

    def __init__(self, wire: Wire, counts: Counts) -> None:
        self._wire, self.counts = wire, counts

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self._wire.receive(left)
            if message is not None:
                self._take(message, time.monotonic())

    def _take(self, message: tuple[Any, ...], now: float) -> None:
        c, address = self.counts, message[0]
        if address == "/ear/activations":
            self._frame(message[2], message[3], message[4], now)
        elif address == "/ear/clip/ready":
            c.clips.add(message[1])
            c.lengths[message[6]] += 1
            self._load(message[1], message[4], message[6])
        elif address == "/ear/clip/activate":
            c.activated.append(message[1])
            c.active_in_loop = True
            c.late += message[2] + message[3] / 1e6 < time.time()
            self._wire.send("/ear/clip/started", message[1])
        elif address == "/ear/beat":
            self._beat(message[1:], now)
        elif address == "/ear/dream/progress":
            c.steps += 1
        elif address == "/ear/fail":
            c.errors[f"{message[1]} {message[2]} {message[3][:70]}"] += 1
        elif address == "/ear/status":
            c.slowest_answer_ms = max(c.slowest_answer_ms, 1e3 * (now - c.asked_at))
            c.dropped, c.restarts = message[7], message[8]

    def _load(self, clip: int, path: str, frames: int) -> None:
        """As a host does: reads the whole file."""
        try:
            whole = Path(path).stat().st_size > 4 * frames
        except OSError:
            whole = False
        if whole:
            self._wire.send("/ear/clip/loaded", clip)
        else:
            self._wire.send("/ear/clip/failed", clip, "it is not whole")
            self.counts.errors["client: a clip's file was not whole"] += 1

    def _frame(self, number: int, chunk: int, chunks: int, now: float) -> None:
        c = self.counts
        if number != c.last_frame:
            if c.last_frame:
                c.gaps += number != c.last_frame + 1
                c.longest_silence_s = max(c.longest_silence_s, now - c.last_frame_at)
            c.first_frame = c.first_frame or number
            c.last_frame, c.last_frame_at, c.chunks = number, now, 0
        c.chunks += 1
        c.frames += c.chunks == chunks

    def _beat(self, told: tuple[Any, ...], now: float) -> None:
        c, (bar, beat, bpm, phase) = self.counts, told
        number = 4 * bar + beat
        if c.beat is not None:
            before, tempo, at = c.beat
            c.beat_gaps += number != before + 1
            if tempo == bpm and number == before + 1:
                c.jitter_ms.append(1e3 * (now - at - 60 / bpm))
                if max(map(abs, c.jitter_ms)) == abs(c.jitter_ms[-1]):
                    c.worst = f"{now - c.began:.1f} s after the start, after {c.moved or 'nothing'}"
        c.beat = number, bpm, now
        if phase == 0:
            if c.clips:  # since there is one to be activated
                c.loops += 1
                c.without += not c.active_in_loop
            c.active_in_loop = False


class Mover:
    """Moves all that may be moved, one thing at a time."""

    def __init__(self, wire: Wire, counts: Counts, seed: int, layers: int, classes: list[str]) -> None:
        self._wire, self._counts, self._random = wire, counts, random.Random(seed)
        self._layers, self._classes = layers, classes
        self._movable = [p for p in live_parameters() if p.section in LIVE_SECTIONS and p.on_wire]

    def move(self) -> None:
        self._counts.moves += 1
        kind = self._random.random()
        if kind < 0.1:
            self._send("/ear/transport/bpm", self._random.uniform(*TEMPI))
        elif kind < 0.25:
            low = self._random.uniform(0, 0.5)
            name, layer = self._random.choice(("one", "two")), self._random.randrange(1, self._layers - 1)
            self._send("/ear/select/add", layer, 0, self._random.choice((0, 3, -1)), low, low + 0.5, 1.0, name)
        elif kind < 0.27:
            self._send("/ear/dream/restart")
        else:
            parameter = self._random.choice(self._movable)
            self._send(parameter.address, self._value(parameter))

    def _send(self, address: str, *args: Any) -> None:
        self._counts.moved = " ".join(map(str, (address, *args)))
        self._wire.send(address, *args)

    def _value(self, p: Parameter) -> Any:
        if p.choices:
            return self._random.choice(p.choices)
        if p.name == "class_name":
            return self._random.choice(self._classes)
        if p.name in ("target", "origin_clip"):
            return self._random.choice([0, max(self._counts.clips, default=0)])
        if p.low is None or p.high is None:
            return self._random.randint(0, 1)
        if p.tag == "i":
            return self._random.randint(int(p.low), int(p.high))
        # half of the time near the default: all faders far out is no dream to speak of
        return self._random.uniform(p.low, p.high) if self._random.random() < 0.5 else float(p.field.default)


@dataclass(frozen=True)
class Held:
    """What a process holds on to."""

    memory_mib: float
    descriptors: int


def held(pid: int) -> Held:
    process = psutil.Process(pid)
    return Held(process.memory_info().rss / 2**20, process.num_fds())


def workers(running: Running) -> set[int]:
    return {p for p in running.children() if "spawn_main" in " ".join(psutil.Process(p).cmdline())}


def shared(pids: set[int]) -> set[Path]:
    """Files of shared memory that these processes have mapped; other programs' are none of ours."""
    maps = [m.path for pid in pids for m in psutil.Process(pid).memory_maps()] if MEMORY.is_dir() else []
    return {Path(path.removesuffix(" (deleted)")) for path in maps if path.startswith(f"{MEMORY}/")}


def soak(minutes: float, sets: list[str], seed: int, folder: Path) -> Iterator[tuple[str, str]]:
    """The table's rows."""
    counts = Counts()
    options = ["listen.source=clip", f"transport.beats_per_clip={BEATS_PER_CLIP}", *sets]
    with Running(folder, options) as running, running.wire() as wire:
        listener = workers(running)
        hz = _frames_per_s(running, wire)
        layers = wire.welcome[6]
        wire.ask("/ear/select/add", 3, 0, -1, 0.0, 1.0, 1.0, "one")
        for stream in ("activations", "clips", "transport", "dream", "state"):
            wire.subscribe(stream, lease_s=3_600.0)
        outcome = wire.ask("/ear/dream/start", timeout_s=60)
        assert outcome[0] == "/ear/done", outcome
        client = Client(wire, counts)
        mover = Mover(wire, counts, seed, layers, ["guitar", "piano", "strings"])
        counts.began = time.monotonic()
        end, asked = counts.began + 60 * minutes, counts.began
        at_start: dict[int, Held] = {}
        while (now := time.monotonic()) < end:
            client.listen(MOVE_S)
            mover.move()
            if now - asked > STATUS_S:
                asked = counts.asked_at = time.monotonic()
                wire.send("/ear/status")
            if not at_start and now - counts.began > SETTLED_S:
                at_start = {pid: held(pid) for pid in (running.process.pid, *workers(running))}
        counts.asked_at = time.monotonic()
        wire.send("/ear/status")
        client.listen(2)
        seconds = counts.last_frame_at - counts.began
        names = {running.process.pid: "control", **dict.fromkeys(listener, "listener")}
        at_end = {pid: held(pid) for pid in (running.process.pid, *workers(running))}
        said, mapped = running.text, shared(set(at_end))
    yield from _rows(counts, seconds, hz)
    for pid, now_held in at_end.items():
        name, was = names.get(pid, "dreamer or player"), at_start.get(pid)
        since = f"{was.memory_mib:.0f} to " if was else "started later: "
        yield f"{name}: memory (RSS)", f"{since}{now_held.memory_mib:.0f} MiB"
        yield f"{name}: descriptors", f"{f'{was.descriptors} to ' if was else ''}{now_held.descriptors}"
    left = sorted(p.name for p in mapped if p.exists())
    yield "shared memory left over", ", ".join(left) or f"none of {len(mapped)}"
    yield "exit code", str(running.process.returncode)
    tracebacks = said.count("Traceback")
    yield "tracebacks on the terminal", str(tracebacks)
    yield "errors told", str(sum(counts.errors.values()))
    for text, count in counts.errors.most_common(20):
        yield f"  {count} times", text


def _frames_per_s(running: Running, wire: Wire) -> float:
    """Of the ear, by its spec."""
    from oscbridge import resources
    from oscbridge.ear.spec import load_spec

    name = running.facts["model"].split("-")[0]
    path = resources.model_file(name if not running.facts["model"].startswith("ear-half") else "ear-half")
    return 1 / load_spec(path).scalogram.hop_s


def _rows(c: Counts, seconds: float, hz: float) -> Iterator[tuple[str, str]]:
    span = c.last_frame - c.first_frame + 1
    jitter = np.abs(c.jitter_ms) if c.jitter_ms else np.zeros(1)
    p50, p99 = np.percentile(jitter, (50, 99))
    new = len(set(c.activated))
    yield "frames received whole / numbered / due by time", f"{c.frames} / {span} / {seconds * hz:.0f}"
    yield "gaps in frame numbers, longest silence", f"{c.gaps}, {c.longest_silence_s:.2f} s"
    yield "frames dropped, worker restarts", f"{c.dropped}, {c.restarts}"
    yield "slowest answer of /ear/status", f"{c.slowest_answer_ms:.1f} ms"
    yield "moves, steps told", f"{c.moves}, {c.steps}"
    yield "clips made, activated", f"{len(c.clips)}, {len(c.activated)} ({new} of them once)"
    yield "lengths of clips", f"{len(c.lengths)} kinds"
    yield "loops, without activation", f"{c.loops}, {c.without}"
    yield "activations after their time", str(c.late)
    yield "the beat that was furthest off came", c.worst or "never"
    yield "beats lost, off their time p50 / p99 / max", f"{c.beat_gaps}, {p50:.2f} / {p99:.2f} / {jitter.max():.2f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="ear")
    parser.add_argument("--player", action="store_true", help="with the built-in player on the default output")
    parser.add_argument("--set", action="append", default=[], dest="sets", metavar="section.name=value")
    arguments = parser.parse_args()
    sets = [f"model.name={arguments.model}", f"player.enabled={str(arguments.player).lower()}", *arguments.sets]
    with tempfile.TemporaryDirectory() as folder:
        for name, value in soak(arguments.minutes, sets, arguments.seed, Path(folder)):
            print(f"{name:<50} {value}", flush=True)


if __name__ == "__main__":
    main()
