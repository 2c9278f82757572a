"""The deck: loops without a gap, swaps on the sample, fades at equal power, and nothing that clicks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from oscbridge.daemon.deck import MOST_LAYERS, Deck, Samples

RATE = 44_100
SNAP, SHORTEST = 88, 132  # samples: 2 and 3 ms
FADE = 2_000


def noise(frames: int, seed: int, level: float = 0.2) -> Samples:
    return (level * np.random.default_rng(seed).standard_normal(frames)).astype(np.float32)


def tone(frames: int, periods: int, level: float = 0.5) -> Samples:
    """A sine that loops without a seam."""
    return (level * np.sin(2 * np.pi * periods * np.arange(frames) / frames)).astype(np.float32)


def blocks(deck: Deck, n: int, seed: int = 0) -> Samples:
    """n samples in blocks of all sizes."""
    rng, parts, left = np.random.default_rng(seed), [], n
    while left:
        parts.append(deck.render(min(left, int(rng.integers(0, 3_000)))))
        left -= len(parts[-1])
    return np.concatenate(parts)


@pytest.fixture
def deck() -> Deck:
    return Deck(RATE)


def test_an_empty_deck_is_silent_and_counts(deck: Deck) -> None:
    assert not blocks(deck, 5_000).any()
    assert (deck.position, deck.clip, deck.frames) == (5_000, None, 0)


@pytest.mark.parametrize("frames", [1, 7, 1_000, 44_101])
def test_a_clip_loops_without_a_gap_whatever_the_blocks(deck: Deck, frames: int) -> None:
    clip = noise(frames, 1)
    deck.play(clip, 5, at=0, crossfade=FADE)
    sound = blocks(deck, 3_000_000)
    np.testing.assert_array_equal(sound, np.resize(clip, len(sound)))


def test_the_first_clip_starts_at_its_moment_at_full_level_after_silence(deck: Deck) -> None:
    clip = noise(1_000, 1)
    deck.play(clip, 5, at=700, crossfade=FADE)
    sound = blocks(deck, 5_000)
    assert not sound[:700].any()
    np.testing.assert_array_equal(sound[700:], np.resize(clip, 4_300))


@pytest.mark.parametrize("late", [1, 333, 999, 123_456_789])
def test_what_should_have_started_already_fades_in_where_it_would_be(deck: Deck, late: int) -> None:
    clip = np.ones(1_000, np.float32) + np.arange(1_000, dtype=np.float32) / 1_000
    deck.render(50)
    deck.play(clip, 5, at=50 - late, crossfade=FADE)
    sound = blocks(deck, 5_000)
    whole = clip[(late + np.arange(5_000)) % 1_000]
    np.testing.assert_array_equal(sound[SHORTEST:], whole[SHORTEST:])
    gain = np.sin(np.arange(SHORTEST) * np.pi / 2 / SHORTEST)
    np.testing.assert_allclose(sound[:SHORTEST], whole[:SHORTEST] * gain, atol=1e-6)


def test_whole_loops_late_the_clip_starts_at_its_sample_0_without_a_fade(deck: Deck) -> None:
    clip = noise(1_000, 1)
    deck.play(clip, 5, at=-7_000, crossfade=FADE)
    np.testing.assert_array_equal(deck.render(2_500), np.resize(clip, 2_500))


def swap(deck: Deck, old: Samples, new: Samples, at: int, crossfade: int, before: int = 500) -> Samples:
    """`old` from 0 on, and at stream sample `before` the order for `new`. Returns all up to 5,000 after `at`."""
    deck.play(old, 1, 0, 0)
    start = blocks(deck, before)
    deck.play(new, 2, at, crossfade)
    return np.concatenate([start, blocks(deck, max(at, before) + 5_000 - before)])


def test_a_swap_is_the_old_clip_then_a_fade_to_the_new_ones_end_then_its_first_sample(deck: Deck) -> None:
    old, new, at = noise(6_000, 1), noise(7_000, 2), 15_000
    sound = swap(deck, old, new, at, FADE)
    np.testing.assert_array_equal(sound[: at - FADE], np.resize(old, at - FADE))
    np.testing.assert_array_equal(sound[at:], np.resize(new, 5_000))
    # in the fade it is a mix of the two, of what each would be there
    mixed = sound[at - FADE : at].astype(np.float64)
    a, b = np.resize(old, at)[-FADE:], new[-FADE:]
    angle = np.arange(FADE) * np.pi / 2 / FADE
    alike = max(0.0, float(np.corrcoef(a, b)[0, 1]))
    np.testing.assert_allclose(
        mixed * np.sqrt(1 + alike * np.sin(2 * angle)), a * np.cos(angle) + b * np.sin(angle), atol=2e-3
    )


@pytest.mark.parametrize(
    "new",
    [noise(8_820, 2), noise(8_820, 1), 0.9 * noise(8_820, 1) + 0.1 * noise(8_820, 2), tone(8_820, 440)],
    ids=["other", "same", "similar", "a tone"],
)
def test_the_power_stays_even_while_clips_fade_alike_or_not(deck: Deck, new: Samples) -> None:
    new = (new / np.sqrt(np.mean(new**2)) * 0.2).astype(np.float32)
    fade = 8_000
    sound = swap(deck, noise(8_820, 1), new, 3 * 8_820, fade)
    parts = sound[3 * 8_820 - fade : 3 * 8_820].reshape(8, -1)
    decibels = 10 * np.log10(np.mean(parts**2, axis=1) / 0.04)
    assert np.abs(decibels).max() < 0.8


@pytest.mark.parametrize("off", [-SNAP, -1, 1, SNAP])
def test_a_start_close_to_the_loops_end_is_moved_there(deck: Deck, off: int) -> None:
    old, new = noise(6_000, 1), noise(6_000, 2)
    sound = swap(deck, old, new, 12_000 + off, FADE)
    np.testing.assert_array_equal(sound[12_000:16_900], new[:4_900])
    assert list(deck.starts) == [(0, 1), (6_000, 1), (12_000, 2)]


@pytest.mark.parametrize("off", [-SNAP - 1, SNAP + 1])
def test_a_start_elsewhere_is_left_where_it_is(deck: Deck, off: int) -> None:
    old, new = noise(6_000, 1), noise(6_000, 2)
    sound = swap(deck, old, new, 12_000 + off, FADE)
    np.testing.assert_array_equal(sound[12_000 + off : 16_900], new[: 4_900 - off])


def test_a_late_order_is_in_phase_with_the_loop_that_it_meant(deck: Deck) -> None:
    old, new = noise(6_000, 1), noise(6_000, 2)
    deck.play(old, 1, 0, 0)
    deck.render(12_700)
    deck.play(new, 2, 12_030, FADE)
    sound = deck.render(5_000)
    np.testing.assert_array_equal(sound[SHORTEST:], new[700 + SHORTEST : 5_700])
    np.testing.assert_array_equal(sound[:1], old[700:701])


@pytest.mark.parametrize(("before", "crossfade"), [(14_999, FADE), (14_900, FADE), (14_000, FADE), (500, 0)])
def test_no_swap_is_ever_a_cut(deck: Deck, before: int, crossfade: int) -> None:
    high, low = np.full(6_000, 0.5, np.float32), np.full(7_000, -0.5, np.float32)
    sound = swap(deck, high, low, 15_000, crossfade, before)
    assert np.abs(np.diff(sound)).max() < 1.0 * np.pi / SHORTEST
    assert (sound[15_000 + SHORTEST :] == -0.5).all()


@pytest.mark.parametrize("crossfade", [0, 300, 2_000, 20_000])
def test_orders_in_quick_succession_never_click(deck: Deck, crossfade: int) -> None:
    rng = np.random.default_rng(3)
    levels = np.linspace(-0.5, 0.5, 9, dtype=np.float32)
    clips = [np.full(n, level, np.float32) for n, level in zip(range(3_000, 3_900, 100), levels, strict=True)]
    deck.play(clips[0], 0, 0, 0)
    parts = []
    for _ in range(3_000):
        which = int(rng.integers(len(clips)))
        deck.play(clips[which], which, deck.position + int(rng.integers(-1_000, 3_000)), crossfade)
        parts.append(deck.render(int(rng.integers(1, 200))))
        assert len(deck._layers) <= MOST_LAYERS
    assert np.abs(np.diff(np.concatenate(parts))).max() < MOST_LAYERS * 1.2 * np.pi / 2 / SHORTEST
    deck.play(clips[8], 8, deck.position, crossfade)
    deck.render(100_000)
    assert (deck.render(10_000) == levels[8]).all(), "the newest is heard in the end"


def test_the_newest_order_wins(deck: Deck) -> None:
    one, two, three = noise(6_000, 1), noise(6_000, 2), noise(6_000, 3)
    deck.play(one, 1, 0, 0)
    deck.render(100)
    deck.play(two, 2, 6_000, FADE)
    deck.play(three, 3, 12_000, FADE)
    sound = deck.render(17_900)
    np.testing.assert_array_equal(sound[: 11_900 - FADE], np.resize(one, 12_000 - FADE)[100:])
    np.testing.assert_array_equal(sound[11_900:], three)
    assert list(deck.starts) == [(0, 1), (6_000, 1), (12_000, 3)]


def test_the_running_clip_ordered_again_in_phase_just_loops_on(deck: Deck) -> None:
    clip = noise(6_000, 1)
    deck.play(clip, 1, 0, 0)
    start = deck.render(100)
    deck.play(clip.copy(), 1, 6_010, FADE)
    sound = np.concatenate([start, blocks(deck, 20_000)])
    np.testing.assert_array_equal(sound, np.resize(clip, len(sound)))


@pytest.mark.parametrize("seed", [0, 1])
def test_each_loop_start_is_reported_once_and_of_the_clip_that_counts(deck: Deck, seed: int) -> None:
    deck.play(noise(1_000, 1), 1, 0, 0)
    deck.play(noise(700, 2), 2, 4_300, 900)  # of its fade the end of its loop is a part, and another loop's start
    blocks(deck, 6_000, seed)
    assert list(deck.starts) == [
        (0, 1),
        (1_000, 1),
        (2_000, 1),
        (3_000, 1),
        (4_000, 1),
        (4_300, 2),
        (5_000, 2),
        (5_700, 2),
    ]


def test_the_clip_that_counts_changes_at_its_start(deck: Deck) -> None:
    deck.play(noise(1_000, 1), 1, 0, 0)
    deck.render(10)
    deck.play(noise(700, 2), 2, 4_300, 500)
    deck.render(4_289)
    assert (deck.clip, deck.frames) == (1, 1_000)
    deck.render(1)
    assert (deck.clip, deck.frames) == (2, 700)


def _skip(deck: Deck, n: int) -> None:
    deck.skip(n)


def _render(deck: Deck, n: int) -> None:
    deck.render(n)


def test_skipping_leads_to_where_rendering_would() -> None:
    decks = []
    for go_on in (_skip, _render):
        deck = Deck(RATE)
        steps: list[Callable[[], None]] = [
            lambda deck=deck: deck.play(noise(1_000, 1), 1, 0, 0),
            lambda deck=deck, go_on=go_on: go_on(deck, 10),
            lambda deck=deck: deck.play(noise(700, 2), 2, 4_300, 500),
            lambda deck=deck, go_on=go_on: go_on(deck, 123_456),
        ]
        for step in steps:
            step()
        deck.render(SHORTEST)  # after a leap the new clip fades in
        decks.append(deck)
    np.testing.assert_array_equal(decks[0].render(3_000), decks[1].render(3_000))
    assert decks[0].position == decks[1].position
