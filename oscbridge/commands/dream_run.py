"""A dream at the terminal: one network and its wishes, so many seconds or steps, a bar that shows how it goes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from torch import Tensor

from ..dream.dreamer import Dreamer
from ..dream.goals import Goals
from ..dream.objectives import Selected
from ..ear.anatomy import Layer
from ..ear.filterbank import FilterBank
from ..ear.model import Model
from ..ear.reference import Reference
from ..ear.selection import Selection
from ..ear.spec import ScalogramSpec
from ..ear.weights import LoadedEar
from ..sections import Dream as Wishes
from .dream_words import Region

SCORED_EVERY_S = 0.25
UNITS = {
    "activate": "deviations over music",
    "match": "correlation",
    "style": "correlation",
    "classify": "probability",
    "predict": "share foretold",
}


@dataclass(frozen=True)
class Limit:
    """When a dream ends: at whichever comes first. One at least is given."""

    seconds: float | None
    steps: int | None


@dataclass(frozen=True)
class Dreamed:
    """What came of a dream. origin, clip: (n,) as they are heard; curve: (step, score); is_stopped: by Ctrl-C."""

    origin: Tensor
    clip: Tensor
    before: float
    after: float
    steps: int
    undone: int
    seconds: float
    curve: tuple[tuple[int, float], ...]
    is_stopped: bool

    @property
    def speed(self) -> float:
        """Steps a second."""
        return self.steps / max(self.seconds, 1e-9)


@dataclass(frozen=True)
class Studio:
    """What all dreams of a call share. wishes: of the command line; samples: of a clip; target: (n,) or (samples,)
    what match and style aim at."""

    model: Model
    reference: Reference
    wishes: Wishes
    limit: Limit
    samples: int
    target: Tensor

    @property
    def name(self) -> str:
        return self.model.plan.name

    @property
    def layers(self) -> Sequence[Layer]:
        return self.model.plan.layers

    @property
    def rate(self) -> int:
        return self.model.plan.rate

    @cached_property
    def bank(self) -> FilterBank:
        """For the eye: the ear's own scalogram, or as much of it as the network's rate holds."""
        return FilterBank(shown_scalogram(self.model))

    def selected(self, regions: Sequence[Region]) -> Selected:
        selection = Selection(self.layers)
        for region in regions:
            selection.add(*region)
        return Selected(selection.neurons, selection.weights)

    def dreamer(self, origin: Tensor, regions: Sequence[Region]) -> Dreamer:
        """Raises BridgeError as Dreamer does."""
        goals = Goals(self.model, self.reference, self.target)
        return Dreamer(self.model, origin, self.wishes, self.selected(regions), goals)


def shown_scalogram(model: Model) -> ScalogramSpec:
    if isinstance(model, LoadedEar):
        return model.bank.spec
    usual, rate = ScalogramSpec(), model.plan.rate
    fitting = [b for b in range(usual.bins) if usual.frequency_hz(b) < 0.49 * rate]
    return ScalogramSpec(rate=rate, hop=round(usual.hop_s * rate), bins=len(fitting))


def progress_bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def follow(dreamer: Dreamer, limit: Limit, bar: Progress, title: str) -> Dreamed:
    """Dreams until the limit. Ctrl-C ends it and keeps what there is. bar: started by the caller."""
    task = bar.add_task(title, total=1.0, told="")
    origin, before = dreamer.clip, dreamer.score()
    curve = [(0, before)]
    began = scored = time.monotonic()
    undone, done, is_stopped = 0, 0.0, False
    try:
        while done < 1:
            is_due = time.monotonic() - scored >= SCORED_EVERY_S or dreamer.step_number == 0
            step = dreamer.step(is_due)
            undone = step.undone
            if step.scored == step.step:
                scored = time.monotonic()
                curve.append((step.step, step.score))
            done, told = _how_far(limit, step.step, time.monotonic() - began)
            bar.update(task, completed=done, told=f"{told}, score {step.score:.2f}")
    except KeyboardInterrupt:
        is_stopped = True
    seconds = time.monotonic() - began
    after = dreamer.score()
    if curve[-1][0] < dreamer.step_number:
        curve.append((dreamer.step_number, after))
    bar.remove_task(task)
    steps = dreamer.step_number
    return Dreamed(origin, dreamer.clip, before, after, steps, undone, seconds, tuple(curve), is_stopped)


def _how_far(limit: Limit, steps: int, seconds: float) -> tuple[float, str]:
    """The share that is done, and speed and time left in words."""
    by_steps = steps / limit.steps if limit.steps else 0.0
    by_time = seconds / limit.seconds if limit.seconds else 0.0
    done = min(1.0, max(by_steps, by_time))
    left = math.ceil(seconds / max(done, 1e-9) - seconds)
    return done, f"{left // 60}:{left % 60:02} left, {steps / max(seconds, 1e-9):.1f} steps/s"
