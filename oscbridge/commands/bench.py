"""`oscbridge bench`: what the ear and the wire cost on this machine, as ratios from one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..ear.anatomy import anatomy
from ..ear.spec import EarSpec, load_spec
from ..resources import model_file

HOPS = 1_000
WINDOW_S = 4.0


@dataclass(frozen=True)
class NetworkCost:
    """Milliseconds on one thread. window_ms: scalogram and network over a whole 4 s window, as a daemon without
    streaming would do at every hop. macs_per_s and peak_macs_per_s: of the streamed network, and of one large matrix
    product in the same run."""

    hop_ms: float
    hop_median_ms: float
    hop_p99_ms: float
    window_ms: float
    period_ms: float
    macs_per_s: float
    peak_macs_per_s: float

    @property
    def ratio(self) -> float:
        return self.window_ms / self.hop_ms

    @property
    def load(self) -> float:
        """Share of one core."""
        return self.hop_ms / self.period_ms


@dataclass(frozen=True)
class PackingCost:
    """Milliseconds to turn one frame of all neurons into datagrams."""

    blobs_ms: float
    lists_ms: float
    python_osc_ms: float
    copy_ms: float  # of the same bytes, once: the machine's limit

    @property
    def ratio(self) -> float:
        return self.python_osc_ms / self.lists_ms


def network_cost(model: str = "ear", hops: int = HOPS) -> NetworkCost:
    """Streams the network, with its seeded weights, over noise."""
    import torch

    from ..ear.filterbank import FilterBank
    from ..ear.network import Ear, fold_batch_norms
    from ..ear.scalogram import ScalogramStream, scalogram
    from ..ear.streaming import EarStream
    from ..ear.weights import initialise

    torch.set_num_threads(1)
    spec = load_spec(model_file(model))
    bank, ear = FilterBank(spec.scalogram), Ear(spec)
    initialise(ear, 0)
    fold_batch_norms(ear)
    hop = spec.scalogram.hop
    audio = 0.1 * torch.randn(hops * hop, generator=torch.Generator().manual_seed(0))
    columns, network = ScalogramStream(bank), EarStream(ear)
    times = np.empty(hops)
    with torch.inference_mode():
        for number, samples in enumerate(torch.split(audio, hop)):
            began = time.perf_counter()
            network.push(columns.push(samples))
            times[number] = time.perf_counter() - began
        window = audio[: int(WINDOW_S * spec.scalogram.rate)]
        window_s = _median_s(lambda: ear(scalogram(window, bank).unsqueeze(0)), 15)
        square = torch.randn(1_024, 1_024)
        peak = 1_024**3 / _median_s(lambda: square @ square, 15)
    return NetworkCost(
        hop_ms=1e3 * float(times.mean()),
        hop_median_ms=1e3 * float(np.median(times)),
        hop_p99_ms=1e3 * float(np.percentile(times, 99)),
        window_ms=1e3 * window_s,
        period_ms=1e3 * spec.scalogram.hop_s,
        macs_per_s=anatomy(spec).macs_per_hop / float(times.mean()),
        peak_macs_per_s=peak,
    )


def packing_cost(spec: EarSpec | None = None) -> PackingCost:
    """Packs frames of random activations, by us and by python-osc's message builder."""
    from pythonosc.osc_message_builder import OscMessageBuilder

    from ..osc import bulk

    neurons = anatomy(spec or load_spec(model_file("ear"))).neurons
    values = np.random.default_rng(0).random(neurons, np.float32)
    u8 = (values * 255).astype(np.uint8)
    blobs = bulk.blob_frames("/ear/activations", 1, [(0, neurons)], "u8", bulk.LOCAL_BYTES)
    lists = bulk.list_frames("/ear/neurons", [(0, neurons)])

    def by_python_osc() -> None:
        for chunk in lists.chunks:
            builder = OscMessageBuilder("/ear/neurons")
            builder.add_arg(1, "i")
            builder.add_arg(chunk.first, "i")
            for value in values[chunk.first : chunk.first + chunk.count].tolist():
                builder.add_arg(value, "f")
            builder.build()

    whole = np.concatenate([np.frombuffer(p, np.uint8) for p in lists.pack(0, values)])
    return PackingCost(
        blobs_ms=1e3 * _median_s(lambda: blobs.pack(1, u8), 200),
        lists_ms=1e3 * _median_s(lambda: lists.pack(1, values), 200),
        python_osc_ms=1e3 * _median_s(by_python_osc, 5),
        copy_ms=1e3 * _median_s(whole.copy, 200),
    )


def show() -> None:
    """Prints both, with a verdict."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    with console.status("measuring for about ten seconds …"):
        network, packing = network_cost(), packing_cost()
    table = Table(title="oscbridge on this machine", title_justify="left")
    for name in ("what", "cost", "against", "ratio"):
        table.add_column(name)
    share = f"{network.hop_ms:.2f} ms, {network.load:.1%} of one core"
    limit = network.macs_per_s / network.peak_macs_per_s
    whole = f"the 4 s window again: {network.window_ms:.0f} ms"
    table.add_row("one hop, streamed", share, whole, f"{network.ratio:.0f}×")
    table.add_row("", f"99 of 100 within {network.hop_p99_ms:.1f} ms", f"a hop: {network.period_ms:.1f} ms", "")
    rates = f"{network.macs_per_s / 1e9:.1f} GMAC/s"
    table.add_row("arithmetic", rates, f"one large product: {network.peak_macs_per_s / 1e9:.1f} GMAC/s", f"{limit:.0%}")
    table.add_row("a frame as u8 blobs", f"{packing.blobs_ms * 1e3:.0f} µs", "", "")
    ours, theirs = f"{packing.lists_ms * 1e3:.0f} µs", f"python-osc: {packing.python_osc_ms:.0f} ms"
    table.add_row("a frame as float lists", ours, theirs, f"{packing.ratio:.0f}×")
    console.print(table)
    headroom = network.period_ms / network.hop_p99_ms
    verdict = "fit for the stage" if headroom > 2 else "too slow to be trusted on a stage; take a smaller ear"
    console.print(f"headroom at the slowest hop in a hundred: {headroom:.1f}× – {verdict}")


def _median_s(act: Callable[[], object], times: int) -> float:
    act()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return float(np.median(taken))
