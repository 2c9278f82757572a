"""Who has which clip, and which one is to play next. Pure: what was said goes in, what is to be said comes out."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..errors import BridgeError

K = TypeVar("K", bound=Hashable)

MOST_LATER = 8  # clips after the active one that are kept for a client: one that only watches would keep them all
WHY_LETTERS = 200


@dataclass
class Holder:
    """What one client has, by clip numbers. rank: how old its active clip is among those announced."""

    announced: set[int] = field(default_factory=set)
    loaded: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    active: int | None = None  # what it was told to play
    rank: int = -1
    playing: int | None = None  # what it says it plays
    trouble: str = ""  # why it could not load what it failed with last


class HandOff(Generic[K]):
    """Keeps the state of every client that clips are announced to. Holds nothing of any other, nor of clips that are
    gone, so that its size is bounded by subscriptions and by the clips that are kept."""

    def __init__(self) -> None:
        self._ranks: dict[int, int] = {}  # of clips, in the order of their first announcement
        self._count = 0
        self._holders: dict[K, Holder] = {}

    # what we tell

    def join(self, key: K, running: int | None = None) -> list[int]:
        """A client subscribes, perhaps not for the first time: what it had is void. Returns the clips to announce to
        it: the running one, if it is still there, and the newest."""
        holder = self._holders[key] = Holder()
        newest = self._by_age(self._ranks)[-1:]
        clips = [clip for clip in dict.fromkeys([running, *newest]) if clip is not None and clip in self._ranks]
        holder.announced.update(clips)
        return clips

    def announce(self, clip: int, keys: Collection[K]) -> None:
        """`clip` is told to these clients. One that was announced before keeps its age."""
        if clip not in self._ranks:
            self._ranks[clip] = self._count
            self._count += 1
        for key in keys:
            self._holders.setdefault(key, Holder()).announced.add(clip)

    def activations(self, keys: Collection[K], chosen: int | None = None) -> dict[K, int]:
        """What each of these clients is to play from the loop's end on, and counts as active from now on. Those whose
        clip loops on are left out.

        chosen: the clip that was pinned, for those who loaded it; else it is the newest that a client has loaded.
        """
        out = {}
        for key in keys:
            holder = self._holders.get(key)
            clip = self._next(holder, chosen) if holder is not None else None
            if holder is None or clip is None:
                continue
            holder.active, holder.rank = clip, self._ranks[clip]
            out[key] = clip
        return out

    def _next(self, holder: Holder, chosen: int | None) -> int | None:
        if chosen is not None:
            return chosen if chosen in holder.loaded and chosen != holder.active else None
        later = self._by_age(c for c in holder.loaded if self._ranks[c] > holder.rank)
        return later[-1] if later else None

    # what clients tell

    def loaded(self, key: K, clip: int) -> None:
        """It can play the clip. Raises BridgeError 404 if it was not announced, or is not there any more."""
        holder = self._known(key, clip)
        holder.loaded.add(clip)
        holder.failed.discard(clip)

    def failed(self, key: K, clip: int, why: str) -> None:
        """It cannot play the clip: its last one loops on. Raises BridgeError 404 as `loaded` does."""
        holder = self._known(key, clip)
        holder.failed.add(clip)
        holder.loaded.discard(clip)
        holder.trouble = why[:WHY_LETTERS]
        if holder.active == clip:  # the next activation brings back the newest that it can play
            holder.active, holder.rank = None, -1

    def started(self, key: K, clip: int) -> None:
        """It plays the clip. Raises BridgeError 404 as `loaded` does."""
        holder = self._known(key, clip)
        self.loaded(key, clip)
        holder.playing = clip
        if holder.active is None:
            holder.active, holder.rank = clip, self._ranks[clip]

    def _known(self, key: K, clip: int) -> Holder:
        holder = self._holders.get(key)
        if holder is None:
            raise BridgeError("no clip was announced to you; subscribe to the stream clips first", 404)
        if clip not in self._ranks:
            raise BridgeError(f"there is no clip {clip}, or not any more; /ear/clip/list tells those there are", 404)
        return holder

    # who needs what

    def needed(self, keys: Collection[K]) -> set[int]:
        """Clips whose files some client may still fetch or play: the active one, the one it plays, and those announced
        after the active one that did not fail. Of these only the newest 8, and the newest that it has loaded."""
        out: set[int] = set()
        for key in keys:
            holder = self._holders.get(key)
            if holder is None:
                continue
            hopes = (holder.announced | holder.loaded) - holder.failed
            later = self._by_age(c for c in hopes if self._ranks[c] > holder.rank)
            out.update(later[-MOST_LATER:])
            out.update([c for c in later if c in holder.loaded][-1:])
            out.update(c for c in (holder.active, holder.playing) if c is not None and c in self._ranks)
        return out

    def forget(self, key: K) -> None:
        """Its lease has ended."""
        self._holders.pop(key, None)

    def drop(self, clip: int) -> None:
        """The clip's file is gone: nobody is told to play it from now on. Who plays it may do so."""
        self._ranks.pop(clip, None)
        for holder in self._holders.values():
            for clips in (holder.announced, holder.loaded, holder.failed):
                clips.discard(clip)

    # what is shown

    def holder(self, key: K) -> Holder | None:
        """What a client has; None if it has not joined. To be looked at only."""
        return self._holders.get(key)

    def loads(self, key: K) -> list[int]:
        """The clips that a client has loaded, oldest first."""
        holder = self._holders.get(key)
        return self._by_age(holder.loaded) if holder is not None else []

    def _by_age(self, clips: Iterable[int]) -> list[int]:
        """Oldest first."""
        return sorted(clips, key=self._ranks.__getitem__)

    def __len__(self) -> int:
        return len(self._holders)
