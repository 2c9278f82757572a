"""What is shown of an activation, and which neurons a filter means."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from oscbridge.ear.anatomy import Layer, anatomy
from oscbridge.ear.neurons import Floats, Levels, Normalizer, Region, Statistics, parse_filter, spans, to_u8
from oscbridge.errors import BridgeError

from . import ears

LAYERS = anatomy(ears.spec()).layers
NEURONS = LAYERS[-1].span.stop
MODES = ["neuron", "layer", "none"]


def statistics(seed: int = 0) -> Statistics:
    rng = np.random.default_rng(seed)
    mean = rng.uniform(0, 1, NEURONS).astype(np.float32)
    high = mean + rng.uniform(0.5, 3, NEURONS).astype(np.float32)
    return Statistics(mean, high - mean, high, np.zeros(NEURONS, np.float32))


def normalizer(
    mode: str = "neuron", gamma: float = 1.0, floor: float = 0.0, of: Statistics | None = None
) -> Normalizer:
    return Normalizer(LAYERS, of or statistics(), mode, gamma, floor)


def activations(seed: int = 1, scale: float = 3.0) -> Floats:
    return (scale * np.random.default_rng(seed).standard_normal(NEURONS)).astype(np.float32)


# ---- brightness


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("gamma", "floor"), [(1.0, 0.0), (0.1, 0.0), (10.0, 0.5), (2.2, 0.99)])
def test_brightness_lies_between_0_and_1_whatever_comes(mode: str, gamma: float, floor: float) -> None:
    shown = normalizer(mode, gamma, floor)
    for raw in (activations(), activations(scale=1e30), np.zeros(NEURONS, np.float32)):
        values = shown(raw)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_a_number_is_dark_and_infinity_bright(mode: str) -> None:
    raw = activations()
    raw[::3], raw[1::3], raw[2::3] = np.nan, np.inf, -np.inf
    values = normalizer(mode)(raw)
    assert (values[::3] == 0).all()
    assert (values[1::3] == 1).all()
    assert (values[2::3] == 0).all()


def test_a_neuron_goes_from_its_own_mean_to_its_own_percentile() -> None:
    of = statistics()
    shown = normalizer("neuron")
    for part in (0.0, 0.25, 0.5, 1.0):
        np.testing.assert_allclose(shown(of.mean + np.float32(part) * (of.high - of.mean)), part, atol=1e-5)
    assert shown(of.mean - 1).max() == 0
    assert shown(of.high + 1).min() == 1


def test_in_a_layer_all_neurons_share_one_scale() -> None:
    of = statistics()
    shown = normalizer("layer")
    for layer in LAYERS:
        low, high = of.mean[layer.span].mean(), np.percentile(of.high[layer.span], 99)
        for part in (0.0, 0.5, 1.0):
            values = shown(np.full(NEURONS, low + part * (high - low), np.float32))
            np.testing.assert_allclose(values[layer.span], part, atol=1e-5)


def test_without_normalisation_the_raw_value_is_clipped() -> None:
    raw = activations()
    np.testing.assert_array_equal(normalizer("none")(raw), np.clip(raw, 0, 1))


@pytest.mark.parametrize("mode", MODES)
def test_without_statistics_the_raw_value_is_clipped(mode: str) -> None:
    raw = activations()
    np.testing.assert_array_equal(Normalizer(LAYERS, None, mode, 1.0, 0.0)(raw), np.clip(raw, 0, 1))


@pytest.mark.parametrize("gamma", [0.1, 0.5, 2.2, 10.0])
@pytest.mark.parametrize("mode", MODES)
def test_gamma_is_an_exponent(mode: str, gamma: float) -> None:
    raw = activations()
    np.testing.assert_allclose(normalizer(mode, gamma)(raw), normalizer(mode)(raw) ** np.float32(gamma), atol=1e-6)


@pytest.mark.parametrize("floor", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("mode", MODES)
def test_under_the_floor_it_is_dark_and_the_rest_is_stretched(mode: str, floor: float) -> None:
    raw = activations()
    plain = normalizer(mode)(raw)
    np.testing.assert_allclose(
        normalizer(mode, floor=floor)(raw), np.clip((plain - floor) / (1 - floor), 0, 1), atol=1e-5
    )


def test_a_neuron_that_never_moved_on_music_stays_dark() -> None:
    of = statistics()
    of.high[5:50] = of.mean[5:50]
    of.high[60] = of.mean[60] - 1
    shown = normalizer("neuron", of=of)
    for raw in (activations(), np.full(NEURONS, 100, np.float32), np.full(NEURONS, np.inf, np.float32)):
        values = shown(raw)
        assert not values[5:50].any()
        assert values[60] == 0
    assert values[4] == 1


def test_the_result_may_be_written_where_it_is_wanted_or_over_the_input() -> None:
    raw, out = activations(), np.empty(NEURONS, np.float32)
    raw[7] = np.nan
    expected = normalizer()(raw)
    assert normalizer()(raw, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(normalizer()(raw, out=raw), expected)


def test_a_byte_is_the_rounded_brightness() -> None:
    values = np.linspace(0, 1, 2_041, dtype=np.float32)
    bytes_ = to_u8(values)
    assert bytes_.dtype == np.uint8
    assert (bytes_[0], bytes_[-1]) == (0, 255)
    assert np.abs(bytes_ - 255 * values.astype(np.float64)).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("byte", range(0, 256, 15))
def test_a_byte_comes_back_as_itself(byte: int) -> None:
    assert to_u8(np.array([byte / 255], np.float32))[0] == byte


# ---- levels


def test_levels_are_those_of_a_plain_loop() -> None:
    values = normalizer()(activations())
    levels = Levels(LAYERS)
    means, peaks, channels = levels.mean(values), levels.peak(values), levels.channels(values)
    assert len(means) == len(peaks) == len(channels) == len(LAYERS)
    for i, layer in enumerate(LAYERS):
        part = [float(v) for v in values[layer.first_neuron : layer.first_neuron + layer.neurons]]
        assert means[i] == pytest.approx(sum(part) / len(part), abs=1e-5)
        assert peaks[i] == pytest.approx(max(part))
        assert len(channels[i]) == layer.channels
        for c in range(layer.channels):
            own = part[c * layer.positions : (c + 1) * layer.positions]
            assert channels[i][c] == pytest.approx(sum(own) / layer.positions, abs=1e-5)


# ---- filters

WIRE = anatomy(ears.shipped()).layers


def named(regions: list[Region]) -> list[tuple[int, int, int]]:
    return [(region.layer.index, region.first, region.last) for region in regions]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", [(3, 0, 15)]),
        ("3-5", [(3, 0, 15), (4, 0, 15), (5, 0, 31)]),
        ("3:0-15", [(3, 0, 15)]),
        ("3:4", [(3, 4, 4)]),
        ("3,7:2", [(3, 0, 15), (7, 2, 2)]),
        (" 3 , 7:2 ", [(3, 0, 15), (7, 2, 2)]),
        ("7:2,3", [(3, 0, 15), (7, 2, 2)]),
        ("3-4:2-3", [(3, 2, 3), (4, 2, 3)]),
        ("3:0-3,3:4-7", [(3, 0, 7)]),
        ("3:0-5,3:2-9", [(3, 0, 9)]),
        ("3:1,3:1", [(3, 1, 1)]),
        ("3:0,3:2", [(3, 0, 0), (3, 2, 2)]),
        ("0", [(0, 0, 0)]),
        ("26:255", [(26, 255, 255)]),
    ],
)
def test_a_filter_names_regions_in_the_networks_order(text: str, expected: list[tuple[int, int, int]]) -> None:
    assert named(parse_filter(text, WIRE)) == expected


@pytest.mark.parametrize("text", ["", "  ", "0-27"])
def test_an_empty_filter_is_the_whole_network(text: str) -> None:
    regions = parse_filter(text, WIRE)
    assert named(regions) == [(layer.index, 0, layer.channels - 1) for layer in WIRE]
    assert spans(regions) == [(0, 76_959)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "filter 'x' is not understood; write 3, 3-5, 3:0-15 or 3,7:2"),
        ("3,", "filter '' is not understood"),
        ("3;4", "write 3, 3-5, 3:0-15 or 3,7:2"),
        ("-1", "not understood"),
        ("3:", "not understood"),
        ("1.5", "not understood"),
        ("9" * 5_000, "not understood"),
        ("28", "filter '28': layers go from 0 to 27"),
        ("5-3", "layers go from 0 to 27"),
        ("20-30", "layers go from 0 to 27"),
        ("3:16", "filter '3:16': layer 3 has the channels 0 to 15"),
        ("3:0-16", "layer 3 has the channels 0 to 15"),
        ("3:7-2", "layer 3 has the channels 0 to 15"),
        ("3-5:20", "layer 3 has the channels 0 to 15"),
    ],
)
def test_a_wrong_filter_is_told_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(BridgeError) as caught:
        parse_filter(text, WIRE)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", [(0, 216)]),
        ("0-1", [(0, 216 + 8 * 108)]),
        ("0,2", [(0, 216), (216 + 864, 8 * 84)]),
        ("1:0-1,1:2", [(216, 3 * 108)]),
        ("1:0,1:2", [(216, 108), (216 + 2 * 108, 108)]),
        ("1:7,2:0", [(216 + 7 * 108, 108 + 84)]),
    ],
)
def test_neighbouring_regions_make_one_span(text: str, expected: list[tuple[int, int]]) -> None:
    assert spans(parse_filter(text, WIRE)) == expected


@pytest.mark.parametrize("text", ["3-9", "2:1,5:0-3,17", "1:0-3,1:5-7,2", "26,0"])
def test_spans_hold_the_neurons_of_the_regions_and_no_other(text: str) -> None:
    regions = parse_filter(text, WIRE)
    inside = itertools.chain.from_iterable(range(first, first + count) for first, count in spans(regions))
    assert list(inside) == [i for region in regions for i in range(region.span.start, region.span.stop)]


def test_a_region_holds_its_channels_neurons() -> None:
    layer = Layer(3, "x", 100, 4, 10, 1, 0.0, 0.0)
    assert Region(layer, 1, 2).span == slice(110, 130)
