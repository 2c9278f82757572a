"""What is kept under a name as a YAML file: the user's own, and what travels with the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .. import resources
from ..errors import BridgeError
from ..files import write_whole
from ..validation import did_you_mean, read_yaml
from .names import checked_name, is_name


@dataclass(frozen=True)
class NamedFiles:
    """what: a word for one of them, as "MIDI map"; own: the user's folder, which need not exist; shipped: another that
    is only read, if there is one."""

    what: str
    own: Path
    shipped: Path | None = None

    def read(self, name: str) -> tuple[str, Any]:
        """The file's name and what it holds. Raises BridgeError: 404 there is none, 422 that is no name, or no YAML."""
        file = self._file(name)
        path = next((f / file for f in self._folders if (f / file).is_file()), None)
        if path is None:
            known = self.names()
            there = f"there are {', '.join(known[:20])}" if known else "none is saved yet"
            raise BridgeError(f"no {self.what} {name!r}; {there}.{did_you_mean(name, known)}", 404)
        return path.name, read_yaml(path) or {}

    def write(self, name: str, data: Any) -> None:
        """Among the user's own. Raises BridgeError 422 if that is no name."""
        text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
        write_whole(self.own / self._file(name), text.encode())

    def names(self) -> list[str]:
        return sorted({p.stem for f in self._folders for p in f.glob("*.yaml") if is_name(p.stem)})

    @property
    def _folders(self) -> list[Path]:
        return [self.own] if self.shipped is None else [self.own, self.shipped]

    def _file(self, name: str) -> str:
        return checked_name(name, f"a {self.what}") + ".yaml"


def kept_in(folder: str, user: Path, what: str) -> NamedFiles:
    """folder: their name in the user's data folder `user`, and in config."""
    return NamedFiles(what, user / folder, resources.folder("config") / folder)
