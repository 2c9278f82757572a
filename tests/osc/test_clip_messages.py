"""What clients are told of clips: read back by python-osc, which did not write the bundles."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from oscbridge.osc import clips
from oscbridge.osc.packets import IMMEDIATELY, NTP_EPOCH_S, Message, bundle, encode, parse

SUMMER = 1_750_000_000_123_456_789  # ns


def read(packet: bytes) -> tuple[str, str, list[object]]:
    """Address, type tags and arguments."""
    message = OscMessage(packet)
    tags = packet.split(b",", 1)[1].split(b"\0", 1)[0].decode()
    return message.address, tags, message.params


def test_a_ready_clip_is_told_with_its_file_and_its_shape():
    packet = clips.ready(7, "ab" * 32, "http://x/files/clips/7.wav", "/tmp/7.wav", 44_100, 176_400, 1, 3)
    arguments = [7, "ab" * 32, "http://x/files/clips/7.wav", "/tmp/7.wav", 44_100, 176_400, 1, 3.0]
    assert read(packet) == ("/ear/clip/ready", "isssiiif", arguments)


def test_a_held_clip_is_told_with_its_name_and_age():
    packet = clips.held(7, "", "cd" * 32, "http://x/7.wav", "", 44_100, 176_400, 1, 0.5, 1_750_000_000)
    arguments = [7, "", "cd" * 32, "http://x/7.wav", "", 44_100, 176_400, 1, 0.5, 1_750_000_000]
    assert read(packet) == ("/ear/clip/held", "issssiiifi", arguments)


def test_an_activation_is_a_bundle_for_its_moment_with_one_message_that_tells_it_too():
    packet = clips.activate(7, SUMMER, 0.25, 64)
    outer = OscBundle(packet)
    assert outer.timestamp == pytest.approx(SUMMER / 1e9, abs=1e-6)
    assert outer.num_contents == 1
    message = outer.content(0)
    assert (message.address, message.params) == ("/ear/clip/activate", [7, 1_750_000_000, 123_456, 0.25, 64.0])
    assert packet[20:].startswith(b"/ear/clip/activate\0\0,iiiff\0\0")


def test_an_activation_that_is_late_is_due_at_once_and_never_in_negative_time():
    (message,) = parse(clips.activate(7, SUMMER, -0.3, 8))
    assert isinstance(message, Message)
    assert message.args[3] == 0.0


def test_the_beat_is_told_with_whole_bar_and_beat():
    assert read(clips.beat(12, 4, 120, 0.875)) == ("/ear/beat", "iiff", [12, 4, 120.0, 0.875])


def test_the_progress_of_a_dream_is_told_in_floats():
    assert read(clips.progress(3, 90, 21, 2, -1)) == ("/ear/dream/progress", "iifff", [3, 90, 21.0, 2.0, -1.0])


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.integers(1, 2_085_978_496_000_000_000 - 1))  # up to the day in 2036 when NTP's seconds begin again
def test_a_timetag_is_its_moment_to_a_nanosecond(at_ns):
    (timetag,) = struct.unpack_from(">Q", bundle(at_ns), 8)
    seconds, fraction = timetag >> 32, timetag & 0xFFFFFFFF
    assert abs((seconds - NTP_EPOCH_S) * 10**9 + fraction * 10**9 / 2**32 - at_ns) < 1 + at_ns / 2**52


def test_a_bundle_is_read_back_by_our_own_parser_with_its_elements_in_order():
    inner = bundle(SUMMER + 5 * 10**8, encode("/b", 2))
    found = parse(bundle(SUMMER, encode("/a", 1), inner, memoryview(encode("/c"))))
    assert [(m.address, m.args) for m in found if isinstance(m, Message)] == [("/a", (1,)), ("/b", (2,)), ("/c", ())]
    assert [m.at - SUMMER / 1e9 for m in found if isinstance(m, Message)] == pytest.approx([0, 0.5, 0], abs=1e-6)


def test_a_bundle_for_no_moment_is_for_at_once():
    assert struct.unpack_from(">Q", bundle(0, encode("/a")), 8) == (IMMEDIATELY,)


def test_a_moment_after_ntp_s_seconds_began_again_still_fits():
    assert struct.unpack_from(">Q", bundle(2_085_978_497 * 10**9), 8) == (1 << 32,)
