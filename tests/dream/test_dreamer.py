"""The optimisation loop."""

from __future__ import annotations

import math

import pytest
import torch

from oscbridge.dream.dreamer import LEAST_NOISE, PEAK
from oscbridge.dream.spectrum import LEAST, Trust
from oscbridge.ear.anatomy import anatomy
from oscbridge.errors import BridgeError
from oscbridge.sections import Dream

from . import dreams

LAYERS = anatomy(dreams.SMALL).layers


@pytest.mark.parametrize("layer", [x.index for x in LAYERS[1:-1]])
def test_some_steps_raise_the_score_of_every_layer(layer):
    gains = []
    for channel in range(3):
        one = dreams.dreamer(layer)
        one.change(one.wishes, dreams.selected(layer, channel, channel))
        before = one.score()
        dreams.walk(one, 25)
        gains.append(one.score() - before)
    assert max(gains) > 0.3 and min(gains) > -0.3


@pytest.mark.parametrize("origin", [dreams.noise(), torch.zeros(2 * dreams.RATE), dreams.music(2)])
def test_any_origin_will_do(origin):
    one = dreams.dreamer(4, origin)
    before = one.score()
    dreams.walk(one, 25)
    assert one.score() > before


@pytest.mark.parametrize(("objective", "least"), [("match", 0.02), ("style", 0.02), ("classify", 0.01)])
def test_every_other_objective_comes_closer_too(objective, least):
    one = dreams.dreamer(2, objective=objective, time_shift_s=0.0, pitch_shift_bins=0.0)
    before = one.score()
    dreams.walk(one, 40)
    assert one.score() > before + least


def test_what_is_predictable_costs_less():
    one = dreams.dreamer(objective="predict", time_shift_s=0.0, pitch_shift_bins=0.0)
    losses = [one.step(is_scored=False).loss for _ in range(40)]
    assert sum(losses[-5:]) < sum(losses[:5])


