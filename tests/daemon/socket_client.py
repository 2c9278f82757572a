"""A WebSocket client that is not ours: aiohttp's, in plain calls."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from oscbridge.osc.packets import Message, encode, parse

WAIT_S = 15.0


class SocketClient:
    """One WebSocket at the daemon's HTTP port, with an event loop of its own."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self._loop = asyncio.SelectorEventLoop()
        self._port, self._headers = port, headers
        self._session: aiohttp.ClientSession | None = None
        self.socket: aiohttp.ClientWebSocketResponse = self._run(self._connect())

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        self._session = aiohttp.ClientSession()
        url = f"ws://127.0.0.1:{self._port}/"
        try:
            return await self._session.ws_connect(url, headers=self._headers, max_msg_size=0)
        except BaseException:
            await self._session.close()
            raise

    def __enter__(self) -> SocketClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self.socket.close())
        assert self._session is not None
        self._run(self._session.close())
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return self._loop.run_until_complete(asyncio.wait_for(coroutine, WAIT_S))

    def send(self, address: str, *args: Any) -> None:
        self.send_raw(encode(address, *args))

    def send_raw(self, packet: bytes) -> None:
        self._run(self.socket.send_bytes(packet))

    def text(self, text: str) -> None:
        self._run(self.socket.send_str(text))

    def listen(self, address: str, command: str = "LISTEN") -> None:
        self.text(json.dumps({"COMMAND": command, "DATA": address}))

    def receive(self, timeout_s: float = WAIT_S) -> tuple[Any, ...] | None:
        """(address, *arguments) of the next packet; None if none comes in time, or the socket has closed."""
        try:
            message = self._loop.run_until_complete(asyncio.wait_for(self.socket.receive(), max(timeout_s, 1e-3)))
        except asyncio.TimeoutError:
            return None
        if message.type != aiohttp.WSMsgType.BINARY:
            return None
        (one,) = parse(message.data)
        assert isinstance(one, Message), one
        return (one.address, *one.args)

    def wait_for(self, wanted: Callable[[tuple[Any, ...]], bool], timeout_s: float = WAIT_S) -> tuple[Any, ...]:
        end, seen = time.monotonic() + timeout_s, 0
        while (left := end - time.monotonic()) > 0 and not self.socket.closed:
            message = self.receive(left)
            if message is not None:
                if wanted(message):
                    return message
                seen += 1
        raise AssertionError(f"not among {seen} messages; closed: {self.socket.closed}")

    def ask(self, address: str, *args: Any, answer: str | None = None) -> tuple[Any, ...]:
        self.send(address, *args)
        return self.wait_for(
            lambda m: m[0] == (answer or address) or (m[0] in ("/ear/done", "/ear/fail") and m[1] == address)
        )
