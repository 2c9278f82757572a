"""The transport on a clock that a test turns: what it calls, in which order, how often, and when."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

import pytest

from oscbridge.daemon.timeline import BEATS_PER_BAR
from oscbridge.errors import BridgeError

from .virtual import MS, ROUND, TURN_NS, check_rounds


def test_beats_come_at_their_time_with_bar_tempo_and_phase(rig):
    one = rig(bpm=120.0, beats_per_clip=8).run(5)
    expected = [((n // 4) + 1, n % 4 + 1, 120.0, n % 8 / 8) for n in range(11)]
    assert [args for _, args in one.of("beat")][:10] == expected[:10]
    assert [at for at, _ in one.of("beat")] == pytest.approx([500 * n for n in range(len(one.of("beat")))], abs=0.3)


def test_a_loop_s_moments_come_as_far_ahead_as_they_are_set(rig):
    one = rig(bpm=120.0, beats_per_clip=8, ready_ms=1000.0, lookahead_ms=200.0).run(8.5)
    assert [at for at, _ in one.of("ready_due")] == pytest.approx([3000, 7000], abs=0.3)
    assert [at for at, _ in one.of("activate_due")] == pytest.approx([3800, 7800], abs=0.3)
    assert [at for at, _ in one.of("loop")] == pytest.approx([4000, 8000], abs=0.3)
    assert [args[1] for _, args in one.of("activate_due")] == [8.0, 16.0] == [args[1] for _, args in one.of("loop")]
    ends = [args[0] for what in ROUND for _, args in one.of(what)]
    assert ends == ends[:2] * 3
    check_rounds(one)


def test_nothing_comes_before_its_time_on_a_loop_that_rounds_to_milliseconds(rig):
    one = rig(bpm=133.7, beats_per_clip=3).run(60)
    for at, (bar, beat, _, _) in one.of("beat"):
        assert 0 <= at - (4 * (bar - 1) + beat - 1) * 60_000 / 133.7 < 0.3
    for at, (start, _) in one.of("loop"):
        assert at >= (start - one.began) / MS


def test_the_transport_does_not_turn_the_loop_more_than_a_moment_before_it_acts(rig):
    one = rig(bpm=60.0, beats_per_clip=30)
    turns = 0
    select = one.loop.virtual.select

    def counted(timeout: float | None = None) -> Any:
        nonlocal turns
        turns += 1
        return select(timeout)

    one.loop.virtual.select = counted  # type: ignore[method-assign]
    one.run(30)
    assert turns < 30 * (1.5 * MS / TURN_NS)


def test_ready_waits_for_the_loop_s_start_if_it_is_longer_than_the_loop(rig):
    one = rig(bpm=120.0, beats_per_clip=2, ready_ms=10_000.0, lookahead_ms=200.0).run(3.2)
    assert [at for at, _ in one.of("ready_due")] == pytest.approx([0, 1000, 2000, 3000], abs=0.3)
    check_rounds(one)


def test_ready_is_never_after_activate_even_if_it_is_set_so(rig):
    one = rig(bpm=120.0, beats_per_clip=8, ready_ms=100.0, lookahead_ms=500.0).run(4)
    assert [at for at, _ in one.of("ready_due")] == pytest.approx([3500], abs=0.3)
    assert one.names("beat")[:3] == ROUND


def test_a_change_that_puts_a_moment_into_the_past_makes_it_happen_at_once(rig):
    one = rig(bpm=120.0, beats_per_clip=16, ready_ms=500.0, lookahead_ms=100.0).run(3.2)
    assert one.names("beat") == []
    one.set(ready_ms=6000.0)
    one.run(0)
    assert one.names("beat") == ["ready_due"]
    one.set(lookahead_ms=5000.0)
    one.run(0)
    assert one.names("beat") == ["ready_due", "activate_due"]
    assert one.ms < 3210
    check_rounds(one.run(20))


def test_a_new_length_ends_the_running_loop_there_and_not_in_the_past(rig):
    one = rig(bpm=120.0, beats_per_clip=8).run(2.7)  # beat 5.4
    one.set(beats_per_clip=4)
    one.run(0.02)
    assert one.transport.loop_end_ns == one.began + 4000 * MS
    one.run(4)
    assert [args[1] for _, args in one.of("loop")] == [8.0, 12.0]


@pytest.mark.parametrize("mode, beats, ends", [("internal", 16, [8, 24]), ("internal", 1, [8, 9]), ("link", 1, [8, 9])])
def test_a_loop_end_that_clients_were_told_holds_and_the_new_length_follows_it(rig, mode, beats, ends):
    one = rig(mode=mode, bpm=120.0, beats_per_clip=8, lookahead_ms=1000.0).run(3.2)  # beat 6.4
    one.set(beats_per_clip=beats)
    one.run(9)
    assert [args[1] for _, args in one.of("loop")][:2] == ends
    check_rounds(one)


def test_a_loop_that_the_player_s_clock_puts_back_a_little_does_not_end_again(rig):
    one = rig(bpm=120.0, beats_per_clip=4).run(2.01)
    assert one.transport.align(one.loop.clock() + 30 * MS)
    one.set(beats_per_clip=2)
    one.run(2.2)
    assert [args[1] for _, args in one.of("loop")] == [4.0, 6.0, 8.0]
    check_rounds(one)


def test_a_new_tempo_keeps_the_beat(rig):
    one = rig(bpm=120.0).run(2.25)  # beat 4.5
    one.set(bpm=60.0)
    one.run(3)
    assert [at for at, _ in one.of("beat")][5:] == pytest.approx([2750, 3750, 4750], abs=3)


@pytest.mark.parametrize("seed", range(12))
def test_every_moment_comes_once_and_in_order_whatever_changes_at_random(rig, seed):
    chance, one = random.Random(seed), rig()
    for _ in range(150):
        one.set(
            **chance.choice(
                [
                    {"bpm": chance.uniform(20, 400)},
                    {"beats_per_clip": chance.randint(1, 64)},
                    {"lookahead_ms": chance.uniform(5, 5000)},
                    {"ready_ms": chance.uniform(50, 10_000)},
                    {"beats_per_clip": chance.choice([1, 2, 3, 8]), "bpm": chance.uniform(20, 400)},
                ]
            )
        )
        if chance.random() < 0.3:
            one.transport.align(one.loop.clock() - chance.randint(0, 30) * MS)
        one.run(chance.choice([0.0, 0.003, 0.4, 3.0]))
    check_rounds(one)
    numbers = [4 * bar + beat for _, (bar, beat, _, _) in one.of("beat")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(one.of("loop")) > 5


def test_a_change_made_by_the_owner_while_it_is_told_something_is_taken_over(rig):
    one = rig(bpm=120.0, beats_per_clip=4)
    one.on_call = lambda what: one.set(beats_per_clip=one.section.beats_per_clip % 4 + 1) if what == "loop" else None
    one.run(20)
    check_rounds(one)
    assert [args[1] for _, args in one.of("loop")][:5] == [4.0, 5.0, 7.0, 10.0, 14.0]


def test_an_owner_that_fails_is_logged_and_the_beat_goes_on(rig, caplog):
    one = rig(bpm=120.0, beats_per_clip=2)
    one.on_call = lambda what: 1 / 0  # type: ignore[assignment, return-value]
    one.run(4.1)
    assert Counter(one.names())["beat"] == 9
    assert "on_loop failed; the beat goes on" in caplog.text
    check_rounds(one)


def test_after_a_long_sleep_missed_beats_and_loops_are_skipped(rig):
    one = rig(bpm=120.0, beats_per_clip=8).run(2.2)  # beat 4.4
    one.loop.virtual.now += 3_600_000 * MS
    told = len(one.calls)
    one.run(0.6)
    assert [what for what, _, _ in one.calls[told:]] == [*ROUND, "beat"]
    assert one.of("beat")[-1][1][:2] == (7205 // BEATS_PER_BAR + 1, 7205 % BEATS_PER_BAR + 1)
    one.run(9)
    check_rounds(one)
    assert [args[1] for _, args in one.of("loop")] == [7200.0, 7208.0, 7216.0]


def test_a_short_stall_loses_no_beat(rig):
    one = rig(bpm=120.0, beats_per_clip=8).run(0.9)
    one.loop.virtual.now += 2_000 * MS
    one.run(0.2)
    assert len(one.of("beat")) == 7


def test_the_player_s_clock_moves_the_loop_and_no_beat_comes_twice(rig):
    one = rig(bpm=120.0, beats_per_clip=4)
    for _ in range(10):
        one.run(2.003)  # each loop of the player takes 3 ms longer than ours
        assert one.transport.align(one.loop.clock())
    check_rounds(one)
    assert len(one.of("loop")) == 10
    assert not one.transport.align(one.loop.clock() + 900 * MS), "no loop begins there"


def test_nothing_comes_after_it_is_closed(rig):
    one = rig().run(1)
    told = len(one.calls)
    one.transport.close()
    one.run(10)
    assert len(one.calls) == told


def test_in_client_mode_beats_go_on_but_no_loop_ends_by_itself(rig):
    one = rig(mode="client", bpm=120.0, beats_per_clip=8).run(20)
    assert set(one.names()) == {"beat"}
    assert len(one.of("beat")) in (40, 41)  # the last falls on the end
    assert one.transport.loop_end_ns is None


def test_a_client_s_end_makes_everything_happen_at_once(rig):
    one = rig(mode="client", bpm=120.0, beats_per_clip=8).run(4.15)  # beat 8.3
    at = one.loop.clock()
    assert one.transport.ended()
    assert one.names("beat") == ROUND
    assert [args[0] for what in ROUND for _, args in one.of(what)] == [at] * 3
    assert [args[1] for _, args in one.of("loop")] == [8.0]
    one.run(0.6)
    assert one.of("beat")[-1][0] == pytest.approx((at - one.began) / MS + 500, abs=0.3), "counted from there on"
    assert one.of("beat")[-1][1] == (3, 2, 120.0, 1 / 8)


def test_a_client_s_end_shortly_before_the_beat_is_that_beat_and_it_comes_once(rig):
    one = rig(mode="client", bpm=120.0, beats_per_clip=8).run(3.9)  # beat 7.8
    assert one.transport.ended()
    assert one.names()[-4:] == ["beat", *ROUND]
    assert one.of("beat")[-1][1] == (3, 1, 120.0, 0.0)
    one.run(0.45)
    assert one.names()[-1] == "loop"
    check_rounds(one)


def test_clients_that_play_together_end_a_loop_once(rig):
    one = rig(mode="client").run(4)
    assert [one.transport.ended() for _ in range(50)] == [True] + [False] * 49
    one.run(0.06)
    assert one.transport.ended()
    assert one.names("beat") == ROUND * 2


def test_a_loop_can_only_be_ended_by_a_client_if_clients_have_the_clock(rig):
    one = rig(mode="internal").run(1)
    with pytest.raises(BridgeError, match=r"transport\.mode is internal, .*/ear/transport/mode client") as refused:
        one.transport.ended()
    assert refused.value.code == 409
    assert one.names("beat") == []


def test_modes_change_while_it_runs_and_every_loop_still_has_its_moments_once(rig):
    chance, one = random.Random(3), rig(bpm=120.0, beats_per_clip=4)
    for _ in range(60):
        one.set(mode=chance.choice(["internal", "client", "link"]), beats_per_clip=chance.choice([3, 4, 8]))
        for _ in range(chance.randint(1, 4)):
            one.run(chance.choice([0.02, 0.7, 2.1]))
            if one.transport.mode == "client":
                one.transport.ended()
    told = one.names("beat")
    assert told == (ROUND * len(told))[: len(told)]
    beats = [4 * bar + beat for _, (bar, beat, _, _) in one.of("beat")]
    assert all(a < b for a, b in itertools.pairwise(beats))
    assert len(one.of("loop")) > 40


def test_a_player_is_not_followed_where_another_has_the_clock(rig):
    one = rig(mode="client").run(4)
    assert not one.transport.align(one.loop.clock())
