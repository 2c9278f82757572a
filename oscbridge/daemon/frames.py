"""Frames in shared memory: the worker writes, control reads the newest; a torn one is never seen.

The memory is anonymous (multiprocessing's arena: a file unlinked at once, or a Windows section), so nothing is left
over however a process dies.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from typing import Any

import numpy as np

from ..ear.neurons import Floats, Statistics

SLOTS = 16
_STATISTICS = ("mean", "std", "high", "quiet")
_HEADER = np.dtype(
    [("begun", "i8"), ("frame", "i8"), ("unix_ns", "i8"), ("compute_ns", "i8"), ("dropped", "i8"), ("ended", "i8")]
)


@dataclass(frozen=True)
class Frame:
    """One hop's result. values: (neurons,) float32, raw; unix_ns: when its last sample came in; dropped: hops that
    this worker has skipped, or whose sound came too late; compute_ns: what scalogram and network took."""

    number: int
    unix_ns: int
    compute_ns: int
    dropped: int
    values: Floats


class SharedFrames:
    """A ring of SLOTS frames and the network's statistics. Made by control, handed to the worker as it starts."""

    def __init__(self, context: SpawnContext, neurons: int) -> None:
        self.neurons = neurons
        self._headers = context.RawArray("b", SLOTS * _HEADER.itemsize)
        self._values: Any = context.RawArray("f", SLOTS * neurons)
        self._statistics: Any = context.RawArray("f", len(_STATISTICS) * neurons)
        self._view()
        self._header["ended"] = -1  # memory begins as zeros, and 0 is a frame's number

    def _view(self) -> None:
        self._header = np.frombuffer(self._headers, _HEADER)
        self._value = np.frombuffer(self._values, np.float32).reshape(SLOTS, self.neurons)
        self._statistic = np.frombuffer(self._statistics, np.float32).reshape(-1, self.neurons)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k in ("neurons", "_headers", "_values", "_statistics")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._view()

    def write(self, frame: Frame) -> None:
        slot = frame.number % SLOTS
        head = self._header[slot : slot + 1]
        head["begun"] = frame.number
        head["frame"] = -1
        self._value[slot] = frame.values
        head["unix_ns"], head["compute_ns"], head["dropped"] = frame.unix_ns, frame.compute_ns, frame.dropped
        head["frame"] = frame.number
        head["ended"] = frame.number

    def read(self, number: int) -> Frame | None:
        """The frame, copied; None if its slot holds another one or is being written."""
        head = self._header[number % SLOTS : number % SLOTS + 1]
        if int(head["ended"][0]) != number or int(head["begun"][0]) != number:
            return None
        values = self._value[number % SLOTS].copy()
        frame = Frame(
            number, int(head["unix_ns"][0]), int(head["compute_ns"][0]), int(head["dropped"][0]), values
        )  # fmt: skip
        return frame if int(head["begun"][0]) == int(head["frame"][0]) == number else None

    def write_statistics(self, statistics: Statistics) -> None:
        for row, name in zip(self._statistic, _STATISTICS, strict=True):
            row[:] = getattr(statistics, name)

    def read_statistics(self) -> Statistics:
        return Statistics(*(row.copy() for row in self._statistic))
