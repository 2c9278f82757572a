"""Checks of parameters: asked for, set, clamped, refused. Only the parameter MOVED is ever moved, and put back at once:
the value goes up and down and back in one bundle. All others are set to what they are."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Sequence
from typing import Any

from ..osc.packets import bundle, encode
from ..osc.space import FAIL
from ..settings import Parameter, parameters
from .conform_check import MOVES, Differs, Skip, Station, check, expect
from .conform_talk import Said, Talk

MOVED = "dream.noise_db"  # counts only at the moment in which a dream starts from noise
ON_WIRE = {p.address: p for p in parameters() if p.on_wire}
BY_PATH = {p.path: p for p in ON_WIRE.values()}
FAR = 1e9
ASIDE = ("listen", "player", "transport")  # what may be heard or opens a device


@check("every parameter is answered on its own address, with its type and in its range")
def queries(on: Station) -> str:
    with on.talk() as client:
        told = ask_all(client)
    for address, parameter in ON_WIRE.items():
        fits_parameter(told[address], parameter)
    return f"{len(told)} parameters"


@check("a pattern asks for all that it names")
def pattern(on: Station) -> None:
    wanted = {p.address for p in ON_WIRE.values() if p.section == "stream"}
    with on.talk() as client:
        client.send("/ear/stream/*")
        client.send("/ear/{stream,nowhere}/g[a-b]mm?")
        client.send("/ear/sync", 1)
        seen = _until_synced(client)
    expect({s.address for s in seen} == wanted, f"answers on {', '.join(sorted(wanted))}", [str(s) for s in seen][:4])
    expect(len(seen) == len(wanted) + 1, "one answer each, and another on /ear/stream/gamma", len(seen))


@check("a value that is set comes back on its own address, and is in force", MOVES)
def setting(on: Station) -> None:
    p = BY_PATH[MOVED]
    low, high = bounds_of(p)
    wanted = _rounded(low + 0.3 * (high - low))
    with on.talk() as client:
        first, second, _ = _moved(client, p, [wanted, None])
    fits_parameter(first, p)
    expect(first.args == (wanted,), f"{p.address} {wanted:g}, which was set", str(first))
    expect(second.address == p.address and second.args == (wanted,), f"{p.address} {wanted:g}, asked for", str(second))


@check("a value out of range is clamped, and the clamped one comes back", MOVES)
def clamping(on: Station) -> None:
    p = BY_PATH[MOVED]
    low, high = bounds_of(p)
    with on.talk() as client:
        up, asked_up, down, asked_down, _ = _moved(client, p, [FAR, None, -FAR, None])
    expect((up.args, asked_up.args) == ((high,), (high,)), f"{p.address} {high:g} for {FAR:g}", f"{up}; {asked_up}")
    expect(
        (down.args, asked_down.args) == ((low,), (low,)), f"{p.address} {low:g} for {-FAR:g}", f"{down}; {asked_down}"
    )


@check("a change is told to all who subscribe to state, once each", MOVES)
def state_changes(on: Station) -> None:
    p = BY_PATH[MOVED]
    low, high = bounds_of(p)
    with on.talk() as watcher, on.talk() as client:
        watcher.subscribe("state")
        list(watcher.heard(0.5))  # the snapshot
        before = _rounded(float(client.ask(p.address).args[0]))
        wanted = low if before != low else high
        _moved(client, p, [wanted, wanted])
        seen = [s.args for s in watcher.heard(0.5) if s.address == p.address]
    expect(seen == [(wanted,), (before,)], f"{p.address} {wanted:g}, then {before:g}", seen)


@check("state begins with every parameter once, with its type")
def state_snapshot(on: Station) -> str:
    with on.talk() as client:
        client.subscribe("state")
        said = [s for s in client.heard(0.7) if s.address in ON_WIRE]
    seen = [s.address for s in said]
    missing, twice = ON_WIRE.keys() - set(seen), {a for a in seen if seen.count(a) > 1 and BY_PATH[MOVED].address != a}
    expect(not missing, f"all {len(ON_WIRE)} parameters", f"{', '.join(sorted(missing)[:3])} not among {len(said)}")
    expect(not twice, "each once", f"{', '.join(sorted(twice)[:3])} more than once")
    for one in said:
        fits_parameter(one, ON_WIRE[one.address])
    return f"{len(said)} parameters"


@check("a value of a wrong type, or none at all, is refused, and nothing changes", MOVES)
def wrong_type(on: Station) -> None:
    p = BY_PATH[MOVED]
    with on.talk() as client:
        before = client.ask(p.address).args
        for value in ("loud", math.nan, math.inf, b"\1\2\3\4"):
            client.refused(422, p.address, value)
        client.refused(400, p.address, 1.0, 2.0)
        after = client.ask(p.address).args
    expect(after == before, f"{p.address} as before, {before[0]:g}", after)


@check("a word that is no choice is refused, and nothing changes", MOVES)
def unknown_choice(on: Station) -> None:
    with on.talk() as client:
        for p in ON_WIRE.values():
            if p.choices and p.live and p.section not in ASIDE:
                before = client.ask(p.address).args
                client.refused(422, p.address, "no-such-choice")
                after = client.ask(p.address).args
                expect(after == before, f"{p.address} as before, {before}", after)


@check("what is fixed at the start is refused with 409", MOVES)
def at_start(on: Station) -> None:
    with on.talk() as client:
        for p in ON_WIRE.values():
            if not p.live:
                client.refused(409, p.address, client.ask(p.address).args[0])


@check("a whole float is taken for an int, an int for a float; what would lose something is refused", MOVES)
def numbers(on: Station) -> str:
    tried = []
    with on.talk() as client:
        for p in _quiet_ones("i"):
            if p.low is None:
                continue
            before = client.ask(p.address).args[0]
            said = client.ask(p.address, float(before))
            fits_parameter(said, p)
            expect(said.args == (before,), f"{p.address} {before} for {before:.1f}", str(said))
            client.refused(422, p.address, before + 0.5)
            tried.append(p)
            break
        for p in _quiet_ones("f"):
            before = client.ask(p.address).args[0]
            if before == int(before):
                said = client.ask(p.address, int(before))
                fits_parameter(said, p)
                expect(said.args == (before,), f"{p.address} {before:g} for {int(before)}", str(said))
                tried.append(p)
                break
    return ", ".join(p.path for p in tried)


@check("a truth value is taken as i, f, T and F, and comes back as i 0 or 1", MOVES)
def truth(on: Station) -> str:
    with on.talk() as client:
        for p in _quiet_ones("i"):
            if p.field.annotation is not bool:
                continue
            before = client.ask(p.address).args[0]
            tag = b",T\0\0" if before else b",F\0\0"
            head = encode(p.address)[:-4]  # without its empty tags
            for datagram in (encode(p.address, int(before)), encode(p.address, float(before)), head + tag):
                client.send_raw(datagram)
                said = client.answer(p.address)
                expect(said[:3] == (p.address, "i", (before,)), f"{p.address} ,i {before}", str(said))
            client.refused(422, p.address, "yes")
            return p.path
    raise Skip("there is no truth value that changes nothing to be heard")


@check("a preset that is not there is not loaded, and a name that is a path is none")
def presets(on: Station) -> None:
    with on.talk() as client:
        client.refused(404, "/ear/load", "conform asks for what is not there")
        client.refused(422, "/ear/load", "../../outside")


def ask_all(client: Talk) -> dict[str, Said]:
    """Every parameter's answer. Raises Differs if one is missing."""
    for address in ON_WIRE:
        client.send(address)
    client.send("/ear/sync", 1)
    told = {s.address: s for s in _until_synced(client)}
    missing = [a for a in ON_WIRE if a not in told]
    expect(not missing, "an answer on the address of every parameter", f"none on {', '.join(missing[:4])}")
    return told


