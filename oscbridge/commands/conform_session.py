"""Checks of the conversation itself: hello, answers, order, status, clock, layers, strangers and signs of life."""

from __future__ import annotations

import itertools
import re
import struct
import time

from ..ear.anatomy import Layer
from ..osc.bulk import LOCAL_BYTES, REMOTE_BYTES
from ..osc.clients import AMPLIFICATION
from ..osc.packets import bundle, encode
from ..osc.space import COMMANDS, FAIL
from .addresses import PREFACE
from .conform_check import HEAVY, Differs, Station, check, expect
from .conform_talk import NAME, SILENCE_S, Said, Talk, answer_of, signatures

MAJOR = 1  # of the protocol that is checked here
# of no command and no stream: it is told in the words before our tables
ALIVE = signatures(re.search(r"`(/ear/alive i:[^`]+)`", PREFACE)[1])["/ear/alive"]  # type: ignore[index]
ALIVE_S = 1.0
DAY_S = 86_400


@check("hello is answered with a welcome of protocol 1")
def hello(on: Station) -> str:
    with on.talk(hello=False) as client:
        first, second = (
            answer_of("/ear/hello")["/ear/welcome"].check(client.ask("/ear/hello", NAME, 0, on="/ear/welcome"))
            for _ in range(2)
        )
    expect(first["major"] == MAJOR, f"protocol {MAJOR}.x", f"{first['major']}.{first['minor']}")
    expect(
        first["epoch"] > 0 and first["epoch"] == second["epoch"],
        "one epoch, above 0",
        [first["epoch"], second["epoch"]],
    )
    expect(first["layers"] > 0 and first["neurons"] > 0, "layers and neurons", first)
    expect(not first["http_url"] or first["http_url"].startswith("http://"), "an http URL, or none", first["http_url"])
    return f"{first['server']}, protocol {first['major']}.{first['minor']}, {first['model']}"


@check("answers go to the port named in hello")
def reply_port(on: Station) -> None:
    with on.talk(hello=False) as asking, on.talk(hello=False) as told:
        asking.send("/ear/hello", NAME, told.port)
        told.wait(lambda said: said.address == "/ear/welcome", f"/ear/welcome at port {told.port}")
        asking.send("/ear/sync", 5)
        told.wait(lambda said: said.address == "/ear/synced", f"/ear/synced at port {told.port}")
        stray = list(asking.heard(SILENCE_S))
        expect(not stray, "nothing at the port that asked", stray and stray[0])
        asking.send("/ear/hello", NAME, 0)  # back
        asking.wait(lambda said: said.address == "/ear/welcome", "/ear/welcome where it was asked from")


@check("sync is answered once all before it is done, with its token")
def sync(on: Station) -> None:
    with on.talk() as client:
        # the third has to look at a disk, and so is not carried out at once; there is no such preset
        client.send("/ear/status")
        client.send("/ear/clock", 1)
        client.send("/ear/load", "conform asks for a preset that is not there")
        client.send("/ear/layers")
        client.send("/ear/sync", 2**31 - 1)
        client.send("/ear/sync", -3)
        wanted = {"/ear/status", "/ear/clock", FAIL, "/ear/layer"}
        seen: list[Said] = []
        for said in client.heard(2.0):
            seen.append(said)
            if [s.address for s in seen].count("/ear/synced") == 2:
                break
        late = list(client.heard(SILENCE_S))
        tokens = [s for s in seen if s.address == "/ear/synced"]
        for said in tokens:
            answer_of("/ear/sync")["/ear/synced"].check(said)
        expect(
            [s.args for s in tokens] == [(2**31 - 1,), (-3,)], "the tokens 2147483647 and -3", [s.args for s in tokens]
        )
        before = {s.address for s in itertools.takewhile(lambda s: s.address != "/ear/synced", seen)}
        expect(
            wanted <= before and not late,
            f"{', '.join(sorted(wanted))} before /ear/synced",
            [s.address for s in seen + late][:12],
        )


@check("status has its numbers, one of its state words, and a frame that rises")
def status(on: Station) -> str:
    signature = answer_of("/ear/status")["/ear/status"]
    states = re.findall(r"`(\w+)`", next(c.doc for c in COMMANDS if c.address == "/ear/status"))
    with on.talk() as client:
        first = signature.check(client.ask("/ear/status"))
        time.sleep(0.4)
        second = signature.check(client.ask("/ear/status"))
    expect(first["state"] in states, " or ".join(states), first["state"])
    expect(first["epoch"] == on.epoch, f"the epoch of welcome, {on.epoch}", first["epoch"])
    expect(0 < first["uptime_s"] < second["uptime_s"], "an uptime that rises", [first["uptime_s"], second["uptime_s"]])
    expect(first["listen_load"] >= 0, "a load of 0 or more", first["listen_load"])
    if first["state"] == "running":
        expect(second["frame"] > first["frame"] >= 0, "a frame that rises", [first["frame"], second["frame"]])
    return f"{first['state']}, load {first['listen_load']:.2f}"


