"""patches/ADDRESSES.md: everything on the wire, for whoever writes a patch or a client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import yaml

from ..osc.bulk import LIST_VALUES, LOCAL_BYTES, REMOTE_BYTES
from ..osc.space import COMMANDS
from ..osc.streams import STREAMS, Sent
from ..osc.subscriptions import DEFAULT_LEASE_S, MAX_LEASE_S
from ..sections import Settings
from ..settings import Parameter, parameters

PREFACE = f"""\
# Addresses

Everything that oscbridge understands and sends. This file is made from the code by `oscbridge docs`.

## Ground rules

- **Where.** UDP, by default 127.0.0.1 port {Settings().server.port}. OSC 1.0, big-endian. Arguments are `i` int32,
  `f` float32, `s` string, `b` blob; a truth value is `i` 0 or 1, and `T` and `F` are understood too. A float without a
  fraction is taken for an int, and an int for a float. Bundles may be nested; one with a future timetag waits for it.
- **Hello first.** Send `/ear/hello "my patch" 0`. Streams need it, and before it an answer is at most three times as
  long as what you sent.
- **Answers** go to the address and port your message came from. If you cannot receive there, name another *port* of
  your machine in `hello`: all answers then go to it. `/ear/sync` is answered when all you sent before is done.
- **Outcomes.** A command answers as its table says, or with `/ear/done s:address …`; if it cannot be carried out,
  `/ear/fail s:address i:code s:message`, and nothing has changed. The message says what came, what is allowed and what
  to do. Codes: 400 malformed, 403 not allowed (say hello), 404 no such thing, 409 not now, 413 too large, 422 out of
  domain, 429 too many, 500 our fault, 503 the listening process is down; it starts again by itself.
- **Parameters.** With an argument it is set, without one it is asked for; either way the value now in force comes back
  on the same address. A number out of range is clamped, and the clamped one comes back; anything else that does not fit
  is refused. OSC patterns work: `/ear/stream/*` asks for all of them. The answer to `/ear/listen/…` comes when the new
  sound is there, or `/ear/fail` if it cannot be had; until then the old one goes on.
- **Leases.** A subscription lasts for its lease, 1 to {MAX_LEASE_S:,.0f} s, {DEFAULT_LEASE_S:.0f} s if you give 0.
  *Any* message of yours renews all your leases: send `/ear/sync 0` every few seconds. A patch that can only listen is
  put into `server.subscribers` in the settings and needs no lease.
- **Epoch.** A number that changes when the daemon restarts, or when it has another network. If it is another than in
  your `welcome`, all you know is void: say hello, ask for the layers and subscribe again. It is in `/ear/welcome`,
  `/ear/status`, `/ear/alive` and in every chunk. When another network comes, all who have said hello are sent a new
  `welcome`; subscriptions go on, and one that is asked for again replaces the one before.
- **Sizes.** Datagrams stay under {REMOTE_BYTES:,} bytes, and under {LOCAL_BYTES:,} to 127.0.0.1.
- **Files.** What is larger goes by HTTP, by default from port {Settings().server.http_port}; `welcome` tells the URL.
  There are `GET /files/layouts/<name>` and `/files/shipped/<name>`, with ranges and the file's SHA-256 as its ETag, for
  the networks in `server.allow`. `Host` has to be localhost or an IP, and pages of other hosts are refused.

Without being asked, every client with a lease is told

| message | when |
|---|---|
| `/ear/alive i:epoch i:sequence i:frame i:unix_s i:microseconds` | once a second; the time that frame's sound came in |
| `/ear/fail s:address i:code s:message` | `/ear/listen/source`: the sound is lost; `/ear/status`: the network |
| `/ear/done /ear/listen/source s:what` | the sound source is back |

A first conversation:

```
→ /ear/hello "my patch" 0
← /ear/welcome "oscbridge" 1 0 7531202 "http://127.0.0.1:9871" "ear-1f2e3d4c" 28 76959
→ /ear/subscribe "levels" "" 0 0.0 10.0
← /ear/done /ear/subscribe 1 10.0
← /ear/level/mean 0.21 0.13 …        28 floats, 43 times a second
← /ear/level/peak 0.93 1.0 …
→ /ear/sync 1                        every few seconds, and the lease goes on
← /ear/synced 1
```
"""

STREAM_NOTES = f"""\
A **frame** is one step of the ear's scalogram, 23.2 ms with the network that comes with oscbridge. Frames are numbered,
the same for all streams. A frame holds the newest value of every neuron; deeper layers change every 2nd, 4th, 8th or
16th frame. If you are too slow you lose whole old frames, and `dropped_frames` in `/ear/status` counts them.

