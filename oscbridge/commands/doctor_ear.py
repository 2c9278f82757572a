"""The network: its sizes, its weights, and whether this machine runs it in time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from .. import resources
from ..ear.anatomy import Anatomy, anatomy
from ..ear.plan import SHARE
from ..errors import BridgeError
from ..sections import Settings
from .finding import OK, PROBLEM, WARN, Finding

SECONDS = 2.0
WARM_UP = 32  # hops; the first ones choose kernels
EASY, TIGHT = 0.5, 0.9  # of a hop's time
FEW = 4.0  # looks a second


def network(chosen: Settings) -> Iterator[Finding]:
    for library in ("OMP", "MKL", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    import torch

    from ..ear.hearing import hearing_of
    from ..ear.opening import open_with_sound
    from ..ear.spec import EarSpec, load_any_spec

    torch.set_num_threads(1)
    try:
        path = resources.model_file(chosen.model.name, resources.user_folder(chosen.server.folder))
        spec = load_any_spec(path)
    except BridgeError as error:
        yield Finding(PROBLEM, "model", str(error), "take the one that comes with oscbridge: --set model.name=ear")
        return
    weights = path.with_suffix(".safetensors")
    if isinstance(spec, EarSpec):  # known before its weights are
        yield Finding(OK, "model", f"{path.name}: {_sizes(anatomy(spec))}")
    try:
        model, sound = open_with_sound(path)
    except BridgeError as error:
        yield Finding(PROBLEM, "weights", str(error), f"take another copy of {weights.name}, or move it away")
        return
    plan = model.plan
    if not isinstance(spec, EarSpec):
        yield Finding(OK, "model", f"{path.name}: {len(plan.layers)} layers, {plan.neurons:,} neurons")
    if model.trained:
        size = f", {weights.stat().st_size / 1e6:.1f} MB" if weights.exists() else ""
        yield Finding(OK, "weights", f"{plan.id}, trained{size}")
    else:
        todo = "it hears sound, but has not learned music; trained weights belong beside the model's YAML"
        yield Finding(WARN, "weights", f"{plan.id}: UNTRAINED, there is no {weights.name}", todo)
    hearing = hearing_of(model, clock=lambda: 0.0)
    hops = sound[: len(sound) // plan.hop * plan.hop].view(-1, plan.hop)
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < WARM_UP * 2 or time.perf_counter() < end:
        began = time.perf_counter()
        hearing.push(hops[len(times) % len(hops)])
        times.append(time.perf_counter() - began)
    times = times[WARM_UP:]
    yield verdict(times, plan.hop_s) if hearing.streams else rate(times, plan.hop_s)


def _sizes(built: Anatomy) -> str:
    return f"{len(built.layers)} layers, {built.neurons:,} neurons, {built.parameters:,} parameters"


def rate(times: list[float], hop_s: float) -> Finding:
    """times: seconds each look at a whole window took; hop_s: from one frame to the next."""
    mean = sum(times) / len(times)
    a_second = min(SHARE / mean, 1 / hop_s)
    text = f"{mean * 1e3:.1f} ms a look at its window: {a_second:.1f} times a second, with at most half a core"
    if a_second < FEW:
        return Finding(WARN, "headroom", text, "that is slow to look at; take a smaller network, or a shorter window")
    return Finding(OK, "headroom", text)


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
