"""What a client may ask for, and what it is answered. One method a command of the address space."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from ..osc.clients import Client, Clients, Source
from ..osc.packets import Argument, Malformed, Message, encode, parse
from ..osc.space import DONE, FAIL, AddressSpace
from ..osc.streams import check_wish
from ..osc.subscriptions import Subscriptions
from ..settings import Parameter

if TYPE_CHECKING:
    from .control import Daemon

log = logging.getLogger(__name__)

PROTOCOL = (1, 0)
MAX_DEFER_S = 3_600.0
MAX_DEFERRED = 1_000
MAX_RUNNING = 1_000


@dataclass
class Request:
    """One message on its way: who sent it, and the ways to answer."""

    session: Session
    client: Client
    address: str

    def reply(self, address: str, *args: Any) -> None:
        self.session.answer(self.client, encode(address, *args))

    def done(self, *results: Any) -> None:
        self.reply(DONE, self.address, *results)

    def fail(self, error: BridgeError) -> None:
        """An outcome that fits into what the client may be sent; a stranger gets the message cut short, or none."""
        text = str(error).replace("\n", " ")
        for length in (len(text), 80, 40, 0):
            packet = encode(FAIL, self.address, error.code, text[:length])
            if self.client.introduced or len(packet) <= self.client.allowance:
                self.session.answer(self.client, packet)
                return


class Session:
    """Takes datagrams in and carries out what they say."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self.space = AddressSpace()
        self.clients = Clients()
        self.subscriptions = Subscriptions()
        self._running: dict[asyncio.Task[None], Client] = {}
        self._deferred = 0
        self.refused = 0  # datagrams from outside the allowed networks, or not OSC

    def receive(self, datagram: bytes, source: Source) -> None:
        if not self._daemon.allows(source[0]):
            self.refused += 1
            return
        messages = parse(datagram)
        if not messages:
            self.refused += 1
            return
        now = time.monotonic()
        client = self.clients.heard(source, len(datagram), now)
        self.subscriptions.renew(client, now)
        for message in messages:
            if isinstance(message, Malformed):
                self._request(client, message.address).fail(BridgeError(message.why, 400))
            elif (delay := message.at - time.time()) > 0 and message.at:
                self._defer(client, message, delay)
            else:
                self._carry_out(client, message)

    def answer(self, client: Client, packet: bytes) -> None:
        """Sends an answer, unless that would make us an amplifier for a forged source."""
        if client.spend(len(packet)):
            self._daemon.endpoint.send(packet, client.address)

    def tell_all(self, address: str, *args: Any) -> None:
        """To every client with a lease."""
        packet = encode(address, *args)
        for client in self.clients.holding():
            self._daemon.endpoint.send(packet, client.address)

    def _request(self, client: Client, address: str) -> Request:
        return Request(self, client, address)

    def _defer(self, client: Client, message: Message, delay: float) -> None:
        request = self._request(client, message.address)
        if delay > MAX_DEFER_S:
            request.fail(BridgeError(f"its time is {delay:.0f} s ahead; at most {MAX_DEFER_S:.0f} s", 422))
        elif self._deferred >= MAX_DEFERRED:
            request.fail(BridgeError(f"{MAX_DEFERRED} messages wait for their time already", 429))
        else:
            self._deferred += 1
            asyncio.get_running_loop().call_later(delay, self._due, client, message)

    def _due(self, client: Client, message: Message) -> None:
        self._deferred -= 1
        self._carry_out(client, message)

    def _carry_out(self, client: Client, message: Message) -> None:
        request = self._request(client, message.address)
        try:
            pending = self._dispatch(request, message.args)
        except Exception as error:
            self._failed(request, error)
            return
        if pending is None:
            return
        if len(self._running) >= MAX_RUNNING:
            pending.close()  # type: ignore[attr-defined]
            request.fail(BridgeError("too many changes wait for the sound source; send fewer", 429))
            return
        task = asyncio.ensure_future(self._finish(request, pending))
        self._running[task] = client
        task.add_done_callback(self._running.pop)

    async def _finish(self, request: Request, pending: Awaitable[None]) -> None:
        try:
            await pending
        except Exception as error:
            self._failed(request, error)

    def _failed(self, request: Request, error: Exception) -> None:
        if isinstance(error, BridgeError):
            request.fail(error)
            return
        log.error("%s failed", request.address, exc_info=error)
        request.fail(BridgeError(f"internal error, see {self._daemon.log_file}", 500))

    def _dispatch(self, request: Request, args: tuple[Argument, ...]) -> Awaitable[None] | None:
        """Carries a message out; what has to wait for the worker is returned, to be awaited."""
        command = self.space.command(request.address)
        if command is not None:
            handler = getattr(self, f"do_{command.method}")
            result: Awaitable[None] | None = handler(request, *command.check(args))
            return result
        found = self.space.matching(request.address)
        if not args:
            self._echo(request, found)
            return None
        if len(args) > 1:
            raise BridgeError(f"takes one value ({found[0].allowed}), or none to ask for it; {len(args)} came", 400)
        pending = self._daemon.live.set(found, args[0])
        if pending is not None:
            return self._echo_after(request, found, pending)
        self._echo(request, found)
        return None

    def _echo(self, request: Request, found: list[Parameter]) -> None:
        for parameter in found:
            request.reply(parameter.address, parameter.to_wire(self._daemon.live.now))

    async def _echo_after(self, request: Request, found: list[Parameter], pending: Awaitable[None]) -> None:
        await pending
        self._echo(request, found)

    # one method a command, in the order of the address space

    def do_hello(self, request: Request, name: str, reply_port: int) -> None:
        if not 0 <= reply_port <= 65_535:
            raise BridgeError(f"the reply port is {reply_port}; expected 0 to 65535")
        self.clients.introduce(request.client, name[:64], reply_port)
        d = self._daemon
        url = d.web.url(request.client.source[0])
        request.reply(
            "/ear/welcome", "oscbridge", *PROTOCOL, d.epoch, url, d.model_id, len(d.anatomy.layers), d.anatomy.neurons
        )

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
        for x in self._daemon.anatomy.layers:
            request.reply(
                "/ear/layer", x.index, x.name, x.first_neuron, x.channels, x.positions, x.frames_per_step,
                x.receptive_field_s, x.receptive_field_octaves,
            )  # fmt: skip

    def do_subscribe(
        self, request: Request, stream: str, packing: str, port: int, max_hz: float, lease_s: float, text: str = ""
    ) -> None:
        if not request.client.introduced:
            raise BridgeError("say /ear/hello first", 403)
        if not 0 <= port <= 65_535:
            raise BridgeError(f"the port is {port}; expected 0 to 65535, 0 for your reply port")
        if max_hz < 0 or lease_s < 0:
            raise BridgeError(f"max Hz is {max_hz:g} and the lease {lease_s:g} s; neither may be negative")
        wish = check_wish(stream, packing, text, is_local(request.client.source[0]), self._daemon.anatomy.layers)
        entry = self.subscriptions.add(request.client, port, wish, max_hz, lease_s, time.monotonic())
        request.done(entry.id, entry.lease_s)
        self._daemon.send_snapshot(entry)

    def do_renew(self, request: Request, key: int) -> None:
        self.subscriptions.of(request.client, key)  # the message itself has renewed it
        request.done(key)

    def do_unsubscribe(self, request: Request, key: int) -> None:
        self.subscriptions.remove(self.subscriptions.of(request.client, key))
        self._daemon.endpoint.forget(key)
        request.done(key)

    def do_select(self, request: Request) -> None:
        selection = self._daemon.selection
        for told in selection.regions:
            request.reply("/ear/selected", *told)
        request.done(len(selection.regions), len(selection.neurons))

    def do_select_clear(self, request: Request) -> None:
        self._daemon.selection.clear()
        request.done()

    def do_select_add(
        self, request: Request, layer: int, first: int, last: int, low: float, high: float, weight: float,
        name: str = "",
    ) -> None:  # fmt: skip
        request.done(self._daemon.selection.add(layer, first, last, low, high, weight, name))

    def do_select_circle(
        self, request: Request, x: float, y: float, radius: float, weight: float, name: str = ""
    ) -> None:
        request.done(self._daemon.selection.add_circle(self._daemon.layouts.places, x, y, radius, weight, name))

    async def do_layout_start(self, request: Request) -> None:
        request.done(await self._daemon.layouts.start())

    async def do_layout_stop(self, request: Request) -> None:
        await self._daemon.layouts.stop()
        request.done()

    async def do_layout_load(self, request: Request, name: str) -> None:
        await self._daemon.layouts.load(name)
        request.done(name)

    async def do_save(self, request: Request, preset: str) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._daemon.live.save, preset)
        request.done(preset)

    async def do_load(self, request: Request, preset: str) -> None:
        await self._daemon.live.load(preset)
        request.done(preset)


@lru_cache(4_096)
def is_local(host: str) -> bool:
    """Whether packets to `host` stay on this machine, and so may be large."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback
