"""The conversation with the daemon: the session and its leases, the two clip decks, the parameters.

Pure: nothing here knows TouchDesigner, opens a socket or reads a clock; the time is passed in, and what is to be sent
or done comes out. No dataclasses: they look their module up by name, and that of a text DAT may not be found so.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Say = tuple[Any, ...]  # an address and its arguments
Deed = tuple[Any, ...]  # "load", deck, clip, file; "start", deck, clip; or "say", address, arguments

HELLO_S = 1.0  # between two hellos that nobody answers
SYNC_S = 3.0
SILENCE_S = 3.0  # without /ear/alive: the daemon has ended, or started again
HOLD_S = 1.5  # so long a loaded clip is kept for its activation, though a newer one is there
OPEN_S = (0.2, 3.0)  # so long a file is given to open: before, what is heard may be of the last one


class Wish(NamedTuple):
    """A stream that is wanted. port: 0 for where the answers go."""

    stream: str
    packing: str = ""
    port: int = 0
    max_hz: float = 0.0
    filter: str = ""


class Session:
    """Says hello until it is answered, subscribes, keeps the leases, and begins again when the daemon does."""

    def __init__(self, name: str, reply_port: int, wishes: list[Wish]) -> None:
        self.name, self.reply_port = name, reply_port
        self.wishes = list(wishes)
        self.epoch = self.neurons = self.layers = 0
        self.model = self.url = ""
        self.is_welcome = False
        self.firsts: dict[int, int] = {}  # each layer's first neuron
        self._alive = self._said = -1e9
        self._asked: list[str] = []  # streams whose subscription is not answered yet, in order
        self._ids: dict[str, int] = {}

    def tick(self, now: float) -> list[Say]:
        """What is to be sent now. To be called every frame."""
        if self.is_welcome and now - self._alive > SILENCE_S:
            self.is_welcome, self._said = False, -1e9
        if now - self._said < (SYNC_S if self.is_welcome else HELLO_S):
            return []
        self._said = now
        return [("/ear/sync", 0)] if self.is_welcome else [("/ear/hello", self.name, self.reply_port)]

    def heard(self, address: str, args: list[Any], now: float) -> list[Say]:
        """Takes what concerns the session; returns what it answers."""
        if address == "/ear/welcome" and len(args) >= 8:
            return self._welcome(args, now)
        if address == "/ear/alive" and args:
            if args[0] == self.epoch:
                self._alive = now
            elif self.is_welcome:
                self.is_welcome, self._said = False, -1e9  # hello with the next tick
        elif address == "/ear/layer" and len(args) >= 3:
            self.firsts[args[0]] = args[2]
        elif address == "/ear/done" and args[:1] == ["/ear/subscribe"] and len(args) >= 2 and self._asked:
            self._ids[self._asked.pop(0)] = args[1]
        elif address == "/ear/fail" and len(args) >= 2:
            if args[0] == "/ear/subscribe" and self._asked:
                self._asked.pop(0)
            if args[1] == 403 and self.is_welcome:
                self.is_welcome, self._said = False, -1e9  # it does not know us (any more)
        return []

    def _welcome(self, args: list[Any], now: float) -> list[Say]:
        ours = self.epoch == args[3]
        was_welcome, self.is_welcome = self.is_welcome, True
        self._alive = now
        if was_welcome and ours:
            return []  # answers to two hellos
        stale = list(self._ids.values()) if ours else []
        self.epoch, self.url, self.model, self.layers, self.neurons = args[3], args[4], args[5], args[6], args[7]
        self.firsts, self._ids, self._asked = {}, {}, []
        says: list[Say] = [("/ear/unsubscribe", i) for i in stale]
        return [*says, ("/ear/layers",), *(self._subscribe(wish) for wish in self.wishes)]

    def _subscribe(self, wish: Wish) -> Say:
        self._asked.append(wish.stream)
        return ("/ear/subscribe", wish.stream, wish.packing, wish.port, float(wish.max_hz), 0.0, wish.filter)

    def is_asked(self, stream: str) -> bool:
        """Whether a subscription is on its way."""
        return stream in self._asked

    def want(self, wish: Wish) -> list[Say]:
        """Another wish for a stream, instead of the one there is."""
        self.wishes = [w for w in self.wishes if w.stream != wish.stream] + [wish]
        if not self.is_welcome:
            return []
        known = self._ids.pop(wish.stream, None)
        return [*([("/ear/unsubscribe", known)] if known is not None else []), self._subscribe(wish)]

    def leave(self) -> list[Say]:
        """Nothing is wanted any more."""
        ids, self._ids, self.is_welcome = list(self._ids.values()), {}, False
        return [("/ear/unsubscribe", i) for i in ids]

    def drop(self, stream: str) -> list[Say]:
        """A stream is not wanted any more."""
        self.wishes = [w for w in self.wishes if w.stream != stream]
        known = self._ids.pop(stream, None)
        return [("/ear/unsubscribe", known)] if known is not None else []


class Deck:
    """clip: what is in it, 0 for nothing; since: when it began to load; is_open: its file can be played; was_played: it
    plays, or has played."""

    def __init__(self, clip: int = 0, since: float = 0.0) -> None:
        self.clip, self.since, self.is_open, self.was_played = clip, since, False, False


class Decks:
    """Two players that take turns: one plays, the other loads what comes next.

    fade_s: how long one fades into the other, from the moment of the change on; playing: "a", "b", or "" at first.
    """

    def __init__(self, fade_s: float = 0.045) -> None:
        self.fade_s = fade_s
        self.decks = {"a": Deck(), "b": Deck()}
        self.playing = ""
        self.files: dict[int, str] = {}  # by clip, the newest last
        self._next: tuple[int, float] | None = None  # the clip to change to, and when
        self._changed = -1e9
        self._waiting = 0  # the newest clip that came while the free deck was spoken for

    @property
    def free(self) -> str:
        return "b" if self.playing == "a" else "a"

    def ready(self, clip: int, path: str, url: str, now: float) -> list[Deed]:
        """A clip is there, by path on the same machine, else by URL."""
        known = self.files.pop(clip, "")
        self.files[clip] = path or url
        for old in list(self.files)[:-64]:
            del self.files[old]
        deck = next((d for d in self.decks.values() if d.clip == clip), None)
        if deck is not None and known == self.files[clip]:
            return [("say", "/ear/clip/loaded", clip)] if deck.is_open else []
        if self._is_taken(now):
            self._waiting = clip
            return []
        return self._load(clip, now)

    def _is_taken(self, now: float) -> bool:
        """Whether the free deck is spoken for, still fades out, or may be called upon any moment."""
        deck = self.decks[self.free]
        held = deck.is_open and not deck.was_played and now - deck.since < HOLD_S
        return self._next is not None or now - self._changed < self.fade_s or held

    def _load(self, clip: int, now: float) -> list[Deed]:
        self.decks[self.free] = Deck(clip, now)
        return [("load", self.free, clip, self.files[clip])]

    def opened(self, name: str) -> list[Deed]:
        """The file in a deck can be played."""
        deck = self.decks[name]
        if not deck.clip or deck.is_open:
            return []
        deck.is_open = True
        return [("say", "/ear/clip/loaded", deck.clip)]

    def failed(self, name: str, why: str) -> list[Deed]:
        clip, self.decks[name] = self.decks[name].clip, Deck()
        return [("say", "/ear/clip/failed", clip, why)] if clip else []

    def opening(self) -> str:
        """The deck whose file is on its way, or ""."""
        return next((name for name, deck in self.decks.items() if deck.clip and not deck.is_open), "")

    def activate(self, clip: int, at: float, now: float) -> list[Deed]:
        """From that moment on this clip plays. One that has left its deck is loaded again, and starts when it can."""
        if self.playing and self.decks[self.playing].clip == clip:
            self._next = None
            return []
        self._next = (clip, at)
        if self.decks[self.free].clip == clip:
            return []
        if clip not in self.files:
            self._next = None
            return [("say", "/ear/clip/failed", clip, "it was not announced here")]
        return self._load(clip, now)

    def tick(self, now: float, frame_s: float = 1 / 60) -> list[Deed]:
        """What is due now, to the nearest frame."""
        if self._next is not None:
            clip, at = self._next
            deck = self.decks[self.free]
            if deck.clip != clip:
                self._next = None  # it could not be opened
            elif deck.is_open and now >= at - frame_s / 2:
                deck.was_played = True
                self.playing, self._next, self._changed = self.free, None, now
                return [("start", self.playing, clip), ("say", "/ear/clip/started", clip)]
        elif self._waiting and not self._is_taken(now):
            clip, self._waiting = self._waiting, 0
            return self._load(clip, now)
        return []

    def gain(self, name: str, now: float) -> float:
        """How loud a deck is, 0 to 1; the two add up to 1."""
        if not self.playing:
            return 0.0
        up = min(max((now - self._changed) / max(self.fade_s, 1e-6), 0.0), 1.0)
        return up if name == self.playing else 1 - up


def moment_of(unix_s: int, microseconds: int, in_seconds: float, unix_now: float, now: float) -> float:
    """When a clip is to be played, by our own clock. The daemon's clock is taken at its word where it agrees with ours,
    as on the same machine; what it says of the time that is left arrives up to a frame late."""
    left = unix_s + microseconds / 1e6 - unix_now
    return now + (left if abs(left - in_seconds) < 0.25 else in_seconds)


# address, kind, lowest, highest, default, choices; the daemon clamps by itself, these are the ends of the sliders
Row = tuple[str, str, float, float, Any, tuple[str, ...]]


def _number(name: str, low: float, high: float, default: float) -> Row:
    return (f"/ear/{name}", "int" if isinstance(default, int) else "float", low, high, default, ())


def _choice(name: str, *choices: str) -> Row:
    return (f"/ear/{name}", "menu", 0, 0, choices[0], choices)


PARAMETERS: list[Row] = [
    _choice("stream/normalize", "neuron", "layer", "none"),
    _number("stream/gamma", 0.1, 10, 1.0),
    _number("stream/floor", 0, 0.99, 0.0),
    _number("listen/gain_db", -60, 60, 0.0),
    _choice("dream/objective", "activate", "match", "style", "classify", "predict"),
    _number("dream/target", 0, 999_999_999, 0),
    ("/ear/dream/class_name", "text", 0, 0, "guitar", ()),
    _number("dream/emphasis", 1, 4, 1.0),
    _number("dream/position", 0, 1, 0.0),
    _number("dream/width", 0.01, 1, 1.0),
    _choice("dream/origin", "noise", "silence", "clip", "live", "running"),
    _number("dream/origin_clip", 0, 999_999_999, 0),
    _number("dream/noise_db", -100, 0, -40.0),
    _number("dream/mix_original", 0, 1, 0.0),
    _choice("dream/optimizer", "adam", "plain"),
    _number("dream/step_size", 0, 40, 4.0),
    _number("dream/views", 1, 16, 1),
    _number("dream/seed", 0, 999_999, 0),
    _number("dream/time_shift_s", 0, 4, 0.2),
    _number("dream/pitch_shift_bins", 0, 24, 1.0),
    _number("dream/time_mask", 0, 0.9, 0.0),
    _number("dream/pitch_mask", 0, 0.9, 0.0),
    _number("dream/gradient_noise", 0, 10, 0.0),
    _number("dream/denoise", 0, 1, 0.0),
    _number("dream/denoise_gradient", 0, 1, 0.0),
    _number("dream/loudness", 0, 10, 0.0),
    _number("dream/activation", 0, 10, 0.0),
    _number("dream/high_frequencies", 0, 10, 0.0),
    _number("dream/low_db", -60, 12, 0.0),
    _number("dream/mid_db", -60, 12, 0.0),
    _number("dream/high_db", -60, 12, 0.0),
]


def control_of(address: str) -> str:
    """The custom parameter of an address: /ear/dream/step_size is Dreamstepsize."""
    return re.sub("[^a-z0-9]", "", address.removeprefix("/ear/")).capitalize()


class Parameters:
    """Keeps controls and daemon in step, without an echo: what came in is not sent back, what was sent is not set."""

    def __init__(self) -> None:
        self._rows = {row[0]: row for row in PARAMETERS}
        self._addresses = {control_of(address): address for address in self._rows}
        self._known: dict[str, Any] = {}

    def came(self, address: str, value: Any) -> tuple[str, Any] | None:
        """The control to set, and to what; None if it is not one of ours, or is as it was."""
        if address not in self._rows or self._same(self._known.get(address), value):
            return None
        self._known[address] = value
        return control_of(address), value

    def turned(self, control: str, value: Any) -> Say | None:
        """What to send for a control that was moved; None if nothing."""
        address = self._addresses.get(control)
        if address is None or address not in self._known or self._same(self._known[address], value):
            return None  # until the daemon has told its value, ours counts for nothing
        self._known[address] = value
        kind = self._rows[address][1]
        return address, {"float": float, "int": int}.get(kind, str)(value)

    @staticmethod
    def _same(old: Any, new: Any) -> bool:
        if isinstance(old, (int, float)) and isinstance(new, (int, float)):
            return abs(old - new) <= 1e-6 * max(1.0, abs(old))
        return bool(old == new)
