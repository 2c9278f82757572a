"""`oscbridge simulate`: to a patch it is the daemon, and there is no network behind it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from oscbridge import cli
from oscbridge.commands.conform import conform
from oscbridge.commands.conform_check import PASSED
from oscbridge.commands.simulate import bundled
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.recording import Recording, load_recording, save_recording
from tests.ear.test_recording import answers, recording
from tests.wire import ROOT, Running, Wire


class Simulated(Running):
    """`oscbridge simulate` as a process of its own."""

    def __init__(self, folder: Path, sets: Sequence[str] = (), file: Path | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.ready_file, self.output = folder, folder / "ready.json", folder / "output.txt"
        sets = ["server.port=0", "server.http_port=0", "server.discovery=false", f"server.folder={folder}", *sets]
        command = [sys.executable, "-m", "oscbridge", "simulate", *([str(file)] if file else [])]
        command += ["--ready-file", str(self.ready_file), *(word for item in sets for word in ("--set", item))]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
        self.wait_ready()


@pytest.fixture(scope="module")
def played() -> Recording:
    return load_recording(bundled())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    with Simulated(tmp_path_factory.mktemp("simulate"), ["transport.beats_per_clip=2"]) as simulated:
        yield simulated


@pytest.fixture
def wire(running: Simulated) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def test_it_says_what_it_plays(running: Simulated, played: Recording) -> None:
    assert running.facts["model"] == played.header.model
    assert running.facts["neurons"] == 38_591
    for text in (
        "sound    none: plays ear-half.rec, which heard guitar_drums.flac, 8.0 s",
        "network  ear-half: 28 layers, 38,591 neurons", f"the ear is trained ({played.header.model})",
        "hears the recording ear-half.rec",
    ):  # fmt: skip
        assert text in running.text


def test_a_client_is_sent_the_recorded_values_frame_by_frame(wire: Wire, played: Recording) -> None:
    first, last = played.layers[0], played.layers[-2]
    wire.subscribe("activations", "f32", filter_=f"{first.index},{last.index}")
    bright = Normalizer(played.layers, played.statistics, "neuron", 1.0, 0.0)
    values = np.zeros(played.neurons, np.float32)
    seen: set[int] = set()
    for message in wire.messages(1.0):
        if message[0] != "/ear/activations":
            continue
        _, _, frame, _, _, neuron, blob = message
        played.play(frame, values, everything=True)
        told = np.frombuffer(blob, "<f4")
        np.testing.assert_allclose(told, bright(values)[neuron : neuron + len(told)], atol=1e-6)
        seen.add(frame)
    assert len(seen) > 20


def test_the_classes_probabilities_add_up_to_one(wire: Wire) -> None:
    wire.subscribe("classes")
    told = [m[2::2] for m in wire.messages(1.0) if m[0] == "/ear/classes"]
    assert len(told) > 20 and all(abs(sum(values) - 1) < 1e-5 for values in told)


def test_a_dream_runs_on_the_wire_and_its_clips_are_real(running: Simulated, wire: Wire) -> None:
    assert wire.ask("/ear/select/clear")[0] == "/ear/done"
    refused = wire.ask("/ear/dream/start")
    assert refused[:3] == ("/ear/fail", "/ear/dream/start", 409) and "nothing is selected" in refused[3]
    wire.ask("/ear/select/add", 17, 0, 15, 0.0, 1.0, 1.0)
    wire.subscribe("dream")
    wire.subscribe("clips")
    assert wire.ask("/ear/dream/start") == ("/ear/done", "/ear/dream/start")
    steps = [wire.wait_for(lambda m: m[0] == "/ear/dream/progress") for _ in range(4)]
    assert [s[2] for s in steps] == list(range(steps[0][2], steps[0][2] + 4))
    _, clip, sha256, url, path, rate, frames, channels, _ = wire.wait_for(lambda m: m[0] == "/ear/clip/ready")
    assert (rate, frames, channels) == (44_100, 44_100, 1)  # two beats, at 120
    with urllib.request.urlopen(url) as answer:
        content = answer.read()
    assert hashlib.sha256(content).hexdigest() == sha256 and Path(path).read_bytes() == content
    wire.ask("/ear/clip/loaded", clip)
    assert wire.wait_for(lambda m: m[0] == "/ear/clip/activate")[1] >= clip
    assert wire.ask("/ear/status")[5] > 0  # steps a second
    # the whole contract, with a dream that runs
    results = conform("127.0.0.1", running.port)
    assert [r.told() for r in results if r.outcome != PASSED] == []
    assert wire.ask("/ear/dream/restart") == ("/ear/done", "/ear/dream/restart")
    assert wire.ask("/ear/dream/stop") == ("/ear/done", "/ear/dream/stop")
    assert wire.ask("/ear/status")[5] == 0
    assert wire.ask("/ear/dream/stop")[2] == 409


def test_a_dream_that_is_begun_anew_counts_from_one(wire: Wire) -> None:
    wire.ask("/ear/select/add", 17, 0, 15, 0.0, 1.0, 1.0, "anew")
    wire.subscribe("dream")
    wire.ask("/ear/dream/start")
    before = wire.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[2] > 2)
    wire.send("/ear/dream/restart")
    again = wire.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[2] <= before[2])
    assert again[2] == 1
    assert wire.ask("/ear/dream/stop")[0] == "/ear/done"


def test_a_class_that_there_is_not_is_refused(wire: Wire) -> None:
    wire.ask("/ear/dream/objective", "classify")
    wire.ask("/ear/dream/class_name", "kazoo")
    refused = wire.ask("/ear/dream/start")
    assert refused[:3] == ("/ear/fail", "/ear/dream/start", 404) and "guitar" in refused[3]
    for name, value in (("class_name", "guitar"), ("objective", "activate")):
        wire.ask(f"/ear/dream/{name}", value)


def test_a_source_is_taken_though_it_is_not_heard_but_for_a_file_that_is_not_there(wire: Wire) -> None:
    assert wire.ask("/ear/listen/gain_db", 6.0) == ("/ear/listen/gain_db", 6.0)
    refused = wire.ask("/ear/listen/file", "/no/such.wav")
    assert refused[:3] == ("/ear/fail", "/ear/listen/file", 404)
    assert wire.ask("/ear/listen/gain_db", 0.0) == ("/ear/listen/gain_db", 0.0)


def test_a_layout_grows_and_is_whole_in_the_end(wire: Wire) -> None:
    wire.subscribe("layout", filter_="0")
    wire.wait_for(lambda m: m[0] == "/ear/layout/ready")
    done = wire.ask("/ear/layout/start")
    assert done[:2] == ("/ear/done", "/ear/layout/start")
    progress = wire.wait_for(lambda m: m[0] == "/ear/layout/progress")
    assert progress[1] == done[2]
    wire.wait_for(lambda m: m[0] == "/ear/layout/xy" and m[1] == done[2])
    wire.send("/ear/layout/stop")
    assert wire.wait_for(lambda m: m[0] == "/ear/layout/ready")[1] == done[2]
    assert wire.wait_for(lambda m: m[0] == "/ear/done") == ("/ear/done", "/ear/layout/stop")
    assert wire.ask("/ear/layout/load", "shipped")[0] == "/ear/done"


def test_a_player_that_is_killed_comes_back_and_the_frames_keep_their_place_in_time(tmp_path: Path) -> None:
    with Simulated(tmp_path) as simulated, simulated.wire() as wire:
        wire.subscribe("scalogram", "u8")
        before = wire.wait_for(lambda m: m[0] == "/ear/scalogram")[1]
        psutil.Process(simulated.worker()).kill()
        after = wire.wait_for(lambda m: m[0] == "/ear/scalogram" and m[1] > before + 20)[1]
        assert after < before + 2_000
        assert wire.ask("/ear/status")[8:] == (1, "running")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_process_of_it_has_loaded_torch(running: Simulated, wire: Wire) -> None:
    for pid in (running.process.pid, *running.children()):
        maps = Path(f"/proc/{pid}/maps").read_text()
        assert "numpy" in maps or "resource_tracker" in Path(f"/proc/{pid}/cmdline").read_text()
        assert "torch" not in maps and "numba" not in maps and "llvmlite" not in maps


def test_the_command_and_its_workers_import_no_torch() -> None:
    modules = ["commands.simulate", "daemon.simulated_ear", "daemon.simulated_dream", "daemon.simulated_layout"]
    code = f"import sys, {', '.join('oscbridge.' + m for m in modules)}\nheavy = {{'torch', 'numba', 'sounddevice'}}\n"
    code += "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_a_recording_of_an_ear_that_is_not_here_is_played(tmp_path: Path) -> None:
    """Without a dream, without a layout: told as such."""
    made = recording(answers())
    header = made.header.model_copy(update={"steps": (), "clips": ()})
    file = tmp_path / "own.rec"
    save_recording(Recording(header, made.values, made.low, made.high, made.statistics, ()), file)
    with Simulated(tmp_path / "folder", file=file) as simulated, simulated.wire() as wire:
        assert simulated.facts["neurons"] == made.neurons
        assert wire.welcome[5:] == ("small-1", len(made.layers), made.neurons)
        wire.subscribe("levels")
        assert len(wire.wait_for(lambda m: m[0] == "/ear/level/mean")) == 1 + len(made.layers)
        wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0)
        assert "this recording has no dream" in wire.ask("/ear/dream/start")[3]
        assert "no layout to show" in wire.ask("/ear/layout/start")[3]


def test_mistakes_are_told_before_anything_starts(tmp_path: Path) -> None:
    foreign = tmp_path / "song.wav"
    foreign.write_bytes(b"RIFF")
    for arguments, text in (
        ([str(tmp_path / "none.rec")], "there is no recording"),
        ([str(foreign)], "is no recording of an ear"),
        (["--set", "model.name=ear"], "the recording says which network it is of"),
        (["--set", "stream.gama=2"], "Did you mean stream.gamma?"),
    ):
        result = CliRunner().invoke(cli.app, ["simulate", *arguments])
        assert result.exit_code == 2 and text in result.output, result.output


def test_it_ends_as_the_daemon_does(tmp_path: Path) -> None:
    simulated = Simulated(tmp_path)
    children = psutil.Process(simulated.process.pid).children(recursive=True)
    assert json.loads(simulated.ready_file.read_text())["pid"] == simulated.process.pid
    assert simulated.end() == 0
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert "ended" in simulated.text
