"""Links pull as their edges would one by one, at every level of merging; an ear's links are what its neurons see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from oscbridge.ear.network import CausalMaxPool, ContextBlock, Ear, EncoderBlock
from oscbridge.ear.spec import EarSpec
from oscbridge.layout.builder import Builder
from oscbridge.layout.graph import Network
from oscbridge.layout.links import Channelwise, Dense, Group, Link, Uniform
from oscbridge.layout.topologies import ear_network

from ..ear import ears
from .gradients import Trace, adjacency, assert_in_proportion

Floats = NDArray[np.float32]
SEEDS = range(15)


@dataclass(frozen=True)
class Listed:
    """Edges one by one."""

    nodes: int
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]

    def pull(self, positions: Floats) -> NDArray[np.float64]:
        out = np.zeros((2, self.nodes))
        force = self.weights * (positions[:, self.sources].astype(np.float64) - positions[:, self.targets])
        for axis in range(2):
            np.add.at(out[axis], self.targets, force[axis])
            np.add.at(out[axis], self.sources, -force[axis])
        return out

    @property
    def degree(self) -> NDArray[np.float64]:
        ends = np.concatenate([self.sources, self.targets])
        return np.bincount(ends, np.concatenate([self.weights] * 2), minlength=self.nodes)

    def reach(self, positions: Floats) -> float:
        """The largest sum of weight times coordinates over a node's edges: what rounding errors are a share of."""
        return float(self.degree.max() * np.abs(positions).max())


def edges(link: Link, source: Group, target: Group) -> Iterator[tuple[int, int, float]]:
    """By the definition: position p is joined to p * stride + offset + t. Numbers within the groups, and weights."""
    for p, t in product(range(target.positions), range(link.window)):
        position = p * link.stride + link.offset + t
        if not 0 <= position < source.positions:
            continue
        for a, b in product(range(source.channels), range(target.channels)):
            if isinstance(link, Dense):
                weight = link.weights[b, a, t]
            elif isinstance(link, Uniform):
                weight = link.profile[t] * link.source_mass[a] * link.target_mass[b]
            elif a == b:
                assert isinstance(link, Channelwise)
                weight = link.weights[a, t]
            else:
                continue
            yield a * source.positions + position, b * target.positions + p, float(weight)


def listed(network: Network) -> Listed:
    firsts = np.cumsum([0] + [g.channels * g.positions for g in network.groups])
    rows = [
        (a + firsts[link.source], b + firsts[link.target], weight)
        for link in network.links
        for a, b, weight in edges(link, network.groups[link.source], network.groups[link.target])
    ]
    sources, targets, weights = (np.array(column) for column in zip(*rows, strict=True))
    return Listed(int(firsts[-1]), sources.astype(np.int64), targets.astype(np.int64), weights.astype(np.float64))


def random_link(rng: np.random.Generator, groups: list[Group], source: int, target: int) -> Link:
    """Any window that meets the source somewhere."""
    a, b = groups[source], groups[target]
    stride, window = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    offset = int(rng.integers(1 - window, a.positions))
    place = source, target, stride, offset, window
    kinds = ["dense", "uniform"] + ["channelwise"] * 2 * (a.channels == b.channels)
    kind = rng.choice(kinds)

    def drawn(*shape: int) -> Tensor:
        return torch.from_numpy(rng.uniform(0.2, 2, shape).astype(np.float32))

    if kind == "dense":
        return Dense(*place, drawn(b.channels, a.channels, window))
    if kind == "uniform":
        return Uniform(*place, drawn(window), drawn(a.channels), drawn(b.channels))
    return Channelwise(*place, drawn(a.channels, window))


def random_network(seed: int) -> Network:
    """A few groups of few neurons, any two of which may be joined, once or twice."""
    rng = np.random.default_rng(seed)
    channels = rng.choice([1, 2, 3, 5, 6], 4)
    channels[1] = channels[0]
    positions = rng.integers(1, 14, 4)
    groups = [Group(str(i), int(c), int(p)) for i, (c, p) in enumerate(zip(channels, positions, strict=True))]
    pairs = [(0, 1), (0, 1), (0, 2), (1, 3), (2, 3), (3, 1)]
    return Network(tuple(groups), tuple(random_link(rng, groups, a, b) for a, b in pairs))


