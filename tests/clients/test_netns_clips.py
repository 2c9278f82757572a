"""A player on another computer: it fetches clips over HTTP and is told when to begin by a clock it can ask for."""

from __future__ import annotations

import contextlib
import hashlib
import time
import urllib.request
import uuid
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.wire import Running, Wire

from .superclips import LOOP, RATE, dream, dreaming
from .test_netns import FRIEND, SERVER, Far, Namespace

CLIPS = 3
LOOP_US = 1_000_000
LOOKAHEAD_S = 0.2
ALIKE_S = 0.05  # clocks are, as far as a busy machine can tell


class FarPlayer(Far):
    """A client in the other namespace that loads clips."""

    def __init__(self, namespace: Namespace, port: int) -> None:
        super().__init__(namespace, FRIEND, port)
        self.namespace = namespace

    def receive(self, timeout_s: float = 10.0) -> tuple[Any, ...] | None:
        return Wire.receive(self, timeout_s)  # takes bundles apart

    def fetch(self, url: str, **headers: str) -> tuple[bytes, dict[str, str]]:
        """A file over HTTP, from inside the namespace, and its headers."""
        request = urllib.request.Request(url, headers=headers)
        with self.namespace.inside(), urllib.request.urlopen(request, timeout=10.0) as response:
            return response.read(), dict(response.headers.items())

    def clock_offset_s(self) -> float:
        """How far the daemon's clock is ahead of ours, by the quickest of some answers."""
        best = (np.inf, 0.0)
        for token in range(10):
            sent = time.time()
            _, answered, seconds, microseconds = self.ask("/ear/clock", token)
            now = time.time()
            assert answered == token
            best = min(best, (now - sent, seconds + microseconds / 1e6 - (sent + now) / 2))
        return best[1]


@pytest.fixture
def player(tmp_path: Path) -> Iterator[FarPlayer]:
    """On the other end of a cable from a daemon that dreams."""
    tag = uuid.uuid4().hex[:8]
    with contextlib.ExitStack() as stack:
        here, there = (Namespace(f"osc{tag}{end}") for end in "ab")
        stack.callback(here.end)
        stack.callback(there.end)
        here.ip("link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", there.name)
        for namespace, address in ((here, SERVER), (there, FRIEND)):
            namespace.ip("addr", "add", f"{address}/24", "dev", "cable")
            namespace.ip("link", "set", "lo", "up")
            namespace.ip("link", "set", "cable", "up")
        with here.inside():
            daemon: Running = stack.enter_context(dreaming(tmp_path, f"server.host={SERVER}"))
        client = FarPlayer(there, daemon.port)
        stack.enter_context(client)
        client.subscribe("clips")
        dream(client)
        yield client


def test_another_computer_fetches_clips_by_their_url_and_begins_them_by_the_daemons_clock(player: FarPlayer) -> None:
    offset_s = player.clock_offset_s()
    fetched: list[int] = []
    late_s: list[float] = []  # how much later than it was sent each came, by the daemon's clock
    moments: list[int] = []  # of activations, microseconds of the daemon's clock
    while len(moments) < CLIPS:
        address, clip, *rest = player.wait_for(lambda m: m[0] in ("/ear/clip/ready", "/ear/clip/activate"))
        if address == "/ear/clip/ready":
            sha256, url, path, rate, frames, channels, _ = rest
            assert path == "" and url.startswith(f"http://{SERVER}:")
            content, headers = player.fetch(url)
            assert hashlib.sha256(content).hexdigest() == sha256
            assert int(headers["Content-Length"]) == len(content)
            sound, file_rate = soundfile.read(BytesIO(content), always_2d=True, dtype="float32")
            assert (*sound.shape, file_rate) == (frames, channels, rate) == (LOOP, 1, RATE)
            assert np.abs(sound).max() > 1e-3
            assert player.fetch(url, Range="bytes=100-299")[0] == content[100:300]
            fetched.append(clip)
            assert player.ask("/ear/clip/loaded", clip) == ("/ear/done", "/ear/clip/loaded", clip)
        else:
            seconds, microseconds, in_seconds, beat = rest
            late_s.append(in_seconds - (seconds + microseconds / 1e6 - (time.time() + offset_s)))
            assert clip == fetched[-1]
            assert abs(player.timetag - (seconds + microseconds / 1e6)) < 1e-4
            assert 0 < in_seconds <= LOOKAHEAD_S
            assert beat % 4 == 0
            moments.append(seconds * 1_000_000 + microseconds)
            assert player.ask("/ear/clip/started", clip) == ("/ear/done", "/ear/clip/started", clip)
    assert fetched[:CLIPS] == sorted(set(fetched))[:CLIPS]
    assert -ALIKE_S < min(late_s) < ALIKE_S, "the clock that is told and the moments are one"
    for gap in np.diff(moments):
        loops = round(gap / LOOP_US)
        assert loops >= 1 and abs(gap - loops * LOOP_US) < 2_000
