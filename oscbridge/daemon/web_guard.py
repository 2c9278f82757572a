"""Who may ask over HTTP, and under which name: so that no page of another site reaches in through a browser here."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

from ..errors import BridgeError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::[0-9]{0,5})?")
_ORIGIN = re.compile(r"https?://(.{1,300})", re.IGNORECASE)


class Guard:
    """host: the setting server.host; allows: whether an IP may talk to the daemon."""

    def __init__(self, host: str, allows: Callable[[str], bool]) -> None:
        machine = socket.gethostname().lower()
        self._names = {"localhost", host.lower(), machine, f"{machine}.local"} - {"", "0.0.0.0", "::"}
        self._allows = allows

    def allows(self, peer: str) -> bool:
        return address(peer) is not None and self._allows(peer)

    def check(self, peer: str, reached: str, hosts: Sequence[str], origins: Sequence[str]) -> None:
        """Raises BridgeError: 403 if the request may not be served, 400 if it does not say whom it asks.

        peer: the IP it came from; reached: our own at which it arrived; hosts, origins: its headers of these names.
        """
        if not self.allows(peer):
            raise BridgeError("your address is in none of the networks of server.allow; add its network there", 403)
        if len(hosts) != 1:
            raise BridgeError(f"a request has one Host header; {len(hosts)} came", 400)
        host = host_of(hosts[0])
        # a foreign name that resolves to us is how a page gets around the browser's rules (DNS rebinding)
        if not self._is_ours(host, reached) and not self.allows(host):
            raise BridgeError(
                f"Host is {hosts[0][:80]!r}; expected localhost, or the IP of this machine as in the url that "
                "/ear/welcome tells",
                403,
            )
        for origin in origins:
            match = _ORIGIN.fullmatch(origin)
            other = host_of(match[1]) if match else ""
            if not self._is_ours(other, reached) and (not other or other != host):
                raise BridgeError(f"Origin is {origin[:80]!r}; pages of other hosts are not served", 403)

    def _is_ours(self, host: str, reached: str) -> bool:
        ip = address(host)
        return host in self._names or (ip is not None and (ip.is_loopback or ip == address(reached)))


def host_of(authority: str) -> str:
    """The host of `host:port`, lower case and without brackets; "" if it is not written so."""
    match = _AUTHORITY.fullmatch(authority)
    return match[1].strip("[]").rstrip(".").lower() if match else ""


def address(text: str) -> Address | None:
    """An IP in its usual notation, without scope, an IPv4 one out of its IPv6 coat; None for anything else."""
    try:
        ip = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def ip_of(transport: asyncio.BaseTransport | None, end: str) -> str:
    """The IP at one end of a connection, "" if it is gone already. end: peername or sockname."""
    return str(((transport.get_extra_info(end) if transport else None) or ("",))[0])
