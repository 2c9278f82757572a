"""What a performer turns: dreams and clips."""

from __future__ import annotations

from typing import Any

from oscbridge.settings import Parameter, parameters

from .client import wants
from .patcher import AMBER, BLUE, GREY, TEXT, WELL, Box, Patch
from .streams import LAYERS, heading

PARAMETERS = {p.path: p for p in parameters()}
DIALS = [
    f"dream.{name}"
    for name in (
        "step_size", "mix_original", "time_shift_s", "pitch_shift_bins", "time_mask", "gradient_noise", "denoise",
        "loudness", "high_frequencies", "noise_db", "low_db", "mid_db", "high_db", "emphasis",
    )
]  # fmt: skip
MENUS = ["dream.objective", "dream.origin"]
FADE_MS = 45
FLOAT, ENUM = 0, 2  # Live's types of parameters
CUSTOM = 9  # Live's way to write a number: as `parameter_units` says


def words(parameter: Parameter) -> str:
    """What stands over a dial: `step_size` is "step size"; s and bins are said with the number alone."""
    return parameter.name.removesuffix("_s").removesuffix("_bins").replace("_db", " dB").replace("_", " ")


def dial(patch: Patch, path: str, seen: tuple[float, float, float, float], initial: float | None) -> Box:
    """A dial with the parameter's own range. initial: what it begins with, None to wait for what the daemon says."""
    parameter = PARAMETERS[path]
    value: dict[str, Any] = {
        "parameter_longname": parameter.path.replace(".", " "),
        "parameter_shortname": words(parameter),
        "parameter_annotation_name": parameter.doc,
        "parameter_type": FLOAT,
        "parameter_mmin": parameter.low,
        "parameter_mmax": parameter.high,
        "parameter_exponent": 3.0 if parameter.scale == "log" else 1.0,
        "parameter_unitstyle": CUSTOM,
        "parameter_units": f"%.2f {parameter.unit}".rstrip(),
    }
    if initial is not None:
        value |= {"parameter_initial": [initial], "parameter_initial_enable": 1}
    return patch.ui(
        "live.dial", seen, parameter_enable=1, varname=parameter.path, activedialcolor=AMBER, textcolor=TEXT,
        annotation=parameter.doc, saved_attribute_attributes={"valueof": value},
    )  # fmt: skip


def follow(patch: Patch, controls: dict[str, Box], setter: dict[str, str] | None = None) -> None:
    """What is turned goes to the daemon; what others turn, and what the daemon made of it, is shown."""
    route = patch.obj("route " + " ".join(PARAMETERS[path].address for path in controls))
    patch.wire(patch.receives("from"), route)
    to = patch.sends("to")
    for index, (path, control) in enumerate(controls.items()):
        menu = control.maxclass in ("umenu", "live.menu")
        patch.wire((route, index), patch.obj("prepend setsymbol" if menu else "prepend set"), control)
        address = patch.obj(f"prepend {PARAMETERS[path].address}")
        if menu:
            patch.wire((control, 1), address, to)
        else:
            patch.wire(control, patch.obj("speedlim 20"), address, to)


def button(patch: Patch, text: str, seen: tuple[float, float, float, float]) -> Box:
    return patch.ui(
        "textbutton", seen, text=text, rounded=4.0, bgcolor=[0.2, 0.22, 0.26, 1.0], textcolor=TEXT, fontsize=11.0,
        mode=0,
    )  # fmt: skip


def menu(patch: Patch, path: str, seen: tuple[float, float, float, float]) -> Box:
    items: list[str] = []
    for choice in PARAMETERS[path].choices:
        items += [",", choice] if items else [choice]
    return patch.ui("umenu", seen, items=items, varname=path, textcolor=TEXT, bgcolor=WELL, fontsize=11.0)


