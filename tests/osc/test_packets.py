"""Datagrams to messages and back: what is sent is read, and nothing that arrives can raise."""

from __future__ import annotations

import math
import struct
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from oscbridge.osc.packets import MAX_DEPTH, NTP_EPOCH_S, Malformed, Message, encode, parse

AT_ONCE = struct.pack(">Q", 1)
HELLO = encode("/ear/hello", "Pure Data", 0)
fuzz = settings(max_examples=300, deadline=None, database=None, derandomize=True)


def bundle(*elements: bytes, timetag: bytes = AT_ONCE) -> bytes:
    return b"#bundle\0" + timetag + b"".join(struct.pack(">i", len(e)) + e for e in elements)


def timetag(unix_s: float) -> bytes:
    return struct.pack(">Q", int((unix_s + NTP_EPOCH_S) * 2**32))


def built(address: str, *tagged: tuple[str, Any]) -> bytes:
    """A message made by python-osc, each argument with its type tag."""
    builder = OscMessageBuilder(address=address)
    for tag, value in tagged:
        builder.add_arg(value, tag)
    return bytes(builder.build().dgram)


def addresses(datagram: bytes) -> list[str]:
    return [m.address for m in parse(datagram) if isinstance(m, Message)]


@pytest.mark.parametrize(
    "tag, value",
    [
        ("i", 0),
        ("i", 2**31 - 1),
        ("i", -(2**31)),
        ("f", 0.5),
        ("f", -1e30),
        ("s", ""),
        ("s", "abc"),
        ("s", "four"),
        ("s", "Björk ♪"),
        ("b", b"\0"),
        ("b", bytes(range(256))),
        ("T", True),
        ("F", False),
    ],
)
def test_an_argument_of_every_accepted_type_is_read(tag, value):
    (message,) = parse(built("/ear/x", (tag, value)))
    assert isinstance(message, Message)
    assert message.args == (pytest.approx(value) if tag == "f" else value,)
    assert type(message.args[0]) is type(value)


def test_arguments_of_mixed_types_keep_their_order():
    datagram = built("/ear/x", ("s", "a"), ("T", True), ("i", 3), ("b", b"xyz"), ("f", 0.25), ("F", False), ("s", ""))
    assert parse(datagram) == [Message("/ear/x", ("a", True, 3, b"xyz", 0.25, False, ""))]


@pytest.mark.parametrize("datagram", [b"/ear/status\0", b"/ear/status\0,\0\0\0"])
def test_a_message_without_arguments_may_leave_its_type_tags_out(datagram):
    assert parse(datagram) == [Message("/ear/status", ())]


@pytest.mark.parametrize("tag, value", [("h", 1), ("d", 0.5), ("N", None), ("t", 0), ("r", 7)])
def test_a_type_we_do_not_take_is_refused_by_name_and_address(tag, value):
    datagram = b"/ear/x\0\0," + tag.encode() + b"\0\0" + b"\0" * 8
    (refused,) = parse(datagram)
    assert refused == Malformed("/ear/x", f"type {tag!r} is not understood; send i f s b T F")


@pytest.mark.parametrize("datagram", [b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"#bund", b"hello", b"\xff" * 40, b" /"])
def test_what_is_not_osc_at_all_gives_no_message(datagram):
    assert parse(datagram) == []


@pytest.mark.parametrize(
    "datagram, address",
    [
        (b"/", ""),
        (b"/ear/hello", ""),
        (b"/ear/\xe9\0\0", ""),
        (b"/ear/a b\0\0\0\0,\0\0\0", ""),
        (b"/ear/\x07\0,\0\0\0", ""),
        (b"/ear/x\0\0i\0\0\0\0\0\0\1", "/ear/x"),
        (b"/ear/x\0\0,i", "/ear/x"),
        (b"/ear/x\0\0,i\0\0", "/ear/x"),
        (b"/ear/x\0\0,ii\0\0\0\0\1", "/ear/x"),
        (b"/ear/x\0\0,s\0\0abcd", "/ear/x"),
        (b"/ear/x\0\0,s\0\0\xff\xfe\0\0", "/ear/x"),
        (b"/ear/x\0\0,b\0\0\0\0\0\x09abcd", "/ear/x"),
        (b"/ear/x\0\0,b\0\0\x7f\xff\xff\xffabcd", "/ear/x"),
        (b"/ear/x\0\0,bi\0\x80\0\0\0\0\0\0\1", "/ear/x"),
        (b"/ear/x\0\0,[i]\0\0\0\0\0\0\0\1", "/ear/x"),
        (HELLO[:-1], "/ear/hello"),
        (HELLO[:14], "/ear/hello"),
    ],
)
def test_a_malformed_message_is_told_with_the_address_as_far_as_it_was_read(datagram, address):
    (refused,) = parse(datagram)
    assert isinstance(refused, Malformed), refused
    assert refused.address == address
    assert refused.why


def test_bundles_are_read_in_order_nested_too():
    inner = bundle(encode("/b"), bundle(encode("/c"), encode("/d")))
    assert addresses(bundle(encode("/a"), inner, encode("/e"))) == ["/a", "/b", "/c", "/d", "/e"]


def test_an_empty_bundle_holds_nothing():
    assert parse(bundle()) == []


def test_a_bad_element_of_a_bundle_does_not_lose_the_others():
    found = parse(bundle(encode("/a"), b"/x\0\0,i\0\0", b"junk", encode("/b")))
    assert [type(m) for m in found] == [Message, Malformed, Malformed, Message]
    assert found[1].address == "/x"


