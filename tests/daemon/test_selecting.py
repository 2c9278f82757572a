"""Selecting neurons, as a conversation with the running daemon."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.selection import Selection
from oscbridge.ear.spec import load_spec
from oscbridge.osc.streams import Packer, check_wish
from tests.wire import Running, Wire

LAYERS = anatomy(load_spec(resources.model_file("ear"))).layers
BACK_S = 25.0
Message = tuple[Any, ...]


@pytest.fixture
def wire(server: Running) -> Iterator[Wire]:
    """A client of the shared daemon, which has nothing selected before and after."""
    with server.wire() as client:
        client.ask("/ear/select/clear")
        yield client
        client.ask("/ear/select/clear")


def selected(wire: Wire) -> tuple[list[Message], Message]:
    """The arguments of every /ear/selected, and the message that ends them."""
    wire.send("/ear/select")
    regions: list[Message] = []
    for message in wire.messages(15):
        if message[0] == "/ear/selected":
            regions.append(message[1:])
        elif message[:2] == ("/ear/done", "/ear/select"):
            return regions, message
    raise AssertionError(f"no end after {regions}")


def level(wire: Wire) -> tuple[float, float]:
    """The next mean and peak that were under way after everything sent before."""
    wire.ask("/ear/sync", 1, answer="/ear/synced")
    mean, peak = wire.wait_for(lambda m: m[0] == "/ear/selection")[1:]
    return mean, peak


def test_a_region_is_added_told_and_cleared(wire: Wire) -> None:
    count = 3 * LAYERS[4].positions
    assert wire.ask("/ear/select/add", 4, 2, 4, 0.0, 1.0, 0.5, "mid") == ("/ear/done", "/ear/select/add", count)
    assert selected(wire) == ([(4, 2, 4, 0.0, 1.0, 0.5, "mid", count)], ("/ear/done", "/ear/select", 1, count))
    assert wire.ask("/ear/select/clear") == ("/ear/done", "/ear/select/clear")
    assert selected(wire) == ([], ("/ear/done", "/ear/select", 0, 0))


def test_what_was_told_adds_the_same_region_again(wire: Wire) -> None:
    wire.ask("/ear/select/add", 2, 1, -1, 0.1, 0.7, -0.3, "x")
    (told,), end = selected(wire)
    wire.ask("/ear/select/clear")
    assert wire.ask("/ear/select/add", *told[:-1])[2] == told[-1]
    assert selected(wire) == ([told], end)


def test_neurons_in_two_regions_are_counted_once_at_the_end(wire: Wire) -> None:
    wire.ask("/ear/select/add", 4, 0, 2, 0.0, 1.0, 1.0)
    wire.ask("/ear/select/add", 4, 2, 3, 0.0, 1.0, 1.0)
    assert selected(wire)[1][2:] == (2, 4 * LAYERS[4].positions)


def test_the_name_may_be_left_out_and_whole_numbers_do(wire: Wire) -> None:
    assert wire.ask("/ear/select/add", 1, 0, 0, 0, 1, 1)[0] == "/ear/done"
    assert selected(wire)[0][0][:7] == (1, 0, 0, 0.0, 1.0, 1.0, "")


def test_the_selection_is_everybodys(server: Running, wire: Wire) -> None:
    wire.ask("/ear/select/add", 5, 0, -1, 0.0, 1.0, 1.0, "mine")
    with server.wire() as other:
        assert [told[6] for told in selected(other)[0]] == ["mine"]


@pytest.mark.parametrize(
    ("address", "args", "code", "words"),
    [
        ("/ear/select/add", (99, 0, -1, 0.0, 1.0, 1.0), 422, f"layers go from 0 to {len(LAYERS) - 1}"),
        ("/ear/select/add", (3, 0, 999, 0.0, 1.0, 1.0), 422, f"layer 3 has 0 to {LAYERS[3].channels - 1}"),
        ("/ear/select/add", (3, 0, -1, 0.9, 0.1, 1.0), 422, "low not above high"),
        ("/ear/select/add", (3, 0, -1, 0.0, 1.0, 5.0), 422, "expected -1 to 1"),
        ("/ear/select/add", (3, 0, -1, 0.0, 1.0), 400, "5 arguments came"),
        ("/ear/select/add", (3, 0, -1, 0.0, float("nan"), 1.0), 400, "high is 'nan'"),
        ("/ear/select/circle", (1e3, 0.0, 1.0, 1.0), 404, "the nearest is neuron"),
        ("/ear/select/circle", (0.0, 0.0, 0.0, 1.0), 422, "expected more than 0"),
        ("/ear/select/circle", (0.0, 0.0), 400, "2 arguments came"),
        ("/ear/select/clear", (1,), 400, "no arguments"),
        ("/ear/select", (1,), 400, "no arguments"),
    ],
)
def test_what_makes_no_sense_is_told_why_and_changes_nothing(
    wire: Wire, address: str, args: Message, code: int, words: str
) -> None:
    wire.ask("/ear/select/add", 0, 0, 0, 0.0, 1.0, 1.0, "kept")
    before = selected(wire)
    outcome = wire.ask(address, *args)
    assert outcome[:3] == ("/ear/fail", address, code)
    assert words in outcome[3]
    assert selected(wire) == before


def test_256_regions_are_told_one_by_one_and_the_next_is_refused(wire: Wire) -> None:
    for number in range(256):
        assert wire.ask("/ear/select/add", number % 8, 0, 0, 0.0, 1.0, 0.1, f"r{number}")[0] == "/ear/done"
    regions, end = selected(wire)
    assert [told[6] for told in regions] == [f"r{number}" for number in range(256)]
    assert end[2] == 256
    assert wire.ask("/ear/select/add", 0, 0, 0, 0.0, 1.0, 0.1)[:3] == ("/ear/fail", "/ear/select/add", 429)


def test_the_stream_is_the_mean_and_peak_of_the_selected_neurons(server: Running, wire: Wire) -> None:
    """With a whole layer selected it is the level of that layer."""
    wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, -1.0)
    wire.subscribe("levels")
    wire.subscribe("selection")
    of_layer: dict[str, float] = {}
    pairs = []
    for message in wire.messages(1.5):
        if message[0].startswith("/ear/level/"):
            of_layer[message[0][11:]] = message[1]
        elif message[0] == "/ear/selection" and len(of_layer) == 2:
            pairs.append((message[1], message[2], of_layer["mean"], of_layer["peak"]))
    got = np.array(pairs)
    assert len(got) > 20
    assert got[:, 0].std() > 0, "it moves with the sound"
    np.testing.assert_allclose(got[:, :2], got[:, 2:], atol=1e-5)


def test_the_stream_is_dark_while_nothing_is_selected_and_follows_a_change_at_once(wire: Wire) -> None:
    wire.subscribe("selection")
    assert level(wire) == (0.0, 0.0)
    wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0)
    wire.wait_for(lambda m: m[0] == "/ear/selection" and 0 < m[1] < m[2] <= 1)
    wire.ask("/ear/select/clear")
    assert level(wire) == (0.0, 0.0)


def test_mean_and_peak_are_worked_out_once_a_frame_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = Selection.levels
    monkeypatch.setattr(Selection, "levels", lambda self, values: calls.append(1) or real(self, values))
    packer = Packer(LAYERS, 1, Normalizer(LAYERS, None, "none", 1.0, 0.0), (), Selection(LAYERS))
    frame = packer.frame(1, np.zeros(LAYERS[-1].span.stop, np.float32))
    here, there = (check_wish("selection", "", "", most, LAYERS) for most in (8_000, 1_400))
    assert frame.of(here) == frame.of(there)
    assert len(calls) == 1


def test_a_preset_leaves_the_selection_alone(tmp_path: Path) -> None:
    with Running(tmp_path) as running, running.wire() as wire:
        wire.ask("/ear/save", "empty")
        wire.ask("/ear/select/add", 1, 0, 0, 0.0, 1.0, 1.0, "kept")
        assert wire.ask("/ear/load", "empty")[0] == "/ear/done"
        assert [told[6] for told in selected(wire)[0]] == ["kept"]


def test_the_selection_survives_the_listening_worker(tmp_path: Path) -> None:
    with Running(tmp_path) as running, running.wire() as wire:
        wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0, "kept")
        before = selected(wire)
        os.kill(running.worker(), signal.SIGKILL)
        wire.subscribe("levels")
        wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/status", 503), BACK_S)
        wire.wait_for(lambda m: m[0] == "/ear/level/mean", BACK_S)
        assert selected(wire) == before
        wire.subscribe("selection")
        wire.wait_for(lambda m: m[0] == "/ear/selection" and m[2] > 0)


def test_another_network_clears_the_selection(tmp_path: Path) -> None:
    model = tmp_path / "ear.yaml"
    shutil.copy(resources.model_file("ear-half"), model)
    shutil.copy(resources.model_file("ear-half").with_suffix(".safetensors"), model.with_suffix(".safetensors"))
    with Running(tmp_path / "run", [f"model.name={model}"]) as running, running.wire() as wire:
        wire.ask("/ear/select/add", 0, 0, -1, 0.0, 1.0, 1.0, "gone")
        wire.subscribe("levels")
        model.with_suffix(".safetensors").unlink()
        os.kill(running.worker(), signal.SIGKILL)
        wire.wait_for(lambda m: m[:3] == ("/ear/fail", "/ear/status", 503), BACK_S)
        wire.wait_for(lambda m: m[0] == "/ear/level/mean", 80)
        assert wire.ask("/ear/status")[1] != wire.welcome[3], "the epoch is another"
        assert selected(wire)[0] == []
