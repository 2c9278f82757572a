"""VGG 16 and ResNet 18 as graphs: every edge is one that the running network has, and torchvision's weights fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from oscbridge.errors import BridgeError
from oscbridge.layout.graph import Network
from oscbridge.layout.slices import resnet18_network, vgg16_network

from .gradients import Trace, adjacency, assert_in_proportion

HEIGHT = 96  # pixels: the deepest layers keep 3 lines, of which the middle one sees a whole kernel

# ---- the networks themselves, as torchvision builds them; pools average, for a maximum hides all but one position


class Vgg(nn.Module):
    def __init__(self, divisor: int) -> None:
        super().__init__()
        plan = [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]
        layers: list[nn.Module] = []
        before = 3
        for size in plan:
            channels = size // divisor
            if channels == 0:
                layers.append(nn.AvgPool2d(2, 2))
            else:
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
        wide = 4096 // divisor
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(before * 49, wide), nn.ReLU(), nn.Dropout(),
            nn.Linear(wide, wide), nn.ReLU(), nn.Dropout(),
            nn.Linear(wide, 1000 // divisor),
        )  # fmt: skip

    def trace(self, x: Tensor) -> Trace:
        trace = Trace()
        x = trace.cut(x)
        for module in self.features:
            x = trace.cut(module(x)) if isinstance(module, nn.ReLU) else module(x)
        x = nn.functional.adaptive_avg_pool2d(x, (7, 7)).flatten(1)
        for module in self.classifier:
            x = module(x)
            if isinstance(module, nn.ReLU):
                x = trace.cut(x[..., None, None])[..., 0, 0]
        trace.cut(x[..., None, None])
        return trace


class Block(nn.Module):
    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module | None = None
        if stride == 2:
            self.downsample = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def follow(self, x: Tensor, trace: Trace) -> Tensor:
        inner = trace.cut(self.bn1(self.conv1(x)).relu())
        skip = x if self.downsample is None else self.downsample(x)
        return trace.cut((self.bn2(self.conv2(inner)) + skip).relu())


class Resnet(nn.Module):
    def __init__(self, divisor: int) -> None:
        super().__init__()
        before = 64 // divisor
        self.conv1 = nn.Conv2d(3, before, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(before)
        for i, size in enumerate((64, 128, 256, 512)):
            channels = size // divisor
            blocks = [Block(before, channels, 1 if i == 0 else 2), Block(channels, channels, 1)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            before = channels
        self.fc = nn.Linear(before, 1000 // divisor)

    def trace(self, x: Tensor) -> Trace:
        trace = Trace()
        x = trace.cut(self.bn1(self.conv1(trace.cut(x))).relu())
        x = trace.cut(nn.functional.avg_pool2d(x, 3, 2, 1))
        for i in range(4):
            for block in getattr(self, f"layer{i + 1}"):
                x = block.follow(x, trace)
        trace.cut(self.fc(x.mean((2, 3)))[..., None, None])
        return trace


Build = Callable[..., Network]
State = dict[str, Tensor]
BOTH = pytest.mark.parametrize(("build", "module"), [(vgg16_network, Vgg), (resnet18_network, Resnet)])


@cache
def shapes(module: type[Vgg] | type[Resnet]) -> dict[str, torch.Size]:
    """Of the state dict of the network in full."""
    with torch.device("meta"):
        return {key: value.shape for key, value in module(1).state_dict().items()}


def in_full(module: type[Vgg] | type[Resnet], dtype: torch.dtype = torch.float32) -> State:
    """A state dict of the network in full that takes no memory."""
    return {key: torch.zeros((), dtype=dtype).expand(shape) for key, shape in shapes(module).items()}


@torch.no_grad()
def positive(module: type[Vgg] | type[Resnet], divisor: int) -> Vgg | Resnet:
    """A network with few channels in which every neuron shows whatever it sees."""
    network = module(divisor).eval()
    generator = torch.Generator().manual_seed(5)
    for key, value in network.state_dict().items():
        if key.endswith(("bias", "running_mean")):
            value.zero_()
        elif value.is_floating_point():
            value.uniform_(0.5, 1.5, generator=generator)
            if value.ndim > 1:
                value /= value[0].numel()
    return network


def widened(network: Vgg | Resnet) -> State:
    """Its weights as the first channels of a network in full, all others 0."""
    state = {}
    own = network.state_dict()
    for key, shape in shapes(type(network)).items():
        state[key] = torch.zeros(shape)
        small, large = own[key], state[key]
        if key == "classifier.0.weight":
            small, large = small.unflatten(1, (-1, 49)), large.unflatten(1, (-1, 49))
        large[tuple(slice(n) for n in small.shape)] = small
    return state


# ---- edges


@cache
def running(module: type[Vgg] | type[Resnet], divisor: int, width: int) -> tuple[State, np.ndarray]:
    """Weights, and the gradients of all neurons of one line in the middle, without neurons that no other sees."""
    network = positive(module, divisor)
    image = torch.rand(1, 3, HEIGHT, width, generator=torch.Generator().manual_seed(6)) + 0.5
    gradients = network.trace(image).gradients(0.5)
    seen = (gradients != 0).any(0)
    seen[-(1000 // divisor) :] = True
    return widened(network), gradients[seen][:, seen]


# widths whose halves are odd somewhere
SLICES = pytest.mark.parametrize(
    ("build", "module", "divisor", "width"),
    [(vgg16_network, Vgg, 64, 72), (vgg16_network, Vgg, 64, 40), (resnet18_network, Resnet, 32, 36)],
    ids=["vgg 72", "vgg 40", "resnet 36"],
)


@SLICES
def test_two_neurons_are_joined_if_and_only_if_one_sees_the_other(
    build: Build, module: type[Vgg] | type[Resnet], divisor: int, width: int
) -> None:
    _, gradients = running(module, divisor, width)
    np.testing.assert_array_equal(adjacency(build(None, width, 1 / divisor)), gradients != 0)


@SLICES
def test_weights_are_those_of_the_first_channels_with_the_kernels_height_summed_and_batch_norms_folded(
    build: Build, module: type[Vgg] | type[Resnet], divisor: int, width: int
) -> None:
    state, gradients = running(module, divisor, width)
    network = build(state, width, 1 / divisor, weighted=True)
    np.testing.assert_array_equal(adjacency(network) != 0, gradients != 0)
    assert_in_proportion(network, gradients)


def ends(network: Network, target: str) -> dict[str, int]:
    """The groups that a group is joined to, with how far their positions are apart."""
    names = [group.name for group in network.groups]
    return {names[link.source]: link.stride for link in network.links if names[link.target] == target}


def test_a_skip_begins_where_its_block_does() -> None:
    network = resnet18_network(share=1 / 64)
    assert ends(network, "layer1.0") == {"layer1.0.conv1": 1, "maxpool": 1}
    assert ends(network, "layer1.1") == {"layer1.1.conv1": 1, "layer1.0": 1}
    assert ends(network, "layer2.0") == {"layer2.0.conv1": 1, "layer1.1": 2}
    assert ends(network, "layer4.1") == {"layer4.1.conv1": 1, "layer4.0": 1}


def test_the_slices_of_32_pixels_have_as_many_edges_as_worked_out_by_hand() -> None:
    stages = [
        3 * 64 * 94, 64 * 64 * 94,  # 32 windows of 3, less the two at the ends
        64 * 128 * 2 * 46, 128 * 128 * 46,  # after a pool, twice as many
        128 * 256 * 2 * 22, 256 * 256 * 22, 256 * 256 * 22,
        256 * 512 * 2 * 10, 512 * 512 * 10, 512 * 512 * 10,
        512 * 512 * 2 * 4, 512 * 512 * 4, 512 * 512 * 4,
        2 * 512 * 4096, 4096 * 4096, 4096 * 1000,
    ]  # fmt: skip
    vgg = vgg16_network(None, 32)
    assert [Network(vgg.groups, (link,)).edges for link in vgg.links] == stages
    blocks = [
        3 * 64 * (4 + 6 + 13 * 7 + 5), 64 * 23,
        64 * 64 * 22, 64 * 64 * 22, 64 * 8, 64 * 64 * 22, 64 * 64 * 22, 64 * 8,
        64 * 128 * 11, 128 * 128 * 10, 64 * 128 * 4, 128 * 128 * 10, 128 * 128 * 10, 128 * 4,
        128 * 256 * 5, 256 * 256 * 4, 128 * 256 * 2, 256 * 256 * 4, 256 * 256 * 4, 256 * 2,
        256 * 512 * 2, 512 * 512, 256 * 512, 512 * 512, 512 * 512, 512,
        512 * 1000,
    ]  # fmt: skip
    resnet = resnet18_network(None, 32)
    assert [Network(resnet.groups, (link,)).edges for link in resnet.links] == blocks


# ---- neurons


@pytest.mark.parametrize(
    ("width", "share", "neurons"),
    [
        (32, 1.0, 96 + 2 * 64 * 32 + 2 * 128 * 16 + 3 * 256 * 8 + 3 * 512 * 4 + 3 * 512 * 2 + 4096 + 4096 + 1000),
        (32, 0.25, 96 + 2 * 16 * 32 + 2 * 32 * 16 + 3 * 64 * 8 + 3 * 128 * 4 + 3 * 128 * 2 + 1024 + 1024 + 250),
        # the pools leave out one of 7 positions, and one of 3
        (56, 1.0, 168 + 2 * 64 * 56 + 2 * 128 * 28 + 3 * 256 * 14 + 512 * 20 + 512 * 8 + 4096 + 4096 + 1000),
    ],
)
def test_a_slice_of_vgg_16_has_as_many_neurons_as_worked_out_by_hand(width: int, share: float, neurons: int) -> None:
    assert vgg16_network(None, width, share).nodes == neurons


@pytest.mark.parametrize(
    ("width", "share", "neurons"),
    [
        (32, 1.0, 96 + 64 * 16 + 5 * 64 * 8 + 4 * 128 * 4 + 4 * 256 * 2 + 4 * 512 + 1000),
        (56, 0.25, 168 + 16 * 28 + 5 * 16 * 14 + 4 * 32 * 7 + 4 * 64 * 4 + 4 * 128 * 2 + 250),
        (33, 1 / 512, 99 + 17 + 5 * 9 + 4 * 5 + 4 * 3 + 4 * 2 + 1),
    ],
)
def test_a_slice_of_resnet_18_has_as_many_neurons_as_worked_out_by_hand(width: int, share: float, neurons: int) -> None:
    assert resnet18_network(None, width, share).nodes == neurons


@BOTH
def test_random_weights_are_the_same_for_the_same_seed_only(build: Build, module: object) -> None:
    one, again, other = (build(None, 32, 1 / 32, weighted=True, seed=seed).degree for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.allclose(one, other)


# ---- state dicts


@BOTH
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_whole_state_dict_is_taken_as_it_is(
    build: Build, module: type[Vgg] | type[Resnet], dtype: torch.dtype
) -> None:
    network = build(in_full(module, dtype), 32, 1 / 64, weighted=True)
    assert network.groups == build(None, 32, 1 / 64).groups


def test_a_state_dict_from_before_batch_norms_counted_is_taken() -> None:
    old = {key: value for key, value in in_full(Resnet).items() if not key.endswith("num_batches_tracked")}
    assert resnet18_network(old, 32, 1 / 64).nodes == resnet18_network(None, 32, 1 / 64).nodes


def refusal(build: Build, state: Mapping[str, Tensor], weighted: bool = False) -> str:
    with pytest.raises(BridgeError) as caught:
        build(state, 32, 1 / 64, weighted=weighted)
    return str(caught.value)


@BOTH
def test_a_missing_weight_is_named(build: Build, module: type[Vgg] | type[Resnet]) -> None:
    for key in shapes(module):
        if key.endswith(("weight", "running_var")):
            rest = {name: value for name, value in in_full(module).items() if name != key}
            assert refusal(build, rest).startswith(f"{key} is missing; expected the whole state dict of ")


@BOTH
def test_a_wrong_shape_is_named_with_the_right_one(build: Build, module: type[Vgg] | type[Resnet]) -> None:
    for key, shape in shapes(module).items():
        said = refusal(build, in_full(module) | {key: torch.zeros(()).expand(3, *shape)})
        assert said.startswith(f"{key} is {(3, *shape)}; a ")
        assert said.endswith(f" has {tuple(shape)}")


@pytest.mark.parametrize(
    ("build", "state", "said"),
    [
        (vgg16_network, in_full(Resnet), "conv1.weight is no weight of a VGG 16; "),
        (resnet18_network, in_full(Vgg), "features.0.weight is no weight of a ResNet 18; "),
        (resnet18_network, in_full(Resnet) | {"layer1.2.conv1.weight": torch.zeros(64, 64, 3, 3)}, "layer1.2.conv1."),
        (resnet18_network, {"state_dict": in_full(Resnet), "epoch": 90}, "state_dict is no weight of a ResNet 18; "),
    ],
)
def test_another_networks_weights_are_refused(build: Build, state: State, said: str) -> None:
    assert refusal(build, state).startswith(said)


@pytest.mark.parametrize("key", ["layer3.1.conv2.weight", "layer3.1.bn2.weight", "layer3.1.bn2.running_var"])
def test_a_weight_that_is_no_number_is_refused(key: str) -> None:
    broken = in_full(Resnet)
    broken[key] = torch.full(broken[key].shape, -torch.inf)
    assert refusal(resnet18_network, broken, weighted=True).startswith(
        "layer3.1.conv2.weight gives weights that are no "
    )


@BOTH
@pytest.mark.parametrize(
    ("width", "share", "said"),
    [
        (31, 1.0, "the line is 31 pixels wide; expected 32 or more"),
        (32, 0.0, "the share of channels is 0.0; expected more than 0 and at most 1"),
        (32, 1.5, "the share of channels is 1.5; expected more than 0 and at most 1"),
        (32, float("nan"), "the share of channels is nan; expected more than 0 and at most 1"),
    ],
)
def test_a_width_or_share_out_of_range_is_refused(
    build: Build, module: object, width: int, share: float, said: str
) -> None:
    with pytest.raises(BridgeError) as caught:
        build(None, width, share)
    assert str(caught.value) == said
