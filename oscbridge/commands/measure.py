"""`oscbridge measure`: what a network's neurons do on music, by which dark, bright and a dream's score are told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from rich.console import Console
from rich.progress import track

from .. import resources
from ..ear.module import LoadedModule
from ..ear.opening import open_model
from ..ear.reference import Reference, in_deviations, path_of, save_reference
from ..ear.tagger_anatomy import GATE_DB, level_db
from ..ear.tagger_hearing import LoadedTagger
from ..ear.windowed import statistics_of
from ..errors import BridgeError
from .denormals import flushed_denormals

SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} | {".oga", ".opus", ".aif"}
MOST_CLIPS = 128  # that a dream's score is compared with


@flushed_denormals()
def measure(name: str, music: Sequence[Path], count: int, console: Console) -> None:
    """Listens to `count` windows, evenly spread over all files and never too quiet, and writes what it found beside
    the network's YAML. Raises BridgeError."""
    torch.set_num_threads(1)
    path = resources.model_file(name)
    model = open_model(path)
    if not isinstance(model, (LoadedTagger, LoadedModule)):
        raise BridgeError(f"{name} is an ear: what its neurons do on music is in its weights, from its training")
    files = sorted(_files(music))
    if not files:
        raise BridgeError(f"there is no sound file in {', '.join(map(str, music))}", 404)
    random = np.random.default_rng(0)
    heard = []
    for index in track(range(count), "listening", console=console):
        sound = _window(files[index * len(files) // count], model.samples, model.plan.rate, random)
        if sound is not None:
            heard.append(model.look(torch.from_numpy(sound)).numpy().copy())
    if len(heard) < count / 2:
        raise BridgeError(f"{count - len(heard)} of {count} windows are silence or cannot be read; give other music")
    rows = np.stack(heard)
    statistics = statistics_of(rows, model.look, model.samples, len(model.plan.classes))
    clips = rows[np.linspace(0, len(rows) - 1, min(MOST_CLIPS, len(rows))).astype(int)]
    reference = Reference(in_deviations(clips, model.plan.layers, statistics))
    kept = path_of(path)
    try:
        save_reference(reference, kept, statistics)
    except OSError as error:
        text = f"{kept} cannot be written: {error.strerror}; copy the network to a folder of yours"
        raise BridgeError(text, 403) from error
    console.print(f"{model.plan.id}: {len(rows):,} windows of {len(files):,} files, kept as {kept}")


def _files(music: Sequence[Path]) -> Iterator[Path]:
    for path in music:
        if not path.exists():
            raise BridgeError(f"there is no file or folder {path}", 404)
        found = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in found if file.suffix.lower() in SUFFIXES and file.is_file())


def _window(path: Path, samples: int, rate: int, random: np.random.Generator) -> np.ndarray | None:
    """(samples,) of somewhere in a file, None if it is too quiet there, too short, or cannot be read."""
    try:
        with soundfile.SoundFile(path) as file:
            wanted = math.ceil(samples * file.samplerate / rate) + 1
            if file.frames < wanted:
                return None
            file.seek(int(random.integers(file.frames - wanted + 1)))
            mono = file.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
            found = soxr.resample(mono, file.samplerate, rate)[:samples].astype(np.float32)
    except (OSError, soundfile.SoundFileError):
        return None
    return found if len(found) == samples and level_db(found) > GATE_DB else None
