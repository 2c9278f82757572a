"""The built-in player as control sees it: its worker, which runs while it is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.context import SpawnContext
from typing import Any

from ..sections import Player
from . import player_worker
from .supervisor import Supervisor

HANG_S = 3.0  # six heartbeats


class PlayerDesk:
    """Starts and ends the player with `player.enabled`, and passes on what it is to play."""

    def __init__(
        self,
        context: SpawnContext,
        settings: Callable[[], Player],
        deck: Callable[[], dict[str, Any] | None],
        align: Callable[[int], bool],
        say: Callable[[str], None],
        tell_all: Callable[[str, str, int, str], None],
    ) -> None:
        """deck: the order in force; align: a loop began at that moment of the monotonic clock (ns); tell_all: outcome,
        address, code, sentence."""
        self._settings, self._deck, self._align, self._say, self._tell_all = settings, deck, align, say, tell_all
        self._worker = Supervisor(context, "player", player_worker.run, self, HANG_S)
        self._is_on = False
        self._seen = ""  # the device's name, which a restarted worker looks for
        self.underflows = 0

    @property
    def restarts(self) -> int:
        return self._worker.restarts

    def changed(self) -> None:
        """The section has changed, or the daemon starts."""
        wanted = self._settings().enabled
        if wanted and not self._is_on:
            self._is_on = True
            self._worker.start(asyncio.get_running_loop())
        elif not wanted and self._is_on:
            self._is_on = False
            self._worker.stop()
        elif self._is_on:
            self._worker.tell({"player": self._section()})

    def play(self, order: dict[str, Any]) -> None:
        if self._is_on:
            self._worker.tell({"deck": order})

    def close(self) -> None:
        if self._is_on:
            self._worker.stop()

    def _section(self) -> dict[str, Any]:
        return {**self._settings().model_dump(), "seen": self._seen}

    def worker_arguments(self) -> tuple[Any, ...]:
        return (self._section(), self._deck())

    def worker_beat(self, frames: list[int]) -> None:
        pass

    def worker_said(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._seen = message["seen"]
            self._say(f"plays on {message['what']}")
        elif "loop" in message:
            self._align(message["at_ns"])
        elif "underflows" in message:
            self.underflows = message["underflows"]
            self._say(f"the sound output was late; {self.underflows} times so far")
        elif "trouble" in message or "fatal" in message:
            text = message.get("trouble") or message["fatal"]
            self._say(text)
            outcome = "/ear/done" if message["code"] == 200 else "/ear/fail"
            self._tell_all(outcome, "/ear/player/enabled", message["code"], text)

    def worker_down(self, why: str) -> None:
        self._say(why)
        self._tell_all("/ear/fail", "/ear/status", 503, why)
