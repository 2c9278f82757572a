"""What a network of the user's own is, told by a process that makes it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from oscbridge.daemon.plans import plan_of
from oscbridge.ear.module import make
from oscbridge.errors import BridgeError
from tests.ear import own


def test_a_plan_is_told_without_loading_torch_here_and_is_the_network_s(tmp_path: Path) -> None:
    path = own.write(tmp_path, "causal")
    assert asdict(plan_of(path)) == asdict(make(path).plan)


def test_the_process_that_tells_a_plan_tells_what_is_wrong_too(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="no such luck") as told:
        plan_of(own.write(tmp_path, "causal", function="broken"))
    assert told.value.code == 422


def test_a_network_that_talks_while_it_is_made_tells_its_plan_all_the_same(tmp_path: Path) -> None:
    path = own.write(tmp_path, "causal")
    with (tmp_path / "own_networks.py").open("a") as file:
        file.write("import atexit\nprint('hello')\natexit.register(print, 'bye')\n")
    assert plan_of(path).name == "causal"


def test_a_process_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    path = own.write(tmp_path, "causal")
    with (tmp_path / "own_networks.py").open("a") as file:
        file.write("import sys\nsys.exit('out of coffee')\n")
    with pytest.raises(BridgeError, match="out of coffee"):
        plan_of(path)
