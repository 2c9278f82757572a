"""`oscbridge doctor`: the whole of it once, and every trouble that it has to find."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from oscbridge import __version__, resources, settings
from oscbridge.commands import doctor, doctor_ear, doctor_machine, doctor_wire
from oscbridge.commands.finding import OK, PROBLEM, WARN, Finding
from oscbridge.daemon import devices, endpoint
from oscbridge.daemon.capture import Input
from oscbridge.errors import BridgeError
from tests.wire import ROOT, Running

INPUT = Input(3, "Scarlett", "ALSA", 2, 48_000.0, True)


@pytest.fixture(scope="module")
def report(server: Running) -> tuple[int, dict[str, Any]]:
    """What it says as JSON beside a running daemon, and its exit status."""
    command = [sys.executable, "-m", "oscbridge", "doctor", "--json", "--set", f"server.port={server.port}"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    return result.returncode, json.loads(result.stdout)


def texts(findings: Iterable[Finding | dict[str, Any]], subject: str) -> list[str]:
    rows = [f if isinstance(f, dict) else vars(f) for f in findings]
    return [f"{row['mark']} {row['text']} -> {row['todo']}" for row in rows if row["subject"] == subject]


def test_it_says_all_that_a_bug_report_needs(report: tuple[int, dict[str, Any]]) -> None:
    findings = report[1]["findings"]
    libraries = " ".join(texts(findings, "library"))
    for name in ("torch", "numpy", "python-osc", "pydantic", "soundfile"):
        assert re.search(rf"{name} \d+\.\d+", libraries), name
    for subject in ("Python", "system", "CPU", "folders", "loop", "clock", "buffers", "inputs", "weights", "headroom"):
        assert texts(findings, subject), subject
    assert "28 layers, 76,959 neurons" in texts(findings, "model")[0]
    assert re.search(r"\d ms a hop, .* of the 23.2 ms", texts(findings, "headroom")[0])


def test_it_finds_the_running_daemon_at_its_port(report: tuple[int, dict[str, Any]], server: Running) -> None:
    (udp,) = [t for t in texts(report[1]["findings"], "ports") if "UDP" in t]
    assert udp.startswith(f"ok UDP {server.port}: a running oscbridge answered /ear/hello: protocol 1.")
    assert re.search(rf"{server.facts['model']}, (running|starting|degraded)", udp)


def test_it_knows_the_http_port_of_a_running_daemon(server: Running) -> None:
    port = server.facts["http_port"]
    assert ports(port=0, http_port=port)[1].startswith(f"ok TCP {port}: a running oscbridge {__version__} answers")


def test_it_ends_with_1_if_there_is_a_problem_and_with_0_if_not(report: tuple[int, dict[str, Any]]) -> None:
    code, facts = report
    marks = [f["mark"] for f in facts["findings"]]
    assert code == (1 if PROBLEM in marks else 0)
    assert facts["counts"] == {mark: marks.count(mark) for mark in (OK, WARN, PROBLEM)}


def test_every_problem_and_warning_says_what_to_do(report: tuple[int, dict[str, Any]]) -> None:
    assert all(f["todo"] for f in report[1]["findings"] if f["mark"] != OK)


@pytest.mark.parametrize(("mark", "code"), [(OK, 0), (WARN, 0), (PROBLEM, 1)])
def test_the_text_survives_a_paste(
    mark: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    finding = Finding(mark, "ports", "UDP 9870 [is taken] " + "by somebody " * 20, "" if mark == OK else "end it")
    monkeypatch.setattr(doctor, "checks", lambda _: [lambda: [finding]])
    assert doctor.examine(None, [], as_json=False) == code
    lines = capsys.readouterr().out.splitlines()
    assert f"{mark:<8}ports     {finding.text}" in lines, "one line, whole, uncoloured"
    assert any(line.strip() == "-> end it" for line in lines) == (mark != OK)


def test_a_check_that_breaks_is_told_and_the_others_go_on() -> None:
    def broken() -> list[Finding]:
        raise ZeroDivisionError("of course")

    found = list(doctor.findings_of([broken, lambda: [Finding(OK, "clock", "ticks")]]))
    assert [f.mark for f in found] == [PROBLEM, OK]
    assert "ZeroDivisionError: of course" in found[0].text and found[0].todo


def test_a_mistake_in_the_settings_is_told_as_run_does() -> None:
    with pytest.raises(BridgeError, match=r"Did you mean stream\.gamma"):
        doctor.examine(None, ["stream.gama=2"], as_json=False)


def ports(**chosen: int | str) -> list[str]:
    sets = [f"server.{name}={value}" for name, value in chosen.items()]
    return texts(doctor_wire.ports(settings.load(None, sets)), "ports")


def test_a_port_that_another_program_has_is_a_problem() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", 0))
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        numbers = {"port": udp.getsockname()[1], "http_port": tcp.getsockname()[1]}
        taken = ports(**numbers)
    assert taken[0].startswith(f"PROBLEM UDP {numbers['port']}") and "--set server.port=0" in taken[0]
    assert taken[1].startswith(f"PROBLEM TCP {numbers['http_port']}") and "--set server.http_port=0" in taken[1]
    free = ports(**numbers)
    assert [text.split()[0] for text in free] == ["ok", "ok"]


def test_an_address_that_is_not_of_this_machine_is_a_problem() -> None:
    text = ports(host="203.0.113.7")[0]
    assert text.startswith("PROBLEM") and "server.host has to be an address of this machine" in text


def test_port_0_is_always_free() -> None:
    assert all(text.startswith("ok") for text in ports(port=0, http_port=0))


def test_socket_buffers_that_are_cut_are_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "BUFFER_BYTES", 1 << 30)
    monkeypatch.setattr(doctor_wire, "buffer_granted", lambda *_: 212_992)
    found = texts(doctor_wire.buffers(), "buffers")
    assert len(found) == 2 and all(text.startswith("warn") and "0.2 MiB of" in text for text in found)
    if sys.platform == "linux":
        assert f"sysctl -w net.core.rmem_max={1 << 30}" in found[0] and "net.core.wmem_max" in found[1]


def test_what_the_system_grants_is_what_is_told() -> None:
    assert doctor_wire.buffer_granted(socket.SO_RCVBUF, 65_536) == 65_536
    assert 0 < doctor_wire.buffer_granted(socket.SO_RCVBUF, 1 << 30) < 1 << 30


@pytest.mark.parametrize(("source", "mark"), [("file", WARN), ("device", PROBLEM)])
@pytest.mark.parametrize("missing", ["PortAudio", "inputs"])
def test_missing_sound_inputs_matter_to_who_listens_to_one(
    source: str, mark: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inputs() -> list[Input]:
        if missing == "inputs":
            return []
        raise BridgeError("sound inputs need the PortAudio library: `sudo apt-get install libportaudio2`", 503)

    monkeypatch.setattr(devices, "list_inputs", inputs)
    monkeypatch.setattr(doctor_wire, "portaudio", lambda: "")
    *_, text = texts(doctor_wire.inputs(settings.load(None, [f"listen.source={source}"])), "inputs")
    assert text.startswith(mark)
    assert ("libportaudio2" if missing == "PortAudio" else "oscbridge devices") in text.partition("->")[2]


def test_sound_inputs_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "list_inputs", lambda: [INPUT])
    monkeypatch.setattr(doctor_wire, "portaudio", lambda: "sounddevice 0.5.6, PortAudio V19.6.0")
    found = texts(doctor_wire.inputs(settings.load(None, [])), "inputs")
    assert [text.split()[0] for text in found] == ["ok", "ok"]
    assert "PortAudio V19.6.0" in found[0] and '3 "Scarlett" (ALSA, 2 ch, 48,000 Hz)' in found[1]


@pytest.mark.parametrize(
    ("ms", "mark"), [([3.0] * 200, OK), ([3.0] * 190 + [15.0] * 10, WARN), ([9.0] * 200, WARN), ([24.0] * 200, PROBLEM)]
)
def test_the_verdict_follows_mean_and_slowest_hops(ms: list[float], mark: str) -> None:
    finding = doctor_ear.verdict([x / 1e3 for x in ms], 1_024 / 44_100)
    assert finding.mark == mark, finding.text
    assert f"{sum(ms) / len(ms):.2f} ms a hop" in finding.text


def test_the_share_of_a_hop_is_told_in_percent() -> None:
    finding = doctor_ear.verdict([0.002] * 98 + [0.01] * 2, 0.02)
    assert "that is 11% and 50% of the 20.0 ms" in finding.text


def test_weights_that_cannot_be_read_are_a_problem(tmp_path: Path) -> None:
    model = tmp_path / "mine.yaml"
    shutil.copyfile(resources.model_file("ear"), model)
    model.with_suffix(".safetensors").write_bytes(b"not weights")
    found = list(doctor_ear.network(settings.load(None, [f"model.name={model}"])))
    assert [f.mark for f in found] == [OK, PROBLEM]
    assert "mine.safetensors" in found[1].text and "move it away" in found[1].todo


def test_a_model_that_is_not_there_is_a_problem() -> None:
    (found,) = doctor_ear.network(settings.load(None, ["model.name=eer"]))
    assert found.mark == PROBLEM and "Did you mean ear?" in found.text


def test_a_folder_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = texts(doctor_machine.folders(settings.load(None, [f"server.folder={tmp_path}/file/x"])), "folders")
    assert found[-1].startswith("PROBLEM") and "--set server.folder=" in found[-1]


def test_a_folder_that_is_not_there_yet_is_fine_and_is_not_made(tmp_path: Path) -> None:
    found = texts(doctor_machine.folders(settings.load(None, [f"server.folder={tmp_path}/a/b"])), "folders")
    assert found[-1].startswith("ok") and "made when needed" in found[-1]
    assert not list(tmp_path.iterdir())


def test_a_lost_folder_of_the_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def lost(name: str) -> Path:
        if name == "loops":
            raise BridgeError("gone")
        return tmp_path

    monkeypatch.setattr(doctor_machine.resources, "folder", lost)
    found = texts(doctor_machine.folders(settings.load(None, [f"server.folder={tmp_path}"])), "folders")
    assert found[0].startswith("PROBLEM loops: not there")


@pytest.mark.parametrize(("year", "mark"), [(1970, PROBLEM), (2027, OK), (2040, PROBLEM)])
def test_a_clock_that_osc_cannot_tell_is_a_problem(year: int, mark: str) -> None:
    (found,) = doctor_machine.clock(datetime.datetime(year, 6, 1, tzinfo=datetime.timezone.utc))
    assert found.mark == mark and bool(found.todo) == (mark == PROBLEM)


@pytest.mark.parametrize(
    ("name", "driver", "marks"),
    [
        ("performance", "acpi-cpufreq", [OK]),
        ("powersave", "acpi-cpufreq", [WARN]),
        ("powersave", "intel_pstate", [OK]),
        ("", "", []),
    ],
)
def test_the_governor_that_keeps_the_cpu_slow_is_told(
    name: str, driver: str, marks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_machine, "CPUFREQ", tmp_path)
    if name:
        (tmp_path / "scaling_governor").write_text(name + "\n")
        (tmp_path / "scaling_driver").write_text(driver + "\n")
    assert [f.mark for f in doctor_machine.governor()] == marks


def test_a_library_that_does_not_load_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soxr", None)
    found = texts(doctor_machine.libraries(), "library")
    assert found[0].startswith("PROBLEM soxr does not load") and "pip install --force-reinstall soxr" in found[0]
    assert "torch" in found[1] and "soxr" not in found[1]
