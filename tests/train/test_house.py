"""House tracks: the same from the same seed, told apart by their pattern alone where the sound is re-drawn."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.spec import ScalogramSpec
from oscbridge.train import house
from oscbridge.train.features import autocorrelation
from oscbridge.train.house import KINDS, RATE, draw_score, draw_sound, track
from oscbridge.train.shelf import columns_of
from oscbridge.train.synth import draw_kit, draw_voice, note, strike

BANK = FilterBank(ScalogramSpec())


def rhythm(audio: np.ndarray) -> np.ndarray:
    columns = columns_of(audio, BANK).astype(np.float32)
    rise = np.maximum(np.diff(columns, axis=0), 0)
    return autocorrelation(np.stack([band.mean(1) for band in np.array_split(rise, 4, axis=1)], 1))


def colour(audio: np.ndarray) -> np.ndarray:
    return columns_of(audio, BANK).mean(0) / 255


@pytest.mark.parametrize("kind", KINDS)
def test_a_track_is_music_at_a_level_and_the_same_every_time(kind: str) -> None:
    audio = track(3, kind, sections=2)
    assert audio.dtype == np.float32 and np.array_equal(audio, track(3, kind, sections=2))
    assert 20 < len(audio) / RATE < 40
    assert np.isfinite(audio).all() and 0.1 < np.abs(audio).max() < 0.95
    level = 20 * np.log10(np.sqrt((audio**2).mean()))
    assert -27 < level < -13
    loudness = [np.sqrt((part**2).mean()) for part in np.array_split(audio, len(audio) // RATE)]
    assert min(loudness) > 1e-3  # no second of it is silent


def test_sections_join_without_a_click() -> None:
    audio = track(3, "section", sections=2)
    seam = len(audio) // 2
    jumps = np.abs(np.diff(audio))
    assert jumps[seam - 50 : seam + 50].max() <= np.percentile(jumps, 99.99)


def test_one_kind_shares_its_sound_and_own_does_not() -> None:
    assert draw_sound(0, 11) == draw_sound(0, 11) != draw_sound(1, 10)
    own = [colour(track(seed, "own", sections=1)) for seed in range(4)]
    one = [colour(track(seed, "one", sections=1)) for seed in range(4)]
    spread = [np.mean([np.abs(a - b).mean() for a, b in itertools.combinations(x, 2)]) for x in (own, one)]
    assert spread[0] > 1.3 * spread[1]


def test_in_sections_only_the_pattern_stays() -> None:
    """Between sections of a track the rhythm is nearer than between tracks, while the colour is no nearer."""
    bars = [[draw_score(seed).step_s * 16 * house.BARS * RATE for seed in (0, 1, 2)]]
    parts = []
    for seed, length in zip((0, 1, 2), np.round(bars[0]).astype(int), strict=True):
        audio = track(seed, "section", sections=4)
        parts.append([audio[i * length : (i + 1) * length] for i in (1, 2, 3)])

    def nearness(of: list[list[np.ndarray]]) -> float:
        within = [np.linalg.norm(a - b) for own in of for a, b in itertools.combinations(own, 2)]
        between = [np.linalg.norm(a - b) for x, y in itertools.combinations(of, 2) for a in x for b in y]
        return float(np.mean(within) / np.mean(between))

    assert nearness([[rhythm(p) for p in own] for own in parts]) < 0.85
    assert nearness([[colour(p) for p in own] for own in parts]) > 0.85


def test_scores_differ_in_what_a_listener_would_name() -> None:
    scores = [draw_score(seed) for seed in range(15)]
    assert len({round(s.bpm) for s in scores}) > 8
    assert len({s.drums["kick"].tobytes() for s in scores}) > 5
    assert len({(s.bass.tobytes(), s.bass_degrees.tobytes()) for s in scores}) == 15
    assert len({s.arrangement for s in scores}) > 10
    assert all(s.bass.any() and s.stabs.any() and s.lead.any() for s in scores)


def test_notes_are_in_tune_and_hold_nothing_beyond_the_nyquist_frequency() -> None:
    voice = replace(draw_voice(np.random.default_rng(4), "lead"), unison=1, vibrato=0.0, breath=0.0)
    for midi in (40, 69, 100):
        sound = note(voice, midi, 0.5)
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 18))
        f = np.fft.rfftfreq(1 << 18, 1 / RATE)
        fundamental = 440 * 2 ** ((midi - 69) / 12)
        multiples = f[spectrum > 0.2 * spectrum.max()] / fundamental
        assert np.abs(multiples - multiples.round()).max() < 0.06
        assert spectrum[f > 17_000].max() < 0.02 * spectrum.max()


@pytest.mark.parametrize("drum", ["kick", "snare", "clap", "hat", "open", "click"])
def test_every_drum_sounds_and_dies_away(drum: str) -> None:
    for seed in range(5):
        sound = strike(draw_kit(np.random.default_rng(seed)), drum, seed)
        assert np.isfinite(sound).all() and 0.05 < np.abs(sound).max() < 4
        assert np.abs(sound[-200:]).max() < 0.05 * np.abs(sound).max()
