"""A training can be stopped, go on, run out of disk and go wrong, and never loses its last good state."""

from __future__ import annotations

import contextlib
import csv
import itertools
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from oscbridge.errors import BridgeError
from oscbridge.train import checkpoints
from oscbridge.train.place import Place
from oscbridge.train.shelf import Track, fill, split
from oscbridge.train.spec import TrainSpec
from oscbridge.train.trainer import LOG, Progress, Trainer

from . import sounds

HERE = Place(0, 1, torch.device("cpu"))


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Track], list[Track]]:
    at = tmp_path_factory.mktemp("sound")
    found, _ = fill([sounds.folder(at / "music")], sounds.ear().scalogram, at / "shelf", workers=1)
    return split(found, 0.3)


def trainer(
    tracks: tuple[list[Track], list[Track]], out: Path, spec: TrainSpec | None = None, **more: object
) -> Trainer:
    return Trainer(sounds.ear(), spec or sounds.spec(), *tracks, out, HERE, **more)  # type: ignore[arg-type]


def weights(t: Trainer) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in t.model.parameters()])


def test_a_stopped_training_goes_on_as_if_it_had_not(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    whole = trainer(tracks, tmp_path / "whole")
    assert whole.run()
    first = trainer(tracks, tmp_path / "parts")
    assert not first.run(should_stop=lambda: first.step == 3)
    with (tmp_path / "parts" / LOG).open("a") as log:
        log.write("4,a step that was lost with the power")
    second = trainer(tracks, tmp_path / "parts")
    assert second.step == 3
    assert second.run()
    steps = [row["step"] for row in csv.DictReader((tmp_path / "parts" / LOG).open())]
    assert steps == [str(n) for n in range(1, 9)]
    torch.testing.assert_close(weights(second), weights(whole))
    assert not torch.equal(weights(second), weights(first))


def test_every_step_is_told_and_logged(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    told: list[Progress] = []
    trainer(tracks, tmp_path, told=told.append).run()
    assert [p.step for p in told] == list(range(1, 9))
    assert [p.validation_loss is not None for p in told] == [False] * 3 + [True] + [False] * 3 + [True]
    rows = list(csv.DictReader((tmp_path / LOG).open()))
    assert [int(r["step"]) for r in rows] == list(range(1, 9))
    assert float(rows[3]["validation_accuracy"]) == pytest.approx(told[3].validation_accuracy, abs=1e-5)


def test_the_learning_rate_warms_up_and_fades() -> None:
    spec = sounds.spec(steps=100, warmup=10)
    rates = [spec.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(1e-4) and rates[10] == pytest.approx(1e-3)
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert rates[-1] < 2e-5


def test_snapshots_are_kept_over_the_training(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    trainer(tracks, tmp_path).run()
    kept = sorted(p.name for p in (tmp_path / "snapshots").iterdir())
    assert kept == ["000002.safetensors", "000008.safetensors"]
    tensors = load_file(tmp_path / "snapshots" / kept[0])
    assert tensors["encoder.0.conv1.weight"].dtype == torch.float16


def test_a_loss_that_is_no_number_stops_and_leaves_the_last_good_checkpoint(
    tracks: tuple[list[Track], list[Track]], tmp_path: Path
) -> None:
    broken = trainer(tracks, tmp_path)
    broken.run(should_stop=lambda: broken.step == 4)
    again = trainer(tracks, tmp_path)
    with torch.no_grad():
        again.model.predictor.maps.fill_(float("nan"))  # type: ignore[union-attr]
    with pytest.raises(BridgeError, match=r"loss is nan .* at step 4; .* smaller learning_rate"):
        again.run()
    state = checkpoints.load(tmp_path)
    assert state is not None and state.step == 4
    assert all(torch.isfinite(v).all() for v in state.network.values() if v.is_floating_point())


@contextlib.contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 10 kB: writing fails in the system itself, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_leaves_the_last_good_checkpoint_and_the_training_goes_on(
    tracks: tuple[list[Track], list[Track]], tmp_path: Path
) -> None:
    said: list[str] = []
    t = trainer(tracks, tmp_path, sounds.spec(save_every=2), warn=said.append)
    t.run(should_stop=lambda: t.step == 3)
    before = (tmp_path / checkpoints.NAME).read_bytes()
    on = trainer(tracks, tmp_path, sounds.spec(save_every=2), warn=said.append)
    with full_disk(), pytest.raises(BridgeError, match=r"cannot be written"):  # at the end it must be told as a failure
        on.run(should_stop=lambda: on.step == 7)
    assert on.step == 7 and [text.split(":")[0] for text in said] == ["step 4", "step 6"]
    assert (tmp_path / checkpoints.NAME).read_bytes() == before
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(f".{checkpoints.NAME}")]


def test_a_checkpoint_of_another_size_is_named(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    t = trainer(tracks, tmp_path)
    t.run(should_stop=lambda: t.step == 1)
    with pytest.raises(BridgeError, match=r"another size: predictor.maps is \[4, .*this configuration makes it \[3, "):
        trainer(tracks, tmp_path, sounds.spec(ahead=3))


def test_a_file_that_is_no_checkpoint_is_told(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    for content in (b"", b"garbage", b"PK\x03\x04 half a zip"):
        (tmp_path / checkpoints.NAME).write_bytes(content)
        with pytest.raises(BridgeError, match=r"not a checkpoint that can be read"):
            trainer(tracks, tmp_path)


def test_files_shorter_than_a_clip_are_told_with_both_lengths(
    tracks: tuple[list[Track], list[Track]], tmp_path: Path
) -> None:
    with pytest.raises(BridgeError, match=r"a clip takes 36\.8 s, the longest file has 4\.0 s"):
        trainer(tracks, tmp_path, sounds.spec(frames=2_000))


def test_training_lowers_the_loss(tracks: tuple[list[Track], list[Track]], tmp_path: Path) -> None:
    told: list[Progress] = []
    spec = sounds.spec(steps=60, learning_rate=1e-2, loss="cpc", batch=6, same_folder=0.0)
    trainer(tracks, tmp_path, spec, told=told.append).run()
    assert told[0].loss == pytest.approx(1.79, abs=0.1)  # the logarithm of 6
    assert sum(p.loss for p in told[-20:]) / 20 < 1.5


def test_settling_takes_the_batch_norms_statistics_anew(
    tracks: tuple[list[Track], list[Track]], tmp_path: Path
) -> None:
    t = trainer(tracks, tmp_path)
    t.run()
    before = t.model.ear.encoder[0].norm1.running_mean.clone()  # type: ignore[union-attr,operator]
    ear = t.settle()
    after = ear.encoder[0].norm1.running_mean  # type: ignore[union-attr]
    assert not ear.training and not torch.equal(before, after)  # type: ignore[arg-type]
    again = t.settle().encoder[0].norm1.running_mean  # type: ignore[union-attr]
    torch.testing.assert_close(after, again)
