"""The listening process: sound in, one hop at a time, activations into shared memory."""

from __future__ import annotations

import gc
import json
import queue
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from .frames import Frame, SharedFrames
from .recent import SharedRecent
from .worker_process import Orders, begin, read_orders, tell

if TYPE_CHECKING:
    from .sources import ClipSource, Source

    _Opened = tuple[int, dict[str, Any], dict[str, Any] | None, Source | BridgeError]

RATED_S = 2.0

LastFrame = tuple[int, float]  # its number, and when it was finished on the monotonic clock, which processes share


def run(
    sock: socket.socket,
    parent: int,
    frames: SharedFrames,
    recent: SharedRecent,
    model: str,
) -> None:
    """Entry point of the process. model: path of the YAML.

    It loads the network, says `loaded`, and waits for control's `go` before it opens a source: another worker may hold
    the device until then. go: listen, the section; last, the LastFrame of the worker before, or None; deck, the newest
    order to play a clip (clip, path, at_ns, crossfade_ms), or None, which the source `clip` follows."""
    begin(parent, nice=-10)  # where limits.conf or root allow it, a hop goes before other work
    try:
        _Listener(sock, frames, recent, model).loop()
    except BridgeError as error:
        tell(sock, {"fatal": str(error), "code": error.code})
        sys.exit(2)
    except (BrokenPipeError, ConnectionError):
        sys.exit(0)  # control is gone


def wait_for_go(orders: Orders) -> dict[str, Any]:
    """What came before it is in it already."""
    while "go" not in (order := orders.get()):
        pass
    go: dict[str, Any] = order["go"]
    return go


