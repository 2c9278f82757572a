"""An ear from its YAML, with what belongs to it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..resources import loop_file
from ..sound import decode
from .reference import Reference, load_reference, path_of
from .spec import load_spec
from .weights import LoadedEar, load_ear


def open_ear(path: Path, loop: Path | None = None) -> tuple[LoadedEar, Tensor]:
    """An ear from its YAML, and what it is to hear, None for the bundled loop: (samples,) at its rate."""
    spec = load_spec(path)
    bundled = torch.from_numpy(decode(loop_file(), spec.scalogram.rate))
    loaded = load_ear(spec, path.with_suffix(".safetensors"), bundled)
    return loaded, bundled if loop is None else torch.from_numpy(decode(loop, spec.scalogram.rate))


def open_with_reference(path: Path) -> tuple[LoadedEar, Tensor, Reference]:
    """An ear, the bundled loop at its rate, and its reference, which dreaming needs."""
    loaded, bundled = open_ear(path)
    return loaded, bundled, load_reference(loaded, path_of(path.with_suffix(".safetensors")), bundled)
