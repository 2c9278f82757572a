"""Routes by numbers: sources, shaping, triggers, rates, messages."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.selection import Selection
from oscbridge.ear.spec import load_spec
from oscbridge.errors import BridgeError
from oscbridge.osc.packets import Message, parse
from oscbridge.osc.route import SOURCES, Shaper, Template, parse_target
from oscbridge.osc.routes import Order, Routes, listed, parse_args, shown_args
from oscbridge.osc.streams import FramePackets, Packer
from oscbridge.sections import Route

SPEC = load_spec(resources.model_file("ear-half"))
LAYERS = anatomy(SPEC).layers
NEURONS = LAYERS[-1].span.stop
CLASSES = SPEC.classes
HERE = ("127.0.0.1", 7_000)
TO = "udp://127.0.0.1:7000/x"
many = settings(max_examples=100, deadline=None, derandomize=True, database=None)


def route(from_: str = "neuron.0", **shape: Any) -> Route:
    return Route.model_validate({"name": "r", "from": from_, "to": TO, **shape})


class Bench:
    """A table, a selection, and frames that are made by hand."""

    def __init__(self, *routes: Route) -> None:
        self.selection = Selection(LAYERS)
        self.packer = Packer(LAYERS, 1, Normalizer(LAYERS, None, "none", 1.0, 0.0), CLASSES, self.selection)
        self.table = Routes(LAYERS, CLASSES, self.selection, lambda host: host, lambda ip: ip != "203.0.113.1")
        self.table.add(routes)

    def frame(self, **neurons: float) -> FramePackets:
        values = np.zeros(NEURONS, np.float32)
        for name, value in neurons.items():
            values[int(name.removeprefix("n"))] = value
        return self.packer.frame(1, values)

    def sent(self, frame: FramePackets, now: float = 0.0) -> list[tuple[Any, ...]]:
        return [read(order) for order in self.table.at_frame(frame, now)]


def read(order: Order) -> tuple[Any, ...]:
    packet, address = order
    assert address == HERE
    (message,) = parse(bytes(packet))
    assert isinstance(message, Message)
    return (message.address, *message.args)


def run(shape: dict[str, Any], levels: list[float], step_s: float = 0.1) -> list[float | None]:
    """What one route sends at each of these levels, None where it keeps still."""
    shaper, out = Shaper([route(**shape)]), []
    for number, level in enumerate(levels):
        values, due = shaper.step(np.array([level]), number * step_s)
        out.append(float(values[0]) if len(due) else None)
    return out


# ---- sources


def test_every_source_gives_what_it_names() -> None:
    layer = LAYERS[3]
    first = layer.first_neuron + 2 * layer.positions  # channel 2 of layer 3
    bright = np.linspace(0, 1, layer.positions, dtype=np.float32)
    values = np.zeros(NEURONS, np.float32)
    values[first : first + layer.positions] = bright
    guitar = LAYERS[-1].first_neuron + CLASSES.index("guitar")
    values[guitar] = 0.7
    expected = {
        "layer.3.mean": bright.sum() / layer.neurons, "layer.3.peak": 1.0, "channel.3.2": bright.mean(),
        "channel.3.1": 0.0, f"neuron.{first + layer.positions - 1}": 1.0, "class.guitar": 0.7,
        "region.low half": bright[: layer.positions // 2].mean(), "region.nobody": 0.0,
        "selection": bright[: layer.positions // 2].mean(), "selection.peak": bright[layer.positions // 2 - 1],
    }  # fmt: skip
    bench = Bench(*(route(source, name=source) for source in expected))
    bench.selection.add(3, 2, 2, 0.0, 0.5, -0.25, "low half")
    got = bench.sent(bench.packer.frame(1, values))
    assert [value for _, value in got] == pytest.approx(list(expected.values()), abs=1e-6)
    assert {s.split(".")[0] for s in expected} | {"beat"} == {s.split(".")[0] for s in SOURCES}


def test_a_region_is_the_one_that_has_the_name_now() -> None:
    bench = Bench(route("region.a"))
    bright = bench.packer.frame(1, np.where(np.arange(NEURONS) < LAYERS[1].first_neuron, 1.0, 0.0).astype(np.float32))
    bench.selection.add(0, 0, 0, 0.0, 1.0, 1.0, "a")
    assert bench.sent(bright, 0.0) == [("/x", 1.0)]
    bench.selection.add(1, 0, 0, 0.0, 1.0, 1.0, "a")
    assert bench.sent(bright, 1.0) == [("/x", 0.0)]
    bench.selection.clear()
    assert bench.sent(bright, 2.0) == [("/x", 0.0)]


@pytest.mark.parametrize(
    "source",
    [
        "", "layer", "layer.3", "layer.x.mean", "layer.99.mean", "layer.3.median", "layer.-1.mean", "layer.3.mean.x",
        "channel.3", "channel.3.999", "channel.99.0", "neuron.99999999", "neuron.1.5", "neuron.1e3", "region.",
        "region", "class.kazoo", "class", "selection.mean", "beat.1", "levels", "layer.²." + "mean", "x" * 90,
    ],
)  # fmt: skip
def test_what_is_no_source_is_refused_with_what_is_allowed(source: str) -> None:
    bench = Bench(route())
    with pytest.raises(BridgeError) as caught:
        bench.table.add([route(source, name="new")])
    assert caught.value.code == 422 and "from is" in str(caught.value)
    assert len(bench.table) == 1, "nothing has changed"


def test_a_class_with_points_and_spaces_in_its_name_is_found() -> None:
    table = Routes(LAYERS, [*CLASSES[:-1], "hard rock 2.0"], Selection(LAYERS), lambda h: h, lambda _: True)
    assert table.add([route("class.hard rock 2.0")]) == ["r"]


# ---- targets and messages


@pytest.mark.parametrize(
    "text, host, port, address",
    [
        (TO, "127.0.0.1", 7_000, "/x"),
        ("udp://[::1]:9/a/b_c", "::1", 9, "/a/b_c"),
        ("udp://stage-pc.local:65535/composition/layers/1/video/opacity", "stage-pc.local", 65_535,
         "/composition/layers/1/video/opacity"),
    ],
)  # fmt: skip
def test_a_target_is_host_port_and_address(text: str, host: str, port: int, address: str) -> None:
    target = parse_target(text)
    assert (target.host, target.port, target.address) == (host, port, address)


@pytest.mark.parametrize(
    "text",
    ["", "x", "127.0.0.1:7000/x", "tcp://127.0.0.1:1/x", "udp://127.0.0.1/x", "udp://h:0/x", "udp://h:65536/x",
     "udp://h:1", "udp://h:1/", "udp://h:1/a b", "udp://h:1/a*", "udp://:1/x", "udp://h:1/#bundle"],
)  # fmt: skip
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(BridgeError, match="write udp://host:port/address"):
        parse_target(text)


def test_a_network_that_is_not_allowed_is_not_sent_to() -> None:
    with pytest.raises(BridgeError, match="in none of the networks") as caught:
        Bench(Route.model_validate({"from": "beat", "to": "udp://203.0.113.1:1/x"}))
    assert caught.value.code == 403


@pytest.mark.parametrize("text", ['0 1 "a name" $value', "$value", "", "-3 2.5 $value x $value", "'1 2' 1e3"])
def test_arguments_are_read_and_shown_alike(text: str) -> None:
    args = parse_args(text)
    assert parse_args(shown_args(args)) == args


def test_arguments_keep_their_kinds() -> None:
    assert parse_args('0 1.0 "a name" $value inf 99999999999') == [0, 1.0, "a name", "$value", "inf", "99999999999"]
    with pytest.raises(BridgeError, match="quotation"):
        parse_args('"open')


@given(st.lists(st.one_of(st.integers(-(2**31), 2**31 - 1), st.text(max_size=9), st.just("$value")), max_size=8))
@many
def test_the_value_stands_in_its_places_and_nothing_else_moves(args: list[int | str]) -> None:
    template = Template("/a", args)
    for value in (0.0, -1.5, 3e9):
        (message,) = parse(template.packet(value))
        assert isinstance(message, Message)
        texts = [a.replace("\0", "") if isinstance(a, str) else a for a in args]
        assert list(message.args) == [value if a == "$value" else t for a, t in zip(args, texts, strict=True)]


# ---- shaping


def test_an_attack_reaches_63_per_cent_after_its_time_and_a_release_loses_as_much() -> None:
    up = run({"attack_ms": 200, "max_hz": 1000}, [0.0, 1.0, 1.0])
    assert up == [0.0, pytest.approx(1 - math.exp(-0.5)), pytest.approx(1 - math.exp(-1))]
    down = run({"release_ms": 100, "max_hz": 1000}, [1.0, 0.0, 0.0])
    assert down == [1.0, pytest.approx(math.exp(-1)), pytest.approx(math.exp(-2))]


@given(st.floats(1, 5_000), st.lists(st.floats(0, 1), min_size=2, max_size=40))
@many
def test_smoothing_depends_on_time_and_not_on_how_often_it_is_asked(attack_ms: float, levels: list[float]) -> None:
    shape = {"attack_ms": attack_ms, "release_ms": attack_ms, "max_hz": 1000}
    coarse, fine = Shaper([route(**shape)]), Shaper([route(**shape)])
    for number, level in enumerate(levels):
        coarse.step(np.array([level]), number * 0.1)
        for part in range(4) if number else (3,):
            fine.step(np.array([level]), (number - 1) * 0.1 + (part + 1) * 0.025)
        assert fine.levels == pytest.approx(coarse.levels, abs=1e-9)


def test_a_range_spreads_and_may_be_upside_down_and_a_curve_bends() -> None:
    assert run({"range": [-60, 0]}, [0.5]) == [-30.0]
    assert run({"range": [1, 0]}, [0.25]) == [0.75]
    assert run({"curve": 2, "range": [0, 8]}, [0.5]) == [2.0]
    assert run({"curve": 0.5}, [0.25]) == [0.5]


def test_a_rate_is_kept_and_what_stays_the_same_is_told_once_a_second() -> None:
    changing = [n % 2 / 1 for n in range(43)]
    count = sum(v is not None for v in run({"max_hz": 10}, changing, 1 / 43))
    assert 9 <= count <= 12
    still = run({"max_hz": 30}, [0.5] * 43, 1 / 20)
    assert [n for n, v in enumerate(still) if v is not None] == [0, 20, 40]


def test_a_trigger_fires_once_each_time_the_level_rises_to_it() -> None:
    levels = [0.0, 0.6, 0.9, 0.58, 0.6, 0.5, 0.6, 0.0, 1.0]  # 0.58 is above nine tenths of 0.6: not yet armed again
    fired = [n for n, v in enumerate(run({"threshold": 0.6, "range": [0, 10]}, levels, 1.0)) if v is not None]
    assert fired == [1, 6, 8]


def test_a_trigger_fires_no_oftener_than_its_rate() -> None:
    levels = [n % 2 / 1 for n in range(100)]
    fired = [n for n, v in enumerate(run({"threshold": 0.5, "max_hz": 2}, levels, 0.05)) if v is not None]
    assert all(b - a >= 7 for a, b in itertools.pairwise(fired)) and len(fired) > 8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(0, 1_000), st.floats(0.05, 20), st.floats(-9, 9))
@many
def test_what_is_sent_stays_within_its_range(levels: list[float], ms: float, curve: float, low: float) -> None:
    shape = {"attack_ms": ms, "release_ms": ms / 2, "curve": curve, "range": [low, 1.0]}
    for value in run(shape, levels, 0.04):
        assert value is None or min(low, 1.0) - 1e-9 <= value <= max(low, 1.0) + 1e-9


# ---- the table


def test_a_change_of_one_route_moves_no_other() -> None:
    slow = route("neuron.0", name="slow", attack_ms=1_000, max_hz=1_000)
    bench, alone = Bench(slow), Bench(slow)
    for n in range(20):
        if n == 10:
            bench.table.add([route("neuron.1", name="new", max_hz=1_000)])
        if n == 15:
            bench.table.remove("new")
        frame = bench.frame(n0=1.0)
        sent, expected = bench.sent(frame, n * 0.1), alone.sent(alone.frame(n0=1.0), n * 0.1)
        assert sent[:1] == expected
    assert bench.table.level("slow") == pytest.approx(1 - math.exp(-1.9))


def test_names_replace_and_routes_without_one_are_numbered() -> None:
    bench = Bench(route(name=""), route(name=""), route(name="mine"))
    assert [r.name for r in bench.table.routes] == ["1", "2", "mine"]
    bench.table.remove("1")
    assert bench.table.add([route(name="")]) == ["1"]
    bench.table.add([route(name="mine", range=[0, 5])])
    assert len(bench.table) == 3
    bench.table.remove("*")
    assert len(bench.table) == 0
    with pytest.raises(BridgeError, match="no route 'mine'") as caught:
        bench.table.remove("mine")
    assert caught.value.code == 404


def test_a_thousand_routes_are_enough() -> None:
    bench = Bench(*(route(name=str(n)) for n in range(1_000)))
    with pytest.raises(BridgeError) as caught:
        bench.table.add([route(name="one more")])
    assert caught.value.code == 429 and len(bench.table) == 1_000


def test_the_beat_sends_the_phase_once() -> None:
    bench = Bench(route("beat", name="b", args=["tick", "$value"], range=[0, 4]), route("neuron.0", name="n"))
    assert [read(o) for o in bench.table.at_beat(0.25)] == [("/x", "tick", 1.0)]
    assert bench.sent(bench.frame()) == [("/x", 0.0)]


def test_while_a_host_learns_it_hears_one_route_alone_from_low_to_high() -> None:
    bench = Bench(route(name="a", range=[0, 10], max_hz=100), route("neuron.1", name="b"), route("beat", name="c"))
    bench.table.learn("a", True)
    sent = [bench.sent(bench.frame(n1=n / 40), n * 0.1) for n in range(21)]
    assert all(len(frame) <= 1 for frame in sent), "the other one changes all the time"
    values = [message[1] for frame in sent for message in frame]
    assert min(values) == 0.0 and max(values) == 10.0 and len(values) >= 20
    assert bench.table.at_beat(0.5) == []
    bench.table.learn("a", False)
    assert len(bench.table.at_beat(0.5)) == 1
    assert len(bench.sent(bench.frame(n0=0.3, n1=0.7), 9.0)) == 2
    with pytest.raises(BridgeError):
        bench.table.learn("nobody", True)


def test_a_route_that_is_learned_and_removed_leaves_the_others_alone() -> None:
    bench = Bench(route(name="a"), route("neuron.1", name="b"))
    bench.table.learn("a", True)
    bench.table.remove("a")
    assert len(bench.sent(bench.frame())) == 1


def test_a_listed_route_makes_the_same_route_again() -> None:
    one = route("channel.3.2", args=[1, "x y", "$value"], range=[2, 3], curve=2.0, threshold=0.5, max_hz=5)
    (message,) = parse(listed(one, 0.25))
    assert isinstance(message, Message)
    name, from_, to, args, low, high, curve, attack, release, hz, threshold, level = message.args
    made = {"args": parse_args(str(args)), "range": (low, high), "curve": curve, "max_hz": hz, "threshold": threshold}
    assert route(str(from_), **made) == one and (name, to, attack, release, level) == ("r", TO, 0.0, 0.0, 0.25)
