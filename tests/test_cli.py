"""The command line, from outside."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.wire import ROOT, Running, Wire


def oscbridge(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "oscbridge", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "stream.gamma=99"], "stream.gamma is 99; expected a number from 0.1 to 10"),
        (["--set", "listen.file=nope.wav"], "there is no such file"),
        (["--model", "eer"], "Did you mean ear?"),
        (["--model", "none.yaml"], "there is no such file"),
        (["missing.yaml"], "missing.yaml cannot be read"),
        (["--host", "203.0.113.7"], "cannot be used"),
        (["--set", "server.subscribers=[{port: 9000, stream: level}]"], "Did you mean levels?"),
    ],
)
def test_a_mistake_in_the_settings_ends_with_2_and_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    result = oscbridge("run", "--set", f"server.folder={tmp_path}", "--port", "0", *arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        result = oscbridge("run", "--port", str(port), "--set", f"server.folder={tmp_path}")
    assert result.returncode == 2
    assert f"server.port is {port}" in result.stderr
    assert "--set server.port=0" in result.stderr


def test_a_folder_that_cannot_be_written_does_not_stop_the_show(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Running(tmp_path / "run", [f"server.folder={tmp_path}/file/x"]) as running, running.wire() as wire:
        assert "no log file" in running.text
        assert wire.ask("/ear/save", "x")[2] == 500
        assert wire.ask("/ear/status")[9] == "running"


def test_static_subscribers_are_served_without_a_word(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as patch:
        patch.bind(("127.0.0.1", 0))
        patch.settimeout(30)
        wanted = f"server.subscribers=[{{host: localhost, port: {patch.getsockname()[1]}, stream: levels, max_hz: 10}}]"
        with Running(tmp_path, [wanted]):
            assert patch.recv(8_000).startswith(b"/ear/level/")


def test_a_network_outside_the_list_gets_no_byte(tmp_path: Path) -> None:
    with Running(tmp_path, ["server.allow=[10.0.0.0/8]"]) as running, Wire(running.port, hello=False) as stranger:
        stranger.send("/ear/hello", "x", 0)
        assert stranger.receive(0.5) is None


def test_the_terminal_says_at_once_where_everything_is(server: Running) -> None:
    assert f"udp://127.0.0.1:{server.port}" in server.text
    for words in (
        "76,959 neurons",
        "oscbridge monitor",
        "patches",
        "Ctrl-C",
        "the ear is trained (ear-",
        "guitar_drums.flac",
    ):
        assert words in server.text


def test_an_installed_wheel_runs_from_any_folder(tmp_path: Path) -> None:
    """The package as installed: unpacked somewhere else, with nothing of the checkout in reach."""
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ready = tmp_path / "ready.json"
    run = [sys.executable, "-m", "oscbridge", "run", "--port", "0", "--set", "server.http_port=0"]
    run += ["--set", f"server.folder={tmp_path}/home", "--ready-file", str(ready)]
    environment = {"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    with subprocess.Popen(run, cwd=elsewhere, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "hears" in line:
                break
        with_path = json.dumps(str(site))[1:-1]
        process.terminate()
        assert process.wait(20) == 0
    assert with_path in said, "patches and the rest come from the wheel"
