"""The pure part of the TouchDesigner patch: datagrams to messages, frames, layouts and textures."""

from __future__ import annotations

import io
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oscbridge.osc import packets

from .td_patch import pure

wire = pure("oscbridge_td")

ARGUMENTS = st.lists(
    st.one_of(
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32, allow_nan=False),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9),
        st.binary(min_size=1, max_size=9),
    ),
    max_size=8,
)


def chunks(values: np.ndarray, frame: int, size: int = 7_900, epoch: int = 5) -> list[tuple]:
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    return [(epoch, frame, i, len(parts), i * size, part.tobytes()) for i, part in enumerate(parts)]


def neurons(seed: int, count: int = 20_000) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, count, dtype=np.uint8)


@given(ARGUMENTS)
def test_a_message_is_read_as_it_was_written(arguments):
    datagram = packets.encode("/ear/some_where", *arguments)
    assert wire.encode("/ear/some_where", *arguments) == datagram, "both write the same"
    ((address, args, at),) = wire.parse(datagram)
    assert (address, at) == ("/ear/some_where", 0.0)
    assert [bytes(a) if isinstance(a, memoryview) else a for a in args] == arguments


def test_truth_values_are_read_and_an_unknown_type_drops_its_message_only():
    assert wire.parse(b"/a\0\0,TF\0")[0][1] == [True, False]
    odd = b"/odd\0\0\0\0,h\0\0" + bytes(8)
    assert [m[0] for m in wire.parse(packets.bundle(0, odd, packets.encode("/b", 1)))] == ["/b"]


def test_bundles_are_read_nested_with_their_time():
    at = 1_800_000_000.25
    inner = packets.bundle(int(at * 1e9), packets.encode("/ear/clip/activate", 3))
    found = wire.parse(packets.bundle(0, packets.encode("/first", 1.5), inner))
    assert [(m[0], m[1]) for m in found] == [("/first", [1.5]), ("/ear/clip/activate", [3])]
    assert found[0][2] == 0 and found[1][2] == pytest.approx(at, abs=1e-6)


@given(st.binary(max_size=64), st.integers(0, 10**6))
def test_nothing_that_arrives_raises(garbage, seed):
    wire.parse(garbage)
    whole = packets.bundle(0, packets.encode("/ear/x", 1, "two", b"three", 4.0), packets.encode("/y"))
    cut = bytearray(whole[: random.Random(seed).randrange(len(whole))])
    if cut:
        cut[seed % len(cut)] ^= 1 << seed % 8
    wire.parse(bytes(cut))


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5, 76_729, 76_959, 77_284, 77_285])
def test_the_square_is_the_smallest_that_holds_all(count):
    side = wire.side_of(count)
    assert side == max(1, math.ceil(math.sqrt(count)))


def test_a_frame_appears_when_its_last_chunk_is_there_whatever_their_order():
    frames, values = wire.Frames(20_000), neurons(1)
    parts = chunks(values, 7)
    random.Random(0).shuffle(parts)
    assert [frames.add(*part) for part in parts] == [False, False, True]
    assert frames.number == 7 and frames.whole == 1
    np.testing.assert_array_equal(frames.values, values)
    assert not any(frames.add(*part) for part in parts), "the same again is nothing new"
    assert frames.torn == 0


def test_the_newest_frame_wins_and_one_that_is_never_whole_is_forgotten():
    frames = wire.Frames(20_000)
    first, second, third = (chunks(neurons(i), 10 + i) for i in range(3))
    for part in first:
        frames.add(*part)
    frames.add(*second[0])
    assert [frames.add(*part) for part in third] == [False, False, True]
    assert not any(frames.add(*part) for part in second), "late"
    np.testing.assert_array_equal(frames.values, neurons(2))
    assert (frames.number, frames.whole, frames.torn) == (12, 2, 1)


def test_a_late_chunk_is_not_taken_for_one_of_the_newer_frame():
    frames, old, new = wire.Frames(20_000), chunks(neurons(1), 7), chunks(neurons(2), 8)
    for part in (old[0], old[1], new[0], new[1], old[2]):
        assert not frames.add(*part)
    assert frames.add(*new[2])
    np.testing.assert_array_equal(frames.values, neurons(2))


def test_a_chunk_twice_does_not_make_a_frame_whole():
    frames, parts = wire.Frames(20_000), chunks(neurons(1), 7)
    assert not any(frames.add(*part) for part in (parts[0], parts[0], parts[1], parts[0]))
    assert frames.add(*parts[2])


def test_another_epoch_begins_anew_though_its_numbers_are_lower():
    frames = wire.Frames(20_000)
    for part in chunks(neurons(1), 1_000):
        frames.add(*part)
    assert [frames.add(*part) for part in chunks(neurons(2), 3, epoch=6)][-1]
    np.testing.assert_array_equal(frames.values, neurons(2))


def test_frame_numbers_may_wrap():
    frames = wire.Frames(20_000)
    for number in (2**31 - 1, -(2**31)):
        assert [frames.add(*part) for part in chunks(neurons(1), number)][-1]


@pytest.mark.parametrize("part", [(5, 1, 3, 3, 0, b"x"), (5, 1, -1, 1, 0, b"x"), (5, 1, 0, 1, 20_000, b"x"),
                                  (5, 1, 0, 1, -1, b"x"), (5, 1, 0, 1, 0, bytes(20_001))])  # fmt: skip
