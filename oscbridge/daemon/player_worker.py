"""The process that plays clips on a sound output of this machine. It owns PortAudio; the device's clock is the master.

Control sends lines of JSON: {"player": the section} and {"deck": an order to play a clip}, at any time. It is told

    {"ready": true, "what": phrase for people, "seen": name of the device}   the device is open (again), all is well
    {"loop": clip, "at_ns": moment when its sample 0 sounded}                at every loop, as soon as it sounds
    {"underflows": n}                                                        gaps so far in this stream, when it grows
    {"trouble": sentence, "code": c}    of the device, 200 when it is over; with "clip": n, of that clip alone
    {"alive": true}                                                          twice a second, whatever else happens
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import queue
import socket
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BridgeError
from .worker_process import Orders, begin, tell

if TYPE_CHECKING:
    from .capture import Input
    from .deck import Samples

ALIVE_S = 0.5
TURN_S = 0.005
POLL_S = 0.002
RETRY_S = 1.0
FIRST_S, SILENT_S = 3.0, 1.0  # without a callback, after opening and later: the device is gone
LATENCY_S = 0.03  # volume and blackout act so soon; less, and a busy machine would stutter
RATE = 44_100  # Hz, of clips, until the first one says otherwise


def run(sock: socket.socket, parent: int, player: dict[str, Any], deck: dict[str, Any] | None) -> None:
    """Entry point of the process.

    player: the section `player`, and "seen": what "ready" told last of a device that is chosen by number (may be left
        out), as after unplugging the numbers are dealt anew
    deck: the newest order to play a clip, None if there was none: clip, its number; path; at_ns, when its sample 0
        sounds, on the monotonic clock
    """
    begin(parent, nice=-10)  # where limits.conf or root allow it, sound goes before other work
    try:
        worker = _Worker(sock, player, deck)
        try:
            worker.loop()
        except BridgeError as error:
            tell(sock, {"fatal": str(error), "code": error.code})
        while True:  # control ends this process
            tell(sock, {"alive": True})
            time.sleep(ALIVE_S)
    except (BrokenPipeError, ConnectionError):  # control is gone; so says the socket's other direction
        threading.Event().wait()


class _Worker:
    def __init__(self, sock: socket.socket, player: dict[str, Any], deck: dict[str, Any] | None) -> None:
        self._sock, self._player, self._deck = sock, player, deck
        self._device: str = player["device"]  # the setting by which it is to be opened
        self._seen: str = player.get("seen", "")
        self._orders: Orders = queue.SimpleQueue()
        self._loaded: queue.SimpleQueue[tuple[dict[str, Any], Samples, int] | dict[str, Any]] = queue.SimpleQueue()
        self._clip: tuple[dict[str, Any], Samples, int] | None = None  # the newest order, its sound and rate
        self._stream: _Stream | None = None
        self._was_open = ""  # the setting `device` with which a stream was open last
        self._trouble = ""  # of the device, as told last
        self._retry_at = self._alive_at = 0.0
        self._is_listed = self._has_played = False
        self._underflows = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def loop(self) -> None:
        """For ever. Raises BridgeError if PortAudio is missing, ConnectionError when control is gone."""
        _no_core_dumps()
        from .capture import load_portaudio

        self._sd = load_portaudio("output")
        if self._deck is not None:
            self._load(self._deck)
        gc.freeze()
        while True:
            self._carry_out()
            self._keep_open()
            self._report()
            time.sleep(TURN_S)

    # what control asks

    def _listen(self) -> None:
        """In a thread of its own: takes control's lines, and ends the process, without a click, when control is gone
        or has no more use for it. No exit handler is run, as PortAudio's may hang."""
        with contextlib.suppress(OSError):
            for line in self._sock.makefile("r"):
                self._orders.put(json.loads(line))
        if self._stream is not None:
            self._stream.fade_out()
        os._exit(0)

    def _carry_out(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            if "player" in order:
                self._change(order["player"])
            if "deck" in order:
                self._deck = order["deck"]
                threading.Thread(target=self._load, args=(order["deck"],), daemon=True).start()
        while not self._loaded.empty():
            loaded = self._loaded.get()
            if isinstance(loaded, dict):
                tell(self._sock, loaded)
            elif loaded[0] is self._deck:  # else a newer one is on its way
                self._clip = loaded
                self._play()

    def _change(self, player: dict[str, Any]) -> None:
        before, self._player = self._player, player
        if player["device"] != before["device"]:
            self._device, self._seen, self._retry_at = player["device"], "", 0.0
            if self._stream is not None:
                self._stream.close()
                self._stream = None
        elif self._stream is not None:
            self._stream.playout.set_gain(self._gain())

    def _gain(self) -> float:
        from .outputs import factor

        return factor(self._player["volume_db"], self._player["blackout"])

    def _load(self, order: dict[str, Any]) -> None:
        """Beside the loop, so that nothing waits for a disk."""
        from .open_source import load_clip

        try:
            self._loaded.put((order, *load_clip(order["clip"], Path(order["path"]))))
        except BridgeError as error:
            self._loaded.put({"trouble": str(error), "code": error.code, "clip": order["clip"]})

    def _play(self) -> None:
        if self._clip is None or self._stream is None:
            return
        from .clip_sound import resample_loop

        order, samples, own_rate = self._clip
        rate = self._stream.playout.rate
        crossfade = round(self._player["crossfade_ms"] * rate / 1_000)
        self._stream.play(resample_loop(samples, own_rate, rate), order["clip"], order["at_ns"], crossfade)

    # the device

    def _keep_open(self) -> None:
        now = time.monotonic()
        if self._stream is not None:
            if self._stream.is_lost():
                name = self._stream.device.name
                self._say_trouble(503, f'the output "{name}" is gone; silence until it is back, trying every second')
                # by now PortAudio may hang or abort at any call; the next process begins with a fresh one
                os._exit(1)
            return
        if now < self._retry_at:
            return
        self._retry_at = now + RETRY_S
        try:
            self._open()
        except BridgeError as error:
            self._on_refused(error)

    def _open(self) -> None:
        """Raises BridgeError: 404 no such output, 503 it does not open."""
        from .capture import inputs_of, pick

        try:
            if self._is_listed:  # PortAudio lists the devices only when it starts
                self._sd._terminate()
                self._sd._initialize()
            self._is_listed = True
            chosen, note = pick(inputs_of(self._sd, "output"), self._device, self._seen, "output")
        except self._sd.PortAudioError as error:
            raise BridgeError(f"PortAudio: {error}", 503) from error
        rate = self._clip[2] if self._clip is not None else RATE
        self._stream = _open_stream(self._sd, chosen, rate, self._gain())
        self._seen, self._was_open, self._underflows = chosen.name, self._device, 0
        what = f"{chosen.name}, {self._stream.playout.rate:,} Hz, latency {1_000 * self._stream.latency_s:.0f} ms"
        tell(self._sock, {"ready": True, "what": f"{what} ({note})" if note else what, "seen": chosen.name})
        self._has_played = True
        if self._trouble:
            self._say_trouble(200, f'the output "{chosen.name}" plays')
        self._play()

    def _on_refused(self, error: BridgeError) -> None:
        """The device before goes on, if there was one: a slip of the pen is no reason for silence."""
        if self._has_played and self._was_open != self._device:
            self._device = self._was_open
            try:
                self._open()
            except BridgeError as also:
                self._say_trouble(also.code, f"{error}; {also}")
            else:
                self._say_trouble(error.code, f"{error}; the output stays what it was")
                self._trouble = ""  # it plays
            return
        self._say_trouble(error.code, f"{error}; silence until it is there, trying every second")

    def _say_trouble(self, code: int, text: str) -> None:
        if text != self._trouble:
            tell(self._sock, {"trouble": text, "code": code})
        self._trouble = "" if code == 200 else text

    # what control is told

    def _report(self) -> None:
        now = time.monotonic()
        if now >= self._alive_at:
            self._alive_at = now + ALIVE_S
            tell(self._sock, {"alive": True})
        if self._stream is None:
            return
        while self._stream.loops:
            clip, at_ns = self._stream.loops.popleft()
            tell(self._sock, {"loop": clip, "at_ns": at_ns})
        if self._stream.playout.underflows > self._underflows:
            self._underflows = self._stream.playout.underflows
            tell(self._sock, {"underflows": self._underflows})


class _Stream:
    """An open output and the thread that renders for it, a little ahead."""

    def __init__(self, device: Input, rate: int, gain: float) -> None:
        from .deck import Deck
        from .outputs import AudioClock, Playout

        self.device = device
        self.playout = Playout(rate, gain)
        self.loops: deque[tuple[int, int]] = deque(maxlen=64)  # (clip, moment in ns) of loops that have begun to sound
        self._deck, self._clock = Deck(rate), AudioClock(rate)
        self._orders: queue.SimpleQueue[tuple[Samples, int, int, int]] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._stream: Any = None
        self._thread = threading.Thread(target=self._render, name="render", daemon=True)
        self._read, self._until = 0, 0.0

    def start(self, stream: Any) -> None:
        """stream: sounddevice's, with `playout.on_audio` as its callback. Raises PortAudioError."""
        self._stream = stream
        self.latency_s = self.playout.latency_s = float(stream.latency)
        self._until = time.monotonic() + FIRST_S
        stream.start()
        self._thread.start()

    def play(self, samples: Samples, clip: int, at_ns: int, crossfade: int) -> None:
        """As Deck.play, but `at_ns` on the monotonic clock."""
        self._orders.put((samples, clip, at_ns, crossfade))

    def is_lost(self) -> bool:
        """Whether the device has gone away. To be asked several times a second."""
        now = time.monotonic()
        if self.playout.read != self._read:
            self._read, self._until = self.playout.read, now + SILENT_S
        return not self._stream.active or now > self._until

    def fade_out(self) -> None:
        """Returns when silence is heard: now the stream's end does not click."""
        self.playout.set_gain(0.0)
        time.sleep(min(0.3, 0.02 + 2 * self.latency_s))

    def close(self) -> None:
        self.fade_out()
        self._ending.set()
        self._thread.join()
        self._stream.abort()
        self._stream.close()

    def _render(self) -> None:
        playout, deck, clock = self.playout, self._deck, self._clock
        while not self._ending.wait(POLL_S):
            while playout.marks:
                clock.mark(*playout.marks.popleft())
            order = None
            while clock.is_settled and not self._orders.empty():
                order = self._orders.get()
            if order is not None:
                samples, clip, at_ns, crossfade = order
                deck.play(samples, clip, clock.sample_at(at_ns), crossfade)
            wanted = playout.wanted()
            if wanted < 0:
                deck.skip(-wanted)
                playout.skip(-wanted)
            elif wanted:
                playout.write(deck.render(wanted))
                playout.is_rolling = True
            while deck.starts and clock.ns_at(deck.starts[0][0]) <= time.monotonic_ns():
                at, clip = deck.starts.popleft()
                self.loops.append((clip, clock.ns_at(at)))


def _open_stream(sd: Any, device: Input, rate: int, gain: float) -> _Stream:
    """Opened at `rate`, or at the device's own if it takes no other. Raises BridgeError 503."""
    channels = min(2, device.channels)
    for each in dict.fromkeys((rate, round(device.rate))):
        stream = _Stream(device, each, gain)
        try:
            opened = sd.OutputStream(
                device=device.index,
                channels=channels,
                samplerate=each,
                dtype="float32",
                latency=LATENCY_S,
                callback=stream.playout.on_audio,
            )
            stream.start(opened)
        except sd.PortAudioError as error:
            reason = error
            continue
        return stream
    raise BridgeError(
        f'the output {device.index} "{device.name}" does not open at {rate:,} or {device.rate:,.0f} Hz: {reason}; is '
        "another program using it?",
        503,
    )


def _no_core_dumps() -> None:
    """PortAudio's abort() is no reason to fill the disk."""
    if os.name == "posix":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
