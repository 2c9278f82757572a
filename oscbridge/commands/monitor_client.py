"""What a watching client knows of a daemon, and what it has to say to keep knowing it.

Datagrams go in and come out; the socket and the clock are the caller's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ..osc.packets import Message, encode, parse

NAME = "oscbridge monitor"
MAJOR = 1  # of the protocol spoken here
HELLO_S = 1.0
POLL_S = 1.0
SILENT_S = 3.0  # nothing for so long: the daemon, or our subscription, is gone
RATE_S = 2.0  # what the frame rate is measured over
TROUBLE_S = 8.0  # a trouble is shown for so long
SETTLING_POLLS = 3  # after a new worker the frames' numbers jump

KINDS: dict[str, type] = {"i": int, "f": float, "s": str}


class Welcome(NamedTuple):
    server: str
    major: int
    minor: int
    epoch: int
    http_url: str
    model: str
    layers: int
    neurons: int


class Layer(NamedTuple):
    number: int
    name: str
    first_neuron: int
    channels: int
    positions: int
    frames_per_step: int
    receptive_field_s: float
    receptive_field_octaves: float


class Status(NamedTuple):
    epoch: int
    frame: int
    uptime_s: float
    listen_load: float
    dream_steps_per_s: float
    subscribers: int
    dropped_frames: int
    worker_restarts: int
    state: str


class Trouble(NamedTuple):
    """A /ear/fail, or what the socket said. code: as in HTTP, 0 if it is our own."""

    at: float
    address: str
    code: int
    text: str


class Client:
    """take(datagram, now) learns, due(now) says what to send. now: monotonic seconds."""

    def __init__(self) -> None:
        self.frames = 0  # received, ever
        self.losses = Losses()
        self._troubles: deque[Trouble] = deque(maxlen=16)
        self._arrivals: deque[float] = deque()
        self._heard_at = self._said_hello_at = self._polled_at = self._levels_at = float("-inf")
        self._handlers: dict[str, tuple[str, Callable[..., None]]] = {
            "/ear/welcome": ("siiissii", self._welcomed),
            "/ear/layer": ("isiiiiff", self._told_layer),
            "/ear/status": ("iifffiiis", self._told_status),
            "/ear/alive": ("iiiii", self._told_alive),
            "/ear/done": ("s", self._done),
            "/ear/fail": ("sis", self._failed),
        }
        self._forget()

    def _forget(self) -> None:
        """Whatever was known under another epoch is void."""
        self.welcome: Welcome | None = None
        self.status: Status | None = None
        self.layers: dict[int, Layer] = {}
        self.means: tuple[float, ...] = ()
        self.peaks: tuple[float, ...] = ()
        self._unread: deque[tuple[float, ...]] = deque(maxlen=64)
        self._subscription: int | None = None
        self._is_stranger = False
        self._outgoing: list[bytes] = []
        self.losses.begin_again()

    # what is known

    def silent_s(self, now: float) -> float:
        """Seconds since the daemon was last heard, infinite if never."""
        return now - self._heard_at

    def is_connected(self, now: float) -> bool:
        return self.welcome is not None and self.silent_s(now) < SILENT_S

    def frames_per_s(self, now: float) -> float:
        while self._arrivals and self._arrivals[0] < now - RATE_S:
            self._arrivals.popleft()
        if len(self._arrivals) < 2:
            return 0.0
        return (len(self._arrivals) - 1) / max(self._arrivals[-1] - self._arrivals[0], 1e-3)

    def troubles(self, now: float) -> list[Trouble]:
        """Those of the last seconds, the newest first, none twice."""
        recent = {(t.address, t.code, t.text): t for t in self._troubles if now - t.at < TROUBLE_S}
        return sorted(recent.values(), key=lambda t: -t.at)

    def take_levels(self) -> list[tuple[float, ...]]:
        """The layers' means of every frame since the last call."""
        unread = list(self._unread)
        self._unread.clear()
        return unread

    def tell(self, now: float, address: str, code: int, text: str) -> None:
        """Keeps a trouble to be shown."""
        self._troubles.append(Trouble(now, address, code, text))

    # what is to be said

    def due(self, now: float) -> list[bytes]:
        """The datagrams to send now; each of them renews the lease."""
        packets, self._outgoing = self._outgoing, []
        lost = not self.is_connected(now) or now - self._levels_at > SILENT_S
        if lost or self._is_stranger:
            packets += self._hello(now)
        if self.welcome is not None and now - self._polled_at >= POLL_S:
            self._polled_at = now
            packets.append(encode("/ear/status"))
            if len(self.layers) < self.welcome.layers:
                packets.append(encode("/ear/layers"))
        return packets

    def farewell(self) -> list[bytes]:
        return [] if self._subscription is None else [encode("/ear/unsubscribe", self._subscription)]

    def _hello(self, now: float) -> list[bytes]:
        if now - self._said_hello_at < HELLO_S:
            return []
        self._said_hello_at = now
        return [encode("/ear/hello", NAME, 0)]

    # what comes in

    def take(self, datagram: bytes, now: float) -> None:
        """Learns from one datagram; what is not understood is left aside."""
        for message in parse(datagram):
            if not isinstance(message, Message):
                continue
            if message.address in ("/ear/level/mean", "/ear/level/peak"):
                self._told_levels(message, now)
                continue
            tags, handler = self._handlers.get(message.address, ("", None))
            if handler is not None and _fits(message.args, tags):
                self._heard_at = now
                handler(now, *message.args)

    def _told_levels(self, message: Message, now: float) -> None:
        values = tuple(v for v in message.args if isinstance(v, float))
        if not values or len(values) != len(message.args):
            return
        self._heard_at = self._levels_at = now
        if message.address == "/ear/level/peak":
            self.peaks = values
            self.losses.peaks += 1
            return
        self.means = values
        self._unread.append(values)
        self.frames += 1
        self.losses.means += 1
        self._arrivals.append(now)
        if len(self._arrivals) > 10_000:
            self._arrivals.popleft()

    def _welcomed(self, now: float, *args: Any) -> None:
        welcome = Welcome(*args[: len(Welcome._fields)])
        is_new = self.welcome is None or self.welcome.epoch != welcome.epoch
        farewell = self.farewell()  # the epoch may change while the daemon, and the lease, live on
        if is_new:
            self._forget()
        self.welcome = welcome
        if welcome.major != MAJOR:
            text = f"it speaks protocol {welcome.major}.{welcome.minor}, this monitor {MAJOR}; use that of its version"
            self.tell(now, "/ear/welcome", 0, text)
        if is_new:
            self._outgoing.append(encode("/ear/layers"))
        if is_new or now - self._levels_at > SILENT_S:
            self._levels_at = now  # as long to wait before it is asked for again
            self._subscription = None
            self._outgoing += [*farewell, encode("/ear/subscribe", "levels", "", 0, 0.0, 0.0)]

    def _told_layer(self, _: float, *args: Any) -> None:
        layer = Layer(*args[: len(Layer._fields)])
        self.layers[layer.number] = layer

    def _told_status(self, _: float, *args: Any) -> None:
        status = Status(*args[: len(Status._fields)])
        if self._is_ours(status.epoch):
            self.status = status
            if self._subscription is not None:
                self.losses.compare(status)

    def _told_alive(self, _: float, epoch: int, sequence: int, *__: Any) -> None:
        if self._is_ours(epoch):
            self.losses.alive(sequence)

    def _is_ours(self, epoch: int) -> bool:
        """Whether this comes from the daemon that welcomed us, not from one started since."""
        self._is_stranger = self.welcome is None or self.welcome.epoch != epoch
        return not self._is_stranger

    def _done(self, now: float, address: str, *results: Any) -> None:
        if address == "/ear/subscribe" and results and isinstance(results[0], int):
            if self._subscription not in (None, results[0]):
                self._outgoing += self.farewell()
            self._subscription = results[0]
            self.losses.begin_again(1)
        elif address == "/ear/listen/source" and results:
            self.tell(now, address, 200, str(results[0]))

    def _failed(self, now: float, address: str, code: int, text: str, *_: Any) -> None:
        if address == "/ear/unsubscribe":
            return  # it had expired by itself
        self.tell(now, address, code, text)


