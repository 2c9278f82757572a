"""Another network in the same daemon: the VGG tagger, which looks at windows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oscbridge import resources
from oscbridge.ear.plan import plan_of
from oscbridge.ear.tagger_anatomy import TAGS
from tests.wire import Running, Wire

PLAN = plan_of(resources.model_file("vgg-tagger"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("tagger"), ["model.name=vgg-tagger"]) as daemon:
        yield daemon


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def test_its_layers_are_told_and_its_neurons_sent(wire: Wire, running: Running) -> None:
    assert running.facts["neurons"] == PLAN.neurons == wire.welcome[-1]
    wire.send("/ear/layers")
    names = [wire.wait_for(lambda m: m[0] == "/ear/layer")[2] for _ in PLAN.layers]
    assert names == [layer.name for layer in PLAN.layers]
    wire.subscribe("activations")
    chunks = {}
    for message in wire.messages(5):
        if message[0] == "/ear/activations":
            chunks[message[2], message[3]] = len(message[6])
            frame = message[2]
            if sum(size for (number, _), size in chunks.items() if number == frame) == PLAN.neurons:
                return
    raise AssertionError("no whole frame came")


def test_it_says_in_words_what_it_hears_and_the_words_change_with_the_music(wire: Wire) -> None:
    wire.subscribe("classes")
    seen = set()
    for _ in range(40):
        message = wire.wait_for(lambda m: m[0] == "/ear/classes")
        words, values = message[1::2], message[2::2]
        assert len(words) == 16 and set(words) <= set(TAGS)
        assert list(values) == sorted(values, reverse=True) and values[0] > 0.05
        seen.add(values)
    assert len(seen) > 3


def test_neurons_are_selected_in_it(wire: Wire) -> None:
    assert wire.ask("/ear/select/add", 3, 0, 3, 0.0, 1.0, 1.0)[2] == 4 * PLAN.layers[3].positions
    wire.subscribe("selection")
    assert any(wire.wait_for(lambda m: m[0] == "/ear/selection")[2] > 0 for _ in range(60))


@pytest.mark.parametrize("command", ["/ear/dream/start", "/ear/layout/start"])
def test_what_takes_an_ear_is_refused_in_words_and_it_hears_on(wire: Wire, command: str) -> None:
    wire.ask("/ear/select/add", 3, 0, 3, 0.0, 1.0, 1.0)
    outcome = wire.ask(command, timeout_s=60)
    assert outcome[:3] == ("/ear/fail", command, 409) and "is no ear" in outcome[3]
    before = wire.ask("/ear/status")[2]
    wire.subscribe("levels")
    for _ in range(3):  # the first is the newest frame that there is
        wire.wait_for(lambda m: m[0] == "/ear/level/mean")
    assert wire.ask("/ear/status")[2] > before


def test_its_layout_travels_with_it(wire: Wire) -> None:
    wire.subscribe("layout")
    ready = wire.wait_for(lambda m: m[0] == "/ear/layout/ready")
    assert ready[4:] == (PLAN.neurons, 1)
    assert wire.ask("/ear/select/circle", 0.0, 0.0, 0.3, 1.0)[0] == "/ear/done"
