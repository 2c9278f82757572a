"""Clips in time: kept, handed to those who play them, and activated at the end of the loop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BridgeError
from ..osc import clips as messages
from ..osc.clients import Source
from ..osc.streams import CLIPS, TRANSPORT, Packet
from ..osc.subscriptions import Subscription
from ..sections import Settings
from .clip_files import Clip
from .clip_store import ClipStore
from .handoff import HandOff
from .local import is_local
from .transport import Transport, unix_ns

log = logging.getLogger(__name__)

FOLDER = "clips"  # as the HTTP server calls it
OWN: Source = ("", 0)  # our own player and listener, which load every clip
KEPT_FOR_S = 30.0  # a clip that was just handed over is not cleared away, whoever has it


@dataclass(frozen=True)
class Surroundings:
    """What the desk needs of the daemon. hand_over: asks for the dream as it is, with the next number, if there is
    anything new, and says whether; play: the order for whoever plays here; started: another clip plays; beat: a
    beat has come, with the phase of the loop."""

    settings: Callable[[], Settings]
    rate: Callable[[], int]  # of new clips, in Hz
    subscribers: Callable[[str], list[Subscription]]
    send: Callable[[Packet, Source], None]
    url_of: Callable[[str, str, str], str]
    hand_over: Callable[[Callable[[], int]], bool]
    play: Callable[[dict[str, Any]], None]
    started: Callable[[], None]
    beat: Callable[[float], None]
    say: Callable[[str], None]


class ClipDesk:
    """Owns the store and the transport, and speaks with the subscribers of `clips` and `transport`."""

    def __init__(self, around: Surroundings, folder: Path) -> None:
        self._around, self.folder = around, folder
        self.store = ClipStore(folder)
        self._handoff: HandOff[Source] = HandOff()
        self.transport = Transport(lambda: around.settings().transport, self)
        self._chosen: int | None = None  # by /ear/clip/play
        self.running: Clip | None = None  # here
        self._next: Clip | None = None
        self.deck: dict[str, Any] | None = None  # the order that is in force, for a player or listener that starts
        self._tidying: asyncio.Task[None] | None = None
        self._recutting: asyncio.Task[None] | None = None

    # life

    async def start(self) -> None:
        """Reads what is kept; the newest clip plays on."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, self.store.load)
        except BridgeError as error:
            self._around.say(str(error))
        try:
            self.transport.start(loop)
        except BridgeError as error:
            self._around.say(str(error))
        newest = self.store.newest
        if newest is not None:
            self._announce(newest)
            self._handoff.activations([OWN])
            self._play(newest, self.transport.loop_start_ns)
            self.running, self._next = newest, None

    def close(self) -> None:
        self.transport.close()
        for task in (self._tidying, self._recutting):
            if task is not None:
                task.cancel()

    @property
    def frames(self) -> int:
        """Length of a new clip at the tempo in force."""
        return self._frames_at(self._around.rate())

    def _frames_at(self, rate: int) -> int:
        beats = self._around.settings().transport.beats_per_clip
        return max(1, round(beats * 60 / self.transport.bpm * rate))

    def _fits(self, clip: Clip) -> bool:
        """Whether it is as long as the loop; it may have another network's rate."""
        return abs(clip.frames - self._frames_at(clip.rate)) <= 1

    def file_of(self, clip: int) -> str:
        """Raises BridgeError 404."""
        return str(self.store.get(clip).path) if clip else ""

    # what comes in

    def take(self, clip: Clip) -> None:
        """A clip that was just written."""
        self.store.add(clip)
        self._announce(clip)
        self._tidy()

    def join(self, entry: Subscription) -> None:
        """A new subscriber of `clips` is told of what plays and of the newest."""
        running = self.running.id if self.running else None
        for clip in self._handoff.join(_key(entry), running):
            self._tell_ready(self.store.get(clip), entry)

    def leave(self, entry: Subscription) -> None:
        if _key(entry) not in self._keys():
            self._handoff.forget(_key(entry))

    def loaded(self, key: Source, clip: int) -> None:
        self._handoff.loaded(key, clip)

    def failed(self, key: Source, clip: int, why: str) -> None:
        self._handoff.failed(key, clip, why)
        log.warning("%s:%d could not load clip %d: %s", *key, clip, why[:200])

    def client_started(self, key: Source, clip: int) -> None:
        self._handoff.started(key, clip)

    def choose(self, clip: int) -> None:
        """Goes back to a clip, 0: the newest again. Raises BridgeError 404."""
        if not clip:
            self._chosen = None
            return
        self._announce(self.store.get(clip))
        self._chosen = clip

    async def keep(self, clip: int, name: str) -> Clip:
        return await asyncio.get_running_loop().run_in_executor(None, self.store.keep, clip, name)

    async def bring_in(self, name: str) -> Clip:
        """A file of the folder as a clip."""
        loop, format = asyncio.get_running_loop(), self._around.settings().clips.format
        clip = await loop.run_in_executor(
            None, lambda: self.store.import_file(name, self._around.rate(), self.frames, format=format)
        )
        for note in clip.made.get("notes", []):
            self._around.say(f"clip {clip.id} ({name}): {note}")
        return clip

    def packets(self, client: str) -> list[bytes]:
        """What /ear/clip/list answers to a client at that IP."""
        return [
            messages.held(c.id, c.name, c.sha256, *self._places(c, client), c.rate, c.frames, c.channels, c.score,
                          int(c.made_at))
            for c in self.store.clips
        ]  # fmt: skip

    # the transport

    def on_beat(self, bar: int, beat: int, bpm: float, phase: float) -> None:
        self._around.beat(phase)
        packet = messages.beat(bar, beat, bpm, phase)
        for entry in self._around.subscribers(TRANSPORT):
            self._around.send(packet, entry.address)

    def on_ready_due(self, loop_end_ns: int) -> None:
        running = self.running
        is_coming = self._around.hand_over(self.store.next_id)
        if not is_coming and running is not None and not self._fits(running):
            self._recut(running)

    def on_activate_due(self, loop_end_ns: int, beat: float) -> None:
        entries = {_key(entry): entry for entry in self._around.subscribers(CLIPS)}
        for key, clip in self._handoff.activations([OWN, *entries], self._chosen).items():
            if key == OWN:
                self._next = self.store.get(clip)
                self._play(self._next, loop_end_ns)
                continue
            in_seconds = (loop_end_ns - time.monotonic_ns()) / 1e9
            self._around.send(messages.activate(clip, unix_ns(loop_end_ns), in_seconds, beat), entries[key].address)

    def on_loop(self, loop_start_ns: int, beat: float) -> None:
        if self._next is not None:
            self.running, self._next = self._next, None
            self._around.started()

    def _play(self, clip: Clip, at_ns: int) -> None:
        self.deck = {"clip": clip.id, "path": str(clip.path), "at_ns": at_ns}
        self._around.play(self.deck)

    def _recut(self, clip: Clip) -> None:
        """The tempo has changed and no dream makes a clip of the new length: the running one is cut, or looped, to it.
        Stretching would smear what the dream has found; a dream that is on goes on from the same cut."""
        if self._recutting is None or self._recutting.done():
            self._recutting = asyncio.ensure_future(self._cut(clip))

    async def _cut(self, clip: Clip) -> None:
        newest = self.store.newest
        if newest is not None and self._fits(newest):
            return  # it comes anyway
        frames = self._frames_at(clip.rate)
        number, format = self.store.next_id(), self._around.settings().clips.format
        try:
            self.take(
                await asyncio.get_running_loop().run_in_executor(
                    None, _cut_file, clip, frames, self.folder, number, format
                )
            )
        except BridgeError as error:
            self._around.say(str(error))

    # telling

    def _keys(self) -> set[Source]:
        return {_key(entry) for entry in self._around.subscribers(CLIPS)}

    def _announce(self, clip: Clip) -> None:
        self._handoff.announce(clip.id, [OWN, *self._keys()])
        self._handoff.loaded(OWN, clip.id)
        for entry in self._around.subscribers(CLIPS):
            self._tell_ready(clip, entry)

    def _tell_ready(self, clip: Clip, entry: Subscription) -> None:
        places = self._places(clip, entry.address[0])
        packet = messages.ready(clip.id, clip.sha256, *places, clip.rate, clip.frames, clip.channels, clip.score)
        self._around.send(packet, entry.address)

    def _places(self, clip: Clip, client: str) -> tuple[str, str]:
        """URL and path of a clip for a client at that IP."""
        path = str(clip.path.absolute()) if is_local(client) else ""
        return self._around.url_of(FOLDER, clip.path.name, client), path

    # clearing away

    def _tidy(self) -> None:
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.ensure_future(self._prune())

    async def _prune(self) -> None:
        needed = self._needed(self._keys())
        keep = self._around.settings().clips.keep
        try:
            gone = await asyncio.get_running_loop().run_in_executor(None, self.store.prune, keep, needed)
        except BridgeError as error:
            self._around.say(str(error))
            return
        for clip in gone:
            self._handoff.drop(clip.id)

    def _needed(self, keys: Collection[Source]) -> set[int]:
        dream = self._around.settings().dream
        ours = {clip.id for clip in (self.running, self._next) if clip is not None}
        ours |= {c for c in (self._chosen, dream.origin_clip, dream.target) if c}
        recent = {c.id for c in self.store.clips if time.time() - c.made_at < KEPT_FOR_S}
        return ours | recent | self._handoff.needed([OWN, *keys])


def _key(entry: Subscription) -> Source:
    return entry.client.source if entry.client is not None else entry.address


def _cut_file(clip: Clip, frames: int, folder: Path, number: int, format: str) -> Clip:
    from .clip_files import read_clip, write_clip
    from .clip_sound import recut

    samples = recut(read_clip(clip.path, clip.rate), frames)
    made = {**clip.made, "cut_from": clip.id}
    return write_clip(
        folder, number, samples, clip.rate, format=format, score=clip.score, made=made, made_at=time.time()
    )
