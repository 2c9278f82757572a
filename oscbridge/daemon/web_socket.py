"""The WebSocket: OSC packets both ways as binary frames, OSCQuery's LISTEN and IGNORE as text."""

from __future__ import annotations

import asyncio
import json
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from ..osc.clients import Source
from .sockets import Outbox, Sockets
from .web_guard import ip_of

log = logging.getLogger(__name__)

MOST_BYTES = 65_536  # of what comes in: as much as a datagram
MESSAGES_PER_TURN = 64  # then other tasks have their turn, however fast a client floods
PING_S = 10.0  # a client that answers no ping for as long again has gone
STALLED_S = 10.0  # and so has one that takes no packet for so long
COMMANDS = {"LISTEN": True, "IGNORE": False}


class WebSockets:
    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._open: set[web.WebSocketResponse] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Serves one WebSocket to its end."""
        # not compressed: activations hardly shrink, and it would cost more than it saves
        socket = web.WebSocketResponse(heartbeat=PING_S, max_msg_size=MOST_BYTES, compress=False)
        await socket.prepare(request)
        source, box = self._sockets.open(ip_of(request.transport, "peername"))
        self._open.add(socket)
        writing = asyncio.ensure_future(_write(socket, box, request.transport))
        try:
            await self._read(socket, source)
        finally:
            self._open.discard(socket)
            self._sockets.close(source)
            writing.cancel()
        return socket

    async def close(self, _: web.Application) -> None:
        """The daemon ends; clients may come back when it is there again."""
        for socket in list(self._open):
            await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the daemon ends")

    async def _read(self, socket: web.WebSocketResponse, source: Source) -> None:
        count = 0
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                self._sockets.receive(message.data, source)
            elif message.type == WSMsgType.TEXT and (order := _order(message.data)) is not None:
                self._sockets.listen(source, *order)
            count += 1
            if count % MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)


def _order(text: str) -> tuple[str, bool] | None:
    """The address and whether it is to be listened to; None for what is not of OSCQuery's."""
    try:
        said = json.loads(text)
        command, address = said["COMMAND"], said["DATA"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not (isinstance(address, str) and isinstance(command, str) and command in COMMANDS):
        return None
    return address, COMMANDS[command]


async def _write(socket: web.WebSocketResponse, box: Outbox, transport: asyncio.Transport | None) -> None:
    """Sends what the box holds, until the client goes, or is found to have gone."""
    try:
        while not box.is_overflown:
            await asyncio.wait_for(socket.send_bytes(bytes(await box.take())), STALLED_S)
    except (ConnectionError, RuntimeError):  # it closed meanwhile; the reader sees that too
        return
    except asyncio.TimeoutError:
        pass
    log.warning("a WebSocket does not take what it asked for; it is closed")
    if transport is not None:
        transport.abort()
