"""What the patches for Max and Live say to the daemon is what it takes, and what they listen for is what it sends."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.spec import load_spec
from oscbridge.osc.bulk import LOCAL_BYTES, REMOTE_BYTES
from oscbridge.osc.layouts import LayoutPacker
from oscbridge.osc.space import COMMANDS, AddressSpace
from oscbridge.osc.streams import STREAMS, Packer, check_wish
from oscbridge.settings import parameters

from .max_patches import LIVE, PATCHERS, Patcher, words

SPEC = load_spec(resources.model_file("ear"))
EAR = anatomy(SPEC).layers
PARAMETERS = {p.path: p for p in parameters()}
BY_ADDRESS = {p.address: p for p in PARAMETERS.values()}
ALWAYS = {"/ear/alive", "/ear/done", "/ear/fail"}
COMES = (
    ALWAYS
    | {c.answer.split()[0] for c in COMMANDS}
    | {sent.address for kind in STREAMS.values() for sent in kind.messages}
    | set(BY_ADDRESS)
    | {f"/ear/channels/{first}" for first in (0, 256)}
)
QUEUE = 2_048  # messages that udpreceive holds, by default
HOP_HZ = 44_100 / 1_024
each_patcher = pytest.mark.parametrize("patcher", PATCHERS, ids=lambda p: p.name)


def boxes(kind: str) -> list[tuple[Patcher, dict[str, Any], list[str]]]:
    """Message boxes, or object boxes of that name, with their words."""
    found = [(p, b, words(b)) for p in PATCHERS for b in p.boxes.values() if words(b)]
    if kind == "message":
        return [entry for entry in found if entry[1]["maxclass"] == "message"]
    return [entry for entry in found if entry[1]["maxclass"] == "newobj" and entry[2][0] == kind]


def goes_to_the_daemon(patcher: Patcher, box: dict[str, Any]) -> bool:
    return [words(t)[-1] for t in patcher.targets(box["id"])] in (["ear.to"], ["---ear.to"])


def value_of(patcher: Patcher, box: dict[str, Any], word: str) -> int | float | str:
    """A word of a message box as an argument; $2 is a number of the kind that the box before it packs."""
    if word.startswith("$"):
        (before,) = patcher.sources(box["id"])
        while words(before)[0] == "speedlim":
            (before,) = patcher.sources(before["id"])
        assert words(before)[0] == "pack", f"nothing tells what {word} is"
        return {"0": 3, "0.": 0.5}[words(before)[int(word[1:])]]
    if re.fullmatch(r"-?\d+", word):
        return int(word)
    return float(word) if re.fullmatch(r"-?\d+\.\d*", word) else word


def test_every_command_that_is_sent_is_one_and_its_arguments_are_taken() -> None:
    space, said = AddressSpace(), set()
    for patcher, box, (address, *rest) in boxes("message"):
        if not address.startswith("/"):
            continue
        command = space.command(address)
        assert command is not None, address
        command.check([value_of(patcher, box, word) for word in rest])
        assert goes_to_the_daemon(patcher, box)
        said.add(address)
    assert {"/ear/dream/start", "/ear/dream/stop", "/ear/dream/restart", "/ear/select/add"} <= said
    assert {"/ear/select/circle", "/ear/select/clear", "/ear/clip/play"} <= said


def test_every_parameter_that_is_sent_can_be_set_while_the_daemon_runs() -> None:
    sent = [(p, b, w[1]) for p, b, w in boxes("prepend") if w[1].startswith("/")]
    assert len(sent) > 25
    for patcher, box, address in sent:
        assert BY_ADDRESS[address].live, address
        assert goes_to_the_daemon(patcher, box)


def test_every_address_that_is_listened_for_comes() -> None:
    """And every stream is listened for, in a packing without blobs, which Max cannot take apart."""
    heard = {word for kind in ("route", "routepass") for _, _, w in boxes(kind) for word in w[1:] if word[0] == "/"}
    assert heard <= COMES
    for name, kind in STREAMS.items():
        listed = {s.address for s in kind.messages if not s.when.startswith(("u8", "blob"))}
        assert not listed or listed & heard, name
    assert not heard & {s.address for s in STREAMS["activations"].messages if "b:" in s.signature}


def test_what_is_taken_apart_has_as_many_parts_as_the_message() -> None:
    """[route address] into [unpack ...]: the types are those of the wire."""
    checked = 0
    for patcher, box, (_, *addresses) in boxes("route"):
        for outlet, address in enumerate(addresses):
            for target in patcher.targets(box["id"], outlet):
                sent = [s for kind in STREAMS.values() for s in kind.messages if s.address == address]
                if words(target or {"text": "-"}) and words(target)[0] == "unpack" and sent:
                    tags = "".join({"0": "i", "0.": "f", "s": "s"}[word] for word in words(target)[1:])
                    wire = sent[0].tags * (len(tags) // max(1, len(sent[0].tags)) if "…" in sent[0].signature else 1)
                    assert tags == wire, address
                    checked += 1
    assert checked >= 5


def wishes() -> list[tuple[str, list[str]]]:
    """The file, and the words after `want`, of every stream that a patch asks for by a message box."""
    return [(p.path.name, w[1:]) for p, _, w in boxes("message") if w[0] == "want"]


def test_every_stream_that_is_asked_for_is_granted_and_none_comes_as_blobs() -> None:
    asked = set()
    for _, (stream, packing, _, *filters) in wishes():
        text = "9-9" if filters == ["$1"] else " ".join(filters)
        wish = check_wish(stream, packing.replace("-", ""), text, LOCAL_BYTES, EAR)
        assert wish.packing not in ("u8", "f32", "blob")
        asked.add(stream)
    # two are asked for by ear.places.js, when it knows the layer; maps come as blobs alone
    assert asked | {"activations", "layout", "maps"} == set(STREAMS)


def packets(stream: str, packing: str, text: str) -> list[bytes]:
    packer = Packer(EAR, 1, Normalizer(EAR, None, "none", 1.0, 0.0), SPEC.classes)
    wish = check_wish(stream, packing, text, LOCAL_BYTES, EAR)
    values = np.zeros(EAR[-1].first_neuron + EAR[-1].neurons, np.float32)
    return [bytes(p) for p in packer.frame(1, values).of(wish)]


def test_all_streams_together_stay_far_below_what_max_can_queue() -> None:
    """In a second, with the largest layer chosen; and no datagram is longer than one to another computer may be."""
    asked = [w for name, w in wishes() if name.endswith(".maxpat") and STREAMS[w[0]].per_frame]
    largest = max(EAR, key=lambda layer: layer.neurons).index
    asked.append(["activations", "list", "10", str(largest)])
    total = 0.0
    for stream, packing, hz, *filters in asked:
        made = packets(stream, packing.replace("-", ""), str(largest) if filters else "")
        total += len(made) * (float(hz) or HOP_HZ)
        assert max(map(len, made)) <= REMOTE_BYTES, stream
    assert total < QUEUE / 3


def test_a_layers_layout_is_below_what_max_can_queue() -> None:
    largest = max(EAR, key=lambda layer: layer.neurons)
    wish = check_wish("layout", "list", f"{largest.index}-{largest.index}", LOCAL_BYTES, EAR)
    places = np.zeros((EAR[-1].first_neuron + EAR[-1].neurons, 2), np.float32)
    made = LayoutPacker(EAR).snapshot(1, 0, places, wish)
    snapshots = PARAMETERS["layout.snapshots"].field.default + 1
    assert len(made) * snapshots < QUEUE / 2


@each_patcher
def test_controls_have_the_ranges_of_the_parameters(patcher: Patcher) -> None:
    for box in patcher.boxes.values():
        parameter = PARAMETERS.get(box.get("varname", ""))
        value = box.get("saved_attribute_attributes", {}).get("valueof", {})
        if parameter is None:
            parameter = PARAMETERS.get(value.get("parameter_longname", "").replace(" ", ".", 1))
        if parameter is None:
            continue
        if box["maxclass"] == "live.dial":
            assert (value["parameter_mmin"], value["parameter_mmax"]) == (parameter.low, parameter.high)
        elif box["maxclass"] == "flonum":
            assert (box["minimum"], box["maximum"]) == (parameter.low, parameter.high)
        else:
            items = value.get("parameter_enum") or [item for item in box["items"] if item != ","]
            assert tuple(items) == parameter.choices
        if "parameter_initial" in value and parameter.tag == "f":
            assert value["parameter_initial"] == [parameter.field.default]


@each_patcher
def test_every_control_is_turned_and_shown(patcher: Patcher) -> None:
    """It sends its own address, and is set without a word when its value comes from the daemon."""
    for key, box in patcher.boxes.items():
        parameter = PARAMETERS.get(box.get("varname", "")) or PARAMETERS.get(
            box.get("varname", "").replace("dream ", "dream.", 1)
        )
        if parameter is None:
            continue
        menu = box["maxclass"] in ("umenu", "live.menu")
        following = [words(t) for t in patcher.targets(key, 1 if menu else 0)]
        if not menu:
            (limit,) = patcher.targets(key)
            following = [words(t) for t in patcher.targets(limit["id"])]
        assert following == [["prepend", parameter.address]]
        setters = [s for s in patcher.sources(key) if words(s)[:1] == ["prepend"]]
        assert [words(s)[1] for s in setters] == ["setsymbol" if menu else "set"]
        (route,) = patcher.sources(setters[0]["id"])
        outlets = [out for (source, out), to in patcher.lines if to == (setters[0]["id"], 0)]
        assert words(route)[1 + outlets[0]] == parameter.address


def test_layers_and_channels_go_as_far_as_the_network() -> None:
    last, most = EAR[-1].index, max(layer.channels for layer in EAR) - 1
    for patcher in PATCHERS:
        for box in patcher.boxes.values():
            value = box.get("saved_attribute_attributes", {}).get("valueof", {})
            high = value.get("parameter_mmax") if box["maxclass"] == "live.numbox" else box.get("maximum")
            assert box["maxclass"] != "number" or high in (None, last, most, 65_535), box
            if value.get("parameter_longname") in ("layer", "channel"):
                assert high == {"layer": last, "channel": most}[value["parameter_longname"]]
            if box["maxclass"] == "multislider":
                assert box["size"] in (len(EAR), EAR[0].channels * EAR[0].positions, 256)
                assert box["setminmax"] == [0.0, 1.0]


def test_the_device_listens_on_a_port_of_its_own() -> None:
    ports = {p.path.parent == LIVE: w[1] for p, _, w in boxes("udpreceive")}
    assert ports == {False: "7400", True: "7401"}
    assert {tuple(w[1:]) for _, _, w in boxes("udpsend")} == {
        ("127.0.0.1", str(PARAMETERS["server.port"].field.default))
    }
