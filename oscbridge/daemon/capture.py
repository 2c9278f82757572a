"""The process that owns PortAudio: it copies one input's sound to its standard output, and nothing else.

Apart, because PortAudio may hang for minutes, or abort the whole process, when a device or its sound server
goes away. Here that costs the restart of a small process; in the listening worker it would cost the show.

`python -m oscbridge.daemon.capture '{"device": "", "rate": 44100, "channel": 0, "seen": ""}'` writes messages
(HEADER, then a payload) until its standard input is closed; without an argument it prints the inputs as JSON.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import struct
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import BridgeError

# kind, bytes of payload, monotonic ns and Unix ns of the callback, overflows so far
HEADER = struct.Struct("<cxxxIqqI")
OPENED = b"O"  # payload: JSON with index, name, channels, rate, note; sent when the first sound is there
SOUND = b"S"  # payload: one callback's frames, float32, interleaved
TROUBLE = b"T"  # payload: JSON with code, text; also a sign of life while the device is missing

RETRY_S = 1.0
SILENT_S = 0.5  # no callback for so long: the device is gone
FIRST_S = 3.0  # some drivers take their time until the first callback
POLL_S = 0.002
RING_S = 2.0


class Ring:
    """Frames from one writer to one reader, without a lock; the writer never waits and overwrites the oldest.

    The writer announces what it is about to overwrite (`_begun`) before it copies, and publishes (`written`)
    after; the reader looks at `_begun` after it has copied, so it never hands on a frame torn in two.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self._buffer = np.zeros((frames, channels), np.float32)
        self._begun = 0
        self.written = 0  # frames, ever
        self._taken = 0
        self.lost = 0  # frames that were overwritten before they were read

    def write(self, block: npt.NDArray[np.float32]) -> None:
        """block: (n, channels), any n; copied."""
        size = len(self._buffer)
        end = self.written + len(block)
        block = block[-size:]
        self._begun = end
        at = (end - len(block)) % size
        head = min(size - at, len(block))
        self._buffer[at : at + head] = block[:head]
        self._buffer[: len(block) - head] = block[head:]
        self.written = end

    def take(self, end: int) -> npt.NDArray[np.float32]:
        """A copy of what is unread before frame `end` (at most `written`): (n, channels), n may be 0."""
        size = len(self._buffer)
        while True:
            start = min(max(self._taken, self._begun - size), end)
            block = self._buffer[np.arange(start, end) % size]
            if start == end or self._begun - size <= start:
                break
        self.lost += start - self._taken
        self._taken = end
        return block


@dataclass(frozen=True)
class Input:
    """A sound input, or output, as PortAudio shows it. rate: its own, in Hz."""

    index: int
    name: str
    api: str
    channels: int
    rate: float
    is_default: bool


def pick(inputs: list[Input], device: str, seen: str = "", kind: str = "input") -> tuple[Input, str]:
    """The input that `device` means, and a note if others were meant as well ("" if not).

    The same for outputs, with kind "output".

    device: "" the default, digits an index, else a part of the name in any case; an exact name goes first.
    seen: the name that an index had when it was first opened. After a device was unplugged the indices are
        dealt anew, so then the name is looked for, and nothing else is opened in its stead.
    Raises BridgeError 404 that lists the inputs.
    """
    device = device.strip()
    if not inputs:
        raise BridgeError(f"this machine shows no sound {kind}; plug one in, or start its sound server", 404)
    listing = "; ".join(f'{i.index} "{i.name}" ({i.api}, {_channels(i.channels)})' for i in inputs)
    if not device:
        return next((i for i in inputs if i.is_default), inputs[0]), ""
    if device.isascii() and device.isdigit():
        if seen:
            found = [i for i in inputs if _plain(i.name) == _plain(seen)]
            if not found:
                raise BridgeError(f'the {kind} "{seen}" is not there; {kind}s: {listing}', 404)
            return next((i for i in found if i.index == int(device)), found[0]), ""
        found = [i for i in inputs if i.index == int(device)]
        if not found:
            raise BridgeError(f"there is no {kind} with the number {device}; {kind}s: {listing}", 404)
        return found[0], ""
    wanted = device.casefold()
    found = [i for i in inputs if i.name.casefold() == wanted] or [i for i in inputs if wanted in i.name.casefold()]
    if not found:
        near = difflib.get_close_matches(wanted, {i.name.casefold(): i for i in inputs}, n=1, cutoff=0.4)
        name = next((i.name for i in inputs if near and i.name.casefold() == near[0]), "")
        hint = f'; did you mean "{name}"?' if name else ";"
        raise BridgeError(f'no {kind} has "{device}" in its name{hint} {kind}s: {listing}', 404)
    note = ""
    if len(found) > 1:
        others = ", ".join(f'{i.index} "{i.name}"' for i in found[1:])
        note = f'"{device}" is {found[0].index} "{found[0].name}"; it could also be {others}: choose by number'
    return found[0], note


