"""The graphs of the networks, from what they are made of."""

from __future__ import annotations

import torch
from torch import Tensor

from ..ear.anatomy import anatomy
from ..ear.model import Model
from ..ear.network import ContextBlock, Ear, EncoderBlock
from ..ear.tagger import VggTagger
from ..ear.tagger_anatomy import HIDDEN, KERNEL, POOLS, TAGS, tagger_layers
from ..ear.tagger_hearing import LoadedTagger
from ..ear.weights import LoadedEar
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


def network_of(model: Model, weighted: bool, prediction: bool = False) -> Network:
    """The graph of a network, its neurons in the wire's order. weighted: as in Builder; prediction: as in ear_network,
    nothing for those that predict nothing."""
    if isinstance(model, LoadedTagger):
        return tagger_network(model.tagger, weighted)
    assert isinstance(model, LoadedEar)
    return ear_network(model.ear, weighted, prediction)


def ear_network(ear: Ear, weighted: bool, prediction: bool = False) -> Network:
    """The graph of an ear, its neurons in the wire's order.

    Convolutions and pools by their windows, residuals from the block before, z, the context, the classifier head.
    prediction: also c with the encodings, which it predicts: the network's end with its middle.
    """
    spec, b = ear.spec, Builder(weighted)
    for layer in anatomy(spec).layers:
        b.group(layer.name, layer.channels, layer.positions)
    for i, block in enumerate(ear.encoder):
        assert isinstance(block, EncoderBlock)
        sizes, source, inner, outer = spec.encoder[i], 2 * i, 2 * i + 1, 2 * i + 2
        b.dense(source, inner, block.conv1.weight.abs().sum(2), -(sizes.conv1[1] // 2), pool=sizes.pool)
        b.dense(inner, outer, block.conv2.weight.abs().sum(2), 0 if sizes.valid else -(sizes.conv2[1] // 2))
        crop = (b.groups[source].positions // sizes.pool - b.groups[outer].positions) // 2
        if isinstance(block.match, torch.nn.Conv2d):
            b.dense(source, outer, block.match.weight[..., 0], crop * sizes.pool, pool=sizes.pool)
        else:
            ones = torch.ones(sizes.channels, sizes.pool)
            b.channelwise(source, outer, ones, crop * sizes.pool, sizes.pool)
    z = spec.z_layer
    b.channelwise(z - 1, z, ear.z.weight[:, 0, 0])
    for i, part in enumerate(ear.context):
        assert isinstance(part, ContextBlock)
        b.dense(z + i, z + i + 1, part.conv.weight.abs().sum(2))
        if isinstance(part.match, torch.nn.Conv2d):
            b.dense(z + i, z + i + 1, part.match.weight[..., 0])
        else:
            b.channelwise(z + i, z + i + 1, torch.ones(spec.context[i].channels, 1))
    if ear.head is not None:
        b.dense(spec.c_layer, spec.c_layer + 1, ear.head.weight[..., 0])
    if prediction:
        b.dense(spec.c_layer, z, torch.ones(b.groups[z].channels, b.groups[spec.c_layer].channels, 1))
    return b.done()


def tagger_network(tagger: VggTagger, weighted: bool) -> Network:
    """The graph of the VGG tagger, its neurons in the wire's order: convolutions with their pools along frequency, the
    dense layer over both steps of the last maps, and each tag from its logit."""
    b = Builder(weighted)
    for layer in tagger_layers():
        b.group(layer.name, layer.channels, layer.positions)
    for i, pool in enumerate(POOLS):
        weights = getattr(tagger, f"conv{i + 1}").weight.abs().sum(2)
        size, step = pool.size[1], pool.stride[1]
        b.dense(i, i + 1, weights, -(KERNEL // 2), stride=step // size, pool=size)
    last = len(POOLS)
    dense = tagger.dense.weight.view(len(TAGS), -1, HIDDEN).abs().sum(1)  # in its order: time, frequency, channel
    b.dense(last, last + 1, dense[..., None])
    b.channelwise(last + 1, last + 2, torch.ones(len(TAGS), 1))
    return b.done()