@check("clock gives the time, and gives the token back")
def clock(on: Station) -> str:
    signature = answer_of("/ear/clock")["/ear/clock"]
    readings = []
    with on.talk() as client:
        for token in (11, -12):
            asked = time.time()
            told = signature.check(client.ask("/ear/clock", token))
            now = time.time()
            expect(told["token"] == token, f"the token {token}", told["token"])
            expect(0 <= told["microseconds"] < 1_000_000, "0 to 999999 microseconds", told["microseconds"])
            readings.append((asked, told["unix_s"] + told["microseconds"] / 1e6, now))
            time.sleep(0.25)
    (asked_a, a, told_a), (asked_b, b, told_b) = readings
    least, most = asked_b - told_a - 0.02, told_b - asked_a + 0.02
    expect(least <= b - a <= most, f"a clock that goes on by {least:.2f} to {most:.2f} s", f"{b - a:.3f} s")
    offset = a - (asked_a + told_a) / 2
    expect(abs(offset) < DAY_S, "Unix time, within a day of ours", f"{offset:.0f} s off")
    return f"{offset * 1000:+.1f} ms from ours"


@check("layers come one a message, and number all neurons without a gap")
def layers(on: Station) -> str:
    signature = answer_of("/ear/layers")["/ear/layer"]
    with on.talk() as client:
        said = told_layers(client)
        told = [signature.check(s) for s in said]
        count, neurons = _welcomed(client)
    expect(
        [t["layer"] for t in told] == list(range(count)),
        f"layers 0 to {count - 1}, as in welcome",
        [t["layer"] for t in told],
    )
    first = 0
    for t in told:
        expect(t["first_neuron"] == first, f"layer {t['layer']} begins at neuron {first}", t["first_neuron"])
        sizes = (t["channels"], t["positions"], t["frames_per_step"])
        expect(min(sizes) >= 1, f"channels, positions and frames_per_step of layer {t['layer']} from 1 on", sizes)
        expect(t["receptive_field_s"] > 0 and t["receptive_field_octaves"] >= 0, "receptive fields above 0", t)
        first += t["channels"] * t["positions"]
    expect(first == neurons, f"{neurons:,} neurons in all, as in welcome", f"{first:,}")
    names = {t["name"] for t in told} - {""}
    expect(len(names) == len(told), "a name of its own for each layer", sorted(names)[:6])
    return f"{len(told)} layers, {first:,} neurons"


def told_layers(client: Talk) -> list[Said]:
    """What /ear/layers answers, up to the sync behind it."""
    client.send("/ear/layers")
    client.send("/ear/sync", 7)
    found: list[Said] = []
    for said in client.heard(2.0):
        if said.address == "/ear/synced":
            return found
        if said.address == "/ear/layer":
            found.append(said)
    raise Differs("/ear/layer, one a layer, and /ear/synced", f"{len(found)} layers and no /ear/synced")


def as_layers(said: list[Said]) -> tuple[Layer, ...]:
    """Layers for the other checks; empty if they are not told as they should."""
    signature = answer_of("/ear/layers")["/ear/layer"]
    if not all(signature.fits(s) for s in said):
        return ()
    return tuple(Layer(*s.args) for s in said)


def _welcomed(client: Talk) -> tuple[int, int]:
    told = answer_of("/ear/hello")["/ear/welcome"].check(client.ask("/ear/hello", NAME, 0, on="/ear/welcome"))
    return told["layers"], told["neurons"]


@check("who has not said hello may ask, but not subscribe")
def stranger(on: Station) -> None:
    with on.talk(hello=False) as client:
        client.refused(403, "/ear/subscribe", "levels", "", 0, 0.0, 0.0)
        stray = [s for s in client.heard(SILENCE_S) if s.address.startswith("/ear/level")]
        expect(not stray, "no stream", stray and stray[0])
        answer_of("/ear/clock")["/ear/clock"].check(client.ask("/ear/clock", 1))


@check("before hello nobody is sent more than three times what came from him")
def amplification(on: Station) -> str:
    with on.talk(hello=False) as client:
        for address in ("/ear/layers", "/ear/*/*", "/ear/clip/list", "/ear/no/such/thing/at/all"):
            client.send(address)
        got = sum(said.size for said in client.heard(0.6))
        expect(
            got <= AMPLIFICATION * client.sent_bytes,
            f"at most {AMPLIFICATION} × {client.sent_bytes} bytes",
            f"{got} bytes",
        )
        return f"{got / client.sent_bytes:.1f} times"


