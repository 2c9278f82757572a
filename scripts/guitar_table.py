"""Does the VGG tagger call a guitar a guitar? Prints a table of what it says to a dozen sounds, as Markdown.

    python scripts/guitar_table.py [--levels | --sound FILE]

Instruments are General MIDI programs of TimGM6mb.sf2, played by FluidSynth, all with the same eight bars, each brought
to -20 dBFS; without FluidSynth they are left out. The rest comes from the bundled loop and the parts it is made of, and
from arithmetic. --sound FILE: writes what docs/explain-guitar.jpg shows, a steel guitar, a piano and silence, and ends.
--levels: how the tags of some sounds change as these become quieter, which is what the gate is set by.
"""

from __future__ import annotations

import argparse
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from oscbridge.ear.mel import log_mel, windows
from oscbridge.ear.tagger import FoldedTagger, load_tagger
from oscbridge.ear.tagger_anatomy import GATE_DB, RATE, TAGS, gated, level_db
from oscbridge.resources import folder, loop_file
from oscbridge.sound import decode

SOUNDFONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
LEVEL_DB = -20.0
EVERY = 31  # frames from one window to the next: half a second
TICKS = 480  # of a MIDI file to a beat, at 120 a minute
PROGRAMS = {
    "guitar, nylon": 24, "guitar, steel": 25, "guitar, jazz": 26, "guitar, clean": 27, "guitar, overdriven": 29,
    "piano": 0, "harpsichord": 6, "organ": 19, "violin": 40, "cello": 42, "strings": 48, "choir": 52, "flute": 73,
    "sitar": 104,
}  # fmt: skip
CHORDS = ((45, 52, 57, 60, 64), (41, 48, 53, 57, 60), (48, 52, 55, 60, 64), (43, 50, 55, 59, 62))  # Am F C G, twice
PATTERN = (0, 2, 3, 4, 3, 2, 1, 2)  # which note of the chord at every eighth
KIT = ((36, (0, 3, 4)), (38, (2, 6)), (42, (0, 1, 2, 3, 4, 5, 6, 7)))  # bass drum, snare, hi-hat; at which eighths
Floats = NDArray[np.float32]


def midi(program: int | None) -> bytes:
    """Eight bars as a MIDI file: broken chords of this program, or the drum kit if it is None."""
    eighth, channel = TICKS // 2, 9 if program is None else 0
    events: list[tuple[int, bytes]] = [] if program is None else [(0, bytes([0xC0, program]))]
    for bar in range(8):
        chord = CHORDS[bar % len(CHORDS)]
        steps = [(note, i) for note, at in KIT for i in at] if program is None else None
        for note, i in steps or [(chord[p], i) for i, p in enumerate(PATTERN)]:
            at = (bar * 8 + i) * eighth
            events.append((at, bytes([0x90 | channel, note, 96 if i % 4 == 0 else 80])))
            events.append((at + (eighth if program is None else 2 * eighth), bytes([0x80 | channel, note, 0])))
    track, now = b"", 0
    for at, event in sorted(events):
        track += _variable(at - now) + event
        now = at
    track += b"\0\xff\x2f\0"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def rendered(program: int | None, rate: int = RATE) -> Floats:
    """The eight bars, (n,)."""
    with tempfile.TemporaryDirectory() as name:
        score, wave = Path(name) / "score.mid", Path(name) / "score.wav"
        score.write_bytes(midi(program))
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", "44100", "-T", "wav", "-F", wave, SOUNDFONT, score]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        return decode(wave, rate)[: 16 * rate]


