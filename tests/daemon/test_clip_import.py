"""Sound files of users, friendly and hostile, as clips."""

from __future__ import annotations

import os
import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from oscbridge.daemon.clip_files import read_clip
from oscbridge.errors import BridgeError

from .clips import FRAMES, RATE, assert_whole, dream, loaded, loop, sine


def _wav(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str = "FLOAT") -> None:
    soundfile.write(path, samples, rate, subtype=subtype)


def _refused(folder: Path, name: str) -> BridgeError:
    store = loaded(folder)
    before = sorted(os.listdir(folder))
    with pytest.raises(BridgeError) as caught:
        store.import_file(name, RATE, FRAMES)
    assert store.clips == []
    assert sorted(os.listdir(folder)) == before
    return caught.value


def test_a_file_that_fits_is_taken_bit_for_bit(tmp_path: Path) -> None:
    _wav(tmp_path / "break.wav", loop(3))
    store = loaded(tmp_path)
    clip = store.import_file("break", RATE, FRAMES)
    np.testing.assert_array_equal(read_clip(clip.path, RATE), loop(3))
    assert clip.made == {"imported": "break.wav", "notes": []}
    assert (clip.id, clip.name, clip.score, clip.path.name) == (1, "", 0.0, "clip-000001.wav")
    assert clip.made_at > 1.7e9
    assert store.newest == clip
    assert loaded(tmp_path).clips == [clip]
    assert store.import_file("break.wav", RATE, FRAMES, format="flac").path.suffix == ".flac"


def test_channels_are_mixed_and_the_rate_is_changed_without_a_seam(tmp_path: Path) -> None:
    left = sine(cycles=50, frames=3_000)
    soundfile.write(tmp_path / "a.flac", np.stack([left, np.zeros_like(left)], axis=1), 6_000, subtype="PCM_24")
    clip = loaded(tmp_path).import_file("a", RATE, FRAMES)
    np.testing.assert_allclose(read_clip(clip.path, RATE), sine(50) / 2, atol=1e-3)
    assert clip.made["notes"] == ["2 channels mixed to one", "resampled from 6,000 to 8,000 Hz"]


def test_a_longer_file_is_cut_and_fades_out(tmp_path: Path) -> None:
    _wav(tmp_path / "long.wav", loop(1, 3 * FRAMES))
    clip = loaded(tmp_path).import_file("long", RATE, FRAMES)
    sound = read_clip(clip.path, RATE)
    np.testing.assert_array_equal(sound[:-500], loop(1, 3 * FRAMES)[: FRAMES - 500])
    assert abs(sound[-1]) < 0.01
    assert clip.made["notes"] == ["cut to its first 0.50 s, faded out at the end"]


def test_a_shorter_file_is_repeated_end_to_end(tmp_path: Path) -> None:
    _wav(tmp_path / "short.wav", loop(1, FRAMES // 4))
    clip = loaded(tmp_path).import_file("short", RATE, FRAMES)
    np.testing.assert_array_equal(read_clip(clip.path, RATE), np.tile(loop(1, FRAMES // 4), 4))
    assert clip.made["notes"] == ["0.12 s repeated up to 0.50 s"]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff", "au", "w64", "caf"])
def test_every_format_comes_in_at_the_ears_rate(tmp_path: Path, suffix: str) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    soundfile.write(tmp_path / f"tone.{suffix}", tone, 44_100)
    clip = loaded(tmp_path).import_file("tone", RATE, FRAMES)
    assert_whole(clip)
    spectrum = np.abs(np.fft.rfft(read_clip(clip.path, RATE)))
    assert int(spectrum.argmax()) == 440 * FRAMES // RATE
    assert (clip.rate, clip.frames, clip.channels) == (RATE, FRAMES, 1)


def test_samples_that_are_no_sound_become_0_and_that_is_said(tmp_path: Path) -> None:
    samples = loop()
    samples[:3] = np.nan, -np.inf, 1e30
    _wav(tmp_path / "broken.wav", samples)
    clip = loaded(tmp_path).import_file("broken", RATE, FRAMES)
    samples[:3] = 0
    np.testing.assert_array_equal(read_clip(clip.path, RATE), samples)
    assert clip.made["notes"] == ["3 samples were NaN, infinite or huge, and are 0 now"]


def test_a_file_that_breaks_off_is_taken_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, loop(0, 4 * RATE), RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = loaded(tmp_path).import_file("cut", RATE, 5 * RATE)
    assert any(note.startswith("it breaks off after 1.") for note in clip.made["notes"])
    np.testing.assert_allclose(read_clip(clip.path, RATE)[:RATE], loop(0, 4 * RATE)[:RATE], atol=1e-4)


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    assert "put one into" in str(_refused(tmp_path, "kick"))
    for name in ("kick.wav", "snare.wav"):
        _wav(tmp_path / name, loop())
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "folder.wav").mkdir()
    dream(loaded(tmp_path), tmp_path)
    with pytest.raises(BridgeError, match=r"there are kick\.wav, snare\.wav\. Did you mean kick\.wav\?$") as caught:
        loaded(tmp_path).import_file("kik.wav", RATE, FRAMES)
    assert caught.value.code == 404


def test_a_name_that_two_files_have_is_asked_back(tmp_path: Path) -> None:
    for name in ("kick.wav", "kick.flac"):
        soundfile.write(tmp_path / name, loop(), RATE)
    error = _refused(tmp_path, "kick")
    assert (error.code, "kick.flac or kick.wav" in str(error)) == (409, True)


@pytest.mark.parametrize(
    "name",
    ["../out.wav", "..", ".", "", "/etc/passwd", "sub/in.wav", "a\0.wav", "NUL", "con.wav", "C:out.wav", "*", "x" * 300,
     "..\\out.wav", "sub", "out.wav\n", "link", "link.wav", "loop.wav", "pipe", "pipe.wav", "zero", "zero.wav"],
)  # fmt: skip
@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_nothing_outside_the_folder_and_no_device_is_ever_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "clips"
    (folder / "sub").mkdir(parents=True)
    for path in (tmp_path / "out.wav", folder / "sub" / "in.wav"):
        _wav(path, loop())
    (folder / "link.wav").symlink_to(tmp_path / "out.wav")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    (folder / "zero.wav").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.wav")
    assert _refused(folder, name).code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"words, not sound", b"RIFF", b"RIFF\xff\xff\xff\xffWAVE", b"fLaC", os.urandom(0) + bytes(5_000), b"{}"],
)
@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "raw"])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    (tmp_path / f"x.{suffix}").write_bytes(content)
    assert _refused(tmp_path, f"x.{suffix}").code == 422


