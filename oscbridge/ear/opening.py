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
from .spec import EarSpec, ModuleSpec, TaggerSpec, load_any_spec, load_spec
from .tagger_anatomy import RATE
from .tagger_hearing import open_tagger
from .weights import LoadedEar, load_ear


def open_ear(path: Path, loop: Path | None = None) -> tuple[LoadedEar, Tensor]:
    """An ear from its YAML, and what it is to hear, None for the bundled loop: (samples,) at its rate."""
    loaded = _ear_of(path, load_spec(path))
    return loaded, sound_for(loaded, loop)


def open_model(path: Path) -> Model:
    """The network whose YAML that is. Raises BridgeError."""
    spec = load_any_spec(path)
    if isinstance(spec, ModuleSpec):
        return open_module(path, _bundled(spec.rate))
    return open_tagger(path, _bundled(RATE)) if isinstance(spec, TaggerSpec) else _ear_of(path, spec)


def open_with_reference(path: Path) -> tuple[Model, Tensor, Reference]:
    """A network, the bundled loop at its rate, and its reference, which dreaming needs."""
    model = open_model(path)
    bundled = sound_for(model)
    return model, bundled, load_reference(model, path_of(path.with_suffix(".safetensors")), bundled)


def sound_for(model: Model, file: Path | None = None) -> Tensor:
    """A sound file, None for the bundled loop, as a network hears it: (samples,) at its rate. Raises BridgeError."""
    rate = model.plan.rate
    return _bundled(rate) if file is None else torch.from_numpy(decode(file, rate))


def _ear_of(path: Path, spec: EarSpec) -> LoadedEar:
    return load_ear(spec, path.with_suffix(".safetensors"), _bundled(spec.scalogram.rate))


def _bundled(rate: int) -> Tensor:
    return torch.from_numpy(decode(loop_file(), rate))
