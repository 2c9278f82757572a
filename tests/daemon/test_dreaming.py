"""Dreams on the wire: begun, steered, stopped, and begun anew, by a plain client."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.ear import ears
from tests.wire import Running, Wire

from .looping import (
    FROZEN,
    LOOP_S,
    LOOPS,
    LOSS,
    RATE,
    STEP_S,
    Message,
    Sound,
    activation,
    begin,
    dream,
    import_tone,
    looping_daemon,
    made_of,
    next_ready,
    progress,
    ready_after,
    restarts,
    select,
    sound_of,
    steps,
    until,
    visitor,
    wish,
    write_small,
)

FRAMES_PER_S = RATE / 128
TONE_HZ = 400.0


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with looping_daemon(tmp_path_factory.mktemp("dreaming")) as running:
        yield running


@pytest.fixture
def client(bridge: Running) -> Iterator[Wire]:
    with visitor(bridge, "dream", "clips") as wire:
        yield wire


def likeness(a: Sound, b: Sound) -> float:
    """The highest normalised correlation of the shorter sound with any part of the loop `b`."""
    looped = np.concatenate([b, b])[: len(b) + len(a)].astype(np.float64)
    correlation = np.correlate(looped, a.astype(np.float64), "valid")
    energy = np.convolve(looped**2, np.ones(len(a)), "valid")
    return float(np.max(correlation / np.sqrt(energy * np.sum(a.astype(np.float64) ** 2) + 1e-12)))


# beginning and ending


def test_a_dream_of_nothing_is_refused_with_what_to_do(client: Wire) -> None:
    _, _, code, text = client.ask("/ear/dream/start", timeout_s=STEP_S)
    assert code == 409 and "/ear/select/add" in text
    assert client.ask("/ear/dream/stop")[2] == 409  # nothing is on then


def test_a_start_is_answered_after_the_first_step_and_every_step_is_told(client: Wire) -> None:
    select(client)
    client.send("/ear/dream/start")
    seen: list[Message] = []
    for message in client.messages(STEP_S):
        seen.append(message)
        if message[:2] == ("/ear/done", "/ear/dream/start"):
            break
    told = [m[2] for m in seen if m[0] == "/ear/dream/progress"] + [m[1] for m in steps(client, 20)]
    assert told == list(range(told[0], told[0] + len(told)))
    assert all(m[3] > 0 for m in seen if m[0] == "/ear/dream/progress")
    assert client.ask("/ear/status")[5] > 0


@pytest.mark.parametrize("region", [(1, 0, -1), (3, 0, 1), (6, 2, 2)])
def test_the_score_rises(client: Wire, region: tuple[int, int, int]) -> None:
    select(client, *region)
    dream(client, "restart")
    scores = [m[3] for m in steps(client, 150)]
    assert max(scores[:2]) < 0.9 * scores[-1]


def test_a_stop_ends_steps_and_clips_and_a_start_goes_on_from_there(client: Wire) -> None:
    begin(client)
    stopped_at = steps(client, 20)[-1][1]
    assert client.ask("/ear/dream/stop") == ("/ear/done", "/ear/dream/stop")
    progress(client, 1)  # what was on its way, and the last clip
    rest = [m[0] for m in client.messages(1.5 * LOOP_S)]
    assert "/ear/dream/progress" not in rest and "/ear/clip/ready" not in rest
    assert client.ask("/ear/status")[5] == 0
    assert client.ask("/ear/dream/stop")[2] == 409
    dream(client)
    assert steps(client, 1)[0][1] > stopped_at


def test_a_restart_goes_back_to_the_origin_and_the_same_seed_dreams_the_same(client: Wire) -> None:
    begin(client)
    steps(client, 20)
    runs = []
    for _ in range(2):
        client.send("/ear/dream/restart")
        first = client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[2] == 1)[1:]
        told = [first, *steps(client, 99)]
        assert [m[1] for m in told] == list(range(1, 101))
        runs.append([m[LOSS] for m in told])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][-1]
    wish(client, seed=1)
    client.send("/ear/dream/restart")
    other = client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[2] == 1)
    assert other[1:][LOSS] != runs[0][0]


def test_progress_tells_the_newest_clip_of_the_dream(client: Wire) -> None:
    begin(client)
    clip = next_ready(client)[0]
    client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[1] >= clip)
    client.send("/ear/dream/restart")
    client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[1] == 0)
    clip = next_ready(client)[0]
    client.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[1] >= clip)


# parameters


def test_a_step_size_of_nothing_freezes_the_dream(client: Wire) -> None:
    begin(client)
    steps(client, 20)
    wish(client, step_size=0.0)
    next_ready(client)
    frozen = [next_ready(client)[1] for _ in range(2)]
    assert frozen[0] == frozen[1]
    wish(client, step_size=4.0)
    next_ready(client)
    assert next_ready(client)[1] != frozen[0]


def test_what_cannot_be_is_told_and_the_dream_goes_on(client: Wire) -> None:
    begin(client)
    client.send("/ear/dream/objective", "classify")  # this ear has no classes
    fail = client.wait_for(lambda m: m[0] == "/ear/fail")
    assert fail[1].startswith("/ear/dream/") and "class" in fail[3]
    wish(client, objective="activate")
    client.ask("/ear/select/clear")
    assert "/ear/select/add" in client.wait_for(lambda m: m[0] == "/ear/fail")[3]
    assert steps(client, 60)
    client.ask("/ear/transport/beats_per_clip", 2)
    select(client, 2)
    # the new length was not lost among what was refused: a clip of the dream itself has it
    assert ready_after(client, lambda m: m[5] == RATE // 2 and "cut_from" not in made_of(m))


def test_clearing_the_selection_of_a_dream_that_is_not_on_is_no_mistake(client: Wire) -> None:
    begin(client)
    client.ask("/ear/dream/stop")
    client.ask("/ear/select/clear")
    assert "/ear/fail" not in [m[0] for m in client.messages(1.5)]
    client.send("/ear/dream/start")
    assert sum(m[0] == "/ear/fail" for m in client.messages(2)) == 1


def test_a_restart_that_is_refused_lets_the_dream_go_on(client: Wire) -> None:
    begin(client)
    client.send("/ear/dream/origin_clip", 999_999)
    wish(client, origin="clip")
    fail = client.ask("/ear/dream/restart")
    assert fail[2] == 404 and "999999" in fail[3]
    wish(client, origin="noise", origin_clip=0)
    client.ask("/ear/select/clear")
    assert client.ask("/ear/dream/restart")[2] == 409
    assert steps(client, 60)


# origins


@pytest.mark.parametrize("origin", ["noise", "silence", "clip", "live", "running"])
def test_a_dream_begins_with_its_origin(bridge: Running, client: Wire, origin: str) -> None:
    tone = import_tone(client, bridge.folder / "clips", TONE_HZ)
    if origin == "running":
        client.ask("/ear/clip/play", tone)
        progress(client, 2.5)  # over a loop's end it plays
    elif origin == "live":
        until(lambda: client.ask("/ear/status")[1] > 3 * FRAMES_PER_S)
    begin(client, **FROZEN, origin=origin, origin_clip=tone if origin == "clip" else 0, noise_db=-30.0)
    clip = sound_of(next_ready(client))
    level = np.sqrt(np.mean(clip**2))
    sine = (0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(RATE) / RATE)).astype(np.float32)
    if origin == "silence":
        assert level < 1e-4
    elif origin == "noise":
        assert 20 * np.log10(level) == pytest.approx(-30, abs=0.5)
    elif origin == "live":
        assert likeness(clip, _heard()) > 0.9
    else:
        assert likeness(clip, sine) > 0.99 and level == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def _heard() -> Sound:
    """The bundled loop at the ear's rate, (n,)."""
    import soxr

    samples, rate = soundfile.read(ears.LOOP, dtype="float32", always_2d=True)
    mono: Sound = soxr.resample(samples.mean(axis=1), rate, RATE).astype(np.float32)
    return mono


