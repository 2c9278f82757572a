"""Scalograms as they would be of the same music in another room, through other gear, at another pitch and tempo.

Nearly everything that happens to a recording is linear in power and local in time and frequency, so it is done here,
on the power that a scalogram holds, and not on sound: a clip is then drawn anew at every step for a few milliseconds,
where rendering it again would take as long as the training step itself. Sounds that overlap add in power (their phases
are taken as independent); the power of noise in one bin is exponentially distributed.

Only some clips get another sound: an equaliser that stays the same all through a clip is a mark to know it by, and an
ear whose every clip bears one learns to read the marks.
"""

from __future__ import annotations

import math

import torch
from pydantic import Field
from torch import Tensor

from ..ear.scalogram import FLOOR, LOG_FLOOR
from ..ear.spec import ScalogramSpec, Sizes

DB = math.log(10) / 10  # a decibel as a natural logarithm of power


class AugmentSpec(Sizes):
    """How far clips are varied; each amount is the largest drawn, 0 is off. Chances are shares of the clips."""

    sound_chance: float = Field(0.5, ge=0, le=1)  # of clips whose sound is varied, not only tempo and pitch
    tempo: float = Field(0.15, ge=0, le=0.5)  # as a share: 0.15 is 0.87 to 1.15 times as fast
    pitch_bins: int = Field(8, ge=0, le=48)
    gain_db: float = Field(12.0, ge=0, le=60)
    drift_db: float = Field(4.0, ge=0, le=30)  # a constant gain tells a clip from the others; a drifting one less
    equalizer_db: float = Field(5.0, ge=0, le=30)
    compression: float = Field(0.5, ge=0, le=0.9)  # of the level's swing
    room_chance: float = Field(0.4, ge=0, le=1)
    room_s: float = Field(1.2, ge=0, le=10)  # longest reverberation time (60 dB)
    band_chance: float = Field(0.3, ge=0, le=1)  # a small speaker, a telephone, a lossy codec
    masking_chance: float = Field(0.2, ge=0, le=1)  # what a lossy codec leaves out beside what is loud
    noise_db: float = Field(-55.0, ge=-120, le=0)  # loudest noise against full scale, at 1 kHz
    mix_chance: float = Field(0.2, ge=0, le=1)
    mix_db: float = Field(-4.0, ge=-60, le=0)  # loudest second piece


def to_power(values: Tensor) -> Tensor:
    """Scalogram values to power: the inverse of `log_power`."""
    return torch.expm1(values * LOG_FLOOR - LOG_FLOOR - math.log(FLOOR)) * FLOOR


def from_power(power: Tensor) -> Tensor:
    return (torch.log(power.clamp_min(0) + FLOOR) + LOG_FLOOR) / LOG_FLOOR


def frames_needed(frames: int, spec: AugmentSpec) -> int:
    """How long a clip must be drawn, so that `frames` are left of it at the fastest tempo."""
    return math.ceil(frames * (1 + spec.tempo)) + 1


