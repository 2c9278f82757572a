"""`oscbridge record`: the file answers as the network does, and the one that travels with the package is a good one."""

from __future__ import annotations

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from rich.console import Console
from typer.testing import CliRunner

from oscbridge import cli, resources
from oscbridge.commands.record import Wanted, fitted, record
from oscbridge.commands.simulate import bundled
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.opening import open_ear
from oscbridge.ear.recording import load_recording
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.spec import ear_id
from oscbridge.errors import BridgeError
from tests.ear import ears

QUIET = Console(file=io.StringIO())
RATE = 8_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small untrained ear's YAML, and loop.wav beside it: 1.5 s of a melody."""
    folder = tmp_path_factory.mktemp("record")
    t = np.arange(round(1.5 * RATE)) / RATE
    melody = np.sin(2 * np.pi * 220 * t * (1 + (t % 0.5))) * np.exp(-3 * (t % 0.25))
    soundfile.write(folder / "loop.wav", 0.4 * melody, RATE, subtype="FLOAT")
    return ears.write_yaml(folder / "small.yaml")


@pytest.fixture(scope="module")
def made(small: Path) -> Path:
    out = small.with_name("small.rec")
    record(Wanted(out, str(small), small.with_name("loop.wav"), 1.5, clips=2, select="layer:z", console=QUIET))
    return out


def test_the_file_answers_as_the_whole_network_does_to_the_sound_in_a_circle(small: Path, made: Path) -> None:
    read = load_recording(made)
    loaded, sound = open_ear(small, small.with_name("loop.wav"))
    loop = torch.from_numpy(fitted(sound.numpy(), anatomy(ears.spec()), 1.5))
    frames = len(loop) // 128
    assert frames == read.header.frames
    slowest = max(layer.frames_per_step for layer in read.layers)
    rounds = slowest * 3
    columns = scalogram(loop.repeat(rounds), loaded.bank)
    with torch.inference_mode():
        whole = loaded.ear(columns[None])
    played = np.zeros(read.neurons, np.float32)
    step = (read.high - read.low) / 255
    turn = frames * slowest
    for frame in range(turn):
        read.play(frame, played, everything=frame == 0)
        at = frames * rounds - turn + frame  # in the last turn
        for layer, heard in zip(read.layers, whole, strict=True):
            exact = heard[0, :, at // layer.frames_per_step].flatten().numpy()
            off = np.abs(played[layer.span] - exact)
            assert (off <= 0.51 * step[layer.span] + 1e-5 * (1 + np.abs(exact))).all(), (frame, layer.name, off.max())


def test_a_dream_is_recorded_with_its_steps_and_clips(made: Path) -> None:
    read = load_recording(made)
    steps = read.header.steps
    assert [s.step for s in steps] == list(range(1, 81))
    assert all(a.at_s < b.at_s for a, b in itertools.pairwise(steps))
    assert [c.at_s for c in read.header.clips] == [steps[39].at_s, steps[79].at_s]
    for clip, sound in zip(read.header.clips, read.sounds, strict=True):
        samples, rate = soundfile.read(io.BytesIO(sound))
        assert (len(samples), rate) == (clip.frames, RATE) == (4 * RATE, RATE)
        assert np.isfinite(samples).all() and np.abs(samples).max() > 1e-3
    assert "its dream: " in read.header.made


@pytest.mark.parametrize(
    ("seconds", "length", "units"),
    [(8.0, 344.53, 43), (4.0, 344.53, 22), (8.0, 100.0, 43), (1.0, 40.0, 5)],
    ids=["the whole loop, bent", "a part, cut", "longer than it is, begun anew", "nearly all, bent"],
)
def test_a_loop_is_made_a_whole_number_of_frames(seconds: float, length: float, units: int) -> None:
    body = anatomy(ears.shipped())
    sound = np.sin(np.arange(round(length * 1_024)) * 0.02).astype(np.float32)
    loop = fitted(sound, body, seconds)
    assert len(loop) == units * 8 * 1_024
    assert np.abs(loop).max() < 1.01


def test_a_bent_loop_has_no_seam() -> None:
    body = anatomy(ears.shipped())
    n = round(344.53 * 1_024)
    sound = np.sin(2 * np.pi * 400 * np.arange(n) / n).astype(np.float32)  # 400 whole periods
    loop = fitted(sound, body, 8.0)
    exact = np.sin(2 * np.pi * 400 * np.arange(len(loop)) / len(loop))
    assert np.abs(loop - exact).max() < 0.02
    edge = np.diff(np.concatenate([loop[-3:], loop[:3]]))
    assert np.abs(edge).max() < 1.2 * np.abs(np.diff(exact)).max()


def test_the_bundled_recording_is_of_the_shipped_ear_and_small() -> None:
    read = load_recording(bundled())
    path = resources.model_file("ear-half")
    assert read.header.model == ear_id(read.header.spec, path.with_suffix(".safetensors"))
    assert read.header.trained and read.header.frames == 344 and len(read.sounds) == 2
    assert bundled().stat().st_size < 2_500_000
    scores = [s.score for s in read.header.steps]
    assert scores[-1] > scores[0]


def test_mistakes_are_told(small: Path, tmp_path: Path) -> None:
    for arguments, text in (
        (["--seconds", "0.1"], "--seconds 0.1: expected 0.5 to 600"),
        (["--model", "eer"], "model.name is 'eer'"),
        (["--select", "layer:nowhere"], "nowhere"),
        (["--loop", str(tmp_path / "none.wav"), "--clips", "0"], "none.wav is not a sound file"),
    ):
        result = CliRunner().invoke(cli.app, ["record", str(tmp_path / "x.rec"), *arguments])
        assert result.exit_code == 2 and text in result.output, result.output
    assert not (tmp_path / "x.rec").exists()


def test_nothing_is_left_where_nothing_can_be_written(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BridgeError, match="cannot be written"):
        record(Wanted(tmp_path / "file" / "x.rec", str(small), small.with_name("loop.wav"), 0.5, 0, console=QUIET))
