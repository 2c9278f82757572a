"""What is chosen of a network's answers for a picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.feature_maps import heard_by_ear, heard_by_tagger, liveliest, most_said, stretched
from oscbridge.ear.tagger_anatomy import GATE_DB, TAGS, WINDOW, extents
from oscbridge.errors import BridgeError

from . import ears, taggers


def test_the_liveliest_channels_come_first_and_no_two_are_alike() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((5, 40, 3)).astype(np.float32)
    values[1] *= 3
    values[2] = -2.9 * values[1] + 0.1 * values[2]  # livelier still, and the same thing
    values[3] = 7.0  # loud, and still
    assert liveliest(values, 2)[0] == 2 and 1 not in liveliest(values, 3)
    assert 3 not in liveliest(values, 5)
    assert set(liveliest(values, 4)) == {0, 1, 2, 4}, "where there are no others an alike one will do"


def test_what_is_stretched_begins_at_rest_and_ends_at_its_loudest() -> None:
    found = stretched(np.linspace(-3, 9, 1_000, dtype=np.float32))
    assert found.min() == 0 and found.max() == 1 and found[500] == pytest.approx(0.476, abs=0.01)
    assert not stretched(np.full(7, 2.5, np.float32)).any()


def test_the_words_are_those_with_the_best_moments_in_the_order_of_their_means() -> None:
    words = np.zeros((10, 4), np.float32)
    words[:5, 1], words[:, 3], words[:, 0] = 0.9, 0.6, 0.1
    assert most_said(words, 2) == [3, 1]


def test_an_ear_has_heard_the_clips_end_before_its_start() -> None:
    loaded = ears.loaded()
    audio = ears.music(2 * ears.RATE)
    heard = heard_by_ear(loaded, audio, [3, 20])
    table, frames = anatomy(loaded.ear.spec).layers, len(audio) // 1024
    assert [part.layer.index for part in heard.maps] == [0, 3, 20]
    for part in heard.maps:
        layer = table[part.layer.index]
        assert part.values.shape == (layer.channels, -(-frames // layer.frames_per_step), layer.positions)
        assert part.values.min() >= 0 and part.values.max() <= 1
    again = heard_by_ear(loaded, audio[: frames * 1024].repeat(2), [3])  # the second round is as the first
    steps = heard.maps[0].values.shape[1]
    np.testing.assert_allclose(again.maps[0].values[:, steps:], heard.maps[0].values, atol=1e-4)
    assert heard.words.shape[1] == len(heard.names) == 7
    np.testing.assert_allclose(heard.words.sum(1), 1, atol=1e-4)
    with pytest.raises(BridgeError, match="has 100 samples; expected at least 1024"):
        heard_by_ear(loaded, audio[:100], [3])


def test_a_moments_tags_are_those_of_the_window_around_it_and_silence_has_none() -> None:
    sound = torch.cat([taggers.sine(440, 4 * 16_000), torch.zeros(5 * 16_000)])
    heard = heard_by_tagger(taggers.tagger(), sound, [1, 5], GATE_DB)
    assert heard.names == TAGS and heard.words.shape == (-(-len(sound) // 2_048), 50)
    at = [round(s / heard.step_s) for s in (1.0, 3.0, 7.5)]
    assert TAGS[heard.words[at[0]].argmax()] == TAGS[heard.words[at[1]].argmax()] == "flute"
    assert not heard.words[at[2]].any()
    assert heard_by_tagger(taggers.tagger(), sound, [], -300.0).words[at[2]].argmax() == 0, "ungated: guitar"
    spectrogram, first, last = heard.maps
    assert first.values.shape == (128, extents(len(sound) // 256 + 1)[1].steps, 48)
    assert first.step_s == pytest.approx(0.032) and last.step_s == pytest.approx(1.024)
    quiet = int(6 / first.step_s)
    assert np.abs(first.values[:, quiet:-5]).max() < 1e-4 < first.values[:, :quiet].max(), "0 is what silence answers"
    assert spectrogram.values.shape[2] == 96


def test_a_clip_shorter_than_a_window_ends_in_silence() -> None:
    heard = heard_by_tagger(taggers.tagger(), taggers.sound()[: WINDOW // 3], [2], GATE_DB)
    assert heard.words.shape == (8, 50) and heard.words.any()
    with pytest.raises(BridgeError, match="no samples"):
        heard_by_tagger(taggers.tagger(), torch.zeros(0), [2], GATE_DB)
    with pytest.raises(BridgeError, match="maps are 0 to 5"):
        heard_by_tagger(taggers.tagger(), taggers.sound(), [7], GATE_DB)
