"""Which neurons are selected, and how much each of them counts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError
from .anatomy import Layer
from .neurons import Floats

MOST_REGIONS = 256
MOST_LETTERS = 64
ALL = -1  # as the last channel: all from the first on; as the layer of a region: it was drawn, and lies anywhere

# layer, first channel, last channel, low, high, weight, name, neurons
Told = tuple[int, int, int, float, float, float, str, int]


@dataclass(frozen=True)
class Block:
    """Channels `first` to `last` of a layer, both included, from `low` to `high` (0..1) of its frequency axis."""

    layer: Layer
    first: int
    last: int
    low: float
    high: float
    weight: float
    name: str

    @property
    def positions(self) -> slice:
        """Those that the band touches: one at least, however narrow it is."""
        size, rounding = self.layer.positions, 1e-6 * self.layer.positions  # the bounds come as 32-bit floats
        start = min(math.floor(self.low * size + rounding), size - 1)
        return slice(start, max(math.ceil(self.high * size - rounding), start + 1))

    @property
    def neurons(self) -> int:
        return (self.last - self.first + 1) * (self.positions.stop - self.positions.start)

    @property
    def told(self) -> Told:
        return self.layer.index, self.first, self.last, self.low, self.high, self.weight, self.name, self.neurons

    def add_to(self, weights: NDArray[np.float64]) -> None:
        grid = weights[self.layer.span].reshape(self.layer.channels, self.layer.positions)
        grid[self.first : self.last + 1, self.positions] += self.weight


@dataclass(frozen=True)
class Circle:
    """The neurons that lay around (x, y) when it was drawn. members: a bit a neuron, as np.packbits has them."""

    x: float
    y: float
    weight: float
    name: str
    neurons: int
    members: NDArray[np.uint8]

    @property
    def told(self) -> Told:
        return ALL, ALL, ALL, self.x, self.y, self.weight, self.name, self.neurons

    def add_to(self, weights: NDArray[np.float64]) -> None:
        weights += self.weight * np.unpackbits(self.members, count=len(weights))


class Selection:
    """Regions with a weight and perhaps a name; the same name again replaces the region that had it.

    Regions may overlap: their weights add up. A neuron whose weights add up to 0 is not selected. Every method that
    changes something raises BridgeError instead if it cannot, and then nothing has changed.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers
        self._all = layers[-1].span.stop
        self.clear()

    @property
    def regions(self) -> list[Told]:
        """In the order in which they came. A circle has x and y in the place of low and high, and ALL three times
        before them."""
        return [region.told for region in self._regions]

    @property
    def neurons(self) -> NDArray[np.intp]:
        """The numbers of the selected neurons, ascending, each once."""
        self._sum_up()
        return self._neurons

    @property
    def weights(self) -> Floats:
        """(neurons,) float32: what each of `neurons` counts, -1 to 1 for a region alone."""
        self._sum_up()
        return self._weights

    def levels(self, values: Floats) -> tuple[float, float]:
        """Mean and peak of the selected neurons. values: (all neurons,) float32 in 0..1, normalised.

        A neuron counts in the mean as much as its weight without the sign; the peak is the brightest of them, whatever
        its weight. Both are 0 if nothing is selected.
        """
        self._sum_up()
        if not len(self._neurons):
            return 0.0, 0.0
        chosen = values[self._at]
        return min(float(chosen @ self._shares), 1.0), float(chosen.max())

    def mean_of(self, name: str, values: Floats) -> float:
        """Mean of the region of that name, whatever its weight; 0 while there is none. values: as in `levels`."""
        if name not in self._members:
            place = self._named(name)
            if place is None:
                return 0.0
            region = self._regions[place]
            sums = np.zeros(self._all)
            replace(region, weight=1.0).add_to(sums)
            self._members[name] = np.flatnonzero(sums)
        return float(values[self._members[name]].mean())

    def clear(self) -> None:
        self._regions: list[Block | Circle] = []
        self._members: dict[str, NDArray[np.intp]] = {}  # of named regions, for who asks for one alone
        self._is_summed = False

    def add(
        self, layer: int, first_channel: int, last_channel: int, low: float, high: float, weight: float, name: str = ""
    ) -> int:
        """Channels of a layer in a band of its frequencies (0..1), and how many neurons that is."""
        self._check(weight, name)
        if not 0 <= layer < len(self._layers):
            raise BridgeError(f"the layer is {layer}; layers go from 0 to {len(self._layers) - 1}, see /ear/layers")
        channels = self._layers[layer].channels
        last = channels - 1 if last_channel == ALL else last_channel
        if not 0 <= first_channel <= last < channels:
            raise BridgeError(
                f"the channels are {first_channel} to {last_channel}; layer {layer} has 0 to {channels - 1}, the first "
                f"not above the last, which may be {ALL} for all"
            )
        if not 0 <= low <= high <= 1:
            raise BridgeError(
                f"low is {low:g} and high {high:g}; expected 0 to 1 of the layer's frequencies, low not above high"
            )
        return self._keep(Block(self._layers[layer], first_channel, last, low, high, weight, name))

    def add_circle(
        self, places: NDArray[np.float32] | None, x: float, y: float, radius: float, weight: float, name: str = ""
    ) -> int:
        """The neurons that lie in a circle now, and how many they are. places: (all neurons, 2), None: no layout."""
        if places is None:
            raise BridgeError(
                "there is no layout yet to draw a circle in; wait for /ear/layout/ready, or name layers with "
                "/ear/select/add",
                409,
            )
        if places.shape != (self._all, 2):
            raise ValueError(f"places are {places.shape} of {self._all} neurons")
        self._check(weight, name)
        if not radius > 0:
            raise BridgeError(f"the radius is {radius:g}; expected more than 0, in the layout's own measure")
        squares = np.square(places[:, 0] - np.float64(x)) + np.square(places[:, 1] - np.float64(y))
        inside = squares <= radius * radius
        if not inside.any():
            nearest = int(squares.argmin())
            at = f"({places[nearest, 0]:g}, {places[nearest, 1]:g})"
            raise BridgeError(
                f"no neuron lies within {radius:g} of ({x:g}, {y:g}); the nearest is neuron {nearest} at {at}, "
                f"{math.sqrt(squares[nearest]):g} away",
                404,
            )
        return self._keep(Circle(x, y, weight, name, int(inside.sum()), np.packbits(inside)))

    def remove(self, name: str) -> None:
        """The region of that name."""
        place = self._named(name)
        if place is None:
            there = ", ".join(r.name for r in self._regions if r.name)[:200] or "none"
            raise BridgeError(f"there is no region {name[:80]!r}; those with a name are: {there}", 404)
        del self._regions[place]
        self._members.pop(name, None)
        self._is_summed = False

    def _check(self, weight: float, name: str) -> None:
        if not -1 <= weight <= 1:
            raise BridgeError(f"the weight is {weight:g}; expected -1 to 1")
        if len(name) > MOST_LETTERS:
            raise BridgeError(f"the name has {len(name)} letters; at most {MOST_LETTERS}")
        if len(self._regions) >= MOST_REGIONS and self._named(name) is None:
            raise BridgeError(
                f"there are {MOST_REGIONS} regions, and no more; send /ear/select/clear, or give a region's name again "
                "to replace it",
                429,
            )

    def _named(self, name: str) -> int | None:
        """Where the region of that name is. Those without a name are many."""
        return next((i for i, region in enumerate(self._regions) if name and region.name == name), None)

    def _keep(self, region: Block | Circle) -> int:
        place = self._named(region.name)
        if place is None:
            self._regions.append(region)
        else:
            self._regions[place] = region
        self._members.pop(region.name, None)
        self._is_summed = False
        return region.neurons

    def _sum_up(self) -> None:
        """Once after a change, when somebody asks: a hundred regions in one burst cost as much as one."""
        if self._is_summed:
            return
        sums = np.zeros(self._all)
        for region in self._regions:
            region.add_to(sums)
        sums[np.abs(sums) < 1e-6] = 0.0  # what 32-bit weights leave over when they cancel
        self._neurons = n = np.flatnonzero(sums)
        # whole layers lie in one piece, which need not be copied together
        self._at = slice(n[0], n[-1] + 1) if len(n) and n[-1] - n[0] + 1 == len(n) else n
        chosen = sums[self._neurons]
        self._weights: Floats = chosen.astype(np.float32)
        self._shares: Floats = (np.abs(chosen) / max(np.abs(chosen).sum(), 1e-9)).astype(np.float32)
        self._is_summed = True
