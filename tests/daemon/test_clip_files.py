"""Clips as files: written, read, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from oscbridge.daemon.clip_files import MOST_ID, read_clip, write_clip
from oscbridge.daemon.clip_store import COUNTER
from oscbridge.errors import BridgeError

from .clips import FRAMES, MADE, RATE, assert_whole, dream, loaded, loop


@pytest.mark.parametrize(("format", "error"), [("wav", 0.0), ("flac", 2.0**-23)])
def test_a_clip_comes_back_as_it_was_written(tmp_path: Path, format: str, error: float) -> None:
    clip = dream(loaded(tmp_path), tmp_path, format=format)
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != COUNTER) == sorted(
        ["clip-000001.json", f"clip-000001.{format}"]
    )
    assert_whole(clip)
    np.testing.assert_allclose(read_clip(clip.path, RATE), loop(), rtol=0, atol=error)
    assert loaded(tmp_path).clips == [clip], "and the index with all that made it"
    assert (clip.made, clip.score, clip.name) == (MADE, 1.5, "")


def test_the_same_sound_is_the_same_file_whenever_it_is_written(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    first = dream(store, tmp_path)
    stamp = first.path.read_bytes().index(b"PEAK") + 12
    assert first.path.read_bytes()[stamp : stamp + 4] == bytes(4)
    assert dream(store, tmp_path).sha256 == first.sha256


def test_flac_clips_what_is_too_loud_and_wav_keeps_it(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    loud = np.full(100, 1.5, np.float32)
    for format, level in (("wav", 1.5), ("flac", 1.0)):
        clip = write_clip(tmp_path, store.next_id(), loud, RATE, format=format, score=0.0, made={}, made_at=0.0)
        np.testing.assert_allclose(read_clip(clip.path, RATE), level, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_and_nothing_is_left(tmp_path: Path, bad: float) -> None:
    sound = loop()
    sound[-1] = bad
    with pytest.raises(BridgeError, match="1 of 4,000 samples are NaN or infinite") as caught:
        write_clip(tmp_path, 1, sound, RATE, format="wav", score=0.0, made={}, made_at=0.0)
    assert caught.value.code == 422
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"samples": np.zeros(0, np.float32)}, r"shape \(0,\)"),
        ({"samples": np.zeros((4, 2), np.float32)}, r"shape \(4, 2\)"),
        ({"format": "mp3"}, "there are wav, flac"),
        ({"score": float("nan")}, "score nan"),
        ({"clip_id": 0}, "expected 1 to 16,777,215"),
        ({"clip_id": MOST_ID + 1}, "expected 1 to 16,777,215"),
    ],
)
def test_what_is_no_clip_is_refused_in_a_sentence(tmp_path: Path, change: dict[str, object], says: str) -> None:
    facts = {"clip_id": 1, "samples": loop(), "rate": RATE, "format": "wav", "score": 0.0, "made": {}, "made_at": 0.0}
    with pytest.raises(BridgeError, match=says) as caught:
        write_clip(tmp_path, **(facts | change))  # type: ignore[arg-type]
    assert caught.value.code == 422
    assert list(tmp_path.iterdir()) == []


def test_a_clip_is_never_written_over(tmp_path: Path) -> None:
    clip = dream(loaded(tmp_path), tmp_path)
    with pytest.raises(BridgeError, match="another daemon") as caught:
        write_clip(tmp_path, clip.id, loop(9), RATE, format="flac", score=0.0, made={}, made_at=0.0)
    assert caught.value.code == 409
    assert_whole(clip)


def test_a_loop_read_at_another_rate_goes_on_smoothly_over_its_seam(tmp_path: Path) -> None:
    angle = 2 * np.pi * 100 * np.arange(FRAMES) / FRAMES  # 200 Hz
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.5 * np.cos(angle), RATE, subtype="FLOAT")
    sound = read_clip(path, 44_100)
    assert sound.shape == (FRAMES * 44_100 // RATE,)
    np.testing.assert_allclose(sound, 0.5 * np.cos(2 * np.pi * 200 * np.arange(len(sound)) / 44_100), atol=1e-3)


def test_stereo_is_read_as_its_mean_and_what_is_no_sound_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile([0.5, 0.25], (100, 1)), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read_clip(path, RATE), 0.375)
    path.write_text("words")
    with pytest.raises(BridgeError, match="can't be read"):
        read_clip(path, RATE)
    with pytest.raises(BridgeError, match="was removed") as caught:
        read_clip(tmp_path / "b.wav", RATE)
    assert caught.value.code == 404
