"""The losses are those of the essay, term by term."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from oscbridge.ear.network import Ear
from oscbridge.ear.weights import initialise
from oscbridge.errors import BridgeError
from oscbridge.train.contrastive import ContrastiveEar, Predictor, contrast, contrast_moments

from . import sounds

N, CONTEXTS, AHEAD, SIZE = 5, 3, 4, 6
RANDOM = torch.Generator().manual_seed(0)
PREDICTED = torch.randn(N, CONTEXTS, AHEAD, SIZE, generator=RANDOM)
FUTURE = torch.randn(N, CONTEXTS, AHEAD, SIZE, generator=RANDOM)


def score(n: int, i: int, k: int, m: int, step: int) -> float:
    """exp(z_{m, step} M_k c_n) at context i."""
    return math.exp(float(FUTURE[m, i, step] @ PREDICTED[n, i, k]))


def each() -> list[tuple[int, int, int]]:
    return [(n, i, k) for n in range(N) for i in range(CONTEXTS) for k in range(AHEAD)]


def test_cpc_contrasts_with_the_other_clips_at_the_same_step() -> None:
    terms = [-math.log(score(n, i, k, n, k) / sum(score(n, i, k, m, k) for m in range(N))) for n, i, k in each()]
    assert float(contrast(PREDICTED, FUTURE, "cpc").loss) == pytest.approx(sum(terms) / len(terms), rel=1e-5)


def test_sat_contrasts_with_all_steps_each_scored_by_its_own_map() -> None:
    terms = []
    for n, i, k in each():
        others = sum(math.exp(float(FUTURE[m, i, s] @ PREDICTED[n, i, s])) for m in range(N) for s in range(AHEAD))
        terms.append(-math.log(score(n, i, k, n, k) / others))
    assert float(contrast(PREDICTED, FUTURE, "sat").loss) == pytest.approx(sum(terms) / len(terms), rel=1e-5)


def test_moments_contrasts_with_every_moment_of_every_clip() -> None:
    z = torch.randn(N, 9, SIZE, generator=RANDOM)
    moment = torch.tensor([[0, 1, 2, 3], [2, 3, 4, 5], [5, 6, 7, 8]])
    terms = []
    for n, i, k in each():
        scores = [math.exp(float(z[m, t] @ PREDICTED[n, i, k])) for m in range(N) for t in range(9)]
        terms.append(-math.log(math.exp(float(z[n, moment[i, k]] @ PREDICTED[n, i, k])) / sum(scores)))
    assert float(contrast_moments(PREDICTED, z, moment).loss) == pytest.approx(sum(terms) / len(terms), rel=1e-5)


@pytest.mark.parametrize("kind", ["cpc", "sat"])
def test_a_perfect_prediction_costs_nothing_and_a_blank_one_the_logarithm_of_the_choices(kind: str) -> None:
    far = torch.nn.functional.one_hot(torch.arange(N * CONTEXTS * AHEAD)).float().view(N, CONTEXTS, AHEAD, -1)
    assert float(contrast(50 * far, far, "cpc").loss) < 1e-6
    assert float(contrast(50 * far, far, "cpc").accuracy) == 1
    choices = N if kind == "cpc" else N * AHEAD
    assert float(contrast(0 * far, far, kind).loss) == pytest.approx(math.log(choices))


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="mse"):
        contrast(PREDICTED, FUTURE, "mse")


def test_the_predictor_is_a_linear_map_for_each_step() -> None:
    predictor = Predictor(SIZE, 3, AHEAD, 0.1, seed=1)
    c = torch.randn(2, 5, SIZE, generator=RANDOM)
    torch.testing.assert_close(predictor(c)[1, 4, 2], predictor.maps[2] @ c[1, 4])
    assert [name for name, _ in predictor.named_parameters()] == ["maps"]


def contrastive(**changes: object) -> ContrastiveEar:
    ear = Ear(sounds.ear())
    initialise(ear, 0)
    return ContrastiveEar(ear, sounds.spec(**changes))


def test_an_untrained_ear_starts_at_the_logarithm_of_its_choices() -> None:
    x = torch.rand(4, 1, 96, 48, generator=RANDOM)
    for kind, choices in (("cpc", 4), ("sat", 16)):
        loss = float(contrastive(loss=kind)(x, torch.zeros(4)).loss.detach())
        assert loss == pytest.approx(math.log(choices), abs=0.2)


def test_a_context_predicts_what_comes_after_it_and_skips_the_next() -> None:
    """c number i has heard encodings up to 2 i; with one skipped, the first predicted is 2 i + 2."""
    model = contrastive()
    assert list(model.contexts) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert model.moment[0].tolist() == [6, 7, 8, 9]
    assert int(model.moment.max()) == 23  # the last of the clip's 24 encodings


def test_c_never_hears_what_it_predicts() -> None:
    model = contrastive().eval()
    x = torch.rand(2, 1, 96, 48, generator=RANDOM)
    first = int(model.moment[0, 0]) * 4  # frames before the first one predicted
    changed = x.clone()
    changed[:, :, first - 3 :] = 0
    torch.testing.assert_close(model.encode(changed)[1][:, 0], model.encode(x)[1][:, 0])


def test_too_short_a_clip_says_how_long_it_must_be() -> None:
    with pytest.raises(BridgeError, match="frames is 40, which leaves no context with a future"):
        contrastive(frames=40, first_context=8)


@pytest.mark.parametrize("kind", ["cpc", "sat", "moments"])
def test_twenty_steps_on_one_batch_lower_the_loss(kind: str) -> None:
    torch.manual_seed(0)
    model = contrastive(loss=kind)
    random = torch.Generator().manual_seed(3)
    x: Tensor = 0.2 * torch.rand(4, 1, 96, 48, generator=random) + torch.rand(4, 1, 1, 48, generator=random)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(20):
        loss = model(x, torch.zeros(4)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]
