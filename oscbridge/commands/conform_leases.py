"""Checks of subscriptions: their leases, their ends, their rate, and where they go."""

from __future__ import annotations

import itertools
import time

from ..osc.subscriptions import DEFAULT_LEASE_S, MAX_LEASE_S
from .conform_check import Skip, Station, check, expect
from .conform_talk import SILENCE_S, Said, Talk

MIN_LEASE_S = 1.0
TICK_S = 1.2  # how late a lease may be seen to have run out
LEVEL = "/ear/level/mean"


@check("a lease is 1 to 3,600 s, and 10 s if 0 is given")
def lease_bounds(on: Station) -> None:
    with on.talk() as client:
        for asked, given in ((0.0, DEFAULT_LEASE_S), (0.25, MIN_LEASE_S), (1e6, MAX_LEASE_S), (42.0, 42.0)):
            key, lease = client.done("/ear/subscribe", "dream", "", 0, 0.0, asked)
            expect(lease == given, f"a lease of {given:g} s for {asked:g}", f"{lease:g}")
            client.done("/ear/unsubscribe", key)


@check("a stream ends when nothing is heard for its lease")
def lease_ends(on: Station) -> str:
    with on.talk() as client:
        client.done("/ear/subscribe", "levels", "", 0, 10.0, MIN_LEASE_S)
        began = time.monotonic()
        said = _levels(client, MIN_LEASE_S + TICK_S + 0.8)
    last = said[-1].at - began if said else 0.0
    expected = f"a stream that ends after {MIN_LEASE_S:g} to {MIN_LEASE_S + TICK_S:g} s of silence"
    expect(MIN_LEASE_S - 0.3 <= last <= MIN_LEASE_S + TICK_S, expected, f"the last message after {last:.2f} s")
    return f"after {last:.2f} s"


@check("renew, and any other message, renews a lease")
def lease_renewed(on: Station) -> None:
    with on.talk() as renewing, on.talk() as speaking:
        key = renewing.done("/ear/subscribe", "levels", "", 0, 10.0, MIN_LEASE_S)[0]
        speaking.done("/ear/subscribe", "levels", "", 0, 10.0, MIN_LEASE_S)
        end = time.monotonic() + MIN_LEASE_S + TICK_S + 0.5
        while time.monotonic() < end:
            renewing.send("/ear/renew", key)
            speaking.send("/ear/sync", 1)
            time.sleep(0.4)
            for client, what in ((renewing, "/ear/renew"), (speaking, "/ear/sync")):
                said = _pending(client)
                expect(any(s.address == LEVEL for s in said), f"{what} keeps the stream going", "it ended")
        expect(renewing.done("/ear/renew", key) == (key,), f"/ear/done /ear/renew {key}", "another id")


@check("a subscription ends with unsubscribe, at once")
def unsubscribe(on: Station) -> None:
    with on.talk() as client:
        first = client.done("/ear/subscribe", "levels", "", 0, 0.0, 60.0)[0]
        second = client.done("/ear/subscribe", "levels", "", 0, 0.0, 60.0)[0]
        expect(first != second, "an id of its own for each subscription", [first, second])
        for key in (first, second):
            expect(client.done("/ear/unsubscribe", key) == (key,), f"/ear/done /ear/unsubscribe {key}", "another id")
        list(client.heard(0.1))  # what was on its way
        said = _levels(client, SILENCE_S)
        expect(not said, "nothing more", said and said[0])
        client.refused(404, "/ear/unsubscribe", second)


@check("nobody renews or ends another's subscription")
def foreign(on: Station) -> None:
    with on.talk() as owner, on.talk() as other:
        key = owner.subscribe("levels", max_hz=10)
        for command in ("/ear/renew", "/ear/unsubscribe"):
            other.refused(404, command, key)
        list(owner.heard(0.1))
        expect(bool(_levels(owner, 0.8)), "a stream that goes on", "it ended")


@check("max_hz is kept to")
def max_hz(on: Station) -> str:
    seconds, wanted = 2.4, 5.0
    with on.talk() as all_, on.talk() as some:
        all_.subscribe("levels")
        some.subscribe("levels", max_hz=wanted)
        few = _levels(some, seconds)
        many = [s for s in _pending(all_) if s.address == LEVEL]
    rate, full = len(few) / seconds, len(many) / seconds
    if full < 2 * wanted:
        raise Skip(f"a frame comes {full:.1f} times a second only")
    gaps = [b.at - a.at for a, b in itertools.pairwise(few)]
    expect(0.7 * wanted <= rate <= 1.2 * wanted, f"{wanted:g} a second", f"{rate:.1f}, of {full:.1f} frames")
    expect(sum(gap < 0.4 / wanted for gap in gaps) <= 1, f"gaps of about {1 / wanted:g} s", f"{min(gaps):.3f} s")
    return f"{rate:.1f} of {full:.1f} a second"


@check("a stream goes to the port that its subscription names")
def stream_port(on: Station) -> None:
    with on.talk() as asking, on.talk(hello=False) as told:
        key = asking.done("/ear/subscribe", "levels", "", told.port, 10.0, 60.0)[0]
        told.wait(lambda said: said.address == LEVEL, f"{LEVEL} at port {told.port}")
        stray = _levels(asking, SILENCE_S)
        expect(not stray, "nothing of it at the port that asked", stray and stray[0])
        asking.done("/ear/unsubscribe", key)


def _levels(client: Talk, seconds: float) -> list[Said]:
    return [s for s in client.heard(seconds) if s.address == LEVEL]


def _pending(client: Talk) -> list[Said]:
    """What lies in the socket; it may have come long ago."""
    return list(client.heard(0.1))