@check("what is not OSC is not answered, and stops nothing")
def not_osc(on: Station) -> None:
    junk = [b"", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\0", b"#bundl", bytes(range(256)), b"ear/status\0\0,\0\0\0"]
    with on.talk(hello=False) as client:
        for datagram in junk:
            client.send_raw(datagram)
        stray = list(client.heard(SILENCE_S))
        expect(not stray, "no answer", stray and stray[0])
        client.ask("/ear/hello", NAME, 0, on="/ear/welcome")


@check("alive comes once a second to who has a lease, in sequence, with the epoch")
def alive(on: Station) -> None:
    with on.talk() as client:
        client.subscribe("dream")
        said = [s for s in client.heard(3.4 * ALIVE_S) if s.address == ALIVE.address]
    told = [ALIVE.check(s) for s in said]
    expect(len(said) in (3, 4), f"3 or 4 {ALIVE} in {3.4 * ALIVE_S:g} s", f"{len(said)}")
    gaps = [b.at - a.at for a, b in itertools.pairwise(said)]
    expect(all(0.6 < gap < 1.4 for gap in gaps), "one a second", [f"{gap:.2f} s" for gap in gaps])
    numbers = [t["sequence"] for t in told]
    expect(numbers == list(range(numbers[0], numbers[0] + len(numbers))), "a sequence without a gap", numbers)
    expect({t["epoch"] for t in told} == {on.epoch}, f"the epoch {on.epoch}", [t["epoch"] for t in told])
    frames = [t["frame"] for t in told]
    expect(frames == sorted(frames), "frames that rise", frames)
    expect(all(0 <= t["microseconds"] < 1_000_000 for t in told), "0 to 999999 microseconds", told[0])


@check("datagrams stay under 8,000 bytes on this machine, and under 1,400 to others", HEAVY)
def sizes(on: Station) -> str:
    limit = LOCAL_BYTES if on.is_local else REMOTE_BYTES
    with on.talk() as client:
        for stream, packing in (("activations", "u8"), ("layout", "blob"), ("state", ""), ("channels", "")):
            client.subscribe(stream, packing, max_hz=4)
        client.send("/ear/layers")
        client.send("/ear/clip/list")
        largest = max(client.heard(0.6), key=lambda said: said.size, default=None)
    if largest is None:
        raise Differs("datagrams", "none")
    expect(largest.size < limit, f"under {limit:,} bytes", f"{largest.size:,} of {largest.address}")
    return f"at most {largest.size:,}"


@check("bundles are carried out in order, nested ones and past ones at once")
def bundles(on: Station) -> None:
    past = time.time_ns() - 5_000_000_000
    inner = bundle(past, encode("/ear/sync", 2), bundle(0, encode("/ear/sync", 3)))
    with on.talk() as client:
        client.send_raw(bundle(0, encode("/ear/sync", 1), inner, encode("/ear/sync", 4)))
        said = [client.wait(lambda s: s.address == "/ear/synced", "four /ear/synced", 1.0) for _ in range(4)]
        expect([s.args for s in said] == [(1,), (2,), (3,), (4,)], "the tokens 1 2 3 4", [s.args for s in said])


@check("a bundle for later waits for its time, and holds nothing up")
def bundle_later(on: Station) -> str:
    ahead_s = 0.8
    with on.talk() as client:
        asked = time.time()
        told = answer_of("/ear/clock")["/ear/clock"].check(client.ask("/ear/clock", 1))
        offset = told["unix_s"] + told["microseconds"] / 1e6 - (asked + time.time()) / 2
        due = time.monotonic() + ahead_s
        client.send_raw(bundle(round((time.time() + offset + ahead_s) * 1e9), encode("/ear/sync", 9)))
        expect(
            client.ask("/ear/sync", 8, on="/ear/synced").args == (8,), "/ear/synced 8 before /ear/synced 9", "9 first"
        )
        said = client.wait(lambda s: s.args == (9,), f"/ear/synced 9 after {ahead_s:g} s", ahead_s + 1.5)
    late = said.at - due
    expect(-0.1 < late < 0.4, f"an answer at its time, {ahead_s:g} s ahead", f"{late:+.2f} s off")
    return f"{late * 1000:+.0f} ms"


@check("a cut, badly padded or unknown element is refused with 400, its neighbours are carried out")
def broken_bundle(on: Station) -> None:
    cut = encode("/ear/clock", 1)[:-4]
    odd = b"/ear/clock\0\0,h\0\0" + struct.pack(">q", 1)
    with on.talk() as client:
        client.send_raw(bundle(0, cut, encode("/ear/sync", 1), odd, encode("/ear/sync", 2)))
        seen = list(client.heard(0.6))
    fails = [s for s in seen if s.address == FAIL and s.args[:2] == ("/ear/clock", 400)]
    expect(len(fails) == 2, "two /ear/fail /ear/clock 400", [str(s) for s in seen][:4])
    tokens = [s.args for s in seen if s.address == "/ear/synced"]
    expect(tokens == [(1,), (2,)], "/ear/synced 1 and 2", tokens)
