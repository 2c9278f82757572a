"""Routes while the daemon runs: added, removed, kept under names, and sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .. import resources
from ..ear.anatomy import Anatomy
from ..ear.selection import Selection
from ..errors import BridgeError
from ..files import write_whole
from ..osc.clients import Source
from ..osc.route import parse_target
from ..osc.routes import Routes
from ..osc.streams import FramePackets, Packet
from ..sections import Route, Settings
from ..settings import ROUTES
from ..validation import check, did_you_mean, read_yaml
from .names import checked_name, is_name


@dataclass(frozen=True)
class Folders:
    """Where sets of routes lie: the user's own, and those that come with the package."""

    own: Path
    shipped: Path


def route_folders(user: Path) -> Folders:
    """user: the user's data folder."""
    return Folders(user / "routes", resources.folder("config") / "routes")


class RouteDesk:
    """send: a packet to an address; allows: whether we may send to that IP.

    Raises BridgeError when built if one of the routes cannot be.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        selection: Selection,
        routes: Sequence[Route],
        folders: Folders,
        send: Callable[[Packet, Source], None],
        allows: Callable[[str], bool],
    ) -> None:
        self._folders, self._send = folders, send
        self._ips: dict[str, str] = {}
        self.table = Routes(anatomy.layers, anatomy.spec.classes, selection, self._ip, allows)
        self.table.add(routes)

    def _ip(self, host: str) -> str:
        """Looked up once, and before the daemon runs or in another thread: a name server may take seconds."""
        if host not in self._ips:
            self._ips[host] = host if ":" in host else socket.gethostbyname(host)
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

    def frame(self, packets: FramePackets, now: float) -> None:
        for packet, address in self.table.at_frame(packets, now):
            self._send(packet, address)

    def beat(self, phase: float) -> None:
        for packet, address in self.table.at_beat(phase):
            self._send(packet, address)

    # sets of routes under names

    async def load(self, name: str) -> int:
        """Adds a set of routes; returns how many. Raises BridgeError: 404 no such set, 422 with all its mistakes."""
        routes = await asyncio.get_running_loop().run_in_executor(None, read_set, self._folders, name)
        await self.add(routes)
        return len(routes)

    async def save(self, name: str) -> int:
        """Keeps the routes that there are; returns how many."""
        routes = self.table.routes
        data = {ROUTES: [_plain(route) for route in routes]}
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        path = self._folders.own / f"{checked_name(name, 'a set of routes')}.yaml"
        await asyncio.get_running_loop().run_in_executor(None, write_whole, path, text.encode())
        return len(routes)


def read_set(folders: Folders, name: str) -> list[Route]:
    """Raises BridgeError: 404 no such set, 422 with all its mistakes."""
    file = f"{checked_name(name, 'a set of routes')}.yaml"
    path = next((f / file for f in (folders.own, folders.shipped) if (f / file).is_file()), None)
    if path is None:
        known = sorted({p.stem for f in (folders.own, folders.shipped) for p in f.glob("*.yaml") if is_name(p.stem)})
        raise BridgeError(
            f"no set of routes {name!r}; there are {', '.join(known) or 'none'}.{did_you_mean(name, known)}", 404
        )
    data: Any = read_yaml(path) or {}
    settings = check(Settings, data, path.name)
    if others := sorted(set(data) - {ROUTES}):
        raise BridgeError(f"{path.name} also sets {', '.join(others)}; a set of routes holds routes alone")
    return settings.routes


def _plain(route: Route) -> dict[str, Any]:
    """As it is written in YAML: what differs from the defaults, and lists for tuples."""
    data = route.model_dump(by_alias=True, exclude_defaults=True)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}
