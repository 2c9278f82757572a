"""Recordings as files: what is kept, how exactly, and what is said of those that are none."""

from __future__ import annotations

import hashlib
import itertools
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.neurons import Floats, Statistics
from oscbridge.ear.recording import Dreamt, Header, Recording, Step, load_recording, quantised, save_recording, steps_of
from oscbridge.errors import BridgeError

from . import ears

FRAMES = 12


def answers(seed: int = 0) -> list[Floats]:
    """Of every layer of the small ear: many zeros, as behind a ReLU, and a neuron that never moves."""
    rng = np.random.default_rng(seed)
    found = []
    for layer in anatomy(ears.spec()).layers:
        values = np.maximum(rng.standard_normal((steps_of(layer, FRAMES), layer.neurons)), 0) * rng.uniform(
            0, 9, layer.neurons
        )
        values[:, 0] = 0.3
        found.append(values.astype(np.float32))
    return found


def recording(heard: list[Floats]) -> Recording:
    values, low, high = quantised(heard)
    rng = np.random.default_rng(1)
    statistics = Statistics(*rng.uniform(0, 1, (4, len(low))).astype(np.float16).astype(np.float32))
    steps = (Step(at_s=0.1, step=1, steps_per_s=10.0, score=-0.5, loss=2.0),)
    clips = (Dreamt(at_s=0.1, score=0.5, frames=100),)
    header = Header(
        model="small-1", trained=False, spec=ears.spec(), frames=FRAMES, sound="x.wav, 1.0 s", made="a test",
        steps=steps, clips=clips,
    )  # fmt: skip
    return Recording(header, values, low, high, statistics, (b"sound",))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "small.rec"
    save_recording(recording(answers()), path)
    return path


def test_a_neuron_is_kept_within_half_of_a_255th_of_its_own_range() -> None:
    heard = answers()
    made = recording(heard)
    played = np.zeros(made.neurons, np.float32)
    step = (made.high - made.low) / 255
    for frame in range(3 * FRAMES):
        made.play(frame, played, everything=frame == 0)
        for layer, values in zip(made.layers, heard, strict=True):
            exact = values[frame // layer.frames_per_step % len(values)]
            off = np.abs(played[layer.span] - exact)
            assert (off <= step[layer.span] * 0.501 + 1e-6).all(), layer.name
    assert (made.high - made.low <= np.concatenate([np.ptp(x, axis=0) for x in heard]) * 1.002 + 1e-2).all()


def test_what_is_read_is_what_was_written(file: Path) -> None:
    made, read = recording(answers()), load_recording(file)
    assert read.header.model_copy(update={"sizes": (), "sha256": ""}) == made.header
    for ours, theirs in zip(made.values, read.values, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(made.low, read.low)
    np.testing.assert_array_equal(made.high, read.high)
    for name, values in vars(made.statistics).items():
        np.testing.assert_array_equal(values, getattr(read.statistics, name))
    assert read.sounds == (b"sound",)


def test_each_layer_changes_with_its_own_steps_only_and_all_come_round_together(file: Path) -> None:
    made = load_recording(file)
    slowest = max(layer.frames_per_step for layer in made.layers)
    turn = FRAMES * slowest
    frames = []
    values = np.zeros(made.neurons, np.float32)
    for frame in range(turn + 1):
        before = values.copy()
        made.play(frame, values, everything=frame == 0)
        for layer in made.layers:
            if frame and frame % layer.frames_per_step:
                np.testing.assert_array_equal(values[layer.span], before[layer.span])
        frames.append(values.copy())
    np.testing.assert_array_equal(frames[0], frames[turn])
    jumped = np.zeros_like(values)
    made.play(turn - 5, jumped, everything=True)
    np.testing.assert_array_equal(jumped, frames[turn - 5])


def test_an_activation_that_is_no_number_is_not_recorded() -> None:
    heard = answers()
    heard[2][0, 0] = np.nan
    with pytest.raises(BridgeError, match="an activation is nan"):
        quantised(heard)
    heard[2][0, 0] = 1e6
    with pytest.raises(BridgeError, match=r"an activation is 1e\+06; a recording holds finite ones up to 60000"):
        quantised(heard)


def test_what_is_no_recording_is_told(tmp_path: Path, file: Path) -> None:
    with pytest.raises(BridgeError, match=r"there is no recording .*none\.rec; `oscbridge record none\.rec` makes one"):
        load_recording(tmp_path / "none.rec")
    content = file.read_bytes()
    head = content.partition(b"\n")[0]
    foreign = {
        b"RIFF....WAVE": "is no recording of an ear",
        b"": "is no recording of an ear",
        b"oscbridge recording x\n{}\n": "is no recording of an ear",
        content.replace(b" 1\n", b" 2\n", 1): "is a recording of version 2, and this oscbridge plays 1",
        head + b"\n{}\n": "has a header that cannot be read (6 mistakes",
        content[:-100]: "copy it again",
        content[: len(head) + 20]: "has a header that cannot be read",
        content + b"more": "copy it again",
        content[:-1] + b"!": "its sha256 is another than it tells",
    }  # fmt: skip
    for wrong, text in foreign.items():
        file.write_bytes(wrong)
        with pytest.raises(BridgeError) as raised:
            load_recording(file)
        assert text in str(raised.value) and str(file) in str(raised.value), wrong[:40]
    file.unlink()
    file.mkdir()
    with pytest.raises(BridgeError, match="cannot be read"):
        load_recording(file)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_part_of_another_size_than_the_header_tells_is_told(file: Path, part: int) -> None:
    """A bomb of zeros too: no more of it is unpacked than the header tells."""
    made = load_recording(file)
    parts = file.read_bytes().split(b"\n", 2)[2]
    cuts = np.cumsum((0, *made.header.sizes))
    pieces = [parts[a:b] for a, b in itertools.pairwise(cuts)]
    for wrong in (zlib.compress(bytes(50_000_000)), zlib.compress(b"few"), b"no zlib"):
        body = b"".join([*pieces[:part], wrong, *pieces[part + 1 :]])
        sizes = tuple(len(wrong) if i == part else len(p) for i, p in enumerate(pieces))
        header = made.header.model_copy(update={"sizes": sizes, "sha256": hashlib.sha256(body).hexdigest()})
        file.write_bytes(b"oscbridge recording 1\n" + header.model_dump_json().encode() + b"\n" + body)
        with pytest.raises(BridgeError, match="does not hold what its header tells"):
            load_recording(file)


def test_more_clips_than_sounds_are_told(file: Path) -> None:
    made = recording(answers())
    save_recording(replace(made, sounds=()), file)
    with pytest.raises(BridgeError, match="3 parts, and 1 clips"):
        load_recording(file)
