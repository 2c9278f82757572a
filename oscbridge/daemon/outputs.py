"""What lies between a deck and a sound output: a ring a little ahead of the device, and when each sample sounds.

Nothing here opens a device; player_worker.py does.
"""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intake import Ramp

Samples = NDArray[np.float32]

RAMP_S = 0.004  # in which volume and blackout act
AHEAD_S = 0.03  # of what is rendered; a swap must be ordered earlier than that
RING_S = 1.0
MOST_LATENCY_S = 2.0

SECOND = 1_000_000_000


def factor(volume_db: float, blackout: bool) -> float:
    """What samples are multiplied by. The volume in dB."""
    return 0.0 if blackout else float(10.0 ** (volume_db / 20))


class Playout:
    """Samples from one thread to PortAudio's, without a lock.

    The device's clock never waits: where nothing is ready it plays silence, `read` goes on all the same, and what comes
    too late is left out. Stream samples are counted from its opening.
    """

    def __init__(self, rate: int, gain: float) -> None:
        """rate: of the stream, in Hz; gain: a factor to begin with."""
        self.rate = rate
        self._size = round(RING_S * rate)
        self._ring = np.zeros(self._size, np.float32)
        self._ramp = round(RAMP_S * rate)
        self._gain = Ramp(gain, self._ramp)
        self._swell = 0  # samples of a fade-in that are still to be played, after a gap
        self.written = 0  # stream samples that are ready, so far
        self.read = 0  # stream samples that the device took
        self.block = 0  # the largest that it took at once
        self.underflows = 0
        self.latency_s = 0.0  # of the device, where its driver does not tell when a block sounds
        self.is_rolling = False  # from here on, silence is a fault
        # (stream sample, its moment in ns on the monotonic clock) of each block; whoever reads it empties it
        self.marks: deque[tuple[int, int]] = deque(maxlen=1_000)

    def set_gain(self, gain: float) -> None:
        """Any thread; heard from the device's next block on, over 4 ms."""
        self._gain.to(gain)

    def wanted(self) -> int:
        """How many samples are to be written now; negative: so many came too late, and are to be skipped."""
        if self.read > self.written:
            return self.written - self.read
        ahead = max(2 * self.block, round(AHEAD_S * self.rate))
        return max(0, self.read + ahead - self.written)

    def skip(self, n: int) -> None:
        self.written += n

    def write(self, samples: Samples) -> None:
        """samples: (n,), at most what is `wanted`; copied."""
        at = self.written % self._size
        head = min(self._size - at, len(samples))
        self._ring[at : at + head] = samples[:head]
        self._ring[: len(samples) - head] = samples[head:]
        self.written += len(samples)

    def on_audio(self, out: Samples, _frames: int, times: Any, status: Any) -> None:
        """In PortAudio's thread; sounddevice's signature."""
        until = times.outputBufferDacTime - times.currentTime
        if not 0 < until < MOST_LATENCY_S:  # some drivers tell no times
            until = self.latency_s
        self.fill(out, time.monotonic_ns() + round(until * SECOND), bool(status.output_underflow))

    def fill(self, out: Samples, sounds_at_ns: int, is_broken: bool) -> None:
        """Copies and multiplies, nothing else.

        out: (n, channels), all of which get the same; sounds_at_ns: when its first sample will sound; is_broken:
        PortAudio had nothing to play before this.
        """
        n = len(out)
        start, self.read = self.read, self.read + n
        self.marks.append((start, sounds_at_ns))
        self.block = max(self.block, n)
        gain = self._gain.over(n)
        ready = max(0, min(n, self.written - start))
        at = start % self._size
        head = min(self._size - at, ready)
        out[:head] = self._ring[at : at + head, None]
        out[head:ready] = self._ring[: ready - head, None]
        out[ready:] = 0
        out *= gain
        if self.is_rolling and (ready < n or is_broken):
            self.underflows += 1
        if self._swell and ready:
            m = min(self._swell, ready)
            out[:m] *= ((self._ramp - self._swell + np.arange(m, dtype=np.float32)) / self._ramp)[:, None]
            self._swell -= m
        if ready < n and self.is_rolling:
            m = min(self._ramp, ready)
            out[ready - m : ready] *= np.linspace(1, 0, m, dtype=np.float32)[:, None]
            self._swell = self._ramp


class AudioClock:
    """When a stream sample sounds, on the monotonic clock; the device sets the pace.

    A delay-locked loop over the moments that PortAudio gives for each block: they jitter by a millisecond, and a
    callback may come late by far more. Source: Adriaensen (2005), "Using a DLL to filter time", Linux Audio Conference.
    """

    BANDWIDTH_HZ = 0.1
    SETTLED_S, STEADY_S = 0.15, 3.0  # from then on a moment may be asked for; the pace is corrected
    FAR_NS = 5_000_000  # an outlier, not heeded; if all are, sound was lost and the clock is set anew
    FAR_BLOCKS = 8
    MOST_DRIFT = 1e-3  # of the nominal rate; better crystals are a hundred times nearer

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._nominal = self._pace = SECOND / rate  # ns a sample
        self._first = self._sample = 0
        self._ns: float | None = None  # when `_sample` sounds
        self._far = 0

    @property
    def is_settled(self) -> bool:
        return self._ns is not None and self._sample - self._first >= self.SETTLED_S * self._rate

    def mark(self, sample: int, ns: int) -> None:
        """Stream sample `sample` sounds at about `ns`; samples rise."""
        if self._ns is None:
            self._first, self._sample, self._ns = sample, sample, float(ns)
            return
        expected = self._ns + (sample - self._sample) * self._pace
        error = ns - expected
        if abs(error) > self.FAR_NS:
            self._far += 1
            if self._far >= self.FAR_BLOCKS:
                self._first, self._sample, self._ns, self._far = sample, sample, float(ns), 0
            return
        self._far = 0
        blocks = sample - self._sample
        # it first follows fast, as the first moment alone says little
        bandwidth = max(self.BANDWIDTH_HZ, 0.3 * self._rate / max(1, sample - self._first))
        omega = min(0.5, 2 * math.pi * bandwidth * blocks / self._rate)
        self._sample, self._ns = sample, expected + math.sqrt(2) * omega * error
        if blocks and sample - self._first > self.STEADY_S * self._rate:
            pace = self._pace + omega**2 * error / blocks
            drift = self.MOST_DRIFT * self._nominal
            self._pace = max(self._nominal - drift, min(self._nominal + drift, pace))

    def sample_at(self, ns: int) -> int:
        """The stream sample that sounds at a moment. Raises RuntimeError before the first mark."""
        if self._ns is None:
            raise RuntimeError("no block has been played yet, so nothing is known of the device's clock")
        return self._sample + round((ns - self._ns) / self._pace)

    def ns_at(self, sample: int) -> int:
        """The moment at which a stream sample sounds. Raises RuntimeError before the first mark."""
        if self._ns is None:
            raise RuntimeError("no block has been played yet, so nothing is known of the device's clock")
        return round(self._ns + (sample - self._sample) * self._pace)
