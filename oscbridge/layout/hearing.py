"""An ear and its loop: what neurons do in the course of it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..ear.scalogram import ScalogramStream
from ..ear.streaming import EarStream
from ..ear.weights import LoadedEar
from .charges import Floats, Moments


def heard(loaded: LoadedEar, loop: Tensor) -> Iterator[Floats]:
    """(neurons,), the raw activations after every hop of the loop's second round, since a loop has no beginning.

    Each is overwritten by the next. loop: (samples,) float32 at the ear's rate
    """
    hop = loaded.ear.spec.scalogram.hop
    hops = len(loop) // hop
    scalogram, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    for index in range(2 * hops):
        at = index % hops * hop
        with torch.inference_mode():
            stream.push(scalogram.push(loop[at : at + hop]))
        if index >= hops:
            yield stream.values.numpy()


def variance_of_moments(loaded: LoadedEar, loop: Tensor, moments: int) -> Floats:
    """(moments, neurons): mean squared deviation from the mean on music, in each of so many equal parts of the loop.

    loop: as in `heard`, at least a hop a moment
    """
    sums = Moments(moments, len(loop) // loaded.ear.spec.scalogram.hop, loaded.statistics.mean)
    for hop, values in enumerate(heard(loaded, loop)):
        sums.hear(hop, values)
    return sums.variance
