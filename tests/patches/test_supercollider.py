"""The class for SuperCollider as text: what it says is what the daemon takes, and what it hears is what is sent.

sclang itself is too large for CI; tests/clients/test_supercollider_patch.py runs it where it is installed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oscbridge.osc.space import COMMANDS, AddressSpace
from oscbridge.osc.streams import STREAMS
from oscbridge.settings import parameters
from tests.wire import ROOT

FOLDER = ROOT / "patches" / "supercollider"
CLASSES = sorted(FOLDER.glob("*.sc"))
EXAMPLES = sorted(FOLDER.glob("*.scd"))
HELP = sorted(FOLDER.rglob("*.schelp"))
PARAMETERS = {p.path: p for p in parameters()}
ALWAYS = {"/ear/alive", "/ear/done", "/ear/fail"}
COMES = ALWAYS | {c.answer.split()[0] for c in COMMANDS} | {m.address for s in STREAMS.values() for m in s.messages}
PAIRS = {"(": ")", "[": "]", "{": "}"}
# the arguments that the class gives, as an example of each
VALUES: dict[str, Any] = {
    "name": "test", "0": 0, "token": 3, "clip": 7, "why": "unreadable", "as": "glass", "route": "light", "from": "beat",
    "to": "udp://127.0.0.1:57120/light", "args": "$value", "low.asFloat": 0.0, "high.asFloat": 1.0,
    "curve.asFloat": 1.0, "preset": "one", "wish[\\id]": 1, "id": 1, "10.0": 10.0, "msg[2].asString": "unreadable",
    "wish[\\stream]": "levels", "wish[\\packing]": "", "wish[\\maxHz]": 0.0, "wish[\\filter]": "",
}  # fmt: skip


def code(path: Path) -> str:
    """Without comments; strings stay."""
    return re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda m: m[1] or "", path.read_text())


def methods(path: Path) -> set[str]:
    found = re.findall(r"^\t\*?(\w+_?) \{", code(path), re.MULTILINE)
    slots = re.findall(r"^\tvar ([^;]*);", code(path), re.MULTILINE)
    names = [re.match(r"\s*([<>]+)(\w+)", slot) for line in slots for slot in line.split(",")]
    return {*found, *(m[2] for m in names if m)}


OURS = {path.stem: methods(path) for path in CLASSES}
each_file = pytest.mark.parametrize("path", CLASSES + EXAMPLES, ids=lambda p: p.name)


@each_file
def test_brackets_are_closed(path: Path) -> None:
    text = re.sub(r'"(?:\\.|[^"\\])*"|\'(?:[^\']*)\'|\$.', "", code(path))
    waiting: list[str] = []
    for letter in text:
        if letter in PAIRS:
            waiting.append(PAIRS[letter])
        elif letter in PAIRS.values():
            assert waiting and waiting.pop() == letter, f"{letter} in {path.name}"
    assert not waiting


def test_every_command_that_is_sent_is_one_and_its_arguments_are_taken() -> None:
    space, said = AddressSpace(), set()
    for path in CLASSES:
        for address, rest in re.findall(r'send\("(/ear/[a-z/_]+)"([^;}\n]*)', code(path)):
            command = space.command(address)
            assert command is not None, address
            if ", *" in rest:  # as select and selectCircle put them together
                args: list[Any] = [9, 0, -1, 0.0, 1.0, 1.0] if address.endswith("add") else [0.0, 0.0, 0.1, 1.0]
                command.check([*args, "mine"])
            else:
                words = [word.strip() for word in rest.rpartition(")")[0].split(",")][1:]
                args = [word.strip('"') if word.startswith('"') else VALUES.get(word, word) for word in words]
            command.check(args)
            said.add(address)
    assert {"/ear/hello", "/ear/sync", "/ear/subscribe", "/ear/select/add", "/ear/select/circle"} <= said
    assert {"/ear/dream/start", "/ear/clip/loaded", "/ear/clip/failed", "/ear/clip/started", "/ear/route/add"} <= said


def test_what_is_heard_is_what_is_sent() -> None:
    heard = {a for path in CLASSES for a in re.findall(r'prHear\("(/ear/[a-z/_]+)"', code(path))}
    assert heard <= COMES
    sent = {m.address for stream in STREAMS.values() for m in stream.messages}
    left_out = {address for address in sent - heard if "<" not in address}
    assert left_out <= {"/ear/layout/progress", "/ear/map"}, "every stream is heard, but pictures"


def test_every_stream_is_asked_for_in_a_packing_that_it_has() -> None:
    asked = set()
    for stream, packing in re.findall(r'prWish\("(\w+)"(?:, (?:"(\w*)"|\w+))?', code(FOLDER / "OscBridge.sc")):
        assert not packing or packing in STREAMS[stream].packings
        asked.add(stream)
    assert asked | {"maps"} == set(STREAMS)


@pytest.mark.parametrize("path", EXAMPLES + HELP + [FOLDER / "README.md"], ids=lambda p: p.name)
def test_the_examples_use_what_there_is(path: Path) -> None:
    text = path.read_text()
    for _, section, name in re.findall(r"\.(set|get|parameter)\(\\(\w+), \\(\w+)", text):
        assert f"{section}.{name}" in PARAMETERS
    for name in re.findall(r"~ear\.(\w+)", text):
        assert name in OURS["OscBridge"], name
    for name in re.findall(r"~clips\.(\w+)", text):
        assert name in OURS["OscBridgeClips"], name


def test_the_help_names_every_method() -> None:
    for name, ours in OURS.items():
        (page,) = [p for p in HELP if p.stem == name]
        told = set(re.findall(r"^METHOD:: (.+)$", page.read_text(), re.MULTILINE))
        told = {word.strip() for line in told for word in line.split(",")}
        hidden = {m for m in ours if m.startswith("pr") or m in ("init", "new", "doOnShutDown")}
        assert {m.rstrip("_") for m in ours - hidden} == told - {"new"}, name


def test_it_can_be_installed_as_a_quark() -> None:
    text = (FOLDER / "oscbridge.quark").read_text()
    assert "name: \\oscbridge" in text and "OscBridge" in text
    assert {path.stem for path in CLASSES} == {path.stem for path in HELP}
