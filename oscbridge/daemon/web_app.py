"""What is answered over HTTP. Loads aiohttp, so it is imported when the server starts and not before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

from aiohttp import ETag, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from .. import __version__
from ..errors import BridgeError
from .served_files import Served, ServedFolder, byte_range
from .web_guard import Guard, ip_of
from .web_socket import WebSockets

if TYPE_CHECKING:
    from .web import Site

log = logging.getLogger(__name__)

CHUNK = 256 << 10
STALLED_S = 30.0  # for a chunk: who takes none for so long has gone
GRACE_S = 0.5  # for answers on their way when the daemon ends
TYPES = {
    ".json": "application/json", ".wav": "audio/wav", ".flac": "audio/flac", ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
    ".png": "image/png",
}  # fmt: skip
PAGE, INDEX = "/ui/", "index.html"
# nothing of the page leads elsewhere, and no other page may frame it and lead a hand to its buttons
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Connections = WeakSet[asyncio.BaseTransport]


def runner_of(app: web.Application, idle_s: float) -> web.AppRunner:
    protocol = logging.getLogger(f"{__name__}.protocol")
    protocol.addFilter(_is_our_fault)
    return web.AppRunner(
        app, access_log=None, logger=protocol, keepalive_timeout=idle_s, lingering_time=1.0, shutdown_timeout=GRACE_S
    )


def _is_our_fault(record: logging.LogRecord) -> bool:
    """A client who does not speak HTTP, or hangs up, is nothing that anybody here needs to read about."""
    return not (record.exc_info and isinstance(record.exc_info[1], (HttpProcessingError, ConnectionError)))


def application(guard: Guard, site: Site, pool: Executor, asked: Connections) -> web.Application:
    """pool: where the disk is waited for; asked: is given the connections that a request came over."""
    app = web.Application(middlewares=[_outcome(guard, site, asked)])
    for name, folder in site.folders.items():
        app.router.add_get(f"/files/{name}/{{name}}", _Files(ServedFolder(folder), pool).answer)
    page = _Files(ServedFolder(site.page), pool, {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"})
    app.router.add_get(f"{PAGE}{{name}}", page.answer)
    app.router.add_get(PAGE, page.answer)
    app.router.add_get(PAGE.rstrip("/"), _to_the_page)
    sockets = WebSockets(site.sockets)
    app.on_shutdown.append(sockets.close)
    app.router.add_get("/{path:(?:ear(?:/.*)?)?}", _Query(site, sockets).answer)
    return app


async def _to_the_page(_: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={**_COMMON, hdrs.LOCATION: PAGE})


class _Query:
    """OSCQuery: the address space as JSON, and the WebSocket at the same place."""

    def __init__(self, site: Site, sockets: WebSockets) -> None:
        self._site, self._sockets = site, sockets

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
            return await self._sockets.answer(request)
        attribute = request.query_string.partition("&")[0].partition("=")[0].upper()
        is_browser = "text/html" in request.headers.get(hdrs.ACCEPT, "")
        if request.path == "/" and not attribute and is_browser:
            return await _to_the_page(request)
        told = self._site.ask(request.path, attribute, ip_of(request.transport, "sockname"))
        headers = {**_COMMON, hdrs.CACHE_CONTROL: "no-store"}
        if told is None:
            return web.Response(status=204, headers=headers)
        return web.json_response(told, headers=headers)


def _outcome(guard: Guard, site: Site, asked: Connections) -> Callable[..., Awaitable[web.StreamResponse]]:
    there = "there is /, /ui/, " + ", ".join(f"/files/{name}/<name>" for name in site.folders)

    @web.middleware
    async def outcome(request: web.Request, handler: Handler) -> web.StreamResponse:
        headers, transport = request.headers, request.transport
        if transport is not None:
            asked.add(transport)
        try:
            guard.check(
                ip_of(transport, "peername"), ip_of(transport, "sockname"), headers.getall(hdrs.HOST, []),
                headers.getall(hdrs.ORIGIN, []),
            )  # fmt: skip
            if not request.raw_path.startswith("/"):  # a whole URL would bring a host of its own past the guard
                raise BridgeError("the target of a request begins with /", 400)
            return await handler(request)
        except BridgeError as error:
            return _refused(str(error), error.code)
        except web.HTTPNotFound:
            return _refused(f"no such thing; {there}", 404)
        except web.HTTPMethodNotAllowed as error:
            allowed = ", ".join(sorted(error.allowed_methods))
            return _refused(f"takes {allowed}", 405, {hdrs.ALLOW: allowed})
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("%s failed", request.path[:200])
            return _refused(f"internal error, see {site.log_file}", 500)

    return outcome


def _refused(text: str, code: int, headers: Mapping[str, str] | None = None) -> web.Response:
    said = f"{code} {HTTPStatus(code).phrase}: {text}\n"
    response = web.Response(status=code, text=said, headers={**_COMMON, **(headers or {})})
    if code in (400, 403):
        response.force_close()
    return response


_COMMON = {hdrs.SERVER: f"oscbridge/{__version__}", "X-Content-Type-Options": "nosniff"}


class _Files:
    """GET and HEAD of the files in a folder, whole or one range of bytes; their ETag is their sha256."""

    def __init__(self, folder: ServedFolder, pool: Executor, headers: Mapping[str, str] | None = None) -> None:
        self._folder, self._pool, self._headers = folder, pool, {**_COMMON, **(headers or {})}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", INDEX)
        served = await self._in_pool(self._folder.open, name)
        try:
            return await self._send(request, served, TYPES.get(Path(name).suffix, "application/octet-stream"))
        finally:
            served.file.close()

    async def _send(self, request: web.Request, served: Served, content_type: str) -> web.StreamResponse:
        tag = f'"{served.sha256}"'
        headers = {**self._headers, hdrs.ETAG: tag, hdrs.ACCEPT_RANGES: "bytes", hdrs.CACHE_CONTROL: "no-cache"}
        if request.if_match is not None and not _names(request.if_match, served, weak=False):
            raise BridgeError(f"the file is another now: {tag}", 412)
        if request.if_none_match is not None and _names(request.if_none_match, served, weak=True):
            return web.Response(status=304, headers=headers)
        first, count, status = 0, served.size, 200
        # a range of what the file was before is of no use with what it is now
        if request.headers.get(hdrs.IF_RANGE, tag) == tag:
            try:
                part = byte_range(request.headers.get(hdrs.RANGE, ""), served.size)
            except BridgeError as error:
                return _refused(str(error), 416, {hdrs.CONTENT_RANGE: f"bytes */{served.size}"})
            if part is not None:
                (first, count), status = part, 206
                headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{first + count - 1}/{served.size}"
        headers[hdrs.CONTENT_TYPE] = content_type
        response = web.StreamResponse(status=status, headers=headers)
        response.content_length = count
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            served.file.seek(first)
            await self._send_bytes(request, response, served, count)
        await response.write_eof()
        return response

    async def _send_bytes(self, request: web.Request, response: web.StreamResponse, served: Served, count: int) -> None:
        while count:
            try:
                block = await self._in_pool(served.file.read, min(CHUNK, count))
            except OSError as error:
                raise ConnectionResetError(f"the file cannot be read on: {error}") from error
            if not block:
                raise ConnectionResetError("the file became shorter while it was sent")
            try:
                await asyncio.wait_for(response.write(block), STALLED_S)
            except asyncio.TimeoutError:
                if request.transport is not None:
                    request.transport.abort()  # to close it would wait for what it does not take
                raise ConnectionResetError("the client has gone") from None
            count -= len(block)

    async def _in_pool(self, work: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)


def _names(tags: tuple[ETag, ...], served: Served, weak: bool) -> bool:
    """Whether one of a header's tags is this file's. weak: a weak tag counts too."""
    return any(tag.value == "*" or (tag.value == served.sha256 and (weak or not tag.is_weak)) for tag in tags)
