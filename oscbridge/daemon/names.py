"""Names that users give to what they keep: they become names of files, and can't be paths."""

from __future__ import annotations

import re

from ..errors import BridgeError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)  # device files on Windows


def is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not is_reserved(name)


def is_reserved(name: str) -> bool:
    """Whether a file of this name, with any extension, would be a device on Windows."""
    return bool(_RESERVED.fullmatch(name))


def checked_name(name: str, of: str) -> str:
    """The name itself. of: what it names, as in "a preset". Raises BridgeError 422."""
    if not is_name(name):
        raise BridgeError(
            f"{name[:64]!r} is no name for {of}; take letters, digits, spaces, - and _, at most 64, and no path"
        )
    return name
