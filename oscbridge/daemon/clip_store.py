"""The clips folder: which clips there are, their numbers, which are kept for good, and which go."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import BridgeError
from ..files import write_whole
from . import clip_files
from .clip_files import FORMATS, MOST_ID, Clip, Entry, number_in, write_clip
from .names import checked_name, is_name

log = logging.getLogger(__name__)

COUNTER = ".clip-last"  # the highest number ever given, for it may belong to a clip that is gone
_TEMPORARY = re.compile(r"\.(.+)\.(wav|flac|json)\.[a-z0-9_]{8}")  # as write_whole makes them
_RUNS_TOLD = 12


class ClipStore:
    """May be used from any thread. Only `clips`, `newest`, `get`, `next_id` and `add` never wait for sound on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clips: dict[int, Clip] = {}
        self._highest = 0
        self._lock = threading.Lock()  # of the two above; held for moments
        self._changing = threading.Lock()  # of the files; one change at a time

    def load(self) -> None:
        """Reads the index, and removes what a crash has left. Call it before anybody writes clips into the folder.

        What is not ours, broken or changed is left alone and logged. Raises BridgeError 500: no folder to be used.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            names = sorted(os.listdir(self._folder))
        except OSError as error:
            text = f"the clips folder {self._folder} can't be used: {error.strerror}; set clips.folder to another"
            raise BridgeError(text, 500) from error
        clips: dict[int, Clip] = {}
        for name in names:
            if name.endswith(".json") and not name.startswith("."):
                clip = self._read(self._folder / name)
                if clip is not None and clips.setdefault(clip.id, clip) is not clip:
                    log.warning("%s has the number of %s; it is left out", name, clips[clip.id].path.name)
        self._sweep(names, {clip.path.name for clip in clips.values()})
        seen = [number_in(Path(name).stem) or 0 for name in names]
        with self._lock:
            self._clips = clips
            self._highest = max([self._highest, self._counter(), *clips, *(n for n in seen if n <= MOST_ID)])

    def _read(self, index: Path) -> Clip | None:
        try:
            entry = clip_files.read_entry(index)
            try:
                entry = clip_files.check_sound(entry, self._folder)
            except FileNotFoundError:
                if number_in(index.stem) is not None:
                    index.unlink(missing_ok=True)
                raise
        except (OSError, ValueError) as error:
            log.warning("%s is left out of the clips: %s", index, error)
            return None
        return entry.clip(self._folder)

    def _sweep(self, names: Iterable[str], indexed: Collection[str]) -> None:
        """Sound without an entry, and half-written files; by their names they must be ours."""
        for name in names:
            path = self._folder / name
            temporary = _TEMPORARY.fullmatch(name)
            is_sound = path.suffix in {f".{f}" for f in FORMATS} and number_in(path.stem) is not None
            # an entry that can't be read may yet be mended by its owner
            is_orphan = is_sound and name not in indexed and not os.path.lexists(path.with_suffix(".json"))
            if not is_orphan and not (temporary and is_name(temporary[1])):
                continue
            try:
                if stat.S_ISREG(path.lstat().st_mode):
                    path.unlink()
                    log.info("%s was left by a crash; it is removed", path)
            except OSError as error:
                log.warning("%s was left by a crash and can't be removed: %s", path, error.strerror)

    # what there is

    @property
    def clips(self) -> list[Clip]:
        """By number, so oldest first."""
        with self._lock:
            return [self._clips[i] for i in sorted(self._clips)]

    @property
    def newest(self) -> Clip | None:
        """Of those without a name: a kept copy is younger than what it is a copy of, but not newer."""
        return next((clip for clip in reversed(self.clips) if not clip.name), None)

    def get(self, clip_id: int) -> Clip:
        """Raises BridgeError 404, which tells what there is."""
        with self._lock:
            clip = self._clips.get(clip_id)
        if clip is None:
            raise BridgeError(f"there is no clip {clip_id}; {_listed(self.clips)}", 404)
        return clip

    # numbers

    def next_id(self) -> int:
        """A number that no clip ever had, and that nobody else is given. Raises BridgeError 409 after MOST_ID."""
        with self._lock:
            if self._highest >= MOST_ID:
                raise BridgeError(f"all {MOST_ID:,} numbers of clips are used; set clips.folder to an empty one", 409)
            self._see(self._highest + 1)
            return self._highest

    def add(self, clip: Clip) -> None:
        """Takes in a clip that the dreaming worker has written."""
        with self._lock:
            self._clips[clip.id] = clip
            self._see(clip.id)

    def _see(self, clip_id: int) -> None:
        if clip_id <= self._highest:
            return
        self._highest = clip_id
        try:
            # overwritten in place, in one write: as quick as can be, and whole even if we are killed
            descriptor = os.open(self._folder / COUNTER, os.O_WRONLY | os.O_CREAT, 0o644)
            try:
                os.write(descriptor, b"%08d\n" % clip_id)
            finally:
                os.close(descriptor)
        except OSError as error:  # the clips themselves tell the number too, but for those that are gone
            log.warning("%s can't be written: %s", self._folder / COUNTER, error.strerror)

    def _counter(self) -> int:
        try:
            number = int((self._folder / COUNTER).read_bytes()[:9])
        except (OSError, ValueError):
            return 0
        return number if 0 <= number <= MOST_ID else 0

    # what waits for the disk

    def keep(self, clip_id: int, name: str) -> Clip:
        """Copies a clip to `<name>.wav` or `.flac`, with a number of its own; `prune` lets it be.

        A kept clip of this name is replaced; if it is the same sound already, it is returned as it is.
        Raises BridgeError: 404 no such clip, 422 no name for it, 409 another file has the name, 500 the disk refuses.
        """
        checked_name(name, "a clip")
        if clip_files.is_numbered(name):
            raise BridgeError(f"{name} is what clips without a name are called; choose another", 422)
        with self._changing:
            clip = self.get(clip_id)
            old = next((c for c in self.clips if c.name == name), None)
            if old is not None and old.sha256 == clip.sha256:
                return old
            content = _content(clip)
            path = self._folder / f"{name}{clip.path.suffix}"
            is_there = self._is_there(path, old, content)
            kept = replace(clip, id=self.next_id(), path=path, name=name)
            try:
                if old is not None:
                    _exchange(old, kept, content)
                elif is_there:
                    write_whole(kept.index, Entry.of(kept, len(content)).encoded())
                else:
                    clip_files.write_new(kept, content)
            except BridgeError as error:
                raise clip_files.disk_full(error, kept, len(content)) from error
            with self._lock:
                if old is not None:
                    self._clips.pop(old.id, None)
                self._clips[kept.id] = kept
            return kept

    def _is_there(self, path: Path, old: Clip | None, content: bytes) -> bool:
        """Whether this sound lies at `path` already: we were killed while keeping it. 409 if something else does."""
        if old is not None and old.path == path:
            return False
        index = path.with_suffix(".json")
        is_there = os.path.lexists(path)
        try:
            if is_there and (path.is_symlink() or not path.is_file() or path.read_bytes() != content):
                raise ValueError(path.name)
            if old is None and os.path.lexists(index):
                clip_files.read_entry(index)  # one of ours, whose sound is gone
        except (OSError, ValueError):
            raise BridgeError(
                f"{path.name} can't be kept: a file of this name is no kept clip; choose another", 409
            ) from None
        return is_there

    def import_file(self, name: str, rate: int, frames: int, *, format: str = "wav") -> Clip:
        """Takes a sound file of the folder as a new clip: mono, at `rate` Hz, cut or repeated to `frames` samples.

        name: plain, with or without extension; `made` tells the file and what was done to it. Decodes: not for the
        event loop. Raises BridgeError: 404 no such file, with those there are; 409 several have this name;
        413 longer than 10 minutes; 422 no sound file, or no sound in it; 500 the disk refuses.
        """
        from .clip_import import import_sound

        file, samples, notes = import_sound(self._folder, name, rate, frames)
        made = {"imported": file, "notes": notes}
        clip = write_clip(
            self._folder, self.next_id(), samples, rate, format=format, score=0.0, made=made, made_at=time.time()
        )
        self.add(clip)
        return clip

    def prune(self, keep: int, needed: Collection[int]) -> list[Clip]:
        """Removes the clips without a name, but for the newest `keep` and those whose numbers are `needed`.

        Returns those that are gone. What the disk does not let go is logged, and tried again.
        """
        gone = []
        with self._changing:
            unnamed = [clip for clip in self.clips if not clip.name]
            for clip in unnamed[: max(0, len(unnamed) - keep)]:
                if clip.id in needed:
                    continue
                try:
                    clip.index.unlink(missing_ok=True)
                except OSError as error:
                    log.warning("%s can't be removed: %s", clip.index, error.strerror)
                    continue
                with self._lock:
                    self._clips.pop(clip.id, None)
                gone.append(clip)
                try:
                    clip.path.unlink(missing_ok=True)
                except OSError as error:  # Windows, while a host has it open: the next start sweeps it
                    log.warning("%s can't be removed now: %s", clip.path, error.strerror)
        return gone


def _content(clip: Clip) -> bytes:
    try:
        content = clip.path.read_bytes()
    except OSError as error:
        raise BridgeError(f"clip {clip.id} can't be read: {error.strerror}; was {clip.path} removed?", 404) from error
    if hashlib.sha256(content).hexdigest() != clip.sha256:
        raise BridgeError(f"{clip.path} was changed by another program; import it instead", 409)
    return content


def _exchange(old: Clip, new: Clip, content: bytes) -> None:
    """One kept clip for another of its name; at any moment one of both is there, whole. Raises BridgeError 500."""
    whole = Entry.of(new, len(content))
    if old.path != new.path:  # another format: the entry alone decides
        try:
            write_whole(new.path, content)
            write_whole(new.index, whole.encoded())
        except BaseException:
            new.path.unlink(missing_ok=True)
            raise
        old.path.unlink(missing_ok=True)
        return
    try:
        size = old.path.stat().st_size
    except OSError:  # someone removed it
        size = 1
    write_whole(new.index, Entry.of(old, size, becomes=whole).encoded())
    write_whole(new.path, content)
    try:
        write_whole(new.index, whole.encoded())
    except BridgeError as error:  # the entry that is there tells of both
        log.warning("%s", error)


def _listed(clips: list[Clip]) -> str:
    """The newest of what there is, as in 'there are 3-7, 9, 12 (encore)'."""
    if not clips:
        return "there is none yet; /ear/dream/start makes some"
    runs: list[tuple[Clip, Clip]] = []
    for clip in clips:
        if runs and runs[-1][1].id + 1 == clip.id and not runs[-1][1].name and not clip.name:
            runs[-1] = (runs[-1][0], clip)
        else:
            runs.append((clip, clip))
    words = [
        f"{first.id} ({first.name})" if first.name else f"{first.id}" if first is last else f"{first.id}-{last.id}"
        for first, last in runs[-_RUNS_TOLD:]
    ]
    older = "older ones, " if len(runs) > _RUNS_TOLD else ""
    return f"there are {older}{', '.join(words)}"
