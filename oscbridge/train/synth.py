"""The instruments of the house generator: drums, and notes from band-limited single-cycle tables. Pure: seeded numpy.

A note crossfades from a bright table to a dark one, as a filter that closes would have it; the tables hold only
harmonics below the Nyquist frequency, so nothing aliases.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE = 44_100
TABLE = 2_048

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Voice:
    """A pitched instrument. Levels are amplitudes, times seconds, frequencies Hz."""

    shape: str  # "saw" "square" "triangle" "organ" "bells" "reed"
    seed: int  # of what the shape leaves open
    cutoff: float  # of the filter when it has closed, in multiples of the note's frequency
    opening: float  # octaves that it is open at the stroke
    resonance: float
    closing: float  # time constant
    attack: float
    decay: float
    sustain: float
    release: float
    unison: int
    detune: float  # cents, from the middle to the outermost
    breath: float  # noise in the stroke
    vibrato: float  # cents


@dataclass(frozen=True)
class Kit:
    """Drums, as parameters of their sounds."""

    kick: tuple[float, float, float, float]  # pitch Hz, sweep Hz, decay s, click
    snare: tuple[float, float, float, float]  # pitch Hz, noise corner Hz, decay s, share of tone
    clap: tuple[float, float]  # corner Hz, decay s
    hat: tuple[float, float, float]  # corner Hz, decay s, metal
    open_decay: float
    click: tuple[float, float, float]  # percussion: pitch Hz, ratio of the modulator, decay s


def draw_voice(rng: np.random.Generator, role: str) -> Voice:
    """A random instrument fit for a role: "bass" "chords" "lead" "pad"."""
    shapes = {
        "bass": ["saw", "square", "triangle", "reed"],
        "chords": ["saw", "organ", "bells", "square", "reed"],
        "lead": ["saw", "square", "bells", "triangle", "reed"],
        "pad": ["saw", "organ", "reed", "triangle"],
    }[role]
    slow, plucked = role == "pad", rng.random() < {"bass": 0.5, "chords": 0.6, "lead": 0.7, "pad": 0.0}[role]
    return Voice(
        shape=str(rng.choice(shapes)),
        seed=int(rng.integers(1 << 30)),
        cutoff=float(rng.uniform(1.5, 8) if role == "bass" else rng.uniform(1, 14)),
        opening=float(rng.uniform(0, 4)),
        resonance=float(rng.uniform(0, 3)),
        closing=float(10 ** rng.uniform(-1.7, -0.3)),
        attack=float(rng.uniform(0.15, 0.8) if slow else 10 ** rng.uniform(-3, -1.6)),
        decay=float(10 ** rng.uniform(-1.2, -0.2)),
        sustain=float(0.0 if plucked else rng.uniform(0.4, 1)),
        release=float(rng.uniform(0.3, 1) if slow else rng.uniform(0.02, 0.3)),
        unison=int(rng.integers(1, 2 if role == "bass" else 5)),
        detune=float(rng.uniform(3, 25)),
        breath=float(rng.uniform(0, 0.3) * (rng.random() < 0.4)),
        vibrato=float(rng.uniform(0, 25) * (rng.random() < 0.3)),
    )


def draw_kit(rng: np.random.Generator) -> Kit:
    u = rng.uniform
    return Kit(
        kick=(float(u(42, 68)), float(u(60, 400)), float(u(0.07, 0.35)), float(u(0, 0.5))),
        snare=(float(u(150, 260)), float(u(600, 4000)), float(u(0.04, 0.2)), float(u(0.1, 0.7))),
        clap=(float(u(700, 2500)), float(u(0.05, 0.25))),
        hat=(float(u(4000, 10_000)), float(u(0.012, 0.06)), float(u(0, 1))),
        open_decay=float(u(0.1, 0.35)),
        click=(float(u(180, 1400)), float(u(0.5, 3.7)), float(u(0.02, 0.18))),
    )


def strike(kit: Kit, drum: str, seed: int) -> Samples:
    """One hit, (n,), peak about 1. drum: "kick" "snare" "clap" "hat" "open" "click"."""
    rng = np.random.default_rng([seed, sorted(("kick", "snare", "clap", "hat", "open", "click")).index(drum)])
    if drum == "kick":
        pitch, sweep, decay, click = kit.kick
        t = _time(5 * decay)
        phase = 2 * np.pi * (pitch * t + sweep * 0.02 * (1 - np.exp(-t / 0.02)))
        body = np.sin(phase) * np.exp(-t / decay)
        return np.tanh(1.5 * body) + click * _noise(rng, len(t), 2000, 9000) * np.exp(-t / 0.004)
    if drum == "snare":
        pitch, corner, decay, tone = kit.snare
        t = _time(6 * decay)
        body = np.sin(2 * np.pi * pitch * t * (1 + 0.3 * np.exp(-t / 0.01))) * np.exp(-t / (0.6 * decay))
        return tone * body + (1 - tone) * _noise(rng, len(t), corner, 12_000) * np.exp(-t / decay)
    if drum == "clap":
        corner, decay = kit.clap
        t = _time(6 * decay + 0.04)
        bursts = sum(np.exp(-(t - d) / 0.006) * (t >= d) for d in (0, 0.011, 0.023))
        return _noise(rng, len(t), corner, corner * 4) * (0.7 * bursts + np.exp(-(t - 0.03) / decay) * (t >= 0.03))
    if drum in ("hat", "open"):
        corner, decay, metal = kit.hat
        decay = decay if drum == "hat" else kit.open_decay
        t = _time(6 * decay)
        ring = np.sign(sum(np.sin(2 * np.pi * 540 * r * t) for r in (1.0, 1.34, 1.79, 2.41, 2.96, 3.53)))
        hiss = (1 - metal) * _noise(rng, len(t), corner, 18_000) + metal * _band(ring, corner, 16_000)
        return hiss * np.exp(-t / decay)
    pitch, ratio, decay = kit.click
    t = _time(6 * decay)
    bend = 2.5 * np.exp(-t / (0.5 * decay)) * np.sin(2 * np.pi * pitch * ratio * t)
    return np.sin(2 * np.pi * pitch * t + bend) * np.exp(-t / decay)


def note(voice: Voice, midi: int, seconds: float) -> Samples:
    """One note held for `seconds`, and its release, (n,), peak about 1."""
    frequency = 440 * 2 ** ((midi - 69) / 12)
    t = _time(seconds + 4 * voice.release)
    bright, dark = _table(voice, midi, True), _table(voice, midi, False)
    wobble = voice.vibrato / 1200 * np.log(2) / (2 * np.pi * 5.3) * np.sin(2 * np.pi * 5.3 * t)
    openness = np.exp(-t / voice.closing)
    out = np.zeros(len(t))
    for index in range(voice.unison):
        cents = voice.detune * (2 * index / (voice.unison - 1) - 1) if voice.unison > 1 else 0.0
        phase = (frequency * 2 ** (cents / 1200) * (t + wobble) + 0.37 * index) % 1.0 * TABLE
        left = phase.astype(np.int64)
        share = phase - left
        mixed = [(1 - share) * table[left] + share * table[left + 1] for table in (bright, dark)]
        out += openness * mixed[0] + (1 - openness) * mixed[1]
    level = voice.sustain + (1 - voice.sustain) * np.exp(-t / voice.decay)
    level *= np.minimum(1, t / voice.attack) * np.where(t > seconds, np.exp(-(t - seconds) / voice.release), 1)
    breath = voice.breath * _noise(np.random.default_rng([voice.seed, midi]), len(t), 1500, 9000) * np.exp(-t / 0.03)
    return (out / np.sqrt(voice.unison) + breath) * level


@lru_cache(4_096)
def _table(voice: Voice, midi: int, bright: bool) -> Samples:
    """One period at the note's pitch, (TABLE + 1,): the last sample repeats the first."""
    frequency = 440 * 2 ** ((midi - 69) / 12)
    n = np.arange(1, min(TABLE // 2, int(16_000 / frequency)) + 1)
    rng = np.random.default_rng(voice.seed)
    odd, random = n % 2 == 1, rng.uniform(0.0, 1.0, TABLE // 2)[: len(n)]
    levels = {
        "saw": 1 / n,
        "square": odd / n,
        "triangle": odd / n**2,
        "organ": np.isin(n, (1, 2, 3, 4, 6, 8)) * (0.2 + 0.8 * random),
        "bells": random**3 / np.sqrt(n) + (n == 1),
        "reed": random / n**0.7,
    }[voice.shape]
    corner = voice.cutoff * (2**voice.opening if bright else 1)
    levels = levels / np.sqrt(1 + (n / corner) ** 4) + voice.resonance * levels * np.exp(
        -(((n - corner) / (0.2 * corner + 0.3)) ** 2)
    )
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    spectrum[n] = -0.5j * TABLE * levels * np.exp(0.5j * np.pi * random * (voice.shape in ("reed", "bells")))
    period = np.fft.irfft(spectrum, TABLE)
    period /= np.sqrt((period**2).mean()) * 2.5 + 1e-9
    return np.append(period, period[0])


def _time(seconds: float) -> Samples:
    return np.arange(max(64, round(seconds * RATE))) / RATE


def _noise(rng: np.random.Generator, frames: int, low: float, high: float) -> Samples:
    return _band(rng.uniform(-1, 1, frames), low, high)


def _band(x: Samples, low: float, high: float) -> Samples:
    f = np.fft.rfftfreq(len(x), 1 / RATE)
    response = (f / low) ** 2 / (1 + (f / low) ** 2) / (1 + (f / high) ** 4)
    return np.fft.irfft(np.fft.rfft(x) * response, len(x))
