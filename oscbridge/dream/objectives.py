"""What a dream is to reach. Each objective gives a loss, lower is better, and a score that people read.

Source: Immersions, Input Optimization; Gatys, Ecker & Bethge (2016), Image style transfer (match and style);
Olah, Mordvintsev & Schubert (2017), Feature visualization.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..ear.anatomy import Layer
from ..ear.neurons import Floats, Statistics
from ..ear.reference import Reference, scale
from .circle import window

STILL = 0.05  # deviations: a group that varies less on music than this is measured by it

Answers = dict[int, Tensor]


@dataclass(frozen=True)
class Selected:
    """neurons: (n,) numbers, ascending; weights: (n,) float32, -1 to 1 and not 0."""

    neurons: NDArray[np.intp]
    weights: Floats

    @property
    def is_empty(self) -> bool:
        return not len(self.neurons)


@dataclass(frozen=True)
class Moments:
    """Which part of the loop counts. shift: by how much the views are heard off, in loops, one a view."""

    position: float = 0.0
    width: float = 1.0
    shifts: Sequence[float] = (0.0,)

    def weights(self, steps: int) -> Tensor:
        """(views, 1, steps, 1), mean 1 along the steps."""
        rows = [window(steps, self.position, self.width, shift) for shift in self.shifts]
        return torch.stack(rows)[:, None, :, None]


class Objective(Protocol):
    @property
    def layers(self) -> tuple[int, ...]:
        """Those that it asks for."""

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        """A scalar with a gradient."""

    def score(self, answers: Answers, moments: Moments) -> float: ...


class Normal:
    """Activations in standard deviations over what each neuron does on music."""

    def __init__(self, layers: Sequence[Layer], statistics: Statistics) -> None:
        self._mean: list[Tensor] = []
        self._scale: list[Tensor] = []
        for layer in layers:
            shape = (1, layer.channels, 1, layer.positions)
            self._mean.append(torch.from_numpy(statistics.mean[layer.span].copy()).view(shape))
            self._scale.append(1 / torch.from_numpy(scale(statistics, layer.span)).view(shape))

    def __call__(self, layer: int, x: Tensor, channels: Tensor | None = None) -> Tensor:
        """x: (views, channels, steps, positions), of all channels or of those that are named."""
        mean, scale = self._mean[layer], self._scale[layer]
        if channels is not None:
            mean, scale = mean[:, channels], scale[:, channels]
        return (x - mean) * scale


class Activate:
    """Excite the selected neurons; those of negative weight are to fall silent."""

    def __init__(
        self, layers: Sequence[Layer], normal: Normal, reference: Reference, selected: Selected, emphasis: float = 1.0
    ) -> None:
        """emphasis: exponent of the activations, 1 or more."""
        neurons, weights = selected.neurons, selected.weights
        self._normal, self._emphasis = normal, emphasis
        self._parts: list[tuple[int, Tensor, Tensor]] = []  # layer, channels, their weights (1, channels, 1, positions)
        total = float(np.abs(weights).sum())
        for layer in layers:
            first, last = np.searchsorted(neurons, [layer.span.start, layer.span.stop])
            if first == last:
                continue
            grid = np.zeros(layer.neurons, np.float32)
            grid[neurons[first:last] - layer.span.start] = weights[first:last] / total
            table = torch.from_numpy(grid.reshape(layer.channels, layer.positions))
            channels = torch.nonzero(table.abs().sum(1)).flatten()
            self._parts.append((layer.index, channels, table[channels][None, :, None, :]))
        self.layers = tuple(index for index, _, _ in self._parts)
        on_music = reference.deviations(neurons) @ (weights / total)
        self._std = max(float(on_music.std()), STILL)

    def _sum(self, answers: Answers, moments: Moments, emphasis: float) -> Tensor:
        total = torch.zeros(())
        for layer, channels, weights in self._parts:
            x = self._normal(layer, answers[layer].index_select(1, channels), channels)
            if emphasis != 1.0:
                x = x.sign() * x.abs().pow(emphasis)
            steps = x.shape[2]
            total = total + (x * weights * moments.weights(steps)).sum() / (x.shape[0] * steps)
        return total

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        return -self._sum(answers, moments, self._emphasis)

    def score(self, answers: Answers, moments: Moments) -> float:
        """Mean of the selected neurons over the moments that count, in standard deviations over their mean on
        music: those of the group as a whole, from clip to clip."""
        return float(self._sum(answers, moments, 1.0)) / self._std


class Match:
    """Answer as another sound does (content reconstruction). The score is the correlation of the activations."""

    def __init__(self, layers: Sequence[int], normal: Normal) -> None:
        self.layers, self._normal = tuple(layers), normal
        self.target: Answers = {}  # of the same views of the other sound; set before each evaluation

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        total = torch.zeros(())
        for layer in self.layers:
            x, y = self._normal(layer, answers[layer]), self._normal(layer, self.target[layer])
            error = ((x - y).square() * moments.weights(x.shape[2])).mean()
            total = total + error / (y.square().mean() + 1e-6)
        return total / len(self.layers)

    def score(self, answers: Answers, moments: Moments) -> float:
        pairs = [(self._normal(i, answers[i]), self._normal(i, self.target[i])) for i in self.layers]
        return float(np.mean([correlation(x, y) for x, y in pairs]))


class Style:
    """Have the same channels sound together as in another sound, whenever that is. The score is the correlation of the
    channels' correlations."""

    def __init__(self, layers: Sequence[int], normal: Normal, target: Answers) -> None:
        self.layers, self._normal = tuple(layers), normal
        self._target = {layer: self._gram(layer, target[layer]).detach() for layer in self.layers}

    def _gram(self, layer: int, x: Tensor) -> Tensor:
        rows = self._normal(layer, x).transpose(0, 1).flatten(1)
        return rows @ rows.T / rows.shape[1]

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        total = torch.zeros(())
        for layer in self.layers:
            own = self._target[layer]
            total = total + (self._gram(layer, answers[layer]) - own).square().mean() / (own.square().mean() + 1e-9)
        return total / len(self.layers)

    def score(self, answers: Answers, moments: Moments) -> float:
        pairs = [(self._gram(i, answers[i]), self._target[i]) for i in self.layers]
        return float(np.mean([correlation(x, y) for x, y in pairs]))


