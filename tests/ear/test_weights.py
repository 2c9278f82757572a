"""Weights on disk, and the ear without any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.measuring import measure
from oscbridge.ear.network import Ear
from oscbridge.ear.neurons import Statistics
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.weights import calibrate, initialise, load_ear, save_ear
from oscbridge.errors import BridgeError

from . import ears

SMALL = ears.spec()
NEURONS = anatomy(SMALL).neurons
MUSIC_S = 4


def music() -> Tensor:
    return ears.music(MUSIC_S * SMALL.scalogram.rate)


def trained() -> tuple[Ear, Statistics]:
    """A small ear with batch norms like those of a trained one, and its statistics."""
    ear, bank = Ear(SMALL), FilterBank(SMALL.scalogram)
    initialise(ear, 5)
    calibrate(ear, scalogram(music(), bank))
    return ear, measure(ear, bank, [scalogram(music(), bank)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.safetensors"
    save_ear(*trained(), path)
    return path


def rewrite(path: Path, change: Callable[[dict[str, Tensor]], object]) -> None:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


# ---- round trip


def test_weights_come_back_as_they_were_saved_to_half_precision(file: Path) -> None:
    ear, statistics = trained()
    loaded = load_ear(SMALL, file, music())
    x = scalogram(music(), loaded.bank)[None, :, :60]
    with torch.no_grad():
        for before, after in zip(ear(x), loaded.ear(x), strict=True):
            assert (after - before).norm() < 0.005 * before.norm()
    for field in fields(Statistics):
        before, after = getattr(statistics, field.name), getattr(loaded.statistics, field.name)
        np.testing.assert_allclose(after, before, atol=1e-3, rtol=1e-3)
        assert after.dtype == np.float32


def test_a_file_is_half_precision_and_holds_the_batch_norms_unfolded(file: Path) -> None:
    ear, _ = trained()
    tensors = load_file(file)
    assert tensors["statistics.mean"].shape == (NEURONS,)
    for name, parameter in ear.named_parameters():
        assert torch.equal(tensors[name], parameter.half())
    for name, running in ear.named_buffers():
        assert torch.equal(tensors[name], running)


def test_a_variance_beyond_half_precision_is_kept(tmp_path: Path) -> None:
    ear, _ = trained()
    ear.encoder[0].norm1.running_var.fill_(1e6)
    save_ear(ear, None, tmp_path / "loud.safetensors")
    loaded = load_ear(SMALL, tmp_path / "loud.safetensors", music())
    assert loaded.ear.encoder[0].conv1.weight.abs().max().item() < 0.01


def test_a_loaded_ear_is_trained_and_named_after_its_weights(file: Path, tmp_path: Path) -> None:
    first = load_ear(SMALL, file, music())
    assert first.trained
    assert first.id.startswith("small-")
    assert load_ear(SMALL, file, music()).id == first.id
    rewrite(file, lambda tensors: tensors["z.bias"].add_(1))
    assert load_ear(SMALL, file, music()).id != first.id


def test_weights_without_statistics_are_measured_on_the_calibration_music(tmp_path: Path) -> None:
    path = tmp_path / "bare.safetensors"
    ear, _ = trained()
    save_ear(ear, None, path)
    loaded = load_ear(SMALL, path, music())
    expected = measure(loaded.ear, loaded.bank, [scalogram(music(), loaded.bank)])
    np.testing.assert_array_equal(loaded.statistics.high, expected.high)


# ---- without weights


def test_without_a_file_the_ear_says_that_it_is_untrained(tmp_path: Path) -> None:
    loaded = load_ear(SMALL.model_copy(update={"seed": 7}), tmp_path / "none.safetensors", music())
    assert not loaded.trained
    assert loaded.id == "small-untrained-7"


def test_the_same_seed_makes_the_same_ear_and_another_one_another(tmp_path: Path) -> None:
    none = tmp_path / "none.safetensors"
    first, again, other = (load_ear(SMALL.model_copy(update={"seed": s}), none, music()) for s in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first.ear.parameters(), again.ear.parameters(), strict=True))
    np.testing.assert_array_equal(first.statistics.high, again.statistics.high)
    assert not torch.equal(first.ear.encoder[0].conv1.weight, other.ear.encoder[0].conv1.weight)


def test_the_initialisation_leaves_torchs_random_numbers_alone() -> None:
    ear = Ear(SMALL)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    initialise(ear, 0)
    assert torch.equal(torch.rand(4), expected)


def test_the_initialisation_has_the_variance_that_he_asks_for() -> None:
    ear = Ear(ears.spec([{"channels": 100, "conv1": [3, 31], "conv2": [3, 5]}], [{"channels": 100, "kernel": 4}]))
    initialise(ear, 0)
    for conv in (ear.encoder[0].conv1, ear.encoder[0].conv2, ear.context[0].conv):
        assert conv.weight.std().item() == pytest.approx((2 / conv.weight[0].numel()) ** 0.5, rel=0.02)
    assert not ear.z.bias.any()


# ---- statistics


@pytest.mark.parametrize("name", ["mean", "std", "high", "quiet"])
def test_statistics_are_one_finite_number_for_every_neuron(name: str) -> None:
    values = getattr(ears.loaded().statistics, name)
    assert values.shape == (76_959,)
    assert values.dtype == np.float32
    assert np.isfinite(values).all()


def test_statistics_are_those_of_a_plain_loop() -> None:
    ear, statistics = trained()
    x = scalogram(music(), FilterBank(SMALL.scalogram))[None]
    with torch.no_grad():
        for layer, y in zip(anatomy(SMALL).layers, ear.eval()(x), strict=True):
            channel, position = layer.channels // 2, layer.positions // 3
            neuron = layer.first_neuron + channel * layer.positions + position
            heard = y[0, channel, y.shape[2] // 4 :, position].numpy()
            assert statistics.mean[neuron] == pytest.approx(heard.mean(), abs=1e-4)
            assert statistics.std[neuron] == pytest.approx(heard.std(), abs=1e-4)
            assert statistics.high[neuron] == pytest.approx(np.percentile(heard, 99.5), abs=1e-4)


def test_the_high_lies_over_the_mean_and_the_quiet_is_near_silence() -> None:
    statistics = ears.loaded().statistics
    assert (statistics.high >= statistics.mean - 1e-5).all()
    assert (statistics.std >= 0).all()
    assert statistics.quiet[:216].max() < 0.1 < statistics.mean[:216].mean()


def test_the_untrained_ear_is_alive() -> None:
    loaded = ears.loaded()
    x = scalogram(ears.music(4 * ears.RATE), loaded.bank)[None]
    with torch.no_grad():
        active = [(y[0] > 0.01).any(1).float().mean().item() for y in loaded.ear(x)]
    assert np.mean(np.array(active) > 0.5) > 0.9
    assert min(active) > 0.25


def test_the_untrained_ear_is_not_deafening() -> None:
    high = ears.loaded().statistics.high
    assert high.max() < 100


# ---- files that cannot be used


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def add_tensor(path: Path) -> None:
    rewrite(path, lambda tensors: tensors.update({"decoder.weight": torch.zeros(1)}))


def drop_tensor(path: Path) -> None:
    rewrite(path, lambda tensors: tensors.pop("encoder.1.conv1.weight"))


def resize(path: Path) -> None:
    rewrite(path, lambda tensors: tensors.update({"z.bias": torch.zeros(7)}))


def spoil(path: Path) -> None:
    rewrite(path, lambda tensors: tensors["z.weight"].view(-1)[3:4].fill_(torch.nan))


def spoil_statistics(path: Path) -> None:
    rewrite(path, lambda tensors: tensors["statistics.high"][9:10].fill_(torch.inf))


def drop_statistics(path: Path) -> None:
    rewrite(path, lambda tensors: tensors.pop("statistics.quiet"))


def shorten_statistics(path: Path) -> None:
    rewrite(path, lambda tensors: tensors.update({"statistics.mean": torch.zeros(NEURONS - 1)}))


UNTRAINED = "hear the untrained ear"


@pytest.mark.parametrize(
    ("damage", "what", "mend"),
    [
        (lambda path: path.write_bytes(b""), "is not a safetensors file that can be read", UNTRAINED),
        (lambda path: path.write_text("not weights at all"), "is not a safetensors file that can be read", UNTRAINED),
        (truncate, "is not a safetensors file that can be read", "copy it again"),
        (lambda path: (path.unlink(), path.mkdir()), "is not a safetensors file that can be read", UNTRAINED),
        (add_tensor, "has decoder.weight, which this ear has not (1 such differences)", UNTRAINED),
        (drop_tensor, "misses encoder.1.conv1.weight", UNTRAINED),
        (resize, "z.bias is [7], expected [6]", "as in the YAML beside it"),
        (spoil, "z.weight holds values that are not finite", "take another copy"),
        (spoil_statistics, "statistics.high holds values that are not finite", "take another copy"),
        (drop_statistics, "misses statistics.quiet", UNTRAINED),
        (shorten_statistics, f"statistics.mean is [{NEURONS - 1}], expected [{NEURONS}]", "as in the YAML beside it"),
    ],
    ids=lambda x: getattr(x, "__name__", None),
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason_and_the_way_out(
    file: Path, damage: Callable[[Path], object], what: str, mend: str
) -> None:
    damage(file)
    with pytest.raises(BridgeError) as caught:
        load_ear(SMALL, file, music())
    text = str(caught.value)
    assert text.startswith(str(file))
    assert what in text
    assert mend in text


def test_the_weights_of_another_ear_are_refused(file: Path) -> None:
    wider = ears.spec(context=[*ears.CONTEXT[:-1], {**ears.CONTEXT[-1], "channels": 7}])
    with pytest.raises(BridgeError, match=r"an ear of another size: context\.2"):
        load_ear(wider, file, music())
