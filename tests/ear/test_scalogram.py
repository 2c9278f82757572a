"""The artificial cochlea: its scale, its pitches, its delays, and that it never looks ahead."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from oscbridge.ear.filterbank import Factored, FilterBank
from oscbridge.ear.scalogram import FLOOR, LOG_FLOOR, scalogram
from oscbridge.ear.spec import ScalogramSpec

from . import ears

RATE, HOP, BINS = 44_100, 1_024, 216
SPEC = ears.shipped().scalogram


def sine(hz: float, seconds: float = 1.0, amplitude: float = 1.0) -> Tensor:
    t = np.arange(round(seconds * RATE)) / RATE
    return torch.from_numpy((amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32))


@cache
def bank(hop: int = HOP, phase: bool = False) -> FilterBank:
    return FilterBank(SPEC.model_copy(update={"hop": hop, "phase": phase}))


# ---- the scale


def test_four_seconds_are_172_columns_of_216_bins() -> None:
    assert scalogram(torch.zeros(4 * RATE), bank()).shape == (1, 172, 216)
    assert scalogram(torch.zeros(3, 4 * RATE), bank(phase=True)).shape == (3, 2, 172, 216)


def test_the_bins_go_from_40_hz_to_19_9_khz_in_quarter_tones() -> None:
    assert SPEC.frequency_hz(0) == 40.0
    assert SPEC.frequency_hz(24) == pytest.approx(80.0)
    assert SPEC.frequency_hz(215) == pytest.approx(19_900, abs=10)


@pytest.mark.parametrize("bin_index", [0, 1, 57, 100, 143, 190, 215])
def test_a_full_scale_sine_gives_1_in_its_bin(bin_index: int) -> None:
    column = scalogram(sine(SPEC.frequency_hz(bin_index)), bank())[0, -1]
    assert column[bin_index].item() == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("db", [-20, -40, -60])
def test_20_db_less_are_two_ninths_less(db: int) -> None:
    column = scalogram(sine(SPEC.frequency_hz(100), amplitude=10 ** (db / 20)), bank())[0, -1]
    assert column[100].item() == pytest.approx(1 + db / 90, abs=0.005)


def test_silence_gives_0() -> None:
    assert scalogram(torch.zeros(RATE), bank()).abs().max().item() < 1e-3


# ---- against librosa


def librosa_power(audio: Tensor, hop: int) -> NDArray[np.float64]:
    """Power of librosa's constant-Q transform at the same frequencies and Q, frame j centred at j * hop.

    Returns (frames, bins), up to one factor for all.
    """
    relative = 2 ** (2 / SPEC.bins_per_octave)  # librosa takes Q from the geometric, we from the upper neighbour
    q = SPEC.q * (relative - 1) / (relative + 1)
    spectrum = librosa.cqt(
        audio.numpy(), sr=RATE, hop_length=hop, fmin=SPEC.lowest_hz, n_bins=BINS, bins_per_octave=SPEC.bins_per_octave,
        filter_scale=q, tuning=0.0,
    )  # fmt: skip
    frequencies = np.array([SPEC.frequency_hz(b) for b in range(BINS)])
    # its scale grows with the root of a kernel's length, which falls as the frequency rises
    power: NDArray[np.float64] = np.abs(spectrum.T) ** 2 * frequencies
    return power


def aligned(audio: Tensor, hop: int, frames: int) -> NDArray[np.float64]:
    """Our values at librosa's frame times: each bin taken its own delay later. Returns (frames, bins)."""
    values = scalogram(audio, bank(hop))[0].numpy()
    ends = (np.arange(len(values)) + 1) * hop / RATE
    wanted = np.arange(frames) * hop / RATE
    return np.stack([np.interp(wanted + d, ends, values[:, b]) for b, d in enumerate(bank(hop).delay_s)], 1)


@pytest.mark.parametrize("hz", [55.0, 82.41, 110.0, 261.63, 440.0, 987.77, 3_000.0, 9_000.0, 15_000.0])
def test_a_tone_peaks_in_the_same_bin_as_librosas(hz: float) -> None:
    audio = sine(hz, amplitude=0.5)
    theirs = librosa_power(audio, HOP)
    ours = aligned(audio, HOP, len(theirs))
    middle = len(theirs) // 2
    peak = int(ours[middle].argmax())
    assert peak == int(theirs[middle].argmax())
    assert peak == round(24 * math.log2(hz / 40))


@pytest.mark.parametrize(("low", "high"), [(60, 8_000), (8_000, 60)])
def test_a_chirp_peaks_in_the_same_bin_as_librosas_at_every_moment(low: float, high: float) -> None:
    hop, seconds = 512, 4.0
    t = np.arange(round(seconds * RATE)) / RATE
    rise = math.log(high / low) / seconds
    audio = torch.from_numpy((0.5 * np.sin(2 * np.pi * low * (np.exp(rise * t) - 1) / rise)).astype(np.float32))
    theirs = librosa_power(audio, hop)
    ours = aligned(audio, hop, len(theirs))
    inside = slice(int(0.3 * RATE / hop), int(3.7 * RATE / hop))
    apart = ours[inside].argmax(1) - theirs[inside].argmax(1)
    # on the border between two bins a rounding error decides
    assert np.abs(apart).max() <= 1
    assert (apart == 0).mean() > 0.95


# ---- time


