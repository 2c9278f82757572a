"""The ears that travel with the project are trained, alive, dark in silence and bright on music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.spec import ear_id, load_spec
from oscbridge.ear.weights import LoadedEar, load_ear
from oscbridge.train.shelf import columns_of

from ..ear import ears

MODELS = ears.ROOT / "models"
NAMES = ("ear", "ear-half")


@pytest.fixture(scope="module", params=NAMES)
def loaded(request: pytest.FixtureRequest) -> LoadedEar:
    path = MODELS / f"{request.param}.yaml"
    return load_ear(load_spec(path), path.with_suffix(".safetensors"), torch.zeros(0))


def bright(loaded: LoadedEar, audio: torch.Tensor) -> tuple[np.ndarray, dict[str, float]]:
    """(neurons,) mean brightness over the last second, as the wire has it, and what the head says at the end."""
    layers = anatomy(loaded.ear.spec).layers
    normalizer = Normalizer(layers, loaded.statistics, "neuron", 1.0, 0.0)
    with torch.inference_mode():
        out = loaded.ear(scalogram(audio, loaded.bank).unsqueeze(0))
    frames = []
    for back in range(0, 43, 4):
        raw = [x[0, :, -1 - back // layer.frames_per_step].reshape(-1) for x, layer in zip(out, layers, strict=True)]
        frames.append(normalizer(torch.cat(raw).numpy()).copy())
    said = dict(zip(loaded.ear.spec.classes, out[-1][0, :, -1, 0].tolist(), strict=True))
    return np.mean(frames, axis=0), said


def test_it_is_trained_and_its_neurons_have_statistics(loaded: LoadedEar) -> None:
    assert loaded.trained and loaded.id == ear_id(loaded.ear.spec, MODELS / f"{loaded.ear.spec.name}.safetensors")
    s = loaded.statistics
    assert (s.high >= s.mean).mean() > 0.95  # rarely active ones have a mean above it
    assert np.isfinite(np.concatenate([s.mean, s.std, s.high, s.quiet])).all()
    assert (s.std > 1e-3).mean() > 0.8  # most neurons live


def test_music_lights_up_what_silence_leaves_dark(loaded: LoadedEar) -> None:
    music, _ = bright(loaded, ears.music(8 * ears.RATE))
    quiet, _ = bright(loaded, 1e-5 * ears.noise(8 * ears.RATE))
    assert music.mean() > 3 * quiet.mean()
    assert music.mean() > 0.05


def test_silence_is_told_as_silence_and_music_is_not(loaded: LoadedEar) -> None:
    assert bright(loaded, torch.zeros(8 * ears.RATE))[1]["silence"] > 0.5
    assert bright(loaded, ears.music(8 * ears.RATE))[1]["silence"] < 0.2


@pytest.mark.parametrize("path", sorted((MODELS / "training").glob("*.safetensors")), ids=lambda p: p.stem)
def test_the_snapshots_of_the_training_load_as_ear_half(path: Path) -> None:
    spec = load_spec(MODELS / "ear-half.yaml").model_copy(update={"classes": ()})
    snapshot = load_ear(spec, path, ears.music(6 * ears.RATE))
    columns = columns_of(ears.music(3 * ears.RATE).numpy(), snapshot.bank)
    x = torch.from_numpy(columns).float().div(255)[None, None]
    assert torch.isfinite(snapshot.ear(x)[spec.c_layer]).all()


def test_there_are_snapshots_for_a_layout_that_follows_the_training() -> None:
    files = sorted((MODELS / "training").glob("*.safetensors"))
    assert len(files) >= 4
    assert sum(f.stat().st_size for f in files) < 40e6
