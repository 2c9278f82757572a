"""Sound files in: decoded, mixed to one channel, at the rate that is wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from .errors import BridgeError


def decode(path: Path, rate: int) -> NDArray[np.float32]:
    """A whole short file as (n,) float32, mono, at `rate`. Raises BridgeError if it is no sound file."""
    try:
        samples, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise BridgeError(f"{path} is not a sound file that can be read: {error}", 500) from error
    mono = samples.mean(axis=1)
    return mono if own_rate == rate else soxr.resample(mono, own_rate, rate).astype(np.float32)
