"""The wire contract, as a conversation with the running daemon."""

from __future__ import annotations

import random
import selectors
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.spec import load_spec
from oscbridge.osc.packets import NTP_EPOCH_S, encode
from oscbridge.osc.space import AddressSpace
from oscbridge.settings import Parameter, live_parameters, parameters
from tests.wire import Running, Wire

EAR = anatomy(load_spec(resources.model_file("ear")))
LAYERS, NEURONS = len(EAR.layers), EAR.neurons
Message = tuple[Any, ...]


def _bundle(*elements: bytes, at: float | None = None) -> bytes:
    timetag = 1 if at is None else int((at + NTP_EPOCH_S) * 2**32)
    body = b"".join(struct.pack(">i", len(e)) + e for e in elements)
    return b"#bundle\0" + struct.pack(">Q", timetag) + body


def test_hello_is_welcomed_with_what_a_patch_needs_to_know(server: Running) -> None:
    with server.wire() as wire:
        name, major, minor, epoch, _url, model, layers, neurons = wire.welcome
        assert (name, major, minor, layers, neurons) == ("oscbridge", 1, 0, LAYERS, NEURONS)
        assert epoch > 0
        assert model == server.facts["model"]
        assert model.startswith("ear-")


def test_the_ready_file_tells_whoever_started_us(server: Running) -> None:
    assert {"port", "http_port", "pid", "model", "neurons", "layers"} <= server.facts.keys()
    assert server.facts["pid"] == server.process.pid


def test_answers_go_to_the_port_that_hello_names_and_never_to_another_ip(server: Running) -> None:
    with server.wire(hello=False) as sender, server.wire(hello=False) as listener:
        sender.send("/ear/hello", "touchdesigner", listener.port)
        assert listener.wait_for(lambda m: m[0] == "/ear/welcome")
        sender.send("/ear/sync", 7)
        assert listener.wait_for(lambda m: m == ("/ear/synced", 7))
        assert sender.receive(0.2) is None


def test_sync_answers_after_what_was_sent_before_it(wire: Wire) -> None:
    wire.send("/ear/listen/gain_db", -1.0)  # has to wait for the worker
    wire.send("/ear/sync", 42)
    order = []
    for message in wire.messages(10):
        order.append(message[0])
        if message[0] == "/ear/synced":
            break
    assert order == ["/ear/listen/gain_db", "/ear/synced"]
    wire.ask("/ear/listen/gain_db", 0.0)


def test_clock_tells_the_wall_clock(wire: Wire) -> None:
    before = time.time()
    _, token, seconds, microseconds = wire.ask("/ear/clock", 5)
    assert token == 5
    assert before - 0.001 <= seconds + microseconds / 1e6 <= time.time() + 0.001


def test_layers_number_every_neuron_once(wire: Wire) -> None:
    wire.send("/ear/layers")
    wire.send("/ear/sync", 1)
    rows = []
    for message in wire.messages(5):
        if message[0] == "/ear/synced":
            break
        rows.append(message[1:])
    assert [r[0] for r in rows] == list(range(LAYERS))
    first = 0
    for _, _, first_neuron, channels, positions, step, seconds, octaves in rows:
        assert first_neuron == first
        first += channels * positions
        assert step in (1, 2, 4, 8, 16)
        assert seconds > 0
        assert 0 < octaves <= 9
    assert first == NEURONS


def test_levels_come_as_mean_and_peak_of_every_layer(wire: Wire) -> None:
    wire.subscribe("levels")
    mean = wire.wait_for(lambda m: m[0] == "/ear/level/mean")[1:]
    peak = wire.wait_for(lambda m: m[0] == "/ear/level/peak")[1:]
    assert len(mean) == len(peak) == LAYERS
    assert all(0 <= v <= 1 for v in mean + peak)


def test_every_frame_comes_once_and_in_order(wire: Wire) -> None:
    wire.subscribe("scalogram")
    frames = [m[1] for m in wire.messages(1.5) if m[0] == "/ear/scalogram"]
    assert len(frames) > 20
    steps = np.diff(frames)
    assert (steps > 0).all()
    assert np.median(steps) == 1


