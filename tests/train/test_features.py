"""What a probe is given is what the ear has at that moment, however the file is cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.network import Ear
from oscbridge.ear.weights import calibrate, initialise
from oscbridge.train import features
from oscbridge.train.features import ear_features, plain_features, window_ends, window_frames

from . import sounds

SPEC = sounds.ear()
COLUMNS = np.random.default_rng(0).integers(0, 256, (600, 48)).astype(np.uint8)


@pytest.fixture(scope="module")
def ear() -> Ear:
    made = Ear(SPEC)
    initialise(made, 0)
    calibrate(made, torch.rand(1, 120, 48, generator=torch.Generator().manual_seed(0)))
    return made


def test_windows_end_where_c_is_new_and_hold_what_c_hears() -> None:
    ends = window_ends(600, SPEC)
    step = anatomy(SPEC).layers[SPEC.c_layer].frames_per_step
    assert (ends % step == 0).all() and ends.min() >= window_frames(SPEC) - step and ends.max() < 600
    assert len(window_ends(4, SPEC)) == 0


def test_c_and_z_are_those_of_the_whole_file(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = window_ends(600, SPEC)
    with torch.inference_mode():
        out = ear(torch.from_numpy(COLUMNS).float().div(255)[None, None])
    layers = anatomy(SPEC).layers
    c_step, z_step = (layers[i].frames_per_step for i in (SPEC.c_layer, SPEC.z_layer))
    c = out[SPEC.c_layer][0, :, ends // c_step, 0].T.numpy()
    last = int(ends[5])
    first = last // z_step + 1 - window_frames(SPEC) // z_step
    z = out[SPEC.z_layer][0, :, first : last // z_step + 1, 0].numpy()
    for piece in (100, 2_048):
        monkeypatch.setattr(features, "PIECE", piece)
        found = ear_features(ear, COLUMNS, ends)
        np.testing.assert_allclose(found["c"], c, atol=1e-4)
        np.testing.assert_allclose(found["z"][5], np.concatenate([z.mean(1), z.std(1)]), atol=1e-4)


def test_plain_features_see_no_further_than_the_window() -> None:
    ends = window_ends(600, SPEC)[4:5]
    first, last = int(ends[0]) + 1 - window_frames(SPEC), int(ends[0])
    changed = COLUMNS.copy()
    changed[last + 1 :] = 0
    changed[: first - 1] = 255  # the first rise of the window is against the frame before it
    for name, values in plain_features(COLUMNS, ends, SPEC).items():
        np.testing.assert_allclose(plain_features(changed, ends, SPEC)[name], values, err_msg=name)


def test_the_autocorrelation_finds_a_beat() -> None:
    strength = np.zeros((400, 1), np.float32)
    strength[::20] = 1
    found = features.autocorrelation(strength)
    assert len(found) == features.LAGS and found.argmax() + 1 == 20
