"""What a dream aims at: losses and scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from oscbridge.dream.circle import LOGITS, CircularEar
from oscbridge.dream.objectives import Classify, Match, Moments, Selected, Style, correlation
from oscbridge.ear.anatomy import anatomy
from oscbridge.errors import BridgeError
from oscbridge.sections import Dream

from . import dreams

LAYERS = anatomy(dreams.SMALL).layers


def answers(sound: torch.Tensor, *layers: int) -> dict[int, torch.Tensor]:
    ear = CircularEar(dreams.loaded(), layers)
    with torch.inference_mode():
        return ear.answers(ear.hear(sound[None]))


def activate(selected: Selected, **wishes):
    return dreams.goals().objective(Dream(**wishes), selected)


def test_the_score_counts_deviations_of_the_group_over_its_mean_on_music():
    # by hand: the mean of a channel's z-scores, divided by how much that mean varies from clip to clip
    layer, s = LAYERS[4], dreams.loaded().statistics
    selected = dreams.selected(4, 1, 1)
    x = answers(dreams.music(2), 4)[4][0, 1].mean(0).numpy()
    mean, std = s.mean[selected.neurons], s.std[selected.neurons]
    floor = max(0.1 * s.std[layer.span].mean(), 1e-6)
    spread = dreams.reference().deviations(selected.neurons).mean(1).std()
    expected = ((x - mean) / np.maximum(std, floor)).mean() / spread
    assert activate(selected).score(answers(dreams.music(2), 4), Moments()) == pytest.approx(float(expected), rel=1e-3)


def test_negative_weights_turn_the_score_round():
    up, down = (activate(dreams.selected(4, 0, 1, weight)) for weight in (1.0, -1.0))
    heard = answers(dreams.music(2), 4)
    assert up.score(heard, Moments()) == pytest.approx(-down.score(heard, Moments()))


def test_emphasis_counts_bright_neurons_more_and_leaves_the_score():
    heard = answers(dreams.music(2), 4)
    plain, strong = activate(dreams.selected(4)), activate(dreams.selected(4), emphasis=2.0)
    assert plain.score(heard, Moments()) == strong.score(heard, Moments())
    x = dreams.goals()._normal(4, heard[4])[:, :1]
    assert float(strong.loss(heard, Moments())) == pytest.approx(-float((x.sign() * x.square()).mean()), rel=1e-4)


def test_only_the_moments_that_count_have_a_say():
    heard = {4: torch.zeros(1, LAYERS[4].channels, 8, LAYERS[4].positions)}
    heard[4][:, :, 4:] = 10.0
    one = activate(dreams.selected(4))
    early, late = (one.score(heard, Moments(position, 0.4)) for position in (0.25, 0.75))
    assert late > early + 1
    # heard half a loop later, the early moments are where the late ones were
    assert one.score(heard, Moments(0.25, 0.4, [0.5])) == pytest.approx(late)


def test_several_layers_are_one_selection():
    a, b = dreams.selected(2, 0, 0), dreams.selected(5, 1, 1)
    both = Selected(np.concatenate([a.neurons, b.neurons]), np.concatenate([a.weights, b.weights]))
    assert activate(both).layers == (2, 5)


def test_a_sound_matches_itself_and_less_another():
    match = Match([2, 4], dreams.goals()._normal)
    match.target = answers(dreams.music(2), 2, 4)
    assert float(match.loss(match.target, Moments())) == 0 and match.score(match.target, Moments()) == pytest.approx(1)
    other = answers(dreams.noise(), 2, 4)
    assert float(match.loss(other, Moments())) > 0.1 and match.score(other, Moments()) < 0.9


def test_style_does_not_ask_when_something_sounds():
    style = Style([2], dreams.goals()._normal, answers(dreams.music(2), 2))
    hops = 40 * dreams.SMALL.scalogram.hop  # a whole number of the layer's steps
    later = answers(dreams.music(2).roll(hops), 2)
    assert float(style.loss(later, Moments())) < 0.1 < 0.3 < float(style.loss(answers(dreams.noise(), 2), Moments()))
    assert style.score(later, Moments()) > 0.95


def test_a_style_is_heard_once_until_layers_or_target_change():
    goals, wishes = dreams.goals(), Dream(objective="style")
    first = goals.objective(wishes, dreams.selected(2))
    assert goals.objective(wishes, dreams.selected(2, 1, 1)) is first
    assert goals.objective(wishes, dreams.selected(4)) is not first
    again = goals.objective(wishes, dreams.selected(2))
    goals.target = dreams.noise()
    other = goals.objective(wishes, dreams.selected(2))
    heard = answers(dreams.noise(), 2)
    assert other is not again and other.score(heard, Moments()) > again.score(heard, Moments())


def test_the_classs_score_is_its_probability():
    one = dreams.goals().objective(Dream(objective="classify", class_name="drums"), dreams.nothing())
    heard = answers(dreams.music(2), LOGITS)
    probability = heard[LOGITS].softmax(1)[:, 1].mean()
    assert one.score(heard, Moments()) == pytest.approx(float(probability), rel=1e-4)


def test_the_predicted_encoding_is_the_one_that_many_steps_ahead():
    z, c = dreams.SMALL.z_layer, dreams.SMALL.c_layer
    one = dreams.goals().objective(Dream(objective="predict"), dreams.nothing())
    stride = LAYERS[c].frames_per_step // LAYERS[z].frames_per_step
    steps, channels = 16, LAYERS[z].channels
    encodings = torch.nn.functional.one_hot(torch.arange(steps) % channels, channels).float()
    context = torch.zeros(1, LAYERS[c].channels, steps // stride, 1)
    heard = {z: encodings.T[None, :, :, None], c: context}
    scores, own = one._scores(heard)
    assert scores.shape == (1, steps // stride, 3, steps)
    assert own[0, 1].tolist() == [(stride + 1 + 4 + k) % steps for k in range(3)]


@pytest.mark.parametrize(("wishes", "code", "words"), [
    ({}, 409, "/ear/select/add"),
    ({"objective": "match"}, 409, "nothing is selected"),
    ({"objective": "classify", "class_name": "gitar"}, 404, "Did you mean guitar?"),
])  # fmt: skip
def test_wishes_that_cannot_be_met_say_what_to_do(wishes, code, words):
    with pytest.raises(BridgeError, match=words) as caught:
        dreams.goals().objective(Dream(**wishes), dreams.nothing())
    assert caught.value.code == code


def test_an_ear_without_maps_cannot_be_asked_to_predict():
    with pytest.raises(BridgeError, match=r"reference\.safetensors"):
        dreams.goals(with_maps=False).objective(Dream(objective="predict"), dreams.nothing())


def test_correlation_is_pearsons():
    x = torch.randn(50, generator=torch.Generator().manual_seed(0))
    assert correlation(x, 3 * x + 1) == pytest.approx(1) and correlation(x, -x) == pytest.approx(-1)
    assert correlation(x, torch.ones(50)) == 0


def test_where_classes_do_not_exclude_each_other_each_is_judged_for_itself():
    heard = {LOGITS: torch.tensor([2.0, 3.0, -1.0]).view(1, 3, 1, 1)}
    apart, together = (Classify(LOGITS, 1, are_exclusive).score(heard, Moments()) for are_exclusive in (False, True))
    assert apart == pytest.approx(float(torch.sigmoid(torch.tensor(3.0))))
    assert together == pytest.approx(float(torch.softmax(torch.tensor([2.0, 3.0, -1.0]), 0)[1]))