class _Listener:
    def __init__(
        self,
        sock: socket.socket,
        frames: SharedFrames,
        recent: SharedRecent,
        model: str,
    ) -> None:
        import torch

        from ..ear.hearing import open_hearing
        from . import open_source  # noqa: F401 - now, while it does not matter how long that takes

        self._calm()
        beside = ThreadPoolExecutor(1, initializer=self._calm).submit  # for networks that look at windows
        opened = open_hearing(Path(model), time.perf_counter, beside)
        self._torch, self._hearing = torch, opened.hearing
        self._values = opened.hearing.values.numpy()
        network = opened.model
        self._rate, self._hop = network.plan.rate, network.plan.hop
        self._picture, self._see = opened.picture, opened.see
        self._sock, self._frames, self._recent = sock, frames, recent
        self._lock = threading.Lock()
        self._lost_before = 0  # by sources that played before
        self._orders: Orders = queue.SimpleQueue()
        self._opened: queue.SimpleQueue[_Opened] = queue.SimpleQueue()
        frames.write_statistics(network.statistics)
        threading.Thread(target=read_orders, args=(sock, self._orders), daemon=True).start()
        gc.collect()
        gc.freeze()
        gc.disable()  # no pause mid-hop; the loop makes no cycles
        self._tell({"loaded": network.plan.id, "trained": network.trained, "how": network.how})
        go = wait_for_go(self._orders)
        self._listen, self._deck, self._last = go["listen"], go["deck"], go["last"]
        self._source = self._first_source()
        self._tell({"ready": True, "what": self._source.what})

    def _first_source(self) -> Source:
        """The source asked for; if it cannot be had, the bundled loop, and the reason is told."""
        try:
            return self._open(self._listen, self._deck, wait=True)
        except BridgeError as error:
            self._tell({"trouble": str(error), "code": error.code, "lasts": True})
            from ..sections import Listen

            return self._open(Listen().model_dump(), None, wait=False)

    def _open(self, listen: dict[str, Any], deck: dict[str, Any] | None, wait: bool) -> Source:
        from .open_source import open_source

        options: dict[str, Any] = {"tell": self._trouble, "wait": wait, "deck": deck, "picture": self._picture}
        return open_source(listen, self._rate, self._hop, **options)

    @staticmethod
    def _calm() -> None:
        """For each thread that computes: one is enough, and fading tails would cost many times a hop."""
        import torch

        torch.set_num_threads(1)
        torch.set_flush_denormal(True)

    def loop(self) -> None:
        dropped = 0
        self._recent.begin()
        self._number = self._first_number()
        self._rated = time.monotonic(), self._hearing.looks
        while True:
            hop = self._source.next_hop()
            began = time.perf_counter_ns()
            self._recent.write(hop.dropped.reshape(-1))
            self._recent.write(hop.samples)
            with self._torch.inference_mode():
                if hop.dropped_count:
                    self._hearing.skip(self._torch.from_numpy(hop.dropped.reshape(-1)))
                    dropped += hop.dropped_count
                    self._number += hop.dropped_count
                if hop.picture is not None and self._see is not None:
                    self._see(self._torch.from_numpy(hop.picture))
                else:
                    self._hearing.push(self._torch.from_numpy(hop.samples))
            took = time.perf_counter_ns() - began
            lost = dropped + self._lost_before + self._source.lost_hops
            self._frames.write(Frame(self._number, hop.unix_ns, took, lost, self._values))
            self._send_line(b"%d\n" % self._number)
            self._number += 1
            self._tell_rate()
            self._carry_out()

    def _first_number(self) -> int:
        """A frame's number keeps its place in time, across workers too, and tells which layers make a step."""
        if self._last is None:
            return 0
        number, finished = self._last
        due = number + 1 + int((time.monotonic() - finished) * self._rate / self._hop)
        return due + -due % self._hearing.settle

    def _tell_rate(self) -> None:
        """Now and then how often windows are looked at."""
        now = time.monotonic()
        if self._hearing.streams or now - self._rated[0] < RATED_S:
            return
        looks = self._hearing.looks
        self._tell({"looks": (looks - self._rated[1]) / (now - self._rated[0])})
        self._rated = now, looks

    def _carry_out(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if "deck" in order:
                self._deck = order["deck"]
                self._hand_over()
                continue
            unchanged = all(order["listen"][k] == self._listen[k] for k in ("source", "file", "device"))
            if unchanged:  # a fader: no thread for that
                self._adjust(order["id"], order["listen"])
            else:
                threading.Thread(
                    target=self._prepare, args=(order["id"], order["listen"], self._deck), daemon=True
                ).start()
        while not self._opened.empty():
            key, listen, deck, source = self._opened.get()
            if isinstance(source, BridgeError):
                self._tell({"result": key, "code": source.code, "text": str(source)})
                continue
            if source is self._source:
                self._adjust(key, listen)
                continue
            old, self._source, self._listen = self._source, source, listen
            self._lost_before += old.lost_hops
            threading.Thread(target=old.close, daemon=True).start()  # a device may take its time
            if deck is not self._deck:  # another order came while it was opened
                self._hand_over()
            self._tell({"result": key, "code": 200, "text": source.what})

    def _hand_over(self) -> None:
        """Lets the clip source play the newest order; another source leaves it for later."""
        from .sources import ClipSource

        deck, source = self._deck, self._source
        if deck is not None and isinstance(source, ClipSource):
            threading.Thread(target=self._load, args=(source, deck), daemon=True).start()

    def _load(self, source: ClipSource, deck: dict[str, Any]) -> None:
        """Beside the loop, so that no hop waits for a disk."""
        from .open_source import hand_over

        try:
            hand_over(source, deck, is_newest=lambda: deck is self._deck)
        except BridgeError as error:
            self._trouble(error.code, str(error))

    def _adjust(self, key: int, listen: dict[str, Any]) -> None:
        """Channel and gain of the source that plays."""
        try:
            self._source.set_channel(listen["channel"])
        except BridgeError as error:
            self._tell({"result": key, "code": error.code, "text": str(error)})
            return
        self._source.set_gain(listen["gain_db"])
        self._listen = listen
        self._tell({"result": key, "code": 200, "text": self._source.what})

    def _prepare(self, key: int, listen: dict[str, Any], deck: dict[str, Any] | None) -> None:
        """Opens a source beside the one that plays, so that no hop waits for a disk or a device."""
        from .open_source import check_unused, is_same

        try:
            check_unused(listen, self._listen, self._picture)
            same = is_same(listen, self._listen)
            self._opened.put((key, listen, deck, self._source if same else self._open(listen, deck, wait=False)))
        except BridgeError as error:
            self._opened.put((key, listen, deck, error))
        except Exception as error:  # told with its own words: a user may know their driver
            told = BridgeError(f"the source cannot be opened: {error!r}", 500)
            self._opened.put((key, listen, deck, told))

    def _trouble(self, code: int, text: str) -> None:
        self._tell({"trouble": text, "code": code, "lasts": code in (500, 503)})

    def _tell(self, message: dict[str, Any]) -> None:
        self._send_line(json.dumps(message).encode() + b"\n")

    def _send_line(self, line: bytes) -> None:
        with self._lock:  # the sources' threads tell their troubles too
            self._sock.sendall(line)
