"""The patch for Max, run by a small part of Max, with a real daemon: through sockets, at the pace of the clock."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.spec import load_spec
from tests.clients.superclips import LOOP, RATE, dream, dreaming
from tests.wire import Running, Wire

from .max_machine import Machine
from .max_patches import DEVICE, MAX

PATIENCE_S = 30.0
FADE_MS = 45
LOOP_S = LOOP / RATE
EAR = anatomy(load_spec(resources.model_file("ear"))).layers


class Talk:
    """A patch whose [udpsend] and [udpreceive] are a socket of ours. said, came: addresses, with how often."""

    def __init__(self, patch: Machine, wire: Wire) -> None:
        self.patch, self.wire = patch, wire
        self.said: list[tuple[Any, ...]] = []
        self.came: list[tuple[Any, ...]] = []
        self._begun = time.monotonic()

    def until(self, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < end, (self.said[-5:], self.came[-5:])
            self.step()

    def step(self) -> None:
        self.patch.run(max(0.0, (time.monotonic() - self._begun) * 1_000 - self.patch.now))
        for message in self.patch.take():
            self.said.append(message)
            # the reply port of the patch is 7400; here it is the socket's own
            self.wire.send(message[0], *([message[1], 0] if message[0] == "/ear/hello" else message[1:]))
        while (came := self.wire.receive(0.004)) is not None:
            self.came.append(came)
            if came[0] == "/ear/clip/ready":
                self.patch("files", files={came[4]: soundfile.info(came[4]).frames})
            self.patch.receive(*came)

    def count(self, address: str) -> int:
        return sum(message[0] == address for message in self.came)

    def refused(self) -> list[tuple[Any, ...]]:
        return [message for message in self.came if message[0] == "/ear/fail"]


@pytest.fixture
def patch() -> Iterator[Machine]:
    with Machine(MAX / "oscbridge.maxpat") as machine:
        yield machine
        assert machine.errors == []


def test_every_stream_comes_and_every_neuron_of_the_layer_is_in_its_place(
    patch: Machine, server: Running, wire: Wire
) -> None:
    talk = Talk(patch, wire)
    talk.until(lambda: talk.count("/ear/neurons") >= 40 and talk.count("/ear/layout/list") >= 35)
    assert talk.refused() == []
    streams = {message[1] for message in talk.said if message[0] == "/ear/subscribe"}
    assert len(streams) == 11
    for address in ("/ear/level/mean", "/ear/scalogram", "/ear/channels", "/ear/classes", "/ear/selection"):
        assert talk.count(address) >= 3, address
    cells = patch("matrix", name="-places")["cells"]
    assert len(cells) == EAR[9].neurons
    assert all(math.hypot(x, y) <= 1.0001 for x, y, _ in cells.values()), "in the unit circle, not in rows"
    assert max(cell[3] for cell in patch("matrix", name="-colours")["cells"].values()) > 0.2


@pytest.fixture(scope="module")
def dreamer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with dreaming(tmp_path_factory.mktemp("dreamer")) as running:
        yield running


@pytest.mark.parametrize("file", [MAX / "oscbridge.maxpat", DEVICE], ids=["max", "live"])
def test_what_is_dreamed_is_played_clip_after_clip_in_time(dreamer: Running, file: Path) -> None:
    with dreamer.wire() as wire, dreamer.wire() as other, Machine(file) as patch:
        dream(other)
        if file == DEVICE:
            patch("turn", name="tempo", value=0)  # the loop stays a second long
        talk = Talk(patch, wire)

        def started() -> list[int]:
            return [m[1] for m in talk.said if m[0] == "/ear/clip/started"]

        talk.until(lambda: len(started()) >= 4)
        other.ask("/ear/dream/stop")
        assert patch.errors == []
        assert started() == sorted(set(started())), "each once, the newer after the older"
        # the small ear has no classes, and no layer 9 or 14
        assert {m[1] for m in talk.refused()} <= {"/ear/subscribe", "/ear/select/add"}
        fades = [event[0] / 1_000 for event in patch.sound if event[1] == "line~" and event[-1] == FADE_MS]
        apart = [b - a for a, b in itertools.pairwise(fades)]
        # a busy machine runs the patch late
        assert all(abs(s / LOOP_S - round(s / LOOP_S)) < 0.2 for s in apart), f"not a loop's end: {apart}"
