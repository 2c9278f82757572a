"""`oscbridge layout`: any graph in, places and pictures out."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from typer.testing import CliRunner

from oscbridge.cli import app
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.network import Ear
from oscbridge.ear.weights import initialise, save_ear
from oscbridge.layout import picture
from oscbridge.layout.slices import resnet18_network
from tests.clients.need import need
from tests.ear import ears
from tests.layout.test_solver import chain


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The YAML of an ear that is solved in a second."""
    path = tmp_path / "small.yaml"
    ears.write_yaml(path)
    return path


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    path = tmp_path / "loop.wav"
    soundfile.write(path, ears.music(44_100).numpy(), 44_100)
    return path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["layout", *map(str, words)])
    return result.exit_code, " ".join(result.output.split())


def test_an_ear_is_laid_out_once_for_each_k_and_drawn(small: Path, loop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text = run(small, "--k", 2, "--k", 3, "--snapshots", 2, "--loop", loop, "--out", out, "--png", "--size", 128)
    assert code == 0, text
    assert len(list(out.glob("*.npy"))) == len(list(out.glob("*.json"))) == 2
    for k in ("k2", "k3"):
        (path,) = out.glob(f"*-{k}-*.npy")
        positions = np.load(path)
        assert positions.shape == (3, anatomy(ears.spec()).neurons, 2)
        facts = json.loads(path.with_suffix(".json").read_text())
        assert facts["k"] == float(k[1]) and facts["model"].startswith("small-untrained")
        drawn = np.asarray(Image.open(path.with_suffix(".png")))
        assert drawn.shape == (128, 128, 3) and drawn.max() > 150 and np.median(drawn) < 60


def test_a_film_shows_every_second_hop_with_the_sound_of_the_loop(small: Path, loop: Path, tmp_path: Path) -> None:
    need("ffmpeg", package="ffmpeg")
    code, text = run(small, "--snapshots", 2, "--loop", loop, "--out", tmp_path / "x.npy", "--mp4", "--size", 64)
    assert code == 0, text
    probe = [need("ffprobe", package="ffmpeg"), "-loglevel", "error", "-count_frames", "-of", "json", "-show_streams"]
    streams = json.loads(subprocess.check_output([*probe, str(tmp_path / "x.mp4")]))["streams"]
    video, sound = sorted(streams, key=lambda s: s["codec_type"], reverse=True)
    assert sound["codec_type"] == "audio" and float(sound["duration"]) == pytest.approx(1, abs=0.1)
    assert int(video["nb_read_frames"]) == pytest.approx(8_000 / 128 / 2, abs=2)


def test_without_ffmpeg_it_says_what_to_install(
    small: Path, loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    code, text = run(small, "--snapshots", 0, "--loop", loop, "--out", tmp_path / "x.npy", "--mp4")
    assert code == 2 and "install it (Debian: sudo apt-get install ffmpeg)" in text
    assert (tmp_path / "x.npy").exists()  # what was solved is not lost


def test_a_list_of_edges_is_laid_out(tmp_path: Path) -> None:
    (tmp_path / "ring.txt").write_text("\n".join(f"{i} {(i + 1) % 30}" for i in range(30)))
    code, text = run("--edges", tmp_path / "ring.txt", "--out", tmp_path, "--png", "--size", 96)
    assert code == 0, text
    (path,) = tmp_path.glob("ring-*.npy")
    p = np.load(path)[0]
    sides = np.hypot(*(p - np.roll(p, 1, axis=0)).T)
    assert len(p) == 30 and sides.max() < 3 * sides.min()  # a ring comes out round
    assert path.with_suffix(".png").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "has no edge"),
        ("0 1\n1", "expected an edge a line"),
        ("0 1 2 3", "has 4 numbers a line"),
        ("a b", "expected an edge a line"),
        ("0 1.5", "not a whole number"),
        ("0 -1", "nodes go from 0"),
        ("0 1 -2", "weights are 0 or more"),
        ("0 1 nan", "weights are 0 or more"),
    ],
)
def test_a_list_that_is_none_is_refused(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "e.txt").write_text(content)
    code, text = run("--edges", tmp_path / "e.txt", "--out", tmp_path)
    assert code == 2 and words in text and not list(tmp_path.glob("*.npy"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--k", "1.5"], "layout: k is 1.5; expected a number from 2 to 3"),
        (["--weights", "heavy"], "expected one of weight, uniform"),
        (["nobody"], "there are ear, ear-half"),
        (["vgg16", "--state", "a.pt", "--mp4"], "this graph hears nothing"),
        (["ear", "--state", "a.pt"], "name one of these"),
        (["vgg16", "--state", "nowhere.pt"], "there is no file nowhere.pt"),
        (["--edges", "nowhere.txt"], "there is no file nowhere.txt"),
    ],
)
def test_mistakes_are_told_before_anything_is_solved(arguments: list[str], words: str) -> None:
    code, text = run(*arguments)
    assert code == 2 and words in text


def test_a_state_dict_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"no state dict")
    assert "no state dict" in run("resnet18", "--state", tmp_path / "a.pt")[1]
    torch.save({"conv1.weight": torch.zeros(3, 3)}, tmp_path / "b.pt")
    code, text = run("resnet18", "--state", tmp_path / "b.pt")
    assert code == 2 and "bn1.weight is missing" in text


def test_a_picture_is_dark_where_nothing_is_and_shows_each_layer_in_its_hue() -> None:
    network = chain(channels=8, positions=2, layers=3)
    places = np.zeros((network.nodes, 2), np.float32)
    for i, span in enumerate(network.spans):
        places[span] = np.random.default_rng(i).normal(0, 0.02, (16, 2)) + np.array([(i - 1) * 0.8, 0])
    drawn = picture.draw(places, network.spans, size=300, reach=1.0).astype(float)
    assert drawn[:40].mean() < 30
    spots = [drawn[140:160, 150 + x - 15 : 150 + x + 15].reshape(-1, 3).max(axis=0) for x in (-120, 0, 120)]
    assert spots[0][0] > spots[0][2] and spots[2][2] > spots[2][1]  # amber first, rose last
    lit = picture.draw(places, network.spans, size=300, reach=1.0, light=np.zeros(network.nodes, np.float32))
    assert lit.max() < 30  # all neurons dark: so is the picture


def test_the_edges_that_are_drawn_are_edges_of_the_network() -> None:
    network = resnet18_network(width=32, share=1 / 16)
    strokes = picture.strokes(network)
    sources, targets, _ = network.listed()
    known = set(zip(sources.tolist(), targets.tolist(), strict=True))
    assert {tuple(edge) for edge in strokes.ends.tolist()} <= known
    assert set(strokes.layer.tolist()) == {link.target for link in network.links}


def test_snapshots_may_follow_a_training_and_fit_the_ear_it_ended_in(small: Path, tmp_path: Path) -> None:
    spec = ears.spec()
    for step in (10, 20, 30):
        ear = Ear(spec)
        initialise(ear, step)
        save_ear(ear, None, tmp_path / "snapshots" / f"{step:06}.safetensors")
    code, text = run(small, "--checkpoints", tmp_path / "snapshots", "--out", tmp_path / "x.npy")
    assert code == 0, text
    positions = np.load(tmp_path / "x.npy")
    assert positions.shape == (4, anatomy(spec).neurons, 2)
    assert json.loads((tmp_path / "x.json").read_text())["checkpoints"] == ["000010", "000020", "000030"]
    code, text = run(small, "--checkpoints", tmp_path, "--out", tmp_path / "y.npy")
    assert code == 2 and "has no .safetensors" in text
