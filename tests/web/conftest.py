"""One browser and one daemon for all tests of the page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.need import need
from tests.daemon.looping import LOOPS, write_small
from tests.wire import Running, Wire

from .visit import ARGUMENTS, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SOLVED_S = 60.0


class Daemon:
    """The small ear in loops of a second, with a layout, on ports that it finds again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "clips").mkdir(parents=True)
        self._sets = [*LOOPS, f"model.name={write_small(folder)}", f"clips.folder={folder / 'clips'}"]
        self.running = Running(folder, self._sets)
        ports = (self.running.facts["port"], self.running.facts["http_port"])
        self._sets += [f"server.port={ports[0]}", f"server.http_port={ports[1]}"]
        self.url = f"http://127.0.0.1:{ports[1]}/ui/"
        with self.wire() as wire:
            wire.subscribe("layout")
            assert wire.ask("/ear/layout/start", timeout_s=SOLVED_S)[0] == "/ear/done"
            wire.wait_for(lambda m: m[0] == "/ear/layout/ready", SOLVED_S)

    def wire(self) -> Wire:
        return self.running.wire()

    def start_again(self) -> None:
        self.running.end()
        self.running = Running(self._folder, self._sets)


@pytest.fixture(scope="package")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    made = Daemon(tmp_path_factory.mktemp("page") / "daemon")
    yield made
    made.running.end()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = need("chromium", package="chromium")
    if os.environ.get("CI"):
        import playwright.sync_api as playwright
    else:
        playwright = pytest.importorskip(
            "playwright.sync_api", reason="needs Python's playwright: pip install playwright"
        )
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def shared(browser: Browser, daemon: Daemon) -> Iterator[Visit]:
    """One page on a desktop for all tests that leave it as it was."""
    with Visit(browser, daemon.url) as visit:
        visit.until_drawn()
        yield visit


@pytest.fixture
def visit(shared: Visit) -> Iterator[Visit]:
    shared.forget_troubles()
    yield shared
    shared.assert_quiet()


@pytest.fixture
def wire(daemon: Daemon) -> Iterator[Wire]:
    with daemon.wire() as client:
        yield client
