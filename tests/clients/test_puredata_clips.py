"""Pure Data plays what is dreamed: it loads clips while it plays, and fades from one into the next when it is told."""

from __future__ import annotations

import hashlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.wire import Running

from .need import need
from .programs import PATIENCE_S, Program, free_port
from .recorded import out_of_the_way
from .superclips import LOOP, RATE, Samples, dream, dreaming, places

CLIPS = 5
FADE_MS = 20
BLOCK = 64  # Pure Data's
FADE = FADE_MS * RATE // 1_000 // BLOCK * BLOCK
MIDDLE = slice(LOOP // 4, LOOP // 2)  # earlier vline~ is up to 1e-4 samples off, which rounding takes away later
SEAM = 3  # samples at a loop's end that tabread4~ does not reach, as it looks at four

# A player with two decks: one plays while the other loads.
OBJECTS = {
    "port": "netreceive -u -b {port}",
    "parse": "oscparse",
    "trim": "list trim",
    "ear": "route ear",
    "what": "route clip done fail",
    "done": "print done",
    "refused": "print refused",
    "which": "route ready activate",
    # it connects, says hello and subscribes
    "begin": "loadbang",
    "steps": "t b b b b b",
    "connect": "msg:connect 127.0.0.1 {server}",
    "hello": "msg:list player {port}",
    "hello-osc": "oscformat ear hello",
    "nothing": "symbol",
    "clips": "list prepend clips",
    "lease": "list append 0 0 60",
    "subscribe-osc": "oscformat ear subscribe",
    "send": "list prepend send",
    "send-trim": "list trim",
    "server": "netsend -u -b",
    # ready: read it into the deck that is free
    "ready-both": "t a a",
    "ready": "print ready",
    "facts": "unpack f s s s",
    "clip": "t b f f",
    "free": "f 0",
    "read": "pack f s",
    "read-it": "msg:read -resize \\$2 clip-\\$1",
    "file": "soundfiler",
    "is-read": "sel 0",
    "failed-clip": "f",
    "failed-both": "t f f",
    "failed": "print failed",
    "why": "list append unreadable",
    "failed-osc": "oscformat ear clip failed",
    "bang": "t b",
    "loaded-clip": "f",
    "loaded-both": "t f f",
    "loaded": "print loaded",
    "loaded-osc": "oscformat ear clip loaded",
    # activate: fade over when it is time
    "order": "unpack f f f f f",
    "samples": "* {rate}",
    "whole": "int",  # so that a loop begins with a sample
    "wait": "delay 1 1 samp",
    "next-all": "t b f f",
    "next": "f",
    "activated": "print activated",
    "now": "t b f f",
    "started": "print started",
    "started-osc": "oscformat ear clip started",
    "play": "f 0",
    "play-both": "t f f",
    "other": "== 0",
    "deck": "sel 0 1",
    "to-0": "t b b b",
    "to-1": "t b b b",
    "up-0": "msg:1 {fade}",
    "down-0": "msg:0 {fade}",
    "up-1": "msg:1 {fade}",
    "down-1": "msg:0 {fade}",
    # sound
    "table-0": "table clip-0 {loop}",
    "table-1": "table clip-1 {loop}",
    "loop-0": "metro {loop} 1 samp",
    "loop-1": "metro {loop} 1 samp",
    "through-0": "msg:0 \\, {loop} {loop_ms}",
    "through-1": "msg:0 \\, {loop} {loop_ms}",
    "index-0": "vline~",  # whole numbers: phasor~ drifts by a fraction of a sample
    "index-1": "vline~",
    "sound-0": "tabread4~ clip-0",
    "sound-1": "tabread4~ clip-1",
    "line-0": "line~",
    "line-1": "line~",
    "faded-0": "*~",
    "faded-1": "*~",
    "sum": "+~",
    "heard": "writesf~ 1",
    "open": "msg:open -wave -bytes 4 {heard} \\, start",
    "dsp": "msg:\\; pd dsp 1",
    "remote": "netreceive -u {remote}",
    "remote-stop": "route stop",
    "stop": "msg:stop",
}
CORDS = """
port parse, parse trim, trim ear, ear what, what:0 which, what:1 done, what:2 refused
begin steps, steps:4 dsp, steps:3 open, steps:2 connect, steps:1 hello, steps:0 nothing
connect server, hello hello-osc, hello-osc send, nothing clips, clips lease, lease subscribe-osc, subscribe-osc send
send send-trim, send-trim server
which:0 ready-both, ready-both:1 ready, ready-both:0 facts, facts:3 read:1, facts:0 clip
clip:2 failed-clip:1, clip:1 loaded-clip:1, clip:0 free, free read, read read-it, read-it file, file is-read
is-read:0 failed-clip, failed-clip failed-both, failed-both:1 failed, failed-both:0 why, why failed-osc
failed-osc send, is-read:1 bang, bang loaded-clip, loaded-clip loaded-both, loaded-both:1 loaded
loaded-both:0 loaded-osc, loaded-osc send
which:1 order, order:3 samples, samples whole, whole wait:1, order:0 next-all, next-all:2 activated, next-all:1 next:1
next-all:0 wait, wait next, next now, now:2 started, now:1 started-osc, started-osc send, now:0 play
play play-both, play-both:1 other, other play:1, other free:1, play-both:0 deck, deck:0 to-0, deck:1 to-1
to-0:2 loop-0, to-0:1 up-0, to-0:0 down-1, to-1:2 loop-1, to-1:1 up-1, to-1:0 down-0
loop-0 through-0, through-0 index-0, loop-1 through-1, through-1 index-1
up-0 line-0, down-0 line-0, up-1 line-1, down-1 line-1
index-0 sound-0, sound-0 faded-0, line-0 faded-0:1, faded-0 sum
index-1 sound-1, sound-1 faded-1, line-1 faded-1:1, faded-1 sum:1
sum heard, open heard, remote remote-stop, remote-stop stop, stop heard
"""


def patch(**values: object) -> str:
    """The player as a file of Pure Data's."""
    lines = ["#N canvas 0 0 900 700 10;"]
    for i, words in enumerate(OBJECTS.values()):
        kind, text = ("msg", words[4:]) if words.startswith("msg:") else ("obj", words)
        lines.append(f"#X {kind} {10 + i % 5 * 170} {10 + i // 5 * 40} {text.format(**values)};")
    numbers = {name: i for i, name in enumerate(OBJECTS)}
    for cord in CORDS.replace("\n", ",").split(","):
        if ends := [(name, outlet or "0") for name, _, outlet in (end.partition(":") for end in cord.split())]:
            (source, outlet), (sink, inlet) = ends
            lines.append(f"#X connect {numbers[source]} {outlet} {numbers[sink]} {inlet};")
    return "\n".join([*lines, ""])


class Player(Program):
    """Pure Data with that patch open; it records what it plays."""

    def __init__(self, folder: Path, server: int) -> None:
        self.heard, self._remote = folder / "heard.wav", free_port()
        ports = {"port": free_port(), "server": server, "remote": self._remote}
        lengths = {"rate": RATE, "loop": LOOP, "loop_ms": 1_000 * LOOP / RATE, "fade": FADE_MS}
        (folder / "player.pd").write_text(patch(**ports, **lengths, heard=self.heard))
        pd = need("pd", package="puredata-core")
        super().__init__([pd, "-nogui", "-noaudio", "-stderr", "-r", str(RATE), str(folder / "player.pd")])
        self.wait_for(r"done: /ear/subscribe .*")

    def clips(self, what: str) -> list[int]:
        """The clips that it has printed as `ready`, `loaded`, `failed`, `activated` or `started`, in that order."""
        return [int(m[1]) for m in self.found(rf"{what}: (\d+).*")]

    def sound(self) -> Samples:
        """All that was played up to now, after which it records no more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"stop;\n", ("127.0.0.1", self._remote))
        end = time.monotonic() + PATIENCE_S
        while not soundfile.info(self.heard).frames:  # it writes the length last
            assert time.monotonic() < end
            time.sleep(0.05)
        sound, rate = soundfile.read(self.heard, dtype="float32")
        assert rate == RATE
        return sound


def begin(sound: Samples, clip: Samples) -> int:
    """Where the clip begins for the first time; its middle must be there, bit for bit."""
    found = places(sound, clip[MIDDLE])
    assert found, "it is not heard as it was announced"
    return found[0] - MIDDLE.start


def whole(samples: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether tabread4~ gives the sample itself, so many samples after a clip began."""
    return (samples % LOOP > 0) & (samples % LOOP < LOOP - SEAM)


def read(path: Path) -> Samples:
    return soundfile.read(path, dtype="float32")[0]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with dreaming(tmp_path_factory.mktemp("dreams")) as running:
        with running.wire() as wire:
            dream(wire)
        yield running


@pytest.fixture
def player(daemon: Running, tmp_path: Path) -> Iterator[Player]:
    running = Player(tmp_path, daemon.port)
    with running:
        yield running


def test_pure_data_loads_and_plays_clip_after_clip(player: Player) -> None:
    player.wait_for(r"started: \d+", times=CLIPS + 1)
    sound = player.sound()
    assert not player.clips("failed") and not [line for line in player.lines if "refused" in line or "error" in line]
    started = player.clips("started")[: CLIPS + 1]
    assert started == player.clips("activated")[: CLIPS + 1] == sorted(set(started))
    assert set(started) <= set(player.clips("loaded")) <= set(player.clips("ready"))
    for clip in started[:-1]:
        lines = [player.lines.index(f"{what}: {clip}") for what in ("loaded", "activated", "started")]
        assert lines == sorted(lines)
        assert f"done: /ear/clip/started {clip}" in player.lines

    sounds, begins = {}, []
    for clip in started[:-1]:
        [announced] = player.found(rf"ready: {clip} (\S+) http\S+ (\S+) {RATE} {LOOP} 1 .*")
        path = Path(announced[2])
        assert hashlib.sha256(path.read_bytes()).hexdigest() == announced[1]
        sounds[clip] = read(path)
        begins.append(begin(sound, sounds[clip]))
    for old, new, before, since, until in zip(started, started[1:], begins, begins[1:], begins[2:], strict=False):
        loops = round((since - before) / LOOP)
        assert loops > 0 and abs(since - before - loops * LOOP) < LOOP / 4
        at = np.arange(since, until - BLOCK)
        at = at[whole(at - since) & (whole(at - before) | (at > since + FADE))]
        share = np.clip((at - since // BLOCK * BLOCK) / FADE, 0.0, 1.0)  # line~ begins with the block
        expected = sounds[new][(at - since) % LOOP] * share + sounds[old][(at - before) % LOOP] * (1 - share)
        np.testing.assert_allclose(sound[at], expected, atol=1e-3 * np.abs(expected).max(), err_msg=f"clip {new}")


def test_a_clip_that_pure_data_cannot_read_leaves_it_with_the_one_before_while_others_go_on(
    player: Player, daemon: Running
) -> None:
    with daemon.wire() as other:
        other.subscribe("clips")
        player.wait_for(r"started: \d+", times=2)
        with out_of_the_way(player, other) as missing:
            other.send("/ear/clip/loaded", missing)
            player.wait_for(rf"failed: {missing}")
        other.wait_for(lambda m: m[:2] == ("/ear/clip/activate", missing))
        player.wait_for(rf"done: /ear/clip/failed {missing}")
        player.wait_for(rf"started: (?!{missing}$)\d+", since=player.lines.index(f"failed: {missing}"))
        sound = player.sound()

    assert missing not in player.clips("loaded") + player.clips("activated") + player.clips("started")
    started = player.clips("started")
    kept = max(clip for clip in started if clip < missing)
    assert min(clip for clip in started if clip > missing) > missing
    [announced] = player.found(rf"ready: {kept} \S+ http\S+ (\S+) .*")
    clip = read(Path(announced[1]))
    again = sound[begin(sound, clip) + LOOP :][: LOOP - 2 * BLOCK]
    assert len(again) == LOOP - 2 * BLOCK
    np.testing.assert_allclose(again[1:], clip[1 : len(again)], atol=1e-3 * np.abs(clip).max(), err_msg="it loops on")
