"""Beats and loops on the clock, by hand and under random changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge.daemon.timeline import Timeline, numbered

START = 7_000_000_000
S = 1_000_000_000
WEEK = 7 * 86_400 * S
many = settings(max_examples=300, deadline=None, database=None, derandomize=True)
tempi, lengths = st.floats(20, 999), st.integers(1, 64)


def at(seconds: float) -> int:
    return START + round(seconds * S)


@pytest.fixture
def line() -> Timeline:
    """120 bpm, loops of 8 beats: 4 s."""
    return Timeline(START, 120.0, 8)


def loop_end(line: Timeline, now: int) -> tuple[int, int]:
    """The end of the loop that runs: its beat and its time."""
    end = line.loop_end_after(line.beat_at(now))
    return end, line.time_of(end)


def test_beats_follow_the_tempo(line):
    assert [line.beat_at(at(s)) for s in (0, 0.25, 4, 60)] == [0, 0.5, 8, 120]
    assert [line.time_of(b) for b in (0, 1, 7.5)] == [at(0), at(0.5), at(3.75)]


def test_a_new_tempo_keeps_the_beat_and_goes_on_from_it(line):
    line.set_bpm(60.0, at(1))
    assert line.beat_at(at(1)) == 2
    assert line.beat_at(at(2)) == 3
    assert loop_end(line, at(1)) == (8, at(7))


@pytest.mark.parametrize(
    "now, beats, end",
    [
        (1.0, 16, 16),  # longer: it ends later
        (1.0, 4, 4),  # shorter, and the new end is still to come
        (2.9, 4, 8),  # the new end is over: the one after it
        (3.9, 3, 9),
        (5.0, 3, 11),  # in the second loop, from its own start on
        (0.0, 1, 1),
    ],
)
def test_a_new_length_ends_the_running_loop_by_its_start_but_never_in_the_past(line, now, beats, end):
    line.set_loop_beats(beats, line.beat_at(at(now)))
    assert loop_end(line, at(now)) == (end, at(end / 2))
    assert loop_end(line, at(end / 2)) == (end + beats, at((end + beats) / 2))


def test_the_beat_at_which_a_loop_ends_belongs_to_the_next(line):
    assert loop_end(line, at(4) - 1)[0] == 8
    assert loop_end(line, at(4))[0] == 16


def test_an_alignment_moves_the_time_of_beats_and_leaves_loops_at_their_beats(line):
    line.align(4.0, at(2.1))
    assert loop_end(line, at(2.1)) == (8, at(4.1))
    line.align(6.0, at(3.1), 60.0)
    assert loop_end(line, at(3.1)) == (8, at(5.1))


def test_the_phase_runs_from_0_to_1_in_every_loop(line):
    assert [line.phase(b) for b in (0, 2, 7, 8, 12, 15.999)] == pytest.approx([0, 0.25, 0.875, 0, 0.5, 0.999875])
    line.set_loop_beats(3, 9.0)
    assert line.phase(9.5) == 0.5


def test_a_beat_a_hair_before_a_loop_has_a_phase_below_1(line):
    assert line.phase(-1e-18) < 1


@pytest.mark.parametrize("beat, shown", [(0, (1, 1)), (3, (1, 4)), (4, (2, 1)), (1_000_001, (250_001, 2))])
def test_bars_have_four_beats_and_both_are_counted_from_1(beat, shown):
    assert numbered(beat) == shown


@pytest.mark.parametrize("bpm", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tempo_that_is_none_is_refused_and_changes_nothing(line, bpm):
    with pytest.raises(ValueError, match="expected a finite one above 0"):
        line.set_bpm(bpm, at(1))
    assert (line.bpm, line.beat_at(at(1))) == (120.0, 2)


def test_a_loop_without_beats_is_refused(line):
    with pytest.raises(ValueError, match="expected at least 1"):
        line.set_loop_beats(0, 1.0)


def test_a_week_later_a_beat_is_still_where_it_belongs_to_a_few_nanoseconds(line):
    line.set_bpm(130.0, START)
    beats = 130 * 60 * 24 * 7
    assert line.time_of(beats) == START + WEEK
    assert line.time_of(beats + 1) - line.time_of(beats) == pytest.approx(60 / 130 * S, abs=1)
    assert line.beat_at(START + WEEK) == pytest.approx(beats, abs=1e-8)


@many
@given(st.integers(0, 2 * WEEK), tempi, lengths, st.floats(0, 1e6))
def test_the_beat_at_a_beat_s_own_time_is_that_beat(start, bpm, loop_beats, beat):
    line = Timeline(start, bpm, loop_beats)
    within_ns = bpm / 60e9
    assert line.beat_at(line.time_of(beat)) == pytest.approx(beat, abs=within_ns + 1e-15 * beat)


@many
@given(st.integers(0, WEEK), tempi, st.floats(0, 1e4), st.integers(0, WEEK), tempi)
def test_no_change_of_tempo_moves_the_beat_it_is_made_at(start, bpm, beat, later, other):
    line = Timeline(start, bpm, 8, beat)
    before = line.beat_at(start + later)
    line.set_bpm(other, start + later)
    assert line.beat_at(start + later) == before


changes = st.lists(
    st.one_of(
        st.tuples(st.just("bpm"), tempi),
        st.tuples(st.just("beats"), lengths),
        st.tuples(st.just("align"), st.floats(-0.01, 0.4)),
        st.tuples(st.just("wait"), st.floats(0, 40)),
        st.tuples(st.just("end"), st.none()),
    ),
    min_size=1,
    max_size=60,
)


@many
@given(changes)
def test_loop_ends_strictly_rise_in_beats_and_in_time_whatever_changes(steps):
    now, line, last, ended = START, Timeline(START, 120.0, 8), 0, START
    for what, value in steps:
        if what == "bpm":
            line.set_bpm(value, now)
        elif what == "beats":
            line.set_loop_beats(value, max(last, line.beat_at(now)))
        elif what == "align":
            line.align(max(last, line.beat_at(now) + value), now)
        elif what == "wait":
            now = min(now + round(value * S), loop_end(line, now)[1])
        else:
            end = line.loop_end_after(max(last, line.beat_at(now)))  # as the transport goes on from loop to loop
            assert end > last
            assert line.time_of(end) >= now  # at once where less than a nanosecond is left
            assert line.time_of(end) > ended
            last, now = end, line.time_of(end)
            ended = now
        assert loop_end(line, now)[1] >= now
        assert 0 < loop_end(line, now)[0] - line.beat_at(now) <= line.loop_beats + 1e-9
