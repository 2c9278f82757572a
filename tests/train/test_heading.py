"""A head joins the ear: on the disk, in the network, in the stream; and silence is no instrument."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.network import Ear
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.spec import load_spec
from oscbridge.ear.streaming import EarStream
from oscbridge.ear.weights import calibrate, initialise, load_ear
from oscbridge.train.export import export
from oscbridge.train.features import ear_features, window_ends
from oscbridge.train.heading import SILENCE, give_head
from oscbridge.train.probes import Windows
from oscbridge.train.shelf import columns_of

from . import sounds

BANK = FilterBank(sounds.ear().scalogram)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ear with a head that tells low tunes from high ones, on the disk."""
    wide = tuple(block.model_copy(update={"channels": 32}) for block in sounds.ear().context)
    ear = Ear(sounds.ear(context=wide))
    initialise(ear, 0)
    clips = [scalogram(torch.from_numpy(sounds.tune(seed)), BANK) for seed in range(6)]
    calibrate(ear, clips[0])
    path = export(ear.eval(), clips, tmp_path_factory.mktemp("model"))
    found, labels, groups = [], [], []
    for seed in range(24):
        t = np.arange(6 * sounds.RATE) / sounds.RATE
        hz, label = (150.0, "low") if seed % 2 else (1_200.0, "high")
        audio = (0.2 * np.sin(2 * np.pi * hz * (1 + seed / 50) * t) * (1 + np.sin(9 * t))).astype(np.float32)
        columns = columns_of(audio, BANK)
        ends = window_ends(len(columns), ear.spec)
        found.append(ear_features(ear, columns, ends)["c"])
        labels += [label] * len(ends)
        groups += [str(seed)] * len(ends)
    windows = Windows(np.array(labels), np.array(groups), np.ones(len(labels), bool), np.zeros(len(labels), bool))
    give_head(path, ear, np.concatenate(found), windows)
    give_head(path, ear, np.concatenate(found), windows)  # once more: a head is replaced, not added
    return path


def said(model: Path, audio: np.ndarray) -> dict[str, float]:
    loaded = load_ear(load_spec(model), model.with_suffix(".safetensors"), torch.zeros(40_000))
    assert loaded.trained
    out = loaded.ear(scalogram(torch.from_numpy(audio.astype(np.float32)), BANK).unsqueeze(0))[-1]
    return dict(zip(loaded.ear.spec.classes, out[0, :, -1, 0].tolist(), strict=True))


def test_the_yaml_names_the_classes_once(model: Path) -> None:
    data = yaml.safe_load(model.read_text())
    assert data["classes"] == ["high", "low", SILENCE] and model.read_text().count("classes:") == 1


def test_the_head_tells_what_it_was_taught(model: Path) -> None:
    t = np.arange(6 * sounds.RATE) / sounds.RATE
    for hz, label in ((170.0, "low"), (1_500.0, "high")):
        probabilities = said(model, 0.2 * np.sin(2 * np.pi * hz * t) * (1 + np.sin(9 * t)))
        assert max(probabilities, key=lambda name: probabilities[name]) == label
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)


def test_silence_and_hiss_are_silence(model: Path) -> None:
    for level in (0.0, 1e-5, 1e-4):
        noise = level * np.random.default_rng(5).standard_normal(6 * sounds.RATE)
        assert said(model, noise)[SILENCE] > 0.6


def test_the_head_is_the_last_layer_and_has_statistics(model: Path) -> None:
    spec = load_spec(model)
    layer = anatomy(spec).layers[-1]
    assert (layer.name, layer.channels, layer.positions) == ("classes", 3, 1)
    assert layer.index == spec.c_layer + 1
    loaded = load_ear(spec, model.with_suffix(".safetensors"), torch.zeros(40_000))
    assert len(loaded.statistics.mean) == anatomy(spec).neurons
    assert loaded.statistics.high[layer.span].max() > 0.5


def test_streamed_probabilities_are_those_of_the_whole(model: Path) -> None:
    ear = load_ear(load_spec(model), model.with_suffix(".safetensors"), torch.zeros(40_000)).ear
    x = scalogram(torch.from_numpy(sounds.tune(2)), BANK)
    whole = ear(x.unsqueeze(0))[-1][0, :, :, 0]
    stream = EarStream(ear)
    layer = anatomy(ear.spec).layers[-1]
    step = layer.frames_per_step
    for frame in range(x.shape[1]):
        values = stream.push(x[:, frame])
        torch.testing.assert_close(values[layer.span], whole[:, frame // step], atol=1e-4, rtol=0)