def scattered(nodes: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((2, nodes)).astype(np.float32)


def levels(network: Network) -> Iterator[tuple[Network, NDArray[np.int64]]]:
    """Each coarser network with the nodes that those of the finest have become."""
    became = np.arange(network.nodes)
    while (step := network.coarser()) is not None:
        network, parents = step
        became = parents[became]
        yield network, became


def assert_merges_exactly(network: Network) -> int:
    """At every level the pull is what the single edges' adds up to. Returns how many levels there are."""
    reference, count = listed(network), 0
    for coarse, became in levels(network):
        np.testing.assert_array_equal(np.unique(became), np.arange(coarse.nodes))
        positions = scattered(coarse.nodes, count)
        expected = np.zeros((2, coarse.nodes))
        for axis, force in enumerate(reference.pull(positions[:, became])):
            np.add.at(expected[axis], became, force)
        degree = np.bincount(became, reference.degree)
        np.testing.assert_allclose(coarse.degree, degree, rtol=1e-5)
        np.testing.assert_allclose(coarse.pull(positions), expected, rtol=1e-5, atol=1e-5 * degree.max())
        count += 1
    return count


# ---- any links


@pytest.mark.parametrize("seed", SEEDS)
def test_links_pull_as_their_edges_do_one_by_one(seed: int) -> None:
    network = random_network(seed)
    reference, positions = listed(network), scattered(network.nodes)
    atol = 1e-6 * reference.reach(positions)
    np.testing.assert_allclose(network.pull(positions), reference.pull(positions), rtol=1e-5, atol=atol)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_degree_is_the_weight_of_a_nodes_edges(seed: int) -> None:
    network = random_network(seed)
    reference = listed(network)
    np.testing.assert_allclose(network.degree, reference.degree, rtol=1e-5)
    assert network.edges == pytest.approx(reference.weights.sum(), rel=1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_list_of_edges_is_that_of_the_definition(seed: int) -> None:
    network = random_network(seed)
    reference = listed(network)
    expected = np.zeros((network.nodes, network.nodes))
    np.add.at(expected, (reference.targets, reference.sources), reference.weights)
    np.testing.assert_allclose(adjacency(network), expected, rtol=1e-6)
    assert len(network.listed()[0]) == len(reference.weights)


@pytest.mark.parametrize("seed", SEEDS)
def test_pulls_add_up_to_nothing(seed: int) -> None:
    network = random_network(seed)
    positions = scattered(network.nodes)
    total = network.pull(positions).sum(1, dtype=np.float64)
    np.testing.assert_allclose(total, 0, atol=1e-5 * listed(network).reach(positions))


def test_nodes_at_one_place_pull_nothing() -> None:
    network = random_network(3)
    positions = np.full((2, network.nodes), 0.75, np.float32)
    np.testing.assert_allclose(network.pull(positions), 0, atol=1e-5 * network.degree.max())


def scaled(link: Link, factor: float) -> Link:
    if isinstance(link, Uniform):
        return replace(link, profile=link.profile * factor)
    assert isinstance(link, (Dense, Channelwise))
    return replace(link, weights=link.weights * factor)


def test_a_scaled_link_pulls_so_many_times_as_much() -> None:
    network = random_network(2)
    assert {type(link) for link in network.links} == {Dense, Uniform, Channelwise}
    positions = scattered(network.nodes)
    tripled = Network(network.groups, tuple(scaled(link, 3) for link in network.links))
    atol = 1e-5 * float(tripled.degree.max())
    np.testing.assert_allclose(tripled.pull(positions), 3 * network.pull(positions), rtol=1e-5, atol=atol)


# ---- merged


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merged_network_pulls_as_what_is_merged_in_it_at_every_level(seed: int) -> None:
    assert assert_merges_exactly(random_network(seed)) >= 2


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Group("wide", 5, 9), Group("short", 5, 3)),  # along positions, along channels
        (Group("short", 7, 3), Group("wide", 7, 12)),
        (Group("even", 8, 16), Group("odd", 8, 7)),
        (Group("line", 1, 11), Group("line", 1, 5)),
        (Group("stack", 9, 1), Group("stack", 9, 1)),
    ],
)
def test_a_link_stays_exact_where_its_ends_halve_along_different_dimensions(source: Group, target: Group) -> None:
    rng = np.random.default_rng(7)
    weights = torch.from_numpy(rng.uniform(0.2, 2, (source.channels, 3)).astype(np.float32))
    dense = torch.from_numpy(rng.uniform(0.2, 2, (target.channels, source.channels, 3)).astype(np.float32))
    for link in (Channelwise(0, 1, 2, -1, 3, weights), Dense(0, 1, 2, -1, 3, dense)):
        assert_merges_exactly(Network((source, target), (link,)))


