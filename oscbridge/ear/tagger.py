"""The VGG tagger: what a sound is, in fifty words, and what every layer on the way to them answers.

Source: musicnn 0.1.0, models.py, `vgg`: convolution -> ReLU -> batch norm -> max-pool, five times, then a dense layer.
The batch norm comes after the ReLU, so that it can't be merged whole: its scale moves before the ReLU, as a part of
the convolution, and its shift, which the next convolution's padding does not have, stays.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ..errors import BridgeError
from .mel import log_mel
from .tagger_anatomy import BANDS, FRAMES, HIDDEN, KERNEL, POOLS, TAGS, extents

EPSILON = 1e-3  # of all batch norms: TensorFlow's default, not PyTorch's 1e-5
FEATURES = extents()[-1].steps * extents()[-1].positions * HIDDEN  # 2 x 1 x 128 that the dense layer sees


class VggTagger(nn.Module):
    """forward(audio): the tags of windows of sound. `layers` gives all activations, `maps` those of whole clips.

    Its state is what the file holds: unfolded weights; `folded` makes the network that listens.
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm0: nn.Module = nn.BatchNorm2d(1, EPSILON)
        before = 1
        for index in range(1, len(POOLS) + 1):
            setattr(self, f"conv{index}", nn.Conv2d(before, HIDDEN, KERNEL, padding=KERNEL // 2))
            setattr(self, f"norm{index}", nn.BatchNorm2d(HIDDEN, EPSILON))
            before = HIDDEN
        self.dense = nn.Linear(FEATURES, len(TAGS))

    def forward(self, audio: Tensor) -> Tensor:
        """(..., 47,616) float32 sound at 16 kHz, -1 to 1. Returns (..., 50), 0 to 1: the probability of each of TAGS.

        Not gated: see tagger_anatomy.gated.
        """
        return self.tags(log_mel(audio))

    def tags(self, spectrogram: Tensor) -> Tensor:
        """(..., 187, 96) as `log_mel` gives it. Returns (..., 50), 0 to 1."""
        return torch.sigmoid(self.logits(spectrogram))

    def logits(self, spectrogram: Tensor) -> Tensor:
        """(..., 187, 96). Returns (..., 50) before the sigmoid: what to follow uphill, for it never levels off."""
        windows = spectrogram.reshape(-1, *spectrogram.shape[-2:])
        return self._dense(self.maps(windows)[-1]).reshape(*spectrogram.shape[:-2], -1)

    def layers(self, spectrogram: Tensor) -> list[Tensor]:
        """Every layer's activations for windows, in the order of `tagger_layers`.

        spectrogram: (batch, 187, 96)
        Returns eight of (batch, channels, steps, positions): time from first to last, frequency from low to high.
        """
        maps = self.maps(spectrogram)
        logits = self._dense(maps[-1])
        return [*maps, *(x[:, :, None, None] for x in (logits, torch.sigmoid(logits)))]

    def maps(self, spectrogram: Tensor, last: int = len(POOLS)) -> list[Tensor]:
        """The spectrogram and the convolutional layers alone, which do not ask for windows, up to layer `last`.

        spectrogram: (batch, frames, 96), for all layers at least 66 frames
        Returns 1 + last of (batch, channels, steps, positions), as `extents(frames)` tells. A clip's differ from those
        of its windows only where a window's own ends are near.
        Raises BridgeError if it has too few frames, or no 96 bands.
        """
        frames, bands = spectrogram.shape[-2:]
        if bands != BANDS or extents(frames)[last].steps < 1:
            least = next(n for n in range(1, FRAMES + 1) if extents(n)[last].steps > 0)
            raise BridgeError(
                f"the tagger was given {frames} frames of {bands} bands; expected {least} or more of {BANDS}"
            )
        x = spectrogram.unsqueeze(1)
        found = [x]
        x = self.norm0(x)
        for index in range(1, last + 1):
            x = self._block(index, x)
            found.append(x)
        return found

    def _block(self, index: int, x: Tensor) -> Tensor:
        (time, freq), stride = POOLS[index - 1].size, POOLS[index - 1].stride
        y = getattr(self, f"norm{index}")(F.relu(getattr(self, f"conv{index}")(x)))
        return F.max_pool2d(y, (time, freq), stride)

    def _dense(self, top: Tensor) -> Tensor:
        if top.shape[2] * top.shape[3] * top.shape[1] != FEATURES:
            raise BridgeError(f"the tags are those of a window of {FRAMES} frames; cut the clip into such")
        # TensorFlow's order: time, frequency, channel
        return self.dense(top.permute(0, 2, 3, 1).flatten(1))


class FoldedTagger(VggTagger):
    """The same function for less: see `folded`."""

    def __init__(self) -> None:
        super().__init__()
        for index in range(1, len(POOLS) + 1):
            setattr(self, f"norm{index}", nn.Identity())
            for part in ("low", "high", "shift"):
                self.register_buffer(f"{part}{index}", torch.zeros(HIDDEN, 1, 1))

    def _block(self, index: int, x: Tensor) -> Tensor:
        (time, freq), (along, across) = POOLS[index - 1].size, POOLS[index - 1].stride
        conv = getattr(self, f"conv{index}")
        # a pool that skips bands without looking at them need not have them
        skipped = across if freq == 1 else 1
        y = F.conv2d(x, conv.weight, conv.bias, stride=(1, skipped), padding=KERNEL // 2)
        y = self.hold(index, y)
        return F.max_pool2d(y, (time, freq), (along, across // skipped)) + getattr(self, f"shift{index}")

    def hold(self, index: int, y: Tensor) -> Tensor:
        """What a ReLU was before its scale moved ahead of it; another one may have another gradient."""
        return torch.clamp(y, getattr(self, f"low{index}"), getattr(self, f"high{index}"))


@torch.no_grad()
def folded(tagger: VggTagger) -> FoldedTagger:
    """The network that listens. Scales are merged with the convolutions: s relu(x) is s x, held at or above 0, or at or
    below it where s is below 0."""
    found = FoldedTagger()
    found.norm0.load_state_dict(tagger.norm0.state_dict())
    found.dense.load_state_dict(tagger.dense.state_dict())
    for index in range(1, len(POOLS) + 1):
        norm, source, conv = (
            getattr(x, n + str(index)) for x, n in ((tagger, "norm"), (tagger, "conv"), (found, "conv"))
        )
        scale = norm.weight / torch.sqrt(norm.running_var + EPSILON)
        conv.weight.copy_(source.weight * scale[:, None, None, None])
        conv.bias.copy_(source.bias * scale)
        limits = torch.where(scale > 0, torch.inf, -torch.inf)
        getattr(found, f"low{index}").copy_(limits.clamp(max=0)[:, None, None])
        getattr(found, f"high{index}").copy_(limits.clamp(min=0)[:, None, None])
        getattr(found, f"shift{index}").copy_((norm.bias - norm.running_mean * scale)[:, None, None])
    found.requires_grad_(False)
    return found.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]


def load_tagger(weights: Path) -> FoldedTagger:
    """The tagger that scripts/convert_vgg_tagger.py wrote, folded, without gradients of its weights.

    Raises BridgeError if the file cannot be read or is another network's.
    """
    return folded(load_unfolded(weights))


def load_unfolded(weights: Path) -> VggTagger:
    """The tagger as it was trained, for comparison. Raises BridgeError as `load_tagger` does."""
    try:
        with safe_open(weights, framework="pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError) as error:
        raise BridgeError(f"{weights} is not a safetensors file that can be read ({error}); copy it again") from error
    tagger = VggTagger()
    shapes = {name: x.shape for name, x in tagger.state_dict().items() if not name.endswith("num_batches_tracked")}
    for name in sorted(shapes.keys() | tensors.keys()):
        came, expected = (
            list(of[name]) if name in of else None for of in ({k: v.shape for k, v in tensors.items()}, shapes)
        )
        if came != expected:
            raise BridgeError(
                f"{weights} holds another network: {name} is {came or 'missing'}, "
                f"expected {expected or 'no such tensor'}; take the file that travels with oscbridge"
            )
        if not torch.isfinite(tensors[name]).all():
            raise BridgeError(f"{weights}: {name} holds values that are not finite; take another copy of the file")
    tagger.load_state_dict(tensors, strict=False)
    return tagger.eval()
