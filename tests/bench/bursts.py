"""Plays bursts of noise into the JACK device `loopback` and prints when each one began, on the monotonic clock."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import sounddevice

RATE, BURST_S, GAP_S = 44_100, 0.12, 0.32


def play(bursts: int) -> list[float]:
    rng = np.random.default_rng(0)
    noise = (0.3 * rng.standard_normal(int(BURST_S * RATE))).clip(-1, 1).astype(np.float32)
    # gaps of no whole number of periods, so that bursts begin all over the hop
    starts = np.cumsum(rng.uniform(BURST_S + GAP_S, BURST_S + GAP_S + 0.05, bursts) * RATE).astype(int)
    track = np.zeros(starts[-1] + RATE // 2, np.float32)
    for start in starts:
        track[start : start + noise.size] = noise
    began: list[float] = []
    position = 0

    def fill(outdata: Any, frames: int, _time: Any, _status: Any) -> None:
        nonlocal position
        now = time.monotonic()
        block = track[position : position + frames]
        outdata[:] = 0
        outdata[: block.size] = block[:, None]
        for start in starts[(starts >= position) & (starts < position + frames)]:
            began.append(now + (start - position) / RATE)
        position += frames

    with sounddevice.OutputStream(samplerate=RATE, device="loopback", channels=1, dtype="float32", callback=fill):
        while position < track.size:
            time.sleep(0.1)
    return began


if __name__ == "__main__":
    for moment in play(int(sys.argv[1])):
        print(moment)
