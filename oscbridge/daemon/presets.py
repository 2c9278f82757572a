"""Presets: all live parameters under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..sections import Settings
from ..settings import live_parameters
from ..validation import Mistakes, check
from .named_files import NamedFiles


class Presets:
    """folder: the user's own; shipped: those that come with the package, read only."""

    def __init__(self, folder: Path, shipped: Path | None = None) -> None:
        self._files = NamedFiles("preset", folder, shipped)

    def save(self, name: str, settings: Settings) -> None:
        data: dict[str, dict[str, Any]] = {}
        for p in live_parameters():
            data.setdefault(p.section, {})[p.name] = p.of(settings)
        self._files.write(name, data)

    def load(self, name: str) -> dict[str, Any]:
        """The preset's values by path. Raises BridgeError: 404 no such preset, 422 with all its mistakes."""
        file, data = self._files.read(name)
        check(Settings, data, file)
        live = {p.path for p in live_parameters()}
        values = {f"{section}.{key}": value for section, inner in data.items() for key, value in inner.items()}
        if fixed := [key for key in values if key not in live]:
            raise Mistakes([f"{file}: {key} can't be changed while running; take it out." for key in fixed])
        return values

    def names(self) -> list[str]:
        return self._files.names()
