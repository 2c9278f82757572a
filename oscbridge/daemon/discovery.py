"""Found without being told where: the daemon's services, announced by zeroconf (mDNS, RFC 6762 and 6763)."""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from .local import ip_of_host

if TYPE_CHECKING:
    from zeroconf import ServiceInfo
    from zeroconf.asyncio import AsyncZeroconf

log = logging.getLogger(__name__)

OSCQUERY, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
STOP_S = 2.0


class Discovery:
    """Announces where OSCQuery and OSC are, from `start` to `stop`.

    host: the setting server.host; where it is this machine's alone, so is the announcement. say: is told if it cannot
    be, for nothing else shows it.
    """

    def __init__(self, host: str, port: int, http_port: int, say: Callable[[str], None]) -> None:
        self._host, self._ports, self._say = host, {OSCQUERY: http_port, OSC: port}, say
        self._zeroconf: AsyncZeroconf | None = None
        self._infos: list[ServiceInfo] = []
        self._starting: asyncio.Task[None] | None = None

    def start(self, facts: dict[str, str]) -> None:
        """In the background: it takes a second to see that the name is free. facts: of the TXT record."""
        self._starting = asyncio.ensure_future(self._start(facts))

    async def change(self, facts: dict[str, str]) -> None:
        """The facts are others now. If they cannot be told, the log says why."""
        if self._starting is not None:
            await asyncio.wait([self._starting])
        if self._zeroconf is None:
            return
        self._infos = [_with(info, facts) for info in self._infos]
        try:
            for info in self._infos:
                await self._zeroconf.async_update_service(info)
        except Exception as error:  # as at the start
            log.warning("the change was not announced", exc_info=error)

    async def stop(self) -> None:
        """Takes leave, so that no list shows a daemon that has gone."""
        if self._starting is not None:
            self._starting.cancel()
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is not None:
            try:
                await asyncio.wait_for(zeroconf.async_close(), STOP_S)
            except Exception as error:  # it is forgotten anyway when its time to live is over
                log.warning("could not take leave", exc_info=error)

    async def _start(self, facts: dict[str, str]) -> None:
        try:
            # half a second of imports, during which frames go on
            await asyncio.get_running_loop().run_in_executor(None, importlib.import_module, "zeroconf.asyncio")
            await self._announce(facts)
        except Exception as error:  # no network, a port in other hands: the show goes on without it
            log.warning("not announced", exc_info=error)
            why = str(error) or type(error).__name__
            self._say(f"hosts cannot find this daemon by themselves, only by its address ({why})")

    async def _announce(self, facts: dict[str, str]) -> None:
        from zeroconf import InterfaceChoice, ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf

        addresses = _addresses(self._host)
        is_open = ipaddress.ip_address(ip_of_host(self._host)).is_unspecified
        self._zeroconf = AsyncZeroconf(InterfaceChoice.All if is_open else addresses)
        name = f"oscbridge on {socket.gethostname().partition('.')[0]}"
        for kind, port in self._ports.items():
            info = ServiceInfo(kind, f"{name}.{kind}", port, properties=facts, parsed_addresses=addresses)
            self._infos.append(info)
            await self._zeroconf.async_register_service(info, allow_name_change=True)


def _with(info: ServiceInfo, facts: dict[str, str]) -> ServiceInfo:
    from zeroconf import ServiceInfo

    return ServiceInfo(
        info.type, info.name, info.port, properties=facts, parsed_addresses=info.parsed_addresses(),
        server=info.server,
    )  # fmt: skip


def _addresses(host: str) -> list[str]:
    """Ours, as others reach us."""
    import ifaddr

    ip = ipaddress.ip_address(ip_of_host(host))
    if not ip.is_unspecified:
        return [str(ip)]
    found = [one.ip for adapter in ifaddr.get_adapters() for one in adapter.ips if isinstance(one.ip, str)]
    return [a for a in found if not ipaddress.ip_address(a).is_loopback] or ["127.0.0.1"]
