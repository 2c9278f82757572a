"""How strongly each neuron pushes the others away. Immersions: the variance of its activation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FLOOR = 0.1  # of a layer's mean: neurons that never move keep a place of their own


def uniform(nodes: int) -> Floats:
    """(nodes,) ones."""
    return np.ones(nodes, np.float32)


def from_variance(variance: Floats, layers: Sequence[slice]) -> Floats:
    """variance: (..., neurons), 0 or more; layers: each layer's neurons. Returns charges of the same shape, by layer
    0.1 or more and 1 in the mean; several rows (moments) share one scale, so that a quiet moment is a small one."""
    charges = np.ones_like(variance, np.float32)
    for layer in layers:
        own = np.nan_to_num(variance[..., layer].astype(np.float64), nan=0.0, posinf=0.0)
        mean = own.mean()
        if mean > 0:
            floored = np.maximum(own / mean, FLOOR)
            charges[..., layer] = floored / floored.mean()
    return charges


class Moments:
    """Collects what neurons do at several moments of a loop, hop by hop."""

    def __init__(self, moments: int, hops: int, mean: Floats) -> None:
        """moments: how many of equal length; hops: in the whole loop; mean: (neurons,), what deviations are from."""
        self._moments, self._hops, self._mean = moments, hops, mean
        self._sums = np.zeros((moments, len(mean)), np.float64)
        self._counts = np.zeros(moments)

    def hear(self, hop: int, values: Floats) -> None:
        """values: (neurons,), the activations after that hop, 0 the loop's first."""
        moment = hop * self._moments // self._hops % self._moments
        self._sums[moment] += np.square(values - self._mean, dtype=np.float64)
        self._counts[moment] += 1

    @property
    def variance(self) -> Floats:
        """(moments, neurons): mean squared deviation in each."""
        return (self._sums / np.maximum(self._counts, 1)[:, None]).astype(np.float32)