@pytest.mark.parametrize("size", [-4, 3, 5, 2**31 - 4, -(2**31)])
def test_an_element_of_a_wrong_size_ends_its_bundle_but_not_those_before_it(size):
    datagram = bundle(encode("/a")) + struct.pack(">i", size) + encode("/b")
    found = parse(datagram)
    assert [type(m) for m in found] == [Message, Malformed]


@pytest.mark.parametrize("length", range(8, 16))
def test_a_bundle_without_a_whole_timetag_is_malformed(length):
    assert [type(m) for m in parse(bundle(encode("/a"))[:length])] == [Malformed]


def test_bundles_nested_too_deep_are_refused_without_recursing_on():
    datagram = encode("/a")
    for _ in range(MAX_DEPTH):
        datagram = bundle(datagram)
    assert addresses(datagram) == ["/a"]
    for more in (1, 2_000):
        for _ in range(more):
            datagram = bundle(datagram)
        assert [type(m) for m in parse(datagram)] == [Malformed]


@pytest.mark.parametrize("tag", [AT_ONCE, struct.pack(">Q", 0), timetag(0)])
def test_at_once_and_long_ago_have_no_time(tag):
    (message,) = parse(bundle(encode("/a"), timetag=tag))
    assert isinstance(message, Message)
    assert message.at == 0


def test_a_timetag_is_told_in_unix_seconds():
    soon = time.time() + 2.5
    (message,) = parse(bundle(encode("/a"), timetag=timetag(soon)))
    assert isinstance(message, Message)
    assert message.at == pytest.approx(soon, abs=1e-5)


def test_an_inner_bundle_is_never_earlier_than_the_one_around_it():
    late, early = 2_000_000_000.0, 1_900_000_000.0
    (message,) = parse(bundle(bundle(encode("/a"), timetag=timetag(early)), timetag=timetag(late)))
    assert isinstance(message, Message)
    assert message.at == pytest.approx(late)


@pytest.mark.parametrize(
    "value, expected, tag",
    [
        (3, 3, "i"),
        (True, 1, "i"),
        (False, 0, "i"),
        (2**31, -(2**31), "i"),
        (-1, -1, "i"),
        (2**32 + 5, 5, "i"),
        (np.int64(7), 7, "i"),
        (np.uint8(9), 9, "i"),
        (0.5, 0.5, "f"),
        (np.float32(0.25), 0.25, "f"),
        ("abc", "abc", "s"),
        ("", "", "s"),
        ("a\0b", "ab", "s"),
        ("é", "é", "s"),
        (b"xy", b"xy", "b"),
        (bytearray(b"xyz"), b"xyz", "b"),
        (memoryview(b"1234"), b"1234", "b"),
        (np.bool_(True), 1, "i"),
    ],
)
def test_values_are_encoded_as_one_of_the_four_types_that_every_host_has(value, expected, tag):
    datagram = encode("/ear/x", value)
    assert OscMessage(datagram).params == [expected]
    assert datagram[8:12] == b"," + tag.encode() + b"\0\0"
    assert len(datagram) % 4 == 0


def test_a_file_name_that_is_not_unicode_is_still_encoded():
    name = b"/music/caf\xe9.wav".decode("utf-8", "surrogateescape")
    assert OscMessage(encode("/ear/listen/file", name)).params == ["/music/caf?.wav"]


@pytest.mark.parametrize("value", [None, [1], {}, object(), 1j])
def test_a_value_that_osc_has_no_type_for_is_refused(value):
    with pytest.raises(TypeError, match=r"an OSC argument is an int, float, str or bytes, not \w+"):
        encode("/ear/x", value)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
values = st.one_of(
    st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False), texts, st.binary(min_size=1, max_size=40)
)


@fuzz
@given(st.lists(values, max_size=12))
def test_what_is_encoded_is_parsed_as_it_was(args):
    assert parse(encode("/ear/some/address", *args)) == [Message("/ear/some/address", tuple(args))]


def check_whole(found: list[Message | Malformed]) -> None:
    """What the rest of the daemon relies on."""
    for m in found:
        assert m.address == "" or m.address.startswith("/")
        assert m.address.isascii() and m.address.isprintable()
        if isinstance(m, Message):
            assert math.isfinite(m.at) and m.at >= 0
            assert all(isinstance(a, (int, float, str, bytes)) for a in m.args)


@fuzz
@given(st.binary(max_size=200))
@example(b"#bundle\0" + b"\xff" * 8 + b"\0\0\0\0" * 5)
def test_random_bytes_never_raise(data):
    for head in (b"", b"/", b"#bundle\0", b"/ear/x\0\0,", b"#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x10/"):
        check_whole(parse(head + data))


packets = st.recursive(
    st.builds(
        lambda address, args: encode(address, *args),
        st.sampled_from(["/ear/hello", "/ear/subscribe", "/ear/stream/gamma", "/x"]),
        st.lists(values, max_size=6),
    ),
    lambda inner: st.builds(
        lambda elements, tag: bundle(*elements, timetag=struct.pack(">Q", tag)),
        st.lists(inner, max_size=4),
        st.integers(0, 2**64 - 1),
    ),
    max_leaves=8,
)
changes = st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=8)


@fuzz
@given(packets, changes, st.integers(0, 2**16), st.integers(0, 8))
def test_a_valid_packet_with_bytes_changed_cut_or_added_never_raises(packet, flips, cut, extra):
    data = bytearray(packet)
    for at, value in flips:
        data[at % len(data)] = value
    check_whole(parse(bytes(data)))
    check_whole(parse(packet[: cut % len(packet)]))
    check_whole(parse(bytes(data) + b"\xff" * extra))


@fuzz
@given(packets)
def test_every_prefix_of_a_valid_packet_is_read_or_refused_without_raising(packet):
    for length in range(0, len(packet), 3):
        check_whole(parse(packet[:length]))
