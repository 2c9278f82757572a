"""Where the files that travel with the package are: models, loops, configuration, patches.

A wheel carries them inside the package; a checkout has them beside it.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from .errors import BridgeError
from .validation import did_you_mean

BUNDLED_LOOP = "guitar_drums.flac"


def folder(name: str) -> Path:
    """The folder `models`, `loops`, `config` or `patches`. Raises BridgeError if the installation lacks it."""
    package = Path(__file__).parent
    for candidate in (package / "data" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise BridgeError(f"this installation of oscbridge has no {name} folder; install it again", 500)


def page_folder() -> Path:
    """The files of the preview page."""
    return Path(__file__).parent / "web"


def model_file(name: str) -> Path:
    """The YAML of the network `name`: a path to one, or one that travels with the package."""
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        if not path.is_file():
            raise BridgeError(f"model.name is {name!r}; there is no such file", 404)
        return path
    known = sorted(p.stem for p in folder("models").glob("*.yaml"))
    if name not in known:
        hint = did_you_mean(name, known)
        there = ", ".join(known)
        raise BridgeError(f"model.name is {name!r}; there are {there}, or give the path of a YAML file.{hint}", 404)
    return folder("models") / f"{name}.yaml"


def loop_file() -> Path:
    return folder("loops") / BUNDLED_LOOP


def user_folder(chosen: str) -> Path:
    """Where presets are kept. chosen: the setting server.folder."""
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("oscbridge"))
