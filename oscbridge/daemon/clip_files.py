"""A clip on the disk: a sound file, and beside it its index entry (JSON).

The sound is written first and removed last, so whatever has an entry is whole, even if we are killed in between.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import math
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BridgeError
from ..files import write_whole
from .clip_sound import Samples, resample_loop
from .names import is_name

MOST_ID = 2**24 - 1  # Pure Data holds numbers as 32-bit floats
FORMATS = {"wav": "FLOAT", "flac": "PCM_24"}
_LARGEST_ENTRY = 4 << 20  # bytes
_NUMBERED = re.compile(r"clip-([0-9]{6,8})", re.IGNORECASE)  # some file systems take CLIP-000001 for the same file


@dataclass(frozen=True)
class Clip:
    """One sound file of the clips folder; it never changes.

    sha256: of the file, hexadecimal; rate: Hz; score: standard deviations over music; made_at: Unix seconds
    name:   "" unless it is kept for good
    made:   the parameters and the selection that made it, or whence it was imported; may be anything JSON can hold
    """

    id: int
    path: Path
    sha256: str
    rate: int
    frames: int
    channels: int
    score: float
    made_at: float
    name: str
    made: dict[str, Any] = field(hash=False)

    @property
    def index(self) -> Path:
        """Where its entry is."""
        return self.path.with_suffix(".json")


class Entry(BaseModel):
    """A clip as its JSON file tells it."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    id: int = Field(ge=1, le=MOST_ID)
    file: str
    size: int = Field(ge=1)  # of the file, in bytes
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    rate: int = Field(ge=1)
    frames: int = Field(ge=1)
    channels: int = Field(ge=1)
    score: float
    made_at: float
    name: str
    made: dict[str, Any]
    becomes: Entry | None = None  # its file is being replaced: the entry holds for whichever of both lies there

    @classmethod
    def of(cls, clip: Clip, size: int, becomes: Entry | None = None) -> Entry:
        told = {k: v for k, v in vars(clip).items() if k != "path"}
        return cls(file=clip.path.name, size=size, becomes=becomes, **told)

    def clip(self, folder: Path) -> Clip:
        told = self.model_dump(exclude={"file", "size", "becomes"})
        return Clip(path=folder / self.file, **told)

    def encoded(self) -> bytes:
        return self.model_dump_json(indent=1, exclude=set() if self.becomes else {"becomes"}).encode()


def stem_of(clip_id: int) -> str:
    return f"clip-{clip_id:06d}"


def number_in(stem: str) -> int | None:
    """The clip whose file would have this name, without extension; None if it is none of our numbered files."""
    match = _NUMBERED.fullmatch(stem)
    return int(match[1]) if match and stem == stem_of(int(match[1])) else None


def is_numbered(stem: str) -> bool:
    """Whether it looks like one of our numbered files, so that nothing else may be called so."""
    return bool(_NUMBERED.fullmatch(stem))


def write_clip(
    folder: Path,
    clip_id: int,
    samples: Samples,
    rate: int,
    *,
    format: str,
    score: float,
    made: dict[str, Any],
    made_at: float,
) -> Clip:
    """Writes a new clip; any process may.

    clip_id: 1 to MOST_ID, from ClipStore.next_id; samples: (n,) float32, mono, n at least 1; rate: Hz
    format:  "wav" (32-bit float) or "flac" (24-bit, so what is beyond full scale is clipped)
    made:    what JSON can hold; made_at: Unix seconds
    Raises BridgeError, and then nothing is left of it: 422 samples or a score that are not finite, no samples, no such
    format; 409 there is such a clip; 500 the disk refuses, or is full.
    """
    sound = np.asarray(samples, np.float32)
    if format not in FORMATS:
        raise BridgeError(f"there is no format {format[:20]!r} for clips; there are {', '.join(FORMATS)}", 422)
    if sound.ndim != 1 or sound.size == 0:
        raise BridgeError(f"clip {clip_id} has the shape {sound.shape}; expected (n,), mono, n at least 1", 422)
    if bad := int(sound.size - np.count_nonzero(np.isfinite(sound))):
        raise BridgeError(f"clip {clip_id}: {bad:,} of {sound.size:,} samples are NaN or infinite; it is not kept", 422)
    if not math.isfinite(score):
        raise BridgeError(f"clip {clip_id} has the score {score}; expected a finite number", 422)
    if not 1 <= clip_id <= MOST_ID:
        raise BridgeError(f"{clip_id} is no number for a clip; expected 1 to {MOST_ID:,}", 422)
    made = json.loads(json.dumps(made, allow_nan=False))  # as it will be read back
    content = encoded(sound, rate, format)
    path = folder / f"{stem_of(clip_id)}.{format}"
    sha256 = hashlib.sha256(content).hexdigest()
    clip = Clip(int(clip_id), path, sha256, int(rate), len(sound), 1, float(score), float(made_at), "", made)
    if clip.index.exists():
        raise BridgeError(f"there is a clip {clip_id} already; does another daemon use {folder}? Give it its own", 409)
    write_new(clip, content)
    return clip


