"""Sound inputs without a sound card: ring, choice, pace, loss and return, and the process beside us."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from oscbridge.daemon import capture, feed
from oscbridge.daemon.capture import HEADER, Input, Ring, channels_to_open, pick
from oscbridge.daemon.devices import DeviceSource, list_inputs
from oscbridge.daemon.feed import Block, CaptureProcess, Event, Opened, Trouble
from oscbridge.errors import BridgeError

from .fakes import HOP, PERIOD, RATE, FakeFeed, Hands

NOISE = np.random.default_rng(0).uniform(-1, 1, (6 * RATE, 2)).astype(np.float32)


# ---- the ring


def test_a_ring_gives_back_what_was_written_in_any_portions() -> None:
    random = np.random.default_rng(0)
    ring, written, taken = Ring(1_000, 2), 0, []
    while written < 50_000:
        n = int(random.integers(1, 500))
        ring.write(NOISE[written : written + n])
        written += n
        if random.random() < 0.7:
            taken.append(ring.take(int(random.integers(max(0, written - n), written + 1))))
        else:
            taken.append(ring.take(written))
    taken.append(ring.take(written))
    np.testing.assert_array_equal(np.concatenate(taken), NOISE[:written])
    assert ring.lost == 0


def test_a_ring_overwrites_the_oldest_and_counts_it() -> None:
    ring = Ring(100, 2)
    ring.write(NOISE[:70])
    ring.write(NOISE[70:140])
    np.testing.assert_array_equal(ring.take(140), NOISE[40:140])
    assert ring.lost == 40
    ring.write(NOISE[140:440])  # more than it holds
    np.testing.assert_array_equal(ring.take(440), NOISE[340:440])
    assert ring.lost == 240
    ring.write(NOISE[440:640])
    assert len(ring.take(500)) == 0  # overwritten altogether
    assert ring.lost == 300


def test_a_ring_never_hands_on_a_torn_block() -> None:
    ring, stop = Ring(4_096, 1), threading.Event()
    period = 1_500 * 1_000
    count = np.arange(period, dtype=np.float32)[:, None]

    def write() -> None:
        at = 0
        while not stop.is_set():
            ring.write(count[at : at + 1_500])
            at = (at + 1_500) % period
            time.sleep(0)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # the threads interrupt each other as often as can be
    writer = threading.Thread(target=write)
    writer.start()
    try:
        at = frames = 0
        until = time.monotonic() + 20
        while (ring.lost == 0 or frames < 500_000) and time.monotonic() < until:
            end, lost = ring.written, ring.lost
            block = ring.take(end)[:, 0]
            at += ring.lost - lost
            np.testing.assert_array_equal(block, np.arange(at, end) % period)
            frames += len(block)
            at = end
    finally:
        stop.set()
        writer.join()
        sys.setswitchinterval(switch)
    assert frames >= 500_000
    assert ring.lost > 0


# ---- which input is meant


def inputs(*names: str, default: int = 0) -> list[Input]:
    return [Input(i + 3, name, "ALSA", 2, 48_000.0, i == default) for i, name in enumerate(names)]


SOME = inputs("Built-in Microphone", "Scarlett 2i2 USB (hw:1,0)", "Scarlett 18i20", "scarlett", default=1)


@pytest.mark.parametrize(
    ("device", "index", "note"),
    [
        ("", 4, ""),
        ("5", 5, ""),
        ("micro", 3, ""),
        (" 18I20 ", 5, ""),
        ("Scarlett", 6, ""),  # an exact name goes first
        ("scarlett ", 6, ""),
        ("scarlett 2", 4, ""),
        ("scar", 4, 'could also be 5 "Scarlett 18i20", 6 "scarlett"'),
    ],
)
def test_an_input_is_meant_by_number_or_part_of_its_name(device: str, index: int, note: str) -> None:
    chosen, remark = pick(SOME, device)
    assert chosen.index == index
    assert bool(remark) == bool(note)
    assert note in remark


def test_without_a_default_the_first_input_is_taken() -> None:
    assert pick(inputs("a", "b", default=7), "")[0].name == "a"


def test_a_missing_input_names_the_nearest_and_lists_all() -> None:
    with pytest.raises(BridgeError, match='did you mean "Scarlett 18i20"') as error:
        pick(SOME, "scralett 18i20")
    assert error.value.code == 404
    assert '3 "Built-in Microphone" (ALSA, 2 channels); 4 "Scarlett 2i2' in str(error.value)
    with pytest.raises(BridgeError, match=r"no input with the number 0; inputs: 3 "):
        pick(SOME, "0")
    with pytest.raises(BridgeError, match="shows no sound input"):
        pick([], "x")


def test_after_unplugging_a_number_means_the_device_it_meant_before() -> None:
    assert pick(SOME, "3", seen="Scarlett 18i20")[0].index == 5
    assert pick(SOME, "3", seen="Scarlett 2i2 USB (hw:2,0)")[0].index == 4
    with pytest.raises(BridgeError, match='"Zoom" is not there'):
        pick(SOME, "3", seen="Zoom")


def test_all_channels_are_opened_but_not_the_ones_alsa_makes_up() -> None:
    assert channels_to_open(Input(0, "Fireface (hw:1,0)", "ALSA", 18, 44_100, True), 0) == 18
    assert channels_to_open(Input(0, "loopback", "JACK", 8, 44_100, True), 0) == 8
    assert channels_to_open(Input(0, "default", "ALSA", 128, 44_100, True), 0) == 2
    assert channels_to_open(Input(0, "default", "ALSA", 128, 44_100, True), 6) == 6
    assert channels_to_open(Input(0, "default", "ALSA", 1, 44_100, True), 0) == 1


# ---- hops from a device


def make(
    hands: Hands, sound: np.ndarray = NOISE, device: str = "loopback", block: int = 512, **more: Any
) -> tuple[DeviceSource, FakeFeed, list[tuple[int, str]]]:
    told: list[tuple[int, str]] = []
    rate = more.pop("device_rate", RATE)
    fake = FakeFeed(hands, sound, rate, block, more.pop("note", ""))
    source = DeviceSource(device, RATE, HOP, clock=hands.clock, feed=fake, tell=lambda *t: told.append(t), **more)
    return source, fake, told


@pytest.mark.parametrize("block", [64, 441, 512, 1_024, 1_025, 2_048, 4_096, 8_192])
def test_what_is_played_is_what_is_heard_evenly_whatever_the_block(block: int) -> None:
    hands = Hands()
    source, _, told = make(hands, channel=2, block=block)
    source.set_gain(0.0)
    hops, when = [], []
    for _ in range(200):
        before = hands.now
        hops.append(source.next_hop())
        when.append(hands.now)
        assert hands.now - before <= 2 * PERIOD + 1_000_000
    sound = np.concatenate([h.samples for h in hops])
    first = int(np.flatnonzero(sound)[0])  # a block longer than two hops begins with silence
    assert first % HOP == 0
    np.testing.assert_array_equal(sound[first:], NOISE[: len(sound) - first, 1])
    assert sum(h.dropped_count for h in hops) == 0
    gaps = np.diff(when[first // HOP + 1 :])
    assert gaps.max() <= PERIOD + min(block, HOP) * 1e9 / RATE + 2_000_000
    assert told == []


def test_a_hop_carries_the_time_of_the_callback_that_completed_it() -> None:
    hands = Hands()
    source, _, _ = make(hands, block=700)
    start = hands.now
    for n in range(1, 50):
        if n % 10 == 0:
            hands.move(2 * PERIOD)  # a late reader finds several hops, each with its own time
        hop = source.next_hop()
        assert hop.dropped_count == 0
        frames = -(-n * HOP // 700) * 700
        assert hop.monotonic_ns == start + frames * 1_000_000_000 // RATE
        assert hop.unix_ns == hop.monotonic_ns + 7


@pytest.mark.parametrize("rate", [8_000, 48_000, 96_000])
def test_another_rate_is_resampled(rate: int) -> None:
    hands = Hands()
    tone = (0.5 * np.sin(2 * np.pi * 200 * np.arange(3 * rate) / rate)).astype(np.float32)[:, None]
    source, _, _ = make(hands, tone, device_rate=rate, block=256)
    assert source.what == f'device 1 "loopback", 1 channel at {rate:,} Hz, resampled to 44,100 Hz'
    sound = np.concatenate([source.next_hop().samples for _ in range(100)])[RATE // 2 :]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * RATE / len(sound) == pytest.approx(200, abs=1)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_a_reader_that_comes_late_skips_the_oldest_and_is_live_again() -> None:
    hands = Hands()
    source, _, _ = make(hands, channel=1, keep_hops=4)
    heard = [source.next_hop().samples for _ in range(10)]
    hands.move(2 * PERIOD)
    for _ in range(3):
        hop = source.next_hop()
        assert hop.dropped_count == 0
        heard.append(hop.samples)
    hands.move(10 * PERIOD)
    hop = source.next_hop()
    assert 9 <= hop.dropped_count <= 10
    assert hop.dropped.shape == (4, HOP)
    end = (13 + hop.dropped_count + 1) * HOP
    np.testing.assert_array_equal(np.concatenate([hop.dropped.reshape(-1), hop.samples]), NOISE[end - 5 * HOP : end, 0])
    np.testing.assert_array_equal(np.concatenate(heard), NOISE[: 13 * HOP, 0])
    assert hands.now - hop.monotonic_ns < PERIOD
    assert source.next_hop().dropped_count == 0


def test_a_lost_device_is_told_once_gives_silence_at_pace_and_comes_back() -> None:
    hands = Hands()
    source, fake, told = make(hands)
    for _ in range(20):
        assert source.next_hop().samples.any()
    fake.is_plugged = False
    start, hops = hands.now, []
    while hands.now < start + 3_000_000_000:
        before = hands.now
        hops.append(source.next_hop())
        assert hands.now - before <= 2 * PERIOD + 1_000_000
    assert len(hops) == pytest.approx(3 * RATE / HOP, abs=2)
    assert not any(h.samples.any() for h in hops[2:])
    silent = np.diff([h.monotonic_ns for h in hops[5:]])
    assert (silent == PERIOD).all()
    assert told == [(503, 'device "loopback" is gone; silence until it is back, trying every second')]
    assert source.what == 'device "loopback", which is away'
    fake.events.append(Trouble(404, "no such input"))
    fake.events.append(fake.opened)
    fake.is_plugged = True
    back = [source.next_hop() for _ in range(20)]
    assert all(h.samples.any() for h in back[3:])
    assert told[1:] == [(200, 'device "loopback" is back')]


def test_a_device_that_says_it_is_gone_is_believed_at_once() -> None:
    hands = Hands()
    source, fake, told = make(hands)
    source.next_hop()
    fake.is_plugged = False
    fake.events.append(Trouble(503, "the input is gone"))
    assert not source.next_hop().samples.any()
    assert [code for code, _ in told] == [503]


def test_a_late_reader_of_silence_is_on_time_again() -> None:
    hands = Hands()
    source, fake, _ = make(hands)
    fake.is_plugged = False
    fake.events.append(Trouble(503, "gone"))
    source.next_hop()
    hands.move(round(30.5 * PERIOD))
    hop = source.next_hop()
    assert hop.dropped_count == 29
    assert hop.dropped.shape == (16, HOP)
    assert 0 <= hands.now - hop.monotonic_ns < PERIOD


def test_a_device_that_comes_back_with_fewer_channels_is_heard_as_their_mean() -> None:
    hands = Hands()
    source, fake, told = make(hands, channel=2)
    source.next_hop()
    fake._sound = NOISE[:, :1]
    fake.events.append(Opened(1, "loopback", 1, RATE, ""))
    assert source.next_hop().samples.any()
    assert told[0][0] == 422
    assert "no channel 2; taking the mean" in told[0][1]


def test_a_device_that_cannot_be_had_is_refused_or_waited_for() -> None:
    hands = Hands()
    fake = FakeFeed(hands, NOISE)
    fake.events.clear()
    fake.events.append(Trouble(404, "no input x"))
    with pytest.raises(BridgeError, match="no input x") as error:
        DeviceSource("x", RATE, HOP, clock=hands.clock, feed=fake)
    assert error.value.code == 404
    assert fake.is_closed
    told: list[tuple[int, str]] = []
    fake.events.append(Trouble(404, "no input x"))
    fake.is_plugged = False
    source = DeviceSource("x", RATE, HOP, clock=hands.clock, feed=fake, wait=True, tell=lambda *t: told.append(t))
    hops = [source.next_hop() for _ in range(50)]
    assert not any(h.samples.any() for h in hops)
    assert told == [(503, "no input x; silence until it is there, trying every second")]
    fake.events.append(fake.opened)
    fake.is_plugged = True
    assert any(source.next_hop().samples.any() for _ in range(4))
    assert told[1] == (200, 'device "loopback" is back')


def test_a_missing_channel_is_refused_and_the_device_let_go() -> None:
    hands = Hands()
    with pytest.raises(BridgeError, match=r"channel is 3, but device .* has 2 channels"):
        make(hands, channel=3)
    source, _, _ = make(hands, channel=2)
    with pytest.raises(BridgeError, match="channel is 3"):
        source.set_channel(3)
    source.set_channel(1)
    source.next_hop()
    start = source._read
    np.testing.assert_array_equal(source.next_hop().samples, NOISE[start : start + HOP, 0])


def test_a_remark_about_the_choice_and_broken_samples_are_told_once() -> None:
    hands = Hands()
    sound = NOISE.copy()
    sound[5_000:5_100] = np.nan
    source, _, told = make(hands, sound, note="it could also be 4")
    assert np.isfinite(np.concatenate([source.next_hop().samples for _ in range(10)])).all()
    assert [code for code, _ in told] == [200, 422]


def test_gain_of_a_device_moves_over_one_hop() -> None:
    hands = Hands()
    source, _, _ = make(hands, np.ones((RATE, 1), np.float32), gain_db=20.0)
    assert (source.next_hop().samples == 10).all()
    source.set_gain(0.0)
    np.testing.assert_allclose(np.diff(source.next_hop().samples), -9 / HOP, rtol=0.01)
    assert (source.next_hop().samples == 1).all()


# ---- the process beside us


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], CaptureProcess]]:
    """Runs a few lines of Python in the place of the capture process."""
    monkeypatch.setattr(capture, "RETRY_S", 0.02)
    started: list[CaptureProcess] = []
    head = f"""
        import json, os, struct, sys, time
        def say(kind, payload, overflows=0):
            os.write(1, struct.pack({HEADER.format!r}, kind, len(payload), 1, 2, overflows) + payload)
        opened = json.dumps(dict(index=1, name="loopback", channels=1, rate=44100, note="")).encode()
        asked = json.loads(sys.argv[1])
    """

    def start(body: str) -> CaptureProcess:
        script = textwrap.dedent(head) + textwrap.dedent(body)
        monkeypatch.setattr(feed, "_command", lambda **a: [sys.executable, "-S", "-c", script, json.dumps(a)])
        started.append(CaptureProcess("3", RATE, 0))
        return started[-1]

    yield start
    for process in started:
        process.close()


def wait_for(events: Any, enough: Callable[[list[Event]], bool]) -> list[Event]:
    until = time.monotonic() + 20
    while not enough(seen := list(events)):
        assert time.monotonic() < until, seen
        time.sleep(0.005)
    return seen


def test_a_capture_process_that_dies_is_started_again_and_looks_for_the_same_device(
    stand_in: Callable[[str], CaptureProcess],
) -> None:
    process = stand_in(
        """
        say(b"O", opened)
        say(b"S", struct.pack("2f", 1.0, len(asked["seen"])), overflows=3)
        os.abort() if not asked["seen"] else sys.stdin.read()
        """
    )
    events = wait_for(process.events, lambda e: len(e) == 5)
    first, trouble, second = events[1], events[2], events[4]
    assert isinstance(events[0], Opened)
    assert isinstance(first, Block)
    np.testing.assert_array_equal(first.samples, [[1.0], [0.0]])
    assert (first.monotonic_ns, first.unix_ns) == (1, 2)
    assert isinstance(trouble, Trouble)
    assert "ended with -6" in trouble.text or sys.platform == "win32"
    assert isinstance(second, Block)
    assert second.samples[1, 0] == len("loopback")
    assert process.overflows == 6


def test_a_capture_process_that_hangs_is_killed_and_started_again(
    stand_in: Callable[[str], CaptureProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HANG_S", 0.3)
    process = stand_in('say(b"O", opened) or time.sleep(60)')
    until = time.monotonic() + 20
    while sum(isinstance(e, Opened) for e in list(process.events)) < 2:
        process.check()
        time.sleep(0.01)
        assert time.monotonic() < until


@pytest.mark.parametrize("what", ['struct.pack("<cxxxIqqI", b"O", 500, 1, 2, 0) + opened', 'b"O"'])
def test_half_a_message_is_no_message(stand_in: Callable[[str], CaptureProcess], what: str) -> None:
    process = stand_in(f"os.write(1, {what})")
    [event] = wait_for(process.events, lambda e: len(e) == 1)
    assert event == Trouble(503, "the capture process ended with 0")


def test_a_reader_that_sleeps_does_not_fill_the_memory(
    stand_in: Callable[[str], CaptureProcess],
) -> None:
    process = stand_in(
        """
        say(b"O", opened)
        for _ in range(2_000):
            say(b"S", bytes(4 * 1_000))
        say(b"T", json.dumps(dict(code=503, text="done")).encode())
        sys.stdin.read()
        """
    )
    events = wait_for(process.events, lambda e: bool(e) and isinstance(e[-1], Trouble))
    blocks = sum(isinstance(e, Block) for e in events)
    assert blocks == pytest.approx(feed.BACKLOG_S * RATE / 1_000, abs=3)


def test_closing_ends_the_capture_process(stand_in: Callable[[str], CaptureProcess]) -> None:
    process = stand_in('say(b"O", opened) or sys.stdin.read()')
    assert process.answered.wait(20)
    running = process._process
    assert running is not None
    process.close()
    assert running.poll() is not None
    assert not process._thread.is_alive()


def test_without_portaudio_the_message_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sounddevice.py").write_text('raise OSError("PortAudio library not found")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(BridgeError, match=r"apt-get install libportaudio2.*brew install portaudio") as error:
        list_inputs()
    assert error.value.code == 503
    with pytest.raises(BridgeError, match="libportaudio2"):
        DeviceSource("anything")


def test_the_listening_process_never_loads_portaudio() -> None:
    code = "import oscbridge.daemon.devices, sys; sys.exit('sounddevice' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
