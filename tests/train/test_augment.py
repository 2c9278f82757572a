"""What is done to a scalogram is what would have been done to the sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.scalogram import scalogram
from oscbridge.train.augment import Augmenter, AugmentSpec, frames_needed, from_power, to_power

from . import sounds

EAR = sounds.ear().scalogram
BANK = FilterBank(EAR)
NOTHING = {
    "sound_chance": 1,
    "tempo": 0, "pitch_bins": 0, "gain_db": 0, "drift_db": 0, "equalizer_db": 0, "compression": 0, "room_chance": 0,
    "band_chance": 0, "masking_chance": 0, "noise_db": -120, "mix_chance": 0,
}  # fmt: skip


def clips(*audio: np.ndarray | Tensor) -> Tensor:
    return torch.stack([scalogram(torch.as_tensor(a), BANK)[0] for a in audio])


def augmenter(seed: int = 0, **amounts: float) -> Augmenter:
    return Augmenter(AugmentSpec.model_validate({**NOTHING, **amounts}), EAR, seed)


def tone(hz: float, seconds: float = 3.0) -> Tensor:
    return 0.3 * torch.sin(2 * torch.pi * hz * torch.arange(int(seconds * EAR.rate)) / EAR.rate)


def test_power_and_back_is_the_same() -> None:
    values = torch.linspace(0, 1.1, 200)
    torch.testing.assert_close(from_power(to_power(values)), values, atol=1e-4, rtol=0)


def test_with_every_amount_at_nothing_a_clip_stays_as_it_is() -> None:
    x = clips(sounds.tune(1), sounds.tune(2))
    torch.testing.assert_close(augmenter()(x, x.shape[1] - 1)[:, 0], x[:, :-1], atol=3e-3, rtol=0)


def test_gain_is_that_of_a_louder_sound() -> None:
    audio = torch.from_numpy(sounds.tune(3))
    x, louder = clips(audio), clips(0.25 * audio)
    with torch.random.fork_rng():
        gained = from_power(to_power(x) * 0.25**2)
    torch.testing.assert_close(gained, louder, atol=2e-3, rtol=0)


def test_a_pitch_shift_moves_a_tone_to_the_bin_of_the_higher_tone() -> None:
    x = clips(*[tone(400.0)] * 16)
    shifted = augmenter(pitch_bins=10)(x, 100)[:, 0, 60].argmax(1) - x[:, 60].argmax(1)
    assert shifted.min() < -4 and shifted.max() > 4 and shifted.abs().max() <= 10
    by = int(shifted[0])
    higher = clips(tone(400.0 * 2 ** (by / EAR.bins_per_octave)))[0, 60].argmax()
    assert higher == x[0, 60].argmax() + by


def test_another_tempo_plays_the_same_frames_sooner_or_later() -> None:
    ramp = torch.linspace(0.3, 0.8, 200).view(1, -1, 1).expand(8, -1, EAR.bins)
    slopes = augmenter(tempo=0.2)(ramp, 150)[:, 0].diff(dim=1).mean((1, 2)) / ramp.diff(dim=1).mean()
    assert slopes.min() > 1 / 1.21 and slopes.max() < 1.21 and slopes.std() > 0.03


def test_a_mix_is_about_that_of_both_sounds() -> None:
    """Phases are taken as independent, so single cells differ, but no bin does on average."""
    one, two = torch.from_numpy(sounds.tune(4)), torch.from_numpy(sounds.tune(5))
    both = clips(one + two)[0].mean(0)
    added = from_power(to_power(clips(one)[0]) + to_power(clips(two)[0])).mean(0)
    assert (added - both).abs().max() < 0.03


def test_a_room_smears_forward_and_never_back() -> None:
    x = torch.zeros(4, 120, EAR.bins)
    x[:, 50] = 0.8
    wet = augmenter(room_chance=1)(x, 110)[:, 0]
    assert wet[:, :50].max() < 0.01
    assert (wet[:, 55].mean(1) > wet[:, 105].mean(1)).all() and wet[:, 55].min() > 0.1


def test_a_band_limit_leaves_the_middle_and_takes_the_ends() -> None:
    ear = sounds.ear().scalogram.model_copy(
        update={"rate": 44_100, "bins": 216, "bins_per_octave": 24, "lowest_hz": 40.0}
    )
    x = torch.full((32, 40, 216), 0.6)
    out = Augmenter(AugmentSpec.model_validate({**NOTHING, "band_chance": 1}), ear, 0)(x, 30)[:, 0].mean(1)
    assert (out[:, 120] - 0.6).abs().max() < 0.01
    assert out[:, 0].min() < 0.4 and out[:, -1].min() < 0.2


def test_noise_fills_silence_but_not_more_than_asked() -> None:
    x = torch.zeros(16, 60, EAR.bins)
    out = augmenter(noise_db=-40)(x, 50)
    assert out.mean((1, 2, 3)).max() > 0.2
    assert out.max() < 1 - 20 / 90  # the grains of noise peak some 8 dB above its level


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_clips_and_all_are_finite(seed: int) -> None:
    spec = AugmentSpec()
    x = clips(*[sounds.tune(i) for i in range(4)])
    x = torch.cat([x, torch.zeros(1, *x.shape[1:])])
    frames = 150
    assert frames_needed(frames, spec) <= x.shape[1]
    first, again = (Augmenter(spec, EAR, seed)(x, frames) for _ in range(2))
    assert torch.equal(first, again) and first.shape == (5, 1, frames, EAR.bins)
    assert torch.isfinite(first).all() and first.min() > -1e-3
    assert not torch.equal(first, Augmenter(spec, EAR, seed + 10)(x, frames))


def test_some_clips_keep_their_sound() -> None:
    x = clips(*[sounds.tune(1)] * 40)
    out = augmenter(sound_chance=0.5, gain_db=12, equalizer_db=6)(x, 100)[:, 0]
    kept = (out == x[:, :100]).all((1, 2))
    assert 8 < int(kept.sum()) < 32