def test_the_same_seed_dreams_the_same_and_another_does_not():
    wishes = {"views": 2, "time_mask": 0.2, "gradient_noise": 0.3}
    first, again, other = (dreams.walk(dreams.dreamer(4, seed=s, **wishes), 5) for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_scoring_does_not_change_the_dream():
    watched, alone = dreams.dreamer(), dreams.dreamer()
    for _ in range(4):
        watched.step(is_scored=True)
    assert torch.equal(watched.clip, dreams.walk(alone, 4))


def test_the_score_is_that_of_the_loop_itself_after_the_step():
    one = dreams.dreamer(time_mask=0.5)
    progress = one.step()
    assert progress.scored == progress.step == 1 and progress.score == one.score()
    assert one.step(is_scored=False).scored == 1


def test_a_step_size_of_0_freezes_the_sound():
    one = dreams.dreamer(step_size=0.0)
    before = one.clip
    assert torch.equal(dreams.walk(one, 3), before)


def test_mixing_the_origin_back_in_keeps_the_dream_near_it():
    far, near = (dreams.dreamer(mix_original=m) for m in (0.0, 0.5))
    distances = [float((dreams.walk(one, 10) - one.origin).norm()) for one in (far, near)]
    assert distances[1] < 0.6 * distances[0]


@pytest.mark.parametrize(("name", "value"), [
    ("emphasis", 3.0), ("width", 0.2), ("optimizer", "plain"), ("step_size", 1.0), ("views", 3), ("time_shift_s", 0.5),
    ("pitch_shift_bins", 4.0), ("time_mask", 0.5), ("pitch_mask", 0.5), ("gradient_noise", 1.0), ("denoise", 1.0),
    ("denoise_gradient", 1.0), ("loudness", 5.0), ("activation", 5.0), ("high_frequencies", 5.0), ("low_db", -30.0),
    ("mid_db", -30.0), ("high_db", -30.0), ("mix_original", 0.3), ("objective", "match"),
])  # fmt: skip
def test_every_wish_acts_from_the_next_step_on(name, value):
    plain, changed = dreams.dreamer(), dreams.dreamer()
    assert torch.equal(dreams.walk(plain, 2), dreams.walk(changed, 2))
    plain.change(Dream(), dreams.selected(4))
    changed.change(Dream(**{name: value}), dreams.selected(4))
    assert not torch.equal(dreams.walk(plain, 2), dreams.walk(changed, 2))


@pytest.mark.parametrize("name", ["loudness", "high_frequencies"])
def test_a_price_is_paid(name):
    """The dream that pays for it has less of it."""
    heard = []
    for price in (0.0, 10.0):
        one = dreams.dreamer(4, dreams.noise(level=0.1), **{name: price})
        power = torch.fft.rfft(dreams.walk(one, 25)).abs().square()
        heard.append(float((power[len(power) // 5 :] if name == "high_frequencies" else power).sum()))
    assert heard[1] < 0.7 * heard[0]


def test_de_noising_leaves_less_between_the_notes():
    plain, clean = (dreams.dreamer(step_size=1e-4, denoise=d) for d in (0.0, 1.0))
    assert float(dreams.walk(clean, 20).norm()) < 0.85 * float(dreams.walk(plain, 20).norm())


@pytest.mark.parametrize("sign", [1, -1])
def test_no_sample_of_either_sign_passes_the_peak(sign):
    loud = dreams.noise(level=0.01)
    loud[77] = sign * 5.0
    one = dreams.dreamer(4, loud, high_db=12.0, low_db=12.0)
    assert float(one.origin.abs().max()) == pytest.approx(PEAK)
    clip = dreams.walk(one, 5)
    assert float(clip.abs().max()) <= PEAK + 1e-6 and clip.dtype == torch.float32


def test_a_step_that_is_not_finite_is_undone_and_counted(monkeypatch):
    one = dreams.dreamer()
    dreams.walk(one, 2)
    before = one.clip
    good = one._loss
    monkeypatch.setattr(one, "_loss", lambda views: good(views) * math.nan)
    progress = one.step()
    assert progress.undone == 1 and torch.equal(one.clip, before)
    monkeypatch.setattr(one, "_loss", good)
    assert one.step().undone == 1 and torch.isfinite(one.clip).all() and not torch.equal(one.clip, before)


def test_an_origin_with_nan_and_infinity_becomes_a_sound():
    broken = dreams.noise()
    broken[5:9] = torch.tensor([math.nan, math.inf, -math.inf, 1e30])
    one = dreams.dreamer(4, broken)
    assert torch.isfinite(dreams.walk(one, 2)).all()


def test_silence_lies_90_db_down():
    assert dreams.dreamer(4, torch.zeros(dreams.RATE)).origin.std() == pytest.approx(LEAST_NOISE, rel=0.05)


def test_another_selection_takes_over_and_none_changes_nothing():
    one = dreams.dreamer(4)
    dreams.walk(one, 2)
    one.change(one.wishes, dreams.selected(8))
    before = one.score()
    dreams.walk(one, 20)
    assert one.score() > before
    with pytest.raises(BridgeError, match="nothing is selected"):
        one.change(one.wishes, dreams.nothing())
    one.step()


def test_a_dream_goes_on_with_a_loop_of_another_length():
    one = dreams.dreamer()
    dreams.walk(one, 2)
    one.resize(one.sound[:9_000], one.origin[:9_000])
    assert len(dreams.walk(one, 2)) == 9_000 and one.step_number == 4


def test_it_begins_again_from_the_origin():
    one = dreams.dreamer()
    first = dreams.walk(one, 3)
    one.begin(dreams.noise(), 0)
    assert one.step_number == 0 and torch.equal(dreams.walk(one, 3), first)


def test_trust_falls_while_the_loss_rises_and_comes_back():
    trust = Trust()
    shares = [trust.see(loss) for loss in range(40)]
    assert shares[0] == 1 and shares[-1] == LEAST
    assert [trust.see(-loss) for loss in range(100, 200)][-1] == 1


def test_varied_steps_are_worth_more_when_the_sound_is_moved():
    """What the variations are for: the gain is still there at another pitch."""
    kept = []
    for variations in ({"time_shift_s": 0.0, "pitch_shift_bins": 0.0}, {"pitch_shift_bins": 1.5}):
        one = dreams.dreamer(6, **variations)
        before = one.score()
        clip = dreams.walk(one, 60)
        spectrum, n = torch.fft.rfft(clip), round(len(clip) / 2 ** (1 / 12))
        moved = torch.fft.irfft(spectrum[: n // 2 + 1], n) * n / len(clip)
        kept.append((one.score_of(moved) - before) / (one.score() - before))
    assert kept[1] > kept[0]
