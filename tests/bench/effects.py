"""How soon a parameter that is set over OSC has its effect: on the wire, in the ear, on the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.daemon.socket_client import SocketClient
from tests.wire import Running, Wire

TIMES = 40


@dataclass(frozen=True)
class Effects:
    """Medians and 99th percentiles, ms, from sending to what shows it. echo: the parameter's own answer; brightness:
    stream.floor in the first frame of levels; gain: listen.gain_db, in the first frame that it darkens; told: the
    stream `state` over a WebSocket."""

    echo: tuple[float, float]
    brightness: tuple[float, float]
    gain: tuple[float, float]
    told: tuple[float, float]


def measure(folder: Path) -> Effects:
    with Running(folder) as running, running.wire() as wire, SocketClient(running.facts["http_port"]) as page:
        echo = _times(lambda n: wire.ask("/ear/stream/gamma", 1.0 + n % 2))
        page.ask("/ear/subscribe", "state", "", 0, 0.0, 60.0)
        page.ask("/ear/sync", 1, answer="/ear/synced")

        def told(n: int) -> None:
            wire.send("/ear/stream/floor", (n + 1) % 2 * 0.01)
            page.wait_for(lambda m: m[0] == "/ear/stream/floor")

        through = _times(told)
        wire.subscribe("levels")
        brightness = _times(lambda n: _switch(wire, "/ear/stream/floor", 0.99, 0.0))
        gain = _times(lambda n: _switch(wire, "/ear/listen/gain_db", -60.0, 0.0))
    return Effects(echo, brightness, gain, through)


def _times(once: Callable[[int], object]) -> tuple[float, float]:
    taken = []
    for number in range(TIMES):
        began = time.perf_counter()
        told = once(number)
        taken.append(told if isinstance(told, float) else time.perf_counter() - began)
    return float(np.median(taken)) * 1e3, float(np.percentile(taken, 99)) * 1e3


def _switch(wire: Wire, address: str, dark: float, bright: float) -> float:
    """Seconds until the scalogram's level shows that it is dark; then it is made bright again."""
    wire.send(address, bright)
    wire.wait_for(lambda m: m[0] == "/ear/level/peak" and m[1] > 0.5)
    began = time.perf_counter()
    wire.send(address, dark)
    wire.wait_for(lambda m: m[0] == "/ear/level/peak" and m[1] < 0.3)
    return time.perf_counter() - began
