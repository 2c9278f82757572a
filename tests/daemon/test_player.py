"""The built-in player's process, over a made-up PortAudio."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from oscbridge.daemon import capture, player_worker
from oscbridge.errors import BridgeError
from oscbridge.sections import Player

RATE = 44_100
PATIENCE_S = 20.0


class FakeStream:
    """Takes a block when its time has come, as a device does."""

    def __init__(self, portaudio: FakePortAudio, callback: Any, **wishes: Any) -> None:
        if wishes["samplerate"] not in portaudio.rates:
            raise portaudio.PortAudioError("Invalid sample rate")
        self.wishes, self.latency, self.active = wishes, 0.012, False
        self.portaudio, self._callback = portaudio, callback
        self.heard: list[np.ndarray] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        portaudio.streams.append(self)

    def start(self) -> None:
        self.active = True
        self._thread.start()

    def abort(self) -> None:
        self.active = False
        self._thread.join()

    def close(self) -> None:
        pass

    def _run(self) -> None:
        start, at, rate = time.monotonic(), 0, self.wishes["samplerate"]
        while self.active:
            time.sleep(0.002)
            while self.active and at < (time.monotonic() - start) * rate:
                out = np.zeros((256, self.wishes["channels"]), np.float32)
                times = SimpleNamespace(currentTime=time.monotonic(), outputBufferDacTime=start + at / rate + 0.012)
                self._callback(out, 256, times, SimpleNamespace(output_underflow=False))
                self.heard.append(out)
                at += 256

    def sound(self) -> np.ndarray:
        return np.concatenate(self.heard)[:, 0]


class FakePortAudio:
    """The module sounddevice, with two outputs."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.rates: tuple[int, ...] = (44_100, 48_000)
        self.names = ["Speakers", "Phones"]
        self.streams: list[FakeStream] = []
        self.default = SimpleNamespace(device=(-1, 0))

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def query_devices(self) -> list[dict[str, Any]]:
        facts = {"hostapi": 0, "max_input_channels": 0, "max_output_channels": 8, "default_samplerate": 48_000.0}
        return [{"name": name, **facts} for name in self.names]

    def _terminate(self) -> None: ...

    _initialize = _terminate

    def OutputStream(self, **wishes: Any) -> FakeStream:
        return FakeStream(self, **wishes)


