"""The dream that is on, as control sees it: its worker, what it is told, and what it tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from ..ear.selection import Selection
from ..errors import BridgeError
from ..sections import Settings
from . import dream_worker
from .clip_files import Clip
from .dream_worker import Order
from .places import SharedArrays
from .recent import SharedRecent
from .supervisor import Supervisor

HANG_S = 30.0  # a step down to the context of a long loop takes seconds on a busy machine
START_S = 60.0


@dataclass(frozen=True)
class Surroundings:
    """What the desk needs of the daemon. show: a step's clip, number, steps/s, score and loss; take: a clip handed
    over; tell_fail: an address, a code and a sentence, to everybody."""

    model: Path
    selection: Selection
    neurons: int
    settings: Callable[[], Settings]
    frames: Callable[[], int]  # of a clip, now
    file_of: Callable[[int], str]  # of a clip by its number; 0: ""; raises BridgeError 404
    running: Callable[[], str]  # file of the clip that plays, or ""
    show: Callable[[int, int, float, float, float], None]
    take: Callable[[Clip], None]
    tell_fail: Callable[[str, int, str], None]
    say: Callable[[str], None]


class DreamDesk:
    """Starts, stops and steers the dream."""

    def __init__(
        self,
        around: Surroundings,
        context: SpawnContext,
        recent: SharedRecent,
        run: Callable[..., None] = dream_worker.run,
    ) -> None:
        """run: what the worker's process does."""
        self._context = context
        self._worker = Supervisor(context, "dream", run, self, HANG_S)
        self._is_up = False
        self._waiting: dict[int, asyncio.Future[None]] = {}  # by `starts`: who asked for one
        self._starts = 0
        self._enter(around, recent)

    def _enter(self, around: Surroundings, recent: SharedRecent) -> None:
        self._around, self._recent = around, recent
        self._weights = SharedArrays(self._context, around.neurons)
        self._order = Order()
        self._clip_before = ""  # what a new worker goes on from
        self._newest = 0  # clip of this dream
        self._fresh_steps = 0  # since the last clip
        self._before_start = self._order  # what goes on if that is refused
        self.steps_per_s = 0.0

    @property
    def restarts(self) -> int:
        return self._worker.restarts

    @property
    def is_fresh(self) -> bool:
        """Whether there is something new to hand over."""
        return self._fresh_steps > 0

    # the network

    async def end(self) -> None:
        """Before another network: the dream ends with its worker, while the loop goes on."""
        if self._leave():
            await self._worker.stop_beside(grace_s=0.0)

    def follow(self, around: Surroundings, recent: SharedRecent) -> None:
        """Another network: the next dream begins anew, from the origin."""
        if self._leave():  # one that was begun since the end
            self._worker.stop(grace_s=0.0)
        self._enter(around, recent)

    def _leave(self) -> bool:
        """Whether there is a worker to be ended."""
        was_up, self._is_up = self._is_up, False
        if self._order.is_on:
            self._around.say("the dream has ended with its network; /ear/dream/start begins another")
        self._order, self.steps_per_s, self._fresh_steps = replace(self._order, is_on=False), 0.0, 0
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(BridgeError("another network has come; select in it and start again", 409))
        self._waiting.clear()
        return was_up

    # what clients ask

    async def start(self, anew: bool = False) -> None:
        """Answered when the first step is done. Raises BridgeError."""
        is_first = not self._order.begun
        self._starts += 1
        begun = self._starts if anew or is_first else self._order.begun
        order = replace(self._state(), is_on=True, begun=begun, starts=self._starts)  # may refuse: a clip that is gone
        if not self._waiting:
            self._before_start = self._order
        future = self._waiting[self._starts] = asyncio.get_running_loop().create_future()
        self._order = order
        if anew:
            self._clip_before, self._newest = "", 0
        if not self._is_up:
            self._is_up = True
            self._worker.start(asyncio.get_running_loop())
        else:
            self._send()
        try:
            await asyncio.wait_for(asyncio.shield(future), START_S)
        except asyncio.TimeoutError:
            raise BridgeError(f"no step was made within {START_S:.0f} s; /ear/status tells how it is", 503) from None

    def stop(self) -> None:
        """Raises BridgeError 409 if nothing is being dreamed."""
        if not self._order.is_on:
            raise BridgeError("nothing is being dreamed; /ear/dream/start begins", 409)
        self._order = replace(self._order, is_on=False)
        self.steps_per_s = 0.0
        self._send()

    def changed(self) -> None:
        """Parameters, the selection, the length of a loop or what plays has changed."""
        if self._is_up:
            try:
                order = self._state()
            except BridgeError as error:
                self._around.tell_fail("/ear/dream/start", error.code, str(error))
                return
            if order != self._order:
                self._order = order
                self._send()

    def hand_over(self, clip: int, folder: Path, format: str) -> None:
        """Asks for the dream as it is now, as clip number `clip`."""
        self._fresh_steps = 0
        made = {"dream": self._order.wishes, "selection": [list(region) for region in self._around.selection.regions]}
        asked = {"clip": clip, "folder": str(folder), "format": format, "made": made}
        self._worker.tell({"hand_over": asked})

    def close(self) -> None:
        if self._is_up:
            self._worker.stop(grace_s=0.0)

    def _state(self) -> Order:
        dream = self._around.settings().dream
        origin = {"clip": lambda: self._around.file_of(dream.origin_clip), "running": self._around.running}
        return replace(
            self._order,
            wishes=dream.model_dump(),
            frames=self._around.frames(),
            selection=self._write_selection(),
            origin=origin.get(dream.origin, lambda: "")(),
            target=self._around.file_of(dream.target) if dream.objective in ("match", "style") else "",
        )

    def _write_selection(self) -> int:
        """The weights into shared memory, if they are others. Returns their update."""
        import numpy as np

        values = np.zeros(self._around.neurons, np.float32)
        values[self._around.selection.neurons] = self._around.selection.weights
        update = self._order.selection
        if update and np.array_equal(self._weights.read(update), values):
            return update
        self._weights.write(update + 1, values)
        return update + 1

    def _send(self) -> None:
        self._worker.tell({"order": asdict(self._order)})

    # the worker

    def worker_arguments(self) -> tuple[Any, ...]:
        return (str(self._around.model), self._weights, self._recent, self._order, self._clip_before)

    def worker_beat(self, frames: list[int]) -> None:
        pass  # its steps are its heartbeat

    def worker_said(self, message: dict[str, Any]) -> None:
        if "step" in message:
            self._stepped(message)
        elif "clip" in message:
            fields = message["clip"]
            clip = Clip(**{**fields, "path": Path(fields["path"])})
            self._clip_before, self._newest = str(clip.path), clip.id
            self._around.take(clip)
        elif "refused" in message:
            self._refused(BridgeError(message["refused"], message["code"]), message["starts"])
        elif "trouble" in message:
            self._around.say(message["trouble"])
            address = message.get("address", "/ear/dream/start")
            self._around.tell_fail(address, message["code"], message["trouble"])
        elif "fatal" in message:
            self._refused(BridgeError(message["fatal"], message["code"]), self._order.starts)
            self._order = replace(self._order, is_on=False)
            self._is_up = False
            self._worker.stop(grace_s=0.0)

    def _stepped(self, message: dict[str, Any]) -> None:
        for future in self._answered(message["starts"]):
            future.set_result(None)
        if not self._order.is_on:  # a step that was on its way
            return
        self.steps_per_s = message["per_s"]
        self._fresh_steps += 1
        self._around.show(self._newest, message["step"], self.steps_per_s, message["score"], message["loss"])

    def _answered(self, starts: int) -> list[asyncio.Future[None]]:
        """Those who still wait for that start, or for one that it came on top of."""
        found = [self._waiting.pop(key) for key in [*self._waiting] if key <= starts]
        return [future for future in found if not future.done()]

    def _refused(self, error: BridgeError, starts: int) -> None:
        """The dream cannot be as it is wished; if one was on, it goes on as it was."""
        if waiting := self._answered(starts):
            before = self._before_start
            self._order = replace(self._order, is_on=before.is_on, begun=before.begun)
            self._send()
            for future in waiting:
                future.set_exception(error)
        else:
            self._around.tell_fail("/ear/dream/start", error.code, str(error))

    def worker_down(self, why: str) -> None:
        self.steps_per_s = 0.0
        self._around.say(why)
        self._around.tell_fail("/ear/status", 503, why)
