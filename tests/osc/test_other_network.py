"""What lasts when another network comes: routes and subscriptions that rest, and those that are asked for anew."""

from __future__ import annotations

import numpy as np
import pytest

from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.selection import Selection
from oscbridge.errors import BridgeError
from oscbridge.osc.clients import Client, Clients
from oscbridge.osc.streams import FramePackets, Packer, Wish
from oscbridge.osc.subscriptions import Subscription, Subscriptions

from .test_routes import LAYERS, NEURONS, Bench, route

SMALL = LAYERS[:3]
LEVELS, CHANNELS = Wish("levels", "", "", 8_000), Wish("channels", "", "3", 8_000)


def resting() -> Bench:
    """Two routes, one of which is from a layer that the new network lacks."""
    bench = Bench(route("neuron.0", name="first"), route("layer.20.mean", name="deep"))
    selection = Selection(SMALL)
    assert bench.table.follow(SMALL, (), selection) == ["deep"]
    bench.packer = Packer(SMALL, 2, Normalizer(SMALL, None, "none", 1.0, 0.0), (), selection)
    return bench


def small(bench: Bench, first: float) -> FramePackets:
    """A frame of the new network. first: its first neuron's level."""
    values = np.zeros(SMALL[-1].span.stop, np.float32)
    values[0] = first
    return bench.packer.frame(1, values)


def test_a_route_from_what_is_not_there_rests_while_the_others_go_on() -> None:
    bench = resting()
    assert [r.name for r in bench.table.routes] == ["first", "deep"]
    assert bench.sent(small(bench, 0.5)) == [("/x", 0.5)]
    assert bench.table.level("deep") == 0.0


def test_a_route_wakes_when_its_network_is_back() -> None:
    bench = resting()
    before = Bench()
    assert bench.table.follow(LAYERS, before.packer.classes, before.selection) == []
    assert len(bench.sent(before.frame(**{f"n{NEURONS - 1}": 1.0}))) == 2


def test_what_rests_does_not_keep_others_from_coming_and_going() -> None:
    bench = resting()
    bench.table.add([route("neuron.1", name="second")])
    bench.table.remove("first")
    assert [r.name for r in bench.table.routes] == ["deep", "second"]
    bench.table.remove("deep")
    assert bench.table.follow(SMALL, (), bench.selection) == []


@pytest.mark.parametrize("name", ["new", "deep"])
def test_a_route_that_is_asked_for_now_has_to_be_from_what_is_there(name: str) -> None:
    bench = resting()
    with pytest.raises(BridgeError, match="the layers go from 0 to 2"):
        bench.table.add([route("layer.20.mean", name=name)])
    assert len(bench.table) == 2


def test_a_class_or_a_region_is_looked_for_in_the_new_network() -> None:
    bench = Bench(route("class.guitar", name="class"), route("region.low", name="region"))
    selection = Selection(SMALL)
    assert bench.table.follow(SMALL, (), selection) == ["class"]
    selection.add(0, 0, 0, 0.0, 1.0, 1.0, "low")
    bench.packer = Packer(SMALL, 2, Normalizer(SMALL, None, "none", 1.0, 0.0), (), selection)
    assert bench.sent(small(bench, 1.0)) == [("/x", pytest.approx(1 / SMALL[0].positions))]


# ---- subscriptions


def client(port: int = 9_000) -> Client:
    return Client(("192.168.0.2", port), introduced=True)


def add(table: Subscriptions, owner: Client, wish: Wish = LEVELS, port: int = 0) -> Subscription:
    return table.add(owner, port, wish, 0.0, 60.0, 0.0)


def test_a_subscription_that_rests_is_sent_nothing_and_keeps_its_lease() -> None:
    table, owner = Subscriptions(), client()
    entry = add(table, owner)
    entry.rests = True
    assert list(table) == [] == table.to("levels") and table.all() == [entry]
    table.renew(owner, 50.0)
    assert table.of(owner, entry.id).expires == 110.0
    assert table.expire(111.0) == [entry]


def test_only_the_same_that_is_asked_for_again_replaces_an_inherited_one() -> None:
    table, owner, other = Subscriptions(), client(), client(9_001)
    entry = add(table, owner)
    assert table.replaced(owner, 0, LEVELS) == [], "of this epoch: two of a kind are two"
    entry.inherited = True
    assert table.replaced(owner, 0, LEVELS) == [entry]
    assert table.replaced(owner, owner.address[1], LEVELS) == [entry]
    assert table.replaced(owner, 7_000, LEVELS) == [], "another port"
    assert table.replaced(owner, 0, CHANNELS) == [], "another stream"
    assert table.replaced(other, 0, LEVELS) == [], "another client"


def test_those_who_said_hello_are_greeted_again() -> None:
    clients = Clients()
    stranger, silent, socket, listener = (
        clients.heard(source, 20, 0.0)
        for source in (("10.0.0.1", 1), ("10.0.0.1", 2), ("10.0.0.1", -1), ("10.0.0.1", -2))
    )
    clients.introduce(silent, "", 0)
    clients.introduce(socket, "browser", 0)
    assert clients.greeted() == [silent, socket]
    assert not stranger.introduced and listener.introduced, "a WebSocket that only listens to parameters"
