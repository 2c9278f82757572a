"""Presets and the files they live in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oscbridge import files
from oscbridge.daemon.presets import Presets
from oscbridge.errors import BridgeError
from oscbridge.files import write_whole
from oscbridge.resources import folder
from oscbridge.sections import Settings, Stream
from oscbridge.settings import live_parameters
from tests.wire import Running


def test_a_preset_brings_back_every_live_parameter(tmp_path: Path) -> None:
    presets = Presets(tmp_path)
    presets.save("dark room", Settings(stream=Stream(gamma=3.0, floor=0.2)))
    values = presets.load("dark room")
    assert values["stream.gamma"] == 3.0
    assert values.keys() == {p.path for p in live_parameters()}
    assert presets.names() == ["dark room"]


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", "", ".hidden", "x" * 65, "nul", "CON", "a\0b", "ä", "a.yaml"])
def test_a_preset_has_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    presets = Presets(tmp_path)
    for act in (lambda: presets.save(name, Settings()), lambda: presets.load(name)):
        with pytest.raises(BridgeError, match="no name for a preset"):
            act()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_preset_suggests_the_nearest(tmp_path: Path) -> None:
    presets = Presets(tmp_path)
    presets.save("encore", Settings())
    with pytest.raises(BridgeError, match="Did you mean encore") as caught:
        presets.load("encor")
    assert caught.value.code == 404


def test_a_broken_preset_tells_all_its_mistakes(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("stream: {gamma: 99, flor: 1}\n")
    with pytest.raises(BridgeError, match=r"gamma is 99(.|\n)*Did you mean floor"):
        Presets(tmp_path).load("bad")


def test_a_preset_cannot_change_what_only_a_start_can(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("server: {port: 1}\n")
    with pytest.raises(BridgeError, match=r"server\.port can't be changed while running"):
        Presets(tmp_path).load("bad")


@pytest.mark.parametrize("path", sorted((folder("config") / "presets").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_preset_loads(tmp_path: Path, path: Path) -> None:
    assert Presets(tmp_path, path.parent).load(path.stem)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_crash_while_saving_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.yaml"
    write_whole(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(BridgeError, match="No space left on device; what was there before is untouched"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_saved_preset_outlives_the_daemon_and_loads_whole_or_not_at_all(tmp_path: Path) -> None:
    with Running(tmp_path) as running, running.wire() as wire:
        wire.ask("/ear/stream/gamma", 2.5)
        wire.ask("/ear/listen/gain_db", -6.0)
        assert wire.ask("/ear/save", "set one") == ("/ear/done", "/ear/save", "set one")
    with Running(tmp_path) as running, running.wire() as wire:
        assert wire.ask("/ear/stream/gamma")[1] == 1.0
        assert wire.ask("/ear/load", "set one")[0] == "/ear/done"
        assert wire.ask("/ear/stream/gamma")[1] == 2.5
        assert wire.ask("/ear/listen/gain_db")[1] == -6.0
        half = tmp_path / "presets" / "half.yaml"
        half.write_text("stream: {gamma: 5.0}\nlisten: {file: /no/such.wav}\n")
        assert wire.ask("/ear/load", "half")[2] == 404
        assert wire.ask("/ear/stream/gamma")[1] == 2.5, "not half of it"
        assert wire.ask("/ear/load", "contrast")[0] == "/ear/done", "the shipped ones are there too"
