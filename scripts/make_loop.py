"""Make the demo loop: plucked guitars and a bass over drums, four bars of 4/4 at 120 BPM, 8 s in all.

    python scripts/make_loop.py [--out loops/guitar_drums.flac] [--seed 1983]

The loop is a circle. Every note is added modulo the loop's length, and every filter is a product of spectra
on the loop's own DFT grid. So tails, echo and room run from the end round into the start without a seam.
The music is the score below; the rest is arrays in, arrays out. The same seed gives the same samples.

Sources: K. Karplus and A. Strong, "Digital Synthesis of Plucked-String and Drum Timbres", and D. Jaffe and
J. Smith, "Extensions of the Karplus-Strong Plucked-String Algorithm", Computer Music Journal 7(2), 1983.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

OUT = Path(__file__).resolve().parent.parent / "loops" / "guitar_drums.flac"
RATE = 44_100  # Hz
STEPS = 64  # sixteenth notes, 16 in a bar
STEP_SECONDS = 60 / 120 / 4  # at 120 BPM
FRAMES = round(STEPS * STEP_SECONDS * RATE)
SWING = 0.1  # of a step: how late the off-beat sixteenths come
LOOSENESS = 0.006  # s: how late any stroke may come

# The score. Drums: a velocity from 1 to 9 in each step.
DRUM_SCORE = {
    "crash":  "8............... ................ ................ ................",
    "kick":   "9..4..8...9..... 9..5..8..79...4. 9..9..8......... 8...6...8..6..7.",
    "snare":  "....9..2.2..9..1 ....9..2.2..9.32 ....9........... ....8..27586....",
    "hat":    "7.3.7.3.7.3.7.34 7.3.7.3.7.3.7... 7.3.7.34....2... 53547374........",
    "open":   "................ ..............7. ................ ................",
    "tom hi": "................ ................ ................ ............89..",
    "tom lo": "................ ................ ................ ..............79",
}  # fmt: skip

# Chord shapes are frets from low E to high E, x a damped string. Strokes: D, d down, hard and soft; u up;
# m muted; 1 to 6 that string alone, as guitarists count them.
TUNING = (40, 45, 50, 55, 59, 64)  # MIDI note numbers of the open strings
CHORD_SCORE = (
    ("x02410", "D..u.ud.m.uD.mdu"),  # Am9
    ("133210", "D..u.ud.m.uD.mdu"),  # Fmaj7
    ("x32030", "D..D..D."),  # Cadd9
    ("320003", "6.5.4.21"),  # G, the break
    ("020200", "D.m.d.mu"),  # E7sus4
    ("020130", "D..D..D."),  # E7, back to Am9
)

# Single notes: a name starts one, "-" holds it, "." is a rest; a small letter plays it softly.
LEAD_SCORE = """
    C5 -  -  .  E5 -  d5 c5   B4 -  -  c5 E5 -  -  -
    A5 -  -  -  -  g5 E5 -    C5 -  d5 E5 -  -  c5 d5
    E5 -  -  G5 -  -  D5 -    -  -  .  .  .  .  d6 -
    B4 -  d5 E5 -  -  A4 -    G#4 - -  -  g#4 b4 D5 E5
"""
BASS_SCORE = """
    A1 -  -  a1 .  .  A1 -    -  .  A1 -  G1 -  e2 -
    F1 -  -  f1 .  .  F1 -    -  .  F1 -  C2 -  f2 -
    C2 -  -  C2 -  -  C2 -    .  .  .  .  .  .  .  .
    E1 -  -  -  e2 .  E1 -    E1 -  -  .  E1 -  G#1 -
