"""A daemon that is wrong in one thing: a proxy before a real one, which spoils what passes through it.

Each client has a socket of its own towards the daemon, so that it is a client of its own there too.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, WSMsgType, web
from pythonosc.osc_message_builder import OscMessageBuilder
from yarl import URL

from oscbridge.commands.conform_talk import Said, decode

State = dict[str, Any]  # what a spoiler remembers of one client
Spoil = Callable[[bytes, State], Iterable[bytes]]
Edit = Callable[[Said, State], "Iterable[Said | None] | Said | None"]


def message(address: str, tags: str, *args: Any) -> bytes:
    """One OSC message with just these type tags."""
    builder = OscMessageBuilder(address=address)
    for tag, value in zip(tags, args, strict=True):
        builder.add_arg(value, tag)
    return bytes(builder.build().dgram)


def packed(said: Said) -> bytes:
    return message(said.address, said.tags, *said.args)


def on(prefix: str, edit: Edit) -> Spoil:
    """Edits the messages whose address begins so. Others, and bundles, pass."""

    def spoil(datagram: bytes, state: State) -> Iterable[bytes]:
        if not datagram.startswith(prefix.encode()):
            return [datagram]
        (said,) = decode(datagram)
        edited = edit(said, state)
        if edited is None:
            return []
        return [packed(s) for s in ([edited] if isinstance(edited, Said) else edited) if s is not None]

    return spoil


def nothing(datagram: bytes, _: State) -> Iterable[bytes]:
    return [datagram]


@dataclass
class Wrong:
    """into: what clients say; out: what the daemon says; http: of (path, status, body); text: of WebSocket frames."""

    into: Spoil = nothing
    out: Spoil = nothing
    http: Callable[[str, int, bytes], tuple[int, bytes]] | None = None
    is_open: bool = False  # to foreign hosts and origins
    as_text: bool = False  # packets over WebSocket
    is_deaf: bool = False  # to IGNORE


class WrongDaemon:
    """Listens on `port`, for as long as the context lasts."""

    def __init__(self, daemon: int, wrong: Wrong, host: str = "127.0.0.1") -> None:
        self._daemon, self._wrong, self._host = (host, daemon), wrong, host
        self._front = self._socket()
        self.port: int = self._front.getsockname()[1]
        self._ways: dict[socket.socket, tuple[tuple[str, int], State]] = {}
        self._clients: dict[tuple[str, int], socket.socket] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _socket(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        made.bind((self._host, 0))
        made.setblocking(False)
        return made

    def __enter__(self) -> WrongDaemon:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for sock in (self._front, *self._ways):
            sock.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            readable, _, _ = select.select([self._front, *self._ways], [], [], 0.1)
            for sock in readable:
                for _ in range(64):
                    try:
                        datagram, source = sock.recvfrom(65_536)
                    except OSError:
                        break
                    if sock is self._front:
                        self._inwards(datagram, source)
                    else:
                        client, state = self._ways[sock]
                        self._send(self._front, self._wrong.out(datagram, state), client)

    def _inwards(self, datagram: bytes, source: tuple[str, int]) -> None:
        way = self._clients.get(source)
        if way is None:
            way = self._clients[source] = self._socket()
            self._ways[way] = (source, {})
        self._send(way, self._wrong.into(datagram, self._ways[way][1]), self._daemon)

    def _send(self, sock: socket.socket, datagrams: Iterable[bytes], to: tuple[str, int]) -> None:
        for datagram in datagrams:
            with contextlib.suppress(OSError):
                sock.sendto(datagram, to)


class WrongSite:
    """The same for HTTP and WebSockets."""

    def __init__(self, daemon: int, wrong: Wrong) -> None:
        self._daemon, self._wrong = daemon, wrong
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> WrongSite:
        self._thread.start()
        self._wait(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, coroutine: Any) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _start(self) -> None:
        self._session = ClientSession(auto_decompress=False)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._pump(request)
        headers = {} if self._wrong.is_open else dict(request.headers)
        url = URL(f"http://127.0.0.1:{self._daemon}{request.raw_path}", encoded=True)
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            status, body = answer.status, await answer.read()
        if self._wrong.http is not None:
            status, body = self._wrong.http(request.raw_path, status, body)
        return web.Response(status=status, body=body)

    async def _pump(self, request: web.Request) -> web.StreamResponse:
        ours = web.WebSocketResponse(max_msg_size=0)
        await ours.prepare(request)
        async with self._session.ws_connect(f"http://127.0.0.1:{self._daemon}/", max_msg_size=0) as theirs:
            outwards = asyncio.ensure_future(self._outwards(theirs, ours))
            async for frame in ours:
                if frame.type == WSMsgType.BINARY:
                    await theirs.send_bytes(frame.data)
                elif frame.type == WSMsgType.TEXT and not (self._wrong.is_deaf and "IGNORE" in frame.data):
                    await theirs.send_str(frame.data)
            outwards.cancel()
        return ours

    async def _outwards(self, theirs: Any, ours: web.WebSocketResponse) -> None:
        async for frame in theirs:
            if frame.type == WSMsgType.BINARY and not ours.closed:
                await (ours.send_str(frame.data.hex()) if self._wrong.as_text else ours.send_bytes(frame.data))
