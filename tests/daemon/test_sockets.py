"""What waits for a WebSocket: in order, whole or not at all, and never without bound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from oscbridge.daemon import sockets
from oscbridge.daemon.sockets import Outbox, Sockets

Boxed = Callable[..., list[bytes]]


def drained(fill: Callable[[Outbox], None]) -> tuple[list[bytes], int]:
    """What a box that was filled gives out, and how many frames it dropped."""
    dropped: list[None] = []

    async def work() -> list[bytes]:
        box = Outbox(lambda: dropped.append(None))
        fill(box)
        out = []
        while True:
            try:
                out.append(bytes(await asyncio.wait_for(box.take(), 0.01)))
            except asyncio.TimeoutError:
                return out

    return asyncio.run(work()), len(dropped)


def test_answers_come_in_order_and_before_frames() -> None:
    def fill(box: Outbox) -> None:
        box.put_frame(1, [b"f1", b"f2"])
        box.put(b"a")
        box.put(b"b")

    assert drained(fill) == ([b"a", b"b", b"f1", b"f2"], 0)


def test_a_newer_frame_takes_the_place_of_one_that_has_not_begun() -> None:
    def fill(box: Outbox) -> None:
        for number in range(3):
            box.put_frame(1, [b"%d.0" % number, b"%d.1" % number])
        box.put_frame(2, [b"other"])

    assert drained(fill) == ([b"2.0", b"2.1", b"other"], 2)


def test_a_frame_that_has_begun_is_finished_whatever_comes() -> None:
    async def work() -> list[bytes]:
        box = Outbox(lambda: None)
        box.put_frame(1, [b"old 0", b"old 1"])
        out = [bytes(await box.take())]
        box.put_frame(1, [b"new 0"])
        assert box.is_busy(1)
        out += [bytes(await box.take()), bytes(await box.take())]
        assert not box.is_busy(1)
        return out

    assert asyncio.run(work()) == [b"old 0", b"old 1", b"new 0"]


def test_subscriptions_take_turns() -> None:
    def fill(box: Outbox) -> None:
        box.put_frame(1, [b"a0", b"a1"])
        box.put_frame(2, [b"b0"])

    out, _ = drained(fill)
    assert sorted(out) == [b"a0", b"a1", b"b0"] and out.index(b"a0") < out.index(b"a1")


def test_an_empty_frame_blocks_nothing() -> None:
    def fill(box: Outbox) -> None:
        box.put_frame(1, [])
        box.put_frame(2, [b"x"])

    assert drained(fill) == ([b"x"], 0)


def test_what_a_forgotten_subscription_still_had_is_gone() -> None:
    def fill(box: Outbox) -> None:
        box.put_frame(1, [b"a0"])
        box.put_frame(2, [b"b0"])
        box.forget(1)

    assert drained(fill) == ([b"b0"], 0)


def test_answers_that_nobody_takes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MOST_BYTES", 10)

    def fill(box: Outbox) -> None:
        box.put(b"x" * 10)
        assert not box.is_overflown
        box.put(b"y")
        assert box.is_overflown

    assert drained(fill)[0] == [b"x" * 10]


def test_every_socket_is_a_source_of_its_own_that_no_datagram_can_have() -> None:
    joined: list[tuple[str, int]] = []
    left: list[tuple[str, int]] = []
    table = Sockets(lambda *_: None, joined.append, left.append, lambda *_: None)
    first, box = table.open("127.0.0.1")
    second, _ = table.open("127.0.0.1")
    assert joined == [first, second] and first != second
    assert first[1] < 0 and second[1] < 0
    table.close(first)
    assert left == [first]
    table.send(b"late", first)  # to one that has gone: no harm
    assert table.open("127.0.0.1")[0] not in (first, second), "numbers are not used twice"
    assert not box.is_busy(0)
