"""SuperCollider's server as a client that plays clips, and the small ear that dreams them in time for a test."""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pythonosc.osc_message import OscMessage

from oscbridge.osc.packets import bundle, encode
from tests.ear import ears
from tests.wire import Running, Wire

from .need import need
from .programs import PATIENCE_S, free_port
from .test_jack_device import Jack

Samples = npt.NDArray[np.float32]

RATE, LOOP = 44_100, 44_100  # a loop is a second long
IN_TIME = ["transport.bpm=240", "transport.beats_per_clip=4", "transport.ready_ms=700"]
FADE_S = 0.02
RECORDER, RECORDED = 1, 0  # node and buffer numbers of scsynth; those of clips are FIRST + the clip's number
FIRST = 1_000
SCALAR, CONTROL, AUDIO = 0, 1, 2


@contextlib.contextmanager
def dreaming(folder: Path, *sets: str) -> Iterator[Running]:
    """A daemon whose ear is small, so that it dreams dozens of steps in a loop."""
    folder.mkdir(parents=True, exist_ok=True)
    ear = folder / "small.yaml"
    ears.write_yaml(ear, rate=RATE, hop=1_024)
    with Running(folder / "daemon", [f"model.name={ear}", *IN_TIME, *sets]) as running:
        yield running


def dream(wire: Wire) -> None:
    """Has it begun, with a selection that differs from silence."""
    assert wire.ask("/ear/select/add", 1, 0, -1, 0.0, 1.0, 1.0)[0] == "/ear/done"
    outcome = wire.ask("/ear/dream/start", timeout_s=60.0)
    assert outcome == ("/ear/done", "/ear/dream/start"), outcome


def places(sound: Samples, part: Samples) -> list[int]:
    """Where `part` is in the sound, bit for bit."""
    first = np.flatnonzero(sound[: len(sound) - len(part) + 1] == part[0])
    return [int(at) for at in first if np.array_equal(sound[at : at + len(part)], part)]


# what scsynth runs, as sclang would compile it


@dataclass(frozen=True)
class UGen:
    """inputs: numbers, or (unit, output) of the units before it in the list. special: which operator, if it is one."""

    name: str
    rate: int
    inputs: Sequence[float | tuple[int, int]]
    outputs: Sequence[int]
    special: int = 0


def synthdef(name: str, controls: dict[str, float], units: Sequence[UGen]) -> bytes:
    """A .scsyndef of version 2 with one definition. The first unit must be the Control that gives out the controls."""
    numbers = sorted({float(i) for unit in units for i in unit.inputs if not isinstance(i, tuple)})
    parts = [b"SCgf", struct.pack(">ih", 2, 1), _pascal(name)]
    parts += [struct.pack(f">i{len(numbers)}f", len(numbers), *numbers)]
    parts += [struct.pack(f">i{len(controls)}f", len(controls), *controls.values()), struct.pack(">i", len(controls))]
    parts += [_pascal(control) + struct.pack(">i", i) for i, control in enumerate(controls)]
    parts += [struct.pack(">i", len(units))]
    for unit in units:
        parts += [_pascal(unit.name)]
        parts += [struct.pack(">biih", unit.rate, len(unit.inputs), len(unit.outputs), unit.special)]
        for i in unit.inputs:
            parts += [struct.pack(">ii", *(i if isinstance(i, tuple) else (-1, numbers.index(float(i)))))]
        parts += [bytes(unit.outputs)]
    return b"".join([*parts, struct.pack(">h", 0)])


