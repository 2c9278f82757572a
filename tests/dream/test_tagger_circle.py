"""The tagger on a loop: its maps go round, its words are those of windows, and it dreams what it takes for a guitar."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from oscbridge import resources
from oscbridge.dream.circle import LOGITS
from oscbridge.dream.circles import circle_of
from oscbridge.dream.dreamer import Dreamer
from oscbridge.dream.goals import Goals
from oscbridge.dream.objectives import Selected
from oscbridge.dream.tagger_circle import CircularTagger
from oscbridge.ear.mel import log_mel
from oscbridge.ear.opening import open_with_reference
from oscbridge.ear.selection import Selection
from oscbridge.ear.tagger_anatomy import FRAMES, HOP, TAGS, extents, heard_frames
from oscbridge.sections import Dream
from tests.ear import taggers

LOOP_FRAMES = 256  # whole steps of all layers, so that every round falls alike
DENSE, CLASSES = 6, 7


@pytest.fixture(autouse=True)
def _made_outside_of_inference():
    """What is made within it can have no gradient."""
    opened(), taggers.tagger()


@cache
def opened():
    torch.set_num_threads(1)
    return open_with_reference(resources.model_file("vgg-tagger"))


def loop() -> torch.Tensor:
    return opened()[1][: LOOP_FRAMES * HOP]


def heard(layers, sound, **options):
    circle = CircularTagger(taggers.tagger(), layers, **options)
    return circle.answers(circle.hear(sound[None]))


@pytest.mark.parametrize("layer", range(6))
def test_every_map_is_that_of_the_last_of_many_rounds(layer):
    with torch.inference_mode():
        own = heard([layer], loop())[layer]
        rounds = taggers.tagger().maps(log_mel(loop().repeat(3))[None], layer)[layer]
    steps = LOOP_FRAMES // extents()[layer].every_frames
    assert own.shape[2] == steps
    torch.testing.assert_close(own, rounds[:, :, steps : 2 * steps], atol=1e-4, rtol=1e-3)


def test_layers_that_are_asked_for_together_answer_as_alone():
    with torch.inference_mode():
        together = heard([1, 5, DENSE], loop())
        for layer in (1, 5, DENSE):
            torch.testing.assert_close(together[layer], heard([layer], loop())[layer], atol=1e-5, rtol=1e-4)


def test_words_are_those_of_windows_about_their_moments():
    with torch.inference_mode():
        own = heard([LOGITS, DENSE, CLASSES], loop())
        rounds = log_mel(loop().repeat(3))
        for i in range(own[LOGITS].shape[2]):
            middle = LOOP_FRAMES + round((i + 0.5) * LOOP_FRAMES / own[LOGITS].shape[2])
            first = middle - heard_frames() // 2
            expected = taggers.tagger().logits(rounds[first : first + FRAMES])
            torch.testing.assert_close(own[LOGITS][0, :, i, 0], expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(own[DENSE], own[LOGITS]) and torch.equal(own[CLASSES], own[LOGITS].sigmoid())


def test_a_loop_of_any_length_is_heard_to_its_end():
    for seconds in (0.3, 4.0, 7.1):
        sound = loop().repeat(2)[: round(16_000 * seconds)]
        with torch.inference_mode():
            found = heard([1, 5, DENSE], sound)
        assert found[1].shape[2] * 2 * HOP >= len(sound)
        assert all(torch.isfinite(x).all() and x.shape[2] for x in found.values())


def test_silent_neurons_are_woken_without_changing_what_is_heard():
    sound = (1e-4 * loop()).requires_grad_()
    plain, awake = (heard([3], sound, wakes=wakes)[3] for wakes in (False, True))
    assert torch.equal(plain, awake)
    still = (plain.amax((0, 2, 3)) - plain.amin((0, 2, 3)) == 0).nonzero().flatten()
    assert len(still), "no channel is silent here, so that this says nothing"
    for found, is_felt in ((plain, False), (awake, True)):
        (gradient,) = torch.autograd.grad(found[:, still].sum(), sound)
        assert bool(gradient.any()) == is_felt


def test_an_octave_higher_is_where_the_tagger_hears_it():
    t = torch.arange(16_000) / 16_000
    low, high = (log_mel(0.1 * torch.sin(2 * torch.pi * hz * t))[20] for hz in (1_200.0, 2_400.0))
    at = CircularTagger(taggers.tagger(), [1]).moved(24.0)
    came_from = float(at[int(high.argmax())])
    assert abs(came_from - int(low.argmax())) < 1


def test_a_sound_is_dreamed_that_the_tagger_calls_a_guitar():
    model, music, reference = opened()
    noise = 0.01 * torch.randn(32_000, generator=torch.Generator().manual_seed(2))
    wishes = Dream(objective="classify", class_name="guitar", views=1)
    dreamer = Dreamer(model, noise, wishes, Selected(*_none()), Goals(model, reference, music))
    before = dreamer.score()
    for _ in range(12):
        dreamer.step(is_scored=False)
    assert before < 0.1 and dreamer.score() > 0.5
    window = log_mel(dreamer.clip.repeat(2)[: (FRAMES - 1) * HOP])
    assert TAGS[int(taggers.tagger().tags(window).argmax())] == "guitar"


def test_selected_channels_are_excited_and_scored_in_deviations_over_music():
    model, music, reference = opened()
    selection = Selection(model.plan.layers)
    selection.add(3, 0, 3, 0.0, 1.0, 1.0)
    noise = 0.01 * torch.randn(32_000, generator=torch.Generator().manual_seed(2))
    selected = Selected(selection.neurons, selection.weights)
    dreamer = Dreamer(model, noise, Dream(views=1), selected, Goals(model, reference, music))
    assert abs(dreamer.score_of(music)) < 2
    before = dreamer.score()
    for _ in range(8):
        dreamer.step(is_scored=False)
    assert dreamer.score() > before + 2


def test_steps_are_made_with_a_network_that_wakes_and_scored_with_one_that_does_not():
    model = opened()[0]
    assert circle_of(model, [3], fast=True)._tagger is not model.tagger
    assert circle_of(model, [3])._tagger is model.tagger


def _none():
    selection = Selection(opened()[0].plan.layers)
    return selection.neurons, selection.weights
