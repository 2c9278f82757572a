"""The objects for Pure Data, one for each stream: what each gives is what the daemon sends."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oscbridge.settings import parameters
from tests.wire import ROOT, Running

from .need import need
from .programs import PATIENCE_S, Program, free_port
from .superclips import RATE
from .test_puredata import Pretender

PATCHES = ROOT / "patches" / "puredata"
LAYER_9, POSITIONS = 18_328, 35
LEASE_S = 6.0

# every object, printed: name, words, and which outlets under which name
OBJECTS = {
    "ear-levels": ["means", "peaks"],
    "ear-channels 13:300-302 0 part": ["", "part"],
    "ear-channels 9": ["", "whole"],
    "ear-activations 9:0-3 0 neurons": ["neurons", "frame"],
    "ear-activations 9:4": ["others"],
    "ear-scalogram 0 bins": ["scalogram"],
    "ear-selection": ["mean", "peak", "count"],
    "ear-classes": ["class", "share", "all"],
    "ear-layout 9 x y": ["rev", "there"],
    "ear-transport": ["bang", "bar", "beat", "bpm", "phase"],
    "ear-dream": ["step"],
}


def patch(objects: dict[str, list[str]], remote: int, more: str = "") -> str:
    """A patch of these objects that print what they give, with arrays, and a way in from outside: `receiver words;`,
    or `array name;`, which prints it."""
    lines = ["#N canvas 0 0 900 700 10;", "#X obj 10 10 oscbridge-client;"]
    cords, count = [], 1

    def add(what: str) -> int:
        nonlocal count
        lines.append(f"#X {what};")
        count += 1
        return count - 1

    for words, outlets in objects.items():
        made = add(f"obj 10 10 {words}")
        receiver = add(f"obj 10 10 r to-{words.split()[0]}")
        cords.append((receiver, 0, made, 0))
        for i, name in enumerate(outlets):
            if name:
                cords.append((made, i, add(f"obj 10 10 print {name}"), 0))
    for name in ("part", "neurons", "bins", "x", "y"):
        add(f"obj 10 10 array define {name} 1")
        get, show, ask = add(f"obj 10 10 array get {name}"), add(f"obj 10 10 print array-{name}"), 0
        ask = add(f"obj 10 10 r get-{name}")
        cords += [(ask, 0, get, 0), (get, 0, show, 0)]
    chain = [add(f"obj 10 10 {w}") for w in (f"netreceive {remote}", "t a a", "list split 1", "list trim", "send")]
    rest = add("obj 10 10 list split 1")
    cords += [(chain[0], 0, chain[1], 0), (chain[1], 0, chain[2], 0), (chain[1], 1, rest, 0)]
    cords += [(chain[2], 1, chain[3], 0), (chain[3], 0, chain[4], 0), (rest, 0, chain[4], 1)]
    lines += [f"#X connect {a} {b} {c} {d};" for a, b, c, d in cords]
    return "\n".join([*lines, more, ""])


class PureData(Program):
    """Pure Data with a patch of ours, and the socket by which it is told what to do."""

    def __init__(self, folder: Path, port: int, objects: dict[str, list[str]], more: str = "") -> None:
        remote = free_port(socket.SOCK_STREAM)
        (folder / "objects.pd").write_text(patch(objects, remote, more))
        self.began = time.monotonic()
        command = [need("pd", package="puredata-core"), "-nogui", "-noaudio", "-stderr", "-r", str(RATE)]
        command += ["-path", str(PATCHES), "-send", f"oscbridge-port {port}"]
        super().__init__([*command, str(folder / "objects.pd")])
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._remote = socket.create_connection(("127.0.0.1", remote))
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None and time.monotonic() < end, self.lines
                time.sleep(0.02)

    def send(self, message: str) -> None:
        self._remote.sendall(message.encode() + b";\n")

    def numbers(self, what: str, since: int = 0) -> list[np.ndarray]:
        return [np.array(m[1].split(), np.float64) for m in self.found(rf"{what}: ([-0-9. e]+)", since)]

    def array(self, name: str) -> np.ndarray:
        since = len(self.lines)
        self.send(f"get-{name} bang")
        self.wait_for(f"array-{name}: .*", since)
        return self.numbers(f"array-{name}", since)[0]

    def complaints(self) -> list[str]:
        return [line for line in self.lines if any(c in line for c in ("error", "couldn't", "no method", "no such"))]

    def end(self) -> None:
        self._remote.close()
        super().end()


@pytest.fixture(scope="module")
def pd(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PureData]:
    with PureData(tmp_path_factory.mktemp("pd"), server.port, OBJECTS) as running:
        running.wait_for("means: .*")
        print(f"the first level came {time.monotonic() - running.began:.2f} s after Pd was started")
        running.wait_for("whole: .*", times=3)
        yield running


@pytest.fixture(scope="module")
def sent(pd: PureData, server: Running) -> tuple[int, dict[str, list[tuple[Any, ...]]]]:
    """What another client got while Pd did, and the number of Pd's lines before."""
    heard: dict[str, list[tuple[Any, ...]]] = {}
    with server.wire() as wire:
        for stream, packing, filter_ in (
            ("levels", "", ""), ("channels", "", "9,13:300-302"), ("activations", "list", "9:0-4"),
            ("scalogram", "list", ""), ("classes", "", ""), ("selection", "", ""), ("transport", "", ""),
        ):  # fmt: skip
            wire.subscribe(stream, packing, filter_=filter_)
        wire.ask("/ear/select/add", 9, 0, 3, 0.0, 1.0, 1.0, "mine")
        since = len(pd.lines)
        for message in wire.messages(1.6):
            heard.setdefault(message[0], []).append(message[1:])
        time.sleep(0.2)
        wire.ask("/ear/select/clear")
    return since, heard


