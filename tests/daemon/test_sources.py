"""Files and clips as sources: every format, no seam, on time for ever, and no file that stops the show."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from oscbridge.daemon.intake import Intake, Ramp
from oscbridge.daemon.looped import LoopedFile
from oscbridge.daemon.sources import ClipSource, FileSource, Pacer
from oscbridge.errors import BridgeError
from oscbridge.resources import loop_file

from .fakes import HOP, PERIOD, RATE, Hands

Told = list[tuple[int, str]]


def sine(rate: int, seconds: float, hz: float = 200.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def read(source: Any, hops: int) -> np.ndarray:
    return np.concatenate([source.next_hop().samples for _ in range(hops)])


def tone_error(sound: np.ndarray, hz: float, amplitude: float = 0.5) -> float:
    """The largest distance from the best sine of `hz`, in amplitudes."""
    t = 2 * np.pi * hz * np.arange(len(sound)) / RATE
    basis = np.stack([np.sin(t), np.cos(t)], axis=1)
    weights = np.linalg.lstsq(basis, sound.astype(np.float64), rcond=None)[0]
    assert np.hypot(*weights) == pytest.approx(amplitude, rel=0.02)
    return float(np.abs(sound - basis @ weights).max() / amplitude)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., FileSource]]:
    """Writes samples to a file and plays it, with a patient reader so that a busy machine changes nothing."""
    opened: list[FileSource] = []

    def open_file(
        samples: np.ndarray | Path,
        rate: int = RATE,
        name: str = "sound.wav",
        subtype: str | None = "FLOAT",
        **more: Any,
    ) -> FileSource:
        path = samples if isinstance(samples, Path) else tmp_path / name
        if not isinstance(samples, Path):
            soundfile.write(path, samples, rate, subtype=subtype)
        more = {"clock": Hands().clock, "patience_s": 20.0, **more}
        opened.append(FileSource(path, RATE, HOP, **more))
        return opened[-1]

    yield open_file
    for source in opened:
        source.close()


# ---- what a file may be


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff", "a.caf", "a.w64"])
def test_every_format_is_heard_and_looped_without_a_seam(play: Callable[..., FileSource], name: str) -> None:
    if name == "a.mp3" and "MP3" not in soundfile.available_formats():
        pytest.skip("this libsndfile reads no MP3: version 1.1 or later is needed")
    source = play(sine(RATE, 1.0), name=name, subtype=None)
    sound = read(source, 3 * RATE // HOP)
    tolerance = 0.06 if name.endswith(("ogg", "mp3")) else 0.001  # lossy codecs smear where a file ends
    assert tone_error(sound, 200) < tolerance
    assert source.what == f"{name}, 1.0 s, 44,100 Hz, looped"


@pytest.mark.parametrize(
    ("rate", "channels"),
    [
        (8_000, 1),
        (11_025, 2),
        (16_000, 3),
        (22_050, 4),
        (32_000, 5),
        (44_100, 6),
        (48_000, 7),
        (96_000, 8),
        (192_000, 2),
    ],
)
def test_any_rate_and_channel_gives_its_tone_without_a_seam(
    play: Callable[..., FileSource], rate: int, channels: int
) -> None:
    each = np.stack([sine(rate, 0.8, 200.0 * (c + 1)) for c in range(channels)], axis=1)
    hops = 2 * RATE // HOP
    for channel in {1, channels}:
        sound = read(play(each, rate, channel=channel), hops)
        assert tone_error(sound[RATE // 10 :], 200.0 * channel) < 0.001
    mean = read(play(np.repeat(each[:, :1], channels, axis=1), rate, channel=0), hops)
    assert tone_error(mean[RATE // 10 :], 200) < 0.001


@pytest.mark.parametrize("length", [1, 100, 5_000, 11_025, 11_026, 30_000])
def test_what_is_heard_is_what_the_file_holds_bit_for_bit(play: Callable[..., FileSource], length: int) -> None:
    noise = np.random.default_rng(0).standard_normal(length).astype(np.float32)
    sound = read(play(noise), 80)
    np.testing.assert_array_equal(sound, np.resize(noise, len(sound)))


def test_a_file_is_read_only_a_second_ahead(play: Callable[..., FileSource], monkeypatch: pytest.MonkeyPatch) -> None:
    frames = 0
    original = LoopedFile._read

    def counted(self: LoopedFile) -> np.ndarray:
        nonlocal frames
        block = original(self)
        frames += len(block)
        return block

    monkeypatch.setattr(LoopedFile, "_read", counted)
    source = play(sine(RATE, 6.0))
    read(source, 43)
    time.sleep(0.3)  # the thread would have read it all by now
    assert frames <= 2.75 * RATE


# ---- what is refused, before anything changes


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "guitar_drums.flac").touch()
    with pytest.raises(BridgeError, match=r"no file .*guitar_drum\.flac; did you mean guitar_drums\.flac\?") as error:
        FileSource(tmp_path / "guitar_drum.flac")
    assert error.value.code == 404
    with pytest.raises(BridgeError, match="no folder") as error:
        FileSource(tmp_path / "nowhere" / "a.wav")
    assert error.value.code == 404


def _text(path: Path) -> None:
    path.write_text("this is no sound")


def _nothing(path: Path) -> None:
    path.touch()


def _no_samples(path: Path) -> None:
    soundfile.write(path, np.zeros(0, np.float32), RATE, format="WAV")


def _mad_rate(path: Path) -> None:
    soundfile.write(path, np.zeros(10, np.float32), 10, format="WAV")


@pytest.mark.parametrize(
    ("make", "name", "words"),
    [
        (Path.mkdir, "a.wav", "is a folder"),
        (_text, "a.wav", "not a sound file .*expected WAV"),
        (_text, "a.raw", "not a sound file"),
        (_nothing, "a.flac", "not a sound file"),
        (_no_samples, "a.wav", "holds no sound"),
        (_mad_rate, "a.wav", "says 10 Hz; expected 1,000 to"),
        pytest.param(
            getattr(os, "mkfifo", None),
            "a.wav",
            "is a pipe",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system"),
        ),
    ],
)
def test_what_is_no_sound_file_is_refused(tmp_path: Path, make: Any, name: str, words: str) -> None:
    make(tmp_path / name)
    with pytest.raises(BridgeError, match=words) as error:
        FileSource(tmp_path / name)
    assert error.value.code == 422


def test_a_channel_that_is_not_there_is_refused_and_nothing_changes(play: Callable[..., FileSource]) -> None:
    two = np.stack([sine(RATE, 1.0, 200), sine(RATE, 1.0, 400)], axis=1)
    with pytest.raises(BridgeError, match=r"channel is 3, but sound\.wav has 2 channels; expected 1 to 2, or 0"):
        play(two, channel=3)
    source = play(two, channel=2)
    with pytest.raises(BridgeError, match="channel is -1"):
        source.set_channel(-1)
    assert tone_error(read(source, 60), 400) < 0.001


# ---- what breaks while it plays


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
def test_a_file_that_was_cut_loops_what_is_left_and_says_so_once(
    play: Callable[..., FileSource], tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    noise = 0.2 * np.random.default_rng(0).standard_normal(4 * RATE)
    soundfile.write(path, noise, RATE, subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    if name == "a.wav":  # its header still says four seconds, as after a full disk or a broken copy
        with path.open("r+b") as file:
            file.seek(0)
            file.write(data[:44])
    told: Told = []
    sound = read(play(path, tell=lambda *t: told.append(t)), 6 * RATE // HOP)
    assert np.isfinite(sound).all()
    assert np.abs(sound[-RATE:]).max() > 0.1
    if name == "a.flac":  # libsndfile mends the length of a WAV by itself
        [(code, text)] = told
        assert code == 422
        assert text.startswith("a.flac breaks off after 1.")
        assert "looping what can be read" in text


def test_a_file_that_is_emptied_gives_silence_until_it_is_written_anew(
    play: Callable[..., FileSource], tmp_path: Path
) -> None:
    told: Told = []
    path = tmp_path / "sound.wav"
    source = play(sine(RATE, 3.0), tell=lambda *t: told.append(t))
    os.truncate(path, 0)
    for _ in range(4 * RATE // HOP):
        last = source.next_hop()
    assert not last.samples.any()
    assert [code for code, _ in told] == [422, 503]
    assert "cannot be read any more" in told[1][1]
    soundfile.write(path, sine(RATE, 3.0), RATE, subtype="FLOAT")
    sound = read(source, 4 * RATE // HOP)
    assert tone_error(sound[-RATE:], 200) < 0.001
    assert told[2][0] == 200


def test_samples_that_are_no_sound_become_silence_and_are_told_once(play: Callable[..., FileSource]) -> None:
    told: Told = []
    samples = sine(RATE, 1.0)
    samples[[10, 20, 30, 40]] = [np.nan, np.inf, -np.inf, 1e30]
    sound = read(play(samples, tell=lambda *t: told.append(t)), 2 * RATE // HOP)
    assert (sound[[10, 20, 30, 40]] == 0).all()
    assert sound[11] == samples[11]
    assert np.isfinite(sound).all()
    assert [code for code, _ in told] == [422]


def test_a_decoder_that_is_late_costs_silence_and_no_sound_is_lost(
    play: Callable[..., FileSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = []
    ready = threading.Event()
    original = LoopedFile.next_block
    calls = 0

    def slow(self: LoopedFile) -> np.ndarray:
        nonlocal calls
        calls += 1
        if calls > 1:
            ready.wait(20)
        return original(self)

    monkeypatch.setattr(LoopedFile, "next_block", slow)
    ramp = np.arange(3 * RATE, dtype=np.float32) / RATE
    source = play(ramp, patience_s=0.01, tell=lambda *t: told.append(t))
    sound = read(source, 15)  # the first block holds 10 hops
    np.testing.assert_array_equal(sound[: 10 * HOP], ramp[: 10 * HOP])
    assert not sound[10 * HOP :].any()
    assert source.lost_hops == 5
    assert [code for code, _ in told] == [503]
    ready.set()
    source._patience = 20.0
    np.testing.assert_array_equal(read(source, 20), ramp[10 * HOP : 30 * HOP])


def test_a_fault_of_ours_in_the_decoder_is_told_and_hops_go_on(
    play: Callable[..., FileSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = []
    source = play(sine(RATE, 3.0), tell=lambda *t: told.append(t))
    monkeypatch.setattr(LoopedFile, "next_block", lambda self: 1 / 0)
    while source._ahead.thread.is_alive():
        if source._ahead.ready.empty():
            time.sleep(0.01)  # it is just ending
        else:
            source.next_hop()
    source._patience = 0.001
    for _ in range(100):
        source.next_hop()
    assert [code for code, _ in told] == [500, 503]


# ---- the pace


def test_every_hop_is_due_exactly_n_hops_after_the_first() -> None:
    hands = Hands(oversleep_ns=700_000)
    pacer = Pacer(RATE, HOP, hands.clock)
    start = hands.now
    for n in range(20_000):
        assert pacer.wait() == (0, start + n * HOP * 1_000_000_000 // RATE)
    assert max(hands.slept) <= PERIOD + 1 + 700_000


def test_a_hop_says_when_it_was_due_on_both_clocks() -> None:
    hands = Hands(oversleep_ns=900_000)
    source = ClipSource(sine(RATE, 1.0), RATE, HOP, clock=hands.clock)
    start = hands.now
    hops = [source.next_hop() for _ in range(100)]
    assert hops[99].monotonic_ns == start + 99 * HOP * 1_000_000_000 // RATE
    assert hops[99].unix_ns - hops[99].monotonic_ns == 1_700_000_000_000_000_000
    assert hops[99].dropped.shape == (0, HOP)


@pytest.fixture(params=["clip", "file"])
def counting(request: pytest.FixtureRequest, play: Callable[..., FileSource]) -> Callable[..., Any]:
    """A source whose sample n is n, so that it tells where it is."""
    ramp = np.arange(6 * RATE, dtype=np.float32)

    def make(hands: Hands, **more: Any) -> Any:
        if request.param == "clip":
            return ClipSource(ramp, RATE, HOP, clock=hands.clock, **more)
        return play(ramp, clock=hands.clock, **more)

    return make


@pytest.mark.parametrize(("late", "skipped"), [(1.0, 0), (2.9, 0), (3.1, 3), (5.5, 5)])
def test_who_comes_more_than_two_hops_late_skips_until_on_time(
    counting: Callable[..., Any], late: float, skipped: int
) -> None:
    hands = Hands()
    source = counting(hands)
    start = hands.now
    read(source, 10)
    hands.now = start + round((10 + late) * HOP * 1e9 / RATE)
    hop = source.next_hop()
    assert hop.dropped_count == skipped
    heard = np.concatenate([hop.dropped.reshape(-1), hop.samples])
    np.testing.assert_array_equal(heard, 10 * HOP + np.arange((skipped + 1) * HOP))
    assert hop.monotonic_ns == start + (10 + skipped) * HOP * 1_000_000_000 // RATE
    hands.slept.clear()
    for n in range(10):
        assert source.next_hop().monotonic_ns == start + (11 + skipped + n) * HOP * 1_000_000_000 // RATE
    assert hands.slept  # it waits again


def test_of_many_skipped_hops_the_newest_are_kept(counting: Callable[..., Any]) -> None:
    hands = Hands()
    source = counting(hands, keep_hops=4)
    source.next_hop()
    hands.now += 101 * PERIOD + 1_000
    hop = source.next_hop()
    assert (hop.dropped_count, hop.dropped.shape) == (100, (4, HOP))
    heard = np.concatenate([hop.dropped.reshape(-1), hop.samples])
    np.testing.assert_array_equal(heard, 97 * HOP + np.arange(5 * HOP))


def test_a_day_asleep_costs_one_skip() -> None:
    hands = Hands()
    source = ClipSource(np.arange(1_000, dtype=np.float32), RATE, HOP, clock=hands.clock)
    source.next_hop()
    hands.now += 86_400 * 1_000_000_000
    hop = source.next_hop()
    assert hop.dropped_count == pytest.approx(86_400 * RATE / HOP, abs=2)
    assert hop.samples[0] == (1 + hop.dropped_count) * HOP % 1_000
    assert source.next_hop().dropped_count == 0


def test_hops_leave_nothing_for_the_garbage_collector(play: Callable[..., FileSource]) -> None:
    source = play(sine(48_000, 3.0), 48_000)  # the listening worker turns the collector off
    read(source, 10)
    gc.collect()
    gc.disable()
    try:
        read(source, 300)
        assert gc.collect() < 30
    finally:
        gc.enable()


def test_a_source_that_is_closed_is_freed_without_the_garbage_collector() -> None:
    gc.disable()
    try:
        source = FileSource(loop_file(), RATE, HOP)
        source.next_hop()
        source.close()
        gone = weakref.ref(source)
        del source
        assert gone() is None
    finally:
        gc.enable()


# ---- gain, channel, clips


def test_gain_moves_in_a_straight_line_over_one_hop() -> None:
    source = ClipSource(np.ones(HOP, np.float32), RATE, HOP, clock=Hands().clock)
    assert (source.next_hop().samples == 1).all()
    source.set_gain(-20)
    ramp = source.next_hop().samples
    np.testing.assert_allclose(np.diff(np.concatenate([[1], ramp])), -0.9 / HOP, rtol=1e-3)
    np.testing.assert_allclose(source.next_hop().samples, 0.1, rtol=1e-6)
    for gain in (float("nan"), float("inf"), 1e9):
        with pytest.raises(BridgeError, match="expected a number of decibels"):
            source.set_gain(gain)
    np.testing.assert_allclose(source.next_hop().samples, 0.1, rtol=1e-6)


def test_skipped_hops_are_as_loud_as_the_others() -> None:
    hands = Hands()
    source = ClipSource(np.ones(HOP, np.float32), RATE, HOP, gain_db=6.0, clock=hands.clock)
    source.next_hop()
    hands.now += 6 * PERIOD
    np.testing.assert_allclose(source.next_hop().dropped, 10 ** (6 / 20), rtol=1e-6)


@pytest.mark.parametrize("block", [1, 64, 1_000, 5_000])
def test_a_change_of_channel_does_not_click(block: int) -> None:
    intake = Intake("it", 2, RATE, RATE, channel=1, ramp=HOP)
    both = np.tile(np.array([1, -1], np.float32), (5_000, 1))
    intake(both[:10])
    intake.set_channel(2)
    sound = np.concatenate([intake(both[at : at + block]) for at in range(0, 5_000, block)])
    assert np.abs(np.diff(np.concatenate([[1], sound]))).max() < 2.1 / HOP
    assert sound[HOP] == -1


def test_a_ramp_that_is_redirected_goes_on_from_where_it_is() -> None:
    ramp = Ramp(0.0, 100)
    ramp.to(1.0)
    assert ramp.over(50)[-1, 0] == pytest.approx(0.5)
    ramp.to(0.0)
    values = ramp.over(150)[:, 0]
    assert values[0] == pytest.approx(0.495)
    assert (values[99:] == 0).all()


def test_a_channel_can_be_changed_while_a_file_plays(play: Callable[..., FileSource]) -> None:
    source = play(np.stack([sine(RATE, 1.0, 200), sine(RATE, 1.0, 400)], axis=1), channel=1)
    assert tone_error(read(source, 10), 200) < 0.001
    source.set_channel(2)
    read(source, 60)
    assert tone_error(read(source, 40), 400) < 0.001


def _moment(start: int, sample: int) -> int:
    """When a stream sample is heard, ns: the first hop's last one is, as the source starts."""
    return start + round((sample - HOP + 1) * 1e9 / RATE)


