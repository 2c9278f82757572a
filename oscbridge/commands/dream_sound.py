"""Sound in and out of `oscbridge dream`: loops from files, the origin of a dream, clips as files."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from ..daemon.clip_files import FORMATS, encoded
from ..daemon.clip_sound import recut, resample_loop
from ..dream.origins import white_noise
from ..errors import BridgeError
from ..files import write_whole
from ..sections import Dream as Wishes
from ..validation import did_you_mean

ORIGINS = ("noise", "silence")
LONGEST_FILE_S = 600.0


def read_loop(path: Path, rate: int, samples: int, tell: Callable[[str], None]) -> Tensor:
    """A sound file as a loop of that length, mono: a short one is repeated, a long one cut, and either is told.

    Returns (samples,) float32 at `rate`. Raises BridgeError: 404 there is no such file, 422 it is broken, empty, too
    long, or holds samples that are no numbers.
    """
    if not path.is_file():
        raise BridgeError(f"there is no file {path}", 404)
    try:
        info = soundfile.info(path)
        if info.frames > LONGEST_FILE_S * info.samplerate:
            raise BridgeError(f"{path} lasts {info.frames / info.samplerate:,.0f} s; at most {LONGEST_FILE_S:.0f} s")
        sound, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise BridgeError(f"{path} is not a sound file that can be read: {error}") from error
    if not len(sound):
        raise BridgeError(f"{path} holds no sound")
    if bad := int(sound.size - np.count_nonzero(np.isfinite(sound))):
        raise BridgeError(f"{path}: {bad:,} of {sound.size:,} samples are NaN or infinite; export it again")
    loop = resample_loop(np.ascontiguousarray(sound.mean(axis=1)), own_rate, rate)
    if len(loop) < samples:
        tell(f"{path} lasts {len(loop) / rate:.2f} s; it is repeated up to {samples / rate:.2f} s")
    elif len(loop) > samples:
        tell(f"{path} lasts {len(loop) / rate:.2f} s; its first {samples / rate:.2f} s are taken")
    return torch.from_numpy(recut(loop, samples))


def make_origin(word: str, wishes: Wishes, rate: int, samples: int, tell: Callable[[str], None]) -> Tensor:
    """What a dream starts from. word: noise, silence, or a file. Returns (samples,); raises as read_loop does."""
    if word == "silence":
        return torch.zeros(samples)
    if word == "noise":
        return white_noise(samples, wishes.noise_db, wishes.seed)
    path = Path(word).expanduser()
    if not path.is_file():
        hint = did_you_mean(word, ORIGINS)
        raise BridgeError(
            f"--origin {word}: there is no such file; expected noise, silence or a sound file.{hint}", 404
        )
    return read_loop(path, rate, samples, tell)


def check_clip_path(path: Path) -> None:
    """Raises BridgeError unless a clip can be written there, before time is spent on it."""
    if path.is_dir():
        raise BridgeError(f"{path} is a folder; give the clip a name, as in {path / 'clip.wav'}")
    if path.suffix.lower().removeprefix(".") not in FORMATS:
        kinds = " or ".join(f".{name}" for name in FORMATS)
        raise BridgeError(f"-o {path}: a clip's name ends in {kinds}, not {path.suffix or 'in nothing'!r}")
    _check_folder(path.parent)


def check_folder_path(path: Path) -> None:
    """Raises BridgeError unless several clips can be written into that folder."""
    if path.exists() and not path.is_dir():
        raise BridgeError(f"-o {path} is a file; several clips need a folder")
    if path.suffix.lower().removeprefix(".") in FORMATS:
        raise BridgeError(f"-o {path} names one clip; several are written, so give a folder")
    _check_folder(path)


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BridgeError(f"nothing can be written in {folder}: {error.strerror}; give -o another place") from error


def write_sound(path: Path, sound: Tensor, rate: int) -> None:
    """Whole or not at all: 32-bit float WAV or 24-bit FLAC, by the suffix; the same sound is the same file.

    sound: (n,) float32. Raises BridgeError if the disk refuses.
    """
    write_whole(path, encoded(sound.numpy(), rate, path.suffix.lower().removeprefix(".")))


def level_db(sound: Tensor) -> float:
    """RMS in decibels below full scale; -inf for silence. sound: (n,)."""
    rms = float(sound.double().square().mean().sqrt())
    return 20 * math.log10(rms) if rms else -math.inf
