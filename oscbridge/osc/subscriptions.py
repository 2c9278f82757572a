"""Leases: who gets which stream, how often and until when. No sockets; the time is passed in."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import BridgeError
from .clients import Client, Source
from .packets import address_of
from .streams import Packet, Wish

DEFAULT_LEASE_S = 10.0
MAX_LEASE_S = 3_600.0
MAX_PER_CLIENT = 64
MAX_SUBSCRIPTIONS = 256


@dataclass
class Subscription:
    """client is None for one from the YAML, which never expires. only: if not None, the addresses of the stream that
    are wanted (OSCQuery's LISTEN names addresses, not streams). rests: whether it waits, in silence, for a network that
    has what it is about; inherited: whether it was asked for under another epoch."""

    id: int
    client: Client | None
    address: Source
    wish: Wish
    max_hz: float
    lease_s: float
    expires: float
    next_due: float = 0.0
    only: set[str] | None = None
    rests: bool = False
    inherited: bool = False

    def wanted(self, packets: Iterable[Packet]) -> list[Packet]:
        """Those of the stream's packets that it asked for."""
        if self.only is None:
            return list(packets)
        return [p for p in packets if address_of(p) in self.only]

    def due(self, now: float) -> bool:
        """Whether the next message may go; if so it is taken as sent. Long silences are not made up for."""
        if self.max_hz <= 0:
            return True
        period = 1 / self.max_hz
        # a frame a quarter period early still counts, so that a rate close to the frame rate does not beat with it
        if now < self.next_due - period / 4:
            return False
        self.next_due = (self.next_due if now < self.next_due + period else now) + period
        return True


class Subscriptions:
    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._table: dict[int, Subscription] = {}

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Subscription]:
        """Those that do not rest."""
        return iter([s for s in self._table.values() if not s.rests])

    def to(self, stream: str) -> list[Subscription]:
        return [s for s in self if s.wish.stream == stream]

    def all(self) -> list[Subscription]:
        return list(self._table.values())

    def add(self, client: Client, port: int, wish: Wish, max_hz: float, lease_s: float, now: float) -> Subscription:
        """lease_s: 0 for the default, clamped to 1..3,600; port: 0 for the client's reply port. Raises BridgeError."""
        if len(client.subscriptions) >= MAX_PER_CLIENT or len(self._table) >= MAX_SUBSCRIPTIONS:
            raise BridgeError(
                f"there are {len(client.subscriptions)} subscriptions of this client and {len(self._table)} in all; "
                f"at most {MAX_PER_CLIENT} and {MAX_SUBSCRIPTIONS}. Unsubscribe from one first",
                429,
            )
        lease_s = min(max(lease_s, 1.0), MAX_LEASE_S) if lease_s > 0 else DEFAULT_LEASE_S
        address = _address(client, port)
        entry = Subscription(next(self._ids), client, address, wish, max_hz, lease_s, now + lease_s)
        self._table[entry.id] = entry
        client.subscriptions.add(entry.id)
        return entry

    def add_listening(self, client: Client, wish: Wish, addresses: set[str]) -> Subscription:
        """Of some addresses of a stream, for as long as the client is connected. Not counted among its subscriptions:
        there is one a stream at most."""
        entry = Subscription(next(self._ids), client, client.address, wish, 0.0, math.inf, math.inf, only=addresses)
        self._table[entry.id] = entry
        return entry

    def add_static(self, address: Source, wish: Wish, max_hz: float) -> Subscription:
        entry = Subscription(next(self._ids), None, address, wish, max_hz, math.inf, math.inf)
        self._table[entry.id] = entry
        return entry

    def replaced(self, client: Client, port: int, wish: Wish) -> list[Subscription]:
        """The client's inherited subscriptions to the same. A client that begins anew under each epoch asks for what it
        has; one that does not goes on with what it has."""
        address = _address(client, port)
        held = (self._table[key] for key in client.subscriptions)
        return [s for s in held if s.inherited and (s.wish, s.address) == (wish, address)]

    def renew(self, client: Client, now: float) -> None:
        """Any message from a client renews all its leases."""
        for key in client.subscriptions:
            self._table[key].expires = now + self._table[key].lease_s

    def of(self, client: Client, key: int) -> Subscription:
        """Raises BridgeError 404 if the client has no such subscription: nobody ends another's."""
        if key not in client.subscriptions:
            raise BridgeError(f"no subscription {key} of this client; it may have expired. Subscribe again", 404)
        return self._table[key]

    def remove(self, entry: Subscription) -> None:
        del self._table[entry.id]
        if entry.client is not None:
            entry.client.subscriptions.discard(entry.id)

    def expire(self, now: float) -> list[Subscription]:
        """Removes and returns those whose lease has run out."""
        gone = [s for s in self._table.values() if s.expires < now]
        for entry in gone:
            self.remove(entry)
        return gone


def _address(client: Client, port: int) -> Source:
    return (client.source[0], port) if port else client.address
