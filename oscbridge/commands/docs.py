"""`oscbridge docs`: the files of the checkout that are made from the code."""

from __future__ import annotations

import sys
from pathlib import Path

from .. import settings
from ..errors import BridgeError
from ..resources import folder
from .addresses import reference


def generated() -> dict[Path, str]:
    """What each generated file has to hold."""
    return {
        folder("config") / "default.yaml": settings.default_yaml(),
        folder("patches") / "ADDRESSES.md": reference(),
    }


def rewrite() -> None:
    """Raises BridgeError in an installed package: its files are the wheel's."""
    if not (Path(__file__).parents[2] / "pyproject.toml").is_file():
        raise BridgeError("docs rewrites a checkout of oscbridge; this is an installed one, which has them already")
    for path, text in generated().items():
        if not _holds(path, text):
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path}")


def check() -> int:
    """1 if a file differs from the code, and says which."""
    differing = [path for path, text in generated().items() if not _holds(path, text)]
    for path in differing:
        print(f"oscbridge: {path} differs from the code; run `oscbridge docs` and commit it", file=sys.stderr)
    return 1 if differing else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
