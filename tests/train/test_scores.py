"""Scores are played by FluidSynth, each in a setting that tells nothing of who wrote it."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import mido
import numpy as np
import pytest

from oscbridge.errors import BridgeError
from oscbridge.train import scores
from oscbridge.train.scores import FAMILIES, RATE, Note, draw_setting, midi_file, pieces, play, read_notes

from ..clients.need import need

FONT = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
NOTES = [Note(i / 2, 0.5, 60 + 2 * (i % 5), i % 2) for i in range(16)]


def setting(key: str = "x", **changes: object) -> scores.Setting:
    drawn = draw_setting(key, list(FAMILIES), [FONT])
    return scores.Setting(**{**vars(drawn), **changes})  # type: ignore[arg-type]


def test_a_piece_has_one_setting_and_others_have_others() -> None:
    assert setting("a") == setting("a") != setting("b")
    drawn = [setting(str(i)) for i in range(300)]
    assert set(Counter(s.family for s in drawn)) == set(FAMILIES)
    assert all(s.program in FAMILIES[s.family] for s in drawn)
    assert np.std([s.bpm for s in drawn]) > 15 and np.std([s.level_db for s in drawn]) > 2


def test_the_midi_file_holds_the_notes_transposed_and_in_time() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_file(NOTES, setting(bpm=120.0, transposition=3, detune=10.0))))
    now, starts, pitches = 0.0, [], []
    for message in file:
        now += message.time
        if message.type == "note_on":
            starts.append(now)
            pitches.append(message.note)
    assert pitches == [n.pitch + 3 for n in NOTES]
    np.testing.assert_allclose(np.array(starts) - 0.05, [n.start / 2 for n in NOTES], atol=0.04)
    assert {m.program for m in file if m.type == "program_change"} == {setting().program}


def test_a_long_piece_is_cut() -> None:
    file = mido.MidiFile(file=io.BytesIO(midi_file([Note(q, 1, 60, 0) for q in range(400)], setting(bpm=60.0))))
    assert file.length < scores.LONGEST_S + 3


def test_a_score_of_the_corpus_is_read_with_its_parts() -> None:
    (path,) = [p for p in pieces("bach") if p.name == "bwv66.6.mxl"]
    notes = read_notes(path)
    assert len({n.part for n in notes}) == 4 and len(notes) > 100
    assert all(n.length > 0 for n in notes) and notes == sorted(notes, key=lambda n: n.start)


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "FOLDERS", (Path("/nowhere"),))
    with pytest.raises(BridgeError, match="apt-get install fluidsynth"):
        scores.soundfonts()


def test_a_played_score_sounds_at_its_level_in_its_key() -> None:
    need("fluidsynth", package="fluidsynth")
    low, high = (play([Note(0, 8, 69, 0)], setting(family="organ", program=19, transposition=t, detune=0.0, bpm=120.0,
                                                   level_db=-20.0, noise_db=-70.0)) for t in (0, 3))  # fmt: skip
    for audio in (low, high):
        assert 3 < len(audio) / RATE < 12 and np.isfinite(audio).all()
        assert 20 * np.log10(np.sqrt((audio**2).mean())) == pytest.approx(-20, abs=0.5)

    def strongest(audio: np.ndarray) -> float:
        part = audio[RATE : 3 * RATE]
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        return float(np.fft.rfftfreq(len(part), 1 / RATE)[spectrum.argmax()])

    assert strongest(high) / strongest(low) == pytest.approx(2 ** (3 / 12), rel=0.01)


def test_a_broken_soundfont_is_told(tmp_path: Path) -> None:
    need("fluidsynth", package="fluidsynth")
    (tmp_path / "bad.sf2").write_bytes(b"no soundfont")
    with pytest.raises(BridgeError, match="fluidsynth"):
        play([], setting(soundfont=tmp_path / "bad.sf2"))
