"""Our patches for Max, run by a small part of Max that is in max_machine.cjs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.clients.need import need


class Machine:
    """A patch that is open. Time stands still until `run`."""

    def __init__(self, file: Path, **options: Any) -> None:
        node = need("node", package="nodejs")
        script = Path(__file__).with_name("max_machine.cjs")
        self.process = subprocess.Popen(
            [node, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.sent: list[tuple[Any, ...]] = []
        self.sound: list[list[Any]] = []
        self.ports: list[list[Any]] = []
        self.errors: list[str] = []
        self("load", file=str(file), **options)

    def __call__(self, command: str, **rest: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"command": command, **rest}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.sent += [tuple(message) for message in answer["sent"]]
        self.sound += answer["sound"]
        self.ports += answer["ports"]
        self.errors += answer["errors"]
        self.now: float = answer["now"]
        return answer["result"]

    def receive(self, *message: Any) -> None:
        self("receive", message=message)

    def run(self, ms: float) -> None:
        self("run", ms=ms)

    def take(self) -> list[tuple[Any, ...]]:
        """What was sent since the last time."""
        sent, self.sent = self.sent, []
        return sent

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
