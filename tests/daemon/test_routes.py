"""Routes of a running daemon, as the hosts that they lead to see them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pythonosc.osc_message import OscMessage

from oscbridge import resources
from oscbridge.sections import Settings
from oscbridge.validation import check
from tests.wire import ROOT, Running, Wire

SETS = sorted((resources.folder("config") / "routes").glob("*.yaml"))


class Host:
    """A program that was never told about us: it has a port, and takes what comes."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]

    def to(self, address: str) -> str:
        return f"udp://127.0.0.1:{self.port}{address}"

    def heard(self, seconds: float = 10.0, count: int = 1_000_000) -> list[tuple[Any, ...]]:
        """What comes in that time, or until so many have come."""
        end, out = time.monotonic() + seconds, []
        while len(out) < count and (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                message = OscMessage(self.socket.recv(65_536))
            except TimeoutError:
                break
            out.append((message.address, *message.params))
        return out

    def empty(self) -> None:
        self.heard(0.05)


@pytest.fixture
def host() -> Iterator[Host]:
    one = Host()
    yield one
    one.socket.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("routes"), ["transport.bpm=240"]) as daemon:
        yield daemon


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client
        client.ask("/ear/route/remove", "*")


def listed(wire: Wire) -> list[tuple[Any, ...]]:
    wire.send("/ear/route/list")
    out: list[tuple[Any, ...]] = []
    wire.wait_for(lambda m: out.append(m[1:]) if m[0] == "/ear/route" else m[:2] == ("/ear/done", "/ear/route/list"))  # type: ignore[func-returns-value]
    return out


def test_a_level_reaches_any_address_of_any_host_in_its_range_and_at_its_rate(wire: Wire, host: Host) -> None:
    outcome = wire.ask(
        "/ear/route/add", "glow", "layer.0.mean", host.to("/a/b"), "7 $value x", -1.0, 1.0, 1.0, 0, 0, 20
    )
    assert outcome == ("/ear/done", "/ear/route/add", "glow")
    host.empty()
    messages = host.heard(2.0)
    assert 10 <= len(messages) <= 50, "20 a second at most"
    assert all(address == "/a/b" and args[0] == 7 and args[2] == "x" for address, *args in messages)
    values = [m[2] for m in messages]
    assert -1.0 <= min(values) < max(values) <= 1.0 and len(set(values)) > 10, "the bundled loop plays"
    assert wire.ask("/ear/route/remove", "glow") == ("/ear/done", "/ear/route/remove", "glow")
    host.empty()
    assert host.heard(0.3) == []


def test_the_beat_comes_on_the_beat(wire: Wire, host: Host) -> None:
    wire.ask("/ear/route/add", "tick", "beat", host.to("/tick"), "$value", 0.0, 8.0)
    host.empty()
    phases = [m[1] for m in host.heard(5.0, 9)]
    assert sorted(set(phases)) == [float(n) for n in range(8)], "eight beats of a loop, as its phase tells"


def test_what_is_selected_moves_a_route(wire: Wire, host: Host) -> None:
    wire.ask("/ear/route/add", "", "selection.peak", host.to("/peak"))
    wire.ask("/ear/select/clear")
    host.empty()
    assert {m[1] for m in host.heard(1.2)} == {0.0}, "nothing is selected: told once a second"
    wire.ask("/ear/select/add", 0, 0, 0, 0.0, 1.0, 1.0)
    assert any(m[1] > 0.2 for m in host.heard(2.0))
    wire.ask("/ear/select/clear")


def test_while_a_host_learns_it_hears_one_route_alone(wire: Wire, host: Host) -> None:
    for name in ("one", "other"):
        wire.ask("/ear/route/add", name, "layer.3.peak", host.to(f"/{name}"))
    assert wire.ask("/ear/route/learn", "one", 1) == ("/ear/done", "/ear/route/learn", "one", 1)
    host.empty()
    heard = host.heard(2.2)
    assert {m[0] for m in heard} == {"/one"}
    values = [m[1] for m in heard]
    assert min(values) < 0.1 and max(values) > 0.9
    wire.ask("/ear/route/learn", "one", 0)
    host.empty()
    assert {m[0] for m in host.heard(1.5)} == {"/one", "/other"}


def test_routes_are_listed_kept_and_brought_back(wire: Wire, host: Host, running: Running) -> None:
    wire.ask(
        "/ear/route/add", "a b", "channel.3.2", host.to("/x"), '1 "two words" $value', 0.0, 127.0, 2.0, 10, 20, 5, 0.5
    )
    wire.ask("/ear/route/add", "plain", "beat", host.to("/y"))
    before = [row[:-1] for row in listed(wire)]
    assert before[0] == ("a b", "channel.3.2", host.to("/x"), "1 'two words' $value", 0, 127, 2, 10, 20, 5, 0.5)
    assert wire.ask("/ear/route/save", "set one") == ("/ear/done", "/ear/route/save", "set one", 2)
    wire.ask("/ear/route/remove", "*")
    assert listed(wire) == []
    assert wire.ask("/ear/route/load", "set one") == ("/ear/done", "/ear/route/load", "set one", 2)
    assert [row[:-1] for row in listed(wire)] == before
    assert (running.folder / "routes" / "set one.yaml").is_file()


