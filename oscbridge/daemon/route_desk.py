"""Routes while the daemon runs: added, removed, kept under names, and sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..ear.plan import Plan
from ..ear.selection import Selection
from ..errors import BridgeError
from ..osc.clients import Source
from ..osc.route import parse_target
from ..osc.routes import Routes
from ..osc.streams import FramePackets, Packet
from ..sections import Route, Settings
from ..settings import ROUTES
from ..validation import check
from .local import ip_of_host
from .named_files import NamedFiles, kept_in


def route_files(user: Path) -> NamedFiles:
    """user: the user's data folder."""
    return kept_in("routes", user, "set of routes")


class RouteDesk:
    """send: a packet to an address; allows: whether we may send to that IP.

    Raises BridgeError when built if one of the routes cannot be.
    """

    def __init__(
        self,
        plan: Plan,
        selection: Selection,
        routes: Sequence[Route],
        files: NamedFiles,
        send: Callable[[Packet, Source], None],
        allows: Callable[[str], bool],
    ) -> None:
        self._files, self._send = files, send
        self._ips: dict[str, str] = {}
        self.table = Routes(plan.layers, plan.classes, selection, self._ip, allows)
        self.table.add(routes)

    def _ip(self, host: str) -> str:
        """Looked up once, and before the daemon runs or in another thread: a name server may take seconds."""
        if host not in self._ips:
            self._ips[host] = ip_of_host(host)
        return self._ips[host]

    async def add(self, routes: Sequence[Route]) -> list[str]:
        """Returns their names. Raises BridgeError; then no route has changed."""
        hosts = {parse_target(route.to).host for route in routes} - set(self._ips)
        loop = asyncio.get_running_loop()
        for host in hosts:
            try:
                await loop.run_in_executor(None, self._ip, host)
            except OSError as error:
                raise BridgeError(f"the host {host!r} is not found ({error.strerror})", 404) from error
        return self.table.add(routes)

    def follow(self, plan: Plan, selection: Selection) -> list[str]:
        """Another network. Returns the names of the routes that rest until there is again what they are from."""
        return self.table.follow(plan.layers, plan.classes, selection)

    def frame(self, packets: FramePackets, now: float) -> None:
        for packet, address in self.table.at_frame(packets, now):
            self._send(packet, address)

    def beat(self, phase: float) -> None:
        for packet, address in self.table.at_beat(phase):
            self._send(packet, address)

    # sets of routes under names

    async def load(self, name: str) -> int:
        """Adds a set of routes; returns how many. Raises BridgeError: 404 no such set, 422 with all its mistakes."""
        routes = await asyncio.get_running_loop().run_in_executor(None, read_set, self._files, name)
        await self.add(routes)
        return len(routes)

    async def save(self, name: str) -> int:
        """Keeps the routes that there are; returns how many."""
        routes = self.table.routes
        data = {ROUTES: [_plain(route) for route in routes]}
        await asyncio.get_running_loop().run_in_executor(None, self._files.write, name, data)
        return len(routes)


def read_set(files: NamedFiles, name: str) -> list[Route]:
    """Raises BridgeError: 404 no such set, 422 with all its mistakes."""
    file, data = files.read(name)
    settings = check(Settings, data, file)
    if others := sorted(set(data) - {ROUTES}):
        raise BridgeError(f"{file} also sets {', '.join(others)}; a set of routes holds routes alone")
    return settings.routes


def _plain(route: Route) -> dict[str, Any]:
    """As it is written in YAML: what differs from the defaults, and lists for tuples."""
    data = route.model_dump(by_alias=True, exclude_defaults=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