def dream(names: str = "ear.") -> Patch:
    patch = Patch(700, 230, names, "What the ear dreams, and how.")
    heading(patch, "dream", "")
    wants(patch, "dream - 20.")
    wants(patch, "state - 0")
    to = patch.sends("to")
    for index, word in enumerate(("start", "stop", "restart")):
        patch.wire(button(patch, word, (76 + 62 * index, 5, 56, 22)), patch.message(f"/ear/dream/{word}"), to)
    controls = {}
    for index, path in enumerate(MENUS):
        name = PARAMETERS[path].name
        patch.note(name, (270 + 142 * index, 7, len(name) * 6 + 3, 20))
        controls[path] = menu(patch, path, (328 + 132 * index, 5, 78, 22))
    for index, path in enumerate(DIALS):
        x, y = 10 + 98 * (index % 7), 36 + 56 * (index // 7)
        controls[path] = dial(patch, path, (x, y, 92, 50), None)
    follow(patch, controls)
    _selecting(patch, to)
    _progress(patch)
    return patch


def _selecting(patch: Patch, to: Box) -> None:
    """Two rows: channels of a layer, and a circle of the layout."""
    rows: tuple[tuple[str, str, float, list[tuple[str, str, float, float, float]]], ...] = (
        ("select", "add", 152, [
            ("layer", "number", 14, 0, LAYERS - 1), ("from", "number", 0, 0, 511), ("to", "number", 1, -1, 511),
            ("weight", "flonum", 1, -1, 1),
        ]),
        ("or a circle", "circle", 178, [
            ("x", "flonum", 0, -1, 1), ("y", "flonum", 0, -1, 1), ("radius", "flonum", 0.1, 0, 1),
            ("weight", "flonum", 1, -1, 1),
        ]),
    )  # fmt: skip
    for title, command, y, fields in rows:
        patch.note(title, (10, y + 1, 66, 20), 11.0, TEXT)
        kinds = " ".join("0" if kind == "number" else "0." for _, kind, *_ in fields)
        pack = patch.obj(f"pack {kinds}")
        trigger = patch.obj("t" + " b" * len(fields))
        for index, (word, kind, first, low, high) in enumerate(fields):
            x = 76 + 96 * index
            patch.note(word, (x, y + 1, 44, 20))
            box = patch.ui(kind, (x + 44, y, 46, 22), minimum=low, maximum=high, textcolor=TEXT, bgcolor=WELL)
            patch.wire(patch.obj(f"loadmess {first:g}" if kind == "number" else f"loadmess {first:.2f}"), box)
            if index:
                patch.wire((trigger, index), box)
                patch.wire(box, (pack, index))
            else:  # the first makes pack speak, so it waits for the button
                store = patch.obj("i" if kind == "number" else "f")
                patch.wire(box, (store, 1))
                patch.wire((trigger, 0), store, pack)
        patch.wire(button(patch, command, (466, y, 56, 22)), trigger)
        text = "/ear/select/add $1 $2 $3 0. 1. $4 max" if command == "add" else "/ear/select/circle $1 $2 $3 $4 circle"
        patch.wire(pack, patch.message(text), to)
    patch.wire(button(patch, "clear", (528, 152, 56, 22)), patch.message("/ear/select/clear"), to)


def _progress(patch: Patch) -> None:
    route, values = patch.obj("route /ear/dream/progress"), patch.obj("unpack 0 0 0. 0. 0.")
    patch.wire(patch.receives("from"), route, values)
    for index, (word, outlet, kind) in enumerate(
        (("steps/s", 2, "flonum"), ("step", 1, "number"), ("score", 3, "flonum"), ("clip", 0, "number"))
    ):
        x = 10 + 112 * index
        patch.note(word, (x, 206, 48, 20))
        shown = patch.ui(kind, (x + 48, 205, 56, 20), ignoreclick=1, textcolor=AMBER, bgcolor=WELL)
        patch.wire((values, outlet), shown)
    patch.note("score: in standard deviations over music", (462, 206, 234, 20), 11.0, GREY)
    patch.wire(route, patch.port("outlet", 1, "clip step steps_per_s score loss"))


def decks(patch: Patch, script: Box, buffers: tuple[str, str]) -> Box:
    """Two loops and a fade of equal power between them. Returns the box where the sound comes out."""
    fade, mix = patch.obj("line~ 0."), patch.obj("+~")
    quarter = patch.obj("*~ 0.25")
    patch.wire(fade, quarter)
    time, which, where = patch.obj("delay"), patch.obj("i"), patch.obj("f")
    later = patch.obj("unpack 0. 0 0.")
    patch.wire((script, 3), later)
    patch.wire((later, 2), (where, 1))
    patch.wire((later, 1), (which, 1))
    ms = patch.obj("t b f")
    patch.wire((later, 0), ms)
    patch.wire((ms, 1), (time, 1))
    patch.wire((ms, 0), time)
    # at that moment: the deck's gate opens, it begins, the fade begins, and the script is told
    moment, gate = patch.obj("t b b b"), patch.obj("gate 2")
    patch.wire(time, moment)
    patch.wire((moment, 2), which)
    open_ = patch.obj("+ 1")
    both = patch.obj("t i i")
    patch.wire(which, both)
    patch.wire((both, 1), open_, gate)
    patch.wire((both, 0), patch.message(f"$1 {FADE_MS}"), fade)
    patch.wire((moment, 1), where, (gate, 1))
    patch.wire((moment, 0), patch.message("now"), script)
    patch.wire((moment, 0), patch.obj(f"delay {FADE_MS + 60}"), patch.message("faded"), script)
    for deck, name in enumerate(buffers):
        buffer, loop, gain = patch.obj(f"buffer~ {name}"), patch.obj(f"groove~ {name} @loop 1"), patch.obj("*~")
        patch.wire((script, 1 + deck), buffer)
        patch.wire((buffer, 1), patch.message(f"read {deck}"), script)
        patch.wire(patch.obj("sig~ 1."), loop)
        patch.wire((gate, deck), loop)
        patch.wire((loop, 0), gain)
        # cos(0.25 x) goes from 1 to 0, cos(0.25 x - 0.25) from 0 to 1; cos~ counts in turns
        turn = quarter if deck == 0 else patch.obj("-~ 0.25")
        if deck:
            patch.wire(quarter, turn)
        curve = patch.obj("cos~")
        patch.wire(turn, curve)
        patch.wire(curve, (gain, 1))
        patch.wire(gain, mix if deck == 0 else (mix, 1))
    return mix


def handed_over(patch: Patch, buffers: tuple[str, str]) -> Box:
    """The script that loads clips into two buffers, with what the daemon says to it and what it answers."""
    script = patch.obj(f"js ear.clips.js {buffers[0]} {buffers[1]}")
    route = patch.obj("route /ear/clip/ready /ear/clip/activate")
    patch.wire(patch.receives("from"), route)
    patch.wire((route, 0), patch.obj("prepend ready"), script)
    patch.wire((route, 1), patch.obj("prepend activate"), script)
    patch.wire((script, 0), patch.sends("to"))
    return script


def clips(names: str = "ear.") -> Patch:
    patch = Patch(324, 132, names, "Plays what is dreamed, and changes over when the daemon says so.")
    heading(patch, "clips", "")
    wants(patch, "clips - 0")
    buffers = ("#0-deck0", "#0-deck1")
    script = handed_over(patch, buffers)
    sound = decks(patch, script, buffers)
    patch.note("volume", (10, 40, 50, 20))
    volume = patch.ui("flonum", (60, 39, 54, 22), minimum=-60.0, maximum=6.0, textcolor=TEXT, bgcolor=WELL)
    patch.note("dB", (116, 40, 26, 20))
    smooth, heard = patch.obj("line~ 0.5"), patch.obj("*~")
    patch.wire(patch.obj("loadmess -6."), volume, patch.obj("dbtoa"), patch.message("$1 20"), smooth)
    patch.wire(sound, heard)
    patch.wire(smooth, (heard, 1))
    out = patch.ui("ezdac~", (150, 34, 34, 34))
    patch.wire(heard, out)
    patch.wire(heard, (out, 1))
    patch.wire(button(patch, "keep", (196, 39, 56, 22)), patch.message("keep max"), script)
    newest = button(patch, "newest", (256, 39, 58, 22))
    patch.wire(newest, patch.message("/ear/clip/play 0"), patch.sends("to"))
    shown = patch.obj("route loaded playing refused")
    patch.wire((script, 4), shown)
    for index, (word, colour) in enumerate((("loaded", BLUE), ("playing", AMBER))):
        patch.note(word, (10 + 160 * index, 74, 56, 20))
        number = patch.ui("number", (68 + 160 * index, 73, 60, 22), ignoreclick=1, textcolor=colour, bgcolor=WELL)
        patch.wire((shown, index), number)
    told = patch.note("turn the sound on, then start a dream", (10, 104, 304, 20))
    patch.wire((shown, 2), patch.obj("prepend set"), told)
    patch.wire(heard, patch.port("outlet", 1, "the sound"))
    return patch
