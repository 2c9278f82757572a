"""Pictures as a source: one a hop and on time, whatever is late."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oscbridge.daemon import pictures
from oscbridge.daemon.open_source import check_unused, open_source
from oscbridge.daemon.pictures import PictureSource
from oscbridge.daemon.sources import FileSource
from oscbridge.errors import BridgeError
from oscbridge.sections import Listen

from .fakes import HOP, PERIOD, RATE, Hands
from .showing import SIZE, Play, Told, grey, levels, player, three


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return three(tmp_path / "frames")


@pytest.fixture
def play() -> Iterator[Play]:
    with player() as play:
        yield play


# ---- the pace


def test_a_picture_comes_each_hop_with_silence_and_the_moment_it_was_due(folder: Path, play: Play) -> None:
    hands = Hands(oversleep_ns=900_000)
    source = play(folder, clock=hands.clock)
    start, offset = hands.now, hands.clock.unix_ns() - hands.now
    for n in range(200):
        hop = source.next_hop()
        assert hop.monotonic_ns == start + n * HOP * 1_000_000_000 // RATE
        assert hop.unix_ns == hop.monotonic_ns + offset
        assert hop.samples.shape == (HOP,) and hop.samples.dtype == np.float32 and not hop.samples.any()
        assert (hop.dropped.shape, hop.dropped_count) == ((0, HOP), 0)


@pytest.mark.parametrize(("late", "skipped"), [(2.9, 0), (3.1, 3), (5.5, 5), (20.5, 20)])
def test_who_comes_more_than_two_hops_late_skips_pictures_until_on_time(
    tmp_path: Path, play: Play, late: float, skipped: int
) -> None:
    for level in range(50):
        grey(tmp_path / f"{level}.png", level)
    hands = Hands()
    source = play(tmp_path, clock=hands.clock)
    start = hands.now
    levels(source, 10)
    hands.now = start + round((10 + late) * PERIOD)
    hop = source.next_hop()
    assert hop.dropped_count == skipped
    assert hop.dropped.shape == (min(skipped, 16), HOP)
    assert hop.picture is not None
    assert round(255 * float(hop.picture.max())) == 10 + skipped
    assert levels(source, 3) == [11 + skipped, 12 + skipped, 13 + skipped]


def test_a_day_asleep_costs_one_skip(folder: Path, play: Play) -> None:
    hands = Hands()
    source = play(folder, clock=hands.clock)
    source.next_hop()
    hands.now += 86_400 * 1_000_000_000
    assert source.next_hop().dropped_count == pytest.approx(86_400 * RATE / HOP, abs=2)
    assert source.next_hop().dropped_count == 0
    assert source.lost_hops == 0


def test_pictures_that_are_late_leave_the_one_before_and_none_is_lost(
    tmp_path: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level in range(5):
        grey(tmp_path / f"{level}.png", level)
    told: Told = []
    ready = threading.Event()
    original = pictures._decoded

    def slow(path: Path, size: tuple[int, int]) -> np.ndarray:
        if path.name > "2":
            ready.wait(20)
        return original(path, size)

    monkeypatch.setattr(pictures, "_decoded", slow)
    source = play(tmp_path, tell=lambda *t: told.append(t))
    assert levels(source, 2) == [0, 1]
    source._patience = 0.01
    assert levels(source, 4) == [1, 1, 1, 1]
    assert source.lost_hops == 4
    assert [code for code, _ in told] == [503]
    ready.set()
    source._patience = 20.0
    assert levels(source, 43) == ([2, 3, 4, 0, 1] * 9)[:43]
    assert source.lost_hops == 4
    assert [code for code, _ in told] == [503], "it is told after a second, not with every picture"
    levels(source, 1)
    assert [code for code, _ in told] == [503, 200]


def test_pictures_are_decoded_a_second_ahead_or_fewer_if_they_are_large(
    folder: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    for most in (pictures.AHEAD_BYTES, 10 * 4 * 3 * SIZE[0] * SIZE[1], 1):
        monkeypatch.setattr(pictures, "AHEAD_BYTES", most)
        source = play(folder)
        until_full = time.monotonic() + 20
        while not source._ahead.ready.full() and time.monotonic() < until_full:
            time.sleep(0.005)
        sizes.append(source._ahead.ready.qsize())
    assert sizes == [43, 10, 4]


def test_a_fault_of_ours_is_told_and_hops_go_on(folder: Path, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    told: Told = []
    source = play(folder, tell=lambda *t: told.append(t))
    monkeypatch.setattr(pictures, "_channels_first", lambda pixels: 1 / 0)
    while source._ahead.thread.is_alive():
        if source._ahead.ready.empty():
            time.sleep(0.01)  # it is just ending
        else:
            source.next_hop()
    source._patience = 0.001
    levels(source, 60)
    assert [code for code, _ in told] == [500, 503]


def test_hops_leave_nothing_for_the_garbage_collector(
    folder: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "KEPT_BYTES", 0)  # so that all is decoded, always
    (folder / "broken.png").write_bytes(b"broken")
    source = play(folder)
    levels(source, 10)
    gc.collect()
    gc.disable()
    try:
        levels(source, 300)
        assert gc.collect() < 30
    finally:
        gc.enable()


def test_a_source_that_is_closed_is_freed_without_the_garbage_collector(folder: Path) -> None:
    """The listening worker turns it off, and a folder's pictures may be many."""
    gc.disable()
    try:
        source = PictureSource(folder, RATE, HOP, SIZE)
        source.next_hop()
        source.close()
        gone = weakref.ref(source._pictures)
        del source
        assert gone() is None
    finally:
        gc.enable()


