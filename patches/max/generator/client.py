"""The connection: one of it serves all other parts."""

from __future__ import annotations

from .patcher import Patch

PORT, MAX_REPLY, LIVE_REPLY = 9870, 7400, 7401
ANSWERS = ("/ear/welcome", "/ear/alive", "/ear/synced", "/ear/done", "/ear/fail")


def client(names: str = "ear.", name: str = "Max", reply: int = MAX_REPLY, live: bool = False) -> Patch:
    """Says hello, keeps the leases, asks for the streams that others want and gives away what comes.

    live: leave the scheduler's thread to the sound, as Max for Live asks for. It hands clips over a little later.
    """
    patch = Patch(640, 420, names, "The connection to oscbridge: one of it is enough.")
    session = patch.obj(f"js ear.session.js {name} {reply}")
    receive = patch.obj(f"udpreceive {reply} @defer 1" if live else f"udpreceive {reply}")
    answers = patch.obj("routepass " + " ".join(ANSWERS))
    send = patch.obj(f"udpsend 127.0.0.1 {PORT}")
    patch.wire(receive, answers)
    for outlet in range(len(ANSWERS)):
        patch.wire((answers, outlet), session)
    patch.wire(receive, patch.sends("from"))
    # nobody is spoken to before there was an answer: a Set that opens would say all it holds into the dark
    gate, state, found = patch.obj("gate 1"), patch.obj("route state"), patch.obj("sel connected")
    first = patch.obj("t l l")  # the gate opens before the others are told
    patch.wire((session, 2), first)
    patch.wire((first, 1), state, found)
    patch.wire((first, 0), patch.sends("told"))
    patch.wire((found, 0), patch.message("1"), gate)
    patch.wire((found, 1), patch.message("0"), gate)
    patch.wire(patch.receives("to"), (gate, 1))
    patch.wire(gate, send)
    patch.wire(patch.receives("want"), session)
    for word in ("host", "port", "reply"):
        patch.wire(patch.receives(word), patch.obj(f"prepend {word}"), session)
    # a little later than everything else, so that all parts have said what they want
    begin = patch.obj("live.thisdevice" if live else "loadbang")
    patch.wire(begin, patch.obj("delay 300"), patch.message("1"), patch.obj("metro 1000"), session)
    patch.wire((session, 0), send)
    patch.wire((session, 1), receive)
    return patch


def wants(patch: Patch, text: str) -> None:
    """Asks for a stream as soon as the patch is there: `levels - 30.`"""
    patch.wire(patch.obj("loadbang"), patch.message(f"want {text}"), patch.sends("want"))
