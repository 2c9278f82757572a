"""Checks of clips: what is held, handed over and activated. None is made, kept, or played to anybody else."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import Any

from ..osc.streams import CLIPS
from .conform_check import Differs, Skip, Station, check, expect
from .conform_files import fetch
from .conform_parameters import value_of
from .conform_talk import Talk, answer_of, messages_of

READY, ACTIVATE = messages_of(CLIPS)
MOST_WAIT_S = 10.0  # for a loop's end


@check("the clips that are held are listed, and counted")
def clip_list(on: Station) -> str:
    held, counted = (answer_of("/ear/clip/list")[address] for address in ("/ear/clip/held", "/ear/clip/list"))
    with on.talk() as client:
        client.send("/ear/clip/list")
        told = []
        for said in client.heard(2.0):
            if said.address == held.address:
                told.append(held.check(said))
            elif said.args[:1] == (counted.address,):
                is_count = said.tags == f"s{counted.fixed}" and said.args[1] == len(told)
                expect(is_count, f"/ear/done {counted}, {len(told)} clips", str(said))
                break
        else:
            raise Differs("/ear/done /ear/clip/list i:clips", f"{len(told)} clips and no count")
    for t in told:
        expect(t["clip"] >= 1 and bool(re.fullmatch("[0-9a-f]{64}", t["sha256"])), "a number and a sha256", t)
    return f"{len(told)} clips"


@check("the newest clip is told to who comes late, and its file is behind URL and path")
def clip_ready(on: Station) -> str:
    with on.talk() as client:
        told = _newest(client)
    content = fetch(on, told["url"], told["sha256"])
    expect(told["rate"] > 0 and told["frames"] > 0 and told["channels"] > 0, "rate, frames and channels above 0", told)
    if not on.is_local:
        expect(not told["path"], "no path, since we are on another machine", told["path"])
    elif told["path"]:
        try:
            there = hashlib.sha256(Path(told["path"]).read_bytes()).hexdigest()
        except OSError as error:
            raise Differs("a file at the path that is told", f"{told['path']}: {error.strerror}") from error
        expect(there == told["sha256"], f"a file with the sha256 {told['sha256']}", f"{there} at {told['path']}")
    return f"clip {told['clip']}, {len(content):,} bytes"


@check("who has loaded a clip is told when to play it, in a bundle with that time")
def clip_activate(on: Station) -> str:
    with on.talk() as client:
        if value_of(client, "transport.mode") == "client":
            raise Skip("transport.mode is client: a loop ends when a client says so")
        beats, bpm = value_of(client, "transport.beats_per_clip"), value_of(client, "transport.bpm")
        ahead_s = value_of(client, "transport.lookahead_ms") / 1000
        loop_s = beats * 60 / bpm
        if loop_s + 1 > MOST_WAIT_S:
            raise Skip(f"a loop lasts {loop_s:.0f} s")
        told = _newest(client)
        client.done("/ear/clip/loaded", told["clip"])
        expected = f"{ACTIVATE}, within a loop of {loop_s:.1f} s"
        said = client.wait(lambda s: s.address == ACTIVATE.address, expected, loop_s + 1)
        now = time.time()
        t = ACTIVATE.check(said)
        clock = answer_of("/ear/clock")["/ear/clock"].check(client.ask("/ear/clock", 1))
        client.done("/ear/clip/started", t["clip"])
    at = t["Unix_s"] + t["microseconds"] / 1e6
    expect(said.timetag > 0 and abs(said.timetag - at) < 0.002, f"the timetag {at:.3f}", f"{said.timetag:.3f}")
    expect(0 <= t["in_seconds"] <= ahead_s + 0.05, f"at most {ahead_s:.2f} s ahead", f"{t['in_seconds']:.3f} s")
    offset = clock["unix_s"] + clock["microseconds"] / 1e6 - time.time()
    off = now + offset + t["in_seconds"] - at
    expect(abs(off) < 0.15, "in_seconds that lead to the same moment", f"{off:+.3f} s off")
    expect(t["clip"] == told["clip"], f"clip {told['clip']}, which was loaded", t["clip"])
    return f"clip {t['clip']}, {t['in_seconds'] * 1000:.0f} ms ahead"


def _newest(client: Talk) -> dict[str, Any]:
    """Subscribes, and returns what the last of the clips that are told at once says. Raises Skip if there is none."""
    client.subscribe(CLIPS)
    said = [s for s in client.heard(0.5) if s.address == READY.address]
    if not said:
        raise Skip("there is no clip yet")
    return [READY.check(s) for s in said][-1]
