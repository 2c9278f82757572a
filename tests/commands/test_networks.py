"""What is told of a network that is no ear, and what it learns of music: inspect, doctor, measure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from oscbridge.cli import app
from oscbridge.commands.doctor_ear import network, rate
from oscbridge.commands.finding import OK, PROBLEM, WARN
from oscbridge.ear.opening import open_with_reference
from oscbridge.sections import Settings
from tests.ear import own


def run(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    return result.output


def tones(folder: Path) -> Path:
    """A minute of music in two files, and one that is none."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for name, seconds in (("a.wav", 20), ("b.flac", 40)):
        t = np.arange(seconds * 22_050) / 22_050
        hits = rng.standard_normal(len(t)) * np.exp(-20 * (t % 0.5))
        soundfile.write(folder / name, 0.1 * np.sin(2 * np.pi * 500 * t) * (t % 2 > 1) + 0.1 * hits, 22_050)
    (folder / "c.wav").write_bytes(b"no sound")
    return folder


def test_a_network_of_ones_own_is_inspected(tmp_path: Path) -> None:
    told = run("inspect", str(own.write(tmp_path, "awkward")))
    assert "conv" in told and "4 × 48" in told and "in windows of 0.32 s" in told and "traced" in told
    found = json.loads(run("inspect", str(own.write(tmp_path, "causal")), "--json"))
    assert [x["name"] for x in found["layers"]][-1] == "classes" and found["how"] == "streamed, hop by hop"


def test_the_doctor_says_how_often_a_window_is_looked_at_and_how_long_a_hop_takes(tmp_path: Path) -> None:
    found = {}
    for kind in ("window", "causal"):
        settings = Settings.model_validate({"model": {"name": str(own.write(tmp_path, kind))}})
        found[kind] = {x.subject: x for x in network(settings)}
        assert found[kind]["model"].mark == OK
    assert "a look at its window" in found["window"]["headroom"].text
    assert "ms a hop" in found["causal"]["headroom"].text
    broken = Settings.model_validate({"model": {"name": str(own.write(tmp_path, "causal", function="broken"))}})
    last = list(network(broken))[-1]
    assert last.mark == PROBLEM and "no such luck" in last.text


def test_few_looks_are_a_warning() -> None:
    assert rate([0.2] * 9, 0.02).mark == WARN and "2.5 times" in rate([0.2] * 9, 0.02).text
    assert rate([0.001] * 9, 0.02).mark == OK and "50.0 times" in rate([0.001] * 9, 0.02).text


@pytest.mark.parametrize("kind", ["window", "samples"])
def test_measuring_gives_a_network_its_statistics_of_that_music(tmp_path: Path, kind: str) -> None:
    path = own.write(tmp_path, kind)
    before = open_with_reference(path)[0]
    told = run("measure", str(path), str(tones(tmp_path / "music")), "--windows", "60")
    kept = tmp_path / f"{kind}.reference.safetensors"
    assert kept.is_file() and "windows of 3 files" in told
    model, _, reference = open_with_reference(path)
    assert not np.allclose(model.statistics.mean, before.statistics.mean, atol=1e-3)
    assert 30 <= len(reference.clips) <= 60
    moving = model.statistics.std > 1e-3
    assert np.abs(reference.deviations(slice(None))[:, moving].mean(0)).max() < 0.5


def test_what_cannot_be_measured_is_told(tmp_path: Path) -> None:
    path = str(own.write(tmp_path, "window"))
    music = tones(tmp_path / "music")
    assert "is an ear" in run("measure", "ear-half", str(music))
    assert "no sound file" in run("measure", path, str(tmp_path / "own_networks.py"))
    assert "no file or folder" in run("measure", path, str(tmp_path / "nowhere"))
    soundfile.write(tmp_path / "quiet.wav", np.zeros(100_000), 22_050)
    assert "silence" in run("measure", path, str(tmp_path / "quiet.wav"))
    assert not (tmp_path / "window.reference.safetensors").exists()


def test_another_network_s_reference_is_refused(tmp_path: Path) -> None:
    path = own.write(tmp_path, "window")
    run("measure", str(path), str(tones(tmp_path / "music")), "--windows", "20")
    other = own.write(tmp_path, "causal")
    (tmp_path / "window.reference.safetensors").rename(tmp_path / "causal.reference.safetensors")
    assert "statistics of another network" in run("inspect", str(other))
