"""The process that solves a layout: one job, its progress in shared memory, its result as a file."""

from __future__ import annotations

import queue
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .places import Floats, SharedArrays
from .worker_process import Orders, begin, read_orders, tell, under_control

UPDATE_S = 1 / 15


@dataclass(frozen=True)
class Order:
    """What to solve. model: path of the YAML; loop: a sound file, "" for the bundled one; layout: the section of that
    name; update: of the shared places, where to go on from, -1: anew; folder: where the result goes."""

    model: str
    loop: str
    layout: dict[str, Any]
    update: int
    folder: str


def run(sock: socket.socket, parent: int, places: SharedArrays, order: Order) -> None:
    """Entry point of the process."""
    begin(parent, nice=10)  # a layout may wait; sound may not
    with under_control(sock):
        _Worker(sock, places, order).solve()


class _Worker:
    def __init__(self, sock: socket.socket, places: SharedArrays, order: Order) -> None:
        import torch

        from ..ear.opening import open_with_sound
        from ..layout.job import Job
        from ..sections import Layout

        torch.set_num_threads(1)
        self._sock, self._places, self._order = sock, places, order
        self._orders: Orders = queue.SimpleQueue()
        threading.Thread(target=read_orders, args=(sock, self._orders), daemon=True).start()
        model, loop = open_with_sound(Path(order.model), Path(order.loop).expanduser() if order.loop else None)
        self._job = Job(model, loop, Layout(**order.layout))
        self._update, self._update_at = max(order.update, 0), 0.0
        self._start: Floats | None = None
        if order.update >= 0:
            self._start = places.read(order.update).T
        tell(sock, {"ready": True})

    def solve(self) -> None:
        start, is_over = self._start, False
        while not is_over:
            is_over = True
            for progress in self._job.solve(start):
                self._show(progress)
                change = self._newest_order()
                if change is None:
                    continue
                if change.get("stop"):
                    break
                from ..sections import Layout

                seed, wishes = self._job.wishes.seed, Layout(**change["layout"])
                reached = progress.step.expanded
                if self._job.change(wishes):
                    start, is_over = (reached if wishes.seed == seed else None), False
                    break
        self._finish()

    def _show(self, progress: Any) -> None:
        now = time.monotonic()
        if now - self._update_at < UPDATE_S:
            return
        from ..layout.snapshots import unit

        self._update_at = now
        self._update += 1
        step = progress.step
        self._places.write(self._update, unit(step.expanded.T[None])[0])
        facts = {"snapshot": progress.snapshot, "level": step.level, "levels": step.levels}
        facts |= {"iteration": step.iteration, "energy": step.energy}
        tell(self._sock, {"update": self._update, **facts})

    def _newest_order(self) -> dict[str, Any] | None:
        order = None
        while not self._orders.empty():
            order = self._orders.get()
            if order.get("stop"):
                return order
        return order

    def _finish(self) -> None:
        from ..layout import keeping

        folder = Path(self._order.folder)
        layout = keeping.save(folder / f"{self._job.name}.npy", self._job.positions, self._job.made)
        tell(self._sock, {"finished": layout.path.name})
        threading.Event().wait()  # control ends this process
