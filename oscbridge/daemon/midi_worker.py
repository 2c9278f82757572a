"""The process that owns the MIDI ports: it finds them, hands on what comes in, and sends what is to be shown.

Apart, because drivers hang, crash and hold Python's lock for tens of milliseconds as their servers come and go. Here
that costs the restart of a small process; in control it would cost frames.

Control sends lines of JSON: {"device": part of a name} looks for another, {"send": [bytes of a message, …]} goes to the
controller. It is told

    {"ready": true}                               at the start
    {"found": input, "shows": output or ""}       messages come from now on
    {"midi": [bytes of a message, …]}             what came
    {"gone": input}, {"missing": sentence}        it is looked for
    0                                             twice a second, whatever else happens
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from typing import Any

from ..errors import BridgeError
from .midi_ports import load, open_api, pick_input, pick_output
from .worker_process import begin, lines_of, tell, under_control

NICE = -10
LOOK_S = 2.0
BEAT_S = 0.5
ANEW_LOOKS = 5  # a JACK server that was started again is not seen by who knew the one before
MOST_AT_ONCE = 256
MOST_WAITING = 10_000

Items = queue.SimpleQueue[Any]  # the bytes of a message, an order of control, or None at the end


def run(sock: socket.socket, parent: int, device: str) -> None:
    """Until control closes the socket. device: a part of the input's name, "" for the first."""
    begin(parent, NICE)
    items: Items = queue.SimpleQueue()
    threading.Thread(target=_read, args=(sock, items), daemon=True).start()
    with under_control(sock):
        ports = Ports(sock, items, device)
        tell(sock, {"ready": True})
        try:
            _work(sock, items, ports)
        finally:
            ports.close()


def _read(sock: socket.socket, items: Items) -> None:
    """In a thread of its own: control's lines."""
    for item in lines_of(sock):
        items.put(item)
    items.put(None)  # control is gone: the ports are closed first, which JACK needs


def _work(sock: socket.socket, items: Items, ports: Ports) -> None:
    look_at = beat_at = 0.0
    while True:
        if (now := time.monotonic()) >= look_at:
            ports.look()
            look_at = now + LOOK_S
        if now >= beat_at:
            sock.sendall(b"0\n")
            beat_at = now + BEAT_S
        heard = []
        for item in _batch(items, min(look_at, beat_at) - time.monotonic()):
            if item is None:
                return
            if isinstance(item, dict):
                ports.obey(item)
            else:
                heard.append(item)
        if heard:
            tell(sock, {"midi": heard})


def _batch(items: Items, timeout_s: float) -> list[Any]:
    """What is there, or comes first within that time."""
    batch: list[Any] = []
    with contextlib.suppress(queue.Empty):
        batch.append(items.get(timeout=max(timeout_s, 0.0)))
        while len(batch) < MOST_AT_ONCE:
            batch.append(items.get_nowait())
    return batch


class Ports:
    """The input, and the output of the same controller, while they are there.

    Raises BridgeError when built if rtmidi does not load.
    """

    def __init__(self, sock: socket.socket, items: Items, device: str) -> None:
        self._sock, self._items, self._device = sock, items, device
        self._errors = (load().RtMidiError, ValueError, OverflowError)
        self._in: Any = None
        self._out: Any = None
        self._api = self._name = self._shows = self._said = ""
        self._looks = 0

    def look(self) -> None:
        """Finds an input where there is none, and notices when it is gone."""
        names = self._names()
        if self._name and self._name not in names:
            tell(self._sock, {"gone": self._name})
            self._release()
        if not self._name:
            self._find(names)

    def obey(self, order: dict[str, Any]) -> None:
        if "device" in order:
            self._device, self._said = order["device"], ""
            self._release()
            self.look()
        elif self._shows:
            with contextlib.suppress(*self._errors):  # it was unplugged: the next look finds out
                for message in order["send"]:
                    self._out.send_message(message)

    def close(self) -> None:
        self._release()
        for port in (self._in, self._out):
            if port is not None:
                with contextlib.suppress(*self._errors):
                    port.delete()  # JACK waits for a client that does not take its leave
        self._in = self._out = None

    def _release(self) -> None:
        """Lets the controller go, and keeps what may be connected again: making it anew disturbs JACK."""
        if self._name:
            for close in (self._in.cancel_callback, self._in.close_port):
                with contextlib.suppress(*self._errors):
                    close()
        if self._shows:
            with contextlib.suppress(*self._errors):
                self._out.close_port()
        self._name = self._shows = ""

    def _names(self) -> list[str]:
        self._looks += 1
        if not self._name and self._api == "jack" and self._looks % ANEW_LOOKS == 0:
            self.close()
        try:
            if self._in is None:
                self._in, self._api = open_api()
            return list(self._in.get_ports())
        except BridgeError as error:
            if error.code != 503:
                raise
            self._say_once({"missing": str(error)})
        except self._errors:
            pass
        return []

    def _find(self, names: list[str]) -> None:
        name = pick_input(names, self._device)
        if self._in is None:
            return
        if name is None:
            there = ", ".join(names) or "none"
            like = f" with {self._device!r} in its name" if self._device else ""
            self._say_once({"missing": f"there is no MIDI input{like}; there are: {there}"})
            return
        try:
            self._in.open_port(names.index(name), "in")
            self._in.set_callback(self._on_midi)
        except self._errors as error:
            self._say_once({"missing": f"the MIDI input {name} cannot be opened: {error}"})
            self.close()
            return
        self._name, self._shows, self._said = name, self._open_output(name), ""
        tell(self._sock, {"found": name, "shows": self._shows})

    def _open_output(self, name: str) -> str:
        """Its name, "" if there is none."""
        try:
            if self._out is None:
                self._out, _ = open_api("MidiOut")
            names = list(self._out.get_ports())
            if (chosen := pick_output(names, name)) is not None:
                self._out.open_port(names.index(chosen), "out")
                return chosen
        except (BridgeError, *self._errors):
            pass
        return ""

    def _on_midi(self, event: tuple[list[int], float], _: object) -> None:
        """In the driver's thread: hands over, and nothing else."""
        if self._items.qsize() < MOST_WAITING:
            self._items.put(event[0])

    def _say_once(self, message: dict[str, Any]) -> None:
        if message["missing"] != self._said:
            self._said = message["missing"]
            tell(self._sock, message)
