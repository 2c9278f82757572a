"""Where clients are: on this machine, in the networks that may talk to us."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache


@lru_cache(4_096)
def is_local(host: str) -> bool:
    """Whether packets to `host` stay on this machine, and so may be large."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def within(networks: Sequence[str]) -> Callable[[str], bool]:
    """Whether an IP lies in one of these networks (CIDR), remembered."""
    parsed = [ipaddress.ip_network(text) for text in networks]

    @lru_cache(4_096)
    def is_within(host: str) -> bool:
        address = ipaddress.ip_address(host.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in parsed)

    return is_within


def ip_of_host(host: str) -> str:
    """An IP as it is, or that of a name, for which a name server may take seconds. Raises OSError if it is unknown."""
    return host if ":" in host else socket.gethostbyname(host)
