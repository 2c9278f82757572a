"""The patches for Max and Live, run by a small part of Max: what they say to the daemon, and what they make of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.spec import load_spec
from oscbridge.osc.layouts import LayoutPacker
from oscbridge.osc.packets import parse
from oscbridge.osc.streams import Packer, check_wish

from .max_machine import Machine
from .max_patches import DEVICE, MAX

SPEC = load_spec(resources.model_file("ear"))
EAR = anatomy(SPEC).layers
NEURONS = EAR[-1].first_neuron + EAR[-1].neurons
WELCOME = ("/ear/welcome", "oscbridge", 1, 0, 77, "http://127.0.0.1:9871", "ear-1", len(EAR), NEURONS)
RATE, FRAMES = 44_100, 176_400
FADE_MS = 45


def layers() -> list[tuple[Any, ...]]:
    return [("/ear/layer", e.index, e.name, e.first_neuron, e.channels, e.positions, 1, 0.1, 0.5) for e in EAR]


def answer(machine: Machine, first_id: int = 1) -> list[tuple[Any, ...]]:
    """Grants what it asks for; returns all it said."""
    said = machine.take()
    asked = [m for m in said if m[0] == "/ear/subscribe"]
    for number, _ in enumerate(asked, first_id):
        machine.receive("/ear/done", "/ear/subscribe", number, 10.0)
    return said


def meet(machine: Machine) -> list[tuple[Any, ...]]:
    machine.run(400)
    machine.take()
    machine.receive(*WELCOME)
    for layer in layers():
        machine.receive(*layer)
    return answer(machine)


@pytest.fixture(params=[MAX / "oscbridge.maxpat", DEVICE], ids=["max", "live"])
def either(request: pytest.FixtureRequest) -> Iterator[Machine]:
    with Machine(request.param) as machine:
        yield machine
        assert machine.errors == []


@pytest.fixture
def patch() -> Iterator[Machine]:
    with Machine(MAX / "oscbridge.maxpat") as machine:
        yield machine
        assert machine.errors == []


@pytest.fixture
def device() -> Iterator[Machine]:
    with Machine(DEVICE) as machine:
        yield machine
        assert machine.errors == []


def only(address: str, said: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [message for message in said if message[0] == address]


def test_hello_is_all_it_says_until_there_is_an_answer(either: Machine) -> None:
    either.run(3_400)
    said = either.take()
    assert {message[0] for message in said} == {"/ear/hello"} and len(said) == 4
    assert said[0] in (("/ear/hello", "Max", 7400), ("/ear/hello", "Live", 7401))
    assert any("looking" in str(words) for words in either("shown", kind="comment"))


def test_after_the_welcome_it_asks_for_every_stream_once(either: Machine) -> None:
    asked = only("/ear/subscribe", meet(either))
    assert len({message[1] for message in asked}) == len(asked) >= 4
    for _, stream, packing, port, hz, lease, *filters in asked:
        check_wish(stream, packing, filters[0] if filters else "", 8_000, EAR)
        assert port == 0 and lease == 10 and hz >= 0
    either.receive(*WELCOME)
    assert only("/ear/subscribe", either.take()) == [], "a second answer to hello changes nothing"


def test_it_keeps_its_leases_and_comes_back(either: Machine) -> None:
    streams = {m[1] for m in only("/ear/subscribe", meet(either))}
    for second in range(12):
        either.run(1_000)
        either.receive("/ear/alive", 77, second, 43 * second, 0, 0)
    said = either.take()
    assert len(only("/ear/sync", said)) >= 12_000 / 1_000 / 3 and only("/ear/hello", said) == []
    either.run(4_400)
    said = either.take()
    assert only("/ear/hello", said), "after three seconds without a sign of life"
    either.receive(*WELCOME)
    said = answer(either, 50)
    assert {m[1] for m in only("/ear/unsubscribe", said)} >= {1, 2, 3, 4}, "what it had is ended first"
    assert {m[1] for m in only("/ear/subscribe", said)} >= streams
    either.receive("/ear/alive", 78, 0, 0, 0, 0)  # another run of the daemon
    assert only("/ear/hello", either.take())
    either.receive(*WELCOME[:4], 78, *WELCOME[5:])
    said = either.take()
    assert only("/ear/unsubscribe", said) == [] and {m[1] for m in only("/ear/subscribe", said)} >= streams


def test_a_refusal_is_shown(either: Machine) -> None:
    meet(either)
    either.receive("/ear/fail", "/ear/dream/start", 409, "nothing is selected; send /ear/select/add first")
    assert any("nothing is selected" in str(words) for words in either("shown", kind="comment"))


def test_another_layer_ends_one_subscription_and_begins_another(patch: Machine) -> None:
    before = only("/ear/subscribe", meet(patch))
    patch.run(10)
    answer(patch, 40)
    numbers = [b for b in before if b[1] == "channels"]
    assert numbers[0][6] == "9-9"
    patch.receive("/ear/layer", 9, EAR[9].name, EAR[9].first_neuron, EAR[9].channels, EAR[9].positions, 1, 0.1, 0.5)
    said = answer(patch, 60)
    assert [m[1] for m in only("/ear/subscribe", said)] == ["layout", "activations"]
    assert len(only("/ear/unsubscribe", said)) == 2


def frames(stream: str, packing: str, text: str, values: np.ndarray) -> list[tuple[Any, ...]]:
    """The messages of a real frame."""
    packer = Packer(EAR, 1, Normalizer(EAR, None, "none", 1.0, 0.0), SPEC.classes)
    made = packer.frame(5, values).of(check_wish(stream, packing, text, 8_000, EAR))
    return [(m.address, *m.params) for m in (OscMessage(bytes(p)) for p in made)]


def test_levels_and_channels_are_drawn_as_they_came(patch: Machine) -> None:
    values = np.random.default_rng(1).random(NEURONS, np.float32)
    meet(patch)
    sent = frames("levels", "", "", values) + frames("channels", "", "9-9", values)
    sent += frames("scalogram", "list", "", values)
    for message in sent:
        patch.receive(*message)
    shown = patch("shown", kind="multislider")
    mean, peak, channels, bins = sent
    assert shown.count(list(mean[1:])) == 1 and shown.count(list(peak[1:])) == 1
    assert list(channels[3:]) in shown and list(bins[2:]) in shown
    sliders = patch("shown", kind="slider")
    assert pytest.approx(mean[1 + 9]) in sliders, "layer 9 by itself"
    picture = patch("matrix", name="picture")["cells"]
    assert [picture[str(i)][0] for i in range(216)] == pytest.approx(list(bins[2:]))
    for _ in range(2):
        patch.receive(*bins)
    assert len(patch("matrix", name="picture")["cells"]) == 2 * 216


@pytest.mark.parametrize("layer", [0, 9, 13, 27])
def test_every_neuron_of_a_layer_is_where_it_lies_and_as_bright_as_it_is(layer: int) -> None:
    rng = np.random.default_rng(layer)
    values, places = rng.random(NEURONS, np.float32), rng.uniform(-1, 1, (NEURONS, 2)).astype(np.float32)
    with Machine(MAX / "ear.activations.maxpat") as patch:
        for message in layers():
            patch("spread", message=message)
        patch("number", value=layer)
        text = f"{layer}-{layer}"
        for packet in LayoutPacker(EAR).snapshot(3, 0, places, check_wish("layout", "list", text, 8_000, EAR)):
            (found,) = parse(bytes(packet))
            patch("spread", message=[found.address, *found.args])  # type: ignore[union-attr]
        for message in frames("activations", "list", text, values):
            patch("spread", message=message)
        first, count = EAR[layer].first_neuron, EAR[layer].neurons
        where, bright = patch("matrix", name="-places"), patch("matrix", name="-colours")
        assert where["dim"] == bright["dim"] == [count]
        assert len(where["cells"]) == len(bright["cells"]) == count
        for i in (0, 1, count // 2, count - 1):
            assert where["cells"][str(i)][:2] == pytest.approx(places[first + i])
            assert bright["cells"][str(i)] == pytest.approx([0.95, 0.65, 0.25, values[first + i]])
        assert patch.errors == []


def test_a_dial_speaks_and_is_told_without_speaking(either: Machine) -> None:
    meet(either)
    either.run(100)
    either.take()
    name = "dream.step_size"
    either("turn", name=name, value=10)
    assert either.take() == [("/ear/dream/step_size", 10)]
    for value in (11, 12, 13):
        either("turn", name=name, value=value)
    either.run(100)
    assert either.take()[-1] == ("/ear/dream/step_size", 13), "the last one is never lost"
    either.receive("/ear/dream/step_size", 2.5)
    assert either("value", name=name) == 2.5 and either.take() == []


def test_menus_follow_and_choose(patch: Machine) -> None:
    meet(patch)
    patch.run(100)
    patch.take()
    patch.receive("/ear/dream/objective", "classify")
    assert patch.take() == []
    patch("turn", name="dream.origin", value=2)
    assert patch.take() == [("/ear/dream/origin", "clip")]


def test_the_buttons_of_the_dream(patch: Machine) -> None:
    meet(patch)
    patch.take()
    for word in ("start", "stop", "restart"):
        patch("press", name=word)
    patch("press", name="add")
    patch("press", name="circle")
    patch("press", name="clear")
    assert patch.take() == [
        ("/ear/dream/start",),
        ("/ear/dream/stop",),
        ("/ear/dream/restart",),
        ("/ear/select/add", 14, 0, 1, 0, 1, 1, "max"),
        ("/ear/select/circle", 0, 0, 0.1, 1, "circle"),
        ("/ear/select/clear",),
    ]


def ready(clip: int, path: str = "", frames_: int = FRAMES) -> tuple[Any, ...]:
    return ("/ear/clip/ready", clip, "a" * 64, "http://x", path or f"/clips/{clip}.wav", RATE, frames_, 1, 0.5)


def test_clips_are_loaded_and_faded_into_so_that_they_begin_on_the_beat(either: Machine) -> None:
    either("files", files={f"/clips/{n}.wav": FRAMES for n in range(1, 6)})
    meet(either)
    either.run(100)
    either.take()
    either.sound.clear()
    length_ms = FRAMES / RATE * 1_000
    for clip, deck in ((1, 0), (2, 1), (3, 0)):
        either.receive(*ready(clip))
        either.run(20)
        assert ("/ear/clip/loaded", clip) in either.take()
        at = either.now
        either.receive("/ear/clip/activate", clip, 0, 0, 0.2, 8.0)
        either.run(154)
        assert either.take() == [] and either.sound == []
        either.run(2)
        assert ("/ear/clip/started", clip) in either.take()
        position, fade = sorted(either.sound, key=lambda event: event[1])
        assert position[1] == "groove~" and position[2].endswith(f"deck{deck}")
        assert position[0] == fade[0] == at + 200 - FADE_MS
        assert position[-1] == pytest.approx(length_ms - FADE_MS), "its end is heard while it fades in"
        assert fade[1] == "line~" and fade[-2:] == [deck, FADE_MS]
        either.sound.clear()
        for second in range(4):  # the loop goes on
            either.receive("/ear/alive", 77, second, 0, 0, 0)
            either.run(950)


def test_a_clip_that_comes_during_a_change_waits_for_a_deck(either: Machine) -> None:
    either("files", files={f"/clips/{n}.wav": FRAMES for n in range(1, 6)})
    meet(either)
    either.receive(*ready(1))
    either.run(20)
    either.receive("/ear/clip/activate", 1, 0, 0, 0.0, 0.0)
    either.run(200)
    either.receive(*ready(2))
    either.run(20)
    either.receive("/ear/clip/activate", 2, 0, 0, 0.2, 8.0)
    either.take()
    either.receive(*ready(3))
    either.run(100)
    assert either.take() == [], "both decks are in use"
    either.run(250)
    assert only("/ear/clip/started", said := either.take()) == [("/ear/clip/started", 2)]
    assert only("/ear/clip/loaded", said) == [("/ear/clip/loaded", 3)], "into the deck that the fade has left"


def test_a_clip_that_cannot_be_played_is_told(either: Machine) -> None:
    either("files", files={"/clips/1.wav": 100, "/clips/3.wav": FRAMES})
    meet(either)
    either.take()
    either.receive(*ready(1))
    either.run(20)
    assert either.take()[-1][:2] == ("/ear/clip/failed", 1)
    either.receive(*ready(2))  # not there: [buffer~] says so on the console, and nothing to us
    either.run(20)
    assert len(either.errors) == 1 and "can't open" in either.errors.pop()
    either.receive(*ready(3))
    either.run(20)
    assert [m[:2] for m in either.take()[-2:]] == [("/ear/clip/failed", 2), ("/ear/clip/loaded", 3)]
    either.receive("/ear/clip/ready", 4, "a", "http://x", "", RATE, FRAMES, 1, 0.5)
    assert either.take()[-1][:2] == ("/ear/clip/failed", 4)
    either.receive("/ear/clip/activate", 9, 0, 0, 0.2, 8.0)
    assert either.take()[-1][:2] == ("/ear/clip/failed", 9)


def test_the_device_follows_lives_tempo_until_it_is_told_not_to(device: Machine) -> None:
    assert ("/ear/transport/bpm", 120) in meet(device)
    device.run(200)
    device.take()
    device("tempo", bpm=93)
    device.run(200)
    assert device.take() == [("/ear/transport/bpm", 93)]
    device("turn", name="tempo", value=0)
    device("tempo", bpm=140)
    device.run(200)
    assert device.take() == []
    device("turn", name="tempo", value=1)
    assert device.take() == [("/ear/transport/bpm", 140)]


def test_what_the_set_has_kept_counts_when_the_daemon_answers(device: Machine) -> None:
    device("turn", name="dream.step_size", value=7)
    said = meet(device)
    assert ("/ear/dream/step_size", 7) in said and ("/ear/dream/origin", "noise") in said
    assert only("/ear/select/add", said)[-1] == ("/ear/select/add", 14, 0, 0, 0, 1, 1, "live")
    assert only("/ear/dream/start", said) == only("/ear/dream/stop", said) == [], "a Set that opens starts nothing"
    device("turn", name="dream", value=1)
    device("turn", name="dream", value=0)
    assert device.take()[-2:] == [("/ear/dream/start",), ("/ear/dream/stop",)]