class Augmenter:
    """Varies batches of clips. Draws from its own generator, so that the same seed gives the same batches."""

    def __init__(self, spec: AugmentSpec, ear: ScalogramSpec, seed: int, device: torch.device | str = "cpu") -> None:
        self.spec, self.ear = spec, ear
        self.random = torch.Generator(device=device).manual_seed(seed)
        self.device = torch.device(device)
        bins = torch.arange(ear.bins, device=device, dtype=torch.float32)
        self._octave = bins / ear.bins_per_octave + math.log2(ear.lowest_hz / 1000)  # from 1 kHz

    def __call__(self, values: Tensor, frames: int) -> Tensor:
        """values: (clips, frames_needed(frames), bins) float32. Returns (clips, 1, frames, bins)."""
        values = self._warp(values, frames)
        varied = self._chance(len(values), self.spec.sound_chance)
        return torch.where(varied > 0, self._vary_sound(values), values).unsqueeze(1)

    def _vary_sound(self, values: Tensor) -> Tensor:
        power = self._mix(to_power(values))
        power = self._room(self._mask(power))
        return from_power(power * torch.exp(DB * self._gain(power)) + self._noise(power))

    def _uniform(self, clips: int, low: float, high: float, *shape: int) -> Tensor:
        size = (clips, *(shape or (1, 1)))
        return torch.rand(size, generator=self.random, device=self.device) * (high - low) + low

    def _chance(self, clips: int, chance: float) -> Tensor:
        return (self._uniform(clips, 0, 1) < chance).float()

    def _warp(self, values: Tensor, frames: int) -> Tensor:
        """Other tempo, by interpolation along time; other pitch, by whole bins. What enters at the edges is silent."""
        clips, length, bins = values.shape
        speed = torch.exp(self._uniform(clips, -1, 1, 1) * math.log1p(self.spec.tempo))
        position = (torch.arange(frames, device=self.device) * speed).clamp_max(length - 1)
        before = position.floor().long().clamp_max(length - 2)
        share = (position - before).unsqueeze(-1)
        row = torch.arange(clips, device=self.device).unsqueeze(1)
        values = torch.lerp(values[row, before], values[row, before + 1], share)
        if not self.spec.pitch_bins:
            return values
        shift = self._uniform(clips, -self.spec.pitch_bins, self.spec.pitch_bins, 1).round().long()
        source = torch.arange(bins, device=self.device) - shift
        inside = ((source >= 0) & (source < bins)).unsqueeze(1)
        index = source.clamp(0, bins - 1).unsqueeze(1).expand(-1, frames, -1)
        return values.gather(2, index) * inside

    def _mix(self, power: Tensor) -> Tensor:
        """A second piece, softly: the next clip of the batch."""
        amount = torch.exp(DB * self._uniform(power.shape[0], self.spec.mix_db - 20, self.spec.mix_db))
        return power + power.roll(1, 0) * amount * self._chance(power.shape[0], self.spec.mix_chance)

    def _mask(self, power: Tensor) -> Tensor:
        """Loses what lies far below the loudest within an octave, as lossy codecs do."""
        clips, _, bins = power.shape
        reach = self.ear.bins_per_octave // 2
        loudest = torch.nn.functional.max_pool1d(power, 2 * reach + 1, 1, reach)[..., :bins]
        depth = torch.exp(DB * self._uniform(clips, -50, -25))
        lost = (power < loudest * depth) * self._chance(clips, self.spec.masking_chance)
        return power * (1 - lost)

    def _room(self, power: Tensor) -> Tensor:
        """Power that decays exponentially after each moment, and faster at the top. Energy is kept."""
        clips, frames, _ = power.shape
        if not self.spec.room_s:
            return power
        time = torch.arange(frames, device=self.device) * self.ear.hop_s
        ago = (time.unsqueeze(1) - time).unsqueeze(0)
        decay = 6 * math.log(10) / self._uniform(clips, 0.15, max(self.spec.room_s, 0.15))
        tail = torch.where(ago > 0, torch.exp(-decay * ago), 0.0)
        tail = tail / (tail.sum(2, keepdim=True).amax(1, keepdim=True) + 1e-9)
        damp = torch.exp2(-self._octave.clamp_min(0) * self._uniform(clips, 0.2, 1.2))
        wet = self._uniform(clips, 0.05, 0.6) * self._chance(clips, self.spec.room_chance)
        return power * (1 - wet) + wet * damp * torch.bmm(tail, power)

    def _gain(self, power: Tensor) -> Tensor:
        """(clips, frames, bins) in dB: level, drift, equaliser, compression, band limits."""
        spec, clips, frames = self.spec, power.shape[0], power.shape[1]
        time = torch.linspace(-1, 1, frames, device=self.device).unsqueeze(-1)
        level = self._uniform(clips, -2, 1) * spec.gain_db
        drift = self._uniform(clips, -1, 1) * spec.drift_db * time
        span = (self._octave - self._octave[0]) / (self._octave[-1] - self._octave[0])
        waves = torch.stack([torch.cos(math.pi * n * span) for n in range(1, 6)])  # (5, bins)
        curve = self._uniform(clips, -1, 1, 1, 5) / torch.arange(1, 6, device=self.device) ** 0.5
        gain = level + drift + spec.equalizer_db * curve @ waves
        loudness = 10 * torch.log10(power.sum(2, keepdim=True) + FLOOR)
        swing = torch.nn.functional.avg_pool1d(loudness.transpose(1, 2), 5, 1, 2).transpose(1, 2)
        gain = gain - self._uniform(clips, 0, 1) * spec.compression * (swing - swing.mean(1, keepdim=True)).clamp(
            -20, 20
        )
        low, high = self._uniform(clips, -4.6, -2.0), self._uniform(clips, 1.6, 4.2)  # 40-250 Hz, 3-18 kHz
        outside = (low - self._octave).clamp_min(0) * 12 + (self._octave - high).clamp_min(0) * 90
        return gain - outside * self._chance(clips, spec.band_chance)

    def _noise(self, power: Tensor) -> Tensor:
        """Hiss, hum and rumble: noise with a slope of -6 to +3 dB an octave, most of it far below the music."""
        clips = power.shape[0]
        level = self._uniform(clips, -110, self.spec.noise_db)
        slope = self._uniform(clips, -6, 3)
        grain = torch.empty_like(power).exponential_(generator=self.random)
        return grain * torch.exp(DB * (level + slope * self._octave).clamp(-120, self.spec.noise_db + 10))
