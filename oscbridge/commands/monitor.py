"""`oscbridge monitor`: a client like any other, that shows what the ear hears. It speaks only OSC."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from ..errors import BridgeError
from .monitor_client import Client
from .monitor_view import Meters, draw, spark

DRAW_S = 0.05
LINE_S = 1.0
GIVE_UP_S = 30.0
ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
BUFFER_BYTES = 1 << 20
BURST = 256  # datagrams taken in before the next drawing

Show = Callable[[float], None]


def watch(host: str, port: int, frames: int | None, plain: bool, give_up_s: float = GIVE_UP_S) -> int:
    """Until Ctrl-C, or until `frames` frames have come; 1 if none comes for `give_up_s` while they are waited for.

    Raises BridgeError if the host has no address.
    """
    family, address = _resolve(host, port)
    client, where = Client(), f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    is_live = not plain and sys.stdout.isatty() and "utf" in (sys.stdout.encoding or "").lower()
    code = 0
    with socket.socket(family, socket.SOCK_DGRAM) as sock, _ended_by_signals():
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)  # what we are too busy for is not "lost"
        try:
            with _live(client, where) if is_live else _lines(client, where) as show:
                code = _loop(client, sock, address, show, DRAW_S if is_live else LINE_S, frames, give_up_s)
        except KeyboardInterrupt:
            code = 0
        except OSError as error:
            _let_go(error)
        finally:
            _send(client, sock, address, client.farewell())
    if code:
        text = f"no frame from {where} in {give_up_s:.0f} s; is it running? Start it with `oscbridge run`"
        print(f"oscbridge: {text}", file=sys.stderr)
    elif is_live:
        try:
            print(f"{client.frames:,} frames, {client.losses.total:,} datagrams lost", flush=True)
        except OSError as error:  # a window may close between its signal and this line
            _let_go(error)
    return code


def _let_go(error: OSError) -> None:
    """Of a terminal that is gone: `oscbridge monitor | head`, or a window that is closed. Other errors are raised."""
    if error.errno not in (errno.EPIPE, errno.EIO):
        raise error
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open as the new stdout


def _loop(
    client: Client, sock: socket.socket, address: Any, show: Show, every_s: float, frames: int | None, give_up_s: float
) -> int:
    now = heard = time.monotonic()
    show_at = now + every_s
    while True:
        _send(client, sock, address, client.due(now))
        if now >= show_at:
            show(now)
            show_at = max(show_at + every_s, now)
        select.select([sock], [], [], min(show_at - now, 0.25))
        now = time.monotonic()
        had = client.frames
        _receive(client, sock, now)
        if frames is None:
            continue
        if client.frames >= frames:
            show(now)
            return 0
        if client.frames > had:
            heard = now
        elif now - heard > give_up_s:
            return 1


def _receive(client: Client, sock: socket.socket, now: float) -> None:
    for _ in range(BURST):
        try:
            client.take(sock.recv(65_536), now)
        except BlockingIOError:
            return
        except ConnectionError:  # Windows: the daemon's port is closed
            continue


def _send(client: Client, sock: socket.socket, address: Any, packets: list[bytes]) -> None:
    for packet in packets:
        try:
            sock.sendto(packet, address)
        except OSError as error:
            client.tell(time.monotonic(), "network", 0, f"cannot send to {address[0]}: {error.strerror}")


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise BridgeError(f"--host {host}: no such host ({error}); expected a name or an address") from error
    family, _, _, _, address = min(found, key=lambda f: f[0] != socket.AF_INET)  # the daemon's default is IPv4
    return family, address


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A closed window and SIGTERM end like Ctrl-C: the terminal is put back in order, the subscription ended."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _live(client: Client, where: str) -> Iterator[Show]:
    from rich.console import Console
    from rich.live import Live

    console, meters = Console(), Meters()
    with Live(console=console, screen=True, auto_refresh=False) as live:

        def show(now: float) -> None:
            meters.push(client.take_levels(), now)
            live.update(draw(client, meters, where, *console.size, now), refresh=True)

        yield show


@contextlib.contextmanager
def _lines(client: Client, where: str) -> Iterator[Show]:
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    waited = False

    def show(now: float) -> None:
        nonlocal waited
        if not client.is_connected(now):
            if not waited:
                _print(f"waiting for oscbridge at {where} … start it with `oscbridge run`")
            waited = True
            return
        waited = False
        if client.status is not None:
            _print(line(client, now))

    yield show


def line(client: Client, now: float) -> str:
    """The state in one line, and the layers' means as one character each."""
    status = client.status
    assert status is not None
    text = (
        f"{status.state:<8} {client.frames_per_s(now):5.1f} frames/s  load {status.listen_load * 100:3.0f} %  "
        f"dropped {status.dropped_frames}  restarts {status.worker_restarts}  lost {client.losses.total}  "
        f"|{spark(client.means)}|"
    )
    return "  ".join([text, *(f"{t.address} {t.code} {t.text}" for t in client.troubles(now)[:1])])


def _print(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
