"""Any network in the listener's place: how often it answers, and how long another takes to take over.

`python -m tests.bench.networks` prints a table.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from oscbridge import resources
from oscbridge.commands.denormals import flushed_denormals
from oscbridge.ear.hearing import hearing_of
from oscbridge.ear.opening import open_with_sound
from oscbridge.ear.plan import SHARE
from tests.wire import Running

MODELS = ("ear", "ear-half", "vgg-tagger", "resnet18", "vgg16")
SECONDS = 8.0  # of sound


@dataclass(frozen=True)
class Rate:
    """load_s: until it is ready; cost_ms: of a hop, or of a look; streams: whether it goes hop by hop; a_second: how
    often a core could, for streams, or half a core lets it, for looks; hops: that there are in a second."""

    name: str
    neurons: int
    load_s: float
    cost_ms: float
    streams: bool
    a_second: float
    hops: float


@flushed_denormals()
def rate(name: str) -> Rate:
    torch.set_num_threads(1)
    began = time.perf_counter()
    model, sound = open_with_sound(resources.model_file(name))
    hearing = hearing_of(model, lambda: 0.0)  # as often as there is sound
    loaded = time.perf_counter() - began
    plan = model.plan
    hops = sound[: len(sound) // plan.hop * plan.hop].view(-1, plan.hop)
    costs = []
    for i in range(min(round(SECONDS / plan.hop_s), 400)):
        began = time.perf_counter()
        hearing.push(hops[i % len(hops)])
        costs.append(time.perf_counter() - began)
        if sum(costs) > SECONDS:
            break
    cost = float(np.mean(costs[1:]))
    a_second = 1 / cost if hearing.streams else min(SHARE / cost, 1 / plan.hop_s)
    return Rate(name, plan.neurons, loaded, 1_000 * cost, hearing.streams, a_second, 1 / plan.hop_s)


@dataclass(frozen=True)
class Switch:
    """took_s: from asking to the answer; gap_s: from the last frame before to the first one after."""

    name: str
    took_s: float
    gap_s: float


def switches(folder: Path) -> list[Switch]:
    """One after the other in one daemon that began with the ear."""
    found = []
    with Running(folder, []) as daemon, daemon.wire() as wire:
        wire.subscribe("levels", lease_s=600)
        for name in (*MODELS[1:], MODELS[0]):
            began = last = time.monotonic()
            wire.send("/ear/model/load", name)
            gap, took = 0.0, 0.0
            for message in wire.messages(60):
                now = time.monotonic()
                if message[0] == "/ear/level/mean":
                    gap, last = max(gap, now - last), now
                    if took and now - began > took + 2:
                        break
                elif message[:2] == ("/ear/done", "/ear/model/load"):
                    took = now - began
            found.append(Switch(name, took, gap))
    return found


def main() -> None:
    print("| network | neurons | loads in | answers | that costs |\n|---|---|---|---|---|")
    for name in MODELS:
        x = rate(name)
        how = f"{x.hops:.0f} times a second, every hop" if x.streams else f"{x.a_second:.0f} of {x.hops:.0f} a second"
        share = x.cost_ms / 1_000 * (x.hops if x.streams else x.a_second)
        what = f"{x.cost_ms:.1f} ms a {'hop' if x.streams else 'look'}, {share:.0%} of a core"
        print(f"| {name} | {x.neurons:,} | {x.load_s:.1f} s | {how} | {what} |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for switch in switches(Path(folder)):
            print(f"to {switch.name}: {switch.took_s:.1f} s, without frames {switch.gap_s * 1_000:.0f} ms")


if __name__ == "__main__":
    main()
