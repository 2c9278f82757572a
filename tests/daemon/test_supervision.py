"""What survives when processes die. Each test has a daemon of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from tests.wire import Running, Wire

BACK_S = 25.0  # the promise is 5 s; a machine that also compiles and tests may take longer


def _count_frames(wire: Wire, seconds: float) -> int:
    return sum(m[0] == "/ear/level/mean" for m in wire.messages(seconds))


def _wait_gone(pids: list[int], timeout_s: float = 10.0) -> list[int]:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        left = [p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]
        if not left:
            return []
        time.sleep(0.05)
    return left


def _shared_memory() -> set[str]:
    return set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()


def _left_over(before: set[str], timeout_s: float = 5.0) -> set[str]:
    """What has come into shared memory since then and no living process uses, as other tests' programs use theirs."""
    end = time.monotonic() + timeout_s
    while new := _shared_memory() - before:
        used = set[str]()
        for maps in Path("/proc").glob("[0-9]*/maps"):
            with contextlib.suppress(OSError):  # a process that has just ended, or somebody else's
                used |= {line.partition("/dev/shm/")[2] for line in maps.read_text().splitlines()}
        if not new - used or time.monotonic() > end:
            return new - used
        time.sleep(0.05)
    return set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
def test_a_lost_worker_comes_back_and_every_subscription_holds(tmp_path: Path, how: signal.Signals) -> None:
    with Running(tmp_path) as running, running.wire() as wire:
        wire.subscribe("levels")
        subscription = wire.subscribe("activations", max_hz=1.0)
        before, began = wire.ask("/ear/status"), time.monotonic()
        worker = running.worker()
        os.kill(worker, how)
        told = wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/status", 503), BACK_S)
        assert "starts again" in told[3]
        assert wire.ask("/ear/status")[9] == "degraded"
        wire.wait_for(lambda m: m[0] == "/ear/level/mean", BACK_S)
        after = wire.ask("/ear/status")
        assert after[9] == "running"
        assert after[8] == before[8] + 1, "one restart is counted"
        assert after[1] == before[1], "the epoch is the daemon's, not the worker's"
        passed = (time.monotonic() - began) * 44_100 / 1_024
        assert after[2] - before[2] == pytest.approx(passed, abs=25), "frame numbers keep their place in time"
        assert wire.ask("/ear/renew", subscription)[0] == "/ear/done"
        assert running.worker() != worker
        assert _wait_gone([worker]) == []


def test_a_worker_that_dies_at_every_start_is_restarted_five_times_a_minute_and_no_more(tmp_path: Path) -> None:
    broken = tmp_path / "ear.yaml"
    broken.write_text((Path("models") / "ear.yaml").read_text())
    broken.with_suffix(".safetensors").write_bytes(b"not weights at all")
    with Running(tmp_path / "run", [f"model.name={broken}"], wait=False) as running:
        end = time.monotonic() + 60
        while running.text.count("it starts again") < 6 and time.monotonic() < end:
            time.sleep(0.2)
        assert running.text.count("is not a safetensors file") == 1, "one reason is told once"
        assert "it starts again in" in running.text
        assert running.process.poll() is None, "the daemon itself runs on"
        said = running.text.count("it starts again")
        time.sleep(2.0)
        assert running.text.count("it starts again") == said == 6, "five restarts, and the sixth has to wait"


def test_unreadable_weights_leave_the_wire_answering(tmp_path: Path) -> None:
    broken = tmp_path / "ear.yaml"
    broken.write_text((Path("models") / "ear.yaml").read_text())
    broken.with_suffix(".safetensors").write_bytes(b"\x00" * 64)
    with Running(tmp_path / "run", [f"model.name={broken}", "server.port=0"], wait=False) as running:
        end = time.monotonic() + 60
        while "is not a safetensors file" not in running.text and time.monotonic() < end:
            time.sleep(0.1)
        port = int(running.text.split("udp://127.0.0.1:")[1].split(",")[0])
        with Wire(port) as wire:
            assert wire.ask("/ear/status")[9] == "degraded"
            broken.with_suffix(".safetensors").unlink()
            wire.subscribe("levels")
            wire.wait_for(lambda m: m[0] == "/ear/level/mean", 80)
            assert wire.ask("/ear/status")[9] == "running"


def test_the_daemons_own_death_leaves_no_process_and_no_shared_memory(tmp_path: Path) -> None:
    before = _shared_memory()
    with Running(tmp_path) as running:
        children = running.children()
        assert children
        running.process.kill()
        running.process.wait()
        assert _wait_gone(children) == []
        assert _left_over(before) == set()


@pytest.mark.parametrize("delay_s", [0.15, 0.3, 0.6, 1.2])
def test_a_daemon_killed_while_it_starts_leaves_nothing_either(tmp_path: Path, delay_s: float) -> None:
    before = _shared_memory()
    with Running(tmp_path, wait=False) as running:
        time.sleep(delay_s)
        children = running.children()
        running.process.kill()
        running.process.wait()
        assert _wait_gone(children) == []
    assert _left_over(before) == set()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_it_ends_cleanly(tmp_path: Path, how: signal.Signals) -> None:
    with Running(tmp_path) as running:
        children = running.children()
        running.process.send_signal(how)
        assert running.process.wait(15) == 0
        assert _wait_gone(children) == []
        assert "Traceback" not in running.text


def test_it_ends_cleanly_while_the_worker_is_still_loading(tmp_path: Path) -> None:
    with Running(tmp_path, wait=False) as running:
        end = time.monotonic() + 30
        while "Ctrl-C" not in running.text and time.monotonic() < end:
            time.sleep(0.02)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(15) == 0


def test_a_paused_daemon_does_not_restart_its_worker(tmp_path: Path) -> None:
    with Running(tmp_path) as running, running.wire() as wire:
        worker = running.worker()
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(4.0)
        running.process.send_signal(signal.SIGCONT)
        wire.subscribe("levels")
        assert _count_frames(wire, 1.0) > 5
        assert running.worker() == worker
        assert wire.ask("/ear/status")[8] == 0
