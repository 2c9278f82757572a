"""MIDI ports of this machine: whether they can be had, which there are, and which one is meant.

`python -m oscbridge.daemon.midi_ports` prints them as JSON, in a process of its own: a driver may hang or crash.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import BridgeError

CLIENT = "oscbridge"  # our own name among the programs that have ports
API_VARIABLE = "OSCBRIDGE_MIDI_API"  # alsa, jack, core, winmm: one of them, where the first will not do
LOOPBACKS = ("midi through",)  # ALSA's; it gives back what is sent into it
LEAST_ALIKE = 4  # letters that the names of a controller's two ports have in common at least
LIST_S = 10.0
INSTALL = "pip install 'oscbridge[midi]'"


@dataclass(frozen=True)
class MidiPorts:
    """api: of the system that has them."""

    api: str
    inputs: list[str]
    outputs: list[str]


def is_installed() -> bool:
    """Whether the extra is; it is not loaded for that."""
    return importlib.util.find_spec("rtmidi") is not None


def require() -> None:
    """Raises BridgeError 503 if the extra is not installed."""
    if not is_installed():
        raise BridgeError(f"MIDI needs python-rtmidi, which is not there: {INSTALL}, then start again", 503)


def load() -> Any:
    """python-rtmidi. Raises BridgeError 503 if it does not load."""
    try:
        import rtmidi
    except ImportError as error:
        raise BridgeError(f"MIDI needs python-rtmidi, which does not load ({error}): {INSTALL}", 503) from None
    return rtmidi


def open_api(kind: str = "MidiIn") -> tuple[Any, str]:
    """A MidiIn or MidiOut of python-rtmidi, not yet connected, and the name of its API: that of the environment
    variable OSCBRIDGE_MIDI_API, else the first one that can be opened.

    Raises BridgeError 503 if rtmidi does not load or no API can be opened, 422 if there is none of that name.
    """
    rtmidi = load()
    names = {rtmidi.get_api_name(api): api for api in rtmidi.get_compiled_api()}
    if wanted := os.environ.get(API_VARIABLE, ""):
        if wanted not in names:
            raise BridgeError(f"{API_VARIABLE} is {wanted!r}; python-rtmidi has {', '.join(names)}")
        names = {wanted: names[wanted]}
    troubles = []
    for name, api in names.items():
        try:
            with _silence():
                return getattr(rtmidi, kind)(api, name=CLIENT), name
        except rtmidi.RtMidiError as error:
            troubles.append(f"{name}: {str(error).rstrip('.')}")
    raise BridgeError(f"MIDI cannot be opened ({'; '.join(troubles) or 'python-rtmidi has no API'})", 503)


def pick_input(names: Sequence[str], device: str) -> str | None:
    """The first input whose name has `device` in it, in any case; "" is the first of them, but no loopback."""
    found = [n for n in names if not n.startswith(CLIENT) and device.casefold() in n.casefold()]
    return next((n for n in found if device or not _is_loopback(n)), None)


def pick_output(names: Sequence[str], chosen: str) -> str | None:
    """The output of the controller whose input is `chosen`: of the same name, else the one that begins most alike."""
    if chosen in names:
        return chosen
    alike = [(_alike(n.casefold(), chosen.casefold()), n) for n in names if not n.startswith(CLIENT)]
    alike = [(length, n) for length, n in alike if length >= LEAST_ALIKE and not _is_loopback(n)]
    # among those that begin alike the rest tells: capture_2 belongs to playback_2
    return max(alike, key=lambda a: (a[0], difflib.SequenceMatcher(None, a[1], chosen).ratio()), default=(0, None))[1]


def _alike(one: str, other: str) -> int:
    """How many letters they begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def list_ports() -> MidiPorts:
    """The ports as they are now. Takes about a fifth of a second. Raises BridgeError 503 if they cannot be had."""
    require()
    command = [sys.executable, "-m", __name__]
    try:
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIST_S, check=False)
        answer = json.loads(ended.stdout)
    except subprocess.TimeoutExpired as error:
        raise BridgeError(f"MIDI did not list its ports within {LIST_S:.0f} s; is a driver hanging?", 503) from error
    except ValueError as error:
        raise BridgeError(f"listing the MIDI ports ended with {ended.returncode}", 503) from error
    if "trouble" in answer:
        raise BridgeError(answer["trouble"], answer["code"])
    return MidiPorts(**answer)


def _is_loopback(name: str) -> bool:
    return any(word in name.casefold() for word in LOOPBACKS)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Drivers print to the standard error as they look for their servers."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _main() -> None:
    try:
        midi_in, api = open_api()
        midi_out, _ = open_api("MidiOut")
        ports = [[n for n in port.get_ports() if not n.startswith(CLIENT)] for port in (midi_in, midi_out)]
        for port in (midi_in, midi_out):
            port.delete()  # JACK waits for a client that does not take its leave
        print(json.dumps(asdict(MidiPorts(api, *ports))))
    except BridgeError as error:
        print(json.dumps({"trouble": str(error), "code": error.code}))


if __name__ == "__main__":
    _main()
