"""The graph read from a trace: the same as that which is written down for networks that are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.module import make
from oscbridge.ear.tracing import Traced, trace
from oscbridge.layout.graph import Network
from oscbridge.layout.module_network import module_network
from oscbridge.layout.slices import vgg16_network
from oscbridge.layout.topologies import ear_network
from tests.dream import dreams
from tests.ear import own


def network(traced: Traced, weighted: bool = False) -> Network:
    return module_network(traced, [layer.name for layer in traced.layers], False, weighted)


def of(module: nn.Module, *shape: int, time_axis: int | None = 2) -> Traced:
    example = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    return trace(module.eval(), example, time_axis)


def assert_alike(own: Network, other: Network) -> None:
    """By the sums that every node is pulled by."""
    assert own.nodes == other.nodes
    places = np.random.default_rng(0).standard_normal((2, own.nodes)).astype(np.float32)
    np.testing.assert_allclose(own.degree, other.degree, rtol=1e-4)
    np.testing.assert_allclose(own.pull(places), other.pull(places), atol=2e-3 * float(other.degree.max()))


class SmallVgg(nn.Module):
    """VGG 16's first two stages; what it has of weights is named as there."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for channels, count in ((64, 2), (128, 2)):
            for _ in range(count):
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.features((x - 0.5) / 0.2)


def test_a_vgg_is_joined_as_its_slice_is() -> None:
    found, whole = network(of(SmallVgg(), 3, 32, 32, time_axis=None)), vgg16_network(width=32)
    known = found.nodes
    for link, expected in zip(found.links, whole.links, strict=False):
        assert (link.source, link.target, link.stride, link.offset, link.window) == (
            expected.source, expected.target, expected.stride, expected.offset, expected.window,
        )  # fmt: skip
    inner = found.spans[3]
    assert inner.stop < known
    np.testing.assert_allclose(found.degree[: found.spans[4].start], whole.degree[: found.spans[4].start], rtol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_an_ear_that_is_traced_is_joined_as_it_is_known_to_be(weighted: bool) -> None:
    """Pools, residuals with and without a convolution of their own, crops, the depthwise z, the context."""
    ear = dreams.loaded().ear
    traced = of(_Last(ear), 1, 96, dreams.SMALL.scalogram.bins)
    layers = anatomy(dreams.SMALL).layers
    found, known = network(traced, weighted), ear_network(ear, weighted)
    assert [(x.channels, x.positions) for x in traced.layers] == [(x.channels, x.positions) for x in layers]
    if not weighted:  # z is depthwise: there its links are by channel, here one table that is 0 elsewhere
        assert_alike(found, known)
    else:
        up_to = layers[dreams.SMALL.z_layer - 2].span.stop
        np.testing.assert_allclose(found.degree[:up_to], known.degree[:up_to], rtol=1e-3)


class _Last(nn.Module):
    def __init__(self, ear: nn.Module) -> None:
        super().__init__()
        self.ear = ear

    def forward(self, x: Tensor) -> Tensor:
        return self.ear(x)[-1]


def test_a_dense_layer_is_joined_by_the_neurons_that_its_features_are(tmp_path: Path) -> None:
    """They come channel by channel or position by position; one weight is large, and one edge heavy."""
    for turned in (False, True):
        torch.manual_seed(0)
        module = _Flat(turned)
        with torch.no_grad():
            module.dense.weight.fill_(0.01)
            module.dense.weight[2, 5] = 9.0
        traced = of(module, 1, 7, 4)
        found = network(traced, weighted=True)
        link = found.links[-1]
        _, channel, position = np.unravel_index(int(link.weights.argmax()), link.weights.shape)
        feature = position * 3 + channel if turned else channel * 4 + position
        assert feature == 5


class _Flat(nn.Module):
    def __init__(self, turned: bool) -> None:
        super().__init__()
        self.conv, self.dense, self._turned = nn.Conv2d(1, 3, 1), nn.Linear(12, 6), turned

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x)).transpose(1, 2)  # (batch, steps, channels, positions)
        return self.dense((x.transpose(2, 3) if self._turned else x).flatten(2))


