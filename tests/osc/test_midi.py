"""A controller's messages, and where values lie on a fader, by numbers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge.errors import BridgeError
from oscbridge.osc.midi import FINE_MOST, MOST, Heard, Scale, message, parse
from oscbridge.settings import Parameter, live_parameters

many = settings(max_examples=200, deadline=None, derandomize=True, database=None)
BY_PATH = {p.path: p for p in live_parameters()}
ON_FADERS = [p for p in BY_PATH.values() if p.choices or p.field.annotation in (bool, int, float)]
CONTINUOUS = [p for p in ON_FADERS if p.field.annotation is float]


@pytest.mark.parametrize(
    "data, heard",
    [
        ([0xB0, 7, 64], Heard("cc", 1, 7, 64)),
        ([0xBF, 127, 0], Heard("cc", 16, 127, 0)),
        ([0x92, 60, 1], Heard("note", 3, 60, 127)),
        ([0x92, 60, 0], Heard("note", 3, 60, 0)),
        ([0x82, 60, 99], Heard("note", 3, 60, 0)),
        ([0xE0, 1, 2], None),
        ([0xC0, 1], None),
        ([0xB0, 7], None),
        ([0xB0, 7, 128], None),
        ([0xB0, 200, 1], None),
        ([7, 64, 1], None),
        ([0xF0, 1, 2, 0xF7], None),
        ([], None),
    ],
)
def test_control_changes_and_notes_are_understood_and_all_else_is_passed_over(
    data: list[int], heard: Heard | None
) -> None:
    assert parse(data) == heard


@given(st.lists(st.integers(-3, 300), max_size=5))
@many
def test_bad_bytes_harm_nothing(data: list[int]) -> None:
    heard = parse(data)
    assert heard is None or message(heard.kind, heard.channel, heard.number, 0)[1] == data[1]


@given(st.sampled_from(["cc", "note"]), st.integers(1, 16), st.integers(0, 127), st.sampled_from([0, 127]))
@many
def test_what_is_sent_is_what_would_be_heard(kind: str, channel: int, number: int, value: int) -> None:
    assert parse(message(kind, channel, number, value)) == Heard(kind, channel, number, value)


@pytest.mark.parametrize(
    "path, values",
    [
        ("stream.gamma", {0.0: 0.1, 0.5: 1.0, 0.75: 10**0.5, 1.0: 10.0}),  # logarithmic
        ("dream.step_size", {0.0: 0.0, 1.0: 40.0, 0.5: 40 * 1e-3**0.5, 1e-9: 0.04}),  # logarithmic, with a 0 at its end
        ("stream.floor", {0.0: 0.0, 0.5: 0.495, 1.0: 0.99}),
        ("listen.gain_db", {0.0: -60.0, 0.5: 0.0}),
        ("dream.views", {0.0: 1, 0.49: 8, 1.0: 16}),
        ("stream.normalize", {0.0: "neuron", 42 / 127: "neuron", 43 / 127: "layer", 85 / 127: "none", 1.0: "none"}),
        ("player.blackout", {0.0: False, 63 / 127: False, 64 / 127: True, 1.0: True}),
    ],
)
def test_a_place_on_a_fader_is_a_value(path: str, values: dict[float, Any]) -> None:
    scale = Scale(BY_PATH[path])
    for at, value in values.items():
        got = scale.value(at)
        assert got == (pytest.approx(value) if isinstance(value, float) else value) and type(got) is type(value)


def test_a_range_of_ones_own_may_be_upside_down_and_stays_within_the_parameters() -> None:
    scale = Scale(BY_PATH["stream.gamma"], 4.0, 1.0)
    assert [scale.value(at) for at in (0.0, 0.5, 1.0)] == pytest.approx([4.0, 2.0, 1.0])
    assert [scale.at(v) for v in (4.0, 2.0, 1.0, 9.0)] == pytest.approx([0.0, 0.5, 1.0, 0.0])
    assert (Scale(BY_PATH["stream.gamma"], high=500.0).high, Scale(BY_PATH["dream.views"], 2, 4).steps) == (10.0, 3)


@pytest.mark.parametrize(
    "path, low, high, words",
    [
        ("listen.file", None, None, "is a text"),
        ("stream.normalize", 0.0, None, "leave low and high out"),
        ("player.blackout", None, 1.0, "leave low and high out"),
        ("stream.gamma", 2.0, 2.0, "two different"),
        ("stream.gamma", float("inf"), 2.0, "two different"),
        ("stream.gamma", 20.0, 30.0, "lies outside"),
    ],
)
def test_what_has_no_place_on_a_fader_is_refused(path: str, low: float, high: float, words: str) -> None:
    with pytest.raises(BridgeError, match=words) as caught:
        Scale(BY_PATH[path], low, high)
    assert caught.value.code == 422


@pytest.mark.parametrize("parameter", ON_FADERS, ids=lambda p: p.path)
@pytest.mark.parametrize("most", [MOST, FINE_MOST])
def test_a_fader_goes_from_end_to_end_and_never_back(parameter: Parameter, most: int) -> None:
    scale = Scale(parameter)
    values = [scale.value(n / most) for n in range(0, most + 1, 1 + most // 500)] + [scale.value(1.0)]
    if scale.choices:
        assert list(dict.fromkeys(values)) == list(scale.choices)
        return
    assert (values[0], values[-1]) == (parameter.low, parameter.high)
    assert all(a <= b for a, b in itertools.pairwise(values))


@given(st.sampled_from(ON_FADERS), st.floats(0, 1), st.sampled_from([MOST, FINE_MOST]), st.booleans())
@many
def test_a_value_that_is_shown_and_sent_back_is_the_same_within_a_step(
    parameter: Parameter, at: float, most: int, turned: bool
) -> None:
    ends = (parameter.high, parameter.low) if turned and parameter.field.annotation in (int, float) else (None, None)
    scale = Scale(parameter, *ends)
    value = scale.value(at)
    shown = round(scale.at(value) * most)
    again = scale.value(shown / most)
    if scale.choices or 0 < scale.steps <= most // 2:
        assert again == value
    assert abs(scale.at(again) - scale.at(value)) <= 0.5 / most + (0.5 / (scale.steps - 1) if scale.steps else 1e-9)


@given(st.sampled_from(CONTINUOUS), st.integers(0, MOST))
@many
def test_a_fader_that_is_fed_back_stands_still(parameter: Parameter, number: int) -> None:
    scale = Scale(parameter)
    assert round(scale.at(scale.value(number / MOST)) * MOST) == number
