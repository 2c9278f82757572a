"""Sound files become scalograms on the disk: once, whole, and those that can't are told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from oscbridge.ear.filterbank import FilterBank
from oscbridge.ear.scalogram import scalogram
from oscbridge.errors import BridgeError
from oscbridge.train import shelf
from oscbridge.train.shelf import Track, columns_of, fill, is_held_out, sound_files, split

from . import sounds

SIZES = sounds.ear().scalogram


def track(name: str, domain: str = "d") -> Track:
    return Track(domain, name, 100, Path(name))


def test_folders_are_searched_all_the_way_down_and_only_for_sound(tmp_path: Path) -> None:
    sounds.folder(tmp_path / "a" / "b", 2)
    (tmp_path / "notes.txt").write_text("no sound")
    assert [p.name for p in sound_files(tmp_path)] == ["tune-0.flac", "tune-1.flac"]


def test_an_empty_folder_and_a_missing_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"no sound file in it; looked for .aif"):
        sound_files(tmp_path)
    with pytest.raises(BridgeError, match=r"not a folder"):
        sound_files(tmp_path / "nowhere")


def test_unreadable_and_silent_files_are_listed_and_the_others_used(tmp_path: Path) -> None:
    music = sounds.folder(tmp_path / "music", 2)
    (music / "broken.wav").write_bytes(b"RIFF nothing")
    soundfile.write(music / "silent.wav", np.zeros(20_000), sounds.RATE)
    soundfile.write(music / "instant.wav", np.zeros(10), sounds.RATE)
    tracks, skipped = fill([music], SIZES, tmp_path / "shelf", workers=1)
    assert [t.name for t in tracks] == ["tune-0.flac", "tune-1.flac"]
    assert {s.path.name for s in skipped} == {"broken.wav", "silent.wav", "instant.wav"}
    assert "not a sound file" in next(s.why for s in skipped if s.path.name == "broken.wav")


def test_a_folder_of_nothing_but_silence_is_refused_with_the_reason(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(20_000), sounds.RATE)
    with pytest.raises(BridgeError, match=r"none of 1 sound files(.|\n)*silent.wav: it is silent"):
        fill([tmp_path], SIZES, tmp_path / "shelf", workers=1)


def test_a_file_in_pieces_is_the_scalogram_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "CHUNK_S", 1)
    audio, bank = sounds.tune(1, 3.7), FilterBank(SIZES)
    whole = scalogram(torch.from_numpy(audio), bank)[0].clamp(0, 1).numpy()
    np.testing.assert_allclose(columns_of(audio, bank) / 255, whole, atol=0.5 / 255 + 1e-5)


def test_another_rate_and_two_channels_are_heard_as_one_of_ours(tmp_path: Path) -> None:
    t = np.arange(3 * 44_100) / 44_100
    stereo = np.stack([0.4 * np.sin(2 * np.pi * 800 * t), np.zeros_like(t)], 1)
    soundfile.write(tmp_path / "a.wav", stereo, 44_100)
    (found,), _ = fill([tmp_path], SIZES, tmp_path / "shelf", workers=1)
    peak = found.columns()[100].argmax()
    assert abs(SIZES.frequency_hz(int(peak)) / 800 - 1) < 0.06


def test_a_prepared_file_is_not_made_again_but_a_changed_one_is(tmp_path: Path) -> None:
    music = sounds.folder(tmp_path / "music", 1)
    (first,), _ = fill([music], SIZES, tmp_path / "shelf", workers=1)
    made = first.path.stat().st_mtime_ns
    (again,), _ = fill([music], SIZES, tmp_path / "shelf", workers=1)
    assert again == first and again.path.stat().st_mtime_ns == made
    soundfile.write(music / "tune-0.flac", sounds.tune(7, 2.0), sounds.RATE)
    (changed,), _ = fill([music], SIZES, tmp_path / "shelf", workers=1)
    assert changed.path != first.path and changed.frames < first.frames


def test_the_split_is_by_file_and_stays_whatever_comes_and_goes() -> None:
    names = [f"{i}.wav" for i in range(400)]
    learn, held = split([track(n) for n in names], 0.2)
    assert 50 < len(held) < 110 and len(learn) + len(held) == 400
    fewer_learn, fewer_held = split([track(n) for n in names[:200]], 0.2)
    assert set(fewer_held) <= set(held) and set(fewer_learn) <= set(learn)
    assert is_held_out("d/x", 1.0) and not is_held_out("d/x", 0.0)


def test_there_is_always_something_to_learn_from_and_to_test_on() -> None:
    learn, held = split([track("a"), track("b")], 0.0)
    assert len(learn) == len(held) == 1
    assert split([track("a")], 0.0) == ([track("a")], [track("a")])
