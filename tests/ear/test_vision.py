"""VGG 16 and ResNet 18: the published sums, torchvision's names, and files that fit or are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from oscbridge.ear import vision
from oscbridge.ear.vision import Resnet18, Vgg16, resnet18, vgg16
from oscbridge.errors import BridgeError
from oscbridge.layout.slices import resnet18_network, vgg16_network

State = dict[str, Tensor]
SEED = 3


def narrow_vgg16(weights: Path | None) -> nn.Module:
    """Its fully connected layers would take seconds in full, and half a gigabyte."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vision, "_WIDE", 40)
        return vgg16(weights, classes=10, seed=SEED)


@pytest.fixture(scope="module")
def vgg() -> nn.Module:
    return narrow_vgg16(None)


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    """With batch norms that have seen something."""
    module = resnet18(classes=10, seed=SEED)
    generator = torch.Generator().manual_seed(0)
    for value in module.state_dict().values():
        if value.is_floating_point() and value.ndim == 1:
            value.uniform_(0.5, 1.5, generator=generator)
    return module


@pytest.fixture
def pictures() -> Tensor:
    return torch.rand(2, 3, 40, 75, generator=torch.Generator().manual_seed(1))


def normalised(x: Tensor) -> Tensor:
    """As torchvision's transforms for ImageNet: red, green, blue, each with its mean and deviation."""
    ranges = zip(x.unbind(1), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)
    return torch.stack([(colour - mean) / deviation for colour, mean, deviation in ranges], 1)


