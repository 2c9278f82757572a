"""Networks as the listener drives them: an ear as its stream, the tagger in windows, and silence without words."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge import resources
from oscbridge.ear.hearing import open_hearing
from oscbridge.ear.mel import log_mel
from oscbridge.ear.opening import open_ear
from oscbridge.ear.plan import plan_of
from oscbridge.ear.scalogram import ScalogramStream
from oscbridge.ear.streaming import EarStream
from oscbridge.ear.tagger import load_tagger
from oscbridge.ear.tagger_anatomy import RATE, TAGS, WINDOW
from oscbridge.ear.tagger_hearing import Look
from oscbridge.errors import BridgeError
from oscbridge.sound import decode

from . import ears

TAGGER = resources.model_file("vgg-tagger")
clock = itertools.count().__next__


@pytest.fixture(scope="module")
def loop() -> torch.Tensor:
    return torch.from_numpy(decode(resources.loop_file(), RATE))


@pytest.fixture(scope="module")
def look() -> Look:
    return Look(load_tagger(TAGGER.with_suffix(".safetensors")))


def test_an_ear_is_heard_as_its_stream_hears(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    ears.write_yaml(path)
    opened, (loaded, sound) = open_hearing(path, clock), open_ear(path)
    columns, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    for _ in range(opened.hearing.settle):
        stream.push(columns.push(torch.zeros(opened.model.plan.hop)))
    for hop in sound[: 40 * opened.model.plan.hop].split(opened.model.plan.hop):
        opened.hearing.push(hop)
        stream.push(columns.push(hop))
    assert torch.equal(opened.hearing.values, stream.values)
    assert (opened.model.plan.id, opened.model.plan.rate) == (plan_of(path).id, plan_of(path).rate)


def test_the_tagger_s_plan_tells_what_it_gives(look: Look, loop: torch.Tensor) -> None:
    plan = plan_of(TAGGER)
    assert (plan.rate, plan.classes) == (16_000, TAGS)
    assert plan.layers[-1].name == "classes" and plan.layers[-1].neurons == 50
    assert look(loop[:WINDOW]).shape == (plan.neurons,)
    assert all(b.first_neuron == a.span.stop for a, b in itertools.pairwise(plan.layers))


def test_a_look_tells_the_tags_of_the_newest_sound_and_the_newest_spectrum(look: Look, loop: torch.Tensor) -> None:
    plan = plan_of(TAGGER)
    tagger = load_tagger(TAGGER.with_suffix(".safetensors"))
    values = look(loop[:WINDOW])
    with torch.inference_mode():
        later = tagger(torch.cat((loop[:WINDOW], torch.zeros(8_000)))[-WINDOW:])  # about where no tag is reached
    assert int(values[-50:].argmax()) == int(later.argmax())
    heard = log_mel(loop[:WINDOW])
    last = values[plan.layers[0].span]
    distance = [(float((frame - last).abs().mean()), n) for n, frame in enumerate(heard)]
    assert min(distance)[1] >= len(heard) - 3, "no frame of the window is more like it than one of the last"


def test_no_word_is_said_of_silence_and_the_word_that_leads_by_bias_is_not_heard(look: Look) -> None:
    for level in (0.0, 1e-5, 1e-4):
        quiet = level * torch.randn(WINDOW, generator=torch.Generator().manual_seed(1))
        assert look(quiet)[-50:].max() == 0.0


def test_the_newest_activations_move_with_the_newest_sound(look: Look, loop: torch.Tensor) -> None:
    """A click in the last 60 ms is seen in the first layers, and one that is gone is not."""
    click = loop[:WINDOW].clone()
    click[-1_000:-900] += 0.9
    first = plan_of(TAGGER).layers[1].span
    assert (look(click)[first] - look(loop[:WINDOW])[first]).abs().max() > 0.05
    gone = loop[:WINDOW].clone()
    gone[:100] += 0.9
    assert torch.allclose(look(gone)[first], look(loop[:WINDOW])[first], atol=1e-5)


def test_statistics_make_a_certain_tag_bright_whatever_the_loop_is() -> None:
    opened = open_hearing(TAGGER, clock)
    assert np.all(opened.model.statistics.high[-50:] == 1.0)
    assert np.isfinite(opened.model.statistics.mean).all() and (opened.model.statistics.std >= 0).all()


def test_a_tagger_without_its_weights_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TAGGER.read_text())
    with pytest.raises(BridgeError, match="is not there"):
        plan_of(path)
    path.write_text("kind: tagger\nhopp: 3\n")
    with pytest.raises(BridgeError, match="Did you mean hop"):
        plan_of(path)


@pytest.mark.parametrize("model", ["ear-half", "vgg-tagger"])
def test_hops_are_skipped_of_which_no_sound_is_left(model: str) -> None:
    opened = open_hearing(resources.model_file(model), clock)
    opened.hearing.skip(torch.zeros(0))
    opened.hearing.skip(torch.zeros(3 * opened.model.plan.hop))
    opened.hearing.push(torch.zeros(opened.model.plan.hop))
    assert torch.isfinite(opened.hearing.values).all()
