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
    wire.wait_for(lambda m: m[0] == "/ear/classes" and m[2] > 0.05)  # before its first look it says nothing
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


def test_it_dreams_what_it_calls_a_guitar_and_hands_the_clip_over(wire: Wire) -> None:
    for name, value in (("objective", "classify"), ("class_name", "guitar"), ("origin", "noise"), ("views", 1)):
        wire.ask(f"/ear/dream/{name}", value)
    wire.subscribe("clips")
    wire.subscribe("dream")
    assert wire.ask("/ear/dream/start", timeout_s=60)[0] == "/ear/done"
    clip = wire.wait_for(lambda m: m[0] == "/ear/clip/ready" and m[7] > 0.5, timeout_s=60)
    assert clip[5] == PLAN.rate and clip[6] / PLAN.rate == pytest.approx(4.0, abs=1.0)
    assert wire.ask("/ear/dream/stop")[0] == "/ear/done"


def test_a_word_that_it_does_not_know_is_refused(wire: Wire) -> None:
    wire.ask("/ear/dream/class_name", "guitr")
    outcome = wire.ask("/ear/dream/start", timeout_s=60)
    assert outcome[:3] == ("/ear/fail", "/ear/dream/start", 404) and "Did you mean guitar" in outcome[3]


def test_its_layout_travels_with_it_and_another_is_solved(wire: Wire) -> None:
    wire.subscribe("layout")
    ready = wire.wait_for(lambda m: m[0] == "/ear/layout/ready")
    assert ready[4:] == (PLAN.neurons, 9)
    wire.ask("/ear/layout/snapshots", 0)
    assert wire.ask("/ear/layout/start", timeout_s=60)[0] == "/ear/done"
    wire.wait_for(lambda m: m[0] == "/ear/layout/progress", timeout_s=60)
    assert wire.ask("/ear/layout/stop", timeout_s=60)[0] == "/ear/done"
    assert wire.ask("/ear/select/circle", 0.0, 0.0, 0.3, 1.0)[0] == "/ear/done"
