"""MIDI without a controller: which port is meant, maps on the disk, floods, what is told when it cannot be."""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from oscbridge import settings
from oscbridge.cli import app
from oscbridge.commands import doctor_wire
from oscbridge.commands.devices import midi_report
from oscbridge.commands.finding import OK, PROBLEM
from oscbridge.daemon import midi_ports
from oscbridge.daemon.midi_desk import MidiDesk, Surroundings
from oscbridge.daemon.midi_files import read_map, write_map
from oscbridge.daemon.midi_ports import MidiPorts, pick_input, pick_output
from oscbridge.daemon.named_files import NamedFiles
from oscbridge.errors import BridgeError
from oscbridge.osc.midi_control import Control
from oscbridge.sections import Midi, Settings
from oscbridge.settings import changed
from tests.wire import ROOT

GAMMA, GAIN = "/ear/stream/gamma", "/ear/listen/gain_db"
ALSA = ["Midi Through:Midi Through Port-0 14:0", "nanoKONTROL2:nanoKONTROL2 _ SLIDE/KNOB 20:0", "BCF2000 MIDI 1 24:0"]


# ---- ports


@pytest.mark.parametrize(
    "names, device, chosen",
    [
        (ALSA, "", ALSA[1]),
        (ALSA, "bcf", ALSA[2]),
        (ALSA, "through", ALSA[0]),
        (ALSA, "launch", None),
        (ALSA[:1], "", None),
        (["oscbridge:out", "oscbridge-01:out"], "", None),
        ([], "", None),
    ],
)
def test_an_input_is_meant_by_a_part_of_its_name(names: list[str], device: str, chosen: str | None) -> None:
    assert pick_input(names, device) == chosen


@pytest.mark.parametrize(
    "names, source, chosen",
    [
        (ALSA, ALSA[2], ALSA[2]),
        ([ALSA[0], "nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0"], ALSA[1], "nanoKONTROL2:nanoKONTROL2 _ CTRL 20:0"),
        (["nanoKONTROL2 CTRL", "Synth"], "nanoKONTROL2 SLIDER/KNOB", "nanoKONTROL2 CTRL"),
        (["Microsoft GS Wavetable Synth 0", "nanoKONTROL2 1"], "nanoKONTROL2 0", "nanoKONTROL2 1"),
        (["system:midi_playback_1", "system:midi_playback_2"], "system:midi_capture_2", "system:midi_playback_2"),
        (["desk-01:lights", "oscbridge:in"], "desk:controls", "desk-01:lights"),
        (["Synth"], "nanoKONTROL2 0", None),
        ([], "x", None),
    ],
)
def test_the_output_of_a_controller_is_the_one_that_is_called_most_alike(
    names: list[str], source: str, chosen: str | None
) -> None:
    assert pick_output(names, source) == chosen


# ---- maps


def test_a_map_that_is_kept_is_the_same_when_it_is_read(tmp_path: Path) -> None:
    files = NamedFiles("MIDI map", tmp_path / "own", tmp_path / "shipped")
    controls = [
        Control(cc=3, channel=2, to=GAMMA, low=0.5, high=4.0, kind="fine"), Control(note=0, to="/ear/clip/play 0"),
        Control(cc=0, to='/ear/clip/keep 1 "two words"'),
    ]  # fmt: skip
    write_map(files, "my map", controls)
    assert read_map(files, "my map") == controls


@pytest.mark.parametrize(("name", "code"), [("mymap", 404), ("../x", 422), ("", 422)])
def test_a_map_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, name: str, code: int) -> None:
    files = NamedFiles("MIDI map", tmp_path, tmp_path / "shipped")
    write_map(files, "my map", [])
    with pytest.raises(BridgeError) as caught:
        read_map(files, name)
    assert caught.value.code == code and (code == 422 or "Did you mean my map?" in str(caught.value))
    with pytest.raises(BridgeError):
        write_map(files, "../x", [])


