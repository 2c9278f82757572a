"""What an ear's neurons do from clip to clip of music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.reference import Reference, load_reference, measure_clips, path_of, save_reference, scale
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.spec import load_spec
from oscbridge.ear.weights import load_ear
from oscbridge.errors import BridgeError

from . import ears

SMALL = ears.spec()


@pytest.fixture(scope="module")
def loaded():
    return load_ear(SMALL, Path("none.safetensors"), ears.noise(8 * 8_000))


def test_a_clips_row_is_the_mean_of_its_end_in_deviations(loaded):
    clip = scalogram(ears.noise(6 * 8_000, 1), loaded.bank)
    found = Reference(measure_clips(loaded.ear, loaded.bank, loaded.statistics, [clip], 1.0)).deviations(slice(None))[0]
    layer = anatomy(SMALL).layers[3]
    with torch.inference_mode():
        heard = loaded.ear(clip[None])[3][0]
    mean = heard[:, -round(8_000 / 128) // layer.frames_per_step :].mean(1).flatten().numpy()
    expected = (mean - loaded.statistics.mean[layer.span]) / scale(loaded.statistics, layer.span)
    np.testing.assert_allclose(found[layer.span], np.clip(expected, -4, 11.9), atol=0.08)


def test_it_comes_back_from_its_file(tmp_path, loaded):
    path = path_of(tmp_path / "small.safetensors")
    neurons = len(loaded.statistics.mean)
    kept = Reference(np.random.default_rng(0).integers(0, 256, (3, neurons), np.uint8), torch.ones(2, 3, 4))
    save_reference(kept, path)
    assert path.name == "small.reference.safetensors"
    again = load_reference(loaded, path, torch.zeros(1))
    assert np.array_equal(again.clips, kept.clips) and torch.equal(again.maps, kept.maps)


def test_a_head_that_came_later_is_nothing_that_moved(tmp_path):
    spec = SMALL.model_copy(update={"classes": ("a", "b")})
    loaded = load_ear(spec, Path("none.safetensors"), ears.noise(8 * 8_000))
    path = tmp_path / "x.reference.safetensors"
    save_reference(Reference(np.ones((3, len(loaded.statistics.mean) - 2), np.uint8)), path)
    found = load_reference(loaded, path, torch.zeros(1))
    assert found.clips.shape == (3, len(loaded.statistics.mean))
    assert (found.deviations(slice(-2, None)) == 0).all() and (found.clips[:, :-2] == 1).all()


def test_without_a_file_the_music_at_hand_has_to_do(loaded):
    found = load_reference(loaded, Path("none.safetensors"), ears.noise(8 * 8_000))
    assert found.maps is None and len(found.clips) > 4 and found.deviations(slice(None)).std(0).max() > 0


def test_the_reference_of_another_ear_is_refused(tmp_path, loaded):
    path = tmp_path / "x.reference.safetensors"
    save_reference(Reference(np.zeros((2, 5), np.uint8)), path)
    with pytest.raises(BridgeError, match=r"\[2, 5\] clips; expected"):
        load_reference(loaded, path, torch.zeros(1))


@pytest.mark.parametrize("name", ["ear", "ear-half"])
def test_the_shipped_ears_have_theirs(name):
    yaml = ears.ROOT / "models" / f"{name}.yaml"
    spec, weights = load_spec(yaml), yaml.with_suffix(".safetensors")
    loaded = load_ear(spec, weights, torch.zeros(1))
    reference = load_reference(loaded, path_of(weights), torch.zeros(1))
    layers = anatomy(spec).layers
    assert reference.clips.shape == (64, anatomy(spec).neurons)
    assert reference.maps is not None
    assert tuple(reference.maps.shape) == (16, layers[spec.z_layer].channels, layers[spec.c_layer].channels)
    assert abs(float(reference.deviations(slice(None)).mean())) < 0.2
