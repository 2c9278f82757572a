"""A real sound input, without hardware: JACK's `loopback` gives back what another program plays into it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil
import pytest

from .need import need

ROOT = Path(__file__).resolve().parents[2]
RATE, HOP = 44_100, 1_024
PATIENCE_S = 30.0

# plays both channels of a .npy file into `loopback`, round and round
PLAY = """
import sys, time, numpy as np, sounddevice
sound, at = np.load(sys.argv[1]), 0
def on_audio(out, frames, _time, _status):
    global at
    out[:] = sound[(at + np.arange(frames)) % len(sound)]
    at += frames
rate = int(sys.argv[2])
device = next(i for i, d in enumerate(sounddevice.query_devices()) if d["name"] == "loopback")
with sounddevice.OutputStream(device=device, channels=2, samplerate=rate, dtype="float32", callback=on_audio):
    print("playing", flush=True)
    sys.stdin.read()
"""

# runs a DeviceSource and prints a JSON line for each hop and for whatever it tells
LISTEN = """
import json, sys, threading, os
from oscbridge.daemon import feed
from oscbridge.daemon.devices import DeviceSource
from oscbridge.errors import BridgeError
arguments, hang_s, out = json.loads(sys.argv[1]), float(sys.argv[2]), open(sys.argv[3], "wb")
feed.HANG_S = hang_s
def say(**line):
    print(json.dumps(line), flush=True)
try:
    source = DeviceSource(**arguments, tell=lambda code, text: say(code=code, text=text))
except BridgeError as error:
    say(refused=error.code, text=str(error))
    sys.exit()
say(what=source.what)
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.is_set():
    hop = source.next_hop()
    out.write(hop.samples.tobytes())
    out.flush()
    say(sounds=bool(hop.samples.any()), at=hop.monotonic_ns, skipped=hop.dropped_count, gaps=source.gaps)
