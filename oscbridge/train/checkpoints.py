"""A training's state on the disk: written whole, read without running code, the last good one always there."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..ear.spec import EarSpec
from ..errors import BridgeError
from ..files import write_whole
from .spec import TrainSpec

NAME = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """What it takes to go on as if nothing had been. step: steps done; seconds: time spent on them."""

    step: int
    seconds: float
    ear: EarSpec
    train: TrainSpec
    network: dict[str, Any]
    optimizer: dict[str, Any]


def save(state: Checkpoint, folder: Path) -> None:
    """Raises BridgeError if the disk refuses; the checkpoint before is then still there."""
    content = {**vars(state), "ear": state.ear.model_dump_json(), "train": state.train.model_dump_json()}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_whole(folder / NAME, buffer.getvalue())


def load(folder: Path) -> Checkpoint | None:
    """The folder's checkpoint, None if it has none. Raises BridgeError if it cannot be read."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        ear, train = EarSpec.model_validate_json(content["ear"]), TrainSpec.model_validate_json(content["train"])
        return Checkpoint(**{**content, "ear": ear, "train": train})
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError) as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise BridgeError(f"{path} is not a checkpoint that can be read ({why}); move it away to start anew") from error


def restore(module: nn.Module, tensors: dict[str, Any], path: Path) -> None:
    """Loads a network's tensors. Raises BridgeError if they are of another size."""
    own = module.state_dict()
    for name, value in own.items():
        if name not in tensors:
            raise BridgeError(f"{path} holds another network: it misses {name}; take another --out folder")
        if tensors[name].shape != value.shape:
            raise BridgeError(
                f"{path} holds a network of another size: {name} is {list(tensors[name].shape)}, this configuration "
                f"makes it {list(value.shape)}; take another --out folder, or the configuration it was made with"
            )
    module.load_state_dict(tensors)
