"""What the tests of dreams on the wire share: a small ear, loops of a second, and what a client makes of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from tests.ear import ears
from tests.wire import Running, Wire

RATE = 8_000  # of the small ear
LOWEST_HZ = 200.0  # of its four octaves, in 48 bins
LOOP_S = 1.0
LOOPS = ("transport.bpm=240", "transport.beats_per_clip=4", "transport.ready_ms=500", "transport.lookahead_ms=150")
STEP_S = 60.0  # for the worker to load and to make its first step, on a busy machine

PLAIN = {"time_shift_s": 0.0, "pitch_shift_bins": 0.0}
FROZEN = {**PLAIN, "step_size": 0.0}
LOSS = 4  # where it stands in /ear/dream/progress, its address apart: clip, step, steps/s, score, loss

Message = tuple[Any, ...]
Sound = NDArray[np.float32]


def write_small(folder: Path) -> Path:
    """The YAML of an ear whose steps take milliseconds."""
    path = folder / "small.yaml"
    ears.write_yaml(path, lowest_hz=LOWEST_HZ)
    return path


@contextmanager
def looping_daemon(folder: Path) -> Iterator[Running]:
    """The small ear in loops of a second; its parameters are kept as the preset `plain`."""
    (folder / "clips").mkdir(exist_ok=True)
    with Running(folder, [*LOOPS, f"model.name={write_small(folder)}"]) as running:
        with running.wire() as wire:
            assert wire.ask("/ear/save", "plain")[0] == "/ear/done"
        yield running


@contextmanager
def visitor(running: Running, *streams: str) -> Iterator[Wire]:
    """Subscribed to these streams; afterwards nothing is dreamed or selected, the newest clip plays, and all parameters
    are as before."""
    with running.wire() as wire:
        for stream in streams:
            wire.subscribe(stream)
        yield wire
        wire.ask("/ear/dream/stop")
        wire.ask("/ear/clip/play", 0)
        wire.ask("/ear/select/clear")
        assert wire.ask("/ear/load", "plain")[0] == "/ear/done"


def select(wire: Wire, layer: int = 3, first: int = 0, last: int = 1) -> None:
    assert wire.ask("/ear/select/add", layer, first, last, 0.0, 1.0, 1.0, "here")[0] == "/ear/done"


def dream(wire: Wire, command: str = "start") -> None:
    outcome = wire.ask(f"/ear/dream/{command}", timeout_s=STEP_S)
    assert outcome[0] == "/ear/done", outcome


def wish(wire: Wire, **wishes: Any) -> None:
    for name, value in wishes.items():
        outcome = wire.ask(f"/ear/dream/{name}", value)
        assert outcome[0] == f"/ear/dream/{name}", outcome


def begin(wire: Wire, **wishes: Any) -> None:
    """A dream from the origin, of the usual selection."""
    wish(wire, **wishes)
    select(wire)
    dream(wire, "restart")


def next_ready(wire: Wire, timeout_s: float = 20.0) -> Message:
    """clip, sha256, url, path, rate, frames, channels, score."""
    return wire.wait_for(lambda m: m[0] == "/ear/clip/ready", timeout_s)[1:]


def ready_after(wire: Wire, wanted: Callable[[Message], bool], timeout_s: float = 20.0) -> Message:
    """The first announced clip for which it is true."""
    return wire.wait_for(lambda m: m[0] == "/ear/clip/ready" and wanted(m[1:]), timeout_s)[1:]


def sound_of(ready: Message) -> Sound:
    samples: Sound = soundfile.read(ready[3], dtype="float32")[0]
    return samples


def activation(wire: Wire, clip: int | None = None, timeout_s: float = 20.0) -> Message:
    """clip, Unix s, microseconds, in seconds, beat."""
    return wire.wait_for(lambda m: m[0] == "/ear/clip/activate" and clip in (None, m[1]), timeout_s)[1:]


def held(wire: Wire) -> dict[int, Message]:
    """What /ear/clip/list answers, by clip: clip, name, sha256, url, path, rate, frames, channels, score, made."""
    wire.send("/ear/clip/list")
    out: dict[int, Message] = {}
    for message in wire.messages(15):
        if message[0] == "/ear/clip/held":
            out[message[1]] = message[1:]
        elif message[:2] == ("/ear/done", "/ear/clip/list"):
            assert message[2] == len(out)
            return out
    raise AssertionError(f"the list did not end; {len(out)} clips came")


def progress(wire: Wire, seconds: float) -> list[Message]:
    """clip, step, steps/s, score, loss of every step in that time."""
    return [m[1:] for m in wire.messages(seconds) if m[0] == "/ear/dream/progress"]


def until(is_true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def steps(wire: Wire, count: int) -> list[Message]:
    """clip, step, steps/s, score, loss of the next ones, however long they take."""
    return [wire.wait_for(lambda m: m[0] == "/ear/dream/progress", 20)[1:] for _ in range(count)]


def losses(wire: Wire, count: int) -> list[float]:
    """Of the next steps."""
    return [step[LOSS] for step in steps(wire, count)]


def frozen_loss(wire: Wire) -> float:
    """The loss that every step has; what was sent before is let pass."""
    wire.ask("/ear/sync", 1, answer="/ear/synced")
    recent = losses(wire, 40)[20:]
    assert len(set(recent)) == 1, recent
    return recent[0]


def path_of_losses(wire: Wire, at_rest: float) -> list[float]:
    """The first losses that differ from the one at rest."""
    wire.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[1:][LOSS] != at_rest, 20)
    return losses(wire, 12)


def restarts(wire: Wire) -> int:
    return int(wire.ask("/ear/status")[8])


def made_of(ready: Message) -> dict[str, Any]:
    """What the clip's index tells of how it was made."""
    made: dict[str, Any] = json.loads(Path(ready[3]).with_suffix(".json").read_text())["made"]
    return made


def import_tone(wire: Wire, folder: Path, hz: float, name: str = "tone") -> int:
    """The number of a clip that is a sine at half of full scale. Origin of dreams is what it was by default."""
    soundfile.write(folder / f"{name}.wav", 0.5 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE), RATE, "FLOAT")
    outcome = wire.ask("/ear/clip/import", name)
    assert outcome[:2] == ("/ear/done", "/ear/clip/import"), outcome
    wish(wire, origin="noise", origin_clip=0)
    return int(outcome[2])