def test_a_map_that_is_missing_ends_the_start_with_2(tmp_path: Path) -> None:
    sets = ["--port", "0", "--set", "server.http_port=0", "--set", f"server.folder={tmp_path}"]
    command = [sys.executable, "-m", "oscbridge", "run", *sets, "--set", "midi.map=nanokontrol"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2 and "Did you mean nanokontrol2?" in done.stderr and "Traceback" not in done.stderr


# ---- the desk, as the worker and the settings see it


class Stage:
    """A desk whose worker never ran, and settings that count how often they are set."""

    def __init__(self, *controls: Control, folder: Path) -> None:
        self.now, self.put_count, self.told, self.fired = Settings(), 0, [], []  # type: ignore[var-annotated]
        self.asked: list[dict[str, Any]] = []
        self.agreed = asyncio.Event()
        around = Surroundings(
            lambda: self.now, self.put, self.apply, lambda *order: self.fired.append(order),
            lambda *told: self.told.append(told), lambda text: None,
        )  # fmt: skip
        files = NamedFiles("MIDI map", folder, folder / "shipped")
        write_map(files, "test", controls)
        context = multiprocessing.get_context("spawn")
        self.desk = MidiDesk(around, Midi(map="test"), files, context)

    def put(self, values: dict[str, Any]) -> None:
        self.put_count += 1
        self.now = changed(self.now, values)

    async def apply(self, values: dict[str, Any]) -> None:
        self.asked.append(values)
        await self.agreed.wait()
        self.now = changed(self.now, values)


def staged(test: Callable[[Stage], Any], folder: Path, *controls: Control) -> None:
    async def run() -> None:
        await test(Stage(*controls, folder=folder))

    asyncio.run(asyncio.wait_for(run(), 20))


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def test_a_flood_is_set_at_once_and_then_sixty_times_a_second_and_its_last_value_arrives(tmp_path: Path) -> None:
    async def test(stage: Stage) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for n in range(500):
            stage.desk.hear([[0xB0, 1, n % 128], [0xB0, 2, n % 100]])
            if n == 0:
                assert stage.put_count == 1, "the first is not kept waiting"
            await asyncio.sleep(0)
        stage.desk.hear([[0xB0, 1, 127]])
        await until(lambda: stage.now.stream.gamma == 10.0)
        assert stage.put_count <= 2 + (loop.time() - began) * 60

    staged(test, tmp_path, Control(cc=1, to=GAMMA), Control(cc=2, to="/ear/stream/floor"))


def test_what_a_worker_has_to_agree_to_is_asked_for_once_at_a_time_and_the_knob_keeps_hold(tmp_path: Path) -> None:
    async def test(stage: Stage) -> None:
        for value in range(60, 100):  # picked up at 0 dB, the middle, and turned on while the worker thinks
            stage.desk.hear([[0xB0, 1, value]])
            await asyncio.sleep(0.001)
        assert len(stage.asked) == 1 and abs(stage.asked[0]["listen.gain_db"]) < 2
        stage.agreed.set()
        await until(lambda: stage.now.listen.gain_db == pytest.approx(-60 + 120 * 99 / 127))
        assert len(stage.asked) < 6

    staged(test, tmp_path, Control(cc=1, to=GAIN))


def test_one_that_is_refused_keeps_no_other_from_being_set_and_is_told_once(tmp_path: Path) -> None:
    async def test(stage: Stage) -> None:
        stage.now = changed(stage.now, {"transport.bpm": 60.0, "transport.beats_per_clip": 8})
        for _ in range(20):  # 64 beats at 60 bpm are more than a clip can be
            stage.desk.hear([[0xB0, 1, 127], [0xB0, 2, 127], [0xB0, 1, 0]])
            await until(lambda: not stage.desk._wanted)
        assert stage.now.stream.floor == 0.99 and stage.now.transport.beats_per_clip == 8
        assert [t[:3] for t in stage.told] == [("/ear/fail", "/ear/transport/beats_per_clip", 422)]

    controls = [Control(cc=1, to="/ear/transport/beats_per_clip 64"), Control(cc=2, to="/ear/stream/floor 0.99")]
    staged(test, tmp_path, *controls)


def test_a_button_acts_after_what_was_moved_before_it(tmp_path: Path) -> None:
    async def test(stage: Stage) -> None:
        stage.desk.hear([[0xB0, 1, 64]])
        stage.desk.hear([[0xB0, 1, 127], [0xB0, 2, 127]])
        assert stage.now.stream.gamma == 10.0 and stage.fired == [("/ear/dream/restart", ())]

    staged(test, tmp_path, Control(cc=1, to=GAMMA), Control(cc=2, to="/ear/dream/restart"))


def test_a_lesson_needs_midi_to_be_on(tmp_path: Path) -> None:
    async def test(stage: Stage) -> None:
        with pytest.raises(BridgeError, match="set /ear/midi/enabled to 1 first") as caught:
            stage.desk.learn(GAMMA, lambda _: None, lambda _: None)
        assert caught.value.code == 409

    staged(test, tmp_path)


# ---- without the extra


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_ports, "is_installed", lambda: False)


@pytest.mark.usefixtures("without")
def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    for wanted in (midi_ports.require, midi_ports.list_ports):
        with pytest.raises(BridgeError, match=r"pip install 'oscbridge\[midi\]'") as caught:
            wanted()
        assert caught.value.code == 503
    around = Surroundings(Settings, lambda _: None, None, None, None, None)  # type: ignore[arg-type]
    with pytest.raises(BridgeError, match="pip install"):
        MidiDesk(
            around, Midi(enabled=True), NamedFiles("MIDI map", tmp_path, tmp_path), multiprocessing.get_context("spawn")
        )


@pytest.mark.usefixtures("without")
def test_the_doctor_minds_only_if_it_is_wanted() -> None:
    (fine,) = doctor_wire.midi(Settings())
    (bad,) = doctor_wire.midi(settings.load(None, ["midi.enabled=true"]))
    assert (fine.mark, bad.mark) == (OK, PROBLEM) and "pip install" in bad.todo


# ---- what is listed


def test_devices_and_the_doctor_name_the_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_ports, "is_installed", lambda: True)
    monkeypatch.setattr(midi_ports, "list_ports", lambda: MidiPorts("alsa", ALSA[1:], ALSA))
    monkeypatch.setattr(doctor_wire, "_rtmidi", lambda: "python-rtmidi 1")
    text = "\n".join(midi_report(midi_ports.list_ports()))
    assert ALSA[1] in text and ALSA[2] in text and "--set midi.enabled=true" in text
    (finding,) = doctor_wire.midi(Settings())
    assert finding.mark == OK and ALSA[2] in finding.text and "alsa" in finding.text
    assert midi_report(MidiPorts("core", [], [])) == ["No MIDI input (core)."]


def test_midi_that_cannot_be_listed_keeps_no_sound_input_from_being_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs() -> MidiPorts:
        raise BridgeError("MIDI did not list its ports within 10 s; is a driver hanging?", 503)

    monkeypatch.setattr("oscbridge.daemon.devices.list_inputs", list)
    monkeypatch.setattr(midi_ports, "is_installed", lambda: True)
    monkeypatch.setattr(midi_ports, "list_ports", hangs)
    result = CliRunner().invoke(app, ["devices"])
    assert result.exit_code == 0 and "no sound input" in result.output and "driver hanging" in result.output
