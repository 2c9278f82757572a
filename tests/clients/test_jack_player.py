"""The built-in player on a real output, without hardware: JACK leads its sound to a recorder, sample by sample."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from oscbridge.daemon import player_worker
from oscbridge.daemon.deck import Deck, Samples
from oscbridge.daemon.supervisor import Supervisor
from oscbridge.sections import Player

from .need import need
from .test_jack_device import PATIENCE_S, RATE, Jack

LOOP = 35_280  # samples: 0.8 s
LOOP_NS = LOOP * 1_000_000_000 // RATE
CROSSFADE = round(0.045 * RATE)
SWAPS = 10
TRIES = 8

# records channel 1 of what is connected to it into a .npy file, and prints how often PortAudio lost sound
RECORD = """
import sys, numpy as np, sounddevice
blocks, lost = [], 0
def on_audio(sound, _frames, _time, status):
    global lost
    blocks.append(sound[:, 0].copy())
    lost += status.input_overflow
device = next(i for i, d in enumerate(sounddevice.query_devices()) if d["name"] == "system")
with sounddevice.InputStream(device=device, channels=1, samplerate=44100, dtype="float32", callback=on_audio):
    print("recording", flush=True)
    sys.stdin.readline()
np.save(sys.argv[1], np.concatenate(blocks))
print(lost, flush=True)
"""


def noise(seed: int) -> Samples:
    """A loop without a seam: noise from 100 Hz to 2 kHz, so that the largest step from sample to sample is small."""
    rng = np.random.default_rng(seed)
    hz = np.fft.rfftfreq(LOOP, 1 / RATE)
    spectrum = rng.standard_normal(len(hz)) * np.exp(2j * np.pi * rng.random(len(hz))) * ((hz > 100) & (hz < 2_000))
    sound = np.fft.irfft(spectrum, LOOP)
    return (0.1 * sound / sound.std()).astype(np.float32)


class Owner:
    """Control's part: it starts the player, keeps the newest order, and hears what it is told."""

    def __init__(self, folder: Path, **player: Any) -> None:
        self.player = {**Player(device="loopback").model_dump(), **player}
        self.deck: dict[str, Any] | None = None
        self.said: list[dict[str, Any]] = []
        self.on_loop: Callable[[int, int], None] = lambda clip, at_ns: None
        self._folder = folder
        self.worker = Supervisor(multiprocessing.get_context("spawn"), "player", player_worker.run, self, hang_s=3.0)

    def worker_arguments(self) -> tuple[Any, ...]:
        return (self.player, self.deck)

    def worker_said(self, message: dict[str, Any]) -> None:
        if "loop" in message:
            self.on_loop(message["loop"], message["at_ns"])
        if "alive" not in message:
            self.said.append(message)

    def worker_beat(self, frames: list[int]) -> None: ...

    def worker_down(self, why: str) -> None:
        self.said.append({"down": why})

    def order(self, clip: int, samples: Samples, at_ns: int) -> None:
        path = self._folder / f"{clip}.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        self.deck = {"clip": clip, "path": str(path), "at_ns": at_ns}
        self.worker.tell({"deck": self.deck})

    async def told(self, key: str, value: Any = None) -> dict[str, Any]:
        """The next message that has `key`, with `value` if one is given; what came before it is forgotten."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            for i, message in enumerate(self.said):
                if key in message and value in (None, message[key]):
                    del self.said[: i + 1]
                    return message
            await asyncio.sleep(0.01)
        raise AssertionError(f"{key} {value} was not told, but: {self.said[-10:]}")


class Recorder:
    """Takes the player's sound straight from its port.

    Not over `loopback`, where JACK does not order two programs, and one block may take another's place.
    """

    def __init__(self, jack: Jack, path: Path) -> None:
        self._jack, self._path = jack, path
        self.process = jack._run([sys.executable, "-c", RECORD, str(path)], stdout=subprocess.PIPE)
        assert self._line() == "recording"
        ports = jack._ports().split()
        [out] = [port for port in ports if port.startswith("PortAudio") and port.endswith("out_0")]
        [into] = [port for port in ports if port.startswith("PortAudio") and port.endswith("in_0")]
        command = [need("jack_connect", package="jackd2"), out, into]
        subprocess.run(command, env=jack.environment, check=True, capture_output=True)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return str(self.process.stdout.readline()).strip()

    def end(self) -> tuple[Samples, int]:
        """What was heard, and how often sound was lost on the way."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        lost = int(self._line())
        return np.load(self._path), lost


@pytest.fixture
def server(jack: Jack, monkeypatch: pytest.MonkeyPatch) -> Jack:
    for name in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
        monkeypatch.setenv(name, jack.environment[name])
    jack.start()
    return jack


def longest_run_of_zeros(sound: Samples) -> int:
    edges = np.flatnonzero(np.concatenate([[True], sound != 0, [True]]))
    return int(np.diff(edges).max()) - 1


