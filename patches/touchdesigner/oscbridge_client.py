"""The part that lives in TouchDesigner: datagrams in, textures, decks and parameters out. One for each component.

The callbacks of the network call `of(component)`. Nothing here takes long: they run on the main thread.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from typing import Any

NAME = "TouchDesigner"
LEVELS = ("levels", "selection", "transport", "dream")  # floats only: the OSC In CHOP makes channels of them
LAYOUT_WAIT_S = 3.0  # what has not come in chunks by then is fetched as a file
LOG_LINES = 20

_client: Client | None = None


def of(comp: Any) -> Client:
    """The component's client; made when it is first needed, and anew when this text changes."""
    global _client
    if _client is None:
        _client = Client(comp, comp.op("oscbridge_td").module, comp.op("oscbridge_talk").module)
    return _client


class Client:
    """comp: the component; wire and talk: the pure modules; clock: monotonic seconds."""

    def __init__(self, comp: Any, wire: Any, talk: Any, clock: Any = time.monotonic) -> None:
        self.comp, self.wire, self.talk, self.clock = comp, wire, talk, clock
        self.session: Any = None
        self.parameters, self.decks = talk.Parameters(), talk.Decks()
        self.scalogram = wire.Scalogram()
        self.stale: set[str] = set()  # Script TOPs to be drawn with the next frame
        self._fetched: list[tuple[int, bytes | str]] = []
        self._lines: list[str] = []
        self._told = -1e9
        self.connect()

    # the connection

    def connect(self) -> None:
        """With what the component's parameters say; begins with a hello.

        From another port than before: any message from the old one would keep the old streams coming.
        """
        if self.session is not None:
            self._say(self.session.leave())
            self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        par = self.comp.par
        self.server = (str(par.Host.eval()), int(par.Port.eval()))
        levels, wish = int(par.Levelsport.eval()), self.talk.Wish
        wishes = [wish(stream, "", levels) for stream in LEVELS]
        wishes += [wish("classes", "", 0, 4.0), wish("state"), wish("layout"), wish("scalogram", "u8")]
        wishes += [wish("activations", "u8", 0, 0.0, str(par.Filter.eval()))]
        wishes += [wish("clips")] if par.Play.eval() else []
        self.session = self.talk.Session(NAME, int(par.Replyport.eval()), wishes)
        self._begin(0)

    def _begin(self, neurons: int) -> None:
        self.frames, self.layout = self.wire.Frames(neurons), self.wire.Layout(neurons)
        self._layout_due: tuple[float, int, str, str, int] | None = None
        self.stale |= {"activations", "hues", "layout"}

    def send(self, address: str, *args: Any) -> None:
        try:
            self.socket.sendto(self.wire.encode(address, *args), self.server)
        except OSError as error:
            self._log(f"{self.server[0]}:{self.server[1]}: {error}")

    # what arrives

    def received(self, datagram: bytes) -> None:
        """From the UDP In DAT, for every datagram."""
        for address, args, _ in self.wire.parse(datagram):
            try:
                self._message(address, args)
            except (TypeError, ValueError, IndexError) as error:
                self._log(f"{address}: {error}")

    def _message(self, address: str, args: list[Any]) -> None:
        now = self.clock()
        if address == "/ear/activations":
            if self.frames.add(*args):
                self.stale.add("activations")
        elif address == "/ear/scalogram":
            if self.scalogram.add(*args):
                self.stale.add("scalogram")
        elif address == "/ear/layout/xy":
            if self.layout.add(*args):
                self.stale.add("layout")
        elif address == "/ear/layout/ready":
            rev, url, sha256, _, snapshots = args
            self._layout_due = (now + LAYOUT_WAIT_S, rev, url, sha256, snapshots)
        elif address == "/ear/clip/ready":
            self._do(self.decks.ready(args[0], args[3], args[2], now))
        elif address == "/ear/clip/activate":
            at = self.talk.moment_of(args[1], args[2], args[3], time.time(), now)
            self._do(self.decks.activate(args[0], at, now))
        elif address == "/ear/classes":
            table = self.comp.op("classes")
            table.clear()
            for name, probability in zip(args[::2], args[1::2]):  # noqa: B905 (strict is not in Python 3.9)
                table.appendRow([name, f"{probability:.3f}"])
        elif (change := self.parameters.came(address, args[0] if args else None)) is not None:
            self.comp.par[change[0]].val = change[1]
        else:
            self._session(address, args, now)

    def _session(self, address: str, args: list[Any], now: float) -> None:
        epoch, neurons, was_asked = self.session.epoch, self.session.neurons, self.session.is_asked("activations")
        self._say(self.session.heard(address, args, now))
        if (self.session.epoch, self.session.neurons) != (epoch, neurons):
            self._begin(self.session.neurons)
        if was_asked and not self.session.is_asked("activations"):
            self._darken()  # what the last subscription left
        if address == "/ear/layer" and len(self.session.firsts) == self.session.layers:
            self.stale.add("hues")
        if address == "/ear/fail":
            self._log(" ".join(str(a) for a in args))

    # what is drawn and played

    def frame(self) -> None:
        """At the start of every frame."""
        now = self.clock()
        self._say(self.session.tick(now))
        self._fetch_layout(now)
        for name in sorted(self.stale):
            self.comp.op(name).cook(force=True)
        self.stale.clear()
        self._play(now)
        if now - self._told >= 1:
            self._told = now
            self.comp.par.Status.val = self.status()

    def cook(self, top: Any) -> None:
        """From the Script TOPs: each draws what its name says."""
        if top.name == "activations":
            top.copyNumpyArray(self.frames.texture())
        elif top.name == "hues":
            firsts = [first for _, first in sorted(self.session.firsts.items())]
            top.copyNumpyArray(self.wire.hues(firsts, self.frames.neurons))
        elif top.name == "layout":
            par = self.comp.par
            top.copyNumpyArray(self.layout.texture(float(par.Moment.eval()), float(par.Breathe.eval())))
        elif top.name == "scalogram":
            top.copyNumpyArray(self.scalogram.texture())

    def status(self) -> str:
        if not self.session.is_welcome:
            return f"waiting for oscbridge at {self.server[0]}:{self.server[1]}"
        frames = self.frames
        lost = f", {frames.torn} frames not whole" if frames.torn else ""
        return f"{self.session.model}: {frames.neurons:,} neurons, {frames.per_second():.1f} frames/s{lost}"

    def _darken(self) -> None:
        self.frames.clear()
        self.stale.add("activations")

    def _fetch_layout(self, now: float) -> None:
        while self._fetched:
            rev, file = self._fetched.pop(0)
            try:
                if isinstance(file, str):
                    raise ValueError(file)
                self.layout.load(rev, file)
                self.stale.add("layout")
            except ValueError as error:
                self._log(f"layout: {error}")
        if self._layout_due is None or now < self._layout_due[0]:
            return
        _, rev, url, sha256, snapshots = self._layout_due
        self._layout_due = None
        if (self.layout.rev, len(self.layout.whole)) != (rev, snapshots):
            threading.Thread(target=self._fetch, args=(rev, url, sha256), daemon=True).start()

    def _fetch(self, rev: int, url: str, sha256: str) -> None:
        """In a thread: touches nothing of TouchDesigner's."""
        try:
            self._fetched.append((rev, self.wire.fetch(url, sha256)))
        except (OSError, ValueError) as error:
            self._fetched.append((rev, str(error)))

    def _play(self, now: float) -> None:
        name = self.decks.opening()
        if name:
            player, since = self.comp.op(f"clip_{name}"), now - self.decks.decks[name].since
            soonest, latest = self.talk.OPEN_S
            if since >= soonest and player.errors():
                self._do(self.decks.failed(name, str(player.errors())[:200]))
            elif since >= soonest and player.numChans:
                self._do(self.decks.opened(name))
            elif since > latest:
                self._do(self.decks.failed(name, f"it did not open in {latest:g} s"))
        self._do(self.decks.tick(now))
        for deck in ("a", "b"):
            # a quarter of a circle: two clips that differ keep their loudness while they cross
            gain = math.sin(math.pi / 2 * self.decks.gain(deck, now)) * float(self.comp.par.Volume.eval())
            self.comp.op(f"gain_{deck}").par.gain = gain

    def _do(self, deeds: list[Any]) -> None:
        for what, *rest in deeds:
            if what == "say":
                self.send(*rest)
                continue
            par = self.comp.op(f"clip_{rest[0]}").par
            if what == "load":
                par.play = 0
                par.file = rest[2]
                par.cue = 1  # waits at its beginning
            elif what == "start":
                par.cue = 0
                par.cuepulse.pulse()
                par.play = 1

    # what is turned

    def changed(self, par: Any) -> None:
        """From the Parameter Execute DAT: a control was moved, by hand or by us."""
        name, value = par.name, par.eval()
        if name in ("Host", "Port", "Replyport", "Levelsport"):
            self.connect()
        elif name == "Filter":
            self._say(self.session.want(self.talk.Wish("activations", "u8", 0, 0.0, str(value))))
        elif name == "Play":
            self._say(self.session.want(self.talk.Wish("clips")) if value else self.session.drop("clips"))
        elif name in ("Moment", "Breathe"):
            self.stale.add("layout")
        elif (say := self.parameters.turned(name, value)) is not None:
            self.send(*say)

    def pulsed(self, par: Any) -> None:
        """From the Parameter Execute DAT: a button was pressed."""
        name, pars = par.name, self.comp.par
        if name == "Connect":
            self.connect()
        elif name == "Selectcircle":
            circle = [float(pars[f"Select{part}"].eval()) for part in ("x", "y", "radius", "weight")]
            self.send("/ear/select/circle", *circle, "touchdesigner")
        elif name in BUTTONS:
            self.send(BUTTONS[name])

    def _say(self, says: list[Any]) -> None:
        for say in says:
            self.send(*say)

    def _log(self, line: str) -> None:
        self._lines = [*self._lines[1 - LOG_LINES :], time.strftime("%H:%M:%S ") + line]
        self.comp.op("log").text = "\n".join(self._lines)


BUTTONS = {
    "Selectclear": "/ear/select/clear",
    "Dreamstart": "/ear/dream/start",
    "Dreamstop": "/ear/dream/stop",
    "Dreamrestart": "/ear/dream/restart",
    "Layoutstart": "/ear/layout/start",
    "Layoutstop": "/ear/layout/stop",
}
