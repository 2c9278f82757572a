"""A user's sound file as a loop: found by its name in one folder, decoded no further than it is needed.

Not to be imported by control: it loads the sound libraries.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ..errors import BridgeError
from ..validation import did_you_mean
from .clip_files import is_numbered
from .clip_sound import FADE, Samples, recut, resample_loop
from .intake import Intake
from .looped import open_sound
from .names import is_reserved
from .served_files import is_plain_name

LONGEST_S = 600.0
_BLOCK_S = 0.25  # decoded at once; where a file breaks, the block that it breaks in is lost
_BLOCK = 1 << 20  # values, over all channels, at most
_EXTENSIONS = {f".{e.lower()}" for e in soundfile.available_formats()} - {".raw"}
_EXTENSIONS |= {".aif", ".aifc", ".snd", ".oga", ".opus"}
_NAMES_TOLD = 20


def importable(folder: Path) -> list[str]:
    """Names of the sound files in `folder`, by their extensions, without the numbered clips."""
    try:
        names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _EXTENSIONS and not is_numbered(p.stem))
    except OSError:
        return []
    return [name for name in names if _inside(folder, name) is not None]


def import_sound(folder: Path, name: str, rate: int, frames: int) -> tuple[str, Samples, list[str]]:
    """name: of a file in `folder` itself, with or without extension; rate: Hz; frames: length of the loop, at least 1.

    Returns the file's whole name, (frames,) float32 at `rate`, and what was done to it, a phrase each.
    Raises BridgeError: 404 no such file, 409 several have this name, 413 too long, 422 no sound file, or no sound.
    """
    path = _found(folder, name)
    mono, own_rate, is_whole, notes = _decoded(path, rate, frames)
    if own_rate != rate:
        notes.append(f"resampled from {own_rate:,} to {rate:,} Hz")
    if is_whole:
        loop = resample_loop(mono, own_rate, rate)
        if len(loop) < frames:
            notes.append(f"{len(loop) / rate:.2f} s repeated up to {frames / rate:.2f} s")
        loop = recut(loop, frames)
    else:
        notes.append(f"cut to its first {frames / rate:.2f} s, faded out at the end")
        # copy: what is decoded may be longer, and would be held
        loop = np.array(mono if own_rate == rate else soxr.resample(mono, own_rate, rate), np.float32)[:frames].copy()
        fade = min(FADE, frames)
        loop[-fade:] *= np.cos((np.arange(fade) + 0.5) * (math.pi / 2 / fade)).astype(np.float32)
    if not np.any(loop):
        raise BridgeError(f"{path.name} is silent in its first {frames / rate:.1f} s; choose another file", 422)
    return path.name, loop, notes


def _decoded(path: Path, rate: int, frames: int) -> tuple[Samples, int, bool, list[str]]:
    """The file's beginning, mixed to mono: (n,), its rate, whether that is all of it, notes."""
    with open_sound(path) as sound:
        own_rate, channels = int(sound.samplerate), int(sound.channels)
        expected = sound.frames if sound.frames < 2**47 else 0  # a header without a length says "nearly for ever"
        if expected > LONGEST_S * own_rate:
            minutes = f"{expected / own_rate / 60:,.1f} minutes"
            raise BridgeError(f"{path.name} is {minutes} long; expected at most {LONGEST_S / 60:.0f}: shorten it", 413)
        need = math.ceil(frames * own_rate / rate) + 1  # one more than fits tells whether it is longer
        mix = Intake(path.name, channels, own_rate, own_rate, 0, ramp=1)
        parts, heard, why = [np.zeros(0, np.float32)], 0, ""
        # never the length that the header claims: it may be forged, as may rate and channels
        most = min(math.ceil(own_rate * _BLOCK_S), max(1, _BLOCK // channels))
        while heard < need:
            try:
                block = sound.read(min(need - heard, most), dtype="float32", always_2d=True)
            except (soundfile.SoundFileError, OSError) as error:
                block, why = np.zeros((0, channels), np.float32), f" ({error})"
            if not len(block):
                break
            parts.append(mix(block))
            heard += len(block)
    if heard == 0:
        raise BridgeError(f"{path.name} holds no sound{why}; choose another file", 422)
    notes = [f"{channels} channels mixed to one"] if channels > 1 else []
    if mix.broken:
        notes.append(f"{mix.broken:,} samples were NaN, infinite or huge, and are 0 now")
    # MP3 headers count to a tenth of a second
    if heard < need and expected - heard > own_rate / 10:
        notes.append(f"it breaks off after {heard / own_rate:.2f} s of {expected / own_rate:.2f} s{why}")
    return np.concatenate(parts), own_rate, heard < need, notes


def _found(folder: Path, name: str) -> Path:
    path = _inside(folder, name)
    if path is not None:
        return path
    names = importable(folder)
    near = [n for n in names if Path(n).stem == name]
    if len(near) > 1:
        raise BridgeError(f"{name} may be {' or '.join(near)}; send the name with its extension", 409)
    if near and (path := _inside(folder, near[0])) is not None:
        return path
    more = f" and {len(names) - _NAMES_TOLD} more" if len(names) > _NAMES_TOLD else ""
    there = f"there are {', '.join(names[:_NAMES_TOLD])}{more}" if names else f"put one into {folder} first"
    hint = did_you_mean(name, names)
    raise BridgeError(f"there is no sound file {name[:80]!r} in the clips folder; {there}.{hint}", 404)


def _inside(folder: Path, name: str) -> Path | None:
    """The file of this name if it truly lies in `folder` and is a plain file: no link that leads out, no pipe."""
    if not is_plain_name(name) or is_reserved(name.split(".")[0].strip()):
        return None
    try:
        inside = folder.resolve()
        path = (inside / name).resolve()
        return path if path.parent == inside and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        return None
