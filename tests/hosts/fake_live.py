"""Ableton Live with AbletonOSC, as its address reference describes it: a song that plays, looked at every 100 ms."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from oscbridge.osc.packets import Message, encode, parse

TICK_S = 0.1  # Live gives a remote script a turn about so often


class FakeLive:
    """Answers on `reply_port` of whoever asked. position: the beat of now, while it plays."""

    def __init__(self, reply_port: int, port: int = 0, bpm: float = 120.0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._reply_port = reply_port
        self._lock = threading.Lock()
        self._bpm, self._beat, self._at = bpm, 0.0, time.monotonic()
        self._listened: set[str] = set()
        self._told: dict[str, Any] = {}
        self.received: list[Message] = []
        self.is_mute = False
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._serve, self._tick)]
        for thread in self._threads:
            thread.start()
        self._send("/live/startup")

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    @property
    def position(self) -> float:
        return self.position_at(time.monotonic())

    def position_at(self, now: float) -> float:
        with self._lock:
            return self._beat + (now - self._at) * self._bpm / 60

    def set_tempo(self, bpm: float) -> None:
        beat = self.position
        with self._lock:
            self._beat, self._at, self._bpm = beat, time.monotonic(), bpm

    def jump(self, beat: float) -> None:
        with self._lock:
            self._beat, self._at = beat, time.monotonic()

    def got(self, address: str) -> list[Message]:
        return [m for m in self.received if m.address == address]

    def _send(self, address: str, *args: Any) -> None:
        if not self.is_mute:
            self._socket.sendto(encode(address, *args), ("127.0.0.1", self._reply_port))

    def _serve(self) -> None:
        self._socket.settimeout(0.05)
        while not self._ended.is_set():
            try:
                datagram = self._socket.recv(65_536)
            except OSError:
                continue
            for message in parse(datagram):
                assert isinstance(message, Message)
                self.received.append(message)
                verb, name = message.address.split("/")[-2:]
                if message.address == "/live/test":
                    self._send("/live/test", "ok")
                elif verb == "start_listen":
                    self._listened.add(name)
                    self._told.pop(name, None)
                elif verb == "stop_listen":
                    self._listened.discard(name)

    def _tick(self) -> None:
        while not self._ended.wait(TICK_S):
            values = {"tempo": float(self._bpm), "is_playing": True, "beat": int(self.position)}
            for name in list(self._listened):
                if self._told.get(name) != values[name]:
                    self._told[name] = values[name]
                    self._send(f"/live/song/get/{name}", values[name])
