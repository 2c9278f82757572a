"""The device for Ableton Live: an audio effect that plays what is dreamed, on the track where it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import amxd
from .client import LIVE_REPLY, client, wants
from .patcher import AMBER, BLUE, TEXT, WELL, Box, Patch, Rect
from .playing import ENUM, FLOAT, PARAMETERS, decks, dial, follow, handed_over
from .streams import LAYERS, bars

FOLDER = Path(__file__).parents[2] / "ableton"
SHARED = ("ear.session.js", "ear.clips.js")  # the device looks for them beside itself
HEIGHT, WIDTH = 169, 720  # Live shows no more than this height
NAMES = "---ear."  # Live makes --- another word for every device
DIALS = [
    f"dream.{name}"
    for name in (
        "step_size", "mix_original", "time_shift_s", "pitch_shift_bins", "gradient_noise", "denoise", "loudness",
        "high_frequencies",
    )
]  # fmt: skip
# as in every device that Max saves; the date, in seconds since 1904, is the one that Max's template has
PROJECT: dict[str, Any] = {
    "version": 1, "creationdate": 3590052493, "modificationdate": 3590052493, "viewrect": [0.0, 0.0, 300.0, 500.0],
    "autoorganize": 1, "hideprojectwindow": 1, "showdependencies": 1, "autolocalize": 0, "contents": {"patchers": {}},
    "layout": {}, "searchpath": {}, "detailsvisible": 0, "amxdtype": int.from_bytes(amxd.AUDIO_EFFECT, "big"),
    "readonly": 0, "devpathtype": 0, "devpath": ".", "sortmode": 0, "viewmode": 0,
}  # fmt: skip
STORED_ONLY = 1  # saved with the Set, but neither automated nor mapped


def control(patch: Patch, maxclass: str, seen: Rect, name: str, doc: str, **rest: Any) -> Box:
    """A parameter of the device. rest: `text`, or keys of Live's parameter without their `parameter_`."""
    drawn = {key: rest.pop(key) for key in ("text", "texton", "mode") if key in rest}
    value = {"parameter_longname": name, "parameter_shortname": name, "parameter_annotation_name": doc}
    value |= {f"parameter_{key}": entry for key, entry in rest.items()}
    return patch.ui(
        maxclass, seen, parameter_enable=1, varname=name, annotation=doc, **drawn,
        saved_attribute_attributes={"valueof": value},
    )  # fmt: skip


def switch(patch: Patch, seen: Rect, name: str, doc: str, initial: int) -> Box:
    return control(
        patch, "live.toggle", seen, name, doc, type=ENUM, mmax=1, enum=["off", "on"], initial=[initial],
        initial_enable=1,
    )  # fmt: skip


def press(patch: Patch, seen: Rect, name: str, doc: str) -> Box:
    return control(
        patch, "live.text", seen, name, doc, text=name, mode=0, type=ENUM, mmax=1, enum=["off", "on"],
    )  # fmt: skip


def number(patch: Patch, seen: Rect, name: str, doc: str, low: int, high: int, initial: int, stored: bool) -> Box:
    """A whole number. Live's own kind of those ends at 255, so it is a float that is written without a point."""
    extra = {"invisible": STORED_ONLY} if stored else {}
    return control(
        patch, "live.numbox", seen, name, doc, type=FLOAT, mmin=float(low), mmax=float(high), unitstyle=0,
        initial=[initial], initial_enable=1, **extra,
    )  # fmt: skip


def device() -> Patch:
    patch = Patch(WIDTH, HEIGHT, NAMES, "What a neural network hears and dreams, in Live.")
    patch.card((0, 0, WIDTH, HEIGHT))
    patch.subpatch("connection", client(NAMES, "Live", LIVE_REPLY, live=True))
    connected = _connection(patch)
    _levels(patch)
    _dreaming(patch, connected)
    _tempo(patch, connected)
    _clips(patch)
    return patch


