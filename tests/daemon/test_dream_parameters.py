"""Every parameter of a dream acts while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from oscbridge.settings import live_parameters
from tests.wire import Running, Wire

from .looping import (
    FROZEN,
    LOSS,
    begin,
    dream,
    frozen_loss,
    import_tone,
    looping_daemon,
    losses,
    path_of_losses,
    restarts,
    visitor,
    wish,
)


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with looping_daemon(tmp_path_factory.mktemp("wishes")) as running:
        yield running


@pytest.fixture
def client(bridge: Running) -> Iterator[Wire]:
    with visitor(bridge, "dream", "clips") as wire:
        yield wire


AT_ONCE: dict[str, list[dict[str, Any]]] = {  # what is set before, and then the parameter: the loss at rest changes
    "objective": [{}, {"objective": "style"}],
    "target": [{"objective": "match"}, {}],
    "emphasis": [{}, {"emphasis": 3.0}],
    "position": [{"width": 0.3}, {"position": 0.5}],
    "width": [{}, {"width": 0.3}],
    "loudness": [{}, {"loudness": 5.0}],
    "activation": [{}, {"activation": 5.0}],
    "high_frequencies": [{}, {"high_frequencies": 5.0}],
    "low_db": [{}, {"low_db": -20.0}],
    "mid_db": [{}, {"mid_db": -20.0}],
    "high_db": [{}, {"high_db": -20.0}],
    "time_shift_s": [{}, {"time_shift_s": 0.2}],
    "pitch_shift_bins": [{}, {"pitch_shift_bins": 3.0}],
    "time_mask": [{}, {"time_mask": 0.4}],
    "pitch_mask": [{}, {"pitch_mask": 0.4}],
}
BY_STEPS: dict[str, Any] = {
    "optimizer": "plain", "mix_original": 0.3, "gradient_noise": 3.0, "denoise": 0.5, "denoise_gradient": 0.5,
}  # fmt: skip
FROM_THE_ORIGIN: dict[str, list[dict[str, Any]]] = {
    "seed": [{}, {"seed": 5}],
    "noise_db": [{}, {"noise_db": -20.0}],
    "origin": [{}, {"origin": "clip"}],
    "origin_clip": [{"origin": "clip"}, {}],
}
ELSEWHERE = {"step_size", "views", "class_name"}


def test_every_parameter_of_a_dream_is_tried_here() -> None:
    tried = {*AT_ONCE, *BY_STEPS, *FROM_THE_ORIGIN, *ELSEWHERE}
    assert {p.name for p in live_parameters() if p.section == "dream"} == tried


@pytest.fixture
def tone(bridge: Running, client: Wire) -> int:
    return import_tone(client, bridge.folder / "clips", 400.0)


@pytest.mark.parametrize("name", AT_ONCE)
def test_what_is_wanted_changes_at_the_next_step(client: Wire, tone: int, name: str) -> None:
    before, then = AT_ONCE[name]
    begin(client, **FROZEN, **before)
    at_rest, down = frozen_loss(client), restarts(client)
    wish(client, **(then or {"target": tone}))
    assert client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[1:][LOSS] != at_rest)
    assert restarts(client) == down


@pytest.fixture(scope="module")
def plain_path(bridge: Running) -> list[float]:
    """The losses of a dream that is let loose with all else at its default."""
    with bridge.wire() as wire:
        wire.subscribe("dream")
        begin(wire, **FROZEN)
        at_rest = frozen_loss(wire)
        wish(wire, step_size=4.0)
        found = path_of_losses(wire, at_rest)
        wire.ask("/ear/dream/stop")
        return found


@pytest.mark.parametrize("name", BY_STEPS)
def test_how_steps_are_made_changes_while_it_dreams(client: Wire, plain_path: list[float], name: str) -> None:
    begin(client, **FROZEN)
    at_rest, down = frozen_loss(client), restarts(client)
    wish(client, **{name: BY_STEPS[name]})
    wish(client, step_size=4.0)
    assert path_of_losses(client, at_rest) != plain_path
    assert restarts(client) == down


def test_the_same_steps_are_made_if_nothing_changes(client: Wire, plain_path: list[float]) -> None:
    begin(client, **FROZEN)
    at_rest = frozen_loss(client)
    wish(client, step_size=4.0)
    assert path_of_losses(client, at_rest) == plain_path


@pytest.mark.parametrize("name", FROM_THE_ORIGIN)
def test_what_it_begins_with_changes_at_a_restart(client: Wire, tone: int, name: str) -> None:
    before, then = FROM_THE_ORIGIN[name]
    begin(client, **FROZEN, **before)
    at_rest, down = frozen_loss(client), restarts(client)
    wish(client, **(then or {"origin_clip": tone}))
    assert frozen_loss(client) == at_rest
    dream(client, "restart")
    assert frozen_loss(client) != at_rest and restarts(client) == down


def test_more_views_vary_less_from_step_to_step(client: Wire) -> None:
    begin(client, step_size=0.0, pitch_mask=0.5)
    few = np.std(losses(client, 40))
    wish(client, views=16)
    losses(client, 10)
    assert np.std(losses(client, 40)) < 0.6 * few