def test_a_column_sees_no_sample_after_its_end() -> None:
    audio = ears.noise(40 * HOP)
    later = audio.clone()
    later[20 * HOP :] += ears.noise(20 * HOP, 1)
    before, after = scalogram(audio, bank(phase=True)), scalogram(later, bank(phase=True))
    assert torch.equal(before[:, :20], after[:, :20])
    assert not torch.equal(before[:, 20], after[:, 20])


def test_a_column_hears_the_last_sample_before_its_end() -> None:
    # a Hann window is nearly 0 at its end, so the click is loud
    click = torch.zeros(4 * HOP)
    click[2 * HOP - 1] = 1e4
    values = scalogram(click, bank())[0]
    silent = scalogram(torch.zeros(4 * HOP), bank())[0]
    assert torch.equal(values[0], silent[0])
    assert (values[1] > silent[1]).all()


@cache
def delays_of_impulses() -> Tensor:
    """Where the answer to an impulse has its centre, in seconds after it, (bins,)."""
    fine = bank(64)
    impulses = torch.zeros(4, fine.history + 1_000)
    places = 500 + 16 * torch.arange(4)  # over one hop, so that the raster of the columns averages out
    impulses[range(4), places] = 30.0
    power = torch.exp(scalogram(impulses, fine)[:, 0].double() * LOG_FLOOR) - FLOOR * math.exp(LOG_FLOOR)
    ends = (torch.arange(power.shape[1]) + 1) * 64
    late = (power * (ends - places[:, None])[..., None]).sum((0, 1)) / power.sum((0, 1))
    return late / RATE


@pytest.mark.parametrize("bin_index", [0, 24, 70, 120, 160])
def test_an_impulse_is_answered_after_the_stated_delay(bin_index: int) -> None:
    assert delays_of_impulses()[bin_index].item() == pytest.approx(bank().delay_s[bin_index], abs=2 / RATE)


def test_the_delay_falls_from_183_ms_to_less_than_a_millisecond() -> None:
    assert bank().delay_s[0] == pytest.approx(0.183, abs=0.001)
    assert bank().delay_s[-1] < 0.001
    assert (np.diff(bank().delay_s) <= 0).all()


def test_high_bins_answer_within_one_hop_and_are_dark_again_in_the_next() -> None:
    high = [b for b in range(BINS) if SPEC.kernel_samples(b) <= HOP]
    assert SPEC.frequency_hz(high[0]) < 650
    # each bin's own tone, for the length of one hop
    tones = torch.stack([sine(SPEC.frequency_hz(b), HOP / RATE) for b in high])
    values = scalogram(torch.nn.functional.pad(tones, (3 * HOP, 2 * HOP)), bank())[:, 0, :, high]
    answers = values[range(len(high)), :, range(len(high))]
    torch.testing.assert_close(answers[:, 3], torch.ones(len(high)), atol=0.01, rtol=0)
    assert answers[:, [0, 1, 2, 4, 5]].abs().max() < 1e-3


# ---- the gradient


@pytest.mark.parametrize("phase", [False, True], ids=["power", "power and phase"])
def test_the_gradient_is_finite_at_exact_silence(phase: bool) -> None:
    audio = torch.zeros(20 * HOP, requires_grad=True)
    scalogram(audio, bank(phase=phase)).sum().backward()
    assert audio.grad is not None
    assert torch.isfinite(audio.grad).all()


@pytest.mark.parametrize("phase", [False, True], ids=["power", "power and phase"])
@pytest.mark.parametrize("level", [1e-6, 1e-3, 1.0])
def test_the_gradient_is_finite_and_there_on_noise(level: float, phase: bool) -> None:
    audio = (level * ears.noise(20 * HOP)).requires_grad_()
    scalogram(audio, bank(phase=phase)).sum().backward()
    assert audio.grad is not None
    assert torch.isfinite(audio.grad).all()
    assert audio.grad.any()


def test_the_gradient_is_that_of_small_differences() -> None:
    small = FilterBank(ScalogramSpec(rate=8_000, hop=128, bins=6, bins_per_octave=2, lowest_hz=10, phase=True))
    small.groups = [replace(g, **{name: value.double() for name, value in vars(g).items()}) for g in small.groups]
    assert any(isinstance(g, Factored) for g in small.groups)
    small.advance, small.log_frequency = small.advance.double(), small.log_frequency.double()
    audio = ears.noise(512).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: scalogram(x, small), audio, atol=1e-5, fast_mode=True)


# ---- the phase


@pytest.mark.parametrize("bin_index", [0, 60, 121, 170, 215])
def test_the_phase_of_a_steady_sine_at_a_bins_centre_is_near_0(bin_index: int) -> None:
    values = scalogram(sine(SPEC.frequency_hz(bin_index)), bank(phase=True))
    assert values[1, 20:, bin_index].abs().max().item() < 2e-3


@pytest.mark.parametrize("cents", [-8, 8])
def test_the_phase_tells_sharp_from_flat(cents: float) -> None:
    hz = SPEC.frequency_hz(48) * 2 ** (cents / 1_200)
    values = scalogram(sine(hz), bank(phase=True))[1, 30:, 48]
    expected = 2 * math.pi * (hz - SPEC.frequency_hz(48)) * SPEC.hop_s / math.log(SPEC.frequency_hz(48))
    torch.testing.assert_close(values, torch.full_like(values, expected), atol=2e-3, rtol=0)
