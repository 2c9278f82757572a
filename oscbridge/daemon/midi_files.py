"""Maps of MIDI controllers under names: read and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..osc.midi_control import Control
from ..osc.midi_map import MapFile
from ..validation import check
from .named_files import NamedFiles, kept_in


def midi_files(user: Path) -> NamedFiles:
    """user: the user's data folder."""
    return kept_in("midi", user, "MIDI map")


def read_map(files: NamedFiles, name: str) -> list[Control]:
    """Raises BridgeError: 404 no such map, 422 with all its mistakes."""
    file, data = files.read(name)
    return check(MapFile, data, file).controls


def write_map(files: NamedFiles, name: str, controls: Sequence[Control]) -> None:
    """Raises BridgeError 422 if that is no name."""
    files.write(name, {"controls": [control.model_dump(exclude_defaults=True) for control in controls]})
