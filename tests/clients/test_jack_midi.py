"""A MIDI controller at the running daemon, without hardware: a program with ports of JACK MIDI, which are real ones."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest

from oscbridge.daemon.midi_ports import API_VARIABLE
from tests.wire import ROOT, Running, Wire

from .test_jack_device import Jack

PATIENCE_S = 30.0
GAMMA, FLOOR = "/ear/stream/gamma", "/ear/stream/floor"

# sends the messages that it reads, a list of bytes or of such lists a line, and prints those that come back
CONTROLLER = """
import json, sys, time, rtmidi
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="desk")
out.open_virtual_port("controls")
lights = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="desk")
lights.open_virtual_port("lights")
lights.set_callback(lambda event, _: print(json.dumps(event[0]), flush=True))
print("ready", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    began = time.monotonic()
    for number, message in enumerate(order["messages"]):
        time.sleep(max(0.0, began + number / order["hz"] - time.monotonic()))
        out.send_message(message)
for port in (lights, out):
    port.close_port()
    port.delete()  # JACK waits for a client that does not take its leave
"""


class SyncJack(Jack):
    """Waits for its clients: one that is late loses what it was sent, otherwise, on a busy machine."""

    def _run(self, command: list[str], stdout: int | IO[str]) -> subprocess.Popen[Any]:
        is_server = command[0] == self.jackd
        return super()._run([self.jackd, "-S", "-t", "5000", *command[1:]] if is_server else command, stdout)


class Controller:
    """Eight faders, some buttons, and lights; unplugged as it is closed."""

    def __init__(self, jack: Jack) -> None:
        self.shown: list[list[int]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", CONTROLLER], env=jack.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.shown.append(json.loads(line))

    def send(self, *messages: list[int], hz: float = 10_000.0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"messages": messages, "hz": hz}) + "\n")
        self.process.stdin.flush()

    def cc(self, number: int, *values: int) -> None:
        self.send(*([0xB0, number, value] for value in values))

    def unplug(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()


@pytest.fixture(scope="module")
def jack() -> Iterator[Jack]:
    if importlib.util.find_spec("rtmidi") is None:
        reason = "needs python-rtmidi: pip install 'oscbridge[midi]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    server = SyncJack()
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def running(jack: Jack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    sets = ["midi.enabled=true", "midi.device=DESK", "midi.pickup=false", "midi.map=nanokontrol2"]
    with Running(tmp_path_factory.mktemp("midi"), sets, env={**jack.environment, API_VARIABLE: "jack"}) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def plugged(jack: Jack, running: Running) -> Iterator[list[Controller]]:
    """The controller that is there now."""
    there = [Controller(jack)]
    until(lambda: "MIDI comes from desk:controls" in running.text)
    yield there
    there[0].unplug()


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    """A client that is told every change."""
    with running.wire() as client:
        client.subscribe("state", lease_s=600)
        client.ask("/ear/sync", 1, answer="/ear/synced")
        yield client
        client.ask("/ear/midi/pickup", 0)
        client.ask("/ear/midi/load", "nanokontrol2")
        for address, value in ((GAMMA, 1.0), (FLOOR, 0.0), ("/ear/player/blackout", 0)):
            client.ask(address, value)


@pytest.fixture
def desk(plugged: list[Controller], wire: Wire) -> Controller:
    return plugged[0]


def until(is_so: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def told(wire: Wire, address: str) -> Any:
    """The next value of a parameter that changes."""
    return wire.wait_for(lambda m: m[0] == address)[1]


def value(wire: Wire, address: str) -> Any:
    return wire.ask(address)[1]


def listed(wire: Wire) -> list[tuple[Any, ...]]:
    wire.send("/ear/midi/list")
    rows: list[tuple[Any, ...]] = []
    while (message := wire.wait_for(lambda m: m[0] == "/ear/midi" or m[:2] == ("/ear/done", "/ear/midi/list"))) and (
        message[0] == "/ear/midi"
    ):
        rows.append(message[1:])
    return rows


def test_a_controller_that_is_plugged_in_is_shown_what_is_in_force(desk: Controller) -> None:
    until(lambda: [0xB0, 16, 64] in desk.shown and [0xB0, 48, 127] in desk.shown)


def test_a_fader_moves_its_parameter_and_everybody_is_told(desk: Controller, wire: Wire) -> None:
    desk.cc(16, 127)
    assert told(wire, GAMMA) == 10.0
    desk.cc(16, 0)
    assert told(wire, GAMMA) == pytest.approx(0.1)
    desk.cc(23, 127)
    assert told(wire, "/ear/dream/high_db") == 12.0


def test_a_parameter_that_the_ear_has_to_agree_to_follows_too(desk: Controller, wire: Wire) -> None:
    desk.cc(6, 30, 50, 127)
    wire.wait_for(lambda m: m == ("/ear/listen/gain_db", 24.0))
    wire.ask("/ear/listen/gain_db", 0.0)


def test_what_others_change_is_shown_and_what_a_fader_did_is_not_sent_back_to_it(desk: Controller, wire: Wire) -> None:
    desk.cc(16, 100)
    told(wire, GAMMA)
    wire.ask(FLOOR, 0.99)
    until(lambda: [0xB0, 17, 127] in desk.shown)  # the lights of both changes come together
    assert [0xB0, 16, 100] not in desk.shown
    wire.ask(GAMMA, 10.0)
    until(lambda: [0xB0, 16, 127] in desk.shown)
    seen = len(desk.shown)
    wire.ask("/ear/midi/feedback", 0)
    wire.ask(GAMMA, 2.0)
    wire.ask("/ear/midi/feedback", 1)
    until(lambda: len(desk.shown) > seen + 20)  # all of it, as to a controller that is plugged in


def test_a_button_selects_toggles_and_lights_up(desk: Controller, wire: Wire) -> None:
    wire.ask("/ear/select/clear")
    desk.cc(35, 127, 0)
    until(lambda: wire.ask("/ear/select", answer="/ear/done")[2:] != (0, 0))
    row = wire.ask("/ear/select", answer="/ear/selected")
    assert row[1:4] == (14, 0, 1) and row[7] == "midi"
    wire.ask("/ear/sync", 2, answer="/ear/synced")
    desk.cc(55, 127, 0)
    assert told(wire, "/ear/player/blackout") == 1
    until(lambda: [0xB0, 55, 127] in desk.shown)
    desk.cc(53, 127, 0)
    until(lambda: wire.ask("/ear/select", answer="/ear/done")[2:] == (0, 0))


def test_a_button_whose_command_cannot_be_carried_out_tells_everybody(desk: Controller, wire: Wire) -> None:
    wire.ask("/ear/midi/learn", "")
    wire.send("/ear/midi/learn", "/ear/clip/play 999999")
    wire.ask("/ear/sync", 3, answer="/ear/synced")
    desk.cc(60, 127, 0)
    wire.wait_for(lambda m: m[:3] == ("/ear/done", "/ear/midi/learn", "/ear/clip/play 999999"))
    desk.cc(60, 127, 0)
    assert wire.wait_for(lambda m: m[:2] == ("/ear/fail", "/ear/clip/play"))[2] == 404


def test_a_lesson_is_answered_when_it_is_learned_and_keeps_no_other_answer_waiting(
    desk: Controller, wire: Wire
) -> None:
    wire.send("/ear/midi/learn", FLOOR)
    assert wire.ask("/ear/sync", 4, answer="/ear/synced") == ("/ear/synced", 4)
    wire.send("/ear/midi/learn", GAMMA)
    assert wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/midi/learn", 409))[3].startswith("another")
    desk.send([0xB3, 90, 70])
    assert wire.wait_for(lambda m: m[:2] == ("/ear/done", "/ear/midi/learn"))[2:] == (GAMMA, 4, 90, "cc")
    desk.send([0xB3, 90, 127])
    assert told(wire, GAMMA) == 10.0
    wire.send("/ear/midi/learn", FLOOR)
    assert wire.ask("/ear/midi/learn", "")[:3] == ("/ear/fail", "/ear/midi/learn", 409), "to whoever waits"
    assert wire.wait_for(lambda m: m[0] == "/ear/done") == ("/ear/done", "/ear/midi/learn", "")


def test_maps_are_listed_kept_forgotten_and_brought_back(desk: Controller, wire: Wire, running: Running) -> None:
    before = listed(wire)
    assert (0, 16, "cc", GAMMA, pytest.approx(0.1), 10.0) in before and len(before) > 30
    assert wire.ask("/ear/midi/save", "my set") == ("/ear/done", "/ear/midi/save", "my set", len(before))
    assert (running.folder / "midi" / "my set.yaml").is_file()
    assert wire.ask("/ear/midi/forget", GAMMA)[3] == 1 and len(listed(wire)) == len(before) - 1
    assert wire.ask("/ear/midi/forget", GAMMA)[2] == 404
    assert wire.ask("/ear/midi/forget", "*")[3] == len(before) - 1 and listed(wire) == []
    assert wire.ask("/ear/midi/load", "my set")[3] == len(before) and listed(wire) == before
    assert wire.ask("/ear/midi/load", "immersions")[0] == "/ear/done"
    assert wire.ask("/ear/midi/load", "nothing")[2] == 404


def test_with_pickup_a_knob_moves_nothing_before_it_has_passed_the_value(desk: Controller, wire: Wire) -> None:
    wire.ask("/ear/midi/pickup", 1)
    wire.ask(FLOOR, 0.5)
    desk.cc(17, 5, 30)
    desk.cc(16, 60, 70, 100)  # its value lies between: this one takes hold, and tells that the others were heard
    wire.wait_for(lambda m: m[0] == GAMMA and m[1] > 2)
    assert value(wire, FLOOR) == 0.5
    desk.cc(17, 90)
    assert told(wire, FLOOR) == pytest.approx(0.99 * 90 / 127)


def test_a_flood_moves_sixty_times_a_second_and_ends_where_it_ends(desk: Controller, wire: Wire) -> None:
    began = time.monotonic()
    desk.send(*([0xB0, 16, n % 127] for n in range(2_000)), [0xB0, 16, 127], hz=1_000)
    seen: list[float] = []
    wire.wait_for(lambda m: bool(m[0] == GAMMA and (seen.append(m[1]) or m[1] == 10.0)))  # type: ignore[func-returns-value]
    took = time.monotonic() - began
    assert took > 1.9 and 20 < len(seen) <= 2 + 60 * took


def test_bad_bytes_harm_nothing(desk: Controller, wire: Wire) -> None:
    desk.send(
        [0xB0], [0xB0, 16], [0xF0, 1, 0xF7], [0xC0, 3], [0xE0, 1, 2], [0xF8], [0xFE], [0x90, 16, 127], [0xA0, 16, 1]
    )
    desk.cc(16, 127)
    assert told(wire, GAMMA) == 10.0


def test_a_controller_that_is_unplugged_is_found_again(
    jack: Jack, plugged: list[Controller], wire: Wire, running: Running
) -> None:
    plugged[0].unplug()
    assert wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/midi/enabled", 503))[3].startswith("the MIDI input")
    wire.ask(FLOOR, 0.99)
    plugged[0] = Controller(jack)
    wire.wait_for(lambda m: m == ("/ear/done", "/ear/midi/enabled", "desk:controls"))
    until(lambda: [0xB0, 17, 127] in plugged[0].shown)
    plugged[0].cc(16, 127)
    assert told(wire, GAMMA) == 10.0
    assert running.process.poll() is None


def test_midi_that_is_switched_off_lets_its_ports_go(desk: Controller, wire: Wire) -> None:
    wire.ask("/ear/midi/enabled", 0)
    assert wire.ask("/ear/midi/learn", GAMMA)[2] == 409
    desk.cc(16, 127)
    assert value(wire, GAMMA) != 10.0
    wire.ask("/ear/midi/enabled", 1)
    wire.wait_for(lambda m: m == ("/ear/done", "/ear/midi/enabled", "desk:controls"))
    desk.cc(16, 5, 127)
    wire.wait_for(lambda m: m == (GAMMA, 10.0))


def test_devices_lists_the_controller(jack: Jack, desk: Controller) -> None:
    code = "from oscbridge.commands.devices import midi; print(*midi(), sep='\\n')"
    said = subprocess.run(
        [sys.executable, "-c", code], env=jack.environment, cwd=ROOT, capture_output=True, text=True, check=True,
        timeout=PATIENCE_S,
    ).stdout  # fmt: skip
    assert "MIDI inputs (jack):" in said and "desk:controls" in said and "oscbridge:" not in said
