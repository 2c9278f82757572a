"""The transport on the wire: beats, ends of loops, and who says when they are."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from tests.wire import Running, Wire

from .looping import (
    LOOP_S,
    RATE,
    Message,
    activation,
    dream,
    looping_daemon,
    next_ready,
    ready_after,
    restarts,
    select,
    sound_of,
    visitor,
)


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with looping_daemon(tmp_path_factory.mktemp("transport")) as running:
        yield running


@pytest.fixture
def client(bridge: Running) -> Iterator[Wire]:
    with visitor(bridge, "clips", "transport") as wire:
        yield wire


@pytest.fixture
def dreaming(client: Wire) -> Wire:
    select(client)
    dream(client)
    return client


def beats(wire: Wire, count: int) -> list[Message]:
    """bar, beat, bpm, phase of the next ones."""
    return [wire.wait_for(lambda m: m[0] == "/ear/beat")[1:] for _ in range(count)]


# beats


def test_beats_are_counted_in_bars_of_four_without_a_gap(client: Wire) -> None:
    told = beats(client, 10)
    counts = [(bar - 1) * 4 + beat - 1 for bar, beat, _, _ in told]
    assert counts == list(range(counts[0], counts[0] + 10)) and all(1 <= beat <= 4 for _, beat, _, _ in told)
    assert {bpm for _, _, bpm, _ in told} == {240.0}
    phases = [phase for *_, phase in told]
    assert phases == [(phases[0] + n / 4) % 1 for n in range(10)]  # of a loop of four beats


def test_the_tempo_changes_with_the_next_beat(client: Wire) -> None:
    client.ask("/ear/transport/bpm", 120.0)
    beats(client, 2)
    began = time.monotonic()
    assert {m[2] for m in beats(client, 4)} == {120.0}
    assert time.monotonic() - began == pytest.approx(4 * 0.5, abs=0.25)


def test_as_many_beats_as_fit_into_half_a_minute_are_allowed(client: Wire) -> None:
    address = "/ear/transport/beats_per_clip"
    assert client.ask(address, 1_000) == (address, 64) and client.ask(address, -1) == (address, 1)
    client.ask(address, 4)
    client.ask("/ear/transport/bpm", 120.0)
    _, _, code, text = client.ask(address, 64)
    assert code == 422 and "32 s" in text and "30 s" in text and "higher tempo" in text
    assert client.ask(address) == (address, 4)
    client.ask(address, 60)
    assert client.ask("/ear/transport/bpm", 60.0)[2] == 422
    assert client.ask("/ear/transport/bpm") == ("/ear/transport/bpm", 120.0)


# the ends of loops


def test_activations_name_ends_of_loops_ahead_of_them_by_clock_timetag_and_beat(dreaming: Wire) -> None:
    told = []
    for message in dreaming.messages(20):
        if message[0] == "/ear/clip/ready":
            dreaming.send("/ear/clip/loaded", message[1])
        elif message[0] == "/ear/clip/activate":
            told.append((*message[1:], dreaming.timetag, time.time()))
            if len(told) == 4:
                break
    ends = [seconds + microseconds / 1e6 for _, seconds, microseconds, *_ in told]
    for (*_, in_seconds, beat, timetag, came), end in zip(told, ends, strict=True):
        assert timetag == pytest.approx(end, abs=2e-6) and beat == int(beat)
        assert came < end and in_seconds == pytest.approx(0.15, abs=0.05)
        assert end - came <= in_seconds + 2e-3
    for before, after in itertools.pairwise(told):
        loops = (after[4] - before[4]) / 4
        assert loops >= 1 and loops == int(loops)
    beats_told = [m[4] for m in told]
    gaps = [(end - ends[0]) / (beat - beats_told[0]) for end, beat in zip(ends[1:], beats_told[1:], strict=True)]
    assert gaps == pytest.approx([0.25] * 3, abs=1e-4)


def test_a_longer_lookahead_activates_earlier(dreaming: Wire) -> None:
    dreaming.ask("/ear/transport/lookahead_ms", 400.0)
    list(dreaming.messages(1.2))
    dreaming.send("/ear/clip/loaded", next_ready(dreaming)[0])
    assert activation(dreaming)[3] == pytest.approx(0.4, abs=0.05)


def test_clips_take_the_length_of_the_loop_when_the_tempo_changes(dreaming: Wire) -> None:
    down = restarts(dreaming)
    for bpm, beats_per_clip in ((120.0, 4), (200.0, 4), (240.0, 2)):
        dreaming.ask("/ear/transport/bpm", bpm)
        dreaming.ask("/ear/transport/beats_per_clip", beats_per_clip)
        frames = round(beats_per_clip * 60 / bpm * RATE)
        ready = ready_after(dreaming, lambda m, frames=frames: m[5] == frames)  # type: ignore[misc]
        assert len(sound_of(ready)) == frames
        assert next_ready(dreaming)[5] == frames
    assert restarts(dreaming) == down


def test_a_clip_of_a_dream_that_has_ended_is_cut_to_a_new_length(dreaming: Wire) -> None:
    last = next_ready(dreaming)
    dreaming.ask("/ear/dream/stop")
    list(dreaming.messages(2.5))
    dreaming.ask("/ear/transport/bpm", 300.0)
    cut = ready_after(dreaming, lambda m: m[5] == round(4 * 60 / 300 * RATE))
    assert cut[0] > last[0]
    dreaming.send("/ear/clip/loaded", cut[0])
    assert activation(dreaming)[0] == cut[0]
    assert "/ear/clip/ready" not in [m[0] for m in dreaming.messages(2)]


# a client that owns the clock


def test_a_client_that_owns_the_clock_ends_loops(dreaming: Wire) -> None:
    assert dreaming.ask("/ear/transport/mode", "client") == ("/ear/transport/mode", "client")
    list(dreaming.messages(0.5))
    assert "/ear/clip/activate" not in [m[0] for m in dreaming.messages(2 * LOOP_S)]
    playing = 0
    for _ in range(3):
        ready = ready_once_ended(dreaming, playing)
        dreaming.send("/ear/clip/loaded", ready[0])
        list(dreaming.messages(0.2))
        dreaming.send("/ear/clip/ended", playing)
        clip, *_, in_seconds, _ = activation(dreaming, timeout_s=2)
        assert clip >= ready[0] and in_seconds <= 0.01
        playing = clip


def ready_once_ended(wire: Wire, playing: int) -> tuple[Any, ...]:
    """The clip that the end of a loop brings; on a busy machine the dream has made no step since the last, and the loop
    plays once more."""
    for _ in range(10):
        assert wire.ask("/ear/clip/ended", playing)[0] == "/ear/done"
        for message in wire.messages(2.0):
            if message[0] == "/ear/clip/ready":
                return message[1:]
    raise AssertionError("ten loops ended and no clip came")


def test_in_other_modes_nobody_else_ends_a_loop(client: Wire) -> None:
    _, _, code, text = client.ask("/ear/clip/ended", 1)
    assert code == 409 and "/ear/transport/mode client" in text


def test_link_is_refused_with_what_to_do_where_it_is_not_installed(client: Wire) -> None:
    if find_spec("aalink") is not None:
        pytest.skip("Link is installed here")
    _, _, code, text = client.ask("/ear/transport/mode", "link")
    assert code == 503 and "aalink" in text
    assert client.ask("/ear/transport/mode")[1] == "internal"
    assert beats(client, 2)
