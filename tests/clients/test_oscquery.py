"""The npm package oscquery reads the whole tree, as hosts that speak OSCQuery do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oscbridge.osc.space import COMMANDS
from oscbridge.settings import parameters
from tests.wire import Running

from .need import need_npm

SCRIPT = Path(__file__).with_name("oscquery.cjs")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("oscquery"), ["stream.gamma=2.5"]) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def read(running: Running) -> dict[str, Any]:
    node, modules = need_npm("oscquery")
    command = [node, str(SCRIPT), "query", "127.0.0.1", str(running.facts["http_port"])]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"NODE_PATH": modules}, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_it_learns_where_to_send(read: dict[str, Any], running: Running) -> None:
    host = read["host"]
    assert (host["oscIp"], host["oscPort"], host["oscTransport"]) == ("127.0.0.1", running.port, "UDP")
    assert (host["wsIp"], host["wsPort"]) == ("127.0.0.1", running.facts["http_port"])
    assert host["extensions"]["LISTEN"]


def test_it_finds_every_parameter_with_its_value_and_range(read: dict[str, Any]) -> None:
    methods = {m["full_path"]: m for m in read["methods"]}
    for p in parameters():
        if not p.on_wire:
            continue
        method = methods[p.address]
        (argument,) = method["arguments"]
        assert argument["type"] == p.tag and method["description"] == p.doc
        assert method["access"] == (3 if p.live else 1)
        limits = argument.get("range", {})
        if p.choices:
            assert limits["vals"] == list(p.choices)
        elif p.low is not None and p.high is not None:
            assert (limits["min"], limits["max"]) == (p.low, p.high)
            assert argument["clipmode"] == "both"
    assert methods["/ear/stream/gamma"]["arguments"][0]["value"] == 2.5


def test_it_finds_every_command_that_takes_arguments(read: dict[str, Any]) -> None:
    methods = {m["full_path"]: m for m in read["methods"]}
    for command in COMMANDS:
        if command.arguments and command.address != "/ear/clock":
            types = [argument["type"] for argument in methods[command.address]["arguments"]]
            assert types == [a.strip("[]")[0] for a in command.arguments]
            assert methods[command.address]["access"] == 2