class Classify:
    """Be taken for a class. The score is its mean probability."""

    def __init__(self, layer: int, index: int, are_exclusive: bool = True) -> None:
        """layer: of the logits; are_exclusive: one class excludes the others, else each is judged for itself."""
        self.layers, self._layer, self._index, self._are_exclusive = (layer,), layer, index, are_exclusive

    def _logs(self, answers: Answers, moments: Moments) -> tuple[Tensor, Tensor]:
        logits = answers[self._layer]
        logs = F.log_softmax(logits, dim=1) if self._are_exclusive else F.logsigmoid(logits)
        logs = logs[:, self._index : self._index + 1]
        return logs, moments.weights(logs.shape[2])

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        logs, weights = self._logs(answers, moments)
        return -(logs * weights).mean()

    def score(self, answers: Answers, moments: Moments) -> float:
        logs, weights = self._logs(answers, moments)
        return float((logs.exp() * weights).mean())


class Predict:
    """Be predictable: from its summary c the ear is to tell which of the loop's encodings comes when.

    maps: (ahead, encoding, context), the linear maps that the ear was taught with. The score is the share of
    predictions whose own encoding scores highest of all of the loop's.
    Source: Immersions, Contrastive Predictive Coding (score across time steps).
    """

    def __init__(self, z: int, c: int, maps: Tensor, skip: int, stride: int) -> None:
        """skip: encodings that are not predicted; stride: encodings from one context to the next."""
        self.layers, self._z, self._c = (z, c), z, c
        self._maps, self._skip, self._stride = maps, skip, stride

    def _scores(self, answers: Answers) -> tuple[Tensor, Tensor]:
        z, c = answers[self._z][..., 0].transpose(1, 2), answers[self._c][..., 0].transpose(1, 2)
        predicted = torch.einsum("vjc,kzc->vjkz", c, self._maps)
        scores = torch.einsum("vjkz,vmz->vjkm", predicted, z)
        at = torch.arange(c.shape[1]) * self._stride
        own = (at[:, None] + 1 + self._skip + torch.arange(len(self._maps))) % z.shape[1]
        return scores, own.expand(scores.shape[0], -1, -1)

    def loss(self, answers: Answers, moments: Moments) -> Tensor:
        scores, own = self._scores(answers)
        return F.cross_entropy(scores.flatten(0, 2), own.flatten())

    def score(self, answers: Answers, moments: Moments) -> float:
        scores, own = self._scores(answers)
        return float((scores.argmax(-1) == own).float().mean())


def correlation(x: Tensor, y: Tensor) -> float:
    """Pearson's, over all values; 0 if one of them does not vary."""
    a, b = (x - x.mean()).flatten().double(), (y - y.mean()).flatten().double()
    return float(a @ b / torch.clamp(a.norm() * b.norm(), min=1e-12))
