"""Small ears and small sound files to learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from oscbridge.ear.spec import EarSpec
from oscbridge.train.spec import TrainSpec

from ..ear import ears

RATE = 8_000


def ear(**changes: object) -> EarSpec:
    """16 ms columns of 48 bins, a z every 4 of them, a c every 8."""
    return ears.spec().model_copy(update=changes)


def spec(**changes: object) -> TrainSpec:
    values = {
        "model": "small", "frames": 96, "first_context": 4, "skip": 1, "ahead": 4, "batch": 4, "steps": 8, "warmup": 2,
        "save_every": 4, "validate_every": 4, "snapshots": 2, "learning_rate": 1e-3, "held_out": 0.3,
    }  # fmt: skip
    return TrainSpec.model_validate({**values, **changes})


def tune(seed: int, seconds: float = 4.0) -> np.ndarray:
    """Notes of one scale in one rhythm, (n,) float32: each seed a tune of its own."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE)) / RATE
    beat = rng.uniform(0.12, 0.4)
    pitches = 110 * 2 ** (rng.integers(0, 36, 8) / 12)
    pitch = pitches[(t / beat).astype(int) % 8]
    envelope = np.exp(-(t % beat) / (0.4 * beat))
    harmonics = sum(rng.random() / n * np.sin(2 * np.pi * n * np.cumsum(pitch) / RATE) for n in range(1, 5))
    return (0.2 * envelope * harmonics + 0.001 * rng.standard_normal(len(t))).astype(np.float32)


def folder(at: Path, files: int = 10, seconds: float = 4.0) -> Path:
    at.mkdir(parents=True, exist_ok=True)
    for index in range(files):
        soundfile.write(at / f"tune-{index}.flac", tune(index, seconds), RATE)
    return at