def _collect(wire: Wire, seconds: float, address: str = "/ear/activations") -> dict[int, list[Message]]:
    """Whole frames by number."""
    frames: dict[int, list[Message]] = {}
    for message in wire.messages(seconds):
        if message[0] == address:
            frames.setdefault(message[2], []).append(message)
    return {f: parts for f, parts in frames.items() if len(parts) == parts[0][4]}


def test_activation_chunks_make_up_the_whole_network(server: Running, wire: Wire) -> None:
    wire.subscribe("activations")
    frames = _collect(wire, 1.0)
    assert len(frames) > 5
    for parts in frames.values():
        assert {p[1] for p in parts} == {wire.welcome[3]}, "the epoch is in every chunk"
        assert [p[3] for p in parts] == list(range(parts[0][4]))
        position = 0
        for part in parts:
            assert part[5] == position
            position += len(part[6])
        assert position == NEURONS


def test_u8_is_the_rounded_f32(server: Running) -> None:
    with server.wire() as one, server.wire() as two:
        one.subscribe("activations", "u8", filter_="4-6")
        two.subscribe("activations", "f32", filter_="4-6")
        small, exact = _collect(one, 1.0), _collect(two, 0.3)
        common = small.keys() & exact.keys()
        assert common
        for frame in common:
            u8 = np.frombuffer(b"".join(p[6] for p in small[frame]), np.uint8)
            f32 = np.frombuffer(b"".join(p[6] for p in exact[frame]), "<f4")
            assert u8.size == f32.size
            assert (u8 == np.floor(f32 * 255 + 0.5)).all()


def test_a_filter_keeps_the_networks_neuron_numbers(wire: Wire) -> None:
    wire.send("/ear/layers")
    layers = {m[1]: m for m in wire.messages(0.5) if m[0] == "/ear/layer"}
    wire.subscribe("activations", "list", filter_="3:2-3,7:0")
    message = wire.wait_for(lambda m: m[0] == "/ear/neurons")
    first, positions = layers[3][3], layers[3][5]
    assert message[2] == first + 2 * positions
    assert len(message[3:]) == 2 * positions
    other = wire.wait_for(lambda m: m[0] == "/ear/neurons" and m[2] == layers[7][3])
    assert len(other[3:]) == layers[7][5]


def test_list_messages_hold_at_most_256_values(wire: Wire) -> None:
    wire.subscribe("activations", "list", filter_="1")
    lists = [m for m in wire.messages(0.3) if m[0] == "/ear/neurons"]
    assert lists
    assert max(len(m) - 3 for m in lists) == 256


def test_channels_come_by_layer_and_in_pieces_of_256(wire: Wire) -> None:
    wire.subscribe("channels")
    seen: dict[tuple[str, int], int] = {}
    for message in wire.messages(0.5):
        if message[0].startswith("/ear/channels"):
            seen[message[0], message[2]] = len(message) - 3
    assert seen["/ear/channels", 1] == 8
    assert seen["/ear/channels/0", 13] == seen["/ear/channels/256", 13] == 256
    assert {layer for _, layer in seen} == set(range(LAYERS))


@pytest.mark.parametrize(("packing", "size"), [("list", 217), ("u8", 2)])
def test_the_scalogram_comes_as_list_or_blob(wire: Wire, packing: str, size: int) -> None:
    wire.subscribe("scalogram", packing)
    message = wire.wait_for(lambda m: m[0] == "/ear/scalogram")
    assert len(message) - 1 == size
    assert packing == "list" or len(message[2]) == 216


def test_max_hz_thins_a_stream(wire: Wire) -> None:
    wire.subscribe("levels", max_hz=5.0)
    times = sum(m[0] == "/ear/level/mean" for m in wire.messages(3.0))
    assert 5 <= times <= 18


def test_who_subscribes_gets_the_stream_as_it_is_at_once(wire: Wire) -> None:
    wire.subscribe("state")
    names = {m[0] for m in wire.messages(0.5)}
    assert names >= {p.address for p in parameters() if p.on_wire}


