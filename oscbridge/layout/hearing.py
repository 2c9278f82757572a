"""A network and its loop: what neurons do in the course of it."""

from __future__ import annotations

from torch import Tensor

from ..ear.hearing import heard
from ..ear.model import Model
from .charges import Floats, Moments


def variance_of_moments(model: Model, loop: Tensor, moments: int) -> Floats:
    """(moments, neurons): mean squared deviation from the mean on music, in each of so many equal parts of the loop.

    loop: as in `heard`, at least a hop a moment
    """
    sums = Moments(moments, len(loop) // model.plan.hop, model.statistics.mean)
    for hop, values in enumerate(heard(model, loop)):
        sums.hear(hop, values)
    return sums.variance
