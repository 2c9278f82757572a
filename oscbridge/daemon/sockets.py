"""Clients over WebSocket: who is there, and what each still has to be sent. The protocol is web_socket.py's."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterable

from ..osc.clients import Source
from ..osc.streams import Packet

MOST_BYTES = 8 << 20  # of answers to one client that does not take them; then it has gone


class Outbox:
    """What waits for one WebSocket: answers, in order, and of each subscription the frame that is being sent and the
    newest whole one after it. dropped is called for every frame that a newer one replaces."""

    def __init__(self, dropped: Callable[[], None]) -> None:
        self._dropped = dropped
        self._answers: deque[Packet] = deque()
        self._bytes = 0
        self._begun: dict[int, deque[Packet]] = {}
        self._waiting: dict[int, list[Packet]] = {}
        self._filled = asyncio.Event()
        self.is_overflown = False

    def put(self, packet: Packet) -> None:
        if self._bytes + len(packet) > MOST_BYTES:
            self.is_overflown = True
            return
        self._answers.append(packet)
        self._bytes += len(packet)
        self._filled.set()

    def put_frame(self, key: int, packets: Iterable[Packet]) -> None:
        if key in self._waiting:
            self._dropped()
        self._waiting[key] = list(packets)
        self._filled.set()

    def is_busy(self, key: int) -> bool:
        return key in self._waiting or key in self._begun

    def forget(self, key: int) -> None:
        """What is left of a frame goes with its subscription."""
        self._waiting.pop(key, None)
        self._begun.pop(key, None)

    async def take(self) -> Packet:
        """The next packet: answers first, then subscriptions in turn. Waits until there is one."""
        while True:
            if self._answers:
                packet = self._answers.popleft()
                self._bytes -= len(packet)
                return packet
            for key in list(self._begun) or list(self._waiting):
                rest = self._begun.pop(key, None) or deque(self._waiting.pop(key, ()))
                if rest:
                    packet = rest.popleft()
                    if rest:
                        self._begun[key] = rest  # to the end of the line
                    return packet
            self._filled.clear()
            await self._filled.wait()


class Sockets:
    """All WebSockets, by the source that stands for each among the clients.

    receive: what comes in; joined, left: a client is there, or no longer; listen: an OSCQuery LISTEN (True) or IGNORE.
    """

    def __init__(
        self,
        receive: Callable[[bytes, Source], None],
        joined: Callable[[Source], None],
        left: Callable[[Source], None],
        listen: Callable[[Source, str, bool], None],
    ) -> None:
        self.receive, self.listen = receive, listen
        self._joined, self._left = joined, left
        self._numbers = itertools.count(1)
        self._boxes: dict[Source, Outbox] = {}
        self.dropped_frames = 0

    def open(self, ip: str) -> tuple[Source, Outbox]:
        """A WebSocket from `ip` is there."""
        source = (ip, -next(self._numbers))
        box = self._boxes[source] = Outbox(self._count_dropped)
        self._joined(source)
        return source, box

    def close(self, source: Source) -> None:
        del self._boxes[source]
        self._left(source)

    def send(self, packet: Packet, address: Source) -> None:
        if (box := self._boxes.get(address)) is not None:
            box.put(packet)

    def send_frame(self, key: int, packets: Iterable[Packet], address: Source) -> None:
        if (box := self._boxes.get(address)) is not None:
            box.put_frame(key, packets)

    def is_busy(self, key: int) -> bool:
        return any(box.is_busy(key) for box in self._boxes.values())

    def forget(self, key: int) -> None:
        for box in self._boxes.values():
            box.forget(key)

    def _count_dropped(self) -> None:
        self.dropped_frames += 1