source.close()
say(closed=True)
"""


class Jack:
    """A JACK server of our own, and the programs that use it; all are ended by their process ids."""

    def __init__(self) -> None:
        self.jackd, self.lsp = need("jackd", package="jackd2"), need("jack_lsp", package="jackd2")
        need("portaudio", package="libportaudio2", library=True)
        self.name = f"ob{uuid.uuid4().hex[:12]}"
        python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.environment = {
            **os.environ,
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_START_SERVER": "1",
            "PYTHONPATH": python_path,
        }
        self.started: list[subprocess.Popen[Any]] = []

    def start(self, rate: int = RATE) -> subprocess.Popen[Any]:
        options = ["-r", "-n", self.name, "-L", "2", "-d", "dummy", "-r", str(rate), "-p", "512"]
        with tempfile.TemporaryFile("w+") as said:
            server = self._run([self.jackd, *options], stdout=said)
            until = time.monotonic() + PATIENCE_S
            while "loopback:" not in self._ports():
                if server.poll() is not None or time.monotonic() > until:
                    said.seek(0)
                    # "too many servers": killed ones keep places in /dev/shm/jack-shm-registry
                    pytest.fail(f"jackd does not start; it said: {said.read()}")
                time.sleep(0.02)
        return server

    def _ports(self) -> str:
        return subprocess.run([self.lsp], env=self.environment, capture_output=True, text=True, check=False).stdout

    def play(self, path: Path, rate: int = RATE) -> subprocess.Popen[Any]:
        player = self._run([sys.executable, "-c", PLAY, str(path), str(rate)], stdout=subprocess.PIPE)
        assert player.stdout is not None
        assert player.stdout.readline() == "playing\n"
        return player

    def listen(self, folder: Path, hang_s: float = 8.0, **arguments: Any) -> Listener:
        arguments = {"rate": RATE, "hop": HOP, **arguments}
        recording = folder / "heard.f32"
        command = [sys.executable, "-c", LISTEN, json.dumps(arguments), str(hang_s), str(recording)]
        return Listener(self._run(command, stdout=subprocess.PIPE), recording)

    def _run(self, command: list[str], stdout: int | IO[str]) -> subprocess.Popen[Any]:
        process = subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT if command[0] == self.jackd else None,
            text=True,
        )
        self.started.append(process)
        return process

    def _is_server(self, process: subprocess.Popen[Any]) -> bool:
        return bool(process.args[0] == self.jackd)

    def end(self, process: subprocess.Popen[Any], gently: bool = False) -> None:
        """gently: by closing its input, so that it leaves JACK in good order; else by a signal."""
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        # a server hangs in its end if a client of it was killed: then there is no use in waiting for long
        for wait_s, end in ((3.0 if gently else 0.0, process.terminate), (2.0, process.kill), (5.0, None)):
            try:
                process.wait(wait_s)
                return
            except subprocess.TimeoutExpired:
                assert end is not None, f"{process.args} cannot be ended"
                end()

    def close(self) -> None:
        for process in reversed(self.started):
            self.end(process, gently=not self._is_server(process))
        if any(process.returncode == -signal.SIGKILL for process in self.started if self._is_server(process)):
            # JACK has eight places, and keeps that of a killed server until one of the same name ends well
            self.end(self.start())
        for left_over in Path("/dev/shm").glob(f"jack*{self.name}*"):  # by programs that were killed
            left_over.unlink()


class Listener:
    """The lines that a listening process has printed so far."""

    def __init__(self, process: subprocess.Popen[Any], recording: Path) -> None:
        self.process, self.recording = process, recording
        self.seen: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def until(self, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The new lines up to where `enough` of them is true."""
        new: list[dict[str, Any]] = []
        end = time.monotonic() + PATIENCE_S
        while not enough(new):
            assert time.monotonic() < end, f"waited in vain; the last lines: {new[-5:]}"
            try:
                line = self._lines.get(timeout=1.0)
            except queue.Empty:
                continue
            assert line, f"the listener ended; the last lines: {new[-5:]}"
            new.append(json.loads(line))
        self.seen += new
        return new

    def hops(self, count: int, sounds: bool) -> list[dict[str, Any]]:
        return self.until(lambda new: sum(line.get("sounds") is sounds for line in new) >= count)

    def told(self, code: int) -> str:
        return str(self.until(lambda new: bool(new) and new[-1].get("code") == code)[-1]["text"])

    def capture(self) -> psutil.Process:
        [child] = psutil.Process(self.process.pid).children()
        return child

    def close(self) -> None:
        self.process.stdin.close()
        self.until(lambda new: bool(new) and "closed" in new[-1])


@pytest.fixture(scope="module")
def playing(noise: tuple[Path, np.ndarray]) -> Iterator[Jack]:
    """A server for all tests that leave it running; the noise plays."""
    server = Jack()
    server.start()
    server.play(noise[0])
    yield server
    server.close()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """Ten seconds of noise, two channels, never 0."""
    sound = np.random.default_rng(0).uniform(0.1, 0.9, (10 * RATE, 2)).astype(np.float32)
    path = tmp_path_factory.mktemp("noise") / "noise.npy"
    np.save(path, sound)
    return path, sound


