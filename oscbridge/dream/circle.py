"""The ear on a loop: what it does once the loop has gone round for ever, as far as the deepest layer that is asked for.

A clip is a circle: its end is heard before its beginning. So each part of the network is given as much of the circle
beforehand as it looks back on.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..ear.anatomy import anatomy
from ..ear.filterbank import FilterBank
from ..ear.network import ContextBlock, Ear, EncoderBlock
from ..ear.scalogram import columns_of
from ..ear.weights import LoadedEar

LOGITS = -1  # asked for as a layer: what the classes' probabilities are made of, which never level off
LEAK = 0.03  # of the gradient reaches a silent neuron on the way
WAKING = 1.0  # and one in a block that is wanted


def round_the_circle(audio: Tensor, before: int, samples: int) -> Tensor:
    """The loop from `before` samples ahead of its start on. audio: (..., n). Returns (..., before + samples)."""
    n = audio.shape[-1]
    laps = -(-before // n)
    after = max(0, -(-samples // n))
    return audio.repeat(*[1] * (audio.dim() - 1), laps + after)[..., laps * n - before : laps * n + samples]


def circular_scalogram(audio: Tensor, bank: FilterBank, before: int, frames: int) -> Tensor:
    """The scalogram of a loop that has always played.

    audio: (..., n) float32 at the bank's rate; before: columns ahead of the loop's first
    Returns (..., channels, before + frames, bins).
    """
    hop = bank.spec.hop
    count = before + frames + bank.spec.phase  # the phase needs the column before
    padded = round_the_circle(audio, bank.history - hop + (count - frames) * hop, frames * hop)
    return columns_of(padded, bank, count)


class CircularEar:
    """Layers of a folded, frozen ear over one loop.

    layers: what is wanted, LOGITS too; nothing after the deepest of them is computed
    frames: of the loop, a whole multiple of `stride`
    """

    def __init__(
        self, loaded: LoadedEar, layers: Sequence[int], dtype: torch.dtype = torch.float32, wakes: bool = False
    ) -> None:
        """wakes: silent neurons feel the gradient too."""
        spec = loaded.ear.spec
        self.layers, self.bank, self.dtype, self.bins = sorted(layers), loaded.bank, dtype, spec.scalogram.bins
        self._ear = prepared(loaded.ear, dtype)
        facts = anatomy(spec).layers
        self.stride = facts[spec.z_layer].frames_per_step
        self._z = spec.z_layer
        self._deepest = spec.c_layer + 1 if LOGITS in self.layers else self.layers[-1]
        if wakes:
            self._let_them_wake()
        hop_s, longest = spec.scalogram.hop_s, spec.scalogram.kernel_samples(0) / spec.scalogram.rate
        fields = [round((x.receptive_field_s - longest) / hop_s) for x in facts]  # frames looked back on
        inner = fields[min(self._deepest, self._z)]
        self.before = -(-inner // self.stride) * self.stride  # frames
        self._steps_before = -(-max(0, fields[self._deepest] - fields[self._z]) // self.stride)  # encodings

    def _let_them_wake(self) -> None:
        for index, block in enumerate(cast(Iterable[EncoderBlock], self._ear.encoder)):
            is_wanted = not {1 + 2 * index, 2 + 2 * index}.isdisjoint(self.layers)
            block.rectify = partial(redirected, leak=WAKING if is_wanted else LEAK)
        for index, part in enumerate(cast(Iterable[ContextBlock], self._ear.context)):
            is_wanted = self._z + 1 + index in self.layers
            part.rectify = partial(redirected, leak=WAKING if is_wanted else LEAK)

    def moved(self, bins: float) -> Tensor:
        """As Circle has it."""
        return torch.arange(self.bins, dtype=torch.float32) - bins

    def frames_of(self, samples: int) -> int:
        """How many columns of a loop are looked at: all but the last few, which come round before its first."""
        return max(1, samples // self.bank.spec.hop // self.stride) * self.stride

    def hear(self, audio: Tensor) -> Tensor:
        """audio: (..., n). Returns the scalogram (..., channels, before + frames, bins) that `answers` takes."""
        return circular_scalogram(audio, self.bank, self.before, self.frames_of(audio.shape[-1]))

    def answers(self, x: Tensor) -> dict[int, Tensor]:
        """x: (views, channels, before + frames, bins). Returns (views, channels, steps, positions) float32 of each
        layer that is wanted, the loop alone."""
        found = {0: x[:, :, self.before :]} if 0 in self.layers else {}
        h = x.to(self.dtype, memory_format=torch.channels_last)
        index, step = 0, 1
        for block in self._ear.encoder:
            if index >= self._deepest:
                return found
            inner, h = block(h)
            step *= _stride(block)
            for part in (inner, h):
                index += 1
                self._take(found, index, part, self.before // step)
        if self._deepest >= self._z:
            h = self._ear.z(h)
            self._take(found, self._z, h, self.before // step)
            if self._deepest > self._z:
                self._context(found, h[:, :, self.before // step :])
        return found

    def _context(self, found: dict[int, Tensor], z: Tensor) -> None:
        steps = z.shape[2]
        # whole steps of c before the loop, so that its pools fall as they do at the loop's start
        stride = 1
        for block in self._ear.context:
            stride *= _stride(block)
        before = -(-self._steps_before // stride) * stride
        at = torch.arange(-before, steps) % steps
        h, step = z.index_select(2, at), 1
        for offset, block in enumerate(self._ear.context):
            index = self._z + 1 + offset
            if index > self._deepest:
                return
            h = block(h)
            step *= _stride(block)
            self._take(found, index, h, before // step)
        if self._ear.head is not None and self._deepest > index:
            logits = self._ear.head(h)
            self._take(found, LOGITS, logits, before // step)
            self._take(found, index + 1, F.softmax(logits, 1), before // step)

    def _take(self, found: dict[int, Tensor], index: int, h: Tensor, skipped: int) -> None:
        if index in self.layers:
            found[index] = h[:, :, skipped:].float()


def _stride(block: nn.Module) -> int:
    return int(getattr(block.pool, "time", 1))


def prepared(ear: Ear, dtype: torch.dtype) -> Ear:
    """A frozen copy for computing in `dtype`; channels last, where convolutions are fastest."""
    own = copy.deepcopy(ear).to(dtype).requires_grad_(False).eval()
    return own.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


class _Redirected(torch.autograd.Function):
    """A ReLU whose silent neurons still feel a pull upwards: else one that is silent all through the loop would never
    wake. The values are a ReLU's.

    Source: Olah, Mordvintsev & Schubert (2017), Feature visualization (redirected ReLU gradients of its code).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, leak: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.leak = leak
        return F.relu(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (x,), (gradient,) = ctx.saved_tensors, gradients
        return torch.where(x > 0, gradient, ctx.leak * torch.clamp(gradient, max=0.0)), None


def redirected(x: Tensor, leak: float) -> Tensor:
    """leak: how much of a pull upwards reaches a silent neuron."""
    result: Tensor = _Redirected.apply(x, leak)  # type: ignore[no-untyped-call]
    return result


def fast_dtype() -> torch.dtype:
    """bfloat16 where the processor multiplies it directly, which halves a step's time; else float32."""
    has = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return torch.bfloat16 if has else torch.float32


def window(steps: int, position: float, width: float, shift: float) -> Tensor:
    """(steps,) weights, mean 1, of the moments of the loop that count.

    position, width: 0..1 of the loop; shift: by how much the loop is heard off, in loops
    """
    if width >= 1:
        return torch.ones(steps)
    at = (torch.arange(steps) + 0.5) / steps
    distance = torch.remainder(at - position - shift + 0.5, 1.0) - 0.5
    weights = torch.clamp((width / 2 - distance.abs()) * steps + 0.5, 0.0, 1.0)
    if not weights.any():  # narrower than a step of this layer: the nearest one
        weights = F.one_hot(distance.abs().argmin(), steps).float()
    return weights / weights.mean()
