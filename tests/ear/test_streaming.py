"""One column at a time gives what the whole clip gives: every layer, every frame, every phase of the pools."""

from __future__ import annotations

import copy

import pytest
import torch

from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.network import Ear, fold_batch_norms
from oscbridge.ear.scalogram import ScalogramStream, scalogram
from oscbridge.ear.spec import EarSpec
from oscbridge.ear.streaming import EarStream
from oscbridge.ear.weights import calibrate, initialise

from . import ears

CALIBRATION_S = 2
Calibrated = tuple[Ear, FilterBank]


def calibrated(of: EarSpec, seed: int = 0) -> Calibrated:
    """An ear with batch norms as its first seconds of music set them, not folded."""
    bank, ear = FilterBank(of.scalogram), Ear(of)
    initialise(ear, seed)
    calibrate(ear, scalogram(ears.music(CALIBRATION_S * of.scalogram.rate), bank))
    return ear, bank


@torch.inference_mode()
def assert_streamed_equals_whole(ear: Ear, bank: FilterBank, offset: int, frames: int) -> None:
    """To 1e-4, of the value where it is above 1. offset: where in the music the stream begins, in samples.

    From the sound on, to 1e-3: a deep layer makes ten times as much of what the scalogram's rounding leaves.
    """
    hop = bank.spec.hop
    audio = ears.music(frames * hop, offset)
    x = scalogram(audio, bank)
    columns, of_columns, of_sound = ScalogramStream(bank), EarStream(ear), EarStream(ear)
    streamed = torch.stack([of_columns.push(column).clone() for column in x.transpose(0, 1)])
    heard = torch.stack([of_sound.push(columns.push(samples)).clone() for samples in audio.split(hop)])
    for layer, y in zip(of_sound.layers, ear(x[None]), strict=True):
        # between its steps a layer keeps its last activations
        held = y[0].transpose(0, 1).flatten(1).repeat_interleave(layer.frames_per_step, 0)[:frames]
        torch.testing.assert_close(streamed[:, layer.span], held, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(heard[:, layer.span], held, atol=1e-3, rtol=1e-3)


# ---- the network


@pytest.mark.parametrize("offset", [0, 30_011])
def test_the_shipped_ear_streamed_equals_the_whole_clip(offset: int) -> None:
    assert_streamed_equals_whole(ears.loaded().ear, ears.bank(), offset, 36)


@pytest.fixture(scope="module", params=[False, True], ids=["power", "power and phase"])
def small(request: pytest.FixtureRequest) -> Calibrated:
    ear, bank = calibrated(ears.spec(phase=request.param))
    return fold_batch_norms(ear), bank


@pytest.mark.parametrize("offset", range(0, 8 * 128 + 1, 129))
def test_a_small_ear_streamed_equals_the_whole_clip_wherever_it_begins(small: Calibrated, offset: int) -> None:
    assert_streamed_equals_whole(*small, offset, 50)


SHAPES = {
    "odd positions before a pool": [
        {"channels": 3, "conv1": [1, 1], "conv2": [1, 4], "valid": True},
        {"channels": 3, "conv1": [2, 3], "pool": 2, "conv2": [3, 5]},
    ],
    "kernels long in time": [{"channels": 2, "conv1": [5, 1], "conv2": [4, 2], "valid": True, "pool": 2}],
    "one block of ones": [{"channels": 1, "conv1": [1, 1], "conv2": [1, 1]}],
    "packed products": [{"channels": 160, "conv1": [1, 1], "conv2": [3, 3]}],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_of_ear_streamed_equals_the_whole_clip(shape: str) -> None:
    ear, bank = calibrated(ears.spec(SHAPES[shape], [{"channels": 3, "kernel": 2, "pool": 2}]))
    assert_streamed_equals_whole(fold_batch_norms(ear), bank, 1_000, 20)


def test_a_second_stream_of_the_same_ear_begins_anew(small: Calibrated) -> None:
    ear, bank = small
    x = scalogram(ears.music(30 * bank.spec.hop), bank).transpose(0, 1)
    first, second = EarStream(ear), EarStream(ear)
    once = [first.push(column).clone() for column in x]
    again = [second.push(column).clone() for column in x]
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


@pytest.mark.parametrize("of", [ears.shipped(), ears.spec()], ids=["shipped", "small"])
def test_updated_lists_the_layers_whose_turn_it_is(of: EarSpec) -> None:
    stream = EarStream(ears.loaded().ear if of is ears.shipped() else fold_batch_norms(Ear(of)))
    silence = torch.zeros(of.scalogram.channels, of.scalogram.bins)
    for t in range(33):
        stream.push(silence)
        assert stream.updated == [layer for layer in stream.layers if t % layer.frames_per_step == 0]


def test_the_shipped_ear_updates_27_layers_at_frame_0_and_1_at_frame_1() -> None:
    stream = EarStream(ears.loaded().ear)
    counts = []
    for _ in range(17):
        stream.push(torch.zeros(1, 216))
        counts.append(len(stream.updated))
    assert counts == [28, 1, 9, 1, 20, 1, 9, 1, 23, 1, 9, 1, 20, 1, 9, 1, 28]


# ---- folding


@torch.no_grad()
@pytest.mark.parametrize("of", [ears.shipped(), ears.spec(phase=True)], ids=["shipped", "small"])
def test_folded_batch_norms_change_no_layer(of: EarSpec) -> None:
    ear, bank = calibrated(of)
    seeded = torch.Generator().manual_seed(0)
    torch.nn.init.uniform_(ear.encoder[0].norm1.weight, 0.5, 2.0, generator=seeded)  # as training leaves them
    torch.nn.init.normal_(ear.context[0].norm.bias, generator=seeded)
    x = scalogram(ears.music(20 * bank.spec.hop, 20_000), bank)[None]
    folded = fold_batch_norms(copy.deepcopy(ear))
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    for before, after in zip(ear(x), folded(x), strict=True):
        torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)


# ---- the scalogram


@pytest.mark.parametrize("phase", [False, True], ids=["power", "power and phase"])
@pytest.mark.parametrize("hop", [64, 100, 441, 1_024, 2_048])
def test_the_streamed_scalogram_equals_the_whole(hop: int, phase: bool) -> None:
    bank = FilterBank(ears.spec(hop=hop, phase=phase).scalogram)
    audio = ears.noise(30 * hop)
    stream = ScalogramStream(bank)
    columns = torch.stack([stream.push(samples) for samples in audio.split(hop)], 1)
    torch.testing.assert_close(columns, scalogram(audio, bank), atol=1e-5, rtol=0)


def test_the_streamed_scalogram_of_the_shipped_ear_equals_the_whole() -> None:
    audio = ears.music(40 * 1_024, 12_345)
    stream = ScalogramStream(ears.bank())
    columns = torch.stack([stream.push(samples) for samples in audio.split(1_024)], 1)
    torch.testing.assert_close(columns, scalogram(audio, ears.bank()), atol=1e-5, rtol=0)


@pytest.mark.parametrize("phase", [False, True], ids=["power", "power and phase"])
@pytest.mark.parametrize("skipped", [1, 3, 40])
def test_the_column_after_hops_without_one_is_still_right(skipped: int, phase: bool) -> None:
    bank = FilterBank(ears.spec(phase=phase).scalogram)
    hop, audio = bank.spec.hop, ears.noise(60 * 128)
    stream = ScalogramStream(bank)
    for samples in audio[: 10 * hop].split(hop):
        stream.push(samples)
    stream.hear(audio[10 * hop : (10 + skipped) * hop])
    columns = [stream.push(samples) for samples in audio[(10 + skipped) * hop :][: 3 * hop].split(hop)]
    expected = scalogram(audio, bank)[:, 10 + skipped : 13 + skipped]
    torch.testing.assert_close(torch.stack(columns, 1), expected, atol=1e-5, rtol=0)
