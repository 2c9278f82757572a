"""The patch for Pure Data, run by Pure Data itself, without a window: what it prints is what the daemon sent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from oscbridge.osc.packets import encode
from tests.wire import ROOT, Running

from .need import need
from .programs import PATIENCE_S, Program, free_port

PATCHES = ROOT / "patches" / "puredata"
LAYER_9 = 18_328  # its first neuron

# any message to any receiver by its name, over TCP; gamma both ways; how loud the example plays
REMOTE = r"""#N canvas 0 0 450 300 10;
#X obj 10 10 netreceive %d;
#X obj 10 40 t a a;
#X obj 10 70 list split 1;
#X obj 10 100 list trim;
#X obj 100 70 list split 1;
#X obj 10 130 send;
#X obj 200 10 r gamma;
#X obj 200 40 oscbridge-parameter stream gamma;
#X obj 200 70 print gamma;
#X obj 200 130 r oscbridge-example-db;
#X obj 200 160 print decibels;
#X connect 0 0 1 0;
#X connect 1 0 2 0;
#X connect 1 1 4 0;
#X connect 2 1 3 0;
#X connect 3 0 5 0;
#X connect 4 0 5 1;
#X connect 6 0 7 0;
#X connect 7 0 8 0;
#X connect 9 0 10 0;
"""


class PureData(Program):
    """Pure Data with the patch open, and a way to send to any of its receivers."""

    def __init__(self, folder: Path, port: int, printing: str = "all") -> None:
        remote_port = free_port(socket.SOCK_STREAM)
        (folder / "remote.pd").write_text(REMOTE % remote_port)
        command = [need("pd", package="puredata-core"), "-nogui", "-noaudio", "-stderr", "-path", str(PATCHES)]
        command += ["-send", f"oscbridge-port {port}; oscbridge-print {printing}"]
        super().__init__([*command, str(PATCHES / "oscbridge.pd"), str(folder / "remote.pd")])
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._remote = socket.create_connection(("127.0.0.1", remote_port))
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None and time.monotonic() < end, self.lines
                time.sleep(0.05)

    def send(self, message: str) -> None:
        """receiver and what it gets, as in a message box."""
        self._remote.sendall(message.encode() + b";\n")

    def end(self) -> None:
        self._remote.close()
        super().end()


@pytest.fixture(scope="module")
def pd(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PureData]:
    with PureData(tmp_path_factory.mktemp("pd"), server.port) as running:
        running.wait_for("state: connected")
        yield running


def test_the_patch_says_hello_and_prints_who_answered(pd, server):
    (hello,) = pd.wait_for(r"hello: oscbridge 1 0 \S+ http://\S+ (\S+) (\d+) (\d+)")
    assert hello.groups() == (server.facts["model"], str(server.facts["layers"]), str(server.facts["neurons"]))


def test_the_levels_that_pure_data_prints_are_those_that_another_client_gets(pd, wire):
    wire.subscribe("levels")
    sent: dict[str, set[str]] = {"mean": set(), "peak": set()}
    wire.wait_for(lambda m: m[0] == "/ear/level/peak")
    since = len(pd.lines)
    for message in wire.messages(PATIENCE_S):
        if message[0].startswith("/ear/level/"):
            sent[message[0][11:]].add(" ".join(f"{value:g}" for value in message[1:]))
        levels = [m[1] for m in pd.found("levels: (.*)", since)]
        peaks = [m[1] for m in pd.found("peaks: (.*)", since)]
        if len(peaks) >= 20 and set(levels[1:-1]) <= sent["mean"] and set(peaks[1:-1]) <= sent["peak"]:
            break
    # the first line may be of the frame before, the last of the one to come
    assert len(peaks) >= 20 and set(levels[1:-1]) <= sent["mean"] and set(peaks[1:-1]) <= sent["peak"]
    assert len(set(levels)) > 10
    assert {len(line.split()) for line in levels} == {28}


def test_the_bytes_of_every_frame_that_pure_data_prints_are_those_that_another_client_gets(pd, wire):
    wire.subscribe("activations", "u8", filter_="9:0-3")
    sent: dict[int, bytes] = {}
    since = len(pd.lines)
    compared = 0
    for message in wire.messages(PATIENCE_S):
        if message[0] != "/ear/activations":
            continue
        _, _, frame, chunk, chunks, first, blob = message
        assert (chunk, chunks, first) == (0, 1, LAYER_9)
        sent[frame] = blob
        printed = pd.found(r"activations: (\d+) (\d+) (\d+) (.*)", since)
        compared = sum(int(m[1]) in sent for m in printed)
        if compared >= 20:
            break
    assert compared >= 20
    for m in printed:
        if int(m[1]) in sent:
            assert (int(m[2]), int(m[3])) == (LAYER_9, 140)
            assert bytes(map(int, m[4].split())) == sent[int(m[1])], f"frame {m[1]}"
    assert len({m[4] for m in printed}) > 1


def test_part_of_a_wide_layer_comes_with_the_number_of_its_first_channel(pd, wire):
    wire.subscribe("channels", filter_="13:300-302,9")
    sent: set[str] = set()
    since = len(pd.lines)
    pd.send("oscbridge-send channels 13:300-302 0")
    pd.wait_for("channels: 13 300 .*", since)
    since = len(pd.lines)
    for message in wire.messages(PATIENCE_S):
        if message[0] == "/ear/channels/300":
            sent.add("13 300 " + " ".join(f"{value:g}" for value in message[3:]))
        printed = [m[1] for m in pd.found("channels: (.*)", since)]
        if len(set(printed) & sent) >= 5:
            break
    assert len(set(printed) & sent) >= 5
    since = len(pd.lines)
    pd.send("oscbridge-send channels 9 0")
    (whole,) = pd.wait_for("channels: (9 0 .*)", since)[:1]
    assert len(whole[1].split()) == 2 + 128
    pd.send("oscbridge-send channels off")


def test_a_fader_in_pure_data_turns_the_daemon_and_is_told_what_it_made_of_it(pd, wire):
    wire.subscribe("state")
    before = wire.ask("/ear/stream/gamma")[1]
    try:
        for sent, told in ((2.5, 2.5), (99, 10), (0.001, 0.1)):
            since = len(pd.lines)
            pd.send(f"gamma {sent}")
            wire.wait_for(lambda m, told=told: m == ("/ear/stream/gamma", pytest.approx(told)))
            assert wire.ask("/ear/stream/gamma")[1] == pytest.approx(told)
            pd.wait_for(f"gamma: {told}", since)
    finally:
        wire.ask("/ear/stream/gamma", before)
    pd.wait_for(f"gamma: {before:g}", since)


def test_a_refusal_is_printed_with_its_reason(pd):
    pd.send("oscbridge-send /ear/stream/gama 1")
    pd.wait_for(r"refused: /ear/stream/gama 404 .*did\\ you\\ mean\\ /ear/stream/gamma.*")


def test_channels_that_a_layer_does_not_have_are_refused_and_told(pd):
    pd.send("oscbridge-send channels 26:0-999 0")
    pd.wait_for("refused: /ear/subscribe 422 .*255.*")
    pd.send("oscbridge-send channels off")


def test_the_example_sounds_when_the_sound_is_on(pd):
    pd.send("pd dsp 1")
    loud = pd.wait_for(r"decibels: ([\d.]+)", times=10)
    pd.send("pd dsp 0")
    assert max(float(m[1]) for m in loud) > 40  # of env~'s 100 for full scale


def test_the_patch_finds_everything_it_is_made_of(pd):
    """Put last: nothing that the tests before did may have made Pure Data complain."""
    complaints = ("error", "couldn't create", "no such", "no method")
    assert [line for line in pd.lines if any(c in line for c in complaints) and "refused:" not in line] == []


def test_a_terminal_stays_readable_unless_everything_is_to_be_printed(server, tmp_path):
    with PureData(tmp_path, server.port, "some") as pd, server.wire() as wire:
        pd.wait_for("levels: .*")
        wire.subscribe("levels")
        means = 0
        while len(pd.found("levels: .*")) < 4:
            means += wire.wait_for(lambda m: m[0].startswith("/ear/level/"))[0] == "/ear/level/mean"
        assert means > 8 * 3
        assert max(len(m[0].split()) for m in pd.wait_for("activations: .*")) == 4 + 8
        pd.send("oscbridge-print none")
        pd.send("oscbridge-send /ear/nonsense")
        pd.send(f"gamma {wire.ask('/ear/stream/gamma')[1]}")
        pd.wait_for("gamma: .*", len(pd.lines))
        assert pd.found("refused: .*") == []


def test_the_patch_comes_back_by_itself_when_the_daemon_restarts(tmp_path):
    port = free_port()
    with PureData(tmp_path, port) as pd:
        pd.wait_for("state: looking")
        since = 0
        for run in ("first", "second"):
            with Running(tmp_path / run, [f"server.port={port}"]) as daemon, daemon.wire() as wire:
                pd.wait_for("hello: .*", since)
                pd.wait_for("state: connected", since)
                pd.wait_for(f"levels:( [0-9.e-]+){{{daemon.facts['layers']}}}", since, times=5)
                pd.wait_for("activations: .*", since, times=5)
                assert wire.ask("/ear/status")[6] == 3, "levels, activations and state, once each"
            since = len(pd.lines)


class Pretender:
    """A socket that answers as the daemon would, and hears all that a client says."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE_S)
        self.port: int = self.socket.getsockname()[1]
        self.subscribed = 0
        self.is_alive = True

    def hear(self) -> tuple[str, list[object]]:
        """The next message, answered if it is one of the session's."""
        datagram, source = self.socket.recvfrom(65_536)
        message = OscMessage(datagram)
        if message.address == "/ear/hello":
            self.answer(source, "/ear/welcome", "pretender", 1, 0, 77, "", "ear-1", 2, 3)
        if message.address == "/ear/subscribe":
            self.subscribed += 1
            self.answer(source, "/ear/done", "/ear/subscribe", 100 + self.subscribed, 6.0)
        if self.is_alive:
            self.answer(source, "/ear/alive", 77, 1, 1, 0, 0)
        return message.address, message.params

    def answer(self, source: tuple[str, int], address: str, *args: object) -> None:
        self.socket.sendto(encode(address, *args), source)

    def hear_until(self, address: str) -> list[tuple[str, list[object]]]:
        heard = [self.hear()]
        end = time.monotonic() + PATIENCE_S
        while heard[-1][0] != address:
            assert time.monotonic() < end, f"no {address} among {heard}"
            heard.append(self.hear())
        return heard

    def __enter__(self) -> Pretender:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_the_patch_subscribes_after_hello_renews_and_says_goodbye_when_it_quits(tmp_path):
    with Pretender() as daemon, PureData(tmp_path, daemon.port) as pd:
        heard = daemon.hear_until("/ear/sync")
        assert heard[0][0] == "/ear/hello" and heard[0][1][0] == "Pure Data"
        asked = [params for address, params in heard if address == "/ear/subscribe"]
        assert sorted(p[0] for p in asked) == ["activations", "levels", "state"]
        assert all(p[1] == "" and p[2] == 0 and p[4] == 6 for p in asked)
        assert {p[0]: p[5] for p in asked} == {"activations": "9:0-3", "levels": "", "state": ""}
        daemon.hear_until("/ear/sync")
        pd.send("pd quit")
        ended = [daemon.hear_until("/ear/unsubscribe")[-1][1] for _ in asked]
        assert sorted(p[0] for p in ended) == [101, 102, 103]


