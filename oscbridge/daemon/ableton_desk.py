"""Ableton Live while it is wanted: found, followed, lost and found again, and its clip slots fired."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import BridgeError
from ..hosts import ableton
from ..hosts.ableton import BeatFollower, Said
from ..sections import Ableton
from .endpoint import bind
from .local import is_local

log = logging.getLogger(__name__)

ADDRESS = ("enabled", "host", "port", "reply_port")
ASK_S = 2.0
GONE_S = 7.0  # three questions without an answer


@dataclass(frozen=True)
class Surroundings:
    """within_bpm: the nearest tempo that we can play; set_bpm: sets it; follow: beat, moment (ns, monotonic) and tempo
    of Live; tell_all: outcome, address, code and sentence for all clients."""

    settings: Callable[[], Ableton]
    allows: Callable[[str], bool]
    within_bpm: Callable[[float], float]
    set_bpm: Callable[[float], None]
    follow: Callable[[float, int, float], object]
    tell_all: Callable[[str, str, int, str], None]
    say: Callable[[str], None]


class AbletonDesk:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._seen = Ableton()
        self._socket: socket.socket | None = None
        self._running: asyncio.Task[None] | None = None
        self._target = ("", 0)
        self._heard_at = 0.0
        self._follower = BeatFollower()
        self._bpm = 0.0
        self.is_there = False

    def changed(self) -> None:
        """The section has changed, or the daemon starts."""
        wanted, before = self._around.settings(), self._seen
        self._seen = wanted
        if all(getattr(wanted, name) == getattr(before, name) for name in ADDRESS):
            return
        self.close()
        if wanted.enabled:
            self._running = asyncio.ensure_future(self._run(wanted))

    def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
        if self._socket is not None:
            if self.is_there:
                self._send(*ableton.listen(False))
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        self._socket, self._running, self.is_there = None, None, False

    def clip(self, number: int) -> None:
        """A clip is activated: its slot is fired, so that Live launches it where the loop ends."""
        if self.is_there and self._seen.slots:
            self._send(ableton.fire(self._seen.track, number % self._seen.slots))

    async def _run(self, wanted: Ableton) -> None:
        loop = asyncio.get_running_loop()
        try:
            # AbletonOSC listens on IPv4; a name server may take seconds
            self._open(wanted, await loop.run_in_executor(None, socket.gethostbyname, wanted.host))
        except (BridgeError, OSError) as error:
            self._trouble(error.code if isinstance(error, BridgeError) else 404, str(error))
            return
        await self._ask()

    def _open(self, wanted: Ableton, ip: str) -> None:
        if not self._around.allows(ip):
            raise BridgeError(f"ableton.host is {wanted.host!r}, in none of the networks of server.allow", 403)
        self._target = (ip, wanted.port)
        self._socket = bind("127.0.0.1" if is_local(ip) else "0.0.0.0", wanted.reply_port, "ableton.reply_port")
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    async def _ask(self) -> None:
        while True:
            self._send(ableton.test())
            await asyncio.sleep(ASK_S)
            if self.is_there and time.monotonic() - self._heard_at > GONE_S:
                self.is_there = False
                self._trouble(503, "Ableton Live does not answer any more; the beat goes on by our own clock")

    def _read(self) -> None:
        assert self._socket is not None
        for _ in range(64):
            try:
                datagram, source = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return
            except OSError:  # Windows tells here that nobody listened to our question
                continue
            if source[0] == self._target[0]:
                now = time.monotonic_ns()
                for said in ableton.hears(datagram):
                    self._take(said, now)

    def _take(self, said: Said, now: int) -> None:
        self._heard_at = now / 1e9
        if said.name == "startup" or not self.is_there:
            self.is_there = True
            self._send(*ableton.listen())
            self._around.say(f"Ableton Live is there, at {self._target[0]}:{self._target[1]}")
        if said.name == "tempo" and said.value > 0:
            self._bpm = self._around.within_bpm(said.value)
            self._follower.begin(self._bpm)
            if self._seen.follow:
                self._around.set_bpm(self._bpm)
        elif said.name == "is_playing":
            self._follower.begin(self._bpm)
        elif said.name == "beat":
            place = self._follower.beat(round(said.value), now)
            if place is not None and self._seen.follow:
                self._around.follow(*place, self._bpm)

    def _send(self, *packets: bytes) -> None:
        assert self._socket is not None
        for packet in packets:
            try:
                self._socket.sendto(packet, self._target)
            except OSError as error:  # it is asked again soon
                log.info("nothing sent to Ableton Live: %s", error)

    def _trouble(self, code: int, text: str) -> None:
        self._around.say(text)
        self._around.tell_all("/ear/fail", "/ear/ableton/enabled", code, text)
