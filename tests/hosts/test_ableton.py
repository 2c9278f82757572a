"""Live's messages read, and its beat found although every message is late."""

from __future__ import annotations

import random

import pytest

from oscbridge.hosts import ableton
from oscbridge.hosts.ableton import BeatFollower, Said, hears
from oscbridge.osc.packets import Message, bundle, encode, parse

S = 1_000_000_000


@pytest.mark.parametrize(
    "address, args, said",
    [
        ("/live/test", ("ok",), [Said("test", 1.0)]),
        ("/live/startup", (), [Said("startup", 1.0)]),
        ("/live/song/get/tempo", (123.5,), [Said("tempo", 123.5)]),
        ("/live/song/get/beat", (17,), [Said("beat", 17.0)]),
        ("/live/song/get/is_playing", (1,), [Said("is_playing", 1.0)]),
        ("/live/song/get/tempo", (), []),
        ("/live/song/get/tempo", ("fast",), []),
        ("/live/song/get/tempo", (1e30,), []),
        ("/live/song/get/metronome", (1,), []),
        ("/live/track/get/tempo", (1.0,), []),
        ("/live/error", ("no such track",), []),
    ],
)
def test_what_live_says_is_read_and_all_else_passed_over(
    address: str, args: tuple[object, ...], said: list[Said]
) -> None:
    assert hears(encode(address, *args)) == said
    assert hears(bundle(0, encode(address, *args))) == said


@pytest.mark.parametrize("junk", [b"", b"/", b"#bundle\0", b"/live/song/get/beat\0,i\0\0", b"\xff" * 99])
def test_junk_says_nothing(junk: bytes) -> None:
    assert hears(junk) == []


def test_orders_are_those_of_the_address_reference() -> None:
    (message,) = parse(ableton.fire(2, 5))
    assert isinstance(message, Message) and (message.address, message.args) == ("/live/clip/fire", (2, 5))
    asked = [m.address for p in ableton.listen() for m in parse(p) if isinstance(m, Message)]
    assert asked == [f"/live/song/start_listen/{name}" for name in ("tempo", "is_playing", "beat")]
    stopped = [m.address for p in ableton.listen(False) for m in parse(p) if isinstance(m, Message)]
    assert all("/stop_listen/" in address for address in stopped)


def follow(follower: BeatFollower, bpm: float, beats: range, late_ns: object, origin: int = 5 * S) -> list[float]:
    """How far off, ms, the follower is at each beat."""
    out = []
    for beat in beats:
        true = origin + round(beat * 60 * S / bpm)
        place = follower.beat(beat, true + late_ns())  # type: ignore[operator]
        assert place is not None and place[0] == beat
        out.append((place[1] - true) / 1e6)
    return out


@pytest.mark.parametrize("bpm", [60.0, 123.4, 174.0])
def test_messages_late_by_up_to_a_tenth_of_a_second_give_the_beat_to_some_milliseconds(bpm: float) -> None:
    follower, rng = BeatFollower(), random.Random(1)
    follower.begin(bpm)
    off = follow(follower, bpm, range(200), lambda: rng.randint(0, 100_000_000))
    assert min(off) >= 0
    settled = sorted(off[20:])
    assert settled[len(settled) // 2] < 10 and settled[-1] < 35


def test_a_jump_in_the_song_is_followed_at_once() -> None:
    follower = BeatFollower()
    follower.begin(120.0)
    follow(follower, 120.0, range(20), lambda: 20_000_000)
    for origin in (1_000 * S, 2_000 * S):  # later than its beats would have been, then far ahead
        assert follow(follower, 120.0, range(2), lambda: 50_000_000, origin) == [50.0, 50.0]
    assert follow(follower, 120.0, range(400, 402), lambda: 10_000_000, 1_900 * S) == [10.0, 10.0]


def test_nothing_is_known_without_a_tempo() -> None:
    assert BeatFollower().beat(3, S) is None
