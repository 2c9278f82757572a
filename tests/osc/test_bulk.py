"""Frames as datagrams, read back with python-osc, which shares no code with what builds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer, parse_filter, spans
from oscbridge.ear.spec import load_spec
from oscbridge.errors import BridgeError
from oscbridge.osc import bulk
from oscbridge.osc.streams import STREAMS, FramePackets, Packer, Wish, check_wish

EAR = load_spec(Path(resources.model_file("ear")))
MOST = {True: bulk.LOCAL_BYTES, False: bulk.REMOTE_BYTES}  # by whether it is on this machine
LAYERS = anatomy(EAR).layers
NEURONS = LAYERS[-1].first_neuron + LAYERS[-1].neurons
FILTERS = ["", "0", "3-5", "3:0-15", "3,7:2", "17", "13:0-3,13:8-11,20", "26:255"]
EPOCH = 123_456

Values = np.ndarray


def raw_frame(seed: int = 0) -> Values:
    """(neurons,) float32 in 0..1, no two neighbours alike."""
    return np.random.default_rng(seed).random(NEURONS, np.float32)


@pytest.fixture
def packer() -> Packer:
    return Packer(LAYERS, EPOCH, Normalizer(LAYERS, None, "none", 1.0, 0.0), EAR.classes)


def read(packets: list[bytes | memoryview]) -> list[OscMessage]:
    return [OscMessage(bytes(p)) for p in packets]


def wanted(text: str) -> Values:
    """The numbers of the neurons that a filter names, in order."""
    return np.concatenate([np.arange(a, a + n) for a, n in spans(parse_filter(text, LAYERS))])


def scattered(frame: FramePackets, wish: Wish) -> tuple[Values, Values]:
    """(neurons,) values as a client puts them together, and which of them came, checking every header."""
    values, came = np.zeros(NEURONS), np.zeros(NEURONS, int)
    messages = read(frame.of(wish))
    for index, m in enumerate(messages):
        if wish.packing == "list":
            assert m.address == "/ear/neurons"
            number, first, *numbers = m.params
            part = np.array(numbers)
        else:
            assert m.address == "/ear/activations"
            epoch, number, chunk, chunks, first, blob = m.params
            assert (epoch, chunk, chunks) == (EPOCH, index, len(messages))
            part = np.frombuffer(blob, np.uint8 if wish.packing == "u8" else "<f4")
        assert number == frame.frame
        values[first : first + len(part)] = part
        came[first : first + len(part)] += 1
    return values, came


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("packing", ["u8", "f32", "list"])
def test_activations_put_together_again_are_the_values_of_the_filter(packer, packing, text, local):
    raw = raw_frame()
    values, came = scattered(packer.frame(77, raw), check_wish("activations", packing, text, MOST[local], LAYERS))
    numbers = wanted(text)
    assert (came[numbers] == 1).all() and came.sum() == len(numbers)
    expected = np.floor(raw * np.float32(255) + np.float32(0.5)) if packing == "u8" else raw
    assert np.array_equal(values[numbers], expected[numbers])


@pytest.mark.parametrize("local, limit", [(True, 8_000), (False, 1_400)])
@pytest.mark.parametrize("stream", [name for name, kind in STREAMS.items() if kind.per_frame])
def test_datagrams_stay_under_the_limit_and_are_whole_osc_words(packer, stream, local, limit):
    frame = packer.frame(1, raw_frame())
    for packing in STREAMS[stream].packings:
        text = "0,3:0-15" if stream == "maps" else ""
        sizes = [len(p) for p in frame.of(check_wish(stream, packing, text, MOST[local], LAYERS))]
        assert max(sizes) < limit
        assert all(size % 4 == 0 for size in sizes)


@pytest.mark.parametrize("packing, local, most", [("u8", True, 10), ("f32", True, 40), ("u8", False, 58)])
def test_datagrams_are_filled_so_that_a_frame_takes_few(packer, packing, local, most):
    assert len(packer.frame(1, raw_frame()).of(check_wish("activations", packing, "", MOST[local], LAYERS))) <= most


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 4_000)), min_size=1, max_size=8),
    st.sampled_from(["u8", "f32"]),
    st.integers(100, 9_000),
)
def test_any_runs_in_any_datagram_size_come_back_whole(gaps, packing, max_bytes):
    runs, at = [], 0
    for gap, count in gaps:
        runs.append((at + gap, count))
        at += gap + count
    values = np.random.default_rng(at).integers(0, 256, at).astype("u1" if packing == "u8" else "<f4")
    packets = bulk.blob_frames("/ear/activations", 1, runs, packing, max_bytes).pack(9, values)
    assert max(map(len, packets)) < max_bytes and all(len(p) % 4 == 0 for p in packets)
    back = [(m.params[4], m.params[5]) for m in read(list(packets))]
    assert b"".join(blob for _, blob in back) == b"".join(values[a : a + n].tobytes() for a, n in runs)
    assert [first for first, _ in back] == sorted(first for first, _ in back)


def test_a_frame_leaves_the_packets_of_the_one_before_as_they_were(packer):
    wish = check_wish("activations", "u8", "3", MOST[True], LAYERS)
    before = packer.frame(1, raw_frame(1)).of(wish)
    copies = [bytes(p) for p in before]
    after = packer.frame(2, raw_frame(2)).of(wish)
    assert [bytes(p) for p in before] == copies
    assert [bytes(p) for p in after] != copies


@pytest.mark.parametrize("number", [0, 1, 2**24 + 1, 2**31 - 1])
def test_every_packing_carries_the_frame_number(packer, number):
    frame = packer.frame(number, raw_frame())
    for stream, position in (("activations", 1), ("channels", 0), ("scalogram", 0)):
        for packing in STREAMS[stream].packings:
            at = 0 if packing == "list" else position
            for m in read(frame.of(check_wish(stream, packing, "", MOST[True], LAYERS))):
                assert m.params[at] == number, (stream, packing)


def test_a_frame_number_that_outgrows_32_bits_stays_positive(packer):
    (message,) = read(packer.frame(2**31 + 5, raw_frame()).of(check_wish("scalogram", "u8", "", MOST[True], LAYERS)))
    assert message.params[0] == 5


def test_levels_are_the_mean_and_the_peak_of_every_layer(packer):
    raw = raw_frame()
    mean, peak = read(packer.frame(1, raw).of(check_wish("levels", "", "", MOST[True], LAYERS)))
    assert (mean.address, peak.address) == ("/ear/level/mean", "/ear/level/peak")
    assert mean.params == pytest.approx([raw[x.span].mean() for x in LAYERS], abs=1e-5)
    assert peak.params == pytest.approx([raw[x.span].max() for x in LAYERS])


def test_a_channel_is_the_mean_of_its_positions(packer):
    raw = raw_frame()
    for m in read(packer.frame(1, raw).of(check_wish("channels", "", "0-9", MOST[True], LAYERS))):
        assert m.address == "/ear/channels"
        layer = LAYERS[m.params[1]]
        expected = raw[layer.span].reshape(layer.channels, layer.positions).mean(axis=1)
        assert m.params[2:] == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("13", [("/ear/channels/0", 13, 256), ("/ear/channels/256", 13, 256)]),
        ("13:250-299", [("/ear/channels/250", 13, 50)]),
        ("9:3,9:5", [("/ear/channels/3", 9, 1), ("/ear/channels/5", 9, 1)]),
        ("9", [("/ear/channels", 9, 128)]),
        ("9:120-127", [("/ear/channels/120", 9, 8)]),
    ],
)
def test_a_part_of_a_layers_channels_tells_its_first_one_in_the_address(packer, text, expected):
    raw = raw_frame()
    messages = read(packer.frame(1, raw).of(check_wish("channels", "", text, MOST[True], LAYERS)))
    assert [(m.address, m.params[1], len(m.params) - 2) for m in messages] == expected
    for m, (address, index, count) in zip(messages, expected, strict=True):
        first = int(address.rpartition("/")[2]) if address[-1].isdigit() else 0
        layer = LAYERS[index]
        means = raw[layer.span].reshape(layer.channels, layer.positions).mean(axis=1)
        assert m.params[2:] == pytest.approx(means[first : first + count].tolist(), abs=1e-5)


def test_the_scalogram_is_layer_0_as_a_list_and_as_bytes(packer):
    raw = raw_frame()
    frame = packer.frame(5, raw)
    (listed,) = read(frame.of(check_wish("scalogram", "", "", MOST[True], LAYERS)))
    (packed,) = read(frame.of(check_wish("scalogram", "u8", "", MOST[True], LAYERS)))
    assert listed.params[1:] == pytest.approx(raw[:216].tolist())
    assert packed.params[1] == bytes(int(v * 255 + 0.5) for v in raw[:216])


def test_equal_wishes_share_the_packets_of_a_frame(packer):
    frame = packer.frame(1, raw_frame())
    first = frame.of(check_wish("activations", "", "3", MOST[True], LAYERS))
    assert frame.of(check_wish("activations", "u8", " 3 ", MOST[True], LAYERS)) is first


def test_a_thousand_different_filters_do_not_pile_up(packer):
    for layer in range(9, 17):
        for channel in range(128):
            wish = check_wish("activations", "u8", f"{layer}:{channel}", MOST[True], LAYERS)
            _, came = scattered(packer.frame(1, raw_frame()), wish)
            assert came.sum() == LAYERS[layer].positions
    assert len(packer._templates) <= 256 and len(packer._regions) <= 256


@pytest.mark.parametrize("text", ["a", "abc", "abcd", ""])
def test_a_padded_string_ends_in_a_zero_and_on_a_word(text):
    raw = bulk.padded(text)
    assert len(raw) % 4 == 0 and raw.rstrip(b"\0").decode() == text and raw.endswith(b"\0")


@pytest.mark.parametrize(
    "arguments, code, told",
    [
        (("level", "", ""), 404, "Did you mean levels?"),
        (("activations", "u16", ""), 422, "u8, f32, list"),
        (("levels", "", "3"), 422, "takes no filter"),
        (("channels", "", "28"), 422, "layers go from 0 to 27"),
        (("channels", "", "26:256"), 422, "channels 0 to 255"),
        (("activations", "", "a-b"), 422, "not understood"),
        (("activations", "", "0-26," * 10_000 + "0"), 413, "at most 1000"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused_with_what_can_be(arguments, code, told):
    with pytest.raises(BridgeError) as error:
        check_wish(*arguments, MOST[True], LAYERS)
    assert error.value.code == code
    assert told in str(error.value)


def test_classes_come_best_first_as_probabilities_whatever_the_normalisation() -> None:
    dark = Packer(LAYERS, EPOCH, Normalizer(LAYERS, None, "none", 4.0, 0.5), EAR.classes)
    raw = np.zeros(NEURONS, np.float32)
    raw[LAYERS[-1].span] = said = np.random.default_rng(0).dirichlet(np.ones(len(EAR.classes))).astype(np.float32)
    (message,) = read(dark.frame(1, raw).of(check_wish("classes", "", "", MOST[True], LAYERS)))
    names, values = message.params[::2], message.params[1::2]
    assert message.address == "/ear/classes" and sorted(names) == sorted(EAR.classes)
    assert values == sorted(values, reverse=True) and sum(values) == pytest.approx(1)
    assert dict(zip(names, values, strict=True)) == pytest.approx(dict(zip(EAR.classes, said, strict=True)))


def test_of_many_classes_the_sixteen_best_come() -> None:
    many = EAR.model_copy(update={"classes": tuple(f"tag {i}" for i in range(50))})
    layers = anatomy(many).layers
    raw = np.arange(layers[-1].span.stop, dtype=np.float32)
    packer = Packer(layers, EPOCH, Normalizer(layers, None, "none", 1.0, 0.0), many.classes)
    (message,) = read(packer.frame(1, raw).of(check_wish("classes", "", "", False, layers)))
    assert message.params[::2] == [f"tag {i}" for i in range(49, 33, -1)]


def test_a_network_without_a_head_has_no_classes_to_subscribe_to() -> None:
    with pytest.raises(BridgeError, match="no classes") as refused:
        check_wish("classes", "", "", True, LAYERS[:-1])
    assert refused.value.code == 404


@pytest.mark.parametrize("stream", [name for name in STREAMS if name not in ("classes", "maps")])
def test_a_host_that_cannot_send_an_empty_string_asks_for_the_default_with_a_dash(stream: str) -> None:
    assert check_wish(stream, "-", "", MOST[True], LAYERS) == check_wish(stream, "", "", MOST[True], LAYERS)
