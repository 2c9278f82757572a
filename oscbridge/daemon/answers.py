"""What a client is answered: one method a command of the address space."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from ..osc.clients import Client, Clients, is_connection
from ..osc.packets import encode
from ..osc.routes import listed, parse_args
from ..osc.space import DONE, FAIL
from ..osc.streams import check_wish
from ..osc.subscriptions import Subscription, Subscriptions
from ..sections import Route
from ..validation import check
from .delivery import most_bytes
from .midi_answers import Buttons, MidiAnswers

if TYPE_CHECKING:
    from .control import Daemon

PROTOCOL = (1, 0)


@dataclass
class Request:
    """One message on its way: who sent it, and the ways to answer."""

    session: Answers
    client: Client
    address: str

    def reply(self, address: str, *args: Any) -> None:
        self.session.answer(self.client, encode(address, *args))

    def done(self, *results: Any) -> None:
        self.reply(DONE, self.address, *results)

    def fail(self, error: BridgeError) -> None:
        """An outcome that fits into what the client may be sent; a stranger gets the message cut short, or none."""
        text = str(error).replace("\n", " ")
        if isinstance(self.client, Buttons):
            self.session.tell_all(FAIL, self.address, error.code, text)
            return
        for length in (len(text), 80, 40, 0):
            packet = encode(FAIL, self.address, error.code, text[:length])
            if self.client.introduced or len(packet) <= self.client.allowance:
                self.session.answer(self.client, packet)
                return


class Answers(MidiAnswers):
    """Carries out commands; how a message gets here is session.py's."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.clients = Clients()
        self.subscriptions = Subscriptions()
        self._running: dict[asyncio.Task[None], Client] = {}  # what still waits for a worker, and for whom

    def answer(self, client: Client, packet: bytes) -> None:
        """Sends an answer, unless that would make us an amplifier for a forged source."""
        if client.spend(len(packet)):
            self._daemon.delivery.send(packet, client.address)

    # in the order of the address space

    def do_hello(self, request: Request, name: str, reply_port: int) -> None:
        _check_port(request.client, reply_port, "0 for the one you send from")
        self.clients.introduce(request.client, name[:64], reply_port)
        self.answer(request.client, self._welcome(request.client))

    def welcome_all(self) -> None:
        """Another network: what they know of the one before is void, and what they subscribed to goes on."""
        for entry in self.subscriptions.all():
            entry.inherited = True
        for client in self.clients.greeted():
            self._daemon.delivery.send(self._welcome(client), client.address)

    def _welcome(self, client: Client) -> bytes:
        d = self._daemon
        url, sizes = d.web.url(client.source[0]), (len(d.plan.layers), d.plan.neurons)
        return encode("/ear/welcome", "oscbridge", *PROTOCOL, d.epoch, url, d.model_id, *sizes)

    def do_sync(self, request: Request, token: int) -> Awaitable[None] | None:
        before = [task for task, client in self._running.items() if client is request.client]
        if before:
            return self._sync_after(before, request, token)
        request.reply("/ear/synced", token)
        return None

    async def _sync_after(self, before: list[asyncio.Task[None]], request: Request, token: int) -> None:
        await asyncio.wait(before)
        request.reply("/ear/synced", token)

    def do_status(self, request: Request) -> None:
        request.reply("/ear/status", *self._daemon.status())

    def do_clock(self, request: Request, token: int) -> None:
        seconds, microseconds = divmod(time.time_ns() // 1_000, 1_000_000)
        request.reply("/ear/clock", token, seconds, microseconds)

    def do_layers(self, request: Request) -> None:
        for x in self._daemon.plan.layers:
            request.reply(
                "/ear/layer", x.index, x.name, x.first_neuron, x.channels, x.positions, x.frames_per_step,
                x.receptive_field_s, x.receptive_field_octaves,
            )  # fmt: skip

    async def do_model_list(self, request: Request) -> None:
        names, now = await self._daemon.switching.names(), self._daemon.live.now.model.name
        for name in names:
            request.reply("/ear/model", name, int(name == now))
        request.done(len(names))

    def do_model_rate(self, request: Request) -> None:
        d = self._daemon
        request.reply("/ear/model/rate", d.listening.answers_per_s, 1 / d.plan.hop_s, d.listening.how)

    async def do_model_load(self, request: Request, name: str) -> None:
        request.done(name, await self._daemon.switching.load(name))

    def do_subscribe(
        self, request: Request, stream: str, packing: str, port: int, max_hz: float, lease_s: float, text: str = ""
    ) -> None:
        if not request.client.introduced:
            raise BridgeError("say /ear/hello first", 403)
        _check_port(request.client, port, "0 for your reply port")
        if max_hz < 0 or lease_s < 0:
            raise BridgeError(f"max Hz is {max_hz:g} and the lease {lease_s:g} s; neither may be negative")
        wish = check_wish(stream, packing, text, most_bytes(request.client.source), self._daemon.plan.layers)
        for before in self.subscriptions.replaced(request.client, port, wish):
            self._end(before)
        entry = self.subscriptions.add(request.client, port, wish, max_hz, lease_s, time.monotonic())
        request.done(entry.id, entry.lease_s)
        self._daemon.send_snapshot(entry)

    def do_renew(self, request: Request, key: int) -> None:
        self.subscriptions.of(request.client, key)  # the message itself has renewed it
        request.done(key)

    def do_unsubscribe(self, request: Request, key: int) -> None:
        self._end(self.subscriptions.of(request.client, key))
        request.done(key)

    def _end(self, entry: Subscription) -> None:
        self.subscriptions.remove(entry)
        self._daemon.forget(entry)

    def do_select(self, request: Request) -> None:
        selection = self._daemon.selection
        for region in selection.regions:
            request.reply("/ear/selected", *region)
        request.done(len(selection.regions), len(selection.neurons))

    def do_select_clear(self, request: Request) -> None:
        self._daemon.selection.clear()
        self._daemon.dreams.changed()
        request.done()

    def do_select_remove(self, request: Request, name: str) -> None:
        self._daemon.selection.remove(name)
        self._daemon.dreams.changed()
        request.done(name)

    def do_select_add(
        self, request: Request, layer: int, first: int, last: int, low: float, high: float, weight: float,
        name: str = "",
    ) -> None:  # fmt: skip
        neurons = self._daemon.selection.add(layer, first, last, low, high, weight, name)
        self._daemon.dreams.changed()
        request.done(neurons)

    def do_select_circle(
        self, request: Request, x: float, y: float, radius: float, weight: float, name: str = ""
    ) -> None:
        neurons = self._daemon.selection.add_circle(self._daemon.layouts.places, x, y, radius, weight, name)
        self._daemon.dreams.changed()
        request.done(neurons)

    async def do_layout_start(self, request: Request) -> None:
        request.done(await self._daemon.layouts.start())

    async def do_layout_stop(self, request: Request) -> None:
        await self._daemon.layouts.stop()
        request.done()

    async def do_layout_load(self, request: Request, name: str) -> None:
        await self._daemon.layouts.load(name)
        request.done(name)

    async def do_dream_start(self, request: Request) -> None:
        await self._daemon.dreams.start()
        request.done()

    def do_dream_stop(self, request: Request) -> None:
        self._daemon.dreams.stop()
        request.done()

    async def do_dream_restart(self, request: Request) -> None:
        await self._daemon.dreams.start(anew=True)
        request.done()

    def do_clip_loaded(self, request: Request, clip: int) -> None:
        self._daemon.clips.loaded(request.client.source, clip)
        request.done(clip)

    def do_clip_failed(self, request: Request, clip: int, why: str) -> None:
        self._daemon.clips.failed(request.client.source, clip, why)
        request.done(clip)

    def do_clip_started(self, request: Request, clip: int) -> None:
        self._daemon.clips.client_started(request.client.source, clip)
        request.done(clip)

    def do_clip_ended(self, request: Request, clip: int) -> None:
        self._daemon.clips.transport.ended()
        request.done(clip)

    def do_clip_list(self, request: Request) -> None:
        held = self._daemon.clips.packets(request.client.source[0])
        for packet in held:
            self.answer(request.client, packet)
        request.done(len(held))

    async def do_clip_keep(self, request: Request, clip: int, name: str) -> None:
        request.done(clip, (await self._daemon.clips.keep(clip, name)).path.name)

    def do_clip_play(self, request: Request, clip: int) -> None:
        self._daemon.clips.choose(clip)
        request.done(clip)

    async def do_clip_import(self, request: Request, name: str) -> None:
        clip = await self._daemon.clips.bring_in(name)
        await self._daemon.live.apply({"dream.origin_clip": clip.id, "dream.origin": "clip"})
        request.done(clip.id)

    async def do_route_add(
        self, request: Request, name: str, from_: str, to: str, args: str | None = None, low: float = 0.0,
        high: float = 1.0, curve: float | None = None, attack_ms: float | None = None,
        release_ms: float | None = None, max_hz: float | None = None, threshold: float = 0.0,
    ) -> None:  # fmt: skip
        given = {
            "name": name, "from_": from_, "to": to, "range": (low, high), "curve": curve, "attack_ms": attack_ms,
            "release_ms": release_ms, "max_hz": max_hz, "threshold": threshold if threshold > 0 else None,
            "args": None if args is None else parse_args(args),
        }  # fmt: skip
        route = check(Route, {key: value for key, value in given.items() if value is not None}, "route")
        request.done(*await self._daemon.routes.add([route]))

    def do_route_remove(self, request: Request, name: str) -> None:
        self._daemon.routes.table.remove(name)
        request.done(name)

    def do_route_list(self, request: Request) -> None:
        table = self._daemon.routes.table
        for route in table.routes:
            self.answer(request.client, listed(route, table.level(route.name)))
        request.done(len(table))

    def do_route_learn(self, request: Request, name: str, on: int) -> None:
        self._daemon.routes.table.learn(name, bool(on))
        request.done(name, int(bool(on)))

    async def do_route_load(self, request: Request, name: str) -> None:
        request.done(name, await self._daemon.routes.load(name))

    async def do_route_save(self, request: Request, name: str) -> None:
        request.done(name, await self._daemon.routes.save(name))

    async def do_save(self, request: Request, preset: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._daemon.live.save, preset)
        request.done(preset)

    async def do_load(self, request: Request, preset: str) -> None:
        await self._daemon.live.load(preset)
        request.done(preset)


def _check_port(client: Client, port: int, meaning: str) -> None:
    if not 0 <= port <= 65_535:
        raise BridgeError(f"the port is {port}; expected 0 to 65535, {meaning}")
    if port and is_connection(client.source):
        raise BridgeError(f"the port is {port}; a WebSocket is answered on itself: send 0")
