"""A network with its weights, whichever it is: what layouts, dreams and pictures need to know of it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .neurons import Statistics
from .plan import Plan

STREAMED = "streamed, hop by hop"


class Model(Protocol):
    """trained: whether it has learned anything; how: it is evaluated, in words, and why if that is not hop by hop."""

    @property
    def plan(self) -> Plan: ...

    @property
    def statistics(self) -> Statistics: ...

    @property
    def trained(self) -> bool: ...

    @property
    def how(self) -> str: ...

    def moments(self, music: Tensor, count: int) -> NDArray[np.float32]:
        """(count, neurons): what every neuron does at moments of a piece, (n,) float32 at the plan's rate, that are
        evenly spread over it; each is the mean over some time before it, where the network is as quick as that."""
