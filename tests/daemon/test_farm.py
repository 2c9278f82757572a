"""Dreams on a Dask cluster: a scheduler and two workers, each a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.daemon.farm import Farm, work
from oscbridge.dream.dreamer import Dreamer
from oscbridge.dream.goals import Goals
from oscbridge.dream.job import Job, dream
from oscbridge.ear.opening import open_ear
from oscbridge.ear.reference import load_reference
from oscbridge.errors import BridgeError
from oscbridge.sections import Dream
from tests.dream import dreams
from tests.ear import ears
from tests.wire import ROOT, Running

START_S = 60.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("farm") / "small.yaml"
    ears.write_yaml(path)
    return path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler that has two workers."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    folder, address = tmp_path_factory.mktemp("dask"), f"tcp://127.0.0.1:{port}"
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    with (folder / "log.txt").open("w") as log:
        started = [
            subprocess.Popen([sys.executable, "-m", f"distributed.cli.{one[0]}", *one[1:]], cwd=folder, stdout=log,
                             stderr=log, env=_environment())
            for one in (scheduler, worker, worker)
        ]  # fmt: skip
        try:
            _wait_for_workers(address)
            yield address
        finally:
            for process in reversed(started):
                process.kill()  # asked to end, a worker whose scheduler is ending too waits for it for ten seconds
                process.wait()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def _wait_for_workers(address: str) -> None:
    from distributed import Client

    client = Client(address, timeout=START_S, set_as_default=False)
    client.wait_for_workers(2, timeout=START_S)
    client.close()


@pytest.fixture(scope="module")
def job(model: Path) -> Job:
    loaded, music = open_ear(model, None)
    clip = music[: 2 * dreams.RATE].numpy()
    noise = dreams.noise().numpy()
    return Job(loaded.id, Dream().model_dump(), dreams.selected(4), noise, noise, clip, steps=5, seed=3)


def test_a_job_is_the_dream_itself(model, job):
    loaded, music = open_ear(model, None)
    reference = load_reference(loaded, Path("none"), music)
    result = dream(job, loaded, reference)
    goals = Goals(loaded, reference, torch.from_numpy(job.target))
    own = Dreamer(loaded, torch.from_numpy(job.origin), Dream(seed=3), job.selected, goals)
    own.resize(torch.from_numpy(job.sound), torch.from_numpy(job.origin))
    dreams.walk(own, 5)
    assert np.array_equal(result.sound, own.sound.numpy()) and result.score == own.score()


def test_two_workers_dream_two_clips_and_the_better_one_comes_back(cluster, model, job):
    farm = Farm(cluster, model)
    try:
        assert farm.send(job) == 2
        best = farm.best(START_S)
        assert best is not None and not farm.is_at_work
        alone = [work(Job(**{**vars(job), "steps": 4, "seed": seed}), str(model)) for seed in (3, 3 + 7919)]
        assert best.score == pytest.approx(max(one.score for one in alone))
        assert alone[0].score != alone[1].score
    finally:
        farm.close()


def test_a_worker_with_another_network_is_told(cluster, model, job):
    farm = Farm(cluster, model)
    try:
        farm.send(Job(**{**vars(job), "model": "ear-of-another"}))
        with pytest.raises(BridgeError, match="install the same models"):
            farm.best(START_S)
    finally:
        farm.close()


def test_a_daemon_hands_over_what_the_farm_has_dreamed(cluster, model, tmp_path):
    sets = [f"model.name={model}", f"dream.farm={cluster}", "transport.bpm=240", "transport.beats_per_clip=8"]
    with Running(tmp_path / "farmed", sets) as running, running.wire() as wire:
        wire.ask("/ear/select/add", 4, 0, 0, 0.0, 1.0, 1.0)
        wire.subscribe("dream")
        wire.subscribe("clips")
        assert wire.ask("/ear/dream/start", timeout_s=START_S)[0] == "/ear/done"
        steps = [wire.wait_for(lambda m: m[0] == "/ear/dream/progress")[2] for _ in range(3)]
        assert steps[0] < steps[1] < steps[2] and steps[0] >= 4  # a round each
        assert wire.wait_for(lambda m: m[0] == "/ear/clip/ready")[5] == 8_000


def test_without_a_scheduler_the_daemon_says_so_and_dreams_itself(model, tmp_path):
    sets = [f"model.name={model}", "dream.farm=tcp://127.0.0.1:9", "transport.bpm=240"]
    with Running(tmp_path / "alone", sets) as running, running.wire() as wire:
        wire.ask("/ear/select/add", 4, 0, 0, 0.0, 1.0, 1.0)
        wire.subscribe("dream")
        began = time.monotonic()
        assert wire.ask("/ear/dream/start", timeout_s=START_S)[0] == "/ear/done"
        assert "no Dask scheduler answers there" in running.text and time.monotonic() - began < START_S
