"""How a command ends that cannot do what is asked."""

from __future__ import annotations

import sys

import typer

from ..errors import BridgeError


def refuse(error: BridgeError, code: int = 2) -> typer.Exit:
    """Prints what the user can mend, without a traceback, and ends."""
    for line in str(error).splitlines():
        print(f"oscbridge: {line}", file=sys.stderr)
    return typer.Exit(code)