class Losses:
    """Datagrams that the daemon sent to us and that never came.

    /ear/status tells the newest frame and how many were dropped before they were sent; as it comes by the same way,
    all frames up to that one should have come, with two datagrams each.
    """

    def __init__(self) -> None:
        self.means = self.peaks = 0  # received
        self._missed = self._missed_before = self._missed_alive = 0
        self._restarts = 0
        self._newest = -1
        self.begin_again()

    @property
    def total(self) -> int:
        return self._missed_before + self._missed + self._missed_alive

    def begin_again(self, settling: int = 0) -> None:
        """What comes from here on is another subscription's or another worker's. settling: polls to wait for it."""
        self._missed_before += self._missed
        self._missed = 0
        self._base: tuple[int, int, int, int] | None = None
        self._alive = -1
        self._settling = settling

    def compare(self, status: Status) -> None:
        stalled, self._newest = status.frame == self._newest, status.frame
        if stalled or status.worker_restarts != self._restarts:
            self._restarts = status.worker_restarts
            self.begin_again(SETTLING_POLLS)
        elif self._settling:
            self._settling -= 1
        elif self._base is None:
            self._base = (status.frame, status.dropped_frames, self.means, self.peaks)
        else:
            frame, dropped, means, peaks = self._base
            sent = status.frame - frame - (status.dropped_frames - dropped)
            self._missed = max(0, sent - (self.means - means)) + max(0, sent - (self.peaks - peaks))

    def alive(self, sequence: int) -> None:
        if 0 <= self._alive < sequence:
            self._missed_alive += sequence - self._alive - 1
        self._alive = sequence


def _fits(args: tuple[Any, ...], tags: str) -> bool:
    """Whether a message begins as its version 1 does; a later minor version may add arguments."""
    return len(args) >= len(tags) and all(isinstance(a, KINDS[t]) for a, t in zip(args, tags, strict=False))
