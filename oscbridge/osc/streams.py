"""What each stream sends for a frame, packed once for all subscribers that want the same."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..ear.anatomy import CLASSES, Layer  # the stream is called as the layer that it shows
from ..ear.neurons import Floats, Levels, Normalizer, Region, parse_filter, spans, to_u8
from ..ear.selection import Selection
from ..errors import BridgeError
from ..validation import did_you_mean
from . import bulk
from .maps import ADDRESS, MAPS, MOST_CHANNELS, NOBODY, STEPS, Maps, check_maps
from .packets import encode

Packet = bytes | memoryview

LAYOUT = "layout"
DREAM, CLIPS, TRANSPORT, STATE = "dream", "clips", "transport", "state"
MOST_CLASSES = 16
DEFAULT = "-"  # the default packing, for hosts that cannot send an empty string
MAX_FILTER = 1_000  # letters; a datagram full of layers would take seconds to work out


@dataclass(frozen=True)
class Sent:
    """A message that a stream sends. signature: words like "i:frame", "f×layers" for many; when: the packings that
    send it, or the occasion, "" if it is always sent."""

    address: str
    signature: str
    when: str = ""

    @property
    def tags(self) -> str:
        """The OSC types, of arguments that are repeated the first ones alone."""
        return "".join(word[0] for word in self.signature.split() if re.match("[ifsb][:×]", word))


@dataclass(frozen=True)
class StreamKind:
    """What can be subscribed to. packings: the first is the default; messages: the first is the default packing's."""

    packings: tuple[str, ...]
    takes_filter: bool
    per_frame: bool
    doc: str
    messages: tuple[Sent, ...]


STREAMS: dict[str, StreamKind] = {
    "levels": StreamKind(
        ("",), False, True, "mean and peak of every layer",
        (Sent("/ear/level/mean", "f×layers"), Sent("/ear/level/peak", "f×layers")),
    ),
    "activations": StreamKind(
        ("u8", "f32", "list"), True, True, "every neuron",
        (
            Sent(
                "/ear/activations", "i:epoch i:frame i:chunk i:chunks i:first_neuron b:values",
                "u8, f32 (little-endian)",
            ),
            Sent("/ear/neurons", "i:frame i:first_neuron f×≤256", "list"),
        ),
    ),
    "channels": StreamKind(
        ("",), True, True, "every channel's mean over its positions",
        (
            Sent("/ear/channels", "i:frame i:layer f×channels"),
            Sent("/ear/channels/<first>", "i:frame i:layer f×≤256", "of more than 256 channels, or of a part"),
        ),
    ),
    MAPS: StreamKind(
        ("u8",), True, True,
        f"feature maps, the last {STEPS} steps of at most {MOST_CHANNELS} channels (filter `3:0-15`), when their layer "
        "makes one: rows of `positions` values, low to high, oldest step first, from `first_step` on",
        (Sent(ADDRESS, "i:epoch i:frame i:layer i:channel i:steps i:positions i:first_step b:values", "u8"),),
    ),
    "scalogram": StreamKind(
        ("list", "u8"), False, True, "what reaches the network",
        (Sent("/ear/scalogram", "i:frame f×bins", "list"), Sent("/ear/scalogram", "i:frame b:values", "u8")),
    ),
    "selection": StreamKind(
        ("",), False, True, "mean, by weight, and peak of the selected neurons; 0 0 while none is",
        (Sent("/ear/selection", "f:mean f:peak"),),
    ),
    CLASSES: StreamKind(
        ("",), False, True, "what it sounds like: the network's classes or tags, the 16 most probable, best first",
        (Sent("/ear/classes", "s:name f:probability …"),),
    ),
    LAYOUT: StreamKind(
        ("blob", "list"), True, False, "where each neuron lies, in a unit circle",
        (
            Sent("/ear/layout/ready", "i:rev s:url s:sha256 i:neurons i:snapshots", "once it is whole"),
            Sent(
                "/ear/layout/xy", "i:rev i:snapshot i:chunk i:chunks i:first_neuron b:x,y f32 little-endian", "blob"
            ),
            Sent("/ear/layout/list", "i:rev i:snapshot i:first_neuron f×≤256 (x y x y …)", "list"),
            Sent("/ear/layout/progress", "i:rev i:level i:levels i:iteration f:energy", "while solving"),
        ),
    ),
    DREAM: StreamKind(
        ("",), False, False, "every step of a dream; the score is in standard deviations over music",
        (Sent("/ear/dream/progress", "i:clip i:step f:steps_per_s f:score f:loss"),),
    ),
    CLIPS: StreamKind(
        ("",), False, False, "new clips, and when to play them",
        (
            Sent("/ear/clip/ready", "i:clip s:sha256 s:url s:path i:rate i:frames i:channels f:score"),
            Sent(
                "/ear/clip/activate", "i:clip i:Unix_s i:microseconds f:in_seconds f:beat",
                "in a bundle with the time as its timetag",
            ),
        ),
    ),
    TRANSPORT: StreamKind(
        ("",), False, False, "the beat", (Sent("/ear/beat", "i:bar i:beat f:bpm f:phase"),)
    ),
    STATE: StreamKind(("",), False, False, "every parameter that changes, each on its own address", ()),
}  # fmt: skip

