"""The training sets that anyone can make: the same files from the same seeds, each made once.

    recordings/      music of free games                 house/        tracks of our own generator
    scores/          music21's corpus through FluidSynth  *-held/      pieces that no training hears: for the probes
    recordings-held/ a kind of music kept out of training

A folder's `labels.csv` says what each file is, its LICENCE.txt what may be done with it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..files import write_whole
from . import house, recordings, scores
from .shelf import SUFFIXES

LABELS = "labels.csv"
SETS = ("recordings", "house", "scores")
RATE = 44_100

HOUSE_LEARN = {"own": 24, "one": 8, "section": 12}
HOUSE_HELD = 15  # tracks of each kind
SCORES_LEARN = {"bach": 150, "trecento": 58, "ryansMammoth": 90}
SCORES_HELD = 45  # pieces of each corpus, each played in two settings: 90 a corpus, 45 an instrument

LICENCES = {
    "recordings": "Music of free games as Debian distributes it; each folder's COPYRIGHT names authors and licences "
    "(GPL, CC BY-SA, CC BY, CC0).\n",
    "house": "Made by oscbridge's own generator; MIT, as oscbridge.\n",
    "scores": "Bach, trecento and Ryan's Mammoth Collection (1883) are in the public domain; encodings from music21's "
    "corpus (BSD; see its corpus licence for each encoder). Played with the soundfonts FluidR3 and MuseScore General "
    "(MIT), TimGM6mb and OPL-3 (GPL).\n",
}

Labels = dict[str, dict[str, str]]


def make(name: str, folder: Path, workers: int, told: Callable[[str, int, int], None]) -> list[str]:
    """Makes one of SETS, and its held-out part, in `folder`. Returns sentences about what could not be made.

    told: called with what is being made, files done, files in all. Raises BridgeError if a program or library lacks.
    """
    if name == "recordings":
        return _make_recordings(folder, told)
    jobs = list(_house_jobs(folder) if name == "house" else _score_jobs(folder))
    troubles = _work(name, jobs, workers, told)
    for target in {job[1].parent for job in jobs}:
        labels = {job[1].name: job[2] for job in jobs if job[1].parent == target and job[1].exists()}
        write_labels(target, labels)
        write_whole(target / "LICENCE.txt", LICENCES[name].encode())
    return troubles


def write_labels(folder: Path, labels: Labels) -> None:
    columns = list(next(iter(labels.values()))) if labels else []
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ["file", *columns])
    writer.writeheader()
    writer.writerows({"file": name, **values} for name, values in sorted(labels.items()))
    write_whole(folder / LABELS, buffer.getvalue().encode())


def read_labels(folder: Path) -> Labels:
    """What each file of a folder is; empty if it has no labels.csv."""
    path = folder / LABELS
    if not path.exists():
        return {}
    with path.open(newline="") as file:
        return {row.pop("file"): row for row in csv.DictReader(file)}


Job = tuple[Callable[..., NDArray[np.float32]], Path, dict[str, str], tuple[Any, ...]]


def _house_jobs(folder: Path) -> Iterator[Job]:
    for kind in house.KINDS:
        for index in range(HOUSE_LEARN[kind]):
            yield _job(
                house.track,
                folder / "house" / f"{kind}-{index:02}.flac",
                (1_000 + index, kind),
                track=f"learn-{index}",
                kind=kind,
            )
        for index in range(HOUSE_HELD):
            yield _job(
                house.track,
                folder / "house-held" / f"{kind}-{index:02}.flac",
                (index, kind),
                track=str(index),
                kind=kind,
            )


def _score_jobs(folder: Path) -> Iterator[Job]:
    fonts, families = scores.soundfonts(), list(scores.FAMILIES)
    for corpus in scores.CORPORA:
        # a piece's place by its name's hash: the same pieces are held out whatever the corpus grows to
        found = sorted(scores.pieces(corpus), key=lambda p: hashlib.sha256(p.name.encode()).digest())
        held, learn = found[:SCORES_HELD], found[SCORES_HELD:]
        for path in learn[: SCORES_LEARN[corpus]]:
            yield _score_job(folder / "scores", corpus, path, "a", families, fonts)
        for path in held:
            first = _score_job(folder / "scores-held", corpus, path, "a", families, fonts)
            yield first
            others = [f for f in families if f != first[2]["family"]]
            yield _score_job(folder / "scores-held", corpus, path, "b", others, fonts)


def _score_job(folder: Path, corpus: str, path: Path, take: str, families: Sequence[str], fonts: Sequence[Path]) -> Job:
    setting = scores.draw_setting(f"{corpus}/{path.name}/{take}", families, fonts)
    name = hashlib.sha256(path.name.encode()).hexdigest()[:8]
    guitar = "yes" if setting.family == "guitar" else "no"
    labels = {"corpus": corpus, "piece": path.name, "family": setting.family, "guitar": guitar}
    labels["soundfont"] = setting.soundfont.name
    return _job(_play, folder / f"{corpus}-{name}{take}.flac", (path, setting), **labels)


def _job(make: Callable[..., NDArray[np.float32]], path: Path, arguments: tuple[Any, ...], **labels: str) -> Job:
    return make, path, labels, arguments


def _play(path: Path, setting: scores.Setting) -> NDArray[np.float32]:
    return scores.play(scores.read_notes(path), setting)


def _work(name: str, jobs: Sequence[Job], workers: int, told: Callable[[str, int, int], None]) -> list[str]:
    troubles = []
    with ProcessPoolExecutor(workers) as pool:
        for done, trouble in enumerate(pool.map(_write, [(job[0], job[1], job[3]) for job in jobs]), 1):
            if trouble:
                troubles.append(trouble)
            told(name, done, len(jobs))
    return troubles


def _write(job: tuple[Callable[..., NDArray[np.float32]], Path, tuple[Any, ...]]) -> str:
    make, path, arguments = job
    if path.exists():
        return ""
    try:
        audio = make(*arguments)
        buffer = io.BytesIO()
        soundfile.write(buffer, audio, RATE, format="FLAC", subtype="PCM_16", compression_level=0.0)
        write_whole(path, buffer.getvalue())
    except Exception as error:  # one score that music21 can't read must not lose the others
        return f"{path.name}: {type(error).__name__}: {error}"
    return ""


def _make_recordings(folder: Path, told: Callable[[str, int, int], None]) -> list[str]:
    missing = []
    for part, packages in (("recordings", recordings.LEARN), ("recordings-held", recordings.UNHEARD)):
        for done, package in enumerate(packages):
            told(part, done, len(packages))
            missing += recordings.fetch((package,), folder / part, lambda _: None)
        labels = {}
        for path in sorted((folder / part).glob("*/*")):
            if path.suffix.lower() in SUFFIXES:
                labels[path.relative_to(folder / part).as_posix()] = {"package": path.parent.name}
        write_labels(folder / part, labels)
        write_whole(folder / part / "LICENCE.txt", LICENCES["recordings"].encode())
    return [f"{package}: apt-get could not download it" for package in missing]
