"""Where the files that travel with the package are: models, loops, configuration, patches.

A wheel carries them inside the package; a checkout has them beside it.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

from .errors import BridgeError
from .validation import did_you_mean

BUNDLED_LOOP = "guitar_drums.flac"
MODELS = "models"  # a folder of the package, and of the user's folder


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


def models(user: Path) -> dict[str, Path]:
    """The YAMLs of the networks that have a name: those that travel with the package, and those in the folder `models`
    of the user's folder; of two with one name, the package's."""
    found = [*(user / MODELS).glob("*.yaml"), *folder(MODELS).glob("*.yaml")]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


def model_file(name: str, user: Path | None = None) -> Path:
    """The YAML of the network `name`: a path to one, or one that `models` finds. user: the user's folder, None for that
    of the default settings."""
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        if not path.is_file():
            raise BridgeError(f"model.name is {name!r}; there is no such file", 404)
        return path
    known = models(user or user_folder(""))
    if name not in known:
        hint = did_you_mean(name, list(known))
        there = ", ".join(known)
        raise BridgeError(f"model.name is {name!r}; there are {there}, or give the path of a YAML file.{hint}", 404)
    return known[name]


def loop_file() -> Path:
    return folder("loops") / BUNDLED_LOOP


def user_folder(chosen: str) -> Path:
    """Where presets are kept. chosen: the setting server.folder."""
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_data_dir("oscbridge"))
