"""The generated files hold what the code says, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from oscbridge import resources, settings
from oscbridge.cli import app
from oscbridge.commands import docs
from oscbridge.commands.addresses import reference
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.spec import load_spec
from oscbridge.osc.packets import Message, parse
from oscbridge.osc.space import COMMANDS, Command
from oscbridge.osc.streams import STREAMS, Packer, check_wish
from oscbridge.sections import Settings
from oscbridge.settings import Parameter, parameters

PER_FRAME = [(name, packing) for name, kind in STREAMS.items() if kind.per_frame for packing in kind.packings]


@pytest.mark.parametrize("path", docs.generated(), ids=lambda p: p.name)
def test_a_generated_file_is_what_the_code_makes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == docs.generated()[path], "run `oscbridge docs`"


def test_check_names_the_file_that_differs_and_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text("yesterday")
    new.write_text("today")
    monkeypatch.setattr(docs, "generated", lambda: {old: "today", new: "today", tmp_path / "none.md": "today"})
    result = CliRunner().invoke(app, ["docs", "--check"])
    assert result.exit_code == 1
    assert str(old) in result.stderr and "none.md" in result.stderr and str(new) not in result.stderr
    assert old.read_text() == "yesterday", "it only looks"
    assert CliRunner().invoke(app, ["docs"]).exit_code == 0
    assert old.read_text() == "today"
    assert CliRunner().invoke(app, ["docs", "--check"]).exit_code == 0


def test_the_default_yaml_says_the_defaults_and_nothing_else() -> None:
    assert settings.load(resources.folder("config") / "default.yaml", []) == Settings()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.address)
def test_every_command_is_there_with_its_arguments(command: Command) -> None:
    (row,) = [line for line in reference().splitlines() if line.startswith(f"| `{command.address}` |")]
    assert command.answer.split(",")[0] in row
    assert all(f"`{argument}`" in row for argument in command.arguments)


@pytest.mark.parametrize("parameter", list(parameters()), ids=lambda p: p.path)
def test_every_parameter_is_there_with_range_default_and_sentence(parameter: Parameter) -> None:
    head = f"| `{parameter.address}` |" if parameter.on_wire else f"| – (`{parameter.path}` in the settings file) |"
    (row,) = [line for line in reference().splitlines() if line.startswith(head)]
    assert parameter.doc.replace("<", "\\<") in row
    assert row.split(" | ")[1] == (f"`{parameter.tag}`" if parameter.on_wire else "list")
    assert all(f"`{choice}`" in row for choice in parameter.choices)
    assert parameter.low is None or f"{parameter.low:g} … " in row
    assert ("live" if parameter.live else "at start") in row


@pytest.mark.parametrize("stream", STREAMS)
def test_every_stream_is_there_with_its_packings_and_messages(stream: str) -> None:
    kind = STREAMS[stream]
    (row,) = [line for line in reference().splitlines() if line.startswith(f"| `{stream}` |")]
    assert all(f"`{packing}`" in row for packing in kind.packings if packing)
    assert all(f"`{sent.address} {sent.signature}`" in row and sent.when in row for sent in kind.messages)


def test_a_table_has_as_many_cells_in_every_row() -> None:
    for table in re.findall(r"(?:^\|.*\n)+", reference(), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


@pytest.mark.parametrize(("stream", "packing"), PER_FRAME)
def test_a_stream_sends_the_messages_that_are_written_there(stream: str, packing: str) -> None:
    ear = load_spec(resources.model_file("ear"))
    layers = anatomy(ear).layers
    packer = Packer(layers, 1, Normalizer(layers, None, "none", 1.0, 0.0), ear.classes)
    values = np.zeros(layers[-1].first_neuron + layers[-1].neurons, np.float32)
    text = "3:0-15" if stream == "maps" else ""
    packets = packer.frame(1, values).of(check_wish(stream, packing, text, 8_000, layers))
    written = STREAMS[stream].messages
    for packet in packets:
        (message,) = parse(bytes(packet))
        assert isinstance(message, Message)
        address = re.sub(r"/\d+$", "/<first>", message.address)
        (sent,) = [s for s in written if s.address == address and (packing in s.when or not s.when)]
        words = sent.signature.split()
        fixed = [word for word in words if "×" not in word and word != "…"]
        kinds = {"i": int, "f": float, "b": bytes, "s": str}
        assert all(isinstance(v, kinds[w[0]]) for v, w in zip(message.args, fixed, strict=False)), sent
        assert len(message.args) == len(fixed) or words[-1].startswith(("f×", "…")), sent