class Control:
    """The other end of the worker's socket."""

    def __init__(self, portaudio: FakePortAudio) -> None:
        self.portaudio = portaudio
        self.ours, self._theirs = socket.socketpair()
        self.ours.settimeout(PATIENCE_S)
        self.ended, self.lost = threading.Event(), threading.Event()
        self._lines = self.ours.makefile("r")

    def start(self, deck: dict[str, Any] | None = None, **player: Any) -> None:
        section = {**Player(crossfade_ms=10.0).model_dump(), **player}
        arguments = (self._theirs, os.getpid(), section, deck)
        threading.Thread(target=_run, args=arguments, daemon=True).start()

    def tell(self, **order: Any) -> None:
        self.ours.sendall(json.dumps(order).encode() + b"\n")

    def player(self, **changes: Any) -> None:
        self.tell(player={**Player(crossfade_ms=10.0).model_dump(), **changes})

    def told(self, key: str) -> dict[str, Any]:
        """The next message that has `key`."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            message: dict[str, Any] = json.loads(self._lines.readline())
            if key in message:
                return message
        raise AssertionError(f"no message with {key!r} came")


class _Ended(BaseException):
    """In place of the end of a process."""


def _run(*arguments: Any) -> None:
    with contextlib.suppress(_Ended, OSError):
        player_worker.run(*arguments)


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    portaudio = FakePortAudio()

    def end(code: int) -> None:
        (it.lost if code else it.ended).set()
        raise _Ended

    monkeypatch.setattr(player_worker, "begin", lambda parent, nice: None)
    monkeypatch.setattr(player_worker, "_no_core_dumps", lambda: None)
    monkeypatch.setattr("oscbridge.daemon.worker_process.os._exit", end)
    monkeypatch.setattr("threading.excepthook", lambda _args: None)
    monkeypatch.setattr(capture, "load_portaudio", lambda _kind: portaudio)
    it = Control(portaudio)
    yield it
    with contextlib.suppress(OSError):
        it.ours.shutdown(socket.SHUT_RDWR)
    assert it.ended.wait(PATIENCE_S)
    for stream in portaudio.streams:
        stream.active = False


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Writes a constant sound to a file, and makes the order to play it."""

    def write(number: int, level: float, rate: int = RATE, in_s: float = 0.0) -> dict[str, Any]:
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, np.full(rate // 4, level, np.float32), rate, subtype="FLOAT")
        return {"clip": number, "path": str(path), "at_ns": time.monotonic_ns() + round(in_s * 1e9)}

    return write


def hears(control: Control, level: float) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        heard = control.portaudio.streams[-1].heard[-1:] if control.portaudio.streams else []
        if heard and np.abs(heard[0] - level).max() < 1e-3:
            return
        time.sleep(0.01)
    raise AssertionError(f"{level} was never heard")


def test_it_says_what_is_open_and_that_it_lives(control: Control) -> None:
    control.start()
    assert control.told("ready") == {"ready": True, "what": "Speakers, 44,100 Hz, latency 12 ms", "seen": "Speakers"}
    assert control.portaudio.streams[0].wishes["channels"] == 2
    control.told("alive")
    control.told("alive")


def test_a_clip_loops_and_each_loop_is_told_with_its_moment(control: Control, clip: Callable[..., Any]) -> None:
    control.start()
    control.told("ready")
    order = clip(3, 0.25, in_s=0.6)
    control.tell(deck=order)
    loops = [control.told("loop") for _ in range(3)]
    assert [loop["loop"] for loop in loops] == [3, 3, 3]
    assert loops[0]["at_ns"] >= order["at_ns"] - 20_000_000
    assert loops[0]["at_ns"] <= time.monotonic_ns()
    hears(control, 0.25)


def test_a_restarted_worker_opens_at_the_clips_rate_and_is_in_phase(control: Control, clip: Callable[..., Any]) -> None:
    control.start(deck=clip(7, 0.5, rate=48_000, in_s=-100.1))
    assert "48,000 Hz" in control.told("ready")["what"]
    assert control.told("loop")["loop"] == 7
    hears(control, 0.5)


def test_a_clip_of_another_rate_than_the_device_takes_is_resampled(control: Control, clip: Callable[..., Any]) -> None:
    control.portaudio.rates = (48_000,)
    control.start(deck=clip(7, 0.5, rate=44_100))
    assert "48,000 Hz" in control.told("ready")["what"]
    hears(control, 0.5)


def test_a_broken_or_missing_clip_is_told_and_the_one_before_loops_on(
    control: Control, clip: Callable[..., Any], tmp_path: Path
) -> None:
    control.start(deck=clip(1, 0.5))
    hears(control, 0.5)
    broken = clip(2, 0.1)
    Path(broken["path"]).write_bytes(b"RIFF" + bytes(100))
    control.tell(deck=broken)
    trouble = control.told("trouble")
    assert (trouble["code"], trouble["clip"]) == (422, 2)
    control.tell(deck={**broken, "clip": 9, "path": str(tmp_path / "none.wav")})
    trouble = control.told("trouble")
    assert (trouble["code"], trouble["clip"]) == (404, 9)
    assert "none.wav" in trouble["trouble"] and "loops on" in trouble["trouble"]
    assert control.told("loop")["loop"] == 1
    hears(control, 0.5)


def test_volume_and_blackout_act_and_the_loop_runs_on(control: Control, clip: Callable[..., Any]) -> None:
    control.start(deck=clip(1, 0.5), volume_db=-20.0)
    hears(control, 0.05)
    control.player(volume_db=-20.0, blackout=True)
    hears(control, 0.0)
    control.told("loop")
    control.player(volume_db=0.0)
    hears(control, 0.5)
    assert len(control.portaudio.streams) == 1


def test_another_device_is_opened_and_the_clip_goes_on_there(control: Control, clip: Callable[..., Any]) -> None:
    control.start(deck=clip(1, 0.5))
    hears(control, 0.5)
    control.told("ready")
    control.player(device="phon")
    assert control.told("ready")["seen"] == "Phones"
    hears(control, 0.5)
    before = control.portaudio.streams[0].sound()
    assert before[-1] == 0 and np.abs(np.diff(before)).max() < 0.02, "the one before ended without a click"


def test_a_device_that_is_not_there_is_refused_once_and_the_one_before_plays_on(
    control: Control, clip: Callable[..., Any]
) -> None:
    control.start(deck=clip(1, 0.5))
    hears(control, 0.5)
    control.player(device="Speekers")
    trouble = control.told("trouble")
    assert trouble["code"] == 404
    assert 'no output has "Speekers" in its name; did you mean "Speakers"?' in trouble["trouble"]
    hears(control, 0.5)
    control.player(device="Speekers", volume_db=-20.0)
    hears(control, 0.05)
    assert len(control.portaudio.streams) == 2, "a fader is no reason to try again"


def test_a_device_that_is_not_there_yet_is_waited_for(
    control: Control, clip: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(player_worker, "RETRY_S", 0.05)
    control.portaudio.names = ["Other"]
    control.start(deck=clip(1, 0.5), device="1", seen="Phones")
    trouble = control.told("trouble")
    assert trouble["code"] == 404
    assert 'the output "Phones" is not there' in trouble["trouble"]
    control.told("alive")
    control.portaudio.names = ["New", "Other", "Phones"]
    assert control.told("ready")["seen"] == "Phones"
    assert control.told("trouble")["code"] == 200
    hears(control, 0.5)


def test_the_end_of_control_ends_the_sound_without_a_click(control: Control, clip: Callable[..., Any]) -> None:
    control.start(deck=clip(1, 0.5))
    hears(control, 0.5)
    control.ours.shutdown(socket.SHUT_RDWR)
    hears(control, 0.0)
    assert np.abs(np.diff(control.portaudio.streams[0].sound())).max() < 0.02


def test_a_lost_device_is_told_and_ends_the_process(control: Control, clip: Callable[..., Any]) -> None:
    control.start(deck=clip(1, 0.5))
    control.told("ready")
    control.portaudio.streams[0].active = False
    trouble = control.told("trouble")
    assert (trouble["code"], trouble["trouble"].split(" silence")[0]) == (503, 'the output "Speakers" is gone;')
    assert control.lost.wait(PATIENCE_S)


def test_without_portaudio_the_package_is_named_and_nothing_more_is_tried(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(kind: str) -> Any:
        raise BridgeError(f"sound {kind}s need the PortAudio library: `sudo apt-get install libportaudio2`", 503)

    monkeypatch.setattr(capture, "load_portaudio", missing)
    control.start()
    fatal = control.told("fatal")
    assert fatal["code"] == 503
    assert "sound outputs need" in fatal["fatal"] and "libportaudio2" in fatal["fatal"]
    control.told("alive")
