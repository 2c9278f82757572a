"""Checks of the smaller streams: levels, channels, maps, scalogram, selection, classes, the beat and dreams."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..ear.anatomy import CLASSES, Layer
from ..osc.bulk import LIST_VALUES
from ..osc.maps import MAPS, MOST_CHANNELS
from ..osc.streams import DREAM, MOST_CLASSES, TRANSPORT
from .conform_check import MOVES, Skip, Station, check, expect
from .conform_parameters import value_of
from .conform_talk import NAME, Said, Talk, answer_of, messages_of

LISTEN_S = 0.5
SEVERAL = 4  # channels
STEP = 1 / 255
NEAR = 1e-3  # of sums that are made in another order

Values = NDArray[np.float32]


@check("levels are the mean and peak of every layer, 0 to 1, frame by frame")
def levels(on: Station) -> str:
    mean, peak = messages_of("levels")
    with on.talk() as client:
        client.subscribe("levels")
        said = [s for s in client.heard(LISTEN_S) if s.address.startswith("/ear/level")]
    pairs = [(a, b) for a, b in itertools.pairwise(said) if a.address == mean.address]
    expect(len(pairs) >= 2, f"{mean.address} and {peak.address}, several times", f"{len(said)} messages")
    for a, b in pairs:
        mean.check(a), peak.check(b)
        expect(
            len(a.args) == len(b.args) == _count(on),
            f"{_count(on)} floats, one a layer",
            f"{len(a.args)}, {len(b.args)}",
        )
        in_range(a, a.args)
        in_range(b, b.args)
        expect(
            all(m <= p + NEAR for m, p in zip(a.args, b.args, strict=True)), "means not above their peaks", f"{a}; {b}"
        )
    return f"{len(pairs) / LISTEN_S:.0f} frames a second"


@check("channels are told layer by layer, the means of their neurons")
def channels(on: Station) -> str:
    whole, part = messages_of("channels")
    layer = _layer_with(on, channels=3)
    part_address = part.address.replace("<first>", "1")
    values: dict[int, Values] = {}
    wholes: dict[int, Values] = {}
    parts: dict[int, Values] = {}
    with on.talk() as client:
        client.subscribe("activations", "f32", text=f"{layer.index}")
        client.subscribe("channels", text=f"{layer.index}")
        client.subscribe("channels", text=f"{layer.index}:1-2")
        for said in client.heard(LISTEN_S):
            if said.address == "/ear/activations" and said.tags == "iiiiib":
                frame = values.setdefault(said.args[1], np.zeros(layer.neurons, np.float32))
                block = np.frombuffer(said.args[5], "<f4")
                at = said.args[4] - layer.first_neuron
                frame[at : at + len(block)] = block
            elif said.address.startswith(whole.address):
                expect(said.address in (whole.address, part_address), f"{whole}, or {part_address} for 1-2", str(said))
                is_whole = said.address == whole.address
                t = (whole if is_whole else replace(part, address=part_address)).check(said)
                expect(t["layer"] == layer.index, f"layer {layer.index}, as filtered", str(said))
                count = layer.channels if is_whole else 2
                expect(len(said.args) - 2 == count <= LIST_VALUES, f"{count} floats", len(said.args) - 2)
                in_range(said, said.args[2:])
                (wholes if is_whole else parts)[t["frame"]] = np.array(said.args[2:], np.float32)
    common = sorted(values.keys() & wholes.keys() & parts.keys())
    counts = f"{len(values)} of activations, {len(wholes)} on {whole.address}, {len(parts)} on {part_address}"
    expect(len(common) >= 3, "channels, part of them and activations of the same frames", counts)
    for number in common[1:-1]:
        means = values[number].reshape(layer.channels, layer.positions).mean(1)
        off = float(np.abs(wholes[number] - means).max())
        expect(off <= NEAR, "the means of the channels' neurons", f"{off:.3f} off in frame {number}")
        expect(np.array_equal(parts[number], wholes[number][1:3]), "the same numbers through a filter", parts[number])
    return f"layer {layer.index}"


@check("maps are the last steps of their channels, oldest first; too many channels are refused with 413")
def maps(on: Station) -> str:
    (signature,) = messages_of(MAPS)
    layer = _layer_with(on, channels=2)
    # one may be dark all the time, and then is right either way up; all come in one datagram
    count = max(1, min(layer.channels, SEVERAL, 1_000 // layer.positions))
    text = f"{layer.index}:0-{count - 1}"
    shown: dict[int, NDArray[np.uint8]] = {}
    frames: dict[int, NDArray[np.uint8]] = {}
    with on.talk() as client:
        client.refused(422, "/ear/subscribe", MAPS, "", 0, 0.0, 0.0)
        if sum(x.channels for x in on.layers) > MOST_CHANNELS:
            client.refused(413, "/ear/subscribe", MAPS, "", 0, 0.0, 0.0, f"0-{on.layers[-1].index}")
        client.subscribe("activations", "u8", text=text)
        client.subscribe(MAPS, text=text)
        for said in client.heard(LISTEN_S):
            if said.address == "/ear/activations" and said.tags == "iiiiib":
                frames[said.args[1]] = np.frombuffer(said.args[5], np.uint8)
            elif said.address == signature.address:
                t = signature.check(said)
                expect(t["epoch"] == on.epoch, f"the epoch of welcome, {on.epoch}", t["epoch"])
                is_asked = t["layer"] == layer.index and 0 <= t["channel"] < count
                expect(is_asked, f"layer {layer.index}, channels 0 to {count - 1}", str(said))
                expect(t["steps"] > 1 and t["positions"] == layer.positions, f"{layer.positions} positions", str(said))
                rows, rest = divmod(len(t["values"]), layer.positions)
                first = t["first_step"]
                expect(rows > 0 == rest and 0 <= first <= t["steps"] - rows, "whole steps, of the map", str(said))
                pictures = shown.setdefault(t["frame"], np.zeros((count, t["steps"], layer.positions), np.uint8))
                values = np.frombuffer(t["values"], np.uint8)
                pictures[t["channel"], first : first + rows] = values.reshape(rows, -1)
    order = sorted(shown.keys() & frames.keys())[:-1]  # the last may have been cut
    expect(len(order) >= 3, f"{signature}, several times", f"{len(shown)} maps beside {len(frames)} frames")
    for number in order:
        off = int(np.abs(shown[number][:, -1].ravel().astype(int) - frames[number]).max())
        expect(off == 0, "the activations of the same frame as its last row", f"{off} off in frame {number}")
    for before, after in itertools.pairwise(order):
        steps = after // layer.frames_per_step - before // layer.frames_per_step
        moved = np.array_equal(shown[before][:, steps:], shown[after][:, :-steps]) if steps > 0 else False
        expect(moved, f"a map that moves on by a row every {layer.frames_per_step} frames", f"frame {after}")
    return f"layer {layer.index}, {len(order)} maps"


@check("the scalogram comes as floats or as bytes, which agree")
def scalogram(on: Station) -> str:
    as_list, as_bytes = messages_of("scalogram")
    bins = on.layers[0].neurons if on.layers else _need_layers()
    floats: dict[int, NDArray[np.float64]] = {}
    bytes_: dict[int, NDArray[np.uint8]] = {}
    with on.talk() as client:
        client.subscribe("scalogram", "list")
        client.subscribe("scalogram", "u8")
        for said in client.heard(LISTEN_S):
            if said.address != "/ear/scalogram":
                continue
            if "b" in said.tags:
                as_bytes.check(said)
                bytes_[said.args[0]] = np.frombuffer(said.args[1], np.uint8)
                expect(len(said.args[1]) == bins, f"{bins} bytes", len(said.args[1]))
            else:
                as_list.check(said)
                expect(len(said.args) == 1 + bins, f"{bins} floats", len(said.args) - 1)
                in_range(said, said.args[1:])
                floats[said.args[0]] = np.array(said.args[1:])
    both = floats.keys() & bytes_.keys()
    expect(len(both) >= 2, "both packings of the same frames", f"{len(floats)} and {len(bytes_)} frames")
    off = max(float(np.abs(floats[f] - bytes_[f] / 255).max()) for f in both)
    expect(off <= STEP, "packings that agree within 1/255", f"{off:.4f} off")
    return f"{bins} bins"


@check("the selection's stream is mean and peak of what is selected", MOVES)
def selection(on: Station) -> str:
    (signature,) = messages_of("selection")
    layer = _layer_with(on, channels=1)
    with on.talk() as client:
        others = [s for s in _regions(client) if s.args[6] != NAME]
        try:
            neurons = client.done("/ear/select/add", layer.index, 0, -1, 0.0, 1.0, 1.0, NAME)[0]
            expect(neurons == layer.neurons, f"{layer.neurons} neurons, the whole layer", neurons)
            ours = [s.args for s in _regions(client) if s.args[6] == NAME]
            wanted = (layer.index, 0, layer.channels - 1, 0.0, 1.0, 1.0, NAME, layer.neurons)
            expect(ours == [wanted] or ours == [(layer.index, 0, -1, *wanted[3:])], f"/ear/selected {wanted}", ours)
            client.subscribe("selection")
            client.subscribe("levels")
            said = list(client.heard(LISTEN_S))
        finally:
            _let_go(client)
    told = [s for s in said if s.address == signature.address]
    expect(len(told) >= 2, str(signature), f"{len(told)} messages")
    for s in told:
        signature.check(s)
        in_range(s, s.args)
    if others:
        return f"beside {len(others)} regions of others"
    means = [s.args[layer.index] for s in said if s.address == "/ear/level/mean"]
    off = max(min((abs(s.args[0] - m) for m in means), default=1.0) for s in told[1:-1] or told)
    expect(off <= NEAR, "the mean of the layer that is selected, as levels tell it", f"{off:.3f} off")
    return f"layer {layer.index}"


def _let_go(client: Talk) -> None:
    """Takes our region away: by clearing if there is no other, else by its weight, for others' circles could not be
    selected again from what is told of them."""
    if any(said.args[6] != NAME for said in _regions(client)):
        client.done("/ear/select/add", 0, 0, 0, 0.0, 0.0, 0.0, NAME)
    else:
        client.done("/ear/select/clear")


def _regions(client: Talk) -> list[Said]:
    client.send("/ear/select")
    client.send("/ear/sync", 3)
    region, counted = answer_of("/ear/select")["/ear/selected"], answer_of("/ear/select")["/ear/select"]
    found, count = [], -1
    for said in client.heard(2.0):
        if said.address == region.address:
            region.check(said)
            found.append(said)
        elif said.args[:1] == (counted.address,):
            expect(said.tags == f"s{counted.fixed}", f"/ear/done {counted}", str(said))
            count = said.args[1]
        elif said.address == "/ear/synced":
            break
    expect(len(found) == count, f"{count} regions, as counted", len(found))
    return found


@check("classes come best first, as names and probabilities; without classes they are refused with 404")
def classes(on: Station) -> str:
    (signature,) = messages_of(CLASSES)
    _count(on)
    if on.layers[-1].name != CLASSES:
        with on.talk() as client:
            client.refused(404, "/ear/subscribe", CLASSES, "", 0, 0.0, 0.0)
        raise Skip("this network has no classes; 404, as it should")
    with on.talk() as client:
        client.subscribe(CLASSES)
        said = [s for s in client.heard(LISTEN_S) if s.address == signature.address]
    expect(len(said) >= 2, str(signature), f"{len(said)} messages")
    for s in said:
        signature.check(s)
        names, values = s.args[::2], s.args[1::2]
        expect(0 < len(names) == min(on.layers[-1].neurons, MOST_CLASSES), f"{on.layers[-1].neurons} names", len(names))
        expect(len(set(names)) == len(names), "each name once", str(s))
        expect(list(values) == sorted(values, reverse=True), "best first", str(s))
        in_range(s, values)
    return f"{said[-1].args[0]} {said[-1].args[1]:.2f}"


@check("the beat comes in time, bar by bar")
def transport(on: Station) -> str:
    (signature,) = messages_of(TRANSPORT)
    with on.talk() as client:
        mode, bpm = value_of(client, "transport.mode"), value_of(client, "transport.bpm")
        seconds = min(2.6 * 60 / bpm + 0.3, 7.0)
        client.subscribe(TRANSPORT)
        said = [s for s in client.heard(seconds) if s.address == signature.address]
    told = [signature.check(s) for s in said]
    expect(len(told) >= 2, f"two beats in {seconds:.1f} s, at {bpm:g} bpm", len(told))
    for a, b in itertools.pairwise(told):
        following = (a["bar"], a["beat"] + 1), (a["bar"] + 1, 1)
        expect((b["bar"], b["beat"]) in following, f"{following[0]} or {following[1]}", (b["bar"], b["beat"]))
    for t in told:
        expect(t["bar"] >= 1 and t["beat"] >= 1 and 0 <= t["phase"] < 1, "bar and beat from 1 on, phase 0 to 1", t)
    if mode == "internal":
        expect(all(abs(t["bpm"] - bpm) < 0.01 for t in told), f"{bpm:g} bpm", [t["bpm"] for t in told])
        gaps = [b.at - a.at for a, b in itertools.pairwise(said)]
        expect(
            all(abs(gap - 60 / bpm) < 0.2 for gap in gaps), f"{60 / bpm:.2f} s apart", [f"{gap:.2f}" for gap in gaps]
        )
    return f"{told[-1]['bpm']:g} bpm"


@check("a dream tells its steps")
def dream(on: Station) -> str:
    (signature,) = messages_of(DREAM)
    with on.talk() as client:
        client.subscribe(DREAM)
        began = time.monotonic()
        said = [s for s in client.heard(1.5) if s.address == signature.address]
    if not said:
        raise Skip("nothing is being dreamed")
    told = [signature.check(s) for s in said]
    steps = [t["step"] for t in told]
    expect(steps == sorted(steps), "steps that rise", steps[:6])
    expect(min(t["steps_per_s"] for t in told) > 0, "steps a second", told[0])
    return f"{len(said) / (time.monotonic() - began):.0f} steps a second"


def in_range(said: Said, values: Iterable[float]) -> None:
    """Raises Differs unless all are 0 to 1."""
    expect(all(0 <= v <= 1 for v in values), f"{said.address}: values from 0 to 1", str(said))


def _layer_with(on: Station, channels: int) -> Layer:
    """A layer that lies in one message, and changes with every second frame at most."""
    for layer in on.layers[1:]:
        if channels <= layer.channels < LIST_VALUES and layer.neurons <= 4_096:
            return layer
    if not on.layers:
        _need_layers()
    raise Skip(f"no layer has {channels} to {LIST_VALUES - 1} channels")


def _count(on: Station) -> int:
    return len(on.layers) or _need_layers()


def _need_layers() -> int:
    raise Skip("it does not tell its layers")
