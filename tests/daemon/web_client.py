"""A web server on a loop of its own, and a client that sends the bytes it is given: no library mends them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oscbridge import resources
from oscbridge.daemon import web
from oscbridge.daemon.sockets import Sockets
from oscbridge.osc.query import QueryTree, host_info
from oscbridge.osc.space import AddressSpace
from oscbridge.sections import Settings

WAIT_S = 20.0


@dataclass(frozen=True)
class Answer:
    """status: 0 if the connection ended without one; headers: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def web_server(
    host: str,
    port: int,
    folders: Mapping[str, Path],
    allows: Callable[[str], bool] = lambda ip: True,
    sockets: Sockets | None = None,
) -> web.WebServer:
    """Beside the folders it serves the page, the address space with its defaults, and WebSockets."""
    tree = QueryTree(AddressSpace())

    def ask(path: str, attribute: str, ip: str) -> dict[str, Any] | None:
        return host_info(ip, 9870, 9871) if attribute == "HOST_INFO" else tree.answer(path, attribute, Settings())

    nobody = Sockets(lambda *_: None, lambda _: None, lambda _: None, lambda *_: None)
    site = web.Site(folders, resources.page_folder(), ask, sockets or nobody)
    return web.WebServer(host, port, site, allows)


class Site:
    """`layouts` is served from a folder to whom `allows` says."""

    def __init__(
        self,
        folder: Path,
        allows: Callable[[str], bool] = lambda ip: True,
        host: str = "127.0.0.1",
        sockets: Sockets | None = None,
    ) -> None:
        self.folder = folder
        self.loop = asyncio.SelectorEventLoop()
        self.web = web_server(host, 0, {"layouts": folder}, allows, sockets)
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.wait(self.web.start())

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(WAIT_S)

    def stop(self) -> None:
        self.wait(self.web.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT_S)
        self.loop.close()

    def put(self, name: str, content: bytes) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        path.write_bytes(content)
        return path

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.web.port), WAIT_S, (source, 0))

    def send(self, raw: bytes, source: str = "127.0.0.1") -> Answer:
        """The answer to these very bytes."""
        with self.connect(source) as sock:
            sock.sendall(raw)
            return read_answer(sock, raw.startswith(b"HEAD"))

    def get(self, target: str, *headers: str, method: str = "GET", source: str = "127.0.0.1") -> Answer:
        """headers: whole lines; without a Host among them it is a right one, and "" is none."""
        lines = list(headers)
        if not any(line.lower().startswith("host:") or not line for line in lines):
            lines.insert(0, f"Host: 127.0.0.1:{self.web.port}")
        head = "".join(f"{line}\r\n" for line in lines if line)
        return self.send(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1"), source)


def read_answer(sock: socket.socket, is_head: bool = False) -> Answer:
    raw = b""
    while b"\r\n\r\n" not in raw:
        try:
            block = sock.recv(65_536)
        except ConnectionError:
            block = b""
        if not block:
            return Answer(0, {}, raw)
        raw += block
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status, length = int(first.split()[1]), int(headers.get("content-length", 0))
    while len(body) < length and not is_head and status != 304:
        block = sock.recv(1 << 20)
        assert block, f"{len(body)} bytes of {length} came"
        body += block
    return Answer(status, headers, body)
