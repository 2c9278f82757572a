"""The UDP socket when the system will not take more: whole frames or none, newest first."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from oscbridge.daemon.endpoint import UdpEndpoint
from oscbridge.errors import BridgeError

THERE = ("127.0.0.1", 9)


class Narrow:
    """A socket that takes `room` datagrams and then refuses."""

    def __init__(self, room: int) -> None:
        self.room, self.sent = room, []  # type: ignore[var-annotated]

    def sendto(self, packet: Any, address: Any) -> None:
        if self.room <= 0:
            raise BlockingIOError
        self.room -= 1
        self.sent.append(bytes(packet))

    def close(self) -> None: ...


@pytest.fixture
def narrow() -> tuple[UdpEndpoint, Narrow]:
    endpoint = UdpEndpoint("127.0.0.1", 0, lambda *_: None)
    endpoint._socket.close()
    fake = Narrow(3)
    endpoint._socket = fake  # type: ignore[assignment]
    return endpoint, fake


def test_a_slow_subscriber_loses_whole_old_frames_and_never_parts(narrow: tuple[UdpEndpoint, Narrow]) -> None:
    endpoint, fake = narrow
    for frame in range(4):
        endpoint.send_frame(1, [b"%d%d" % (frame, part) for part in range(5)], THERE)
    assert endpoint.dropped_frames == 2, "frames 1 and 2 made room for 3"
    fake.room = 100
    endpoint._flush()
    endpoint._flush()
    assert fake.sent == [b"00", b"01", b"02", b"03", b"04", b"30", b"31", b"32", b"33", b"34"]


def test_a_subscription_that_ended_gets_nothing_of_what_waited(narrow: tuple[UdpEndpoint, Narrow]) -> None:
    endpoint, fake = narrow
    endpoint.send_frame(1, [b"a"] * 5, THERE)
    endpoint.forget(1)
    fake.room = 100
    endpoint._flush()
    assert len(fake.sent) == 3


def test_a_receiver_that_cannot_be_reached_is_counted_and_the_next_frame_is_tried() -> None:
    endpoint = UdpEndpoint("127.0.0.1", 0, lambda *_: None)
    endpoint.send_frame(1, [b"x"], ("255.255.255.255", 9))  # broadcast is not permitted on a plain socket
    assert (endpoint.refused, endpoint.dropped_frames) == (1, 1)
    endpoint.send(bytes(70_000), THERE)
    assert endpoint.refused == 2, "a datagram over the system's limit is no exception either"
    endpoint.close()


def test_a_burst_is_read_whole() -> None:
    got: list[bytes] = []

    async def burst() -> None:
        endpoint = UdpEndpoint("127.0.0.1", 0, lambda datagram, _: got.append(datagram))
        endpoint.start(asyncio.get_running_loop())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(300):
                sender.sendto(b"%d" % number, ("127.0.0.1", endpoint.port))
        for _ in range(100):
            if len(got) == 300:
                break
            await asyncio.sleep(0.01)
        endpoint.close()

    asyncio.run(burst())
    assert got == [b"%d" % n for n in range(300)]


def test_an_address_of_another_machine_is_refused_in_words() -> None:
    with pytest.raises(BridgeError, match=r"server\.port is 0 on 203\.0\.113\.7, which cannot be used"):
        UdpEndpoint("203.0.113.7", 0, lambda *_: None)
