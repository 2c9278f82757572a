"""Reads the patches as they lie in the folders: boxes, cords, and who sends what to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.wire import ROOT

from .max_objects import BOXES, Ports, object_ports, script_ports

MAX, LIVE = ROOT / "patches" / "max", ROOT / "patches" / "ableton"
DEVICE = LIVE / "oscbridge.amxd"
FILES = [*sorted(MAX.glob("*.maxpat")), DEVICE]
Port = tuple[str, int]


def device_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Name and contents of each chunk of an .amxd."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        assert at + 8 + size <= len(data), "a chunk is longer than the file"
        found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found


def load(path: Path) -> dict[str, Any]:
    """The patcher in a file."""
    if path.suffix == ".amxd":
        text = dict(device_chunks(path.read_bytes()))[b"ptch"].removesuffix(b"\0").decode()
    else:
        text = path.read_text(encoding="utf-8")
    patcher: dict[str, Any] = json.loads(text)["patcher"]
    return patcher


@dataclass(frozen=True)
class Patcher:
    """One patcher: of a file, or within another."""

    path: Path
    name: str
    raw: dict[str, Any]

    @cached_property
    def boxes(self) -> dict[str, dict[str, Any]]:
        return {entry["box"]["id"]: entry["box"] for entry in self.raw["boxes"]}

    @cached_property
    def lines(self) -> list[tuple[Port, Port]]:
        cords = [entry["patchline"] for entry in self.raw["lines"]]
        return [((c["source"][0], c["source"][1]), (c["destination"][0], c["destination"][1])) for c in cords]

    def targets(self, box: str, outlet: int = 0) -> list[dict[str, Any]]:
        return [self.boxes[to] for (source, out), (to, _) in self.lines if (source, out) == (box, outlet)]

    def sources(self, box: str, inlet: int = 0) -> list[dict[str, Any]]:
        return [self.boxes[source] for (source, _), target in self.lines if target == (box, inlet)]

    def inner(self) -> Iterator[Patcher]:
        """This one and all within it."""
        yield self
        for box in self.boxes.values():
            if "patcher" in box:
                yield from Patcher(self.path, f"{self.name} {box['text']}", box["patcher"]).inner()

    def ports(self) -> Ports:
        """What this one has as an abstraction."""
        inlets = sorted(b["index"] for b in self.boxes.values() if b["maxclass"] == "inlet")
        outlets = sorted((b["index"], b["id"]) for b in self.boxes.values() if b["maxclass"] == "outlet")
        assert inlets == list(range(1, len(inlets) + 1)), "inlets are not numbered through"
        assert [i for i, _ in outlets] == list(range(1, len(outlets) + 1)), "outlets are not numbered through"
        return Ports("m" * len(inlets), tuple("signal" if self._is_sound(key) else "" for _, key in outlets))

    def _is_sound(self, outlet: str) -> bool:
        kinds = {self.outlet_types(source)[out] for (source, out), to in self.lines if to == (outlet, 0)}
        return kinds == {"signal"}

    def outlet_types(self, box: str) -> tuple[str, ...]:
        found = ports_of(self, self.boxes[box])
        assert found is not None, self.boxes[box]
        return found.outlets


def words(box: dict[str, Any]) -> list[str]:
    return str(box.get("text", "")).split()


def ports_of(patcher: Patcher, box: dict[str, Any]) -> Ports | None:
    """What the box has when Max makes it anew; None if we do not know the object."""
    kind = box["maxclass"]
    if kind in ("inlet", "outlet"):
        return Ports("", ("",)) if kind == "inlet" else Ports("b", ())
    if "patcher" in box:
        return Patcher(patcher.path, "inner", box["patcher"]).ports()
    if kind == "bpatcher":
        return abstraction(patcher, box["name"].removesuffix(".maxpat"))
    if kind != "newobj":
        return BOXES.get(kind)
    name = words(box)[0]
    if name == "js":
        return script_ports((patcher.path.parent / words(box)[1]).read_text())
    if name.startswith("ear."):
        return abstraction(patcher, name)
    return object_ports(box["text"])


def abstraction(patcher: Patcher, name: str) -> Ports | None:
    path = patcher.path.parent / f"{name}.maxpat"
    return Patcher(path, name, load(path)).ports() if path.exists() else None


PATCHERS = [inner for path in FILES for inner in Patcher(path, path.name, load(path)).inner()]
