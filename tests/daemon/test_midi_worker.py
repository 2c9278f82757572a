"""The process that owns the MIDI ports, with a driver that the test makes up: plugs, hangs of a server, bad ports."""

from __future__ import annotations

import json
import queue
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from oscbridge.daemon import midi_ports, midi_worker
from oscbridge.daemon.midi_worker import ANEW_LOOKS, MOST_AT_ONCE, MOST_WAITING, Ports, _batch
from oscbridge.errors import BridgeError


class RtMidiError(OSError):
    pass


class Driver:
    """python-rtmidi, and the system's MIDI below it: who restarts the system must make new ports."""

    def __init__(self, api: str = "alsa") -> None:
        self.api, self.is_up, self.system = api, True, 0
        self.inputs: list[str] = ["desk:keys"]
        self.outputs: list[str] = ["desk:lights"]
        self.sent: list[list[int]] = []
        self.opened: list[Port] = []
        self.breaks: set[str] = set()

    def open(self, kind: str = "MidiIn") -> tuple[Port, str]:
        if not self.is_up:
            raise BridgeError("MIDI cannot be opened", 503)
        self.opened.append(Port(self, kind))
        return self.opened[-1], self.api


class Port:
    def __init__(self, driver: Driver, kind: str) -> None:
        self.driver, self.kind, self.system = driver, kind, driver.system
        self.connected, self.deleted = "", False
        self.callback: Callable[..., None] = lambda *_: None
        self.stale = self._names()

    def _names(self) -> list[str]:
        return list(self.driver.inputs if self.kind == "MidiIn" else self.driver.outputs)

    def get_ports(self) -> list[str]:
        if "get_ports" in self.driver.breaks:
            raise RtMidiError("driver trouble")
        if self.system == self.driver.system:
            self.stale = self._names()
        return self.stale

    def open_port(self, index: int, name: str) -> None:
        if "open_port" in self.driver.breaks:
            raise RtMidiError("busy")
        self.connected = self.get_ports()[index]

    def set_callback(self, callback: Callable[..., None]) -> None:
        self.callback = callback

    def send_message(self, message: list[int]) -> None:
        if "send" in self.driver.breaks:
            raise RtMidiError("unplugged")
        self.driver.sent.append(message)

    def cancel_callback(self) -> None:
        self.callback = lambda *_: None

    def close_port(self) -> None:
        self.connected = ""

    def delete(self) -> None:
        self.deleted = True


class Bench:
    """Ports over a driver, and what control is told."""

    def __init__(self, driver: Driver, device: str = "") -> None:
        self.driver, self.items = driver, queue.SimpleQueue[Any]()
        self.ours, theirs = socket.socketpair()
        self.ours.setblocking(False)
        self.ports = Ports(theirs, self.items, device)

    def look(self, times: int = 1) -> list[dict[str, Any]]:
        for _ in range(times):
            self.ports.look()
        try:
            return [json.loads(line) for line in self.ours.recv(65_536).splitlines()]
        except BlockingIOError:
            return []


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    made = Driver()
    monkeypatch.setattr(midi_worker, "open_api", made.open)
    monkeypatch.setattr(midi_worker, "load", lambda: SimpleNamespace(RtMidiError=RtMidiError))
    yield made
    assert all(p.deleted for p in made.opened[:-2] if p.system == made.system), "one of a kind at a time"


def test_a_controller_is_found_unplugged_and_found_again(driver: Driver) -> None:
    bench = Bench(driver)
    assert bench.look() == [{"found": "desk:keys", "shows": "desk:lights"}]
    assert bench.look(3) == [], "and told once"
    driver.inputs, driver.outputs = [], []
    assert bench.look() == [{"gone": "desk:keys"}, {"missing": "there is no MIDI input; there are: none"}]
    assert bench.look(9) == []
    driver.inputs = ["other:out"]
    assert bench.look() == [{"found": "other:out", "shows": ""}]
    assert len(driver.opened) == 2, "what was made is connected again"


