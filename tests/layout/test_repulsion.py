"""The tree's repulsion against the sum over all pairs, in double precision."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from oscbridge.layout.repulsion import LEAF, THETA, Repulsion, Tree

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
SOFTENING = 1e-6
KS = pytest.mark.parametrize("k", [2.0, 2.3, 2.5, 3.0])
SPREADS = pytest.mark.parametrize("spread", ["uniform", "clustered", "uneven"])


@cache
def nodes(spread: str, count: int) -> Floats:
    rng = np.random.default_rng(count)
    if spread == "uniform":
        places = rng.uniform(-1, 1, (2, count))
    elif spread == "clustered":  # thirty knots of very different sizes
        knot = rng.integers(0, 30, count)
        places = (
            rng.uniform(-10, 10, (2, 30))[:, knot] + rng.standard_normal((2, count)) * rng.uniform(0.01, 1, 30)[knot]
        )
    else:  # ever denser to the middle, and far from the origin
        places = rng.standard_normal((2, count)) * rng.uniform(0, 1, count) ** 3 + np.array([[3], [-1]])
    return np.ascontiguousarray(places, np.float32)


def charges(count: int, equal: bool = False) -> Floats:
    return np.ones(count, np.float32) if equal else np.random.default_rng(1).lognormal(0, 1, count).astype(np.float32)


def pairs(p: Floats, q: Floats, k: float, softening: float = SOFTENING) -> tuple[Doubles, Doubles, Doubles]:
    """Over all others that are elsewhere: the forces added up; their lengths added up; their curvatures added up."""
    x, c = p.astype(np.float64), q.astype(np.float64)
    force, lengths, curvature = np.empty_like(x), np.empty(len(c)), np.empty(len(c))
    for i in range(len(c)):
        way = x[:, i, None] - x
        distance = np.sqrt((way**2).sum(0) + softening**2)
        strength = c[i] * c * distance ** -(k + 1)
        strength[(way == 0).all(0)] = 0
        force[:, i] = (strength * way).sum(1)
        lengths[i] = (strength * np.sqrt((way**2).sum(0))).sum()
        curvature[i] = k * strength.sum()
    return force, lengths, curvature


def repulsion(p: Floats, q: Floats, k: float, theta: float = THETA) -> Repulsion:
    return Tree(p).repulsion(p, q, k, SOFTENING, theta)


def errors(found: Floats, expected: Doubles) -> Doubles:
    """Of each node's force, as a share of it."""
    return np.hypot(*(found - expected)) / np.hypot(*expected)


# ---- as exact as asked for


@KS
@SPREADS
def test_with_theta_0_it_is_the_sum_over_all_pairs(k: float, spread: str) -> None:
    p, q = nodes(spread, 700), charges(700)
    force, lengths, _ = pairs(p, q, k)
    off = np.hypot(*(repulsion(p, q, k, 0).force - force))
    assert (off / lengths).max() < 1e-4  # of the pushes: where they cancel out, little of them is left to compare with
    assert np.sqrt(np.mean(errors(repulsion(p, q, k, 0).force, force) ** 2)) < 1e-3


@SPREADS
@pytest.mark.parametrize(("k", "equal"), [(2.0, False), (2.3, True), (2.5, False), (3.0, False)])
def test_the_usual_theta_is_right_to_1_percent(spread: str, k: float, equal: bool) -> None:
    p, q = nodes(spread, 3000), charges(3000, equal)
    force, _, _ = pairs(p, q, k)
    assert np.sqrt(np.mean(errors(repulsion(p, q, k).force, force) ** 2)) < 0.01


def test_the_error_falls_with_the_third_power_of_theta() -> None:
    p, q = nodes("uniform", 3000), charges(3000)
    force, lengths, _ = pairs(p, q, 2.5)
    coarse, fine = (
        np.sqrt(np.mean((np.hypot(*(repulsion(p, q, 2.5, theta).force - force)) / lengths) ** 2))
        for theta in (0.7, 0.35)
    )
    assert coarse / fine > 6  # 8, and 4 if cells were no more than their charge


def test_a_far_cell_counts_with_its_shape() -> None:
    far = np.random.default_rng(0).uniform(-1, 1, (2, LEAF)) * [[2.0], [0.5]] + [[8.0], [4.0]]
    p = np.concatenate([np.zeros((2, LEAF)), far], 1).astype(np.float32)  # two leaves, one of them at one place
    q = np.ones(2 * LEAF, np.float32)
    force, _, _ = pairs(p, q, 2.5)
    centre = -p[:, LEAF:].mean(1, keepdims=True)
    by_charge = np.float32(centre * LEAF * np.hypot(*centre) ** -3.5)
    found = repulsion(p, q, 2.5)
    seen = slice(0, LEAF)
    assert errors(found.force, force)[seen].max() < 0.2 * errors(by_charge, force[:, seen]).max()


