"""Arrays in memory that a worker and control share."""

from __future__ import annotations

from multiprocessing.context import SpawnContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SLOTS = 4  # the reader copies one within milliseconds; the writer is back at it after four updates


class SharedArrays:
    """A ring of SLOTS arrays of one shape. Made by control, handed to the worker as it starts."""

    def __init__(self, context: SpawnContext, *shape: int) -> None:
        self._shape = (SLOTS, *shape)
        self._memory: Any = context.RawArray("f", int(np.prod(self._shape)))
        self._view()

    def _view(self) -> None:
        self._arrays = np.frombuffer(self._memory, np.float32).reshape(self._shape)

    def __getstate__(self) -> dict[str, Any]:
        return {"_shape": self._shape, "_memory": self._memory}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._view()

    def write(self, update: int, values: Floats) -> None:
        """values: of the shape."""
        self._arrays[update % SLOTS] = values

    def read(self, update: int) -> Floats:
        return self._arrays[update % SLOTS].copy()