CONVERSATIONS = (LAYOUT, CLIPS)  # of several kinds of messages, none of which says much alone


def stream_of(address: str) -> str | None:
    """The stream whose default packing sends `address` time and again; None if there is none."""
    for name, kind in STREAMS.items():
        if name not in CONVERSATIONS and any(
            sent.address == address and sent.when.startswith(kind.packings[0]) for sent in kind.messages
        ):
            return name
    return None


@dataclass(frozen=True)
class Wish:
    """A stream as one subscriber wants it; equal wishes share their packets."""

    stream: str
    packing: str
    filter: str
    max_bytes: int


def check_wish(stream: str, packing: str, text: str, max_bytes: int, layers: Sequence[Layer]) -> Wish:
    """A subscription's words as a Wish. max_bytes: that a message to this subscriber may have.

    Raises BridgeError: 404 no such stream, 422 packing or filter.
    """
    kind = STREAMS.get(stream)
    if kind is None:
        hint = did_you_mean(stream, list(STREAMS))
        raise BridgeError(f"no stream {stream[:40]!r}; there are {', '.join(STREAMS)}.{hint}", 404)
    if packing == DEFAULT:
        packing = ""
    if packing and packing not in kind.packings:
        allowed = ", ".join(p for p in kind.packings if p) or 'only ""'
        raise BridgeError(f"{stream} has no packing {packing[:40]!r}; it has {allowed}")
    if text.strip() and not kind.takes_filter:
        raise BridgeError(f"{stream} takes no filter; leave it out")
    if len(text) > MAX_FILTER:
        raise BridgeError(f"the filter has {len(text)} letters; at most {MAX_FILTER}. Subscribe to its parts", 413)
    parse_filter(text, layers)
    if stream == MAPS:
        check_maps(text, layers, max_bytes)
    if stream == CLASSES and layers[-1].name != CLASSES:
        raise BridgeError("this network has no classes; one with a classifier head has", 404)
    return Wish(stream, packing or kind.packings[0], text.strip(), max_bytes)