@pytest.mark.parametrize("count", [1, 2, 3, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF, 2 * LEAF + 1, 1000])
@pytest.mark.parametrize("theta", [0.0, THETA])
def test_any_number_of_nodes_will_do(count: int, theta: float) -> None:
    p, q = nodes("uniform", count), charges(count)
    force, lengths, _ = pairs(p, q, 2.5)
    found = repulsion(p, q, 2.5, theta)
    assert found.force.shape == (2, count)
    assert found.curvature.shape == (count,)
    np.testing.assert_array_less(np.hypot(*(found.force - force)), (1e-4 if theta == 0 else 0.02) * lengths + 1e-12)


def test_two_nodes_push_each_other_by_the_formula() -> None:
    p, q = np.array([[0, 3], [0, 4]], np.float32), np.array([2, 7], np.float32)
    expected = 14 * 5 / 5**3.5  # q q d / d^(k + 1), of which 3/5 and 4/5 along the axes
    force = repulsion(p, q, 2.5).force
    np.testing.assert_allclose(force, [[-0.6 * expected, 0.6 * expected], [-0.8 * expected, 0.8 * expected]], rtol=1e-4)


@KS
@SPREADS
def test_internal_forces_add_up_to_nothing(k: float, spread: str) -> None:
    p, q = nodes(spread, 3000), charges(3000)
    force = repulsion(p, q, k).force
    total = force.sum(1, dtype=np.float64)
    assert np.abs(total).max() < 1e-6 * np.abs(force).sum(dtype=np.float64)


# ---- places that are hard for a tree


@pytest.mark.parametrize("axis", [0, 1, None], ids=["across", "along", "slanted"])
def test_nodes_on_one_line_are_pushed_along_it(axis: int | None) -> None:
    p = np.zeros((2, 2000), np.float32)
    rows = range(2) if axis is None else (axis,)
    for row in rows:
        p[row] = np.random.default_rng(8).uniform(-1, 1, 2000)
    q = charges(2000)
    force, lengths, _ = pairs(p, q, 2.0)
    found = repulsion(p, q, 2.0).force
    assert np.sqrt(np.mean((np.hypot(*(found - force)) / lengths) ** 2)) < 0.01
    if axis is None:
        np.testing.assert_allclose(found[0], found[1], rtol=1e-3, atol=1e-5 * np.abs(found).max())
    else:
        assert np.abs(found[1 - axis]).max() == 0


@pytest.mark.parametrize("count", [2, LEAF, 500])
def test_nodes_at_one_place_push_each_other_by_nothing(count: int) -> None:
    p = np.full((2, count), 0.3, np.float32)
    found = repulsion(p, charges(count), 2.5)
    np.testing.assert_array_equal(found.force, np.zeros((2, count)))
    assert np.isfinite(found.curvature).all()


@KS
def test_nodes_at_one_place_push_others_as_one_of_their_whole_charge_would(k: float) -> None:
    rng = np.random.default_rng(9)
    places = rng.uniform(-1, 1, (2, 60)).astype(np.float32)
    of = np.concatenate([np.arange(60), rng.integers(0, 60, 940)])
    p, q = places[:, of], charges(1000)
    whole = np.bincount(of, q, minlength=60).astype(np.float32)
    force, lengths, _ = pairs(places, whole, k)
    found = repulsion(p, q, k, 0)
    assert np.isfinite(found.force).all()
    assert np.isfinite(found.curvature).all()
    share = (q / whole[of]).astype(np.float64)
    np.testing.assert_array_less(np.hypot(*(found.force - share * force[:, of])), 1e-3 * share * lengths[of])


def test_a_leaf_of_one_node_does_not_take_itself_for_a_far_cell() -> None:
    # in each leaf all nodes are at one place, so its box has no size at all
    places = np.array([[-1, 1], [0.5, 0.25]], np.float32)
    p = np.repeat(places, LEAF, axis=1)
    q = np.ones(2 * LEAF, np.float32)
    force, _, _ = pairs(places, np.full(2, LEAF, np.float32), 3.0)
    found = repulsion(p, q, 3.0)
    np.testing.assert_allclose(found.force, np.repeat(force / LEAF, LEAF, axis=1), rtol=1e-4)
    distance = np.hypot(2, 0.25)
    np.testing.assert_allclose(found.curvature, 3 * LEAF / distance**4, rtol=1e-3)


def test_a_tiny_layout_is_pushed_like_a_large_one_of_the_same_shape() -> None:
    p, q, scale = nodes("uniform", 1000), charges(1000), 2.0**-10
    large = repulsion(p, q, 2.0).force
    shrunk = p * np.float32(scale)
    small = Tree(shrunk).repulsion(shrunk, q, 2.0, scale * SOFTENING).force
    _, lengths, _ = pairs(p, q, 2.0)
    assert (np.hypot(*(small * scale**2 - large)) / lengths).max() < 1e-4


