"""To whoever it is for: as datagrams, or over the WebSocket that the address stands for."""

from __future__ import annotations

from collections.abc import Iterable

from ..osc import bulk
from ..osc.clients import Source, is_connection
from ..osc.streams import Packet
from .endpoint import UdpEndpoint
from .local import is_local
from .sockets import Sockets


class Delivery:
    def __init__(self, udp: UdpEndpoint, sockets: Sockets) -> None:
        self._udp, self._sockets = udp, sockets

    @property
    def dropped_frames(self) -> int:
        return self._udp.dropped_frames + self._sockets.dropped_frames

    def send(self, packet: Packet, address: Source) -> None:
        self._way(address).send(packet, address)

    def send_frame(self, key: int, packets: Iterable[Packet], address: Source) -> None:
        """A frame for subscription `key`: whole, or not at all if a newer one comes before it has begun."""
        self._way(address).send_frame(key, packets, address)

    def is_busy(self, key: int) -> bool:
        """Whether something for subscription `key` waits still."""
        return self._udp.is_busy(key) or self._sockets.is_busy(key)

    def forget(self, key: int) -> None:
        """The subscription has ended."""
        self._udp.forget(key)
        self._sockets.forget(key)

    def _way(self, address: Source) -> UdpEndpoint | Sockets:
        return self._sockets if is_connection(address) else self._udp


def most_bytes(address: Source) -> int:
    """That a message to this address may have."""
    if is_connection(address):
        return bulk.STREAM_BYTES
    return bulk.LOCAL_BYTES if is_local(address[0]) else bulk.REMOTE_BYTES
