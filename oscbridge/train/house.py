"""House tracks from a seed: rhythm, harmony and arrangement of their own, and one of three kinds of sound.

What tells one track from another is in the score: tempo, swing, drum patterns, bass line, chords and their rhythm,
arpeggio, arrangement. How it sounds is drawn apart from that, so that the two can be tested apart:

    own      each track has its own sound, as records have
    one      all tracks share one sound
    section  sound, level and key are drawn anew every eight bars, so that only the pattern tells the track
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .synth import RATE, Kit, Samples, Voice, draw_kit, draw_voice, note, strike

KINDS = ("own", "one", "section")
BARS = 8  # of a section
STEPS = 16  # sixteenths of a bar
SCALES = {"minor": (0, 2, 3, 5, 7, 8, 10), "dorian": (0, 2, 3, 5, 7, 9, 10), "major": (0, 2, 4, 5, 7, 9, 11)}
PROGRESSIONS = (
    "0 0 0 0",
    "0 5 2 6",
    "0 3 0 4",
    "0 6 5 4",
    "0 2 3 5",
    "5 3 0 4",
    "0 0 5 5",
    "0 4 5 3",
    "1 4 0 0",
    "0 5 3 6",
)
KICKS = (
    "x...x...x...x...",
    "x...x...x...x.x.",
    "x..x..x...x.x...",
    "x...x...x..xx...",
    "x.....x...x.....",
    "x...x.x.x...x..x",
)
CLAPS = ("....x.......x...", "....x.......x..x", "....x..x....x...", "............x...", "...x..x.....x...")
LEVELS = {
    "kick": 0.9, "clap": 0.45, "snare": 0.3, "hat": 0.25, "open": 0.25, "click": 0.25,
    "bass": 0.5, "chords": 0.3, "lead": 0.22, "pad": 0.2,
}  # fmt: skip


@dataclass(frozen=True)
class Score:
    """What is played. Patterns hold velocities 0..1: drums (2 bars,), bass and lead with scale degrees beside them."""

    bpm: float
    swing: float
    scale: tuple[int, ...]
    progression: tuple[int, ...]  # a degree a bar
    drums: dict[str, Samples]
    bass: Samples
    bass_degrees: NDArray[np.int64]
    stabs: Samples
    chord: tuple[int, ...]  # steps of the scale above the root
    lead: Samples
    lead_degrees: NDArray[np.int64]
    arrangement: tuple[frozenset[str], ...]

    @property
    def step_s(self) -> float:
        return 15 / self.bpm


@dataclass(frozen=True)
class Sound:
    """How it is played."""

    kit: Kit
    voices: dict[str, Voice]
    levels: dict[str, float]
    root: int  # MIDI note of the bass
    duck: float  # depth of the side-chain
    duck_s: float
    echo: float
    room: float
    drive: float
    tilt_db: float  # an octave, about 1 kHz
    seed: int


def draw_score(seed: int) -> Score:
    """The score of a track."""
    rng = np.random.default_rng([seed, 1])
    hats = np.resize(rng.choice([0, 0.4, 0.7, 1], 8 if rng.random() < 0.5 else 16), 2 * STEPS)
    hats[2::4] = np.maximum(hats[2::4], 0.7)
    lead_length = int(rng.choice([8, 12, 16, 32]))
    drums = {
        "kick": np.concatenate(
            [_hits(KICKS[rng.choice(6, p=[0.4, 0.2, 0.1, 0.1, 0.1, 0.1])]), _hits(KICKS[rng.integers(4)])]
        ),
        "clap": np.tile(_hits(str(rng.choice(CLAPS))), 2),
        "snare": _sprinkle(rng, 0.06),
        "hat": hats,
        "open": np.tile(
            _hits(str(rng.choice(["..x...x...x...x.", "......x.........", "..x.......x.....", "..............x."]))), 2
        ),
        "click": _sprinkle(rng, rng.uniform(0.1, 0.4)),
    }
    bass = np.resize(_rhythm(rng, int(rng.choice([8, 16, 32])), rng.uniform(0.25, 0.7)), 2 * STEPS)
    return Score(
        bpm=float(rng.uniform(112, 134)),
        swing=float(rng.choice([0, 0.08, 0.16, 0.24])),
        scale=SCALES[str(rng.choice(list(SCALES), p=[0.5, 0.3, 0.2]))],
        progression=tuple(int(d) for d in str(rng.choice(PROGRESSIONS)).split()),
        drums=drums,
        bass=bass,
        bass_degrees=np.resize(rng.choice([0, 0, 0, 7, 4, 2, 6], 16), 2 * STEPS),
        stabs=np.resize(_rhythm(rng, int(rng.choice([12, 16, 32])), rng.uniform(0.12, 0.4)), 2 * STEPS),
        chord=((0, 2, 4), (0, 2, 4, 6), (0, 4, 8), (0, 2, 6, 8), (0, 3, 4))[rng.integers(5)],
        lead=np.resize(_rhythm(rng, lead_length, rng.uniform(0.3, 0.9)), 2 * STEPS),
        lead_degrees=np.resize(rng.integers(0, 10, lead_length), 2 * STEPS),
        arrangement=_arrange(rng),
    )


def draw_sound(*key: int) -> Sound:
    """A sound for all the parts."""
    rng = np.random.default_rng([*key, 2])
    return Sound(
        kit=draw_kit(rng),
        voices={role: draw_voice(rng, role) for role in ("bass", "chords", "lead", "pad")},
        levels={part: level * 10 ** (rng.uniform(-5, 5) / 20) for part, level in LEVELS.items()},
        root=int(rng.integers(28, 40)),
        duck=float(rng.uniform(0, 0.9)),
        duck_s=float(rng.uniform(0.08, 0.25)),
        echo=float(rng.uniform(0, 0.6)),
        room=float(rng.uniform(0, 0.35)),
        drive=float(10 ** rng.uniform(-0.3, 0.6)),
        tilt_db=float(rng.uniform(-2.5, 2.5)),
        seed=int(rng.integers(1 << 30)),
    )


def track(seed: int, kind: str, sections: int = 14) -> NDArray[np.float32]:
    """A whole track, (n,) float32 at 44.1 kHz; a section takes about 15 s."""
    score = draw_score(seed)
    rng = np.random.default_rng([seed, 3])
    parts = []
    for section in range(sections):
        key = {"own": (seed, 10), "one": (0, 11), "section": (seed, 12, section)}[kind]
        sound = draw_sound(*key)
        piece = _section(score, sound, score.arrangement[section % len(score.arrangement)], section)
        level = rng.uniform(-26, -14) if kind == "section" else -17.0
        parts.append(piece * 10 ** (level / 20) / (np.sqrt((piece**2).mean()) + 1e-9))
    audio = np.concatenate(parts)
    return (np.tanh(audio / 0.9) * 0.9).astype(np.float32)


def _section(score: Score, sound: Sound, on: frozenset[str], index: int) -> Samples:
    """Eight bars, (n,). What rings past the end is cut by a short fade: the next section brings its own."""
    frames = round(BARS * STEPS * score.step_s * RATE)
    buses = {name: np.zeros(frames) for name in ("drums", "music", "wet")}
    kicks = _times(score, score.drums["kick"]) if "kick" in on else np.zeros((0, 2))
    for drum in ("kick", "clap", "snare", "hat", "open", "click"):
        if drum in on:
            sample = strike(sound.kit, drum, sound.seed) * sound.levels[drum]
            for at, velocity in _times(score, score.drums[drum]):
                _add(buses["drums"], at, sample * velocity)
    for part, at, midi, seconds, velocity in _notes(score, sound, on):
        _add(
            buses["wet" if part == "lead" else "music"],
            at,
            _played(sound.voices[part], midi, seconds) * velocity * sound.levels[part],
        )
    wet = buses["wet"]
    for repeat in range(1, 5):
        delay = round(repeat * 3 * score.step_s * RATE)
        buses["music"][delay:] += sound.echo**repeat * wet[: frames - delay]
    music = (buses["music"] + wet) * _ducking(kicks, sound, frames)
    mix = buses["drums"] + music
    if "build" in on:
        mix = _build(mix, score, sound)
    mix = _shape(mix, sound)
    mix = np.tanh(sound.drive * mix) / np.tanh(sound.drive)
    fade = round(0.005 * RATE)
    mix[-fade:] *= np.linspace(1, 0, fade)
    return mix


def _notes(score: Score, sound: Sound, on: frozenset[str]) -> list[tuple[str, float, int, float, float]]:
    """(part, start s, MIDI note, length s, velocity) of everything pitched."""
    out = []
    for at, step, velocity in _hits_of(score, score.bass):
        if "bass" in on and velocity:
            degree = score.progression[step // STEPS % 4] + int(score.bass_degrees[step % (2 * STEPS)])
            out.append(("bass", at, sound.root + _semitones(score, degree) % 24, 0.9 * score.step_s, velocity))
    for at, step, velocity in _hits_of(score, score.stabs):
        if "chords" in on and velocity:
            for tone in score.chord:
                degree = score.progression[step // STEPS % 4] + tone
                out.append(
                    ("chords", at, sound.root + 24 + _semitones(score, degree), 1.5 * score.step_s, 0.5 * velocity)
                )
    for at, step, velocity in _hits_of(score, score.lead):
        if "lead" in on and velocity:
            degree = score.progression[step // STEPS % 4] + int(score.lead_degrees[step % (2 * STEPS)])
            out.append(("lead", at, sound.root + 36 + _semitones(score, degree), 0.8 * score.step_s, velocity))
    if "pad" in on:
        for bar in range(BARS):
            for tone in score.chord:
                midi = sound.root + 24 + _semitones(score, score.progression[bar % 4] + tone)
                out.append(("pad", bar * STEPS * score.step_s, midi, STEPS * score.step_s, 0.5))
    return out


def _played(voice: Voice, midi: int, seconds: float) -> Samples:
    """The same note sounds the same: it is made once."""
    key = (voice, midi, round(seconds, 4))
    if key not in _CACHE:
        if len(_CACHE) > 500:
            _CACHE.clear()
        _CACHE[key] = note(voice, midi, seconds)
    return _CACHE[key]


_CACHE: dict[tuple[Voice, int, float], Samples] = {}


def _ducking(kicks: NDArray[np.float64], sound: Sound, frames: int) -> Samples:
    """Side-chain: the music makes room for each kick."""
    gain = np.ones(frames)
    dip = 1 - sound.duck * np.exp(-np.arange(round(5 * sound.duck_s * RATE)) / (sound.duck_s * RATE))
    for at, _ in kicks:
        start = round(at * RATE)
        part = gain[start : start + len(dip)]
        np.minimum(part, dip[: len(part)], out=part)
    return gain


def _build(mix: Samples, score: Score, sound: Sound) -> Samples:
    """A build-up: the mix opens from below 400 Hz, a noise rises, a roll gets faster."""
    frames = len(mix)
    spectrum, f = np.fft.rfft(mix), np.fft.rfftfreq(frames, 1 / RATE)
    closed = np.fft.irfft(spectrum / (1 + (f / 400) ** 4), frames)
    rise = np.linspace(0, 1, frames) ** 2
    hiss = np.random.default_rng(sound.seed).uniform(-1, 1, frames)
    out = closed * (1 - rise) + mix * rise + 0.25 * rise**2 * np.diff(hiss, prepend=0)
    roll = strike(sound.kit, "snare", sound.seed) * sound.levels["snare"]
    step = 0.0
    while step < BARS * STEPS:
        _add(out, step * score.step_s, roll * (0.2 + 0.8 * step / (BARS * STEPS)))
        step += 4 if step < 64 else 2 if step < 96 else 1
    return out


def _shape(mix: Samples, sound: Sound) -> Samples:
    """Room and tone of the whole mix."""
    frames = len(mix)
    size = 1 << (frames + RATE).bit_length()
    f = np.fft.rfftfreq(size, 1 / RATE)
    t = np.arange(RATE) / RATE
    tail = np.random.default_rng(sound.seed + 1).normal(size=RATE) * np.exp(-t / 0.12)
    tail *= sound.room / np.sqrt((tail**2).sum())
    octaves = np.clip(np.log2(np.maximum(f, 20) / 1000), -5, 4)
    response = (1 + np.fft.rfft(tail, size)) * 10 ** (sound.tilt_db * octaves / 20)
    return np.fft.irfft(np.fft.rfft(mix, size) * response, size)[:frames]


def _arrange(rng: np.random.Generator) -> tuple[frozenset[str], ...]:
    """Which parts play in each section: in and out, a build-up before each drop."""
    extra = [p for p in ("snare", "open", "click", "chords", "lead", "pad") if rng.random() < 0.75] or ["chords"]
    groove = {"kick", "hat", "bass", *extra}
    some = set(rng.permutation(extra)[: max(1, len(extra) // 2)])
    sections = [
        {"kick", "hat", "click"}, {"kick", "hat", "clap", "bass"}, {"kick", "clap", "hat", "bass", *some},
        groove | {"clap"}, {"pad", "chords", *some}, {"chords", "lead", "hat", "build"}, groove | {"clap", "open"},
        groove | {"clap", "lead"}, {"kick", "bass", *some}, {"lead", "pad", "bass"}, {"chords", "clap", "build"},
        groove | {"clap", "chords"}, groove, {"kick", "hat", "bass"},
    ]  # fmt: skip
    return tuple(frozenset(s) for s in sections)


def _times(score: Score, pattern: Samples) -> NDArray[np.float64]:
    """(hits, 2): start in seconds and velocity, over a section."""
    return np.array([(at, velocity) for at, _, velocity in _hits_of(score, pattern) if velocity]).reshape(-1, 2)


def _hits_of(score: Score, pattern: Samples) -> list[tuple[float, int, float]]:
    steps = range(BARS * STEPS)
    return [((s + score.swing * (s % 2)) * score.step_s, s, float(pattern[s % len(pattern)])) for s in steps]


def _semitones(score: Score, degree: int) -> int:
    octave, step = divmod(degree, 7)
    return 12 * octave + score.scale[step]


def _hits(text: str) -> Samples:
    return np.array([float(c == "x") for c in text])


def _sprinkle(rng: np.random.Generator, chance: float) -> Samples:
    return np.asarray((rng.random(2 * STEPS) < chance) * rng.uniform(0.4, 1, 2 * STEPS))


def _rhythm(rng: np.random.Generator, length: int, density: float) -> Samples:
    """A syncopated rhythm, never empty."""
    hits = (rng.random(length) < density) * rng.choice([0.6, 0.8, 1.0], length)
    if not hits.any():
        hits[int(rng.integers(length))] = 1.0
    return np.asarray(hits)


def _add(bus: Samples, at: float, sample: Samples) -> None:
    start = round(at * RATE)
    part = bus[start : start + len(sample)]
    part += sample[: len(part)]
