"""The VGG tagger ready to listen: its newest activations, its statistics, and no words for silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .mel import log_mel
from .neurons import Statistics
from .plan import Plan, plan_of
from .reference import load_statistics, path_of
from .tagger import FoldedTagger, load_tagger
from .tagger_anatomy import RATE, TAGS, WINDOW, extents, gated, heard_frames, level_db, unheard_samples
from .windowed import looks, measure_looks


class Look:
    """What every neuron answers to a window, (47,616,) float32 at 16 kHz: (neurons,) float32, in the wire's order.

    A window's last 0.4 s reach no tag, so the newest sound is moved ahead of them, and each layer's newest step is the
    one in whose middle that sound lies. Where the window is too quiet, no tag is told.
    """

    def __init__(self, tagger: FoldedTagger) -> None:
        self._tagger, self._unheard = tagger, unheard_samples()
        newest = heard_frames() - 1
        self._steps = [max(0, min(x.steps - 1, (newest - (x.frames - 1) // 2) // x.every_frames)) for x in extents()]
        self._steps += [0, 0]  # of the dense layer and the tags

    @torch.inference_mode()
    def __call__(self, window: Tensor) -> Tensor:
        moved = torch.nn.functional.pad(window[self._unheard :], (0, self._unheard))
        found = self._tagger.layers(log_mel(moved[None]))
        parts = [x[0, :, step].flatten() for x, step in zip(found, self._steps, strict=True)]
        parts[-1] = torch.from_numpy(gated(parts[-1].numpy(), level_db(window.numpy())))
        return torch.cat(parts)


@dataclass(frozen=True)
class LoadedTagger:
    """The folded tagger, ready to listen."""

    tagger: FoldedTagger
    plan: Plan
    statistics: Statistics
    trained: bool = True

    how = f"in windows of {WINDOW / RATE:.1f} s, which is what it was trained on"
    samples = WINDOW  # that a look is at

    @property
    def look(self) -> Look:
        return Look(self.tagger)

    def moments(self, music: Tensor, count: int) -> NDArray[np.float32]:
        """As Model has it; each is one window."""
        return looks(self.look, music, WINDOW, count)


def open_tagger(path: Path, music: Tensor) -> LoadedTagger:
    """The tagger whose YAML that is. music: (n,) float32 at 16 kHz, which its statistics are taken from if none lie
    beside it.

    Raises BridgeError."""
    tagger = load_tagger(path.with_suffix(".safetensors"))
    plan = plan_of(path)
    known = load_statistics(path_of(path), plan.neurons)
    return LoadedTagger(tagger, plan, known or measure_looks(Look(tagger), music, WINDOW, RATE, len(TAGS)))
