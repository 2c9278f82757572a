"""Ableton Link: how the transport follows a session, and two processes that really are in one."""

from __future__ import annotations

import builtins
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from oscbridge.daemon import link
from oscbridge.errors import BridgeError
from tests.clients.need import need

from .virtual import Rig, check_rounds

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0


def off_ms(one: Rig) -> float:
    """How far the transport's beat is from the session's, modulo its quantum."""
    line, session = one.transport.timeline, one.link
    off = (line.beat_at(one.loop.clock()) - session.beat + session.quantum / 2) % session.quantum - session.quantum / 2
    return off * 60_000 / session.bpm


def test_the_session_s_beat_and_tempo_are_taken_over(rig):
    one = rig(mode="link", bpm=120.0)
    assert one.transport.mode == "link"
    one.link.put(3.3, 97.0)
    one.run(1)
    assert one.transport.bpm == 97.0
    assert abs(off_ms(one)) < 0.2
    one.link.put(one.link.beat + 0.1, 140.0)
    one.run(1)
    assert (one.transport.bpm, abs(off_ms(one)) < 0.2) == (140.0, True)
    assert one.of("beat")[-1][1][2] == 140.0


def test_loops_end_at_the_beats_at_which_the_session_s_do(rig):
    one = rig(mode="link", bpm=120.0, beats_per_clip=8)
    one.link.put(5.0, 120.0)
    ends: list[float] = []
    one.on_call = lambda what: ends.append(one.link.beat) if what == "loop" else None
    one.run(14)
    assert [(beat + 4) % 8 - 4 for beat in ends] == pytest.approx([0] * 4, abs=0.005)
    check_rounds(one)


def test_less_than_a_fifth_of_a_millisecond_is_left_as_it_is(rig):
    one = rig(mode="link", bpm=120.0).run(1)
    for off, is_followed in ((0.0003, False), (0.0005, True)):  # beats: 0.15 and 0.25 ms
        before = one.transport.timeline.time_of(1_000)
        one.link.put(one.link.beat + off, 120.0)
        one.run(0.1)
        assert (one.transport.timeline.time_of(1_000) != before) is is_followed


def test_no_beat_comes_twice_and_none_is_lost_while_the_session_is_a_little_before_or_behind(rig):
    one = rig(mode="link", bpm=120.0, beats_per_clip=4)
    for n in range(200):
        one.run(0.2)
        one.link.put(one.link.beat + (0.3, -0.3)[n % 2], 120.0)
    check_rounds(one)
    numbers = [4 * bar + beat for _, (bar, beat, _, _) in one.of("beat")]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert abs(len(one.of("loop")) - 20) <= 1


def test_another_count_in_the_session_is_taken_over_forwards_without_a_burst(rig):
    one = rig(mode="link", bpm=120.0, beats_per_clip=8).run(2.1)
    for beat in (3.0, 1.2, 6.7, 1_000_000.1, -5.0):
        one.link.put(beat, 120.0)
        told = len(one.calls)
        one.run(0.1)
        assert len(one.calls) - told <= 4
        assert abs(off_ms(one)) < 0.2
        one.run(3)
    check_rounds(one)


def test_a_tempo_that_is_set_is_proposed_to_the_session(rig):
    one = rig(mode="link", bpm=120.0).run(1)
    one.set(bpm=90.0)
    one.run(0.1)
    assert one.link.bpm == one.transport.bpm == 90.0


def test_who_shares_bars_shares_loops_of_another_length_too(rig):
    one = rig(mode="link", beats_per_clip=8).run(0.1)
    assert one.link.quantum == 8
    one.set(beats_per_clip=6)
    assert one.link.quantum == 12


def test_leaving_the_session_keeps_the_beat_and_takes_the_own_tempo_again(rig):
    one = rig(mode="link", bpm=120.0).run(0.5)
    one.link.put(one.link.beat, 80.0)
    one.run(0.5)
    before = one.transport.timeline.beat_at(one.loop.clock())
    one.set(mode="internal")
    assert one.link.is_closed
    assert (one.transport.mode, one.transport.bpm) == ("internal", 120.0)
    assert one.transport.timeline.beat_at(one.loop.clock()) == pytest.approx(before)
    one.link.put(0.0, 33.0)
    one.run(1)
    assert one.transport.bpm == 120.0


