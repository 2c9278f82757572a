"""The edges between two groups of neurons, never listed one by one.

A group is a layer: channels x positions along frequency (time is left out; Immersions, Visualization). A convolution
joins position p of its target to the positions p * stride + offset + t of its source, t = 0 .. window - 1, as far as
there are such. The pull that all these edges exert is then itself a convolution: from the target
`conv(source) - degree * target`, from the source `conv_transpose(target) - degree * source`, exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Group:
    """The neurons of one layer, numbered channel by channel, in a channel from low to high frequency."""

    name: str
    channels: int
    positions: int

    @property
    def nodes(self) -> int:
        return self.channels * self.positions


@dataclass(frozen=True)
class Link(ABC):
    """The edges from group `source` to group `target`, both as indices."""

    source: int
    target: int
    stride: int
    offset: int
    window: int

    @abstractmethod
    def sums(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """What the other ends of each node's edges add up to, weighted.

        source: (2, channels, positions) of the source group, target the same of the target group
        Returns the sums at the target's nodes and at the source's, each in the shape of its group.
        """

    @abstractmethod
    def merged(self, source: Tensor, target: Tensor) -> Link:
        """The same with channels merged, weights added up. source, target: (channels,) int64, the new channel of
        each old one."""

    def _read(self, source: Tensor, positions: int) -> Tensor:
        """The source's positions as the target's windows meet them: zeros where there are none."""
        length = (positions - 1) * self.stride + self.window
        return F.pad(source, (-self.offset, self.offset + length - source.shape[-1]))

    def _write(self, windows: Tensor, positions: int) -> Tensor:
        """The other way round: back to the source's positions."""
        return F.pad(windows, (self.offset, positions - self.offset - windows.shape[-1]))


@dataclass(frozen=True)
class Dense(Link):
    """Every channel to every channel, each edge with its weight: (target channels, source channels, window)."""

    weights: Tensor

    def sums(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        heard = self._read(source, target.shape[-1])
        if self.window == 1:  # a plain product; a convolution costs ten times as much to call
            kernel = self.weights[..., 0]
            told = _spread(kernel.T @ target, self.stride)
            return kernel @ heard[..., :: self.stride], self._write(told, source.shape[-1])
        to_source = F.conv_transpose1d(target, self.weights, stride=self.stride)
        return F.conv1d(heard, self.weights, stride=self.stride), self._write(to_source, source.shape[-1])

    def merged(self, source: Tensor, target: Tensor) -> Dense:
        shape = (int(target.max()) + 1, int(source.max()) + 1, self.window)
        rows = self.weights.new_zeros(shape[0], self.weights.shape[1], self.window).index_add_(0, target, self.weights)
        return replace(self, weights=rows.new_zeros(shape).index_add_(1, source, rows))


@dataclass(frozen=True)
class Uniform(Link):
    """Every channel to every channel, all alike: sums over channels and one window for all.

    profile: (window,); source_mass, target_mass: (channels,), how many channels each stands for
    """

    profile: Tensor
    source_mass: Tensor
    target_mass: Tensor

    def sums(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        heard = self._read(self.source_mass @ source, target.shape[-1])  # (2, positions): channels are all alike
        to_target = heard.unfold(-1, self.window, self.stride) @ self.profile
        told = F.pad(_spread(self.target_mass @ target, self.stride), (self.window - 1, self.window - 1))
        to_source = self._write(told.unfold(-1, self.window, 1) @ self.profile.flip(0), source.shape[-1])
        return to_target.unsqueeze(1) * self.target_mass[:, None], to_source.unsqueeze(1) * self.source_mass[:, None]

    def merged(self, source: Tensor, target: Tensor) -> Uniform:
        return replace(self, source_mass=_added(self.source_mass, source), target_mass=_added(self.target_mass, target))


@dataclass(frozen=True)
class Channelwise(Link):
    """Each channel to the channel of the same number (pools, skips, depthwise): weights (channels, window)."""

    weights: Tensor

    def sums(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        heard = self._read(source, target.shape[-1])
        told, to_target = torch.zeros_like(heard), torch.zeros_like(target)
        for tap, weights in enumerate(self.weights.T.unsqueeze(-1)):
            reach = slice(tap, tap + (target.shape[-1] - 1) * self.stride + 1, self.stride)
            to_target += weights * heard[..., reach]
            told[..., reach] += weights * target
        return to_target, self._write(told, source.shape[-1])

    def merged(self, source: Tensor, target: Tensor) -> Link:
        if torch.equal(source, target):
            return replace(self, weights=_added(self.weights, source))
        dense = self.weights.new_zeros(int(target.max()) + 1, int(source.max()) + 1, self.window)
        dense.index_put_((target, source), self.weights, accumulate=True)
        return Dense(self.source, self.target, self.stride, self.offset, self.window, dense)


def _spread(x: Tensor, stride: int) -> Tensor:
    """x with stride - 1 zeros between its positions."""
    if stride == 1:
        return x
    return F.pad(x.unsqueeze(-1), (0, stride - 1)).flatten(-2)[..., : (x.shape[-1] - 1) * stride + 1]


def _added(values: Tensor, index: Tensor) -> Tensor:
    return values.new_zeros(int(index.max()) + 1, *values.shape[1:]).index_add_(0, index, values)
