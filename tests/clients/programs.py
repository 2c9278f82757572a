"""Programs that the tests start: their output line by line, ended by their own process."""

from __future__ import annotations

import contextlib
import os
import random
import re
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

PATIENCE_S = 30.0  # a busy machine starts programs slowly


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """A port that nobody uses now, and below those that Linux hands out, so that nobody gets it in the meantime."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket(socket.AF_INET, kind) as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class Program:
    """A running program and the lines that it has printed so far."""

    def __init__(self, command: Sequence[str], folder: Path | None = None, env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1, cwd=folder,
            env=os.environ | (env or {}),
        )  # fmt: skip
        assert self.process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.lines.append(line.rstrip("\n"))

    def found(self, pattern: str, since: int = 0) -> list[re.Match[str]]:
        """The lines from number `since` on that match as a whole."""
        return [m for line in self.lines[since:] if (m := re.fullmatch(pattern, line))]

    def wait_for(self, pattern: str, since: int = 0, times: int = 1) -> list[re.Match[str]]:
        """Matches of a pattern, as soon as there are `times` of them."""
        end = time.monotonic() + PATIENCE_S
        while len(found := self.found(pattern, since)) < times:
            assert time.monotonic() < end, f"no {pattern!r} among {self.lines[-12:]}"
            time.sleep(0.02)
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
