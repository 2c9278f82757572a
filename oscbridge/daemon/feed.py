"""Runs the process that owns PortAudio (capture.py), and turns what it writes into events."""

from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from ..errors import BridgeError
from . import capture
from .capture import HEADER, Input
from .intake import Samples

HANG_S = 8.0  # no sign of life for so long: the capture process hangs
LIST_S = 10.0
BACKLOG_S = 4.0  # what is kept for a reader that sleeps; more than it can ever use


@dataclass(frozen=True)
class Opened:
    """An input that gives sound. note: a remark for people, or ""."""

    index: int
    name: str
    channels: int
    rate: int
    note: str


@dataclass(frozen=True)
class Block:
    """What one callback brought. samples: (n, channels) float32; the times are the callback's, in ns."""

    samples: Samples
    monotonic_ns: int
    unix_ns: int


@dataclass(frozen=True)
class Trouble:
    """Why there is no sound. code: as in HTTP."""

    code: int
    text: str


Event = Opened | Block | Trouble


class Feed(Protocol):
    """Where a DeviceSource gets its sound from; the real one is `CaptureProcess`."""

    events: deque[Event]
    answered: threading.Event  # there is a first event
    overflows: int

    def check(self) -> None:
        """Called now and then by the reader; must not block."""

    def close(self) -> None: ...


def list_inputs() -> list[Input]:
    """The sound inputs of this machine, as they are now. Takes about a quarter of a second.

    Raises BridgeError 503 if PortAudio is missing or does not answer.
    """
    try:
        ended = subprocess.run(
            _command(),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        text = f"PortAudio did not list the inputs within {LIST_S:.0f} s; is a sound driver hanging?"
        raise BridgeError(text, 503) from error
    if ended.returncode != 0:
        why = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BridgeError(f"listing the inputs ended with {ended.returncode}: {''.join(why)}", 503)
    answer = json.loads(ended.stdout)
    if isinstance(answer, dict):
        raise BridgeError(answer["text"], answer["code"])
    return [Input(**entry) for entry in answer]


def _command(**arguments: Any) -> list[str]:
    command = [sys.executable, "-m", capture.__name__]
    return [*command, json.dumps(arguments)] if arguments else command


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])  # so that a checkout works that is not installed
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    # numpy's BLAS would start a thread for each core, which capture never uses
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}


class CaptureProcess:
    """Runs capture.py, reads its messages, and starts it again, a second later, whenever it ends."""

    def __init__(self, device: str, rate: int, channel: int) -> None:
        self.events: deque[Event] = deque()  # appended by the thread, taken by the reader: needs no lock
        self.answered = threading.Event()  # there is a first event
        self.overflows = 0
        self._arguments = {"device": device, "rate": rate, "channel": channel, "seen": ""}
        self._channels = self._limit = 1
        self._has_said_why = False
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def check(self) -> None:
        process = self._process
        if process is not None and time.monotonic() - self._heard > HANG_S:
            process.kill()  # does not wait; the thread starts the next one

    def close(self) -> None:
        """Lets the device go; takes up to two seconds if a driver hangs."""
        self._closing.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself just now
                process.stdin.close()  # capture takes this as the end
        self._thread.join(timeout=1.0)
        if self._thread.is_alive() and process is not None:
            process.kill()
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._heard = time.monotonic()
            try:
                process = subprocess.Popen(
                    _command(**self._arguments),
                    env=_environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,  # drivers print there, once a second while a device is missing
                )
            except OSError as error:
                self._add(Trouble(503, f"the capture process cannot be started: {error}"))
            else:
                self._follow(process)
            self._closing.wait(capture.RETRY_S)

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._process = process
        self._has_said_why = False
        overflows = self.overflows
        try:
            if self._closing.is_set():  # closed while it was being started
                process.stdin.close()
            while header := _read(process.stdout, HEADER.size):
                kind, size, monotonic_ns, unix_ns, count = HEADER.unpack(header)
                payload = _read(process.stdout, size)
                self._heard = time.monotonic()
                self.overflows = overflows + count
                if len(payload) == size:
                    self._message(kind, payload, monotonic_ns, unix_ns)
        finally:
            self._process = None
            process.kill()
            code = process.wait()
            process.stdout.close()
            with contextlib.suppress(OSError):  # it closes again what `close` may have closed
                process.stdin.close()
        if not self._has_said_why:
            self._add(Trouble(503, f"the capture process ended with {code}"))

    def _message(self, kind: bytes, payload: bytes, monotonic_ns: int, unix_ns: int) -> None:
        if kind == capture.OPENED:
            opened = Opened(**json.loads(payload))
            self._channels = opened.channels
            self._limit = math.ceil(BACKLOG_S * opened.rate)
            self._has_said_why = False
            if not self._arguments["seen"]:
                self._arguments["seen"] = opened.name
            self._add(opened)
        elif kind == capture.TROUBLE:
            self._has_said_why = True
            self._add(Trouble(**json.loads(payload)))
        else:
            samples = np.frombuffer(payload, np.float32).reshape(-1, self._channels)
            self._add(Block(samples, monotonic_ns, unix_ns))

    def _add(self, event: Event) -> None:
        if isinstance(event, Block) and len(self.events) * len(event.samples) > self._limit:
            return  # the reader sleeps; on waking it would skip this anyway
        self.events.append(event)
        self.answered.set()


def _read(stream: IO[bytes], size: int) -> bytes:
    """`size` bytes, or b"" at the end."""
    data = stream.read(size)
    return data if len(data) == size else b""
