"""Sound files as scalograms on the disk, so that each is decoded and filtered once and not at every step.

A value takes a byte (a third of a decibel), a minute half a megabyte. A file is made again when its sound, or the
scalogram's sizes, change.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..ear.filterbank import FilterBank
from ..ear.scalogram import scalogram
from ..ear.spec import ScalogramSpec
from ..errors import BridgeError
from ..files import write_whole
from ..sound import decode

SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf", ".w64", ".rf64"}
CHUNK_S = 60  # seconds of sound filtered at once: memory stays bounded
SILENT = 0.12  # a file whose loudest value stays below it, -79 dB, holds nothing to learn from

Columns = NDArray[np.uint8]


@dataclass(frozen=True)
class Track:
    """One sound file on the shelf. domain: the folder it was given by; name: its path in there."""

    domain: str
    name: str
    frames: int
    path: Path

    @property
    def key(self) -> str:
        return f"{self.domain}/{self.name}"

    def columns(self) -> Columns:
        """(frames, bins) uint8, mapped from the disk."""
        return np.load(self.path, mmap_mode="r")


@dataclass(frozen=True)
class Skipped:
    path: Path
    why: str


def sound_files(folder: Path) -> list[Path]:
    """Every sound file below a folder, by name. Raises BridgeError if there is no such folder or none in it."""
    if not folder.is_dir():
        raise BridgeError(f"{folder} is not a folder; give a folder of sound files", 404)
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise BridgeError(f"{folder} has no sound file in it; looked for {', '.join(sorted(SUFFIXES))}", 404)
    return found


def is_held_out(key: str, share: float) -> bool:
    """Whether a file is kept for testing. By its name alone, so that it stays so whatever else comes or goes."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") < share * 2**32


def fill(
    folders: Sequence[Path],
    spec: ScalogramSpec,
    shelf: Path,
    workers: int = 0,
    told: Callable[[int, int, Path], None] = lambda *_: None,
) -> tuple[list[Track], list[Skipped]]:
    """Puts every sound file of the folders on the shelf, in `workers` processes (0: one for each core).

    told: called with files done, files in all, and the last one. Files that cannot be read, or are silent, are
    skipped and listed. Raises BridgeError if nothing is left.
    """
    jobs = [(folder, path) for folder in folders for path in sound_files(folder)]
    tracks: list[Track] = []
    skipped: list[Skipped] = []
    with ProcessPoolExecutor(workers or os.cpu_count(), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        results = pool.map(_put, *zip(*[(path, spec, shelf) for _, path in jobs], strict=True))
        for done, ((folder, path), result) in enumerate(zip(jobs, results, strict=True), 1):
            if isinstance(result, str):
                skipped.append(Skipped(path, result))
            else:
                target, frames = result
                tracks.append(Track(folder.resolve().name, path.relative_to(folder).as_posix(), frames, target))
            told(done, len(jobs), path)
    if not tracks:
        why = "\n".join(f"  {s.path}: {s.why}" for s in skipped[:5])
        raise BridgeError(f"none of {len(jobs)} sound files can be learned from:\n{why}")
    return tracks, skipped


def split(tracks: Iterable[Track], share: float) -> tuple[list[Track], list[Track]]:
    """(to learn from, held out), by file; the same share of every domain, and at least one file held out."""
    learn: list[Track] = []
    held: list[Track] = []
    for track in tracks:
        (held if is_held_out(track.key, share) else learn).append(track)
    if not held and len(learn) > 1:
        held.append(learn.pop())
    return learn, held or list(learn)


def columns_of(audio: NDArray[np.float32], bank: FilterBank) -> Columns:
    """Scalogram of a whole file, (n,) float32, as (frames, bins) uint8: round(255 v), v clipped to 0..1."""
    hop, parts = bank.spec.hop, []
    before = -(-bank.history // hop)  # columns that still see what lies before a chunk
    step = CHUNK_S * bank.spec.rate // hop
    for first in range(0, len(audio) // hop, step):
        start = max(0, first - before)
        piece = torch.from_numpy(audio[start * hop : (first + step) * hop])
        values = scalogram(piece, bank)[0, first - start :]
        parts.append((values * 255).round_().clamp_(0, 255).to(torch.uint8).numpy())
    return np.concatenate(parts) if parts else np.zeros((0, bank.spec.bins), np.uint8)


@lru_cache(1)
def _bank(spec: ScalogramSpec) -> FilterBank:
    return FilterBank(spec)


def _put(path: Path, spec: ScalogramSpec, shelf: Path) -> tuple[Path, int] | str:
    """(file on the shelf, its frames), or why there is none. Runs in a worker."""
    stat = path.stat()
    mark = f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns} {spec.model_dump_json()}"
    target = shelf / f"{hashlib.sha256(mark.encode()).hexdigest()[:20]}.npy"
    if target.exists():
        columns = np.load(target, mmap_mode="r")
    else:
        try:
            with torch.inference_mode():
                columns = columns_of(decode(path, spec.rate), _bank(spec))
        except BridgeError as error:
            return str(error)
        buffer = io.BytesIO()
        np.save(buffer, columns)
        write_whole(target, buffer.getvalue())
    if not len(columns) or columns.max() < SILENT * 255:
        return "it is silent"
    return target, len(columns)
