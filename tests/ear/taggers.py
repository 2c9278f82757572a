"""The tagger, its golden answers and some sounds, each made once."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from oscbridge.ear.tagger import FoldedTagger, VggTagger, load_tagger, load_unfolded

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "models" / "vgg-tagger.safetensors"
RATE = 16_000

torch.set_num_threads(1)


@cache
def tagger() -> FoldedTagger:
    return load_tagger(WEIGHTS)


def unfolded() -> VggTagger:
    """One of its own for each caller, who may break it."""
    return load_unfolded(WEIGHTS)


@cache
def golden() -> dict[str, np.ndarray]:
    """What goldens/make_vgg_tagger.py wrote."""
    with np.load(Path(__file__).parent / "goldens" / "vgg_tagger.npz") as file:
        return {name: file[name] for name in file.files}


@cache
def sound() -> Tensor:
    """(47,616,) that the golden answers are to."""
    return torch.from_numpy(golden()["audio"] / np.float32(32_768))


def sine(hz: float, samples: int) -> Tensor:
    return 0.2 * torch.sin(2 * torch.pi * hz * torch.arange(samples) / RATE)


@cache
def script(name: str) -> ModuleType:
    """A file of scripts/ as a module; those may import each other."""
    folder = ROOT / "scripts"
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec and spec.loader
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module
