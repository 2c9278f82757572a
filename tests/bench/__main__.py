"""`make bench`: measures everything in one run and rewrites the README's table."""

from __future__ import annotations

import datetime
import platform
import shutil
import signal
import tempfile
from pathlib import Path

import numpy as np
import torch

from oscbridge.commands.bench import network_cost, packing_cost

from . import beats, daemon_load, dreams, latency, layouts, startup, training

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="oscbridge-bench-"))
    try:
        text = table(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(text)
    readme = README.read_text()
    before, after = readme.split(BEGIN)[0], readme.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{text}{END}{after}")


def table(folder: Path) -> str:
    """The Markdown table."""
    network, packing = network_cost(), packing_cost()
    load = daemon_load.measure(folder / "load")
    starts = [startup.first_level_s(folder / f"start{i}") for i in range(4)][1:]  # the first one warms the disk
    killed = [startup.recovery_s(folder / f"kill{i}") for i in range(3)]
    hung = startup.recovery_s(folder / "hang", signal.SIGSTOP)
    limit = network.macs_per_s / network.peak_macs_per_s
    rows = [
        (
            "network, one hop streamed",
            f"{network.hop_ms:.2f} ms mean, {network.hop_median_ms:.2f} median, {network.hop_p99_ms:.1f} at p99",
            f"{network.ratio:.0f}× less than the 4 s window again ({network.window_ms:.0f} ms)",
            f"{limit:.0%} of the arithmetic rate of one large matrix product",
        ),
        (
            "listening worker",
            f"{load.worker:.1%} of one core",
            "43.07 hops/s",
            "",
        ),
        (
            "76,959 neurons as u8 to 8 subscribers, 43 frames/s",
            f"{load.control_serving:.1%} of one core ({load.control_idle:.1%} without them)",
            f"{load.frames:,} whole frames arrived, {load.lost} lost",
            f"the system calls alone: {load.sendto_limit:.1%}",
        ),
        (
            "one frame as float lists",
            f"{packing.lists_ms * 1e3:.0f} µs",
            f"{packing.ratio:.0f}× less than python-osc ({packing.python_osc_ms:.0f} ms)",
            f"{packing.lists_ms / packing.copy_ms:.0f}× a bare copy of the bytes",
        ),
    ]
    if shutil.which("jackd"):
        heard = latency.measure(folder / "latency")
        over = heard.p99_ms - network.period_ms
        rows.append(
            (
                "sound in to datagram out (JACK)",
                f"{heard.median_ms:.1f} ms median, {heard.p99_ms:.1f} at p99",
                f"p99 is a hop of {network.period_ms:.1f} ms and {over:.1f} ms",
                f"{heard.bursts} bursts; the period of {heard.period_ms:.1f} ms included",
            )
        )
    rows.append(
        (
            "`oscbridge run` to the first level message",
            f"{np.median(starts):.1f} s warm",
            "",
            "most of it is `import torch`",
        )
    )
    rows.append(
        (
            "worker lost to next frame",
            f"killed {np.median(killed):.1f} s, hung {hung:.1f} s",
            "",
            "a hang is noticed after 1.5 s",
        )
    )
    cost = training.measure()
    rows.append(
        (
            "one training step, half size",
            f"{cost.items_per_s:.1f} clips of {cost.clip_s:.1f} s a second",
            f"{cost.ratio:.1f}× plain float32 ({cost.plain_items_per_s:.1f})",
            "",
        )
    )
    rows.append(
        (
            "sound prepared for training",
            f"scalograms {cost.scalogram:.0f}× real time, variations {cost.drawn:.0f}×, house tracks {cost.house:.0f}×",
            "",
            "each on one thread",
        )
    )
    rows += layouts.rows()
    pace = dreams.speed()
    (shallow, least_ms), *_, (deep, most_ms) = pace.steps_ms.items()
    rows.append(
        (
            "one step of a dream of 4 s, down to " + ", ".join(pace.steps_ms),
            " / ".join(f"{ms:.0f}" for ms in pace.steps_ms.values()) + " ms",
            f"{pace.plain_ms / least_ms:.0f}× ({shallow}) to {pace.plain_ms / most_ms:.1f}× ({deep}) less than a plain "
            f"autograd step through the whole network ({pace.plain_ms:.0f} ms)",
            f"the deepest reaches {pace.share:.0%} of the rate of one large bfloat16 product",
        )
    )
    truth = beats.measure(20.0)
    rows.append(
        (
            "beat against its time, beside 43 frames/s",
            f"{truth.beat_median:.2f} ms median, {truth.beat_p99:.2f} at p99",
            f"activations arrive {truth.ahead_median:.2f} ms (median), {truth.ahead_p99:.2f} (p99) after their moment",
            f"{truth.beats} beats; the end they name is right to {truth.activation_p99 * 1e3:.0f} µs",
        )
    )
    lines = ["| what | cost | against the obvious alternative | against the limit |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    day = datetime.date.today().isoformat()
    where = f"{platform.machine()}, {_cpu()}, Python {platform.python_version()}, torch {torch.__version__}, one thread"
    return "\n".join(lines) + f"\n\nMeasured by `make bench` on {day}: {where}. All rows are from one run.\n"


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor()
    names = [line.split(":")[1].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.processor()


if __name__ == "__main__":
    main()