def test_another_device_is_taken_as_soon_as_it_is_asked_for(driver: Driver) -> None:
    driver.inputs = ["desk:keys", "BCF2000 MIDI 1"]
    bench = Bench(driver)
    bench.look()
    bench.ports.obey({"device": "bcf"})
    assert bench.look() == [{"found": "BCF2000 MIDI 1", "shows": ""}]
    bench.ports.obey({"device": "launch"})
    (missing,) = bench.look()
    assert "with 'launch' in its name; there are: desk:keys, BCF2000 MIDI 1" in missing["missing"]


def test_what_comes_is_handed_over_and_what_is_shown_goes_out(driver: Driver) -> None:
    bench = Bench(driver)
    bench.look()
    port = next(p for p in driver.opened if p.kind == "MidiIn")
    port.callback(([0xB0, 1, 2], 0.0), None)
    assert _batch(bench.items, 1.0) == [[0xB0, 1, 2]]
    bench.ports.obey({"send": [[0xB0, 1, 3], [0xB0, 2, 4]]})
    assert driver.sent == [[0xB0, 1, 3], [0xB0, 2, 4]]


def test_a_flood_that_nobody_takes_is_cut_off_and_a_batch_is_bounded(driver: Driver) -> None:
    bench = Bench(driver)
    bench.look()
    port = next(p for p in driver.opened if p.kind == "MidiIn")
    for _ in range(MOST_WAITING + 500):
        port.callback(([0xB0, 1, 2], 0.0), None)
    assert bench.items.qsize() == MOST_WAITING and len(_batch(bench.items, 0.0)) == MOST_AT_ONCE
    assert _batch(queue.SimpleQueue(), 0.0) == []


@pytest.mark.parametrize("trouble", ["get_ports", "open_port", "send"])
def test_a_driver_that_makes_trouble_is_tried_again(driver: Driver, trouble: str) -> None:
    driver.breaks = {trouble}
    bench = Bench(driver)
    bench.look(3)
    bench.ports.obey({"send": [[0xB0, 1, 3]]})
    driver.breaks = set()
    told = bench.look(2)
    assert {"found": "desk:keys", "shows": "desk:lights"} in told or trouble == "send"
    bench.ports.obey({"send": [[0xB0, 1, 4]]})
    assert driver.sent == [[0xB0, 1, 4]]


def test_a_system_without_a_server_is_waited_for_and_told_once(driver: Driver) -> None:
    driver.is_up = False
    bench = Bench(driver)
    assert bench.look(4) == [{"missing": "MIDI cannot be opened"}]
    driver.is_up = True
    assert bench.look() == [{"found": "desk:keys", "shows": "desk:lights"}]


def test_a_jack_server_that_was_started_again_is_seen_by_who_still_waits(driver: Driver) -> None:
    driver.api, driver.inputs = "jack", []
    bench = Bench(driver)
    bench.look()
    driver.system, driver.inputs = 1, ["desk:keys"]
    assert bench.look(ANEW_LOOKS)[-1]["found"] == "desk:keys"


def test_an_api_that_is_not_there_is_a_mistake_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = SimpleNamespace(
        RtMidiError=RtMidiError, get_compiled_api=lambda: [2, 3], get_api_name=lambda api: {2: "alsa", 3: "jack"}[api]
    )

    def refuse(api: int, name: str) -> None:
        raise RtMidiError(f"api {api} is away.")

    fake.MidiIn = refuse
    monkeypatch.setattr(midi_ports, "load", lambda: fake)
    monkeypatch.setenv(midi_ports.API_VARIABLE, "core")
    with pytest.raises(BridgeError, match="is 'core'; python-rtmidi has alsa, jack") as caught:
        midi_ports.open_api()
    assert caught.value.code == 422
    monkeypatch.setenv(midi_ports.API_VARIABLE, "jack")
    with pytest.raises(BridgeError, match=r"opened \(jack: api 3 is away\)") as caught:
        midi_ports.open_api()
    assert caught.value.code == 503
    monkeypatch.delenv(midi_ports.API_VARIABLE)
    with pytest.raises(BridgeError, match=r"alsa: api 2 is away; jack: api 3 is away"):
        midi_ports.open_api()
    fake.MidiIn = lambda api, name: (api, name)
    assert midi_ports.open_api() == ((2, "oscbridge"), "alsa")