def test_a_chunk_that_cannot_be_is_left_out(part):
    frames = wire.Frames(20_000)
    assert not frames.add(*part) and not frames.values.any()


def test_the_texture_holds_neuron_n_in_pixel_n_row_by_row():
    frames, values = wire.Frames(20_000), neurons(3)
    for part in chunks(values, 1):
        frames.add(*part)
    texture = frames.texture()
    side = wire.side_of(20_000)
    assert texture.shape == (side, side, 4) and texture.dtype == np.uint8 and texture.flags.c_contiguous
    flat = texture.reshape(-1, 4)
    for channel in range(3):
        np.testing.assert_array_equal(flat[:20_000, channel], values)
    assert (flat[:20_000, 3] == 255).all() and not flat[20_000:].any()


def test_a_filter_leaves_its_neurons_where_they_are():
    frames = wire.Frames(100)
    assert frames.add(5, 1, 0, 1, 40, b"\xff" * 10)
    assert frames.values.nonzero()[0].tolist() == list(range(40, 50))
    frames.clear()
    assert frames.add(5, 2, 0, 1, 0, b"\x01") and frames.values.sum() == 1


def test_layers_differ_in_hue_and_no_neuron_is_black():
    texture = wire.hues([0, 10, 30], 50).reshape(-1, 4)
    assert len({tuple(c) for c in texture[:50].tolist()}) == 3
    assert (texture[9] != texture[10]).any() and (texture[10] == texture[29]).all()
    assert (texture[:50, :3].max(1) > 150).all() and not texture[50:].any()
    assert wire.hues([], 0).shape == (1, 1, 4)


def layout_chunks(places: np.ndarray, rev: int, snapshot: int, size: int = 900) -> list[tuple]:
    parts = [places[i : i + size] for i in range(0, len(places), size)]
    return [(rev, snapshot, i, len(parts), i * size, p.astype("<f4").tobytes()) for i, p in enumerate(parts)]


def places(seed: int, count: int = 2_000) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.7, 0.7, (count, 2)).astype(np.float32)


def test_a_layout_is_put_together_and_drawn():
    layout = wire.Layout(2_000)
    parts = layout_chunks(places(1), 4, 0)
    random.Random(1).shuffle(parts)
    assert [layout.add(*part) for part in parts] == [False, False, True]
    texture = layout.texture()
    assert texture.dtype == np.float32 and texture.shape == (45, 45, 4)
    np.testing.assert_array_equal(texture.reshape(-1, 4)[:2_000, :2], places(1))
    assert texture[..., 3].sum() == 2_000, "alpha tells where a neuron lies"


def test_a_newer_layout_is_shown_when_it_is_whole_and_an_older_never():
    layout = wire.Layout(2_000)
    for part in layout_chunks(places(1), 4, 0):
        layout.add(*part)
    newer = layout_chunks(places(2), 5, 0)
    layout.add(*newer[0])
    np.testing.assert_array_equal(layout.whole[0], places(1))
    assert not any(layout.add(*part) for part in layout_chunks(places(3), 4, 0))
    layout.add(*newer[1])
    assert layout.add(*newer[2])
    np.testing.assert_array_equal(layout.whole[0], places(2))


def test_a_layout_that_is_solved_comes_again_and_again_also_with_losses():
    layout = wire.Layout(2_000)
    for chunk in (0, 2):  # the one between is lost
        layout.add(*layout_chunks(places(1), 4, 0)[chunk])
    assert [layout.add(*part) for part in layout_chunks(places(2), 4, 0)] == [False, False, True], "of one time round"
    np.testing.assert_array_equal(layout.whole[0], places(2))
    assert [layout.add(*part) for part in layout_chunks(places(3), 4, 0)][-1]
    np.testing.assert_array_equal(layout.whole[0], places(3))


def test_snapshots_are_faded_through_in_a_circle():
    layout = wire.Layout(2_000)
    for snapshot in range(3):
        for part in layout_chunks(places(snapshot), 1, snapshot):
            layout.add(*part)
    np.testing.assert_array_equal(layout.at(0.25, 0.0), places(0))
    np.testing.assert_allclose(layout.at(0.5, 1.0), places(2), atol=1e-6)
    np.testing.assert_allclose(layout.at(0.75, 1.0), (places(1) + places(2)) / 2, atol=1e-6)
    np.testing.assert_allclose(layout.at(1.0, 0.5), (places(0) + places(1)) / 2, atol=1e-6)


def test_a_layout_is_read_from_its_file_and_that_of_another_network_is_refused():
    layout, file = wire.Layout(2_000), io.BytesIO()
    np.save(file, np.stack([places(1), places(2)]))
    layout.load(9, file.getvalue())
    assert layout.rev == 9 and sorted(layout.whole) == [0, 1]
    np.testing.assert_array_equal(layout.whole[1], places(2))
    with pytest.raises(ValueError, match=r"2000, 2.*but the network has 3 neurons"):
        wire.Layout(3).load(9, file.getvalue())


def test_the_scalogram_scrolls_and_the_newest_column_is_at_the_right():
    scalogram = wire.Scalogram(4, 3)
    for frame in range(5):
        assert scalogram.add(frame, bytes([frame] * 4))
    assert scalogram.texture()[0, :, 0].tolist() == [2, 3, 4]
    assert scalogram.add(5, bytes(8)) and scalogram.texture().shape == (8, 3, 4), "another network"
    assert not scalogram.add(6, b"")
