"""`oscbridge explain`: the picture of a sound on its way through a network."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from typer.testing import CliRunner

from oscbridge.cli import app
from oscbridge.commands import explain_picture
from oscbridge.commands.explain_picture import Column, picture
from oscbridge.ear.anatomy import Layer
from oscbridge.ear.feature_maps import Heard, Maps
from tests.ear import ears, own


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explain") / "loop.wav"
    soundfile.write(path, ears.music(4 * ears.RATE).numpy(), ears.RATE)
    return path


def _column(seconds: float = 4.0) -> Column:
    """A layer of one channel that is lit in its third second, low; a word that is sure in the second."""
    given, values = np.zeros((1, 40, 10), np.float32), np.zeros((2, 8, 5), np.float32)
    given[0, 10:20, 7] = 1
    values[1, 4:6, 0] = 1
    words = np.zeros((4, 2), np.float32)
    words[1, 1] = 1.0
    maps = (
        Maps(Layer(0, "in", 0, 1, 10, 1, 0.1, 1), given, 0.1),
        Maps(Layer(1, "a", 10, 2, 5, 5, 0.5, 1), values, 0.5),
    )
    return Column("t", "n", "in", [(0.5, "1 kHz")], Heard(maps, ("no", "yes"), words, 1.0), seconds)


def _pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("L")).astype(float)


def test_time_goes_across_frequency_up_and_words_are_as_high_as_they_are_sure() -> None:
    drawn = _pixels(picture([_column()]))
    p = explain_picture
    left, width = p.LEFT, p.WIDTH - p.LEFT - p.RIGHT

    def second(of: int, top: int, height: int) -> np.ndarray:
        return drawn[top : top + height, left + width * of // 4 + 20 : left + width * (of + 1) // 4 - 20]

    top = p.HEAD + p.NAME_HEIGHT
    lit = second(1, top, p.TOP_HEIGHT).mean(1)
    assert 0.15 < lit.argmax() / p.TOP_HEIGHT < 0.35 and second(2, top, p.TOP_HEIGHT).max() < 60
    top += p.TOP_HEIGHT + p.LAYER_GAP + p.NAME_HEIGHT
    strip = second(2, top, p.STRIP_HEIGHT)
    assert strip[-5:].mean() > 180 and strip[:20].max() < 60 and second(1, top, p.STRIP_HEIGHT).max() < 60
    top += p._maps_height(_column().heard.maps[1]) + p.LAYER_GAP + p.NAME_HEIGHT
    assert second(1, top, p.WORD_HEIGHT).min() > 150, "the surer word is in the first row, full"
    assert second(0, top, p.WORD_HEIGHT).max() < 60


def test_where_a_layer_has_no_step_any_more_the_ground_is_seen() -> None:
    drawn = _pixels(picture([_column(seconds=8.0)]))
    p = explain_picture
    top = p.HEAD + p.NAME_HEIGHT + p.TOP_HEIGHT + p.LAYER_GAP + p.NAME_HEIGHT
    row = drawn[top + 10, p.LEFT : p.WIDTH - p.RIGHT]
    assert row[: len(row) // 2 - 10].min() > row[len(row) // 2 + 10 :].max()


def test_both_networks_side_by_side(sound: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.jpg"
    arguments = ["explain", str(sound), "-o", str(out), "--model", "ear-half", "--model", "vgg-tagger"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.stderr
    image = Image.open(out)
    assert image.format == "JPEG" and image.width == 2 * explain_picture.WIDTH
    assert "ear-half: " in result.stdout and "vgg-tagger: techno" in result.stdout
    drawn = np.asarray(image.convert("L")).astype(float)
    for x in (0, explain_picture.WIDTH):  # every layer is lit somewhere
        middle = drawn[200:-100, x + 200 : x + 1_200].max(1)
        assert np.percentile(middle, 60) > 100


def test_a_network_of_ones_own_is_shown_as_it_answers_live(sound: Path, tmp_path: Path) -> None:
    for kind in ("causal", "window", "samples"):
        out = tmp_path / f"{kind}.png"
        path = own.write(tmp_path, kind)
        result = CliRunner().invoke(app, ["explain", str(sound), "-o", str(out), "--model", str(path)])
        assert result.exit_code == 0, result.stderr
        drawn = np.asarray(Image.open(out).convert("L")).astype(float)
        assert np.percentile(drawn[200:-100, 200:1_200].max(1), 60) > 60
        assert ("kick" in result.stdout) == (kind == "causal")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--layers", "conv9", "--model", "vgg-tagger"], "no layer 'conv9'"),
        (["--layers", "tags", "--model", "vgg-tagger"], "no layer 'tags'"),
        (["--model", "eer"], "Did you mean"),
        (["--start", "90"], "after --start"),
        (["--seconds", "1000"], "0 to 60"),
        (["--out", "x.gif"], "ends with .png"),
    ],
)
def test_a_mistake_is_told(sound: Path, tmp_path: Path, arguments: list[str], reason: str) -> None:
    given = ["explain", str(sound), *([] if "--out" in arguments else ["-o", str(tmp_path / "x.png")]), *arguments]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 2 and reason in result.stderr
    assert not list(tmp_path.iterdir())


def test_layers_may_be_chosen_by_name_and_number(sound: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.png"
    given = ["explain", str(sound), "-o", str(out), "--model", "vgg-tagger", "--layers", "3, conv1", "--seconds", "1"]
    assert CliRunner().invoke(app, given).exit_code == 0
    p = explain_picture
    strips = p.LAYER_GAP + p.NAME_HEIGHT + p.STRIPS * (p.STRIP_HEIGHT + p.STRIP_GAP) - p.STRIP_GAP
    words = p.LAYER_GAP + p.NAME_HEIGHT + p.WORDS * (p.WORD_HEIGHT + p.WORD_GAP)
    assert Image.open(out).height == p.HEAD + p.NAME_HEIGHT + p.TOP_HEIGHT + 2 * strips + words + p.FOOT
