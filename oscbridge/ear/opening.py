"""A network from its YAML, with what belongs to it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..resources import loop_file
from ..sound import decode
from .model import Model
from .module import open_module
from .reference import Reference, load_reference, path_of
from .spec import EarSpec, TaggerSpec, load_any_spec, load_spec
from .tagger_anatomy import RATE
from .tagger_hearing import open_tagger
from .weights import LoadedEar, load_ear


def open_ear(path: Path, loop: Path | None = None) -> tuple[LoadedEar, Tensor]:
    """An ear from its YAML, and what it is to hear, None for the bundled loop: (samples,) at its rate."""
    spec = load_spec(path)
    bundled = _sound(loop_file(), spec.scalogram.rate)
    loaded = load_ear(spec, path.with_suffix(".safetensors"), bundled)
    return loaded, bundled if loop is None else _sound(loop, spec.scalogram.rate)


def open_model(path: Path) -> Model:
    """The network whose YAML that is. Raises BridgeError."""
    return open_with_sound(path)[0]


def open_with_sound(path: Path, file: Path | None = None) -> tuple[Model, Tensor]:
    """A network, and what it is to hear, None for the bundled loop: (samples,) at its rate. Raises BridgeError."""
    spec = load_any_spec(path)
    if isinstance(spec, EarSpec):
        return open_ear(path, file)
    rate = RATE if isinstance(spec, TaggerSpec) else spec.rate
    bundled = _sound(loop_file(), rate)
    model = (open_tagger if isinstance(spec, TaggerSpec) else open_module)(path, bundled)
    return model, bundled if file is None else _sound(file, rate)


def open_with_reference(path: Path) -> tuple[Model, Tensor, Reference]:
    """A network, the bundled loop at its rate, and its reference, which dreaming needs."""
    model, bundled = open_with_sound(path)
    return model, bundled, load_reference(model, path_of(path), bundled)


def _sound(file: Path, rate: int) -> Tensor:
    return torch.from_numpy(decode(file, rate))
