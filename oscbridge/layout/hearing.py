"""What neurons do in the course of a loop."""

from __future__ import annotations

import torch
from torch import Tensor

from ..ear.scalogram import ScalogramStream
from ..ear.streaming import EarStream
from ..ear.weights import LoadedEar
from .charges import Floats, Moments


@torch.inference_mode()
def variance_of_moments(loaded: LoadedEar, loop: Tensor, moments: int) -> Floats:
    """loop: (samples,) float32 at the ear's rate, at least a hop a moment; heard twice, since a loop has no beginning.

    Returns (moments, neurons): mean squared deviation from the mean on music, in each of so many equal parts.
    """
    hop = loaded.ear.spec.scalogram.hop
    hops = len(loop) // hop
    heard = Moments(moments, hops, loaded.statistics.mean)
    scalogram, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    for round_ in range(2):
        for index in range(hops):
            stream.push(scalogram.push(loop[index * hop : (index + 1) * hop]))
            if round_:
                heard.hear(index, stream.values.numpy())
    return heard.variance
