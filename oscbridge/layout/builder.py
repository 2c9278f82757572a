"""How the graph of a network is put together: groups and links, one after the other."""

from __future__ import annotations

import torch
from torch import Tensor

from .graph import Network
from .links import Channelwise, Dense, Group, Link, Uniform


class Builder:
    """Groups and links, one after the other.

    weighted: an edge weighs what the network's weight does, taken absolute and by the mean of its link; else 1.
    """

    def __init__(self, weighted: bool) -> None:
        self.weighted = weighted
        self.groups: list[Group] = []
        self.links: list[Link] = []

    def group(self, name: str, channels: int, positions: int) -> int:
        """Returns its index."""
        self.groups.append(Group(name, channels, positions))
        return len(self.groups) - 1

    def dense(self, source: int, target: int, weights: Tensor, offset: int = 0, stride: int = 1, pool: int = 1) -> None:
        """A convolution, with the pool that follows it if there is one.

        weights: (target channels, source channels, window along positions); offset: of the source position where the
        first window begins: -1 if one position is padded
        """
        weights = _pooled(weights.detach().float().abs(), pool, stride)
        window, step = weights.shape[-1], stride * pool
        if self.weighted:
            self.links.append(Dense(source, target, step, offset, window, weights / weights.mean().clamp(min=1e-12)))
            return
        profile = _pooled(torch.ones(1, 1, window - stride * (pool - 1)), pool, stride)[0, 0]
        masses = torch.ones(weights.shape[1]), torch.ones(weights.shape[0])
        self.links.append(Uniform(source, target, step, offset, window, profile, *masses))

    def windowed(self, source: int, target: int, weights: Tensor, offset: int, stride: int) -> None:
        """Any linear map whose windows are the same everywhere, pools among them already.

        weights: (target channels, source channels, window), 0 or more; if edges don't weigh what the network's weights
        do, in how many ways the one reaches the other
        """
        window = weights.shape[-1]
        profile = weights[0, 0].clone()
        if self.weighted:
            self.links.append(Dense(source, target, stride, offset, window, weights / weights.mean().clamp(min=1e-12)))
        elif (weights == profile).all():
            masses = torch.ones(weights.shape[1]), torch.ones(len(weights))
            self.links.append(Uniform(source, target, stride, offset, window, profile, *masses))
        else:
            self.links.append(Dense(source, target, stride, offset, window, weights))

    def channelwise(self, source: int, target: int, weights: Tensor, offset: int = 0, stride: int = 1) -> None:
        """Each channel to its own: a skip, a pool, a depthwise convolution. weights: (channels, window)."""
        weights = weights.detach().float().abs()
        weights = weights / weights.mean().clamp(min=1e-12) if self.weighted else torch.ones_like(weights)
        self.links.append(Channelwise(source, target, stride, offset, weights.shape[-1], weights))

    def done(self) -> Network:
        return Network(tuple(self.groups), tuple(self.links))


def _pooled(weights: Tensor, pool: int, stride: int) -> Tensor:
    """The window of a pool's output: those of the `pool` positions it takes the largest of, added up."""
    window = weights.shape[-1]
    out = weights.new_zeros(*weights.shape[:2], window + stride * (pool - 1))
    for i in range(pool):
        out[..., i * stride : i * stride + window] += weights
    return out
