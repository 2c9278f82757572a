"""Fixtures: one daemon for all tests that leave it as it was, a client of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .wire import Running, Wire


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon on the bundled loop. A test that kills, saves or reconfigures it starts its own."""
    with Running(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def wire(server: Running) -> Iterator[Wire]:
    """A client that has said hello."""
    with server.wire() as client:
        yield client
