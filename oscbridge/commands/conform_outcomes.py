"""Checks of refusals: each with the code that the contract gives it, and with a sentence that helps."""

from __future__ import annotations

from ..osc.packets import encode
from ..osc.streams import MAX_FILTER, STREAMS
from .conform_check import Station, check, expect
from .conform_talk import check_refusal

NOWHERE = 100_000  # as a layer, a channel, a subscription or a clip


@check("an unknown address is refused with 404, and the nearest is told")
def unknown_address(on: Station) -> str:
    with on.talk() as client:
        for wrong, right in (("/ear/stream/gama", "/ear/stream/gamma"), ("/ear/subscrbe", "/ear/subscribe")):
            said = client.refused(404, wrong)
            expect(right in said.args[2], f"{right} in the sentence", said.args[2])
        client.refused(404, "/nothing")
        return str(said.args[2])


@check("what is malformed is refused with 400")
def malformed(on: Station) -> None:
    with on.talk() as client:
        for address, *args in (
            ("/ear/sync",), ("/ear/sync", "x"), ("/ear/sync", 1.5), ("/ear/sync", 1, 2), ("/ear/clock", b"12"),
            ("/ear/hello", 1, 0), ("/ear/hello", "name"), ("/ear/subscribe", "levels"), ("/ear/renew", "one"),
            ("/ear/subscribe", "levels", "", 0, "often", 0.0), ("/ear/status", 1), ("/ear/layers", "all"),
            ("/ear/load", 5), ("/ear/select/add", 0), ("/ear/select/circle", "x"), ("/ear/clip/loaded", "newest"),
        ):  # fmt: skip
            client.refused(400, str(address), *args)
        for what, datagram in (
            ("a message cut short", encode("/ear/clock", 1)[:-4]),
            ("a type that is not understood", b"/ear/clock\0\0,h\0\0" + bytes(8)),
        ):
            client.send_raw(datagram)
            check_refusal(client.answer("/ear/clock"), 400, "/ear/clock", what)


@check("what is out of domain is refused with 422, what is not there with 404, what is too large with 413")
def out_of_domain(on: Station) -> None:
    filtered = next(name for name, kind in STREAMS.items() if kind.takes_filter and kind.per_frame)
    plain = next(name for name, kind in STREAMS.items() if not kind.takes_filter and kind.per_frame)
    with on.talk() as client:
        client.refused(404, "/ear/subscribe", "no-such-stream", "", 0, 0.0, 0.0)
        for args in (
            (plain, "no-such-packing", 0, 0.0, 0.0),
            (plain, "", 0, 0.0, 0.0, "0"),
            (filtered, "", 0, 0.0, 0.0, "first"),
            (filtered, "", 0, 0.0, 0.0, f"{NOWHERE}"),
            (filtered, "", 0, 0.0, 0.0, f"0:{NOWHERE}"),
            (filtered, "", 0, 0.0, 0.0, "1-0"),
            (plain, "", 0, -1.0, 0.0),
            (plain, "", 0, 0.0, -1.0),
            (plain, "", 70_000, 0.0, 0.0),
        ):
            client.refused(422, "/ear/subscribe", *args)
        client.refused(413, "/ear/subscribe", filtered, "", 0, 0.0, 0.0, ",".join(["0"] * MAX_FILTER))
        client.refused(422, "/ear/select/add", NOWHERE, 0, 0, 0.0, 1.0, 1.0)
        client.refused(422, "/ear/select/add", 0, 0, 0, 0.0, 1.0, 2.0)
        client.refused(422, "/ear/hello", "conform", -1)
        for address in ("/ear/clip/play", "/ear/clip/loaded"):
            client.refused(404, address, 16_000_000)
        client.refused(404, "/ear/layout/load", "conform asks for what is not there")
