"""Who is on this machine."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(4_096)
def is_local(host: str) -> bool:
    """Whether packets to `host` stay on this machine, and so may be large."""
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback
