"""Any module as layers: which outputs are neurons, what they are called, how they lie, what they see."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.network import Ear
from oscbridge.ear.tracing import Traced, TracedLayer, trace
from oscbridge.ear.weights import initialise
from oscbridge.errors import BridgeError

from . import ears

AUDIO, SCALOGRAM, PICTURE = (1, 400), (1, 1, 64, 24), (1, 3, 16, 20)


def traced(module: nn.Module, shape: tuple[int, ...] = SCALOGRAM, time_axis: int | None = 2) -> Traced:
    """The module with seeded weights, traced from noise."""
    torch.manual_seed(0)
    for part in module.modules():
        if hasattr(part, "reset_parameters"):
            part.reset_parameters()
    return trace(module.eval(), torch.randn(shape, generator=torch.Generator().manual_seed(1)), time_axis)


class Net(nn.Module):
    """Modules by name, and what is made of them."""

    def __init__(self, forward: Any, **parts: nn.Module) -> None:
        super().__init__()
        self.made = forward
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x: Tensor) -> Any:
        return self.made(self, x)


def names(network: Traced) -> list[str]:
    return [layer.name for layer in network.layers]


# ---- the project's own ear


def test_the_ear_comes_out_as_its_anatomy() -> None:
    spec = ears.spec()
    ear = Ear(spec).eval()
    initialise(ear, 0)
    network = trace(ear, torch.randn((1, 1, 64, 48), generator=torch.Generator().manual_seed(0)), 2)
    sizes = spec.scalogram
    expected = []
    for layer in anatomy(spec).layers:
        hops = (layer.receptive_field_s - sizes.kernel_samples(0) / sizes.rate) / sizes.hop_s
        bins = round(layer.receptive_field_octaves * sizes.bins_per_octave)
        expected.append((layer.channels, layer.positions, layer.frames_per_step, 1 + round(hops), bins))
    came = [(x.channels, x.positions, x.every, x.field_steps, x.field_positions) for x in network.layers]
    assert came == expected
    assert network.is_causal and network.untraced == ""


def test_the_ears_layers_are_what_it_returns() -> None:
    ear = Ear(ears.spec()).eval()
    initialise(ear, 0)
    x = torch.randn((2, 1, 96, 48), generator=torch.Generator().manual_seed(0))
    for came, expected in zip(trace(ear, x[:1], 2)(x), ear(x), strict=True):
        torch.testing.assert_close(came, expected)


# ---- causality


def causal(kernel: int, lead: int, **options: Any) -> nn.Sequential:
    return nn.Sequential(nn.ConstantPad2d((0, 0, lead, 0), 0.0), nn.Conv2d(1, 4, (kernel, 1), **options), nn.ReLU())


@pytest.mark.parametrize(
    ("module", "is_causal"),
    [
        (causal(3, 2), True),
        (causal(3, 2, stride=(2, 1)), True),
        (causal(3, 1), False),
        (nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU()), False),
        (Net(lambda _, x: F.relu(x - x.mean(2, keepdim=True))), False),
        (Net(lambda _, x: F.relu(x.cumsum(2))), True),
        (Net(lambda _, x: F.relu(x[:, :, :-3])), False),
        (Net(lambda _, x: F.relu(x + x.flip(2).detach())), False),
        (Net(lambda _, x: F.relu(x + 1e-7 * x.roll(-1, 2))), False),
        (Net(lambda s, x: s.dense(s.c(x).mean((2, 3))), c=causal(3, 2), dense=nn.Linear(4, 2)), False),
    ],
    ids=[
        "padded by its reach",
        "strided",
        "padded too little",
        "padded at both ends",
        "mean",
        "sum",
        "cut off",
        "detached",
        "faint",
        "pooled over time",
    ],
)
def test_a_network_is_causal_if_no_step_sees_a_later_one(module: nn.Module, is_causal: bool) -> None:
    assert traced(module).is_causal is is_causal


# ---- which outputs are layers


def test_a_nonlinearity_is_named_after_the_convolution_that_it_stands_behind() -> None:
    network = traced(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(4, 2, 1)),
    )
    assert names(network) == ["input", "0", "4"]
    assert bool((network(torch.randn(SCALOGRAM))[1] >= 0).all())  # after the ReLU


def test_a_residuals_nonlinearity_stands_for_both_branches_under_its_own_name() -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        y = s.relu(s.one(x))
        return s.relu(s.two(y) + s.match(x))

    parts = {"one": nn.Conv2d(1, 4, 1), "two": nn.Conv2d(4, 4, 1), "match": nn.Conv2d(1, 4, 1)}
    assert names(traced(Net(forward, **parts, relu=nn.ReLU(inplace=True)))) == ["input", "one", "relu"]


def test_a_convolution_that_something_else_uses_too_is_a_layer_of_its_own() -> None:
    network = traced(Net(lambda s, x: s.b(torch.tanh(y := s.a(x))) + y, a=nn.Conv2d(1, 4, 1), b=nn.Conv2d(4, 4, 1)))
    assert names(network) == ["input", "a", "tanh", "b"]


def test_a_question_for_the_size_is_no_use() -> None:
    network = traced(Net(lambda s, x: (y := s.a(x)).relu().view(x.size(0), -1, y.shape[2]), a=nn.Conv2d(1, 4, 1)))
    assert names(network) == ["input", "a"]


def test_functions_with_a_modules_weight_bear_its_name_and_others_their_own() -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        return F.softmax(F.conv2d(x, s.a.weight) * F.gelu(F.conv2d(x, torch.ones(4, 1, 1, 1))), dim=1)

    assert names(traced(Net(forward, a=nn.Conv2d(1, 4, 1)))) == ["input", "a", "conv2d_1", "softmax"]


def test_an_operation_in_place_spoils_no_layer() -> None:
    network = traced(Net(lambda s, x: (y := s.a(x)).relu_().add_(1) + y, a=nn.Conv2d(1, 4, 1)))
    assert names(network) == ["input", "a", "relu_"]
    before, after = network(torch.randn(SCALOGRAM))[1:]
    torch.testing.assert_close(before.relu(), after)
    assert float(before.detach().min()) < 0 == float(after.detach().min())


def test_integers_other_batches_pairs_of_steps_and_tuples_are_no_layers() -> None:
    def forward(s: Any, x: Tensor) -> Tensor:
        rows, steps = s.rows(x.reshape(-1, 24)), x[:, 0]
        pairs = torch.softmax(steps @ steps.transpose(1, 2), -1)
        return s.a(x) + s.gru(steps)[0].sum() + rows.sum() + pairs.sum() + torch.relu((x > 0).int())

    module = Net(forward, rows=nn.Linear(24, 2), a=nn.Conv2d(1, 4, 1), gru=nn.GRU(24, 3, batch_first=True))
    assert names(traced(module)) == ["input", "a"]


def test_rows_of_a_picture_are_no_batch() -> None:
    module = Net(lambda s, x: s.a(x).sum() + s.rows(x.reshape(-1, 20)), a=nn.Conv2d(3, 4, 1), rows=nn.Linear(20, 2))
    assert names(traced(module, PICTURE, None)) == ["input", "a"]


# ---- how they lie


def test_strides_are_found_whatever_their_factors() -> None:
    parts: list[nn.Module] = []
    for channels, stride in ((1, 5), (3, 4), (3, 3)):
        parts += [nn.Conv1d(channels, 3, stride + 1, stride), nn.Tanh()]
    network = traced(Net(lambda s, x: s.parts(x.unsqueeze(1)), parts=nn.Sequential(*parts)), AUDIO, 1)
    assert [(layer.channels, layer.positions, layer.every) for layer in network.layers] == [
        (1, 1, 1), (3, 1, 5), (3, 1, 20), (3, 1, 60),
    ]  # fmt: skip


@pytest.mark.parametrize("stride", range(1, 16))
def test_a_causal_layers_stride_is_exact_also_if_it_makes_few_steps(stride: int) -> None:
    assert traced(causal(stride, stride - 1, stride=(stride, 1))).layers[1].every == stride


def test_a_receptive_field_grows_with_kernels_dilations_and_pools() -> None:
    network = traced(nn.Sequential(
        nn.Conv2d(1, 8, (3, 5)), nn.ReLU(), nn.MaxPool2d((2, 1)), nn.Conv2d(8, 8, (3, 1), dilation=(4, 1)), nn.ReLU(),
    ))  # fmt: skip
    fields = [(layer.field_steps, layer.field_positions) for layer in network.layers]
    assert fields == [(1, 1), (3, 5), (3 + 1 + 8 * 2, 5)]


def test_a_saturated_layer_still_has_its_field() -> None:
    module = Net(lambda s, x: torch.softmax(1e4 * s.a(x), 1), a=nn.Conv2d(1, 4, 3, bias=False))
    assert traced(module).layers[-1].field_steps == 3


def test_what_gives_no_gradient_counts_as_seeing_the_whole_example() -> None:
    layer = traced(Net(lambda _, x: F.relu(x.detach()))).layers[1]
    assert (layer.field_steps, layer.field_positions) == (64, 24)


def test_a_transposed_spectrogram_comes_out_with_time_before_positions() -> None:
    network = traced(Net(lambda s, x: s.a(x.transpose(2, 3)).relu(), a=nn.Conv2d(1, 4, (5, 1))))
    assert network.layers[1] == TracedLayer("a", 4, 20, 1, True, 1, 5)
    x = torch.randn(SCALOGRAM)
    torch.testing.assert_close(network(x)[1], network.graph(x).transpose(2, 3))  # type: ignore[misc]


def test_features_of_a_dense_layer_at_every_step_are_channels() -> None:
    network = traced(Net(lambda s, x: s.a(x.squeeze(1)), a=nn.Linear(24, 7)))
    assert network.layers[1] == TracedLayer("a", 7, 1, 1, True, 1, 24)
    x = torch.randn(SCALOGRAM)
    torch.testing.assert_close(network(x)[1][0, :, :, 0], network.graph(x)[0].T)  # type: ignore[misc]


def test_a_dense_layer_over_a_window_has_no_time_and_sees_it_all() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 62 * 22, 5), nn.Sigmoid())
    assert traced(module).layers[1:] == (
        TracedLayer("0", 2, 22, 1, True, 3, 3),
        TracedLayer("3", 5, 1, 1, False, 64, 24),
    )


def test_of_a_pictures_columns_the_strongest_row_counts() -> None:
    network = traced(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)), PICTURE, None)
    assert network.layers == (
        TracedLayer("input", 3, 20, 1, False, 1, 1),
        TracedLayer("0", 4, 18, 1, False, 1, 3),
        TracedLayer("3", 5, 1, 1, False, 1, 20),
    )
    x = torch.randn(PICTURE)
    expected = network.graph.get_submodule("net.0")(x).relu().amax(2)[:, :, None]  # type: ignore[union-attr]
    torch.testing.assert_close(network(x)[1], expected)


def test_layers_pass_gradients_to_the_input() -> None:
    x = torch.randn(SCALOGRAM, requires_grad=True)
    traced(causal(3, 2))(x)[1].sum().backward()
    assert x.grad is not None and bool(x.grad.any())


@torch.inference_mode()
def test_fields_are_measured_in_inference_mode_too() -> None:
    with torch.inference_mode(False):
        module = causal(3, 2)
    assert trace(module.eval(), torch.randn(SCALOGRAM), 2).layers[1].field_steps == 3


# ---- without a graph


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


def test_what_fx_cannot_follow_is_named_and_hooked() -> None:
    network = traced(nn.Sequential(nn.Conv2d(1, 4, (3, 1)), nn.ReLU(), Gate(), nn.Conv2d(4, 2, 1)))
    assert names(network) == ["input", "0", "3"] and network.graph is None and network.nodes == ()
    assert network.untraced.startswith("2 (Gate) cannot be traced: symbolically traced variables cannot be used")
    assert float(network(torch.randn(SCALOGRAM))[1].detach().min()) == 0.0
    assert network.layers[1].field_steps == 3


def test_a_hooked_module_that_is_called_twice_gives_its_last_output() -> None:
    module = Net(lambda s, x: s.gate(s.a(s.a(x))), a=nn.Conv2d(1, 1, (3, 1)), gate=Gate())
    assert traced(module).layers[1].field_steps == 5


def test_a_hooked_nonlinearity_belongs_to_the_convolution_before_its_last_call() -> None:
    parts = {"a": nn.Conv2d(1, 1, 1), "b": nn.Conv2d(1, 1, 1), "relu": nn.ReLU(), "gate": Gate()}
    network = traced(Net(lambda s, x: s.relu(s.b(s.relu(s.a(s.gate(x))))), **parts))
    assert names(network) == ["input", "a", "b"]
    x = torch.randn(SCALOGRAM)
    first = parts["a"](parts["gate"](x))
    for came, expected in zip(network(x)[1:], (first, parts["b"](first.relu()).relu()), strict=True):
        torch.testing.assert_close(came, expected)


def test_a_network_that_draws_random_numbers_is_hooked() -> None:
    network = traced(Net(lambda s, x: s.a(x + torch.rand_like(x)), a=nn.Conv2d(1, 2, 1)))
    assert "random" in network.untraced and names(network) == ["input", "a"]


# ---- errors


@pytest.mark.parametrize(
    ("module", "shape", "axis", "text"),
    [
        (nn.AvgPool2d(2), SCALOGRAM, 2, "AvgPool2d has no layer of neurons"),
        (nn.Conv2d(2, 4, 3), SCALOGRAM, 2, r"cannot run on an input of shape \(1, 1, 64, 24\)"),
        (nn.Conv2d(1, 4, 3), SCALOGRAM, 4, "time axis 4; expected"),
    ],
)
def test_what_cannot_be_traced_says_why(module: nn.Module, shape: tuple[int, ...], axis: int, text: str) -> None:
    with pytest.raises(BridgeError, match=text):
        traced(module, shape, axis)


@pytest.mark.parametrize("shape", [(1, 2, 64, 24), (1, 64, 24), (1, 1, 2, 24)])
def test_an_input_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BridgeError, match=r"input of shape"):
        traced(nn.Conv2d(1, 4, 3))(torch.randn(shape))