def test_a_new_clip_begins_where_the_loop_ends_and_the_newest_counts() -> None:
    first, second, third = (np.full(n, v, np.float32) for n, v in ((1_500, 1), (7_000, 2), (9_000, 3)))
    hands = Hands()
    source = ClipSource(first, RATE, HOP, name="one", clock=hands.clock)
    start = hands.now
    source.next_hop()
    source.play(second, 2, _moment(start, 3_000), 200)
    source.play(third, 3, _moment(start, 3_000), 200)
    assert source.what == "one, 0.0 s, 44,100 Hz, looped"
    sound = np.concatenate([np.ones(HOP, np.float32), read(source, 5)])
    assert (sound[:2_800] == 1).all()
    assert (sound[3_000:] == 3).all()
    assert ((sound[2_801:3_000] > 1) & (sound[2_801:3_000] < 3)).all(), "a fade between them"
    assert source.what == "clip 3, 0.2 s, 44,100 Hz, looped"


def test_a_clips_sample_0_is_heard_at_its_moment_to_the_sample() -> None:
    for at in range(1_500, 30_000, 1_717):
        hands = Hands(oversleep_ns=800_000)
        source = ClipSource(np.zeros(100_000, np.float32), RATE, HOP, clock=hands.clock)
        moment = _moment(hands.now, at)
        source.play(np.concatenate([[9.0], np.zeros(9_999)]), 2, moment, 0)
        hop = source.next_hop()
        while not hop.samples.any():
            hop = source.next_hop()
        heard = hop.monotonic_ns - (HOP - 1 - int(hop.samples.argmax())) * 1e9 / RATE
        assert heard == pytest.approx(moment, abs=2)


