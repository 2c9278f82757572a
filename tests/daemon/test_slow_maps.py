"""Feature maps for one who takes them more slowly than they come."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import numpy as np

from oscbridge import resources
from oscbridge.daemon.control import Daemon
from oscbridge.daemon.sockets import Outbox, Sockets
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.spec import load_spec
from oscbridge.osc.clients import Client
from oscbridge.osc.packets import Message, parse
from oscbridge.osc.streams import Packer, check_wish
from oscbridge.osc.subscriptions import Subscriptions

LAYERS = anatomy(load_spec(resources.model_file("ear"))).layers
NEURONS = LAYERS[-1].span.stop


def frame(daemon: Any, number: int) -> None:
    daemon.listening.newest_at = number * 0.0232
    Daemon.on_frame(daemon, SimpleNamespace(number=number, values=np.full(NEURONS, 0.5, np.float32)))  # type: ignore[arg-type]


def taken(box: Outbox, key: int) -> list[tuple[int, int, int]]:
    """Frame, layer and channel of all that waits."""
    found = []
    while box.is_busy(key):
        (message,) = parse(bytes(asyncio.run(box.take())))
        assert isinstance(message, Message)
        found.append((message.args[1], message.args[2], message.args[3]))
    return found  # type: ignore[return-value]


def test_a_slow_subscriber_loses_whole_frames_and_no_layers_newest_map() -> None:
    nothing = lambda *_: None  # noqa: E731
    sockets = Sockets(nothing, nothing, nothing, nothing)
    source, box = sockets.open("127.0.0.1")
    subscriptions = Subscriptions()
    wish = check_wish("maps", "", "3:0-1,13:0-1", 8_000, LAYERS)
    entry = subscriptions.add(Client(source), 0, wish, 0.0, 60.0, 0.0)
    packer = Packer(LAYERS, 1, Normalizer(LAYERS, None, "none", 1.0, 0.0))
    daemon = SimpleNamespace(
        _packer=packer, session=SimpleNamespace(subscriptions=subscriptions), delivery=sockets,
        listening=SimpleNamespace(newest_at=0.0), routes=SimpleNamespace(frame=nothing), _had_frame=True,
    )  # fmt: skip
    daemon._send_frame = lambda *args: Daemon._send_frame(daemon, *args)  # type: ignore[arg-type]
    frame(daemon, 0)
    first = asyncio.run(box.take())
    for number in range(1, 6):  # layer 3 steps at 2 and 4, layer 13 at 4, while the rest of frame 0 waits
        frame(daemon, number)
    assert len(first) > 1_000 and taken(box, entry.id) == [(0, 3, 1), (0, 13, 0), (0, 13, 1)]
    frame(daemon, 7)
    assert taken(box, entry.id) == [(7, 3, 0), (7, 3, 1), (7, 13, 0), (7, 13, 1)]
    frame(daemon, 8)
    frame(daemon, 9)  # with nothing new, and what is new in 8 waits
    assert taken(box, entry.id) == [(8, 3, 0), (8, 3, 1), (8, 13, 0), (8, 13, 1)]
    frame(daemon, 9)
    assert not box.is_busy(entry.id), "nothing is new, and nothing waits"
    assert sockets.dropped_frames == 0
