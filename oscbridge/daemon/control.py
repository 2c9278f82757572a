"""The control process: wires sockets, worker, settings and subscriptions together. Never blocks, loads no torch."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import resources
from ..ear.neurons import Normalizer, Statistics
from ..ear.plan import Plan
from ..ear.selection import Selection
from ..errors import BridgeError
from ..files import write_whole
from ..osc.maps import MAPS
from ..osc.packets import encode
from ..osc.query import QueryTree, host_info
from ..osc.streams import CLIPS, LAYOUT, STATE, STREAMS, FramePackets, Packer
from ..osc.subscriptions import Subscription
from ..sections import Settings
from ..settings import Parameter, parameters
from . import link, midi_ports, wiring
from .ableton_desk import AbletonDesk
from .answers import PROTOCOL
from .clip_desk import ClipDesk
from .delivery import Delivery
from .discovery import Discovery
from .dreams import DreamDesk
from .endpoint import UdpEndpoint
from .frames import Frame
from .layouts import LayoutDesk, layout_folders
from .listeners import Listeners
from .listening import Listening
from .live import LiveSettings
from .local import within
from .midi_desk import MidiDesk
from .midi_files import midi_files
from .plans import plan_of
from .players import PlayerDesk
from .presets import Presets
from .recent import SharedRecent
from .route_desk import RouteDesk, route_files
from .session import Session
from .sockets import Sockets
from .switching import Switching
from .web import Site, WebServer
from .workers import WORKERS, Workers

log = logging.getLogger(__name__)

ALIVE_S = 1.0
ENDS = ("SIGINT", "SIGTERM")
MAX_EPOCH = 2**24 - 1  # Pure Data and other hosts hold every number as a 32-bit float


class Daemon:
    """The running bridge. `say` is called with sentences for the terminal.

    workers: what its processes do. Raises BridgeError when built if a setting cannot be met: model, file, port.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        log_file: Path | None = None,
        workers: Workers = WORKERS,
    ) -> None:
        self.epoch = 1 + int(time.time() * 2) % MAX_EPOCH  # another at every start
        self.log_file = log_file or "the terminal"
        self.say = say
        folder = resources.user_folder(settings.server.folder)
        model = resources.model_file(settings.model.name, folder)
        self.take(model, plan_of(model), settings)
        self.allows = within(settings.server.allow)
        _check_source(settings)
        self.session = Session(self)
        self._query = QueryTree(self.session.space)
        self.session.serve(settings.server.subscribers)
        self.endpoint = UdpEndpoint(settings.server.host, settings.server.port, self.session.receive)
        listeners = Listeners(self)
        sockets = Sockets(self.session.receive, listeners.joined, listeners.left, listeners.order)
        self.delivery = Delivery(self.endpoint, sockets)
        clips = Path(settings.clips.folder).expanduser() if settings.clips.folder else folder / CLIPS
        files = {**layout_folders(folder, self.model), CLIPS: clips}
        site = Site(files, resources.page_folder(), self._ask, sockets, self.log_file)
        self.web = WebServer(settings.server.host, settings.server.http_port, site, self.allows)
        self._discovery = Discovery(settings.server.host, self.endpoint.port, self.web.port, say)
        presets = Presets(folder / "presets", resources.folder("config") / "presets")
        self.routes = RouteDesk(
            self.plan, self.selection, settings.routes, route_files(folder), self.delivery.send, self.allows
        )
        context = multiprocessing.get_context("spawn")
        recent = SharedRecent(context, self.plan.rate)
        self.listening = Listening(context, wiring.around_listening(self), self.plan.neurons, recent, workers.listen)
        self.live = LiveSettings(
            settings, presets, lambda order: self.listening.worker.tell(order), self._worker_ready,
            self._before_change, self._on_change,
        )  # fmt: skip
        self.layouts = LayoutDesk(wiring.around_layouts(self), context, files, workers.layout)
        self.clips = ClipDesk(wiring.around_clips(self), clips)
        self.dreams = DreamDesk(wiring.around_dreams(self), context, recent, workers.dream)
        self.switching = Switching(self, folder, context, workers.listen)
        self.player = PlayerDesk(
            context, lambda: self.live.now.player, lambda: self.clips.deck, self.clips.transport.align, say,
            lambda outcome, *told: self.session.tell_all(outcome, *told),
        )  # fmt: skip
        self.ableton = AbletonDesk(wiring.around_ableton(self))
        self.midi = MidiDesk(wiring.around_midi(self), settings.midi, midi_files(folder), context)
        self._ended = asyncio.Event()
        self._started = time.monotonic()
        self._alive_count = 0
        self._said_state = ""  # whether the ear has learned
        self.on_first_frame: Callable[[], None] = lambda: None
        self._had_frame = False

    # life

    async def run(self) -> None:
        """Until SIGTERM, Ctrl-C or `end`."""
        loop = asyncio.get_running_loop()
        for name in ENDS:
            _on_signal(loop, getattr(signal, name), self.end)
        self.endpoint.start(loop)
        try:
            self.listening.worker.start(loop)
            await self.clips.start()
            self.player.changed()
            self.ableton.changed()
            self.midi.changed()
            await self.web.start()
            if self.live.now.server.discovery:
                self._discovery.start(self._facts())
            self.layouts.tell_all()  # to those that only listen; all others are sent it as they subscribe
            ticking = asyncio.ensure_future(self._tick())
            await self._ended.wait()
            ticking.cancel()
        finally:
            self.switching.close()
            self.layouts.close()
            self.dreams.close()
            self.player.close()
            self.ableton.close()
            self.midi.close()
            self.clips.close()
            self.listening.worker.stop()
            self.endpoint.close()
            await self._discovery.stop()
            await self.web.stop()

    def end(self) -> None:
        self._ended.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_S)
            now = time.monotonic()
            for entry in self.session.subscriptions.expire(now):
                self.forget(entry)
            self.session.clients.forget_silent(now)
            self._send_alive()

    def forget(self, entry: Subscription) -> None:
        """A subscription has ended."""
        self.delivery.forget(entry.id)
        if entry.wish.stream == CLIPS:
            self.clips.leave(entry)

    def _send_alive(self) -> None:
        self._alive_count += 1
        newest = self.listening.newest
        number, unix_ns = (newest.number, newest.unix_ns) if newest else (0, time.time_ns())
        seconds, microseconds = divmod(unix_ns // 1_000, 1_000_000)
        self.session.tell_all("/ear/alive", self.epoch, self._alive_count, number, seconds, microseconds)

    # the network

    def take(self, model: Path, plan: Plan, settings: Settings) -> None:
        """Another network, before its statistics are known. model: its YAML."""
        self.model, self.plan, self.model_id = model, plan, plan.id
        self.selection = Selection(plan.layers)  # everybody's, across workers
        self._statistics: Statistics | None = None
        self._packer = self._make_packer(settings)

    def became_ready(self, model_id: str, is_trained: bool, statistics: Statistics, is_other: bool = False) -> None:
        self._statistics = statistics
        if is_other or model_id != self.model_id:  # other weights lie there since the last start
            self.model_id = model_id
            self.epoch = 1 + self.epoch % MAX_EPOCH
            self.selection.clear()
            self.say(f"the network is now {self.model_id}")
            self.session.welcome_all()
            self._announcing = asyncio.ensure_future(self._discovery.change(self._facts()))
        self._packer = self._make_packer(self.live.now)
        untrained = f"the ear is untrained ({self.model_id}): it hears sound, but has not learned music"
        text = f"the ear is trained ({self.model_id})" if is_trained else untrained
        if text != self._said_state:
            self._said_state = text
            self.say(text)

    def _facts(self) -> dict[str, str]:
        """What others are told of us before they ask."""
        return {"epoch": str(self.epoch), "model": self.model_id, "protocol": ".".join(map(str, PROTOCOL))}

    async def _worker_ready(self) -> None:
        await self.listening.is_ready.wait()

    # frames

    def on_frame(self, frame: Frame) -> None:
        packets = self._packer.frame(frame.number, frame.values)
        maps = {entry.id: entry.wish for entry in self.session.subscriptions.to(MAPS)}
        self._packer.maps.take(packets, maps)
        for entry in self.session.subscriptions:
            if entry.id in maps and self.delivery.is_busy(entry.id):
                continue  # a frame that replaced the one that waits would lack the layers that are new in that one
            if STREAMS[entry.wish.stream].per_frame and entry.due(self.listening.newest_at):
                self._send_frame(entry, packets)
        self.routes.frame(packets, self.listening.newest_at)
        if not self._had_frame:
            self._had_frame = True
            self.on_first_frame()

    def _send_frame(self, entry: Subscription, packets: FramePackets) -> None:
        if wanted := entry.wanted(packets.of(entry.wish, entry.id)):
            self.delivery.send_frame(entry.id, wanted, entry.address)

    def send_snapshot(self, entry: Subscription) -> None:
        """The stream as it is now, for one who joins late."""
        if STREAMS[entry.wish.stream].per_frame:
            if (newest := self.listening.newest) is not None and entry.due(time.monotonic()):
                self._send_frame(entry, self._packer.frame(newest.number, newest.values))
        elif entry.wish.stream == LAYOUT:
            self.layouts.send_whole(entry)
        elif entry.wish.stream == CLIPS:
            self.clips.join(entry)
        elif entry.wish.stream == STATE:
            packets = [encode(p.address, p.to_wire(self.live.now)) for p in parameters() if p.on_wire]
            for packet in entry.wanted(packets):
                self.delivery.send(packet, entry.address)

    # what clients ask

    def status(self) -> tuple[Any, ...]:
        """The arguments of /ear/status."""
        listening = self.listening
        frame = listening.newest.number if listening.newest else 0
        dropped = listening.dropped + self.delivery.dropped_frames
        workers = (listening.worker, self.layouts, self.dreams, self.player, self.midi)
        return (
            self.epoch, frame, time.monotonic() - self._started, min(listening.load, 1.0), self.dreams.steps_per_s,
            len(self.session.subscriptions), dropped, sum(w.restarts for w in workers), listening.state,
        )  # fmt: skip

    def _ask(self, path: str, attribute: str, ip: str) -> dict[str, Any] | None:
        """What OSCQuery tells; ip: ours as the client reached it."""
        if attribute == "HOST_INFO":
            return host_info(ip, self.endpoint.port, self.web.port)
        return self._query.answer(path, attribute, self.live.now)

    def ready_line(self) -> str:
        """One line of JSON for whoever started us."""
        facts = {
            "port": self.endpoint.port,
            "http_port": self.web.port,
            "pid": os.getpid(),
            "model": self.model_id,
            "neurons": self.plan.neurons,
            "layers": len(self.plan.layers),
        }
        return json.dumps(facts)

    def write_ready_file(self, path: Path) -> None:
        write_whole(path, (self.ready_line() + "\n").encode())

    def _before_change(self, wanted: Settings) -> None:
        """Raises BridgeError if it cannot be."""
        if wanted.transport.mode == "link" != self.live.now.transport.mode:
            link.require()
        if wanted.midi.enabled and not self.live.now.midi.enabled:
            midi_ports.require()

    def _on_change(self, names: list[Parameter]) -> None:
        sections = {p.section for p in names}
        if "stream" in sections:
            self._packer.normalizer = self._normalizer(self.live.now)
        if "layout" in sections:
            self.layouts.parameters_changed()
        if "transport" in sections:
            self.clips.transport.parameters_changed()
        if sections & {"dream", "transport"}:
            self.dreams.changed()
        if "player" in sections:
            self.player.changed()
        if "ableton" in sections:
            self.ableton.changed()
        self.midi.changed()  # any of them may lie under a fader
        packets = [encode(p.address, p.to_wire(self.live.now)) for p in names if p.on_wire]
        for entry in self.session.subscriptions.to(STATE):
            for packet in entry.wanted(packets):
                self.delivery.send(packet, entry.address)

    def _make_packer(self, settings: Settings) -> Packer:
        normalizer, classes = self._normalizer(settings), self.plan.classes
        return Packer(self.plan.layers, self.epoch, normalizer, classes, self.selection)

    def _normalizer(self, settings: Settings) -> Normalizer:
        s = settings.stream
        return Normalizer(self.plan.layers, self._statistics, s.normalize, s.gamma, s.floor)


def _check_source(settings: Settings) -> None:
    """A file that is not there is a mistake in the settings: better told now than from the worker."""
    listen = settings.listen
    if listen.source == "file" and listen.file and not Path(listen.file).expanduser().exists():
        raise BridgeError(f"listen.file is {listen.file!r}; there is no such file or folder", 404)


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
    loop = asyncio.get_running_loop()
    for name in ENDS:  # one that comes while the daemon is being built waits until it runs, and ends it
        _on_signal(loop, getattr(signal, name), lambda: None)
    await daemon_of().run()
