"""A patch as data: boxes, cords, and the JSON that Max reads.

The format is what Max 8 saves (a `.maxpat` opened in a text editor); keys that Max fills in by itself are left out.
Boxes of the patching view are placed by how far they are from where messages begin; what a performer sees is placed
by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .objects import ANY, ports, script_ports

Rect = tuple[float, float, float, float]
SCRIPTS = (Path(__file__).parents[1], Path(__file__).parents[2] / "ableton")
ROW, GAP, LETTER = 38.0, 14.0, 6.6
DARK, CARD, TEXT, GREY = (
    [0.082, 0.094, 0.114, 1.0], [0.118, 0.133, 0.157, 1.0], [0.925, 0.937, 0.953, 1.0], [0.604, 0.643, 0.698, 1.0],
)  # fmt: skip
WELL = [0.0, 0.0, 0.0, 0.25]  # where something may be typed
AMBER, BLUE, VIOLET = [0.949, 0.647, 0.255, 1.0], [0.353, 0.663, 0.902, 1.0], [0.671, 0.533, 0.918, 1.0]


@dataclass
class Box:
    """One box. seen: its rectangle in the presentation, None if it is not there."""

    id: str
    maxclass: str
    inlets: int
    outlets: tuple[str, ...]
    size: tuple[float, float]
    text: str | None = None
    seen: Rect | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    at: tuple[float, float] = (0.0, 0.0)

    def json(self) -> dict[str, Any]:
        box: dict[str, Any] = {"id": self.id, "maxclass": self.maxclass}
        box |= {"numinlets": self.inlets, "numoutlets": len(self.outlets)}
        if self.outlets:
            box["outlettype"] = list(self.outlets)
        box["patching_rect"] = [*self.at, *self.size]
        if self.seen is not None:
            box |= {"presentation": 1, "presentation_rect": [float(v) for v in self.seen]}
        if self.text is not None:
            box["text"] = self.text
        return {"box": box | self.attributes}


Port = Box | tuple[Box, int]


class Patch:
    """A patcher that grows. `names` is put before the names that its boxes share with other patches."""

    def __init__(self, width: float, height: float, names: str = "ear.", title: str = "") -> None:
        self.width, self.height, self.names, self.title = width, height, names, title
        self.boxes: list[Box] = []
        self.lines: list[tuple[Box, int, Box, int]] = []

    # boxes

    def _add(self, maxclass: str, inlets: int, outlets: tuple[str, ...], size: tuple[float, float], **rest: Any) -> Box:
        box = Box(f"obj-{len(self.boxes) + 1}", maxclass, inlets, outlets, size, **rest)
        self.boxes.append(box)
        return box

    def obj(self, text: str, **attributes: Any) -> Box:
        """An object box, as one types it."""
        size = (max(34.0, len(text) * LETTER + 12), 22.0)
        if text.startswith("js "):
            name = text.split()[1]
            inlets, outlets = script_ports(next(f / name for f in SCRIPTS if (f / name).exists()).read_text())
            script = {"filename": name, "parameter_enable": 0}
            return self._add(
                "newobj", inlets, outlets, size, text=text, attributes={"saved_object_attributes": script} | attributes
            )
        inlets, outlets = ports(text)
        return self._add("newobj", inlets, outlets, size, text=text, attributes=attributes)

    def uses(self, name: str, arguments: str = "", inlets: int = 0, outlets: tuple[str, ...] = ()) -> Box:
        """An abstraction in a box."""
        text = f"{name} {arguments}".strip()
        return self._add("newobj", inlets, outlets, (len(text) * LETTER + 12, 22.0), text=text)

    def message(self, text: str) -> Box:
        return self._add("message", 2, (ANY,), (max(34.0, len(text) * LETTER + 12), 22.0), text=text)

    def ui(self, maxclass: str, seen: Rect | None, **attributes: Any) -> Box:
        """Something to look at or to turn."""
        inlets, outlets = ports(maxclass)
        text = attributes.pop("text", None)
        size = (seen[2], seen[3]) if seen else (40.0, 22.0)
        attributes = {"parameter_enable": 0} | attributes if outlets else attributes
        return self._add(maxclass, inlets, outlets, size, text=text, seen=seen, attributes=attributes)

    def note(self, text: str, seen: Rect, size: float = 11.0, colour: Iterable[float] = GREY, **attributes: Any) -> Box:
        """Words in the presentation."""
        return self.ui("comment", seen, text=text, fontsize=size, textcolor=list(colour), **attributes)

    def card(self, seen: Rect, colour: Iterable[float] = CARD) -> Box:
        """The ground on which a part stands."""
        return self.ui("panel", seen, bgcolor=list(colour), rounded=6, background=1, mode=0)

    def port(self, kind: str, index: int, comment: str) -> Box:
        """An inlet or outlet of this patch; index from 1."""
        inlets, outlets = ports(kind)
        return self._add(kind, inlets, outlets, (30.0, 30.0), attributes={"index": index, "comment": comment})

    def subpatch(self, name: str, patch: Patch, seen: Rect | None = None) -> Box:
        """A patch within this one, shown as a part of its presentation if it is seen."""
        inlets, outlets = patch.ports()
        extra = {"patcher": patch.patcher()} | (BPATCHER if seen else {})
        if seen:
            return self._add("bpatcher", inlets, outlets, (seen[2], seen[3]), seen=seen, attributes=extra)
        return self._add("newobj", inlets, outlets, (90.0, 22.0), text=f"p {name}", attributes=extra)

    def shows(self, name: str, patch: Patch, seen: Rect) -> Box:
        """The presentation of an abstraction, in a window of this one."""
        inlets, outlets = patch.ports()
        extra = BPATCHER | {"name": name, "args": []}
        return self._add("bpatcher", inlets, outlets, (seen[2], seen[3]), seen=seen, attributes=extra)

    def ports(self) -> tuple[int, tuple[str, ...]]:
        """Inlets, and types of the outlets, that this patch has as an abstraction."""
        inlets = sum(box.maxclass == "inlet" for box in self.boxes)
        outlets = [box for box in self.boxes if box.maxclass == "outlet"]
        signals = {id(d): s.outlets[o] for s, o, d, _ in self.lines if s.outlets[o] == "signal"}
        outlets.sort(key=lambda box: box.attributes["index"])
        return inlets, tuple(signals.get(id(box), ANY) for box in outlets)

    # cords

    def wire(self, first: Port, *rest: Port) -> None:
        """Cords along a chain. The first may be (box, outlet) and the last (box, inlet); all others are 0."""
        source = first
        for target in rest:
            out, outlet = source if isinstance(source, tuple) else (source, 0)
            into, inlet = target if isinstance(target, tuple) else (target, 0)
            assert not isinstance(target, tuple) or target is rest[-1], "only the last may name an inlet"
            self.lines.append((out, outlet, into, inlet))
            source = target

    def receives(self, name: str) -> Box:
        return self.obj(f"r {self.names}{name}")

    def sends(self, name: str) -> Box:
        return self.obj(f"s {self.names}{name}")

    # the file

    def _place(self) -> None:
        """Boxes row by row, each below what it hears; what hears nothing is on top."""
        depth = {box.id: 0 for box in self.boxes}
        for _ in range(24):  # as deep as a patch may be; a circle ends there
            for source, _, target, _ in self.lines:
                if depth[target.id] <= depth[source.id] < 23 and source is not target:
                    depth[target.id] = depth[source.id] + 1
        rows = sorted(set(depth.values()))
        x, y = dict.fromkeys(rows, 20.0), 20.0
        for row in rows:
            members = [box for box in self.boxes if depth[box.id] == row]
            for box in members:
                box.at = (x[row], y)
                x[row] += box.size[0] + GAP
            y += max(max(box.size[1] for box in members) + 16, ROW)

    def patcher(self) -> dict[str, Any]:
        self._place()
        return {
            "fileversion": 1,
            "appversion": {"major": 8, "minor": 6, "revision": 0, "architecture": "x64", "modernui": 1},
            "classnamespace": "box",
            "rect": [80.0, 80.0, self.width, self.height],
            "bglocked": 0,
            "openinpresentation": 1,
            "default_fontsize": 12.0,
            "default_fontface": 0,
            "default_fontname": "Arial",
            "gridsize": [15.0, 15.0],
            "devicewidth": float(self.width) if self.names.startswith("---") else 0.0,
            "description": self.title,
            "bgcolor": DARK,
            "locked_bgcolor": DARK,
            "editing_bgcolor": DARK,
            "boxes": [box.json() for box in self.boxes],
            "lines": [
                {"patchline": {"destination": [target.id, inlet], "source": [source.id, outlet]}}
                for source, outlet, target, inlet in self.lines
            ],
        }

    def maxpat(self) -> bytes:
        """The file's bytes."""
        return (json.dumps({"patcher": self.patcher()}, indent=1, ensure_ascii=False) + "\n").encode()


BPATCHER: dict[str, Any] = {
    "bgmode": 0, "border": 0, "clickthrough": 0, "enablehscroll": 0, "enablevscroll": 0, "lockeddragscroll": 0,
    "lockedsize": 0, "offset": [0.0, 0.0], "viewvisibility": 1,
}  # fmt: skip