def device_file(patch: Patch) -> bytes:
    """The .amxd. Beside the patch it holds what Max keeps with every device: a project without files of its own (else
    Max complains of a project without a name), the scripts it needs, and Live's parameters, with a bank for Push."""
    values = {
        box.id: box.attributes["saved_attribute_attributes"]["valueof"]
        for box in patch.boxes
        if box.attributes.get("parameter_enable")
    }
    parameters: dict[str, Any] = {
        key: [value["parameter_longname"], value["parameter_shortname"], 0] for key, value in values.items()
    }
    names = [path.replace(".", " ") for path in DIALS]
    parameters["parameterbanks"] = {"0": {"index": 0, "name": "dream", "parameters": names}}
    scripts = [
        {"name": name, "bootpath": ".", "patcherrelativepath": ".", "type": "TEXT", "implicit": 1}
        for name in (*SHARED, "ear.live.js")
    ]
    raw = patch.patcher() | {
        "parameters": parameters,
        "dependency_cache": scripts,
        "latency": 0,
        "is_mpe": 0,
        "minimum_live_version": "",
        "minimum_max_version": "",
        "platform_compatibility": 0,
        "project": PROJECT,
        "autosave": 0,
    }
    return amxd.pack((json.dumps({"patcher": raw}, indent=1, ensure_ascii=False) + "\n").encode())


def _connection(patch: Patch) -> Box:
    """Returns a box that bangs each time when the daemon has answered."""
    patch.note("oscbridge", (8, 4, 84, 20), 13.0, TEXT, fontface=1)
    state = patch.note("looking", (94, 6, 86, 18), 10.0, AMBER)
    refused = patch.note("", (8, 148, 172, 18), 9.0)
    told, found = patch.obj("route state refused"), patch.obj("sel connected")
    patch.wire(patch.receives("told"), told)
    patch.wire((told, 0), patch.obj("prepend set"), state)
    patch.wire((told, 0), found)
    patch.wire((told, 1), patch.obj("prepend set"), refused)
    patch.note("reply port", (8, 126, 60, 18), 10.0)
    port = number(
        patch, (72, 127, 50, 15), "reply port", "A port of its own for each device.", 1024, 65535, LIVE_REPLY, True
    )
    patch.wire(port, patch.obj("i"), patch.sends("reply"))
    connected = patch.obj("t b")
    patch.wire((found, 0), connected)
    return connected


def _levels(patch: Patch) -> None:
    wants(patch, "levels - 30.")
    route = patch.obj("route /ear/level/mean /ear/level/peak")
    patch.wire(patch.receives("from"), route)
    patch.wire((route, 0), bars(patch, (8, 28, 172, 64), LAYERS, AMBER))
    patch.wire((route, 1), bars(patch, (8, 96, 172, 26), LAYERS, BLUE))


