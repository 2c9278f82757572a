"""How an ear is trained, as config/train/<name>.yaml gives it."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from ..ear.spec import Sizes
from .augment import AugmentSpec


class TrainSpec(Sizes):
    """Immersions, Experiment: 42 encodings make a context, 16 are predicted, the 4 next are skipped."""

    model: str = "ear"
    loss: Literal["cpc", "sat", "moments"] = "moments"
    frames: int = Field(320, ge=32, le=4_096)  # hops in a clip
    first_context: int = Field(28, ge=0, le=1_000)  # encodings heard before the first context that predicts
    skip: int = Field(4, ge=0, le=100)
    ahead: int = Field(16, ge=1, le=200)
    batch: int = Field(32, ge=2, le=4_096)  # clips a step, in each process
    clips_per_track: int = Field(1, ge=1, le=64)  # more: the same track at other times, which its sound can't tell
    same_folder: float = Field(0.3, ge=0, le=1)  # chance that the next track comes from the same folder: alike sound
    domains: dict[str, float] = Field(default={})  # how often a folder is drawn; those not named count 1
    steps: int = Field(10_000, ge=1, le=10_000_000)
    learning_rate: float = Field(3e-4, gt=0, le=1)
    warmup: int = Field(1_000, ge=0, le=1_000_000)
    weight_decay: float = Field(0.01, ge=0, le=1)
    clip_norm: float = Field(0.5, gt=0, le=1_000)
    prediction_std: float = Field(0.002, gt=0, le=1)  # ten times as much starts at a loss of 8 to 21 and shakes
    held_out: float = Field(0.1, ge=0, le=0.5)  # share of the files
    seed: int = Field(0, ge=0, le=999_999)
    validate_every: int = Field(200, ge=1)
    save_every: int = Field(100, ge=1)
    snapshots: int = Field(8, ge=0, le=1_000)  # kept over the training, for layouts that follow it
    augment: AugmentSpec = AugmentSpec()

    @model_validator(mode="after")
    def _batches_are_whole(self) -> TrainSpec:
        if self.batch % self.clips_per_track:
            raise ValueError(f"batch {self.batch} is not a multiple of clips_per_track {self.clips_per_track}")
        return self

    def rate_at(self, step: int) -> float:
        """The learning rate: a linear warm-up, then a cosine down to a hundredth (Loshchilov & Hutter 2017)."""
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        done = min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup))
        return self.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)

    def snapshot_steps(self) -> set[int]:
        """Steps after which the weights are kept: ever further apart, since an ear learns most at first."""
        return {round(self.steps * ((n + 1) / self.snapshots) ** 2) for n in range(self.snapshots)}