def test_a_late_joiner_of_a_slow_stream_does_not_wait_for_its_period(wire: Wire) -> None:
    wire.subscribe("levels", max_hz=0.01)
    assert wire.wait_for(lambda m: m[0] == "/ear/level/mean", 3)


def test_a_change_reaches_every_subscriber_of_state(server: Running, wire: Wire) -> None:
    with server.wire() as other:
        other.subscribe("state")
        list(other.messages(0.5))
        wire.ask("/ear/stream/floor", 0.25)
        assert other.wait_for(lambda m: m[0] == "/ear/stream/floor")[1] == pytest.approx(0.25)
        wire.ask("/ear/stream/floor", 0.0)


def test_a_lease_runs_out_and_any_message_renews_it(server: Running) -> None:
    with server.wire() as wire:
        entry = wire.subscribe("levels", lease_s=1.0)
        for _ in range(5):
            time.sleep(0.5)
            assert wire.ask("/ear/sync", 1, answer="/ear/synced")[0] == "/ear/synced"
        assert wire.ask("/ear/renew", entry) == ("/ear/done", "/ear/renew", entry)
        end = time.monotonic() + 15
        while wire.receive(1.0):  # levels come dozens of times a second
            assert time.monotonic() < end
        assert wire.ask("/ear/renew", entry)[2] == 404


def test_nobody_ends_another_clients_subscription(server: Running, wire: Wire) -> None:
    with server.wire() as other:
        entry = other.subscribe("levels")
        assert wire.ask("/ear/unsubscribe", entry)[2] == 404
        assert other.ask("/ear/unsubscribe", entry)[0] == "/ear/done"
        assert other.ask("/ear/unsubscribe", entry)[2] == 404


def test_alive_comes_every_second_with_the_time_of_the_frames_sound(wire: Wire) -> None:
    wire.subscribe("state")
    beats = [m for m in wire.messages(3.5) if m[0] == "/ear/alive"]
    assert len(beats) >= 2
    assert beats[1][2] == beats[0][2] + 1
    assert abs(beats[-1][4] + beats[-1][5] / 1e6 - time.time()) < 5


@pytest.mark.parametrize("parameter", [p for p in parameters() if p.on_wire], ids=lambda p: p.path)
def test_every_parameter_is_asked_for_and_answered_on_its_own_address(wire: Wire, parameter: Parameter) -> None:
    address, value = wire.ask(parameter.address)
    assert address == parameter.address
    kinds = {"i": int, "f": float, "s": str}
    assert isinstance(value, kinds[parameter.tag])


# how many beats there may be depends on the tempo: see test_transport_on_the_wire.py
ELSEWHERE = ("transport.beats_per_clip",)
LIVE_NUMBERS = [p for p in live_parameters() if p.low is not None and p.section != "listen" and p.path not in ELSEWHERE]


@pytest.mark.parametrize("parameter", LIVE_NUMBERS, ids=lambda p: p.path)
def test_a_number_out_of_range_is_clamped_and_the_clamped_value_echoed(wire: Wire, parameter: Parameter) -> None:
    before = wire.ask(parameter.address)[1]
    assert wire.ask(parameter.address, 2e9)[1] == pytest.approx(parameter.high)
    assert wire.ask(parameter.address, -2e9)[1] == pytest.approx(parameter.low)
    assert wire.ask(parameter.address, before)[1] == pytest.approx(before)


@pytest.mark.parametrize(
    ("address", "value", "code", "words"),
    [
        ("/ear/stream/gamma", "loud", 422, "expected a number from 0.1 to 10"),
        ("/ear/stream/gamma", float("nan"), 422, "nan"),
        ("/ear/stream/normalize", "neurons", 422, "one of neuron, layer, none. Did you mean neuron?"),
        ("/ear/stream/normalize", 3, 422, "one of neuron, layer, none"),
        ("/ear/listen/channel", 0.5, 422, "a whole number"),
        ("/ear/listen/channel", 200, 422, "channel"),
        ("/ear/listen/file", "/no/such/file.wav", 404, "no file"),
        ("/ear/listen/file", "pyproject.toml", 422, "pyproject.toml"),
        ("/ear/server/port", 9000, 409, "can't be changed while running"),
        ("/ear/stream/gama", 1.0, 404, "did you mean /ear/stream/gamma?"),
        ("/ear/streem/gamma", 1.0, 404, "did you mean /ear/stream/gamma?"),
        ("/foo", 1.0, 404, "no such address"),
    ],
)
def test_what_cannot_be_set_is_refused_with_a_reason(
    wire: Wire, address: str, value: float | str, code: int, words: str
) -> None:
    before = wire.ask(address)
    outcome = wire.ask(address, value)
    assert outcome[:3] == ("/ear/fail", address, code)
    assert words in outcome[3]
    assert wire.ask(address) == before, "nothing has changed"


