"""Reads a sound file in blocks, round and round, and goes on when the file breaks."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ..errors import BridgeError
from .intake import Samples

Tell = Callable[[int, str], None]  # a code as in HTTP, and a sentence for people

BLOCK_S = 0.25  # how much is read at once
RATES = (1_000, 768_000)  # Hz; outside, the header is nonsense, and resampling from it would eat the memory
FORMATS = "WAV, FLAC, OGG, MP3, AIFF or what else libsndfile reads"


class _Reader(soundfile.SoundFile):  # type: ignore[misc]  # the library has no type hints
    """Reads straight on. SoundFile seeks after each read, and in an MP3 that breaks what is decoded next."""

    def seekable(self) -> bool:
        return False


class LoopedFile:
    """A sound file without an end. What is wrong at first is raised by the constructor, later it is told."""

    def __init__(self, path: Path, tell: Tell) -> None:
        """tell is called in the thread that calls `next_block`, and here.

        Raises BridgeError: 404 no such file, 403 not readable, 422 not a sound file, or no sound in it.
        """
        self._path, self.name, self._tell = path, path.name, tell
        self._sound = open_sound(path)
        self.rate: int = self._sound.samplerate
        self.channels: int = self._sound.channels
        self._block = max(1, round(self.rate * BLOCK_S))
        frames = self._sound.frames
        # a header without a length says "nearly for ever"
        self._expected: int = frames if frames < 2**47 else 0
        self._heard = 0  # frames since the last rewind
        self._why = ""  # what the last failed reading said
        self._is_told_short = self._is_silent = False
        first = self._read()
        if not len(first):
            self._sound.close()
            raise BridgeError(f"{path} holds no sound{self._why}; choose another file", 422)
        self._first: Samples | None = first
        self._whole: Samples | None = None
        if len(first) < self._block:
            self._tell_if_short()
            # kept, end to end: else it would be rewound up to thousands of times a second
            self._whole = np.tile(first, (-(-self._block // len(first)), 1))

    @property
    def what(self) -> str:
        length = f"{self._expected / self.rate:.1f} s, " if self._expected else ""
        return f"{self.name}, {length}{self.rate:,} Hz, looped"

    def next_block(self) -> Samples:
        """(n, channels) float32, n at least 1: the loop's next sound, or silence if nothing can be read."""
        if self._whole is not None:
            return self._whole
        if self._first is not None:
            block, self._first = self._first, None
            return block
        block = self._read()
        if not len(block):
            self._tell_if_short()
            self._rewind()
            block = self._read()
        if not len(block):
            if not self._is_silent:
                self._is_silent = True
                self._tell(503, f"{self.name} cannot be read any more{self._why}; silence until it can")
            return np.zeros((self._block, self.channels), np.float32)
        if self._is_silent:
            self._is_silent = False
            self._tell(200, f"{self.name} can be read again")
        return block

    def close(self) -> None:
        self._sound.close()

    def _read(self) -> Samples:
        """(n, channels): up to a block; n is 0 at the end and where the file is broken."""
        self._why = ""
        try:
            block: Samples = self._sound.read(self._block, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            self._why = f" ({error})"
            return np.zeros((0, self.channels), np.float32)
        self._heard += len(block)
        return block

    def _rewind(self) -> None:
        self._heard = 0
        try:
            if self._is_silent:  # the file may have been written anew, or its disk come back
                sound = open_sound(self._path)
                if (sound.samplerate, sound.channels) != (self.rate, self.channels):
                    sound.close()
                    raise BridgeError("its rate or number of channels has changed; choose it again")
                self._sound.close()
                self._sound = sound
            else:
                self._sound.seek(0)
        except (soundfile.SoundFileError, OSError, BridgeError) as error:
            self._why = f" ({error})"

    def _tell_if_short(self) -> None:
        # a tenth of a second off is how MP3 headers count; more is a file that was cut or broke in the middle
        if self._expected - self._heard > self.rate / 10 and not self._is_told_short:
            self._is_told_short = True
            self._tell(
                422,
                f"{self.name} breaks off after {self._heard / self.rate:.1f} s of "
                f"{self._expected / self.rate:.1f} s{self._why}; looping what can be read",
            )


def open_sound(path: Path) -> _Reader:
    try:
        if path.is_dir():
            raise BridgeError(f"{path} is a folder; expected a sound file in it", 422)
        if not path.exists():
            raise BridgeError(_not_there(path), 404)
        if not path.is_file():  # opening a pipe would wait for ever
            raise BridgeError(f"{path} is a pipe or a device; expected a sound file", 422)
        with path.open("rb"):  # for the system's own words: libsndfile says only "system error"
            pass
        sound = _Reader(path)
    except PermissionError as error:
        raise BridgeError(f"{path} may not be read: {error.strerror}; change its permissions", 403) from error
    except (OSError, ValueError) as error:
        raise BridgeError(f"{path} cannot be opened: {error}", 404) from error
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise BridgeError(f"{path} is not a sound file that can be read; expected {FORMATS}", 422) from error
    if not RATES[0] <= sound.samplerate <= RATES[1]:
        rate = sound.samplerate
        sound.close()
        raise BridgeError(f"{path} says {rate:,} Hz; expected {RATES[0]:,} to {RATES[1]:,} Hz: convert the file", 422)
    return sound


def _not_there(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder {folder}, so no {path.name} in it; expected the path of a sound file"
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return f"there is no file {path}" + (f"; did you mean {near[0]}?" if near else "; expected a sound file")