def encoded(sound: Samples, rate: int, format: str) -> bytes:
    import soundfile

    buffer = io.BytesIO()
    try:
        soundfile.write(buffer, sound, rate, format=format.upper(), subtype=FORMATS[format])
    except soundfile.SoundFileError as error:
        raise BridgeError(f"{len(sound):,} samples at {rate} Hz can't be written as {format}: {error}", 422) from error
    content = bytearray(buffer.getvalue())
    if format == "wav" and (peak := content.find(b"PEAK", 0, 100)) > 0:
        content[peak + 12 : peak + 16] = bytes(4)  # the time of writing: the same sound is the same file
    return bytes(content)


def write_new(clip: Clip, content: bytes) -> None:
    """The files of a clip that has none. Raises BridgeError 500, and then neither is there."""
    try:
        write_whole(clip.path, content)
        write_whole(clip.index, Entry.of(clip, len(content)).encoded())
    except BaseException as error:
        for path in (clip.index, clip.path):
            with contextlib.suppress(OSError):  # the disk may refuse that too; what it refused first is told
                path.unlink(missing_ok=True)
        if isinstance(error, BridgeError):
            raise disk_full(error, clip, len(content)) from error
        raise


def disk_full(error: BridgeError, clip: Clip, size: int) -> BridgeError:
    """What to say of a failure to write `size` bytes: in words of the show, if it is that the disk is full."""
    if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
        return error
    return BridgeError(
        f"the disk is full: {clip.path.name} needs {size:,} bytes in {clip.path.parent}; the current clip plays on. "
        "Make room there, or lower clips.keep",
        500,
    )


def read_entry(index: Path) -> Entry:
    """Raises ValueError or OSError, in a sentence, unless it is an entry of a clip under its own name."""
    facts = index.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > _LARGEST_ENTRY:
        raise ValueError("it is no plain file, or too large")
    try:
        entry = Entry.model_validate_json(index.read_bytes())
    except ValidationError as error:
        raise ValueError(f"it is no clip's entry; {error.error_count()} mistakes") from error
    for one in (entry, entry.becomes):
        if one is None:
            continue
        own_stem = one.name or stem_of(one.id)
        if one.file not in [f"{index.stem}.{format}" for format in FORMATS] or own_stem != index.stem:
            raise ValueError(f"it tells of {one.file[:80]!r}")
        if one.name and (not is_name(one.name) or is_numbered(one.name)):
            raise ValueError(f"{one.name[:80]!r} is no name")
    return entry


def check_sound(entry: Entry, folder: Path) -> Entry:
    """The entry, or what it becomes if that lies there, by its size and header; its hash is taken only if in doubt.

    Raises FileNotFoundError, OSError or ValueError, in a sentence, if it is not as the entry says.
    """
    import soundfile

    path = folder / entry.file
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError(f"{entry.file} is no plain file")
    if entry.becomes is not None:
        there = hashlib.sha256(path.read_bytes()).hexdigest()
        entry = entry.becomes if there == entry.becomes.sha256 else entry
        if there != entry.sha256:
            raise ValueError(f"{entry.file} was changed")
    if facts.st_size != entry.size:
        raise ValueError(f"{entry.file} has {facts.st_size:,} bytes, not {entry.size:,}: it was changed")
    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError as error:
        raise ValueError(f"{entry.file} is broken: {error}") from error
    if (info.samplerate, info.frames, info.channels) != (entry.rate, entry.frames, entry.channels):
        raise ValueError(f"{entry.file} has another rate, length or number of channels: it was changed")
    return entry


def read_clip(path: Path, rate: int) -> Samples:
    """A clip's sound for our own player and ear: (n,) float32, mono, at `rate` Hz, resampled as the loop that it is.

    Raises BridgeError: 404 it is gone, 422 it can't be decoded.
    """
    import soundfile

    if not path.is_file():
        raise BridgeError(f"there is no clip file {path}; it was removed", 404)
    try:
        samples, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise BridgeError(f"{path} can't be read: {error}", 422) from error
    if len(samples) == 0:
        raise BridgeError(f"{path} holds no sound", 422)
    mono = np.ascontiguousarray(samples[:, 0]) if samples.shape[1] == 1 else samples.mean(axis=1)
    return resample_loop(mono, own_rate, rate)
