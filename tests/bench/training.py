"""What a training step costs against the same step in plain float32, and how fast sound is prepared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from oscbridge import resources
from oscbridge.commands.train import load_train_spec
from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.network import Ear
from oscbridge.ear.spec import load_spec
from oscbridge.ear.weights import initialise
from oscbridge.sound import decode
from oscbridge.train.augment import Augmenter, frames_needed
from oscbridge.train.contrastive import ContrastiveEar
from oscbridge.train.house import track
from oscbridge.train.place import has_bf16
from oscbridge.train.shelf import columns_of

STEPS = 4
CONFIG = "ear-half"


@dataclass(frozen=True)
class TrainingCost:
    """items: clips a second, of clip_s each; the others: seconds of sound a second, one thread."""

    items_per_s: float
    plain_items_per_s: float
    clip_s: float
    drawn: float
    scalogram: float
    house: float

    @property
    def ratio(self) -> float:
        return self.items_per_s / self.plain_items_per_s


def measure() -> TrainingCost:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    spec = load_train_spec(CONFIG, {})
    ear = load_spec(resources.model_file(spec.model)).model_copy(update={"classes": ()})
    random = torch.Generator().manual_seed(0)
    clips = torch.rand(spec.batch, 1, spec.frames, ear.scalogram.bins, generator=random)
    fast, plain = _step(ear, spec, clips, fast=True), _step(ear, spec, clips, fast=False)
    times = [
        (_seconds(fast), _seconds(plain)) for _ in range(STEPS)
    ]  # in turns: the machine's mood is the same for both
    fast_s, plain_s = np.median(times, axis=0)
    clip_s = spec.frames * ear.scalogram.hop_s
    length = frames_needed(spec.frames, spec.augment)
    values, augment = torch.rand(spec.batch, length, ear.scalogram.bins), Augmenter(spec.augment, ear.scalogram, 0)
    drawn = spec.batch * clip_s / min(_seconds(lambda: augment(values, spec.frames)) for _ in range(STEPS))
    audio = np.tile(decode(Path(resources.loop_file()), ear.scalogram.rate), 8)
    bank = FilterBank(ear.scalogram)
    with torch.inference_mode():
        filtered = min(_seconds(lambda: columns_of(audio, bank)) for _ in range(2))
    made = [0]

    def house() -> None:
        made[0] = len(track(7, "own", sections=4))

    house_s = _seconds(house)
    return TrainingCost(
        spec.batch / fast_s, spec.batch / plain_s, clip_s, drawn,
        len(audio) / ear.scalogram.rate / filtered, made[0] / 44_100 / house_s,
    )  # fmt: skip


def _step(ear: object, spec: object, clips: torch.Tensor, fast: bool) -> Callable[[], None]:
    network = Ear(ear)  # type: ignore[arg-type]
    initialise(network, 0)
    model = ContrastiveEar(network, spec).train()  # type: ignore[arg-type]
    low = fast and has_bf16(torch.device("cpu"))
    if fast:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        clips = clips.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters())
    tracks = torch.zeros(len(clips))

    def step() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            loss = model(clips, tracks).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    step()
    return step


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
