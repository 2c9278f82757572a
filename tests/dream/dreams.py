"""A small ear, its goals and what is selected in it, for the tests of dreaming."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from oscbridge.dream.dreamer import Dreamer
from oscbridge.dream.goals import Goals
from oscbridge.dream.objectives import Selected
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.reference import Reference, load_reference
from oscbridge.ear.selection import Selection
from oscbridge.ear.spec import EarSpec
from oscbridge.ear.weights import LoadedEar, load_ear
from oscbridge.sections import Dream
from tests.ear import ears

SMALL = ears.spec().model_copy(update={"classes": ("guitar", "drums", "silence")})
RATE = SMALL.scalogram.rate
NOWHERE = Path("nowhere.safetensors")


@cache
def loaded(spec: EarSpec = SMALL) -> LoadedEar:
    return load_ear(spec, NOWHERE, music(8))


@cache
def music(seconds: float) -> Tensor:
    """Two notes over hits, (n,) at the small ear's rate."""
    t = torch.arange(round(seconds * RATE)) / RATE
    notes = torch.sin(2 * torch.pi * 220 * t) * torch.exp(-3 * (t % 0.5)) + 0.5 * torch.sin(2 * torch.pi * 700 * t)
    hits = torch.randn(len(t), generator=torch.Generator().manual_seed(3)) * torch.exp(-20 * (t % 0.25))
    return 0.1 * notes + 0.1 * hits


@cache
def reference(with_maps: bool = True) -> Reference:
    plain = load_reference(loaded(), NOWHERE, music(8))
    if not with_maps:
        return plain
    layers = anatomy(SMALL).layers
    c, z = layers[SMALL.c_layer].channels, layers[SMALL.z_layer].channels
    return Reference(plain.clips, torch.randn(3, z, c, generator=torch.Generator().manual_seed(5)) * 0.3)


def goals(target: Tensor | None = None, with_maps: bool = True) -> Goals:
    return Goals(loaded(), reference(with_maps), music(2) if target is None else target)


def selected(layer: int, first: int = 0, last: int = 0, weight: float = 1.0) -> Selected:
    selection = Selection(anatomy(SMALL).layers)
    selection.add(layer, first, last, 0.0, 1.0, weight)
    return Selected(selection.neurons, selection.weights)


def nothing() -> Selected:
    selection = Selection(anatomy(SMALL).layers)
    return Selected(selection.neurons, selection.weights)


def noise(samples: int = 2 * RATE, level: float = 0.01, seed: int = 0) -> Tensor:
    return level * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def dreamer(layer: int = 4, origin: Tensor | None = None, **wishes: Any) -> Dreamer:
    start = noise() if origin is None else origin
    return Dreamer(loaded(), start, Dream(**wishes), selected(layer), goals())


def walk(one: Dreamer, steps: int) -> Tensor:
    for _ in range(steps):
        one.step(is_scored=False)
    return one.clip
