"""What the layers of a network see of its input, measured by running it: receptive fields, and whether it is causal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

LOUDNESS = (1.0, 0.1, 0.01, 10.0)  # of one random input after the other: a saturated neuron has no gradient
MANY = 64  # channels, of which one input shows the whole field: one of them sees what is there

Run = Callable[[Tensor], list[Tensor]]
Every = Sequence[int | None]


class Field(NamedTuple):
    """Receptive field of one neuron in the middle: steps along the input's time, positions along its last axis."""

    steps: int
    positions: int


def fields(run: Run, every: Every, example: Tensor, time_axis: int | None) -> tuple[list[Field], bool]:
    """For each layer its field, and whether any layer's step s sees a step of the input after s * every.

    run:   input to the layers, (batch, channels, steps, positions) each, the input first
    every: of each layer, None where it has no time
    Seen is where a gradient is not zero in any of several random inputs, taken until another finds no more; the
    whole example where no gradient comes back. Of a layer with time it is the last step's field or the middle's,
    whichever the example cuts off less.
    """
    generator = torch.Generator().manual_seed(0)
    whole = Field(
        1 if time_axis is None else example.shape[time_axis], 1 if time_axis == example.dim() - 1 else example.shape[-1]
    )
    found: list[Field | None] = [Field(1, 1)] + [None] * (len(every) - 1)
    looks_ahead, growing = False, set(range(1, len(every)))
    for loudness in LOUDNESS:
        # not in inference mode, whose tensors have no gradients
        with torch.inference_mode(False), torch.enable_grad():
            x = _clips(example, loudness, generator)[: 1 if time_axis is None else 2].requires_grad_()
            layers = run(x) if growing else []
            for i in sorted(growing):
                field, ahead = _field(every[i], x, layers[i], time_axis, generator)
                before, looks_ahead = found[i], looks_ahead or ahead
                if before is not None and field is not None:
                    field = Field(max(before.steps, field.steps), max(before.positions, field.positions))
                found[i] = field or before
                if field is not None and (field == before or layers[i].shape[1] >= MANY):
                    growing.remove(i)
    return [field or whole for field in found], looks_ahead


def _field(
    every: int | None, x: Tensor, y: Tensor, time_axis: int | None, generator: torch.Generator
) -> tuple[Field | None, bool]:
    """None if no gradient comes back: the neurons are saturated, or detached on the way."""
    if not y.requires_grad:
        return None, False
    last_axis = x.dim() - 1
    watched = [y.shape[2] // 2, y.shape[2] - 1][: len(x)]  # of one clip each
    out = torch.stack([y[clip, :, step, y.shape[3] // 2] for clip, step in enumerate(watched)])
    weights = torch.randn(out.shape, generator=generator).to(out)  # a softmax's plain sum is always 1
    (slope,) = torch.autograd.grad((out * weights).sum(), x, retain_graph=True, allow_unused=True)
    if slope is None or not slope.any():
        return None, False
    steps = positions = 1
    ahead = False
    for seen, step in zip(slope != 0, watched, strict=True):
        if time_axis is not None:
            first, last = _extent(seen, time_axis - 1)
            steps = max(steps, last - first + 1)
            ahead |= every is not None and last > step * every
        if time_axis != last_axis:
            first, last = _extent(seen, last_axis - 1)
            positions = max(positions, last - first + 1)
    return Field(steps, positions), ahead


def _extent(seen: Tensor, axis: int) -> tuple[int, int]:
    """The first and the last index along the axis at which anything is seen; (0, 0) if nothing is."""
    indices = seen.movedim(axis, 0).reshape(seen.shape[axis], -1).any(1).nonzero()
    return (int(indices[0]), int(indices[-1])) if len(indices) else (0, 0)


def _clips(example: Tensor, loudness: float, generator: torch.Generator) -> Tensor:
    """Two inputs: noise as loud as the example, and the example under noise, both times `loudness`."""
    spread = float(example.std())
    noise = (spread if spread > 1e-6 else 1.0) * torch.randn((2, *example.shape[1:]), generator=generator).to(example)
    noise[1:] = example[:1] + 0.3 * noise[1:]
    return (loudness * noise).detach()


def leaks(run: Run, every: Every, example: Tensor, time_axis: int | None) -> bool:
    """Whether a change of the input after step t changes any layer's step s with s * every <= t.

    run, every: as for `fields`; a layer without time, or an input without, counts as leaking
    """
    if time_axis is None or None in every:
        return True
    strides = [k for k in every if k is not None]
    generator = torch.Generator().manual_seed(1)
    length = example.shape[time_axis]
    with torch.no_grad():
        x = _clips(example, 1.0, generator)[:1]
        loud = 3 * x.abs().max()
        before = run(x)
        # a step at which a layer ends, and every other whose stride divides its own
        for stride in (k for k in set(strides) if not any(other > k and other % k == 0 for other in strides)):
            now = length // 2 // stride * stride
            surplus = length - now - 1
            if surplus < 1:
                continue
            past = x.narrow(time_axis, 0, now + 1)
            later = torch.randn(x.narrow(time_axis, 0, surplus).shape, generator=generator).to(x)
            for change in (loud * later, loud * later.abs(), torch.zeros_like(later)):
                after = run(torch.cat((past, change), time_axis))
                if any(_differs(a, b, now // k + 1) for k, a, b in zip(strides, before, after, strict=True)):
                    return True
    return False


def _differs(a: Tensor, b: Tensor, steps: int) -> bool:
    near = 1e-5 * max(1.0, float(a.abs().max()))
    return not torch.allclose(a[:, :, :steps], b[:, :, :steps], rtol=1e-4, atol=near, equal_nan=True)
