"""Networks that change while a client goes on: one daemon, which each test leaves with a network that listens."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from oscbridge import resources
from oscbridge.ear.plan import Plan, plan_of
from tests.commands.test_simulate import Simulated
from tests.wire import Running, Wire

LOAD = "/ear/model/load"
PLANS = {name: plan_of(resources.model_file(name)) for name in ("ear", "ear-half", "vgg-tagger")}
BACK_S = 30.0
Told = tuple[Any, ...]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("switch")
    models = folder / "models"
    models.mkdir()
    shutil.copy(resources.model_file("ear-half"), models / "torn.yaml")
    (models / "torn.safetensors").write_bytes(b"not weights at all")
    (models / "wrong.yaml").write_text("name: wrong\nencoder: 3\n")
    with Running(folder) as daemon:
        yield daemon


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def load(wire: Wire, name: str) -> tuple[list[Told], Told]:
    """What came before the outcome, and the outcome."""
    wire.send(LOAD, name)
    came: list[Told] = []

    def is_outcome(message: Told) -> bool:
        came.append(message)
        return message[0] in ("/ear/done", "/ear/fail") and message[1] == LOAD

    outcome = wire.wait_for(is_outcome, 60)
    return came[:-1], outcome


def become(wire: Wire, name: str) -> Plan:
    """The network that a test begins with."""
    if wire.ask("/ear/model/name")[1] != name:
        assert load(wire, name)[1][0] == "/ear/done"
    return PLANS[name]


def restarts(running: Running) -> int:
    """Those that it has told of: on a busy machine a worker may be taken for hung."""
    return running.text.count("it starts again")


def levels(messages: list[Told]) -> list[int]:
    """How many layers each frame had."""
    return [len(m) - 1 for m in messages if m[0] == "/ear/level/mean"]


def activated(messages: list[Told]) -> set[tuple[int, int]]:
    """Epoch and end of the last chunk of each whole frame."""
    return {(m[1], m[5] + len(m[6])) for m in messages if m[0] == "/ear/activations" and m[3] == m[4] - 1}


def test_all_that_is_of_a_network_changes_at_once(wire: Wire, running: Running) -> None:
    before, after = become(wire, "ear"), PLANS["vgg-tagger"]
    status = wire.ask("/ear/status")
    wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0, "gone")
    lasts, layout = wire.subscribe("levels"), wire.subscribe("layout")
    wire.subscribe("activations")
    assert wire.ask("/ear/route/add", "deep", "layer.20.mean", f"udp://127.0.0.1:{wire.port}/deep")[0] == "/ear/done"
    ends = wire.subscribe("channels", filter_="20")
    came, outcome = load(wire, "vgg-tagger")
    came += list(wire.messages(0.5))
    assert outcome == ("/ear/done", LOAD, "vgg-tagger", after.id)
    at = next(i for i, m in enumerate(came) if m[0] == "/ear/welcome")
    assert came[at][4] == status[1] + 1 and came[at][6:] == (after.id, len(after.layers), after.neurons)
    assert set(levels(came[:at])) == {len(before.layers)}, "the old network listened until then"
    ended = next(m for m in came[:at] if m[0] == "/ear/fail")
    assert ended[1:3] == ("/ear/subscribe", 422) and f"subscription {ends} has ended" in ended[3]
    assert set(levels(came[at:])) == {len(after.layers)}
    assert activated(came[:at]) == {(status[1], before.neurons)}
    assert activated(came[at:]) == {(status[1] + 1, after.neurons)}
    assert [any(m[0].startswith("/ear/channels") for m in part) for part in (came[:at], came[at:])] == [True, False]
    ready = [m for m in came[at:] if m[0] == "/ear/layout/ready"]
    assert len(ready) == 1 and ready[0][4] == after.neurons and "vgg-tagger" in ready[0][2]
    assert [any(m[0] == "/deep" for m in part) for part in (came[:at], came[at:])] == [True, False]
    assert any(m[:3] == ("/ear/fail", "/ear/route/add", 422) and "deep" in m[3] for m in came[at:])
    assert wire.ask("/ear/route/remove", "deep")[0] == "/ear/done", "it rests, and is there"
    assert wire.ask("/ear/select", answer="/ear/done")[2:] == (0, 0)
    assert wire.ask("/ear/renew", lasts)[0] == wire.ask("/ear/renew", layout)[0] == "/ear/done"
    assert wire.ask("/ear/renew", ends)[2] == 404
    now = wire.ask("/ear/status")
    assert now[8] == restarts(running), "no change is counted as one"
    assert now[2] > status[2] and now[9] == "running"
    assert " ms lay between the two networks' frames" in running.text


def test_a_worker_that_is_lost_after_a_change_comes_back_with_the_new_network(wire: Wire, running: Running) -> None:
    plan = become(wire, "vgg-tagger")
    assert running.facts["model"] != plan.id
    wire.subscribe("levels")
    before = wire.ask("/ear/status")
    psutil.Process(running.worker()).kill()
    wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/status", 503), BACK_S)
    wire.wait_for(lambda m: m[0] == "/ear/level/mean" and len(m) - 1 == len(plan.layers), BACK_S)
    after = wire.ask("/ear/status")
    assert after[1] == before[1] and after[8] == restarts(running) > before[8]


def test_who_subscribes_anew_after_the_welcome_has_each_stream_once(wire: Wire, running: Running) -> None:
    become(wire, "ear-half")
    old, status = wire.subscribe("levels"), wire.ask("/ear/status")
    assert load(wire, "ear-half")[1][0] == "/ear/done", "the same network again, for its weights may be others"
    new = wire.subscribe("levels")
    assert new != old and wire.ask("/ear/renew", old)[2] == 404
    now = wire.ask("/ear/status")
    assert now[6] == status[6] and now[8] == restarts(running) > 0, "and what was counted is kept"


@pytest.mark.parametrize(
    "name, code, words",
    [
        ("torn", 422, "is not a safetensors file"),
        ("wrong", 422, "encoder"),
        ("nothing", 404, "there are ear, ear-half, "),
        ("../models/ear", 404, "no network"),
        (str(resources.model_file("ear")), 404, "no network"),
    ],
    ids=["weights", "yaml", "unknown", "relative", "absolute"],
)
def test_a_network_that_cannot_be_leaves_all_as_it_was(
    wire: Wire, running: Running, name: str, code: int, words: str
) -> None:
    plan = PLANS.get(wire.ask("/ear/model/name")[1])
    assert plan is not None
    wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0, "stays")
    wire.subscribe("levels")
    before = wire.ask("/ear/status")
    came, outcome = load(wire, name)
    assert outcome[:3] == ("/ear/fail", LOAD, code) and words in outcome[3]
    assert not any(m[0] == "/ear/welcome" for m in came)
    wire.wait_for(lambda m: m[0] == "/ear/level/mean" and len(m) - 1 == len(plan.layers))
    after = wire.ask("/ear/status")
    assert (after[1], after[8], after[9]) == (before[1], restarts(running), "running")
    assert wire.ask("/ear/select", answer="/ear/done")[2] == 1
    wire.ask("/ear/select/clear")


def test_a_candidate_that_is_killed_leaves_the_old_one_and_another_is_refused_meanwhile(
    wire: Wire, running: Running
) -> None:
    become(wire, "ear-half")
    before, children = wire.ask("/ear/status"), set(running.children())
    with running.wire() as other:
        wire.send(LOAD, "ear")
        end = time.monotonic() + BACK_S
        while not (new := set(running.children()) - children) and time.monotonic() < end:
            time.sleep(0.01)
        (candidate,) = new
        refused = other.ask(LOAD, "vgg-tagger")
        assert refused[:3] == ("/ear/fail", LOAD, 409) and "ear is being loaded" in refused[3]
        os.kill(candidate, signal.SIGKILL)
        outcome = wire.wait_for(lambda m: m[:2] == ("/ear/fail", LOAD))
    assert outcome[2] == 500 and f"{PLANS['ear-half'].id} listens on" in outcome[3]
    after = wire.ask("/ear/status")
    assert (after[1], after[8]) == (before[1], restarts(running)) and set(running.children()) == children


def test_the_list_tells_names_and_which_is_on(wire: Wire) -> None:
    become(wire, "ear-half")
    wire.send("/ear/model/list")
    told = []
    while (message := wire.wait_for(lambda m: m[0] in ("/ear/model", "/ear/done")))[0] == "/ear/model":
        told.append(message[1:])
    assert set(told) >= {("ear", 0), ("ear-half", 1), ("torn", 0), ("vgg-tagger", 0), ("wrong", 0)}
    assert message == ("/ear/done", "/ear/model/list", len(told)) and sum(is_on for _, is_on in told) == 1


def test_its_name_as_a_parameter_says_how_it_is_changed(wire: Wire) -> None:
    assert "to change networks send /ear/model/load" in wire.ask("/ear/model/name", "ear")[3]


def test_a_dream_ends_with_its_network_and_a_simulation_has_but_one(tmp_path: Path) -> None:
    with Simulated(tmp_path) as simulated, simulated.wire() as wire:
        refused = load(wire, "vgg-tagger")[1]
        assert refused[:3] == ("/ear/fail", LOAD, 409) and "plays ear-half alone" in refused[3]
        wire.subscribe("levels")
        wire.subscribe("dream")
        wire.ask("/ear/select/add", 3, 0, 3, 0.0, 1.0, 1.0)
        children = set(simulated.children())
        assert wire.ask("/ear/dream/start")[0] == "/ear/done"
        (dreamer,) = set(simulated.children()) - children
        wire.wait_for(lambda m: m[0] == "/ear/dream/progress")
        assert load(wire, "ear-half")[1][0] == "/ear/done"
        quiet = list(wire.messages(0.5))
        assert levels(quiet) and not any(m[0] == "/ear/dream/progress" for m in quiet)
        assert wire.ask("/ear/status")[5] == 0.0 and dreamer not in simulated.children()
        assert "nothing is selected" in wire.ask("/ear/dream/start")[3]
        wire.ask("/ear/select/add", 3, 0, 3, 0.0, 1.0, 1.0)
        assert wire.ask("/ear/dream/start")[0] == "/ear/done"