**Values** are 0 (dark) to 1 (bright), as the parameters `/ear/stream/…` say. As `u8` a value is one byte, round(255 v);
as `f32` four bytes, *little-endian*, unlike OSC's own floats.

**Maps.** A map is `steps` rows of `positions` bytes, the oldest step first, each from low to high frequency. The blob
begins at row `first_step` and holds whole rows. A layer comes when it has made a step since you were last sent one, so
that at a low rate nothing is missed; what was before somebody subscribed is 0.

**Neurons** are numbered through the whole network: layer by layer, in a layer channel by channel, in a channel from
low to high frequency. Neuron = `first_neuron` + channel × `positions` + position, with the numbers of `/ear/layers`.

**Chunks.** `activations` come in several datagrams a frame, `chunk` 0 to `chunks` − 1. The blob of each begins at
neuron `first_neuron`, and its length says how many there are (as `list`: at most {LIST_VALUES} floats a message,
without chunk numbers). Write each into your array as it comes. If you need whole frames, wait until all chunks of one
`epoch` and `frame` are there, and forget that frame as soon as a chunk of a newer one comes.

**Filters** name layers, and channels of them: `3`, `3-5`, `3:0-15`, `3,7:2`; "" is everything. The neurons keep their
numbers.

**Selection.** Its mean counts a neuron as much as its weight without the sign; its peak is the brightest of them all.

**Layouts.** `x` and `y` of every neuron lie in the unit circle, y up; four bytes each, *little-endian*. Snapshot 0 is
the layout at rest; 1 and on, if there are any, are the moments of a loop in equal parts, to fade through in a circle.
`rev` tells one layout from another: if a chunk of a newer one comes, forget the older. While one is being solved its
snapshot 0 comes again and again, up to 15 times a second; `ready` says that it is whole, and where the same numbers lie
as a NumPy file, float32 (snapshots, neurons, 2). A patch that only listens is sent the layout when the daemon starts,
and when there is another.

After `subscribe` the stream is sent once as it is now, then whenever it changes.
"""


def reference() -> str:
    """The whole file."""
    parts = [PREFACE, "## Commands\n", _commands(), "## Streams\n", _streams(), STREAM_NOTES]
    parts += ["## Parameters\n", PARAMETER_NOTES, *_sections()]
    return "\n".join(parts)


def _commands() -> str:
    rows = [
        (_code(c.address), ", ".join(map(_code, c.arguments)) or "–", _answer(c.answer), _prose(c.doc))
        for c in COMMANDS
    ]
    return (
        _table(("address", "arguments", "answer", "what it does"), rows)
        + "\nAn argument in brackets may be left out.\n"
    )


def _answer(text: str) -> str:
    """The message as code, and the words after it as words."""
    message, comma, words = text.partition(",")
    return _code(message) + comma + words


def _streams() -> str:
    rows = [
        (
            _code(name),
            ", ".join(_code(p) for p in kind.packings if p) or "–",
            "yes" if kind.takes_filter else "no",
            "<br>".join(map(_message, kind.messages)) or "–",
            f"{kind.doc}; {'every frame' if kind.per_frame else 'when it changes'}",
        )
        for name, kind in STREAMS.items()
    ]
    return _table(("stream", "packings, the default first", "filter", "messages", "what"), rows)


def _message(sent: Sent) -> str:
    return (f"{sent.when}: " if sent.when else "") + _code(f"{sent.address} {sent.signature}")


PARAMETER_NOTES = """\
Each is also a line in the settings file (`config/default.yaml` has them all) and an option `--set section.name=value`
of `oscbridge run`. The *live* ones may be set at any time, and are what `/ear/save` keeps. Those *at start* may be
asked for, but not set (409).
"""


def _sections() -> Iterable[str]:
    for section, group in groupby(parameters(), key=lambda p: p.section):
        rows = [
            (
                _code(p.address) if p.on_wire else f"– ({_code(p.path)} in the settings file)",
                _code(p.tag) if p.on_wire else "list",
                _range(p),
                _code(_default(p)),
                p.unit or "–",
                "live" if p.live else "at start",
                _prose(p.doc),
            )
            for p in group
        ]
        yield f"### {section}\n\n" + _table(
            ("address", "type", "range", "default", "unit", "set", "what it does"), rows
        )


def _range(p: Parameter) -> str:
    if p.choices:
        return ", ".join(map(_code, p.choices))
    return f"{p.low:g} … {p.high:g}" if p.low is not None and p.high is not None else "–"


def _default(p: Parameter) -> str:
    value = p.of(Settings())
    if isinstance(value, str):
        return f'"{value}"'
    return yaml.safe_dump(value, default_flow_style=True, width=10_000).removesuffix("...\n").strip()


def _prose(text: str) -> str:
    return text.replace("<", "\\<")  # Markdown would take <name> for a tag


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
