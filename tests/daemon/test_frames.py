"""Frames in shared memory."""

from __future__ import annotations

import multiprocessing
from typing import Any

import numpy as np
import pytest

from oscbridge.daemon.frames import _HEADER, SLOTS, Frame, SharedFrames
from oscbridge.ear.neurons import Statistics

CONTEXT = multiprocessing.get_context("spawn")


def _frame(number: int, neurons: int = 8) -> Frame:
    return Frame(
        number, unix_ns=number * 10, compute_ns=5, dropped=number // 2, values=np.full(neurons, number, np.float32)
    )


def test_what_is_written_is_read() -> None:
    frames = SharedFrames(CONTEXT, 8)
    frames.write(_frame(3))
    frame = frames.read(3)
    assert frame is not None
    assert (frame.number, frame.unix_ns, frame.compute_ns, frame.dropped) == (3, 30, 5, 1)
    assert (frame.values == 3).all()


@pytest.mark.parametrize("asked", [0, 4, 3 + SLOTS])
def test_a_frame_that_is_not_there_any_more_or_not_yet_is_none(asked: int) -> None:
    frames = SharedFrames(CONTEXT, 8)
    for number in range(1, 4):
        frames.write(_frame(number))
    assert frames.read(asked) is None


@pytest.mark.parametrize("field", ["begun", "frame", "ended"])
def test_a_frame_whose_writer_died_half_way_is_none(field: str) -> None:
    frames = SharedFrames(CONTEXT, 8)
    frames.write(_frame(3))
    np.frombuffer(frames._headers, _HEADER)[3][field] = 99
    assert frames.read(3) is None


def _write_many(frames: SharedFrames, last: int) -> None:
    for number in range(1, last + 1):
        frames.write(_frame(number, frames.neurons))


def test_no_torn_frame_is_ever_read_while_another_process_writes() -> None:
    frames = SharedFrames(CONTEXT, 50_000)
    writer: Any = CONTEXT.Process(target=_write_many, args=(frames, 30_000))
    writer.start()
    read = 0
    while writer.is_alive():
        newest = int(np.frombuffer(frames._headers, _HEADER)["ended"].max())
        for number in (newest, newest - SLOTS + 2):
            frame = frames.read(number)
            if frame is not None:
                read += 1
                assert (frame.values == number).all()
    writer.join()
    assert writer.exitcode == 0
    assert read > 100


def test_statistics_reach_the_other_side() -> None:
    frames = SharedFrames(CONTEXT, 4)
    given = Statistics(*(np.full(4, i, np.float32) for i in range(4)))
    frames.write_statistics(given)
    assert all(
        (a == b).all() for a, b in zip(vars(given).values(), vars(frames.read_statistics()).values(), strict=True)
    )
