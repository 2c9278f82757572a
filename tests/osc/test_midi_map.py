"""What a controller's knobs and buttons do: moves, pick-up, lights, lessons. Numbers in, numbers out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge import resources
from oscbridge.errors import BridgeError
from oscbridge.osc.midi import Heard
from oscbridge.osc.midi_control import Control, Fire, Move
from oscbridge.osc.midi_map import MapFile, MidiMap
from oscbridge.osc.packets import Message, parse
from oscbridge.osc.space import AddressSpace
from oscbridge.sections import Settings
from oscbridge.settings import Parameter, changed
from oscbridge.validation import Mistakes, check, read_yaml

SPACE = AddressSpace()
MAPS = sorted((resources.folder("config") / "midi").glob("*.yaml"))
GAMMA, FLOOR, NORMALIZE = "/ear/stream/gamma", "/ear/stream/floor", "/ear/stream/normalize"
many = settings(max_examples=100, deadline=None, derandomize=True, database=None)


class Desk:
    """A map, a controller and settings, without a wire."""

    def __init__(self, *controls: dict[str, Any], pickup: bool = False) -> None:
        self.table, self.settings, self.pickup = MidiMap(SPACE), Settings(), pickup
        self.table.replace([Control.model_validate(c) for c in controls])
        self.fired: list[tuple[Any, ...]] = []

    def value(self, path: str) -> Any:
        section, name = path.split(".")
        return getattr(getattr(self.settings, section), name)

    def set(self, path: str, value: Any) -> None:
        """As from elsewhere."""
        self.settings = changed(self.settings, {path: value})

    def current(self, parameter: Parameter) -> Any:
        return parameter.of(self.settings)

    def cc(self, number: int, *values: int, channel: int = 1, kind: str = "cc") -> bool:
        """Whether anything was moved."""
        moved = False
        for value in values:
            for order in self.table.hear(Heard(kind, channel, number, value), self.current, self.pickup):
                moved = True
                if isinstance(order, Move):
                    self.set(order.parameter.path, order.value)
                else:
                    self.fired.append((order.address, *order.args))
        return moved

    def lights(self) -> list[list[int]]:
        return self.table.feedback(self.current)


def test_a_knob_moves_its_parameter_on_its_channel_alone() -> None:
    desk = Desk({"cc": 1, "channel": 2, "to": GAMMA}, {"cc": 2, "to": FLOOR})
    assert not desk.cc(1, 127) and desk.value("stream.gamma") == 1.0
    desk.cc(1, 127, channel=2)
    assert desk.value("stream.gamma") == 10.0
    desk.cc(2, 127, channel=9)
    assert desk.value("stream.floor") == 0.99
    assert not desk.cc(1, 5, kind="note") and not desk.cc(99, 5)


def test_a_control_with_two_tasks_does_both_in_order() -> None:
    desk = Desk({"cc": 5, "to": "/ear/select/clear"}, {"cc": 5, "to": "/ear/select/add 3 0 1 0 1 0.5 midi"})
    desk.cc(5, 127)
    assert desk.fired == [("/ear/select/clear",), ("/ear/select/add", 3, 0, 1, 0.0, 1.0, 0.5, "midi")]


def test_a_button_fires_once_as_it_is_pressed() -> None:
    desk = Desk({"cc": 5, "to": "/ear/dream/start"}, {"note": 36, "to": "/ear/clip/play 0"})
    desk.cc(5, 127, 127, 90, 0, 0, 127)
    assert desk.fired == [("/ear/dream/start",)] * 2
    desk.cc(36, 127, 0, kind="note")
    assert desk.fired[2:] == [("/ear/clip/play", 0)]


def test_a_button_sets_a_value_and_shows_whether_it_is_in_force() -> None:
    desk = Desk({"cc": 5, "to": "/ear/dream/origin silence"}, {"cc": 6, "to": "/ear/dream/origin noise"})
    assert desk.lights() == [[0xB0, 5, 0], [0xB0, 6, 127]]
    desk.cc(5, 127)
    assert desk.value("dream.origin") == "silence"
    assert desk.lights() == [[0xB0, 5, 127], [0xB0, 6, 0]]
    desk.cc(5, 0)
    assert desk.lights() == [[0xB0, 5, 127]], "many a button puts its light out as it is let go"
    assert desk.lights() == []


def test_toggles_flip_switches_step_through_choices_and_jump_between_ends() -> None:
    desk = Desk(
        {"cc": 1, "to": "/ear/player/blackout", "kind": "toggle"}, {"cc": 2, "to": NORMALIZE, "kind": "toggle"},
        {"note": 3, "to": GAMMA, "low": 1, "high": 4, "kind": "toggle"},
    )  # fmt: skip
    seen: list[Any] = []
    for _ in range(3):
        for number, kind, path in (
            (1, "cc", "player.blackout"), (2, "cc", "stream.normalize"), (3, "note", "stream.gamma"),
        ):  # fmt: skip
            desk.cc(number, 127, 0, kind=kind)
            seen.append(desk.value(path))
    assert seen == [True, "layer", 4.0, False, "none", 1.0, True, "neuron", 4.0]


def test_a_latching_switch_holds_a_bool_while_it_is_down() -> None:
    desk = Desk({"note": 40, "to": "/ear/player/blackout"}, pickup=True)
    desk.cc(40, 127, kind="note")
    assert desk.value("player.blackout") is True
    desk.cc(40, 0, kind="note")
    assert desk.value("player.blackout") is False


def test_fourteen_bits_come_in_two_halves_and_are_shown_in_two() -> None:
    desk = Desk({"cc": 3, "to": "/ear/dream/mix_original", "kind": "fine"})
    desk.cc(3, 64)
    desk.cc(35, 1)
    assert desk.value("dream.mix_original") == pytest.approx((64 * 128 + 1) / 16_383)
    assert desk.lights() == [], "it is where it is"
    desk.set("dream.mix_original", 1.0)
    assert desk.lights() == [[0xB0, 3, 127], [0xB0, 35, 127]]


def test_an_encoder_moves_on_from_where_the_parameter_is() -> None:
    desk = Desk(
        {"cc": 1, "to": FLOOR, "kind": "relative"}, {"cc": 2, "to": NORMALIZE, "kind": "relative"},
        {"cc": 3, "to": "/ear/dream/views", "kind": "relative"}, pickup=True,
    )  # fmt: skip
    desk.set("stream.floor", 0.5)
    desk.cc(1, 1)
    assert desk.value("stream.floor") == pytest.approx(0.5 + 0.99 / 127)
    desk.cc(1, 126, 127)
    assert desk.value("stream.floor") == pytest.approx(0.5 - 2 * 0.99 / 127)
    assert [v[2] for v in desk.lights() if v[1] == 1] == [round((0.5 / 0.99 - 2 / 127) * 127)], "its ring follows"
    desk.cc(2, 1, 1, 1)
    desk.cc(3, *[1] * 9)
    assert (desk.value("stream.normalize"), desk.value("dream.views")) == ("none", 10)
    desk.cc(2, 127)
    desk.cc(3, 127)
    assert (desk.value("stream.normalize"), desk.value("dream.views")) == ("layer", 9)


def test_an_encoder_gets_through_a_range_of_many_whole_numbers() -> None:
    desk = Desk({"cc": 3, "to": "/ear/dream/seed", "kind": "relative"})
    desk.cc(3, *[1] * 127)
    assert desk.value("dream.seed") == 999_999


# ---- pick-up


def test_a_knob_takes_hold_only_once_it_has_passed_the_value() -> None:
    desk = Desk({"cc": 1, "to": "/ear/dream/mix_original"}, pickup=True)
    desk.set("dream.mix_original", 0.5)
    assert not desk.cc(1, 10, 40, 60), "below"
    assert desk.value("dream.mix_original") == 0.5
    assert desk.cc(1, 70) and desk.value("dream.mix_original") == pytest.approx(70 / 127)
    assert desk.cc(1, 5) and desk.value("dream.mix_original") == pytest.approx(5 / 127), "it has hold of it now"
    desk.set("dream.mix_original", 0.5)
    assert not desk.cc(1, 6, 62) and desk.value("dream.mix_original") == 0.5, "somebody else moved it"
    assert desk.cc(1, 63), "within a step is there"


def test_a_knob_that_has_not_moved_yet_does_not_know_on_which_side_it_is() -> None:
    desk = Desk({"cc": 1, "to": "/ear/dream/mix_original"}, pickup=True)
    desk.set("dream.mix_original", 0.5)
    assert not desk.cc(1, 100) and desk.cc(1, 20)


def test_a_knob_that_was_let_go_does_not_take_hold_because_its_old_value_comes_back() -> None:
    desk = Desk({"cc": 1, "to": "/ear/dream/mix_original"}, pickup=True)
    desk.cc(1, 0, 64)
    mine = desk.value("dream.mix_original")
    desk.set("dream.mix_original", 0.9)
    desk.cc(1, 20)
    desk.set("dream.mix_original", mine)
    assert not desk.cc(1, 21)


def test_a_choice_is_taken_hold_of_within_its_part_of_the_fader() -> None:
    desk = Desk({"cc": 1, "to": NORMALIZE}, pickup=True)
    desk.set("stream.normalize", "layer")
    assert not desk.cc(1, 120) and desk.cc(1, 80) and desk.value("stream.normalize") == "layer"
    assert desk.cc(1, 20) and desk.value("stream.normalize") == "neuron"


def test_a_knob_keeps_hold_of_whole_numbers_though_they_lie_beside_it() -> None:
    desk = Desk({"cc": 1, "to": "/ear/dream/views"}, pickup=True)
    assert desk.cc(1, 0) and all(desk.cc(1, n) for n in [*range(128), *reversed(range(128))])
    assert desk.value("dream.views") == 1


@given(st.lists(st.tuples(st.integers(0, 127), st.booleans(), st.floats(0, 1)), max_size=40))
@many
def test_with_pickup_nothing_jumps_further_than_the_knob_went(steps: list[tuple[int, bool, float]]) -> None:
    desk, last = Desk({"cc": 1, "to": "/ear/dream/mix_original"}, pickup=True), None
    for number, is_elsewhere, elsewhere in steps:
        if is_elsewhere:
            desk.set("dream.mix_original", elsewhere)
        before = desk.value("dream.mix_original")
        if desk.cc(1, number):
            way = 1.5 / 127 if last is None else abs(number - last) / 127 + 1.5 / 127
            assert abs(desk.value("dream.mix_original") - before) <= way
        else:
            assert desk.value("dream.mix_original") == before
        last = number


@given(st.lists(st.integers(0, 127), min_size=1, max_size=20))
@many
def test_without_pickup_the_parameter_is_where_the_knob_is(numbers: list[int]) -> None:
    desk = Desk({"cc": 1, "to": GAMMA})
    desk.cc(1, *numbers)
    assert desk.value("stream.gamma") == pytest.approx(0.1 * 100 ** (numbers[-1] / 127))


# ---- what the controller shows


def test_what_changes_elsewhere_is_shown_and_what_the_knob_did_is_not_echoed() -> None:
    desk = Desk({"cc": 1, "to": GAMMA}, {"cc": 2, "to": GAMMA}, {"cc": 9, "to": NORMALIZE})
    assert desk.lights() == [[0xB0, 1, 64], [0xB0, 2, 64], [0xB0, 9, 0]]
    assert desk.lights() == []
    desk.cc(1, 127)
    assert desk.lights() == [[0xB0, 2, 127]], "the other knob of the same parameter follows"
    desk.cc(9, 80)  # a motor fader is not moved from under the hand to the middle of a choice
    assert desk.value("stream.normalize") == "layer" and desk.lights() == []
    desk.set("stream.gamma", 0.1)
    assert desk.lights() == [[0xB0, 1, 0], [0xB0, 2, 0]]


def test_a_fader_is_shown_on_the_channel_it_was_heard_on() -> None:
    desk = Desk({"cc": 1, "to": GAMMA})
    desk.cc(1, 0, channel=5)
    desk.set("stream.gamma", 10.0)
    assert desk.lights() == [[0xB4, 1, 127]]


def test_a_controller_that_was_plugged_in_is_shown_everything() -> None:
    desk = Desk({"cc": 1, "to": GAMMA}, {"note": 2, "to": "/ear/player/blackout", "kind": "toggle"})
    desk.lights()
    for forgets in (desk.table.begin, desk.table.forget_shown):
        forgets()
        assert desk.lights() == [[0xB0, 1, 64], [0x90, 2, 0]] and desk.lights() == []


# ---- lessons


def test_the_next_control_that_moves_learns() -> None:
    desk = Desk({"cc": 7, "to": FLOOR}, {"cc": 8, "to": GAMMA}, {"cc": 9, "to": "/ear/select/clear"})
    desk.table.learn(GAMMA)
    assert desk.table.take(Heard("cc", 3, 9, 0)) is None, "a button that is let go"
    learned = desk.table.take(Heard("cc", 3, 7, 12))
    assert learned == Control(cc=7, channel=3, to=GAMMA)
    assert [c.to for c in desk.table.controls] == ["/ear/select/clear", GAMMA], "in the place of what both did before"
    assert desk.table.take(Heard("cc", 3, 8, 12)) is None
    desk.cc(7, 127, channel=3)
    assert desk.value("stream.gamma") == 10.0


@pytest.mark.parametrize(
    "to, heard, kind",
    [
        ("/ear/player/blackout", Heard("cc", 1, 1, 127), "toggle"),
        ("/ear/player/blackout", Heard("note", 1, 1, 127), "toggle"),
        ("/ear/player/blackout", Heard("cc", 1, 1, 3), "absolute"),
        (NORMALIZE, Heard("cc", 1, 1, 127), "toggle"),
        (GAMMA, Heard("cc", 1, 1, 127), "absolute"),
        ("/ear/dream/start", Heard("cc", 1, 1, 127), "absolute"),
        ("/ear/dream/origin silence", Heard("cc", 1, 1, 127), "absolute"),
    ],
)
def test_a_button_learns_to_switch_and_a_fader_to_slide(to: str, heard: Heard, kind: str) -> None:
    desk = Desk()
    desk.table.learn(to)
    learned = desk.table.take(heard)
    assert learned is not None and (learned.kind, learned.to, learned.family) == (kind, to, heard.kind)


def test_a_second_lesson_takes_the_place_of_the_first_and_an_empty_one_ends_it() -> None:
    desk = Desk()
    desk.table.learn(GAMMA)
    desk.table.learn(FLOOR)
    learned = desk.table.take(Heard("cc", 1, 1, 1))
    assert learned is not None and learned.to == FLOOR
    desk.table.learn(GAMMA)
    desk.table.learn("")
    assert desk.table.take(Heard("cc", 1, 1, 1)) is None


@pytest.mark.parametrize(
    "to, code, words",
    [
        ("/ear/stream/gama", 404, "did you mean /ear/stream/gamma"),
        ("gamma", 404, "no such address"),
        ("   ", 404, "no such address"),
        ("/ear/stream/*", 422, "is a pattern"),
        ("/ear/server/port", 409, "can't be changed while running"),
        ("/ear/listen/file", 422, "is a text"),
        ("/ear/stream/normalize loud", 422, "expected one of"),
        ("/ear/stream/gamma 1 2", 400, "takes one value"),
        ("/ear/clip/play", 400, "takes i:clip"),
        ("/ear/clip/play one", 400, "takes i:clip"),
        ('/ear/clip/keep 1 "open', 422, "quotation"),
        ("/ear/subscribe levels '' 0 0 0", 422, "for clients"),
        ("/ear/clip/keep 1 " + "x" * 300, 422, "at most 200"),
    ],
)
def test_what_no_control_can_do_is_refused_and_nothing_changes(to: str, code: int, words: str) -> None:
    desk = Desk({"cc": 1, "to": GAMMA})
    with pytest.raises(BridgeError) as caught:
        desk.table.learn(to)
    assert caught.value.code == code and words in str(caught.value)
    assert desk.table.take(Heard("cc", 1, 5, 5)) is None
    with pytest.raises(BridgeError):
        desk.table.replace([check(Control, {"cc": 1, "to": to}, "mine.yaml")])
    assert [c.to for c in desk.table.controls] == [GAMMA]


def test_controls_are_forgotten_by_what_they_do() -> None:
    desk = Desk({"cc": 1, "to": GAMMA}, {"cc": 2, "to": GAMMA}, {"cc": 3, "to": "/ear/clip/play  0"})
    assert desk.table.forget("/ear/clip/play 0") == 1
    with pytest.raises(BridgeError, match=f"they do {GAMMA}") as caught:
        desk.table.forget(FLOOR)
    assert caught.value.code == 404
    assert desk.table.forget("*") == 2 and len(desk.table) == 0 and desk.table.forget("*") == 0


def test_a_thousand_controls_are_enough() -> None:
    one = Control(cc=1, to=GAMMA)
    desk = Desk()
    desk.table.replace([one] * 1_000)
    for more in (lambda: desk.table.replace([one] * 1_001), lambda: desk.table.learn(FLOOR)):
        with pytest.raises(BridgeError) as caught:
            more()
        assert caught.value.code == 429 and len(desk.table) == 1_000


def test_the_list_says_what_each_does() -> None:
    desk = Desk(
        {"cc": 1, "to": GAMMA, "high": 4}, {"note": 2, "channel": 10, "to": "/ear/player/blackout", "kind": "toggle"},
        {"cc": 3, "to": "/ear/clip/play 0"}, {"cc": 4, "to": FLOOR, "kind": "fine"},
    )  # fmt: skip
    messages = [m for packet in desk.table.listed() for m in parse(packet) if isinstance(m, Message)]
    assert {m.address for m in messages} == {"/ear/midi"}
    assert [tuple(m.args) for m in messages] == [
        (0, 1, "cc", GAMMA, pytest.approx(0.1), 4.0), (10, 2, "note toggle", "/ear/player/blackout", 0.0, 0.0),
        (0, 3, "cc", "/ear/clip/play 0", 0.0, 0.0), (0, 4, "cc fine", FLOOR, 0.0, pytest.approx(0.99)),
    ]  # fmt: skip


# ---- maps


@pytest.mark.parametrize("path", MAPS, ids=lambda p: p.stem)
def test_the_maps_that_travel_with_the_package_are_whole(path: Any) -> None:
    controls = check(MapFile, read_yaml(path), path.name).controls
    table = MidiMap(SPACE)
    table.replace(controls)
    assert len(table) >= 30 and len({(c.family, c.number) for c in controls}) == len(controls)
    assert len({c.to for c in controls}) == len(controls)


def test_both_maps_are_there() -> None:
    assert [path.stem for path in MAPS] == ["immersions", "nanokontrol2"]


@pytest.mark.parametrize(
    "control, words",
    [
        ({"to": GAMMA}, "either cc or note"),
        ({"cc": 1, "note": 1, "to": GAMMA}, "either cc or note"),
        ({"cc": 1}, "to is missing"),
        ({"cc": 128, "to": GAMMA}, "cc is 128; expected a whole number from 0 to 127"),
        ({"cc": "one", "to": GAMMA}, "cc is 'one'; expected a whole number from 0 to 127"),
        ({"cc": 1, "channel": 17, "to": GAMMA}, "channel is 17; expected a whole number from 0 to 16"),
        ({"cc": 1, "to": GAMMA, "low": "x"}, "low is 'x'; expected a number"),
        ({"cc": 1, "to": GAMMA, "kind": "togle"}, "Did you mean toggle?"),
        ({"cc": 1, "to": GAMMA, "hihg": 1}, "Did you mean high?"),
        ({"cc": 32, "to": GAMMA, "kind": "fine"}, "fine takes cc 0 to 31"),
        ({"note": 3, "to": GAMMA, "kind": "relative"}, "relative needs cc"),
    ],
)
def test_a_mistake_in_a_map_is_one_sentence(control: dict[str, Any], words: str) -> None:
    with pytest.raises(Mistakes) as caught:
        check(MapFile, {"controls": [control]}, "mine.yaml")
    assert len(caught.value.lines) == 1 and words in caught.value.lines[0]


@pytest.mark.parametrize(
    "control", [{"cc": 1, "to": "/ear/dream/start", "high": 1.0}, {"cc": 1, "to": "/ear/dream/seed 3", "kind": "fine"}]
)
def test_a_button_has_no_range(control: dict[str, Any]) -> None:
    with pytest.raises(BridgeError, match="is for a button"):
        Desk(control)


def test_a_mistake_of_a_map_names_the_control() -> None:
    with pytest.raises(BridgeError, match=r"controls\.1 \(note 9\): /ear/nothing: no such address"):
        Desk({"cc": 1, "to": GAMMA}, {"note": 9, "to": "/ear/nothing"})


def test_orders_are_of_two_kinds() -> None:
    desk = Desk({"cc": 1, "to": GAMMA}, {"cc": 1, "to": "/ear/dream/stop"})
    orders = desk.table.hear(Heard("cc", 1, 1, 127), desk.current, False)
    assert [type(o) for o in orders] == [Move, Fire]