"""


class Strings(NamedTuple):
    """How a set of strings sounds and is played."""

    decay: float  # s, T60 of the low partials
    corner: float  # Hz, where the loss is twice that of the low partials
    stiffness: float  # inharmonicity B: partial k lies at k f0 sqrt(1 + B k^2)
    pick: float  # pick position, as a part of the string's length
    brightness: float  # Hz, corner of the hardest stroke
    scrape: float  # share of the Karplus-Strong noise burst in the stroke
    detune: float  # cents between the left and the right channel


class Drum(NamedTuple):
    """A tone that falls in pitch, and a burst of filtered noise."""

    tone: float  # Hz, where the pitch settles
    sweep: float  # Hz above that at the stroke
    tone_decay: float  # s, time constant
    noise: float  # amplitude against the tone's
    low: float  # Hz, lower corner of the noise
    high: float  # Hz, upper corner of the noise
    noise_decay: float  # s, time constant


RHYTHM = Strings(3.6, 2400, 4e-5, 0.16, 2200, 0.30, 1.6)
LEAD = Strings(5.0, 4200, 2e-5, 0.12, 3200, 0.20, 1.2)
BASS = Strings(4.0, 900, 8e-5, 0.24, 260, 0.10, 0.0)
MUTED_DECAY, RELEASE, LONGEST = 0.09, 0.03, 2.0  # s: T60 under the palm, fade of a damped note, longest note
KIT = {
    "crash": Drum(0, 0, 0, 1.0, 3500, 12000, 0.45),
    "kick": Drum(50, 200, 0.11, 0.25, 1500, 6000, 0.005),
    "snare": Drum(186, 90, 0.055, 0.9, 1400, 8000, 0.08),
    "hat": Drum(0, 0, 0, 1.0, 7000, 15000, 0.025),
    "open": Drum(0, 0, 0, 1.0, 6500, 15000, 0.16),
    "tom hi": Drum(138, 80, 0.16, 0.15, 500, 5000, 0.03),
    "tom lo": Drum(88, 70, 0.20, 0.15, 400, 4000, 0.03),
}
DESK = {  # RMS over the whole loop (dB), pan from -1 (left) to 1 (right), share of the room (amplitude)
    "crash": (-35, 0.25, 0.2),
    "kick": (-22, 0.0, 0.05),
    "snare": (-25, 0.05, 0.35),
    "hat": (-32.5, -0.25, 0.15),
    "open": (-38, -0.25, 0.15),
    "tom hi": (-32, -0.2, 0.3),
    "tom lo": (-30, 0.2, 0.3),
    "rhythm": (-23, -0.3, 0.2),
    "lead": (-22, 0.25, 0.3),
    "bass": (-23, 0.0, 0.02),
}
BODY_MODES = ((103, 8, 1.5), (204, 14, 1.5), (390, 18, 0.9), (560, 16, 0.6))  # Hz, Q, gain: air, then wood
ECHO_STEPS, ECHO_GAIN = 3, 0.28  # a dotted eighth
ROOM_T60, ROOM_DELAY, ROOM_BAND = 0.7, 0.012, (250, 5000)  # s, s, Hz
DRIVE = 1.3  # peak of the mix at the saturation, where 1 is the knee of tanh
PEAK = 10 ** (-2 / 20)  # of the loop, against full scale


def noise(frames: int, *key: int) -> np.ndarray:
    """White noise, uniform in [-1, 1), of shape (frames,); each key has its own."""
    # numpy keeps a bit generator's raw words the same from version to version, but not Generator's numbers.
    return (np.random.PCG64(key).random_raw(frames) >> np.uint64(11)) * 2.0**-52 - 1


def band(f: np.ndarray, low: float, high: float) -> np.ndarray:
    """Amplitude at f (Hz) of a band from `low` to `high` (Hz), 12 dB per octave on each side, zero phase."""
    return (f / low) ** 2 / (1 + (f / low) ** 2) / (1 + (f / high) ** 2)


def circular_filter(x: np.ndarray, response: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Filter x, of shape (..., frames), as a circle by a response given as a function of frequency in Hz."""
    frames = x.shape[-1]
    return np.fft.irfft(np.fft.rfft(x) * response(np.fft.rfftfreq(frames, 1 / RATE)), frames)


def pluck(strings: Strings, midi: float, seconds: float, velocity: float, *key: int) -> np.ndarray:
    """Pluck one note, damped after `seconds`, of shape (2, frames).

    This is the Karplus-Strong loop in closed form, excitation / (1 - loop), on a DFT grid. A delay there may
    be any fraction of a sample, so the tuning is exact. The loss that grows with f^2 is the small-angle form
    of the two-point average (Karplus and Strong 1983). Decay, pick position and dynamics follow Jaffe and
    Smith (1983).
    """
    frames = round((seconds + RELEASE) * RATE)
    grid = 1 << frames.bit_length()
    f = np.fft.rfftfreq(grid, 1 / RATE)
    f0 = 440 * 2 ** ((midi - 69) / 12 + strings.detune * np.array([[-0.5], [0.5]]) / 1200)
    turns = f / f0 / np.sqrt(1 + strings.stiffness * (f / f0) ** 2)  # phase of the string's delay
    # A DFT wraps what rings past its end. With 80 dB more loss over the grid, made good in `lift`, it cannot.
    loss = 60 / strings.decay * (1 + (f / strings.corner) ** 2) + 80 * RATE / grid  # dB/s
    lift = 10 ** (80 / 20 * np.arange(frames) / grid)
    loop = 10 ** (-loss / f0 / 20) * np.exp(-2j * np.pi * turns)
    burst = np.fft.rfft(noise(round(RATE / f0.mean()), *key), grid)
    stroke = (1 - strings.scrape + strings.scrape * burst) / (1 + 1j * f / (strings.brightness * velocity))
    comb = 1 - np.exp(-2j * np.pi * strings.pick * turns)
    # The zero at the Nyquist frequency and a head start of 1 ms keep the fractional delays causal.
    start = np.cos(np.pi * f / RATE) ** 2 * np.exp(-2j * np.pi * f * 0.001)
    note = np.fft.irfft(start * stroke * comb / (1 - loop), grid)[:, :frames] * lift
    return velocity * note * np.clip(np.arange(frames, 0, -1) / (RELEASE * RATE), 0, 1) ** 2


