"""Loops at another length."""

from __future__ import annotations

import numpy as np
import pytest

from oscbridge.daemon.clip_sound import FADE, recut, resample_loop
from oscbridge.errors import BridgeError

from .clips import FRAMES, loop, sine


def _jump(samples: np.ndarray) -> float:
    """The largest step from one sample to the next, round the seam."""
    return float(np.abs(np.diff(np.append(samples, samples[0]))).max())


def test_a_loop_of_the_same_length_is_returned_as_it_is() -> None:
    samples = loop()
    assert recut(samples, FRAMES) is samples


@pytest.mark.parametrize("times", [2, 3])
def test_whole_repetitions_are_exact(times: int) -> None:
    np.testing.assert_array_equal(recut(loop(), times * FRAMES), np.tile(loop(), times))


@pytest.mark.parametrize("frames", [1_777, 2_500, FRAMES - 1, FRAMES + 13, 2 * FRAMES + 1_003])
def test_a_recut_loop_does_not_click_and_keeps_its_beginning(frames: int) -> None:
    samples = sine(cycles=40)
    plain = np.resize(samples, frames)
    new = recut(samples, frames)
    assert new.shape == (frames,) and new.dtype == np.float32
    np.testing.assert_array_equal(new[: frames - FADE], plain[: frames - FADE])
    assert _jump(new) < 1.3 * _jump(samples)
    assert np.abs(new).max() < 1.05 * np.abs(samples).max(), "nor does the seam swell"


def test_without_its_fade_the_same_cut_would_click() -> None:
    samples = sine(cycles=40)
    assert _jump(np.resize(samples, 1_777)) > 3 * _jump(samples)


def test_the_seam_of_noise_is_as_loud_as_the_noise() -> None:
    levels = [np.sqrt(np.mean(recut(loop(seed, 20_000), 7_001)[-FADE:] ** 2)) for seed in range(50)]
    assert np.mean(levels) == pytest.approx(np.sqrt(np.mean(loop() ** 2)), rel=0.03)


@pytest.mark.parametrize(("n", "frames"), [(1, 7), (2, 3), (3, 2), (FRAMES, 1), (1_000, 1_001)])
def test_tiny_loops_are_recut_too(n: int, frames: int) -> None:
    new = recut(loop(frames=n), frames)
    assert new.shape == (frames,)
    assert np.isfinite(new).all()


def test_silence_stays_silent() -> None:
    assert not recut(np.zeros(1_000, np.float32), 1_500).any()


@pytest.mark.parametrize(("samples", "frames"), [(np.zeros(0), 5), (np.zeros(5), 0), (np.zeros((5, 2)), 5)])
def test_what_is_no_loop_is_refused(samples: np.ndarray, frames: int) -> None:
    with pytest.raises(BridgeError, match="can't be cut"):
        recut(samples.astype(np.float32), frames)


@pytest.mark.parametrize(("own", "rate"), [(44_100, 48_000), (48_000, 44_100), (8_000, 44_100), (44_101, 8_000)])
def test_a_resampled_loop_has_its_length_and_no_seam(own: int, rate: int) -> None:
    cycles, n = 20, own // 10
    samples = sine(cycles, n)
    new = resample_loop(samples, own, rate)
    frames = round(n * rate / own)
    assert new.shape == (frames,)
    np.testing.assert_allclose(new, sine(cycles, frames), atol=2e-3)


def test_the_same_rate_changes_nothing() -> None:
    samples = loop()
    assert resample_loop(samples, 44_100, 44_100) is samples
