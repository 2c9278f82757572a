"""A MIDI controller while it is wanted: what it moves, what it shows, and what it learns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from typing import Any

from ..errors import BridgeError
from ..osc.midi import parse
from ..osc.midi_control import Control, Move
from ..osc.midi_map import MidiMap
from ..osc.packets import Argument
from ..osc.space import AddressSpace
from ..sections import Midi, Settings
from ..settings import Parameter
from . import midi_ports, midi_worker
from .midi_files import read_map, write_map
from .named_files import NamedFiles
from .supervisor import Supervisor

PERIOD_S = 1 / 60  # from one set to the next, and from one show to the next
HANG_S = 20.0  # JACK may take seconds to give up, or to let somebody in
AGAIN_S = 1.0  # a controller that was just plugged in may miss what it is shown first, and so may JACK
SAME_S = 5.0  # the same trouble is told again after that
ENABLED, MAP = "/ear/midi/enabled", "/ear/midi/map"


@dataclass(frozen=True)
class Surroundings:
    """put, apply: set parameters ("section.name": value) at once, or when a worker agrees; fire: carries a command
    out; tell_all: outcome, address and the rest for all clients."""

    settings: Callable[[], Settings]
    put: Callable[[dict[str, Any]], None]
    apply: Callable[[dict[str, Any]], Awaitable[None]]
    fire: Callable[[str, tuple[Argument, ...]], None]
    tell_all: Callable[..., None]
    say: Callable[[str], None]


class MidiDesk:
    """Raises BridgeError when built if MIDI is wanted and cannot be, or if the map of the settings is not there."""

    def __init__(self, around: Surroundings, wanted: Midi, files: NamedFiles, context: SpawnContext) -> None:
        if wanted.enabled:
            midi_ports.require()
        self._around, self._files, self._seen = around, files, Midi()
        self._table = MidiMap(AddressSpace())
        if wanted.map:
            self._table.replace(read_map(files, wanted.map))
        self._worker = Supervisor(context, "MIDI", midi_worker.run, self, HANG_S)
        self._is_on = self._is_there = False
        self._pupil: tuple[Callable[[Control], None], Callable[[BridgeError], None]] | None = None
        self._wanted: dict[str, Any] = {}  # sets that wait for their time
        self._slow: dict[str, Any] = {}  # sets that wait for the listening worker,
        self._asked: dict[str, Any] = {}  # and those it was asked for
        self._setting: asyncio.TimerHandle | None = None
        self._showing: asyncio.TimerHandle | None = None
        self._again: asyncio.TimerHandle | None = None
        self._applying: asyncio.Task[None] | None = None
        self._told: dict[str, float] = {}

    @property
    def restarts(self) -> int:
        return self._worker.restarts

    def changed(self) -> None:
        """A parameter has changed, whichever, or the daemon starts."""
        wanted, before = self._around.settings().midi, self._seen
        self._seen = wanted
        if wanted.enabled != before.enabled:
            self._is_on = wanted.enabled
            if wanted.enabled:
                self._worker.start(asyncio.get_running_loop())
            else:
                self.close()
        elif self._is_on and wanted.device != before.device:
            self._worker.tell({"device": wanted.device})
        if wanted.feedback and not before.feedback:
            self._show_all()
        self._show_soon()

    def close(self) -> None:
        self._worker.stop()
        self._is_on = self._is_there = False
        for timer in (self._setting, self._showing, self._again):
            if timer is not None:
                timer.cancel()
        self._setting = self._showing = self._again = None
        self._wanted.clear()

    # the map

    def learn(self, to: str, learned: Callable[[Control], None], dropped: Callable[[BridgeError], None]) -> None:
        """The next control that is moved gets this address. learned: called then; dropped: if another lesson took this
        one's place. "" ends the lesson. Raises BridgeError: 404 no such address, 409 MIDI is off."""
        if to and not self._is_on:
            raise BridgeError("MIDI is off; set /ear/midi/enabled to 1 first", 409)
        self._table.learn(to)
        self._drop("another /ear/midi/learn took its place" if to else "learning was ended")
        self._pupil = (learned, dropped) if to else None

    def forget(self, to: str) -> int:
        return self._table.forget(to)

    def listed(self) -> list[bytes]:
        return self._table.listed()

    async def load(self, name: str) -> int:
        """Returns how many controls it has. Raises BridgeError: 404 no such map, 422 with its mistakes."""
        controls = await asyncio.get_running_loop().run_in_executor(None, read_map, self._files, name)
        self._table.replace(controls)
        self._show_soon()
        return len(controls)

    async def save(self, name: str) -> int:
        controls = self._table.controls
        await asyncio.get_running_loop().run_in_executor(None, write_map, self._files, name, controls)
        return len(controls)

    # from the controller

    def hear(self, messages: Sequence[Sequence[int]]) -> None:
        """messages: the bytes of each."""
        for data in messages:
            if (heard := parse(data)) is None:
                continue
            if self._pupil is not None:
                try:
                    control = self._table.take(heard)
                except BridgeError as error:
                    self._drop(str(error), error.code)
                    continue
                if control is not None:
                    self._pupil[0](control)
                    self._pupil = None
                continue
            for order in self._table.hear(heard, self._value, self._seen.pickup):
                if isinstance(order, Move):
                    self._wanted[order.parameter.path] = order.value
                else:
                    self._set()  # what was moved before comes before
                    self._around.fire(order.address, order.args)
        if self._wanted and self._setting is None:
            self._set()
        self._show_soon()

    def _value(self, parameter: Parameter) -> Any:
        """As it is, or will be in a moment."""
        for waiting in (self._wanted, self._slow, self._asked):
            if parameter.path in waiting:
                return waiting[parameter.path]
        return parameter.of(self._around.settings())

    def _set(self) -> None:
        """Sets what waits, all at once: so often at most, and the last values always arrive."""
        if self._setting is not None:
            self._setting.cancel()
            self._setting = None
        if not self._wanted:
            return
        values, self._wanted = self._wanted, {}
        slow = {path: value for path, value in values.items() if path.startswith("listen.")}
        fast = {path: value for path, value in values.items() if path not in slow}
        self._setting = asyncio.get_running_loop().call_later(PERIOD_S, self._set_again)
        if fast:
            self._put(fast)
        if slow:
            self._slow.update(slow)
            if self._applying is None:
                self._applying = asyncio.ensure_future(self._apply())

    def _set_again(self) -> None:
        self._setting = None
        self._set()

    def _put(self, values: dict[str, Any]) -> None:
        try:
            self._around.put(values)
        except BridgeError as error:
            if len(values) == 1:
                self._refused(next(iter(values)), error)
                return
            for path, value in values.items():  # one of them cannot be; the others can
                self._put({path: value})

    async def _apply(self) -> None:
        try:
            while self._slow:
                self._asked, self._slow = self._slow, {}
                try:
                    await self._around.apply(self._asked)
                except BridgeError as error:
                    self._refused(next(iter(self._asked)), error)
        finally:
            self._asked, self._applying = {}, None

    def _refused(self, path: str, error: BridgeError) -> None:
        self._trouble("/ear/" + path.replace(".", "/"), error.code, str(error))

    # to the controller

    def _show_soon(self) -> None:
        if self._is_there and self._seen.feedback and self._showing is None:
            self._showing = asyncio.get_running_loop().call_later(PERIOD_S, self._show)

    def _show_all(self) -> None:
        self._table.forget_shown()
        self._show_soon()

    def _show(self) -> None:
        self._showing = None
        if messages := self._table.feedback(self._value):
            self._worker.tell({"send": messages})

    # what the worker says

    def worker_arguments(self) -> tuple[Any, ...]:
        return (self._around.settings().midi.device,)

    def worker_beat(self, frames: list[int]) -> None:
        pass

    def worker_said(self, message: dict[str, Any]) -> None:
        if "midi" in message:
            self.hear(message["midi"])
        elif "found" in message:
            self._is_there = True
            self._table.begin()
            self._show_soon()
            self._again = asyncio.get_running_loop().call_later(AGAIN_S, self._show_all)
            self._around.say(f"MIDI comes from {message['found']}")
            self._around.tell_all("/ear/done", ENABLED, message["found"])
            if self._seen.feedback and not message["shows"]:
                self._around.say("it has no MIDI output, so it shows nothing: feedback goes nowhere")
        elif "gone" in message:
            self._is_there = False
            self._trouble(ENABLED, 503, f"the MIDI input {message['gone']} is gone; it is looked for every 2 s")
        elif "missing" in message:
            self._trouble(ENABLED, 503, f"{message['missing']}; it is looked for every 2 s")
        elif "fatal" in message:
            self.close()
            self._trouble(ENABLED, message["code"], message["fatal"])

    def worker_down(self, why: str) -> None:
        self._is_there = False
        self._trouble(ENABLED, 503, why)

    def _drop(self, why: str, code: int = 409) -> None:
        if self._pupil is not None:
            self._pupil[1](BridgeError(why, code))
            self._pupil = None

    def _trouble(self, address: str, code: int, text: str) -> None:
        """Tells it, and not again while a knob is turned on and on."""
        now = time.monotonic()
        if now - self._told.get(text, -SAME_S) < SAME_S:
            return
        self._told = {t: at for t, at in self._told.items() if now - at < SAME_S} | {text: now}
        self._around.say(text)
        self._around.tell_all("/ear/fail", address, code, text)