def strike(drum: Drum, velocity: float, *key: int) -> np.ndarray:
    """Strike a drum once, of shape (2, frames) with equal channels; a harder stroke is brighter."""
    frames = round(7 * max(drum.tone_decay, drum.noise_decay) * RATE)
    t, fall = np.arange(frames) / RATE, 0.03  # s, s: time constant of the pitch
    tone = np.sin(2 * np.pi * (drum.tone * t + drum.sweep * fall * (1 - np.exp(-t / fall))))
    high = drum.high * (0.4 + 0.6 * velocity)
    hiss = drum.noise * circular_filter(noise(frames, *key), lambda f: band(f, drum.low, high))
    stroke = tone * np.exp(-t / max(drum.tone_decay, 1e-3)) + hiss * np.exp(-t / drum.noise_decay)
    return np.tile(velocity * stroke, (2, 1))


def seconds_at(step: int, *key: int) -> float:
    """Time of a step as it is played: swung, and a little late."""
    return step * STEP_SECONDS + SWING * STEP_SECONDS * (step % 2) + LOOSENESS * abs(float(noise(1, *key)[0]))


def overlay(notes: list[tuple[float, np.ndarray]]) -> np.ndarray:
    """Add notes (start in seconds, samples of shape (2, n)) on the circle, of shape (2, FRAMES)."""
    loop = np.zeros((2, FRAMES))
    for start, samples in notes:
        loop[:, (round(start * RATE) + np.arange(samples.shape[1])) % FRAMES] += samples
    return loop


def play_drum(drum: Drum, score: str, *key: int) -> np.ndarray:
    """Play a drum's line of the score, of shape (2, FRAMES)."""
    hits = [(step, int(mark) / 9) for step, mark in enumerate(score.replace(" ", "")) if mark != "."]
    return overlay([(seconds_at(step, *key, step), strike(drum, v, *key, step, 1)) for step, v in hits])


def play_line(strings: Strings, score: str, *key: int) -> np.ndarray:
    """Play a score of single notes, of shape (2, FRAMES)."""
    marks, notes = score.split(), []
    for step, mark in enumerate(marks):
        if mark in "-.":
            continue
        held = next((i for i, m in enumerate(marks[step + 1 :]) if m != "-"), STEPS - 1 - step)
        midi = 12 * int(mark[-1]) + 12 + "C.D.EF.G.A.B".index(mark[0].upper()) + ("#" in mark)
        velocity = (0.9 if mark[0].isupper() else 0.55) + 0.08 * float(noise(1, *key, step, 2)[0])
        note = pluck(strings, midi, (1 + held) * STEP_SECONDS, velocity, *key, step, 1)
        notes.append((seconds_at(step, *key, step), note))
    return overlay(notes)


