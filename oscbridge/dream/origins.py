"""What a dream can start from without a sound of anybody's."""

from __future__ import annotations

import torch
from torch import Tensor


def white_noise(samples: int, level_db: float, seed: int) -> Tensor:
    """(samples,) float32 of that level (RMS, decibels below full scale); the same seed is the same noise."""
    return 10 ** (level_db / 20) * torch.randn(samples, generator=torch.Generator().manual_seed(seed))
