"""The demo loop, measured as it is listened to: from the shipped file, and from the script that makes it."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parent.parent
FLAC = ROOT / "loops" / "guitar_drums.flac"
RATE = 44_100
BREAK = slice(5 * RATE, 6 * RATE)  # the second half of bar 3


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_loop", ROOT / "scripts" / "make_loop.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def parts(script: ModuleType) -> dict[str, np.ndarray]:
    return script.play(1983)


@pytest.fixture(scope="module")
def loop() -> np.ndarray:
    """The shipped loop as a player hears it, full scale 1, of shape (frames, channels)."""
    return soundfile.read(FLAC)[0]


def decibels(x: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(x)))


def circular_windows(x: np.ndarray, centres: np.ndarray, width: int) -> np.ndarray:
    """Power spectra, of shape (centres, bins), of Hann windows of the circle x, of shape (frames,)."""
    index = (centres[:, None] + np.arange(-width // 2, width // 2)) % len(x)
    return np.abs(np.fft.rfft(x[index] * np.hanning(width))) ** 2


def flux(x: np.ndarray) -> np.ndarray:
    """How much the spectrum of the circle x grows from each 10 ms to the next, in nepers over all bins."""
    spectra = np.log(0.1 + circular_windows(x, np.arange(0, len(x), RATE // 100), 1024))
    return np.maximum(spectra - np.roll(spectra, 1, axis=0), 0).sum(axis=1)


def cents_off(x: np.ndarray, f0: float) -> float:
    """How far the spectral peak of x, of shape (frames,), within a quarter tone of f0 (Hz) lies from f0."""
    bins = 1 << 19
    f = np.fft.rfftfreq(bins, 1 / RATE)
    near = np.abs(np.log2(np.maximum(f, 1) / f0)) < 1 / 24
    peak = f[near][np.abs(np.fft.rfft(x * np.hanning(len(x)), bins))[near].argmax()]
    return 1200 * np.log2(peak / f0)


def test_the_loop_is_exactly_four_bars_of_16_bit_stereo():
    info = soundfile.info(FLAC)
    assert (info.samplerate, info.frames, info.channels, info.subtype) == (RATE, 352_800, 2, "PCM_16")


def test_the_file_is_smaller_than_a_megabyte():
    assert FLAC.stat().st_size < 1_000_000


def test_the_script_reproduces_the_shipped_file_sample_by_sample(script, parts):
    made = script.master(script.mix(parts, script.room(1983, 30))).astype(int)
    shipped = soundfile.read(FLAC, dtype="int16")[0].astype(int)
    # Another machine's sine may differ in its last bit and so tip a sample over the edge between two steps.
    assert np.abs(made - shipped).max() <= 1
    assert np.mean(made != shipped) < 1e-4


def test_the_seed_alone_decides_the_samples(script):
    first, again, other = (script.play_drum(script.KIT["snare"], "9..4", seed) for seed in (1983, 1983, 7))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_level_leaves_headroom_and_is_loud_enough(loop):
    assert -3 < 20 * np.log10(np.abs(loop).max()) < -0.3
    assert -22 < decibels(loop) < -12
    assert abs(decibels(loop[:, 0]) - decibels(loop[:, 1])) < 1.5


def test_the_loop_has_no_dc(loop):
    assert np.abs(loop.mean(axis=0)).max() < 1e-4


def test_the_loop_survives_a_fold_to_mono(loop):
    assert decibels(loop.mean(axis=1)) > decibels(loop) - 2


def test_the_step_over_the_seam_is_an_ordinary_step(loop):
    for order in (1, 2):
        steps = np.abs(np.diff(np.concatenate([loop, loop[:order]]), order, axis=0))
        assert (steps[-order:] < np.quantile(steps, 0.99)).all()


def test_the_spectrum_over_the_seam_is_no_brighter_than_elsewhere(loop):
    spectra = circular_windows(loop.mean(axis=1), np.arange(0, len(loop), 64), 128)
    bright = spectra[:, 128 * 8000 // RATE :].sum(axis=1)
    assert bright[[0, 1, -1]].max() < np.quantile(bright[2:-1], 0.99)


def test_a_note_at_the_end_rings_on_at_the_start(script):
    overlaid = script.overlay([(7.9, np.ones((2, RATE // 5)))])
    sounding = np.flatnonzero(overlaid[0])
    assert sounding[RATE // 10 - 1] == RATE // 10 - 1
    assert sounding[RATE // 10] == len(overlaid[0]) - RATE // 10


@pytest.mark.parametrize("low, high", [(40, 200), (200, 2000), (2000, 8000), (8000, 20_000)])
def test_every_bar_holds_bass_and_middle_and_treble(loop, low, high):
    f = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    for bar in loop.mean(axis=1).reshape(4, -1):
        power = np.abs(np.fft.rfft(bar)) ** 2
        assert power[(f >= low) & (f < high)].sum() > 0.005 * power.sum()


def test_every_beat_begins_with_an_onset(loop):
    growth = flux(loop.mean(axis=1))
    for beat in range(0, 800, 50):
        onset, around = np.roll(growth, 1 - beat)[:6], np.roll(growth, 20 - beat)[:40]
        assert onset.max() > 1.8 * np.median(around)


def test_the_pulse_is_120_beats_a_minute(loop):
    growth = flux(loop.mean(axis=1))
    likeness = np.fft.irfft(np.abs(np.fft.rfft(growth - growth.mean())) ** 2)
    lags = np.arange(30, 71)  # in 10 ms: from 200 down to 86 beats a minute
    assert lags[likeness[lags].argmax()] == 50


def test_nothing_is_silent_for_half_a_second(loop):
    loud = [decibels(frame) > -45 for frame in loop.reshape(-1, RATE // 100, 2)]
    assert all(any(np.roll(loud, -i)[:50]) for i in range(len(loud)))


def test_the_break_in_bar_3_is_sparse_but_sounds(loop):
    rest = np.concatenate([loop[: BREAK.start], loop[BREAK.stop :]])
    assert -35 < decibels(loop[BREAK]) < decibels(rest) - 5


def test_the_guitars_stand_out_of_the_drums(script, parts):
    dry = np.zeros((2, script.FRAMES))
    guitars, drums = (
        script.mix({name: parts[name] for name in names}, dry).mean(axis=0)
        for names in (("rhythm", "lead"), script.DRUM_SCORE)
    )
    centres = np.arange(0, script.FRAMES, RATE // 50)
    middle = slice(2048 * 500 // RATE, 2048 * 4000 // RATE)
    over = [circular_windows(x, centres, 2048)[:, middle].sum(axis=1) for x in (guitars, drums)]
    assert np.mean(over[0] > over[1]) > 0.8


@pytest.mark.parametrize("strings", ["RHYTHM", "LEAD", "BASS"])
def test_every_string_is_in_tune_within_5_cents(script, strings):
    for midi in (28, 33, 40) if strings == "BASS" else (40, 55, 64, 76, 86):
        note = script.pluck(getattr(script, strings), midi, 1.0, 0.8, 1).mean(axis=0)
        assert abs(cents_off(note, 440 * 2 ** ((midi - 69) / 12))) < 5


def test_the_break_is_in_tune_in_the_mix(loop):
    low_g, high_d = loop[BREAK], loop[round(5.78 * RATE) : 6 * RATE]
    assert abs(cents_off(low_g.mean(axis=1), 98.0)) < 5
    assert abs(cents_off(high_d.mean(axis=1), 1174.66)) < 5
