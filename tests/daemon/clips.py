"""What the tests of clips share: loops, and a folder of them."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from oscbridge.daemon.clip_files import Clip, write_clip
from oscbridge.daemon.clip_store import ClipStore

RATE = 8_000
FRAMES = 4_000
MADE = {"objective": "activate", "selection": [[3, 0, 15, 1.0]], "step_size": 0.003, "note": None}


def loop(seed: int = 0, frames: int = FRAMES) -> NDArray[np.float32]:
    """(frames,) noise at -12 dB."""
    return np.random.default_rng(seed).uniform(-0.25, 0.25, frames).astype(np.float32)


def sine(cycles: int, frames: int = FRAMES) -> NDArray[np.float32]:
    """A loop without a seam."""
    return (0.5 * np.sin(2 * math.pi * cycles * np.arange(frames) / frames + 0.3)).astype(np.float32)


def dream(store: ClipStore, folder: Path, seed: int = 0, **other: Any) -> Clip:
    """One more clip, as the worker writes it."""
    facts: dict[str, Any] = {"format": "wav", "score": 1.5, "made": MADE, "made_at": 1_700_000_000.0} | other
    clip = write_clip(folder, store.next_id(), loop(seed), RATE, **facts)
    store.add(clip)
    return clip


def loaded(folder: Path) -> ClipStore:
    store = ClipStore(folder)
    store.load()
    return store


def assert_whole(clip: Clip) -> None:
    """Its file has its hash, and decodes to its last sample."""
    assert hashlib.sha256(clip.path.read_bytes()).hexdigest() == clip.sha256
    samples, rate = soundfile.read(clip.path, dtype="float32", always_2d=True)
    assert (rate, samples.shape) == (clip.rate, (clip.frames, clip.channels))
    assert np.isfinite(samples).all()
