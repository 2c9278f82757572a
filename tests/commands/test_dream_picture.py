"""The pictures of `oscbridge dream`: colours, axes, scalograms."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image

from oscbridge.commands import dream_picture
from oscbridge.commands.dream_paint import COLOURS, Canvas, colour_table
from oscbridge.commands.dream_picture import Cell, Depth
from oscbridge.ear.filterbank import FilterBank
from tests.ear import ears

RATE = 8_000  # of the small ear


def test_the_colours_begin_dark_and_each_is_lighter_than_the_one_before() -> None:
    table = colour_table().astype(float)
    light = table @ np.array([0.2126, 0.7152, 0.0722])
    assert table.shape == (COLOURS, 3) and light[0] < 12 and light[-1] > 235
    assert (np.diff(light[::16]) > 0).all()


def test_in_a_picture_a_click_is_upright_and_a_tone_lies_at_its_frequency() -> None:
    spec = ears.spec().scalogram
    bank = FilterBank(spec)
    click = torch.zeros(RATE)
    click[RATE // 2] = 0.9
    image = dream_picture.upright(click, bank)
    at = (image * (image > 0.3)).argmax(0)  # the brightest column of every bin
    shape = (RATE // spec.hop * dream_picture.FINER, spec.bins)
    assert image.shape == shape and (np.abs(at - shape[0] / 2) < 5).all()
    t = torch.arange(RATE) / RATE
    tone = dream_picture.upright(0.5 * torch.sin(2 * torch.pi * 400 * t), bank)
    assert tone.mean(0).argmax() == 24  # two octaves above 100 Hz


def test_a_picture_shows_before_and_after_on_one_scale_and_low_notes_at_the_bottom() -> None:
    spec = ears.spec().scalogram
    before, after = np.full((40, spec.bins), 0.2, np.float32), np.full((40, spec.bins), 0.2, np.float32)
    after[:, :8] = 0.9
    curve = [(0, 0.0), (5, 2.0)]
    content = dream_picture.one_dream("z", "small · é", before, after, spec, 1.0, curve, "deviations")
    drawn = np.asarray(Image.open(io.BytesIO(content)).convert("L")).astype(float)
    assert drawn.shape == (1080, 1920) and np.median(drawn) < 40
    left, right = drawn[230:780, 160:920], drawn[230:780, 1010:1760]
    assert left.max() < 80 and right[-60:].mean() > 180 and right[:300].max() < 80


def test_a_long_title_is_made_smaller_and_cut_so_that_it_stays_within() -> None:
    canvas = Canvas(400, 100)
    canvas.fitting(20, 60, "block6.conv2 channels 0-1, " * 40, 50, 360)
    drawn = np.asarray(Image.open(io.BytesIO(canvas.png())).convert("L"))
    assert drawn[:, 20:380].max() > 150 and drawn[:, 385:].max() < 20


def test_what_the_ear_does_not_hear_at_all_is_dark_however_quiet_the_rest() -> None:
    spec = ears.spec().scalogram
    image = np.zeros((40, spec.bins), np.float32)
    image[:, 40:] = 0.5  # -45 dBFS
    content = dream_picture.many_dreams("t", "n", [Cell("z", "", image)], spec, 1.0)
    drawn = np.asarray(Image.open(io.BytesIO(content)).convert("L")).astype(float)
    cell = drawn[252:430, 110:388]
    assert cell[:20].mean() > 180 and np.median(cell[60:]) < 15


def test_the_curve_of_depths_falls_as_what_is_kept_does() -> None:
    spec = ears.spec().scalogram
    found = [Depth(f"layer{i}", 0.9 - 0.2 * i, 0.95) for i in range(4)]
    cells = [Cell(d.layer, "", np.zeros((4, spec.bins), np.float32)) for d in found]
    content = dream_picture.depths("t", "n", found, -0.2, cells, spec, 1.0)
    drawn = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(float)[230:640, 150:1864]
    is_amber = (drawn[..., 0] > 200) & (drawn[..., 2] < 120)
    width = drawn.shape[1] // 4
    heights = [np.nonzero(is_amber[:, i * width + width // 2])[0].mean() for i in range(4)]
    assert heights == sorted(heights) and heights[3] - heights[0] > 100
