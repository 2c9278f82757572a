"""What goes in and out: ports, socket buffers, sound inputs, MIDI."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator
from importlib import metadata

from ..errors import BridgeError
from ..sections import Settings
from .doctor_machine import portaudio
from .finding import OK, PROBLEM, WARN, Finding
from .monitor_client import Client

ANSWER_S = 1.0
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def ports(chosen: Settings) -> Iterator[Finding]:
    s = chosen.server
    yield _udp(s.host, s.port)
    yield _tcp(s.host, s.http_port)


def buffers() -> Iterator[Finding]:
    """Whether the system gives the socket buffers that a frame of all neurons as f32 needs."""
    from ..daemon.endpoint import BUFFER_BYTES

    for option, word, limit in ((socket.SO_RCVBUF, "receive", "rmem_max"), (socket.SO_SNDBUF, "send", "wmem_max")):
        granted = buffer_granted(option, BUFFER_BYTES)
        text = f"{word} {granted / 2**20:.2g} MiB of {BUFFER_BYTES / 2**20:.2g} MiB asked for"
        if granted >= BUFFER_BYTES:
            yield Finding(OK, "buffers", text)
            continue
        todo = "large bursts may be lost when the machine is busy"
        if sys.platform == "linux":
            todo += f": `sudo sysctl -w net.core.{limit}={BUFFER_BYTES}`"
        yield Finding(WARN, "buffers", text, todo)


def inputs(chosen: Settings) -> Iterator[Finding]:
    """Sound inputs matter to those who listen to one; the bundled loop and files need none."""
    from ..daemon.devices import list_inputs

    bad = PROBLEM if chosen.listen.source == "device" else WARN
    try:
        found = list_inputs()
    except BridgeError as error:
        text, _, todo = str(error).partition(": ")
        yield Finding(bad, "inputs", text, todo or "files and the bundled loop can be heard without it")
        return
    named = "; ".join(f'{i.index} "{i.name}" ({i.api}, {i.channels} ch, {i.rate:,.0f} Hz)' for i in found)
    yield Finding(OK, "inputs", portaudio() or "PortAudio does not tell its version")
    if found:
        yield Finding(OK, "inputs", named)
    else:
        todo = "`oscbridge devices` says what to try; files and the bundled loop can be heard without one"
        yield Finding(bad, "inputs", "no sound input", todo)


def midi(chosen: Settings) -> Iterator[Finding]:
    """An extra, which matters to those who want it."""
    from ..daemon.midi_ports import INSTALL, is_installed, list_ports

    bad = PROBLEM if chosen.midi.enabled else OK
    if not is_installed():
        yield Finding(bad, "MIDI", "the extra is not installed", "" if bad == OK else INSTALL)
        return
    try:
        ports = list_ports()
    except BridgeError as error:
        todo = "plug the controller in, or start the system's MIDI server; on Linux that is ALSA's sequencer, or JACK"
        yield Finding(bad, "MIDI", f"{_rtmidi()}: {error}", "" if bad == OK else todo)
        return
    yield Finding(OK, "MIDI", f"{_rtmidi()}, {ports.api}: {'; '.join(ports.inputs) or 'no input'}")


def _rtmidi() -> str:
    return f"python-rtmidi {metadata.version('python-rtmidi')}"


def buffer_granted(option: int, asked: int) -> int:
    """Bytes the system gives a UDP socket that asks for `asked`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, asked)
        except OSError:  # macOS refuses what is too much
            return sock.getsockopt(socket.SOL_SOCKET, option)
        granted = sock.getsockopt(socket.SOL_SOCKET, option)
        return granted // 2 if sys.platform == "linux" else granted  # Linux doubles it for its own needs


def _udp(host: str, port: int) -> Finding:
    if port == 0:
        return Finding(OK, "ports", "UDP 0: a free one is taken")
    error = _refusal(host, port, socket.SOCK_DGRAM)
    if error is None:
        return Finding(OK, "ports", f"UDP {port} on {host} is free")
    who = _running(host, port) if error.errno == errno.EADDRINUSE else ""
    if who:
        return Finding(OK, "ports", f"UDP {port}: a running oscbridge answered /ear/hello: {who}")
    todo = _advice(error, f"end the other program ({_look_up('UDP', port)}), or take a free port", "server.port=0")
    return Finding(PROBLEM, "ports", f"UDP {port} on {host} cannot be used: {error.strerror or error}", todo)


def _tcp(host: str, port: int) -> Finding:
    if port == 0:
        return Finding(OK, "ports", "TCP 0: a free one is taken")
    error = _refusal(host, port, socket.SOCK_STREAM)
    if error is None:
        return Finding(OK, "ports", f"TCP {port} on {host} is free")
    who = _serving(host, port) if error.errno == errno.EADDRINUSE else ""
    if who:
        return Finding(OK, "ports", f"TCP {port}: a running {who} answers there")
    in_use = f"end the other program ({_look_up('TCP', port)}), or take a free port"
    todo = _advice(error, in_use, "server.http_port=0")
    return Finding(PROBLEM, "ports", f"TCP {port} on {host} cannot be used: {error.strerror or error}", todo)


def _advice(error: OSError, in_use: str, setting: str) -> str:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        return f"{in_use} with --set {setting}"
    return "server.host has to be an address of this machine; 127.0.0.1 is for itself only, 0.0.0.0 is all it has"


def _refusal(host: str, port: int, kind: socket.SocketKind) -> OSError | None:
    """Why a port cannot be bound, None if it can."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as sock:
            if kind == socket.SOCK_STREAM and os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection just closed is not in the way
            sock.bind((host, port))
    except OSError as error:
        return error
    return None


def _running(host: str, port: int) -> str:
    """Who answers /ear/hello there, "" if nobody does."""
    here = HERE.get(host, host)
    client, end = Client(), time.monotonic() + ANSWER_S
    with socket.socket(socket.AF_INET6 if ":" in here else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        while (now := time.monotonic()) < end and not (client.welcome and client.status):
            try:
                for packet in client.due(now):
                    sock.sendto(packet, (here, port))
                client.take(sock.recv(65_536), now)
            except TimeoutError:
                continue
            except OSError:
                break
        for packet in client.farewell():
            sock.sendto(packet, (here, port))
    if client.welcome is None:
        return ""
    w, status = client.welcome, client.status
    state = f", {status.state} for {status.uptime_s:.0f} s, load {status.listen_load:.0%}" if status else ""
    return f"protocol {w.major}.{w.minor}, {w.model}{state}"


def _serving(host: str, port: int) -> str:
    """The oscbridge and its version that answers HTTP there, "" if none does."""
    connection = http.client.HTTPConnection(HERE.get(host, host), port, timeout=ANSWER_S)
    try:
        connection.request("HEAD", "/")
        server = connection.getresponse().getheader("Server", "")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
    return server.replace("/", " ") if server.startswith("oscbridge/") else ""


def _look_up(kind: str, port: int) -> str:
    if sys.platform == "win32":
        return f"netstat -ano -p {kind} | findstr :{port}"
    if sys.platform == "darwin":
        return f"lsof -i {kind}:{port}"
    return f"`sudo ss -{kind[0].lower()}lnp 'sport = :{port}'`"
