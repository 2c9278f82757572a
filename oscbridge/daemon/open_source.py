"""From the settings in `listen` to a source of sound or pictures, and from a clip's file to its samples."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from ..errors import BridgeError
from ..resources import loop_file
from ..sound import decode
from .clip_sound import Samples, resample_loop
from .intake import LOUDEST
from .looped import RATES, LoopedFile
from .pictures import PictureSource, Size, are_pictures, open_pictures
from .sources import ClipSource, FileSource, Source

Tell = Callable[[int, str], None]
Deck = dict[str, Any]  # an order to play: clip, its number; path; at_ns, when its sample 0 sounds; crossfade_ms


def open_source(
    listen: dict[str, Any],
    rate: int,
    hop: int,
    *,
    tell: Tell,
    wait: bool,
    deck: Deck | None = None,
    picture: Size | None = None,
) -> Source:
    """The source that `listen` (the section as a dict) asks for, opened and checked. Raises BridgeError.

    tell: called with a code and a sentence when it is lost and when it is back; wait: a device that is not there is
    waited for, in silence, instead of being refused; deck: what the source `clip` plays, the bundled loop if None;
    picture: height and width of what the network sees, if it sees; then a file may be pictures too.
    """
    channel, gain_db = listen["channel"], listen["gain_db"]
    if listen["source"] == "device":
        from .devices import DeviceSource  # PortAudio is needed by none of the others

        return DeviceSource(listen["device"], rate, hop, channel=channel, gain_db=gain_db, tell=tell, wait=wait)
    if listen["source"] == "clip":
        source = ClipSource(decode(loop_file(), rate), rate, hop, name="the bundled loop", gain_db=gain_db)
        if deck is not None:
            try:
                hand_over(source, deck)
            except BridgeError as error:
                tell(error.code, str(error))
        return source
    path = Path(listen["file"]).expanduser() if listen["file"] else loop_file()
    if are_pictures(path):
        size = _seen(path, picture)
        return PictureSource(path, rate, hop, size, channel=channel, gain_db=gain_db, tell=tell)
    return FileSource(path, rate, hop, channel=channel, gain_db=gain_db, tell=tell)


def _seen(path: Path, picture: Size | None) -> Size:
    if picture is None:
        raise BridgeError(f"{path} holds pictures, but this network hears sound; expected a sound file", 422)
    return picture


def hand_over(source: ClipSource, deck: Deck, is_newest: Callable[[], bool] = lambda: True) -> None:
    """Loads a clip and lets the source play it, if it is still the newest by then. Raises BridgeError."""
    samples, own_rate = load_clip(deck["clip"], Path(deck["path"]))
    crossfade = round(deck["crossfade_ms"] * source.rate / 1_000)
    samples = resample_loop(samples, own_rate, source.rate)
    if is_newest():
        source.play(samples, deck["clip"], deck["at_ns"], crossfade)


def load_clip(clip: int, path: Path) -> tuple[Samples, int]:
    """A clip's samples, (n,) float32, mono, finite, n at least 1, and their rate in Hz.

    Raises BridgeError: 404 no such file, 403 not readable, 422 no sound in it.
    """
    goes_on = "the clip that runs loops on"
    if not path.is_file():  # opening a pipe would wait for ever
        raise BridgeError(f"clip {clip} is not there: expected a sound file at {path}; {goes_on}", 404)
    try:
        with path.open("rb"):  # for the system's own words: libsndfile says only "system error"
            pass
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except OSError as error:
        raise BridgeError(f"clip {clip} cannot be read from {path}: {error.strerror}; {goes_on}", 403) from error
    except (soundfile.SoundFileError, TypeError, ValueError) as error:  # TypeError: a .raw file, which has no header
        raise BridgeError(f"clip {clip} is no sound file that can be read: {path}: {error}; {goes_on}", 422) from error
    if not len(samples) or not RATES[0] <= rate <= RATES[1]:
        found = f"{len(samples)} samples at {rate:,} Hz"
        expected = f"at least 1, at {RATES[0]:,} to {RATES[1]:,} Hz"
        raise BridgeError(f"clip {clip} holds {found}; expected {expected}: {path}; {goes_on}", 422)
    mono = np.ascontiguousarray(samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1))
    mono[~(np.abs(mono) <= LOUDEST)] = 0
    return mono, int(rate)


def is_same(listen: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether the source that plays can go on: at most its channel, its gain or what is not in use has changed."""
    in_use = {"file": ("source", "file"), "device": ("source", "device"), "clip": ("source",)}[listen["source"]]
    return all(listen[key] == before[key] for key in in_use)


def check_unused(listen: dict[str, Any], before: dict[str, Any], picture: Size | None = None) -> None:
    """A file or device that is set while another source plays is looked up all the same. Raises BridgeError.

    picture: as in open_source.
    """
    if listen["device"] != before["device"] and listen["source"] != "device" and listen["device"]:
        from .capture import pick
        from .feed import list_inputs

        pick(list_inputs(), listen["device"])
    if listen["file"] != before["file"] and listen["source"] != "file" and listen["file"]:
        path = Path(listen["file"]).expanduser()
        if are_pictures(path):
            open_pictures(path, _seen(path, picture), lambda *_: None).close()
        else:
            LoopedFile(path, lambda *_: None).close()
