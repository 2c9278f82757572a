"""From datagrams to commands and parameters; what they answer is in answers.py."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from ..osc.clients import Client, Source
from ..osc.packets import Argument, Malformed, Message, encode, parse
from ..osc.space import AddressSpace
from ..osc.streams import check_wish
from ..sections import Subscriber
from ..settings import Parameter
from .answers import Answers, Request
from .delivery import most_bytes
from .local import ip_of_host

if TYPE_CHECKING:
    from .control import Daemon

log = logging.getLogger(__name__)

MAX_DEFER_S = 3_600.0
MAX_DEFERRED = 1_000
MAX_RUNNING = 1_000


class Session(Answers):
    """Takes datagrams in and carries out what they say."""

    def __init__(self, daemon: Daemon) -> None:
        super().__init__(daemon)
        self.space = AddressSpace()
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
                self.request(client, message.address).fail(BridgeError(message.why, 400))
            elif (delay := message.at - time.time()) > 0 and message.at:
                self._defer(client, message, delay)
            else:
                self._carry_out(client, message)

    def serve(self, subscribers: Sequence[Subscriber]) -> None:
        """Those that are listed in the settings, and never expire. Raises BridgeError if one cannot be."""
        for number, wanted in enumerate(subscribers):
            try:
                host = ip_of_host(wanted.host)
                address, layers = (host, wanted.port), self._daemon.plan.layers
                wish = check_wish(wanted.stream, wanted.packing, wanted.filter, most_bytes(address), layers)
            except (BridgeError, OSError) as error:
                raise BridgeError(f"server.subscribers.{number} ({wanted.host}): {error}") from error
            self.subscriptions.add_static(address, wish, wanted.max_hz)

    def tell_all(self, address: str, *args: Any) -> None:
        """To every client with a lease."""
        packet = encode(address, *args)
        for client in self.clients.holding():
            self._daemon.delivery.send(packet, client.address)

    def request(self, client: Client, address: str) -> Request:
        return Request(self, client, address)

    def _defer(self, client: Client, message: Message, delay: float) -> None:
        request = self.request(client, message.address)
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
        request = self.request(client, message.address)
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
