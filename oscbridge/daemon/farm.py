"""More dreaming than one machine gives: jobs to a Dask cluster, of which the best comes back.

Each worker of the cluster has oscbridge and the same network installed: `dask worker tcp://host:8786 --nthreads 1`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import resources
from ..errors import BridgeError

if TYPE_CHECKING:
    from ..dream.job import Job, Result
    from ..ear.model import Model
    from ..ear.reference import Reference

CONNECT_S = 5
MOST_JOBS = 64  # at once
ROUND_S = 1.0  # what a round of jobs aims at; a clip can be handed over after each


class Farm:
    """Dreams the same stretch with several seeds at once."""

    def __init__(self, address: str, model: Path) -> None:
        """address: of the scheduler, tcp://host:port. Raises BridgeError 503 if it does not answer."""
        try:
            from distributed import Client
        except ImportError:
            raise BridgeError(
                "dream.farm needs Dask: pip install 'oscbridge[farm]', here and on the workers", 503
            ) from None
        try:
            self._client: Any = Client(address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            text = f"dream.farm is {address}; no Dask scheduler answers there ({error}). Dreaming here instead"
            raise BridgeError(text, 503) from error
        self._address, self._model = address, model
        self._futures: list[Any] = []
        self._began, self.steps = 0.0, 4

    @property
    def is_at_work(self) -> bool:
        return bool(self._futures)

    def send(self, job: Job) -> int:
        """The job, once for every thread of the cluster, each with its own seed. Returns how many. Raises BridgeError
        503 if there is no worker."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        count = min(MOST_JOBS, sum(worker["nthreads"] for worker in workers))
        if not count:
            raise BridgeError(f"the farm at {self._address} has no worker; start one: dask worker {self._address}", 503)
        self._began = time.monotonic()
        jobs = [replace(job, steps=self.steps, seed=(job.seed + 7919 * i) % 1_000_000) for i in range(count)]
        name = str(self._model) if self._model.parent != resources.folder("models") else self._model.stem
        self._futures = [self._client.submit(work, one, name, pure=False) for one in jobs]
        return count

    def best(self, timeout_s: float) -> Result | None:
        """The best-scoring result once all are there; None if they are not yet. Raises BridgeError if they failed."""
        end = time.monotonic() + timeout_s
        while not all(future.done() for future in self._futures):
            if time.monotonic() >= end:
                return None
            time.sleep(0.01)
        futures, self._futures = self._futures, []
        results = [future.result() for future in futures if future.status == "finished"]
        if not results:
            why = futures[0].exception()
            raise why if isinstance(why, BridgeError) else BridgeError(f"the farm failed: {why!r}", 503)
        took = max(time.monotonic() - self._began, 1e-3)
        self.steps = int(min(max(1, self.steps * min(2.0, ROUND_S / took)), 500))
        best: Result = max(results, key=lambda result: result.score)
        return best

    def close(self) -> None:
        self._client.close(timeout=1)


def work(job: Job, model: str) -> Result:
    """On a worker of the cluster. model: as in model.name. Raises BridgeError if it has another network there."""
    from ..dream.job import dream

    network, reference = _opened(model)
    if network.plan.id != job.model:
        raise BridgeError(
            f"a worker of the farm has the network {network.plan.id}, the daemon {job.model}; install the same models",
            409,
        )
    return dream(job, network, reference)


@cache
def _opened(model: str) -> tuple[Model, Reference]:
    """Once for each process of the cluster."""
    import torch

    from ..ear.opening import open_with_reference

    torch.set_num_threads(1)
    network, _, reference = open_with_reference(resources.model_file(model))
    return network, reference
