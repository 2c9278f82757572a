"""Loops as arrays: at another rate, and at another length. Neither clicks where the loop begins anew."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError

Samples = NDArray[np.float32]

FADE = 441  # samples: 10 ms at 44.1 kHz
_MARGIN = 1_024  # samples; longer than the resampler's filter


def recut(samples: Samples, frames: int) -> Samples:
    """A loop cut, or repeated end to end, to another length.

    samples: (n,) float32, a loop: its last sample leads into its first; n at least 1
    frames:  the new length, at least 1
    Returns (frames,) float32; `samples` itself if that is its length. Whole repetitions are exact. Otherwise the last
    10 ms fade, at equal power, from where the loop breaks off to what led into its beginning: so its first beat stays
    whole, and the seam is one that the loop had before.
    Raises BridgeError 422 if there is nothing to cut, or no length.
    """
    n = len(samples)
    if samples.ndim != 1 or n == 0 or frames < 1:
        raise BridgeError(f"a loop of the shape {samples.shape} can't be cut to {frames} samples; both must be above 0")
    if frames == n:
        return samples
    loop: Samples = np.resize(samples, frames)
    fade = min(FADE, n // 2, frames // 2)
    if frames % n == 0 or fade == 0:
        return loop
    out, into = loop[-fade:].astype(np.float64), samples[-fade:].astype(np.float64)
    angle = (np.arange(fade) + 0.5) * (math.pi / 2 / fade)
    down, up = np.cos(angle), np.sin(angle)
    # ends that are alike add up to more than either: without this the seam would be up to 3 dB louder
    alike = max(0.0, float(out @ into) / (float(np.sqrt((out @ out) * (into @ into))) or 1.0))
    loop[-fade:] = (down * out + up * into) / np.sqrt(1 + 2 * alike * down * up)
    return loop


def resample_loop(samples: Samples, own_rate: int, rate: int) -> Samples:
    """A loop at another rate: what lies before its first sample is its end, so the seam stays as smooth as it was.

    samples: (n,) float32 at `own_rate`, n at least 1; rates in Hz
    Returns (max(1, round(n * rate / own_rate)),) float32; `samples` itself if the rates are equal.
    """
    if own_rate == rate:
        return samples
    import soxr

    n, common = len(samples), math.gcd(own_rate, rate)
    step_in, step_out = own_rate // common, rate // common  # as long as each other, to the sample
    steps = math.ceil(_MARGIN / min(step_in, step_out))
    around = samples[np.arange(-steps * step_in, n + steps * step_in) % n]
    first, frames = steps * step_out, max(1, round(n * rate / own_rate))
    return np.asarray(soxr.resample(around, own_rate, rate)[first : first + frames], np.float32)
