"""A wider ear starts with what a narrower one has learned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from oscbridge.ear.network import Ear
from oscbridge.ear.spec import EarSpec
from oscbridge.ear.weights import calibrate, initialise, save_ear
from oscbridge.ear.widen import widen
from oscbridge.errors import BridgeError
from oscbridge.train.contrastive import ContrastiveEar
from oscbridge.train.starting import start_from, wake

from . import sounds

X = torch.rand(2, 1, 96, 48, generator=torch.Generator().manual_seed(0))


def wider(times: int) -> EarSpec:
    narrow = sounds.ear()
    return narrow.model_copy(
        update={
            "encoder": tuple(b.model_copy(update={"channels": times * b.channels}) for b in narrow.encoder),
            "context": tuple(b.model_copy(update={"channels": times * b.channels}) for b in narrow.context),
        }
    )


def narrow() -> Ear:
    ear = Ear(sounds.ear())
    initialise(ear, 1)
    calibrate(ear, X[0])
    return ear


@pytest.mark.parametrize("times", [2, 3])
def test_a_widened_ear_computes_the_same(times: int) -> None:
    ear, wide = narrow(), Ear(wider(times)).eval()
    wide.load_state_dict(widen(ear.state_dict(), {k: v.shape for k, v in wide.state_dict().items()}, seed=0))
    for own, copied in zip(ear(X)[1:], wide(X)[1:], strict=True):
        torch.testing.assert_close(copied[:, : own.shape[1]], own, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(copied[:, -own.shape[1] :], own, atol=1e-4, rtol=1e-4)


def test_the_copies_read_different_shares_so_that_they_can_part() -> None:
    shapes = {k: v.shape for k, v in Ear(wider(2)).state_dict().items()}
    wide = widen(narrow().state_dict(), shapes, seed=0)["encoder.1.conv1.weight"]
    assert not torch.allclose(wide[:4, :4], wide[:4, 4:])
    assert not torch.allclose(wide[:4], wide[4:])


def test_a_training_goes_on_wider_with_its_predictor(tmp_path: Path) -> None:
    small = ContrastiveEar(narrow(), sounds.spec(loss="cpc")).eval()
    wide = ContrastiveEar(Ear(wider(2)), sounds.spec(loss="cpc")).eval()
    shapes = {name: value.shape for name, value in wide.state_dict().items()}
    values = widen(small.state_dict(), shapes, 0)
    values["predictor.maps"] /= 2
    wide.load_state_dict(values)
    tracks = torch.zeros(2)
    torch.testing.assert_close(wide(X, tracks).loss, small(X, tracks).loss, atol=1e-4, rtol=1e-4)


def test_weights_of_another_kind_are_refused_with_what_would_fit(tmp_path: Path) -> None:
    path = tmp_path / "narrow.safetensors"
    save_ear(narrow(), None, path)
    model = ContrastiveEar(Ear(sounds.ear()), sounds.spec())
    start_from(model, path, 0)
    for own, loaded in zip(narrow().parameters(), model.ear.parameters(), strict=True):
        torch.testing.assert_close(loaded, own, atol=2e-3, rtol=2e-3)
    blocks = tuple(b.model_copy(update={"channels": b.channels + 1}) for b in sounds.ear().encoder)
    other = ContrastiveEar(Ear(sounds.ear(encoder=blocks)), sounds.spec())
    with pytest.raises(BridgeError, match=r"conv1.weight as \[4, 1, 3, 3\]; this network needs \[5, 1, 3, 3\].*a half"):
        start_from(other, path, 0)
    with pytest.raises(BridgeError, match=r"is not there"):
        start_from(model, tmp_path / "none.safetensors", 0)
    with pytest.raises(BridgeError, match=r"holds no checkpoint.pt"):
        start_from(model, tmp_path, 0)


def test_a_dead_channel_is_woken_and_the_others_are_left_alone() -> None:
    ear = narrow()
    with torch.no_grad():
        ear.encoder[0].norm1.bias[1] = -50  # type: ignore[index,operator,union-attr]
    alive = [p.detach().clone() for p in ear.parameters()]
    dead_before = float(ear.eval()(X)[1][:, 1].max().detach())
    assert wake(ear, X) >= 1
    assert dead_before == 0 < float(ear.eval()(X)[1][:, 1].max().detach())
    changed = sum(int((a != b).sum()) for a, b in zip(alive, ear.parameters(), strict=True))
    assert changed <= 2 * wake_count(alive, ear)


def wake_count(before: list[torch.Tensor], ear: Ear) -> int:
    """Channels whose batch norm differs."""
    names = [name for name, _ in ear.named_parameters()]
    assert all("norm" in n for n, a, b in zip(names, before, ear.parameters(), strict=True) if not torch.equal(a, b))
    pairs = zip(names, before, ear.parameters(), strict=True)
    return max(1, sum(int((a != b).sum()) for n, a, b in pairs if n.endswith("bias")))
