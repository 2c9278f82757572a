"""The graphs of the networks, from what they are made of."""

from __future__ import annotations

import torch

from ..ear.anatomy import anatomy
from ..ear.model import Model
from ..ear.module import LoadedModule
from ..ear.network import ContextBlock, Ear, EncoderBlock
from ..ear.tagger import VggTagger
from ..ear.tagger_anatomy import HIDDEN, KERNEL, POOLS, TAGS, tagger_layers
from ..ear.tagger_hearing import LoadedTagger
from ..ear.weights import LoadedEar
from .builder import Builder
from .graph import Network
from .module_network import module_network


def network_of(model: Model, weighted: bool, prediction: bool = False) -> Network:
    """The graph of a network, its neurons in the wire's order. weighted: as in Builder; prediction: as in ear_network,
    nothing for those that predict nothing."""
    if isinstance(model, LoadedTagger):
        return tagger_network(model.tagger, weighted)
    if isinstance(model, LoadedModule):
        names, has_classes = [x.name for x in model.plan.layers], len(model.plan.layers) > len(model.made.traced.layers)
        return module_network(model.made.traced, names, has_classes, weighted)
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