def _pascal(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


# Out.ar(0, PlayBuf.ar(1, buffer, loop: 1) * Linen.kr(gate, fade, 1, fade, doneAction: 2))
LOOPER = synthdef(
    "looper",
    {"buffer": 0, "gate": 1},
    [
        UGen("Control", CONTROL, [], [CONTROL, CONTROL]),
        UGen("PlayBuf", AUDIO, [(0, 0), 1, 1, 0, 1, 0], [AUDIO]),
        UGen("Linen", CONTROL, [(0, 1), FADE_S, 1, FADE_S, 2], [CONTROL]),
        UGen("BinaryOpUGen", AUDIO, [(1, 0), (2, 0)], [AUDIO], special=2),
        UGen("Out", AUDIO, [0, (3, 0)], []),
    ],
)
# DiskOut.ar(buffer, In.ar(0, 1))
RECORD = synthdef(
    "record",
    {"buffer": 0},
    [
        UGen("Control", CONTROL, [], [CONTROL]),
        UGen("In", AUDIO, [0], [AUDIO]),
        UGen("DiskOut", AUDIO, [(0, 0), (1, 0)], [AUDIO]),
    ],
)


class SuperCollider:
    """scsynth on a JACK server, and the socket by which it is told what to do."""

    def __init__(self, jack: Jack) -> None:
        port = free_port()
        program = need("scsynth", package="supercollider-server")
        command = [program, "-u", str(port), "-i", "0", "-o", "1", "-R", "0", "-D", "0"]
        self.process = jack._run(command, stdout=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self._wait_until_up()
        self.ask("/notify", 1)
        for definition in (LOOPER, RECORD):
            self.ask("/d_recv", definition)

    def _wait_until_up(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            assert self.process.poll() is None, "scsynth does not start"
            with contextlib.suppress(ConnectionRefusedError):
                self.send("/status")
                if self.receive(0.1):
                    return
            time.sleep(0.05)
        raise AssertionError("scsynth does not answer")

    def send(self, address: str, *args: Any, at_ns: int | None = None) -> None:
        """at_ns: of the Unix clock, for what is to happen then."""
        packet = encode(address, *args)
        self.socket.send(packet if at_ns is None else bundle(at_ns, packet))

    def receive(self, timeout_s: float) -> tuple[Any, ...] | None:
        self.socket.settimeout(timeout_s)
        try:
            message = OscMessage(self.socket.recv(65_536))
        except (TimeoutError, BlockingIOError):
            return None
        return (message.address, *message.params)

    def ask(self, address: str, *args: Any) -> None:
        """Sends, and waits until it is done."""
        self.send(address, *args)
        end = time.monotonic() + PATIENCE_S
        while (answer := self.receive(1.0)) is None or answer[:2] != ("/done", address):
            assert answer is None or answer[0] != "/fail", answer
            assert time.monotonic() < end, f"scsynth does not answer {address}"

    def record(self, path: Path) -> None:
        """Whatever sounds from now on."""
        self.ask("/b_alloc", RECORDED, 1 << 14)  # what does not fill half of it at the end is lost
        self.ask("/b_write", RECORDED, str(path), "wav", "float", 0, 0, 1)
        self.send("/s_new", "record", RECORDER, 1, 0, "buffer", RECORDED)

    def end_recording(self) -> None:
        self.send("/n_free", RECORDER)
        self.ask("/b_close", RECORDED)

    def close(self) -> None:
        self.send("/quit")
        self.process.wait(PATIENCE_S)
        self.socket.close()


class ClipPlayer:
    """A host that plays clips as a patch would: what comes from the daemon goes to scsynth, and what scsynth has done
    is told to the daemon."""

    def __init__(self, wire: Wire, scsynth: SuperCollider) -> None:
        self._wire, self._scsynth = wire, scsynth
        self.announced: dict[int, tuple[str, Path]] = {}  # sha256 and path by clip
        self.activated: dict[int, int] = {}  # Unix ns of the bundle's timetag by clip
        self.started: dict[int, float] = {}  # Unix seconds at which scsynth told it
        self.answers: list[tuple[Any, ...]] = []

    def run_until(self, enough: Callable[[], bool], timeout_s: float = 2 * PATIENCE_S) -> None:
        end = time.monotonic() + timeout_s
        while not enough():
            assert time.monotonic() < end, f"{self.activated} of {list(self.announced)}; the last: {self.answers[-5:]}"
            if message := self._wire.receive(0.005):
                self._from_daemon(*message)
            if answer := self._scsynth.receive(0.005):
                self._from_scsynth(*answer)

    def _from_daemon(self, address: str, *args: Any) -> None:
        if address == "/ear/clip/ready":
            clip, sha256, _, path = args[:4]
            self.announced[clip] = (sha256, Path(path))
            self._scsynth.send("/b_allocRead", FIRST + clip, path)
        elif address == "/ear/clip/activate":
            [clip] = args[:1]
            at_ns = round(self._wire.timetag * 1e9)
            assert abs(at_ns - (args[1] * 1_000_000_000 + args[2] * 1_000)) < 10_000
            if self.activated:
                self._scsynth.send("/n_set", FIRST + max(self.activated), "gate", 0.0, at_ns=at_ns)
            self._scsynth.send("/s_new", "looper", FIRST + clip, 0, 0, "buffer", FIRST + clip, at_ns=at_ns)
            self.activated[clip] = at_ns
        elif address in ("/ear/done", "/ear/fail"):
            self.answers.append((address, *args))

    def _from_scsynth(self, address: str, *args: Any) -> None:
        if address == "/done" and args[0] == "/b_allocRead":
            self._wire.send("/ear/clip/loaded", args[1] - FIRST)
        elif address == "/n_go" and args[0] >= FIRST:
            self.started[args[0] - FIRST] = time.time()
            self._wire.send("/ear/clip/started", args[0] - FIRST)
        elif address == "/fail":
            self.answers.append((address, *args))
