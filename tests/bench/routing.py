"""What routes cost the control process: 200 of them, 30 times a second."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

import numpy as np

from oscbridge import resources
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Normalizer
from oscbridge.ear.selection import Selection
from oscbridge.ear.spec import load_spec
from oscbridge.osc.packets import encode
from oscbridge.osc.routes import Routes
from oscbridge.osc.streams import Packer
from oscbridge.sections import Route

FRAMES_PER_S, SECONDS = 43.07, 20
ROUTES = 200


@dataclass(frozen=True)
class Cost:
    """share: of one core; python_osc: the same messages built and sent by python-osc; sending: the system calls alone;
    a_second: messages."""

    share: float
    python_osc: float
    sending: float
    a_second: float


def measure() -> Cost:
    spec = load_spec(resources.model_file("ear"))
    layers = anatomy(spec).layers
    selection = Selection(layers)
    table = Routes(layers, spec.classes, selection, lambda host: host, lambda ip: True)
    sink, out = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    sink.bind(("127.0.0.1", 0))
    to = f"udp://127.0.0.1:{sink.getsockname()[1]}/composition/layers/1/video/opacity"
    sources = ["layer.{}.mean", "layer.{}.peak", "channel.{}.0", "neuron.{}", "selection"]
    table.add(
        Route.model_validate(
            {"name": str(n), "from": sources[n % 5].format(n % 27), "to": to, "args": [n, "$value"], "attack_ms": 20.0,
             "release_ms": 200.0, "curve": 2.0, "max_hz": 30.0}
        )
        for n in range(ROUTES)
    )  # fmt: skip
    packer = Packer(layers, 1, Normalizer(layers, None, "none", 1.0, 0.0), spec.classes, selection)
    rng = np.random.default_rng(0)
    raw = rng.random((8, layers[-1].span.stop), np.float32)
    frames, sent = round(FRAMES_PER_S * SECONDS), 0
    spent = 0.0
    for number in range(frames):
        packets = packer.frame(number, raw[number % 8])
        _ = packets.values  # the streams need them anyway
        began = time.process_time()
        for packet, address in table.at_frame(packets, number / FRAMES_PER_S):
            out.sendto(packet, address)
            sent += 1
        spent += time.process_time() - began
    packet, address = encode("/composition/layers/1/video/opacity", 1, 0.5), sink.getsockname()
    began = time.process_time()
    for _ in range(sent):
        out.sendto(packet, address)
    sending = time.process_time() - began
    began = time.process_time()
    for n in range(sent):
        out.sendto(encode("/composition/layers/1/video/opacity", n, 0.5), address)
    python_osc = time.process_time() - began
    return Cost(spent / SECONDS, python_osc / SECONDS, sending / SECONDS, sent / SECONDS)
