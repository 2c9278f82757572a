"""Who talks to us: sources, the bytes they may be answered with, and the port they want their answers on.

A source is an IP and a UDP port. A WebSocket has none: its number, negated, stands in the port's place.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

Source = tuple[str, int]

AMPLIFICATION = 3  # RFC 9000 §8.1: bytes out to a source that may be forged, by bytes in
MAX_CLIENTS = 2_048
FORGET_S = 3_600.0


def is_connection(source: Source) -> bool:
    """Whether it is a WebSocket."""
    return source[1] < 0


@dataclass
class Client:
    """One source address. Until it has said hello its answers come out of an allowance; a WebSocket's handshake has
    shown already that its address is not forged."""

    source: Source
    name: str = ""
    reply_port: int = 0
    introduced: bool = False
    allowance: int = 0
    heard_at: float = 0.0
    subscriptions: set[int] = field(default_factory=set)

    @property
    def address(self) -> Source:
        """Where its answers go: never to another IP than it spoke from."""
        return (self.source[0], self.reply_port or self.source[1])

    def spend(self, size: int) -> bool:
        """Whether `size` bytes may be sent to it; if so they are counted."""
        if self.introduced:
            return True
        if size > self.allowance:
            return False
        self.allowance -= size
        return True


class Clients:
    """A bounded table: sources without subscriptions are forgotten, the longest silent first."""

    def __init__(self) -> None:
        self._table: OrderedDict[Source, Client] = OrderedDict()

    def __len__(self) -> int:
        return len(self._table)

    def heard(self, source: Source, size: int, now: float) -> Client:
        """The client that `size` bytes came from."""
        client = self._table.get(source)
        if client is None:
            client = Client(source, introduced=is_connection(source))
            self._make_room()
            self._table[source] = client
        self._table.move_to_end(source)
        client.heard_at = now
        client.allowance += AMPLIFICATION * size
        return client

    def introduce(self, client: Client, name: str, reply_port: int) -> None:
        client.name, client.reply_port, client.introduced = name, reply_port, True

    def forget_silent(self, now: float) -> None:
        silent = [
            s for s, c in self._table.items() if not c.subscriptions and now - c.heard_at > FORGET_S
        ]  # fmt: skip
        for source in silent:
            del self._table[source]

    def forget(self, client: Client) -> None:
        """It has gone, and so have its subscriptions."""
        self._table.pop(client.source, None)

    def greeted(self) -> list[Client]:
        """Those that have said hello, or hold a subscription all the same."""
        return [
            c for c in self._table.values()
            if c.subscriptions or (c.introduced and (c.name or not is_connection(c.source)))
        ]  # fmt: skip

    def holding(self) -> list[Client]:
        """Those with a subscription."""
        return [c for c in self._table.values() if c.subscriptions]

    def _make_room(self) -> None:
        if len(self._table) < MAX_CLIENTS:
            return
        # strangers go before those who said hello, so that a flood of forged sources cannot push a performer out
        for introduced in (False, True):
            for source, client in self._table.items():
                if client.introduced == introduced and not client.subscriptions:
                    del self._table[source]
                    return
