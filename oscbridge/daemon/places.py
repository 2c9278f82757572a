"""The neurons' places while they are being solved, in memory that the layout worker and control share."""

from __future__ import annotations

from multiprocessing.context import SpawnContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SLOTS = 4  # control copies one within milliseconds; the worker is back at it after four updates


class SharedPlaces:
    """A ring of SLOTS layouts. Made by control, handed to the worker as it starts."""

    def __init__(self, context: SpawnContext, neurons: int) -> None:
        self.neurons = neurons
        self._memory: Any = context.RawArray("f", SLOTS * neurons * 2)
        self._view()

    def _view(self) -> None:
        self._places = np.frombuffer(self._memory, np.float32).reshape(SLOTS, self.neurons, 2)

    def __getstate__(self) -> dict[str, Any]:
        return {"neurons": self.neurons, "_memory": self._memory}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._view()

    def write(self, update: int, places: Floats) -> None:
        """places: (neurons, 2)."""
        self._places[update % SLOTS] = places

    def read(self, update: int) -> Floats:
        return self._places[update % SLOTS].copy()
