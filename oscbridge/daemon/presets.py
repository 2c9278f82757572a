"""Presets: all live parameters under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import BridgeError
from ..files import write_whole
from ..sections import Settings
from ..settings import live_parameters
from ..validation import Mistakes, check, did_you_mean, read_yaml
from .names import checked_name, is_name


class Presets:
    """folder: the user's own; shipped: those that come with the package, read only."""

    def __init__(self, folder: Path, shipped: Path | None = None) -> None:
        self._folder, self._shipped = folder, shipped

    def save(self, name: str, settings: Settings) -> None:
        data: dict[str, dict[str, Any]] = {}
        for p in live_parameters():
            data.setdefault(p.section, {})[p.name] = p.of(settings)
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        write_whole(self._folder / _file(name), text.encode())

    def load(self, name: str) -> dict[str, Any]:
        """The preset's values by path. Raises BridgeError: 404 no such preset, 422 with all its mistakes."""
        file = _file(name)
        places = [f for f in (self._folder, self._shipped) if f is not None]
        path = next((f / file for f in places if (f / file).is_file()), None)
        if path is None:
            known = self.names()
            there = f"there are {', '.join(known[:20])}" if known else "none is saved yet"
            raise BridgeError(f"no preset {name!r}; {there}.{did_you_mean(name, known)}", 404)
        data = read_yaml(path) or {}
        check(Settings, data, path.name)
        live = {p.path for p in live_parameters()}
        values = {f"{section}.{key}": value for section, inner in data.items() for key, value in inner.items()}
        if fixed := [key for key in values if key not in live]:
            raise Mistakes([f"{path.name}: {key} can't be changed while running; take it out." for key in fixed])
        return values

    def names(self) -> list[str]:
        folders = [f for f in (self._folder, self._shipped) if f is not None and f.is_dir()]
        return sorted({p.stem for f in folders for p in f.glob("*.yaml") if is_name(p.stem)})


def _file(name: str) -> str:
    return checked_name(name, "a preset") + ".yaml"