def vgg_by_hand(s: State, x: Tensor) -> Tensor:
    x = normalised(x)
    for index in (0, 2, "pool", 5, 7, "pool", 10, 12, 14, "pool", 17, 19, 21, "pool", 24, 26, 28, "pool"):
        if index == "pool":
            x = x[..., : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2].unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
            x = x.amax((3, 5))
        else:
            x = F.conv2d(x, s[f"features.{index}.weight"], s[f"features.{index}.bias"], padding=1).relu()
    # of the 7 x 7 windows that share the map, each begins at the floor and ends at the ceiling of its part
    height, width = x.shape[2:]
    grid = [
        x[..., i * height // 7 : -(-(i + 1) * height // 7), j * width // 7 : -(-(j + 1) * width // 7)].mean((2, 3))
        for i in range(7)
        for j in range(7)
    ]
    x = torch.stack(grid, 2).flatten(1)
    for index in (0, 3, 6):
        x = x @ s[f"classifier.{index}.weight"].T + s[f"classifier.{index}.bias"]
        x = x if index == 6 else x.relu()
    return x


def resnet_by_hand(s: State, x: Tensor) -> Tensor:
    def norm(name: str, x: Tensor) -> Tensor:
        mean, variance, scale, shift = (
            s[f"{name}.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift

    x = norm("bn1", F.conv2d(normalised(x), s["conv1.weight"], stride=2, padding=3)).relu()
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-torch.inf), 3, 2)
    for name in (f"layer{layer}.{block}" for layer in (1, 2, 3, 4) for block in (0, 1)):
        is_halved = name in ("layer2.0", "layer3.0", "layer4.0")
        inner = F.conv2d(x, s[f"{name}.conv1.weight"], stride=2 if is_halved else 1, padding=1)
        inner = F.conv2d(norm(f"{name}.bn1", inner).relu(), s[f"{name}.conv2.weight"], padding=1)
        if is_halved:
            x = norm(f"{name}.downsample.1", F.conv2d(x[..., ::2, ::2], s[f"{name}.downsample.0.weight"]))
        x = (norm(f"{name}.bn2", inner) + x).relu()
    return x.mean((2, 3)) @ s["fc.weight"].T + s["fc.bias"]


@pytest.mark.parametrize(("name", "by_hand"), [("vgg", vgg_by_hand), ("resnet", resnet_by_hand)])
@torch.inference_mode()
def test_logits_are_those_worked_out_by_hand(
    name: str, by_hand: Callable[[State, Tensor], Tensor], pictures: Tensor, request: pytest.FixtureRequest
) -> None:
    module = request.getfixturevalue(name)
    expected = by_hand(module.state_dict(), pictures)
    assert expected.std() > 0.1
    torch.testing.assert_close(module(pictures), expected, rtol=1e-4, atol=1e-4 * float(expected.std()))


@torch.inference_mode()
def test_the_smallest_picture_is_taken_by_both_and_their_graphs_give_the_same(
    vgg: nn.Module, resnet: nn.Module
) -> None:
    picture = torch.full((1, 3, 32, 32), 0.3)
    for module in (vgg, resnet):
        logits = module(picture)
        assert logits.shape == (1, 10)
        torch.testing.assert_close(torch.fx.symbolic_trace(module)(picture), logits)


def test_they_are_as_large_as_published_and_the_slices_take_their_weights() -> None:
    with torch.device("meta"):
        whole = Vgg16(1000), Resnet18(1000)
    assert [sum(x.numel() for x in module.parameters()) for module in whole] == [138_357_544, 11_689_512]
    assert [len(module.state_dict()) for module in whole] == [32, 122]
    for build, module in zip((vgg16_network, resnet18_network), whole, strict=True):
        assert build(state=module.state_dict(), share=1 / 64).groups == build(share=1 / 64).groups


def test_weights_are_hes_and_belong_to_the_seed(vgg: nn.Module) -> None:
    random = np.random.default_rng(SEED)
    for layer, fan_in in ((vgg.features[0], 3 * 9), (vgg.features[2], 64 * 9)):  # type: ignore[index]
        drawn = random.standard_normal(tuple(layer.weight.shape), np.float32) * np.sqrt(2 / fan_in)
        np.testing.assert_allclose(layer.weight.detach(), drawn, rtol=1e-6)
        assert not layer.bias.any()
    one, again, other = (resnet18(classes=2, seed=seed).state_dict() for seed in (1, 1, 2))
    for key, value in one.items():
        assert torch.equal(value, again[key])
        assert torch.equal(value, other[key]) == (value.ndim < 2)
    norm = {
        part: one[f"layer3.0.bn2.{part}"].unique().item() for part in ("weight", "bias", "running_mean", "running_var")
    }
    assert norm == {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}


# ---- files


@pytest.mark.parametrize("kind", ["pth", "old pth", "float16", "safetensors", "before batch norms counted"])
@torch.inference_mode()
def test_a_file_of_weights_gives_the_network_that_was_saved(
    resnet: nn.Module, pictures: Tensor, tmp_path: Path, kind: str
) -> None:
    state, path = resnet.state_dict(), tmp_path / "resnet.pth"
    if kind == "safetensors":
        path = tmp_path / "resnet.safetensors"
        save_file(state, path)
    elif kind == "before batch norms counted":
        torch.save({key: x for key, x in state.items() if not key.endswith("tracked")}, path)
    else:
        state = {key: x.half() if kind == "float16" and x.is_floating_point() else x for key, x in state.items()}
        torch.save(state, path, _use_new_zipfile_serialization=kind != "old pth")
    loaded = resnet18(path, classes=10)
    for key, value in loaded.state_dict().items():
        assert value.dtype == (torch.int64 if key.endswith("tracked") else torch.float32)
        assert torch.equal(value, state[key].to(value.dtype))
    expected = resnet(pictures)
    near = 0.02 if kind == "float16" else 1e-6
    torch.testing.assert_close(loaded(pictures), expected, rtol=0, atol=near * float(expected.abs().max()))


def test_a_file_of_vgg_16_is_taken_too(vgg: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    torch.save(vgg.state_dict(), path)
    loaded = narrow_vgg16(path).state_dict()
    assert list(loaded) == list(vgg.state_dict())
    for key, value in vgg.state_dict().items():
        assert torch.equal(loaded[key], value)


def refusal(path: Path, classes: int = 10) -> tuple[int, str]:
    with pytest.raises(BridgeError) as caught:
        resnet18(path, classes)
    return caught.value.code, str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fc.weight": torch.zeros(7, 512)}, "fc.weight is [7, 512], expected [10, 512]; take torchvision's weights"),
        ({"layer1.2.conv1.weight": torch.zeros(1)}, "layer1.2.conv1.weight is [1], expected no such tensor; take "),
        ({"bn1.bias": None}, "bn1.bias is missing, expected [64]; take "),
    ],
)
def test_another_networks_weights_are_refused_by_the_first_difference(
    resnet: nn.Module, tmp_path: Path, change: dict[str, Tensor | None], said: str
) -> None:
    path = tmp_path / "other.pth"
    torch.save({key: x for key, x in (resnet.state_dict() | change).items() if x is not None}, path)
    code, text = refusal(path)
    assert code == 422
    assert text.startswith(f" holds another network than ResNet 18: {said}")


def test_weights_that_are_no_numbers_are_refused(resnet: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "broken.safetensors"
    save_file(resnet.state_dict() | {"bn1.weight": torch.full((64,), torch.nan)}, path)
    assert refusal(path) == (422, ": bn1.weight holds values that are not finite; take another copy of the file")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pth", b"no weights", " holds no weights that can be read; "),
        ("a.pth", b"", " holds no weights that can be read; "),
        ("a.pth", {"state_dict": {"conv1.weight": torch.zeros(1)}}, " holds no state dict; "),
        ("a.pth", [torch.zeros(1)], " holds no state dict; "),
        ("a.pth", Path("."), " holds no weights that can be read; "),  # an object, which needs code to load
        ("a.safetensors", b"no weights", " cannot be read: "),
    ],
)
def test_what_is_no_file_of_weights_is_refused(tmp_path: Path, name: str, content: object, said: str) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    code, text = refusal(path)
    assert code == 422
    assert text.startswith(said)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"there is no file .*nothing\.pth; expected a state dict") as caught:
        vgg16(tmp_path / "nothing.pth")
    assert caught.value.code == 404
