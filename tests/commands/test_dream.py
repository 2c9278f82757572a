"""`oscbridge dream`: clips, tables and pictures of what excites an ear."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from PIL import Image
from typer.testing import CliRunner

from oscbridge.cli import app
from oscbridge.commands.dream_layers import likeness
from oscbridge.commands.dream_sound import make_origin
from oscbridge.dream.dreamer import Dreamer
from oscbridge.ear.anatomy import anatomy
from oscbridge.ear.filterbank import FilterBank
from oscbridge.sections import Dream as Wishes
from tests.ear import ears

RATE = 8_000  # of the small ear
LAYERS = anatomy(ears.spec()).layers
SOME = ("--select", "layer:block0.conv2 channels:0-1", "--length", "1", "--steps", "6")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The YAML of an ear that dreams a hundred steps in a second."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(ears.spec().model_dump(mode="json") | {"classes": ["hum", "hiss"]}))
    return path


def run(small: Path | str, *words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["dream", "--model", str(small), *map(str, words)])
    return result.exit_code, " ".join(result.output.split())


def scores(text: str) -> tuple[float, float]:
    before, after = text.split("score ")[1].split(" (")[0].split(" → ")
    return float(before), float(after)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


# one dream


def test_a_dream_raises_its_score_and_writes_what_it_scored(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "a.wav"
    code, text = run(small, *SOME[:4], "--steps", 40, "-o", out)
    assert code == 0, text
    before, after = scores(text)
    assert after > before + 0.5
    info = soundfile.info(out)
    assert (info.samplerate, info.frames, info.channels, info.subtype) == (RATE, RATE, 1, "FLOAT")
    sound = soundfile.read(out)[0]
    assert np.isfinite(sound).all() and 0 < np.abs(sound).max() <= 0.981
    level = 20 * np.log10(np.sqrt(np.mean(sound**2)))
    assert "40 steps, " in text and f"level {level:.1f} dBFS, peak {np.abs(sound).max():.2f}" in text
    assert f"written to {out}" in text and not list(out.parent.glob(".*"))
    # what lies there, dreamed on for a step that moves nothing, begins where this dream ended, over faint noise
    code, again = run(small, *SOME[:4], "--steps", 1, "--origin", out, "--set", "dream.step_size=0", "-o", out)
    assert code == 0 and scores(again)[0] == pytest.approx(after, rel=0.01)


def test_the_same_seed_writes_the_same_bytes_and_another_one_others(small: Path, tmp_path: Path) -> None:
    for suffix in ("wav", "flac"):
        made = []
        for number, seed in enumerate((7, 7, 8)):
            out = tmp_path / f"{number}.{suffix}"
            assert run(small, *SOME, "--seed", seed, "-o", out, "--no-png")[0] == 0
            made.append(out.read_bytes())
        assert made[0] == made[1] != made[2]
    assert soundfile.info(tmp_path / "0.flac").subtype == "PCM_24"
    assert not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--class", "hiss"], "class hiss: score"),
        (["--style", "LOOP", "--select", "layer:z"], "in the style of loop.wav: z: score"),
        (["--match", "LOOP", "--select", "layer:scalogram band:0-0.5"], "as loop.wav in scalogram band 0-0.5: score"),
    ],
)
def test_other_aims_are_reached_too(words: list[str], said: str, small: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loop.wav", ears.music(44_100).numpy(), 44_100)
    words = [str(tmp_path / "loop.wav") if word == "LOOP" else word for word in words]
    code, text = run(small, *words, "--length", 1, "--steps", 30, "-o", tmp_path / "a.wav", "--no-png")
    assert code == 0 and said in text, text
    assert scores(text)[1] > scores(text)[0]


def test_ctrl_c_keeps_what_there_is(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Dreamer.step

    def tired(self: Dreamer, is_scored: bool = True) -> object:
        if self.step_number == 3:
            raise KeyboardInterrupt
        return step(self, is_scored)

    monkeypatch.setattr(Dreamer, "step", tired)
    code, text = run(small, *SOME, "-o", tmp_path / "a.wav")
    assert code == 0 and "stopped; what there is is kept" in text and " 3 steps" in text
    assert soundfile.info(tmp_path / "a.wav").frames == RATE and (tmp_path / "a.png").exists()
    code, text = run(small, "--every-layer", "--length", 1, "--steps", 6, "-o", tmp_path / "all")
    assert code == 0 and "the 1 layers so far are kept" in text
    assert len(rows(tmp_path / "all" / "index.csv")) == 1 and (tmp_path / "all" / "overview.png").exists()


def test_a_dream_ends_when_its_seconds_are_over(small: Path, tmp_path: Path) -> None:
    code, text = run(small, *SOME[:4], "--seconds", 0.01, "-o", tmp_path / "a.wav", "--no-png")
    assert code == 0 and int(text.split(" steps,")[0].split()[-1].replace(",", "")) >= 1


def test_a_short_file_is_repeated_and_a_long_one_cut_and_either_is_told(tmp_path: Path) -> None:
    sound = ears.music(4_000).numpy()
    soundfile.write(tmp_path / "half.wav", sound, RATE, subtype="FLOAT")
    said: list[str] = []
    origin = make_origin(str(tmp_path / "half.wav"), Wishes(), RATE, 8_000, said.append)
    np.testing.assert_array_equal(origin.numpy(), np.tile(sound, 2))
    assert said.pop() == f"{tmp_path / 'half.wav'} lasts 0.50 s; it is repeated up to 1.00 s"
    origin = make_origin(str(tmp_path / "half.wav"), Wishes(), RATE, 2_000, said.append)
    np.testing.assert_array_equal(origin[:1_500].numpy(), sound[:1_500])
    assert len(origin) == 2_000 and said.pop().endswith("its first 0.25 s are taken")
    make_origin(str(tmp_path / "half.wav"), Wishes(), RATE, 4_000, said.append)
    assert not said


def test_noise_has_the_level_that_is_wished_and_silence_none() -> None:
    noise = make_origin("noise", Wishes(noise_db=-30.0), RATE, 80_000, print)
    assert 20 * np.log10(float(noise.square().mean().sqrt())) == pytest.approx(-30, abs=0.1)
    assert not make_origin("silence", Wishes(), RATE, 100, print).any()


# bad input


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A folder of files that are no use, each in its own way, and a loop."""
    (tmp_path / "broken.wav").write_bytes(b"RIFF no sound")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "nan.wav", np.array([0, np.nan, np.inf, 0], np.float32), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "loop.wav", np.zeros(8_000), RATE)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-o a.wav", "nothing is selected; give --select"),
        ("-o a.wav --select layer:z --select layer:z_weight:-1", "add up to 0"),
        ("-o a.wav --select layer:zz", "there is no layer 'zz'"),
        ("-o a.wav --select layer:z --seconds 0", "--seconds 0: expected more than 0"),
        ("-o a.wav --select layer:z --seconds nan", "--seconds nan: expected more than 0"),
        ("-o a.wav --select layer:z --steps 0", "expected 1 or more"),
        ("-o a.wav --select layer:z --length 0", "--length 0: expected 0.25 to 60 seconds"),
        ("-o a.wav --select layer:z --origin niose", "expected noise, silence or a sound file. Did you mean noise?"),
        ("-o a.wav --select layer:z --origin broken.wav", "broken.wav is not a sound file that can be read"),
        ("-o a.wav --select layer:z --origin empty.wav", "empty.wav holds no sound"),
        ("-o a.wav --select layer:z --origin nan.wav", "nan.wav: 2 of 4 samples are NaN or infinite"),
        ("-o a.wav --select layer:z --match none.wav", "there is no file none.wav"),
        ("-o a.wav --select layer:z --style nan.wav", "samples are NaN or infinite"),
        ("-o broken.wav/a.wav --select layer:z", "nothing can be written in broken.wav"),
        ("-o a.mp3 --select layer:z", "a clip's name ends in .wav or .flac, not '.mp3'"),
        ("-o . --select layer:z", "is a folder; give the clip a name"),
        ("-o a.wav --every-layer", "names one clip; several are written"),
        ("-o broken.wav --match loop.wav", "broken.wav is a file; several clips need a folder"),
        ("-o a.wav --class hum --predict", "--class and --predict: a dream has one aim"),
        ("-o a.wav --class hum --select layer:z", "leave out --select"),
        ("-o a.wav --class him", "Did you mean hum?"),
        ("-o a.wav --predict", "without the maps it predicts with"),
        ("-o a.wav --select layer:z --layer z", "--layer names the layers that --match reconstructs"),
        ("-o d --match loop.wav --layer zz", "there is no layer 'zz'"),
        ("-o d --every-layer --set dream.objective=style", "aims elsewhere"),
        ("-o a.wav --select layer:z --set dream.views=99", "expected a whole number from 1 to 16"),
        ("-o a.wav --select layer:z --set dream.stepsize=1", "Did you mean dream.step_size?"),
        ("-o a.wav --select layer:z --set player.volume_db=1", "has no effect here"),
        ("-o a.wav --select layer:z --set dream.origin=noise", "give --origin noise, silence or a file"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    words: str, said: str, small: Path, broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(broken)
    split = [word.replace("_weight", " weight") for word in words.split()]
    code, text = run(small, *split)
    assert code == 2 and said in text and "Traceback" not in text, text
    assert not list(broken.rglob("a.*")) and not list(broken.rglob("*.csv"))


# layer by layer


def test_every_layer_has_its_clip_its_row_and_its_picture(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "all"
    same = ("--set", "dream.time_shift_s=0", "--set", "dream.pitch_shift_bins=0")  # what is not trained minds much
    code, text = run(small, "--every-layer", "--length", 1, "--steps", 20, *same, "-o", out)
    assert code == 0, text
    index = rows(out / "index.csv")
    assert [row["name"] for row in index] == [layer.name for layer in LAYERS]
    assert [row["channels"] for row in index] == ["0"] + ["0-1"] * (len(LAYERS) - 1)
    for row in index:
        assert float(row["score_after"]) > float(row["score_before"]) and row["steps"] == "20", row
        assert soundfile.info(out / row["file"]).frames == RATE
    assert len({(out / row["file"]).read_bytes() for row in index}) == len(index)
    assert Image.open(out / "overview.png").size[0] == 1920


def test_a_shallow_layer_keeps_more_of_a_sound_than_a_deep_one(small: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loop.wav", ears.music(44_100).numpy(), 44_100)
    out = tmp_path / "kept"
    layers = ("--layer", "c", "--layer", "scalogram")
    code, text = run(small, "--match", tmp_path / "loop.wav", *layers, "--length", 1, "--steps", 150, "-o", out)
    assert code == 0, text
    shallow, deep = rows(out / "reconstruction.csv")
    assert (shallow["name"], deep["name"]) == ("scalogram", "c")
    assert float(shallow["spectrum_after"]) > 0.9
    assert float(deep["spectrum_after"]) < float(shallow["spectrum_after"]) - 0.2
    assert float(deep["spectrum_before"]) < float(shallow["spectrum_after"])
    assert all(float(row["score_after"]) > float(row["score_before"]) + 0.2 for row in (shallow, deep))
    assert all(soundfile.info(out / row["file"]).frames == RATE for row in (shallow, deep))
    assert f"{float(shallow['spectrum_after']):.3f}" in text
    assert Image.open(out / "reconstruction.png").size[0] == 1920


def test_likeness_is_1_for_the_same_sound_whatever_its_level_and_near_0_for_another() -> None:
    bank = FilterBank(ears.spec().scalogram)
    sound = ears.music(RATE)
    assert likeness(sound, sound, bank) == pytest.approx(1)
    assert likeness(sound, sound * 0.5, bank) > 0.95
    assert abs(likeness(ears.noise(RATE), ears.noise(RATE, 1), bank)) < 0.5


# the shipped ear


def test_with_the_shipped_ear_a_clip_and_its_picture_come_out_of_the_command(tmp_path: Path) -> None:
    out = tmp_path / "clip.wav"
    words = ("--select", "layer:block_2_2 channels:0-1 band:0.2-0.8", "--length", 1, "--steps", 2, "-o", out)
    code, text = run("ear-half", *words)
    assert code == 0 and "block2.conv2 channels 0-1 band 0.2-0.8: score" in text, text
    assert soundfile.info(out).frames == 44_100
    assert Image.open(out.with_suffix(".png")).size == (1920, 1080)


def test_be_predictable_is_an_aim_of_the_shipped_ear(tmp_path: Path) -> None:
    code, text = run("ear-half", "--predict", "--length", 2, "--steps", 2, "-o", tmp_path / "a.flac", "--no-png")
    assert code == 0 and "what the ear foretells: score" in text, text
