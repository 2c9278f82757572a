"""The patches for Max and Live, looked at as files: no Max is here, so that all they say is held against a table."""

from __future__ import annotations

import importlib.util
import itertools
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from .max_objects import EVERY_BOX, KEYS, MESSAGES, PARAMETER_KEYS
from .max_patches import DEVICE, FILES, LIVE, MAX, PATCHERS, Patcher, device_chunks, load, ports_of, words

each_patcher = pytest.mark.parametrize("patcher", PATCHERS, ids=lambda p: p.name)
STAND_ALONE = {"comment", "panel", "bpatcher"}
LIVE_HEIGHT = 169


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_patches", MAX / "build_patches.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the folder is copied to users as it is
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_the_files_are_what_the_generator_makes(build: ModuleType) -> None:
    made = build.generated()
    assert {p for p in FILES if p.suffix in (".maxpat", ".amxd")} <= set(made)
    differing = [p.name for p, data in made.items() if p.read_bytes() != data]
    assert differing == [], "run patches/max/build_patches.py"
    assert made == build.generated(), "not the same twice"


def test_the_pictures_are_small_and_drawn(build: ModuleType) -> None:
    for path, data in build.pictures().items():
        assert data.startswith(b"\x89PNG") and path.stat().st_size < 100_000


@each_patcher
def test_every_box_is_known_and_has_the_ports_that_max_will_give_it(patcher: Patcher) -> None:
    for box in patcher.boxes.values():
        ports = ports_of(patcher, box)
        assert ports is not None, f"unknown: {box['maxclass']} {box.get('text')}"
        assert box["numinlets"] == len(ports.inlets), box
        assert box["numoutlets"] == len(ports.outlets), box
        assert tuple(box.get("outlettype", ())) == ports.outlets, box


@each_patcher
def test_every_key_of_a_box_is_one_that_its_class_has(patcher: Patcher) -> None:
    for box in patcher.boxes.values():
        assert set(box) - EVERY_BOX <= KEYS.get(box["maxclass"], set()), box
        value = box.get("saved_attribute_attributes", {}).get("valueof", {})
        assert set(value) <= PARAMETER_KEYS, box


@each_patcher
def test_every_cord_joins_an_outlet_with_an_inlet_that_takes_what_comes(patcher: Patcher) -> None:
    assert len(patcher.boxes) == len(patcher.raw["boxes"]), "two boxes share an id"
    assert len(set(patcher.lines)) == len(patcher.lines), "a cord is there twice"
    for (source, outlet), (target, inlet) in patcher.lines:
        out, into = ports_of(patcher, patcher.boxes[source]), ports_of(patcher, patcher.boxes[target])
        assert out is not None and into is not None
        said = f"{patcher.boxes[source].get('text')}:{outlet} -> {patcher.boxes[target].get('text')}:{inlet}"
        assert outlet < len(out.outlets) and inlet < len(into.inlets), said
        is_sound = out.outlets[outlet] == "signal"
        assert into.inlets[inlet] in ("b", "~") if is_sound else into.inlets[inlet] in ("b", "m"), said


@each_patcher
def test_no_box_dangles(patcher: Patcher) -> None:
    joined = {key for line in patcher.lines for key, _ in line}
    for key, box in patcher.boxes.items():
        has_ports = box["numinlets"] + box["numoutlets"] > 0
        assert key in joined or box["maxclass"] in STAND_ALONE or not has_ports, box


@each_patcher
def test_a_word_goes_only_to_what_takes_it(patcher: Patcher) -> None:
    for key, box in patcher.boxes.items():
        name, *rest = words(box) or [""]
        said = rest[0] if name == "prepend" else name if box["maxclass"] == "message" else ""
        if not re.match(r"[a-z]", said):
            continue
        for target in patcher.targets(key):
            kind = words(target)[0] if target["maxclass"] == "newobj" else target["maxclass"]
            if kind in MESSAGES:
                assert said in MESSAGES[kind], f"{said} to {kind}"


@each_patcher
def test_lists_are_not_cut_at_256(patcher: Patcher) -> None:
    """What a zl object takes if it is not told: a message has up to 256 values, and two numbers before them."""
    for box in patcher.boxes.values():
        if (words(box) or [""])[0] == "zl.slice":
            assert int(words(box)[words(box).index("@zlmaxsize") + 1]) >= 258


def overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@each_patcher
def test_nothing_lies_upon_something_else(patcher: Patcher) -> None:
    boxes = list(patcher.boxes.values())
    for view in ("patching_rect", "presentation_rect"):
        flat = [b for b in boxes if view in b and b["maxclass"] != "panel"]
        for a, b in itertools.combinations(flat, 2):
            both = (a.get("text") or a["maxclass"], b.get("text") or b["maxclass"])
            assert not overlap(a[view], b[view]), (view, both)


