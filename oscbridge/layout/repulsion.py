"""Repulsion between all nodes of a layout, by a tree of charges.

Source: Immersions, Visualization (the force); Barnes & Hut (1986), A hierarchical O(N log N) force-calculation
algorithm. Two things differ from theirs: a cell counts as its charge and its quadrupole (the dipole about the centre
of charge is zero), and one list of cells is made for a leaf of nodes, not for each node, so that the sums run as SIMD.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]

LEAF = 32  # nodes in a leaf, at most
THETA = 0.7  # a cell counts as a whole where its size is below this share of its distance
_CHUNK = 8  # leaves a task
_CELL = 11  # numbers a cell: charge, centre x y, quadrupole xx xy yy, box x0 x1 y0 y1, size


@dataclass(frozen=True)
class Repulsion:
    """force: (2, n), on each node by all others; curvature: (n,), how fast it changes at most, to choose a step by."""

    force: Floats
    curvature: Floats


class Tree:
    """Nodes sorted into a balanced binary tree of boxes. It may be used on while nodes move a little: what the boxes
    hold is measured anew each time, only which nodes share a leaf stays."""

    def __init__(self, positions: Floats) -> None:
        """positions: (2, n) float32, finite, n at least 1."""
        n = positions.shape[1]
        self.depth = max(0, math.ceil(math.log2(max(1, n) / LEAF)))
        self.order: Integers = np.arange(n, dtype=np.int32)
        self.starts = _sort(positions[0], positions[1], self.order, self.depth)

    def repulsion(
        self, positions: Floats, charges: Floats, k: float, softening: float, theta: float = THETA
    ) -> Repulsion:
        """The force q_i q_j (p_i - p_j) / |p_i - p_j|^(k + 1), summed over j.

        positions: (2, n); charges: (n,) positive; k: 2 to 3, the exponent; softening: a length added (squared) to every
        distance, well below the closest pair's, so that nodes at one place exert nothing and no number is infinite
        theta: 0 for the exact sum
        """
        x, y, q = (np.ascontiguousarray(a[self.order]) for a in (positions[0], positions[1], charges))
        cells = _measure(x, y, q, self.starts, self.depth)
        force, curvature = _sum(
            x, y, q, cells, self.starts, self.depth, np.float32(k), np.float32(softening**2), np.float32(theta)
        )
        # cells answer no node's push, but internal forces must add up to 0: each gives way in proportion to its own
        length = np.hypot(force[0], force[1])
        share = length / max(length.sum(dtype=np.float64), np.finfo(np.float32).tiny)
        force -= (force.sum(axis=1, dtype=np.float64)[:, None] * share).astype(np.float32)
        result = Repulsion(np.empty_like(force), np.empty_like(curvature))
        result.force[:, self.order] = force
        result.curvature[self.order] = curvature
        return result


@numba.njit(cache=True, nogil=True)
def _sort(x: Floats, y: Floats, order: Integers, depth: int) -> Integers:
    """Halves the nodes again and again across the longer side of their box. Returns where each leaf starts."""
    n = order.size
    starts = np.zeros((1 << depth) + 1, np.int32)
    starts[1 << depth] = n
    for level in range(depth):
        step = 1 << (depth - level)
        for leaf in range(0, 1 << depth, step):
            low, high = starts[leaf], starts[leaf + step]
            middle = (low + high) // 2
            starts[leaf + step // 2] = middle
            if high - low < 2:
                continue
            x0 = x1 = x[order[low]]
            y0 = y1 = y[order[low]]
            for i in range(low + 1, high):
                node = order[i]
                x0, x1 = min(x0, x[node]), max(x1, x[node])
                y0, y1 = min(y0, y[node]), max(y1, y[node])
            if x1 - x0 >= y1 - y0:
                _select(x, order, low, high - 1, middle)
            else:
                _select(y, order, low, high - 1, middle)
    return starts


@numba.njit(cache=True, nogil=True)
def _select(key: Floats, order: Integers, low: int, high: int, middle: int) -> None:
    """Hoare's selection: afterwards no key before `middle` is larger than one from it on."""
    while high > low:
        pivot = key[order[(low + high) // 2]]
        i, j = low, high
        while i <= j:
            while key[order[i]] < pivot:
                i += 1
            while key[order[j]] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if middle <= j:
            high = j
        elif middle >= i:
            low = i
        else:
            return


@numba.njit(cache=True, nogil=True)
def _measure(x: Floats, y: Floats, q: Floats, starts: Integers, depth: int) -> Floats:
    """Charge, centre, quadrupole about it and box of every cell, as a heap: cell i has the cells 2 i and 2 i + 1."""
    leaves = 1 << depth
    cells = np.zeros((2 * leaves, _CELL), np.float32)
    for leaf in range(leaves):
        c = leaves + leaf
        charge = sx = sy = 0.0
        x0 = y0 = np.float32(np.inf)
        x1 = y1 = np.float32(-np.inf)
        for i in range(starts[leaf], starts[leaf + 1]):
            charge += q[i]
            sx += q[i] * x[i]
            sy += q[i] * y[i]
            x0, x1, y0, y1 = min(x0, x[i]), max(x1, x[i]), min(y0, y[i]), max(y1, y[i])
        cells[c, 0] = charge
        cells[c, 6], cells[c, 7], cells[c, 8], cells[c, 9] = x0, x1, y0, y1
        if charge > 0:
            sx, sy = sx / charge, sy / charge
            cells[c, 1], cells[c, 2] = sx, sy
            for i in range(starts[leaf], starts[leaf + 1]):
                dx, dy = x[i] - sx, y[i] - sy
                cells[c, 3] += q[i] * dx * dx
                cells[c, 4] += q[i] * dx * dy
                cells[c, 5] += q[i] * dy * dy
            cells[c, 10] = max(x1 - x0, y1 - y0)
    for c in range(leaves - 1, 0, -1):
        a, b = 2 * c, 2 * c + 1
        charge = cells[a, 0] + cells[b, 0]
        cells[c, 0] = charge
        cells[c, 6], cells[c, 7] = min(cells[a, 6], cells[b, 6]), max(cells[a, 7], cells[b, 7])
        cells[c, 8], cells[c, 9] = min(cells[a, 8], cells[b, 8]), max(cells[a, 9], cells[b, 9])
        if charge > 0:
            cells[c, 1] = (cells[a, 0] * cells[a, 1] + cells[b, 0] * cells[b, 1]) / charge
            cells[c, 2] = (cells[a, 0] * cells[a, 2] + cells[b, 0] * cells[b, 2]) / charge
            # rounded it may lie outside, and where all nodes are at one place the cell would push them
            cells[c, 1] = min(max(cells[c, 1], cells[c, 6]), cells[c, 7])
            cells[c, 2] = min(max(cells[c, 2], cells[c, 8]), cells[c, 9])
            for part in (a, b):
                dx, dy = cells[part, 1] - cells[c, 1], cells[part, 2] - cells[c, 2]
                cells[c, 3] += cells[part, 3] + cells[part, 0] * dx * dx
                cells[c, 4] += cells[part, 4] + cells[part, 0] * dx * dy
                cells[c, 5] += cells[part, 5] + cells[part, 0] * dy * dy
            cells[c, 10] = max(cells[c, 7] - cells[c, 6], cells[c, 9] - cells[c, 8])
    return cells


@intrinsic
def _bits(_: Any, value: Any) -> Any:
    """The bits of a float32 as an int32."""

    def make(_: Any, builder: Any, __: Any, args: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), make


@intrinsic
def _number(_: Any, bits: Any) -> Any:
    """The float32 of those bits."""

    def make(_: Any, builder: Any, __: Any, args: Any) -> Any:
        from llvmlite import ir

        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), make


@numba.njit(cache=True, nogil=True, inline="always")
def _power(s: float, exponent: float) -> float:
    """s ** exponent for a normal positive s, to 2e-5: LLVM makes SIMD of this, but not of a call to pow.

    log2 of the mantissa and 2 ** fraction are polynomials of least error over their range.
    """
    bits: Any = _bits(s)  # type: ignore[call-arg]
    m = _number((bits & 0x7FFFFF) | 0x3F800000) - np.float32(1.0)
    log = np.float32(_LOG[5])
    log = log * m + np.float32(_LOG[4])
    log = log * m + np.float32(_LOG[3])
    log = log * m + np.float32(_LOG[2])
    log = log * m + np.float32(_LOG[1])
    log = log * m + np.float32(_LOG[0]) + np.float32((bits >> 23) - 127)
    y = min(max(exponent * log, np.float32(-126.0)), np.float32(126.0))
    whole = np.floor(y)
    f = y - whole
    value = np.float32(_EXP[4])
    value = value * f + np.float32(_EXP[3])
    value = value * f + np.float32(_EXP[2])
    value = value * f + np.float32(_EXP[1])
    value = value * f + np.float32(_EXP[0])
    return value * _number((np.int32(whole) + 127) << 23)


def _fit(function: Any, degree: int) -> tuple[float, ...]:
    """A polynomial for `function` on 0..1, at Chebyshev's points."""
    nodes = (np.cos((np.arange(64) + 0.5) * np.pi / 64) + 1) / 2
    return tuple(float(c) for c in np.polynomial.polynomial.polyfit(nodes, function(nodes), degree))


_LOG = _fit(lambda m: np.log2(1 + m), 5)
_EXP = _fit(np.exp2, 4)


@numba.njit(cache=True, nogil=True, parallel=True, fastmath=True)
def _sum(
    x: Floats, y: Floats, q: Floats, cells: Floats, starts: Integers, depth: int, k: Any, softening: Any, theta: Any
) -> tuple[Floats, Floats]:
    n, leaves = x.size, 1 << depth
    force = np.zeros((2, n), np.float32)
    curvature = np.zeros(n, np.float32)
    exponent = np.float32(-0.5) * (k + np.float32(1))
    m = -exponent
    tasks = (leaves + _CHUNK - 1) // _CHUNK
    for task in numba.prange(tasks):
        far = np.empty((6, 2 * leaves), np.float32)
        near = np.empty((3, n + 16), np.float32)
        stack = np.empty(2 * depth + 4, np.int32)
        for leaf in range(task * _CHUNK, min(leaves, (task + 1) * _CHUNK)):
            fars, nears = _lists(x, y, q, cells, starts, leaf, leaves, theta, far, near, stack)
            for i in range(starts[leaf], starts[leaf + 1]):
                xi, yi = x[i], y[i]
                fx = fy = stiff = np.float32(0)
                for j in range(nears):
                    dx, dy = xi - near[1, j], yi - near[2, j]
                    s = dx * dx + dy * dy
                    # the node itself is among them, and must not drown the others in the sum of stiffness
                    t = near[0, j] * _power(s + softening, exponent) if s > np.float32(0) else np.float32(0)
                    fx += t * dx
                    fy += t * dy
                    stiff += t
                for j in range(fars):
                    dx, dy = xi - far[1, j], yi - far[2, j]
                    s = dx * dx + dy * dy + softening
                    t, inverse = _power(s, exponent), np.float32(1) / s
                    qx = far[3, j] * dx + far[4, j] * dy
                    qy = far[4, j] * dx + far[5, j] * dy
                    whole = far[0, j] - m * inverse * (
                        far[3, j] + far[5, j] - np.float32(2) * (m + np.float32(1)) * inverse * (qx * dx + qy * dy)
                    )
                    fx += t * (whole * dx - np.float32(2) * m * inverse * qx)
                    fy += t * (whole * dy - np.float32(2) * m * inverse * qy)
                    stiff += t * far[0, j]
                force[0, i], force[1, i] = q[i] * fx, q[i] * fy
                curvature[i] = k * q[i] * stiff
    return force, curvature


@numba.njit(cache=True, nogil=True)
def _lists(
    x: Floats, y: Floats, q: Floats, cells: Floats, starts: Integers, leaf: int, leaves: int, theta: Any,
    far: Floats, near: Floats, stack: Integers,
) -> tuple[int, int]:  # fmt: skip
    """The cells that may stand for what is in them, as seen from anywhere in a leaf, and the nodes of all others."""
    own = leaves + leaf
    x0, x1, y0, y1 = cells[own, 6], cells[own, 7], cells[own, 8], cells[own, 9]
    fars = nears = 0
    stack[0] = 1
    top = 1
    while top:
        top -= 1
        c = stack[top]
        if cells[c, 0] <= 0:
            continue
        dx = max(np.float32(0), max(x0 - cells[c, 1], cells[c, 1] - x1))
        dy = max(np.float32(0), max(y0 - cells[c, 2], cells[c, 2] - y1))
        # a box of one node has no size; it must still not stand for itself
        if cells[c, 10] * cells[c, 10] < theta * theta * (dx * dx + dy * dy):
            for part in range(6):
                far[part, fars] = cells[c, part]
            fars += 1
        elif c >= leaves:
            for i in range(starts[c - leaves], starts[c - leaves + 1]):
                near[0, nears], near[1, nears], near[2, nears] = q[i], x[i], y[i]
                nears += 1
        else:
            stack[top], stack[top + 1] = 2 * c, 2 * c + 1
            top += 2
    return fars, nears
