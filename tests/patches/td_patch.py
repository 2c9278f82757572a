"""The TouchDesigner patch as tests load it: its pure modules, and the component that build.py makes in the stub."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from .td_stub import Op, Td

FOLDER = Path(__file__).parent.parent.parent / "patches" / "touchdesigner"
TEXTS = ("oscbridge_td", "oscbridge_talk", "oscbridge_client")


def pure(name: str) -> Any:
    """A module of the patch. Not imported: that would leave a __pycache__ among the patches."""
    file = FOLDER / f"{name}.py"
    module = types.ModuleType(name)
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), module.__dict__)
    return module


def run_build(monkeypatch: pytest.MonkeyPatch, td: Td, **around: Any) -> dict[str, Any]:
    """`exec(open(path).read())` as the Textport does it. Returns what it leaves in the globals."""
    monkeypatch.setitem(sys.modules, "td", td)
    there: dict[str, Any] = {"__name__": "__main__", **around}
    exec((FOLDER / "build.py").read_text(encoding="ascii"), there)
    return there


def built(monkeypatch: pytest.MonkeyPatch) -> Op:
    """The component."""
    return run_build(monkeypatch, Td(), path=str(FOLDER / "build.py"))["built"]


def client_of(comp: Op) -> Any:
    client = comp.op("oscbridge_client")
    assert client is not None
    return client.module.of(comp)
