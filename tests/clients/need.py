"""What a test needs from outside Python: skipped by name where it is missing, but never in CI."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import sys
from pathlib import Path

import pytest


def need(name: str, *, package: str, library: bool = False) -> str:
    """The path of the program `name`, or the file name of the library. package: its Debian package.

    Where it is missing the test is skipped, and the reason says how to install it; with the environment
    variable CI set it fails instead, or nobody would notice that it never runs.
    """
    found = ctypes.util.find_library(name) if library else shutil.which(name)
    if found:
        return found
    kind = "library" if library else "program"
    reason = f"needs the {kind} {name}: sudo apt-get install --no-install-recommends {package}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def need_npm(package: str) -> tuple[str, str]:
    """Node's path, and the folder of npm's packages, where `package` lies (scripts/clients.sh puts it there)."""
    node = need("node", package="nodejs")
    modules = Path(sys.prefix) / "npm" / "node_modules"
    if not (modules / package).is_dir():
        reason = f"needs the npm package {package}: sh scripts/clients.sh"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return node, str(modules)
