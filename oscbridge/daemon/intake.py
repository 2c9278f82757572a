"""From what a file or a device gives to what the ear takes: mono, finite, at one rate, without clicks."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import soxr

from ..errors import BridgeError

Samples = npt.NDArray[np.float32]

# full scale is 1; a sample beyond +120 dB comes from a broken file or driver, and would overflow the ear
LOUDEST = 1e6


class Ramp:
    """Numbers that change in a straight line over `length` samples, however these are cut into blocks.

    `to` may be called from any thread; the change starts with the next `over`.
    """

    def __init__(self, values: npt.ArrayLike, length: int) -> None:
        self._from = self._goal = self._asked = np.atleast_1d(np.asarray(values, np.float64))
        self._length = max(1, length)
        self._done = self._length

    def to(self, values: npt.ArrayLike) -> None:
        self._asked = np.atleast_1d(np.asarray(values, np.float64))

    def over(self, samples: int) -> Samples:
        """The values for the next `samples` samples: (samples, k), or (1, k) where they stand still."""
        asked = self._asked
        if asked is not self._goal:
            self._from, self._goal, self._done = self._at(self._done), asked, 0
        if self._done >= self._length:
            return self._goal[None].astype(np.float32)
        at = np.minimum(self._done + np.arange(1, samples + 1), self._length)
        self._done = min(self._done + samples, self._length)
        return self._at(at[:, None]).astype(np.float32)

    def _at(self, done: int | npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        share = np.asarray(done, np.float64) / self._length
        values: npt.NDArray[np.float64] = self._from * (1 - share) + self._goal * share
        return values


class Gain:
    """A gain in decibels; a change takes `ramp` samples, so that it does not click."""

    def __init__(self, gain_db: float, ramp: int) -> None:
        self._ramp = Ramp(_factor(gain_db), ramp)

    def set(self, gain_db: float) -> None:
        """Any thread. Raises BridgeError 422 unless `gain_db` is a number that leaves the sound finite."""
        self._ramp.to(_factor(gain_db))

    def __call__(self, samples: Samples) -> Samples:
        """samples: (n,). Returns (n,), a new array."""
        return samples * self._ramp.over(len(samples))[:, 0]


def _factor(gain_db: float) -> float:
    if not math.isfinite(gain_db) or gain_db > 20 * math.log10(LOUDEST):
        raise BridgeError(f"the gain is {gain_db} dB; expected a number of decibels, as in -6 or 12", 422)
    return float(10.0 ** (gain_db / 20))


class Intake:
    """Makes a stream of blocks (n, channels) at `source_rate` one mono stream at `rate`.

    `broken` counts the samples that were no sound (NaN, infinite, beyond LOUDEST) and became 0.
    Where the rates are equal and the gain is 0 dB, what comes out is bit for bit what came in.
    """

    def __init__(self, name: str, channels: int, source_rate: float, rate: int, channel: int, ramp: int) -> None:
        """ramp: samples at `rate` over which a change of channel is mixed. Errors as in `set_channel`."""
        self.name, self.channels = name, channels
        self.broken = 0
        self._mix = Ramp(self._weights(channel), round(ramp * source_rate / rate))
        self._resampler = None
        if source_rate != rate:
            self._resampler = soxr.ResampleStream(source_rate, rate, 1, quality="HQ")

    def set_channel(self, channel: int) -> None:
        """Any thread. 0: the mean of all, n: the n-th. Raises BridgeError 422 if there is no such channel."""
        self._mix.to(self._weights(channel))

    def _weights(self, channel: int) -> npt.NDArray[np.float64]:
        if not 0 <= channel <= self.channels:
            have = "1 channel" if self.channels == 1 else f"{self.channels} channels"
            raise BridgeError(
                f"the channel is {channel}, but {self.name} has {have}; expected 1 to {self.channels}, "
                "or 0 for the mean of all",
                422,
            )
        if channel == 0:
            return np.full(self.channels, 1 / self.channels)
        weights = np.zeros(self.channels)
        weights[channel - 1] = 1
        return weights

    def __call__(self, block: Samples) -> Samples:
        """block: (n, channels), any n. Returns (m,) at `rate`: what the resampler has ready; m may be 0."""
        sound = np.abs(block) <= LOUDEST  # false for NaN too
        if not sound.all():
            self.broken += int(sound.size - np.count_nonzero(sound))
            block = np.where(sound, block, np.float32(0))
        # einsum, not @: BLAS would wake its own threads, and they would fight the ear for the cores
        mono: Samples = np.einsum("nc,nc->n", block, np.broadcast_to(self._mix.over(len(block)), block.shape))
        if self._resampler is None:
            return mono
        return np.asarray(self._resampler.resample_chunk(np.ascontiguousarray(mono)), np.float32)
