"""The HTTP server's outside: its socket, who gets in, its life and its addresses. web_app.py says what it answers."""

from __future__ import annotations

import asyncio
import importlib
import socket
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakSet

from ..errors import BridgeError
from .served_files import is_plain_name
from .sockets import Sockets
from .web_guard import Guard, address, ip_of

if TYPE_CHECKING:
    from aiohttp import web

BACKLOG = 64
MAX_CONNECTIONS = 64
MAX_STRANGERS = 8  # connections from outside the allowed networks, each for one refusal
IDLE_S = 15.0
THREADS = 2
EVERYWHERE = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class Site:
    """What is served. folders: GET /files/<key>/<name>, which need not exist yet; page: the folder of the preview;
    ask: OSCQuery's answer to a path, an attribute or "", and our IP as the client reached it; sockets: who speaks OSC
    over WebSocket."""

    folders: Mapping[str, Path]
    page: Path
    ask: Callable[[str, str, str], dict[str, Any] | None]
    sockets: Sockets
    log_file: Path | str = "the log"


class WebServer:
    """allows: whether an IP may ask.

    Binds when built, so that the port is known and a taken one told at once: raises BridgeError 409. Answers from
    `start` on.
    """

    def __init__(self, host: str, port: int, site: Site, allows: Callable[[str], bool]) -> None:
        self._host, self._site = host, site
        self._guard = Guard(host, allows)
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._pool = ThreadPoolExecutor(THREADS, "web")  # of its own: nothing else waits behind a large file
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._asked: WeakSet[asyncio.BaseTransport] = WeakSet()  # connections that a request came over

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        # a sixth of a second of imports, during which frames go on
        app: Any = await loop.run_in_executor(self._pool, importlib.import_module, f"{__package__}.web_app")
        made = app.application(self._guard, self._site, self._pool, self._asked)
        self._runner = app.runner_of(made, IDLE_S)
        await self._runner.setup()
        self._server = await loop.create_server(self._door, sock=self._socket, backlog=BACKLOG)

    async def stop(self) -> None:
        """Ends what is on its way, soon. May be called whether it was started or not."""
        if self._server is not None:
            self._server.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def url(self, client: str = "127.0.0.1") -> str:
        """Where it is for a client at that IP, without a slash at the end."""
        host = _reached_from(client) if self._host in EVERYWHERE else self._host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def url_of(self, folder: str, path: str, client: str = "127.0.0.1") -> str:
        """Where a client at that IP gets a file. path: its name in the folder; there are no folders in folders."""
        if folder not in self._site.folders or not is_plain_name(path):
            raise ValueError(f"{folder}/{path} is not served")
        return f"{self.url(client)}/files/{folder}/{quote(path, safe='')}"

    def _door(self) -> asyncio.Protocol:
        assert self._runner is not None and self._runner.server is not None
        return _Door(self._runner.server, self._guard, self._asked)


class _Door(asyncio.Protocol):
    """Lets a connection in while there is room. Strangers have a corner of their own, and cannot fill the rest."""

    def __init__(self, server: web.Server, guard: Guard, asked: WeakSet[asyncio.BaseTransport]) -> None:
        self._server, self._guard, self._asked = server, guard, asked

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        is_allowed = self._is_allowed(transport)
        inside = sum(self._is_allowed(c.transport) == is_allowed for c in self._server.connections)
        if inside >= (MAX_CONNECTIONS if is_allowed else MAX_STRANGERS):
            transport.abort()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)
        # aiohttp minds those that have asked once and fall silent; older ones let the others stay
        asyncio.get_running_loop().call_later(IDLE_S, self._end_silent, transport)

    def _end_silent(self, transport: asyncio.Transport) -> None:
        if transport not in self._asked:
            transport.abort()

    def _is_allowed(self, transport: asyncio.BaseTransport | None) -> bool:
        return self._guard.allows(ip_of(transport, "peername"))


@lru_cache(256)
def _reached_from(client: str) -> str:
    """Our address on the way to a client: a UDP socket knows it without sending anything."""
    loopback = "::1" if ":" in client else "127.0.0.1"
    try:
        with socket.socket(socket.AF_INET6 if ":" in client else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((client, 9))
            return str(address(sock.getsockname()[0]) or loopback)
    except OSError:
        return loopback


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        if sys.platform == "win32":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # else a second one would get in
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection just closed is not in the way
        sock.bind((host, port))
        sock.listen(BACKLOG)  # now, for that is where Linux finds a second listener
    except OSError as error:
        sock.close()
        raise BridgeError(
            f"server.http_port is {port} on {host}, which cannot be used ({error.strerror}); end the other program, or "
            f"take a free port with --set server.http_port=0",
            409,
        ) from error
    return sock
