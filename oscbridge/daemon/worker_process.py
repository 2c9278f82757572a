"""What every worker process does alike: how it begins, and how it speaks with control over its socket."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from ..errors import BridgeError

Orders = queue.SimpleQueue[dict[str, Any]]


def begin(parent: int, nice: int) -> None:
    """At the entry of the process, before torch or numpy is imported. nice: its priority, as far as it may be had."""
    _die_with_parent(parent)
    faulthandler.enable()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; control says when to end
    with contextlib.suppress(OSError, AttributeError):
        os.nice(nice)
    for library in ("OMP", "MKL", "OPENBLAS", "NUMBA"):
        os.environ[f"{library}_NUM_THREADS"] = "1"  # more threads spin on barriers when the machine is busy


def _die_with_parent(parent: int) -> None:
    """Linux ends this process with its parent, even if it is stopped or stuck; elsewhere the closed socket does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(0)


@contextlib.contextmanager
def under_control(sock: socket.socket) -> Iterator[None]:
    """Around a worker's work: a mistake of the user ends it and is told, and control ends the process then; without
    control it ends itself."""
    try:
        yield
    except BridgeError as error:
        tell(sock, {"fatal": str(error), "code": error.code})
        threading.Event().wait()
    except (BrokenPipeError, ConnectionError):
        sys.exit(0)


def tell(sock: socket.socket, message: dict[str, Any]) -> None:
    """One line of JSON to control."""
    sock.sendall(json.dumps(message).encode() + b"\n")


def read_orders(sock: socket.socket, orders: Orders) -> None:
    """In a thread of its own: puts control's lines into the queue, and ends the process when control is gone."""
    for order in lines_of(sock):
        orders.put(order)
    os._exit(0)


def lines_of(sock: socket.socket) -> Iterator[Any]:
    """What control says, a line of JSON at a time, until it is gone."""
    buffer = b""
    with contextlib.suppress(OSError):
        while data := sock.recv(65_536):
            *lines, buffer = (buffer + data).split(b"\n")
            yield from map(json.loads, lines)