def same(came: list[np.ndarray], there: list[tuple[Any, ...]]) -> int:
    """How many of those that came were sent, as far as the six digits that Pd prints tell."""
    known = np.array(there, np.float64)
    return sum(bool(np.isclose(known, values, rtol=2e-5, atol=1e-6).all(1).any()) for values in came)


def test_levels_channels_and_scalogram_are_those_that_another_client_gets(pd, sent):
    since, heard = sent
    assert same(pd.numbers("means", since), heard["/ear/level/mean"]) > 20
    assert same(pd.numbers("peaks", since), heard["/ear/level/peak"]) > 20
    assert same(pd.numbers("scalogram", since), [m[1:] for m in heard["/ear/scalogram"]]) > 20
    part = pd.numbers("part", since)
    assert {tuple(p[:2]) for p in part} == {(13, 300)}
    assert same([p[2:] for p in part], [m[2:] for m in heard["/ear/channels/300"]]) > 20
    whole = pd.numbers("whole", since)
    assert {tuple(p[:2]) for p in whole} == {(9, 0)}
    assert same([p[2:] for p in whole], [m[2:] for m in heard["/ear/channels"]]) > 20
    assert len(pd.array("part")) == 3 and len(pd.array("bins")) == 216


def test_neurons_of_a_filter_come_with_their_numbers_and_fill_an_array(pd, sent):
    since, heard = sent
    neurons, others = pd.numbers("neurons", since), pd.numbers("others", since)
    assert {int(n[0]) for n in neurons} == {LAYER_9} and {int(n[0]) for n in others} == {LAYER_9 + 4 * POSITIONS}
    rows = {m[1]: m[2:] for m in heard["/ear/neurons"]}
    assert sum(len(m) - 2 for m in heard["/ear/neurons"] if m[0] == heard["/ear/neurons"][0][0]) >= 5 * POSITIONS
    assert LAYER_9 in rows
    wide = [m[2 : 2 + 4 * POSITIONS] for m in heard["/ear/neurons"] if m[1] == LAYER_9]
    assert same([n[1 : 1 + 4 * POSITIONS] for n in neurons], wide) > 20
    array = pd.array("neurons")
    assert len(array) == 4 * POSITIONS and array.max() <= 1
    assert np.isclose([n[1:] for n in pd.numbers("neurons")], array, rtol=2e-5, atol=1e-6).all(1).any()


def test_selection_classes_and_beat_are_taken_apart(pd, sent, wire):
    since, heard = sent
    assert same(pd.numbers("mean", since), [m[:1] for m in heard["/ear/selection"]]) > 20
    assert same(pd.numbers("peak", since), [m[1:] for m in heard["/ear/selection"]]) > 20
    names = {m[1] for m in pd.found(r"class: symbol (\w+)", since)}
    assert names and names <= {m[0] for m in heard["/ear/classes"]}
    assert same(pd.numbers("share", since), [m[1:2] for m in heard["/ear/classes"]]) > 20
    bars = zip(pd.numbers("bar", since), pd.numbers("beat", since), strict=False)
    assert {(int(bar[0]), int(beat[0])) for bar, beat in bars} & {m[:2] for m in heard["/ear/beat"]}
    assert pd.found("bang: bang", since)
    since = len(pd.lines)
    pd.send("to-ear-selection add 9 0 3 0 1 1 mine")
    pd.wait_for("count: 140", since)
    pd.send("to-ear-selection clear")
    end = time.monotonic() + PATIENCE_S
    while wire.ask("/ear/select", answer="/ear/done")[2]:
        assert time.monotonic() < end


