"""What belongs to a network beside its weights: what its neurons do in clips of music, and the maps that an ear
predicts with.

A neuron's own deviation does not say how much a group of neurons varies from clip to clip; these do, for any group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor

from ..errors import BridgeError
from ..files import write_whole
from .anatomy import Layer, anatomy
from .filterbank import FilterBank
from .measuring import clip_means
from .model import Model
from .network import Ear
from .neurons import Statistics
from .weights import STATISTICS, read_tensors

CLIP_S = 4.0
PARTS = 16
LOWEST, STEPS = -4.0, 16.0  # a value is kept as a byte: round((deviations - LOWEST) * STEPS)
RARE = 0.1  # of its layer's mean deviation: what a neuron that hardly moved on music is measured by at least


@dataclass(frozen=True)
class Reference:
    """clips: (m, neurons) uint8, see `deviations`; maps: (ahead, encoding, context) float32, None if not known."""

    clips: NDArray[np.uint8]
    maps: Tensor | None = None

    def deviations(self, neurons: NDArray[np.intp] | slice) -> NDArray[np.float32]:
        """(m, n) of these neurons: their activations in standard deviations over their means on music."""
        return self.clips[:, neurons].astype(np.float32) / np.float32(STEPS) + np.float32(LOWEST)


def path_of(network: Path) -> Path:
    """The file beside <name>.yaml and <name>.safetensors."""
    return network.with_name(f"{network.stem}.reference.safetensors")


def load_statistics(path: Path, neurons: int) -> Statistics | None:
    """Of a network whose weights carry none, from its reference; None if there is no such file, or none in it.

    Raises BridgeError if the file cannot be read or is another network's."""
    tensors = read_tensors(path) if path.exists() else {}
    found = {name.removeprefix(STATISTICS): x.numpy() for name, x in tensors.items() if name.startswith(STATISTICS)}
    if not found:
        return None
    if any(x.shape != (neurons,) for x in found.values()) or set(found) != {f.name for f in fields(Statistics)}:
        raise BridgeError(
            f"{path} holds statistics of another network; expected those of {neurons} neurons. Measure it anew, or "
            "move the file away"
        )
    return Statistics(**found)


def load_reference(model: Model, path: Path, music: Tensor) -> Reference:
    """The network's reference; where there is no such file, parts of the music given, and no maps.

    music: (n,) float32 at the network's rate. Raises BridgeError if the file cannot be read or is another network's.
    """
    if not path.exists():
        # one piece has no clips that differ as pieces do; its parts are the best there is
        return Reference(in_deviations(model.moments(music, PARTS), model.plan.layers, model.statistics))
    tensors = read_tensors(path)
    neurons, head = model.plan.neurons, len(model.plan.classes)
    found = tensors.get("clips", torch.empty(0, 0)).to(torch.uint8).numpy()
    if head and found.shape[1:] == (neurons - head,):  # a head that was given to the ear since
        still = np.full((len(found), head), round(-LOWEST * STEPS), np.uint8)
        found = np.concatenate([found, still], axis=1)
    if found.shape[1:] != (neurons,):
        raise BridgeError(
            f"{path} holds {list(found.shape)} clips; expected (clips, {neurons}) of this network. Take the file that "
            "belongs to the weights, or move it away"
        )
    return Reference(found, tensors.get("maps"))


def save_reference(reference: Reference, path: Path, statistics: Statistics | None = None) -> None:
    """Whole or not at all. statistics: where the weights carry none."""
    tensors = {"clips": torch.from_numpy(reference.clips)}
    if statistics is not None:
        tensors |= {STATISTICS + name: torch.from_numpy(x).half() for name, x in vars(statistics).items()}
    if reference.maps is not None:
        tensors["maps"] = reference.maps.detach().half().contiguous()
    write_whole(path, save(tensors))


def scale(statistics: Statistics, span: slice) -> NDArray[np.float32]:
    """What one standard deviation is of a layer's neurons."""
    std = statistics.std[span]
    return np.maximum(std, max(float(std.mean()) * RARE, 1e-6)).astype(np.float32)


def measure_clips(
    ear: Ear, bank: FilterBank, statistics: Statistics, clips: Sequence[Tensor], seconds: float = CLIP_S
) -> NDArray[np.uint8]:
    """What every neuron of an ear does in each clip, as the mean over its last `seconds`, as Reference keeps it.

    clips: scalograms, (channels, frames, bins) each
    """
    return in_deviations(clip_means(ear, bank, clips, seconds), anatomy(ear.spec).layers, statistics)


def in_deviations(means: NDArray[np.float32], layers: Sequence[Layer], statistics: Statistics) -> NDArray[np.uint8]:
    """(clips, neurons) of raw activations as Reference keeps them."""
    found = means.copy()
    for layer in layers:
        found[:, layer.span] = (found[:, layer.span] - statistics.mean[layer.span]) / scale(statistics, layer.span)
    return np.clip(np.rint((found - LOWEST) * STEPS), 0, 255).astype(np.uint8)
