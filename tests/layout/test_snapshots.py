"""Layouts of several moments, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.errors import BridgeError
from oscbridge.layout import charges, keeping
from oscbridge.layout.graph import Network
from oscbridge.layout.hearing import variance_of_moments
from oscbridge.layout.job import Job, along_training
from oscbridge.layout.snapshots import Snapshots, between, unit
from oscbridge.layout.solver import Solver
from oscbridge.sections import Layout as Wishes
from tests.ear.ears import RATE, loaded, music
from tests.layout.test_solver import chain

SPANS = [slice(0, 6), slice(6, 10)]


def moments_of(count: int, nodes: int) -> np.ndarray:
    random = np.random.default_rng(0)
    return charges.from_variance(random.exponential(size=(count, nodes)).astype(np.float32), [slice(0, nodes)])


def four_moments(network: Network, backwards: bool = False) -> Snapshots:
    others = [Solver(network, moment) for moment in moments_of(4, network.nodes)]
    return Snapshots(Solver(network, np.ones(network.nodes, np.float32)), others, backwards)


def test_snapshots_keep_the_neurons_places_and_differ() -> None:
    network = chain()
    snapshots = four_moments(network)
    seen = {progress.snapshot for progress in snapshots.solve()}
    assert seen == {0, 1, 2, 3, 4}
    places = snapshots.positions
    assert places.shape == (5, network.nodes, 2)
    moves = np.hypot(*(places[1:] - places[0]).transpose(2, 0, 1))
    assert 1e-4 < np.median(moves) < 0.1  # of a radius of 1


def test_stopped_early_it_keeps_what_it_has() -> None:
    network = chain()
    snapshots = four_moments(network)
    solving = snapshots.solve()
    assert snapshots.positions.shape == (1, network.nodes, 2)
    for _ in range(30):
        next(solving)
    assert snapshots.positions.shape == (1, network.nodes, 2) and snapshots.positions.any()
    while next(solving).snapshot < 2:
        pass
    assert len(snapshots.positions) == 2


def test_a_training_is_solved_from_its_end_and_told_from_its_beginning() -> None:
    network = chain()
    snapshots = four_moments(network, backwards=True)
    order = list(dict.fromkeys(progress.snapshot for progress in snapshots.solve()))
    assert order == [0, 4, 3, 2, 1]
    forwards = four_moments(network)
    for _ in forwards.solve():
        pass
    assert snapshots.positions.shape == forwards.positions.shape
    for i in range(1, 5):  # the same charges, by another way to nearly the same places
        assert np.median(np.hypot(*(snapshots.positions[i] - forwards.positions[i]).T)) < 0.1


def test_an_ear_that_did_not_change_keeps_its_layout_along_its_training() -> None:
    network, snapshots = along_training([loaded(), loaded()], Wishes(weights="uniform"))
    assert network.nodes == len(loaded().statistics.mean)
    assert len(snapshots.positions) == 1


def test_all_places_lie_in_the_unit_circle_around_the_middle() -> None:
    positions = np.random.default_rng(1).normal(7, 3, (3, 50, 2)).astype(np.float32)
    placed = unit(positions)
    assert np.hypot(placed[..., 0], placed[..., 1]).max() == pytest.approx(1)
    np.testing.assert_allclose(placed[0].mean(axis=0), 0, atol=1e-6)
    assert not unit(np.zeros((1, 4, 2), np.float32)).any()


def test_between_two_moments_lies_their_mean_and_the_loop_closes() -> None:
    positions = np.arange(5, dtype=np.float32)[:, None, None] * np.ones((5, 3, 2), np.float32)
    assert between(positions, 0.0)[0, 0] == 1  # 0 is the one at rest
    assert between(positions, 0.125)[0, 0] == 1.5
    assert between(positions, 0.875)[0, 0] == pytest.approx((4 + 1) / 2)
    np.testing.assert_allclose(between(positions, 0.99999), between(positions, 0.0), atol=1e-3)
    np.testing.assert_array_equal(between(positions, 1.25), between(positions, 0.25))
    assert between(positions[:1], 0.3)[0, 0] == 0


def test_charges_are_a_tenth_of_their_layers_mean_or_more_and_one_in_the_mean() -> None:
    variance = np.array([0, 0, 0, 1, 2, 9, 5, 5, 5, 5], np.float32)
    q = charges.from_variance(variance, SPANS)
    for span in SPANS:
        assert q[span].mean() == pytest.approx(1)
    assert q[0] == q[1] == pytest.approx(0.1 / ((3 * 0.1 + 0.5 + 1 + 4.5) / 6))
    np.testing.assert_allclose(charges.from_variance(7 * variance, SPANS), q, rtol=1e-6)


def test_a_layer_that_never_moves_or_is_broken_has_charges_of_one() -> None:
    q = charges.from_variance(np.array([0] * 6 + [np.nan, np.inf, 0, 0], np.float32), SPANS)
    np.testing.assert_array_equal(q, 1)


def test_a_loud_moment_has_larger_charges_than_a_quiet_one() -> None:
    q = charges.from_variance(np.array([[1.0] * 10, [4.0] * 10], np.float32), SPANS)
    np.testing.assert_allclose(q[1] / q[0], 4, rtol=1e-6)


def test_moments_are_heard_where_they_are() -> None:
    ear = loaded()
    loop = torch.zeros(4 * RATE)
    loop[:RATE] = music(RATE)
    variance = variance_of_moments(ear, loop, 4)
    scalogram = variance[:, :216].mean(axis=1)
    assert variance.shape == (4, len(ear.statistics.mean))
    # silence lies far from the mean on music too; what counts is that each moment is heard as itself
    assert abs(scalogram[0] / scalogram[3] - 1) > 0.2
    np.testing.assert_allclose(scalogram[2], scalogram[3], rtol=0.2)


def test_only_k_and_gravity_leave_the_graph_as_it_is() -> None:
    job = Job(loaded(), music(2 * RATE), Wishes(snapshots=0))
    network = job.network
    assert not job.change(Wishes(snapshots=0, k=2.1, gravity=0.2))
    assert job.network is network and job.wishes.k == 2.1
    for other in (Wishes(snapshots=0, weights="uniform"), Wishes(snapshots=0, charge="uniform"), Wishes(snapshots=2)):
        assert job.change(other)
    assert len(job.moments) == 2
    assert job.change(Wishes(charge="uniform")) and len(job.moments) == 0


def test_a_layout_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    positions = np.random.default_rng(0).random((2, 9, 2)).astype(np.float32)
    kept = keeping.save(tmp_path / "a" / "x.npy", positions, {"model": "m", "k": 2.5})
    back = keeping.load(kept.path, 9)
    np.testing.assert_array_equal(back.positions, positions)
    assert back.sha256 == kept.sha256 and back.made["model"] == "m" and back.made["snapshots"] == 2
    np.testing.assert_array_equal(np.load(kept.path), positions)


def test_what_is_no_layout_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    with pytest.raises(BridgeError, match=r"no layout x\.npy"):
        keeping.load(path, 3)
    path.write_bytes(b"\x93NUMPY nonsense")
    with pytest.raises(BridgeError, match="cannot be read"):
        keeping.load(path, 3)
    for wrong, why in (
        (np.zeros((1, 4, 2), np.float32), "places 4 neurons, and the network has 3"),
        (np.zeros((3, 2), np.float32), r"a layout is floats \(snapshots, neurons, 2\)"),
        (np.zeros((1, 3, 2), np.int32), "int32"),
        (np.full((1, 3, 2), np.nan, np.float32), "not numbers"),
    ):
        np.save(path, wrong)
        with pytest.raises(BridgeError, match=why):
            keeping.load(path, 3)
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)  # would run code if it were unpickled
    with pytest.raises(BridgeError, match="cannot be read"):
        keeping.load(path, 3)


def test_places_count_even_if_the_facts_beside_them_are_lost(tmp_path: Path) -> None:
    kept = keeping.save(tmp_path / "x.npy", np.ones((1, 3, 2), np.float32), {"model": "m"})
    kept.path.with_suffix(".json").write_text("[1")
    assert keeping.load(kept.path, 3).made == {}
    kept.path.with_suffix(".json").write_text(json.dumps([1]))
    assert keeping.load(kept.path, 3).made == {}
