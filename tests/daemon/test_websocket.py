"""A WebSocket as one more client of the daemon, and everything that others may try over it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from oscbridge.osc.packets import bundle, encode
from oscbridge.settings import parameters
from tests.wire import Running, Wire

from .socket_client import SocketClient

SHAKE = (
    b"GET / HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n"
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("websocket")) as daemon:
        yield daemon


@pytest.fixture
def page(running: Running) -> Iterator[SocketClient]:
    with SocketClient(running.facts["http_port"]) as client:
        yield client


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def subscribers(wire: Wire) -> int:
    return int(wire.ask("/ear/status")[6])


def shaken(running: Running, host: bytes = b"localhost", extra: bytes = b"") -> socket.socket:
    """A raw connection that asked for a WebSocket; what is answered waits to be read."""
    sock = socket.create_connection(("127.0.0.1", running.facts["http_port"]), 10)
    sock.sendall(SHAKE % (host, extra))
    return sock


def status(sock: socket.socket) -> int:
    return int(sock.recv(4_096).split(b" ")[1])


def masked(payload: bytes, opcode: int = 2) -> bytes:
    """One frame as a client sends it; the mask is zero. Source: RFC 6455, section 5.2."""
    size = len(payload)
    head = bytes([0x80 | opcode])
    head += bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size)
    return head + b"\0\0\0\0" + payload


def still_serves(running: Running) -> None:
    with SocketClient(running.facts["http_port"]) as client:
        assert client.ask("/ear/sync", 5, answer="/ear/synced") == ("/ear/synced", 5)


# ---- a client like any other


def test_commands_and_parameters_are_answered_as_over_udp(page: SocketClient, wire: Wire, running: Running) -> None:
    welcome = page.ask("/ear/hello", "page", 0, answer="/ear/welcome")
    assert welcome == ("/ear/welcome", *wire.welcome)
    page.send("/ear/layers")
    names = [page.wait_for(lambda m: m[0] == "/ear/layer")[2] for _ in range(running.facts["layers"])]
    assert names[0] == "scalogram" and len(set(names)) == len(names)
    assert page.ask("/ear/stream/gamma", 2.0) == ("/ear/stream/gamma", 2.0)
    assert wire.ask("/ear/stream/gamma") == ("/ear/stream/gamma", 2.0)
    assert page.ask("/ear/stream/gamma", 99) == ("/ear/stream/gamma", 10.0)
    assert page.ask("/ear/stream/gama", 1.0)[:3] == ("/ear/fail", "/ear/stream/gama", 404)
    page.send_raw(bundle(0, encode("/ear/stream/gamma", 1.0), encode("/ear/sync", 9)))
    assert page.wait_for(lambda m: m[0] == "/ear/synced") == ("/ear/synced", 9)
    assert wire.ask("/ear/stream/gamma")[1] == 1.0


def test_a_frame_comes_whole_in_one_message(page: SocketClient, running: Running) -> None:
    assert page.ask("/ear/subscribe", "activations", "", 0, 0.0, 60.0)[0] == "/ear/done"
    frames = [page.wait_for(lambda m: m[0] == "/ear/activations") for _ in range(5)]
    assert [f[3:6] for f in frames] == [(0, 1, 0)] * 5
    assert {len(f[6]) for f in frames} == {running.facts["neurons"]}
    numbers = [f[2] for f in frames]
    assert numbers == sorted(set(numbers))


def test_the_layout_comes_whole_with_the_file_that_holds_the_same(page: SocketClient, running: Running) -> None:
    page.ask("/ear/subscribe", "layout", "", 0, 0.0, 60.0)
    ready = page.wait_for(lambda m: m[0] == "/ear/layout/ready")
    places: dict[int, dict[int, bytes]] = {}
    while sum(len(b) for part in places.values() for b in part.values()) < ready[5] * ready[4] * 8:
        m = page.wait_for(lambda m: m[0] == "/ear/layout/xy")
        places.setdefault(m[2], {})[m[5]] = m[6]
    sent = b"".join(b for snapshot in sorted(places) for _, b in sorted(places[snapshot].items()))
    with contextlib.closing(socket.create_connection(("127.0.0.1", running.facts["http_port"]), 10)) as sock:
        target = "/" + ready[2].split("/", 3)[3]
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        body = b"".join(iter(lambda: sock.recv(1 << 20), b"")).partition(b"\r\n\r\n")[2]
    assert body.endswith(sent), "the .npy is a header and the same numbers"


def test_a_port_of_its_own_is_refused(page: SocketClient) -> None:
    assert page.ask("/ear/hello", "page", 7_400)[:3] == ("/ear/fail", "/ear/hello", 422)
    assert page.ask("/ear/subscribe", "levels", "", 7_400, 0.0, 10.0)[2] == 422


def test_what_it_subscribed_to_ends_with_the_connection(running: Running, wire: Wire) -> None:
    before = subscribers(wire)
    with SocketClient(running.facts["http_port"]) as page:
        for stream in ("levels", "state", "clips"):
            page.ask("/ear/subscribe", stream, "", 0, 0.0, 3_600.0)
        page.listen("/ear/beat")
        page.wait_for(lambda m: m[0] == "/ear/beat")
        assert subscribers(wire) == before + 4
    end = time.monotonic() + 10
    while subscribers(wire) != before:
        assert time.monotonic() < end


def test_two_pages_see_the_same_and_each_other_s_changes(running: Running) -> None:
    with SocketClient(running.facts["http_port"]) as one, SocketClient(running.facts["http_port"]) as other:
        for page in (one, other):
            page.ask("/ear/subscribe", "state", "", 0, 0.0, 60.0)
            page.ask("/ear/sync", 1, answer="/ear/synced")
        one.send("/ear/stream/floor", 0.25)
        assert other.wait_for(lambda m: m[0] == "/ear/stream/floor") == ("/ear/stream/floor", 0.25)
        other.send("/ear/stream/floor", 0.0)
        one.wait_for(lambda m: m == ("/ear/stream/floor", 0.0))


# ---- OSCQuery's LISTEN and IGNORE


def test_a_parameter_that_is_listened_to_is_told_now_and_whenever_it_changes(page: SocketClient, wire: Wire) -> None:
    page.listen("/ear/stream/gamma")
    page.listen("/ear/dream/views")
    assert page.receive() == ("/ear/stream/gamma", 1.0)
    assert page.receive() == ("/ear/dream/views", 1)
    wire.ask("/ear/stream/floor", 0.5)  # of no interest
    wire.ask("/ear/stream/floor", 0.0)
    wire.ask("/ear/stream/gamma", 3.0)
    assert page.receive() == ("/ear/stream/gamma", 3.0)
    page.listen("/ear/stream/gamma", "IGNORE")
    page.ask("/ear/sync", 1, answer="/ear/synced")
    wire.ask("/ear/stream/gamma", 1.0)
    wire.ask("/ear/dream/views", 2)
    assert page.receive() == ("/ear/dream/views", 2)
    wire.ask("/ear/dream/views", 1)


def test_every_parameter_may_be_listened_to_and_counts_as_one_subscription(page: SocketClient, wire: Wire) -> None:
    before = subscribers(wire)
    wanted = [p.address for p in parameters() if p.on_wire]
    for address in wanted:
        page.listen(address)
    assert [page.receive()[0] for _ in wanted] == wanted  # type: ignore[index]
    assert subscribers(wire) == before + 1


def test_one_address_of_a_stream_comes_without_the_others(page: SocketClient) -> None:
    page.listen("/ear/level/peak")
    assert {page.receive()[0] for _ in range(10)} == {"/ear/level/peak"}  # type: ignore[index]
    page.listen("/ear/level/mean")
    page.wait_for(lambda m: m[0] == "/ear/level/mean")
    page.listen("/ear/level/peak", "IGNORE")
    page.ask("/ear/sync", 1, answer="/ear/synced")
    page.receive()  # may have been on its way
    assert {page.receive()[0] for _ in range(10)} == {"/ear/level/mean"}  # type: ignore[index]


@pytest.mark.parametrize("address", ["/ear/nothing", "/ear/layout/xy", "/ear/hello", "", "x" * 5_000])
def test_what_cannot_be_listened_to_is_said(page: SocketClient, address: str) -> None:
    page.listen(address)
    outcome = page.wait_for(lambda m: m[0] == "/ear/fail")
    assert outcome[1:3] == (address[:256], 404)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "7", '"LISTEN"', '{"COMMAND": "LISTEN"}', '{"COMMAND": 1, "DATA": "/ear/beat"}',
        '{"COMMAND": "LISTEN", "DATA": ["/ear/beat"]}', '{"COMMAND": "RUN", "DATA": "/ear/beat"}', "[" * 60_000,
    ],
)  # fmt: skip
def test_text_that_is_no_order_is_passed_over(page: SocketClient, text: str) -> None:
    page.text(text)
    assert page.ask("/ear/sync", 3, answer="/ear/synced") == ("/ear/synced", 3)


# ---- who may


@pytest.mark.parametrize(
    "host, origin, allowed",
    [
        ("localhost", None, True), ("127.0.0.1:9871", None, True), ("[::1]", None, True),
        ("localhost:9871", "http://localhost:9871", True), ("127.0.0.1", "http://127.0.0.1:80", True),
        ("localhost", "http://evil.example", False), ("localhost", "null", False), ("localhost", "file://", False),
        ("localhost", "http://localhost.evil.example", False), ("localhost", "chrome-extension://abc", False),
        ("localhost", "http://203.0.113.9", False), ("evil.example", None, False),
        ("evil.example", "http://evil.example", False), ("203.0.113.9", "http://203.0.113.9", False),
        ("127.0.0.1.nip.io", "http://127.0.0.1.nip.io", False), ("localhost@evil.example", None, False),
    ],
)  # fmt: skip
def test_pages_of_others_get_no_socket(running: Running, host: str, origin: str | None, allowed: bool) -> None:
    extra = f"Origin: {origin}\r\n".encode() if origin is not None else b""
    with shaken(running, host.encode(), extra) as sock:
        assert status(sock) == (101 if allowed else 403)


def test_a_foreign_page_gets_no_json_either(running: Running) -> None:
    for head in ("Origin: http://evil.example", "Origin: null"):
        with socket.create_connection(("127.0.0.1", running.facts["http_port"]), 10) as sock:
            sock.sendall(f"GET /?HOST_INFO HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
            answer = sock.recv(4_096)
            assert b" 403 " in answer.splitlines()[0] and b"access-control" not in answer.lower()


# ---- what is hostile


def test_garbage_in_every_kind_of_frame_harms_nobody(running: Running, page: SocketClient) -> None:
    for junk in (b"", b"\0", b"/", b"#bundle\0", b"/ear/sync\0\0\0,i\0\0", b"not osc at all", os.urandom(4_000)):
        page.send_raw(junk)
    page.send("/ear/sync", 4)
    assert page.wait_for(lambda m: m[0] == "/ear/synced") == ("/ear/synced", 4)


@pytest.mark.parametrize(
    "raw",
    [
        masked(b"x" * 10, opcode=3),  # of a kind that is not defined
        b"\xf2\x80\0\0\0\0",  # reserved bits
        b"\x82\xff" + struct.pack(">Q", 1 << 62) + b"\0\0\0\0",  # four exabytes to come
        masked(b"\xff\xfe", opcode=1),  # text that is no UTF-8
        b"\x89\xfe\x00\xff\0\0\0\0" + b"p" * 255,  # a ping longer than a ping may be
        masked(b"\x03", opcode=8),  # a close without a whole reason
        b"\x00" * 400,
    ],
    ids=["opcode", "reserved", "huge", "text", "ping", "close", "zeros"],
)
def test_broken_frames_end_that_connection_and_no_other(running: Running, page: SocketClient, raw: bytes) -> None:
    with shaken(running) as sock:
        assert status(sock) == 101
        sock.sendall(raw)
        sock.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(4_096):
                pass
    assert page.ask("/ear/sync", 6, answer="/ear/synced") == ("/ear/synced", 6)


def test_a_message_larger_than_a_datagram_is_refused(running: Running) -> None:
    with SocketClient(running.facts["http_port"]) as page:
        page.send_raw(b"/" + b"x" * 70_000)
        assert page.receive() is None and page.socket.closed
    still_serves(running)


def test_a_reader_that_stalls_costs_itself_alone(running: Running, wire: Wire) -> None:
    """It asks for all there is and takes nothing. Others keep their cadence and the daemon's memory its size."""
    process = psutil.Process(running.process.pid)
    dropped = wire.ask("/ear/status")[7]
    with shaken(running) as stalled, SocketClient(running.facts["http_port"]) as page:
        assert status(stalled) == 101
        for packing in ("f32", "u8", "list"):
            stalled.sendall(masked(encode("/ear/subscribe", "activations", packing, 0, 0.0, 60.0)))
        page.ask("/ear/subscribe", "levels", "", 0, 0.0, 60.0)
        page.wait_for(lambda m: m[0] == "/ear/level/mean")
        before = process.memory_info().rss
        arrivals = []
        while len(arrivals) < 90:
            page.wait_for(lambda m: m[0] == "/ear/level/mean")
            arrivals.append(time.monotonic())
        assert wire.ask("/ear/status")[7] > dropped, "its old frames are dropped, and counted"
        assert process.memory_info().rss - before < 40 << 20
        assert arrivals[-1] - arrivals[0] < 2 * 89 * 0.0232, "43 a second, as before"


