"""The layout on the wire: where every neuron lies, watched by a plain client."""

from __future__ import annotations

import hashlib
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from oscbridge.ear.anatomy import anatomy
from oscbridge.layout import keeping
from tests.ear import ears
from tests.wire import ROOT, Running, Wire

SHIPPED = ROOT / "models" / "layouts" / "ear.npy"
SOLVED_S = 90.0  # compiling the tree takes some of it, the first time
NEURONS = anatomy(ears.spec()).neurons


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The YAML of an ear that is solved in a second."""
    path = tmp_path_factory.mktemp("small") / "small.yaml"
    ears.write_yaml(path)
    return path


@pytest.fixture(scope="module")
def bridge(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    sets = [f"model.name={small}", "layout.snapshots=2"]
    with Running(tmp_path_factory.mktemp("layouts"), sets) as running:
        yield running


@pytest.fixture
def client(bridge: Running) -> Iterator[Wire]:
    """A client of the small ear's daemon; afterwards nothing is being solved."""
    with bridge.wire() as wire:
        yield wire
        wire.ask("/ear/layout/stop")
        for name, value in (("k", 2.5), ("seed", 0), ("weights", "weight"), ("snapshots", 2)):
            wire.ask(f"/ear/layout/{name}", value)


def ready(wire: Wire) -> tuple[Any, ...]:
    return wire.wait_for(lambda m: m[0] == "/ear/layout/ready", SOLVED_S)[1:]


def places(wire: Wire, rev: int, snapshots: int, neurons: int) -> np.ndarray:
    """All of a layout, put together from its chunks as a patch would."""
    got = np.full((snapshots, neurons, 2), np.nan, np.float32)
    left = got.size
    for message in wire.messages(20):
        if message[0] == "/ear/layout/xy" and message[1] == rev:
            _, _, snapshot, chunk, chunks, first, blob = message
            assert 0 <= chunk < chunks
            xy = np.frombuffer(blob, "<f4").reshape(-1, 2)
            got[snapshot, first : first + len(xy)] = xy
            left -= xy.size
        if not left and not np.isnan(got).any():
            return got
    raise AssertionError(f"{np.isnan(got).mean():.1%} of the places did not come")


def test_the_shipped_layout_comes_at_once_in_chunks_and_as_a_file(wire: Wire) -> None:
    wire.subscribe("layout")
    rev, url, sha256, neurons, snapshots = ready(wire)
    got = places(wire, rev, snapshots, neurons)
    with urllib.request.urlopen(url) as answer:
        content = answer.read()
        assert answer.headers["ETag"].strip('"') == sha256
    assert hashlib.sha256(content).hexdigest() == sha256
    np.testing.assert_array_equal(np.load(BytesIO(content)), got)
    np.testing.assert_array_equal(got, np.load(SHIPPED))


def test_a_filter_sends_the_places_of_its_neurons_only(wire: Wire) -> None:
    layers = {m[1]: m for m in _layers(wire)}
    wire.subscribe("layout", "list", filter_="3:2-4")
    first = layers[3][3] + 2 * layers[3][5]
    shipped = np.load(SHIPPED)
    seen: dict[tuple[int, int], np.ndarray] = {}
    for message in wire.messages(3):
        if message[0] == "/ear/layout/list":
            assert len(message) <= 4 + 256
            seen[message[2], message[3]] = np.array(message[4:], np.float32).reshape(-1, 2)
    assert {key[0] for key in seen} == set(range(len(shipped)))
    got = np.concatenate([xy for (snapshot, _), xy in sorted(seen.items()) if snapshot == 0])
    np.testing.assert_array_equal(got, shipped[0, first : first + 3 * layers[3][5]])


def _layers(wire: Wire) -> list[tuple[Any, ...]]:
    wire.send("/ear/layers")
    return [m for m in wire.messages(1) if m[0] == "/ear/layer"]


def test_a_circle_selects_the_neurons_that_lie_in_it(wire: Wire) -> None:
    shipped = np.load(SHIPPED)[0]
    x, y = shipped[20_000]
    inside = int((np.hypot(*(shipped - (x, y)).T) <= np.float32(0.02)).sum())
    outcome = wire.ask("/ear/select/circle", float(x), float(y), 0.02, 1.0, "here")
    assert outcome[0] == "/ear/done" and abs(outcome[2] - inside) <= 1
    wire.ask("/ear/select/clear")


