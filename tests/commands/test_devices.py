"""`oscbridge devices`, on machines with all kinds of inputs, as the test makes them up."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from oscbridge.cli import app
from oscbridge.commands.devices import name_to_type, report
from oscbridge.daemon import devices
from oscbridge.daemon.capture import Input, pick
from oscbridge.errors import BridgeError

STUDIO = [
    Input(0, "HDA Intel PCH: ALC295 Analog (hw:0,0)", "ALSA", 2, 44_100.0, False),
    Input(1, "HDA Intel PCH: ALC295 Alt Analog (hw:0,2)", "ALSA", 2, 48_000.0, False),
    Input(4, "Scarlett 18i20 USB: Audio (hw:2,0)", "ALSA", 18, 48_000.0, True),
    Input(7, "Scarlett 18i20 USB: Audio (hw:3,0)", "ALSA", 18, 48_000.0, False),
    Input(9, "default", "ALSA", 32, 44_100.0, False),
    Input(11, 'The "best" input', "JACK", 1, 96_000.0, False),
]


def test_the_table_has_a_row_for_each_input_with_all_that_is_known() -> None:
    rows = report(STUDIO)[1 : 1 + len(STUDIO)]
    assert re.match(r" *4  Scarlett 18i20 USB: Audio \(hw:2,0\) +ALSA +18  48,000 Hz  default$", rows[2])
    assert re.match(r'11  The "best" input +JACK +1  96,000 Hz$', rows[5])
    assert sum("  default" in row and row.endswith("default") for row in rows) == 1


def test_the_columns_stand_below_each_other() -> None:
    lines = report(STUDIO)[: 1 + len(STUDIO)]
    assert len({line.index(word) for line, word in zip(lines[1:], ["ALSA"] * 5 + ["JACK"], strict=True)}) == 1
    assert lines[0].index("host API") == lines[1].index("ALSA")


@pytest.mark.parametrize("chosen", STUDIO, ids=lambda i: i.name)
def test_what_it_says_to_type_opens_that_input(chosen: Input) -> None:
    typed = name_to_type(chosen, STUDIO)
    assert '"' not in typed
    found, note = pick(STUDIO, typed)
    assert (found, note) == (chosen, ""), f"{typed!r} is ambiguous"


def test_the_command_line_it_shows_uses_the_default_input() -> None:
    text = "\n".join(report(STUDIO[:3]))
    assert 'oscbridge run --device "Scarlett"' in text and "oscbridge run --device 4 --channel 1" in text


def test_a_machine_without_inputs_is_told_what_to_try() -> None:
    text = "\n".join(report([]))
    assert "no sound input" in text and "arecord -l" in text and "--file" in text


def test_without_portaudio_it_names_the_package_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[Input]:
        raise BridgeError("sound inputs need the PortAudio library: `sudo apt-get install libportaudio2`", 503)

    monkeypatch.setattr(devices, "list_inputs", missing)
    result = CliRunner().invoke(app, ["devices"])
    assert result.exit_code == 1
    assert "libportaudio2" in result.stderr and not result.stdout


def test_this_machine_is_listed_or_told_what_it_lacks() -> None:
    result = CliRunner().invoke(app, ["devices"])
    assert result.exit_code in (0, 1)
    assert result.output.strip() and not isinstance(result.exception, Exception)