def _plain(name: str) -> str:
    """A name without ALSA's card number, which a device may change when it is plugged in again."""
    return re.sub(r" *\(hw:\d+,\d+\)", "", name)


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def channels_to_open(chosen: Input, channel: int) -> int:
    """All channels, so that another one can be chosen while running.

    But ALSA's plug-ins ("default", "pulse") claim up to 128, of which all but two are silent: the mean of all
    would be nearly silent too.
    """
    if chosen.api == "ALSA" and "(hw:" not in chosen.name:
        return min(chosen.channels, max(2, channel))
    return chosen.channels


def load_portaudio(kind: str = "input") -> Any:
    """The module sounddevice. Raises BridgeError 503 that says what to install. kind: as in `pick`."""
    try:
        import sounddevice
    except ImportError as error:
        raise BridgeError(f"sound {kind}s need the Python package sounddevice: {error}", 503) from error
    except OSError as error:
        raise BridgeError(
            f"sound {kind}s need the PortAudio library, which is not installed: on Debian and Ubuntu "
            "`sudo apt-get install libportaudio2`, on macOS `brew install portaudio`",
            503,
        ) from error
    return sounddevice


def inputs_of(sd: Any, kind: str = "input") -> list[Input]:
    """The inputs, or outputs, that PortAudio has found. sd: the module sounddevice; kind: as in `pick`."""
    apis = [api["name"].replace(" Audio Connection Kit", "") for api in sd.query_hostapis()]
    default = sd.default.device[kind == "output"]
    return [
        Input(
            index=index,
            name=device["name"],
            api=apis[device["hostapi"]],
            channels=device[f"max_{kind}_channels"],
            rate=device["default_samplerate"],
            is_default=index == default,
        )
        for index, device in enumerate(sd.query_devices())
        if device[f"max_{kind}_channels"] > 0
    ]


