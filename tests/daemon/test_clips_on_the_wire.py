"""Clips on the wire: handed over, kept, brought back and imported, by plain clients."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from oscbridge.daemon.clip_store import ClipStore
from tests.wire import Running, Wire

from . import clips
from .looping import (
    LOOP_S,
    LOOPS,
    LOWEST_HZ,
    RATE,
    Message,
    activation,
    dream,
    held,
    looping_daemon,
    next_ready,
    select,
    sound_of,
    steps,
    until,
    visitor,
    write_small,
)

FRAMES = int(LOOP_S * RATE)
LOW_HZ, HIGH_HZ = 400.0, 1_600.0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with looping_daemon(tmp_path_factory.mktemp("clips")) as running:
        yield running


@pytest.fixture
def client(bridge: Running) -> Iterator[Wire]:
    with visitor(bridge, "clips") as wire:
        yield wire


@pytest.fixture
def dreaming(client: Wire) -> Wire:
    select(client)
    dream(client)
    return client


def tone(folder: Path, name: str, hz: float, rate: int = RATE, seconds: float = LOOP_S) -> Path:
    path = folder / name
    time_s = np.arange(round(seconds * rate)) / rate
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * hz * time_s), rate, subtype="FLOAT")
    return path


def imported(wire: Wire, name: str) -> int:
    outcome = wire.ask("/ear/clip/import", name)
    assert outcome[:2] == ("/ear/done", "/ear/clip/import"), outcome
    return int(outcome[2])


# handed over


def test_a_clip_comes_once_a_loop_whole_and_never_louder_than_full_scale(dreaming: Wire) -> None:
    next_ready(dreaming)
    began = time.monotonic()
    got = [next_ready(dreaming) for _ in range(4)]
    assert time.monotonic() - began == pytest.approx(4 * LOOP_S, abs=0.6 * LOOP_S)
    assert [m[0] for m in got] == list(range(got[0][0], got[0][0] + 4))
    assert len({m[1] for m in got}) == 4
    for ready in got:
        _, sha256, url, path, rate, frames, channels, score = ready
        content = Path(path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        with urllib.request.urlopen(url) as answer:
            assert answer.read() == content and answer.headers["ETag"].strip('"') == sha256
        samples = sound_of(ready)
        assert (rate, frames, channels, samples.shape) == (RATE, FRAMES, 1, (FRAMES,))
        assert np.isfinite(samples).all() and 0 < np.abs(samples).max() <= 1 and np.isfinite(score)


def test_the_index_tells_what_was_selected_and_wished(dreaming: Wire) -> None:
    dreaming.ask("/ear/dream/loudness", 2.5)
    next_ready(dreaming)
    ready = next_ready(dreaming)
    made = json.loads(Path(ready[3]).with_suffix(".json").read_text())["made"]
    assert made["dream"]["loudness"] == 2.5 and made["dream"]["objective"] == "activate"
    assert made["selection"][0][:6] == [3, 0, 1, 0.0, 1.0, 1.0] and made["step"] > 0


def test_clips_come_as_flac_if_they_are_wished_so(dreaming: Wire) -> None:
    dreaming.ask("/ear/clips/format", "flac")
    next_ready(dreaming)
    ready = next_ready(dreaming)
    assert ready[3].endswith(".flac") and len(sound_of(ready)) == FRAMES


def test_one_who_joins_late_is_told_of_what_plays_and_of_the_newest(bridge: Running, dreaming: Wire) -> None:
    newest = next_ready(dreaming)
    dreaming.ask("/ear/dream/stop")
    list(dreaming.messages(1.5))
    with bridge.wire() as late:
        late.subscribe("clips")
        assert next_ready(late, 2)[0] >= newest[0]


def test_only_the_newest_clips_are_kept_and_those_with_a_name(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    store = ClipStore(folder)
    store.load()
    old = [clips.dream(store, folder, seed).id for seed in range(12)]
    kept = store.keep(old[0], "encore").id
    sets = [*LOOPS, f"model.name={small}", "clips.keep=3", "transport.beats_per_clip=2"]
    with Running(tmp_path, sets) as running, running.wire() as wire:
        wire.subscribe("clips")
        assert next_ready(wire)[0] == old[-1]  # the newest of the last time plays
        select(wire)
        dream(wire)
        new = [next_ready(wire)[0] for _ in range(3)]
        list(wire.messages(0.3))
        wire.send("/ear/clip/loaded", new[-1])
        there = set(held(wire))
        assert new[0] > kept and kept in there and set(new) <= there
        assert not there & set(old[:-3])
        # looked at again if a clip comes between the two
        until(lambda: len({p.stem for p in folder.iterdir() if not p.name.startswith(".")}) == len(held(wire)))


# activated


def test_a_clip_is_activated_for_those_who_loaded_it_alone(bridge: Running, dreaming: Wire) -> None:
    with bridge.wire() as silent:
        silent.subscribe("clips")
        ready = next_ready(dreaming)
        assert dreaming.ask("/ear/clip/loaded", ready[0])[0] == "/ear/done"
        clip, seconds, microseconds, in_seconds, beat = activation(dreaming)
        assert clip == ready[0] and beat == int(beat)
        assert dreaming.timetag == pytest.approx(seconds + microseconds / 1e6, abs=2e-6)
        assert 0 < in_seconds <= 0.15 + 1e-3  # transport.lookahead_ms
        seen = [m[0] for m in silent.messages(2.5)]
        assert "/ear/clip/ready" in seen and "/ear/clip/activate" not in seen


def test_one_who_fails_keeps_its_clip_until_it_loads_a_newer_one(dreaming: Wire) -> None:
    first = next_ready(dreaming)[0]
    dreaming.send("/ear/clip/loaded", first)
    assert activation(dreaming)[0] == first
    broken = next_ready(dreaming)[0]
    assert dreaming.ask("/ear/clip/failed", broken, "no memory")[0] == "/ear/done"
    assert "/ear/clip/activate" not in [m[0] for m in dreaming.messages(1.2)]
    newer = next_ready(dreaming)[0]
    dreaming.send("/ear/clip/loaded", newer)
    assert activation(dreaming)[0] == newer


def test_a_clip_that_is_not_there_is_neither_loaded_nor_failed_nor_begun(client: Wire, bridge: Running) -> None:
    for command, *more in (("loaded",), ("failed", "why"), ("started",)):
        assert client.ask(f"/ear/clip/{command}", 9_999, *more)[2] == 404
    with bridge.wire() as stranger:
        outcome = stranger.ask("/ear/clip/loaded", 1)
        assert outcome[2] == 404 and "subscribe" in outcome[3]


# gone back to, kept, imported


def test_a_clip_plays_again_until_the_newest_is_asked_for(dreaming: Wire) -> None:
    first = next_ready(dreaming)[0]
    dreaming.send("/ear/clip/loaded", first)
    second = next_ready(dreaming)[0]
    dreaming.send("/ear/clip/loaded", second)
    assert activation(dreaming, second)
    assert dreaming.ask("/ear/clip/play", first) == ("/ear/done", "/ear/clip/play", first)
    seen: list[int] = []
    for message in dreaming.messages(3.5):
        if message[0] == "/ear/clip/ready":
            dreaming.send("/ear/clip/loaded", message[1])
        elif message[0] == "/ear/clip/activate":
            seen.append(message[1])
    assert seen == [first]
    dreaming.ask("/ear/clip/play", 0)
    assert activation(dreaming)[0] > second
    outcome = dreaming.ask("/ear/clip/play", 9_999)
    assert outcome[2] == 404 and "there are" in outcome[3]


def test_a_clip_is_kept_under_a_name(bridge: Running, dreaming: Wire) -> None:
    ready = next_ready(dreaming)
    assert dreaming.ask("/ear/clip/keep", ready[0], "encore")[2:] == (ready[0], "encore.wav")
    assert (bridge.folder / "clips" / "encore.wav").read_bytes() == Path(ready[3]).read_bytes()
    assert [m[2] for m in held(dreaming).values() if m[1] == "encore"] == [ready[1]]
    assert dreaming.ask("/ear/clip/keep", 9_999, "encore")[2] == 404


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/b", "", ".hidden", "clip-000001", "x" * 300])
def test_a_name_that_is_none_keeps_nothing(bridge: Running, client: Wire, name: str) -> None:
    tone(bridge.folder / "clips", "short.wav", LOW_HZ, seconds=0.3)
    clip = imported(client, "short")
    before = sorted(p for p in bridge.folder.rglob("*") if p.suffix == ".wav" and not p.stem.startswith("clip-"))
    assert client.ask("/ear/clip/keep", clip, name)[2] in (404, 422)
    after = sorted(p for p in bridge.folder.rglob("*") if p.suffix == ".wav" and not p.stem.startswith("clip-"))
    assert before == after


def test_a_file_is_imported_as_the_origin_of_dreams(bridge: Running, client: Wire) -> None:
    tone(bridge.folder / "clips", "short.wav", 441.0, rate=44_100, seconds=0.3)
    clip = imported(client, "short")
    ready = held(client)[clip]
    assert ready[5:8] == (RATE, FRAMES, 1)
    samples = soundfile.read(ready[4], dtype="float32")[0]
    peak_hz = np.abs(np.fft.rfft(samples * np.hanning(FRAMES))).argmax() * RATE / FRAMES
    assert peak_hz == pytest.approx(441, abs=3)
    assert f"clip {clip} (short): resampled from 44,100 to 8,000 Hz" in bridge.text and "repeated" in bridge.text
    assert client.ask("/ear/dream/origin")[1] == "clip" and client.ask("/ear/dream/origin_clip")[1] == clip


@pytest.mark.parametrize("name", ["nothing", "../secret", "/etc/passwd", "", "..", "../clips/short"])
def test_a_file_that_is_not_in_the_folder_is_not_imported(bridge: Running, client: Wire, name: str) -> None:
    tone(bridge.folder, "secret.wav", LOW_HZ)
    before = held(client)
    assert client.ask("/ear/clip/import", name)[2] in (404, 422)
    new = [m[4] for clip, m in held(client).items() if clip not in before]
    # the last one of a dream that an earlier test has ended may still come
    assert all("dream" in json.loads(Path(path).with_suffix(".json").read_text())["made"] for path in new)


def test_a_file_with_what_is_no_sound_in_it_is_refused_or_mended_and_never_stops_the_daemon(
    bridge: Running, client: Wire
) -> None:
    folder = bridge.folder / "clips"
    samples = clips.loop(frames=FRAMES)
    samples[100] = np.nan
    soundfile.write(folder / "hole.wav", samples, RATE, subtype="FLOAT")
    (folder / "text.wav").write_text("no sound")
    assert client.ask("/ear/clip/import", "text")[2] == 422
    outcome = client.ask("/ear/clip/import", "hole")
    if outcome[0] == "/ear/done":
        assert np.isfinite(soundfile.read(held(client)[outcome[2]][4])[0]).all()
    else:
        assert outcome[2] == 422
    assert client.ask("/ear/sync", 1, answer="/ear/synced")


# heard


def test_the_ear_hears_the_clip_that_plays_and_changes_with_it_at_the_loops_end(bridge: Running, client: Wire) -> None:
    folder = bridge.folder / "clips"
    found = {}
    for name, hz in (("low", LOW_HZ), ("high", HIGH_HZ)):
        tone(folder, f"{name}.wav", hz)
        found[name] = imported(client, name)
    client.ask("/ear/stream/normalize", "none")
    client.ask("/ear/clip/play", found["low"])
    assert client.ask("/ear/listen/source", "clip")[0] == "/ear/listen/source"
    client.subscribe("scalogram")
    low, high = (round(12 * np.log2(hz / LOWEST_HZ)) for hz in (LOW_HZ, HIGH_HZ))
    client.wait_for(lambda m: m[0] == "/ear/scalogram" and _brightest(m) == low)
    client.ask("/ear/clip/play", found["high"])
    assert client.ask("/ear/clip/loaded", found["high"])[0] == "/ear/done"
    heard: list[tuple[float, int]] = []
    due = 0.0
    for message in client.messages(6):
        if message[0] == "/ear/clip/activate":
            due = message[2] + message[3] / 1e6
        elif message[0] == "/ear/scalogram":
            heard.append((time.time(), _brightest(message)))
            if len(heard) > 5 and {b for _, b in heard[-5:]} == {high}:
                break
    assert due and {b for _, b in heard[-5:]} == {high}
    assert all(b == low for at, b in heard if at < due - 0.02)
    first = next(at for at, b in heard if b == high)
    assert first < due + 0.5 * LOOP_S


def _brightest(message: Message) -> int:
    return int(np.argmax(message[2:]))


# a disk that refuses


def test_a_folder_that_is_gone_is_told_and_the_dream_goes_on(small: Path, tmp_path: Path) -> None:
    with Running(tmp_path, [*LOOPS, f"model.name={small}"]) as running, running.wire() as wire:
        _until_a_clip_plays(wire)
        os.rename(tmp_path / "clips", tmp_path / "away")
        (tmp_path / "clips").write_text("a file in its place")
        _assert_it_goes_on(wire, "cannot be written")
        (tmp_path / "clips").unlink()
        os.rename(tmp_path / "away", tmp_path / "clips")
        assert next_ready(wire)


def test_a_full_disk_is_told_and_the_dream_goes_on(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tight"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        sets = [*LOOPS, f"model.name={small}", f"clips.folder={folder}"]
        with Running(tmp_path, sets) as running, running.wire() as wire:
            _until_a_clip_plays(wire)
            _assert_it_goes_on(wire, "disk is full")
    finally:
        subprocess.run(["umount", folder], check=True)


def _until_a_clip_plays(wire: Wire) -> None:
    wire.subscribe("clips")
    wire.subscribe("dream")
    select(wire)
    dream(wire)
    wire.send("/ear/clip/loaded", next_ready(wire)[0])
    activation(wire)


def _assert_it_goes_on(wire: Wire, words: str) -> None:
    fail = wire.wait_for(lambda m: m[0] == "/ear/fail", 20)
    assert fail[2] == 500 and words in fail[3] and len(fail[3]) < 500
    assert steps(wire, 60)
    status = wire.ask("/ear/status")
    assert status[8] == 0 and status[9] == "running"
    assert held(wire)
