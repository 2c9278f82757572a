"""Threads of a long calculation."""

from __future__ import annotations

import os

import pytest

from oscbridge.commands.threads import LIBRARIES, take_idle_cores


@pytest.mark.parametrize(("load", "threads"), [(0.1, 8), (5.2, 3), (8.0, 1), (30.0, 1)])
def test_only_idle_cores_are_taken(load: float, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    for name in [*(f"{library}_NUM_THREADS" for library in LIBRARIES), "OMP_WAIT_POLICY"]:
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    assert take_idle_cores() == threads
    assert {os.environ[f"{library}_NUM_THREADS"] for library in LIBRARIES} == {str(threads)}


def test_what_the_environment_says_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "5")
    take_idle_cores()
    assert os.environ["NUMBA_NUM_THREADS"] == "5"
