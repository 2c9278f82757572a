"""Scores as sound: music21's corpus played by FluidSynth, each piece in a setting of its own.

The setting (instrument, soundfont, tempo, transposition, room, tone, level, noise) is drawn apart from the piece, so
that none of it tells the composer.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from ..errors import BridgeError

RATE = 44_100
LONGEST_S = 75.0
SILENT = 1e-4
CORPORA = ("bach", "trecento", "ryansMammoth")  # the others have too few pieces to test on, or unclear rights
FAMILIES: dict[str, tuple[int, ...]] = {  # General MIDI programs, from 0
    "piano": (0, 1, 2, 3),
    "organ": (16, 18, 19, 20),
    "guitar": (24, 25, 26, 27),
    "strings": (40, 41, 42, 48, 49),
    "winds": (60, 65, 68, 70, 71, 73),
    "mallets": (9, 11, 12, 13),
}
SOUNDFONTS = ("sf2/FluidR3_GM.sf2", "sf2/TimGM6mb.sf2", "sf2/OPL-3_FM_128M.sf2", "sf3/MuseScore_General_Lite.sf3")
PACKAGES = "fluidsynth fluid-soundfont-gm timgm6mb-soundfont opl3-soundfont musescore-general-soundfont-small"
FOLDERS = (Path("/usr/share/sounds"), Path("/usr/share/soundfonts"), Path("/usr/local/share/soundfonts"))


@dataclass(frozen=True)
class Note:
    """start and length in quarters; pitch as MIDI; part from 0."""

    start: float
    length: float
    pitch: int
    part: int


@dataclass(frozen=True)
class Setting:
    """How one piece is played."""

    family: str
    program: int
    soundfont: Path
    bpm: float
    transposition: int
    reverb: float  # 0..1.2
    detune: float  # cents
    tilt_db: float  # an octave
    level_db: float  # RMS against full scale
    noise_db: float
    seed: int


def pieces(corpus: str) -> list[Path]:
    """The corpus's scores, by name. Raises BridgeError if music21 is not installed."""
    try:
        from music21 import corpus as shelf
    except ImportError as error:
        raise BridgeError("scores need music21: pip install 'oscbridge[train]'", 404) from error
    return sorted(p for p in shelf.getCorePaths() if p.parent.name == corpus or p.parent.parent.name == corpus)


def read_notes(path: Path) -> list[Note]:
    """The notes of a score, ties joined; of a collection, its first piece."""
    from music21 import converter, stream

    score = converter.parse(path)
    if isinstance(score, stream.Opus):
        score = score.scores[0]
    parts = list(getattr(score, "parts", [])) or [score]
    notes = []
    for index, part in enumerate(parts):
        for element in part.stripTies().flatten().notes:
            if element.quarterLength > 0 and "Harmony" not in element.classes:
                at, length = float(element.offset), float(element.quarterLength)
                notes += [Note(at, length, int(p.midi), index) for p in element.pitches]
    return sorted(notes, key=lambda n: n.start)


def soundfonts() -> list[Path]:
    """The soundfonts that are installed. Raises BridgeError if there is none, or no FluidSynth."""
    found = [folder / name for name in SOUNDFONTS for folder in FOLDERS if (folder / name).is_file()]
    if not found or not shutil.which("fluidsynth"):
        raise BridgeError(f"scores need FluidSynth and soundfonts: apt-get install {PACKAGES}", 404)
    return found


