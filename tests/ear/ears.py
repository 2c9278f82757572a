"""Ears and sounds that the tests share, each made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import yaml
from torch import Tensor, nn

from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.network import Ear, fold_batch_norms
from oscbridge.ear.spec import EarSpec, load_spec
from oscbridge.ear.weights import LoadedEar, load_ear

ROOT = Path(__file__).resolve().parents[2]
LOOP = ROOT / "loops" / "guitar_drums.flac"
RATE = 44_100

torch.set_num_threads(1)  # more spin on barriers when other tests run beside these

BLOCKS = [
    {"channels": 4, "conv1": [3, 3], "pool": 2, "conv2": [1, 5], "valid": True},
    {"channels": 4, "conv1": [1, 3], "conv2": [1, 3]},
    {"channels": 6, "conv1": [3, 3], "pool": 2, "conv2": [1, 4], "valid": True},
]
CONTEXT = [{"channels": 6, "kernel": 4}, {"channels": 6, "kernel": 1, "pool": 2}, {"channels": 5, "kernel": 3}]


def spec(
    blocks: list[dict[str, Any]] | None = None, context: list[dict[str, Any]] | None = None, **scalogram: Any
) -> EarSpec:
    """A small ear of every kind of part: both pools, an even and an odd valid kernel, residuals with and without 1x1.

    Its columns are 48 bins in 16 ms.
    """
    sizes = {"rate": 8_000, "hop": 128, "bins": 48, "bins_per_octave": 12, "lowest_hz": 100.0, **scalogram}
    data = {"name": "small", "scalogram": sizes, "encoder": blocks or BLOCKS, "context": context or CONTEXT}
    return EarSpec.model_validate(data)


def write_yaml(path: Path, **scalogram: Any) -> Path:
    """The small ear's sizes as a file that the daemon loads. Returns its path."""
    path.write_text(yaml.safe_dump(spec(**scalogram).model_dump(mode="json")))
    return path


@cache
def shipped() -> EarSpec:
    return load_spec(ROOT / "models" / "ear.yaml")


@cache
def loaded() -> LoadedEar:
    """The shipped ear, untrained, calibrated on the loop and folded."""
    return load_ear(shipped(), Path("none.safetensors"), music(4 * RATE))


@cache
def bank() -> FilterBank:
    return loaded().bank


def by_hand(of: EarSpec) -> Ear:
    """A folded ear whose weights and biases are all 0, to be set one by one."""
    ear = fold_batch_norms(Ear(of))
    for parameter in ear.parameters():
        nn.init.zeros_(parameter)
    return ear


def positive(of: EarSpec) -> Ear:
    """An ear whose weights are all above 0 and that has no bias: whatever it sees, its neurons show."""
    ear = Ear(of).eval()
    for module in ear.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.uniform_(module.weight, 0.05, 0.2, generator=torch.Generator().manual_seed(1))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return ear


@cache
def music(samples: int, offset: int = 0) -> Tensor:
    """The bundled loop in mono, (samples,); without the file, plucked notes over noise bursts."""
    if LOOP.exists():
        return torch.from_numpy(soundfile.read(LOOP, dtype="float32")[0].mean(1)[offset : offset + samples].copy())
    rng = np.random.default_rng(0)
    t = np.arange(offset, offset + samples) / RATE
    notes = [np.sin(2 * np.pi * hz * t) * np.exp(-4 * ((t + start) % 1)) for hz, start in ((82, 0), (440, 0.3))]
    hits = rng.standard_normal(samples) * (np.exp(-30 * (t % 0.5)) + 0.2)  # no bin falls silent, as in a room
    return torch.from_numpy((0.05 * sum(notes) + 0.1 * hits).astype(np.float32))


def noise(samples: int, seed: int = 0) -> Tensor:
    return 0.3 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))
