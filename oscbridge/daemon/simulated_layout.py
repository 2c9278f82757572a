"""The process that would solve a layout: it lets the one that travels with the network grow out of chaos."""

from __future__ import annotations

import queue
import socket
import threading
import time
from pathlib import Path

import numpy as np

from ..errors import BridgeError
from ..layout import keeping
from .layout_worker import UPDATE_S, Order
from .places import Floats, SharedArrays
from .worker_process import Orders, begin, read_orders, tell, under_control

GROW_S = 4.0
LEVELS = 4
NAME = "simulated"


def run(recording: str, sock: socket.socket, parent: int, places: SharedArrays, order: Order) -> None:
    """Entry point of the process, like layout_worker.run's."""
    begin(parent, nice=10)
    with under_control(sock):
        _grow(sock, places, order)


def _grow(sock: socket.socket, places: SharedArrays, order: Order) -> None:
    positions = _shipped(Path(order.model), places)
    orders: Orders = queue.SimpleQueue()
    threading.Thread(target=read_orders, args=(sock, orders), daemon=True).start()
    tell(sock, {"ready": True})
    rng = np.random.default_rng(int(order.layout["seed"]))
    chaos = rng.uniform(-0.5, 0.5, positions.shape[1:]).astype(np.float32)
    updates, update, shown = round(GROW_S / UPDATE_S), max(order.update, 0), positions[0]
    for done in range(1, updates + 1):
        time.sleep(UPDATE_S)
        if not orders.empty() and orders.get().get("stop"):
            positions = shown[None]
            break
        share = np.float32(done / updates)
        shown = (1 - share) * chaos + share * positions[0]
        update += 1
        places.write(update, shown)
        level = LEVELS - 1 - (done - 1) * LEVELS // updates
        facts = {"level": level, "levels": LEVELS, "iteration": done, "energy": float(1 - share)}
        tell(sock, {"update": update, "snapshot": 0, **facts})
    layout = keeping.save(Path(order.folder) / f"{NAME}.npy", positions, {"model": NAME})
    tell(sock, {"finished": layout.path.name})
    threading.Event().wait()  # control ends this process


def _shipped(model: Path, places: SharedArrays) -> Floats:
    """(snapshots, neurons, 2) of the layout that travels with the network. Raises BridgeError 409 without one."""
    neurons = places.read(0).shape[0]
    try:
        return keeping.load(model.parent / "layouts" / f"{model.stem}.npy", neurons).positions
    except BridgeError as error:
        raise BridgeError(
            "the simulation has no layout to show for this network; `oscbridge run` solves one", 409
        ) from error
