"""The layers: a folder imports from those above it in this list, never from below."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "oscbridge"
ORDER = [
    "errors",
    "validation+files",
    "sections",
    "settings+sound",
    "resources",
    "ear",
    "dream+layout+train",
    "osc",
    "hosts",
    "daemon",
]
ORDER += ["commands", "cli"]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names.split("+")}
PURE = ("ear", "osc", "dream", "layout")
SHELL_ONLY = {"socket", "sounddevice", "multiprocessing", "subprocess", "threading", "asyncio", "time"}


def _modules() -> Iterator[tuple[Path, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Absolute names of everything a file imports."""
    package = ["oscbridge", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names if name == "oscbridge")


@pytest.mark.parametrize(("path", "part"), list(_modules()), ids=lambda x: str(x.name) if isinstance(x, Path) else "")
def test_a_module_imports_from_its_own_layer_or_those_above(path: Path, part: str) -> None:
    if part in ("__init__", "__main__"):
        return
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "oscbridge" and len(parts) > 1 and parts[1] in RANK:
            assert RANK[parts[1]] <= RANK[part], f"{path.name} imports {name}"


@pytest.mark.parametrize(
    ("path", "part"), [m for m in _modules() if m[1] in PURE], ids=lambda x: getattr(x, "name", "")
)
def test_the_pure_part_knows_no_sockets_devices_processes_or_clocks(path: Path, part: str) -> None:
    assert not {name.split(".")[0] for name in _imports(path)} & SHELL_ONLY


@pytest.mark.parametrize(("path", "part"), list(_modules()), ids=lambda x: str(x.name) if isinstance(x, Path) else "")
def test_a_module_has_one_subject_and_at_most_400_lines(path: Path, part: str) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("module", ["oscbridge.daemon.control", "oscbridge.cli", "oscbridge.ear.anatomy"])
def test_control_starts_without_torch_and_sound_libraries(module: str) -> None:
    heavy = "{'torch', 'sounddevice', 'soundfile', 'soxr', 'numba'}"
    code = f"import sys, {module}; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
