"""What the running daemon costs: the listening worker alone, and eight subscribers to every neuron."""

from __future__ import annotations

import multiprocessing
import selectors
import struct
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.wire import Running, Wire

SUBSCRIBERS = 8
SECONDS = 20.0


@dataclass(frozen=True)
class DaemonLoad:
    """Shares of one core; frames: whole frames that arrived; lost: frames of which a part or all did not."""

    worker: float
    control_idle: float
    control_serving: float
    frames: int
    lost: int
    datagrams_per_s: float
    mbytes_per_s: float
    sendto_limit: float  # share of one core that the bare system calls take, same datagrams to the same sockets


def measure(folder: Path) -> DaemonLoad:
    with Running(folder) as running:
        control, worker = psutil.Process(running.process.pid), psutil.Process(running.worker())
        time.sleep(2.0)
        worker_share, idle = _shares([worker, control], SECONDS)
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        receiver = multiprocessing.get_context("spawn").Process(target=_receive, args=(running.port, theirs))
        receiver.start()
        ours.recv()  # all have subscribed
        (serving,) = _shares([control], SECONDS)
        ours.send("stop")
        result = ours.recv()
        receiver.join()
    sent = result["datagrams"] / result["seconds"]
    limit = _sendto_share(sent)
    return DaemonLoad(
        worker_share, idle, serving, result["frames"], result["lost"], sent,
        result["bytes"] / result["seconds"] / 1e6, limit,
    )  # fmt: skip


def _shares(processes: list[psutil.Process], seconds: float) -> list[float]:
    def used() -> list[float]:
        return [sum(p.cpu_times()[:2]) for p in processes]

    before, began = used(), time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - began
    return [(b - a) / elapsed for a, b in zip(before, used(), strict=True)]


def _receive(port: int, pipe: Any) -> None:
    """Eight clients in a process of their own, each counting the chunks of every frame."""
    wires = [Wire(port) for _ in range(SUBSCRIBERS)]
    for wire in wires:
        wire.subscribe("activations", "u8", lease_s=600)
        wire.socket.setblocking(False)
    selector = selectors.DefaultSelector()
    chunks: list[Counter[int]] = [Counter() for _ in wires]
    for number, wire in enumerate(wires):
        selector.register(wire.socket, selectors.EVENT_READ, number)
    pipe.send("ready")
    began, count, size, expected = time.monotonic(), 0, 0, 10
    while not pipe.poll():
        for key, _ in selector.select(0.1):
            try:
                while True:
                    datagram = key.fileobj.recv(65_536)  # type: ignore[union-attr]
                    if datagram.startswith(b"/ear/activations"):
                        _, frame, _, expected = struct.unpack_from(">iiii", datagram, 28)
                        chunks[key.data][frame] += 1
                        count += 1
                        size += len(datagram)
            except BlockingIOError:
                continue
    seconds = time.monotonic() - began
    frames = lost = 0
    for per_frame in chunks:
        inner = sorted(per_frame)[2:-2]  # the first and last may be cut off by our own start and end
        whole = sum(per_frame[f] == expected for f in inner)
        frames += whole
        lost += inner[-1] - inner[0] + 1 - whole
    pipe.send({"frames": frames, "lost": lost, "datagrams": count, "bytes": size, "seconds": seconds})


def _sendto_share(datagrams_per_s: float) -> float:
    """What sending alone costs: 8,000-byte datagrams to a loopback socket that nobody reads."""
    import socket

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
    ):
        sink.bind(("127.0.0.1", 0))
        address, payload = sink.getsockname(), bytes(7_900)
        began = time.process_time()
        for _ in range(20_000):
            sender.sendto(payload, address)
        return (time.process_time() - began) / 20_000 * datagrams_per_s
