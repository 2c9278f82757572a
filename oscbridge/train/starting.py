"""What a training starts from: another ear's weights, or a whole training of a narrower one."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..ear.network import Ear
from ..ear.weights import read_tensors
from ..ear.widen import widen
from ..errors import BridgeError
from . import checkpoints

NOISE = 0.1  # of a weight's deviation, where an ear is widened: exact copies would learn as one


def start_from(model: nn.Module, source: Path, seed: int) -> None:
    """Loads weights into a network to be trained, widened if they are of a narrower one.

    model: an ear as its attribute `ear`, and a predictor
    source: a safetensors file (the predictor then starts anew), or the folder of a training (it is taken over too)
    Raises BridgeError if they cannot be read or don't fit.
    """
    if source.is_dir():
        found = checkpoints.load(source)
        if found is None:
            raise BridgeError(f"{source} holds no {checkpoints.NAME} to start from", 404)
        tensors: dict[str, Tensor] = found.network
    elif source.exists():
        tensors = {f"ear.{name}": value for name, value in read_tensors(source).items()}
    else:
        raise BridgeError(f"{source} is not there; give a .safetensors file or the folder of a training", 404)
    wanted = ("ear.", "predictor.") if source.is_dir() else ("ear.",)
    shapes = {name: value.shape for name, value in model.state_dict().items() if name.startswith(wanted)}
    values = widen(tensors, shapes, seed, NOISE)
    maps = values.get("predictor.maps")
    if maps is not None:  # an encoding's copies add up in a score
        values["predictor.maps"] = maps * (tensors["predictor.maps"].shape[1] / maps.shape[1])
    with torch.no_grad():
        model.load_state_dict(values, strict=False)


@torch.no_grad()
def wake(ear: Ear, x: Tensor) -> int:
    """Gives channels that no longer answer to anything a new start: their batch norm's scale 1 and shift 0.

    A rectified channel that is never above 0 gets no gradient and would stay dead. x: (clips, 1, frames, bins), varied.
    Returns how many there were.
    """
    blocks = [norm for block in ear.encoder for norm in (block.norm1, block.norm2)]
    norms = [*blocks, None, *[block.norm for block in ear.context]]  # z has none
    count = 0
    for norm, layer in zip(norms, ear.eval()(x)[1:], strict=True):
        if isinstance(norm, nn.BatchNorm2d):
            dead = layer.amax((0, 2, 3)) <= 0
            norm.weight[dead], norm.bias[dead] = 1.0, 0.0
            count += int(dead.sum())
    return count
