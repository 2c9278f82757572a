"""`oscbridge conform`: it passes with the real daemon, and finds every single thing that is wrong with a wrong one."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest
from typer.testing import CliRunner

from oscbridge import cli
from oscbridge.commands.conform import chosen, conform
from oscbridge.commands.conform_check import CHECKS, FAILED, MOVES, PASSED, SKIPPED, Differs, Result
from oscbridge.commands.conform_parameters import MOVED
from oscbridge.commands.conform_talk import decode, signatures
from oscbridge.daemon.clip_files import write_clip
from oscbridge.errors import BridgeError
from oscbridge.osc.packets import bundle, encode
from tests.commands.mutations import MUTATIONS
from tests.commands.wrong_daemon import Wrong, WrongDaemon, WrongSite, message
from tests.wire import Running

HOST = "127.0.0.1"
AT_ONCE = 6


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon with a clip, whose loops are short."""
    folder = tmp_path_factory.mktemp("conform")
    sound = 0.1 * np.sin(np.arange(44_100) * 0.05).astype(np.float32)
    write_clip(folder / "clips", 1, sound, 44_100, format="wav", score=0.5, made={}, made_at=time.time())
    with Running(folder, ["transport.beats_per_clip=2"]) as daemon:
        yield daemon


def test_the_real_daemon_passes_every_check_and_is_left_as_it_was(running: Running) -> None:
    with running.wire() as wire:
        before = [wire.ask(p) for p in ("/ear/dream/noise_db", "/ear/select")], wire.ask("/ear/status")[6]
        began = time.monotonic()
        results = conform(HOST, running.port)
        assert time.monotonic() - began < 25
        after = [wire.ask(p) for p in ("/ear/dream/noise_db", "/ear/select")], wire.ask("/ear/status")[6]
    bad = [r.told() for r in results if r.outcome == FAILED]
    assert not bad, bad
    assert {r.check.name for r in results} == CHECKS.keys()
    assert [r.check.name for r in results if r.outcome == SKIPPED] == ["dream"]
    assert before == after


def test_every_check_has_a_mistake_that_it_must_find() -> None:
    assert {name for name, _, _ in MUTATIONS} == CHECKS.keys()


@pytest.fixture(scope="module")
def found(running: Running) -> Iterator[dict[str, Future[Result]]]:
    """What each mistake leads to. They are tried side by side, but for those that move something."""

    def tried(name: str, make: Callable[[], Wrong]) -> Result:
        wrong = make()
        is_http = wrong.http or wrong.is_open or wrong.as_text or wrong.is_deaf
        with ExitStack() as stack:
            port = stack.enter_context(WrongDaemon(running.port, wrong)).port
            site = stack.enter_context(WrongSite(running.facts["http_port"], wrong)).port if is_http else None
            (result,) = conform(HOST, port, [name], http_port=site)
        return result

    with ThreadPoolExecutor(AT_ONCE) as many, ThreadPoolExecutor(1) as one:
        yield {
            f"{name}: {what}": (one if CHECKS[name].lane == MOVES else many).submit(tried, name, make)
            for name, what, make in MUTATIONS
        }


@pytest.mark.parametrize("what", [f"{name}: {what}" for name, what, _ in MUTATIONS])
def test_a_wrong_daemon_is_found_out(found: dict[str, Future[Result]], what: str) -> None:
    result = found[what].result()
    assert result.outcome == FAILED, result
    assert result.expected and result.came


@pytest.mark.parametrize("name", ["levels", "hello", "foreign"])
def test_the_proxy_of_these_tests_spoils_nothing_by_itself(running: Running, name: str) -> None:
    with WrongDaemon(running.port, Wrong()) as proxy:
        (result,) = conform(HOST, proxy.port, [name])
    assert result.outcome == PASSED, result


def test_gentle_leaves_out_what_moves_something() -> None:
    gentle = {c.name for c in chosen([], gentle=True)}
    assert {"setting", "clamping", "selection", "at-start"}.isdisjoint(gentle)
    assert gentle == {name for name, c in CHECKS.items() if c.lane != MOVES}
    assert len(gentle) > 40


