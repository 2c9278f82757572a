"""Compressed rows of edges: their pull, and which neighbours become one node."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]
Integers = NDArray[np.int64]


@numba.njit(cache=True, nogil=True, parallel=True, fastmath=True)
def pull_rows(positions: Floats, starts: Integers, ends: Indices, weights: Floats) -> Floats:
    """positions: (2, nodes). Returns (2, nodes), the sum of w (p_other - p_own) over the node's edges."""
    n = positions.shape[1]
    out = np.zeros((2, n), np.float32)
    for i in numba.prange(n):
        x = y = np.float32(0)
        for e in range(starts[i], starts[i + 1]):
            x += weights[e] * (positions[0, ends[e]] - positions[0, i])
            y += weights[e] * (positions[1, ends[e]] - positions[1, i])
        out[0, i], out[1, i] = x, y
    return out


@numba.njit(cache=True, nogil=True)
def matched(starts: Integers, ends: Indices, weights: Floats) -> Integers:
    """The new number of each node: two neighbours share one, or a node joins a pair where all its neighbours have one.

    Nodes of few edges choose first, and take the heaviest edge for the degree of its other end: so hubs don't swallow
    their surroundings.
    """
    n = starts.size - 1
    degree = np.zeros(n, np.float32)
    for i in range(n):
        for e in range(starts[i], starts[i + 1]):
            degree[i] += weights[e]
    parents = np.full(n, -1, np.int64)
    size = np.zeros(n, np.int64)
    count = 0
    for i in np.argsort(np.diff(starts), kind="mergesort"):
        if parents[i] >= 0:
            continue
        best, most = -1, np.float32(0)
        for e in range(starts[i], starts[i + 1]):
            j = ends[e]
            if parents[j] < 0 and weights[e] / degree[j] > most:
                best, most = j, weights[e] / degree[j]
        if best >= 0:
            parents[i] = parents[best] = count
            size[count] = 2
            count += 1
            continue
        for e in range(starts[i], starts[i + 1]):
            j = ends[e]
            if size[parents[j]] < 4 and weights[e] / degree[j] > most:
                best, most = j, weights[e] / degree[j]
        if best >= 0:
            parents[i] = parents[best]
            size[parents[best]] += 1
        else:
            parents[i] = count
            size[count] = 1
            count += 1
    return parents
