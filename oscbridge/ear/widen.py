"""A wider ear that hears what a narrower one has learned, to go on learning from there.

Source: Chen, Goodfellow & Shlens (2016), Net2Net: accelerating learning via knowledge transfer, 3.1.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import BridgeError


def widen(
    tensors: Mapping[str, Tensor], shapes: Mapping[str, torch.Size], seed: int, noise: float = 0.0
) -> dict[str, Tensor]:
    """The tensors of a network with every channel copied, so that it computes the same.

    tensors: of the narrow network; shapes: of the wide one, each size a whole multiple. A weight that reads a copied
    channel is divided among the copies by random shares, which lets the copies learn different things; so does `noise`,
    a share of each weight tensor's own deviation.
    Raises BridgeError if a tensor is missing or a size is no multiple.
    """
    random = torch.Generator().manual_seed(seed)
    wide = {}
    for name, shape in shapes.items():
        if name not in tensors:
            raise BridgeError(f"the weights to start from miss {name}: they are of another kind of network")
        value = tensors[name]
        fits = value.dim() == len(shape) and all(new % old == 0 for new, old in zip(shape, value.shape, strict=True))
        if not fits:
            raise BridgeError(
                f"the weights to start from have {name} as {list(value.shape)}; this network needs {list(shape)}, "
                "which is no multiple. Start from an ear of the same layers with as many channels, or a half of them"
            )
        for dim, (new, old) in enumerate(zip(shape, value.shape, strict=True)):
            if new > old:
                # the predictor's maps are stacked: (ahead, encoding, context)
                reads = dim == value.dim() - 1 if value.dim() == 3 else dim == 1
                value = _copied(value, dim, new // old, random if reads else None)
        if noise and value.dim() > 1 and tuple(value.shape) != tuple(tensors[name].shape):
            value = value + noise * value.std() * torch.randn(value.shape, generator=random)
        wide[name] = value
    return wide


def _copied(value: Tensor, dim: int, times: int, random: torch.Generator | None) -> Tensor:
    """value repeated along dim; with `random`, divided among the copies."""
    repeats = [times if d == dim else 1 for d in range(value.dim())]
    tiled = value.repeat(repeats)
    if random is None:
        return tiled
    share = torch.rand((times, *value.shape), generator=random) + 0.5
    share = share / share.sum(0)
    return tiled * torch.cat(list(share), dim)