def play_chords(strings: Strings, score: tuple[tuple[str, str], ...], *key: int) -> np.ndarray:
    """Strum and pick a score of chords, of shape (2, FRAMES); a string rings until its next stroke."""
    strokes: list[list[tuple[float, str, float, float]]] = [[] for _ in TUNING]  # start, fret, velocity, T60
    for step, (frets, mark) in enumerate((frets, mark) for frets, marks in score for mark in marks):
        order = {"u": (5, 4, 3, 2), ".": ()}.get(mark, (6 - int(mark),) if mark.isdigit() else range(6))
        decay = MUTED_DECAY if mark == "m" else strings.decay
        for rank, string in enumerate(order):
            start = seconds_at(step, *key, step) + rank * (0.006 if mark in "um" else 0.008)
            velocity = {"D": 0.95, "d": 0.65, "u": 0.6, "m": 0.5}.get(mark, 0.8)
            velocity *= 1 + 0.15 * float(noise(1, *key, step, string, 2)[0])
            strokes[string].append((start, frets[string], velocity, decay))
    notes = []
    for string, own in enumerate(strokes):
        for i, (start, fret, velocity, decay) in enumerate(own):
            if fret == "x":
                continue
            ring = (own[(i + 1) % len(own)][0] - start) % (STEPS * STEP_SECONDS)
            tone, seconds = strings._replace(decay=decay), min(ring, 2 * decay, LONGEST)
            notes.append((start, pluck(tone, TUNING[string] + int(fret), seconds, velocity, *key, string, i)))
    return overlay(notes)


def body(f: np.ndarray) -> np.ndarray:
    """Response at f (Hz) of a guitar's body: the string's own sound and a few modes of air and wood."""
    f = np.maximum(f, 1)
    modes = [gain / (1 + 1j * q * (f / mode - mode / f)) for mode, q, gain in BODY_MODES]
    return 0.7 + np.sum(modes, axis=0)


def echo(f: np.ndarray) -> np.ndarray:
    """Response at f (Hz) of an echo that repeats without end, darker each time."""
    again = ECHO_GAIN * np.exp(-2j * np.pi * f * ECHO_STEPS * STEP_SECONDS) / (1 + (f / 4000) ** 2)
    return 1 / (1 - again)


def room(*key: int) -> np.ndarray:
    """Impulse response of a small room, of unit energy, shape (2, FRAMES): a pause, then decaying noise."""
    t = np.arange(FRAMES) / RATE - ROOM_DELAY
    tail = np.stack([noise(FRAMES, *key, side) for side in (0, 1)]) * (t > 0) * 10 ** (-3 * t / ROOM_T60)
    tail = circular_filter(tail, lambda f: band(f, *ROOM_BAND))
    return tail / np.sqrt((tail**2).sum(axis=-1, keepdims=True))


def play(seed: int) -> dict[str, np.ndarray]:
    """Play every part alone, each of shape (2, FRAMES)."""
    drums = {name: play_drum(KIT[name], score, seed, i) for i, (name, score) in enumerate(DRUM_SCORE.items())}
    rhythm = circular_filter(play_chords(RHYTHM, CHORD_SCORE, seed, 20), body)
    lead = circular_filter(play_line(LEAD, LEAD_SCORE, seed, 21), lambda f: body(f) * echo(f))
    return drums | {"rhythm": rhythm, "lead": lead, "bass": play_line(BASS, BASS_SCORE, seed, 22)}


def mix(parts: dict[str, np.ndarray], room: np.ndarray) -> np.ndarray:
    """Mix the parts, each at its level and place and with its share of the room, to shape (2, FRAMES)."""
    dry, wet = np.zeros((2, FRAMES)), np.zeros((2, FRAMES))
    for name, part in parts.items():
        level, pan, share = DESK[name]
        angle = (1 + pan) * np.pi / 4
        sides = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
        placed = sides * part * 10 ** (level / 20) / np.sqrt((part**2).mean())
        dry, wet = dry + placed, wet + share * placed
    return dry + np.fft.irfft(np.fft.rfft(wet) * np.fft.rfft(room), FRAMES)


def master(mix: np.ndarray) -> np.ndarray:
    """Saturate a mix of shape (2, FRAMES), free it of DC, set its peak; 16-bit PCM of shape (FRAMES, 2)."""
    warm = np.tanh(DRIVE * mix / np.abs(mix).max())
    # What lies above 15 kHz is little but noise, and noise is what FLAC cannot make small.
    warm = circular_filter(warm, lambda f: (f > 0) / (1 + (f / 15_000) ** 8))
    return np.round(32_767 * PEAK / np.abs(warm).max() * warm.T).astype(np.int16)


def render(seed: int = 1983) -> np.ndarray:
    """Render the whole loop as 16-bit PCM of shape (FRAMES, 2)."""
    return master(mix(play(seed), room(seed, 30)))


def main() -> None:
    """Write the loop as FLAC."""
    parser = argparse.ArgumentParser(description="Make the demo loop.")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--seed", type=int, default=1983)
    args = parser.parse_args()
    soundfile.write(args.out, render(args.seed), RATE, subtype="PCM_16", compression_level=1.0)


if __name__ == "__main__":
    main()
