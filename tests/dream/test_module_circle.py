"""A network of the user's own on a loop: heard round the circle in windows, and dreamed with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from oscbridge.dream.circle import LOGITS, circular_scalogram
from oscbridge.dream.dreamer import Dreamer
from oscbridge.dream.goals import Goals
from oscbridge.dream.module_circle import CircularModule
from oscbridge.dream.objectives import Selected
from oscbridge.ear.module import LoadedModule
from oscbridge.ear.opening import open_with_reference
from oscbridge.ear.selection import Selection
from oscbridge.sections import Dream
from tests.dream import dreams
from tests.ear import own

HOP = 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


def opened(folder: Path, kind: str):
    return open_with_reference(own.write(folder, kind))


def test_a_causal_network_s_steps_are_those_of_an_endless_loop(folder: Path) -> None:
    model, _, _ = opened(folder, "causal")
    assert isinstance(model, LoadedModule)
    loop = dreams.music(2)[: 90 * HOP]
    circle = CircularModule(model.made, [1, 2, 3, LOGITS])
    with torch.inference_mode():
        found = circle.answers(circle.hear(loop[None]))
        whole = model.made.answers(circular_scalogram(loop, model.made.bank, 90, 90)[None])
    for i in (1, 2, 3):
        torch.testing.assert_close(found[i], whole[i][:, :, 90:], atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(found[LOGITS], found[3])


@pytest.mark.parametrize("kind, steps", [("causal", 90), ("window", 20 * 5), ("samples", 90 * 4), ("picture", 4)])
def test_every_moment_of_a_loop_is_heard_once_whatever_the_window(folder: Path, kind: str, steps: int) -> None:
    model, _, _ = opened(folder, kind)
    circle = CircularModule(model.made, [1])
    with torch.inference_mode():
        found = circle.answers(circle.hear(dreams.music(2)[None, : 90 * HOP]))[1]
    assert found.shape[2] == pytest.approx(steps, abs=10) and found.shape[0] == 1


def test_two_views_are_heard_as_each_alone(folder: Path) -> None:
    model, _, _ = opened(folder, "window")
    circle = CircularModule(model.made, [1, 2])
    views = torch.stack([dreams.music(2), dreams.music(2).roll(3_000)])
    with torch.inference_mode():
        both = circle.answers(circle.hear(views))
        for i, view in enumerate(views):
            alone = circle.answers(circle.hear(view[None]))
            assert all(torch.allclose(both[k][i : i + 1], alone[k], atol=1e-5) for k in alone)


@pytest.mark.parametrize("kind, layer, channel", [
    ("causal", 2, 0), ("window", 1, 0), ("samples", 1, 3), ("awkward", 1, 0), ("picture", 1, 0),
])  # fmt: skip
def test_some_steps_excite_what_is_selected_in_it(folder: Path, kind: str, layer: int, channel: int) -> None:
    model, music, reference = opened(folder, kind)
    selection = Selection(model.plan.layers)
    selection.add(layer, channel, channel + 1, 0.0, 1.0, 1.0)
    noise = 0.05 * torch.randn(8_000, generator=torch.Generator().manual_seed(2))
    selected = Selected(selection.neurons, selection.weights)
    dreamer = Dreamer(model, noise, Dream(views=2), selected, Goals(model, reference, music))
    before = dreamer.score()
    for _ in range(15):
        dreamer.step(is_scored=False)
    assert dreamer.score() > before + 0.5


def test_silent_neurons_are_woken_without_changing_what_is_heard(folder: Path) -> None:
    model, music, _ = opened(folder, "samples")
    sound = (0.01 * music[:8_000]).requires_grad_()
    plain, awake = (CircularModule(model.made, [1], wakes=wakes) for wakes in (False, True))
    found = [circle.answers(circle.hear(sound[None]))[1] for circle in (plain, awake)]
    assert torch.equal(*found)
    still = (found[0].amax((0, 2, 3)) == 0).nonzero().flatten()
    assert len(still)
    for answers, is_felt in zip(found, (False, True), strict=True):
        (gradient,) = torch.autograd.grad(-answers[:, still].sum(), sound)
        assert bool(gradient.any()) == is_felt


@pytest.mark.parametrize("kind", ["causal", "window"])
def test_a_sound_is_dreamed_that_it_takes_for_a_class(folder: Path, kind: str) -> None:
    model, music, reference = opened(folder, kind)
    nothing = Selected(Selection(model.plan.layers).neurons, Selection(model.plan.layers).weights)
    noise = 0.01 * torch.randn(8_000, generator=torch.Generator().manual_seed(2))
    wishes = Dream(objective="classify", class_name=model.plan.classes[1], views=1)
    dreamer = Dreamer(model, noise, wishes, nothing, Goals(model, reference, music))
    before = dreamer.score()
    for _ in range(8):
        dreamer.step(is_scored=False)
    assert dreamer.score() > before + 0.001
