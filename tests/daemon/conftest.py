"""Fixtures that several files of the daemon's tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .virtual import Rig


@pytest.fixture
def rig() -> Iterator[Callable[..., Rig]]:
    made: list[Rig] = []

    def make(**section: Any) -> Rig:
        made.append(Rig(**section).start())
        return made[-1]

    yield make
    for one in made:
        one.transport.close()
        one.loop.close()
