"""Feature maps on the wire, read back with python-osc and held against the frames that they were made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from oscbridge.ear.neurons import Normalizer, parse_filter, to_u8
from oscbridge.errors import BridgeError
from oscbridge.osc.maps import NOBODY, STEPS
from oscbridge.osc.streams import Packer, Packet, Wish, check_wish

from .test_bulk import EAR, EPOCH, LAYERS, MOST, NEURONS, read

FRAMES = np.random.default_rng(0).random((200, NEURONS), np.float32)
BYTES = to_u8(FRAMES)
SHALLOW, DEEP = LAYERS[3], LAYERS[13]  # a step every 2nd and every 4th frame

Maps = dict[tuple[int, int], np.ndarray]  # by layer and channel, (steps, positions)


def wish(text: str, local: bool = True) -> Wish:
    return check_wish("maps", "", text, MOST[local], LAYERS)


def put_together(packets: Iterable[Packet], frame: int) -> Maps:
    """As a client does, checking every header and that no row comes twice."""
    maps: Maps = {}
    came: dict[tuple[int, int], list[int]] = {}
    for m in read(list(packets)):
        epoch, number, layer, channel, steps, positions, first, values = m.params
        assert (m.address, epoch, number) == ("/ear/map", EPOCH, frame)
        assert (steps, positions) == (STEPS, LAYERS[layer].positions)
        rows = np.frombuffer(values, np.uint8).reshape(-1, positions)
        maps.setdefault((layer, channel), np.zeros((steps, positions), np.uint8))[first : first + len(rows)] = rows
        came.setdefault((layer, channel), []).extend(range(first, first + len(rows)))
    assert all(rows == list(range(STEPS)) for rows in came.values())
    return maps


def expected(layer: int, channel: int, frames: Iterable[int]) -> np.ndarray:
    """The map after these frames: what is before them is dark."""
    of = LAYERS[layer]
    rows = [BYTES[f, of.span].reshape(of.channels, -1)[channel] for f in frames if f % of.frames_per_step == 0]
    return np.concatenate([np.zeros((STEPS, of.positions), np.uint8), *(row[np.newaxis] for row in rows)])[-STEPS:]


class Listening:
    """A packer that is given frames one by one, and the newest of what every subscriber was sent."""

    def __init__(self, wishes: Mapping[int, Wish]) -> None:
        self.packer = Packer(LAYERS, EPOCH, Normalizer(LAYERS, None, "none", 1.0, 0.0), EAR.classes)
        self.wishes = dict(wishes)

    def frame(self, number: int, *asking: int) -> list[Maps]:
        """What these subscribers are sent."""
        frame = self.packer.frame(number, FRAMES[number])
        self.packer.maps.take(frame, self.wishes)
        return [put_together(frame.of(self.wishes[key], key), number) for key in asking]


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("text", ["3:0-15", "0", "13:500-511,1:7,1:2", "26:0-63"])
def test_a_map_is_the_last_64_steps_of_its_channel_oldest_first(text: str, local: bool) -> None:
    listening = Listening({1: wish(text, local)})
    for number in range(160):
        (sent,) = listening.frame(number, 1)
        assert all(number % LAYERS[layer].frames_per_step == 0 for layer, _ in sent)
        if number in (0, 48, 144):  # dark at first, then full of the shallow layers' steps
            assert {f"{layer}:{channel}" for layer, channel in sent} == named(text)
            for (layer, channel), values in sent.items():
                assert np.array_equal(values, expected(layer, channel, range(number + 1)))


def named(text: str) -> set[str]:
    regions = parse_filter(text, LAYERS)
    return {f"{r.layer.index}:{channel}" for r in regions for channel in range(r.first, r.last + 1)}


@pytest.mark.parametrize("local", [True, False])
def test_runs_of_steps_fill_their_datagrams_and_stay_under_the_limit(local: bool) -> None:
    listening = Listening({1: wish("0,1,13:0", local)})
    sizes = [len(p) for p in listening.packer.frame(1, FRAMES[1]).of(listening.wishes[1], 1)]
    assert max(sizes) < MOST[local] and all(size % 4 == 0 for size in sizes)
    assert len(sizes) == (2 + 8 + 1 if local else 11 + 8 * 6 + 2)


def test_who_asks_rarely_is_sent_every_layer_that_has_made_a_step_since() -> None:
    listening = Listening({1: wish("3:0,13:0"), 2: wish("3:0,13:0")})
    listening.frame(0, 1, 2)
    often = [set(listening.frame(number, 1)[0]) for number in range(1, 5)]
    assert often == [set(), {(3, 0)}, set(), {(3, 0), (13, 0)}]
    (rare,) = listening.frame(5, 2)
    assert set(rare) == {(3, 0), (13, 0)}
    assert np.array_equal(rare[3, 0], expected(3, 0, range(6)))


def test_one_who_joins_late_is_sent_all_maps_as_they_are_and_of_what_was_watched_the_past() -> None:
    listening = Listening({1: wish("3:0")})
    for number in range(11):
        listening.frame(number, 1)
    late = listening.wishes[2] = wish("3:5,13:1")
    joining = put_together(listening.packer.frame(10, FRAMES[10]).of(late, 2), 10)
    assert np.array_equal(joining[3, 5], expected(3, 5, range(11))), "the whole layer is remembered"
    newest = BYTES[10, DEEP.span].reshape(DEEP.channels, -1)[1]
    assert np.array_equal(joining[13, 1][-1], newest) and not joining[13, 1][:-1].any()
    assert listening.frame(11, 2) == [{}], "nothing is sent twice"


def test_steps_that_were_lost_are_filled_with_what_came_after_them() -> None:
    listening = Listening({1: wish("3:0")})
    listening.frame(0, 1)
    (sent,) = listening.frame(7, 1)  # steps at 2, 4 and 6 were not seen
    row = BYTES[[0, 7], SHALLOW.first_neuron : SHALLOW.first_neuron + SHALLOW.positions]
    assert np.array_equal(sent[3, 0][-4:], row[[0, 1, 1, 1]]) and not sent[3, 0][:-4].any()


def test_equal_wishes_share_packets_and_a_frame_leaves_those_of_the_one_before() -> None:
    listening = Listening({1: wish("3:0-3"), 2: wish("3:0-3")})
    frame = listening.packer.frame(0, FRAMES[0])
    listening.packer.maps.take(frame, listening.wishes)
    first, second = frame.of(listening.wishes[1], 1), frame.of(listening.wishes[2], 2)
    assert len(first) == 4 and all(a is b for a, b in zip(first, second, strict=True))
    before = [bytes(p) for p in first]
    (after,) = listening.frame(2, 1)
    assert [bytes(p) for p in first] == before and after[3, 0].any()


def test_what_nobody_asks_for_any_more_is_forgotten() -> None:
    listening = Listening({1: wish("3:0,13:0"), 2: wish("1:0")})
    for number in range(5):
        listening.frame(number, 1, 2)
    kept = listening.wishes.pop(1)
    listening.frame(5, 2)
    assert listening.packer.maps._histories.keys() == {1}
    assert listening.packer.maps._parts.keys() == {listening.wishes[2]}
    listening.wishes[1] = kept
    (sent,) = listening.frame(6, 1)
    assert not sent[3, 0][:-1].any(), "its past is gone"
    listening.wishes.clear()
    listening.frame(7)
    assert not listening.packer.maps._histories and not listening.packer.maps._sent


def test_nobody_in_particular_is_sent_all_of_it_every_time() -> None:
    listening = Listening({1: wish("3:0")})
    for number in (0, 1):
        frame = listening.packer.frame(number, FRAMES[number])
        listening.packer.maps.take(frame, listening.wishes)
        assert len(frame.of(listening.wishes[1], NOBODY)) == 1


@pytest.mark.parametrize(
    "text, most, code, told",
    [
        ("", 8_000, 422, "such as 3:0-15"),
        ("13", 8_000, 413, "names 512 channels; of maps at most 64"),
        ("13:0-31,14:0-31,3:0", 8_000, 413, "names 65 channels"),
        ("28", 8_000, 422, "layers go from 0 to 27"),
        ("3:0-1,0:0", 250, 413, "layer 0 has 216 positions, but a message to you at most 250 bytes"),
    ],
)
def test_maps_that_cannot_be_had_are_refused_with_what_can_be(text: str, most: int, code: int, told: str) -> None:
    with pytest.raises(BridgeError) as error:
        check_wish("maps", "", text, most, LAYERS)
    assert error.value.code == code and told in str(error.value)