def draw_setting(key: str, families: Sequence[str], fonts: Sequence[Path]) -> Setting:
    """A setting from the piece's name: the same every time."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
    family = str(rng.choice(list(families)))
    return Setting(
        family=family,
        program=int(rng.choice(FAMILIES[family])),
        soundfont=fonts[int(rng.integers(len(fonts)))],
        bpm=float(rng.uniform(66, 132)),
        transposition=int(rng.integers(-6, 7)),
        reverb=float(rng.uniform(0, 1)),
        detune=float(rng.uniform(-40, 40)),
        tilt_db=float(rng.uniform(-3, 3)),
        level_db=float(rng.uniform(-28, -16)),
        noise_db=float(rng.uniform(-85, -50)),
        seed=int(rng.integers(1 << 30)),
    )


def midi_file(notes: Sequence[Note], setting: Setting) -> bytes:
    """The notes as a MIDI file, played by a person: loose in time, each part with a weight of its own."""
    import mido

    rng = np.random.default_rng(setting.seed)
    weight = rng.uniform(0.75, 1.1, 64)
    events: list[tuple[int, int, mido.Message]] = []
    for note in notes:
        seconds = note.start * 60 / setting.bpm
        if seconds > LONGEST_S:
            break
        start = seconds + 0.05 + abs(rng.normal(0, 0.008))
        end = start + max(0.06, note.length * 60 / setting.bpm * rng.uniform(0.85, 1.0))
        pitch = int(np.clip(note.pitch + setting.transposition, 12, 115))
        accent = 8 if note.start == int(note.start) else 0
        velocity = int(np.clip((72 + accent + rng.normal(0, 7)) * weight[note.part % 64], 20, 126))
        channel = note.part % 9
        events.append((round(start * 1000), 1, mido.Message("note_on", note=pitch, velocity=velocity, channel=channel)))
        events.append((round(end * 1000), 0, mido.Message("note_off", note=pitch, channel=channel)))
    events.sort(key=lambda e: e[:2])
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])
    bend = int(np.clip(setting.detune / 200 * 8192, -8192, 8191))
    for channel in range(9):
        track += [mido.Message("program_change", program=setting.program, channel=channel)]
        track += [mido.Message("pitchwheel", pitch=bend, channel=channel)]
    now = 0
    for at, _, message in events:
        track.append(message.copy(time=at - now))
        now = at
    file = mido.MidiFile(ticks_per_beat=1000)  # at a tempo of one beat a second a tick is a millisecond
    file.tracks.append(track)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def play(notes: Sequence[Note], setting: Setting) -> NDArray[np.float32]:
    """(n,) float32 at 44.1 kHz. Raises BridgeError if FluidSynth fails."""
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder) / "in.mid", Path(folder) / "out.wav"
        midi.write_bytes(midi_file(notes, setting))
        reverb = [
            f"synth.reverb.room-size={setting.reverb:.2f}",
            f"synth.reverb.level={0.2 + 0.6 * setting.reverb:.2f}",
        ]
        options = [
            part
            for text in (*reverb, "synth.reverb.damp=0.3", "synth.dynamic-sample-loading=1")
            for part in ("-o", text)
        ]
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RATE), *options, "-T", "wav", "-F", str(wave)]
        ended = subprocess.run(
            [*command, str(setting.soundfont), str(midi)], capture_output=True, text=True, check=False
        )
        if ended.returncode or not wave.exists():
            raise BridgeError(f"fluidsynth ended with {ended.returncode}: {ended.stderr.strip()[-200:]}", 500)
        audio = soundfile.read(wave, dtype="float32", always_2d=True)[0].mean(axis=1)
    if not len(audio) or np.abs(audio).max() < SILENT:  # a soundfont that can't be read is no error to FluidSynth
        raise BridgeError(f"fluidsynth played nothing with {setting.soundfont}: {ended.stderr.strip()[-200:]}", 500)
    return master(audio[: int((LONGEST_S + 2) * RATE)], setting)


def master(audio: NDArray[np.float32], setting: Setting) -> NDArray[np.float32]:
    """Tone, level and noise of the recording. Levels do not depend on what is played."""
    f = np.fft.rfftfreq(len(audio), 1 / RATE)
    octaves = np.clip(np.log2(np.maximum(f, 20) / 1000), -4, 4)
    toned = np.fft.irfft(np.fft.rfft(audio) * 10 ** (setting.tilt_db * octaves / 20), len(audio))
    loud = np.sqrt((toned**2).mean()) + 1e-9
    noise = np.random.default_rng(setting.seed).normal(size=len(audio)) * 10 ** (setting.noise_db / 20)
    levelled = toned * 10 ** (setting.level_db / 20) / loud + noise
    return np.asarray(levelled * min(1.0, 0.98 / np.abs(levelled).max()), np.float32)