def test_a_client_that_takes_none_of_its_answers_is_put_out(running: Running, page: SocketClient) -> None:
    with shaken(running) as greedy:
        assert status(greedy) == 101
        ask = b"".join(masked(encode("/ear/layers")) for _ in range(100))
        greedy.settimeout(5)
        with contextlib.suppress(ConnectionError, TimeoutError):
            for _ in range(200):  # 200 x 100 x 28 answers of 80 bytes: 45 MB
                greedy.sendall(ask)
    assert page.ask("/ear/sync", 8, answer="/ear/synced") == ("/ear/synced", 8)


def test_a_flood_of_messages_lets_others_have_their_turn(running: Running, wire: Wire) -> None:
    with shaken(running) as flooding:
        assert status(flooding) == 101
        flood = b"".join(masked(encode("/ear/stream/gamma")) for _ in range(2_000))
        flooding.setblocking(False)
        worst = 0.0
        for _ in range(30):
            with contextlib.suppress(BlockingIOError):
                flooding.send(flood)
            with contextlib.suppress(BlockingIOError):
                while flooding.recv(1 << 20):
                    pass
            began = time.monotonic()
            assert wire.ask("/ear/sync", 1, answer="/ear/synced")
            worst = max(worst, time.monotonic() - began)
    assert worst < 1.0


def test_half_open_connections_do_not_use_up_the_room_of_others(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(shaken(running))
        still_serves(running)


def test_a_page_left_open_hears_when_the_daemon_ends(tmp_path: Path) -> None:
    with Running(tmp_path) as running, SocketClient(running.facts["http_port"]) as page:
        page.ask("/ear/subscribe", "levels", "", 0, 0.0, 60.0)
        running.process.send_signal(signal.SIGTERM)
        while page.receive() is not None:
            pass
        assert page.socket.close_code == aiohttp.WSCloseCode.GOING_AWAY
        assert running.process.wait(15) == 0
        assert "Traceback" not in running.text


def test_nothing_of_this_was_a_fault_of_ours(running: Running) -> None:
    log = (running.folder / "oscbridge.log").read_text()
    assert "Traceback" not in log and "internal error" not in log
    assert "Traceback" not in running.text
