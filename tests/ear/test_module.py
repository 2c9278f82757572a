"""A network of the user's own: made by the function that its YAML names, heard as it answers, refused in words."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.ear.hearing import heard, hearing_of
from oscbridge.ear.module import LoadedModule, make, open_module, picture_of
from oscbridge.ear.module_hearing import ModuleStream, ModuleWindows
from oscbridge.ear.opening import open_with_reference
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.windowed import WindowHearing
from oscbridge.errors import BridgeError

from . import own

RATE, HOP = 8_000, 128


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


def music(seconds: float = 3.0) -> torch.Tensor:
    t = torch.arange(round(seconds * RATE) // HOP * HOP) / RATE
    hits = torch.randn(len(t), generator=torch.Generator().manual_seed(1)) * torch.exp(-20 * (t % 0.25))
    return 0.2 * torch.sin(2 * torch.pi * 300 * t) * (t % 0.5) + 0.1 * hits


def opened(folder: Path, kind: str, more: str = "") -> LoadedModule:
    return open_module(own.write(folder, kind, more), music())


def unhurried() -> float:
    return 0.0


@pytest.mark.parametrize("kind, layers", [
    ("causal", [("scalogram", 1, 48), ("low", 4, 21), ("high", 6, 7), ("words", 3, 1), ("classes", 3, 1)]),
    ("window", [("scalogram", 1, 48), ("conv", 4, 24), ("classes", 5, 1)]),
    ("samples", [("audio", 1, 1), ("front", 8, 1), ("back", 4, 1)]),
    ("awkward", [("scalogram", 1, 48), ("conv", 4, 48)]),
    ("picture", [("picture", 3, 12), ("conv", 4, 12), ("dense", 2, 1)]),
])  # fmt: skip
def test_its_layers_are_those_of_its_convolutions_and_dense_layers(
    folder: Path, kind: str, layers: list[tuple]
) -> None:
    plan = make(own.write(folder, kind)).plan
    assert [(x.name, x.channels, x.positions) for x in plan.layers] == layers
    assert all(b.first_neuron == a.span.stop for a, b in itertools.pairwise(plan.layers))
    assert (plan.rate, plan.hop) == (RATE, HOP) and plan.name == kind


@pytest.mark.parametrize("kind", ["causal", "samples"])
def test_a_causal_network_streams_and_answers_as_on_the_whole(folder: Path, kind: str) -> None:
    model = opened(folder, kind)
    hearing = hearing_of(model, unhurried)
    assert isinstance(hearing, ModuleStream)
    sound = music(1.0)
    for hop in sound.view(-1, HOP):
        hearing.push(hop)
    made = model.made
    with torch.inference_mode():
        before = torch.cat([torch.zeros(hearing.settle * HOP), sound])  # what it was warmed up with
        x = scalogram(before, made.bank)[None] if made.bank is not None else before[None]
        whole = torch.cat([part[0, :, -1].flatten() for part in made.answers(x)])
    torch.testing.assert_close(hearing.values, whole, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kind", ["window", "awkward"])
def test_any_other_is_given_the_newest_columns_as_a_whole(folder: Path, kind: str) -> None:
    model = opened(folder, kind)
    hearing = hearing_of(model, unhurried)
    assert isinstance(hearing, ModuleWindows) and model.made.why_not
    sound = music(1.0)
    hearing.lead(sound[:-HOP])
    assert hearing.looks == 0, "what leads is not looked at"
    hearing.push(sound[-HOP:])
    with torch.inference_mode():
        columns = scalogram(sound, model.made.bank)[None, :, -model.made.spec.window :]
        whole = torch.cat([part[0, :, -1].flatten() for part in model.made.answers(columns)])
    torch.testing.assert_close(hearing.values, whole, atol=1e-5, rtol=1e-4)


def test_skipped_sound_leaves_its_time_in_the_window(folder: Path) -> None:
    model = opened(folder, "window")
    skipped, pushed = (hearing_of(model, unhurried) for _ in range(2))
    sound = music(1.0)
    for hearing in (skipped, pushed):
        hearing.lead(sound[: 30 * HOP])
    skipped.skip(sound[30 * HOP : 33 * HOP])
    pushed.lead(sound[30 * HOP : 33 * HOP])
    for hearing in (skipped, pushed):
        hearing.push(sound[33 * HOP : 34 * HOP])
    assert torch.equal(skipped._columns[:, :-4], pushed._columns[:, :-4])
    torch.testing.assert_close(skipped._columns[:, -1], pushed._columns[:, -1])


def test_what_cannot_be_traced_is_named_and_runs_all_the_same(folder: Path) -> None:
    made = make(own.write(folder, "awkward"))
    assert "traced" in made.why_not and not made.streams


def test_sound_itself_is_heard_in_windows_where_it_does_not_stream(folder: Path) -> None:
    (folder / "ahead.py").write_text(
        "from torch import nn\n\n\ndef make():\n"
        "    return nn.Sequential(nn.Unflatten(1, (1, -1)), nn.Conv1d(1, 4, 9, padding=4))\n"
    )
    path = folder / "ahead.yaml"
    path.write_text("kind: module\nname: ahead\nmodel: ahead:make\n" + own.INPUTS["samples"])
    model = open_module(path, music())
    assert isinstance(hearing_of(model, unhurried), WindowHearing)


def test_classes_are_probabilities_of_the_last_layer(folder: Path) -> None:
    model = opened(folder, "causal")
    hearing = hearing_of(model, unhurried)
    hearing.push(music()[:HOP])
    words, classes = (hearing.values[model.plan.layers[i].span] for i in (-2, -1))
    torch.testing.assert_close(classes, words.softmax(0))
    assert model.plan.classes == ("kick", "snare", "hat") and model.plan.are_exclusive
    assert np.all(model.statistics.high[model.plan.layers[-1].span] == 1.0)


def test_a_picture_is_the_scalogram_until_there_is_another(folder: Path) -> None:
    model = opened(folder, "picture")
    hearing = hearing_of(model, unhurried)
    hearing.push(music()[:HOP])
    heard = hearing.values.clone()
    picture = torch.rand(3, 16, 12, generator=torch.Generator().manual_seed(0))
    hearing.see(picture)
    assert not torch.equal(heard, hearing.values)
    torch.testing.assert_close(hearing.values[: 3 * 12].view(3, 12), picture.amax(1))


def test_the_picture_of_a_scalogram_has_its_frequencies_from_left_to_right_and_its_time_downwards() -> None:
    columns = torch.zeros(1, 1, 40, 60)
    columns[..., 30:, 45:] = 1.0
    found = picture_of(columns, 8, 12)
    assert found.shape == (1, 3, 8, 12) and found[0, 0, -1, -1] > 0.9
    assert found[0, :, :5].max() == 0 and found[0, :, :, :8].max() == 0


def test_the_reference_of_a_network_of_ones_own_is_measured_on_the_bundled_loop(folder: Path) -> None:
    model, _, reference = open_with_reference(own.write(folder, "causal"))
    assert reference.clips.shape == (16, model.plan.neurons)
    assert np.std(reference.deviations(model.plan.layers[0].span)) > 0.1


def test_weights_beside_the_yaml_are_handed_over_and_are_part_of_its_id(folder: Path) -> None:
    plain = make(own.write(folder, "window"))
    state = {"conv.weight": torch.zeros(4, 1, 3, 3), "conv.bias": torch.ones(4)}
    state |= {"dense.weight": torch.zeros(5, 480 * 4), "dense.bias": torch.zeros(5)}
    torch.save(state, folder / "w.pth")
    made = make(own.write(folder, "window", "weights: w.pth"))
    assert made.plan.id != plain.plan.id and made.plan.id.startswith("window-")
    values = made.newest(torch.rand(1, 1, 20, 48))
    assert torch.equal(values[made.plan.layers[-1].span], torch.full((5,), 0.5))


@pytest.mark.parametrize("change, code, words", [
    ("model: nowhere_at_all:make", 404, "no module nowhere_at_all"),
    ("model: own_networks:cusal", 404, "no function cusal"),
    ("model: own_networks:broken", 422, "no such luck"),
    ("model: own_networks:number", 422, "returned int"),
    ("weights: gone.pth", 404, "no file"),
    ("classes: [one, two]", 422, "has 3 channels of 1"),
    ("picture: {height: 8}", 422, "no effect"),
    ("model: own_networks", 422, "model"),
    ("window: 3", 422, "Did you mean window_s"),
])  # fmt: skip
def test_what_is_wrong_with_it_is_told(folder: Path, change: str, code: int, words: str) -> None:
    path = own.write(folder, "causal")
    lines = [x for x in path.read_text().splitlines() if x.split(":")[0] != change.split(":")[0]]
    path.write_text("\n".join([*lines, change]))
    with pytest.raises(BridgeError, match=words) as told:
        make(path)
    assert told.value.code == code


def test_receptive_fields_are_told_in_seconds_and_octaves(folder: Path) -> None:
    made = make(own.write(folder, "causal"))
    low, high = made.plan.layers[1:3]
    kernel_s = made.spec.scalogram.kernel_samples(0) / RATE
    assert low.receptive_field_s == pytest.approx(2 * HOP / RATE + kernel_s)
    assert high.receptive_field_s == pytest.approx(3 * HOP / RATE + kernel_s)
    assert low.receptive_field_octaves == pytest.approx(8 / 12)
    assert make(own.write(folder, "samples")).plan.layers[1].receptive_field_octaves == 0
    assert math.isfinite(made.plan.layers[-1].receptive_field_octaves)


def test_a_look_is_at_the_newest_columns_of_its_sound(folder: Path) -> None:
    made = opened(folder, "window").made
    sound = music()[: made.samples]
    columns = scalogram(sound, made.bank)[None]
    assert columns.shape[2] > made.spec.window, "what the lowest bin looks back on comes first"
    assert torch.equal(made.look(sound), made.newest(columns[:, :, -made.spec.window :]))


def test_classes_that_do_not_exclude_each_other_are_sigmoids_and_said_to_be(folder: Path) -> None:
    model = opened(folder, "causal", "probabilities: sigmoid")
    assert not model.plan.are_exclusive
    hearing = hearing_of(model, unhurried)
    hearing.push(music()[:HOP])
    words, classes = (hearing.values[model.plan.layers[i].span] for i in (-2, -1))
    torch.testing.assert_close(classes, words.sigmoid())


@pytest.mark.parametrize("kind", ["window", "causal"])
def test_a_loop_is_heard_as_in_its_second_round(folder: Path, kind: str) -> None:
    model, loop = opened(folder, kind), music(0.25)
    found = [values.copy() for values in heard(model, loop)]
    hearing = hearing_of(model, unhurried)
    rounds = []
    for hop in loop[: len(loop) // HOP * HOP].repeat(2).view(-1, HOP):
        hearing.push(hop)
        rounds.append(hearing.values.numpy().copy())
    np.testing.assert_allclose(found, rounds[len(found) :], atol=1e-5)
    assert np.abs(found[0] - rounds[0]).max() > 0.01
