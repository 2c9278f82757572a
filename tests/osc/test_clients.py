"""Who talks to us: nobody is flooded in another's name, and no flood pushes a performer out."""

from __future__ import annotations

import pytest

from oscbridge.osc.clients import AMPLIFICATION, FORGET_S, MAX_CLIENTS, Client, Clients

PERFORMER = ("192.168.0.2", 9_000)


def stranger(number: int) -> tuple[str, int]:
    return (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 5_000)


def introduced(clients: Clients, source: tuple[str, int] = PERFORMER, reply_port: int = 0) -> Client:
    client = clients.heard(source, 32, 0.0)
    clients.introduce(client, "Pure Data", reply_port)
    return client


def test_a_stranger_is_answered_with_three_times_its_bytes_and_no_more():
    client = Clients().heard(PERFORMER, 20, 0.0)
    assert client.spend(AMPLIFICATION * 20 - 8)
    assert not client.spend(9)
    assert client.spend(8)
    assert not client.spend(1)


def test_a_refused_answer_costs_nothing():
    client = Clients().heard(PERFORMER, 20, 0.0)
    assert not client.spend(61)
    assert client.spend(60)


def test_each_datagram_adds_to_the_allowance():
    clients = Clients()
    clients.heard(PERFORMER, 20, 0.0)
    assert clients.heard(PERFORMER, 20, 1.0).spend(120)


def test_one_who_said_hello_is_answered_in_full():
    client = introduced(Clients())
    assert all(client.spend(1_000_000) for _ in range(10))


def test_another_port_of_the_same_host_is_another_client():
    clients = Clients()
    introduced(clients)
    assert not clients.heard((PERFORMER[0], 9_001), 32, 0.0).introduced


@pytest.mark.parametrize("reply_port, expected", [(0, 9_000), (7_000, 7_000)])
def test_answers_go_to_the_port_it_named_but_never_to_another_host(reply_port, expected):
    assert introduced(Clients(), reply_port=reply_port).address == (PERFORMER[0], expected)


def test_the_table_is_bounded_however_many_sources_there_are():
    clients = Clients()
    for number in range(3 * MAX_CLIENTS):
        clients.heard(stranger(number), 20, float(number))
    assert len(clients) == MAX_CLIENTS


def test_an_introduced_client_survives_a_flood_of_strangers():
    clients = Clients()
    performer = introduced(clients)
    for number in range(3 * MAX_CLIENTS):
        clients.heard(stranger(number), 20, float(number))
    assert clients.heard(PERFORMER, 20, 1e4) is performer


def test_a_client_with_a_subscription_survives_a_flood_of_introduced_ones():
    clients = Clients()
    performer = introduced(clients)
    performer.subscriptions.add(1)
    for number in range(2 * MAX_CLIENTS):
        introduced(clients, stranger(number))
    assert clients.heard(PERFORMER, 20, 1e4) is performer
    assert clients.holding() == [performer]
    assert len(clients) == MAX_CLIENTS


def test_a_newcomer_finds_room_among_clients_that_only_said_hello():
    clients = Clients()
    for number in range(MAX_CLIENTS):
        introduced(clients, stranger(number))
    newcomer = introduced(clients)
    assert clients.heard(PERFORMER, 20, 1.0) is newcomer
    assert len(clients) == MAX_CLIENTS


def test_of_strangers_the_longest_silent_is_forgotten_first():
    clients = Clients()
    early, late = clients.heard(stranger(0), 20, 0.0), clients.heard(stranger(1), 20, 1.0)
    clients.heard(stranger(0), 20, 2.0)
    for number in range(2, MAX_CLIENTS + 1):
        clients.heard(stranger(number), 20, 3.0)
    assert clients.heard(stranger(0), 20, 4.0) is early
    assert clients.heard(stranger(1), 20, 4.0) is not late


def test_a_silent_client_is_forgotten_after_an_hour_unless_it_holds_a_subscription():
    clients = Clients()
    silent, holder = clients.heard(stranger(0), 20, 0.0), clients.heard(stranger(1), 20, 0.0)
    holder.subscriptions.add(1)
    clients.forget_silent(FORGET_S)
    assert len(clients) == 2
    clients.forget_silent(FORGET_S + 1)
    assert clients.heard(stranger(0), 20, FORGET_S + 2) is not silent
    assert clients.heard(stranger(1), 20, FORGET_S + 2) is holder
