"""SuperCollider's server plays what is dreamed: clip after clip, each from the announced moment on, bit for bit."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from .superclips import FADE_S, LOOP, RATE, ClipPlayer, Samples, SuperCollider, dream, dreaming, places
from .test_jack_device import Jack

SWAPS = 10
BLOCK = 64  # scsynth's: where a loop begins, and how finely it fades
RAMP = int(FADE_S * RATE) // BLOCK * BLOCK
FADE = RAMP + 2 * BLOCK
HEARD = FADE + LOOP // 8  # so much of a clip sounds even if JACK leaves out most of it on a busy machine
NEAR_S = 0.1  # well under transport.lookahead_ms: a client that heeds no timetag is twice as early


def ramp(samples: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """0 to 1, as long as a fade, at so many samples after its beginning."""
    return np.clip(samples / RAMP, 0.0, 1.0)


@pytest.fixture
def played(jack: Jack, tmp_path: Path) -> tuple[ClipPlayer, Samples]:
    """Ten swaps and one more, and what was heard from before the first clip on until after the last."""
    jack.start()
    scsynth = SuperCollider(jack)
    try:
        with dreaming(tmp_path) as daemon, daemon.wire() as wire:
            wire.subscribe("clips")
            dream(wire)
            player = ClipPlayer(wire, scsynth)
            scsynth.record(tmp_path / "heard.wav")
            player.run_until(lambda: len(player.started) > SWAPS + 1)
            scsynth.end_recording()
    finally:
        scsynth.close()
    return player, soundfile.read(tmp_path / "heard.wav", dtype="float32")[0]


def test_scsynth_plays_ten_swaps_of_dreamed_clips_as_announced_without_a_gap_or_click(
    played: tuple[ClipPlayer, Samples],
) -> None:
    player, sound = played
    assert list(player.started) == list(player.activated)
    clips = list(player.started)[: SWAPS + 1]
    assert len(clips) == SWAPS + 1 and clips == sorted(clips)
    assert {answer[0] for answer in player.answers} == {"/ear/done"}
    accepted = [answer[2] for answer in player.answers if answer[1] == "/ear/clip/started"]
    assert accepted[: len(clips)] == clips
    for clip in clips:
        assert player.started[clip] > player.activated[clip] / 1e9 - NEAR_S, f"clip {clip} started too early"

    sounds = {}
    for clip in clips:
        sha256, path = player.announced[clip]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        sounds[clip], rate = soundfile.read(path, dtype="float32")
        assert (len(sounds[clip]), rate) == (LOOP, RATE)

    found = [places(sound, sounds[clip][FADE:HEARD]) for clip in clips]
    assert all(found), f"not heard as announced: {[c for c, at in zip(clips, found, strict=True) if not at]}"
    begins = [at[0] - FADE for at in found]
    announced = np.diff([player.activated[clip] * RATE / 1e9 for clip in clips])
    # it may be less: on a busy machine JACK itself leaves periods out
    assert (np.diff(begins) < announced + LOOP / 4).all()

    heard = sound[begins[0] + FADE : begins[-1] + HEARD]
    zeros = np.flatnonzero(np.concatenate([[True], heard != 0, [True]]))
    assert np.diff(zeros).max() - 1 <= 64
    steps = max(np.abs(np.diff(sounds[clip], append=sounds[clip][:1])).max() for clip in clips)
    loudest = max(np.abs(sounds[clip]).max() for clip in clips)
    assert np.abs(np.diff(heard)).max() < steps + 2 * loudest / RAMP

    for old, new, since, begin in zip(clips, clips[1:], begins, begins[1:], strict=False):
        whole = np.arange(since + FADE, begin)  # the old clip alone, round and round
        np.testing.assert_array_equal(sound[whole], sounds[old][(whole - since) % LOOP], f"clip {old}")
        fade = np.arange(begin, begin + FADE)
        rise, fall = ramp(fade - begin), 1 - ramp(fade - begin - 2 * BLOCK)  # Linen falls two blocks after its gate
        mixed = sounds[new][fade - begin] * rise + sounds[old][(fade - since) % LOOP] * fall
        np.testing.assert_allclose(sound[fade], mixed, atol=1e-6, err_msg=f"from clip {old} to {new}")
