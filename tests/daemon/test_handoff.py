"""Who has which clip: every rule of the hand-off, and random clients against it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge.daemon.handoff import MOST_LATER, WHY_LETTERS, HandOff
from oscbridge.errors import BridgeError

A, B = "a", "b"


@pytest.fixture
def hand() -> HandOff[str]:
    """Clips 1, 2 and 3 have been announced to both clients."""
    hand: HandOff[str] = HandOff()
    for clip in (1, 2, 3):
        hand.announce(clip, [A, B])
    return hand


def test_each_client_is_told_the_newest_clip_that_it_has_loaded(hand):
    for key, clip in ((A, 1), (A, 3), (A, 2), (B, 2)):
        hand.loaded(key, clip)
    assert hand.activations([A, B]) == {A: 3, B: 2}
    assert hand.loads(A) == [1, 2, 3]


def test_a_clip_is_activated_once(hand):
    hand.loaded(A, 3)
    assert hand.activations([A]) == {A: 3}
    hand.loaded(A, 3)
    hand.announce(3, [A])
    assert hand.activations([A]) == {}


def test_a_client_that_never_answers_keeps_its_clip_and_others_go_on(hand):
    hand.loaded(A, 1)
    assert hand.activations([A, B]) == {A: 1}
    hand.loaded(A, 3)
    assert hand.activations([A, B]) == {A: 3}


def test_an_older_clip_that_is_loaded_late_is_not_gone_back_to(hand):
    hand.loaded(A, 3)
    hand.activations([A])
    hand.loaded(A, 2)
    assert hand.activations([A]) == {}


def test_the_newest_is_by_announcement_not_by_number():
    hand: HandOff[str] = HandOff()
    for clip in (9, 4, 7, 9):
        hand.announce(clip, [A])
    for clip in (9, 4, 7):
        hand.loaded(A, clip)
    assert hand.activations([A]) == {A: 7}


def test_only_those_who_are_named_are_told(hand):
    for key in (A, B):
        hand.loaded(key, 3)
    assert hand.activations([A]) == {A: 3}
    assert hand.activations([B, "nobody"]) == {B: 3}


def test_a_chosen_clip_is_for_those_who_loaded_it_and_stays_until_it_is_let_go(hand):
    for key, clip in ((A, 1), (A, 3), (B, 3)):
        hand.loaded(key, clip)
    assert hand.activations([A, B]) == {A: 3, B: 3}
    assert hand.activations([A, B], chosen=1) == {A: 1}
    assert hand.activations([A, B], chosen=1) == {}
    hand.announce(4, [A, B])
    hand.loaded(A, 4)
    hand.loaded(B, 4)
    assert hand.activations([A, B], chosen=1) == {}
    assert hand.activations([A, B]) == {A: 4, B: 4}


def test_letting_go_of_a_chosen_clip_brings_the_newest_back(hand):
    hand.loaded(A, 1)
    hand.loaded(A, 3)
    hand.activations([A], chosen=1)
    assert hand.activations([A]) == {A: 3}


def test_a_clip_that_failed_is_not_activated_until_it_is_loaded_after_all(hand):
    hand.loaded(A, 1)
    hand.loaded(A, 3)
    hand.failed(A, 3, "no memory")
    assert hand.activations([A]) == {A: 1}
    hand.loaded(A, 3)
    assert hand.activations([A]) == {A: 3}


def test_an_active_clip_that_fails_gives_way_to_the_newest_that_is_left(hand):
    hand.loaded(A, 2)
    hand.loaded(A, 3)
    hand.activations([A])
    hand.failed(A, 3, "it is torn")
    assert hand.activations([A]) == {A: 2}


def test_what_a_client_started_by_itself_counts_as_active_if_nothing_else_does(hand):
    hand.started(A, 2)
    assert hand.holder(A).active == hand.holder(A).playing == 2
    hand.loaded(A, 1)
    assert hand.activations([A]) == {}


def test_a_late_report_of_the_clip_before_does_not_undo_an_activation(hand):
    hand.loaded(A, 1)
    hand.activations([A])
    hand.loaded(A, 3)
    hand.activations([A])
    hand.started(A, 1)
    assert hand.activations([A]) == {}
    assert hand.holder(A).playing == 1


@pytest.mark.parametrize("say", ["loaded", "failed", "started"])
def test_a_clip_that_is_not_there_is_refused_by_its_number(hand, say):
    why = ("because",) if say == "failed" else ()
    with pytest.raises(BridgeError, match="no clip 99, or not any more; /ear/clip/list tells") as refused:
        getattr(hand, say)(A, 99, *why)
    assert refused.value.code == 404
    hand.drop(2)
    with pytest.raises(BridgeError, match="no clip 2"):
        getattr(hand, say)(A, 2, *why)


@pytest.mark.parametrize("say", ["loaded", "failed", "started"])
def test_one_whom_nothing_was_announced_to_is_refused_and_leaves_no_trace(hand, say):
    why = ("because",) if say == "failed" else ()
    with pytest.raises(BridgeError, match="subscribe to the stream clips first") as refused:
        getattr(hand, say)("stranger", 1, *why)
    assert refused.value.code == 404
    assert len(hand) == 2


def test_a_client_that_joins_late_is_announced_the_running_and_the_newest_clip(hand):
    assert hand.join("late", running=1) == [1, 3]
    hand.loaded("late", 1)
    assert hand.activations(["late"]) == {"late": 1}
    assert hand.join("later", running=3) == [3]
    assert hand.join("last") == [3]
    hand.drop(1)
    assert hand.join("late", running=1) == [3]
    assert HandOff().join("first", running=1) == []


def test_a_client_that_joins_anew_has_nothing_of_what_it_had(hand):
    hand.loaded(A, 3)
    hand.activations([A])
    assert hand.join(A, running=3) == [3]
    assert hand.activations([A]) == {}
    hand.loaded(A, 3)
    assert hand.activations([A]) == {A: 3}


def test_a_client_that_left_is_forgotten_and_needs_nothing(hand):
    hand.loaded(A, 3)
    hand.forget(A)
    hand.forget(A)
    assert hand.holder(A) is None
    assert hand.activations([A]) == {}
    assert hand.needed([A]) == set()


def test_needed_are_the_active_clip_and_those_announced_after_it_that_did_not_fail(hand):
    assert hand.needed([A]) == {1, 2, 3}
    hand.loaded(A, 2)
    hand.activations([A])
    assert hand.needed([A]) == {2, 3}
    hand.failed(A, 3, "")
    assert hand.needed([A]) == {2}
    assert hand.needed([A, B]) == {1, 2, 3}


def test_a_clip_that_still_plays_is_needed_until_the_next_one_has_started(hand):
    hand.loaded(A, 1)
    hand.activations([A])
    hand.started(A, 1)
    hand.loaded(A, 3)
    hand.activations([A])
    assert hand.needed([A]) == {1, 3}
    hand.started(A, 3)
    assert hand.needed([A]) == {3}


def test_a_client_that_only_watches_does_not_keep_every_clip():
    hand: HandOff[str] = HandOff()
    for clip in range(100):
        hand.announce(clip, [A])
    assert hand.needed([A]) == set(range(100 - MOST_LATER, 100))
    hand.loaded(A, 50)
    assert hand.needed([A]) == {50, *range(100 - MOST_LATER, 100)}


def test_a_clip_that_was_dropped_is_never_activated_or_needed(hand):
    hand.loaded(A, 3)
    hand.started(A, 3)
    hand.drop(3)
    hand.drop(3)
    hand.loaded(A, 1)
    assert hand.needed([A, B]) == {1, 2}
    assert hand.activations([A, B]) == {}
    assert hand.activations([A, B], chosen=3) == {}


def test_why_it_failed_is_kept_in_few_letters(hand):
    hand.failed(A, 3, "x" * 10_000)
    assert hand.holder(A).trouble == "x" * WHY_LETTERS


clips, keys = st.integers(0, 12), st.sampled_from(["a", "b", "c", "d"])
events = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["loaded", "started", "failed"]), keys, clips),
        st.tuples(st.sampled_from(["announce", "drop"]), st.just(""), clips),
        st.tuples(st.sampled_from(["join", "forget"]), keys, st.just(0)),
        st.tuples(st.just("activate"), st.just(""), st.one_of(st.none(), clips)),
    ),
    max_size=80,
)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(events)
def test_whatever_is_said_a_client_is_told_only_what_it_loaded_and_memory_is_bounded(steps):
    hand: HandOff[str] = HandOff()
    there: set[int] = set()
    members: set[str] = set()
    loaded: dict[str, set[int]] = {}
    for what, key, clip in steps:
        if what == "announce":
            there.add(clip)
            hand.announce(clip, members)
        elif what == "drop":
            there.discard(clip)
            hand.drop(clip)
            for known in loaded.values():
                known.discard(clip)
        elif what == "join":
            members.add(key)
            loaded[key] = set()
            assert set(hand.join(key, running=0)) <= there
        elif what == "forget":
            members.discard(key)
            loaded.pop(key, None)
            hand.forget(key)
        elif what == "activate":
            for told, wanted in hand.activations(["a", "b", "c", "d"], clip).items():
                assert wanted in loaded[told]
                assert clip is None or wanted == clip
                assert wanted in hand.needed([told])
        else:
            try:
                getattr(hand, what)(key, clip, *(("why",) if what == "failed" else ()))
            except BridgeError as error:
                assert error.code == 404
                assert key not in members or clip not in there
                continue
            assert key in members
            (loaded[key].discard if what == "failed" else loaded[key].add)(clip)
        assert len(hand) == len(members)
        for key in members:
            holder = hand.holder(key)
            assert holder is not None
            assert holder.loaded == loaded[key]
            assert holder.announced | holder.failed <= there
            assert not holder.loaded & holder.failed
        assert hand.needed(members) <= there
