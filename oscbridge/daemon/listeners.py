"""OSCQuery's LISTEN and IGNORE: a client names addresses, and is sent each whenever it changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..errors import BridgeError
from ..osc.clients import Client, Source
from ..osc.streams import STATE, check_wish, stream_of
from ..osc.subscriptions import Subscription
from .delivery import most_bytes

if TYPE_CHECKING:
    from .control import Daemon


class Listeners:
    """Keeps one subscription a stream for each client that listens, with the addresses that it wants of it."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._entries: dict[Source, dict[str, Subscription]] = {}

    def joined(self, source: Source) -> None:
        """A WebSocket has been opened: a client, before it has said anything."""
        self._daemon.session.clients.heard(source, 0, time.monotonic())

    def left(self, source: Source) -> None:
        """It is closed: what it subscribed to ends at once."""
        session = self._daemon.session
        client = session.clients.heard(source, 0, time.monotonic())
        for entry in [session.subscriptions.of(client, key) for key in client.subscriptions]:
            self._end(entry)
        for entry in self._entries.pop(source, {}).values():
            self._end(entry)
        session.clients.forget(client)

    def order(self, source: Source, address: str, is_wanted: bool) -> None:
        """LISTEN to an address, or IGNORE it from now on. What cannot be is answered with /ear/fail."""
        session = self._daemon.session
        client = session.clients.heard(source, 0, time.monotonic())
        try:
            self._listen(client, address) if is_wanted else self._ignore(client, address)
        except BridgeError as error:
            session.request(client, address[:256]).fail(error)

    def _listen(self, client: Client, address: str) -> None:
        daemon = self._daemon
        stream = STATE if address in daemon.session.space.parameters else stream_of(address)
        if stream is None:
            raise BridgeError("nothing is sent there that can be listened to; a stream is subscribed to", 404)
        entries = self._entries.setdefault(client.source, {})
        if stream not in entries:
            wish = check_wish(stream, "", "", most_bytes(client.source), daemon.plan.layers)
            entries[stream] = daemon.session.subscriptions.add_listening(client, wish, set())
        entry = entries[stream]
        assert entry.only is not None
        wanted, entry.only = entry.only | {address}, {address}
        daemon.send_snapshot(entry)  # of what is new alone
        entry.only = wanted

    def _ignore(self, client: Client, address: str) -> None:
        entries = self._entries.get(client.source, {})
        for stream, entry in list(entries.items()):
            assert entry.only is not None
            entry.only.discard(address)
            if not entry.only:
                self._end(entries.pop(stream))

    def _end(self, entry: Subscription) -> None:
        self._daemon.session.subscriptions.remove(entry)
        self._daemon.forget(entry)
