"""The clips folder: full disks, keeping, pruning, and what is found at the next start."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from oscbridge import files
from oscbridge.daemon.clip_files import MOST_ID
from oscbridge.daemon.clip_store import COUNTER, ClipStore
from oscbridge.errors import BridgeError

from .clips import MADE, assert_whole, dream, loaded


def _names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.name != COUNTER)


# a full disk


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with room for 400 kB: a disk of its own where we may mount one, else fsync fails beyond that."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if sys.platform == "linux" and os.geteuid() == 0 and mount:
        command = [mount, "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            try:
                yield folder
            finally:
                subprocess.run(["umount", str(folder)], check=True)
            return
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if sum(p.stat().st_size for p in folder.iterdir()) > 400_000:
            raise OSError(28, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", full)
    yield folder


def test_a_full_disk_is_told_and_leaves_the_earlier_clips_and_nothing_partial(small_disk: Path) -> None:
    store = loaded(small_disk)
    with pytest.raises(BridgeError, match=r"the disk is full: \S+ needs .*the current clip plays on") as caught:
        for seed in range(100):
            dream(store, small_disk, seed)
    assert caught.value.code == 500
    written = store.clips
    assert len(written) > 5
    expected = {name for clip in written for name in (clip.path.name, clip.index.name)}
    assert set(_names(small_disk)) == expected
    with pytest.raises(BridgeError, match="the disk is full"):
        while True:
            store.keep(written[-1].id, f"encore {store.next_id()}")
    for clip in store.clips:
        assert_whole(clip)
    assert loaded(small_disk).clips == store.clips
    store.prune(2, ())
    assert_whole(dream(store, small_disk)), "and goes on once there is room"


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_refusing_disk_leaves_the_old_kept_clip_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, failing: int
) -> None:
    store = loaded(tmp_path)
    first, second = dream(store, tmp_path, 1), dream(store, tmp_path, 2)
    old = store.keep(first.id, "encore")
    real, calls = getattr(os, step), 0

    def refuse(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(5, "Input/output error")
        real(*arguments)

    monkeypatch.setattr(files.os, step, refuse)
    with contextlib.suppress(BridgeError):
        store.keep(second.id, "encore")
    monkeypatch.undo()
    (kept,) = [clip for clip in loaded(tmp_path).clips if clip.name]
    assert_whole(kept)
    assert kept.sha256 in (old.sha256, second.sha256)
    assert kept.sha256 == (old if kept.id == old.id else second).sha256


# keeping


def test_a_kept_clip_has_its_own_number_and_outlives_pruning_and_restart(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    kept = store.keep(clip.id, "warm up")
    assert (kept.id, kept.path.name, kept.name, kept.sha256) == (2, "warm up.wav", "warm up", clip.sha256)
    assert kept.made == MADE
    assert store.newest == clip, "a copy is not newer than what it is a copy of"
    assert store.prune(0, ()) == [clip]
    assert loaded(tmp_path).clips == [kept]
    assert_whole(kept)


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_keeping_under_a_kept_name_replaces_it(tmp_path: Path, format: str) -> None:
    store = loaded(tmp_path)
    old = store.keep(dream(store, tmp_path, 1).id, "encore")
    new = store.keep(dream(store, tmp_path, 2, format=format).id, "encore")
    assert new.id > old.id
    assert [clip for clip in loaded(tmp_path).clips if clip.name] == [new]
    assert [n for n in _names(tmp_path) if n.startswith("encore")] == sorted(["encore.json", f"encore.{format}"])
    assert_whole(new)
    assert store.keep(new.id, "encore") == new, "the same sound under the same name is what there is"


@pytest.mark.parametrize("there", ["encore.wav", "encore.json"])
def test_a_file_that_is_no_kept_clip_is_not_replaced(tmp_path: Path, there: str) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    (tmp_path / there).write_text("the user's own")
    with pytest.raises(BridgeError, match="no kept clip; choose another") as caught:
        store.keep(clip.id, "encore")
    assert caught.value.code == 409
    assert (tmp_path / there).read_text() == "the user's own"


def test_a_copy_that_a_crash_left_without_an_entry_can_be_kept_again(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    store.keep(clip.id, "encore").index.unlink()
    store = loaded(tmp_path)
    assert store.clips == [clip]
    assert_whole(store.keep(clip.id, "encore"))


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 65, "nul", "a.wav", "clip-000001", "CLIP-000009"])
def test_a_clip_is_kept_under_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    with pytest.raises(BridgeError) as caught:
        store.keep(clip.id, name)
    assert caught.value.code == 422
    assert _names(tmp_path) == ["clip-000001.json", "clip-000001.wav"]


@pytest.mark.parametrize(("harm", "code"), [(Path.unlink, 404), (lambda p: p.write_bytes(b"x"), 409)])
def test_a_clip_whose_file_was_touched_is_not_kept(tmp_path: Path, harm: object, code: int) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    harm(clip.path)  # type: ignore[operator]
    with pytest.raises(BridgeError) as caught:
        store.keep(clip.id, "encore")
    assert caught.value.code == code


# numbers and pruning


def test_pruning_leaves_the_newest_the_needed_and_the_named(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    clips = [dream(store, tmp_path, seed) for seed in range(5)]
    kept = store.keep(clips[0].id, "first")
    clips.append(dream(store, tmp_path, 5))
    assert store.prune(2, {clips[1].id, 99}) == [clips[0], clips[2], clips[3]]
    left = [clips[1], clips[4], kept, clips[5]]
    assert store.clips == left == loaded(tmp_path).clips
    assert sorted(_names(tmp_path)) == sorted(n for c in left for n in (c.path.name, c.index.name))


def test_a_number_is_never_given_twice_not_even_after_pruning_and_restart(tmp_path: Path) -> None:
    given = []
    for _ in range(3):
        store = loaded(tmp_path)
        for seed in range(3):
            given.append(dream(store, tmp_path, seed).id)
        given.append(store.next_id())  # of a clip that was never finished
        store.prune(0, ())
        assert store.clips == []
    assert given == sorted(set(given))
    (tmp_path / COUNTER).write_text("nonsense")
    last = dream(loaded(tmp_path), tmp_path)
    assert loaded(tmp_path).next_id() == last.id + 1, "without its counter the clips tell"


def test_numbers_end_where_a_patch_can_no_longer_tell_them_apart(tmp_path: Path) -> None:
    (tmp_path / COUNTER).write_text(f"{MOST_ID - 1:08d}\n")
    store = loaded(tmp_path)
    assert dream(store, tmp_path).id == MOST_ID == int(np.float32(MOST_ID))
    with pytest.raises(BridgeError, match=r"set clips\.folder"):
        store.next_id()
    assert [c.id for c in loaded(tmp_path).clips] == [MOST_ID]


def test_an_unknown_clip_is_answered_with_those_there_are(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    with pytest.raises(BridgeError, match="there is none yet"):
        store.get(1)
    for seed in range(3):
        dream(store, tmp_path, seed)
    store.keep(2, "encore")
    dream(store, tmp_path, 3)
    assert store.get(2).id == 2
    with pytest.raises(BridgeError, match=r"there is no clip 9; there are 1-3, 4 \(encore\), 5$") as caught:
        store.get(9)
    assert caught.value.code == 404


# the next start


def test_a_start_sweeps_what_a_crash_left_and_nothing_else(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    clip = dream(store, tmp_path)
    ours = ["clip-000007.wav", "clip-000008.flac", ".clip-000009.wav.a1b2c3d_", ".encore.json.abcdefgh"]
    theirs = ["break.wav", "notes.txt", "clip-7.wav", "clip-00000007.wav", ".hidden.wav", "clip-000010.mp3", ".x.wav.A"]
    for name in [*ours, *theirs]:
        (tmp_path / name).write_bytes(b"something")
    (tmp_path / "clip-000011.wav").mkdir()
    (tmp_path / "clip-000012.json").write_text("{broken")  # somebody may mend it
    (tmp_path / "clip-000012.wav").write_bytes(b"something")
    store = loaded(tmp_path)
    assert store.clips == [clip]
    left = [clip.path.name, clip.index.name, "clip-000011.wav", "clip-000012.json", "clip-000012.wav", *theirs]
    assert set(_names(tmp_path)) == set(left)
    assert store.next_id() == 13


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 100_000, '{"id": ' + "9" * 5_000 + "}", "\xff\xfe"],
    ids=["empty", "half", "list", "null", "deep", "large", "binary"],
)
def test_an_index_that_is_none_is_left_out_and_left_alone(tmp_path: Path, text: str) -> None:
    clip = dream(loaded(tmp_path), tmp_path)
    (tmp_path / "x.json").write_text(text, encoding="latin-1")
    assert loaded(tmp_path).clips == [clip]
    assert (tmp_path / "x.json").read_text(encoding="latin-1") == text


@pytest.mark.parametrize(
    ("change", "is_taken"),
    [
        ({}, True), ({"later": "unknown"}, True), ({"id": 1}, False), ({"id": "9"}, False), ({"id": 2**24}, False),
        ({"id": 0}, False), ({"file": "../x.wav"}, False), ({"file": "y.wav"}, False), ({"name": "y"}, False),
        ({"name": ""}, False), ({"sha256": "x"}, False), ({"size": 1}, False), ({"frames": 3_999}, False),
        ({"rate": 8_001}, False), ({"channels": 2}, False), ({"score": float("nan")}, False), ({"made": []}, False),
        ({"becomes": {}}, False),
    ],
)  # fmt: skip
def test_an_entry_counts_only_if_all_of_it_is_true(tmp_path: Path, change: dict[str, object], is_taken: bool) -> None:
    folder = tmp_path / "clips"
    clip = dream(loaded(folder), folder)
    for place in (tmp_path / "x.wav", folder / "x.wav", folder / "y.wav"):
        shutil.copy(clip.path, place)
    entry = json.loads(clip.index.read_text()) | {"id": 9, "file": "x.wav", "name": "x"} | change
    (folder / "x.json").write_text(json.dumps(entry))
    assert [c.id for c in loaded(folder).clips] == ([1, 9] if is_taken else [1])
    assert (folder / "x.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes in folders there")
def test_a_pipe_or_a_link_for_an_index_or_a_sound_holds_nothing_up(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    clip, piped, linked = (dream(store, tmp_path, seed) for seed in range(3))
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "link.json").symlink_to(clip.index)
    piped.path.unlink()
    os.mkfifo(piped.path)
    linked.path.unlink()
    linked.path.symlink_to(clip.path)
    assert loaded(tmp_path).clips == [clip]


def test_an_entry_without_its_sound_goes_and_one_whose_sound_was_changed_is_left_out(tmp_path: Path) -> None:
    store = loaded(tmp_path)
    whole, gone, longer, other = (dream(store, tmp_path, seed) for seed in range(4))
    gone.path.unlink()
    longer.path.write_bytes(longer.path.read_bytes() + b"x")
    content = bytearray(other.path.read_bytes())
    content[24:28] = (44_100).to_bytes(4, "little")  # the rate
    other.path.write_bytes(content)
    assert loaded(tmp_path).clips == [whole]
    assert not gone.index.exists()
    assert longer.path.exists() and longer.index.exists() and other.path.exists(), "it may be somebody's work"


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "clips").write_text("")
    with pytest.raises(BridgeError, match=r"set clips\.folder to another"):
        ClipStore(tmp_path / "clips").load()