def test_two_branches_and_a_skip_are_edges_from_their_own_layers() -> None:
    class Branches(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 2, (1, 3), padding=(0, 1)), nn.Conv2d(1, 3, (1, 1))
            self.c = nn.Conv2d(5, 4, (1, 3), padding=(0, 2), dilation=(1, 2), groups=1)
            self.d = nn.Conv2d(4, 4, (1, 3), padding=(0, 1), groups=4)

        def forward(self, x: Tensor) -> Tensor:
            both = torch.cat([torch.relu(self.a(x)), torch.relu(self.b(x))], 1)
            c = torch.relu(self.c(both))
            return torch.relu(self.d(c) + c)

    traced = of(Branches(), 1, 8, 10)
    found = network(traced)
    at = {layer.name: i for i, layer in enumerate(traced.layers)}
    ends = sorted((link.source, link.target) for link in found.links)
    last = len(traced.layers) - 1
    assert ends == sorted([(0, at["a"]), (0, at["b"]), (at["a"], at["c"]), (at["b"], at["c"]), *[(at["c"], last)] * 2])
    wide = next(link for link in found.links if link.target == at["c"])
    assert (wide.window, wide.offset) == (5, -2)
    by_channel = [link for link in found.links if link.target == last and link.window == 3]
    assert float(by_channel[0].weights.sum()) == 4 * 3, "a channel is joined to its own alone"


def test_features_that_come_position_by_position_are_told_apart_too() -> None:
    class Inner(nn.Module):
        """A dense layer at every position, (batch, steps, positions, features), and one over all of them."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.each, self.all = nn.Conv2d(1, 3, 1), nn.Linear(3, 5), nn.Linear(4 * 5, 2)
            with torch.no_grad():
                self.all.weight.fill_(0.01)
                self.all.weight[1, 7] = 9.0

        def forward(self, x: Tensor) -> Tensor:
            x = torch.relu(self.conv(x)).permute(0, 2, 3, 1)
            return self.all(torch.relu(self.each(x)).flatten(2))

    link = network(of(Inner(), 1, 7, 4), weighted=True).links[-1]
    assert np.unravel_index(int(link.weights.argmax()), link.weights.shape) == (1, 7 % 5, 7 // 5)


def test_padding_moves_a_window_and_a_concatenation_keeps_each_part_s_weights() -> None:
    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Conv2d(1, 2, (1, 3)), nn.Conv2d(1, 3, 1), nn.Conv2d(5, 4, 1)

        def forward(self, x: Tensor) -> Tensor:
            a = torch.relu(self.a(nn.functional.pad(x, (1, 1))))
            return self.c(torch.cat([a, torch.relu(self.b(x))], 1))

    module = Padded()
    traced = of(module, 1, 8, 10)
    at = {layer.name: i for i, layer in enumerate(traced.layers)}
    by_ends = {(link.source, link.target): link for link in network(traced, weighted=True).links}
    assert by_ends[0, at["a"]].offset == -1
    own = module.c.weight.detach()[:, 2:].abs().view(4, 3, 1)
    torch.testing.assert_close(by_ends[at["b"], at["c"]].weights, own / own.mean())


def test_a_window_along_a_turned_axis_is_not_taken_for_one_along_the_positions() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, (1, 3), padding=(0, 1))

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(self.last(torch.relu(self.conv(x)).transpose(2, 3)).transpose(2, 3))

    found = network(of(Turned(), 1, 8, 10))
    assert found.links[-1].window == 10 - 10 + 1 and found.links[-1].stride == 1, "no window of three positions"


def test_what_cannot_be_read_joins_layers_as_wholes(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 2, (1, 3), padding=(0, 1)), nn.Conv2d(2, 2, (1, 1))

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu(self.last(torch.fft.fft(torch.relu(self.conv(x))).abs()))

    for traced in (of(Odd(), 1, 8, 10), make(own.write(tmp_path, "awkward")).traced):
        found = network(traced)
        assert found.degree.min() > 0 and len(found.links) == len(traced.layers) - 1
