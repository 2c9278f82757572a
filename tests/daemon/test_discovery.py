"""The announcement, as somebody who browses for services sees it; on this machine's loopback alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from zeroconf import ServiceListener, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from oscbridge.daemon import discovery
from oscbridge.daemon.discovery import OSC, OSCQUERY, Discovery

PATIENCE_S = 15.0
HTTP_PORT, PORT = 39_871, 39_870  # nothing listens there: they only name this test's announcements
FACTS = {"epoch": "7", "model": "ear-1f2e3d4c", "protocol": "1.0"}


class Browser(ServiceListener):
    """Services by their names, as they come and go."""

    def __init__(self, zeroconf: AsyncZeroconf) -> None:
        self._zeroconf = zeroconf
        self.names: dict[str, set[str]] = {OSC: set(), OSCQUERY: set()}

    def add_service(self, zc: Zeroconf, kind: str, name: str) -> None:
        self.names[kind].add(name)

    def remove_service(self, zc: Zeroconf, kind: str, name: str) -> None:
        self.names[kind].discard(name)

    def update_service(self, zc: Zeroconf, kind: str, name: str) -> None:
        pass

    async def facts(self, kind: str, port: int) -> tuple[AsyncServiceInfo, dict[str, str]] | None:
        """Of the service with that port."""
        for name in list(self.names[kind]):
            info = AsyncServiceInfo(kind, name)
            if await info.async_request(self._zeroconf.zeroconf, 3_000) and info.port == port:
                return info, {k.decode(): (v or b"").decode() for k, v in info.properties.items()}
        return None


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    zeroconf = AsyncZeroconf(["127.0.0.1"])
    browser = Browser(zeroconf)
    looking = AsyncServiceBrowser(zeroconf.zeroconf, [OSC, OSCQUERY], browser)
    try:
        yield browser
    finally:
        await looking.async_cancel()
        await zeroconf.async_close()


async def until(condition: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    end = time.monotonic() + PATIENCE_S
    while not (found := await condition()):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    return found


def test_both_services_are_there_with_their_ports_and_facts_then_with_others_and_then_gone() -> None:
    async def work() -> None:
        said: list[str] = []
        one = Discovery("127.0.0.1", PORT, HTTP_PORT, said.append)
        async with browsing() as browser:
            one.start(FACTS)
            for kind, port in ((OSC, PORT), (OSCQUERY, HTTP_PORT)):
                info, facts = await until(lambda kind=kind, port=port: browser.facts(kind, port))
                assert facts == FACTS
                assert info.parsed_addresses() == ["127.0.0.1"], "this machine's alone"
                assert info.name.startswith("oscbridge on ")
            await one.change({**FACTS, "epoch": "8"})

            async def is_new() -> bool:
                found = await browser.facts(OSC, PORT)
                return found is not None and found[1]["epoch"] == "8"

            await until(is_new)
            await one.stop()

            async def is_gone() -> bool:
                return await browser.facts(OSC, PORT) is None and await browser.facts(OSCQUERY, HTTP_PORT) is None

            await until(is_gone)
        assert said == []

    asyncio.run(work())


def test_two_daemons_on_one_machine_have_names_of_their_own() -> None:
    async def work() -> None:
        both = [Discovery("127.0.0.1", PORT + n, HTTP_PORT + 100 + n, lambda _: None) for n in range(2)]
        async with browsing() as browser:
            for one in both:
                one.start(FACTS)
            for n in range(2):
                await until(lambda n=n: browser.facts(OSCQUERY, HTTP_PORT + 100 + n))
            assert len(browser.names[OSCQUERY]) >= 2
            for one in both:
                await one.stop()

    asyncio.run(work())


def test_what_cannot_be_announced_is_said_and_harms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> list[str]:
        said: list[str] = []
        one = Discovery("127.0.0.1", PORT, HTTP_PORT, said.append)
        monkeypatch.setattr(discovery, "_addresses", lambda host: (_ for _ in ()).throw(OSError("no such device")))
        one.start(FACTS)
        assert one._starting is not None
        await one._starting
        await one.change(FACTS)
        await one.stop()
        return said

    (line,) = asyncio.run(work())
    assert "only by its address (no such device)" in line


def test_to_stop_before_it_has_begun_is_no_harm() -> None:
    async def work() -> None:
        one = Discovery("127.0.0.1", PORT, HTTP_PORT, lambda _: None)
        await one.stop()
        one.start(FACTS)
        await one.stop()

    asyncio.run(work())


def test_an_open_host_is_announced_where_others_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import ifaddr

    class Adapter:
        def __init__(self, *ips: Any) -> None:
            self.ips = [type("IP", (), {"ip": ip})() for ip in ips]

    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [Adapter("127.0.0.1"), Adapter("192.0.2.7", ("fe80::1", 0, 2))])
    assert discovery._addresses("0.0.0.0") == ["192.0.2.7"]
    assert discovery._addresses("localhost") == ["127.0.0.1"]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: [Adapter("127.0.0.1")])
    assert discovery._addresses("0.0.0.0") == ["127.0.0.1"]
