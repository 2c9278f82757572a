"""Slices of two networks for images as graphs: VGG 16 and ResNet 18, along one line of an image's pixels.

A position is one along that line; the kernels' other dimension is summed. A line of less than 224 pixels is the
network's on a smaller image. Weights have torchvision's names and shapes.

Sources: Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition, table 1, D;
He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, table 1, 18-layer; Immersions, Visualization.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..ear.vision import GRID, RESNET, VGG
from ..errors import BridgeError
from .builder import Builder
from .graph import Network

COLOURS = 3
NARROWEST = 32  # pixels: VGG 16 halves its line five times
_EPSILON = 1e-5  # of torch's batch norms

Kernels = dict[str, tuple[int, int, int, int]]  # by name: (channels, channels before, height, width)


def vgg16_network(
    state: Mapping[str, Tensor] | None = None,
    width: int = NARROWEST,
    share: float = 1.0,
    weighted: bool = False,
    seed: int = 0,
) -> Network:
    """The pixels, the output of every ReLU, and the classes.

    A pool is no neuron: it passes on what a ReLU gave. As its windows don't overlap, it is exact to let the layer
    after it reach through: each of its weights joins both positions of a window.

    state: torchvision's state dict; without one, He's random weights from `seed`. width: pixels in the line, 32 or
    more. share: of each layer's channels, the first of which are kept, above 0 and up to 1. weighted: as in Builder
    Raises BridgeError if a number is out of range or the state dict is another network's.
    """
    weights = _Weights("VGG 16", _vgg_kernels(), {}, state, width, share, weighted, seed)
    b = Builder(weighted)
    source, positions, pool, feature = b.group("image", COLOURS, width), width, 1, 0
    for stage, (_, convolutions) in enumerate(VGG, 1):
        for convolution in range(1, convolutions + 1):
            kernel = weights(f"features.{feature}.weight").repeat_interleave(pool, 2)
            # a pool leaves out the last of an odd number of positions: no layer sees it
            seen = positions - positions % 2 if convolution == convolutions else positions
            target = b.group(f"conv{stage}_{convolution}", len(kernel), seen)
            b.dense(source, target, kernel, -pool, pool)
            source, pool, feature = target, 1, feature + 2
        positions, pool, feature = positions // 2, 2, feature + 1
    averages = F.adaptive_avg_pool1d(torch.eye(positions), GRID)
    flat = torch.einsum("tsg,pg->tsp", weights("classifier.0.weight"), averages).repeat_interleave(pool, 2)
    for name, kernel in (
        ("fc1", flat),
        ("fc2", weights("classifier.3.weight")),
        ("classes", weights("classifier.6.weight")),
    ):
        target = b.group(name, len(kernel), 1)
        b.dense(source, target, kernel)
        source = target
    return b.done()


def resnet18_network(
    state: Mapping[str, Tensor] | None = None,
    width: int = NARROWEST,
    share: float = 1.0,
    weighted: bool = False,
    seed: int = 0,
) -> Network:
    """The pixels, the output of every ReLU and of the one max-pool, and the classes.

    That pool is a group, unlike VGG 16's: its windows overlap, so no single link could reach through it and weigh what
    is at the border right, and the first skip begins at it. Batch norms are folded into the weights.

    Arguments and errors as of vgg16_network.
    """
    kernels = _resnet_kernels()
    weights = _Weights("ResNet 18", kernels, _norms(kernels), state, width, share, weighted, seed)
    b = Builder(weighted)
    kernel = weights("conv1.weight")
    image, positions = b.group("image", COLOURS, width), _halved(width)
    stem = b.group("conv1", len(kernel), positions)
    b.dense(image, stem, kernel, -3, 2)
    positions = _halved(positions)
    source = b.group("maxpool", len(kernel), positions)
    b.channelwise(stem, source, torch.ones(len(kernel), 3), -1, 2)
    for layer in range(1, len(RESNET) + 1):
        for block in range(2):
            name, stride = f"layer{layer}.{block}", 2 if layer > 1 and block == 0 else 1
            positions = _halved(positions) if stride == 2 else positions
            kernel = weights(f"{name}.conv1.weight")
            inner, outer = (b.group(n, len(kernel), positions) for n in (f"{name}.conv1", name))
            b.dense(source, inner, kernel, -1, stride)
            b.dense(inner, outer, weights(f"{name}.conv2.weight"), -1)
            if stride == 2:
                b.dense(source, outer, weights(f"{name}.downsample.0.weight"), 0, stride)
            else:
                b.channelwise(source, outer, torch.ones(len(kernel), 1))
            source = outer
    kernel = weights("fc.weight").expand(-1, -1, positions)  # the mean over positions weighs all alike
    b.dense(source, b.group("classes", len(kernel), 1), kernel)
    return b.done()


def _vgg_kernels() -> Kernels:
    kernels: Kernels = {}
    before, feature = COLOURS, 0
    for channels, convolutions in VGG:
        for _ in range(convolutions):
            kernels[f"features.{feature}.weight"] = channels, before, 3, 3
            before, feature = channels, feature + 2
        feature += 1
    kernels["classifier.0.weight"] = 4096, before, GRID, GRID
    kernels["classifier.3.weight"] = 4096, 4096, 1, 1
    kernels["classifier.6.weight"] = 1000, 4096, 1, 1
    return kernels


def _resnet_kernels() -> Kernels:
    kernels: Kernels = {"conv1.weight": (64, COLOURS, 7, 7)}
    before = 64
    for layer, channels in enumerate(RESNET, 1):
        for block in range(2):
            name = f"layer{layer}.{block}"
            kernels[f"{name}.conv1.weight"] = channels, before, 3, 3
            kernels[f"{name}.conv2.weight"] = channels, channels, 3, 3
            if before != channels:
                kernels[f"{name}.downsample.0.weight"] = channels, before, 1, 1
            before = channels
    kernels["fc.weight"] = 1000, before, 1, 1
    return kernels


def _norms(kernels: Kernels) -> dict[str, str]:
    """The batch norm after each convolution."""
    convolutions = [key for key in kernels if key != "fc.weight"]
    return {k: k.removesuffix(".weight").replace("conv", "bn").replace("sample.0", "sample.1") for k in convolutions}


class _Weights:
    """Kernels along the line by torchvision's names, with the channels that are kept, from a state dict or drawn."""

    def __init__(
        self,
        network: str,
        kernels: Kernels,
        norms: dict[str, str],
        state: Mapping[str, Tensor] | None,
        width: int,
        share: float,
        weighted: bool,
        seed: int,
    ) -> None:
        """Raises BridgeError if a number is out of range or the state dict is another network's."""
        if width < NARROWEST:
            raise BridgeError(f"the line is {width} pixels wide; expected {NARROWEST} or more")
        if not 0 < share <= 1:
            raise BridgeError(f"the share of channels is {share}; expected more than 0 and at most 1")
        self._network, self._kernels, self._norms, self._state = network, kernels, norms, state
        self._share, self._weighted, self._random = share, weighted, np.random.default_rng(seed)
        if state is not None:
            self._compare(state)

    def __call__(self, key: str) -> Tensor:
        """(channels, channels before, width), absolute, its height summed; all 1 if no edge is weighted."""
        channels, before, height, width = self._kernels[key]
        rows, columns = self._kept(channels), before if before == COLOURS else self._kept(before)
        if not self._weighted:
            return torch.ones(rows, columns, width)
        if self._state is None:
            # He's (2015) normal distribution but for its scale, which a link's mean takes out again
            drawn = self._random.standard_normal((rows, columns, height, width), np.float32)
            return torch.from_numpy(np.abs(drawn, out=drawn).sum(2))
        kernel = self._state[key].detach().reshape(channels, before, height, width)[:rows, :columns].float()
        kernel = kernel.abs().sum(2)
        if norm := self._norms.get(key):
            scale, variance = (self._state[f"{norm}.{part}"][:rows].float() for part in ("weight", "running_var"))
            kernel = kernel * (scale / torch.sqrt(variance + _EPSILON)).abs()[:, None, None]
        if not torch.isfinite(kernel).all():
            raise BridgeError(f"{key} gives weights that are no finite numbers; expected those of a {self._network}")
        return kernel

    def _kept(self, channels: int) -> int:
        return max(1, math.floor(channels * self._share))

    def _compare(self, state: Mapping[str, Tensor]) -> None:
        needed: dict[str, tuple[int, ...]] = {}
        unused: dict[str, tuple[int, ...]] = {}
        for key, (channels, before, height, width) in self._kernels.items():
            linear = key.startswith(("classifier.", "fc."))
            needed[key] = (channels, before * height * width) if linear else (channels, before, height, width)
            if norm := self._norms.get(key):
                needed |= {f"{norm}.weight": (channels,), f"{norm}.running_var": (channels,)}
                unused |= {f"{norm}.bias": (channels,), f"{norm}.running_mean": (channels,)}
                unused[f"{norm}.num_batches_tracked"] = ()
            else:
                unused[f"{key.removesuffix('weight')}bias"] = (channels,)
        known = needed | unused
        for key in state:
            if key not in known:
                first = next(iter(self._kernels))
                raise BridgeError(f"{key} is no weight of a {self._network}; expected torchvision's names, as {first}")
        for key in needed:
            if key not in state:
                raise BridgeError(f"{key} is missing; expected the whole state dict of torchvision's {self._network}")
        for key, value in state.items():
            if tuple(value.shape) != known[key]:
                raise BridgeError(f"{key} is {tuple(value.shape)}; a {self._network} has {known[key]}")


def _halved(positions: int) -> int:
    """What a stride of 2 leaves, padded by half the window."""
    return -(-positions // 2)
