"""The monitor: as a client without a socket, as a picture, and as a program that watches a real daemon."""

from __future__ import annotations

import inspect
import io
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from oscbridge import cli
from oscbridge.commands import monitor
from oscbridge.commands.monitor_client import Client
from oscbridge.commands.monitor_view import Meters, draw, spark
from oscbridge.errors import BridgeError
from oscbridge.osc.packets import Message, encode, parse
from oscbridge.sections import Settings
from tests.wire import ROOT, Running, Wire

LAYERS = 28
WHERE = "127.0.0.1:9870"


class Talk:
    """A client, and the daemon that the test plays for it."""

    def __init__(self, epoch: int = 7, model: str = "ear-untrained-0") -> None:
        self.client, self.now, self.epoch, self.model = Client(), 100.0, epoch, model
        self.frame = self.dropped = self.restarts = self.sequence = 0

    def due(self) -> list[tuple[Any, ...]]:
        """What the client says now: (address, *arguments) each."""
        said = [m for packet in self.client.due(self.now) for m in parse(packet)]
        return [(m.address, *m.args) for m in said if isinstance(m, Message)]

    def tell(self, address: str, *args: Any) -> None:
        self.client.take(encode(address, *args), self.now)

    def welcome(self) -> None:
        self.tell("/ear/welcome", "oscbridge", 1, 0, self.epoch, "", self.model, LAYERS, 76_952)

    def subscribed(self, key: int = 1) -> None:
        self.welcome()
        self.due()
        for i in range(LAYERS):
            self.tell("/ear/layer", i, f"block{i}.conv1", i * 100, 512, 21, 4, 0.5, 9.0)
        self.tell("/ear/done", "/ear/subscribe", key, 10.0)

    def levels(self, frames: int = 1, value: float = 0.25) -> None:
        for _ in range(frames):
            self.frame += 1
            self.tell("/ear/level/mean", *[value] * LAYERS)
            self.tell("/ear/level/peak", *[1.0] * LAYERS)

    def status(self, state: str = "running") -> None:
        numbers = (self.frame, 61.0, 0.125, 0.0, 3, self.dropped, self.restarts)
        self.tell("/ear/status", self.epoch, *numbers, state)

    def alive(self) -> None:
        self.sequence += 1
        self.tell("/ear/alive", self.epoch, self.sequence, self.frame, 1_700_000_000, 0)


@pytest.fixture
def talk() -> Talk:
    return Talk()


def addresses(said: list[tuple[Any, ...]]) -> list[str]:
    return [message[0] for message in said]


# what it says


def test_hello_is_repeated_each_second_until_it_is_welcomed(talk: Talk) -> None:
    assert addresses(talk.due()) == ["/ear/hello"]
    talk.now += 0.5
    assert talk.due() == []
    talk.now += 0.6
    assert addresses(talk.due()) == ["/ear/hello"]


def test_a_welcome_is_followed_by_layers_subscription_and_status(talk: Talk) -> None:
    talk.due()
    talk.welcome()
    said = talk.due()
    assert [m for m in said if m[0] == "/ear/subscribe"] == [("/ear/subscribe", "levels", "", 0, 0.0, 0.0)]
    assert {"/ear/layers", "/ear/status"} <= set(addresses(said))
    assert "/ear/hello" not in addresses(said)


