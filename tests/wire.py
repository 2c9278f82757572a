"""A plain OSC client and a running daemon, for tests: loopback, free ports, own folders, nothing shared."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pythonosc.osc_message import OscMessage

from oscbridge.osc.packets import Message, encode, parse

ROOT = Path(__file__).parent.parent
START_S = 60.0  # a busy machine imports torch slowly


class Wire:
    """One UDP socket that talks to the daemon."""

    def __init__(self, port: int, hello: bool = True, host: str = "127.0.0.1") -> None:
        self.server = (host, port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((host, 0))
        self.port: int = self.socket.getsockname()[1]
        self.welcome: tuple[Any, ...] = ()
        self.timetag = 0.0  # Unix seconds of the last bundle
        if hello:
            self.welcome = self.ask("/ear/hello", "test", 0, answer="/ear/welcome")[1:]

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, address: str, *args: Any) -> None:
        self.socket.sendto(encode(address, *args), self.server)

    def send_raw(self, datagram: bytes) -> None:
        self.socket.sendto(datagram, self.server)

    def receive(self, timeout_s: float = 10.0) -> tuple[Any, ...] | None:
        """(address, *arguments) of the next message, None if none comes in time."""
        self.socket.settimeout(max(timeout_s, 1e-3))
        try:
            datagram = self.socket.recv(65_536)
        except (TimeoutError, BlockingIOError):
            return None
        if datagram.startswith(b"#bundle"):  # the daemon puts one message into each
            (bundled,) = parse(datagram)
            assert isinstance(bundled, Message), bundled
            self.timetag = bundled.at
            return (bundled.address, *bundled.args)
        message = OscMessage(datagram)
        return (message.address, *message.params)

    def messages(self, seconds: float) -> Iterator[tuple[Any, ...]]:
        """Everything that comes in that time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message is not None:
                yield message

    def wait_for(self, wanted: Callable[[tuple[Any, ...]], bool], timeout_s: float = 15.0) -> tuple[Any, ...]:
        seen: list[str] = []
        for message in self.messages(timeout_s):
            if wanted(message):
                return message
            seen.append(str(message)[:100])
        raise AssertionError(f"not among {len(seen)} messages in {timeout_s} s; the last were {seen[-5:]}")

    def ask(self, address: str, *args: Any, answer: str | None = None, timeout_s: float = 15.0) -> tuple[Any, ...]:
        """Sends, and returns the answer: on `answer`, the same address, or an outcome that names it."""
        self.send(address, *args)
        return self.wait_for(
            lambda m: (
                m[0] == (answer or address) or (m[0] in ("/ear/done", "/ear/fail") and len(m) > 1 and m[1] == address)
            ),
            timeout_s,
        )

    def subscribe(
        self, stream: str, packing: str = "", max_hz: float = 0.0, lease_s: float = 60.0, filter_: str = ""
    ) -> int:
        outcome = self.ask("/ear/subscribe", stream, packing, 0, max_hz, lease_s, filter_)
        assert outcome[0] == "/ear/done", outcome
        return int(outcome[2])


class Running:
    """`oscbridge run` as a process of its own. Ended by its pid."""

    def __init__(
        self,
        folder: Path,
        sets: Sequence[str] = (),
        env: dict[str, str] | None = None,
        wait: bool = True,
        config: Path | None = None,
        options: Sequence[str] = (),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.ready_file = folder / "ready.json"
        self.ready_file.unlink(missing_ok=True)
        self.output = folder / "output.txt"
        arguments = ["server.port=0", "server.http_port=0", "server.discovery=false", f"server.folder={folder}", *sets]
        command = [sys.executable, "-m", "oscbridge", "run", "--ready-file", str(self.ready_file)]
        command += [*([str(config)] if config else []), *options]
        for item in arguments:
            command += ["--set", item]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT, env=os.environ | (env or {})
            )
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        end = time.monotonic() + START_S
        while not self.ready_file.exists():
            assert self.process.poll() is None and time.monotonic() < end, self.output.read_text()
            time.sleep(0.05)
        facts = json.loads(self.ready_file.read_text())
        self.port: int = facts["port"]
        self.facts = facts

    def wire(self, hello: bool = True) -> Wire:
        return Wire(self.port, hello)

    @property
    def text(self) -> str:
        return self.output.read_text()

    def children(self) -> list[int]:
        """Pids of all processes it has started."""
        import psutil

        return [p.pid for p in psutil.Process(self.process.pid).children(recursive=True)]

    def worker(self) -> int:
        """Pid of the listening process: the child that has loaded the most."""
        import psutil

        children = psutil.Process(self.process.pid).children()
        return int(max(children, key=lambda p: p.memory_info().rss).pid)

    def end(self, timeout_s: float = 20.0) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
