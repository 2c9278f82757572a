"""The network: its sizes, its weights, and whether this machine runs it in time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import resources
from ..errors import BridgeError
from ..sections import Settings
from .finding import OK, PROBLEM, WARN, Finding

if TYPE_CHECKING:
    from ..ear.spec import EarSpec

SECONDS = 2.0
WARM_UP = 32  # hops; the first ones choose kernels
EASY, TIGHT = 0.5, 0.9  # of a hop's time


def network(chosen: Settings) -> Iterator[Finding]:
    from ..ear.anatomy import anatomy
    from ..ear.spec import load_spec

    try:
        path = resources.model_file(chosen.model.name)
        spec = load_spec(path)
    except BridgeError as error:
        yield Finding(PROBLEM, "model", str(error), "take the one that comes with oscbridge: --set model.name=ear")
        return
    built = anatomy(spec)
    sizes = f"{len(built.layers)} layers, {built.neurons:,} neurons, {built.parameters:,} parameters"
    yield Finding(OK, "model", f"{path.name}: {sizes}")
    yield from _run(spec, path.with_suffix(".safetensors"))


def _run(spec: EarSpec, weights: Path) -> Iterator[Finding]:
    """Loads the weights and runs the network as the listening process does."""
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    import torch

    from ..ear.weights import load_ear
    from ..sound import decode

    torch.set_num_threads(1)
    sound = torch.from_numpy(decode(resources.loop_file(), spec.scalogram.rate))
    try:
        loaded = load_ear(spec, weights, sound)
    except BridgeError as error:
        yield Finding(PROBLEM, "weights", str(error), f"take another copy of {weights.name}, or move it away")
        return
    if loaded.trained:
        yield Finding(OK, "weights", f"{loaded.id}, trained, {weights.stat().st_size / 1e6:.1f} MB")
    else:
        todo = "it hears sound, but has not learned music; trained weights belong beside the model's YAML"
        yield Finding(WARN, "weights", f"{loaded.id}: UNTRAINED, there is no {weights.name}", todo)
    from ..ear.scalogram import ScalogramStream
    from ..ear.streaming import EarStream

    scalogram, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    hops = sound[: len(sound) // spec.scalogram.hop * spec.scalogram.hop].view(-1, spec.scalogram.hop)
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    with torch.inference_mode():
        while len(times) < WARM_UP * 2 or time.perf_counter() < end:
            began = time.perf_counter()
            stream.push(scalogram.push(hops[len(times) % len(hops)]))
            times.append(time.perf_counter() - began)
    yield verdict(times[WARM_UP:], spec.scalogram.hop_s)


def verdict(times: list[float], hop_s: float) -> Finding:
    """times: seconds each hop took; hop_s: how long it may take."""
    mean, p99 = sum(times) / len(times), sorted(times)[int(len(times) * 0.99)]
    text = (
        f"{mean * 1e3:.2f} ms a hop, 99 of 100 within {p99 * 1e3:.2f} ms; that is {mean / hop_s:.0%} and "
        f"{p99 / hop_s:.0%} of the {hop_s * 1e3:.1f} ms there are ({len(times)} hops, one thread)"
    )
    if mean > TIGHT * hop_s:
        todo = "this machine is too slow, or busy: end other programs, or take a smaller model"
        return Finding(PROBLEM, "headroom", f"{text}: frames will be dropped", todo)
    if p99 > EASY * hop_s or mean > EASY * hop_s / 2:
        todo = "end other programs before a show; frames may be dropped when the machine is busy"
        return Finding(WARN, "headroom", f"{text}: {'some come late' if p99 > hop_s else 'little to spare'}", todo)
    return Finding(OK, "headroom", f"{text}: plenty")