def value_of(client: Talk, path: str) -> Any:
    """What a parameter is now. path: section.name."""
    said = client.ask(BY_PATH[path].address)
    fits_parameter(said, BY_PATH[path])
    return said.args[0]


def fits_parameter(said: Said, p: Parameter) -> None:
    """Raises Differs unless it tells that parameter, with its type and in its range."""
    expected = f"{p.address} ,{p.tag} ({p.allowed})"
    expect((said.address, said.tags) == (p.address, p.tag), expected, str(said))
    value = said.args[0]
    if p.choices:
        expect(value in p.choices, expected, str(said))
    elif p.field.annotation is bool:
        expect(value in (0, 1), expected, str(said))
    elif p.tag in "if":
        near = 1e-6 * abs(value)  # as far as a float32 is from what was meant
        low, high = p.low, p.high
        expect((low is None or value >= low - near) and (high is None or value <= high + near), expected, str(said))


def bounds_of(p: Parameter) -> tuple[float, float]:
    assert p.low is not None and p.high is not None, p.path
    return _rounded(p.low), _rounded(p.high)


def _quiet_ones(tag: str) -> list[Parameter]:
    return [p for p in ON_WIRE.values() if p.live and p.tag == tag and not p.choices and p.section not in ASIDE]


def _moved(client: Talk, p: Parameter, values: Sequence[float | None]) -> list[Said]:
    """Sets, or for None asks for, one value after the other in one bundle that ends with the value before. Returns
    the answers, that to the putting back included."""
    said = client.ask(p.address)
    fits_parameter(said, p)
    before = said.args[0]
    put_back = encode(p.address, before)
    steps = [encode(p.address) if value is None else encode(p.address, float(value)) for value in values]
    client.send_raw(bundle(0, *steps, put_back))
    try:
        found = []
        for said in client.heard(1.0):
            if said.address in (p.address, FAIL):
                found.append(said)
            if len(found) > len(values):
                break
        expected = f"{len(values) + 1} answers on {p.address}"
        expect(
            len(found) == len(values) + 1 and all(s.address == p.address for s in found),
            expected,
            [str(s) for s in found],
        )
        expect(found[-1].args == (before,), f"{p.address} {before:g}, put back", str(found[-1]))
        return found
    finally:
        if client.ask(p.address).args != (before,):
            client.send_raw(put_back)
            time.sleep(0.05)


def _until_synced(client: Talk) -> list[Said]:
    found: list[Said] = []
    for said in client.heard(2.0):
        if said.address == "/ear/synced":
            return found
        found.append(said)
    raise Differs("/ear/synced", f"{len(found)} answers, and no /ear/synced in 2 s")


def _rounded(value: float) -> float:
    """As a float32 on the wire."""
    return float(struct.unpack(">f", struct.pack(">f", value))[0])
