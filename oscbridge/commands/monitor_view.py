"""How the monitor looks: what the client knows, drawn as lines of coloured text that fits the terminal."""

from __future__ import annotations

import math
import textwrap
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from .monitor_client import Client, Layer

Line = list[Segment]

SPARKS = " ▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"
HOLD_S, FALL_PER_S = 1.0, 0.4
HISTORY_S = 0.1  # of sound a character of the history
LEAST_SPAN = 0.05  # of a layer's mean, that fills the history's height
TRACK = "#16181d"
DIM, PLAIN, BRIGHT = "#6b7280", "#b6bcc8", "bold #f3f4f6"
DEPTHS = ["#22d3ee", "#38bdf8", "#818cf8", "#c084fc", "#f472b6", "#fb7185", "#fb923c", "#facc15"]
STATES = {"running": "#4ade80", "starting": "#facc15", "degraded": "#f87171"}
TROUBLE_LINES = 3
ROWS_AROUND = 5 + TROUBLE_LINES  # lines above and below the layers


class Meters:
    """Each layer's newest mean, the highest of the last second that falls slowly, and its history."""

    def __init__(self) -> None:
        self.now: list[float] = []
        self.held: list[float] = []
        self._history: deque[list[float]] = deque(maxlen=240)
        self._sparks: dict[tuple[int, int], str] = {}
        self._held_at: list[float] = []
        self._pushed_at = self._history_at = 0.0

    def push(self, frames: Sequence[Sequence[float]], now: float) -> None:
        """frames: (frames, layers) since the last call."""
        if not frames:
            return
        frames = [frame for frame in frames if len(frame) == len(frames[-1])]
        if len(frames[-1]) != len(self.now):
            self.now, self.held, self._held_at = [], [0.0] * len(frames[-1]), [now] * len(frames[-1])
            self._history.clear()
        highest = [max(values) for values in zip(*frames, strict=False)]
        fallen = FALL_PER_S * (now - self._pushed_at)
        for i, value in enumerate(highest):
            if value >= self.held[i]:
                self.held[i], self._held_at[i] = value, now
            elif now - self._held_at[i] > HOLD_S:
                self.held[i] = max(value, self.held[i] - fallen)
        self.now, self._pushed_at = list(frames[-1]), now
        if now - self._history_at >= HISTORY_S:
            self._history_at = now
            self._history.append(highest)
            self._sparks.clear()

    def sparks(self, index: int, width: int) -> str:
        """A layer's history over its own range, so that the movement of a quiet one is seen too."""
        if (index, width) not in self._sparks:
            values = [column[index] for column in list(self._history)[-width:]]
            low, high = min(values, default=0.0), max(values, default=0.0)
            span = max(high - low, LEAST_SPAN)  # noise is not blown up
            self._sparks[index, width] = spark([((v - low) / span * 0.97 + 0.03) ** 2 for v in values])
        return self._sparks[index, width]


def draw(client: Client, meters: Meters, where: str, width: int, height: int, now: float) -> Picture:
    """At most `height` lines of at most `width` cells. where: "host:port" of the daemon."""
    if client.welcome is None:
        lines = _waiting(client, where, width, height, now)
    else:
        lines = [*_header(client, where, now), []]
        lines += _layers(client, meters, width, max(height - ROWS_AROUND, 1))
        lines += [[], _footer(client, now), *_troubles(client, width, now)]
    return Picture([Segment.adjust_line_length(line, width, pad=False) for line in lines[:height]])


