"""The process that dreams: one step after the other, its clips as files."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from .places import SharedArrays
from .recent import SharedRecent
from .worker_process import Orders, begin, read_orders, tell, under_control

if TYPE_CHECKING:
    from ..dream.dreamer import Dreamer, Progress
    from .farm import Farm

ALIVE_S = 0.5
SCORED_SHARE = 0.25  # of the time at most goes into looking at the loop itself
MOST_THREADS = 8
FARM = "/ear/dream/farm"  # what the farm's troubles are told of


@dataclass(frozen=True)
class Order:
    """What is to be dreamed; control sends it anew whenever a part of it changes.

    wishes: the section `dream`; frames: length of the loop in samples; selection: update of the shared weights
    begun: rises with each start from the origin; starts: with each start; origin, target: clip files, "" for the
    bundled loop
    """

    wishes: dict[str, Any] = field(default_factory=dict)
    is_on: bool = False
    frames: int = 1
    selection: int = 0
    begun: int = 0
    starts: int = 0
    origin: str = ""
    target: str = ""


def run(
    sock: socket.socket, parent: int, model: str, weights: SharedArrays, recent: SharedRecent, order: Order, resume: str
) -> None:
    """Entry point of the process. model: path of the YAML; weights: (neurons,) of the selection, 0 what is not
    selected; recent: what the ear heard last; resume: a clip to go on from, "" for the origin."""
    begin(parent, nice=5)  # sound goes before dreams
    with under_control(sock):
        _Worker(sock, model, weights, recent, order, resume).loop()


class _Worker:
    def __init__(
        self, sock: socket.socket, model: str, weights: SharedArrays, recent: SharedRecent, order: Order, resume: str
    ) -> None:
        import torch

        from ..ear.opening import open_with_reference

        self.threads = min(MOST_THREADS, max(1, (os.cpu_count() or 1) - 1))  # one core is the listener's
        torch.set_num_threads(self.threads)
        torch.set_flush_denormal(True)
        self._torch, self._sock, self._weights, self._recent = torch, sock, weights, recent
        self._orders: Orders = queue.SimpleQueue()
        threading.Thread(target=read_orders, args=(sock, self._orders), daemon=True).start()
        self._model, self._bundled, reference = open_with_reference(Path(model))
        from ..dream.goals import Goals

        self._goals = Goals(self._model, reference, self._bundled)
        self._farm = self._open_farm(order.wishes["farm"], Path(model))
        self._rate: int = self._model.plan.rate
        self._order = self._applied = Order()  # the newest, and the newest that could be carried out
        self._resume = resume
        self._dreamer: Dreamer | None = None
        self._is_new = False  # nothing was told of yet since the last start
        self._pace = 0.0  # seconds a step
        self._scoring_s, self._since_scored_s = 0.0, 1.0
        self._sent, self._sent_at = (0, 0), 0.0  # to the farm: start and step
        tell(sock, {"ready": True, "threads": self.threads})
        self._take(order)

    def loop(self) -> None:
        while True:
            self._carry_out(wait=not self._is_dreaming)
            if self._is_dreaming and self._farm is not None:
                self._farmed_round(self._farm)
            elif self._is_dreaming:
                self._step()

    @property
    def _is_dreaming(self) -> bool:
        return self._order.is_on and self._dreamer is not None

    # orders

    def _carry_out(self, wait: bool) -> None:
        """All that have come; without a dream, after a while without one too."""
        newest: dict[str, Any] | None = None
        try:
            first = self._orders.get(timeout=ALIVE_S) if wait else self._orders.get_nowait()
        except queue.Empty:
            if wait:
                tell(self._sock, {"alive": True})
            return
        pending = [first]
        while not self._orders.empty():
            pending.append(self._orders.get())
        for order in pending:
            if "hand_over" in order:
                if newest is not None:  # what was asked for before it
                    self._take(Order(**newest))
                    newest = None
                self._hand_over(**order["hand_over"])
            else:
                newest = order["order"]
        if newest is not None:
            self._take(Order(**newest))

    def _take(self, order: Order) -> None:
        """Changes the dream; what cannot be is told, and the dream before goes on if there is one."""
        if order.is_on and not self._order.is_on:
            self._is_new = True
        self._order = order
        if not order.is_on:
            return
        try:
            self._apply(order, self._applied)
            self._applied = order
        except BridgeError as error:
            tell(self._sock, {"refused": str(error), "code": error.code, "starts": order.starts})

    def _apply(self, order: Order, before: Order) -> None:
        from ..dream.dreamer import Dreamer
        from ..dream.objectives import Selected
        from ..sections import Dream

        wishes = Dream(**order.wishes)
        if self._dreamer is None or order.target != before.target or order.frames != before.frames:
            self._goals.target = self._clip(order.target, order.frames)
        values = self._weights.read(order.selection)
        neurons = values.nonzero()[0]
        selected = Selected(neurons, values[neurons])
        if self._dreamer is None:
            origin = self._origin(wishes, order)
            self._dreamer = Dreamer(self._model, origin, wishes, selected, self._goals)
            self._is_new = True
            self._go_on(order.frames)
            return
        self._dreamer.change(wishes, selected)
        if order.begun != before.begun:
            self._dreamer.begin(self._origin(wishes, order), wishes.seed)
            self._is_new = True
        elif order.frames != before.frames:
            from .clip_sound import recut

            sound, origin = (recut(x.numpy(), order.frames) for x in (self._dreamer.sound, self._dreamer.origin))
            self._dreamer.resize(self._torch.from_numpy(sound), self._torch.from_numpy(origin))

    def _go_on(self, frames: int) -> None:
        """From the last clip of the worker before, if there is one."""
        assert self._dreamer is not None
        path, self._resume = self._resume, ""
        try:
            if path:
                self._dreamer.resize(self._clip(path, frames), self._dreamer.origin)
        except BridgeError as error:
            tell(self._sock, {"trouble": f"{error}; the dream begins anew", "code": error.code})

    def _origin(self, wishes: Any, order: Order) -> Any:
        n = order.frames
        if wishes.origin == "noise":
            from ..dream.origins import white_noise

            return white_noise(n, wishes.noise_db, wishes.seed)
        if wishes.origin == "silence":
            return self._torch.zeros(n)
        if wishes.origin == "live":
            heard = self._recent.last(n)
            if heard is None:
                raise BridgeError(f"the ear has not heard {n / self._rate:.1f} s yet; try again then", 409)
            return self._torch.from_numpy(heard)
        return self._clip(order.origin, n)

    def _clip(self, path: str, frames: int) -> Any:
        """A clip's sound, or the bundled loop's, as long as the loop."""
        from .clip_files import read_clip
        from .clip_sound import recut

        sound = read_clip(Path(path), self._rate) if path else self._bundled.numpy()
        return self._torch.from_numpy(recut(sound, frames))

    # steps and clips

    def _open_farm(self, address: str, model: Path) -> Farm | None:
        """The farm that dreams for us; if there is none to be had it is told, and we dream ourselves."""
        if not address:
            return None
        from .farm import Farm

        try:
            return Farm(address, model)
        except BridgeError as error:
            tell(self._sock, {"trouble": str(error), "code": error.code, "address": FARM})
            return None

    def _farmed_round(self, farm: Farm) -> None:
        """Sends the dream as it is, or looks whether the best of it is back."""
        assert self._dreamer is not None
        from ..dream.job import Job

        d = self._dreamer
        try:
            if not farm.is_at_work:
                sounds = (d.sound.numpy(), d.origin.numpy(), self._goals.target.numpy())
                seed = d.wishes.seed + d.step_number
                wishes = d.wishes.model_dump()
                farm.send(Job(self._model.plan.id, wishes, d.selected, *sounds, steps=0, seed=seed))
                self._sent, self._sent_at = (self._order.begun, d.step_number), time.monotonic()
            steps = farm.steps
            best = farm.best(timeout_s=0.1)
        except BridgeError as error:
            tell(self._sock, {"trouble": f"{error}. Dreaming here instead", "code": error.code, "address": FARM})
            self._farm = None
            return
        tell(self._sock, {"alive": True})
        # what was sent before a restart, or with a loop of another length, is of no use now
        is_ours = self._sent == (self._order.begun, d.step_number)
        if best is None or not is_ours or len(best.sound) != d.samples:
            return
        self._pace = (time.monotonic() - self._sent_at) / steps
        self._show(d.take(self._torch.from_numpy(best.sound), steps, best.score, best.loss))

    def _step(self) -> None:
        assert self._dreamer is not None
        began = time.monotonic()
        is_scored = self._is_new or self._scoring_s <= SCORED_SHARE * self._since_scored_s
        progress = self._dreamer.step(is_scored=False)
        stepped = time.monotonic()
        if is_scored:
            progress = self._dreamer.rated(progress)
            self._scoring_s, self._since_scored_s = time.monotonic() - stepped, 0.0
        took = time.monotonic() - began
        self._since_scored_s += took
        self._pace = took if not self._pace else self._pace + 0.1 * (took - self._pace)
        self._show(progress)

    def _show(self, progress: Progress) -> None:
        told = {"step": progress.step, "per_s": 1 / max(self._pace, 1e-6), "score": progress.score}
        tell(self._sock, {**told, "loss": progress.loss, "undone": progress.undone, "starts": self._order.starts})
        self._is_new = False

    def _hand_over(self, clip: int, folder: str, format: str, made: dict[str, Any]) -> None:
        from .clip_files import write_clip

        if self._dreamer is None:
            return
        samples, score = self._dreamer.clip.numpy(), self._dreamer.score()
        made = {**made, "step": self._dreamer.step_number}
        try:
            written = write_clip(
                Path(folder), clip, samples, self._rate, format=format, score=score, made=made, made_at=time.time()
            )
        except BridgeError as error:
            tell(self._sock, {"trouble": str(error), "code": error.code})
            return
        except OSError as error:  # what was half written can't be removed either
            text = f"clip {clip} cannot be written into {folder}: {error.strerror}; the current clip plays on"
            tell(self._sock, {"trouble": text, "code": 500})
            return
        tell(self._sock, {"clip": {**asdict(written), "path": str(written.path)}})
