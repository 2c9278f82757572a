"""A convolution chapter as a test: worked examples, the three ideas behind the network, and how far a neuron sees.

Source of the examples: Understanding Convolutions, chapter 13 (From Pixels to Features); the numbers are its own.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from oscbridge.ear.anatomy import anatomy, output_size
from oscbridge.ear.network import CausalConv2d, CausalMaxPool, Ear, fold_batch_norms
from oscbridge.ear.spec import EarSpec
from oscbridge.ear.streaming import EarStream
from oscbridge.ear.weights import initialise

from . import ears

RAMP = [1.0, 2.0, 3.0, 4.0, 5.0]
DIFFERENCE = [1.0, 0.0, -1.0]
FALLING = [-2.0, -2.0, -2.0]

IMAGE = torch.tensor([[1.0, 2, 0, 1, 2], [0, 1, 2, 1, 0], [2, 0, 1, 0, 1], [1, 2, 0, 2, 1], [0, 1, 2, 1, 0]])
SOBEL = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
EDGES = torch.tensor([[2.0, -1, -2], [-1, 0, -1], [-1, 0, 0]])

PLAIN = [{"channels": 1, "conv1": [1, 1], "conv2": [1, 1]}]


def set_weight(conv: torch.nn.Module, values: list[float] | Tensor, bias: float = 0.0) -> None:
    assert isinstance(conv, torch.nn.Conv2d)
    with torch.no_grad():
        conv.weight.copy_(torch.as_tensor(values).reshape(conv.weight.shape))
        if conv.bias is not None:
            conv.bias.fill_(bias)


def streamed(ear: Ear, columns: Tensor, layer: int) -> Tensor:
    """What one layer gives for each column, (columns, channels, positions)."""
    stream = EarStream(ear)
    chosen = stream.layers[layer]
    values = [stream.push(column[None])[chosen.span].clone() for column in columns]
    return torch.stack(values).view(len(columns), chosen.channels, chosen.positions)


# ---- the worked examples


def test_the_one_dimensional_example_along_frequency() -> None:
    conv = CausalConv2d(1, 1, (1, 3), valid=True)
    set_weight(conv, DIFFERENCE)
    assert conv(torch.tensor(RAMP).view(1, 1, 1, 5)).flatten().tolist() == FALLING


def test_the_one_dimensional_example_along_time() -> None:
    conv = CausalConv2d(1, 1, (3, 1))
    set_weight(conv, DIFFERENCE)
    # the first two columns see the silence before the signal
    assert conv(torch.tensor(RAMP).view(1, 1, 5, 1)).flatten().tolist() == [-1.0, -2.0, *FALLING]


def test_the_one_dimensional_example_streamed_along_frequency() -> None:
    block = {"channels": 1, "conv1": [1, 1], "conv2": [1, 3], "valid": True}
    ear = ears.by_hand(ears.spec([block], [{"channels": 1, "kernel": 1}], bins=5))
    set_weight(ear.encoder[0].conv1, [1.0])
    set_weight(ear.encoder[0].conv2, DIFFERENCE)
    residual = torch.tensor(RAMP[1:-1])
    assert (streamed(ear, torch.tensor([RAMP]), 2)[0, 0] - residual).tolist() == FALLING


def test_the_one_dimensional_example_streamed_along_time() -> None:
    ear = ears.by_hand(ears.spec(PLAIN, [{"channels": 1, "kernel": 3}], bins=1))
    set_weight(ear.z, [1.0])
    set_weight(ear.context[0].conv, DIFFERENCE)
    ramp = torch.tensor(RAMP).view(5, 1)
    # a residual of the signal itself keeps the sum above 0, where ReLU leaves it as it is
    assert (streamed(ear, ramp, 4).view(5, 1) - ramp)[2:].flatten().tolist() == FALLING


def test_the_two_dimensional_example() -> None:
    conv = CausalConv2d(1, 1, (3, 3), valid=True)
    set_weight(conv, SOBEL)
    assert torch.equal(conv(IMAGE[None, None])[0, 0, 2:], EDGES)


def test_the_two_dimensional_example_streamed_row_by_row() -> None:
    block = {"channels": 1, "conv1": [3, 3], "conv2": [1, 1]}
    ear = ears.by_hand(ears.spec([block], [{"channels": 1, "kernel": 1}], bins=5))
    set_weight(ear.encoder[0].conv1, SOBEL, bias=4.0)
    assert torch.equal(streamed(ear, IMAGE, 1)[2:, 0, 1:-1], EDGES + 4.0)


def test_the_pictured_moving_average() -> None:
    conv = CausalConv2d(1, 1, (1, 3))
    set_weight(conv, [0.33, 0.34, 0.33])
    signal = torch.tensor([0.82, 0.91, 0.76, 0.88, 0.95, 0.71, 0.84, 0.93])
    y = conv(signal.view(1, 1, 1, 8)).flatten()
    assert len(y) == 8
    assert y[0].item() == pytest.approx(0.579, abs=5e-4)


@pytest.mark.parametrize("valid", [False, True])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 5), (4, 1)])
def test_a_convolution_is_the_loop_of_multiply_and_sum(kernel: tuple[int, int], valid: bool) -> None:
    rng = np.random.default_rng(0)
    conv = CausalConv2d(2, 3, kernel, valid=valid)
    weight = rng.standard_normal((3, 2, *kernel)).astype(np.float32)
    set_weight(conv, torch.from_numpy(weight))
    x = rng.standard_normal((2, 6, 9)).astype(np.float32)
    pad = 0 if valid else kernel[1] // 2
    padded = np.pad(x, ((0, 0), (kernel[0] - 1, 0), (pad, pad)))
    positions = output_size(9, kernel[1], 2 * pad)
    expected = np.zeros((3, 6, positions))
    for c, t, p in itertools.product(range(3), range(6), range(positions)):
        expected[c, t, p] = (padded[:, t : t + kernel[0], p : p + kernel[1]] * weight[c]).sum()
    np.testing.assert_allclose(conv(torch.from_numpy(x)[None])[0].detach().numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(("time", "freq"), [(1, 2), (2, 1), (2, 2)])
def test_a_pool_is_the_loop_of_maxima_and_its_last_column_is_the_newest(time: int, freq: int) -> None:
    x = torch.randn(2, 7, 9, generator=torch.Generator().manual_seed(0))
    y = CausalMaxPool(time, freq)(x[None])[0]
    assert y.shape == (2, -(-7 // time), 9 // freq)
    for c, t, p in itertools.product(*map(range, y.shape)):
        assert y[c, t, p] == x[c, max(0, time * (t - 1) + 1) : time * t + 1, freq * p : freq * (p + 1)].max()


# ---- sizes


@pytest.mark.parametrize(
    ("size", "kernel", "padding", "stride", "expected"),
    [
        (5, 3, 0, 1, 3),
        (10, 4, 0, 1, 7),  # the quick check
        (8, 3, 2, 1, 8),  # "padding preserves the length"
        (5, 3, 2, 1, 5),
        (224, 3, 2, 1, 224),
        (224, 7, 6, 2, 112),
        (32, 5, 0, 3, 10),
        (216, 2, 0, 2, 108),
        (85, 2, 0, 2, 42),
        (108, 25, 0, 1, 84),
        (17, 17, 0, 1, 1),
    ],
)
def test_the_output_size_follows_the_formula(size: int, kernel: int, padding: int, stride: int, expected: int) -> None:
    assert output_size(size, kernel, padding, stride) == expected
    walked = range(0, size + padding - kernel + 1, stride)
    assert len(walked) == expected


@pytest.mark.parametrize(("size", "kernel", "valid"), [(5, 3, True), (10, 4, True), (8, 3, False), (108, 25, True)])
def test_a_convolution_gives_as_many_positions_as_the_formula(size: int, kernel: int, valid: bool) -> None:
    y = CausalConv2d(1, 1, (1, kernel), valid=valid)(torch.zeros(1, 1, 1, size))
    assert y.shape[-1] == output_size(size, kernel, 0 if valid else kernel - 1)


@pytest.mark.parametrize("size", [5, 84, 85, 216])
def test_a_pool_gives_as_many_positions_as_the_formula(size: int) -> None:
    assert CausalMaxPool(2, 2)(torch.zeros(1, 1, 4, size)).shape[-1] == output_size(size, 2, 0, 2)


# ---- parameters


def test_a_convolution_of_17_channels_to_64_along_time_has_3328_parameters() -> None:
    blocks = [{"channels": 17, "conv1": [1, 1], "conv2": [1, 1]}]
    ear = fold_batch_norms(Ear(ears.spec(blocks, [{"channels": 64, "kernel": 3}])))
    assert sum(p.numel() for p in ear.context[0].conv.parameters()) == 64 * 17 * 3 + 64 == 3_328


def test_a_3x3_convolution_of_3_channels_to_64_has_1792_parameters() -> None:
    blocks = [{"channels": n, "conv1": [3, 3], "conv2": [1, 1]} for n in (3, 64)]
    ear = fold_batch_norms(Ear(ears.spec(blocks)))
    assert sum(p.numel() for p in ear.encoder[1].conv1.parameters()) == 3 * 3 * 3 * 64 + 64 == 1_792


@pytest.mark.parametrize(("side", "units", "weights"), [(32, 512, 1_572_864), (224, 1_000, 150_528_000)])
def test_a_fully_connected_layer_is_a_convolution_as_large_as_the_image(side: int, units: int, weights: int) -> None:
    with torch.device("meta"):
        conv = CausalConv2d(3, units, (side, side), valid=True)
    assert conv.weight.numel() == weights


def test_a_convolution_needs_84000_times_fewer_parameters_than_the_fully_connected_layer() -> None:
    with torch.device("meta"):
        full = CausalConv2d(3, 1_000, (224, 224), valid=True)
        conv = CausalConv2d(3, 64, (3, 3))
    parameters = full.weight.numel() + 1_000
    assert parameters == 150_529_000
    assert parameters // (conv.weight.numel() + 64) == 84_000


def test_z_has_one_private_weight_for_every_channel_and_position() -> None:
    ear = Ear(ears.shipped())
    assert ear.z.weight.numel() == 512 * 17


# ---- the three ideas: sharing, equivariance, locality


def test_a_convolution_is_a_matrix_of_which_every_row_is_the_row_above_moved_by_one() -> None:
    conv = CausalConv2d(1, 1, (1, 3), valid=True)
    set_weight(conv, [0.5, -2.0, 3.0])
    matrix = conv(torch.eye(16).view(16, 1, 1, 16)).reshape(16, 14).T
    assert torch.equal(matrix[1:, 1:], matrix[:-1, :-1])
    assert (matrix != 0).sum(1).tolist() == [3] * 14
    assert (matrix != 0).sum().item() == 42  # of 14 x 16 connections


ROOMY: dict[str, Any] = {"bins": 96, "bins_per_octave": 24}
POOLED = (1, 2, 2, 2, 2, 4, 4)  # bins from one position to the next, in the encoder's layers and the scalogram


def unbiased() -> Ear:
    ear = Ear(ears.spec(**ROOMY)).eval()
    initialise(ear, 3)
    return ear


def pattern(frame: int, first_bin: int) -> Tensor:
    """(1, 1, 64, 96): a few frames and bins of noise in silence."""
    x = torch.zeros(1, 1, 64, 96)
    x[..., frame : frame + 5, first_bin : first_bin + 7] = torch.rand(5, 7, generator=torch.Generator().manual_seed(0))
    return x


@torch.no_grad()
@pytest.mark.parametrize("bins", [-8, -4, 4, 8])
def test_a_pattern_moved_in_frequency_moves_the_activations_of_every_encoder_layer(bins: int) -> None:
    ear = unbiased()
    before, after = ear(pattern(16, 44)), ear(pattern(16, 44 + bins))
    for x, y, jump in zip(before, after, POOLED, strict=False):
        assert x.any()
        torch.testing.assert_close(y, torch.roll(x, bins // jump, -1))


@torch.no_grad()
@pytest.mark.parametrize(("bins", "layers"), [(1, 1), (2, 5), (4, 7)])
def test_a_shift_that_the_pools_cannot_halve_is_more_than_a_shift_behind_them(bins: int, layers: int) -> None:
    ear = unbiased()
    before, after = ear(pattern(16, 44))[:7], ear(pattern(16, 44 + bins))[:7]
    for i, (x, y) in enumerate(zip(before, after, strict=True)):
        assert any(torch.allclose(y, torch.roll(x, n, -1)) for n in range(5)) == (i < layers)


@torch.no_grad()
def test_a_pattern_delayed_in_time_delays_the_activations_of_every_layer() -> None:
    ear = unbiased()
    steps = [layer.frames_per_step for layer in anatomy(ear.spec).layers]
    delay = max(steps)
    before, after = ear(pattern(16, 44)), ear(pattern(16 + delay, 44))
    for x, y, step in zip(before, after, steps, strict=True):
        assert x.any()
        torch.testing.assert_close(y[..., delay // step :, :], x[..., : -(delay // step), :])
        assert not y[..., : delay // step, :].any()


@torch.no_grad()
@pytest.mark.parametrize("now", [1, 8, 15, 22, 31])
def test_the_future_changes_nothing_before_it(now: int) -> None:
    ear = Ear(ears.spec()).eval()
    initialise(ear, 0)
    x = torch.rand(1, 1, 40, 48, generator=torch.Generator().manual_seed(0))
    y = x.clone()
    y[..., now:, :] = 1 - y[..., now:, :]
    for layer, a, b in zip(anatomy(ear.spec).layers, ear(x), ear(y), strict=True):
        past = -(-now // layer.frames_per_step)
        assert torch.equal(a[..., :past, :], b[..., :past, :])
        assert not torch.equal(a, b)


# ---- receptive fields

DEEP = [
    {"channels": 2, "conv1": [3, 3], "conv2": [2, 7], "valid": True},
    {"channels": 3, "conv1": [1, 3], "pool": 2, "conv2": [3, 3]},
]
SEEN = [ears.spec(**ROOMY), ears.spec(), ears.spec(DEEP, [{"channels": 2, "kernel": 2, "pool": 2}])]


@torch.no_grad()
@pytest.mark.parametrize("of", SEEN, ids=["roomy", "small", "deep in time"])
def test_one_frame_reaches_exactly_the_columns_whose_receptive_field_holds_it(of: EarSpec) -> None:
    s, frames = of.scalogram, 81
    lone = torch.eye(frames).view(frames, 1, frames, 1).expand(-1, 1, -1, s.bins)
    for layer, y in zip(anatomy(of).layers, ears.positive(of)(lone), strict=True):
        seen = (y[:, :, -1] > 0).any(-1).any(-1).nonzero().flatten()
        assert seen[-1].item() == frames - 1
        assert len(seen) == seen[-1] - seen[0] + 1
        stated = (layer.receptive_field_s - s.kernel_samples(0) / s.rate) / s.hop_s + 1
        assert len(seen) == pytest.approx(stated), layer.name


@torch.no_grad()
@pytest.mark.parametrize("of", SEEN, ids=["roomy", "small", "deep in time"])
def test_one_bin_reaches_exactly_the_positions_whose_receptive_field_holds_it(of: EarSpec) -> None:
    s = of.scalogram
    lone = torch.eye(s.bins).view(s.bins, 1, 1, s.bins).expand(-1, 1, 17, -1)
    for layer, y in zip(anatomy(of).layers, ears.positive(of)(lone), strict=True):
        seen = (y[:, :, -1] > 0).any(1)  # (bins, positions)
        widest = int(seen.sum(0).max())
        assert widest == pytest.approx(layer.receptive_field_octaves * s.bins_per_octave), layer.name
