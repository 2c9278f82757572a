"""A stretch of a dream as one pure function, so that it can be made anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..ear.model import Model
from ..ear.reference import Reference
from ..sections import Dream
from .dreamer import Dreamer
from .goals import Goals
from .objectives import Selected

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Job:
    """model: id of the network; wishes: the section `dream`; sound: where to go on from, origin: what the dream began
    with, target: of match and style, (n,) each; steps: how many to make; seed: of this one's variations."""

    model: str
    wishes: dict[str, Any]
    selected: Selected
    sound: Samples
    origin: Samples
    target: Samples
    steps: int
    seed: int


@dataclass(frozen=True)
class Result:
    """sound: (n,), the dream; score: of the clip it makes; loss: of the last step."""

    sound: Samples
    score: float
    loss: float


def dream(job: Job, model: Model, reference: Reference) -> Result:
    """Makes the steps. Raises BridgeError if the wishes cannot be met."""
    goals = Goals(model, reference, torch.from_numpy(job.target.copy()))
    sound, origin = (torch.from_numpy(x.copy()) for x in (job.sound, job.origin))
    dreamer = Dreamer(model, origin, Dream(**{**job.wishes, "seed": job.seed}), job.selected, goals)
    dreamer.resize(sound, origin)
    loss = 0.0
    for _ in range(job.steps):
        loss = dreamer.step(is_scored=False).loss
    return Result(dreamer.sound.numpy().copy(), dreamer.score(), loss)
