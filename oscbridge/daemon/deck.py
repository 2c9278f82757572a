"""What plays a clip round and round, and swaps it for another on the sample, without a gap or a click. Pure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

SNAP_S = 0.002  # nearer than this to the running clip's loop end, that end is meant
SHORTEST_FADE_S = 0.003
MOST_LAYERS = 4  # clips that sound at once; a further one begins to fade in when the oldest fade is over
STARTS_KEPT = 64


@dataclass(frozen=True)
class _Layer:
    """A clip that sounds, over those before it. All moments are stream samples.

    at:         where its sample 0 falls
    begin, end: it fades in from `begin` on, and is all that is heard from `end` on
    since:      from here on its loop is the one that counts
    alike:      how much it is like what it replaces while it fades in, 0 to 1
    """

    samples: Samples
    clip: int
    at: int
    begin: int
    end: int
    since: int
    alike: float

    def sound(self, position: int, n: int) -> Samples:
        """Its samples from a stream sample on: (n,)."""
        size = len(self.samples)
        start = (position - self.at) % size
        if start + n <= size:
            return self.samples[start : start + n]
        return self.samples[np.arange(start, start + n) % size]

    def gains(self, position: int, n: int) -> tuple[Samples, Samples]:
        """While it fades in, of what is beneath it and of itself: (n,) each. Their sum has the power of either."""
        angle = (np.arange(position - self.begin, position - self.begin + n)) * (math.pi / 2 / (self.end - self.begin))
        down, up = np.cos(angle), np.sin(angle)
        # clips that are alike add up to more than either: without this a fade would be up to 3 dB louder
        level = np.sqrt(1 + 2 * self.alike * down * up)
        return (down / level).astype(np.float32), (up / level).astype(np.float32)


@dataclass(frozen=True)
class _Order:
    samples: Samples
    clip: int
    at: int
    crossfade: int


class Deck:
    """Loops a clip, and fades over to another so that this one's first beat falls where it was asked for.

    It counts samples and knows no clock. One thread uses it.

    position: stream samples rendered or skipped so far: the number of the next one
    starts:   (stream sample, clip) of every loop that began to sound, oldest first; whoever reads it empties it
    """

    def __init__(self, rate: int) -> None:
        """rate: of the stream and of all its clips, in Hz."""
        self._snap, self._shortest = round(SNAP_S * rate), max(1, round(SHORTEST_FADE_S * rate))
        self._layers: list[_Layer] = []  # the lowest sounds the longest
        self._next: _Order | None = None
        self.position = 0
        self.starts: deque[tuple[int, int]] = deque(maxlen=STARTS_KEPT)

    @property
    def clip(self) -> int | None:
        """The clip whose loop counts now; None if there is none."""
        layer = self._running()
        return layer.clip if layer else None

    @property
    def frames(self) -> int:
        """The length of that loop; 0 if there is none."""
        layer = self._running()
        return len(layer.samples) if layer else 0

    def play(self, samples: Samples, clip: int, at: int, crossfade: int) -> None:
        """The clip's sample 0 sounds at stream sample `at`, and from there on the clip loops. The newest order counts.

        samples:   (n,) float32, finite, n at least 1; not copied
        at:        if it is past, the clip starts now, where it would be by then. Within 2 ms of the end of the loop
                   that runs, that end is meant, so that equally long loops follow each other to the sample.
        crossfade: samples of an equal-power fade that ends at `at`: before its start the clip's end is heard, as it
                   is a loop. What is too short or comes too late still takes 3 ms, if need be beyond `at`.
        Over silence there is no fade before `at`, and one of 3 ms if the clip starts within.
        """
        self._begin_due()
        self._next = None
        if self._layers and self._layers[-1].begin < self.position:
            running = self._layers[-1]
            off = (at - running.at) % len(running.samples)
            for end in (at - off, at - off + len(running.samples)):
                if abs(end - at) <= self._snap:
                    at = end
            goes_on = clip == running.clip and (at - running.at) % len(running.samples) == 0
            if goes_on and np.array_equal(samples, running.samples):
                return
        self._next = _Order(samples, clip, at, max(crossfade, self._shortest))

    def render(self, n: int) -> Samples:
        """The next n samples of the stream: (n,) float32, a new array."""
        out = np.zeros(n, np.float32)
        done = 0
        while done < n:
            self._begin_due()
            here = min([n - done, *(edge - self.position for edge in self._edges() if edge > self.position)])
            self._mix(out[done : done + here])
            self._note_starts(here)
            self.position += here
            done += here
        return out

    def skip(self, n: int) -> None:
        """As if n samples were rendered, at no cost; loops that begin among them are not in `starts`."""
        self.position += n

    def _running(self) -> _Layer | None:
        return next((layer for layer in reversed(self._layers) if layer.since <= self.position), None)

    def _edges(self) -> list[int]:
        """Stream samples where something changes."""
        edges = [layer.end for layer in self._layers]
        return [*edges, self._begin_of(self._next)] if self._next is not None else edges

    def _begin_of(self, order: _Order) -> int:
        return order.at - order.crossfade if self._layers else order.at

    def _begin_due(self) -> None:
        """Forgets what is faded out, and lets the order begin if it is due."""
        over = [i for i, layer in enumerate(self._layers) if layer.end <= self.position]
        if over:
            del self._layers[: over[-1]]
        order, begin = self._next, self.position
        if order is None or self._begin_of(order) > begin or len(self._layers) >= MOST_LAYERS:
            return
        while self._layers and self._layers[-1].begin >= begin:  # it has not sounded yet
            del self._layers[-1]
        end = max(order.at, begin + self._shortest)
        if not self._layers and (begin - order.at) % len(order.samples) == 0:
            end = begin
        alike = self._alike(order, begin, end - begin) if self._layers else 0.0
        since = max(order.at, begin)
        self._layers.append(_Layer(order.samples, order.clip, order.at, begin, end, since, alike))
        self._next = None

    def _alike(self, order: _Order, begin: int, n: int) -> float:
        """The correlation of an order and what it replaces, over the n samples of its fade: 0 to 1."""
        clip = _Layer(order.samples, order.clip, order.at, begin, begin + n, begin, 0.0)
        new, old = (layer.sound(begin, n).astype(np.float64) for layer in (clip, self._layers[-1]))
        # not @ or dot: BLAS would wake its own threads
        power = float(np.einsum("n,n->", new, new)) * float(np.einsum("n,n->", old, old))
        return min(1.0, max(0.0, float(np.einsum("n,n->", new, old)) / math.sqrt(power))) if power > 0 else 0.0

    def _mix(self, out: Samples) -> None:
        for layer in self._layers:
            sound = layer.sound(self.position, len(out))
            if layer.end <= self.position:
                out[:] = sound
                continue
            down, up = layer.gains(self.position, len(out))
            out *= down
            out += up * sound

    def _note_starts(self, n: int) -> None:
        until = self.position + n
        for i, layer in enumerate(self._layers):
            before = min([until, *(above.since for above in self._layers[i + 1 :])])
            first = max(self.position, layer.since)
            first += (layer.at - first) % len(layer.samples)
            for start in range(first, before, len(layer.samples)):
                self.starts.append((start, layer.clip))
