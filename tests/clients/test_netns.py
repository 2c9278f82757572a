"""A second computer, as far as the network can tell: two namespaces and a cable between them."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage

from oscbridge.osc.packets import encode
from tests.wire import Running, Wire

from .need import need, need_npm
from .programs import PATIENCE_S, Program
from .test_oscquery import SCRIPT

SERVER, FRIEND, STRANGER = "10.201.0.1", "10.201.0.2", "10.202.0.2"
CLONE_NEWNET = 0x40000000
MOST_BYTES = 1_400
FIRST_LAYERS, FIRST_LAYERS_NEURONS = "0-5", 7_128  # five chunks of bytes a frame


def ip(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([need("ip", package="iproute2"), *words], capture_output=True, text=True)


def must(*words: str) -> None:
    done = ip(*words)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


class Namespace:
    """A network of its own. What is opened `inside` it stays there."""

    def __init__(self, name: str) -> None:
        self.name = name
        made = ip("netns", "add", name)
        if made.returncode:
            pytest.skip(f"this system does not let us make a network namespace: {made.stderr.strip()}")

    def ip(self, *words: str) -> None:
        must("-n", self.name, *words)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """This thread's new sockets and processes belong to the namespace."""
        setns = ctypes.CDLL(None, use_errno=True).setns
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            assert setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                assert setns(home.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

    def end(self) -> None:
        ip("netns", "del", self.name)


class Far(Wire):
    """A client on an address of a namespace, that keeps the datagrams as they came."""

    def __init__(self, namespace: Namespace, address: str, port: int, hello: bool = True) -> None:
        self.server = (SERVER, port)
        with namespace.inside():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((address, 0))
        self.sizes: list[int] = []
        if hello:
            self.welcome = self.ask("/ear/hello", "far", 0, answer="/ear/welcome")[1:]

    def receive(self, timeout_s: float = 10.0) -> tuple[Any, ...] | None:
        self.socket.settimeout(max(timeout_s, 1e-3))
        try:
            datagram = self.socket.recv(65_536)
        except (TimeoutError, BlockingIOError):
            return None
        self.sizes.append(len(datagram))
        message = OscMessage(datagram)
        return (message.address, *message.params)


@pytest.fixture(scope="module")
def cable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Namespace, Namespace]]:
    """The daemon's namespace and the clients', both ends of a cable up."""
    tag = uuid.uuid4().hex[:8]
    with contextlib.ExitStack() as stack:
        here, there = (Namespace(f"osc{tag}{end}") for end in "ab")
        stack.callback(here.end)
        stack.callback(there.end)
        here.ip("link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", there.name)
        # both networks reach the daemon's computer, so that an answer to a stranger would get through
        for namespace, host in ((here, 1), (there, 2)):
            for network in ("10.201.0", "10.202.0"):
                namespace.ip("addr", "add", f"{network}.{host}/24", "dev", "cable")
            namespace.ip("link", "set", "lo", "up")
            namespace.ip("link", "set", "cable", "up")
            namespace.ip("route", "add", "224.0.0.0/4", "dev", "cable")  # multicast, as discovery asks
        yield here, there


