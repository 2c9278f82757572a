"""Fixtures for the tests with real programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .test_jack_device import Jack


@pytest.fixture
def jack() -> Iterator[Jack]:
    """A server of one's own, to be started and ended at will."""
    server = Jack()
    yield server
    server.close()