@pytest.mark.parametrize("value", [2, 2.0], ids=str)
def test_ints_and_floats_are_taken_for_one_another(wire: Wire, value: float) -> None:
    assert wire.ask("/ear/stream/gamma", value)[1] == 2.0
    assert wire.ask("/ear/sync", value, answer="/ear/synced") == ("/ear/synced", 2)
    wire.ask("/ear/stream/gamma", 1.0)


@pytest.mark.parametrize("tag", [b"T", b"F"])
def test_a_boolean_is_no_brightness(wire: Wire, tag: bytes) -> None:
    wire.send_raw(b"/ear/stream/floor\0\0\0," + tag + b"\0\0")
    assert wire.wait_for(lambda m: m[0] in ("/ear/stream/floor", "/ear/fail"))[:3] == (
        "/ear/fail",
        "/ear/stream/floor",
        422,
    )


@pytest.mark.parametrize(
    ("address", "args", "code", "words"),
    [
        ("/ear/hello", (), 400, "s:name i:reply_port"),
        ("/ear/hello", (3, 4), 400, "name is '3'"),
        ("/ear/hello", ("x", 70_000), 422, "0 to 65535"),
        ("/ear/sync", (1.5,), 400, "token"),
        ("/ear/sync", (1, 2), 400, "2 arguments came"),
        ("/ear/subscribe", ("level", "", 0, 0.0, 0.0), 404, "Did you mean levels?"),
        ("/ear/subscribe", ("levels", "u8", 0, 0.0, 0.0), 422, "no packing 'u8'"),
        ("/ear/subscribe", ("activations", "u16", 0, 0.0, 0.0), 422, "u8, f32, list"),
        ("/ear/subscribe", ("activations", "", 0, 0.0, 0.0, "99"), 422, "layers go from 0 to 27"),
        ("/ear/subscribe", ("activations", "", 0, 0.0, 0.0, "1:0-99"), 422, "channels 0 to 7"),
        ("/ear/subscribe", ("activations", "", 0, 0.0, 0.0, "one"), 422, "not understood"),
        ("/ear/subscribe", ("levels", "", 0, 0.0, 0.0, "3"), 422, "takes no filter"),
        ("/ear/subscribe", ("levels", "", 0, -1.0, 0.0), 422, "negative"),
        ("/ear/subscribe", ("levels", "", -1, 0.0, 0.0), 422, "0 to 65535"),
        ("/ear/renew", (99_999,), 404, "no subscription 99999"),
        ("/ear/load", ("nothing",), 404, "no preset 'nothing'"),
        ("/ear/load", ("../x",), 422, "no path"),
        ("/ear/save", ("a/b",), 422, "no path"),
        ("/ear/save", ("",), 422, "no name"),
        ("/ear/save", ("con",), 422, "no name"),
    ],
)
def test_a_command_that_makes_no_sense_is_told_why(
    wire: Wire, address: str, args: tuple[Any, ...], code: int, words: str
) -> None:
    outcome = wire.ask(address, *args)
    assert outcome[:3] == ("/ear/fail", address, code)
    assert words in outcome[3]


def test_a_lease_is_ten_seconds_if_zero_is_given_and_at_most_an_hour(wire: Wire) -> None:
    leases = [wire.ask("/ear/subscribe", "levels", "", 0, 1.0, lease)[3] for lease in (0.0, 0.2, 1e6)]
    assert leases == [10.0, 1.0, 3600.0]


