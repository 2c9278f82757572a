"""Checks of the stream `layout`: where every neuron lies, in chunks, in lists, and as a file."""

from __future__ import annotations

import io
import re
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ear.anatomy import Layer
from ..osc.bulk import LIST_VALUES
from ..osc.streams import LAYOUT
from .conform_check import HEAVY, Differs, Skip, Station, check, expect
from .conform_files import fetch, get, path_of
from .conform_talk import Said, Talk, messages_of

READY, XY, LIST, PROGRESS = messages_of(LAYOUT)
BYTES = 8  # x and y of a neuron
WHOLE = 0.5  # of the snapshots have to be whole: a burst of megabytes may lose some on the way
CIRCLE = 1 + 1e-4

Places = NDArray[np.float32]


@check("a layout is told whole: where its file lies, and chunks with every neuron once, in the unit circle", HEAVY)
def layout(on: Station) -> str:
    ready, said = _heard(on, "blob")
    expect(ready["rev"] >= 0 and ready["snapshots"] >= 1, "a rev, and snapshots from 1 on", ready)
    expect(ready["neurons"] == on.neurons, f"{on.neurons:,} neurons, as in welcome", f"{ready['neurons']:,}")
    expect(bool(re.fullmatch("[0-9a-f]{64}", ready["sha256"])), "a sha256 in hexadecimal", ready["sha256"])
    path_of(ready["url"])
    found = _snapshots(said, ready, (0, on.neurons))
    for snapshot, places in found.items():
        radius = float(np.sqrt((places**2).sum(1)).max())
        expect(radius <= CIRCLE, "places in the unit circle, little-endian", f"{radius:g} away in snapshot {snapshot}")
    return f"{len(found)} of {ready['snapshots']} snapshots whole"


@check("a layout as lists agrees with its chunks", HEAVY)
def layout_list(on: Station) -> None:
    layer = _small_layer(on)
    ready, said = _heard(on, "list", f"{layer.index}")
    _, blobs = _heard(on, "blob", f"{layer.index}")
    wanted = (layer.first_neuron, layer.neurons)
    in_chunks = _snapshots(blobs, ready, wanted)
    lists: dict[int, dict[int, Sequence[float]]] = defaultdict(dict)
    for s in said:
        if s.address == LIST.address:
            t = LIST.check(s)
            expect(t["rev"] == ready["rev"], f"rev {ready['rev']}", t["rev"])
            expect(0 < len(s.args) - 3 <= LIST_VALUES, f"1 to {LIST_VALUES} floats", len(s.args) - 3)
            lists[t["snapshot"]][t["first_neuron"]] = s.args[3:]
    for snapshot, places in in_chunks.items():
        flat = [value for first in sorted(lists[snapshot]) for value in lists[snapshot][first]]
        expect(len(flat) == 2 * layer.neurons, f"x and y of {layer.neurons} neurons", f"{len(flat)} floats")
        off = float(np.abs(np.array(flat).reshape(-1, 2) - places).max())
        expect(off <= 1e-6, "the same places in lists and chunks", f"{off:g} off in snapshot {snapshot}")


@check("a layout's file is behind its URL: hash, ETag, ranges, and the same places")
def layout_file(on: Station) -> str:
    layer = _small_layer(on)
    ready, said = _heard(on, "blob", f"{layer.index}")
    content = fetch(on, ready["url"], ready["sha256"])
    try:
        places = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise Differs("a NumPy file", str(error)) from error
    shape = (ready["snapshots"], on.neurons, 2)
    expect(
        places.shape == shape and places.dtype == np.dtype("<f4"), f"float32 {shape}", f"{places.dtype} {places.shape}"
    )
    for snapshot, told in _snapshots(said, ready, (layer.first_neuron, layer.neurons)).items():
        expect(np.array_equal(places[snapshot][layer.span], told), "the places that were told", f"others in {snapshot}")
    missing = get(on, path_of(ready["url"]).rpartition("/")[0] + "/no-such-layout.npy")
    expect(missing.status == 404, "404 for a file that is not there", missing)
    return f"{len(content):,} bytes"


def _heard(on: Station, packing: str, text: str = "") -> tuple[dict[str, Any], list[Said]]:
    """What ready tells, and all that came behind it, until nothing more comes. Raises Skip without a layout."""
    said: list[Said] = []
    with on.talk() as client:
        client.subscribe(LAYOUT, packing, text=text)
        ready = _first(client, said)
        while burst := list(client.heard(0.15)):
            said += burst
            if said[-1].at - said[0].at > 4.0:
                break
    for s in said:
        if s.address == PROGRESS.address:
            PROGRESS.check(s)
    return ready, said


def _first(client: Talk, said: list[Said]) -> dict[str, Any]:
    end = time.monotonic() + 1.0
    for s in client.heard(1.0):
        said.append(s)
        if s.address == READY.address:
            return READY.check(s)
        if time.monotonic() > end:
            break
    if any(s.address in (PROGRESS.address, XY.address, LIST.address) for s in said):
        raise Skip("a layout is being solved")
    raise Skip("there is no layout")


def _snapshots(said: Sequence[Said], ready: dict[str, Any], wanted: tuple[int, int]) -> dict[int, Places]:
    """The snapshots that came whole. wanted: first neuron and how many. Raises Differs if too few are."""
    parts: dict[int, dict[int, tuple[int, bytes]]] = defaultdict(dict)
    counts: dict[int, int] = {}
    for s in said:
        if s.address != XY.address:
            continue
        t = XY.check(s)
        expect(t["rev"] == ready["rev"], f"rev {ready['rev']}, as in {READY.address}", t["rev"])
        expect(0 <= t["snapshot"] < ready["snapshots"], f"snapshots 0 to {ready['snapshots'] - 1}", t["snapshot"])
        expect(0 <= t["chunk"] < t["chunks"], f"chunks 0 to {t['chunks'] - 1}", t["chunk"])
        blob = t["x,y"]
        expect(len(blob) % BYTES == 0 and len(blob) > 0, f"{BYTES} bytes a neuron", len(blob))
        expect(t["chunk"] not in parts[t["snapshot"]], "each chunk once", f"chunk {t['chunk']} twice")
        parts[t["snapshot"]][t["chunk"]] = (t["first_neuron"], blob)
        counts[t["snapshot"]] = t["chunks"]
    found, why = {}, f"{len(parts)} snapshots came"
    for snapshot, chunks in parts.items():
        position = wanted[0]
        for first, blob in sorted(chunks.values()):
            if first != position:
                break
            position += len(blob) // BYTES
        else:
            if position == sum(wanted):
                blobs = b"".join(blob for _, blob in sorted(chunks.values()))
                found[snapshot] = np.frombuffer(blobs, "<f4").reshape(-1, 2)
                continue
        why = f"snapshot {snapshot} breaks off at neuron {position:,}, {len(chunks)} of {counts[snapshot]} chunks"
    expected = f"{ready['snapshots']} snapshots of the neurons {wanted[0]:,} to {sum(wanted) - 1:,}"
    expect(len(found) >= max(1, WHOLE * ready["snapshots"]), expected, f"{why}; {len(found)} whole")
    return found


def _small_layer(on: Station) -> Layer:
    small = [x for x in on.layers[1:] if x.neurons <= 1_000]
    if not small:
        raise Skip("no layer is small enough")
    return max(small, key=lambda x: x.neurons)
