"""How true the beat is: when `/ear/beat` and `/ear/clip/activate` arrive on loopback, against the time they tell."""

from __future__ import annotations

import argparse
import asyncio
import socket
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from oscbridge.daemon.timeline import BEATS_PER_BAR
from oscbridge.daemon.transport import Transport, unix_ns
from oscbridge.osc import clips
from oscbridge.osc.packets import Message, parse
from oscbridge.sections import TransportSection

FRAMES_PER_S = 43.07
FRAME_BYTES, DATAGRAMS = 76_959, 10  # every neuron as u8
LISTENERS = 4
SECTION = TransportSection(bpm=240.0, beats_per_clip=2, ready_ms=300.0, lookahead_ms=100.0)


@dataclass(frozen=True)
class Truth:
    """Milliseconds. beat_*: |arrival - the beat's own time|, its way over loopback included; activation_*: |the time
    that the bundle's timetag names - the loop's end|, both by the monotonic clock; ahead_*: how much later than
    lookahead_ms before the end it arrived."""

    beats: int
    activations: int
    beat_median: float
    beat_p99: float
    activation_median: float
    activation_p99: float
    ahead_median: float
    ahead_p99: float


@dataclass
class _Sender:
    """A transport beside which every neuron is sent to some listeners."""

    address: tuple[str, int]
    transport: Transport = field(init=False)
    beats: dict[tuple[int, int], int] = field(default_factory=dict)  # by bar and beat: its time
    ends: dict[float, int] = field(default_factory=dict)  # by beat: the loop's end

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sinks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(LISTENERS)]
        for sink in self._sinks:
            sink.bind(("127.0.0.1", 0))
        self.transport = Transport(lambda: SECTION, self)

    def on_beat(self, bar: int, beat: int, bpm: float, phase: float) -> None:
        self._socket.sendto(clips.beat(bar, beat, bpm, phase), self.address)
        self.beats[bar, beat] = self.transport.timeline.time_of((bar - 1) * BEATS_PER_BAR + beat - 1)

    def on_ready_due(self, loop_end_ns: int) -> None:
        packet = clips.ready(1, "0" * 64, "http://x/1.wav", "/x/1.wav", 44_100, 176_400, 1, 0.0)
        self._socket.sendto(packet, self.address)

    def on_activate_due(self, loop_end_ns: int, beat: float) -> None:
        ahead_s = (loop_end_ns - time.monotonic_ns()) / 1e9
        self._socket.sendto(clips.activate(1, unix_ns(loop_end_ns), ahead_s, beat), self.address)
        self.ends[beat] = loop_end_ns

    def on_loop(self, loop_start_ns: int, beat: float) -> None:
        pass

    async def run(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.transport.start(loop)
        began, frame = loop.time(), 0
        payload = bytes(FRAME_BYTES // DATAGRAMS)
        while loop.time() < began + seconds:
            frame += 1
            await asyncio.sleep(max(0.0, began + frame / FRAMES_PER_S - loop.time()))
            for sink in self._sinks:
                for _ in range(DATAGRAMS):
                    self._socket.sendto(payload, sink.getsockname())
        self.transport.close()

    def close(self) -> None:
        for one in (self._socket, *self._sinks):
            one.close()


def measure(seconds: float = 20.0) -> Truth:
    """Sends for so long, 4 beats a second and a loop every half a second, and receives in a thread."""
    arrived: list[tuple[int, Message]] = []
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))

    def receive() -> None:
        while datagram := receiver.recv(65_536):
            now = time.monotonic_ns()
            arrived.extend((now, message) for message in parse(datagram) if isinstance(message, Message))

    thread = threading.Thread(target=receive)
    thread.start()
    sender = _Sender(receiver.getsockname())
    loop = asyncio.SelectorEventLoop()
    try:
        loop.run_until_complete(sender.run(seconds))
    finally:
        loop.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", receiver.getsockname())
        thread.join()
        receiver.close()
        sender.close()
    return _compared(arrived, sender)


def _compared(arrived: list[tuple[int, Message]], sender: _Sender) -> Truth:
    shift = unix_ns(0)  # from the monotonic clock to the wall clock
    beats, tags, late = [], [], []
    for now, message in arrived:
        if message.address == "/ear/beat":
            bar, beat = message.args[:2]
            beats.append(now - sender.beats[int(bar), int(beat)])
        elif message.address == "/ear/clip/activate":
            end = sender.ends[float(message.args[4])]
            tags.append(message.at * 1e9 - shift - end)
            late.append(now - (end - SECTION.lookahead_ms * 1e6))

    def shown(values: list[float]) -> tuple[float, float]:
        absolute = np.abs(values) / 1e6
        return float(np.median(absolute)), float(np.quantile(absolute, 0.99))

    return Truth(len(beats), len(tags), *shown(beats), *shown(tags), *shown(late))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=20.0)
    print(measure(parser.parse_args().seconds))
