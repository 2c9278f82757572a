"""`ear-clips` for Pure Data: clip after clip is heard, in time, without a gap or a click."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.wire import Running

from .programs import PATIENCE_S
from .recorded import Announced, assert_no_gap_or_click, out_of_the_way
from .superclips import LOOP, RATE, Samples, dream, dreaming
from .test_puredata_objects import PureData, patch

FADE = 45 * RATE // 1_000
BLOCK = 64
PART = slice(LOOP // 4, LOOP // 2)
NEAR = 1e-5  # a cosine of 0 is 1e-7 off in Pd's table

RECORD = r"""
#X obj 10 10 ear-clips;
#X obj 10 10 writesf~ 1;
#X obj 10 10 print clip;
#X obj 10 10 loadbang;
#X msg 10 10 \; pd dsp 1;
#X msg 10 10 open -wave -bytes 4 {heard} \, start;
#X obj 10 10 r stop;
#X msg 10 10 stop;
#X obj 10 10 r oscbridge-state;
#X obj 10 10 route done;
#X obj 10 10 print done;
"""
RECORD_CORDS = [(0, 0, 1, 0), (0, 1, 2, 0), (3, 0, 4, 0), (3, 0, 5, 0), (5, 0, 1, 0), (6, 0, 7, 0), (7, 0, 1, 0),
                (8, 0, 9, 0), (9, 0, 10, 0)]  # fmt: skip


def begin_of(sound: Samples, clip: Samples) -> int:
    """Where the clip begins for the first time: its middle is there."""
    part = clip[PART]
    firsts = np.flatnonzero(np.abs(sound[: len(sound) - len(part)] - part[0]) < NEAR)
    found = [at for at in firsts if np.allclose(sound[at : at + len(part)], part, rtol=0, atol=NEAR)]
    assert found, "it is not heard as it was announced"
    return int(found[0]) - PART.start


class Player(PureData):
    """Pure Data that plays the clips and records itself."""

    def __init__(self, folder: Path, port: int) -> None:
        self.heard = folder / "heard.wav"
        first = sum(line.startswith(("#X obj", "#X msg")) for line in patch({}, 1).splitlines())
        cords = [f"#X connect {a + first} {b} {c + first} {d};" for a, b, c, d in RECORD_CORDS]
        super().__init__(folder, port, {}, "\n".join([RECORD.format(heard=self.heard).strip(), *cords]))

    def clips(self, what: str) -> list[int]:
        return [int(m[1]) for m in self.found(rf"clip: {what} (\d+)")]

    def sound(self) -> Samples:
        self.send("stop bang")
        end = time.monotonic() + PATIENCE_S
        while not soundfile.info(self.heard).frames:  # it writes the length last
            assert time.monotonic() < end
            time.sleep(0.05)
        sound, rate = soundfile.read(self.heard, dtype="float32")
        assert rate == RATE
        return sound


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with dreaming(tmp_path_factory.mktemp("dreams")) as running:
        with running.wire() as wire:
            dream(wire)
        yield running


def test_clips_are_heard_one_after_the_other_in_time_without_a_gap_or_click(daemon: Running, tmp_path: Path) -> None:
    with daemon.wire() as wire:
        wire.subscribe("clips")
        announced = Announced(wire)
        with Player(tmp_path, daemon.port) as player:
            end = time.monotonic() + PATIENCE_S
            while len(player.clips("started")) < 4:
                assert time.monotonic() < end, player.lines[-12:]
                announced.listen(0.05)
            sound = player.sound()
            assert player.complaints() == [] and not player.clips("failed")
        clips = player.clips("started")[:3]
        assert clips == sorted(set(clips)) and set(clips) <= set(player.clips("loaded"))
        for clip in clips:
            assert (
                f"done: /ear/clip/loaded {clip}" in player.lines and f"done: /ear/clip/started {clip}" in player.lines
            )
    sounds = {clip: soundfile.read(announced.paths[clip], dtype="float32")[0] for clip in clips}
    begins = []
    for clip in clips:
        begins.append(begin_of(sound, sounds[clip]))
    late = np.diff(begins) - np.diff([announced.begins[clip] for clip in clips]) * RATE
    assert_no_gap_or_click(sound[begins[0] : begins[-1]], list(sounds.values()), late, RATE, BLOCK, FADE)
    loudest = max(np.abs(sounds[clip]).max() for clip in clips)
    for old, new, since, begin in zip(clips, clips[1:], begins, begins[1:], strict=False):
        if announced.left_s[new] * RATE < FADE + BLOCK:  # told so late by a busy machine that it fades for less
            continue
        at = np.arange(since + BLOCK, begin)
        angle = np.clip((at - begin + FADE) / FADE, 0, 1) * np.pi / 2
        mixed = sounds[old][(at - since) % LOOP] * np.cos(angle)
        mixed += sounds[new][(at - begin) % LOOP] * np.sin(angle) * (at >= begin - FADE)
        np.testing.assert_allclose(sound[at], mixed, atol=2e-3 * loudest, err_msg=f"from clip {old} to {new}")


def test_a_clip_that_cannot_be_read_is_told_and_the_one_before_loops_on(daemon: Running, tmp_path: Path) -> None:
    with Player(tmp_path, daemon.port) as player, daemon.wire() as other:
        other.subscribe("clips")
        player.wait_for(r"clip: started \d+")
        with out_of_the_way(player, other) as bad:
            player.wait_for(f"clip: failed {bad}")
        player.wait_for(f"done: /ear/clip/failed {bad}")
        player.wait_for(rf"clip: started (?!{bad}$)\d+", since=player.lines.index(f"clip: failed {bad}"))
        sound = player.sound()
    assert bad not in player.clips("started")
    assert np.diff(np.flatnonzero(sound)).max() <= BLOCK, "it never falls silent"
