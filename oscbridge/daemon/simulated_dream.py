"""The dreaming process without a network: it plays the steps and the clips of a dream that was recorded."""

from __future__ import annotations

import io
import queue
import socket
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..ear.recording import Recording, Step, load_recording
from ..errors import BridgeError
from .dream_worker import ALIVE_S, Order
from .places import SharedArrays
from .recent import SharedRecent
from .worker_process import Orders, begin, read_orders, tell, under_control


def run(
    recording: str,
    sock: socket.socket,
    parent: int,
    model: str,
    weights: SharedArrays,
    recent: SharedRecent,
    order: Order,
    resume: str,
) -> None:
    """Entry point of the process, like dream_worker.run's. Whatever is wished for, the same is dreamed."""
    begin(parent, nice=5)
    with under_control(sock):
        _Player(sock, load_recording(Path(recording)), weights, order).loop()


class _Player:
    def __init__(self, sock: socket.socket, recording: Recording, weights: SharedArrays, order: Order) -> None:
        self._sock, self._recording, self._weights = sock, recording, weights
        self._steps, self._order = recording.header.steps, Order()
        self._next = 0  # step to be played
        self._orders: Orders = queue.SimpleQueue()
        threading.Thread(target=read_orders, args=(sock, self._orders), daemon=True).start()
        tell(sock, {"ready": True, "threads": 1})
        self._take(order)

    def loop(self) -> None:
        while True:
            try:
                order = self._orders.get(timeout=self._pause if self._order.is_on else ALIVE_S)
            except queue.Empty:
                if self._order.is_on:
                    self._show()
                else:
                    tell(self._sock, {"alive": True})
                continue
            if "hand_over" in order:
                self._hand_over(**order["hand_over"])
            else:
                self._take(Order(**order["order"]))

    def _take(self, order: Order) -> None:
        before, self._order = self._order, order
        if not order.is_on:
            return
        try:
            self._check(order)
        except BridgeError as error:
            self._order = Order(**{**asdict(order), "is_on": False})
            tell(self._sock, {"refused": str(error), "code": error.code, "starts": order.starts})
            return
        if order.begun != before.begun:
            self._next = 0
        if order.begun != before.begun or not before.is_on:
            self._show()

    def _check(self, order: Order) -> None:
        """Refuses what the real one does, as far as it can be told without the network."""
        if not self._steps:
            raise BridgeError("this recording has no dream; make one with `oscbridge record --clips 2`", 409)
        objective, name = order.wishes["objective"], order.wishes["class_name"]
        classes = self._recording.header.spec.classes
        if objective == "classify" and name not in classes:
            raise BridgeError(f"dream.class_name is {name[:40]!r}; the classes are {', '.join(classes) or 'none'}", 404)
        if objective not in ("classify", "predict") and not self._weights.read(order.selection).any():
            raise BridgeError("nothing is selected; send /ear/select/add or /ear/select/circle first", 409)

    @property
    def _pause(self) -> float:
        """Seconds until the next step; those behind the recorded ones come as the last one did."""
        index = min(self._next, len(self._steps) - 1)
        before = self._steps[index - 1].at_s if index else 0.0
        return max(1e-3, self._steps[index].at_s - before)

    def _step(self) -> Step:
        return self._steps[min(self._next, len(self._steps) - 1)]

    def _show(self) -> None:
        step = self._step()
        self._next += 1
        told = {"step": self._next, "per_s": step.steps_per_s, "score": step.score, "loss": step.loss}
        tell(self._sock, {**told, "undone": 0, "starts": self._order.starts})

    def _hand_over(self, clip: int, folder: str, format: str, made: dict[str, Any]) -> None:
        """The newest clip that the dream has come to, as long as the loop is now."""
        import soundfile

        from .clip_files import write_clip
        from .clip_sound import recut

        header = self._recording.header
        reached = [i for i, c in enumerate(header.clips) if c.at_s <= self._step().at_s]
        index = reached[-1] if reached else 0
        samples, rate = soundfile.read(io.BytesIO(self._recording.sounds[index]), dtype="float32")
        made = {**made, "step": self._next, "simulated": header.made}
        try:
            written = write_clip(
                Path(folder), clip, recut(samples, self._order.frames), rate, format=format,
                score=header.clips[index].score, made=made, made_at=time.time(),
            )  # fmt: skip
        except BridgeError as error:
            tell(self._sock, {"trouble": str(error), "code": error.code})
            return
        tell(self._sock, {"clip": {**asdict(written), "path": str(written.path)}})