def test_a_pair_almost_at_one_place_does_not_disturb_the_others() -> None:
    p, q = nodes("uniform", 1000).copy(), charges(1000)
    force, _, _ = pairs(p, q, 3.0)
    p[:, 0] = p[:, 1] + np.float32(1e-5)  # pushing each other 1e9 times as much as others do
    close, _, _ = pairs(p, q, 3.0)
    off = errors(repulsion(p, q, 3.0, 0).force, close)
    assert np.hypot(*close[:, 0]) > 1e9 * np.median(np.hypot(*force))
    assert np.median(off) < 1e-4
    assert np.sqrt(np.mean(off**2)) < 1e-3


# ---- trees that are kept


def test_a_tree_serves_nodes_that_have_moved_a_little() -> None:
    p, q = nodes("clustered", 3000), charges(3000)
    tree = Tree(p)
    moved = p + np.random.default_rng(2).standard_normal(p.shape).astype(np.float32) * np.float32(0.05)
    force, _, _ = pairs(moved, q, 2.5)
    assert np.sqrt(np.mean(errors(tree.repulsion(moved, q, 2.5, SOFTENING).force, force) ** 2)) < 0.01
    assert np.sqrt(np.mean(errors(tree.repulsion(p, q, 2.5, SOFTENING).force, force) ** 2)) > 0.1


def test_a_tree_serves_nodes_that_have_moved_anywhere_only_slower() -> None:
    p, elsewhere, q = nodes("clustered", 1000), nodes("uniform", 1000), charges(1000)
    force, _, _ = pairs(elsewhere, q, 2.5)
    assert np.sqrt(np.mean(errors(Tree(p).repulsion(elsewhere, q, 2.5, SOFTENING).force, force) ** 2)) < 0.01


def test_a_tree_sorts_every_node_into_one_leaf_of_at_most_32() -> None:
    for count in (1, 2, LEAF, LEAF + 1, 1000, 3000):
        tree = Tree(nodes("uneven", count))
        assert sorted(tree.order) == list(range(count))
        sizes = np.diff(tree.starts)
        assert sizes.sum() == count
        assert sizes.min() >= 1
        assert sizes.max() <= LEAF


def test_leaves_are_halves_of_halves_so_their_boxes_share_no_area() -> None:
    p = nodes("uniform", 256)
    tree = Tree(p)
    boxes = [p[:, tree.order[a:b]] for a, b in zip(tree.starts, tree.starts[1:], strict=False)]
    assert len(boxes) == 8
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            apart = (one.max(1) <= other.min(1)) | (other.max(1) <= one.min(1))
            assert apart.any()


# ---- curvature


@KS
@SPREADS
def test_curvature_is_how_fast_the_pushes_change_at_most(k: float, spread: str) -> None:
    p, q = nodes(spread, 2000), charges(2000)
    _, _, expected = pairs(p, q, k)
    np.testing.assert_allclose(repulsion(p, q, k, 0).curvature, expected, rtol=1e-3)
    ratio = repulsion(p, q, k).curvature / expected
    assert ratio.min() > 0.85
    assert ratio.max() < 1.02


@KS
def test_no_nodes_force_changes_faster_than_its_curvature(k: float) -> None:
    p, q = nodes("clustered", 300), charges(300)
    curvature = repulsion(p, q, k).curvature
    x, c = p.astype(np.float64), q.astype(np.float64)
    shares = []
    for i in range(300):
        others = np.arange(300) != i
        way = x[:, i, None] - x[:, others]
        distance = np.hypot(*way)
        strength = c[i] * c[others] * distance ** -(k + 1)
        unit = way / distance
        # the derivative of d / |d|^(k + 1) by d
        jacobian = np.eye(2) * strength.sum() - (k + 1) * (strength * unit) @ unit.T
        shares.append(np.linalg.norm(jacobian, 2) / curvature[i])
    assert max(shares) < 1.02
    assert max(shares) > 0.9  # a node with one close neighbour comes near it


# ---- the same each time


def test_the_same_input_gives_the_same_output_bit_for_bit() -> None:
    p, q = nodes("clustered", 3000), charges(3000)
    first, again = repulsion(p, q, 2.3), repulsion(p.copy(), q.copy(), 2.3)
    np.testing.assert_array_equal(first.force, again.force)
    np.testing.assert_array_equal(first.curvature, again.curvature)


def test_what_goes_in_is_not_changed() -> None:
    p, q = nodes("clustered", 500).copy(), charges(500)
    before = p.copy(), q.copy()
    repulsion(p, q, 2.5)
    np.testing.assert_array_equal(p, before[0])
    np.testing.assert_array_equal(q, before[1])


def test_nodes_in_another_order_are_pushed_the_same() -> None:
    p, q = nodes("uneven", 1500), charges(1500)
    order = np.random.default_rng(3).permutation(1500)
    mixed = repulsion(np.ascontiguousarray(p[:, order]), q[order], 2.5, 0).force
    _, lengths, _ = pairs(p, q, 2.5)
    assert (np.hypot(*(mixed - repulsion(p, q, 2.5, 0).force[:, order])) / lengths[order]).max() < 1e-4
