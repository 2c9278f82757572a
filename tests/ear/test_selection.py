"""Which neurons a selection holds, what they weigh, and what it says when it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.selection import MOST_REGIONS, Selection
from oscbridge.errors import BridgeError

from . import ears

LAYERS = anatomy(ears.spec()).layers
NEURONS = LAYERS[-1].span.stop
SHIPPED = anatomy(ears.shipped()).layers
BANDS = [(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.2, 0.7), (0.0, 0.01), (0.99, 1.0), (0.33, 0.34)]


@pytest.fixture
def selection() -> Selection:
    return Selection(LAYERS)


@pytest.fixture
def places() -> NDArray[np.float32]:
    return np.random.default_rng(3).uniform(-100, 100, (NEURONS, 2)).astype(np.float32)


def touched(layer: int, first: int, last: int, low: float, high: float) -> list[int]:
    """The neurons by the definition: a position is an equal part of the axis, and taken if the band meets its inside,
    or, the band being a point, holds it."""
    x = LAYERS[layer]
    meets = [
        p
        for p in range(x.positions)
        if (low < (p + 1) / x.positions and high > p / x.positions)
        or (low == high and p == min(int(low * x.positions), x.positions - 1))
    ]
    return [x.first_neuron + c * x.positions + p for c in range(first, last + 1) for p in meets]


# ---- regions of layers


@pytest.mark.parametrize(("low", "high"), BANDS)
@pytest.mark.parametrize("layer", range(len(LAYERS)))
def test_a_region_holds_the_neurons_of_its_channels_that_its_band_touches(
    selection: Selection, layer: int, low: float, high: float
) -> None:
    last = LAYERS[layer].channels - 1
    wanted = touched(layer, last // 2, last, low, high)
    assert selection.add(layer, last // 2, last, low, high, 1.0) == len(wanted)
    assert selection.neurons.tolist() == wanted


@pytest.mark.parametrize("layer", SHIPPED, ids=lambda x: x.name)
def test_a_band_between_borders_as_32_bit_floats_takes_no_neighbour(layer: Any) -> None:
    selection, size = Selection(SHIPPED), layer.positions
    for start in range(size):
        low, high = float(np.float32(start / size)), float(np.float32((start + 1) / size))
        assert selection.add(layer.index, 0, 0, low, high, 1.0, "band") == 1
        assert selection.neurons.tolist() == [layer.first_neuron + start]


def test_the_last_channel_may_be_all_from_the_first_on_and_is_told_as_a_number(selection: Selection) -> None:
    layer = LAYERS[1]
    assert selection.add(1, 2, -1, 0.0, 1.0, 1.0) == (layer.channels - 2) * layer.positions
    assert selection.regions[0][:3] == (1, 2, layer.channels - 1)


def test_a_region_is_told_with_what_it_was_made_of_and_how_many_neurons_it_holds(selection: Selection) -> None:
    count = selection.add(1, 0, 1, 0.25, 0.5, -0.5, "bass")
    assert selection.regions == [(1, 0, 1, 0.25, 0.5, -0.5, "bass", count)]


def test_weights_of_overlapping_regions_add_up_and_every_neuron_is_counted_once(selection: Selection) -> None:
    layer = LAYERS[2]
    selection.add(2, 0, 1, 0.0, 1.0, 0.5)
    selection.add(2, 1, 2, 0.0, 1.0, 0.25)
    assert selection.neurons.tolist() == list(range(layer.first_neuron, layer.first_neuron + 3 * layer.positions))
    assert selection.weights.reshape(3, -1).tolist() == [[w] * layer.positions for w in (0.5, 0.75, 0.25)]


def test_a_neuron_whose_weights_cancel_is_not_selected(selection: Selection) -> None:
    for weight in (np.float32(0.3), np.float32(0.6), np.float32(-0.9)):
        selection.add(0, 0, 0, 0.0, 1.0, float(weight))
    selection.add(1, 0, 0, 0.0, 1.0, 0.0)
    assert len(selection.regions) == 4
    assert len(selection.neurons) == 0


def test_the_same_name_again_replaces_the_region_where_it_stands(selection: Selection) -> None:
    selection.add(0, 0, 0, 0.0, 1.0, 1.0, "a")
    selection.add(1, 0, 0, 0.0, 1.0, 1.0, "b")
    selection.add(2, 0, 0, 0.0, 1.0, 0.5, "a")
    assert [(told[0], told[6]) for told in selection.regions] == [(2, "a"), (1, "b")]
    assert LAYERS[0].first_neuron not in selection.neurons
    assert LAYERS[2].first_neuron in selection.neurons


def test_regions_without_a_name_pile_up(selection: Selection) -> None:
    for layer in (0, 0, 1):
        selection.add(layer, 0, 0, 0.0, 1.0, 0.5)
    assert [told[0] for told in selection.regions] == [0, 0, 1]
    assert selection.weights[0] == 1.0


def test_after_clear_nothing_is_selected(selection: Selection) -> None:
    selection.add(0, 0, 0, 0.0, 1.0, 1.0)
    assert len(selection.neurons)
    selection.clear()
    assert selection.regions == []
    assert len(selection.neurons) == len(selection.weights) == 0
    assert selection.levels(np.ones(NEURONS, np.float32)) == (0.0, 0.0)


# ---- circles


@pytest.mark.parametrize("radius", [3.0, 40.0, 1e30])
def test_a_circle_holds_the_neurons_whose_places_lie_in_it(
    selection: Selection, places: NDArray[np.float32], radius: float
) -> None:
    x, y = float(places[7, 0]) + 1.0, float(places[7, 1]) - 1.0
    inside = [n for n, (a, b) in enumerate(places.tolist()) if ((a - x) ** 2 + (b - y) ** 2) ** 0.5 <= radius]
    assert selection.add_circle(places, x, y, radius, 0.5) == len(inside) > 0
    assert selection.neurons.tolist() == inside
    assert set(selection.weights) == {0.5}


def test_a_circle_keeps_its_neurons_when_the_layout_changes(selection: Selection, places: NDArray[np.float32]) -> None:
    selection.add_circle(places, 0.0, 0.0, 30.0, 1.0, "here")
    before = selection.neurons.tolist()
    places += 500
    selection.add(0, 0, 0, 0.0, 0.0, 0.0)
    assert selection.neurons.tolist() == before


def test_a_circle_is_told_like_a_region_of_no_layer_with_its_middle_as_band(
    selection: Selection, places: NDArray[np.float32]
) -> None:
    count = selection.add_circle(places, 1.5, -2.5, 60.0, 0.5, "drawn")
    selection.add(1, 0, 0, 0.0, 1.0, 1.0)
    drawn, block = selection.regions
    assert drawn == (-1, -1, -1, 1.5, -2.5, 0.5, "drawn", count)
    assert [type(v) for v in drawn] == [type(v) for v in block]


def test_a_circle_and_a_region_may_replace_each_other(selection: Selection, places: NDArray[np.float32]) -> None:
    selection.add(0, 0, 0, 0.0, 1.0, 1.0, "x")
    selection.add_circle(places, 0.0, 0.0, 60.0, 1.0, "x")
    assert [told[0] for told in selection.regions] == [-1]
    selection.add(0, 0, 0, 0.0, 1.0, 1.0, "x")
    assert [told[0] for told in selection.regions] == [0]


def test_a_circle_that_holds_none_tells_the_nearest_and_how_far_it_is(
    selection: Selection, places: NDArray[np.float32]
) -> None:
    distances = np.hypot(places[:, 0] - 300, places[:, 1])
    nearest = int(distances.argmin())
    with pytest.raises(BridgeError, match=rf"nearest is neuron {nearest} at .*, {distances[nearest]:g} away") as error:
        selection.add_circle(places, 300.0, 0.0, 1.0, 1.0)
    assert error.value.code == 404
    assert selection.add_circle(places, 300.0, 0.0, float(distances[nearest]) + 1e-3, 1.0) == 1
    assert selection.neurons.tolist() == [nearest]


def test_without_a_layout_there_is_no_circle(selection: Selection) -> None:
    with pytest.raises(BridgeError, match="no layout yet") as error:
        selection.add_circle(None, 0.0, 0.0, 1.0, 1.0)
    assert error.value.code == 409


def test_places_of_another_network_are_our_own_fault(selection: Selection, places: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="places"):
        selection.add_circle(places[:-1], 0.0, 0.0, 100.0, 1.0)


# ---- what is refused

LAST = LAYERS[1].channels - 1
REFUSED: list[tuple[tuple[Any, ...], str]] = [
    ((len(LAYERS), 0, 0, 0.0, 1.0, 1.0), f"layers go from 0 to {len(LAYERS) - 1}"),
    ((-1, 0, 0, 0.0, 1.0, 1.0), f"layers go from 0 to {len(LAYERS) - 1}"),
    ((1, 0, LAST + 1, 0.0, 1.0, 1.0), f"layer 1 has 0 to {LAST}"),
    ((1, LAST + 1, -1, 0.0, 1.0, 1.0), f"layer 1 has 0 to {LAST}"),
    ((1, -1, 0, 0.0, 1.0, 1.0), f"layer 1 has 0 to {LAST}"),
    ((1, 1, 0, 0.0, 1.0, 1.0), "the first not above the last"),
    ((1, 0, -2, 0.0, 1.0, 1.0), f"layer 1 has 0 to {LAST}"),
    ((1, 0, 0, -0.1, 1.0, 1.0), "low is -0.1 and high 1; expected 0 to 1"),
    ((1, 0, 0, 0.0, 1.1, 1.0), "high 1.1; expected 0 to 1"),
    ((1, 0, 0, 0.6, 0.5, 1.0), "low not above high"),
    ((1, 0, 0, float("nan"), 0.5, 1.0), "expected 0 to 1"),
    ((1, 0, 0, 0.0, 1.0, 1.1), "the weight is 1.1; expected -1 to 1"),
    ((1, 0, 0, 0.0, 1.0, -1.1), "the weight is -1.1; expected -1 to 1"),
    ((1, 0, 0, 0.0, 1.0, float("nan")), "expected -1 to 1"),
    ((1, 0, 0, 0.0, 1.0, 1.0, "x" * 65), "the name has 65 letters; at most 64"),
]


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_what_is_out_of_domain_is_refused_with_what_is_allowed_and_changes_nothing(
    selection: Selection, arguments: tuple[Any, ...], words: str
) -> None:
    selection.add(0, 0, 0, 0.0, 1.0, 1.0, "x" * 64)
    regions, neurons = selection.regions, selection.neurons.tolist()
    with pytest.raises(BridgeError, match=words) as error:
        selection.add(*arguments)
    assert error.value.code == 422
    assert (selection.regions, selection.neurons.tolist()) == (regions, neurons)


@pytest.mark.parametrize(
    ("radius", "weight", "name", "words"),
    [
        (0.0, 1.0, "", "the radius is 0; expected more than 0"),
        (-1.0, 1.0, "", "more than 0"),
        (float("nan"), 1.0, "", "more than 0"),
        (99.0, 2.0, "", "expected -1 to 1"),
        (99.0, 1.0, "x" * 65, "at most 64"),
    ],
)
def test_a_circle_out_of_domain_is_refused_and_changes_nothing(
    selection: Selection, places: NDArray[np.float32], radius: float, weight: float, name: str, words: str
) -> None:
    with pytest.raises(BridgeError, match=words) as error:
        selection.add_circle(places, 0.0, 0.0, radius, weight, name)
    assert error.value.code == 422
    assert selection.regions == []


def test_there_are_so_many_regions_and_no_more_but_a_name_may_be_given_again(
    selection: Selection, places: NDArray[np.float32]
) -> None:
    for number in range(MOST_REGIONS):
        selection.add(0, 0, 0, 0.0, 1.0, 1.0, f"region {number}")
    for name in ("", "another"):
        with pytest.raises(BridgeError, match="/ear/select/clear") as error:
            selection.add(1, 0, 0, 0.0, 1.0, 1.0, name)
        assert error.value.code == 429
    with pytest.raises(BridgeError, match="/ear/select/clear"):
        selection.add_circle(places, 0.0, 0.0, 99.0, 1.0)
    selection.add(1, 0, 0, 0.0, 1.0, 1.0, "region 9")
    assert len(selection.regions) == MOST_REGIONS
    assert selection.regions[9][0] == 1


# ---- mean and peak


def test_the_mean_weighs_without_the_sign_and_the_peak_not_at_all(selection: Selection) -> None:
    values = np.random.default_rng(5).uniform(0, 1, NEURONS).astype(np.float32)
    selection.add(1, 0, 1, 0.0, 1.0, 1.0)
    selection.add(3, 0, 0, 0.0, 0.5, -0.25)
    mean, peak = selection.levels(values)
    chosen = values[selection.neurons]
    assert mean == pytest.approx(np.average(chosen, weights=np.abs(selection.weights)), abs=1e-6)
    assert mean != pytest.approx(chosen.mean(), abs=1e-3)
    assert peak == chosen.max()


def test_a_faint_weight_alone_counts_as_a_whole_one(selection: Selection) -> None:
    values = np.random.default_rng(6).uniform(0, 1, NEURONS).astype(np.float32)
    selection.add(2, 0, -1, 0.0, 1.0, 0.01)
    faint = selection.levels(values)
    selection.clear()
    selection.add(2, 0, -1, 0.0, 1.0, -1.0)
    assert selection.levels(values) == pytest.approx(faint, abs=1e-6)


def test_only_the_selected_neurons_count(selection: Selection) -> None:
    selection.add(2, 0, 0, 0.0, 1.0, 1.0)
    values = np.ones(NEURONS, np.float32)
    values[selection.neurons] = 0.25
    assert selection.levels(values) == (pytest.approx(0.25), 0.25)


def test_the_mean_of_whatever_is_bright_is_1_and_not_more() -> None:
    selection, values = Selection(SHIPPED), np.ones(SHIPPED[-1].span.stop, np.float32)
    for layer in range(len(SHIPPED)):
        selection.add(layer, 0, -1, 0.0, 1.0, 0.1 + 0.03 * layer)
        mean, peak = selection.levels(values)
        assert 1 - 1e-5 < mean <= 1
        assert peak == 1


def test_a_region_that_is_removed_leaves_the_others_as_they_were(selection: Selection) -> None:
    selection.add(1, 0, 0, 0.0, 1.0, 1.0, "a")
    selection.add(2, 0, 0, 0.0, 1.0, 0.5, "b")
    before = selection.regions[1]
    selection.remove("a")
    assert selection.regions == [before]
    assert set(selection.neurons) <= set(range(*LAYERS[2].span.indices(NEURONS)))
    with pytest.raises(BridgeError, match="those with a name are: b") as caught:
        selection.remove("a")
    assert caught.value.code == 404


def test_the_mean_of_one_region_is_its_own_whatever_it_weighs(selection: Selection) -> None:
    selection.add(1, 0, 0, 0.0, 1.0, -0.5, "a")
    selection.add(1, 0, 1, 0.0, 1.0, 1.0, "b")
    values = np.zeros(NEURONS, np.float32)
    values[LAYERS[1].first_neuron : LAYERS[1].first_neuron + LAYERS[1].positions] = 0.5  # its first channel
    assert selection.mean_of("a", values) == pytest.approx(0.5)
    assert selection.mean_of("b", values) == pytest.approx(0.25)
    assert selection.mean_of("c", values) == 0.0
    selection.remove("a")
    assert selection.mean_of("a", values) == 0.0
