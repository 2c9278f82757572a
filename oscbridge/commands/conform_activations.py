"""Checks of the stream `activations`: every neuron once a frame, however it is cut and packed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..osc.bulk import LIST_VALUES
from .conform_check import HEAVY, Differs, Skip, Station, check, expect
from .conform_streams import STEP
from .conform_talk import Said, messages_of

WIDTH = {"u8": 1, "f32": 4}
LISTEN_S = 0.5
WHOLE = 0.75  # of the frames have to be whole: UDP may lose some on a busy machine


@dataclass
class Frames:
    """What came of a stream, frame by frame. parts: first neuron and values, 0 to 1."""

    order: list[int] = field(default_factory=list)
    parts: dict[int, list[tuple[int, NDArray[np.float32]]]] = field(default_factory=lambda: defaultdict(list))

    def take(self, frame: int, first: int, values: NDArray[np.float32]) -> None:
        if not self.order or self.order[-1] != frame:
            self.order.append(frame)
        self.parts[frame].append((first, values))

    def whole(self, wanted: Sequence[tuple[int, int]]) -> dict[int, NDArray[np.float32]]:
        """The frames whose parts are the wanted runs, each neuron once. Raises Differs if too few are. wanted: (first
        neuron, neurons)."""
        expect(len(self.order) >= 3, "several frames", len(self.order))
        rising = all(a < b for a, b in zip(self.order, self.order[1:], strict=False))
        expect(rising, "frames that rise, and whose parts come together", self.order[:8])
        found, why = {}, ""
        inner = self.order[1:-1]  # the first and the last may be cut by our coming and going
        for frame in inner:
            runs = _joined([(first, len(values)) for first, values in self.parts[frame]])
            if runs == list(wanted):
                parts = sorted(self.parts[frame], key=lambda part: part[0])
                found[frame] = np.concatenate([values for _, values in parts])
            else:
                why = why or f"frame {frame} is {_told(runs)}"
        expected = f"frames of {_told(wanted)}, each neuron once"
        expect(len(found) >= max(1, WHOLE * len(inner)), expected, f"{why}; {len(found)} of {len(inner)} whole")
        return found


def _joined(runs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs that follow each other as one; those that overlap stay apart, and so differ from what is wanted."""
    joined: list[tuple[int, int]] = []
    for first, count in sorted(runs):
        if joined and sum(joined[-1]) == first:
            joined[-1] = (joined[-1][0], joined[-1][1] + count)
        else:
            joined.append((first, count))
    return joined