# what the ear knows


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("trained"), [*LOOPS, "model.name=ear-half"]) as running:
        yield running


def test_a_dream_is_taken_for_a_class_more_and_more(trained: Running) -> None:
    with trained.wire() as wire:
        wire.subscribe("dream")
        wish(wire, objective="classify", class_name="guitar")
        dream(wire, "restart")
        # so many steps, however long they take; a single one may be a step back
        scores = [m[3] for m in steps(wire, 60)]
        assert float(np.median(scores[-30:])) > scores[0] + 0.1
        wire.send("/ear/dream/class_name", "kazoo")
        _, _, code, text = wire.wait_for(lambda m: m[0] == "/ear/fail")
        assert code in (404, 422) and "kazoo" in text and "guitar" in text
        assert steps(wire, 5)  # it goes on
        wish(wire, class_name="guitar")
        wire.ask("/ear/dream/stop")


def test_a_dream_becomes_predictable(trained: Running) -> None:
    with trained.wire() as wire:
        wire.subscribe("dream")
        wish(wire, objective="predict")
        dream(wire, "restart")
        scores = [m[3] for m in steps(wire, 90)]
        assert float(np.median(scores[-30:])) > scores[0] + 0.05
        wire.ask("/ear/dream/stop")


# the worker


def test_a_worker_that_is_killed_goes_on_from_the_last_clip_and_the_ear_hears_on(tmp_path: Path) -> None:
    with Running(tmp_path, [*LOOPS, f"model.name={write_small(tmp_path)}"]) as running, running.wire() as wire:
        for stream in ("dream", "clips"):
            wire.subscribe(stream)
        wire.subscribe("scalogram", "u8")
        before = set(running.children())
        begin(wire)
        assert steps(wire, 100)[-1][3] > 10
        wish(wire, **FROZEN)
        next_ready(wire)
        last = next_ready(wire)
        (worker,) = [
            p for p in set(running.children()) - before if "spawn_main" in " ".join(psutil.Process(p).cmdline())
        ]
        os.kill(worker, signal.SIGKILL)
        seen: list[Message] = []
        for message in wire.messages(STEP_S):
            seen.append(message)
            if message[0] == "/ear/clip/ready" and message[1] > last[0] + 1:
                break
        assert any(m[0] == "/ear/fail" and m[2] == 503 for m in seen)
        np.testing.assert_allclose(sound_of(seen[-1][1:]), sound_of(last), atol=1e-6)
        frames = [m[1] for m in seen if m[0] == "/ear/scalogram"]
        dropped = wire.ask("/ear/status")[7]
        assert len(frames) > 30 and frames == sorted(set(frames))
        assert frames[-1] - frames[0] + 1 - len(frames) <= dropped
        assert restarts(wire) == 1
        wire.send("/ear/clip/loaded", seen[-1][1])
        assert activation(wire)[0] >= seen[-1][1]


def test_the_ear_hears_no_less_while_it_dreams(client: Wire) -> None:
    client.subscribe("scalogram", "u8")
    spans = []
    for is_on in (False, True):
        if is_on:
            begin(client)
        dropped = client.ask("/ear/status")[7]
        numbers = [m[1] for m in client.messages(4) if m[0] == "/ear/scalogram"]
        missing = numbers[-1] - numbers[0] + 1 - len(numbers)
        assert numbers == sorted(set(numbers)) and missing <= client.ask("/ear/status")[7] - dropped
        spans.append(numbers[-1] - numbers[0])
    assert spans == pytest.approx([4 * FRAMES_PER_S] * 2, rel=0.1)