class Played:
    """Finds what was heard in what was played."""

    def __init__(self, played: np.ndarray) -> None:
        self._around = np.concatenate([played, played[: HOP + 2]])
        values = self._around.tolist()
        self._where = {tuple(values[at : at + 3]): at for at in range(len(played))}

    def exact_hops(self, heard: np.ndarray) -> int:
        """How many hops are, bit for bit, a stretch of what was played."""
        hops = heard[: len(heard) // HOP * HOP].reshape(-1, HOP)
        places = [self._where.get(tuple(hop[:3].tolist()), -1) for hop in hops]
        return sum(
            at >= 0 and bool((hop == self._around[at : at + HOP]).all()) for hop, at in zip(hops, places, strict=True)
        )


@pytest.mark.parametrize("channel", [0, 2])
def test_what_is_played_into_the_device_is_heard_bit_for_bit(
    playing: Jack, noise: tuple[Path, np.ndarray], tmp_path: Path, channel: int
) -> None:
    _, sound = noise
    listener = playing.listen(tmp_path, device="LOOPBACK", channel=channel)
    lines = listener.hops(30, sounds=True)
    assert lines[0]["what"] == 'device 1 "loopback", 2 channels at 44,100 Hz'
    mean = sound[:, 0] * np.float32(0.5) + sound[:, 1] * np.float32(0.5)
    played = Played(sound[:, 1] if channel == 2 else mean)
    # Not every hop: JACK does not order two programs at its loopback, so now and then one of its periods (512
    # samples) takes another's place, for any recorder; and a busy machine breaks the stream.
    for _ in range(40):
        if played.exact_hops(np.fromfile(listener.recording, np.float32)) >= 20:
            break
        listener.hops(10, sounds=True)
    else:
        pytest.fail("of more than 400 hops not 20 were what was played")
    listener.close()


def test_a_device_at_another_rate_is_resampled(jack: Jack, tmp_path: Path) -> None:
    jack.start(rate=48_000)
    tone = 0.5 * np.sin(2 * np.pi * 480 * np.arange(48_000) / 48_000)
    path = tmp_path / "tone.npy"
    np.save(path, np.stack([tone, tone], axis=1).astype(np.float32))
    jack.play(path, rate=48_000)
    listener = jack.listen(tmp_path, device="loopback")
    lines = listener.hops(50, sounds=True)
    assert lines[0]["what"] == 'device 1 "loopback", 2 channels at 48,000 Hz, resampled to 44,100 Hz'
    listener.close()
    heard = np.fromfile(listener.recording, np.float32)[-40 * HOP :]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * RATE / len(heard) == pytest.approx(480, abs=2)


def test_a_missing_device_is_refused_with_the_list(playing: Jack, tmp_path: Path) -> None:
    listener = playing.listen(tmp_path, device="lopback")
    [line] = listener.until(lambda new: bool(new))
    assert line["refused"] == 404
    assert 'did you mean "loopback"?' in line["text"]
    assert '0 "system" (JACK, 2 channels)' in line["text"]


def test_a_device_that_is_unplugged_gives_silence_at_pace_and_sounds_again_when_it_is_back(
    jack: Jack, noise: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    path, _ = noise
    server = jack.start()
    player = jack.play(path)
    listener = jack.listen(tmp_path, device="1")
    listener.hops(20, sounds=True)
    jack.end(server)
    jack.end(player)
    assert listener.told(503) == 'device "loopback" is gone; silence until it is back, trying every second'
    silent = [line for line in listener.hops(60, sounds=False) if "at" in line][1:]
    passed = sum(1 + line["skipped"] for line in silent[1:])
    # each silent hop is due exactly one hop after the one before, however late a busy machine hands it out
    assert silent[-1]["at"] - silent[0]["at"] == passed * (HOP * 1_000_000_000 // RATE)
    jack.start()
    assert listener.told(200) == 'device "loopback" is back'
    jack.play(path)
    listener.hops(20, sounds=True)
    listener.close()


def test_a_listener_can_begin_before_its_device_is_there(
    jack: Jack, noise: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    path, _ = noise
    listener = jack.listen(tmp_path, device="loopback", wait=True)
    assert "silence until it is there, trying every second" in listener.told(503)
    listener.hops(10, sounds=False)
    jack.start()
    assert listener.told(200) == 'device "loopback" is back'
    jack.play(path)
    listener.hops(10, sounds=True)
    listener.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="stopping a process needs a POSIX system")
def test_a_hanging_driver_is_replaced_and_nothing_is_left_when_the_listener_is_killed(
    playing: Jack, tmp_path: Path
) -> None:
    listener = playing.listen(tmp_path, device="loopback", hang_s=1.0)
    listener.hops(10, sounds=True)
    hung = listener.capture()
    hung.suspend()
    listener.told(503)
    listener.hops(10, sounds=False)
    listener.told(200)
    listener.hops(10, sounds=True)
    assert not hung.is_running()
    capture = listener.capture()
    listener.process.kill()
    capture.wait(PATIENCE_S)