@pytest.mark.parametrize("seed", SEEDS)
def test_merging_joins_at_most_two_neighbours_along_the_longer_dimension_and_ends_with_a_node_a_group(
    seed: int,
) -> None:
    network = random_network(seed)
    first = [0, *np.cumsum([group.nodes for group in network.groups])]
    shapes = [(group.channels, group.positions) for group in network.groups]
    owner = np.arange(network.nodes)
    last = network
    for coarse, became in levels(network):
        for i, (channels, positions) in enumerate(shapes):
            mine = became[first[i] : first[i + 1]].reshape(network.groups[i].channels, -1)
            mine = mine - mine.min()
            if channels >= positions and channels > 1:
                shapes[i] = -(-channels // 2), positions
            elif positions > 1:
                shapes[i] = channels, -(-positions // 2)
            assert np.unique(mine).tolist() == list(range(shapes[i][0] * shapes[i][1]))
            assert (np.diff(mine, axis=0) >= 0).all()
            assert (np.diff(mine, axis=1) >= 0).all()
        sizes = np.bincount(became[np.unique(owner, return_index=True)[1]])
        assert sizes.max() <= 2
        owner, last = became, coarse
    assert last.nodes == len(network.groups)


def test_a_merged_network_lists_no_edges() -> None:
    group = Group("line", 1, 4)
    network = Network((group, group), (Channelwise(0, 1, 1, 0, 1, torch.ones(1, 1)),))
    step = network.coarser()
    assert step is not None
    with pytest.raises(ValueError, match="coarse"):
        step[0].listed()


# ---- pools


@pytest.mark.parametrize("weighted", [True, False])
def test_a_pool_after_a_convolution_adds_up_the_windows_of_the_positions_it_takes(weighted: bool) -> None:
    rng = np.random.default_rng(2)
    kernel = torch.from_numpy(rng.uniform(0.5, 1.5, (3, 2, 3)).astype(np.float32))
    builder = Builder(weighted)
    source, target = builder.group("in", 2, 13), builder.group("out", 3, 4)
    builder.dense(source, target, kernel, offset=-1, stride=1, pool=3)
    found = adjacency(builder.done())
    expected = np.zeros_like(found)
    for p, inside, t in product(range(4), range(3), range(3)):
        position = 3 * p + inside + t - 1
        if 0 <= position < 13:
            for a, b in product(range(2), range(3)):
                expected[26 + b * 4 + p, a * 13 + position] += float(kernel[b, a, t]) if weighted else 1
    ratio = found[expected > 0] / expected[expected > 0]
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_allclose(ratio, ratio.mean() if weighted else 1, rtol=1e-5)


# ---- ears


class Average(nn.Module):
    """A pool of the same shape that doesn't hide all positions but the largest."""

    def __init__(self, pool: CausalMaxPool) -> None:
        super().__init__()
        self.time, self.freq = pool.time, pool.freq

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(nn.functional.pad(x, (0, 0, self.time - 1, 0)), (self.time, self.freq))


def averaging(of: EarSpec) -> Ear:
    """An ear in which every neuron shows whatever it sees."""
    ear = ears.positive(of)
    for block in [*ear.encoder, *ear.context]:
        assert isinstance(block, EncoderBlock | ContextBlock)
        if isinstance(block.pool, CausalMaxPool):
            block.pool = Average(block.pool)
    return ear


def traced(ear: Ear) -> Trace:
    """The ear on a sound so long that its last column sees whole kernels, each layer cut from those before."""
    trace = Trace()

    def cut(_: nn.Module, args: tuple[Tensor]) -> Tensor:
        return trace.cut(args[0])

    for block in ear.encoder:
        block.register_forward_pre_hook(cut)
        block.conv2.register_forward_pre_hook(cut)
    for module in [ear.z, *ear.context]:
        module.register_forward_pre_hook(cut)
    if ear.head is not None:
        ear.head.register_forward_pre_hook(cut)
        # before the softmax, which would mix the classes
        ear.head.register_forward_hook(lambda _, __, output: trace.cut(output))
    scalogram = ear.spec.scalogram
    size = (1, scalogram.channels, 64, scalogram.bins)
    layers = ear(torch.rand(size, generator=torch.Generator().manual_seed(3)) + 0.5)
    if ear.head is None:
        trace.cut(layers[-1])
    return trace


EARS = {
    "small": ears.spec(),
    "with phase and a head": ears.spec(phase=True).model_copy(update={"classes": ("hum", "hiss", "hit")}),
    "odd": ears.spec(
        [
            {"channels": 3, "conv1": [1, 5], "pool": 2, "conv2": [3, 4], "valid": True},  # an odd surplus is cropped
            {"channels": 3, "conv1": [3, 1], "pool": 2, "conv2": [1, 3], "valid": True},  # identity, pooled and cropped
        ],
        [{"channels": 3, "kernel": 2}, {"channels": 2, "kernel": 2, "pool": 2}],
        bins=27,
    ),
}


@pytest.fixture(scope="module", params=EARS)
def seen(request: pytest.FixtureRequest) -> tuple[Ear, Floats]:
    """An ear and how much each of its neurons depends on each."""
    ear = averaging(EARS[request.param])
    return ear, traced(ear).gradients(1)


def test_two_neurons_of_an_ear_are_joined_if_and_only_if_one_sees_the_other(seen: tuple[Ear, Floats]) -> None:
    ear, gradients = seen
    np.testing.assert_array_equal(adjacency(ear_network(ear, weighted=False)) != 0, gradients != 0)


def test_the_edges_of_an_ear_weigh_what_its_weights_do(seen: tuple[Ear, Floats]) -> None:
    ear, gradients = seen
    network = ear_network(ear, weighted=True)
    np.testing.assert_array_equal(adjacency(network) != 0, gradients != 0)
    assert_in_proportion(network, gradients)


def test_the_neurons_of_an_ear_are_numbered_as_on_the_wire(seen: tuple[Ear, Floats]) -> None:
    ear, _ = seen
    trace = traced(ear)
    network = ear_network(ear, weighted=False)
    assert [(g.channels, g.positions) for g in network.groups] == [(x.shape[1], x.shape[3]) for x in trace.outputs]


def test_a_weight_below_zero_pulls_like_one_above() -> None:
    plain, turned = averaging(ears.spec()), averaging(ears.spec())
    with torch.no_grad():
        for parameter in turned.parameters():
            parameter.mul_(-1)
    expected = ear_network(plain, weighted=True).degree
    np.testing.assert_allclose(ear_network(turned, weighted=True).degree, expected, rtol=1e-5)


def test_what_c_predicts_is_joined_to_it_on_demand() -> None:
    ear = averaging(ears.spec())
    with_it, without = (adjacency(ear_network(ear, False, prediction=p)) for p in (True, False))
    network = ear_network(ear, False)
    z, c = network.spans[ear.spec.z_layer], network.spans[ear.spec.c_layer]
    expected = without.copy()
    expected[z, c] += 1
    np.testing.assert_array_equal(with_it, expected)


def test_an_ear_merges_exactly_at_every_level() -> None:
    assert assert_merges_exactly(ear_network(ears.positive(ears.spec()), weighted=True)) >= 6
