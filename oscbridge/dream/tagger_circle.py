"""The VGG tagger on a loop that has always played.

Its layers' maps are those of an endless spectrogram, without the zeros that a window's own ends bring; its words are
those of whole windows, as it gives them, each with its moment in the middle.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..ear.mel import log_mel
from ..ear.tagger import FoldedTagger
from ..ear.tagger_anatomy import BANDS, FFT, FRAMES, HOP, KERNEL, POOLS, band_edges_hz, extents, heard_frames
from .circle import LEAK, LOGITS, WAKING, redirected, round_the_circle

DENSE, TAGS = len(POOLS) + 1, len(POOLS) + 2  # layers
SLOWEST = extents()[-1].every_frames  # frames from one step of the last maps to the next
QUARTER_TONES = 24  # an octave
SPARE = FFT // 2 // HOP + 1  # frames that the spectrogram's own ends may touch


class CircularTagger:
    """See Circle. layers: of `tagger_layers`, and LOGITS."""

    bins = BANDS

    def __init__(self, tagger: FoldedTagger, layers: Sequence[int], wakes: bool = False) -> None:
        self.layers = sorted(layers)
        self._maps = [i for i in self.layers if 0 <= i < DENSE]
        self._has_words = not {LOGITS, DENSE, TAGS}.isdisjoint(self.layers)
        self._tagger = _awake(tagger, self._maps) if wakes else tagger
        behind, ahead = _reach(max(self._maps, default=0))
        if self._has_words:
            behind, ahead = max(behind, _AHEAD_OF_MOMENT), max(ahead, FRAMES - _AHEAD_OF_MOMENT)
        self.before = math.ceil(behind / SLOWEST) * SLOWEST
        self._after = ahead

    def frames_of(self, samples: int) -> int:
        """As many as the loop has, and a few of its beginning once more: steps of all layers are whole."""
        return math.ceil(samples / HOP / SLOWEST) * SLOWEST

    def hear(self, audio: Tensor) -> Tensor:
        columns = self.before + self.frames_of(audio.shape[-1]) + self._after
        sound = round_the_circle(audio, (self.before + SPARE) * HOP, (columns - self.before + SPARE) * HOP)
        return log_mel(sound)[:, None, SPARE : SPARE + columns]

    def moved(self, bins: float) -> Tensor:
        """Mel bands lie close together at the top, so that a quarter tone is more of them there."""
        centres = np.array(band_edges_hz()[1:-1])
        at = np.interp(centres * 2 ** (-bins / QUARTER_TONES), centres, np.arange(BANDS))
        return torch.from_numpy(at.astype(np.float32))

    def answers(self, x: Tensor) -> dict[int, Tensor]:
        frames = x.shape[2] - self.before - self._after
        found: dict[int, Tensor] = {}
        if self._maps:
            sizes = extents()
            every = self._tagger.maps(x[:, 0], self._maps[-1])
            for i in self._maps:
                step = sizes[i].every_frames
                found[i] = every[i][:, :, self.before // step : (self.before + frames) // step]
        if self._has_words:
            logits = self._words(x, frames)
            words = {LOGITS: logits, DENSE: logits, TAGS: torch.sigmoid(logits)}
            found |= {i: words[i] for i in words if i in self.layers}
        return found

    def _words(self, x: Tensor, frames: int) -> Tensor:
        """(views, 50, windows, 1): logits, two windows to every one that fits into the loop."""
        count = max(1, round(2 * frames / FRAMES))
        moments = [self.before + round((i + 0.5) * frames / count) for i in range(count)]
        cut = torch.stack([x[:, 0, at - _AHEAD_OF_MOMENT :][:, :FRAMES] for at in moments], 1)
        return self._tagger.logits(cut).transpose(1, 2).unsqueeze(-1)


_AHEAD_OF_MOMENT = heard_frames() // 2


def _reach(layer: int) -> tuple[int, int]:
    """How many frames a step sees before its own first one, and after its last."""
    size = extents()[layer]
    behind = sum(KERNEL // 2 * x.every_frames for x in extents()[:layer])
    return behind, size.frames - behind - size.every_frames


def _awake(tagger: FoldedTagger, wanted: Sequence[int]) -> FoldedTagger:
    """The same values, but a neuron that is silent feels a pull upwards, most of all in the layers that are wanted."""

    def hold(index: int, y: Tensor) -> Tensor:
        sign = torch.where(torch.isinf(getattr(tagger, f"high{index}")), 1.0, -1.0)
        return sign * redirected(sign * y, WAKING if index in wanted else LEAK)

    own = copy.copy(tagger)
    own.hold = hold  # type: ignore[method-assign]
    return own
