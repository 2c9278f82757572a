"""Fixtures: one daemon for all tests that leave it as it was, a client of its own for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

for _library in ("OMP", "MKL", "OPENBLAS", "NUMBA"):  # before torch and numpy load: more threads spin on a busy machine
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

import pytest  # noqa: E402

from .wire import Running, Wire  # noqa: E402


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
