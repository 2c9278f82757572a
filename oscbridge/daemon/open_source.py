"""From the settings in `listen` to a source of sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..resources import loop_file
from ..sound import decode
from .looped import LoopedFile
from .sources import ClipSource, FileSource, Source

Tell = Callable[[int, str], None]


def open_source(listen: dict[str, Any], rate: int, hop: int, *, tell: Tell, wait: bool) -> Source:
    """The source that `listen` (the section as a dict) asks for, opened and checked. Raises BridgeError.

    tell: called with a code and a sentence when it is lost and when it is back; wait: a device that is not there is
    waited for, in silence, instead of being refused.
    """
    channel, gain_db = listen["channel"], listen["gain_db"]
    if listen["source"] == "device":
        from .devices import DeviceSource  # PortAudio is needed by none of the others

        return DeviceSource(listen["device"], rate, hop, channel=channel, gain_db=gain_db, tell=tell, wait=wait)
    if listen["source"] == "clip":
        # until a clip is handed over, the bundled loop is the clip that runs
        return ClipSource(decode(loop_file(), rate), rate, hop, gain_db=gain_db)
    path = Path(listen["file"]).expanduser() if listen["file"] else loop_file()
    return FileSource(path, rate, hop, channel=channel, gain_db=gain_db, tell=tell)


def is_same(listen: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether the source that plays can go on: at most its channel, its gain or what is not in use has changed."""
    in_use = {"file": ("source", "file"), "device": ("source", "device"), "clip": ("source",)}[listen["source"]]
    return all(listen[key] == before[key] for key in in_use)


def check_unused(listen: dict[str, Any], before: dict[str, Any]) -> None:
    """A file or device that is set while another source plays is looked up all the same. Raises BridgeError."""
    if listen["device"] != before["device"] and listen["source"] != "device" and listen["device"]:
        from .capture import pick
        from .feed import list_inputs

        pick(list_inputs(), listen["device"])
    if listen["file"] != before["file"] and listen["source"] != "file" and listen["file"]:
        LoopedFile(Path(listen["file"]).expanduser(), lambda *_: None).close()
