"""Audio through a JACK loopback into the running daemon, and out as OSC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.wire import Running, Wire

from .test_jack_device import RATE, Jack

PATIENCE_S = 40.0


def _tone(path: Path, hz: float) -> Path:
    t = np.arange(4 * RATE) / RATE
    np.save(path, np.tile(0.5 * np.sin(2 * np.pi * hz * t)[:, None], (1, 2)).astype(np.float32))
    return path


def _peak_hz(wire: Wire) -> float:
    *_, last = (m for m in wire.messages(1.0) if m[0] == "/ear/scalogram")
    return float(40.0 * 2 ** (np.argmax(last[2:]) / 24))


def test_what_is_played_is_heard_and_an_unplugged_device_is_waited_for(tmp_path: Path, jack: Jack) -> None:
    server = jack.start()
    player = jack.play(_tone(tmp_path / "tone.npy", 1_000))
    sets = ["listen.source=device", "listen.device=loopback", "stream.normalize=none"]
    with Running(tmp_path / "run", sets, env=jack.environment) as running, running.wire() as wire:
        wire.subscribe("scalogram", lease_s=600)
        assert "hears device" in running.text
        assert _peak_hz(wire) == pytest.approx(1_000, rel=0.03)

        jack.end(server)
        jack.end(player)
        told = wire.wait_for(lambda m: m[:2] == ("/ear/fail", "/ear/listen/source"), PATIENCE_S)
        assert told[2] == 503
        assert wire.ask("/ear/status")[9] == "degraded"
        frames = [m for m in wire.messages(1.0) if m[0] == "/ear/scalogram"]
        assert len(frames) > 10, "silence goes on at the pace of music"

        jack.start()
        jack.play(_tone(tmp_path / "other.npy", 2_000))
        wire.wait_for(lambda m: m[:2] == ("/ear/done", "/ear/listen/source"), PATIENCE_S)
        assert wire.ask("/ear/status")[9] == "running"
        assert _peak_hz(wire) == pytest.approx(2_000, rel=0.03)

        assert wire.ask("/ear/listen/channel", 9)[2] == 422
        assert wire.ask("/ear/listen/source", "file")[1] == "file"
        assert wire.ask("/ear/listen/source", "device")[1] == "device"


def test_the_daemons_death_ends_the_capture_too(tmp_path: Path, jack: Jack) -> None:
    jack.start()
    sets = ["listen.source=device", "listen.device=loopback"]
    with Running(tmp_path / "run", sets, env=jack.environment) as running:
        family = [psutil.Process(pid) for pid in running.children()]
        assert any("capture" in " ".join(p.cmdline()) for p in family)
        running.process.kill()
        running.process.wait()
        _, alive = psutil.wait_procs(family, timeout=10)
        assert alive == []
