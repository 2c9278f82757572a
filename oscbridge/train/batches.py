"""Clips drawn from the shelf: which track, which moment. The same seed and step give the same batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import torch
from torch import Tensor

from ..ear.spec import ScalogramSpec
from ..errors import BridgeError
from .augment import Augmenter, frames_needed
from .shelf import Track
from .spec import TrainSpec

QUIET = 0.06 * 255  # mean of a clip below which another moment is tried
TRIES = 4


class Batches:
    """Batches of clips of some tracks.

    Domains are drawn by their weight, tracks by the square root of their length, so that a long set does not drown
    the short pieces.
    """

    def __init__(
        self, tracks: Sequence[Track], spec: TrainSpec, ear: ScalogramSpec, device: torch.device | str = "cpu"
    ):
        self.spec, self.device = spec, device
        self._augmenter = Augmenter(spec.augment, ear, 0, device)
        self._length = frames_needed(spec.frames, spec.augment)
        self.tracks = [t for t in tracks if t.frames >= self._length]
        if not self.tracks:
            longest = max((t.frames for t in tracks), default=0) * ear.hop_s
            raise BridgeError(
                f"no sound file is long enough: a clip takes {self._length * ear.hop_s:.1f} s, the longest file has "
                f"{longest:.1f} s; give longer files, or fewer `frames` in the training configuration"
            )
        domains = [t.domain for t in self.tracks]
        weights = np.sqrt([float(t.frames) for t in self.tracks])
        for domain in set(domains):
            own = np.array([d == domain for d in domains])
            weights[own] *= spec.domains.get(domain, 1.0) / weights[own].sum()
        self._chance = weights / weights.sum()
        self._folders = np.array([f"{t.domain}/{PurePosixPath(t.name).parent}" for t in self.tracks])

    def draw(self, *key: int) -> tuple[Tensor, Tensor]:
        """Varied clips, (batch, 1, frames, bins) float32, and which of `tracks` each is from, (batch,) int64.

        key: what the draw depends on, as seed, process and step.
        """
        rng = np.random.default_rng(key)
        chosen: list[int] = []
        for _ in range(self.spec.batch // self.spec.clips_per_track):
            chosen += [self._next_track(rng, chosen[-1] if chosen else -1)] * self.spec.clips_per_track
        clips = [self._moment(self.tracks[index], rng) for index in chosen]
        values = torch.from_numpy(np.stack(clips)).to(self.device).float()
        self._augmenter.random.manual_seed(int(rng.integers(2**62)))
        dither = torch.rand(values.shape, generator=self._augmenter.random, device=values.device) - 0.5
        varied = self._augmenter(((values + dither * (values > 0)) / 255).clamp(0, 1), self.spec.frames)
        return varied, torch.tensor(chosen, device=self.device)

    def plain(self, *key: int) -> tuple[Tensor, Tensor]:
        """The same of clips as they are, one a track as far as there are tracks: to validate."""
        rng = np.random.default_rng(key)
        tracks = rng.permutation(len(self.tracks))
        chosen = np.resize(tracks, self.spec.batch)
        clips = [self._moment(self.tracks[i], rng)[: self.spec.frames] for i in chosen]
        values = torch.from_numpy(np.stack(clips)).to(self.device).float().div(255).unsqueeze(1)
        return values, torch.from_numpy(chosen).to(self.device)

    def _next_track(self, rng: np.random.Generator, last: int) -> int:
        chance = self._chance
        if last >= 0 and rng.random() < self.spec.same_folder:
            own = (self._folders == self._folders[last]) * chance
            own[last] = 0.0
            if own.sum() > 0:
                chance = own / own.sum()
        return int(rng.choice(len(self.tracks), p=chance))

    def _moment(self, track: Track, rng: np.random.Generator) -> np.ndarray:
        columns = track.columns()
        for _ in range(TRIES):
            first = int(rng.integers(track.frames - self._length + 1))
            clip = np.array(columns[first : first + self._length])
            if clip.mean() >= QUIET:
                break
        return clip
