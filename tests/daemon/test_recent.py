"""What the ear heard last, read from another process."""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np
import pytest

from oscbridge.daemon.recent import SharedRecent

CONTEXT = multiprocessing.get_context("spawn")


def _recent(rate: int = 1_000, seconds: float = 1.0) -> SharedRecent:
    return SharedRecent(CONTEXT, rate, seconds)


def _count(first: int, n: int) -> np.ndarray:
    return np.arange(first, first + n, dtype=np.float32)


@pytest.mark.parametrize("block", [1, 7, 64, 999, 1_000])
def test_the_newest_samples_are_read_in_their_order(block: int) -> None:
    recent = _recent()
    for first in range(0, 5_000, block):
        recent.write(_count(first, block))
        end = first + block
        for samples in (1, min(end, 600), min(end, 1_000)):
            np.testing.assert_array_equal(recent.last(samples), _count(end - samples, samples))


def test_a_block_longer_than_the_ring_leaves_its_newest_part() -> None:
    recent = _recent()
    recent.write(_count(0, 300))
    recent.write(_count(300, 2_345))
    np.testing.assert_array_equal(recent.last(1_000), _count(1_645, 1_000))


@pytest.mark.parametrize("samples", [301, 1_000, 1_001, -1])
def test_what_was_not_heard_or_is_not_kept_is_none(samples: int) -> None:
    recent = _recent()
    recent.write(_count(0, 300))
    assert recent.last(samples) is None


def test_what_a_writer_before_left_is_not_joined_to_what_comes() -> None:
    recent = _recent()
    recent.write(_count(0, 900))
    recent._counters["begun"] = 950  # it died in the middle of a block
    recent.begin()
    assert recent.last(1) is None
    recent.write(_count(5_000, 400))
    assert recent.last(401) is None
    np.testing.assert_array_equal(recent.last(400), _count(5_000, 400))


def test_what_is_being_overwritten_is_not_read() -> None:
    recent = _recent()
    recent.write(_count(0, 1_000))
    recent._counters["begun"] = 1_100
    assert recent.last(901) is None
    np.testing.assert_array_equal(recent.last(900), _count(100, 900))


def _write_many(recent: SharedRecent, blocks: int) -> None:
    recent.begin()
    for first in range(0, blocks * 64, 64):
        recent.write(_count(first, 64))


def test_no_torn_stretch_is_read_while_another_process_writes() -> None:
    recent = _recent(2_000)
    writer: Any = CONTEXT.Process(target=_write_many, args=(recent, 200_000))  # numbers stay exact in float32
    writer.start()
    read = 0
    while writer.is_alive():
        heard = recent.last(1_500)
        if heard is not None:
            read += 1
            assert (np.diff(heard) == 1).all()
    writer.join()
    assert writer.exitcode == 0
    assert read > 100
