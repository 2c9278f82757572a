"""The listening process on clips: what it is ordered to play is what the ear hears, and what `recent` keeps."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from oscbridge import resources
from oscbridge.daemon import listen_worker
from oscbridge.daemon.frames import SharedFrames
from oscbridge.daemon.open_source import load_clip
from oscbridge.daemon.recent import SharedRecent
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.spec import load_spec
from oscbridge.errors import BridgeError
from oscbridge.sections import Listen

RATE, HOP = 44_100, 1_024
PATIENCE_S = 60.0


class Worker:
    """A listening process, and control's end of its socket."""

    def __init__(self, deck: dict[str, Any] | None, **listen: Any) -> None:
        context = multiprocessing.get_context("spawn")
        model = resources.model_file("ear-half")
        self.recent = SharedRecent(context, RATE, 4.0)
        self.ours, theirs = socket.socketpair()
        self.ours.settimeout(PATIENCE_S)
        self._lines = self.ours.makefile("r")
        self.listen = {**Listen(source="clip").model_dump(), **listen}
        frames = SharedFrames(context, anatomy(load_spec(model)).neurons)
        arguments = (theirs, os.getpid(), frames, self.recent, str(model))
        self.process = context.Process(target=listen_worker.run, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self.tell(go={"listen": self.listen, "last": None, "deck": deck})

    def tell(self, **order: Any) -> None:
        self.ours.sendall(json.dumps(order).encode() + b"\n")

    def source(self, key: int, **changes: Any) -> None:
        self.listen = {**self.listen, **changes}
        self.tell(id=key, listen=self.listen)
        assert self.told("result")["code"] == 200

    def told(self, key: str) -> dict[str, Any]:
        """The next message that has `key`."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            line = self._lines.readline()
            assert line, "the worker ended"
            message = json.loads(line)
            if isinstance(message, dict) and key in message:
                return message
        raise AssertionError(f"no message with {key!r} came")

    def hears(self, level: float) -> None:
        until = time.monotonic() + PATIENCE_S
        heard = None
        while time.monotonic() < until:
            heard = self.recent.last(HOP)
            if heard is not None and (heard == np.float32(level)).all():
                return
            time.sleep(0.01)
        raise AssertionError(f"{level} was never heard, but last {heard}")

    def end(self) -> None:
        self._lines.close()
        self.ours.close()
        self.process.join(10)
        self.process.kill()


@pytest.fixture
def begin() -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def start(deck: dict[str, Any] | None = None, **listen: Any) -> Worker:
        workers.append(Worker(deck, **listen))
        return workers[-1]

    yield start
    for worker in workers:
        worker.end()


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes a constant sound to a file, and makes the order to play it."""

    def write(number: int, level: float, in_s: float = 0.0, rate: int = RATE) -> dict[str, Any]:
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, np.full(rate, level, np.float32), rate, subtype="FLOAT")
        at_ns = time.monotonic_ns() + round(in_s * 1e9)
        return {"clip": number, "path": str(path), "at_ns": at_ns, "crossfade_ms": 10.0}

    return write


def test_clips_are_heard_as_ordered_also_after_a_restart_and_a_broken_one_changes_nothing(
    begin: Callable[..., Worker], clip: Callable[..., dict[str, Any]]
) -> None:
    worker = begin(clip(1, 0.25, in_s=-1_000.0))
    assert worker.told("ready")["what"]
    worker.hears(0.25)
    worker.tell(deck=clip(2, 0.5, in_s=0.4))
    worker.hears(0.5)

    broken = clip(3, 0.75)
    Path(broken["path"]).write_bytes(b"RIFF" + bytes(100))
    worker.tell(deck=broken)
    trouble = worker.told("trouble")
    assert (trouble["code"], trouble["lasts"]) == (422, False)
    assert "clip 3" in trouble["trouble"] and "loops on" in trouble["trouble"]
    worker.tell(deck={**broken, "clip": 4, "path": broken["path"] + ".gone"})
    assert worker.told("trouble")["code"] == 404
    heard = worker.recent.last(HOP)
    assert heard is not None and (heard == 0.5).all()

    worker.tell(deck=clip(5, 0.125))
    worker.hears(0.125)


def test_an_order_is_remembered_until_the_source_is_clip(
    begin: Callable[..., Worker], clip: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "file.wav"
    soundfile.write(path, np.full(RATE, -0.5, np.float32), RATE, subtype="FLOAT")
    worker = begin(source="file", file=str(path))
    worker.told("ready")
    worker.hears(-0.5)
    worker.tell(deck=clip(1, 0.25))
    worker.tell(deck=clip(2, 0.5))
    worker.source(1, source="clip")
    worker.hears(0.5)
    worker.source(2, source="file")
    worker.hears(-0.5)
    worker.tell(deck=clip(3, 0.75))
    worker.source(3, source="clip")
    worker.hears(0.75)


def test_without_an_order_the_bundled_loop_is_heard(begin: Callable[..., Worker]) -> None:
    worker = begin()
    assert worker.told("ready")["what"].startswith("the bundled loop, ")
    until = time.monotonic() + PATIENCE_S
    heard = None
    while heard is None and time.monotonic() < until:
        heard = worker.recent.last(RATE)
        time.sleep(0.02)
    assert heard is not None and heard.std() > 0.01


# ---- a clip's file


def test_a_clip_is_mono_finite_and_tells_its_rate(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    sound = np.array([[0.5, 0.25], [np.nan, 1.0], [1.0, 0.0]], np.float32)
    soundfile.write(path, sound, 48_000, subtype="FLOAT")
    samples, rate = load_clip(1, path)
    assert rate == 48_000
    np.testing.assert_array_equal(samples, np.array([0.375, 0.0, 0.5], np.float32))


@pytest.mark.parametrize(
    ("content", "code", "text"),
    [(None, 404, "is not there"), (b"", 422, "no sound file"), (b"RIFF" + bytes(99), 422, "no sound file")],
)
def test_a_clip_that_cannot_be_had_is_refused(tmp_path: Path, content: bytes | None, code: int, text: str) -> None:
    path = tmp_path / "clip.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BridgeError, match=text) as error:
        load_clip(7, path)
    assert error.value.code == code
    assert "clip 7" in str(error.value) and str(path) in str(error.value)


def test_a_clip_without_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", np.zeros(0, np.float32), RATE)
    with pytest.raises(BridgeError, match="holds 0 samples at 44,100 Hz; expected at least 1") as error:
        load_clip(7, tmp_path / "clip.wav")
    assert error.value.code == 422


def test_the_first_frame_of_a_new_worker_is_a_step_of_every_layer() -> None:
    """Which layers make a step is read off a frame's number, and the network begins anew."""
    listener = listen_worker._Listener.__new__(listen_worker._Listener)
    listener._hearing, listener._rate, listener._hop = SimpleNamespace(settle=16), 44_100, 1_024
    for number in (0, 1, 15, 16, 1_000):
        listener._last = number, time.monotonic()
        assert number < listener._first_number() <= number + 17 and listener._first_number() % 16 == 0
    listener._last = None
    assert listener._first_number() == 0
