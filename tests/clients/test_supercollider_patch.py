"""The class for SuperCollider, run by sclang itself where it is installed: it is large, so CI has to do without."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from oscbridge.osc.packets import encode
from tests.wire import ROOT, Running

from .programs import PATIENCE_S, Program, free_port
from .recorded import Announced, assert_no_gap_or_click, out_of_the_way
from .superclips import LOOP, RATE, Samples, dream, dreaming, places
from .test_jack_device import Jack

PATCHES = ROOT / "patches" / "supercollider"
SWAPS = 10
FADE = round(0.045 * RATE)
BLOCK = 64  # scsynth's: the old clip begins to fade with one, the new one on its sample
MIDDLE = slice(2 * BLOCK, LOOP // 8)  # so much sounds even if JACK leaves out most of a loop on a busy machine

if not shutil.which("sclang"):
    pytest.skip(
        "needs the program sclang: sudo apt-get install --no-install-recommends supercollider-language",
        allow_module_level=True,
    )

# runs whatever comes as /run
REMOTE = r"""
OSCdef(\run, { |msg| msg[1].asString.interpret }, '/run');
~say = { |what ... values| "%: %".format(what, values.flat.join($ )).postln };
"""
STREAMS = r"""
~began = Main.elapsedTime;
~ear = OscBridge("127.0.0.1", %d, "test");
~ear.levels { |means, peaks| ~say.(\levels, means, peaks); ~means = means };
~ear.channels("17,9,13:300-302") { |layer, first, values| ~say.(\channels, layer, first, values) };
~ear.activations("9:0-3") { |first, values, frame| ~say.(\neurons, frame, first, (values * 255).round.asInteger) };
~ear.scalogram { |bins| ~say.(\scalogram, (bins * 255).round.asInteger) };
~ear.selection { |mean, peak| ~say.(\selection, mean, peak) };
~ear.classes { |names, shares| ~say.(\classes, names.size, names, shares) };
~ear.transport { |bar, beat, bpm, phase| ~say.(\beat, bar, beat, bpm, phase) };
~ear.parameter(\stream, \gamma) { |value| ~say.(\gamma, value) };
~ear.onDone = { |address ... results| ~say.(\done, address, results) };
~ear.onFail = { |address, code, text| ~say.(\fail, address, code, text) };
~ear.onSelected = { |...region| ~say.(\selected, region) };
~ear.onRoute = { |...route| ~say.(\route, route) };
~ear.connect;
"""


class Sclang(Program):
    """sclang with our class, and a way to have it evaluate anything."""

    def __init__(self, folder: Path, code: str, env: dict[str, str] | None = None, port: int = 0) -> None:
        extensions = folder / "share" / "SuperCollider" / "Extensions"
        extensions.mkdir(parents=True, exist_ok=True)
        (extensions / "oscbridge").symlink_to(PATCHES)
        (folder / "run").mkdir(mode=0o700)
        (folder / "code.scd").write_text(REMOTE + code)
        self.port = port or free_port()
        own = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
        own |= {"XDG_RUNTIME_DIR": str(folder / "run"), "XDG_DATA_HOME": str(folder / "share")}
        own |= {"XDG_CONFIG_HOME": str(folder / "config")}
        command = ["sclang", "-u", str(self.port), "-D", str(folder / "code.scd")]
        super().__init__(command, folder, own | (env or {}))

    def run(self, code: str) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(encode("/run", code), ("127.0.0.1", self.port))

    def numbers(self, what: str, since: int = 0) -> list[np.ndarray]:
        return [np.array(m[1].split(), np.float64) for m in self.found(rf"{what}: ([-0-9. e]+)", since)]

    def complaints(self) -> list[str]:
        return [line for line in self.lines if "ERROR" in line or "FAILURE" in line or "not understood" in line]


@pytest.fixture(scope="module")
def sclang(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sclang]:
    folder = tmp_path_factory.mktemp("sclang")
    began = time.monotonic()
    with Sclang(folder, STREAMS % server.port) as running:
        running.wait_for("levels: .*")
        print(f"the first level came {time.monotonic() - began:.2f} s after sclang was started")
        running.wait_for("oscbridge: connected .*")
        yield running


def test_what_the_streams_bring_is_what_another_client_gets(sclang, server, wire):
    for stream, packing, filter_ in (
        ("levels", "", ""), ("channels", "", "17,9,13:300-302"), ("activations", "u8", "9:0-3"),
        ("scalogram", "u8", ""), ("classes", "", ""),
    ):  # fmt: skip
        wire.subscribe(stream, packing, filter_=filter_)
    since = len(sclang.lines)
    sent: dict[str, list[tuple]] = {}
    for message in wire.messages(2.0):
        sent.setdefault(message[0], []).append(message[1:])
    time.sleep(0.3)

    def same(came: list[np.ndarray], there: list[np.ndarray]) -> int:
        """How many that came were sent; the streams are not numbered, and each client misses what it is too slow for"""
        known = {tuple(np.float32(values)) for values in there}
        return sum(tuple(np.float32(values)) in known for values in came)

    layers = server.facts["layers"]
    means = [np.array(m) for m in sent["/ear/level/mean"]]
    assert same([n[:layers] for n in sclang.numbers("levels", since)], means) > 20
    peaks = [np.array(m) for m in sent["/ear/level/peak"]]
    assert same([n[layers:] for n in sclang.numbers("levels", since)], peaks) > 20
    channels = sclang.numbers("channels", since)
    whole = [np.array(m[2:]) for m in sent["/ear/channels"]]
    assert same([n[2:] for n in channels if n[0] == 9], whole) > 20
    chunk = [np.array(m[2:]) for m in sent["/ear/channels/256"]]
    assert same([n[2:] for n in channels if n[0] == 17 and n[1] == 256], chunk) > 20
    parts = [np.array(m[2:]) for m in sent["/ear/channels/300"]]
    assert same([n[2:] for n in channels if n[0] == 13 and n[1] == 300], parts) > 20
    blobs = {m[1]: np.frombuffer(m[5], np.uint8) for m in sent["/ear/activations"]}
    compared = 0
    for frame, first, *values in (n.astype(int) for n in sclang.numbers("neurons", since)):
        if frame in blobs:
            assert first == sent["/ear/activations"][0][4]
            np.testing.assert_array_equal(values, blobs[frame])
            compared += 1
    assert compared > 20 and max(b.max() for b in blobs.values()) > 127, "bytes with a sign would be seen"
    bins = [np.frombuffer(m[1], np.uint8) for m in sent["/ear/scalogram"]]
    assert same(sclang.numbers("scalogram", since), bins) > 20
    (classes,) = sclang.wait_for(r"classes: (\d+) ([a-z ]+) ([-0-9. e]+)", since)[:1]
    assert {*classes[2].split()} == set(sent["/ear/classes"][0][::2])
    assert sclang.complaints() == []


def test_a_layout_comes_whole_as_its_file_says(sclang, server):
    sclang.run(
        r"~ear.layout { |x, y, rev| ~say.(\layout, rev, x.size, [0, 1000, 76958].collect { |i| [x[i], y[i]] }) }"
    )
    (came,) = sclang.wait_for(r"layout: (.*)")
    places_ = np.load(ROOT / "models" / "ear.npy") if (ROOT / "models" / "ear.npy").exists() else None
    rev, size, *pairs = map(float, came[1].split())
    assert (rev >= 0, size) == (True, server.facts["neurons"])
    with server.wire() as wire:
        wire.subscribe("layout", "list", filter_="0")
        first = wire.wait_for(lambda m: m[0] == "/ear/layout/list" and m[2:4] == (0, 0))
    assert pairs[:2] == pytest.approx(first[4:6])
    if places_ is not None:
        assert np.reshape(pairs, (3, 2)) == pytest.approx(places_[0, [0, 1000, 76958]])


def test_parameters_are_set_asked_for_and_followed(sclang, wire):
    wire.subscribe("state")
    since = len(sclang.lines)
    sclang.run("~ear.set(\\stream, \\gamma, 2)")
    wire.wait_for(lambda m: m == ("/ear/stream/gamma", 2.0))
    sclang.wait_for(r"gamma: 2\.0", since)
    sclang.run("~ear.get(\\dream, \\step_size) { |value| ~say.(\\step, value) }")
    sclang.wait_for(r"step: 4\.0", since)
    wire.ask("/ear/stream/gamma", 1.0)
    sclang.wait_for(r"gamma: 1\.0", since)
    # from the parameter to what is heard of it, on sclang's own clock
    sclang.run(
        r"~at = Main.elapsedTime; ~sum = ~means.sum / 2; ~ear.set(\stream, \floor, 0.9);"
        r"fork { while { ~means.sum > ~sum } { 0.002.wait };"
        r"~say.(\effect, Main.elapsedTime - ~at); ~ear.set(\stream, \floor, 0) }"
    )
    (effect,) = sclang.wait_for(r"effect: ([\d.]+)", since)
    print(f"a parameter acts after {float(effect[1]) * 1e3:.0f} ms")
    wire.wait_for(lambda m: m == ("/ear/stream/floor", 0.0))


def test_selecting_routes_and_refusals(sclang, wire):
    since = len(sclang.lines)
    sclang.run('~ear.clear; ~ear.select(9, 0, 3, 0, 1, 1, "mine"); ~ear.selectCircle(0, 0, 0.5); ~ear.selected')
    sclang.wait_for(r"selected: 9 0 3 0\.0 1\.0 1\.0 mine 140", since)
    sclang.wait_for(r"selection: 0\.\d*[1-9]\d* .*", since)
    sclang.run("~ear.clear")
    sclang.wait_for("done: /ear/select/clear.*", since, times=2)
    sclang.run(r"OSCdef(\light, { |msg| ~say.(\light, msg[1]) }, '/light')")
    sclang.run(f'~ear.addRoute("light", "layer.3.mean", "udp://127.0.0.1:{sclang.port}/light")')
    sclang.wait_for(r"light: 0\.\d+", since, times=5)
    sclang.run("~ear.routes")
    sclang.wait_for(r"route: light layer\.3\.mean .*", since)
    sclang.run('~ear.removeRoute("light"); ~ear.send("/ear/nonsense")')
    sclang.wait_for("done: /ear/route/remove light", since)
    sclang.wait_for("fail: /ear/nonsense 404 .*", since)
    sclang.run(r"~ear.end(\transport)")
    sclang.wait_for(r"done: /ear/unsubscribe \d+", since)


def test_a_second_one_on_the_same_port_takes_the_next_and_says_so(sclang, server, tmp_path):
    with Sclang(tmp_path, STREAMS % server.port, port=sclang.port) as second:
        (said,) = second.wait_for(r"oscbridge: connected \(.*, heard on port (\d+)\)")
        assert int(said[1]) != sclang.port
        second.wait_for("levels: .*", times=20)
        sclang.wait_for("levels: .*", len(sclang.lines), times=20)


def test_it_comes_back_when_the_daemon_restarts_and_leaves_nothing_when_it_dies(tmp_path):
    port = free_port()
    (tmp_path / "sclang").mkdir()
    with Sclang(tmp_path / "sclang", STREAMS % port) as sclang:
        sclang.wait_for("oscbridge: looking .*")
        since = 0
        for run in ("first", "second"):
            with Running(tmp_path / run, [f"server.port={port}"]) as daemon, daemon.wire() as wire:
                sclang.wait_for("oscbridge: connected .*", since)
                sclang.wait_for("levels: .*", since, times=10)
                sclang.wait_for("neurons: .*", since, times=10)
                subscribers = wire.ask("/ear/status")[6]
                assert subscribers == 8, (
                    "levels, channels, activations, scalogram, selection, classes, transport, state"
                )
                if run == "second":
                    sclang.process.kill()
                    end = time.monotonic() + PATIENCE_S
                    while wire.ask("/ear/status")[6]:
                        assert time.monotonic() < end
                        time.sleep(0.2)
                    assert wire.ask("/ear/status")[-1] == "running"
            since = len(sclang.lines)
        assert sclang.complaints() == []


# clips

PLAYER = r"""
Server.default = s = Server(\test, NetAddr("127.0.0.1", %(scsynth)d));
s.options.numInputBusChannels = 0;
~ear = OscBridge("127.0.0.1", %(port)d, "clips");
~ear.onDone = { |address ... results| ~say.(\done, address, results) };
~clips = OscBridgeClips(~ear, s);
~clips.onStarted = { |clip| ~say.(\started, clip) };
s.waitForBoot {
	s.recSampleFormat = "float";
	s.recHeaderFormat = "wav";
	s.record("%(heard)s", numChannels: 2);
	s.sync;
	~clips.play;
	~ear.connect;
};
"""


class Playing:
    """A daemon that dreams, and sclang with scsynth that play and record it."""

    def __init__(self, jack: Jack, folder: Path) -> None:
        jack.start()
        self.heard = folder / "heard.wav"
        (folder / "sclang").mkdir()
        self.daemon_context = dreaming(folder / "dreams")
        self.daemon = self.daemon_context.__enter__()
        with self.daemon.wire() as wire:
            dream(wire)
        code = PLAYER % {"scsynth": free_port(), "port": self.daemon.port, "heard": self.heard}
        env = {key: jack.environment[key] for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
        self.sclang = Sclang(folder / "sclang", code, env)

    def started(self) -> list[int]:
        return [int(m[1]) for m in self.sclang.found(r"started: (\d+)")]

    def sound(self) -> Samples:
        since = len(self.sclang.lines)
        self.sclang.run("s.stopRecording")
        self.sclang.wait_for("Recording Stopped.*", since)
        end = time.monotonic() + PATIENCE_S
        while True:
            sound, rate = soundfile.read(self.heard, dtype="float32")
            if len(sound):
                assert rate == RATE
                np.testing.assert_array_equal(sound[:, 0], sound[:, 1])
                return sound[:, 0]
            assert time.monotonic() < end
            time.sleep(0.05)

    def close(self) -> None:
        self.sclang.run("s.quit; AppClock.sched(0.5) { 0.exit }")
        try:
            self.sclang.process.wait(PATIENCE_S)
        finally:
            self.sclang.end()
            self.daemon_context.__exit__(None, None, None)


@pytest.fixture
def playing(jack: Jack, tmp_path: Path) -> Iterator[Playing]:
    pair = Playing(jack, tmp_path)
    yield pair
    pair.close()


def test_ten_swaps_are_heard_in_time_without_a_gap_or_click(playing: Playing) -> None:
    with playing.daemon.wire() as other:
        other.subscribe("clips")
        announced = Announced(other)
        end = time.monotonic() + 2 * PATIENCE_S
        while len(playing.started()) < SWAPS + 2:
            assert time.monotonic() < end, playing.sclang.lines[-12:]
            announced.listen(0.05)
    sound = playing.sound()
    clips = playing.started()[: SWAPS + 1]
    assert clips == sorted(set(clips)) and set(clips) <= set(announced.begins)
    sounds = {clip: soundfile.read(announced.paths[clip], dtype="float32")[0] for clip in clips}
    found = {clip: places(sound, sounds[clip][MIDDLE]) for clip in clips}
    assert all(found.values()), f"not heard as it was announced: {[c for c in clips if not found[c]]}"
    begins = [found[clip][0] - MIDDLE.start for clip in clips]
    late = np.diff(begins) - np.diff([announced.begins[clip] for clip in clips]) * RATE
    assert_no_gap_or_click(sound[begins[0] : begins[-1]], list(sounds.values()), late, RATE, BLOCK, FADE)
    assert late.max() < LOOP / 4  # it may be less: on a busy machine JACK itself leaves periods out

    for old, new, since, begin in zip(clips, clips[1:], begins, begins[1:], strict=False):
        whole = np.arange(since + 2 * BLOCK, begin - FADE - BLOCK)  # the old clip alone, round and round
        np.testing.assert_array_equal(sound[whole], sounds[old][(whole - since) % LOOP], f"clip {old}")
        fade = np.arange(begin - FADE, begin)
        angle = (fade - fade[0]) / FADE * np.pi / 2
        mixed = sounds[new][(fade - begin) % LOOP] * np.sin(angle) + sounds[old][(fade - since) % LOOP] * np.cos(angle)
        most = (BLOCK + 2) / FADE * np.pi / 2 * np.abs(sounds[old]).max()
        np.testing.assert_allclose(sound[fade], mixed, atol=most + 1e-4, err_msg=f"from clip {old} to {new}")
    assert playing.sclang.complaints() == []


@pytest.mark.parametrize("harm", ["missing", "broken"])
def test_a_clip_that_cannot_be_read_is_told_and_the_one_before_loops_on(playing: Playing, harm: str) -> None:
    sclang = playing.sclang
    with playing.daemon.wire() as other:
        other.subscribe("clips")
        sclang.wait_for(r"started: \d+", times=2)
        with out_of_the_way(sclang, other, "this is no sound" if harm == "broken" else "") as bad:
            sclang.wait_for(rf"done: /ear/clip/failed {bad}")
        sclang.wait_for(rf"started: (?!{bad}$)\d+", since=len(sclang.lines))
    assert bad not in playing.started()
    sound = playing.sound()
    heard = np.flatnonzero(sound)
    assert np.diff(heard).max() <= BLOCK, "it never fell silent"


def test_buffers_are_freed(playing: Playing) -> None:
    sclang = playing.sclang
    sclang.wait_for(r"started: \d+", times=6)
    sclang.run(r"~say.(\buffers, s.bufferAllocator.blocks.size, ~clips.held.size)")
    (count,) = sclang.wait_for(r"buffers: (\d+) (\d+)")
    assert int(count[1]) <= 8 and int(count[2]) <= 4


def test_the_examples_run_as_they_are(jack: Jack, server: Running, tmp_path: Path) -> None:
    jack.start()
    env = {key: jack.environment[key] for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
    boot = f'Server.default = s = Server(\\test, NetAddr("127.0.0.1", {free_port()}));'
    boot += "s.options.numInputBusChannels = 0; ~say.(\\listening);\n"
    for name in ("levels", "everything"):
        folder = tmp_path / name
        folder.mkdir()
        code = (PATCHES / f"{name}.scd").read_text().replace("9870", str(server.port))
        with Sclang(folder, boot, env) as sclang:
            (folder / "example.scd").write_text(code)
            sclang.wait_for("listening: .*")
            sclang.run(f'"{folder}/example.scd".load')
            sclang.wait_for("oscbridge: connected .*")
            if name == "everything":
                sclang.wait_for(r"layout \d+: \d+ neurons from .*")
                sclang.wait_for(r"beat .*mean of layer 9 0\.\d+")
            else:
                sclang.run("~ear.free; fork { ~drone.free; s.sync; 0.5.wait; s.quit; ~say.(\\quit) }")
                sclang.wait_for("quit: .*")
            assert sclang.complaints() == [], sclang.lines[-30:]
