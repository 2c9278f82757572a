"""From `oscbridge run` to the first level message, and from a killed worker to the next one."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

from tests.wire import Running


def first_level_s(folder: Path) -> float:
    """Seconds from starting the process to the first /ear/level/ datagram at a static subscriber."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as patch:
        patch.bind(("127.0.0.1", 0))
        patch.settimeout(60)
        wanted = f"server.subscribers=[{{port: {patch.getsockname()[1]}, stream: levels}}]"
        began = time.monotonic()
        with Running(folder, [wanted], wait=False):
            while not patch.recv(8_000).startswith(b"/ear/level/"):
                pass
            return time.monotonic() - began


def recovery_s(folder: Path, how: signal.Signals = signal.SIGKILL) -> float:
    """Seconds from the loss of the worker to the first frame of the next one."""
    with Running(folder) as running, running.wire() as wire:
        time.sleep(1.0)
        wire.subscribe("levels")
        os.kill(running.worker(), how)
        began = time.monotonic()
        wire.wait_for(lambda m: m[:2] == ("/ear/fail", "/ear/status"), 30)
        wire.wait_for(lambda m: m[0] == "/ear/level/mean", 60)
        return time.monotonic() - began