class Capture:
    """Opens the input, and copies what it gives to the file descriptor `out`."""

    def __init__(self, out: int, device: str, rate: int, channel: int, seen: str) -> None:
        self._out = out
        self._device, self._rate, self._channel, self._seen = device, rate, channel, seen
        self.ended = threading.Event()
        self._overflows = 0

    def serve(self) -> None:
        """Until `ended`, or until the device that was open goes away: PortAudio is not to be trusted then."""
        try:
            self._sd = load_portaudio()
        except BridgeError as error:
            self._say(TROUBLE, {"code": error.code, "text": str(error)})
            return
        while not self.ended.is_set():
            try:
                self._stream()
                return
            except BridgeError as error:
                self._say(TROUBLE, {"code": error.code, "text": str(error)})
            except self._sd.PortAudioError as error:
                self._say(TROUBLE, {"code": 503, "text": f"PortAudio: {error}"})
            self.ended.wait(RETRY_S)
            self._sd._terminate()  # PortAudio lists the devices only when it starts
            self._sd._initialize()

    def _stream(self) -> None:
        chosen, note = pick(inputs_of(self._sd), self._device, self._seen)
        channels = channels_to_open(chosen, self._channel)
        marks: deque[tuple[int, int, int]] = deque()
        ring: Ring

        def on_audio(indata: npt.NDArray[np.float32], frames: int, _time: Any, status: Any) -> None:
            """In PortAudio's thread: copy, count, return."""
            ring.write(indata)
            marks.append((ring.written, time.monotonic_ns(), time.time_ns()))
            if status.input_overflow:
                self._overflows += 1

        stream = self._open(chosen, channels, on_audio)
        rate = round(stream.samplerate)
        ring = Ring(round(RING_S * rate), channels)
        stream.start()
        opened = {
            "index": chosen.index,
            "name": chosen.name,
            "channels": channels,
            "rate": rate,
            "note": note,
        }
        self._copy(stream, ring, marks, opened)

    def _open(self, chosen: Input, channels: int, on_audio: Any) -> Any:
        for rate in dict.fromkeys((float(self._rate), chosen.rate)):
            try:
                return self._sd.InputStream(
                    device=chosen.index,
                    channels=channels,
                    samplerate=rate,
                    dtype="float32",
                    latency="low",
                    callback=on_audio,
                )
            except self._sd.PortAudioError as error:
                reason = error
        raise BridgeError(
            f'the input {chosen.index} "{chosen.name}" does not open with {_channels(channels)} at '
            f"{self._rate:,} or {chosen.rate:,.0f} Hz: {reason}; is another program using it?",
            503,
        )

    def _copy(self, stream: Any, ring: Ring, marks: deque[tuple[int, int, int]], opened: dict[str, Any]) -> None:
        lost = 0
        is_told = False
        until = time.monotonic() + FIRST_S
        while not self.ended.is_set():
            while marks:
                end, monotonic_ns, unix_ns = marks.popleft()
                if not is_told:
                    self._say(OPENED, opened)
                    is_told = True
                block = ring.take(end)
                self._overflows += ring.lost > lost
                lost = ring.lost
                self._write(SOUND, block.tobytes(), monotonic_ns, unix_ns)
                until = time.monotonic() + SILENT_S
            if not stream.active or time.monotonic() > until:
                gone = "is gone" if is_told else "opens, but no sound comes from it"
                self._say(TROUBLE, {"code": 503, "text": f'the input {opened["index"]} "{opened["name"]}" {gone}'})
                return
            time.sleep(POLL_S)
        stream.abort()
        stream.close()

    def _say(self, kind: bytes, message: dict[str, Any]) -> None:
        self._write(kind, json.dumps(message).encode(), time.monotonic_ns(), time.time_ns())

    def _write(self, kind: bytes, payload: bytes, monotonic_ns: int, unix_ns: int) -> None:
        data = memoryview(HEADER.pack(kind, len(payload), monotonic_ns, unix_ns, self._overflows) + payload)
        while data:
            data = data[os.write(self._out, data) :]


def main(arguments: list[str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; our parent says when to end
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # PortAudio's abort() is no reason to fill the disk
    out = os.dup(1)
    os.dup2(2, 1)  # drivers print what they like; it must not get between the messages
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(out, os.O_BINARY)
    if not arguments:
        _list(out)
        return
    capture = Capture(out, **json.loads(arguments[0]))
    threading.Thread(target=_watch, args=(capture.ended,), daemon=True).start()
    try:
        capture.serve()
    except BrokenPipeError:
        print("nobody reads any more", file=sys.stderr)


def _list(out: int) -> None:
    try:
        answer: Any = [asdict(i) for i in inputs_of(load_portaudio())]
    except BridgeError as error:
        answer = {"code": error.code, "text": str(error)}
    os.write(out, json.dumps(answer).encode())


def _watch(ended: threading.Event) -> None:
    """Ends this process when its parent closes the pipe or dies, even while PortAudio hangs."""
    while os.read(0, 4096):
        continue
    ended.set()
    time.sleep(0.5)
    os._exit(0)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # not by way of sounddevice's exit handler, which hangs when a sound server has died
