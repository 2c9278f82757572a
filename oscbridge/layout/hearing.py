"""A network and its loop: what neurons do in the course of it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..ear.hearing import hearing_of
from ..ear.model import Model
from .charges import Floats, Moments


def heard(model: Model, loop: Tensor) -> Iterator[Floats]:
    """(neurons,), the raw activations after every hop of the loop's second round, since a loop has no beginning.

    Each is overwritten by the next. loop: (samples,) float32 at the network's rate
    """
    hop = model.plan.hop
    whole = loop[: len(loop) // hop * hop]
    hearing = hearing_of(model, clock=lambda: 0.0)  # however long a look takes, every hop is worth one
    with torch.inference_mode():
        hearing.lead(whole)
    for samples in whole.view(-1, hop):
        with torch.inference_mode():
            hearing.push(samples)
        yield hearing.values.numpy()


def variance_of_moments(model: Model, loop: Tensor, moments: int) -> Floats:
    """(moments, neurons): mean squared deviation from the mean on music, in each of so many equal parts of the loop.

    loop: as in `heard`, at least a hop a moment
    """
    sums = Moments(moments, len(loop) // model.plan.hop, model.statistics.mean)
    for hop, values in enumerate(heard(model, loop)):
        sums.hear(hop, values)
    return sums.variance
