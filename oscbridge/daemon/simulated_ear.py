"""The listening process without a network: it plays what an ear answered to a loop, as fast as it was heard."""

from __future__ import annotations

import queue
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..ear.neurons import Floats
from ..ear.recording import Recording, load_recording
from ..ear.spec import load_any_spec
from ..errors import BridgeError
from .frames import Frame, SharedFrames
from .listen_worker import LastFrame, wait_for_go
from .recent import SharedRecent
from .worker_process import Orders, begin, read_orders, tell, under_control

HOW = "as it was when it was recorded"
LATE_S = 0.5  # later than that, the machine slept: what it slept through is skipped


def run(
    recording: str,
    sock: socket.socket,
    parent: int,
    frames: SharedFrames,
    recent: SharedRecent,
    model: str,
) -> None:
    """Entry point of the process, like listen_worker.run's. recording: the file that is played; nothing is heard."""
    begin(parent, nice=0)
    with under_control(sock):
        played = load_recording(Path(recording))
        if load_any_spec(Path(model)) != played.header.spec:
            raise BridgeError(
                f"the simulation plays {played.header.spec.name} alone; `oscbridge run` can change networks", 409
            )
        _Player(sock, frames, played, Path(recording).name).loop()


class _Player:
    def __init__(self, sock: socket.socket, frames: SharedFrames, recording: Recording, name: str) -> None:
        self._sock, self._frames, self._recording = sock, frames, recording
        self._hop_s = recording.header.spec.scalogram.hop_s
        self._what = f"the recording {name} of {recording.header.sound}, looped"
        self._orders: Orders = queue.SimpleQueue()
        frames.write_statistics(recording.statistics)
        threading.Thread(target=read_orders, args=(sock, self._orders), daemon=True).start()
        tell(sock, {"loaded": recording.header.model, "trained": recording.header.trained, "how": HOW})
        self._last: LastFrame | None = wait_for_go(self._orders)["last"]
        tell(sock, {"ready": True, "what": self._what})

    def loop(self) -> None:
        number = self._first_number()
        values = np.zeros(self._recording.neurons, np.float32)
        self._play(number, values, everything=True)
        due, dropped = time.monotonic(), 0
        while True:
            if (late := int((time.monotonic() - due - LATE_S) / self._hop_s)) > 0:
                number, dropped, due = number + late, dropped + late, due + late * self._hop_s
                self._play(number, values, everything=True)
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.perf_counter_ns()
            self._play(number, values)
            took = time.perf_counter_ns() - began
            self._frames.write(Frame(number, time.time_ns(), took, dropped, values))
            self._sock.sendall(b"%d\n" % number)
            number += 1
            due += self._hop_s
            while not self._orders.empty():
                self._answer(self._orders.get())

    def _play(self, frame: int, values: Floats, everything: bool = False) -> None:
        self._recording.play(frame, values, everything)
        if self._recording.header.spec.classes:  # rounded one by one, probabilities no longer add up to 1
            part = values[self._recording.layers[-1].span]
            part /= max(float(part.sum()), 1e-9)

    def _first_number(self) -> int:
        """A frame's number keeps its place in time, across workers too."""
        if self._last is None:
            return 0
        number, finished = self._last
        return number + 1 + int((time.monotonic() - finished) / self._hop_s)

    def _answer(self, order: dict[str, Any]) -> None:
        """A change of source is taken, so that a patch may try it, but for a file that is not there."""
        if "listen" not in order:
            return
        file = order["listen"]["file"]
        if order["listen"]["source"] == "file" and file and not Path(file).expanduser().exists():
            text = f"listen.file is {file!r}; there is no such file or folder"
            tell(self._sock, {"result": order["id"], "code": 404, "text": text})
        else:
            tell(self._sock, {"result": order["id"], "code": 200, "text": self._what})
