"""`oscbridge conform`: holds an implementation of the wire against the contract, check by check."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..errors import BridgeError
from ..validation import did_you_mean
from . import (
    conform_activations,
    conform_clips,
    conform_layout,
    conform_leases,
    conform_outcomes,
    conform_parameters,
    conform_query,
    conform_session,
    conform_streams,
)
from .conform_check import (
    CHECKS,
    FAILED,
    HEAVY,
    LIGHT,
    MOVES,
    PASSED,
    SKIPPED,
    Check,
    Differs,
    Result,
    Station,
    carry_out,
)
from .conform_talk import NAME, Talk, answer_of

MARKS = {PASSED: ("✓", "green"), FAILED: ("✗", "bold red"), SKIPPED: ("–", "yellow")}
TRIES = 3
MOST_AGAIN = 8  # checks that are tried once more; what fails more often is not a busy machine
AT_ONCE = 24  # checks that wait side by side; each has a client of its own

# in the order in which they are shown
MODULES = (
    conform_session, conform_outcomes, conform_parameters, conform_leases, conform_streams, conform_activations,
    conform_layout, conform_clips, conform_query,
)  # fmt: skip
ORDER = [module.__name__ for module in MODULES]


def show(host: str, port: int, http_port: int | None, only: Sequence[str], gentle: bool, as_json: bool) -> int:
    """Prints the outcome. Returns 0 if nothing failed, 1 if something did, 2 if nothing answers.

    Raises BridgeError if the host has no address or there is no such check.
    """
    console, checks = Console(highlight=False), chosen(only, gentle)
    try:
        station = reach(host, port, http_port)
    except Differs as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"oscbridge: {host} port {port} does not answer /ear/hello: expected {error.expected}, came {error.came}. "
            "Is it running, and may this machine talk to it?",
            markup=False,
        )  # fmt: skip
        return 2
    if as_json:
        results = run(station, checks)
        print(json.dumps({"host": host, "port": port, "checks": [r.told() for r in results]}, indent=1))
    else:
        with console.status(f"{len(checks)} checks"):
            results = run(station, checks)
        console.print(_table(results))
        counts = {outcome: sum(r.outcome == outcome for r in results) for outcome in MARKS}
        console.print(", ".join(f"{counts[outcome]} {outcome}" for outcome in MARKS))
    return int(any(r.outcome == FAILED for r in results))


def conform(
    host: str, port: int, only: Sequence[str] = (), gentle: bool = False, http_port: int | None = None
) -> list[Result]:
    """The outcomes of the checks, in their order. only: names of some; all if none. Raises BridgeError, or Differs if
    nothing answers."""
    return run(reach(host, port, http_port), chosen(only, gentle))


def chosen(only: Sequence[str], gentle: bool) -> list[Check]:
    """The checks to carry out. Raises BridgeError 404 for a name that is none."""
    for name in only:
        if name not in CHECKS:
            raise BridgeError(
                f"there is no check {name!r}; there are {', '.join(CHECKS)}.{did_you_mean(name, list(CHECKS))}", 404
            )
    checks = sorted(CHECKS.values(), key=lambda c: ORDER.index(c.run.__module__))
    checks = [c for c in checks if not only or c.name in only]
    return [c for c in checks if not gentle or c.lane != MOVES]


def reach(host: str, port: int, http_port: int | None = None) -> Station:
    """Says hello and asks for the layers. Raises BridgeError if the host has no address, Differs if nothing answers."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0][4][0]
    except OSError as error:
        raise BridgeError(f"{host!r} has no address ({error}); give an IP or the name of a machine") from error
    is_local = ipaddress.ip_address(str(address).partition("%")[0]).is_loopback
    with Talk(host, port, hello=False) as client:
        for left in reversed(range(TRIES)):
            try:
                said = client.ask("/ear/hello", NAME, 0, on="/ear/welcome")
                break
            except (Differs, OSError) as error:
                if not left:
                    if isinstance(error, Differs):
                        raise
                    raise Differs("an answer", str(error)) from error
        told = dict(zip(answer_of("/ear/hello")["/ear/welcome"].names, said.args, strict=False))
        http = str(told.get("http_url", ""))
        if http_port is not None:
            http = f"http://[{host}]:{http_port}" if ":" in host else f"http://{host}:{http_port}"
        try:
            layers = conform_session.as_layers(conform_session.told_layers(client))
        except Differs:
            layers = ()
    epoch, neurons = (value if isinstance(value := told.get(name), int) else 0 for name in ("epoch", "neurons"))
    return Station(host, port, is_local, http, epoch, neurons, layers)


def run(station: Station, checks: Sequence[Check]) -> list[Result]:
    """In their order. Most wait side by side; heavy streams, and what moves something, come one at a time. What fails
    so is tried once more, alone: a busy machine loses datagrams, and comes late."""
    with ExitStack() as stack:
        pools = {
            lane: stack.enter_context(ThreadPoolExecutor(size, f"conform-{lane}"))
            for lane, size in ((LIGHT, AT_ONCE), (HEAVY, 1), (MOVES, 1))
        }
        futures = [pools[c.lane].submit(carry_out, c, station) for c in checks]
        results = [future.result() for future in futures]
    failed = sum(r.outcome == FAILED for r in results)
    if len(checks) == 1 or failed > MOST_AGAIN:
        return results
    return [carry_out(r.check, station) if r.outcome == FAILED else r for r in results]


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading, style in (("", ""), ("check", ""), ("expected", "dim"), ("came", "dim")):
        table.add_column(heading, header_style="dim", style=style, overflow="fold")
    for result in results:
        mark, style = MARKS[result.outcome]
        table.add_row(Text(mark, style), Text(result.check.sentence), Text(result.expected), Text(result.came))
    return table
