"""From raw activations to what is shown: 0 dark, 1 bright. numpy only, so that no torch is loaded to show them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError
from .anatomy import Layer

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Statistics:
    """How each neuron behaves on held-out music; every array (neurons,) float32.

    mean, std: over time; high: the 99.5th percentile; quiet: the activation on near-silence.
    """

    mean: Floats
    std: Floats
    high: Floats
    quiet: Floats


class Normalizer:
    """Maps raw activations to 0..1.

    mode:  "neuron" each neuron from its own mean (0) to its own 99.5th percentile (1); "layer" the same with one mean
           and one percentile for a whole layer, so that loud neurons outshine quiet ones; "none" clips the raw values.
           In the first two a neuron is dark as long as it is no more active than in near-silence.
    floor: 0..1, what lies under it is dark and the rest is stretched; gamma: exponent, above 1 darker.
    """

    def __init__(self, layers: Sequence[Layer], statistics: Statistics | None, mode: str, gamma: float, floor: float):
        neurons = layers[-1].first_neuron + layers[-1].neurons
        low, high = np.zeros(neurons, np.float32), np.ones(neurons, np.float32)
        if statistics is not None and mode == "neuron":
            # some neurons answer to the absence of sound: what they do at rest is dark too
            low, high = np.maximum(statistics.mean, statistics.quiet), statistics.high.copy()
        elif statistics is not None and mode == "layer":
            for layer in layers:
                low[layer.span] = np.maximum(statistics.mean[layer.span].mean(), statistics.quiet[layer.span])
                high[layer.span] = np.percentile(statistics.high[layer.span], 99)
        # a neuron that never moved on music stays dark instead of flickering at rounding errors
        width = np.where(high - low > 1e-6, high - low, np.inf)
        scale = 1.0 / (width * (1.0 - floor))
        self._scale = scale.astype(np.float32)
        self._shift = ((-low / width - floor) / (1.0 - floor)).astype(np.float32)
        self._shift[~np.isfinite(width)] = 0.0
        self._gamma = np.float32(gamma)

    def __call__(self, raw: Floats, out: Floats | None = None) -> Floats:
        """raw: (neurons,) float32. Returns (neurons,) float32 in 0..1; what is not a number is dark."""
        with np.errstate(invalid="ignore"):  # infinity in a dead neuron
            out = np.multiply(raw, self._scale, out=out)
        out += self._shift
        out[np.isnan(out)] = 0.0
        np.minimum(out, 1.0, out=out)
        np.maximum(out, 0.0, out=out)
        if self._gamma != 1.0:
            np.power(out, self._gamma, out=out)
        return out


def to_u8(values: Floats) -> NDArray[np.uint8]:
    """round(255 v). values: float32 in 0..1."""
    return (values * np.float32(255) + np.float32(0.5)).astype(np.uint8)


class Levels:
    """Mean and peak of every layer, and the mean of every channel, of normalised activations."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._starts = np.array([layer.first_neuron for layer in layers])
        self._sizes = np.array([layer.neurons for layer in layers], np.float32)
        starts = [layer.first_neuron + layer.positions * c for layer in layers for c in range(layer.channels)]
        self._channel_starts = np.array(starts)
        self._positions = np.concatenate([np.full(x.channels, x.positions, np.float32) for x in layers])
        firsts = np.cumsum([0] + [layer.channels for layer in layers])
        self._channels = [slice(int(a), int(b)) for a, b in itertools.pairwise(firsts)]

    def mean(self, values: Floats) -> Floats:
        """(layers,) float32."""
        sums: Floats = np.add.reduceat(values, self._starts)
        return sums / self._sizes

    def peak(self, values: Floats) -> Floats:
        """(layers,) float32."""
        return np.maximum.reduceat(values, self._starts)

    def channels(self, values: Floats) -> list[Floats]:
        """For every layer its (channels,) float32 means over positions."""
        means = np.add.reduceat(values, self._channel_starts) / self._positions
        return [means[part] for part in self._channels]


@dataclass(frozen=True)
class Region:
    """Channels of one layer: first..last, both included."""

    layer: Layer
    first: int
    last: int

    @property
    def span(self) -> slice:
        start = self.layer.first_neuron + self.first * self.layer.positions
        return slice(start, start + (self.last - self.first + 1) * self.layer.positions)


_PART = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?(?::(\d{1,9})(?:-(\d{1,9}))?)?")


def parse_filter(text: str, layers: Sequence[Layer]) -> list[Region]:
    """The regions a subscription's filter names: `3`, `3-5`, `3:0-15`, `3,7:2`; in network order, none twice.

    An empty text is the whole network. Raises BridgeError with what was given and what is allowed.
    """
    if not text.strip():
        return [Region(layer, 0, layer.channels - 1) for layer in layers]
    chosen: dict[int, set[int]] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if not match:
            raise BridgeError(f"filter {part.strip()[:40]!r} is not understood; write 3, 3-5, 3:0-15 or 3,7:2")
        first, last, low, high = (int(g) if g else None for g in match.groups())
        assert first is not None
        last = first if last is None else last
        if not first <= last < len(layers):
            raise BridgeError(f"filter {part.strip()!r}: layers go from 0 to {len(layers) - 1}")
        for index in range(first, last + 1):
            channels = layers[index].channels
            a, b = low or 0, high if high is not None else (low if low is not None else channels - 1)
            if not a <= b < channels:
                raise BridgeError(f"filter {part.strip()!r}: layer {index} has the channels 0 to {channels - 1}")
            chosen.setdefault(index, set()).update(range(a, b + 1))
    regions = []
    for index in sorted(chosen):
        channels_in = sorted(chosen[index])
        breaks = [i for i in range(1, len(channels_in)) if channels_in[i] != channels_in[i - 1] + 1]
        for a, b in zip([0, *breaks], [*breaks, len(channels_in)], strict=True):
            regions.append(Region(layers[index], channels_in[a], channels_in[b - 1]))
    return regions


def spans(regions: Sequence[Region]) -> list[tuple[int, int]]:
    """(first neuron, neurons) of the contiguous runs that the regions make."""
    runs: list[tuple[int, int]] = []
    for region in regions:
        start, count = region.span.start, region.span.stop - region.span.start
        if runs and sum(runs[-1]) == start:
            runs[-1] = (runs[-1][0], runs[-1][1] + count)
        else:
            runs.append((start, count))
    return runs
