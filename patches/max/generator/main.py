"""The patch that a performer opens: all parts on one page."""

from __future__ import annotations

from .client import MAX_REPLY, PORT, client
from .patcher import AMBER, TEXT, WELL, Patch
from .playing import clips, dream
from .streams import activations, channels, classes, layout, levels, scalogram, selection, transport

PARTS = {
    "ear.client": client,
    "ear.levels": levels,
    "ear.scalogram": scalogram,
    "ear.channels": channels,
    "ear.activations": activations,
    "ear.layout": layout,
    "ear.selection": selection,
    "ear.classes": classes,
    "ear.dream": dream,
    "ear.clips": clips,
    "ear.transport": transport,
}
# where the left upper corner of each is on the page
PAGE = {
    "ear.levels": (8, 56),
    "ear.scalogram": (8, 254),
    "ear.channels": (8, 402),
    "ear.activations": (528, 56),
    "ear.classes": (528, 396),
    "ear.selection": (788, 396),
    "ear.dream": (8, 540),
    "ear.clips": (716, 540),
    "ear.transport": (716, 680),
}


def page() -> Patch:
    patch = Patch(1048, 778, "ear.", "What a neural network hears. Start `oscbridge run`, then open this.")
    patch.card((8, 8, 1032, 40))
    patch.note("oscbridge", (18, 14, 110, 26), 18.0, TEXT, fontface=1)
    state = patch.note("looking", (136, 18, 84, 20), 12.0, AMBER)
    lamp = patch.ui("button", (222, 17, 22, 22), blinkcolor=AMBER, ignoreclick=1)
    model = patch.note("start `oscbridge run`", (252, 18, 190, 20))
    refused = patch.note("", (446, 18, 248, 20))
    told = patch.obj("route state welcome refused")
    patch.wire(patch.receives("told"), told)
    for outlet, shown in enumerate((state, model, refused)):
        patch.wire((told, outlet), patch.obj("prepend set"), shown)
    patch.wire(patch.receives("from"), patch.obj("route /ear/alive"), lamp)
    settings = (("host", 700, 108, "127.0.0.1"), ("port", 850, 52, str(PORT)), ("reply", 944, 52, str(MAX_REPLY)))
    for word, x, width, first in settings:
        patch.note(word, (x, 18, 34, 20))
        if word == "host":
            field = patch.ui(
                "textedit",
                (x + 34, 17, width, 22),
                text=first,
                keymode=1,
                lines=1,
                textcolor=TEXT,
                bgcolor=WELL,
            )
            patch.wire(field, patch.obj("route text"), patch.sends(word))
        else:
            field = patch.ui("number", (x + 34, 17, width, 22), minimum=1, maximum=65535, textcolor=TEXT, bgcolor=WELL)
            # the client knows these by itself; shown, not said again
            patch.wire(patch.obj(f"loadmess set {first}"), field)
            patch.wire(field, patch.sends(word))
    patch.uses("ear.client")
    for name, (x, y) in PAGE.items():
        part = PARTS[name]()
        patch.shows(f"{name}.maxpat", part, (x, y, part.width, part.height))
    return patch
