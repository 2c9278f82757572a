"""Leases, rates and bounds, with a clock that the test turns."""

from __future__ import annotations

import itertools
import math

import pytest

from oscbridge.errors import BridgeError
from oscbridge.osc.clients import Client, Clients
from oscbridge.osc.streams import Wish
from oscbridge.osc.subscriptions import (
    DEFAULT_LEASE_S,
    MAX_LEASE_S,
    MAX_PER_CLIENT,
    MAX_SUBSCRIPTIONS,
    Subscription,
    Subscriptions,
)

LEVELS = Wish("levels", "", "", 8_000)
HOP_S = 1_024 / 44_100


def client(port: int = 9_000, reply_port: int = 0) -> Client:
    clients = Clients()
    found = clients.heard(("192.168.0.2", port), 32, 0.0)
    clients.introduce(found, "Pure Data", reply_port)
    return found


@pytest.fixture
def table() -> Subscriptions:
    return Subscriptions()


def add(table: Subscriptions, owner: Client, lease_s: float = 0.0, max_hz: float = 0.0) -> Subscription:
    return table.add(owner, 0, LEVELS, max_hz, lease_s, 0.0)


@pytest.mark.parametrize(
    "asked, given", [(0, DEFAULT_LEASE_S), (0.2, 1), (1, 1), (60, 60), (3_600, 3_600), (1e9, MAX_LEASE_S)]
)
def test_a_lease_is_clamped_and_ten_seconds_if_none_is_asked_for(table, asked, given):
    assert add(table, client(), asked).lease_s == given


def test_a_lease_runs_out_and_is_told_once(table):
    owner = client()
    entry = add(table, owner, 5)
    assert table.expire(5.0) == []
    assert table.expire(5.1) == [entry]
    assert table.expire(9.9) == []
    assert len(table) == 0 and owner.subscriptions == set()


def test_any_message_renews_all_leases_of_its_client_and_no_others(table):
    one, other = client(9_000), client(9_001)
    short, long, foreign = add(table, one, 5), add(table, one, 60), add(table, other, 5)
    table.renew(one, 4.0)
    assert table.expire(6.0) == [foreign]
    assert table.expire(9.1) == [short]
    assert table.expire(64.1) == [long]


def test_an_expired_lease_is_not_brought_back_by_a_late_message(table):
    owner = client()
    entry = add(table, owner, 5)
    table.expire(6.0)
    table.renew(owner, 6.0)
    assert len(table) == 0
    with pytest.raises(BridgeError, match="Subscribe again") as error:
        table.of(owner, entry.id)
    assert error.value.code == 404


def test_nobody_reaches_a_subscription_of_another(table):
    entry = add(table, client(9_000))
    with pytest.raises(BridgeError, match=f"no subscription {entry.id} of this client") as error:
        table.of(client(9_001), entry.id)
    assert error.value.code == 404
    assert len(table) == 1


def test_what_has_been_ended_is_not_found_again(table):
    owner = client()
    entry = add(table, owner)
    assert table.of(owner, entry.id) is entry
    table.remove(entry)
    assert list(table) == [] and owner.subscriptions == set()
    with pytest.raises(BridgeError):
        table.of(owner, entry.id)


def test_an_id_is_never_given_twice(table):
    owner, seen = client(), set()
    for _ in range(100):
        entry = add(table, owner)
        assert entry.id not in seen
        seen.add(entry.id)
        table.remove(entry)


@pytest.mark.parametrize("port, reply_port, expected", [(0, 0, 9_000), (0, 7_000, 7_000), (8_000, 7_000, 8_000)])
def test_a_stream_goes_to_its_own_port_or_the_reply_port_or_the_source_port(table, port, reply_port, expected):
    entry = table.add(client(9_000, reply_port), port, LEVELS, 0.0, 0.0, 0.0)
    assert entry.address == ("192.168.0.2", expected)


def test_a_client_cannot_hold_more_than_its_share(table):
    owner = client()
    for _ in range(MAX_PER_CLIENT):
        add(table, owner)
    with pytest.raises(BridgeError, match="Unsubscribe from one first") as error:
        add(table, owner)
    assert error.value.code == 429
    assert len(table) == MAX_PER_CLIENT
    add(table, client(9_001))


def test_all_clients_together_cannot_hold_more_than_the_table(table):
    for number in range(MAX_SUBSCRIPTIONS):
        add(table, client(9_000 + number // MAX_PER_CLIENT))
    clients_before = len(table)
    with pytest.raises(BridgeError) as error:
        add(table, client(20_000))
    assert error.value.code == 429 and len(table) == clients_before
    table.expire(math.inf)
    add(table, client(20_000))


def test_a_static_subscription_never_expires(table):
    entry = table.add_static(("10.0.0.1", 7_000), LEVELS, 0.0)
    assert table.expire(1e12) == []
    assert table.to("levels") == [entry] and table.to("state") == []


def sent(entry: Subscription, seconds: float, start: float = 100.0, hop_s: float = HOP_S) -> list[float]:
    """The times of the frames that went, of all that came in `seconds`."""
    times = [start + i * hop_s for i in range(int(seconds / hop_s))]
    return [t for t in times if entry.due(t)]


def test_without_a_limit_every_frame_is_sent(table):
    assert len(sent(add(table, client()), 10)) == int(10 / HOP_S)


@pytest.mark.parametrize("max_hz", [0.5, 1, 2, 5, 10, 20, 30, 43, 60, 1_000])
def test_the_rate_is_kept_over_a_minute_as_close_as_frames_allow(table, max_hz):
    count = len(sent(add(table, client(), max_hz=max_hz), 60))
    assert count == pytest.approx(min(max_hz, 1 / HOP_S) * 60, abs=1.5)


@pytest.mark.parametrize("max_hz", [1, 2, 5, 10, 20])
def test_two_messages_never_come_closer_than_half_a_period(table, max_hz):
    times = sent(add(table, client(), max_hz=max_hz), 20)
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.5 / max_hz


def test_a_long_silence_is_not_made_up_for(table):
    entry = add(table, client(), max_hz=2)
    sent(entry, 3)
    times = sent(entry, 3, start=200.0)
    assert len(times) <= 7
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.25