class FramePackets:
    """The packets of one frame, each made when the first subscriber asks for it."""

    def __init__(self, packer: Packer, frame: int, raw: Floats) -> None:
        self._packer, self.frame, self.raw = packer, frame, raw
        self._made: dict[Hashable, list[Packet]] = {}

    @cached_property
    def values(self) -> Floats:
        return self._packer.normalizer(self.raw)

    @cached_property
    def u8(self) -> np.ndarray:
        return to_u8(self.values)

    @cached_property
    def means(self) -> Floats:
        """(layers,)"""
        return self._packer.levels.mean(self.values)

    @cached_property
    def peaks(self) -> Floats:
        """(layers,)"""
        return self._packer.levels.peak(self.values)

    @cached_property
    def channels(self) -> list[Floats]:
        """(channels,) a layer: the mean over positions."""
        return self._packer.levels.channels(self.values)

    @cached_property
    def selected(self) -> tuple[float, float]:
        return self._packer.selection.levels(self.values)

    def of(self, wish: Wish, subscriber: int = NOBODY) -> list[Packet]:
        """subscriber: the number of a subscription, which of `maps` is sent only what is new to it."""
        if wish.stream == MAPS:
            return self._packer.maps.packets(self, wish, subscriber)
        return self.once(wish, lambda: self._packer.makers[wish.stream](self, wish))

    def once(self, what: Hashable, make: Callable[[], list[Packet]]) -> list[Packet]:
        """Packets that are made when they are first asked for."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]


class Packer:
    """Turns frames of raw activations into packets. Normalizer and epoch may be replaced at any time."""

    def __init__(
        self,
        layers: Sequence[Layer],
        epoch: int,
        normalizer: Normalizer,
        classes: Sequence[str] = (),
        selection: Selection | None = None,
    ) -> None:
        """selection: may change at any time; without one nothing is selected."""
        self.layers, self.epoch, self.normalizer, self.classes = layers, epoch, normalizer, classes
        self.selection = selection or Selection(layers)
        self.levels = Levels(layers)
        self.maps = Maps(layers, epoch)
        self._templates: dict[Wish, bulk.Frames] = {}
        self._regions: dict[str, list[Region]] = {}
        self.makers: dict[str, Callable[[FramePackets, Wish], list[Packet]]] = {
            "levels": self._make_levels,
            "activations": self._make_activations,
            "channels": self._make_channels,
            "scalogram": self._make_scalogram,
            "selection": self._make_selection,
            CLASSES: self._make_classes,
        }

    def frame(self, number: int, raw: Floats) -> FramePackets:
        """raw: (neurons,) float32, kept until the packets are made."""
        return FramePackets(self, number, raw)

    def _regions_of(self, text: str) -> list[Region]:
        if text not in self._regions:
            _make_room(self._regions)
            self._regions[text] = parse_filter(text, self.layers)
        return self._regions[text]

    def _make_levels(self, frame: FramePackets, _: Wish) -> list[Packet]:
        return [bulk.floats("/ear/level/mean", (), frame.means), bulk.floats("/ear/level/peak", (), frame.peaks)]

    def _make_activations(self, frame: FramePackets, wish: Wish) -> list[Packet]:
        if wish not in self._templates:
            _make_room(self._templates)
            runs = spans(self._regions_of(wish.filter))
            self._templates[wish] = (
                bulk.list_frames("/ear/neurons", runs)
                if wish.packing == "list"
                else bulk.blob_frames("/ear/activations", self.epoch, runs, wish.packing, wish.max_bytes)
            )
        values = frame.u8 if wish.packing == "u8" else frame.values
        return list(self._templates[wish].pack(frame.frame, values))

    def _make_channels(self, frame: FramePackets, wish: Wish) -> list[Packet]:
        packets: list[Packet] = []
        for region in self._regions_of(wish.filter):
            # a filter keeps the channels' own numbers: the address tells the first one
            whole = region.first == 0 and region.last == region.layer.channels - 1 < bulk.LIST_VALUES
            for first in range(region.first, region.last + 1, bulk.LIST_VALUES):
                part = frame.channels[region.layer.index][first : min(first + bulk.LIST_VALUES, region.last + 1)]
                address = "/ear/channels" if whole else f"/ear/channels/{first}"
                packets.append(bulk.floats(address, (frame.frame, region.layer.index), part))
        return packets

    def _make_scalogram(self, frame: FramePackets, wish: Wish) -> list[Packet]:
        span = self.layers[0].span
        if wish.packing == "u8":
            blob = frame.u8[span].tobytes()
            head = bulk.padded("/ear/scalogram") + bulk.padded(",ib")
            numbers = np.array([frame.frame & 0x7FFFFFFF, len(blob)], ">i4").tobytes()
            return [head + numbers + blob + b"\0" * (-len(blob) % 4)]
        return [bulk.floats("/ear/scalogram", (frame.frame,), frame.values[span])]

    def _make_selection(self, frame: FramePackets, _: Wish) -> list[Packet]:
        return [bulk.floats("/ear/selection", (), np.array(frame.selected, np.float32))]

    def _make_classes(self, frame: FramePackets, _: Wish) -> list[Packet]:
        """Probabilities as they are, whatever the normalisation: they are 0..1 and add up to 1."""
        probabilities = frame.raw[self.layers[-1].span]
        best = np.argsort(-probabilities, kind="stable")[:MOST_CLASSES]
        pairs = [(self.classes[i], float(probabilities[i])) for i in best]
        return [encode("/ear/classes", *itertools.chain.from_iterable(pairs))]


def _make_room(cache: dict[Any, Any]) -> None:
    """Keeps what clients can make grow bounded; everything in it can be made again."""
    if len(cache) >= 256:
        cache.clear()
