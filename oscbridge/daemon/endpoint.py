"""The UDP socket: reads in bounded bursts, never blocks, and sends frames whole or not at all."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..errors import BridgeError
from ..osc.clients import Source
from ..osc.streams import Packet

log = logging.getLogger(__name__)

BUFFER_BYTES = 4 << 20  # a burst of a hundred 8 kB datagrams, many times over
READS_PER_TURN = 64  # then other tasks have their turn, however fast a sender floods


@dataclass
class _Backlog:
    """What one receiver still has to get: the rest of a frame already begun, and the newest whole one after it."""

    rest: deque[Packet] = field(default_factory=deque)
    waiting: list[Packet] | None = None


class UdpEndpoint:
    """receive(datagram, source) is called for every datagram; refused counts what the system would not send."""

    def __init__(self, host: str, port: int, receive: Callable[[bytes, Source], None]) -> None:
        """Binds. Raises BridgeError if the address is taken or not of this machine."""
        self._receive = receive
        self._socket = bind(host, port, "server.port")
        self.port: int = self._socket.getsockname()[1]
        self._backlogs: dict[int, tuple[Source, _Backlog]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self.refused = 0
        self.dropped_frames = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.add_reader(self._socket, self._read)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for _ in range(READS_PER_TURN):
            try:
                datagram, source = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return
            except OSError:  # Windows reports a receiver's closed port here; the next datagram is fine
                continue
            self._receive(datagram, source[:2])

    def send(self, packet: Packet, address: Source) -> None:
        """One datagram, at once or never."""
        try:
            self._socket.sendto(packet, address)
        except OSError as error:
            self._refuse(address, error)

    def send_frame(self, key: int, packets: Iterable[Packet], address: Source) -> None:
        """A frame for subscription `key`.

        If the socket is full its rest waits; a newer frame then replaces one that has not begun, which is counted.
        """
        if key in self._backlogs:
            backlog = self._backlogs[key][1]
            self.dropped_frames += backlog.waiting is not None
            backlog.waiting = list(packets)
            return
        rest = self._send_all(deque(packets), address)
        if rest:
            self._backlogs[key] = (address, _Backlog(rest))
            if self._loop is not None:
                self._loop.add_writer(self._socket, self._flush)

    def is_busy(self, key: int) -> bool:
        """Whether something for subscription `key` waits still."""
        return key in self._backlogs

    def forget(self, key: int) -> None:
        """The subscription has ended."""
        self._backlogs.pop(key, None)

    def _flush(self) -> None:
        for key, (address, backlog) in list(self._backlogs.items()):
            backlog.rest = self._send_all(backlog.rest, address)
            if backlog.rest:
                return
            if backlog.waiting is not None:
                backlog.rest, backlog.waiting = deque(backlog.waiting), None
            else:
                del self._backlogs[key]
        if not self._backlogs and self._loop is not None:
            self._loop.remove_writer(self._socket)

    def _send_all(self, packets: deque[Packet], address: Source) -> deque[Packet]:
        """Sends until the socket is full. Returns what is left."""
        while packets:
            try:
                self._socket.sendto(packets[0], address)
            except BlockingIOError:
                return packets
            except OSError as error:
                self._refuse(address, error)
                self.dropped_frames += 1
                return deque()  # the receiver cannot be reached: the frame's rest would not be either
            packets.popleft()
        return packets

    def _refuse(self, address: Source, error: OSError) -> None:
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:  # 1st, 2nd, 4th, 8th …: told, and never a flood
            log.warning("a datagram to %s:%d was refused (%s); %d so far", *address, error.strerror, self.refused)


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A UDP socket that does not block. setting: the one that names the port. Raises BridgeError 409 if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise BridgeError(
            f"{setting} is {port} on {host}, which cannot be used ({error.strerror}); end the other program, or "
            f"take a free port with --set {setting}=0",
            409,
        ) from error
    return sock
