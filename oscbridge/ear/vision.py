"""Two networks for pictures: VGG 16 and ResNet 18, with torchvision's names and shapes, so that its files fit.

Sources: Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition, table 1, D;
He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, table 1, 18-layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ..errors import BridgeError

# of ImageNet's pictures, red, green, blue: what both were trained to expect
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)

VGG = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and convolutions before each pool
RESNET = (64, 128, 256, 512)  # channels of the four layers of two blocks
_WIDE = 4096  # neurons of VGG 16's fully connected layers
GRID = 7  # positions, each way, that VGG 16 averages to before them


def vgg16(weights: Path | None = None, classes: int = 1000, seed: int = 0) -> nn.Module:
    """VGG 16 without batch norms, in eval mode: (batch, 3, H, W) -> (batch, classes) float32 logits.

    Its pictures are RGB, float32, 0 to 1, H and W at least 32; the module normalises them itself.
    weights: torchvision's state dict, as torch.save or safetensors wrote it; without one, He's normal initialisation
    from `seed`, the same on every machine.
    Raises BridgeError: 404 no such file, 422 it cannot be read, or holds another network.
    """
    return _filled(lambda: Vgg16(classes), "VGG 16", weights, seed)


def resnet18(weights: Path | None = None, classes: int = 1000, seed: int = 0) -> nn.Module:
    """ResNet 18. All else as of vgg16."""
    return _filled(lambda: Resnet18(classes), "ResNet 18", weights, seed)


class _Normalise(nn.Module):
    """Not in the state dict, which is torchvision's."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            # on the CPU even where the weights are made without memory
            self.register_buffer(name, torch.tensor(values, device="cpu")[:, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Vgg16(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.normalise = _Normalise()
        layers: list[nn.Module] = []
        before = 3
        for channels, convolutions in VGG:
            for _ in range(convolutions):
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(GRID)
        self.classifier = nn.Sequential(
            nn.Linear(before * GRID**2, _WIDE), nn.ReLU(), nn.Dropout(),
            nn.Linear(_WIDE, _WIDE), nn.ReLU(), nn.Dropout(),
            nn.Linear(_WIDE, classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        features = self.avgpool(self.features(self.normalise(x)))
        return self.classifier(torch.flatten(features, 1))


class _Block(nn.Module):
    """Two convolutions, and a skip past both."""

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.downsample = nn.Sequential()  # empty: the skip passes on what it gets
        if stride != 1:
            self.downsample.extend([nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)])

    def forward(self, x: Tensor) -> Tensor:
        inner = self.relu1(self.bn1(self.conv1(x)))
        return self.relu2(self.bn2(self.conv2(inner)) + self.downsample(x))


class Resnet18(nn.Module):
    def __init__(self, classes: int) -> None:
        super().__init__()
        self.normalise = _Normalise()
        before = RESNET[0]
        self.conv1 = nn.Conv2d(3, before, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(before)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for index, channels in enumerate(RESNET, 1):
            blocks = _Block(before, channels, 1 if index == 1 else 2), _Block(channels, channels, 1)
            self.add_module(f"layer{index}", nn.Sequential(*blocks))
            before = channels
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(self.normalise(x)))))
        for index in range(1, len(RESNET) + 1):
            x = self.get_submodule(f"layer{index}")(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def _filled(build: Callable[[], nn.Module], name: str, weights: Path | None, seed: int) -> nn.Module:
    with torch.device("meta"):  # torch's own initialisation would take seconds, and be thrown away
        network = build()
    shapes = network.state_dict()
    state = _drawn(shapes, seed) if weights is None else _loaded(shapes, name, weights)
    network.load_state_dict(state, strict=True, assign=True)
    return network.eval()


def _drawn(shapes: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """He's normal initialisation; batch norms change nothing.

    Source: He, Zhang, Ren & Sun (2015), Delving deep into rectifiers, eq. 10.
    """
    random, state = np.random.default_rng(seed), {}
    for key, like in shapes.items():
        if like.ndim > 1:
            values = random.standard_normal(tuple(like.shape), np.float32)
            values *= np.float32(np.sqrt(2 / like[0].numel()))
            state[key] = torch.from_numpy(values)
        else:
            is_one = key.endswith(("weight", "running_var"))
            state[key] = torch.full(like.shape, int(is_one), dtype=like.dtype)
    return state


def _loaded(shapes: Mapping[str, Tensor], name: str, path: Path) -> dict[str, Tensor]:
    """The state dict in a file, as float32, compared with the one that is wanted. Raises BridgeError."""
    found = read_state(path)
    for key, like in shapes.items():
        if key.endswith("num_batches_tracked"):  # torch's batch norms did not always count
            found.setdefault(key, torch.zeros_like(like, device="cpu"))
    for key in [*found, *shapes]:
        came, expected = (list(of[key].shape) if key in of else None for of in (found, shapes))
        if came != expected:
            raise BridgeError(
                f"{path} holds another network than {name}: {key} is {'missing' if came is None else came}, "
                f"expected {'no such tensor' if expected is None else expected}; take torchvision's weights of {name}"
            )
        if not all(torch.isfinite(x) for x in torch.aminmax(found[key])):  # isfinite of all would double the memory
            raise BridgeError(f"{path}: {key} holds values that are not finite; take another copy of the file")
    return {key: x.float() if x.is_floating_point() else x for key, x in found.items()}


def read_state(path: Path) -> dict[str, Tensor]:
    """A state dict of torchvision, as torch.save or safetensors wrote it; runs no code in it. Raises BridgeError."""
    if not path.is_file():
        raise BridgeError(f"there is no file {path}; expected a state dict of torchvision, .pth or .safetensors", 404)
    found: Any
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError) as error:
        raise BridgeError(f"{path} cannot be read: {error}; copy it again") from error
    except Exception as error:  # a broken pickle raises anything
        raise BridgeError(
            f"{path} holds no weights that can be read; it is no state dict as torch.save writes it, without code, nor "
            "safetensors. Take another copy"
        ) from error
    if not isinstance(found, dict) or not all(isinstance(x, Tensor) for x in found.values()):
        raise BridgeError(f"{path} holds no state dict; expected one tensor a name, as in torchvision's files")
    return dict(found)