def test_the_layout_of_a_layer_is_that_of_the_file(pd, server):
    pd.wait_for(r"rev: \d+")
    with server.wire() as wire:
        wire.subscribe("layout", "list", filter_="9")
        pairs: dict[int, tuple[float, ...]] = {}
        count = 128 * POSITIONS
        end = time.monotonic() + PATIENCE_S
        while sum(map(len, pairs.values())) < 2 * count:
            assert time.monotonic() < end
            message = wire.receive(1.0)
            if message and message[0] == "/ear/layout/list" and message[2] == 0:
                pairs[message[3]] = message[4:]
    xy = np.concatenate([pairs[first] for first in sorted(pairs)]).reshape(-1, 2)
    np.testing.assert_allclose(pd.array("x"), xy[:, 0], rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(pd.array("y"), xy[:, 1], rtol=2e-5, atol=1e-6)


def test_a_message_to_the_dream_sets_its_parameters_and_refuses_what_is_none(pd, wire):
    wire.subscribe("state")
    pd.send("to-ear-dream step_size 2")
    wire.wait_for(lambda m: m == ("/ear/dream/step_size", 2.0))
    wire.ask("/ear/dream/step_size", 4.0)
    pd.send("to-ear-dream stop")


def test_the_faders_of_the_dream_go_as_far_as_its_parameters() -> None:
    faders = re.findall(r"hsl \d+ 17 (\S+) (\S+) (\d) 0 \\\$0-(\w+) ", (PATCHES / "ear-dream.pd").read_text())
    assert len(faders) == 10
    for low, high, log, name in faders:
        path = f"dream.{name}"
        (parameter,) = [p for p in parameters() if p.path == path]
        assert float(high) == parameter.high and (log == "1") == (parameter.scale == "log")
        assert float(low) == parameter.low or (log == "1" and float(low) > parameter.low)


GRANTED = "#X obj 10 10 r oscbridge-state;\n#X obj 10 10 route done;\n#X obj 10 10 print done;\n"


def test_a_second_client_says_so_and_several_wishes_for_a_stream_are_one(server, tmp_path):
    objects = {"oscbridge-client": [], "ear-levels 5": ["means"], "ear-levels": [], "ear-selection": []}
    first = sum(line.startswith("#X obj") for line in patch(objects, 1).splitlines())
    cords = f"#X connect {first} 0 {first + 1} 0;\n#X connect {first + 1} 0 {first + 2} 0;"
    with PureData(tmp_path, server.port, objects, GRANTED + cords) as two:
        two.wait_for("oscbridge: there is an oscbridge-client already.*")
        two.wait_for("means: .*", times=20)
        granted = two.wait_for("done: /ear/subscribe .*", times=3)
        assert len(granted) == 3, "levels, selection and state, once each"
        assert two.complaints() == []


def test_two_patches_at_once_and_one_that_dies(server, tmp_path, wire):
    with PureData(tmp_path, server.port, {"ear-levels": ["means"]}) as other:
        other.wait_for("means: .*", times=20)
        before = wire.ask("/ear/status")[6]
        other.process.kill()
        killed = time.monotonic()
        while wire.ask("/ear/status")[6] > before - 2:
            assert time.monotonic() < killed + LEASE_S + PATIENCE_S
            time.sleep(0.1)
    assert wire.ask("/ear/status")[-1] == "running"


def test_what_an_object_wishes_is_asked_for_again_when_the_daemon_has_gone_and_come(tmp_path):
    with Pretender() as daemon, PureData(tmp_path, daemon.port, {"ear-selection 7": ["mean"]}):
        for _ in range(2):
            heard = daemon.hear_until("/ear/hello")
            daemon.is_alive = True
            while not any(address == "/ear/subscribe" and words[0] == "selection" for address, words in heard):
                heard.append(daemon.hear())
            assert heard[-1][1] == ["selection", "", 0, 7.0, LEASE_S, ""]
            daemon.hear_until("/ear/sync")
            daemon.is_alive = False


def test_pure_data_did_not_complain(pd):
    assert pd.complaints() == []
