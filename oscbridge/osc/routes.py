"""All routes together: what goes where at a frame, and at a beat. Pure: packets and addresses come out."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Sequence, Set

import numpy as np

from ..ear.anatomy import Layer
from ..ear.selection import Selection
from ..errors import BridgeError
from ..sections import Route
from .clients import Source
from .packets import encode
from .route import Reader, Shaper, Template, parse_target, reader
from .streams import FramePackets, Packet

MOST_ROUTES = 1_000
LEARN_S = 2.0  # of one sweep, up and down, while a host learns

Order = tuple[Packet, Source]


class Routes:
    """The table of routes. Every method that changes it raises BridgeError instead if it cannot, and then nothing has
    changed.

    resolve: the IP of a host's name; allows: whether we may send to that IP.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        classes: Sequence[str],
        selection: Selection,
        resolve: Callable[[str], str],
        allows: Callable[[str], bool],
    ) -> None:
        self._layers, self._classes, self._selection = layers, classes, selection
        self._resolve, self._allows = resolve, allows
        self._routes: dict[str, Route] = {}
        self._resting: set[str] = set()  # routes from what this network does not have
        self._learning = ""
        self._rows: dict[str, int] = {}  # of routes that are not of the beat
        self._shaper = Shaper([])
        self._compile({})

    def __len__(self) -> int:
        return len(self._routes)

    @property
    def routes(self) -> list[Route]:
        return list(self._routes.values())

    def level(self, name: str) -> float:
        """How high a route's level is now, smoothed, 0 to 1."""
        return float(self._shaper.levels[self._rows[name]]) if name in self._rows else 0.0

    def add(self, routes: Iterable[Route]) -> list[str]:
        """A route with the name of one that is there replaces it; one without a name gets a number for a name.
        Returns the names."""
        table, names = dict(self._routes), []
        for route in routes:
            name = route.name or next(str(n) for n in range(1, MOST_ROUTES + 2) if str(n) not in table)
            table[name] = route.model_copy(update={"name": name})
            names.append(name)
        if len(table) > MOST_ROUTES:
            raise BridgeError(f"there would be {len(table)} routes; at most {MOST_ROUTES}. Remove some first", 429)
        self._compile(table, self._resting - set(names))
        return names

    def follow(self, layers: Sequence[Layer], classes: Sequence[str], selection: Selection) -> list[str]:
        """Another network. Routes from what it does not have stay in the table and rest, until it comes back: their
        names are returned."""
        self._layers, self._classes, self._selection = layers, classes, selection
        self._compile(self._routes, set(self._routes))
        return sorted(self._resting)

    def remove(self, name: str) -> None:
        """One of them, or all: "*"."""
        if name == "*":
            self._compile({})
            return
        self._known(name)
        self._compile({n: r for n, r in self._routes.items() if n != name}, self._resting)

    def learn(self, name: str, is_on: bool) -> None:
        """While it is on, this route alone is sent, and sweeps from low to high and back: a host that is told to learn
        hears nothing else."""
        self._known(name)
        self._learning = name if is_on else ""

    def at_frame(self, frame: FramePackets, now: float) -> list[Order]:
        """now: seconds, of any steady clock."""
        if not self._readers:
            return []
        raw = np.fromiter((read(frame) for read in self._readers), np.float64, len(self._readers))
        if self._learning in self._rows:
            raw[self._rows[self._learning]] = _sweep(now)
        values, due = self._shaper.step(raw, now)
        learning = self._rows.get(self._learning, -1) if self._learning else None
        return [
            (self._templates[row].packet(values[row]), self._addresses[row]) for row in due if learning in (None, row)
        ]

    def at_beat(self, phase: float) -> list[Order]:
        """phase: how much of the loop is over, 0 to 1: the level of the beat."""
        return [
            (template.packet(shaper.shaped(np.array([phase]))[0]), address)
            for name, template, shaper, address in self._beats
            if self._learning in ("", name)
        ]

    def _known(self, name: str) -> None:
        if name not in self._routes:
            there = ", ".join(list(self._routes)[:20]) or "none"
            raise BridgeError(f"there is no route {name[:80]!r}; there are {there}", 404)

    def _compile(self, table: dict[str, Route], may_rest: Set[str] = frozenset()) -> None:
        resting: set[str] = set()
        readers: list[Reader] = []
        rows: dict[str, int] = {}
        shaped: list[Route] = []
        templates: list[Template] = []
        addresses: list[Source] = []
        beats: list[tuple[str, Template, Shaper, Source]] = []
        for name, route in table.items():
            try:
                target = parse_target(route.to)
                host = self._resolve(target.host)
                try:
                    read = reader(route.from_, self._layers, self._classes, self._selection)
                except BridgeError:
                    if name not in may_rest:
                        raise
                    resting.add(name)
                    continue
            except BridgeError as error:
                raise BridgeError(f"route {name}: {error}", error.code) from error
            except OSError as error:
                raise BridgeError(f"route {name}: the host {target.host!r} is not found", 404) from error
            if not self._allows(host):
                raise BridgeError(
                    f"route {name}: {host} is in none of the networks of server.allow; add its network there", 403
                )
            template, address = Template(target.address, route.args), (host, target.port)
            if read is None:
                beats.append((name, template, Shaper([route]), address))
                continue
            rows[name] = len(readers)
            readers.append(read)
            shaped.append(route)
            templates.append(template)
            addresses.append(address)
        shaper = Shaper(shaped)
        shaper.take_over(self._shaper, [self._rows.get(name, -1) for name in rows])
        self._routes, self._resting = table, resting
        self._rows, self._readers, self._shaper = rows, readers, shaper
        self._templates, self._addresses, self._beats = templates, addresses, beats
        if self._learning not in table:
            self._learning = ""


def parse_args(text: str) -> list[int | float | str]:
    """Arguments as one text: `0 1 "a name" $value`. A number with a point is a float, one without an int."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise BridgeError(f"args is {text[:80]!r}: {error}") from error
    return [_number(word) for word in words]


def shown_args(args: Sequence[int | float | str]) -> str:
    """The text that parse_args takes."""
    return " ".join(shlex.quote(a) if isinstance(a, str) and not a.startswith("$") else str(a) for a in args)


def listed(route: Route, level: float) -> bytes:
    """One answer of /ear/route/list."""
    return encode(
        "/ear/route", route.name, route.from_, route.to, shown_args(route.args), *route.range, route.curve,
        route.attack_ms, route.release_ms, route.max_hz, -1.0 if route.threshold is None else route.threshold, level,
    )  # fmt: skip


def _number(word: str) -> int | float | str:
    for kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            continue
        if math.isfinite(value) and abs(value) < 2**31:
            return value
    return word


def _sweep(now: float) -> float:
    """0 to 1 and back."""
    return 1.0 - abs(1.0 - 2.0 * (now / LEARN_S % 1.0))