def test_gentle_moves_nothing(running: Running) -> None:
    """Nothing is even set to the value that it has: a listener to all that comes in hears no parameter with one."""
    heard: list[bytes] = []

    def into(datagram: bytes, _: object) -> list[bytes]:
        heard.append(datagram)
        return [datagram]

    with WrongDaemon(running.port, Wrong(into=into)) as proxy:
        conform(HOST, proxy.port, ["state-snapshot", "queries", "malformed", "out-of-domain", "pattern"], gentle=True)
    assert heard
    for datagram in heard:
        for said in decode(datagram):
            assert not (said.args and said.address.startswith(("/ear/stream/", "/ear/dream/", "/ear/layout/k"))), said


def test_a_parameter_is_put_back_though_an_echo_is_wrong(running: Running) -> None:
    with running.wire() as wire:
        address = "/ear/" + MOVED.replace(".", "/")
        before = wire.ask(address)
        wrong = next(make() for name, what, make in MUTATIONS if (name, what) == ("clamping", "not done"))
        with WrongDaemon(running.port, wrong) as proxy:
            conform(HOST, proxy.port, ["clamping", "setting"])
        assert wire.ask(address) == before


# ---- the command


def test_the_command_prints_a_line_a_check_and_its_code_tells_the_outcome(running: Running) -> None:
    arguments = ["conform", HOST, "--port", str(running.port), "--only", "hello", "--only", "layers", "--only", "dream"]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exit_code == 0, result.output
    for text in ("✓", "–", CHECKS["layers"].sentence.split(",")[0], "28 layers", "2 passed, 0 failed, 1 skipped"):
        assert text in result.output
    with WrongDaemon(running.port, MUTATIONS[0][2]()) as proxy:
        result = CliRunner().invoke(cli.app, ["conform", "--port", str(proxy.port), "--only", "hello"])
    assert result.exit_code == 1 and "✗" in result.output and "i:neurons" in result.output


def test_json_tells_the_same(running: Running) -> None:
    arguments = ["conform", HOST, "--port", str(running.port), "--only", "clock", "--json"]
    result = CliRunner().invoke(cli.app, arguments)
    (told,) = json.loads(result.output)["checks"]
    assert told["check"] == "clock" and told["outcome"] == PASSED
    assert told.keys() == {"check", "sentence", "outcome", "expected", "came"}


def test_nothing_that_answers_is_told_with_code_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oscbridge.commands.conform_talk.ANSWER_S", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, 0))
        port = silent.getsockname()[1]
        with pytest.raises(Differs):
            conform(HOST, port)
        result = CliRunner().invoke(cli.app, ["conform", HOST, "--port", str(port)])
    assert result.exit_code == 2
    assert f"{HOST} port {port} does not answer /ear/hello" in result.output


def test_mistakes_at_the_terminal_are_told(running: Running) -> None:
    with pytest.raises(BridgeError, match=r"there is no check 'layer'; .*Did you mean layers"):
        conform(HOST, running.port, ["layer"])
    with pytest.raises(BridgeError, match="has no address"):
        conform("no.such.host.invalid", running.port)


# ---- its own reading of OSC


def test_what_came_is_read_with_its_tags() -> None:
    (said,) = decode(message("/a", "ifsbTF", 1, 0.5, "x", b"abc", True, False), at=2.0)
    assert said[:4] == ("/a", "ifsbTF", (1, 0.5, "x", b"abc", True, False), 2.0)
    nested = bundle(0, encode("/a", 1), bundle(1_700_000_000_500_000_000, encode("/b")))
    first, second = decode(nested)
    assert (first.address, first.timetag) == ("/a", 0.0)
    assert second.address == "/b" and abs(second.timetag - 1_700_000_000.5) < 1e-6
    for junk in (b"", b"/a", b"/a\0\0if\0\0", encode("/a", 1)[:-1], b"#bundle\0" + bytes(10)):
        assert [s.tags for s in decode(junk)] == ["?"], junk


def test_signatures_are_read_from_the_address_reference() -> None:
    found = signatures(
        "/ear/selected i:layer f:low s:name i:neurons, one a region, then /ear/done /ear/select i:regions"
    )
    assert {a: s.fixed for a, s in found.items()} == {"/ear/selected": "ifsi", "/ear/done": "", "/ear/select": "i"}
    (many,) = signatures("/ear/neurons i:frame i:first_neuron f×≤256").values()
    assert (many.fixed, many.repeated, many.names) == ("ii", "f", ("frame", "first_neuron"))
    (pairs,) = signatures("/ear/classes s:name f:probability …").values()
    assert (pairs.fixed, pairs.repeated) == ("", "sf")
    (progress,) = signatures("/ear/dream/progress i:clip f:loss, the score").values()
    assert progress.fixed == "if"
