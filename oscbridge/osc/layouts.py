"""Layouts as datagrams: where each neuron lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..ear.anatomy import Layer
from ..ear.neurons import parse_filter, spans
from . import bulk
from .streams import Packet, Wish

ADDRESS, LIST_ADDRESS = "/ear/layout/xy", "/ear/layout/list"


class LayoutPacker:
    """Cuts layouts as each subscriber wants them."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = layers

    def snapshot(self, rev: int, snapshot: int, places: NDArray[np.float32], wish: Wish) -> list[Packet]:
        """places: (neurons, 2) of the whole network."""
        runs = spans(parse_filter(wish.filter, self._layers))
        if wish.packing == "list":
            frames = bulk.list_frames(LIST_ADDRESS, runs, width=2, before=(rev,))
        else:
            frames = bulk.blob_frames(ADDRESS, rev, runs, "xy", wish.max_bytes)
        return list(frames.pack(snapshot, np.ascontiguousarray(places, np.float32).reshape(-1)))
