"""The layout: what must be true of any, whatever it looks like."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from oscbridge.layout.builder import Builder
from oscbridge.layout.graph import Edges, Graph, Network
from oscbridge.layout.solver import Forces, Solver, Step

Floats = NDArray[np.float32]


def solve(graph: Graph, charges: Floats | None = None, seed: int = 0, **forces: float) -> list[Step]:
    own = np.ones(graph.nodes, np.float32) if charges is None else charges
    return list(Solver(graph, own, Forces(**forces), seed).solve())


def clique(first: int, size: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(first, first + size), 2))


def edges(nodes: int, pairs: list[tuple[int, int]], weights: list[float] | None = None) -> Edges:
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges(nodes, table[:, 0], table[:, 1], None if weights is None else np.array(weights, np.float32))


def chain(channels: int = 24, positions: int = 6, layers: int = 8) -> Network:
    """Layers that are each joined to the next only."""
    import torch

    b = Builder(weighted=False)
    for layer in range(layers):
        b.group(f"layer{layer}", channels, positions)
        if layer:
            b.dense(layer - 1, layer, torch.ones(channels, channels, 3), -1)
    return b.done()


def distances(p: Floats, a: slice, b: slice) -> Floats:
    gaps = p[:, a][:, :, None] - p[:, b][:, None, :]
    return np.hypot(gaps[0], gaps[1])


@pytest.mark.parametrize("k", [2.0, 2.5, 3.0])
def test_two_cliques_joined_by_one_edge_end_apart(k: float) -> None:
    size = 40
    p = solve(edges(2 * size, [*clique(0, size), *clique(size, size), (0, size)]), k=k)[-1].expanded
    first, second = slice(0, size), slice(size, 2 * size)
    assert distances(p, first, second).min() > 0.7 * np.median(distances(p, first, first))
    assert np.median(distances(p, first, second)) > 2 * np.median(distances(p, first, first))


def test_the_layers_of_a_chain_come_out_in_order() -> None:
    network = chain()
    p = solve(network)[-1].expanded
    middles = np.array([p[:, span].mean(axis=1) for span in network.spans])
    steps = np.hypot(*np.diff(middles, axis=0).T)
    for i, j in itertools.combinations(range(len(middles)), 2):
        if j - i > 1:
            assert np.hypot(*(middles[i] - middles[j])) > 0.8 * steps[i:j].max()
    assert np.hypot(*(middles[0] - middles[-1])) > 0.5 * steps.sum()


def test_energy_falls_on_every_level() -> None:
    energy: dict[int, list[float]] = {}
    for step in solve(chain()):
        energy.setdefault(step.level, []).append(step.energy)
    assert len(energy) > 3
    for level, values in energy.items():
        assert values[-1] < values[0], level
        assert values[-1] <= min(values) * 1.001, level


def test_the_end_is_at_rest_between_pull_and_push() -> None:
    network = chain()
    p = solve(network, gravity=0.05)[-1].expanded
    from oscbridge.layout.repulsion import Tree

    push = Tree(p).repulsion(p, np.ones(network.nodes, np.float32), 2.5, 0.0, 0.0).force
    pull = network.pull(p) - np.float32(0.05 * network.degree.mean()) * p
    left = np.hypot(*(pull + push))
    assert np.median(left / np.hypot(*push)) < 0.05


def test_the_same_seed_gives_the_same_layout_and_another_one_another() -> None:
    one, same, other = (solve(chain(), seed=seed)[-1].expanded for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1 * np.abs(one).max()


def test_levels_go_from_tens_of_nodes_to_all_and_each_node_stays_in_its_own() -> None:
    network = chain()
    steps = solve(network)
    assert [s.level for s in steps] == sorted((s.level for s in steps), reverse=True)
    assert steps[0].positions.shape[1] <= 64 and steps[-1].positions.shape[1] == network.nodes
    for step in steps:
        counts = np.bincount(step.parents, minlength=step.positions.shape[1])
        assert counts.min() >= 1 and counts.sum() == network.nodes
        assert step.expanded.shape == (2, network.nodes)


def test_a_level_begins_where_the_one_before_ended() -> None:
    steps = solve(chain())
    for before, after in itertools.pairwise(steps):
        if before.level != after.level:
            a, b = (s.expanded - s.expanded.mean(axis=1, keepdims=True) for s in (before, after))
            scale = float((a * b).sum() / (b * b).sum())  # a level may begin larger or smaller, but of the same shape
            assert np.hypot(*(a - scale * b)).mean() < 0.35 * np.hypot(*a).mean()


def test_it_can_be_stopped_at_any_step_and_what_it_has_is_finite() -> None:
    for step in itertools.islice(Solver(chain(), np.ones(24 * 6 * 8, np.float32)).solve(), 0, 400, 37):
        assert np.isfinite(step.expanded).all()


def test_every_parameter_acts_while_it_is_being_solved() -> None:
    def end(change: dict[str, float]) -> Floats:
        forces = Forces()
        steps = []
        for step in Solver(chain(), np.ones(24 * 6 * 8, np.float32), forces).solve():
            steps.append(step)
            if len(steps) == 50:
                for name, value in change.items():
                    setattr(forces, name, value)
        return steps[-1].expanded

    def evenness(p: Floats) -> float:
        """How near a node's nearest one is, by the layout's radius: low k gathers, high k spreads."""
        gaps = distances(p, slice(None), slice(None)) + 1e9 * np.eye(p.shape[1])
        return float(np.median(gaps.min(axis=1)) / np.hypot(*p).max())

    plain = end({})
    assert np.hypot(*end({"gravity": 0.5})).max() < 0.9 * np.hypot(*plain).max()
    assert evenness(end({"k": 3.0})) > 1.03 * evenness(plain) > 1.03 * 1.03 * evenness(end({"k": 2.0}))


def test_a_strong_charge_keeps_others_away() -> None:
    network = chain(channels=16, positions=1, layers=4)
    charges = np.ones(network.nodes, np.float32)
    charges[5] = 20
    p = solve(network, charges)[-1].expanded
    own = np.hypot(*(p - p[:, 5:6]))
    nearest = [np.sort(np.hypot(*(p - p[:, i : i + 1])))[1] for i in range(16) if i != 5]
    assert np.sort(own)[1] > 1.5 * np.median(nearest)


def test_weights_draw_nodes_together() -> None:
    star = [(0, i) for i in range(1, 9)]
    p = solve(edges(9, star, [1.0] * 7 + [50.0]))[-1].expanded
    far = np.hypot(*(p[:, 1:] - p[:, :1]))
    assert far[7] < 0.6 * far[:7].min()


@pytest.mark.parametrize("nodes", [1, 2, 3, 65])
def test_nodes_without_edges_are_placed_by_gravity_and_repulsion(nodes: int) -> None:
    p = solve(edges(nodes, []), gravity=1.0)[-1].expanded
    assert p.shape == (2, nodes) and np.isfinite(p).all()


def test_an_empty_graph_has_no_steps() -> None:
    assert solve(edges(0, [])) == []


def test_edges_without_weight_and_nodes_at_one_place_give_no_nan() -> None:
    graph = edges(80, clique(0, 80), [0.0] * 3160)
    assert np.isfinite(solve(graph)[-1].expanded).all()
    solver = Solver(chain(), np.ones(24 * 6 * 8, np.float32))
    for step in solver.settle(np.zeros((2, 24 * 6 * 8), np.float32)):
        assert np.isfinite(step.positions).all()


def test_settling_moves_little_where_all_is_at_rest() -> None:
    network = chain()
    rest = solve(network)[-1].expanded
    solver = Solver(network, np.ones(network.nodes, np.float32))
    again = list(solver.settle(rest))[-1].positions
    assert np.median(np.hypot(*(again - rest))) < 0.05 * np.hypot(*rest).max()
