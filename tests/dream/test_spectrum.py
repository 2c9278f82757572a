"""Steps in time and frequency."""

from __future__ import annotations

import pytest
import torch

from oscbridge.dream.spectrum import Spectrum, Steps, slopes, without_faint, without_small

from . import dreams


@pytest.mark.parametrize("samples", [700, 5_000, 16_000, 16_001])
def test_a_loop_comes_back_from_its_spectrum(samples):
    x = dreams.noise(samples)
    spectrum = Spectrum(samples)
    torch.testing.assert_close(spectrum.sound(spectrum.of(x)), x, atol=1e-6, rtol=0)


def test_a_loop_that_is_raised_everywhere_has_no_seam():
    x = dreams.noise(5_000)
    spectrum = Spectrum(5_000)
    torch.testing.assert_close(spectrum.sound(2 * spectrum.of(x)), 2 * x, atol=1e-6, rtol=0)


def test_slopes_point_where_the_loss_rises_in_each_band():
    # the loss is the power above 2 kHz: only there a decibel more changes it
    t = torch.arange(16_000) / 8_000
    x = (torch.sin(2 * torch.pi * 500 * t) + torch.sin(2 * torch.pi * 3_000 * t)).requires_grad_()
    upper = (torch.fft.rfftfreq(16_000, 1 / 8_000) > 2_000).float()
    (gradient,) = torch.autograd.grad(torch.fft.irfft(torch.fft.rfft(x) * upper).square().sum(), x)
    spectrum = Spectrum(16_000)
    slope = slopes(spectrum.of(x.detach()), spectrum.of(gradient)).mean(1)
    assert slope.argmax() == pytest.approx(3_000 / 4_000 * 1_024, abs=2)
    assert slope[: 1_024 // 2 - 20].abs().max() < 1e-3 * slope.max()


@pytest.mark.parametrize("make", [Steps.plain, None], ids=["plain", "adam"])
def test_a_step_of_so_many_decibels_moves_the_cells_by_that(make):
    slope = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
    change = make(slope, 3.0) if make else Steps(slope.shape).adam(slope, 3.0)
    decibels = change * 20 / torch.log(torch.tensor(10.0))
    assert float(decibels.square().mean().sqrt()) == pytest.approx(3.0, rel=0.2)
    assert (change * slope <= 0).all()


def test_adam_remembers_which_cells_keep_their_direction():
    random, steps = torch.Generator().manual_seed(0), Steps(torch.Size([2]))
    total = torch.zeros(2)
    for _ in range(30):
        total += steps.adam(torch.tensor([1.0, float(torch.randn(1, generator=random))]), 1.0)
    assert total[0] < -5 * abs(float(total[1])) / 2


def test_de_noising_takes_the_faint_and_leaves_the_strong():
    cells = torch.tensor([[10.0 + 0j, 0.01 + 0j]])
    done = without_faint(cells, 1.0).abs()[0]
    assert done[1] == 0 and done[0] == pytest.approx(10, rel=0.02)


def test_small_slopes_are_left_out():
    assert without_small(torch.tensor([0.1, -3.0, 2.0]), 0.5).tolist() == pytest.approx([0, -1.959, 0.959], abs=1e-2)
