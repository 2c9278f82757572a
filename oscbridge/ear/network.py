"""Encoder and context: a causal residual network on scalograms.

Source: Immersions, Model Architecture. Signals are (batch, channels, time, frequency); time is padded only at its
start, so no output sees what comes after it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .spec import ContextBlockSpec, EarSpec, EncoderBlockSpec


class CausalConv2d(nn.Conv2d):
    """A convolution padded by its whole time extent at the start; along frequency padded to keep it, or not at all."""

    def __init__(self, channels_in: int, channels: int, kernel: tuple[int, int], *, valid: bool = False) -> None:
        pad = 0 if valid else kernel[1] // 2
        super().__init__(channels_in, channels, kernel, padding=(0, pad), bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 0, self.kernel_size[0] - 1, 0)))


class CausalMaxPool(nn.Module):
    """Max over `time` x `freq`, stride the same. Column t sees columns time * t and before."""

    def __init__(self, time: int, freq: int) -> None:
        super().__init__()
        self.time, self.freq = time, freq

    def forward(self, x: Tensor) -> Tensor:
        padded = F.pad(x, (0, 0, self.time - 1, 0), value=-torch.inf)
        return F.max_pool2d(padded, (self.time, self.freq))


class EncoderBlock(nn.Module):
    """conv -> batch norm -> (max-pool) -> ReLU -> conv -> batch norm -> + residual -> ReLU."""

    rectify: Callable[[Tensor], Tensor] = staticmethod(F.relu)  # another one may have another gradient

    def __init__(self, channels_in: int, spec: EncoderBlockSpec) -> None:
        super().__init__()
        self.conv1 = CausalConv2d(channels_in, spec.channels, spec.conv1)
        self.norm1: nn.Module = nn.BatchNorm2d(spec.channels)
        self.pool = CausalMaxPool(spec.pool, spec.pool) if spec.pool > 1 else nn.Identity()
        self.conv2 = CausalConv2d(spec.channels, spec.channels, spec.conv2, valid=spec.valid)
        self.norm2: nn.Module = nn.BatchNorm2d(spec.channels)
        self.match = _match(channels_in, spec.channels)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        inner = self.rectify(self.pool(self.norm1(self.conv1(x))))
        outer = self.norm2(self.conv2(inner))
        return inner, self.rectify(outer + self.match(centre_crop(self.pool(x), outer.shape[-1])))


class ContextBlock(nn.Module):
    """(max-pool) -> conv -> batch norm -> + residual -> ReLU, along time."""

    rectify: Callable[[Tensor], Tensor] = staticmethod(F.relu)

    def __init__(self, channels_in: int, spec: ContextBlockSpec) -> None:
        super().__init__()
        self.pool = CausalMaxPool(spec.pool, 1) if spec.pool > 1 else nn.Identity()
        self.conv = CausalConv2d(channels_in, spec.channels, (spec.kernel, 1))
        self.norm: nn.Module = nn.BatchNorm2d(spec.channels)
        self.match = _match(channels_in, spec.channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(x)
        return self.rectify(self.norm(self.conv(x)) + self.match(x))


class Ear(nn.Module):
    """The whole network above the scalogram.

    forward(x): x (batch, channels, frames, bins) as `scalogram` gives it. Returns the activations of every layer, in
    the order of `anatomy(spec).layers`: x itself, then (batch, channels, ceil(frames / frames_per_step), positions).
    Of these `spec.z_layer` is z and `spec.c_layer` c; a head's probabilities come after it.
    """

    def __init__(self, spec: EarSpec) -> None:
        super().__init__()
        self.spec = spec
        channels, positions = spec.scalogram.channels, spec.scalogram.bins
        encoder = []
        for block in spec.encoder:
            encoder.append(EncoderBlock(channels, block))
            channels = block.channels
            positions = positions // block.pool - (block.conv2[1] - 1 if block.valid else 0)
        self.encoder = nn.ModuleList(encoder)
        self.z = nn.Conv2d(channels, channels, (1, positions), groups=channels)
        context = []
        for part in spec.context:
            context.append(ContextBlock(channels, part))
            channels = part.channels
        self.context = nn.ModuleList(context)
        self.head = nn.Conv2d(channels, len(spec.classes), 1) if spec.classes else None

    def forward(self, x: Tensor) -> list[Tensor]:
        layers = [x]
        for block in self.encoder:
            inner, x = block(x)
            layers += [inner, x]
        x = self.z(x)
        layers.append(x)
        for block in self.context:
            x = block(x)
            layers.append(x)
        if self.head is not None:
            layers.append(F.softmax(self.head(x), dim=1))
        return layers


def centre_crop(x: Tensor, positions: int) -> Tensor:
    """The middle `positions` along frequency; of an odd surplus the higher end loses one more."""
    first = (x.shape[-1] - positions) // 2
    return x[..., first : first + positions]


@torch.no_grad()
def fold_batch_norms(ear: Ear) -> Ear:
    """Merges every batch norm's running statistics into the convolution before it, in place. For inference only."""
    for block in [*ear.encoder, *ear.context]:
        for conv, norm in (("conv1", "norm1"), ("conv2", "norm2"), ("conv", "norm")):
            if isinstance(getattr(block, norm, None), nn.BatchNorm2d):
                setattr(block, conv, _folded(getattr(block, conv), getattr(block, norm)))
                setattr(block, norm, nn.Identity())
    return ear.eval()


def _folded(conv: CausalConv2d, norm: nn.BatchNorm2d) -> CausalConv2d:
    assert norm.running_var is not None and norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    conv.weight.mul_(scale[:, None, None, None])
    conv.bias = nn.Parameter(norm.bias - norm.running_mean * scale)
    return conv


def _match(channels_in: int, channels: int) -> nn.Module:
    return nn.Identity() if channels_in == channels else nn.Conv2d(channels_in, channels, 1, bias=False)
