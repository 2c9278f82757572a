"""Weights of an ear: from safetensors, or a seeded initialisation until there are trained ones."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..errors import BridgeError
from ..files import write_whole
from .anatomy import anatomy
from .filterbank import FilterBank
from .measuring import clip_means, measure, parts
from .model import STREAMED
from .network import Ear, fold_batch_norms
from .neurons import Statistics
from .plan import Plan, ear_plan
from .scalogram import scalogram
from .spec import EarSpec, ear_id

STATISTICS = "statistics."


@dataclass(frozen=True)
class LoadedEar:
    """A folded ear, ready to listen."""

    ear: Ear
    bank: FilterBank
    statistics: Statistics
    id: str
    trained: bool

    @property
    def how(self) -> str:
        return STREAMED

    @property
    def plan(self) -> Plan:
        return ear_plan(self.ear.spec, self.id)

    def moments(self, music: Tensor, count: int) -> NDArray[np.float32]:
        """As Model has it; each over the second before it."""
        return clip_means(self.ear, self.bank, parts(scalogram(music, self.bank), count, along=-2), 1.0)


def load_ear(spec: EarSpec, weights: Path, calibration: Tensor) -> LoadedEar:
    """The ear with the weights in `weights`; if there is no such file, the seeded initialisation.

    calibration: (n,) float32 music at the ear's rate, 4 s or more: what batch norms and statistics of an untrained
                 ear, or of weights that carry no statistics, are measured on.
    Raises BridgeError if the file cannot be read or holds another network.
    """
    bank = FilterBank(spec.scalogram)
    ear = Ear(spec)
    if not weights.exists():
        initialise(ear, spec.seed)
        calibrate(ear, scalogram(calibration[: 4 * spec.scalogram.rate], bank))
        fold_batch_norms(ear)
        return LoadedEar(ear, bank, measure(ear, bank, [scalogram(calibration, bank)]), ear_id(spec, weights), False)
    tensors = read_tensors(weights)
    shapes = {name: value.shape for name, value in ear.state_dict().items()}
    own = [name for name in tensors if name.startswith(STATISTICS)]
    if own:
        shapes |= {STATISTICS + f.name: torch.Size([anatomy(spec).neurons]) for f in fields(Statistics)}
    _compare(tensors, shapes, weights)
    statistics = {name.removeprefix(STATISTICS): tensors.pop(name).numpy() for name in own}
    ear.load_state_dict(tensors)
    fold_batch_norms(ear)
    known = Statistics(**statistics) if statistics else measure(ear, bank, [scalogram(calibration, bank)])
    return LoadedEar(ear, bank, known, ear_id(spec, weights), True)


def save_ear(ear: Ear, statistics: Statistics | None, path: Path) -> None:
    """Writes weights (float16, batch norms unfolded) and statistics as safetensors, whole or not at all."""
    # a running variance may lie beyond float16, and would come back as infinity
    wide = {name for name, _ in ear.named_buffers()}
    tensors = {k: v if k in wide else v.to(torch.float16) for k, v in ear.state_dict().items()}
    if statistics is not None:
        tensors |= {STATISTICS + k: torch.from_numpy(v).to(torch.float16) for k, v in vars(statistics).items()}
    write_whole(path, save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}))


@torch.no_grad()
def initialise(ear: Ear, seed: int) -> None:
    """He's normal initialisation, the same on every machine for the same seed.

    Source: He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, eq. 10.
    """
    rng = np.random.default_rng(seed)
    for module in ear.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            values = rng.standard_normal(tuple(module.weight.shape), np.float32) * np.sqrt(2 / fan_in)
            module.weight.copy_(torch.from_numpy(values.astype(np.float32)))
            if module.bias is not None:
                module.bias.zero_()


@torch.no_grad()
def calibrate(ear: Ear, x: Tensor) -> None:
    """Sets the batch norms' statistics to those of one clip, so that an untrained ear is neither dead nor deafening.

    x: (channels, frames, bins) scalogram.
    """
    norms = [m for m in ear.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    ear.train()(x.unsqueeze(0))
    ear.eval()
    for norm in norms:
        norm.momentum = 0.1


def read_tensors(path: Path) -> dict[str, Tensor]:
    """A safetensors file as float32. Raises BridgeError if it cannot be read."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise BridgeError(
            f"{path} is not a safetensors file that can be read ({error}); copy it again, or move it away to hear "
            "the untrained ear"
        ) from error
    return {k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}


def _compare(tensors: dict[str, Tensor], shapes: dict[str, torch.Size], path: Path) -> None:
    """Raises BridgeError if the tensors of a file are not what the ear needs."""
    missing, extra = sorted(shapes.keys() - tensors.keys()), sorted(tensors.keys() - shapes.keys())
    if missing or extra:
        names = f"misses {missing[0]}" if missing else f"has {extra[0]}, which this ear has not"
        raise BridgeError(
            f"{path} holds another network: it {names} ({len(missing) + len(extra)} such differences); "
            "take the weights that belong to the YAML beside it, or move them away to hear the untrained ear"
        )
    for name, shape in shapes.items():
        if shape != tensors[name].shape:
            raise BridgeError(
                f"{path} holds an ear of another size: {name} is {list(tensors[name].shape)}, "
                f"expected {list(shape)} as in the YAML beside it"
            )
        if not torch.isfinite(tensors[name]).all():
            raise BridgeError(f"{path}: {name} holds values that are not finite; take another copy of the weights")
