"""Between deck and device: a ring that never waits, a gain that never clicks, and when each sample sounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from oscbridge.daemon.outputs import AudioClock, Playout, factor

RATE = 44_100
RAMP = 176  # samples: 4 ms


def taken(playout: Playout, n: int, channels: int = 1, is_broken: bool = False) -> np.ndarray:
    out = np.full((n, channels), np.nan, np.float32)
    playout.fill(out, 0, is_broken)
    assert (out == out[:, :1]).all(), "all channels get the same"
    return out[:, 0]


# ---- the ring


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_is_played_bit_for_bit_around_the_ring(channels: int) -> None:
    playout, sound = Playout(RATE, 1.0), np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    rng, heard, at = np.random.default_rng(1), [], 0
    taken(playout, 64, channels)
    playout.skip(-playout.wanted())
    while at + 5_000 < len(sound):
        n = playout.wanted()
        playout.write(sound[at : at + n])
        at += n
        heard.append(taken(playout, int(rng.integers(1, 600)), channels))
    heard_whole = np.concatenate(heard)
    np.testing.assert_array_equal(heard_whole, sound[: len(heard_whole)])
    assert playout.underflows == 0


def test_it_is_kept_two_blocks_ahead_and_not_more() -> None:
    playout = Playout(RATE, 1.0)
    assert playout.wanted() == 0.03 * RATE
    taken(playout, 2_048)
    playout.skip(2_048)
    assert playout.wanted() == 2 * 2_048
    playout.write(np.ones(2 * 2_048, np.float32))
    assert playout.wanted() == 0


def test_what_comes_too_late_is_left_out_so_that_the_stream_keeps_its_time() -> None:
    playout = Playout(RATE, 1.0)
    playout.is_rolling = True
    playout.write(np.ones(500, np.float32))
    sound = taken(playout, 1_200)
    assert sound[500 - RAMP - 1] == 1 and not sound[500:].any()
    assert np.abs(np.diff(sound)).max() < 1.1 / RAMP, "it fades out where it ends"
    assert (playout.underflows, playout.wanted()) == (1, -700)
    playout.skip(700)
    playout.write(np.ones(1_000, np.float32))
    sound = taken(playout, 1_000)
    assert np.abs(np.diff(sound, prepend=np.float32(0))).max() < 1.1 / RAMP, "and in again"
    assert (sound[RAMP:] == 1).all()


def test_silence_is_no_fault_before_the_first_sound_but_a_hole_of_portaudio_is_one_later() -> None:
    playout = Playout(RATE, 1.0)
    taken(playout, 512)
    assert playout.underflows == 0
    playout.skip(512)
    playout.write(np.ones(1_024, np.float32))
    playout.is_rolling = True
    taken(playout, 512)
    assert playout.underflows == 0
    taken(playout, 512, is_broken=True)
    assert playout.underflows == 1


@pytest.mark.parametrize("block", [32, 512])
def test_blackout_is_silence_within_5_ms_of_the_next_block_and_does_not_click(block: int) -> None:
    playout = Playout(RATE, factor(6.0, blackout=False))
    playout.write(np.ones(3_000, np.float32))
    before = taken(playout, block)
    assert before == pytest.approx(10**0.3)
    playout.set_gain(factor(6.0, blackout=True))
    sound = np.concatenate([taken(playout, block) for _ in range(1_024 // block)])
    assert not sound[round(0.005 * RATE) :].any()
    assert np.abs(np.diff(np.concatenate([before[-1:], sound]))).max() < 2.01 / RAMP
    playout.set_gain(factor(-20.0, blackout=False))
    sound = np.concatenate([taken(playout, block) for _ in range(1_024 // block)])
    assert sound[RAMP:] == pytest.approx(0.1)
    assert np.abs(np.diff(sound)).max() < 2.01 / RAMP


@pytest.mark.parametrize(("dac", "current", "ahead_ms"), [(7.020, 7.0, 20), (0.0, 0.0, 12), (9e9, 7.0, 12)])
def test_a_block_sounds_when_portaudio_says_or_else_after_the_latency(
    monkeypatch: pytest.MonkeyPatch, dac: float, current: float, ahead_ms: int
) -> None:
    monkeypatch.setattr(time, "monotonic_ns", lambda: 5_000_000_000)
    playout = Playout(RATE, 1.0)
    playout.latency_s = 0.012
    times = SimpleNamespace(outputBufferDacTime=dac, currentTime=current)
    playout.on_audio(np.zeros((64, 2), np.float32), 64, times, SimpleNamespace(output_underflow=False))
    [(sample, ns)] = playout.marks
    assert (sample, ns) == (0, pytest.approx(5_000_000_000 + ahead_ms * 1_000_000, abs=1_000))


# ---- the clock


def run_clock(clock: AudioClock, seconds: float, drift: float, jitter: Callable[[int], float], first: int = 0) -> int:
    """Blocks of 512 from a crystal that is `drift` slow. Returns the true moment of the last one, ns."""
    true = 0
    for block in range(round(seconds * RATE / 512)):
        sample = first + block * 512
        true = round(7e9 + sample * 1e9 / RATE * (1 + drift))
        clock.mark(sample, true + round(jitter(block)))
    return true


@pytest.mark.parametrize("drift", [-2e-4, 0.0, 5e-5])
def test_the_clock_follows_the_device_through_jitter_to_a_fraction_of_a_millisecond(drift: float) -> None:
    clock, rng = AudioClock(RATE), np.random.default_rng(0)
    run_clock(clock, 60.0, drift, lambda _: rng.uniform(0, 1e6) + (40e6 if rng.random() < 0.01 else 0))
    for ahead in (0, 2 * RATE):
        sample = 60 * RATE + ahead
        expected = 7e9 + sample * 1e9 / RATE * (1 + drift) + 0.5e6
        assert clock.ns_at(sample) == pytest.approx(expected, abs=0.4e6)
        assert clock.sample_at(clock.ns_at(sample)) == sample


def test_the_clock_can_be_asked_after_a_few_blocks() -> None:
    clock = AudioClock(RATE)
    for ask in (clock.ns_at, clock.sample_at):
        with pytest.raises(RuntimeError, match="no block has been played"):
            ask(0)
    run_clock(clock, 0.1, 0.0, lambda _: 0)
    assert not clock.is_settled
    run_clock(clock, 0.1, 0.0, lambda _: 0, first=5_120)
    assert clock.is_settled
    assert clock.ns_at(RATE) == pytest.approx(8e9, abs=2)


def test_a_device_that_lost_sound_is_followed_at_once() -> None:
    clock = AudioClock(RATE)
    run_clock(clock, 10.0, 0.0, lambda _: 0)
    run_clock(clock, 0.2, 0.0, lambda _: 300e6, first=10 * RATE)
    assert clock.ns_at(11 * RATE) == pytest.approx(18.3e9, abs=1e5)