@pytest.fixture(scope="module")
def daemon(cable: tuple[Namespace, Namespace], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = [f"server.host={SERVER}", "server.allow=[10.201.0.0/24]", "server.discovery=true"]
    with cable[0].inside():
        running = Running(tmp_path_factory.mktemp("netns"), settings)
    with running:
        yield running


@pytest.fixture
def far(cable: tuple[Namespace, Namespace], daemon: Running) -> Iterator[Far]:
    with Far(cable[1], FRIEND, daemon.port) as client:
        yield client


class Frames:
    """Puts frames together as a client must: by their number, and only when every chunk has come."""

    def __init__(self) -> None:
        self.whole: dict[int, bytes] = {}
        self.parts: dict[int, dict[int, bytes]] = {}

    def take(self, message: tuple[Any, ...]) -> None:
        if message[0] != "/ear/activations":
            return
        _, _, frame, chunk, chunks, _, blob = message
        parts = self.parts.setdefault(frame, {})
        parts[chunk] = blob
        if len(parts) == chunks:
            self.whole[frame] = b"".join(parts[i] for i in range(chunks))


class Lists:
    """The same frames as floats, which come by another way: without chunks, each message with its first neuron."""

    def __init__(self, neurons: int) -> None:
        self.values: dict[int, np.ndarray] = {}
        self._neurons = neurons

    def take(self, message: tuple[Any, ...]) -> None:
        if message[0] == "/ear/neurons":
            _, frame, first, *values = message
            array = self.values.setdefault(frame, np.full(self._neurons, np.nan, np.float32))
            array[first : first + len(values)] = values

    def u8(self, frame: int) -> bytes:
        """b"" if it is not whole."""
        values = self.values.get(frame)
        if values is None or np.isnan(values).any():
            return b""
        return np.floor(values * np.float32(255) + np.float32(0.5)).astype("u1").tobytes()


def test_a_host_on_the_network_finds_it_by_itself(cable, daemon):
    """The npm package oscquery, told nothing but the port that tells this daemon from others."""
    node, modules = need_npm("oscquery")
    command = [node, str(SCRIPT), "discover", str(daemon.facts["http_port"]), str(PATIENCE_S)]
    with cable[1].inside():
        client = Program(command, env={"NODE_PATH": modules})
    with client:
        (found,) = client.wait_for(r"(\{.*\})")
    assert json.loads(found[1]) == {"up": SERVER, "osc": daemon.port}


def test_no_datagram_to_another_computer_is_larger_than_1400_bytes(far):
    for stream, packing in (
        ("activations", "u8"),
        ("activations", "f32"),
        ("activations", "list"),
        ("channels", ""),
        ("levels", ""),
        ("scalogram", "u8"),
        ("state", ""),
    ):
        key = far.subscribe(stream, packing)
        far.wait_for(
            lambda m: m[0].split("/")[2] in ("activations", "neurons", "channels", "level", "scalogram", "stream")
        )
        for _ in range(200 if stream in ("activations", "channels") else 1):
            far.receive()
        far.ask("/ear/unsubscribe", key)
    far.send("/ear/layers")
    far.wait_for(lambda m: m[0] == "/ear/layer" and m[1] == 26)
    assert 1_300 < max(far.sizes) < MOST_BYTES


@pytest.mark.parametrize("packing, width", [("u8", 1), ("f32", 4)])
def test_every_chunk_of_a_frame_of_all_neurons_arrives(far, daemon, packing, width):
    far.subscribe("activations", packing)
    frames = Frames()
    for message in far.messages(PATIENCE_S):
        frames.take(message)
        if len(frames.whole) >= 5:
            break
    assert len(frames.whole) == 5
    assert {len(values) for values in frames.whole.values()} == {width * daemon.facts["neurons"]}


def test_a_client_from_a_network_that_is_not_allowed_gets_no_byte(cable, daemon, far):
    with Far(cable[1], STRANGER, daemon.port, hello=False) as stranger:
        stranger.send("/ear/hello", "stranger", 0)
        stranger.send("/ear/status")
        stranger.send("/ear/nonsense")
        stranger.send_raw(b"not OSC")
        far.ask("/ear/sync", 7, answer="/ear/synced")  # sent later: those before it have been dealt with
        assert stranger.receive(0.2) is None
    with Far(cable[1], STRANGER, daemon.port, hello=False) as stranger:
        # the way is open in both directions: only the daemon's list keeps it silent
        with cable[0].inside():
            echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with echo:
            echo.bind((SERVER, 0))
            echo.settimeout(PATIENCE_S)
            stranger.socket.sendto(b"x", echo.getsockname())
            echo.sendto(encode("/there"), echo.recvfrom(64)[1])
            assert stranger.receive(PATIENCE_S) == ("/there",)


def test_a_stream_ends_when_its_client_falls_silent(cable, daemon, far):
    with Far(cable[1], FRIEND, daemon.port) as silent:
        before = far.ask("/ear/status")[6]
        silent.subscribe("levels", lease_s=1.0)
        assert far.ask("/ear/status")[6] == before + 1
        end = time.monotonic() + PATIENCE_S
        while far.ask("/ear/status")[6] > before:
            assert time.monotonic() < end
            time.sleep(0.2)
        while silent.receive(0.2):  # what was on its way
            pass
        far.subscribe("levels")
        for _ in range(10):
            far.wait_for(lambda m: m[0] == "/ear/level/mean")
        assert silent.receive(0.0) is None
        assert silent.ask("/ear/subscribe", "levels", "", 0, 0.0, 1.0)[0] == "/ear/done"


def lossy_cable(namespace: Namespace) -> None:
    """A fifth of what the daemon sends is lost on the way, by the kernel."""
    tc = need("tc", package="iproute2")
    command = [tc, "-n", namespace.name, "qdisc", "add", "dev", "cable", "root", "netem", "loss", "20%"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this kernel cannot lose packets (tc netem): {done.stderr.strip()}")


@pytest.mark.parametrize("loser", ["kernel", "receiver"])
def test_a_frame_is_whole_or_missing_but_never_torn_when_a_fifth_is_lost(cable, daemon, far, loser):
    chance, lossy, lossless = random.Random(1), Frames(), Lists(FIRST_LAYERS_NEURONS)
    compared: set[int] = set()
    with Far(cable[0], SERVER, daemon.port) as near:
        near.subscribe("activations", "list", filter_=FIRST_LAYERS)
        far.subscribe("activations", "u8", filter_=FIRST_LAYERS)
        if loser == "kernel":
            lossy_cable(cable[0])
        end = time.monotonic() + PATIENCE_S
        while len(compared) < 10 and time.monotonic() < end:
            for _ in range(40):
                if message := near.receive(0.02):
                    lossless.take(message)
            for _ in range(8):
                message = far.receive(0.02)
                if message and (loser == "kernel" or chance.random() > 0.2):
                    lossy.take(message)
            compared = {n for n in lossy.whole if lossless.u8(n)}
    assert len(compared) >= 10
    assert len(lossy.parts) > len(lossy.whole) + 5, "some were lost"
    assert all(lossy.whole[n] == lossless.u8(n) for n in compared)
    assert len({lossy.whole[n] for n in compared}) > 1
