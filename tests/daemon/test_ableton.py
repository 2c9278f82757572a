"""The daemon beside a Live that plays: tempo and beat followed, slots fired, Live closed and opened again."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from tests.hosts.fake_live import FakeLive
from tests.wire import Running, Wire

from .clips import RATE, loop


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def reply_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def live(reply_port: int) -> Iterator[FakeLive]:
    one = FakeLive(reply_port, bpm=150.0)
    yield one
    one.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, live: FakeLive, reply_port: int) -> Iterator[Running]:
    sets = [f"ableton.port={live.port}", f"ableton.reply_port={reply_port}", "ableton.slots=4", "ableton.track=2"]
    with Running(tmp_path_factory.mktemp("ableton"), [*sets, "ableton.enabled=true"]) as daemon:
        yield daemon


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def until_bpm(wire: Wire, bpm: float) -> None:
    end = time.monotonic() + 10
    while abs(wire.ask("/ear/transport/bpm")[1] - bpm) > 1e-3:
        assert time.monotonic() < end
        time.sleep(0.05)


def offset(wire: Wire, live: FakeLive, beats: int = 12) -> float:
    """The median distance of our beats from Live's, in beats, and that bars agree."""
    wire.subscribe("transport")
    off = []
    while len(off) < beats:
        beat = wire.wait_for(lambda m: m[0] == "/ear/beat")
        position = live.position
        off.append((position - round(position), (round(position) % 4) + 1 == beat[2]))
    assert sum(agrees for _, agrees in off) > 0.8 * beats, "the same beat of the bar"
    return sorted(o for o, _ in off)[beats // 2]


def test_tempo_and_beat_are_followed(wire: Wire, live: FakeLive) -> None:
    until_bpm(wire, 150.0)
    time.sleep(16 * 60 / 150)  # beats until the soonest message is near the truth
    assert abs(offset(wire, live)) < 0.1, "40 ms at 150"
    live.set_tempo(90.0)
    until_bpm(wire, 90.0)


def test_a_tempo_that_we_do_not_play_is_clamped(wire: Wire, live: FakeLive) -> None:
    live.set_tempo(900.0)
    until_bpm(wire, 400.0)
    live.set_tempo(150.0)
    until_bpm(wire, 150.0)


def test_a_live_that_is_closed_is_told_and_one_that_opens_again_is_followed_again(
    wire: Wire, live: FakeLive, running: Running, reply_port: int
) -> None:
    wire.subscribe("state")
    live.is_mute = True
    fail = wire.wait_for(lambda m: m[:2] == ("/ear/fail", "/ear/ableton/enabled"), 20)
    assert fail[2] == 503 and "does not answer" in fail[3]
    wire.ask("/ear/sync", 1, answer="/ear/synced")
    live.is_mute = False
    live.set_tempo(133.0)
    until_bpm(wire, 133.0)
    assert running.text.count("Ableton Live is there") == 2


def test_following_can_be_turned_off_and_others_may_not_pose_as_live(wire: Wire, live: FakeLive) -> None:
    wire.ask("/ear/ableton/follow", 0)
    wire.ask("/ear/transport/bpm", 100.0)
    live.set_tempo(140.0)
    time.sleep(0.5)
    assert wire.ask("/ear/transport/bpm")[1] == 100.0
    wire.ask("/ear/ableton/follow", 1)


def test_a_slot_is_fired_when_a_clip_is_activated(tmp_path: Path) -> None:
    port = free_port()
    live = FakeLive(port)
    try:
        (tmp_path / "clips").mkdir()
        soundfile.write(tmp_path / "clips" / "one.wav", loop(), RATE)
        sets = [f"ableton.port={live.port}", f"ableton.reply_port={port}", "ableton.slots=4", "ableton.track=2"]
        loops = ["transport.bpm=240", "transport.beats_per_clip=4", "ableton.follow=false"]
        with Running(tmp_path, [*sets, *loops, "ableton.enabled=true"]) as running, running.wire() as wire:
            wire.subscribe("clips")
            end = time.monotonic() + 15
            while not live.got("/live/test"):
                assert time.monotonic() < end
                time.sleep(0.05)
            imported = wire.ask("/ear/clip/import", "one.wav")
            assert wire.ask("/ear/clip/play", imported[2])[0] == "/ear/done"
            while not live.got("/live/clip/fire"):
                assert time.monotonic() < end
                time.sleep(0.05)
            assert live.got("/live/clip/fire")[-1].args == (2, imported[2] % 4)
    finally:
        live.end()


def test_a_reply_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with Running(tmp_path, [f"ableton.reply_port={port}"]) as running, running.wire() as wire:
            wire.subscribe("state")
            wire.send("/ear/ableton/enabled", 1)
            fail = wire.wait_for(lambda m: m[:2] == ("/ear/fail", "/ear/ableton/enabled"))
            assert fail[2] == 409 and f"ableton.reply_port is {port}" in fail[3]