def test_a_clip_that_began_before_its_source_is_heard_in_phase_and_nothing_else() -> None:
    hands = Hands()
    source = ClipSource(np.full(500, 5, np.float32), RATE, HOP, clock=hands.clock)
    ramp = np.arange(10_000, dtype=np.float32)
    source.play(ramp, 4, hands.now - 3_601 * 1_000_000_000, 2_000)
    hop = source.next_hop().samples
    at = (3_601 * RATE - HOP + 1) % 10_000
    np.testing.assert_array_equal(hop[132:], at + np.arange(132, HOP))
    assert (hop[:132] <= at + np.arange(132)).all() and hop[0] == 0, "faded in from silence"


def test_hops_that_are_skipped_take_the_clip_along() -> None:
    hands = Hands()
    source = ClipSource(np.zeros(60_000, np.float32), RATE, HOP, clock=hands.clock)
    source.next_hop()
    source.play(np.arange(100_000, dtype=np.float32), 4, _moment(hands.now, 9_999), 0)
    hands.now += 50 * PERIOD + 1_000
    hop = source.next_hop()
    np.testing.assert_array_equal(hop.samples, 50 * HOP - 9_999 + np.arange(HOP))


@pytest.mark.parametrize("shape", [(0,), (10, 2)])
def test_a_clip_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BridgeError, match=r"expected \(n,\), mono"):
        ClipSource(np.zeros(shape, np.float32))
    with pytest.raises(BridgeError, match=r"clip 3 has the shape"):
        ClipSource(np.zeros(9, np.float32)).play(np.zeros(shape, np.float32), 3, 0, 0)


def test_closing_ends_the_thread(play: Callable[..., FileSource]) -> None:
    source = play(sine(RATE, 2.0))
    source.close()
    assert not source._ahead.thread.is_alive()
