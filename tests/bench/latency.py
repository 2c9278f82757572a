"""Sound in to datagram out, through a JACK server without hardware whose outputs are wired to its inputs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.wire import Running

PERIOD = 512
RATE = 44_100
BURSTS = 120


@dataclass(frozen=True)
class Latency:
    """Milliseconds from the first sample of a burst to the first datagram that shows it.

    A burst begins anywhere in a hop, so up to the hop's own 23.2 ms are spent waiting for the hop to end. The loop
    hands a block on one JACK period after it began, as a sound card does: that period lies inside the hop, and
    nothing is taken off.
    """

    median_ms: float
    p99_ms: float
    bursts: int
    period_ms: float


def measure(folder: Path) -> Latency:
    name = f"bench{uuid.uuid4().hex[:8]}"
    environment = os.environ | {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    command = ["jackd", "-r", "-n", name, "-L", "2", "-d", "dummy", "-r", str(RATE), "-p", str(PERIOD)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as jack:
        try:
            for _ in range(100):
                if subprocess.run(["jack_lsp"], env=environment, capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.1)
            return _through(folder, environment)
        finally:
            jack.terminate()


def _through(folder: Path, environment: dict[str, str]) -> Latency:
    sets = ["listen.source=device", "listen.device=loopback", "stream.normalize=none"]
    player = [sys.executable, "-m", "tests.bench.bursts", str(BURSTS)]
    with Running(folder, sets, env=environment) as running, running.wire() as wire:
        wire.subscribe("scalogram", "u8", lease_s=600)
        with subprocess.Popen(player, env=environment, stdout=subprocess.PIPE, text=True) as process:
            seen: list[tuple[float, float]] = []
            while process.poll() is None:
                message = wire.receive(0.5)
                if message is not None and message[0] == "/ear/scalogram":
                    seen.append((time.monotonic(), float(np.frombuffer(message[2], np.uint8)[120:200].mean())))
            assert process.stdout is not None
            played = [float(line) for line in process.stdout]
    times, loud = np.array([s[0] for s in seen]), np.array([s[1] for s in seen]) > 100
    onsets = times[1:][loud[1:] & ~loud[:-1]]
    delays = []
    for start in played:
        after = onsets[onsets > start]
        if after.size and after[0] - start < 0.3:
            delays.append(after[0] - start)
    assert len(delays) > 0.9 * BURSTS, f"only {len(delays)} of {BURSTS} bursts were heard"
    delays_ms = 1e3 * np.array(delays)
    return Latency(float(np.median(delays_ms)), float(np.percentile(delays_ms, 99)), len(delays), 1e3 * PERIOD / RATE)