async def play_and_record(server: Jack, folder: Path, clips: list[Samples]) -> tuple[Samples, int, list[int]]:
    """Each clip once, the next one from the end of its loop on, as announced. Returns what was recorded, how often
    sound was lost, and the clips whose loops were announced."""
    owner = Owner(folder)
    owner.worker.start(asyncio.get_running_loop())
    try:
        await owner.told("ready")
        recorder = Recorder(server, folder / "heard.npy")
        loops: list[int] = []

        def on_loop(clip: int, at_ns: int) -> None:
            loops.append(clip)
            if clip + 1 < len(clips) and clip not in loops[:-1]:
                owner.order(clip + 1, clips[clip + 1], at_ns + LOOP_NS)

        owner.on_loop = on_loop
        owner.order(0, clips[0], time.monotonic_ns() + 700_000_000)
        await owner.told("loop", len(clips) - 1)
        await owner.told("loop", len(clips) - 1)
        sound, lost = recorder.end()
        underflows = sum("underflows" in message for message in owner.said)
        return sound, lost + underflows, loops
    finally:
        owner.worker.stop()


def expected(clips: list[Samples]) -> Samples:
    """The clips on a deck, each from the end of the one before on."""
    deck = Deck(RATE)
    parts = []
    for number, clip in enumerate(clips):
        deck.play(clip, number, number * LOOP, CROSSFADE)
        parts.append(deck.render(LOOP // 2 if number == 0 else LOOP))
    return np.concatenate([*parts, deck.render(LOOP // 2)])


def test_ten_swaps_are_heard_without_a_gap_or_click_and_lie_at_the_announced_loop_ends(
    server: Jack, tmp_path: Path
) -> None:
    clips = [noise(seed) for seed in range(SWAPS + 1)]
    for _ in range(TRIES):  # a machine that is too busy for JACK itself says nothing about the player
        sound, lost, loops = asyncio.run(play_and_record(server, tmp_path, clips))
        if not lost and loops == [*range(SWAPS + 1), SWAPS]:
            break
    assert loops == [*range(SWAPS + 1), SWAPS]
    start = int(np.flatnonzero(sound)[0])
    heard = sound[start : start + len(clips) * LOOP]
    assert len(heard) == len(clips) * LOOP

    assert longest_run_of_zeros(heard) < 64
    largest = max(np.abs(np.diff(clip, append=clip[:1])).max() for clip in clips)
    assert np.abs(np.diff(heard)).max() < np.sqrt(2) * largest + np.pi / 2 / CROSSFADE
    for number, clip in enumerate(clips):
        last = LOOP - CROSSFADE if number < SWAPS else LOOP
        np.testing.assert_array_equal(heard[number * LOOP :][:last], clip[:last], f"clip {number}")
    np.testing.assert_allclose(heard, expected(clips)[: len(heard)], atol=1e-6)


async def _restarted(server: Jack, folder: Path) -> None:
    owner = Owner(folder)
    owner.worker.start(asyncio.get_running_loop())
    try:
        ready = await owner.told("ready")
        assert ready["what"].startswith("loopback, 44,100 Hz, latency ") and ready["seen"] == "loopback"
        owner.order(1, noise(1), time.monotonic_ns() + 500_000_000)
        assert owner.deck is not None
        await owner.told("loop", 1)
        assert owner.worker.pid is not None
        os.kill(owner.worker.pid, 9)
        await owner.told("down")
        await owner.told("ready")
        loop = await owner.told("loop", 1)
        off = (loop["at_ns"] - owner.deck["at_ns"] + LOOP_NS // 2) % LOOP_NS - LOOP_NS // 2
        assert abs(off) < 10_000_000, "the loop goes on where it would be"
    finally:
        owner.worker.stop()


def test_a_player_that_was_killed_goes_on_in_phase(server: Jack, tmp_path: Path) -> None:
    asyncio.run(_restarted(server, tmp_path))


async def _unplugged(jack: Jack, folder: Path) -> None:
    owner = Owner(folder)
    owner.worker.start(asyncio.get_running_loop())
    try:
        await owner.told("ready")
        owner.order(1, noise(1), time.monotonic_ns() + 500_000_000)
        await owner.told("loop", 1)
        jack.end(jack.started[0])
        gone = await owner.told("code", 503)
        assert gone["trouble"] == 'the output "loopback" is gone; silence until it is back, trying every second'
        missing = await owner.told("code", 404)
        assert "silence until it is there, trying every second" in missing["trouble"]
        jack.start()
        await owner.told("ready")
        await owner.told("code", 200)
        await owner.told("loop", 1)
        assert owner.worker.restarts == 1
    finally:
        owner.worker.stop()


def test_an_output_that_is_unplugged_is_waited_for_and_plays_on(server: Jack, tmp_path: Path) -> None:
    asyncio.run(_unplugged(server, tmp_path))
