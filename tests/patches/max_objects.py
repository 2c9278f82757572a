"""Every Max object that the patches use: inlets, outlets, attributes and messages, as the reference pages tell.

Written apart from the generator's own table, from docs.cycling74.com/reference (Max 8 and 9) and from what Max itself
saved into patches of others. Inlets: "m" takes messages, "~" takes signals only, "b" takes both. Outlets: the type
that Max saves, "signal" for sound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SIGNAL = "signal"


@dataclass(frozen=True)
class Ports:
    inlets: str
    outlets: tuple[str, ...]


def _fixed(inlets: str, *outlets: str) -> Ports:
    return Ports(inlets, outlets)


OBJECTS = {
    "*~": _fixed("bb", SIGNAL),
    "+": _fixed("mm", "int"),
    "+~": _fixed("bb", SIGNAL),
    "-": _fixed("mm", "int"),
    "-~": _fixed("bb", SIGNAL),
    "buffer~": _fixed("m", "float", "bang"),
    "cos~": _fixed("~", SIGNAL),
    "counter": _fixed("mmmmm", "int", "", "", "int"),
    "dbtoa": _fixed("m", "float"),
    "delay": _fixed("mm", "bang"),
    "f": _fixed("mm", "float"),
    "groove~": _fixed("bbb", SIGNAL, SIGNAL),
    "i": _fixed("mm", "int"),
    "jit.fill": _fixed("m", "", ""),
    "jit.gl.mesh": _fixed("mmmmmmmmm", "", ""),
    "jit.matrix": _fixed("m", "jit_matrix", ""),
    "line~": _fixed("mm", SIGNAL, "bang"),
    "live.observer": _fixed("mm", "", ""),
    "live.path": _fixed("m", "", "", ""),
    "live.thisdevice": _fixed("m", "bang", "int", "int"),
    "loadbang": _fixed("m", "bang"),
    "loadmess": _fixed("m", ""),
    "metro": _fixed("mm", "bang"),
    "plugin~": _fixed("bb", SIGNAL, SIGNAL),
    "plugout~": _fixed("bb", SIGNAL, SIGNAL),
    "prepend": _fixed("m", ""),
    "qmetro": _fixed("mm", "bang"),
    "r": _fixed("", ""),
    "s": _fixed("m"),
    "sig~": _fixed("b", SIGNAL),
    "speedlim": _fixed("mm", ""),
    "udpreceive": _fixed("m", ""),
    "udpsend": _fixed("m"),
    "zl.nth": _fixed("mm", "", ""),
    "zl.slice": _fixed("mm", "", ""),
}

# what is not written into an object box but is a class of its own
BOXES = {
    "button": _fixed("m", "bang"),
    "comment": _fixed("m"),
    "ezdac~": _fixed("bb"),
    "flonum": _fixed("m", "", "bang"),
    "jit.pwindow": _fixed("m", "jit_matrix", ""),
    "jit.pworld": _fixed("m", "jit_matrix", ""),
    "live.dial": _fixed("m", "", "float"),
    "live.menu": _fixed("m", "", "", "float"),
    "live.numbox": _fixed("m", "", "float"),
    "live.text": _fixed("m", "", ""),
    "live.toggle": _fixed("m", ""),
    "message": _fixed("mm", ""),
    "multislider": _fixed("m", "", ""),
    "number": _fixed("m", "", "bang"),
    "panel": _fixed("m"),
    "slider": _fixed("m", ""),
    "textbutton": _fixed("m", "", "", "int"),
    "textedit": _fixed("m", "", "int", "", ""),
    "umenu": _fixed("m", "int", "", ""),
}

# what may follow an @ in an object box
ATTRIBUTES = {
    "groove~": {"loop"},
    "jit.gl.mesh": {"draw_mode", "point_size", "blend_enable", "depth_enable", "scale"},
    "udpreceive": {"defer", "quiet"},
    "zl.nth": {"zlmaxsize"},
    "zl.slice": {"zlmaxsize"},
}

# keys of a box beside the ones that every box may have
EVERY_BOX = {
    "id", "maxclass", "numinlets", "numoutlets", "outlettype", "patching_rect", "presentation", "presentation_rect",
    "text", "varname", "background", "ignoreclick", "annotation", "fontsize", "fontface", "parameter_enable",
    "saved_object_attributes", "saved_attribute_attributes",
}  # fmt: skip
KEYS = {
    "bpatcher": {
        "name", "args", "bgmode", "border", "clickthrough", "enablehscroll", "enablevscroll", "lockeddragscroll",
        "lockedsize", "offset", "viewvisibility",
    },
    "button": {"blinkcolor"},
    "comment": {"textcolor"},
    "flonum": {"minimum", "maximum", "textcolor", "bgcolor"},
    "inlet": {"index", "comment"},
    "jit.pwindow": {"sync"},
    "jit.pworld": {"enable", "fps", "sync", "erase_color"},
    "live.dial": {"activedialcolor", "textcolor"},
    "live.text": {"mode", "texton"},
    "multislider": {"size", "setminmax", "setstyle", "slidercolor", "contdata", "bgcolor"},
    "newobj": {"patcher"},
    "number": {"minimum", "maximum", "textcolor", "bgcolor"},
    "outlet": {"index", "comment"},
    "panel": {"bgcolor", "rounded", "mode"},
    "slider": {"orientation", "floatoutput", "size", "knobcolor"},
    "textbutton": {"rounded", "bgcolor", "textcolor", "mode"},
    "textedit": {"keymode", "lines", "textcolor", "bgcolor"},
    "umenu": {"items", "textcolor", "bgcolor"},
}  # fmt: skip
# Live's parameters: https://docs.cycling74.com/userguide/m4l/live_parameters
PARAMETER_KEYS = {
    "parameter_longname", "parameter_shortname", "parameter_annotation_name", "parameter_type", "parameter_mmin",
    "parameter_mmax", "parameter_exponent", "parameter_unitstyle", "parameter_units", "parameter_initial",
    "parameter_initial_enable", "parameter_enum", "parameter_invisible",
}  # fmt: skip

# words that an object takes, for those to which the patches send words
MESSAGES = {
    "buffer~": {"replace"},
    "comment": {"set"},
    "groove~": set(),
    "jit.fill": {"offset"},
    "jit.pworld": {"enable"},
    "live.dial": {"set"},
    "live.menu": {"setsymbol"},
    "live.path": {"path"},
    "number": {"set"},
    "flonum": {"set"},
    "udpreceive": {"port"},
    "umenu": {"setsymbol"},
}

OF_A_WORD = {"b": "bang", "i": "int", "f": "float", "l": "", "s": "", "0": "int", "0.": "float"}


def object_ports(text: str) -> Ports | None:
    """Of what is written into an object box; None if the object is not in the table, or its arguments are wrong."""
    name, *words = text.split()
    at = next((i for i, word in enumerate(words) if word.startswith("@")), len(words))
    words, attributes = words[:at], [word[1:] for word in words[at:] if word.startswith("@")]
    if not set(attributes) <= ATTRIBUTES.get(name, set()):
        return None
    if name in ("route", "routepass", "sel"):
        matched = "bang" if name == "sel" else ""
        return Ports("m" * (len(words) + 1), (matched,) * len(words) + ("",)) if words else None
    if name in ("t", "unpack"):
        if not words or any(word not in OF_A_WORD for word in words):
            return None
        return Ports("m", tuple(OF_A_WORD[word] for word in words))
    if name == "pack":
        return Ports("m" * len(words), ("",)) if words and set(words) <= {"0", "0."} else None
    if name == "gate":
        return Ports("mm", ("",) * int(words[0])) if len(words) == 1 else None
    return OBJECTS.get(name)


def script_ports(source: str) -> Ports:
    """Of a [js]: what the script says of itself."""
    count = {word: int(n) for word, n in re.findall(r"^(inlets|outlets) = (\d+);$", source, re.MULTILINE)}
    return Ports("m" * count["inlets"], ("",) * count["outlets"])