# ---- gain, channel, closing


def test_gain_is_brightness_and_stops_at_1(folder: Path, play: Play) -> None:
    source = play(folder, gain_db=20 * np.log10(2))
    assert levels(source, 3) == [20, 40, 200]
    source.set_gain(20.0)
    assert levels(source, 3) == [100, 200, 255]
    with pytest.raises(BridgeError, match="expected a number of decibels"):
        source.set_gain(float("nan"))
    source.set_gain(0.0)
    assert levels(source, 3) == [10, 20, 100]


def test_a_channel_is_refused(folder: Path, play: Play) -> None:
    with pytest.raises(BridgeError, match="the channel is 2, but pictures have no channels of sound; expected 0"):
        play(folder, channel=2)
    play(folder).set_channel(0)


def test_closing_ends_the_thread(folder: Path, play: Play) -> None:
    source = play(folder)
    source.close()
    assert not source._ahead.thread.is_alive()


# ---- from the settings


def listen(**more: Any) -> dict[str, Any]:
    return {**Listen().model_dump(), **more}


def opened(listen: dict[str, Any], picture: tuple[int, int] | None) -> Any:
    source = open_source(listen, RATE, HOP, tell=lambda *_: None, wait=False, picture=picture)
    source.close()
    return source


def test_a_network_that_sees_is_given_pictures_or_sound_and_one_that_hears_only_sound(folder: Path) -> None:
    np.save(folder / "stack.NPY", np.zeros((2, *SIZE, 3), np.uint8))
    os.replace(folder / "stack.NPY.npy", folder / "stack.NPY")
    for path in (folder, folder / "stack.NPY"):
        source = opened(listen(file=str(path), gain_db=-6.0), (2, 3))
        assert isinstance(source, PictureSource)
        picture = source._newest
        assert picture.shape == (3, 2, 3)
        with pytest.raises(BridgeError, match="holds pictures, but this network hears sound; expected a sound file"):
            opened(listen(file=str(path)), None)
        with pytest.raises(BridgeError, match="the channel is 1"):
            opened(listen(file=str(path), channel=1), SIZE)
    for size in (None, SIZE):
        assert isinstance(opened(listen(), size), FileSource)


def test_pictures_that_are_set_while_another_source_plays_are_looked_up(folder: Path) -> None:
    before, after = listen(source="clip"), listen(source="clip", file=str(folder))
    check_unused(after, before, SIZE)
    with pytest.raises(BridgeError, match="this network hears sound"):
        check_unused(after, before)
    with pytest.raises(BridgeError, match="holds no picture"):
        check_unused(listen(source="clip", file=str(folder.parent)), before, SIZE)
