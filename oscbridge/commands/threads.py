"""How many threads a long calculation takes. Called before torch or numba is imported."""

from __future__ import annotations

import os

LIBRARIES = ("OMP", "MKL", "OPENBLAS", "NUMBA")


def take_idle_cores() -> int:
    """As many threads as cores are idle, unless the environment says otherwise: threads that share a core with others
    wait for each other at every barrier, and two are then slower than one. Returns their number."""
    cores = os.cpu_count() or 1
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    threads = max(1, round(cores - busy))
    for library in LIBRARIES:
        os.environ.setdefault(f"{library}_NUM_THREADS", str(threads))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a waiting thread sleeps instead of spinning
    return threads