def test_a_network_without_a_layout_solves_its_first_one(small: Path, tmp_path: Path) -> None:
    with Running(tmp_path / "a", [f"model.name={small}", "layout.snapshots=2"]) as running, running.wire() as wire:
        assert wire.ask("/ear/select/circle", 0.0, 0.0, 1.0, 1.0)[2] == 409
        wire.subscribe("layout")
        assert wire.ask("/ear/layout/start", timeout_s=SOLVED_S)[:2] == ("/ear/done", "/ear/layout/start")
        rev, _, sha256, neurons, snapshots = ready(wire)
        assert (neurons, snapshots) == (NEURONS, 3)
        got = places(wire, rev, snapshots, neurons)
        assert np.hypot(got[..., 0], got[..., 1]).max() == pytest.approx(1, abs=1e-4)
        assert wire.ask("/ear/select/circle", 0.0, 0.0, 1.0, 1.0)[0] == "/ear/done"
        assert len(running.children()) <= 2  # the layout worker is gone again (the resource tracker may be there)
    kept = list((tmp_path / "a" / "layouts").glob("*.npy"))
    assert len(kept) == 1 and keeping.load(kept[0], neurons).sha256 == sha256
    with Running(tmp_path / "a", [f"model.name={small}"]) as running, running.wire() as wire:
        wire.subscribe("layout")
        assert ready(wire)[2] == sha256  # it is there again after a restart


def test_it_grows_before_the_eyes_and_frames_go_on(client: Wire) -> None:
    client.subscribe("layout")
    client.subscribe("levels")
    client.ask("/ear/layout/snapshots", 64)  # takes a few seconds
    client.ask("/ear/layout/start", timeout_s=SOLVED_S)
    began = time.monotonic()
    updates, levels, frames, revs = 0, [], 0, set()
    for message in client.messages(SOLVED_S):
        frames += message[0] == "/ear/level/mean"
        updates += message[0] == "/ear/layout/xy"
        if message[0] == "/ear/layout/progress":
            levels.append(message[2])
            revs.add(message[1])
        if message[0] == "/ear/layout/ready":
            break
    seconds = time.monotonic() - began
    assert levels == sorted(levels, reverse=True) and levels[-1] == 0 and len(revs) == 1
    assert len(levels) >= min(10 * seconds, 10) * 0.5 and updates >= 2
    assert frames >= 0.8 * seconds * 8_000 / 128


def test_it_is_stopped_and_keeps_what_it_has(client: Wire) -> None:
    client.subscribe("layout")
    client.ask("/ear/layout/snapshots", 64)
    client.ask("/ear/layout/start", timeout_s=SOLVED_S)
    client.wait_for(lambda m: m[0] == "/ear/layout/progress", SOLVED_S)
    assert client.ask("/ear/layout/start")[2:4] == (409, client.ask("/ear/layout/start")[3])
    client.send("/ear/layout/stop")
    assert ready(client)[4] < 65  # told before the outcome
    client.wait_for(lambda m: m == ("/ear/done", "/ear/layout/stop"))
    assert client.ask("/ear/layout/stop")[2] == 409


def test_parameters_act_while_it_is_being_solved(bridge: Running, client: Wire) -> None:
    client.subscribe("layout")
    client.ask("/ear/layout/snapshots", 64)
    client.ask("/ear/layout/start", timeout_s=SOLVED_S)
    for name, value in (("k", 3.0), ("weights", "uniform"), ("seed", 7), ("snapshots", 1)):
        client.wait_for(lambda m: m[0] == "/ear/layout/progress", SOLVED_S)
        assert client.ask(f"/ear/layout/{name}", value) == (f"/ear/layout/{name}", value)
    assert ready(client)[4] == 2
    names = [p.stem for p in (bridge.folder / "layouts").glob("*.npy")]
    assert any("uniform-variance-k3-g0.01-s7" in name for name in names)


def test_layouts_are_loaded_by_name_and_never_by_path(bridge: Running, client: Wire) -> None:
    folder = bridge.folder / "layouts"
    random = np.random.default_rng(0).random((1, NEURONS, 2)).astype(np.float32)
    kept = keeping.save(folder / "mine.npy", random, {})
    keeping.save(folder / "other.npy", random[:, :5], {})
    client.subscribe("layout")
    assert client.ask("/ear/layout/load", "mine") == ("/ear/done", "/ear/layout/load", "mine")
    assert client.wait_for(lambda m: m[0] == "/ear/layout/ready" and m[3] == kept.sha256)
    assert client.ask("/ear/layout/load", "other")[2] == 422
    for wrong in ("nothing", "../layouts/mine", str(kept.path), "mine.npy", ""):
        outcome = client.ask("/ear/layout/load", wrong)
        assert outcome[2] == 404 and "mine" in outcome[3]


def test_a_worker_that_is_killed_starts_again_and_finishes(bridge: Running, client: Wire) -> None:
    client.subscribe("layout")
    client.ask("/ear/layout/snapshots", 64)
    before = set(bridge.children())
    client.ask("/ear/layout/start", timeout_s=SOLVED_S)
    client.wait_for(lambda m: m[0] == "/ear/layout/progress", SOLVED_S)
    (worker,) = [p for p in set(bridge.children()) - before if "spawn_main" in " ".join(psutil.Process(p).cmdline())]
    os.kill(worker, signal.SIGKILL)
    assert ready(client)[4] == 65
    assert client.ask("/ear/status")[8] >= 1
    assert "the layout worker is down" in bridge.text
