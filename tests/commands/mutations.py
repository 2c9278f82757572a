"""What can be wrong with a daemon: for every check of `oscbridge conform` at least one mistake that it has to find."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from oscbridge.commands.conform_talk import Said
from oscbridge.osc.packets import IMMEDIATELY
from tests.commands.wrong_daemon import Edit, State, Wrong, message, on

GAMMA, MOVED, SNAPSHOTS, PREDICTION = (
    "/ear/stream/gamma", "/ear/dream/noise_db", "/ear/layout/snapshots", "/ear/layout/prediction",
)  # fmt: skip


def args(change: Callable[[list[Any]], None], tags: Callable[[str], str] = lambda t: t) -> Edit:
    """Edits the arguments in place."""

    def edit(said: Said, _: State) -> Said:
        values = list(said.args)
        change(values)
        return said._replace(args=tuple(values), tags=tags(said.tags))

    return edit


def put(index: int, value: Any) -> Edit:
    """Another value in the place of one argument; a function makes it of the old one."""

    def change(values: list[Any]) -> None:
        if index < len(values):
            values[index] = value(values[index]) if callable(value) else value

    return args(change)


def out(prefix: str, edit: Edit) -> Wrong:
    """Says another thing."""
    return Wrong(out=on(prefix, edit))


def into(prefix: str, edit: Edit) -> Wrong:
    """Hears another thing."""
    return Wrong(into=on(prefix, edit))


def when(condition: Callable[[Said], bool], edit: Edit) -> Edit:
    return lambda said, state: edit(said, state) if condition(said) else said


def fails(edit: Edit, code: int = 0, address: str = "") -> Wrong:
    """Spoils the refusals with that code, of that address."""
    return Wrong(out=on("/ear/fail", when(lambda s: s.args[1] == code if code else s.args[0] == address, edit)))


def accepts(address: str, tag: str, value: Any) -> Wrong:
    """What should be refused is answered as if it had been done."""
    return fails(lambda _s, _: Said(address, tag, (value,)), address=address)


def subscribes(index: int, value: Any) -> Wrong:
    """Hears another thing than what is subscribed to."""
    edit = put(index, value)
    return Wrong(into=on("/ear/subscribe", when(lambda s: s.tags.startswith("ssiff") and len(s.args) > index, edit)))


def floats(prefix: str, change: Callable[[float], float]) -> Wrong:
    def edit(said: Said, _: State) -> Said:
        pairs = zip(said.tags, said.args, strict=True)
        return said._replace(args=tuple(change(v) if tag == "f" else v for tag, v in pairs))

    return Wrong(out=on(prefix, edit))


# ---- what has to be remembered


def synced_too_soon() -> Wrong:
    def edit(said: Said, state: State) -> list[Said]:
        if said.address == "/ear/fail":
            if said.args[0] != "/ear/load":
                return [said]
            state["late"] = said
            return []
        late = state.pop("late", None)
        return [said] if late is None else [said, late]

    return Wrong(
        out=lambda d, s: on("/ear/fail", edit)(d, s) if d.startswith(b"/ear/fail") else on("/ear/synced", edit)(d, s)
    )


def to_state(edit: Callable[[Said, int], list[Said]], address: str) -> Wrong:
    """Spoils what subscribers of `state` are told on an address. edit: is given how often it was told before."""

    def heard(said: Said, state: State) -> Said:
        if said.args[0] == "state":
            state["told"] = 0
        return said

    def told(said: Said, state: State) -> list[Said]:
        if "told" not in state:
            return [said]
        state["told"] += 1
        return edit(said, state["told"] - 1)

    return Wrong(into=on("/ear/subscribe", heard), out=on(address, told))


def ended_but_told() -> Wrong:
    renewed = on("/ear/unsubscribe", lambda said, _: said._replace(address="/ear/renew"))
    told = when(lambda s: s.args[0] == "/ear/renew", put(0, "/ear/unsubscribe"))
    return Wrong(into=renewed, out=on("/ear/done", told))


def only_first_of_bundle(datagram: bytes, _: State) -> list[bytes]:
    if not datagram.startswith(b"#bundle"):
        return [datagram]
    (size,) = struct.unpack_from(">i", datagram, 16)
    return [datagram[20 : 20 + size]]


def at_once(datagram: bytes, _: State) -> list[bytes]:
    if datagram.startswith(b"#bundle"):
        return [datagram[:8] + struct.pack(">Q", IMMEDIATELY) + datagram[16:]]
    return [datagram]


def answers_junk(datagram: bytes, _: State) -> list[bytes]:
    return [datagram if datagram[:1] in (b"/", b"#") and datagram[:8] != b"#bundl" else message("/ear/status", "")]


def a_false_dream(said: Said, _: State) -> list[Said]:
    return [
        said,
        Said("/ear/dream/progress", "iifff", (0, 2, 20.0, 0.5, 1.0)),
        Said("/ear/dream/progress", "iifff", (0, 1, 20.0, 0.5, 1.0)),
    ]


# ---- blobs


def swapped(blob: bytes) -> bytes:
    """Floats in the other byte order."""
    return struct.pack(f">{len(blob) // 4}f", *struct.unpack(f"<{len(blob) // 4}f", blob))


def doubled(blob: bytes) -> bytes:
    return struct.pack(f"<{len(blob) // 4}f", *(2 * v for v in struct.unpack(f"<{len(blob) // 4}f", blob)))


def drop(index: int, value: Any) -> Edit:
    """Loses the messages with that argument."""
    return lambda said, _: None if said.args[index] == value else said


# ---- HTTP


def json_at(path: str, change: Callable[[Any], None]) -> Wrong:
    def edit(target: str, status: int, body: bytes) -> tuple[int, bytes]:
        if target == path and status == 200:
            tree = json.loads(body)
            change(tree)
            body = json.dumps(tree).encode()
        return status, body

    return Wrong(http=edit)


def _spoil_type(tree: Any) -> None:
    tree["CONTENTS"]["ear"]["CONTENTS"]["stream"]["CONTENTS"]["gamma"]["TYPE"] = "i"


def _spoil_command(tree: Any) -> None:
    del tree["CONTENTS"]["ear"]["CONTENTS"]["select"]["CONTENTS"]["circle"]


def _spoil_port(tree: Any) -> None:
    tree["OSC_PORT"] += 1


def _all_is_there(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (200 if status == 404 else status), body


def _no_ranges(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (200 if status == 206 else status), body


ZEROS = "0" * 64


def is_ten(said: Said) -> bool:
    return said.args[2:] == (10.0,)


def on_one_address(said: Said, _: State) -> Said:
    return said._replace(address="/ear/channels")


def worst_first(said: Said, _: State) -> Said:
    return said._replace(args=said.args[-2:] + said.args[2:-2] + said.args[:2])


def twice(said: Said, _: State) -> list[Said]:
    return [said, said] if said.args[2] == 1 else [said]


upside_down = when(lambda s: "b" in s.tags, put(1, lambda v: v[::-1]))
miscounted = when(lambda s: s.args[0] == "/ear/clip/list", put(1, 7))

# (check, what is wrong, how): a factory each, for some remember
MUTATIONS: list[tuple[str, str, Callable[[], Wrong]]] = [
    ("hello", "an argument missing", lambda: out("/ear/welcome", args(lambda a: a.pop(), lambda t: t[:-1]))),
    ("hello", "protocol 2", lambda: out("/ear/welcome", put(1, 2))),
    ("reply-port", "the port not heeded", lambda: into("/ear/hello", put(1, 0))),
    ("sync", "before the commands", synced_too_soon),
    ("sync", "another token", lambda: out("/ear/synced", put(0, lambda v: v & 0xFFFF))),
    ("status", "an unknown state", lambda: out("/ear/status", put(8, "fine"))),
    ("status", "another epoch", lambda: out("/ear/status", put(0, lambda v: v + 1))),
    ("clock", "no token", lambda: out("/ear/clock", put(0, 0))),
    ("clock", "twice as fast", lambda: out("/ear/clock", put(2, lambda v: v // 2))),
    ("layers", "a gap", lambda: out("/ear/layer", when(lambda s: s.args[0] == 3, put(2, lambda v: v + 1)))),
    ("layers", "one missing", lambda: out("/ear/layer", drop(0, 5))),
    ("stranger", "the code", lambda: fails(put(1, 400), 403)),
    ("amplification", "twice as much", lambda: Wrong(out=lambda d, _: [d, d])),
    ("not-osc", "answered", lambda: Wrong(into=answers_junk)),
    ("alive", "a sequence with gaps", lambda: out("/ear/alive", put(1, lambda v: 2 * v))),
    ("alive", "another epoch", lambda: out("/ear/alive", put(0, 1))),
    ("sizes", "too large", lambda: out("/ear/activations", put(5, lambda v: v + bytes(4_000)))),
    ("bundles", "nested ones lost", lambda: Wrong(into=only_first_of_bundle)),
    ("bundle-later", "at once", lambda: Wrong(into=at_once)),
    ("broken-bundle", "the code", lambda: fails(put(1, 500), 400)),
    ("unknown-address", "no hint", lambda: fails(put(2, "no"), 404)),
    ("malformed", "the code", lambda: fails(put(1, 422), 400)),
    ("malformed", "no answer", lambda: fails(lambda _s, _: None, 400)),
    ("out-of-domain", "the code", lambda: fails(put(1, 400), 422)),
    ("queries", "another type", lambda: out(GAMMA, args(lambda a: a.__setitem__(0, 1), lambda _: "i"))),
    ("queries", "out of range", lambda: out(GAMMA, put(0, 11.0))),
    ("pattern", "not understood", lambda: into("/ear/stream/*", lambda _s, _: None)),
    ("setting", "on another address", lambda: out(MOVED, lambda s, _: s._replace(address=s.address + "s"))),
    ("clamping", "not done", lambda: out(MOVED, put(0, lambda v: 1e9 if v == 0 else v))),
    ("state-changes", "told twice", lambda: to_state(lambda s, n: [s, s] if n else [s], MOVED)),
    ("state-changes", "not told", lambda: to_state(lambda s, n: [] if n else [s], MOVED)),
    ("state-snapshot", "one missing", lambda: to_state(lambda s, n: [], GAMMA)),
    ("state-snapshot", "one twice", lambda: to_state(lambda s, n: [s, s], GAMMA)),
    ("wrong-type", "no reason", lambda: fails(put(2, ""), address=MOVED)),
    ("unknown-choice", "taken", lambda: accepts("/ear/dream/origin", "s", "noise")),
    ("at-start", "taken", lambda: accepts("/ear/server/port", "i", 1)),
    ("numbers", "cut off", lambda: accepts(SNAPSHOTS, "i", 8)),
    ("truth", "as T and F", lambda: out(PREDICTION, args(lambda a: a.__setitem__(0, False), lambda _: "F"))),
    ("presets", "the code", lambda: fails(put(1, 500), 404)),
    ("lease-bounds", "another default", lambda: out("/ear/done", when(is_ten, put(2, 60.0)))),
    ("lease-ends", "never", lambda: subscribes(4, 60.0)),
    ("lease-renewed", "renew not heeded", lambda: into("/ear/renew", lambda _s, _: None)),
    ("lease-renewed", "no other message does", lambda: into("/ear/sync", lambda _s, _: None)),
    ("unsubscribe", "it goes on", ended_but_told),
    ("foreign", "allowed", lambda: fails(lambda s, _: Said("/ear/done", "si", (s.args[0], 1)), 404)),
    ("max-hz", "not heeded", lambda: subscribes(3, 0.0)),
    ("stream-port", "not heeded", lambda: subscribes(2, 0)),
    ("levels", "a layer missing", lambda: out("/ear/level/mean", args(lambda a: a.pop(), lambda t: t[:-1]))),
    ("levels", "above 1", lambda: floats("/ear/level/peak", lambda v: v + 0.9)),
    ("levels", "no peaks", lambda: out("/ear/level/peak", lambda _s, _: None)),
    ("channels", "halved", lambda: floats("/ear/channels", lambda v: v / 2)),
    ("channels", "on one address", lambda: out("/ear/channels", on_one_address)),
    ("maps", "newest first", lambda: out("/ear/map", put(7, lambda v: v[::-1]))),
    ("maps", "a map that stands", lambda: out("/ear/map", put(1, 7))),
    ("maps", "half a step", lambda: out("/ear/map", put(7, lambda v: v[:-4]))),
    ("maps", "any number of channels", lambda: fails(put(1, 422), 413)),
    ("scalogram", "upside down", lambda: out("/ear/scalogram", upside_down)),
    ("selection", "another mean", lambda: floats("/ear/selection", lambda v: v / 2 + 0.4)),
    ("classes", "worst first", lambda: out("/ear/classes", worst_first)),
    ("transport", "no counting", lambda: out("/ear/beat", put(1, 2))),
    ("transport", "another tempo", lambda: out("/ear/beat", put(2, 90.0))),
    ("dream", "backwards", lambda: out("/ear/done", a_false_dream)),
    ("activations-u8", "a chunk lost", lambda: out("/ear/activations", drop(2, 3))),
    ("activations-u8", "another epoch", lambda: out("/ear/activations", put(0, 5))),
    ("activations-u8", "a chunk twice", lambda: out("/ear/activations", twice)),
    ("activations-u8", "the first neuron as it is in the layer", lambda: out("/ear/activations", put(4, 0))),
    ("activations-u8", "a frame that stands", lambda: out("/ear/activations", put(1, 7))),
    ("activations-f32", "big-endian", lambda: out("/ear/activations", put(5, swapped))),
    ("activations-list", "a gap", lambda: out("/ear/neurons", when(lambda s: s.args[1] == 256, put(1, 257)))),
    ("packings-agree", "lists darker", lambda: floats("/ear/neurons", lambda v: v * 0.9)),
    ("filters", "not heeded", lambda: subscribes(5, "")),
    ("layout", "a chunk lost", lambda: out("/ear/layout/xy", drop(2, 1))),
    ("layout", "out of the circle", lambda: out("/ear/layout/xy", put(5, doubled))),
    ("layout", "another rev", lambda: out("/ear/layout/xy", put(0, lambda v: v + 1))),
    ("layout-list", "mirrored", lambda: floats("/ear/layout/list", lambda v: -v)),
    ("layout-file", "another hash", lambda: out("/ear/layout/ready", put(2, ZEROS))),
    ("layout-file", "no ranges", lambda: Wrong(http=_no_ranges)),
    ("clip-list", "miscounted", lambda: out("/ear/done", miscounted)),
    ("clip-ready", "another hash", lambda: out("/ear/clip/ready", put(1, ZEROS))),
    ("clip-activate", "no timetag", lambda: Wrong(out=at_once)),
    ("query-tree", "another type", lambda: json_at("/", _spoil_type)),
    ("query-tree", "a command missing", lambda: json_at("/", _spoil_command)),
    ("query-parts", "another port", lambda: json_at("/?HOST_INFO", _spoil_port)),
    ("http-foreign", "let in", lambda: Wrong(is_open=True)),
    ("http-outside", "served", lambda: Wrong(http=_all_is_there)),
    ("websocket", "text frames", lambda: Wrong(as_text=True)),
    ("websocket-listen", "IGNORE not heeded", lambda: Wrong(is_deaf=True)),
]  # fmt: skip