def test_a_client_may_hold_64_subscriptions_and_no_more(server: Running) -> None:
    with server.wire() as wire:
        for _ in range(64):
            wire.subscribe("state", lease_s=2.0)
            list(wire.messages(0.0))
        assert wire.ask("/ear/subscribe", "state", "", 0, 0.0, 2.0)[2] == 429


def test_bundles_are_carried_out_in_order_and_nested_ones_too(wire: Wire) -> None:
    inner = _bundle(encode("/ear/stream/gamma", 3.0), encode("/ear/sync", 2))
    wire.send_raw(_bundle(encode("/ear/sync", 1), inner, encode("/ear/stream/gamma", 1.0)))
    got = [wire.receive() for _ in range(4)]
    assert [m[0] for m in got if m] == ["/ear/synced", "/ear/stream/gamma", "/ear/synced", "/ear/stream/gamma"]


def test_a_bundle_of_the_future_waits_for_its_time_and_one_of_the_past_does_not(wire: Wire) -> None:
    wire.send_raw(_bundle(encode("/ear/sync", 1), at=time.time() + 0.6))
    wire.send_raw(_bundle(encode("/ear/sync", 2), at=time.time() - 100))
    assert wire.receive() == ("/ear/synced", 2)
    assert wire.receive(0.2) is None
    assert wire.receive(5.0) == ("/ear/synced", 1)


def test_one_bad_element_does_not_lose_the_rest_of_its_bundle(wire: Wire) -> None:
    wire.send_raw(_bundle(encode("/ear/sync", 1), b"/ear/sync\0\0\0,h\0\0" + bytes(8), encode("/ear/sync", 3)))
    first, second, third = (wire.receive() for _ in range(3))
    assert (first, third) == (("/ear/synced", 1), ("/ear/synced", 3))
    assert second is not None
    assert second[:3] == ("/ear/fail", "/ear/sync", 400)


def test_patterns_name_several_parameters_at_once(wire: Wire) -> None:
    wire.send("/ear/stream/*")
    wire.send("/ear/sync", 1)
    names = []
    for message in wire.messages(5):
        if message[0] == "/ear/synced":
            break
        names.append(message[0])
    assert names == ["/ear/stream/normalize", "/ear/stream/gamma", "/ear/stream/floor"]


MALFORMED = [
    b"", b"\0", b"garbage", b"\xff" * 500, b"#bundle", b"#bundle\0", b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xff",
    b"/", b"/ear/status", b"/ear/status\0,", b"/ear/status\0,i\0\0", b"/ear/hello\0\0,sb\0\0", b"/\xc3\xa4\0,\0\0\0",
    b"/ear/status\0iiii", b"/ear/sync\0\0\0,i\0\0\0\0", b"/ear/sync\0\0\0,[i]\0\0\0\0" + bytes(8),
    b"/ear/save\0\0\0,b\0\0\x7f\xff\xff\xffabcd", b"/" + b"a" * 60_000 + b"\0" * 4,
    b"/ear/sync\0\0\0,b\0\0" + bytes(60_000),
]  # fmt: skip


@pytest.mark.parametrize("datagram", MALFORMED, ids=lambda d: repr(d[:20]))
def test_malformed_datagrams_change_nothing(wire: Wire, datagram: bytes) -> None:
    wire.send_raw(datagram)
    answer = None
    wire.send("/ear/sync", 9)
    for message in wire.messages(10):
        if message == ("/ear/synced", 9):
            break
        answer = message
    else:
        raise AssertionError("the daemon does not answer any more")
    if answer is not None:
        assert answer[0] in ("/ear/fail", "/ear/status")