class Picture:
    """Lines that fit already, as segments: rich's Text would wrap and measure them at five times the cost."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, _: Console, __: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            yield from line
            yield Segment.line()

    def __str__(self) -> str:
        return "\n".join("".join(segment.text for segment in line) for line in self.lines)


def _line(*parts: tuple[str, str]) -> Line:
    """(text, style) each."""
    return [Segment(text, Style.parse(style)) for text, style in parts]


def spark(values: Sequence[float]) -> str:
    """One character a value of 0..1."""
    return "".join(SPARKS[min(math.ceil(_scale(v) * 8), 8)] for v in values)


def _scale(value: float) -> float:
    """The square root spreads the low values, where music mostly lies."""
    return math.sqrt(min(max(value, 0.0), 1.0))


def _waiting(client: Client, where: str, width: int, height: int, now: float) -> list[Line]:
    dots = "." * (1 + int(now * 2) % 3)
    lines: list[Line] = [[]] * max(0, height // 2 - 3)
    lines.append(_line(("   waiting for oscbridge at ", PLAIN), (where, BRIGHT), (f" {dots}", PLAIN)))
    lines.append(_line(("   start it with ", DIM), ("oscbridge run", f"bold {DEPTHS[0]}")))
    return [*lines, [], *_troubles(client, width, now)]


def _header(client: Client, where: str, now: float) -> list[Line]:
    welcome, status = client.welcome, client.status
    assert welcome is not None
    state, colour = (status.state, STATES.get(status.state, PLAIN)) if status else ("…", DIM)
    if not client.is_connected(now):
        state, colour = f"no answer for {client.silent_s(now):.0f} s; trying to reconnect", STATES["degraded"]
    up = f"   up {_clock(status.uptime_s)}" if status else ""
    untrained = [("  ", DIM), (" UNTRAINED ", "bold #111111 on #facc15")] if "untrained" in welcome.model else []
    return [
        _line(
            (" oscbridge ", f"bold {DEPTHS[0]}"), (where, PLAIN), (f"   ● {state}", f"bold {colour}"), (up, PLAIN),
            (f"   epoch {welcome.epoch}", DIM),
        ),
        _line(
            (f" {welcome.model}", BRIGHT), *untrained,
            (f"   {welcome.layers} layers, {welcome.neurons:,} neurons", PLAIN),
        ),
    ]  # fmt: skip


def _clock(seconds: float) -> str:
    minutes, s = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{s:02}"


@dataclass(frozen=True)
class _Widths:
    """Cells of the parts of a row; 0 is left out. A name is there always."""

    name: int
    shape: int
    bar: int
    number: int
    history: int

    @staticmethod
    def of(layers: Collection[Layer], each: int) -> _Widths:
        """each: cells a row may take."""
        name = max([len(layer.name) for layer in layers] or [8])
        shape = max([len(_shape(layer)) for layer in layers] or [5]) + 1 if each >= 38 else 0
        number = 5 if each >= 60 else 0
        room = each - name - shape - number - 6
        history = min(room * 2 // 5, 60) if each >= 90 else 0
        return _Widths(name, shape, max(room - history, 4), number, history)


def _layers(client: Client, meters: Meters, width: int, height: int) -> list[Line]:
    """The scale and a row a layer, in as many columns as the height asks for and the width allows."""
    assert client.welcome is not None
    count = client.welcome.layers
    columns = max(1, min(-(-count // max(height - 1, 1)), width // 26))
    rows = -(-count // columns)
    widths = _Widths.of(client.layers.values(), width // columns)
    lines: list[Line] = [_scale_line(widths) * columns]
    for row in range(min(rows, height - 1)):
        cells = [_row(client, meters, index, widths) for index in range(row, count, rows)]
        lines.append([segment for cell in cells for segment in cell])
    if height - 1 < rows:
        shown = sum(len(range(row, count, rows)) for row in range(max(height - 2, 0)))
        lines[-1] = _line((f" … {count - shown} more; make the window larger", DIM))
    return lines


def _scale_line(widths: _Widths) -> Line:
    left = 5 + widths.name + widths.shape
    marks = [" "] * (left + widths.bar + 1)
    for value in (0.0, 0.1, 0.25, 0.5, 1.0) if widths.bar >= 24 else (0.0, 0.25, 1.0):
        text = f"{value:g}".removeprefix("0") or "0"
        at = left + round(_scale(value) * (widths.bar - 1)) - (value == 1) * (len(text) - 1)
        marks[at : at + len(text)] = text
    mean = "mean ".rjust(widths.number) if widths.number else ""
    history = f" own range, last {widths.history * HISTORY_S:.0f} s".ljust(widths.history) if widths.history else ""
    return _line(("".join(marks) + mean + history, DIM))


def _row(client: Client, meters: Meters, index: int, widths: _Widths) -> Line:
    assert client.welcome is not None
    layer, colour = client.layers.get(index), depth_colour(index, client.welcome.layers)
    is_heard = index < len(meters.now)
    value, held = (meters.now[index], meters.held[index]) if is_heard else (0.0, 0.0)
    row = _line(
        (f"{index:>3} ", DIM), ((layer.name if layer else "").ljust(widths.name + 1), colour),
        (_shape(layer).rjust(widths.shape - 1) + " " if widths.shape else "", DIM),
        *_bar(value, held, widths.bar, colour),
        (f" {value:.2f}".ljust(widths.number) if widths.number else "", PLAIN),
    )  # fmt: skip
    past = meters.sparks(index, widths.history - 1) if widths.history and is_heard else ""
    return [*row, *_line((" " + past.rjust(widths.history), blend(colour, "#000000", 0.3)))]


def _shape(layer: Layer | None) -> str:
    return f"{layer.channels}×{layer.positions}" if layer else ""


def _bar(value: float, held: float, width: int, colour: str) -> list[tuple[str, str]]:
    """A bar of eighths of a cell, brighter when longer, and a tick at the highest of the last second."""
    cells, part = divmod(round(_scale(value) * width * 8), 8)
    body = "█" * cells + (EIGHTHS[part] if part else "")
    lit = blend("#000000", colour, 0.45 + 0.55 * round(_scale(value) * 16) / 16)  # few enough for rich to keep
    parts, done = [(body, f"{lit} on {TRACK}")], len(body)
    tick = min(int(_scale(held) * width), width - 1)
    if held > 0 and tick >= done:
        parts.append((" " * (tick - done) + "▏", f"{blend(colour, '#ffffff', 0.4)} on {TRACK}"))
        done = tick + 1
    return [*parts, (" " * (width - done), f"on {TRACK}")]


@lru_cache(1_024)
def depth_colour(index: int, count: int) -> str:
    """From cyan at the ear's entrance to yellow at its end."""
    at = index / max(count - 1, 1) * (len(DEPTHS) - 1)
    low = min(int(at), len(DEPTHS) - 2)
    return blend(DEPTHS[low], DEPTHS[low + 1], at - low)


