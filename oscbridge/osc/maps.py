"""Feature maps on the wire: what the channels of a layer did in its last steps, as pictures of steps by positions."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..ear.anatomy import Layer
from ..ear.neurons import Region, parse_filter
from ..errors import BridgeError
from . import bulk

if TYPE_CHECKING:
    from .streams import FramePackets, Packet, Wish

MAPS = "maps"
ADDRESS = "/ear/map"
STEPS = 64  # of a map: its height
MOST_CHANNELS = 64  # of all layers of a subscription together
NOBODY = 0  # subscriptions are numbered from 1

HEAD = bulk.padded(ADDRESS) + bulk.padded(",iiiiiiib")

Bytes = NDArray[np.uint8]


def check_maps(text: str, layers: Sequence[Layer], max_bytes: int) -> None:
    """Whether maps can be had of what a filter names. max_bytes: that a message may have.

    Raises BridgeError: 422 no filter, 413 too many channels, or a step that no message can hold.
    """
    example = "write layer:first-last, such as 3:0-15"
    if not text.strip():
        raise BridgeError(f"maps needs a filter that names at most {MOST_CHANNELS} channels; {example}", 422)
    regions = parse_filter(text, layers)
    count = sum(region.last - region.first + 1 for region in regions)
    if count > MOST_CHANNELS:
        raise BridgeError(
            f"the filter names {count} channels; of maps at most {MOST_CHANNELS} at a time. Name some; {example}", 413
        )
    for layer in (region.layer for region in regions):
        if not _steps_at_once(layer, max_bytes):
            raise BridgeError(
                f"a step of layer {layer.index} has {layer.positions} positions, but a message to you at most "
                f"{max_bytes} bytes; subscribe over a WebSocket, or to another layer",
                413,
            )


def _steps_at_once(layer: Layer, max_bytes: int) -> int:
    """How many whole steps of a channel a message can hold."""
    return (max_bytes - 1 - len(HEAD) - 32) // 4 * 4 // layer.positions


class Maps:
    """The newest steps of the layers that somebody asks for, and of no others."""

    def __init__(self, layers: Sequence[Layer], epoch: int) -> None:
        self._layers, self._epoch = layers, epoch
        self._wishes: dict[int, Wish] = {}
        self._parts: dict[Wish, list[_Part]] = {}
        self._histories: dict[int, _History] = {}
        self._sent: dict[int, int] = {}

    def take(self, frame: FramePackets, wishes: Mapping[int, Wish]) -> None:
        """Every frame has to be taken in, before its packets are asked for.

        wishes: those for maps, by the numbers of their subscriptions. What is no longer among them is forgotten.
        """
        if wishes != self._wishes:
            self._wishes = dict(wishes)
            wanted = {part.layer.index for wish in wishes.values() for part in self._parts_of(wish)}
            self._parts = {wish: self._parts_of(wish) for wish in wishes.values()}
            self._histories = {index: self._history(frame, index) for index in wanted}
            self._sent = {key: self._sent[key] for key in wishes if key in self._sent}
        for history in self._histories.values():
            history.take(frame)

    def packets(self, frame: FramePackets, wish: Wish, subscriber: int = NOBODY) -> list[Packet]:
        """The maps of the layers that have made a step since this subscriber was sent something; all of them for one
        that has not been sent anything yet, and for NOBODY."""
        sent = self._sent.get(subscriber, -1)
        if subscriber:
            self._sent[subscriber] = frame.frame
        packets: list[Packet] = []
        for part in self._parts_of(wish):
            history = self._history(frame, part.layer.index)
            if history.stepped_at > sent:
                packets += frame.once((wish, part.layer.index), partial(part.pack, frame.frame, history))
        return packets

    def _history(self, frame: FramePackets, index: int) -> _History:
        if index not in self._histories:
            self._histories[index] = _History(self._layers[index], frame)
        return self._histories[index]

    def _parts_of(self, wish: Wish) -> list[_Part]:
        if wish not in self._parts:
            by_layer = itertools.groupby(parse_filter(wish.filter, self._layers), lambda region: region.layer)
            self._parts[wish] = [_Part(x, list(regions), self._epoch, wish.max_bytes) for x, regions in by_layer]
        return self._parts[wish]


class _History:
    """A layer's last STEPS steps: a ring that is written twice, so that they lie in one piece wherever it stands."""

    def __init__(self, layer: Layer, frame: FramePackets) -> None:
        """What was before `frame` is dark."""
        self._layer = layer
        self._rows = np.zeros((2 * STEPS, layer.channels, layer.positions), np.uint8)
        self._at = 0
        self._step = frame.frame // layer.frames_per_step - 1
        self.stepped_at = frame.frame
        self.take(frame)

    def take(self, frame: FramePackets) -> None:
        step = frame.frame // self._layer.frames_per_step
        if step == self._step:
            return
        row = frame.u8[self._layer.span].reshape(self._rows.shape[1:])
        # frames may be lost; what came after them fills the gap, so that a row stays as long as a step
        for _ in range(min(step - self._step, STEPS)):
            self._rows[self._at] = self._rows[self._at + STEPS] = row
            self._at = (self._at + 1) % STEPS
        self._step, self.stepped_at = step, frame.frame

    def maps(self, first: int, last: int) -> Bytes:
        """(channels, STEPS, positions) of the channels first..last, oldest step first."""
        return self._rows[self._at : self._at + STEPS, first : last + 1].swapaxes(0, 1)


class _Part:
    """What a wish wants of one layer, as datagrams of whole steps."""

    def __init__(self, layer: Layer, regions: Sequence[Region], epoch: int, max_bytes: int) -> None:
        self.layer, self._regions = layer, regions
        at_once = _steps_at_once(layer, max_bytes)
        headers, offset = [], 0
        for channel in itertools.chain.from_iterable(range(r.first, r.last + 1) for r in regions):
            for first in range(0, STEPS, at_once):
                size = min(at_once, STEPS - first) * layer.positions
                numbers = (epoch, 0, layer.index, channel, STEPS, layer.positions, first, size)
                headers.append((offset, size, HEAD + struct.pack(">8i", *numbers), len(HEAD) + 4))
                offset += size
        self._frames = bulk.Frames(headers, 1, "u1")

    def pack(self, frame: int, history: _History) -> list[Packet]:
        values = [history.maps(region.first, region.last).ravel() for region in self._regions]
        return list(self._frames.pack(frame, np.concatenate(values)))