def test_the_patch_says_hello_again_when_no_sign_of_life_comes(tmp_path):
    with Pretender() as daemon, PureData(tmp_path, daemon.port) as pd:
        daemon.hear_until("/ear/subscribe")
        pd.wait_for("state: connected")
        daemon.is_alive = False
        daemon.hear_until("/ear/hello")
        pd.wait_for("state: looking")


def test_the_patch_that_is_told_to_stop_ends_its_streams_and_stays_silent(tmp_path):
    with Pretender() as daemon, PureData(tmp_path, daemon.port) as pd:
        daemon.hear_until("/ear/sync")
        pd.send("oscbridge-send disconnect")
        daemon.hear_until("/ear/unsubscribe")
        pd.wait_for("state: off")
        pd.send("oscbridge-send connect")
        rest = daemon.hear_until("/ear/hello")
        assert {address for address, _ in rest[:-1]} <= {"/ear/unsubscribe", "/ear/sync"}
        pd.wait_for("state: connected", since=len(pd.lines) - 1)


def test_a_server_is_found_by_its_name(tmp_path):
    with Pretender() as daemon, PureData(tmp_path, daemon.port) as pd:
        daemon.hear_until("/ear/subscribe")
        pd.send("oscbridge-host localhost")
        daemon.hear_until("/ear/hello")
        pd.wait_for("state: connected", times=2)
        assert not [line for line in pd.lines if "error" in line]


@pytest.mark.parametrize("count", [1, 200, 7_900])
def test_pure_data_takes_frames_of_every_size_apart(tmp_path, count):
    values = np.random.default_rng(count).integers(0, 256, count).astype("u1")
    with Pretender() as daemon, PureData(tmp_path, daemon.port) as pd:
        daemon.hear_until("/ear/subscribe")
        pd.wait_for("state: connected")
        source = daemon.socket.recvfrom(65_536)[1]
        daemon.answer(source, "/ear/activations", 77, 5, 0, 1, 42, values.tobytes())
        (printed,) = pd.wait_for(r"activations: 5 42 (\d+) (.*)")
        assert int(printed[1]) == count
        assert np.array_equal(np.array(printed[2].split(), int), values)
