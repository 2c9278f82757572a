"""The public sets: made once, labelled, with a licence; what can't be had is told and loses nothing else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from oscbridge.errors import BridgeError
from oscbridge.train import data, recordings, scores
from oscbridge.train.data import make, read_labels, write_labels

from ..clients.need import need

Said = list[tuple[str, int, int]]


def test_labels_are_read_back_as_written(tmp_path: Path) -> None:
    labels = {"b.flac": {"corpus": "bach", "piece": "a, b"}, "a.flac": {"corpus": "x", "piece": '"y"'}}
    write_labels(tmp_path, labels)
    assert read_labels(tmp_path) == labels
    assert read_labels(tmp_path / "nowhere") == {}


def test_house_tracks_are_made_once_with_labels_and_a_licence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "HOUSE_LEARN", {"own": 1, "one": 0, "section": 0})
    monkeypatch.setattr(data, "HOUSE_HELD", 0)
    said: Said = []
    assert make("house", tmp_path, 1, lambda *x: said.append(x)) == []
    path = tmp_path / "house" / "own-00.flac"
    assert read_labels(path.parent) == {"own-00.flac": {"track": "learn-0", "kind": "own"}}
    assert "MIT" in (path.parent / "LICENCE.txt").read_text()
    assert soundfile.info(path).duration > 60 and said == [("house", 1, 1)]
    before = path.stat().st_mtime_ns
    make("house", tmp_path, 1, lambda *x: None)
    assert path.stat().st_mtime_ns == before


def test_held_out_pieces_are_never_among_those_to_learn_from() -> None:
    if not any((folder / scores.SOUNDFONTS[1]).exists() for folder in scores.FOLDERS):
        need("fluidsynth", package=scores.PACKAGES)
    jobs = list(data._score_jobs(Path("d")))
    pieces = {
        folder: {j[2]["piece"] for j in jobs if j[1].parent.name == folder} for folder in ("scores", "scores-held")
    }
    assert not pieces["scores"] & pieces["scores-held"]
    held = [j[2] for j in jobs if j[1].parent.name == "scores-held"]
    assert {c: sum(row["corpus"] == c for row in held) for c in scores.CORPORA} == dict.fromkeys(scores.CORPORA, 90)
    families = {f: len({row["piece"] for row in held if row["family"] == f}) for f in scores.FAMILIES}
    assert min(families.values()) >= 30  # pieces to test each instrument on


def test_one_score_that_fails_is_told_and_loses_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("fluidsynth", package=scores.PACKAGES)
    good = scores.pieces("bach")[5]
    setting = scores.draw_setting("x", ["piano"], [p for p in scores.soundfonts() if "TimGM" in p.name])
    bad = tmp_path / "broken.mxl"
    bad.write_bytes(b"no score")
    monkeypatch.setattr(
        data, "_score_jobs",
        lambda folder: [data._job(data._play, folder / "scores" / f"{p.stem}.flac", (p, setting), piece=p.name)
                        for p in (bad, good)],
    )  # fmt: skip
    troubles = make("scores", tmp_path, 1, lambda *_: None)
    assert len(troubles) == 1 and troubles[0].startswith("broken.flac: ")
    assert list(read_labels(tmp_path / "scores")) == [f"{good.stem}.flac"]


def test_recordings_come_out_of_packages_with_their_copyright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("dpkg-deb", package="dpkg")
    root = tmp_path / "package"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: game-music\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n"
    )
    (root / "usr/share/games/game").mkdir(parents=True)
    (root / "usr/share/doc/game").mkdir(parents=True)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 300_000)
    soundfile.write(root / "usr/share/games/game/theme.wav", noise, 44_100)
    soundfile.write(root / "usr/share/games/game/click.wav", noise[:1_000], 44_100)
    (root / "usr/share/doc/game/copyright").write_text("CC0")
    subprocess.run(["dpkg-deb", "--build", root, tmp_path / "game.deb"], check=True, capture_output=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    fake = programs / "apt-get"
    fake.write_text(f'#!/bin/sh\nfor last; do :; done\n[ "$last" = game-music ] && cp {tmp_path}/game.deb . \n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(recordings, "LEARN", ("game-music", "no-such-package"))
    monkeypatch.setattr(recordings, "UNHEARD", ())
    troubles = make("recordings", tmp_path / "data", 1, lambda *_: None)
    assert troubles == ["no-such-package: apt-get could not download it"]
    found = tmp_path / "data" / "recordings"
    assert sorted(p.name for p in (found / "game-music").iterdir()) == ["COPYRIGHT", "theme.wav"]
    assert read_labels(found) == {"game-music/theme.wav": {"package": "game-music"}}
    monkeypatch.setattr(recordings.shutil, "which", lambda _: None)
    with pytest.raises(BridgeError, match="Debian's packages"):
        make("recordings", tmp_path / "other", 1, lambda *_: None)
