"""What the ear hears: sources changed while it runs, and mistakes in them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.wire import Running, Wire

RATE = 44_100


def _tone(path: Path, hz: float, rate: int = RATE, channels: int = 1, seconds: float = 2.0) -> Path:
    t = np.arange(int(rate * seconds)) / rate
    soundfile.write(path, np.tile(0.5 * np.sin(2 * np.pi * hz * t)[:, None], (1, channels)), rate)
    return path


def _loudest_hz(wire: Wire) -> float:
    """Frequency of the brightest bin of the raw scalogram, half a second from now."""
    entry = wire.subscribe("scalogram")
    *_, last = (m for m in wire.messages(0.8) if m[0] == "/ear/scalogram")
    wire.ask("/ear/unsubscribe", entry)
    return float(40.0 * 2 ** (np.argmax(last[2:]) / 24))


def test_another_file_is_heard_at_once_and_the_old_one_is_kept_if_it_cannot_be(tmp_path: Path) -> None:
    with Running(tmp_path / "run", ["stream.normalize=none"]) as running, running.wire() as wire:
        low, high = _tone(tmp_path / "low.wav", 110), _tone(tmp_path / "high.flac", 3520, rate=48_000, channels=2)
        assert wire.ask("/ear/listen/file", str(low))[1] == str(low)
        assert _loudest_hz(wire) == pytest.approx(110, rel=0.03)
        assert wire.ask("/ear/listen/file", str(high))[1] == str(high)
        assert _loudest_hz(wire) == pytest.approx(3520, rel=0.03)
        (tmp_path / "empty.wav").write_bytes(b"")
        assert wire.ask("/ear/listen/file", str(tmp_path / "empty.wav"))[0] == "/ear/fail"
        assert wire.ask("/ear/listen/file")[1] == str(high)
        assert _loudest_hz(wire) == pytest.approx(3520, rel=0.03)
        assert wire.ask("/ear/listen/source", "clip")[1] == "clip"
        assert wire.ask("/ear/listen/file", "")[1] == ""
        assert wire.ask("/ear/listen/source", "file")[1] == "file"
        assert wire.ask("/ear/status")[9] == "running"


def test_gain_changes_what_the_ear_hears(tmp_path: Path) -> None:
    tone = _tone(tmp_path / "tone.wav", 440)
    sets = ["stream.normalize=none", f"listen.file={tone}"]
    with Running(tmp_path / "run", sets) as running, running.wire() as wire:
        values = []
        for gain in (0.0, -20.0):
            wire.ask("/ear/listen/gain_db", gain)
            time.sleep(0.5)
            entry = wire.subscribe("scalogram")
            values.append(max(wire.wait_for(lambda m: m[0] == "/ear/scalogram")[2:]))
            wire.ask("/ear/unsubscribe", entry)
        assert values[0] - values[1] == pytest.approx(20 / 90, abs=0.01), "a value of 1 is 90 dB"


def test_a_missing_device_is_refused_and_the_loop_goes_on(server: Running, wire: Wire) -> None:
    outcome = wire.ask("/ear/listen/device", "no such input")
    assert outcome[:2] == ("/ear/fail", "/ear/listen/device")
    assert outcome[2] in (404, 503), "no such device, or no PortAudio"
    assert wire.ask("/ear/listen/device")[1] == ""
    wire.subscribe("levels")
    assert wire.wait_for(lambda m: m[0] == "/ear/level/mean")


def test_the_frame_number_keeps_its_place_in_time(server: Running, wire: Wire) -> None:
    start, before = time.monotonic(), wire.ask("/ear/status")[2]
    time.sleep(1.5)
    after, elapsed = wire.ask("/ear/status")[2], time.monotonic() - start
    assert (after - before) * 1024 / RATE == pytest.approx(elapsed, abs=0.3)


def test_a_broken_file_at_the_start_is_told_and_the_loop_is_heard_instead(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF" + bytes(100))
    with Running(tmp_path / "run", [f"listen.file={broken}"]) as running, running.wire() as wire:
        assert "broken.wav" in running.text.split("Ctrl-C")[1]
        assert "hears guitar_drums.flac" in running.text
        assert wire.ask("/ear/status")[9] == "degraded"
        tone = _tone(tmp_path / "tone.wav", 440)
        assert wire.ask("/ear/listen/file", str(tone))[1] == str(tone)
        assert wire.ask("/ear/status")[9] == "running"


def test_sound_that_is_not_a_number_is_silence_and_the_ear_stays_well(tmp_path: Path) -> None:
    samples = np.sin(np.arange(2 * RATE) / 20).astype(np.float32)
    samples[RATE : RATE + 500] = np.nan
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with Running(tmp_path / "run", [f"listen.file={path}"]) as running, running.wire() as wire:
        end = time.monotonic() + 15
        while "NaN" not in running.text:  # a second of the file comes before it
            assert time.monotonic() < end
            time.sleep(0.05)
        wire.subscribe("levels")
        last = [m for m in wire.messages(1.0) if m[0] == "/ear/level/mean"][-1]
        assert all(0 <= v <= 1 for v in last[1:])
        assert wire.ask("/ear/status")[9] == "running"
