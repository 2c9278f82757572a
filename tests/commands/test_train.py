"""Teaching an ear from the command line: from a folder of sound to a daemon that says it is trained."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile
import yaml

from tests.train import sounds
from tests.wire import Running

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(*arguments: str | Path, launcher: tuple[str, ...] = ()) -> list[str]:
    return [sys.executable, "-m", *launcher, "oscbridge", *map(str, arguments)]


def oscbridge(*arguments: str | Path, launcher: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    started = command(*arguments, launcher=launcher)
    return subprocess.run(started, capture_output=True, text=True, env=ENVIRONMENT, timeout=300, check=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with music, a small ear and a configuration to teach it by."""
    at = tmp_path_factory.mktemp("train")
    sounds.folder(at / "music", 8)
    (at / "music" / "broken.ogg").write_bytes(b"no music")
    ear = sounds.ear().model_dump(mode="json")
    (at / "small.yaml").write_text(yaml.safe_dump(ear))
    spec = sounds.spec(model=str(at / "small.yaml"), steps=6, save_every=2).model_dump(mode="json")
    (at / "config.yaml").write_text(yaml.safe_dump(spec))
    return at


@pytest.fixture(scope="module")
def trained(place: Path) -> Path:
    ended = oscbridge("train", place / "music", "--config", place / "config.yaml", "--out", place / "run", "--plot")
    assert ended.returncode == 0, ended.stderr
    said = " ".join(ended.stderr.split())
    assert "broken.ogg" in said and "files to learn from" in said and "oscbridge run --model" in said
    return place / "run" / "small.yaml"