def _dreaming(patch: Patch, connected: Box) -> None:
    wants(patch, "state - 0")
    to = patch.sends("to")
    controls = {}
    for index, path in enumerate(DIALS):
        seen = (190 + 62 * (index % 4), 4 + 54 * (index // 4), 58, 50)
        controls[path] = dial(patch, path, seen, PARAMETERS[path].field.default)
    for index, path in enumerate(("dream.objective", "dream.origin")):
        choices = list(PARAMETERS[path].choices)
        controls[path] = control(
            patch, "live.menu", (190 + 124 * index, 120, 118, 15), path.replace(".", " "), PARAMETERS[path].doc,
            type=ENUM, mmax=len(choices) - 1, enum=choices, initial=[0], initial_enable=1,
        )  # fmt: skip
    follow(patch, controls)
    for box in controls.values():  # the Set's own values are those that count
        patch.wire((connected, 0), box)
    which = patch.obj("sel 1 0")
    dreams = switch(patch, (448, 8, 18, 18), "dream", "Whether the ear dreams.", 0)
    patch.note("dream", (468, 8, 44, 18), 10.0, TEXT)
    patch.wire(dreams, which)
    for outlet, word in enumerate(("start", "stop")):
        patch.wire((which, outlet), patch.message(f"/ear/dream/{word}"), to)
    again = press(patch, (516, 9, 56, 16), "restart", "Goes back to the origin, and dreams on from there.")
    patch.wire(again, patch.message("/ear/dream/restart"), to)
    patch.note("layer", (448, 34, 36, 18), 10.0)
    layer = number(patch, (484, 35, 36, 15), "layer", "The layer to excite.", 0, LAYERS - 1, 14, False)
    patch.note("channel", (521, 34, 45, 18), 10.0)
    channel = number(patch, (566, 35, 36, 15), "channel", "The channel of that layer to excite.", 0, 511, 0, False)
    pair, both = patch.obj("pack 0 0"), patch.obj("t b i")
    patch.wire(layer, pair)
    patch.wire(channel, both)
    patch.wire((both, 1), (pair, 1))
    patch.wire((both, 0), layer)
    patch.wire(pair, patch.obj("speedlim 50"), patch.message("/ear/select/add $1 $2 $2 0. 1. 1. live"), to)
    patch.wire((connected, 0), channel)
    steps, values = patch.obj("route /ear/dream/progress"), patch.obj("unpack 0 0 0. 0. 0.")
    wants(patch, "dream - 10.")
    patch.wire(patch.receives("from"), steps, values)
    patch.note("steps/s", (190, 144, 44, 18), 10.0)
    patch.note("score", (314, 144, 44, 18), 10.0)
    for outlet, x in ((2, 236), (3, 360)):
        shown = patch.ui("flonum", (x, 142, 60, 20), ignoreclick=1, textcolor=AMBER, bgcolor=WELL)
        patch.wire((values, outlet), shown)


def _tempo(patch: Patch, connected: Box) -> None:
    follows = switch(patch, (448, 60, 18, 18), "tempo", "Whether the daemon follows Live's tempo.", 1)
    patch.note("follow Live's tempo", (468, 60, 134, 18), 10.0, TEXT)
    path, observer = patch.obj("live.path"), patch.obj("live.observer tempo")
    last, known, gate, order = patch.obj("f"), patch.obj("sel 0."), patch.obj("gate 1"), patch.obj("t b i")
    patch.wire(patch.obj("live.thisdevice"), patch.message("path live_set"), path, (observer, 1))
    patch.wire(observer, last)
    patch.wire(last, known)
    patch.wire((known, 1), (gate, 1))
    patch.wire(follows, order)
    patch.wire((order, 1), gate)
    patch.wire((order, 0), last)
    patch.wire((connected, 0), last)
    patch.wire(gate, patch.obj("speedlim 50"), patch.obj("prepend /ear/transport/bpm"), patch.sends("to"))


def _clips(patch: Patch) -> None:
    wants(patch, "clips - 0")
    buffers = ("---deck0", "---deck1")
    script = handed_over(patch, buffers)
    volume = control(
        patch, "live.dial", (610, 4, 58, 50), "volume", "Of the clips; the track's own sound goes through as it is.",
        type=FLOAT, mmin=-60.0, mmax=6.0, unitstyle=4, initial=[-6.0], initial_enable=1,
    )  # fmt: skip
    smooth, heard = patch.obj("line~ 0."), patch.obj("*~")
    patch.wire(volume, patch.obj("dbtoa"), patch.message("$1 20"), smooth)
    patch.wire(decks(patch, script, buffers), heard)
    patch.wire(smooth, (heard, 1))
    track, out = patch.obj("plugin~"), patch.obj("plugout~")
    for channel in (0, 1):
        both = patch.obj("+~")
        patch.wire((track, channel), both)
        patch.wire(heard, (both, 1))
        patch.wire(both, (out, channel))
    keep = press(patch, (448, 88, 62, 16), "keep", "Keeps the clip that plays, for good.")
    patch.wire(keep, patch.message("keep live"), script)
    slot = press(patch, (518, 88, 84, 16), "to a slot", "Puts the clip that plays into the session view (Live 12.0.5).")
    patch.wire(slot, patch.message("slot"), script)
    told = patch.obj("route loaded playing refused slot")
    patch.wire((script, 4), told)
    for index, (word, colour) in enumerate((("loaded", BLUE), ("playing", AMBER))):
        patch.note(word, (448 + 120 * index, 114, 50, 18), 10.0)
        shown = patch.ui("number", (498 + 120 * index, 112, 60, 20), ignoreclick=1, textcolor=colour, bgcolor=WELL)
        patch.wire((told, index), shown)
    words = patch.note("", (448, 144, 264, 18), 9.0)
    patch.wire((told, 2), patch.obj("prepend set"), words)
    patch.wire((told, 3), patch.obj("prepend slot"), patch.obj("js ear.live.js"), words)
