"""The control process: wires sockets, worker, settings and subscriptions together. Never blocks, loads no torch."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import resources
from ..ear.anatomy import anatomy
from ..ear.neurons import Normalizer, Statistics
from ..ear.selection import Selection
from ..ear.spec import ear_id, load_spec
from ..errors import BridgeError
from ..files import write_whole
from ..osc.packets import encode
from ..osc.streams import LAYOUT, STREAMS, FramePackets, Packer, check_wish
from ..osc.subscriptions import Subscription
from ..settings import Parameter, Settings, parameters
from . import listen_worker
from .endpoint import UdpEndpoint
from .frames import Frame, SharedFrames
from .layouts import SHIPPED, USERS, LayoutDesk, Surroundings
from .live import LiveSettings
from .presets import Presets
from .session import Session, is_local
from .supervisor import Supervisor
from .web import WebServer

log = logging.getLogger(__name__)

ALIVE_S = 1.0
MAX_EPOCH = 2**24 - 1  # Pure Data and other hosts hold every number as a 32-bit float
LATE_FRAMES = 3  # a backlog longer than this is skipped up to the newest frame


class Daemon:
    """The running bridge. `say` is called with sentences for the terminal.

    Raises BridgeError when built if a setting cannot be met: model, file, port.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None], log_file: Path | None = None) -> None:
        self.epoch = 1 + int(time.time() * 2) % MAX_EPOCH  # another at every start
        self.log_file = log_file or "the terminal"
        self._say = say
        self._model = resources.model_file(settings.model.name)
        self.anatomy = anatomy(load_spec(self._model))
        self.model_id = ear_id(self.anatomy.spec, self._model.with_suffix(".safetensors"))
        self.selection = Selection(self.anatomy.layers)  # everybody's, across workers
        self._allow = [ipaddress.ip_network(text) for text in settings.server.allow]
        self.allows = lru_cache(4_096)(self._allows)
        _check_source(settings)
        self._statistics: Statistics | None = None
        self._packer = self._make_packer(settings)
        self.session = Session(self)
        self._add_static_subscribers(settings)
        self.endpoint = UdpEndpoint(settings.server.host, settings.server.port, self.session.receive)
        folder = resources.user_folder(settings.server.folder)
        files = {USERS: folder / "layouts", SHIPPED: self._model.parent / "layouts"}
        self.web = WebServer(settings.server.host, settings.server.http_port, files, self.allows, self.log_file)
        context = multiprocessing.get_context("spawn")
        self._frames = SharedFrames(context, self.anatomy.neurons)
        self._worker = Supervisor(context, "listening", listen_worker.run, self)
        presets = Presets(folder / "presets", resources.folder("config") / "presets")
        self.live = LiveSettings(settings, presets, self._worker.tell, self._worker_ready, self._on_change)
        self.layouts = LayoutDesk(self._surroundings(), context, files)
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._started = time.monotonic()
        self._alive_count = 0
        self._newest: Frame | None = None
        self._load = 0.0
        self._skipped = 0  # frames that control was too late for
        self._worker_dropped = 0
        self._dropped_before = 0  # by workers that are gone
        self._last_frame_at = self._started
        self._what = ""  # that the ear hears
        self._trouble = self._fatal = ""  # of the source, of the worker's start; "" while all is well
        self._said_state = ""  # whether the ear has learned
        self.on_first_frame: Callable[[], None] = lambda: None

    # life

    async def run(self) -> None:
        """Until SIGTERM, Ctrl-C or `end`."""
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM"):
            _on_signal(loop, getattr(signal, name), self.end)
        self.endpoint.start(loop)
        try:
            self._worker.start(loop)
            await self.web.start()
            self.layouts.tell_all()  # to those that only listen; all others are sent it as they subscribe
            ticking = asyncio.ensure_future(self._tick())
            await self._ended.wait()
            ticking.cancel()
        finally:
            self.layouts.close()
            self._worker.stop()
            self.endpoint.close()
            await self.web.stop()

    def end(self) -> None:
        self._ended.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_S)
            now = time.monotonic()
            for entry in self.session.subscriptions.expire(now):
                self.endpoint.forget(entry.id)
            self.session.clients.forget_silent(now)
            self._send_alive()

    def _send_alive(self) -> None:
        self._alive_count += 1
        number, unix_ns = (self._newest.number, self._newest.unix_ns) if self._newest else (0, time.time_ns())
        seconds, microseconds = divmod(unix_ns // 1_000, 1_000_000)
        self.session.tell_all("/ear/alive", self.epoch, self._alive_count, number, seconds, microseconds)

    # the worker

    def worker_arguments(self) -> tuple[Any, ...]:
        last = (self._newest.number, self._last_frame_at) if self._newest else None
        return (self._frames, str(self._model), self.live.now.listen.model_dump(), last)

    def worker_said(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._became_ready(message)
        elif "result" in message:
            self._took_source(message)
            self.live.answer(message)
        elif "trouble" in message:
            self._source_trouble(message["code"], message["trouble"], message["lasts"])
        elif "fatal" in message:
            if message["fatal"] != self._fatal:  # a worker that fails for one reason again and again says so once
                self._say(message["fatal"])
            self._fatal = message["fatal"]
            self.session.tell_all("/ear/fail", "/ear/status", message["code"], message["fatal"])

    def _became_ready(self, message: dict[str, Any]) -> None:
        self._fatal = ""
        self._statistics = self._frames.read_statistics()
        if message["ready"] != self.model_id:  # other weights lie there since the last start
            self.model_id = message["ready"]
            self.epoch = 1 + self.epoch % MAX_EPOCH
            self.selection.clear()
            self._say(f"the network is now {self.model_id}")
        self._packer = self._make_packer(self.live.now)
        self._tell_state(message["trained"])
        self._hears(message["what"])
        self._ready.set()

    def _tell_state(self, is_trained: bool) -> None:
        untrained = f"the ear is untrained ({self.model_id}): it hears sound, but has not learned music"
        text = f"the ear is trained ({self.model_id})" if is_trained else untrained
        if text != self._said_state:
            self._said_state = text
            self._say(text)

    def _took_source(self, message: dict[str, Any]) -> None:
        if message["code"] == 200:
            self._trouble = ""
            self._hears(message["text"])

    def _hears(self, what: str) -> None:
        if what != self._what:
            self._say(f"hears {what}")
        self._what = what

    def _source_trouble(self, code: int, text: str, lasts: bool) -> None:
        self._say(text)
        if code == 200:
            self._trouble = ""
            self.session.tell_all("/ear/done", "/ear/listen/source", text)
            return
        if lasts:
            self._trouble = text
        self.session.tell_all("/ear/fail", "/ear/listen/source", code, text)

    def worker_down(self, why: str) -> None:
        self._ready.clear()
        self._trouble = ""  # the next worker finds out anew
        self._dropped_before += self._worker_dropped
        self._worker_dropped = 0
        self.live.worker_down()
        self._say(why)
        self.session.tell_all("/ear/fail", "/ear/status", 503, why)

    def worker_beat(self, frames: list[int]) -> None:
        if len(frames) > LATE_FRAMES:
            self._skipped += len(frames) - 1
            frames = frames[-1:]
        for number in frames:
            frame = self._frames.read(number)
            if frame is None:
                self._skipped += 1
                continue
            self._take(frame)

    async def _worker_ready(self) -> None:
        await self._ready.wait()

    # frames

    def _take(self, frame: Frame) -> None:
        first = self._newest is None
        self._newest, self._last_frame_at = frame, time.monotonic()
        self._worker_dropped = frame.dropped
        hop_ns = self.anatomy.spec.scalogram.hop_s * 1e9
        self._load += (frame.compute_ns / hop_ns - self._load) / 43  # over about a second
        packets = self._packer.frame(frame.number, frame.values)
        for entry in self.session.subscriptions:
            if STREAMS[entry.wish.stream].per_frame and entry.due(self._last_frame_at):
                self._send_frame(entry, packets)
        if first:
            self.on_first_frame()

    def _send_frame(self, entry: Subscription, packets: FramePackets) -> None:
        self.endpoint.send_frame(entry.id, packets.of(entry.wish), entry.address)

    def send_snapshot(self, entry: Subscription) -> None:
        """The stream as it is now, for one who joins late."""
        if STREAMS[entry.wish.stream].per_frame:
            if self._newest is not None and entry.due(time.monotonic()):
                self._send_frame(entry, self._packer.frame(self._newest.number, self._newest.values))
        elif entry.wish.stream == LAYOUT:
            self.layouts.send_whole(entry)
        else:
            packets = [encode(p.address, p.to_wire(self.live.now)) for p in parameters() if p.on_wire]
            self.endpoint.send_frame(entry.id, packets, entry.address)

    def _add_static_subscribers(self, settings: Settings) -> None:
        for number, wanted in enumerate(settings.server.subscribers):
            try:
                host = socket.gethostbyname(wanted.host) if ":" not in wanted.host else wanted.host
                wish = check_wish(wanted.stream, wanted.packing, wanted.filter, is_local(host), self.anatomy.layers)
            except (BridgeError, OSError) as error:
                raise BridgeError(f"server.subscribers.{number} ({wanted.host}): {error}") from error
            self.session.subscriptions.add_static((host, wanted.port), wish, wanted.max_hz)

    # what clients ask

    def status(self) -> tuple[Any, ...]:
        """The arguments of /ear/status."""
        frame = self._newest.number if self._newest else 0
        dropped = self._dropped_before + self._worker_dropped + self._skipped + self.endpoint.dropped_frames
        return (
            self.epoch, frame, time.monotonic() - self._started, self._load, 0.0, len(self.session.subscriptions),
            dropped, self._worker.restarts + self.layouts.restarts, self.state,
        )  # fmt: skip

    @property
    def state(self) -> str:
        if self._trouble or self._fatal or (self._worker.restarts and not self._ready.is_set()):
            return "degraded"
        return "running" if self._newest is not None else "starting"

    def ready_line(self) -> str:
        """One line of JSON for whoever started us."""
        facts = {
            "port": self.endpoint.port,
            "http_port": self.web.port,
            "pid": os.getpid(),
            "model": self.model_id,
            "neurons": self.anatomy.neurons,
            "layers": len(self.anatomy.layers),
        }
        return json.dumps(facts)

    def write_ready_file(self, path: Path) -> None:
        write_whole(path, (self.ready_line() + "\n").encode())

    def _allows(self, host: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self._allow)

    def _on_change(self, names: list[Parameter]) -> None:
        if any(p.section == "stream" for p in names):
            self._packer.normalizer = self._normalizer(self.live.now)
        if any(p.section == "layout" for p in names):
            self.layouts.parameters_changed()
        for entry in self.session.subscriptions.to("state"):
            for p in names:
                if p.on_wire:
                    self.endpoint.send(encode(p.address, p.to_wire(self.live.now)), entry.address)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            self._model, self.anatomy, self.model_id, lambda: self.live.now,
            lambda: self.session.subscriptions.to(LAYOUT),
            lambda entry, packets: self.endpoint.send_frame(entry.id, packets, entry.address),
            self.web.url_of, self._say,
        )  # fmt: skip

    def _make_packer(self, settings: Settings) -> Packer:
        normalizer, classes = self._normalizer(settings), self.anatomy.spec.classes
        return Packer(self.anatomy.layers, self.epoch, normalizer, classes, self.selection)

    def _normalizer(self, settings: Settings) -> Normalizer:
        s = settings.stream
        return Normalizer(self.anatomy.layers, self._statistics, s.normalize, s.gamma, s.floor)


def _check_source(settings: Settings) -> None:
    """A file that is not there is a mistake in the settings: better told now than from the worker."""
    listen = settings.listen
    if listen.source == "file" and listen.file and not Path(listen.file).expanduser().is_file():
        raise BridgeError(f"listen.file is {listen.file!r}; there is no such file", 404)


def _on_signal(loop: asyncio.AbstractEventLoop, number: int, act: Callable[[], None]) -> None:
    try:
        loop.add_signal_handler(number, act)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))


def run(daemon_of: Callable[[], Daemon]) -> None:
    """Runs a daemon to its end. A selector loop on every system: it watches plain sockets on Windows too."""
    loop = asyncio.SelectorEventLoop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_run(daemon_of))
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def _run(daemon_of: Callable[[], Daemon]) -> None:
    await daemon_of().run()
