"""Clips while whoever writes them is killed."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from oscbridge.daemon.clip_files import read_entry, write_clip
from oscbridge.daemon.clip_store import ClipStore
from oscbridge.errors import BridgeError

from .clips import assert_whole, loaded

KILLS = 40
NAMES = ("one", "two")


def _work(folder: Path, seed: int, began: Connection) -> None:
    """Writes, keeps, replaces and prunes until it is killed; tells every number before it is used."""
    rng = np.random.default_rng(seed)
    store = ClipStore(folder)
    store.load()
    while True:
        clip_id = store.next_id()
        began.send(clip_id)
        sound = rng.uniform(-0.5, 0.5, 20_000).astype(np.float32)
        format = ("wav", "flac")[clip_id % 2]
        store.add(write_clip(folder, clip_id, sound, 44_100, format=format, score=0.0, made={}, made_at=0.0))
        # it is refused where a kill has left a copy without its entry
        with contextlib.suppress(BridgeError):
            began.send(store.keep(clip_id, NAMES[int(rng.integers(2))]).id)
        store.prune(3, {clip_id - 5})


def _assert_every_entry_has_its_sound(folder: Path) -> None:
    """As the kill left it, before a start could mend anything."""
    for index in folder.glob("*.json"):
        if not index.name.startswith("."):
            entry = read_entry(index)
            sound = hashlib.sha256((folder / entry.file).read_bytes()).hexdigest()
            assert sound in [one.sha256 for one in (entry, entry.becomes) if one is not None], index.name


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_whoever_is_killed_at_any_moment_leaves_every_clip_whole(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")  # so that a child takes milliseconds, not a second
    context.set_forkserver_preload(["soundfile", "pytest", "oscbridge.daemon.clip_store", "tests.daemon.clips"])
    rng = random.Random(0)
    highest, kept_once, changes = 0, set[str](), 0
    for kill in range(KILLS):
        began, told = context.Pipe(duplex=False)
        child = context.Process(target=_work, args=(tmp_path, kill, told), daemon=True)
        child.start()
        told.close()
        first = began.recv()
        assert first > highest, "a number that was given before came again"
        highest = max([first, *(began.recv() for _ in range(rng.randrange(5)))])  # it is at work, however slowly
        time.sleep(rng.uniform(0.0, 0.02))
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert child.exitcode == -signal.SIGKILL
        while began.poll():
            try:
                highest = max(highest, began.recv())
            except EOFError:
                break
        _assert_every_entry_has_its_sound(tmp_path)
        clips = loaded(tmp_path).clips
        for clip in clips:
            assert_whole(clip)
        names = {clip.name for clip in clips if clip.name}
        assert names >= kept_once, "a clip that was kept for good is gone"
        kept_once |= names
        files = {name for clip in clips for name in (clip.path.name, clip.index.name)}
        # a kept copy without its entry may be a user's file by the same name: it stays
        rest = {name for name in os.listdir(tmp_path) if name.startswith(("clip-", ".clip-0", ".one", ".two"))} - files
        assert not rest, "what was half done is swept"
        changes += highest - first
    assert kept_once == set(NAMES)
    assert changes > KILLS, "most were killed at work"
