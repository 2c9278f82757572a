"""What a step hears instead of the loop, and the equaliser."""

from __future__ import annotations

import pytest
import torch

from oscbridge.dream.variations import Equalizer, Variation, altered, draw, is_plain, shifted
from oscbridge.ear.scalogram import scalogram
from oscbridge.sections import Dream

from . import dreams


def changed(x, variation, before=0, after=0):
    frames, bins = x.shape[-2] - before - after, x.shape[-1]
    return altered(x, [variation], before, frames, lambda by: torch.arange(bins) - by)


def test_a_loop_that_is_heard_later_is_rolled_round_the_circle():
    x = torch.arange(4.0)
    assert shifted(x, [Variation(), Variation(shift=1)]).tolist() == [[0, 1, 2, 3], [3, 0, 1, 2]]


def test_a_pitch_shift_by_a_bin_is_what_the_ear_sees_of_a_note_a_bin_higher():
    bank = dreams.loaded().bank
    t = torch.arange(dreams.RATE) / dreams.RATE
    low, high = (scalogram(0.1 * torch.sin(2 * torch.pi * bank.spec.frequency_hz(b) * t), bank)[None] for b in (20, 21))
    moved = changed(low, Variation(bins=1.0))
    inner = slice(10, 40)
    wrong = (moved - high)[..., 20:, inner].abs().mean()
    assert wrong < 0.01 < 3 * wrong < (low - high)[..., 20:, inner].abs().mean()


def test_half_a_bin_lies_between_two():
    x = torch.rand(1, 1, 3, 8)
    up = changed(x, Variation(bins=0.5))
    torch.testing.assert_close(up[..., 1:], (x[..., 1:] + x[..., :-1]) / 2)


def test_a_mask_silences_one_stretch_round_the_circle_and_before_it():
    x = torch.ones(1, 1, 2 + 6, 3)
    told = changed(x, Variation(columns=(5, 2)), before=2)[0, 0, :, 0].tolist()
    assert told == [1, 0, 0, 1, 1, 1, 1, 0]  # columns 5 and 0, and the one before the loop that is column 5
    told = changed(x, Variation(columns=(0, 1)), before=1, after=2)[0, 0, :, 0].tolist()
    assert told == [1, 0, 1, 1, 1, 1, 0, 1]  # column 0, and the one behind the loop that it comes back in


def test_a_pitch_mask_silences_one_band():
    told = changed(torch.ones(1, 1, 4, 6), Variation(band=(4, 3)))[0, 0, 0].tolist()
    assert told == [0, 1, 1, 1, 0, 0]


def test_variations_stay_within_the_wishes_and_repeat_with_the_seed():
    wishes = Dream(time_shift_s=0.01, pitch_shift_bins=2.0, time_mask=0.25, pitch_mask=0.5)
    many = [draw(wishes, torch.Generator().manual_seed(s), 8_000, 8_000, 60, 48) for s in range(200)]
    shifts = [v.shift if v.shift < 4_000 else v.shift - 8_000 for v in many]
    assert max(shifts) > 60 and min(shifts) < -60 and max(map(abs, shifts)) <= 80
    assert max(v.bins for v in many) > 1.5 and min(v.bins for v in many) < -1.5
    assert max(abs(v.bins) for v in many) <= 2
    assert {v.columns[1] for v in many} == {15} and {v.band[1] for v in many} == {24}
    assert draw(wishes, torch.Generator().manual_seed(7), 8_000, 8_000, 60, 48) == many[7]
    assert not is_plain(wishes) and is_plain(Dream(time_shift_s=0.0, pitch_shift_bins=0.0))


@pytest.mark.parametrize(("band", "hz"), [("low_db", 60.0), ("mid_db", 800.0), ("high_db", 3_500.0)])
def test_a_band_of_the_equalizer_turns_down_its_own_tones_alone(band, hz):
    t = torch.arange(8_000) / 8_000
    own, other = torch.sin(2 * torch.pi * hz * t), torch.sin(2 * torch.pi * (800.0 if hz != 800.0 else 60.0) * t)
    equalizer, wishes = Equalizer(8_000), Dream(**{band: -40.0})
    assert float(equalizer.apply(own, wishes).norm() / own.norm()) < 0.1
    assert float(equalizer.apply(other, wishes).norm() / other.norm()) > 0.8
    assert equalizer.apply(own, Dream()) is own
