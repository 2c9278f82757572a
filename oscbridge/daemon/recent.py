"""What the ear heard last, in shared memory: the listener writes, another process reads a stretch of it."""

from __future__ import annotations

from multiprocessing.context import SpawnContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_COUNTERS = np.dtype([("since", "i8"), ("begun", "i8"), ("written", "i8")])
_TRIES = 8


class SharedRecent:
    """A ring of samples with one writer. Made by control, handed to each process as it starts.

    The writer announces what it is about to overwrite (`begun`) before it copies, and publishes (`written`) after; a
    reader looks at `begun` after it has copied, so it never gets a stretch that is torn in two.
    """

    def __init__(self, context: SpawnContext, rate: int, seconds: float = 32.0) -> None:
        """rate: of the samples, in Hz; seconds: how far back it reaches."""
        self.rate, self._size = rate, round(rate * seconds)
        self._counter: Any = context.RawArray("b", _COUNTERS.itemsize)
        self._ring: Any = context.RawArray("f", self._size)
        self._view()

    def _view(self) -> None:
        self._counters = np.frombuffer(self._counter, _COUNTERS)
        self._samples = np.frombuffer(self._ring, np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k in ("rate", "_size", "_counter", "_ring")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._view()

    def begin(self) -> None:
        """By a new writer: what an earlier one wrote does not join on to what comes, and is forgotten."""
        head = self._counters
        head["since"] = head["written"] = head["begun"]

    def write(self, samples: Samples) -> None:
        """samples: (n,), any n; the newest sound."""
        head = self._counters
        end = int(head["written"][0]) + len(samples)
        samples = samples[-self._size :]
        head["begun"] = end
        at = (end - len(samples)) % self._size
        first = min(self._size - at, len(samples))
        self._samples[at : at + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        head["written"] = end

    def last(self, samples: int) -> Samples | None:
        """The newest `samples` samples, (samples,) float32, a copy; None if so many were not heard, or are not kept."""
        for _ in range(_TRIES):
            head = self._counters[0].copy()
            start, since = int(head["written"]) - samples, int(head["since"])
            if not 0 <= samples <= self._size or start < since:
                return None
            at = start % self._size
            first = min(self._size - at, samples)
            copy = np.concatenate([self._samples[at : at + first], self._samples[: samples - first]])
            now = self._counters[0].copy()
            if int(now["begun"]) - self._size <= start and int(now["since"]) == since:
                return copy
        return None