def test_status_is_asked_each_second_which_renews_the_lease(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(5):
        talk.now += 1.0
        talk.levels()
        assert addresses(talk.due()) == ["/ear/status"]


def test_layers_that_got_lost_are_asked_for_again(talk: Talk) -> None:
    talk.welcome()
    talk.due()
    talk.tell("/ear/layer", 0, "scalogram", 0, 1, 216, 1, 0.4, 0.04)
    talk.now += 1.0
    assert "/ear/layers" in addresses(talk.due())


def test_after_three_silent_seconds_it_greets_again(talk: Talk) -> None:
    talk.subscribed()
    talk.levels()
    talk.now += 2.9
    assert talk.client.is_connected(talk.now)
    assert "/ear/hello" not in addresses(talk.due())
    talk.now += 0.2
    assert not talk.client.is_connected(talk.now)
    assert "/ear/hello" in addresses(talk.due())


def test_a_lease_that_ran_out_is_replaced_while_the_daemon_answers(talk: Talk) -> None:
    talk.subscribed(key=4)
    talk.now += 4.0
    assert "/ear/hello" in addresses(talk.due())
    talk.welcome()
    said = talk.due()
    assert ("/ear/unsubscribe", 4) in said and "/ear/subscribe" in addresses(said)


def test_another_epoch_makes_what_was_known_void_and_is_subscribed_to(talk: Talk) -> None:
    talk.subscribed(key=4)
    talk.levels()
    talk.now += 1.0
    talk.epoch = 8
    talk.alive()
    assert "/ear/hello" in addresses(talk.due())
    talk.welcome()
    assert not talk.client.layers and not talk.client.means
    said = talk.due()
    assert ("/ear/unsubscribe", 4) in said, "the daemon may have lived on with another network"
    assert {"/ear/layers", "/ear/subscribe"} <= set(addresses(said))


def test_it_ends_its_subscription_when_it_leaves(talk: Talk) -> None:
    assert talk.client.farewell() == []
    talk.subscribed(key=9)
    assert talk.client.farewell() == [encode("/ear/unsubscribe", 9)]


# what it learns


def test_datagrams_that_never_came_are_counted(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(3):
        talk.levels(43)
        talk.status()
    assert talk.client.losses.total == 0
    talk.levels(41)
    talk.frame += 2
    talk.tell("/ear/level/peak", *[1.0] * LAYERS)
    talk.status()
    assert talk.client.losses.total == 3
    talk.alive()
    talk.sequence += 2
    talk.alive()
    assert talk.client.losses.total == 5


def test_frames_that_the_daemon_dropped_are_not_lost_on_the_way(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(3):
        talk.levels(43)
        talk.status()
    talk.frame += 10
    talk.dropped += 10
    talk.status()
    assert talk.client.losses.total == 0


def test_the_time_without_a_worker_loses_nothing(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(3):
        talk.levels(43)
        talk.status()
    talk.restarts = 1
    for _ in range(3):
        talk.status("degraded")
    talk.frame += 150
    for _ in range(6):
        talk.levels(43)
        talk.status()
    assert talk.client.losses.total == 0
    talk.frame += 1
    talk.status()
    assert talk.client.losses.total == 2, "and it counts again"


def test_what_was_sent_to_nobody_before_a_new_subscription_is_not_lost(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(3):
        talk.levels(43)
        talk.status()
    talk.frame += 200  # our lease had run out
    talk.subscribed(key=2)
    talk.tell("/ear/level/mean", *[0.0] * LAYERS)  # the stream as it was, once more
    for _ in range(3):
        talk.levels(43)
        talk.status()
    assert talk.client.losses.total == 0


@pytest.mark.parametrize(
    "datagram",
    [
        b"", b"\0", b"/ear/level/mean", b"/ear/welcome\0\0\0\0,s\0\0", b"#bundle\0", b"GET / HTTP/1.1\r\n",
        encode("/ear/welcome", 1, 2, 3), encode("/ear/status", "x"), encode("/ear/layer", "0"), encode("/ear/done"),
        encode("/ear/level/mean"), encode("/ear/level/mean", "loud"), encode("/ear/fail", 1), encode("/no/such", 1),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_aside(datagram: bytes, talk: Talk) -> None:
    talk.subscribed()
    talk.levels()
    talk.client.take(datagram, talk.now)
    assert talk.client.frames == 1 and talk.client.welcome is not None and len(talk.client.layers) == LAYERS


def test_a_later_minor_version_may_say_more(talk: Talk) -> None:
    talk.tell("/ear/welcome", "oscbridge", 1, 9, 7, "", "ear", LAYERS, 76_952, "and more")
    assert talk.client.welcome is not None and talk.client.welcome.minor == 9


def test_a_trouble_is_shown_once_and_for_some_seconds(talk: Talk) -> None:
    talk.subscribed()
    for _ in range(3):
        talk.tell("/ear/fail", "/ear/listen/source", 503, 'device "USB" is gone')
    assert [t.text for t in talk.client.troubles(talk.now)] == ['device "USB" is gone']
    assert talk.client.troubles(talk.now + 20) == []


# how it looks


def shown(talk: Talk, width: int, height: int, meters: Meters | None = None) -> list[str]:
    """The lines as a console of that size prints them."""
    meters = meters or Meters()
    meters.push(talk.client.take_levels(), talk.now)
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True, record=True)
    console.print(draw(talk.client, meters, WHERE, width, height, talk.now), crop=False)
    return console.export_text().splitlines()


@pytest.mark.parametrize("what", ["waiting", "welcomed", "running", "troubled", "silent"])
@pytest.mark.parametrize(("width", "height"), [(100, 40), (80, 24), (200, 60), (60, 20), (30, 8), (12, 3), (300, 12)])
def test_the_picture_fits_the_window(what: str, width: int, height: int, talk: Talk) -> None:
    if what != "waiting":
        talk.welcome()
    if what in ("running", "troubled", "silent"):
        talk.subscribed()
        talk.levels()
        talk.status()
    if what == "troubled":
        for i in range(9):
            talk.tell(
                "/ear/fail", f"/ear/listen/file{i}", 404, "there is no such file, and this is told at length " * 9
            )
    talk.now += 60 * (what == "silent")
    lines = shown(talk, width, height)
    assert 0 < len(lines) <= height
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize(("width", "height"), [(100, 40), (80, 24)])
def test_every_layer_the_state_and_the_counts_are_shown(width: int, height: int, talk: Talk) -> None:
    talk.subscribed()
    talk.levels(2)
    talk.dropped, talk.restarts = 1_234, 5
    talk.status("degraded")
    talk.tell("/ear/fail", "/ear/listen/source", 503, "the guitar is gone")
    text = "\n".join(shown(talk, width, height))
    assert all(f"block{i}.conv1" in text for i in range(LAYERS))
    for words in ("degraded", "dropped 1,234", "restarts 5", "lost 0", "subscribers 3", "load 12 %", "epoch 7"):
        assert words in text
    assert "up 0:01:01" in text and "512×21" in text and "503 /ear/listen/source: the guitar is gone" in text


def test_a_window_too_small_for_all_layers_says_how_many_are_missing(talk: Talk) -> None:
    talk.subscribed()
    talk.levels()
    lines = shown(talk, 60, 20)
    names = sum(line.count(".conv1") for line in lines)
    assert f"… {LAYERS - names} more" in "\n".join(lines)


@pytest.mark.parametrize(("model", "says"), [("ear-untrained-0", True), ("ear-1f2e3d4c", False)])
def test_an_untrained_ear_is_called_so(model: str, says: bool) -> None:
    talk = Talk(model=model)
    talk.subscribed()
    text = "\n".join(shown(talk, 80, 24))
    assert ("UNTRAINED" in text) == says and model in text


def test_without_a_daemon_it_says_how_to_start_one(talk: Talk) -> None:
    text = "\n".join(shown(talk, 80, 24))
    assert f"waiting for oscbridge at {WHERE}" in text and "oscbridge run" in text


def test_a_daemon_that_fell_silent_is_not_called_running(talk: Talk) -> None:
    talk.subscribed()
    talk.levels()
    talk.status()
    talk.now += 5
    text = "\n".join(shown(talk, 80, 24))
    assert "no answer for 5 s" in text and "running" not in text


def test_a_bar_is_longer_for_a_louder_layer(talk: Talk) -> None:
    lengths = []
    for value in (0.0, 0.01, 0.1, 0.3, 0.6, 1.0, 7.0):
        talk = Talk()
        talk.subscribed()
        talk.levels(value=value)
        lengths.append(next(line for line in shown(talk, 80, 40) if "block9." in line).count("█"))
    assert lengths[0] == 0 and lengths[-1] == lengths[-2]
    assert all(a < b for a, b in itertools.pairwise(lengths[1:-1]))


def test_the_tick_holds_a_peak_for_a_second_and_then_falls() -> None:
    meters = Meters()
    meters.push([[0.2], [0.9], [0.1]], 10.0)
    assert meters.now == [0.1] and meters.held == [0.9]
    meters.push([[0.1]], 10.9)
    assert meters.held == [0.9]
    meters.push([[0.1]], 11.2)
    assert 0.1 < meters.held[0] < 0.9
    meters.push([[0.1]], 20.0)
    assert meters.held == [0.1]


def test_a_spark_has_one_character_a_value() -> None:
    assert spark([0.0, 1.0, 7.0, -1.0]) == " ██ "
    assert list(spark([i / 50 for i in range(51)])) == sorted(spark([i / 50 for i in range(51)]))


# the program


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "oscbridge", "monitor", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    watchdog = threading.Timer(60, process.kill)  # a line that never comes fails the test and does not hang it
    watchdog.daemon = True
    watchdog.start()
    return process


def lines_with(process: subprocess.Popen[str], words: str) -> Iterator[str]:
    assert process.stdout is not None
    return (line for line in process.stdout if words in line)


@pytest.fixture
def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_it_ends_with_0_after_the_frames_it_was_asked_for(server: Running) -> None:
    process = start("--port", str(server.port), "--plain", "--frames", "20")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    last = output.splitlines()[-1]
    assert re.search(r"frames/s  load +\d+ %  dropped \d+  restarts 0  lost \d+", last), output
    assert re.search(rf"\|[ ▁▂▃▄▅▆▇█]{{{LAYERS}}}\|", last), "one character a layer"
    assert "\x1b" not in output, "no colours in a log"


@pytest.fixture(scope="module")
def unshared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon at which no lease of another test runs out meanwhile."""
    with Running(tmp_path_factory.mktemp("unshared")) as running:
        yield running


@pytest.fixture
def own_wire(unshared: Running) -> Iterator[Wire]:
    with unshared.wire() as client:
        yield client


def test_ctrl_c_ends_it_with_0_and_its_subscription_too(unshared: Running, own_wire: Wire) -> None:
    before = own_wire.ask("/ear/status")[6]
    with start("--port", str(unshared.port), "--plain") as process:
        next(lines_with(process, "frames/s"))
        assert own_wire.ask("/ear/status")[6] == before + 1
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert own_wire.ask("/ear/status")[6] == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python")
def test_a_window_that_is_closed_ends_it_and_its_subscription_too(unshared: Running, own_wire: Wire) -> None:
    before = own_wire.ask("/ear/status")[6]
    window, terminal = os.openpty()
    command = [sys.executable, "-m", "oscbridge", "monitor", "--port", str(unshared.port)]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, cwd=ROOT, env=os.environ | {"TERM": "xterm"}
    ) as shown:
        os.close(terminal)
        picture = ""
        while "load" not in picture:  # told after the subscription
            picture += os.read(window, 65_536).decode(errors="replace")
        assert "\x1b[?1049h" in picture, "the whole window, and not the lines of a log"
        os.close(window)
        shown.send_signal(signal.SIGHUP)
        assert shown.wait(20) == 0
    assert own_wire.ask("/ear/status")[6] == before


def test_it_finds_the_daemon_again_after_a_restart(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
        process = start("--port", str(port), "--plain")
        _, source = first.recvfrom(1_000)
        welcome = ("/ear/welcome", "oscbridge", 1, 0, 7, "", "ear", LAYERS, 76_952)
        for message in (welcome, ("/ear/status", 7, 1, 61.0, 0.125, 0.0, 3, 0, 0, "degraded")):
            first.sendto(encode(*message), source)
        next(lines_with(process, "degraded"))
    with process, Running(tmp_path, [f"server.port={port}"]):
        next(lines_with(process, "running"))
        process.terminate()
        assert process.wait(20) == 0


def test_without_a_daemon_it_gives_up_with_1_when_frames_are_wanted(
    free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert monitor.watch("127.0.0.1", free_port, 5, plain=True, give_up_s=1.5) == 1
    said = capsys.readouterr()
    assert f"waiting for oscbridge at 127.0.0.1:{free_port}" in said.out and "`oscbridge run`" in said.out
    assert "no frame" in said.err


def test_a_host_that_is_none_is_refused_in_words() -> None:
    with pytest.raises(BridgeError, match=r"--host no.such.host.invalid: no such host"):
        monitor.watch("no.such.host.invalid", 9870, None, plain=True)


def test_it_speaks_only_osc() -> None:
    code = "import sys, oscbridge.commands.monitor; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    inner = ("torch", "numpy", "oscbridge.daemon", "oscbridge.ear")
    assert not [name for name in result.stdout.split() if name.startswith(inner)]


def test_it_looks_where_the_daemon_is_by_default() -> None:
    defaults = {name: p.default for name, p in inspect.signature(cli.monitor).parameters.items()}
    assert (defaults["host"], defaults["port"]) == (Settings().server.host, Settings().server.port)


def test_a_pipe_that_closes_ends_it_quietly(server: Running) -> None:
    with start("--port", str(server.port), "--plain") as process:
        next(lines_with(process, "frames/s"))
        assert process.stdout is not None
        process.stdout.close()
        end = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        assert process.returncode == 0
