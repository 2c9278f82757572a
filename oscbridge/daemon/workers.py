"""What runs in the processes beside control. The simulation puts players of a recording in their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import dream_worker, layout_worker, listen_worker


@dataclass(frozen=True)
class Workers:
    """Entry points, called with a socket, the parent's pid, and what the worker's owner gives (worker_arguments)."""

    listen: Callable[..., None] = listen_worker.run
    layout: Callable[..., None] = layout_worker.run
    dream: Callable[..., None] = dream_worker.run


WORKERS = Workers()
