"""The ear on a loop hears what it would hear once the loop has gone round for ever."""

from __future__ import annotations

import pytest
import torch

from oscbridge.dream.circle import LOGITS, CircularEar, circular_scalogram, redirected, round_the_circle, window
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.scalogram import scalogram

from . import dreams

LAYERS = anatomy(dreams.SMALL).layers


@pytest.mark.parametrize(("before", "samples", "expected"), [
    (2, 3, [1, 2, 0, 1, 2]), (7, 2, [2, 0, 1, 2, 0, 1, 2, 0, 1]), (0, 5, [0, 1, 2, 0, 1]),
])  # fmt: skip
def test_a_circle_is_cut_open_anywhere(before, samples, expected):
    assert round_the_circle(torch.arange(3), before, samples).tolist() == expected


def test_the_scalogram_of_a_loop_is_that_of_its_last_round():
    bank, loop = dreams.loaded().bank, dreams.music(2)
    frames = len(loop) // bank.spec.hop
    whole = loop[: frames * bank.spec.hop]
    unrolled = scalogram(whole.repeat(4), bank)
    torch.testing.assert_close(
        circular_scalogram(whole, bank, 5, frames), unrolled[:, -frames - 5 :], atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("layer", LAYERS[:-1], ids=lambda x: x.name)
def test_every_layer_answers_as_in_the_last_of_many_rounds(layer):
    spec = dreams.SMALL
    # a loop of whole steps of the slowest layer, so that every round falls alike
    frames = 4 * LAYERS[spec.c_layer].frames_per_step
    loop = dreams.music(8)[: frames * spec.scalogram.hop]
    ear = CircularEar(dreams.loaded(), [layer.index])
    with torch.inference_mode():
        own = ear.answers(ear.hear(loop[None]))[layer.index]
        rounds = dreams.loaded().ear(scalogram(loop.repeat(6), dreams.loaded().bank)[None])[layer.index]
    assert own.shape[2] == frames // layer.frames_per_step
    torch.testing.assert_close(own, rounds[:, :, -own.shape[2] :], atol=1e-4, rtol=1e-3)


def test_classes_come_as_probabilities_and_as_their_logits():
    index = LAYERS[-1].index
    ear = CircularEar(dreams.loaded(), [index, LOGITS])
    loop = dreams.music(8)[: 4 * LAYERS[index].frames_per_step * dreams.SMALL.scalogram.hop]
    with torch.inference_mode():
        own = ear.answers(ear.hear(loop[None]))
        rounds = dreams.loaded().ear(scalogram(loop.repeat(6), dreams.loaded().bank)[None])[index]
    for found in (own[index], own[LOGITS].softmax(1)):
        torch.testing.assert_close(found, rounds[:, :, -found.shape[2] :], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("layer", [0, 1, 2, 4, 6])
def test_nothing_after_the_deepest_layer_is_computed(layer, monkeypatch):
    ear = CircularEar(dreams.loaded(), [layer])
    reached = []
    for index, block in enumerate(ear._ear.encoder):
        block.register_forward_hook(lambda *_, i=index: reached.append(i))
    ear.answers(ear.hear(dreams.music(2)[None]))
    assert len(reached) == (layer + 1) // 2


def test_a_silent_neuron_feels_a_pull_upwards_and_none_down():
    x = torch.tensor([-1.0, -1.0, 2.0, 2.0], requires_grad=True)
    y = redirected(x, 0.25)
    assert y.tolist() == [0, 0, 2, 2]
    (gradient,) = torch.autograd.grad(y, x, torch.tensor([-1.0, 1.0, -1.0, 1.0]))
    assert gradient.tolist() == [-0.25, 0, -1, 1]


@pytest.mark.parametrize(("position", "width", "shift", "chosen"), [
    (0.5, 0.25, 0.0, [3, 4]), (0.0, 0.25, 0.0, [0, 7]), (0.5, 0.25, 0.25, [5, 6]), (0.5, 1.0, 0.1, list(range(8))),
    (0.3, 0.01, 0.0, [2]),
])  # fmt: skip
def test_the_moments_that_count_move_with_the_loop(position, width, shift, chosen):
    weights = window(8, position, width, shift)
    assert torch.nonzero(weights).flatten().tolist() == chosen
    assert weights.mean() == pytest.approx(1)
