"""Parameters while the daemon runs: set, asked for, told to the worker first where it has a say."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

from ..errors import BridgeError
from ..sections import Settings
from ..settings import Parameter, changed, parameters
from .presets import Presets

MODEL = "model.name"
WORKER_S = 15.0  # a device may take seconds to open


class LiveSettings:
    """The settings in force. A change is checked, accepted by the worker if it concerns its source, and committed.

    tell_worker: sends a message to the worker, False if it is down; before_change: raises
    BridgeError if the settings cannot be; on_change: called with the parameters that changed.
    """

    def __init__(
        self,
        settings: Settings,
        presets: Presets,
        tell_worker: Callable[[dict[str, Any]], bool],
        worker_ready: Callable[[], Awaitable[None]],
        before_change: Callable[[Settings], None],
        on_change: Callable[[list[Parameter]], None],
    ) -> None:
        self.now = settings
        self._presets = presets
        self._tell_worker, self._worker_ready = tell_worker, worker_ready
        self._before_change, self._on_change = before_change, on_change
        self._keys = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.one_at_a_time = asyncio.Lock()  # changes of the source

    def set(self, found: list[Parameter], value: Any) -> Awaitable[None] | None:
        """Sets parameters to an OSC argument, at once unless the worker has to agree. Raises BridgeError, or the
        awaitable does, and then nothing has changed."""
        for p in found:
            if not p.live:
                way = "set it in the YAML or with --set and start again"
                if p.path == MODEL:
                    way = "to change networks send /ear/model/load"
                raise BridgeError(f"{p.path} can't be changed while running; {way}", 409)
        values = {p.path: p.from_wire(value) for p in found}
        if any(p.section == "listen" for p in found):
            return self.apply(values)
        self.put(values)  # a fader never waits for a device
        return None

    def put(self, values: dict[str, Any]) -> None:
        """Sets parameters that no worker has a say in. Raises BridgeError, and then nothing has changed."""
        self._commit(changed(self.now, values))

    async def load(self, preset: str) -> None:
        await self.apply(self._presets.load(preset))

    def save(self, preset: str) -> None:
        self._presets.save(preset, self.now)

    async def apply(self, values: dict[str, Any]) -> None:
        """All of `values` ("section.name": value) or, with a BridgeError, none."""
        async with self.one_at_a_time:
            wanted = changed(self.now, values)
            if wanted.listen != self.now.listen:
                await self._ask_worker(wanted)
            self._commit(changed(self.now, values))  # on what is in force now: others may have changed meanwhile

    def answer(self, message: dict[str, Any]) -> None:
        """The worker's outcome of a change."""
        future = self._answers.pop(message["result"], None)
        if future is not None and not future.done():
            future.set_result(message)

    def worker_down(self) -> None:
        for future in self._answers.values():
            if not future.done():
                future.set_exception(BridgeError("the listening worker went down; it starts again, try once more", 503))
        self._answers.clear()

    async def _ask_worker(self, wanted: Settings) -> None:
        try:
            await asyncio.wait_for(self._worker_ready(), WORKER_S)
        except asyncio.TimeoutError:
            raise BridgeError("the listening worker is down; /ear/status tells when it is back", 503) from None
        key = next(self._keys)
        self._answers[key] = asyncio.get_running_loop().create_future()
        future = self._answers[key]
        if not self._tell_worker({"id": key, "listen": wanted.listen.model_dump()}):
            self._answers.pop(key, None)
            raise BridgeError("the listening worker is down; /ear/status tells when it is back", 503)
        try:
            outcome = await asyncio.wait_for(future, WORKER_S)
        except asyncio.TimeoutError:
            self._answers.pop(key, None)
            text = f"the sound source did not open within {WORKER_S:.0f} s; nothing has changed"
            raise BridgeError(text, 503) from None
        if outcome["code"] != 200:
            raise BridgeError(outcome["text"], outcome["code"])

    def _commit(self, settings: Settings) -> None:
        self._before_change(settings)
        before, self.now = self.now, settings
        if names := [p for p in parameters() if p.of(before) != p.of(settings)]:
            self._on_change(names)