def test_a_folder_of_music_becomes_an_ear_with_statistics_curves_and_snapshots(trained: Path) -> None:
    names = {p.name for p in trained.parent.iterdir()}
    assert {
        "small.yaml",
        "small.safetensors",
        "small.reference.safetensors",
        "checkpoint.pt",
        "log.csv",
        "curves.png",
        "snapshots",
    } <= names
    assert (trained.parent / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_daemon_loads_what_was_trained_and_says_so(trained: Path, tmp_path: Path) -> None:
    with Running(tmp_path, [f"model.name={trained}"]) as running:
        assert running.facts["model"].startswith("small-") and "untrained" not in running.facts["model"]
        assert "the ear is trained (small-" in running.text


def test_the_same_command_does_not_train_again_what_is_done(place: Path, trained: Path) -> None:
    before = (place / "run" / "log.csv").read_text()
    ended = oscbridge("train", place / "music", "--config", place / "config.yaml", "--out", place / "run")
    assert ended.returncode == 0 and "goes on from step 6" in ended.stderr
    assert (place / "run" / "log.csv").read_text() == before


def test_a_trained_ear_is_tuned_to_other_recordings(place: Path, trained: Path) -> None:
    weights = trained.with_suffix(".safetensors")
    ended = oscbridge(
        "train", place / "music", "--config", place / "config.yaml", "--out", place / "tuned", "--init", weights,
        "--steps", "2",
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert (place / "tuned" / "small.safetensors").read_bytes() != weights.read_bytes()


def test_ctrl_c_keeps_a_checkpoint_and_the_same_command_goes_on(place: Path) -> None:
    arguments = ("train", place / "music", "--config", place / "config.yaml", "--out", place / "stopped", "--steps")
    with subprocess.Popen(command(*arguments, "5000"), stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        deadline = time.monotonic() + 60
        while not (place / "stopped" / "checkpoint.pt").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "the same command goes on from there" in said
    done = len((place / "stopped" / "log.csv").read_text().splitlines()) - 1
    again = oscbridge(*arguments, str(done + 1))
    assert again.returncode == 0 and f"goes on from step {done}" in again.stderr


@pytest.mark.slow
def test_two_processes_train_one_ear(place: Path) -> None:
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    ended = oscbridge(
        "train", place / "music", "--config", place / "config.yaml", "--out", place / "two", launcher=launcher
    )
    assert ended.returncode == 0, ended.stderr
    assert "2 process(es)" in ended.stderr and (place / "two" / "small.safetensors").exists()


def test_profile_shows_where_the_time_goes_and_saves_nothing(place: Path) -> None:
    ended = oscbridge("train", place / "music", "--config", place / "config.yaml", "--out", place / "p", "--profile")
    assert ended.returncode == 0 and "convolution" in ended.stderr
    assert not (place / "p" / "checkpoint.pt").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("{empty}",), "has no sound file in it"),
        (("{music}", "--config", "ear-hlf"), "Did you mean ear-half?"),
        (("{music}", "--init", "nothing.safetensors", "--config", "{config}"), "is not there"),
        (("{music}", "--config", "{config}", "--loss", "mse"), "expected one of cpc, sat, moments"),
        (("{music}", "--config", "{config}", "--batch", "1"), "batch is 1"),
        (("{music}", "--config", "{config}", "--supervised", "composer"), "no file of these folders belongs to"),
    ],
)  # fmt: skip
def test_a_mistake_ends_in_a_sentence(place: Path, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    names = {"empty": tmp_path, "music": place / "music", "config": place / "config.yaml"}
    ended = oscbridge(
        "train", *[a.format(**names) for a in arguments], "--out", tmp_path / "out", "--shelf", place / "s"
    )
    assert ended.returncode == 2, ended.stderr
    assert words in ended.stderr and "Traceback" not in ended.stderr


def test_sets_are_probed_and_an_ear_gets_a_head(place: Path, trained: Path, tmp_path: Path) -> None:
    """Small sets of tunes stand for the real ones: what is told apart here is who wrote them, by their pitch."""
    sets, rows = tmp_path / "data", ["file,corpus,piece,family,guitar,soundfont"]
    for folder, first in (("scores", 0), ("scores-held", 40)):
        (sets / folder).mkdir(parents=True)
        lines = list(rows)
        for index in range(16):
            name = f"{index}.flac"
            high = index % 2
            audio = sounds.tune(first + index, 6.0) if high else sounds.tune(first + index, 6.0)[::-1].copy()
            soundfile.write(sets / folder / name, audio, sounds.RATE)
            lines.append(f"{name},{'bach' if high else 'trecento'},{index},piano,no,x")
        (sets / folder / "labels.csv").write_text("\n".join(lines) + "\n")
    ended = oscbridge(
        "evaluate", trained, "--data", sets, "--tasks", "composer", "--out", tmp_path / "out", "--head", "composer"
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads((tmp_path / "out" / "probes.json").read_text())
    features = {"run: c", "run: z", "random network: c", "averaged scalogram", "onset autocorrelation"}
    assert features <= set(told["results"])
    assert told["tasks"]["composer"]["classes"] == 2 and told["tasks"]["composer"]["test groups"] == 16
    assert all(0 <= r["composer"]["low"] <= r["composer"]["high"] <= 1 for r in told["results"].values())
    assert "| run: c |" in (tmp_path / "out" / "probes.md").read_text()
    assert (tmp_path / "out" / "confusions.png").read_bytes().startswith(b"\x89PNG")
    assert yaml.safe_load(trained.read_text())["classes"] == ["bach", "silence", "trecento"]
    with Running(tmp_path / "daemon", [f"model.name={trained}"]) as running, running.wire() as wire:
        wire.subscribe("classes")
        _, *pairs = wire.wait_for(lambda m: m[0] == "/ear/classes")
        assert set(pairs[::2]) == {"bach", "silence", "trecento"}
        assert sum(pairs[1::2]) == pytest.approx(1, abs=1e-3)


def test_missing_sets_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    ended = oscbridge("evaluate", "--data", tmp_path, "--tasks", "house-own")
    assert ended.returncode == 2 and "oscbridge data house" in ended.stderr