def guitar_and_piano(rate: int) -> Floats:
    """6 s of a steel guitar, 4 s of a piano, 3.5 s of silence."""
    parts = []
    for name, seconds in (("guitar, steel", 6), ("piano", 4)):
        part = at_level(rendered(PROGRAMS[name], rate)[: seconds * rate])
        part[-rate // 20 :] *= np.linspace(1, 0, rate // 20, dtype=np.float32)
        parts.append(part)
    return np.concatenate([*parts, np.zeros(round(3.5 * rate), np.float32)])


def can_render() -> bool:
    return shutil.which("fluidsynth") is not None and SOUNDFONT.exists()


def drums(seconds: float = 8.0, seed: int = 0) -> Floats:
    """A bass drum that falls in pitch, a snare and a hi-hat of noise, 120 beats a minute."""
    rng, hit = np.random.default_rng(seed), np.arange(RATE // 4) / RATE
    bass = np.sin(2 * np.pi * (50 * hit + 6 * (1 - np.exp(-30 * hit)))) * np.exp(-14 * hit)
    out = np.zeros(int(seconds * RATE) + len(hit))
    for step in range(int(seconds * 4)):
        at = step * RATE // 4
        noise = rng.standard_normal(len(hit))
        sounds = [np.diff(noise, prepend=0.0) * np.exp(-90 * hit) * 0.3]
        sounds += [bass] if step % 4 == 0 else [0.6 * noise * np.exp(-22 * hit)] if step % 4 == 2 else []
        out[at : at + len(hit)] += sum(sounds)
    return out[: int(seconds * RATE)].astype(np.float32)


def sounds(with_fluidsynth: bool) -> Iterator[tuple[str, Floats]]:
    """Name and sound at 16 kHz of every row."""
    time = np.arange(8 * RATE) / RATE
    if with_fluidsynth:
        for name, program in PROGRAMS.items():
            yield f"{name} (FluidSynth)", at_level(rendered(program))
        yield "drum kit (FluidSynth)", at_level(rendered(None))
    yield "the bundled loop: plucked strings, bass, drums", at_level(decode(loop_file(), RATE))
    yield "drums (synthesised)", at_level(drums())
    yield "sine, 440 Hz", at_level(np.sin(2 * np.pi * 440 * time).astype(np.float32))
    yield "white noise", at_level(np.random.default_rng(0).standard_normal(len(time)).astype(np.float32))
    yield "silence", np.zeros(len(time), np.float32)


def at_level(sound: Floats, level: float = LEVEL_DB) -> Floats:
    return (sound * 10 ** ((level - level_db(sound)) / 20)).astype(np.float32)


@torch.inference_mode()
def mean_tags(tagger: FoldedTagger, sound: Floats) -> Floats:
    """(50,): the mean over windows half a second apart, not gated."""
    found: Floats = tagger.tags(windows(log_mel(torch.from_numpy(sound)), EVERY)).mean(0).numpy()
    return found


def row(name: str, tags: Floats, level: float) -> str:
    order = np.argsort(-tags)
    rank = int(np.flatnonzero(order == 0)[0]) + 1
    first = ", ".join(f"{TAGS[i]} {tags[i]:.2f}" for i in order[:4])
    shown = "–" if not gated(tags, level).any() else f"{tags[0]:.2f}"
    return f"| {name} | {tags[0]:.2f} | {rank} | {first} | {shown} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", action="store_true", help="also how tags change with the level")
    parser.add_argument("--sound", type=Path, help="write the sound of docs/explain-guitar.jpg instead")
    given = parser.parse_args()
    if given.sound:
        soundfile.write(given.sound, guitar_and_piano(44_100), 44_100)
        return
    torch.set_num_threads(1)
    tagger = load_tagger(folder("models") / "vgg-tagger.safetensors")
    heard = list(sounds(can_render()))
    if not can_render():
        print(f"without FluidSynth and {SOUNDFONT}: instruments are left out", file=sys.stderr)
    print(f"| sound | guitar | its place of 50 | first four tags | guitar, gated at {GATE_DB:g} dBFS |")
    print("|---|---|---|---|---|")
    for name, sound in heard:
        print(row(name, mean_tags(tagger, sound), level_db(sound)))
    if given.levels:
        levels = range(-20, -121, -10)
        print("\n| guitar tag, and the first, at dBFS |", " | ".join(map(str, levels)), "|")
        print("|---" * (len(levels) + 1) + "|")
        for name, sound in heard[:-1]:
            found = [mean_tags(tagger, at_level(sound, level)) for level in levels]
            print(f"| {name} |", " | ".join(f"{x[0]:.2f} {TAGS[x.argmax()]}" for x in found), "|")


def _variable(value: int) -> bytes:
    """MIDI's variable-length number."""
    out = bytes([value & 0x7F])
    while value := value >> 7:
        out = bytes([value & 0x7F | 0x80]) + out
    return out


if __name__ == "__main__":
    main()
