"""The VGG tagger as a listener: its newest activations, its statistics, and no words for silence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .measuring import NEAR_SILENCE
from .mel import log_mel
from .neurons import Statistics
from .tagger import FoldedTagger
from .tagger_anatomy import RATE, TAGS, WINDOW, extents, gated, heard_frames, level_db, unheard_samples

EVERY_S = 0.25  # between the windows that statistics are taken from


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


def measure_looks(look: Callable[[Tensor], Tensor], loop: Tensor) -> Statistics:
    """Statistics of every neuron over a loop that goes round, and over near-silence. loop: (n,) float32 at 16 kHz."""
    laps = loop.repeat(-(-WINDOW // len(loop)) + 1)
    starts = range(0, len(loop), round(EVERY_S * RATE))
    heard = np.stack([look(laps[at : at + WINDOW]).numpy() for at in starts])
    noise = NEAR_SILENCE * torch.randn(WINDOW, generator=torch.Generator().manual_seed(0))
    quiet = look(noise).numpy().copy()
    high = np.percentile(heard, 99.5, axis=0).astype(np.float32)
    return Statistics(heard.mean(0), heard.std(0), _words_as_they_are(high), quiet)


def _words_as_they_are(high: np.ndarray) -> np.ndarray:
    """A tag is bright when it is certain, whatever this loop made of it."""
    high[-len(TAGS) :] = 1.0
    return high