def test_without_link_the_mode_stays_what_it_was_and_all_else_is_taken_over(rig):
    one = rig(mode="client", bpm=120.0).run(1)
    one.has_link = False
    with pytest.raises(BridgeError, match=r"pip install 'oscbridge\[link\]'") as refused:
        one.set(mode="link", bpm=90.0)
    assert refused.value.code == 503
    assert (one.transport.mode, one.transport.bpm) == ("client", 90.0)
    told = len(one.of("beat"))
    one.set(mode="client")
    one.run(2)
    assert len(one.of("beat")) == told + 3


def test_a_missing_aalink_is_told_with_the_command_that_brings_it(monkeypatch):
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "aalink":
            raise ModuleNotFoundError("No module named 'aalink'")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    for ask in (link.require, lambda: link.LinkSession(120.0, 8, 0.0)):
        with pytest.raises(BridgeError, match=r"pip install 'oscbridge\[link\]'") as refused:
            ask()
        assert refused.value.code == 503


# one of the two in a session: says what it goes by whenever it is asked, with the moment on the clock both share
PEER = """
import asyncio, json, sys, time
from oscbridge.daemon.transport import Transport
from oscbridge.sections import TransportSection

class Owner:
    def __getattr__(self, name):
        return lambda *args: None

section = TransportSection(mode="link", bpm=float(sys.argv[1]))
transport = Transport(lambda: section, Owner())

def answer():
    global section
    words = sys.stdin.readline().split()
    if not words:
        asyncio.get_running_loop().stop()
    elif words[0] == "bpm":
        section = section.model_copy(update={"bpm": float(words[1])})
        transport.parameters_changed()
    now = time.monotonic_ns()
    peers = transport._link.read().peers
    print(json.dumps([now, transport.timeline.beat_at(now), transport.bpm, peers]), flush=True)

async def main():
    loop = asyncio.get_running_loop()
    transport.start(loop)
    loop.add_reader(sys.stdin, answer)
    await asyncio.Event().wait()

loop = asyncio.SelectorEventLoop()
task = loop.create_task(main())
try:
    loop.run_forever()
finally:
    transport.close()
"""


class Peer:
    def __init__(self, bpm: float, before: list[str]) -> None:
        self.process = subprocess.Popen(
            [*before, sys.executable, "-c", PEER, str(bpm)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, words: str = "now") -> tuple[int, float, float, int]:
        """The moment in ns, the beat, the tempo and how many others there are."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        at_ns, beat, bpm, peers = json.loads(self.process.stdout.readline())
        return at_ns, beat, bpm, peers

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def session() -> Iterator[tuple[Peer, Peer]]:
    """Two processes in a network of their own, so that nobody else's session is joined."""
    if importlib.util.find_spec("aalink") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs aalink: pip install 'oscbridge[link]'")
    need("ip", package="iproute2")
    unshare = need("unshare", package="util-linux")
    nsenter = need("nsenter", package="util-linux")
    hold = subprocess.Popen(
        [unshare, "-n", "sh", "-c", f"{shutil.which('ip')} link set lo up && echo up && exec sleep 600"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    peers: list[Peer] = []
    try:
        assert hold.stdout is not None and hold.stderr is not None
        if hold.stdout.readline() != "up\n":
            pytest.skip(f"this system does not let us make a network namespace: {hold.stderr.read().strip()}")
        inside = [nsenter, "-n", "-t", str(hold.pid)]
        peers += [Peer(120.0, inside), Peer(97.0, inside)]
        yield peers[0], peers[1]
    finally:
        for peer in peers:
            peer.end()
        hold.kill()
        hold.communicate()


def apart_ms(a: Peer, b: Peer) -> float:
    """How far their bars are apart."""
    (then, beat, bpm, _), (now, other, _, _) = a.ask(), b.ask()
    return ((other - beat - (now - then) * bpm / 60e9 + 2) % 4 - 2) * 60_000 / bpm


def until(what: Callable[[], bool]) -> None:
    """Raises AssertionError if it has not come true in time."""
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_two_processes_in_a_session_agree_on_tempo_and_beat(session):
    a, b = session
    until(lambda: a.ask()[3] == b.ask()[3] == 1)
    until(lambda: abs(a.ask()[2] - b.ask()[2]) < 1e-3)
    until(lambda: abs(apart_ms(a, b)) < 2)
    for _ in range(20):
        assert abs(apart_ms(a, b)) < 2
        assert abs(a.ask()[2] - b.ask()[2]) < 1e-3
    b.ask("bpm 133.5")
    until(lambda: abs(a.ask()[2] - 133.5) < 1e-3)
    until(lambda: abs(apart_ms(a, b)) < 2)
    assert [abs(apart_ms(a, b)) < 2 for _ in range(20)] == [True] * 20
