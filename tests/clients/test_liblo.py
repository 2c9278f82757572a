"""oscdump and oscsend, which know nothing of us: one only listens, the other only sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.wire import ROOT, Running

from .need import need
from .programs import PATIENCE_S, Program, free_port

NUMBER = r"-?[\d.]+(?:e[-+]\d+)?"


class OscDump(Program):
    """oscdump on a port of its own. -L: without it the last lines stay in its buffer."""

    def __init__(self, port: int) -> None:
        super().__init__([need("oscdump", package="liblo-tools"), "-L", str(port)])
        self.port = port


def osc_send(port: int, *words: str) -> None:
    Program([need("oscsend", package="liblo-tools"), "127.0.0.1", str(port), *words]).process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def dump() -> Iterator[OscDump]:
    with OscDump(free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def daemon(dump: OscDump, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    levels = f"{{port: {dump.port}, stream: levels, max_hz: 5}}"
    layout = f"{{port: {dump.port}, stream: layout, packing: list, filter: '27'}}"
    subscribers = f"server.subscribers=[{levels}, {layout}]"
    with Running(tmp_path_factory.mktemp("liblo"), [subscribers]) as running:
        yield running


def test_a_patch_that_only_listens_gets_the_places_of_the_neurons_that_it_wants(daemon, dump):
    shipped = np.load(ROOT / "models" / "layouts" / "ear.npy")
    last = range(daemon.facts["neurons"] - 7, daemon.facts["neurons"])  # the classes
    told = dump.wait_for(r"\S+ /ear/layout/ready issii 1 \"(\S+)\" \"(\w+)\" (\d+) (\d+)")[0]
    assert told[1].endswith("/files/shipped/ear.npy") and told[3] == str(daemon.facts["neurons"])
    for snapshot in range(len(shipped)):
        pattern = rf"\S+ /ear/layout/list i{{3}}f{{14}} 1 {snapshot} {last.start}((?: {NUMBER}){{14}})"
        places = np.array(dump.wait_for(pattern)[0][1].split(), np.float32).reshape(7, 2)
        np.testing.assert_allclose(places, shipped[snapshot, last], atol=2e-6)


def test_a_patch_that_only_listens_gets_the_levels_it_is_subscribed_to_in_the_settings(daemon, dump):
    sent: list[tuple[float, ...]] = []

    def is_last(message: tuple[Any, ...]) -> bool:
        if message[0] == "/ear/level/mean":
            sent.append(message[1:])
        return message[0] == "/ear/synced"

    with daemon.wire() as wire:
        wire.subscribe("levels")
        layers, since = daemon.facts["layers"], len(dump.lines)
        printed = dump.wait_for(rf"\S+ /ear/level/mean f{{{layers}}}((?: {NUMBER}){{{layers}}})", since, times=8)
        wire.send("/ear/sync", 1)
        wire.wait_for(is_last)
    for line in printed[2:]:  # the first ones may have been on their way before
        values = pytest.approx([float(word) for word in line[1].split()], abs=2e-6)
        assert any(list(one) == values for one in sent)


def test_nothing_but_its_streams_come_to_a_patch_that_never_asked(daemon, dump):
    dump.wait_for(r".* /ear/level/peak .*", since=len(dump.lines), times=2)
    own = {"/ear/level/mean", "/ear/level/peak", "/ear/layout/ready", "/ear/layout/list"}
    assert {line.split()[1] for line in dump.lines} == own


@pytest.mark.parametrize(
    "words, expected",
    [(["f", "2.5"], 2.5), (["i", "3"], 3.0), (["f", "1e9"], 10.0), (["T"], None), (["s", "dark"], None)],
)
def test_oscsend_sets_a_parameter_for_everyone(daemon, words, expected):
    with daemon.wire() as wire:
        before = wire.ask("/ear/stream/gamma", 1.25)[1]
        wire.subscribe("state")
        osc_send(daemon.port, "/ear/stream/gamma", *words)
        if expected is not None:
            wire.wait_for(lambda m: m == ("/ear/stream/gamma", expected))
        # sent after it by the same program, so that it is carried out after it
        osc_send(daemon.port, "/ear/stream/floor", "f", "0.125")
        wire.wait_for(lambda m: m == ("/ear/stream/floor", 0.125))
        assert wire.ask("/ear/stream/gamma")[1] == (before if expected is None else expected)
        wire.ask("/ear/stream/floor", 0.0)


def test_one_who_names_a_port_in_hello_is_answered_there(daemon):
    with OscDump(free_port()) as answers:
        # it has no sign for being ready; a welcome that came too early is asked for again
        for _ in range(50):
            osc_send(daemon.port, "/ear/hello", "si", "oscsend", str(answers.port))
            if answers.found(".*"):
                break
        (welcome, *_) = answers.wait_for(r'\S+ /ear/welcome siiissii "oscbridge" 1 0 \d+ "[^"]*" "(\S+)" (\d+) (\d+)')
    facts = daemon.facts
    assert welcome.groups() == (facts["model"], str(facts["layers"]), str(facts["neurons"]))


def test_liblo_reads_the_bytes_of_a_blob_as_they_were_sent(daemon):
    sent: dict[int, list[int]] = {}
    with OscDump(free_port()) as answers, daemon.wire() as wire:
        wire.subscribe("activations", "u8", filter_="26:0-7")
        wire.ask("/ear/subscribe", "activations", "u8", answers.port, 0.0, 60.0, "26:0-7")
        line = r"\S+ /ear/activations iiiiib \d+ (\d+) 0 1 76696 \[8b ([0-9a-fx ]*)\]"
        for message in wire.messages(PATIENCE_S):
            if message[0] == "/ear/activations":
                sent[message[2]] = list(message[6])
            printed = [m for m in answers.found(line) if int(m[1]) in sent]
            if len(printed) >= 10 and len({m[2] for m in printed}) > 1:  # quiet neurons stay as they are for a while
                break
    assert len(printed) >= 10
    assert all([int(byte, 16) for byte in m[2].split()] == sent[int(m[1])] for m in printed)
    assert len({m[2] for m in printed}) > 1
