"""`oscbridge devices`: the sound inputs and MIDI inputs, and the command line that takes one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import BridgeError

if TYPE_CHECKING:
    from ..daemon.devices import Input
    from ..daemon.midi_ports import MidiPorts


def show() -> None:
    """Raises BridgeError if PortAudio is missing or does not answer."""
    from ..daemon.devices import list_inputs

    print("\n".join(report(list_inputs())))
    print("\n".join(midi()))


def midi() -> list[str]:
    """The MIDI inputs, and what to type; why there are none, if they cannot be had; nothing without the extra."""
    from ..daemon.midi_ports import is_installed, list_ports

    if not is_installed():
        return []
    try:
        return ["", *midi_report(list_ports())]
    except BridgeError as error:
        return ["", f"MIDI inputs cannot be listed: {error}"]


def midi_report(ports: MidiPorts) -> list[str]:
    if not ports.inputs:
        return [f"No MIDI input ({ports.api})."]
    return [
        f"MIDI inputs ({ports.api}):",
        *(f"  {name}" for name in ports.inputs),
        "Take one by a part of its name:",
        f'  oscbridge run --set midi.enabled=true --set "midi.device={ports.inputs[0]}" --set midi.map=nanokontrol2',
    ]


def report(inputs: Sequence[Input]) -> list[str]:
    """The table, and what to type."""
    if not inputs:
        return [
            "This machine shows no sound input. Plug one in, or start its sound server, and run this again; on Linux",
            "`arecord -l` tells what the system sees, and your user may have to be in the group `audio`.",
            "Without one: `oscbridge run` hears the bundled loop, `oscbridge run --file song.wav` a file.",
        ]
    rows = [("#", "name", "host API", "channels", "rate", "")]
    rows += [
        (str(i.index), i.name, i.api, str(i.channels), f"{i.rate:,.0f} Hz", "default" * i.is_default) for i in inputs
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    lines = ["  ".join(_aligned(row, widths)).rstrip() for row in rows]
    chosen = next((i for i in inputs if i.is_default), inputs[0])
    return [
        *lines,
        "",
        "Listen to one by a part of its name, which stays the same when others come and go, or by its number:",
        f'  oscbridge run --device "{name_to_type(chosen, inputs)}"',
        f"  oscbridge run --device {chosen.index} --channel 1",
    ]


def name_to_type(chosen: Input, inputs: Sequence[Input]) -> str:
    """The shortest beginning of a name, by words, that means this input and no other; its number if there is none."""
    name = re.sub(r" *\(hw:\d+,\d+\)", "", chosen.name)  # ALSA's card number changes
    others = [i.name.casefold() for i in inputs if i is not chosen]
    for end in [m.start() for m in re.finditer(r"[ :,(]|$", name) if m.start() >= 4] or [len(name)]:
        part = name[:end]
        if '"' not in part and not any(part.casefold() in other for other in others):
            return part
    return str(chosen.index)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    is_number = (True, False, False, True, True, False)
    return [
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(row, widths, is_number, strict=True)
    ]