@each_patcher
def test_what_is_shown_fits(patcher: Patcher) -> None:
    _, _, width, height = patcher.raw["rect"]
    for box in patcher.boxes.values():
        if "presentation_rect" in box:
            x, y, w, h = box["presentation_rect"]
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height, box
        if box["maxclass"] == "comment":
            assert len(box["text"]) * box["fontsize"] * 0.52 <= box["presentation_rect"][2], box["text"]
        if box["maxclass"] == "bpatcher":
            inner = load(patcher.path.parent / box["name"])
            assert box["presentation_rect"][2:] == inner["rect"][2:], f"the window shows a part of {box['name']} only"


@each_patcher
def test_it_opens_in_the_presentation_and_is_dark(patcher: Patcher) -> None:
    assert patcher.raw["openinpresentation"] == 1
    assert max(patcher.raw["locked_bgcolor"][:3]) < 0.2


def test_what_is_received_is_sent_and_what_is_sent_is_received() -> None:
    def names(folder: Path, kind: str) -> set[str]:
        found = (words(b) for p in PATCHERS if p.path.parent == folder for b in p.boxes.values())
        return {w[1] for w in found if w and w[0] == kind}

    for folder in (MAX, LIVE):
        received, sent = names(folder, "r"), names(folder, "s")
        # the device has no boxes for host and port: its daemon is on this computer
        spare = {"---ear.host", "---ear.port"} if folder == LIVE else set()
        assert received - spare == sent
        assert {name.rpartition("ear.")[0] for name in sent} == ({"---"} if folder == LIVE else {""})


def test_every_script_is_beside_the_patch_that_names_it() -> None:
    for patcher in PATCHERS:
        for box in patcher.boxes.values():
            if (words(box) or [""])[0] == "js":
                assert (patcher.path.parent / words(box)[1]).exists()
                assert box["saved_object_attributes"]["filename"] == words(box)[1]


def test_buffers_that_are_played_are_there() -> None:
    for patcher in PATCHERS:
        texts = [words(b) for b in patcher.boxes.values() if words(b)]
        made = {w[1] for w in texts if w[0] == "buffer~"}
        assert {w[1] for w in texts if w[0] == "groove~"} == made
        for script in (w for w in texts if w[:2] == ["js", "ear.clips.js"]):
            assert set(script[2:]) == made


def test_the_device_is_an_audio_effect_whose_chunks_can_be_read() -> None:
    chunks = device_chunks(DEVICE.read_bytes())
    assert [name for name, _ in chunks] == [b"ampf", b"meta", b"ptch"]
    assert chunks[0][1] == b"aaaa" and len(chunks[1][1]) == 4
    assert chunks[2][1].endswith(b"}\n\0")
    raw = load(DEVICE)
    assert raw["project"]["amxdtype"] == int.from_bytes(b"aaaa", "big")
    assert {entry["name"] for entry in raw["dependency_cache"]} == {path.name for path in LIVE.glob("*.js")}


def test_the_devices_list_of_parameters_is_that_of_its_boxes() -> None:
    raw = load(DEVICE)
    (device,) = [p for p in PATCHERS if p.path == DEVICE and p.name == DEVICE.name]
    banks = raw["parameters"].pop("parameterbanks")
    names = {key: entry[0] for key, entry in raw["parameters"].items()}
    assert names == {
        key: box["saved_attribute_attributes"]["valueof"]["parameter_longname"]
        for key, box in device.boxes.items()
        if box.get("parameter_enable")
    }
    assert len(banks["0"]["parameters"]) == 8 and set(banks["0"]["parameters"]) <= set(names.values())


def test_the_device_is_as_low_as_live_shows_it_and_lets_the_tracks_sound_through() -> None:
    (device,) = [p for p in PATCHERS if p.path == DEVICE and p.name == DEVICE.name]
    assert device.raw["rect"][3] == LIVE_HEIGHT and device.raw["devicewidth"] == device.raw["rect"][2]
    (track,) = [key for key, b in device.boxes.items() if b.get("text") == "plugin~"]
    for channel in (0, 1):
        (mixed,) = device.targets(track, channel)
        (out,) = device.targets(mixed["id"])
        assert mixed["text"] == "+~" and out["text"] == "plugout~"


def test_the_parameters_of_the_device_have_names_of_their_own() -> None:
    boxes = [b for p in PATCHERS if p.path == DEVICE for b in p.boxes.values() if b.get("parameter_enable")]
    values: list[dict[str, Any]] = [b["saved_attribute_attributes"]["valueof"] for b in boxes]
    names = [v["parameter_longname"] for v in values]
    assert len(set(names)) == len(names) >= 15
    for value in values:
        if "parameter_enum" in value:
            assert value["parameter_mmax"] == len(value["parameter_enum"]) - 1
        assert value["parameter_type"] in (0, 2), "Live's whole numbers end at 255"
