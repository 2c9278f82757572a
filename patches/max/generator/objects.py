"""How many inlets and outlets an object has, as Max writes it into a patch. It counts them anew when it opens one."""

from __future__ import annotations

import re

ANY, BANG, INT, FLOAT, SIGNAL, MATRIX = "", "bang", "int", "float", "signal", "jit_matrix"

# the name of an object, or the class of a box: inlets, types of the outlets
FIXED: dict[str, tuple[int, tuple[str, ...]]] = {
    "*~": (2, (SIGNAL,)),
    "+": (2, (INT,)),
    "+~": (2, (SIGNAL,)),
    "-": (2, (INT,)),
    "-~": (2, (SIGNAL,)),
    "buffer~": (1, (FLOAT, BANG)),
    "button": (1, (BANG,)),
    "comment": (1, ()),
    "cos~": (1, (SIGNAL,)),
    "counter": (5, (INT, ANY, ANY, INT)),
    "dbtoa": (1, (FLOAT,)),
    "deferlow": (1, (ANY,)),
    "delay": (2, (BANG,)),
    "ezdac~": (2, ()),
    "f": (2, (FLOAT,)),
    "flonum": (1, (ANY, BANG)),
    "groove~": (3, (SIGNAL, SIGNAL)),
    "i": (2, (INT,)),
    "inlet": (0, (ANY,)),
    "jit.fill": (1, (ANY, ANY)),
    "jit.gl.mesh": (9, (ANY, ANY)),
    "jit.matrix": (1, (MATRIX, ANY)),
    "jit.pwindow": (1, (MATRIX, ANY)),
    "jit.pworld": (1, (MATRIX, ANY)),
    "line~": (2, (SIGNAL, BANG)),
    "live.comment": (1, ()),
    "live.dial": (1, (ANY, FLOAT)),
    "live.menu": (1, (ANY, ANY, FLOAT)),
    "live.numbox": (1, (ANY, FLOAT)),
    "live.observer": (2, (ANY, ANY)),
    "live.path": (1, (ANY, ANY, ANY)),
    "live.text": (1, (ANY, ANY)),
    "live.thisdevice": (1, (BANG, INT, INT)),
    "live.toggle": (1, (ANY,)),
    "loadbang": (1, (BANG,)),
    "loadmess": (1, (ANY,)),
    "message": (2, (ANY,)),
    "metro": (2, (BANG,)),
    "multislider": (1, (ANY, ANY)),
    "number": (1, (ANY, BANG)),
    "outlet": (1, ()),
    "panel": (1, ()),
    "plugin~": (2, (SIGNAL, SIGNAL)),
    "plugout~": (2, (SIGNAL, SIGNAL)),
    "prepend": (1, (ANY,)),
    "qmetro": (2, (BANG,)),
    "r": (0, (ANY,)),
    "s": (1, ()),
    "sig~": (1, (SIGNAL,)),
    "slider": (1, (ANY,)),
    "speedlim": (2, (ANY,)),
    "textbutton": (1, (ANY, ANY, INT)),
    "textedit": (1, (ANY, INT, ANY, ANY)),
    "toggle": (1, (INT,)),
    "udpreceive": (1, (ANY,)),
    "udpsend": (1, ()),
    "umenu": (1, (INT, ANY, ANY)),
    "zl.nth": (2, (ANY, ANY)),
    "zl.slice": (2, (ANY, ANY)),
}
OUTLET_OF = {"b": BANG, "i": INT, "f": FLOAT, "l": ANY, "s": ANY, "a": ANY, "0": INT, "0.": FLOAT}


def ports(text: str) -> tuple[int, tuple[str, ...]]:
    """Inlets, and the type of each outlet, of what is written into an object box."""
    name, *words = text.split()
    words = words[: next((i for i, word in enumerate(words) if word.startswith("@")), len(words))]
    if name in ("route", "routepass"):
        return len(words) + 1, (ANY,) * (len(words) + 1)
    if name == "sel":
        return len(words) + 1, (BANG,) * len(words) + (ANY,)
    if name == "t":
        return 1, tuple(OUTLET_OF[word] for word in words)
    if name == "unpack":
        return 1, tuple(OUTLET_OF[word] for word in words)
    if name == "pack":
        return len(words), (ANY,)
    if name == "gate":
        return 2, (ANY,) * int(words[0] if words else 1)
    return FIXED[name]


def script_ports(source: str) -> tuple[int, tuple[str, ...]]:
    """Of a [js] with this source: what it says itself."""
    inlets, outlets = (int(re.search(rf"^{word} = (\d+);", source, re.M)[1]) for word in ("inlets", "outlets"))
    return inlets, (ANY,) * outlets