def test_an_empty_or_silent_sound_file_is_refused(tmp_path: Path) -> None:
    _wav(tmp_path / "empty.wav", np.zeros(0, np.float32))
    assert "holds no sound" in str(_refused(tmp_path, "empty"))
    _wav(tmp_path / "silent.wav", np.zeros(FRAMES, np.float32))
    assert "is silent" in str(_refused(tmp_path, "silent"))
    _wav(tmp_path / "nan.wav", np.full(FRAMES, np.nan, np.float32))
    assert _refused(tmp_path, "nan").code == 422


def test_a_file_of_more_than_ten_minutes_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wav(tmp_path / "set.wav", np.zeros(601 * RATE, np.float32), subtype="PCM_U8")
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was decoded"))
    error = _refused(tmp_path, "set")
    assert (error.code, "10.0 minutes long; expected at most 10" in str(error)) == (413, True)


def _forged_wav(frames: int, channels: int = 1, rate: int = RATE) -> bytes:
    """A header that claims `frames`, over 1,000 of them."""
    size = min(frames * channels * 2, 2**32 - 100)
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2 % 2**32, channels * 2 % 2**16, 16)
    head = b"RIFF" + struct.pack("<I", size + 36) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", size) + b"\x10\x20" * 1_000 * min(channels, 8)


def _forged_flac(path: Path, frames: int) -> None:
    soundfile.write(path, loop(), RATE)
    content = bytearray(path.read_bytes())
    bits = int.from_bytes(content[18:26], "big")  # rate 20, channels 3, depth 5, frames 36
    content[18:26] = (bits >> 36 << 36 | frames).to_bytes(8, "big")
    path.write_bytes(content)


@pytest.mark.parametrize("frames", [0, RATE * 500, 2**31, 2**36 - 1])
@pytest.mark.parametrize("kind", ["flac", "wav", "wide", "slow"])
def test_a_forged_length_allocates_nothing(tmp_path: Path, kind: str, frames: int) -> None:
    path = tmp_path / ("x.flac" if kind == "flac" else "x.wav")
    if kind == "flac":
        _forged_flac(path, frames)
    else:
        path.write_bytes(_forged_wav(frames, 1_024 if kind == "wide" else 1, 1_000 if kind == "slow" else 768_000))
    store = loaded(tmp_path)
    tracemalloc.start()
    try:
        clip = store.import_file("x", RATE, FRAMES)
    except BridgeError as error:
        assert error.code in (413, 422)
    else:
        assert_whole(clip)
        assert clip.frames == FRAMES
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20 << 20


@pytest.mark.parametrize("rate", [1, 999, 1_000_000, 2**31 - 1])
def test_a_nonsense_rate_is_refused_before_it_is_resampled(tmp_path: Path, rate: int) -> None:
    (tmp_path / "x.wav").write_bytes(_forged_wav(1_000, rate=rate))
    assert _refused(tmp_path, "x").code == 422
