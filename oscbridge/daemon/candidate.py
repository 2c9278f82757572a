"""A network on its way in: it loads in a process of its own, beside the one that listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from ..ear.plan import Plan
from ..errors import BridgeError
from . import listen_worker
from .frames import SharedFrames
from .recent import SharedRecent
from .supervisor import Supervisor

LOADED_S = 60.0


class Candidate:
    """Owns a listening worker until it may go, and all that is as large as its network. It is never restarted."""

    def __init__(
        self, context: SpawnContext, path: Path, plan: Plan, run: Callable[..., None] = listen_worker.run
    ) -> None:
        """path: of its YAML; run: what the worker's process does."""
        self.path, self.plan = path, plan
        self.frames, self.recent = SharedFrames(context, plan.neurons), SharedRecent(context, plan.rate)
        self.worker = Supervisor(context, "listening", run, self)
        self.id, self.trained, self.how, self.is_lost = plan.id, False, "", False
        self._loaded: asyncio.Future[None] | None = None

    async def load(self) -> None:
        """Returns when it has only to be told to go. Raises BridgeError; its process has to be ended all the same."""
        loop = asyncio.get_running_loop()
        self._loaded = loop.create_future()
        self.worker.start(loop)
        try:
            await asyncio.wait_for(self._loaded, LOADED_S)
        except asyncio.TimeoutError:
            raise BridgeError(f"it did not load within {LOADED_S:.0f} s", 503) from None

    def check(self) -> None:
        """Raises BridgeError if its process is not there any more."""
        if self.is_lost:
            raise BridgeError("its process ended before it could listen", 503)

    def worker_arguments(self) -> tuple[Any, ...]:
        return (self.frames, self.recent, str(self.path))

    def worker_beat(self, frames: list[int]) -> None:
        pass  # it makes none before it may go

    def worker_said(self, message: dict[str, Any]) -> None:
        if "loaded" in message:
            self.id, self.trained, self.how = message["loaded"], message["trained"], message["how"]
            self._settle(None)
        elif "fatal" in message:
            self._settle(BridgeError(message["fatal"], message["code"]))

    def worker_down(self, why: str) -> None:
        self.is_lost = True
        self.worker.stop(grace_s=0.0)
        self._settle(BridgeError("its process ended while it loaded; the terminal shows why", 500))

    def _settle(self, error: BridgeError | None) -> None:
        if self._loaded is None or self._loaded.done():
            return
        if error is None:
            self._loaded.set_result(None)
        else:
            self._loaded.set_exception(error)
