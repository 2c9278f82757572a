"""Any list of edges is a graph: it pulls as they say, bad lists are refused, and neighbours merge."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from oscbridge.errors import BridgeError
from oscbridge.layout.graph import Edges, Network

Floats = NDArray[np.float32]


def random_edges(nodes: int, count: int, seed: int = 0) -> Edges:
    """Some of them double, some from a node to itself."""
    rng = np.random.default_rng(seed)
    sources, targets = rng.integers(0, nodes, (2, count))
    return Edges(nodes, sources, targets, rng.uniform(0.1, 3, count).astype(np.float32))


def grid(height: int, width: int) -> Edges:
    nodes = np.arange(height * width).reshape(height, width)
    pairs = [(nodes[:, :-1], nodes[:, 1:]), (nodes[:-1], nodes[1:])]
    sources, targets = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in range(2))
    return Edges(height * width, sources, targets)


def star(leaves: int) -> Edges:
    return Edges(leaves + 1, np.zeros(leaves, np.int64), np.arange(1, leaves + 1))


def scattered(nodes: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal((2, nodes)).astype(np.float32)


def summed(values: NDArray[Any], parents: NDArray[np.int64], nodes: int) -> NDArray[np.float64]:
    return np.stack([np.bincount(parents, row, minlength=nodes) for row in values])


def one_by_one(edges: Edges, positions: Floats) -> NDArray[np.float64]:
    out = np.zeros((2, edges.nodes))
    for a, b, w in zip(edges.sources, edges.targets, edges.weights, strict=True):
        force = float(w) * (positions[:, b].astype(np.float64) - positions[:, a])
        out[:, a] += force
        out[:, b] -= force
    return out


SHAPES = {
    "random": random_edges(60, 300),
    "sparse": random_edges(200, 90, seed=1),
    "double": random_edges(4, 40, seed=2),
    "grid": grid(20, 15),
    "star": star(50),
    "pair": Edges(2, np.array([1]), np.array([0])),
}
ANY = pytest.mark.parametrize("edges", SHAPES.values(), ids=SHAPES.keys())

# ---- pull


@ANY
def test_edges_pull_as_they_do_one_by_one(edges: Edges) -> None:
    positions = scattered(edges.nodes)
    expected = one_by_one(edges, positions)
    np.testing.assert_allclose(edges.pull(positions), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


@ANY
def test_pulls_add_up_to_nothing(edges: Edges) -> None:
    pull = edges.pull(scattered(edges.nodes))
    np.testing.assert_allclose(pull.sum(1, dtype=np.float64), 0, atol=1e-5 * np.abs(pull).max())


@ANY
def test_a_degree_is_the_weight_of_a_nodes_edges(edges: Edges) -> None:
    expected = np.zeros(edges.nodes)
    for a, b, w in zip(edges.sources, edges.targets, edges.weights, strict=True):
        expected[a] += w
        expected[b] += w
    np.testing.assert_allclose(edges.degree, expected, rtol=1e-6)


def test_an_edge_without_a_weight_pulls_once() -> None:
    plain, weighed = Edges(2, np.array([0]), np.array([1])), Edges(2, np.array([0]), np.array([1]), np.full(1, 2.5))
    positions = np.array([[0, 3], [0, -1]], np.float32)
    np.testing.assert_allclose(plain.pull(positions), [[3, -3], [-1, 1]])
    np.testing.assert_allclose(weighed.pull(positions), [[7.5, -7.5], [-2.5, 2.5]])


def test_positions_in_another_memory_layout_pull_the_same() -> None:
    edges = random_edges(60, 300)
    positions = scattered(60)
    np.testing.assert_array_equal(edges.pull(np.asfortranarray(positions)), edges.pull(positions))


def test_an_edge_from_a_node_to_itself_is_dropped() -> None:
    with_loops = Edges(3, np.array([0, 1, 2, 2]), np.array([0, 2, 2, 0]), np.array([9, 1, 9, 2], np.float32))
    without = Edges(3, np.array([1, 2]), np.array([2, 0]), np.array([1, 2], np.float32))
    assert len(with_loops.sources) == 2
    np.testing.assert_array_equal(with_loops.degree, without.degree)
    np.testing.assert_array_equal(with_loops.pull(scattered(3)), without.pull(scattered(3)))


def test_an_edge_of_weight_0_is_none() -> None:
    edges = Edges(3, np.array([0, 1]), np.array([1, 2]), np.array([0, 1], np.float32))
    assert edges.sources.tolist() == [1]


# ---- graphs of nothing


def test_an_empty_graph_pulls_nothing_and_merges_to_nothing() -> None:
    for empty in (Edges(0, np.zeros(0, np.int64), np.zeros(0, np.int64)), Network((), ())):
        assert empty.degree.shape == (0,)
        assert empty.pull(np.zeros((2, 0), np.float32)).shape == (2, 0)
        assert empty.coarser() is None


def test_one_node_is_pulled_by_nothing_and_merges_with_nothing() -> None:
    one = Edges(1, np.array([0]), np.array([0]))
    np.testing.assert_array_equal(one.pull(np.ones((2, 1), np.float32)), np.zeros((2, 1)))
    np.testing.assert_array_equal(one.degree, [0])
    assert one.coarser() is None


def test_nodes_without_edges_stay_as_they_are() -> None:
    none = Edges(40, np.zeros(0, np.int64), np.zeros(0, np.int64))
    np.testing.assert_array_equal(none.pull(scattered(40)), np.zeros((2, 40)))
    assert none.coarser() is None


# ---- mistakes


@pytest.mark.parametrize(
    ("sources", "targets", "weights", "said"),
    [
        ([0, 1], [1], None, "2 sources, 1 targets, weights of shape (2,); expected as many of each"),
        ([0, 1], [1, 2], [1.0], "2 sources, 2 targets, weights of shape (1,); expected as many of each"),
        ([0, 1], [1, 2], [[1.0], [1.0]], "2 sources, 2 targets, weights of shape (2, 1); expected as many of each"),
        ([0, 1], [1, 3], None, "an edge ends at node 0 or 3; nodes go from 0 to 2"),
        ([0, -1], [1, 2], None, "an edge ends at node -1 or 2; nodes go from 0 to 2"),
        ([0], [1], [-0.5], "a weight is negative or not a number; weights are 0 or more"),
        ([0], [1], [np.nan], "a weight is negative or not a number; weights are 0 or more"),
        ([0], [1], [np.inf], "a weight is negative or not a number; weights are 0 or more"),
        ([0.5], [1], None, "sources are float64 in the shape (1,); expected a list of whole numbers"),
        ([0], [True], None, "targets are bool in the shape (1,); expected a list of whole numbers"),
        ([0], ["1"], None, "targets are <U1 in the shape (1,); expected a list of whole numbers"),
        ([[0, 1]], [[1, 2]], None, "sources are int64 in the shape (1, 2); expected a list of whole numbers"),
    ],
)
def test_a_list_that_is_no_graph_is_refused_in_words(sources: Any, targets: Any, weights: Any, said: str) -> None:
    with pytest.raises(BridgeError) as caught:
        Edges(3, np.array(sources), np.array(targets), None if weights is None else np.array(weights, np.float32))
    assert str(caught.value) == said
    assert caught.value.code == 422


# ---- merged


@ANY
def test_a_merged_graph_pulls_as_what_is_merged_in_it_at_every_level(edges: Edges) -> None:
    became = np.arange(edges.nodes)
    coarse = edges
    while (step := coarse.coarser()) is not None:
        assert step[0].nodes < coarse.nodes
        coarse, parents = step
        became = parents[became]
        np.testing.assert_array_equal(np.unique(became), np.arange(coarse.nodes))
        positions = scattered(coarse.nodes)
        fine = edges.pull(positions[:, became])
        atol = 1e-5 * max(1.0, np.abs(fine).max())
        np.testing.assert_allclose(coarse.pull(positions), summed(fine, became, coarse.nodes), rtol=1e-5, atol=atol * 4)


def test_the_weights_of_edges_between_the_same_merged_nodes_add_up() -> None:
    edges = grid(6, 6)
    step = edges.coarser()
    assert step is not None
    coarse, parents = step
    found = {(a, b): w for a, b, w in zip(coarse.sources, coarse.targets, coarse.weights, strict=True)}
    expected: dict[tuple[int, int], float] = {}
    for a, b in zip(parents[edges.sources], parents[edges.targets], strict=True):
        if a != b:
            expected[min(a, b), max(a, b)] = expected.get((min(a, b), max(a, b)), 0) + 1
    assert found == expected


def test_a_grid_shrinks_by_about_half_at_every_level() -> None:
    graph, sizes = grid(40, 40), [1600]
    while sizes[-1] > 50:
        step = graph.coarser()
        assert step is not None
        graph = step[0]
        sizes.append(graph.nodes)
    shares = [after / before for before, after in pairwise(sizes)]
    assert all(0.4 < share < 0.65 for share in shares), shares


def test_only_neighbours_merge_and_never_more_than_four() -> None:
    edges = random_edges(300, 500, seed=4)
    step = edges.coarser()
    assert step is not None
    _, parents = step
    joined = np.eye(300, dtype=bool)
    joined[edges.sources, edges.targets] = joined[edges.targets, edges.sources] = True
    for node in range(step[0].nodes):
        members = np.flatnonzero(parents == node)
        assert 1 <= len(members) <= 4
        reached = np.linalg.matrix_power(joined[np.ix_(members, members)].astype(int), len(members))
        assert (reached > 0).all(), members


def test_of_two_neighbours_the_one_with_the_heavier_edge_is_merged() -> None:
    sources, targets = np.array([0, 1, 2]), np.array([1, 2, 3])
    ends = Edges(4, sources, targets, np.array([5, 1, 5], np.float32)).coarser()
    assert ends is not None
    assert ends[1][0] == ends[1][1] != ends[1][2] == ends[1][3]


def test_a_node_merges_with_a_neighbour_that_has_few_others_rather_than_with_a_hub() -> None:
    node, friend, hub, crowd = 0, 1, 3, [4, 5, 6, 7, 8, 9]
    pairs = [(node, friend), (friend, 2), (2, crowd[0]), (node, hub), *((hub, c) for c in crowd)]
    pairs += [(a, b) for a, b in product(crowd, crowd) if a < b]
    sources, targets = np.array(pairs).T
    weights = np.ones(len(pairs), np.float32)
    weights[3] = 1.2
    step = Edges(10, sources, targets, weights).coarser()
    assert step is not None
    assert step[1][node] == step[1][friend] != step[1][hub]


def test_a_star_is_not_swallowed_by_its_hub() -> None:
    step = star(30).coarser()
    parents = np.arange(31) if step is None else step[1]
    assert np.bincount(parents).max() <= 4
    assert len(np.unique(parents)) >= 28


def test_hubs_of_a_tree_merge_with_few_of_their_leaves_so_that_it_stays_a_tree_of_hubs() -> None:
    hubs = 10
    sources = np.concatenate([np.arange(hubs - 1), np.repeat(np.arange(hubs), 20)])
    targets = np.concatenate([np.arange(1, hubs), hubs + np.arange(20 * hubs)])
    step = Edges(21 * hubs, sources, targets).coarser()
    assert step is not None
    assert len(np.unique(step[1][:hubs])) == hubs


def test_nodes_without_an_edge_survive_every_merging() -> None:
    alone = 7
    linked = grid(12, 12)
    graph, became = Edges(linked.nodes + alone, linked.sources, linked.targets), np.arange(linked.nodes + alone)
    sizes = []
    while (step := graph.coarser()) is not None:
        graph, became = step[0], step[1][became]
        sizes.append(graph.nodes)
        counts = np.bincount(became)
        assert (counts[became[-alone:]] == 1).all()
    assert len(sizes) >= 3


def test_parts_without_a_common_edge_never_merge() -> None:
    one, other = grid(8, 8), grid(8, 8)
    graph = Edges(
        128, np.concatenate([one.sources, other.sources + 64]), np.concatenate([one.targets, other.targets + 64])
    )
    became = np.arange(128)
    while (step := graph.coarser()) is not None:
        graph, became = step[0], step[1][became]
        assert not set(became[:64]) & set(became[64:])
    assert graph.nodes == 2


def test_the_same_graph_merges_the_same_way() -> None:
    first, again = (random_edges(300, 900, seed=5).coarser() for _ in range(2))
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first[1], again[1])


def test_a_complete_graph_merges_in_pairs() -> None:
    pairs = np.array([(a, b) for a, b in product(range(8), range(8)) if a < b])
    step = Edges(8, pairs[:, 0], pairs[:, 1]).coarser()
    assert step is not None
    np.testing.assert_array_equal(np.bincount(step[1]), [2, 2, 2, 2])
    np.testing.assert_array_equal(step[0].weights, np.full(6, 4))