def _told(runs: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{first}-{first + count - 1}" for first, count in runs[:4]) + ("…" if len(runs) > 4 else "")


def blobs(on: Station, said: Sequence[Said], packing: str) -> Frames:
    """The frames in chunks. Raises Differs if a chunk is not as it should be."""
    signature = messages_of("activations")[0]
    frames, chunks = Frames(), defaultdict(list)
    for s in said:
        if s.address != signature.address:
            continue
        t = signature.check(s)
        expect(t["epoch"] == on.epoch, f"the epoch of welcome, {on.epoch}", t["epoch"])
        expect(0 <= t["chunk"] < t["chunks"], f"chunks from 0 to {t['chunks'] - 1}", t["chunk"])
        expect(
            len(t["values"]) % WIDTH[packing] == 0 and t["values"], f"{WIDTH[packing]} bytes a neuron", len(t["values"])
        )
        chunks[t["frame"]].append((t["chunk"], t["chunks"]))
        if packing == "u8":
            values = np.frombuffer(t["values"], np.uint8).astype(np.float32) / np.float32(255)
        else:
            values = np.frombuffer(t["values"], "<f4")
            expect(bool(((values >= 0) & (values <= 1)).all()), "values from 0 to 1, little-endian", values[:4])
        frames.take(t["frame"], t["first_neuron"], values)
    for frame in frames.order[1:-1]:
        numbers = [number for number, _ in chunks[frame]]
        expect(len(set(numbers)) == len(numbers), f"each chunk of frame {frame} once", numbers)
        expect(len({count for _, count in chunks[frame]}) == 1, "one number of chunks a frame", chunks[frame][:4])
        expect(len(numbers) <= chunks[frame][0][1], f"{chunks[frame][0][1]} chunks", len(numbers))
    return frames


def lists(said: Sequence[Said]) -> Frames:
    """The frames as float lists."""
    signature = messages_of("activations")[1]
    frames = Frames()
    for s in said:
        if s.address == signature.address:
            t = signature.check(s)
            values = np.array(s.args[2:], np.float32)
            expect(0 < len(values) <= LIST_VALUES, f"1 to {LIST_VALUES} floats", len(values))
            expect(bool(((values >= 0) & (values <= 1)).all()), "values from 0 to 1", values[:4])
            frames.take(t["frame"], t["first_neuron"], values)
    return frames


def heard(on: Station, packing: str, text: str = "", max_hz: float = 0.0, seconds: float = LISTEN_S) -> list[Said]:
    with on.talk() as client:
        client.subscribe("activations", packing, max_hz, text=text)
        return list(client.heard(seconds))


@check("activations as bytes: every chunk and every neuron once a frame, of this epoch", HEAVY)
def activations_u8(on: Station) -> str:
    whole = blobs(on, heard(on, "u8"), "u8").whole([(0, on.neurons)])
    return f"{len(whole)} whole frames"


@check("activations as floats in blobs: every chunk and every neuron once a frame", HEAVY)
def activations_f32(on: Station) -> None:
    blobs(on, heard(on, "f32", max_hz=10, seconds=0.8), "f32").whole([(0, on.neurons)])


@check("activations as lists: every neuron once a frame, at most 256 a message", HEAVY)
def activations_list(on: Station) -> None:
    lists(heard(on, "list", max_hz=5, seconds=1.3)).whole([(0, on.neurons)])


@check("bytes, floats and lists of one frame agree within 1/255", HEAVY)
def packings_agree(on: Station) -> str:
    if not on.layers:
        raise Skip("it does not tell its layers")
    first, last = on.layers[0], on.layers[-1]
    wanted = _joined([(x.first_neuron, x.neurons) for x in (first, last)])
    text = f"{first.index},{last.index}"
    with on.talk() as bytes_, on.talk() as floats, on.talk() as texts:
        for client, packing in ((bytes_, "u8"), (floats, "f32"), (texts, "list")):
            client.subscribe("activations", packing, text=text)
        u8 = blobs(on, list(bytes_.heard(LISTEN_S)), "u8").whole(wanted)
        f32 = blobs(on, list(floats.heard(0.1)), "f32").whole(wanted)
        plain = lists(list(texts.heard(0.1))).whole(wanted)
    common = u8.keys() & f32.keys() & plain.keys()
    expect(len(common) >= 2, "the same frames in all packings", f"{len(u8)}, {len(f32)} and {len(plain)} frames")
    for frame in common:
        exact = float(np.abs(f32[frame] - plain[frame]).max())
        expect(exact <= 1e-6, "the same floats in blob and list", f"{exact:.5f} off in frame {frame}")
        off = float(np.abs(u8[frame] - f32[frame]).max())
        expect(off <= STEP, "bytes within 1/255 of the floats", f"{off:.5f} off in frame {frame}")
    return f"{len(common)} frames"


@check("a filter leaves just the layers and channels that it names, with their own numbers", HEAVY)
def filters(on: Station) -> None:
    layer = next((x for x in on.layers[1:] if x.channels >= 4 and x.neurons <= 4_096), None)
    if layer is None:
        raise Skip("no layer has 4 channels")
    start, size = layer.first_neuron, layer.positions
    zero = (on.layers[0].first_neuron, on.layers[0].neurons)
    cases = {
        f"{layer.index}": [(start, layer.neurons)],
        f"{layer.index}:1": [(start + size, size)],
        f"0,{layer.index}:1-2": _joined([zero, (start + size, 2 * size)]),
        f"{layer.index}:3,{layer.index}:0": _joined([(start, size), (start + 3 * size, size)]),
    }
    if layer.index + 1 < len(on.layers):
        following = on.layers[layer.index + 1]
        cases[f"{layer.index}-{following.index}"] = _joined(
            [(start, layer.neurons), (following.first_neuron, following.neurons)]
        )
    for text, wanted in cases.items():
        try:
            blobs(on, heard(on, "u8", text, seconds=0.3), "u8").whole(wanted)
        except Differs as error:
            raise Differs(f"filter {text!r}: {error.expected}", error.came) from error