@lru_cache(4_096)
def blend(a: str, b: str, share: float) -> str:
    """A colour between two, as #rrggbb; share 0 is a, 1 is b."""
    pairs = [(int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)


def _footer(client: Client, now: float) -> Line:
    status, alarm = client.status, f"bold {STATES['degraded']}"
    parts = [(f" {client.frames_per_s(now):.1f}", BRIGHT), (" frames/s", DIM)]
    counts = [("lost", client.losses.total, True)]
    if status is not None:
        parts += [("  load ", DIM), (f"{status.listen_load * 100:.0f} %", f"bold {_load_colour(status.listen_load)}")]
        counts = [("dropped", status.dropped_frames, True), *counts, ("restarts", status.worker_restarts, True)]
        counts.append(("subscribers", status.subscribers, False))
    for name, count, is_bad in counts:
        parts += [(f"  {name} ", DIM), (f"{count:,}", alarm if is_bad and count else PLAIN)]
    return _line(*parts)


def _load_colour(load: float) -> str:
    return STATES["running"] if load < 0.5 else STATES["starting"] if load < 0.85 else STATES["degraded"]


def _troubles(client: Client, width: int, now: float) -> list[Line]:
    lines = []
    for trouble in client.troubles(now):
        good = trouble.code == 200
        head = "✓" if good else f"✗ {trouble.code or ''}".rstrip()
        colour = STATES["running" if good else "degraded"]
        text = textwrap.wrap(f"{head} {trouble.address}: {trouble.text}", max(width - 2, 20), subsequent_indent="  ")
        lines += [_line((f" {part}", colour)) for part in text]
    return lines[:TROUBLE_LINES]