@pytest.mark.parametrize("name", [path.stem for path in SETS])
def test_every_set_that_travels_with_the_package_loads(wire: Wire, name: str) -> None:
    outcome = wire.ask("/ear/route/load", name)
    assert outcome[:3] == ("/ear/done", "/ear/route/load", name)
    assert outcome[3] == len(listed(wire)) >= 6


@pytest.mark.parametrize(
    "args, code, words",
    [
        (("r", "layer.99.mean", "udp://127.0.0.1:9/x"), 422, "layers go from 0 to"),
        (("r", "beat", "http://127.0.0.1:9/x"), 422, "write udp://host:port/address"),
        (("r", "beat", "udp://8.8.8.8:9/x"), 403, "server.allow"),
        (("r", "beat", "udp://no-such-host.invalid:9/x"), 404, "is not found"),
        (("r", "beat", "udp://127.0.0.1:9/x", '"open'), 422, "quotation"),
        (("r", "beat", "udp://127.0.0.1:9/x", "$value", 0.0, 1.0, 99.0), 422, "curve is 99.0"),
        (("r", "beat", "udp://127.0.0.1:9/x", "$value", 0.0, 1.0, 1.0, -5.0), 422, "attack_ms"),
        (("x" * 65, "beat", "udp://127.0.0.1:9/x"), 422, "name"),
        (("r", "beat"), 400, "takes s:name s:from s:to"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_changes(wire: Wire, args: tuple[Any, ...], code: int, words: str) -> None:
    outcome = wire.ask("/ear/route/add", *args)
    assert outcome[:3] == ("/ear/fail", "/ear/route/add", code)
    assert words in outcome[3]
    assert listed(wire) == []


@pytest.mark.parametrize("name", ["nothing", "../x", ""])
def test_a_set_that_is_not_there_is_told(wire: Wire, name: str) -> None:
    outcome = wire.ask("/ear/route/load", name)
    assert outcome[0] == "/ear/fail" and outcome[2] in (404, 422)


def test_a_set_that_sets_other_things_is_refused(wire: Wire, running: Running) -> None:
    folder = running.folder / "routes"
    folder.mkdir(exist_ok=True)
    (folder / "sly.yaml").write_text("stream: {gamma: 9}\nroutes: []\n")
    outcome = wire.ask("/ear/route/load", "sly")
    assert outcome[2] == 422 and "also sets stream" in outcome[3]


def test_a_route_whose_host_is_gone_harms_nobody(wire: Wire, host: Host) -> None:
    gone = Host()
    gone.socket.close()
    wire.ask("/ear/route/add", "gone", "layer.0.mean", gone.to("/x"))
    wire.ask("/ear/route/add", "here", "layer.0.mean", host.to("/x"))
    assert len(host.heard(1.0)) > 10


def test_routes_in_the_settings_run_from_the_start(tmp_path: Path, host: Host) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(yaml.safe_dump({"routes": [{"from": "layer.0.peak", "to": host.to("/in/yaml"), "range": [0, 2]}]}))
    with Running(tmp_path / "d", config=path) as running:
        assert host.heard(10.0, 1)[0][0] == "/in/yaml"
        with running.wire() as wire:
            assert [row[0] for row in listed(wire)] == ["1"]


def test_sets_are_named_on_the_command_line(tmp_path: Path) -> None:
    with (
        Running(tmp_path, options=["--routes", "resolume", "--routes", "madmapper"]) as running,
        running.wire() as wire,
    ):
        assert len(listed(wire)) == 12, "names of one set are not those of another"
    command = [sys.executable, "-m", "oscbridge", "run", "--port", "0", "--routes", "resolum"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2 and "Did you mean resolume?" in done.stderr


@pytest.mark.parametrize(
    "route, words",
    [
        ({"from": "layer.0.mean"}, "to is missing"),
        ({"to": "udp://127.0.0.1:1/x"}, "from is missing"),
        ({"from": "nowhere", "to": "udp://127.0.0.1:1/x"}, "route 1: from is 'nowhere'"),
        ({"from": "beat", "to": "udp://127.0.0.1:1/x", "rnage": [0, 1]}, "Did you mean range?"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence(tmp_path: Path, route: dict[str, Any], words: str) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(yaml.safe_dump({"routes": [route]}))
    command = [sys.executable, "-m", "oscbridge", "run", str(path), "--port", "0", "--set", "server.http_port=0"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_the_sets_are_whole_and_well_written() -> None:
    assert [path.stem for path in SETS] == ["ableton", "madmapper", "resolume", "supercollider"]
    for path in SETS:
        settings = check(Settings, yaml.safe_load(path.read_text()), path.name)
        assert len({r.name for r in settings.routes}) == len(settings.routes)
