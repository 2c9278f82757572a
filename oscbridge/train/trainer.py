"""The training loop: steps, validation, checkpoints. Draws nothing on a screen; whoever runs it is told."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from ..ear.network import Ear
from ..ear.spec import EarSpec
from ..ear.weights import initialise, save_ear
from ..errors import BridgeError
from ..files import write_whole
from . import checkpoints
from .batches import Batches
from .contrastive import ContrastiveEar
from .place import Place, has_bf16
from .shelf import Track
from .spec import TrainSpec
from .starting import start_from, wake
from .supervised import Labels, SupervisedEar

VALIDATION_BATCHES = 4
NORM_BATCHES = 32  # batches over which the batch norms' statistics are taken anew at the end
LOG = "log.csv"


@dataclass(frozen=True)
class Progress:
    """One line of the log. Accuracies are shares of predictions; validation: on held-out files, unvaried."""

    step: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    gradient_norm: float
    items_per_s: float
    seconds: float


class Trainer:
    """One training. Goes on from the checkpoint in `folder` if there is one.

    learn, held: tracks to learn from, and to validate on
    init: what to start from instead of the seeded initialisation, as of `start_from`
    labels: what the tracks are, to train a classifier instead, for comparison
    told: called with every step's Progress in the first process
    warn: called with a sentence when something went wrong that does not end the training
    """

    def __init__(
        self,
        ear: EarSpec,
        spec: TrainSpec,
        learn: Sequence[Track],
        held: Sequence[Track],
        folder: Path,
        place: Place,
        init: Path | None = None,
        labels: Labels | None = None,
        told: Callable[[Progress], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.spec, self.folder, self.place, self.told, self.warn = spec, folder, place, told, warn
        self.step, self.seconds = 0, 0.0
        network = Ear(ear)
        initialise(network, ear.seed)
        self._batches = Batches(learn, spec, ear.scalogram, place.device)
        self._validation = Batches(held, spec, ear.scalogram, place.device)
        self.model: ContrastiveEar | SupervisedEar = (
            ContrastiveEar(network, spec)
            if labels is None
            else SupervisedEar(network, labels, self._batches.tracks, self._validation.tracks)
        )
        found = checkpoints.load(folder)
        if found is not None:
            checkpoints.restore(self.model, found.network, folder / checkpoints.NAME)
        elif init is not None:
            start_from(self.model, init, spec.seed)
            woken = wake(network, self._batches.draw(spec.seed, 1 << 21)[0].cpu())
            if woken:
                self.warn(f"{woken} channels that answered to nothing were given a new start")
        self.model.to(place.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = torch.optim.AdamW(self.model.parameters(), spec.learning_rate, weight_decay=spec.weight_decay)
        if found is not None:
            self._optimizer.load_state_dict(found.optimizer)
            self.step, self.seconds = found.step, found.seconds
        self._parallel: nn.Module = self.model
        if place.processes > 1:
            self._parallel = nn.parallel.DistributedDataParallel(self.model, broadcast_buffers=False)
        self._low = torch.bfloat16 if has_bf16(place.device) else None

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Trains to the last step, or until `should_stop`. Returns whether it is done.

        Raises BridgeError if the loss is no number any more; the last good checkpoint stays.
        """
        kept = self.spec.snapshot_steps()
        if self.place.is_first:
            self._trim_log()
        began, before = time.monotonic(), self.seconds
        while self.step < self.spec.steps:
            progress = self._step()
            self.seconds = before + time.monotonic() - began
            if self.place.is_first:
                self._log(progress)
                self.told(progress)
                if self.step in kept:
                    self._keep()
                if self.step % self.spec.save_every == 0 and self.step < self.spec.steps:
                    self._save()
            if self._agree(should_stop()):
                break
        if self.place.is_first:
            self._save(must=True)
        return self.step >= self.spec.steps

    @property
    def maps(self) -> torch.Tensor | None:
        """(ahead, encoding, context) that it predicts with; None if it was taught by labels."""
        predictor = getattr(self.model, "predictor", None)
        return None if predictor is None else predictor.maps.detach().cpu()

    def settle(self) -> Ear:
        """The ear with batch norm statistics over many batches of its final weights, instead of a running mean."""
        norms = [m for m in self.model.ear.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # cumulative
        self.model.train()
        with torch.no_grad():
            for index in range(NORM_BATCHES):
                self.model.ear(self._batches.draw(self.spec.seed, 1 << 20, index)[0])
        for norm in norms:
            norm.momentum = 0.1
        return self.model.ear.eval()

    def held_clips(self, index: int) -> torch.Tensor:
        """A batch of clips of held-out tracks, (batch, 1, frames, bins), on the CPU."""
        return self._validation.plain(1, index)[0].cpu()

    def profile(self, steps: int) -> str:
        """Where the time of some steps goes, as a table. Nothing is saved."""
        from torch.profiler import ProfilerActivity, profile

        self._step()  # the first one packs and allocates
        kinds = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if self.place.device.type == "cuda" else [])]
        with profile(activities=kinds) as profiler:
            for _ in range(steps):
                self._step()
        return profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=20, max_name_column_width=40)

    def _step(self) -> Progress:
        began = time.monotonic()
        rate = self.spec.rate_at(self.step)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        x, tracks = self._batches.draw(self.spec.seed, self.place.rank, self.step)
        with self._autocast():
            score = self._parallel(x.contiguous(memory_format=torch.channels_last), tracks)
        self._optimizer.zero_grad(set_to_none=True)
        score.loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.spec.clip_norm)
        loss, gradient = float(score.loss.detach()), float(norm)
        if self._agree(not (loss == loss and gradient < float("inf"))):  # before the step: the weights are still good
            raise BridgeError(
                f"the loss is {loss:g} and the gradient {gradient:g} at step {self.step}; the last good checkpoint is "
                f"in {self.folder}. Go on from it with a smaller learning_rate ({self.spec.learning_rate:g} now) or a "
                "longer warmup",
                500,
            )
        self._optimizer.step()
        self.step += 1
        held_loss, held_accuracy = self._validate() if self.step % self.spec.validate_every == 0 else (None, None)
        items = self.spec.batch * self.place.processes / (time.monotonic() - began)
        accuracy = float(score.accuracy)
        return Progress(self.step, loss, accuracy, held_loss, held_accuracy, rate, gradient, items, self.seconds)

    @torch.no_grad()
    def _validate(self) -> tuple[float, float]:
        self.model.eval()
        loss, accuracy = 0.0, 0.0
        for index in range(VALIDATION_BATCHES):
            with self._autocast():
                score = self.model(*self._validation.plain(0, index), validating=True)
            loss += float(score.loss) / VALIDATION_BATCHES
            accuracy += float(score.accuracy) / VALIDATION_BATCHES
        return loss, accuracy

    def _autocast(self) -> Any:
        return torch.autocast(self.place.device.type, self._low) if self._low else nullcontext()

    def _agree(self, mine: bool) -> bool:
        """Whether any process says so: they stop together."""
        if self.place.processes == 1:
            return mine
        vote = torch.tensor([float(mine)], device=self.place.device)
        dist.all_reduce(vote, dist.ReduceOp.MAX)
        return bool(vote.item())

    def _save(self, must: bool = False) -> None:
        network, optimizer = self.model.state_dict(), self._optimizer.state_dict()
        state = checkpoints.Checkpoint(self.step, self.seconds, self.model.ear.spec, self.spec, network, optimizer)
        try:
            checkpoints.save(state, self.folder)
        except BridgeError as error:  # a disk may have room again by the next time
            if must:
                raise
            self.warn(f"step {self.step}: {error}")

    def _keep(self) -> None:
        try:
            save_ear(self.model.ear, None, self.folder / "snapshots" / f"{self.step:06}.safetensors")
        except BridgeError as error:
            self.warn(f"step {self.step}: {error}")

    def _trim_log(self) -> None:
        """Takes out steps after the checkpoint that this training goes on from: they will come again."""
        path = self.folder / LOG
        if path.exists():
            head, *rows = path.read_text().splitlines()
            kept = [row for row in rows if row.split(",")[0].isdigit() and int(row.split(",")[0]) <= self.step]
            write_whole(path, ("\n".join([head, *kept]) + "\n").encode())

    def _log(self, progress: Progress) -> None:
        path = self.folder / LOG
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, [f.name for f in fields(Progress)])
        if not path.exists():
            writer.writeheader()
        row = {k: "" if v is None else round(v, 6) if isinstance(v, float) else v for k, v in asdict(progress).items()}
        writer.writerow(row)
        try:
            with path.open("a") as file:
                file.write(buffer.getvalue())
        except OSError as error:
            self.warn(f"{path} cannot be written: {error.strerror}")