def test_a_stranger_is_never_sent_more_than_three_times_what_it_sent(server: Running) -> None:
    requests = [encode(a) for a in ("/ear/status", "/ear/layers", "/ear/stream/*", "/ear/*/*", "/ear/nonsense", "/x")]
    requests += [encode("/ear/sync", 1), encode("/ear/clock", 1), encode("/ear/renew", 5), encode("/ear/load", "x")]
    requests += [
        encode("/ear/subscribe", "activations", "f32", 0, 0.0, 60.0),
        b"/ear/sync\0\0\0,h\0\0" + bytes(8),
        b"/a\0\0",
    ]
    # two of them, for the system may hand one the port of somebody who said hello and has gone
    received = {(request, i): 0 for request in requests for i in range(2)}
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        for request, i in received:
            stranger = stack.enter_context(server.wire(hello=False))
            selector.register(stranger.socket, selectors.EVENT_READ, (request, i))
            for _ in range(5):
                stranger.send_raw(request)
        while ready := selector.select(1.0):
            for key, _ in ready:
                received[key.data] += len(key.fileobj.recv(65_536))  # type: ignore[union-attr]
    for request in requests:
        assert min(received[request, 0], received[request, 1]) <= 3 * 5 * len(request), request


def test_streams_need_hello_first(server: Running) -> None:
    with server.wire(hello=False) as stranger:
        outcome = stranger.ask("/ear/subscribe", "levels", "", 0, 0.0, 10.0)
        assert outcome == ("/ear/fail", "/ear/subscribe", 403, "say /ear/hello first")


def test_a_parameter_can_be_set_without_hello(server: Running) -> None:
    with server.wire(hello=False) as stranger:
        assert stranger.ask("/ear/stream/gamma", 1.0) == ("/ear/stream/gamma", 1.0)


def test_what_is_not_osc_is_not_answered(server: Running) -> None:
    with server.wire() as wire:
        for noise in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(100), b"hello"):
            wire.send_raw(noise)
        assert wire.receive(0.4) is None


def test_a_thousand_sources_do_not_disturb_the_one_that_plays(server: Running, wire: Wire) -> None:
    entry = wire.subscribe("levels")
    for number in range(1_000):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            flood.sendto(encode("/ear/hello", f"flood{number}", 0), ("127.0.0.1", server.port))
            if number % 50 == 0:
                time.sleep(0.01)
    assert wire.ask("/ear/renew", entry)[0] == "/ear/done"
    assert wire.wait_for(lambda m: m[0] == "/ear/level/mean")


def test_a_closed_receiver_does_not_disturb_the_others(server: Running, wire: Wire) -> None:
    with server.wire() as gone:
        gone.subscribe("activations", lease_s=3.0)
    wire.subscribe("levels")
    assert sum(m[0] == "/ear/level/mean" for m in wire.messages(1.0)) > 10


def test_thousands_of_random_messages_leave_the_daemon_as_it_was(tmp_path: Path) -> None:
    rng = random.Random(0)
    space = AddressSpace()
    addresses = [a for a in (*space.commands, *space.parameters) if a not in ("/ear/save", "/ear/hello")]
    values = [
        0,
        1,
        -1,
        2**31 - 1,
        -(2**31),
        0.5,
        1e30,
        float("nan"),
        float("inf"),
        "",
        "levels",
        "x" * 300,
        "../..",
        b"\0",
        b"ab",
    ]
    with Running(tmp_path) as running, running.wire() as wire:
        entry = wire.subscribe("levels", lease_s=600)
        memory = psutil.Process(running.process.pid).memory_info().rss
        for number in range(2_500):
            args = [rng.choice(values) for _ in range(rng.randrange(7))]
            datagram = bytearray(encode(rng.choice(addresses), *args))
            for _ in range(rng.randrange(3)):
                datagram[rng.randrange(len(datagram))] = rng.randrange(256)
            wire.send_raw(bytes(datagram))
            if number % 100 == 0:
                wire.send("/ear/sync", 1_000_000 + number)
                wire.wait_for(lambda m, token=1_000_000 + number: m == ("/ear/synced", token), 60)  # type: ignore[misc]
        wire.send("/ear/sync", 2_000_000)
        wire.wait_for(lambda m: m == ("/ear/synced", 2_000_000), 60)
        assert wire.ask("/ear/renew", entry)[0] in ("/ear/done", "/ear/fail"), "random bytes may have ended it"
        assert psutil.Process(running.process.pid).memory_info().rss - memory < 30e6
        assert wire.ask("/ear/status")[8] == 0, "no worker restart"
        assert "internal error" not in running.text
        assert "Traceback" not in (tmp_path / "oscbridge.log").read_text()
