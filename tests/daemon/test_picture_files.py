"""Folders and stacks of pictures: in order for ever, and no file that stops the show."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from oscbridge.daemon import pictures
from oscbridge.daemon.pictures import PictureSource
from oscbridge.errors import BridgeError

from .fakes import HOP, RATE
from .showing import SIZE, Play, Told, grey, levels, player, three, until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return three(tmp_path / "frames")


@pytest.fixture
def play() -> Iterator[Play]:
    with player() as play:
        yield play


# ---- folders


def test_a_folder_is_shown_in_natural_order_round_and_round(folder: Path, play: Play) -> None:
    (folder / "notes.txt").write_text("no picture")
    (folder / "._f1.png").write_bytes(b"left by macOS")
    (folder / "f3.png").mkdir()
    told: Told = []
    source = play(folder, tell=lambda *t: told.append(t))
    assert levels(source, 150) == [10, 20, 100] * 50
    assert source.what == "frames, 3 pictures, 43.1 a second, looped"
    assert told == []


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG", "a.webp", "a.bmp"])
def test_every_format_is_shown_with_red_first(tmp_path: Path, play: Play, name: str) -> None:
    Image.new("RGB", (60, 40), (250, 130, 20)).save(tmp_path / name)
    picture = play(tmp_path).next_hop().picture
    assert picture is not None
    np.testing.assert_allclose(picture[:, 2, 3] * 255, (250, 130, 20), atol=3)


def test_a_picture_covers_the_size_and_is_cropped_to_its_middle(tmp_path: Path, play: Play) -> None:
    pixels = np.zeros((40, 200, 3), np.uint8)
    pixels[:, 70:130] = np.arange(60)[None, :, None] // 10 * 40  # in the middle, six stripes, 10 pixels wide
    pixels[:, :70] = pixels[:, 130:] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    wide = play(tmp_path).next_hop().picture
    assert wide is not None
    for row in range(4):
        np.testing.assert_allclose(wide[0, row, 1:5] * 255, [40, 80, 120, 160], atol=3)
    assert wide[0, :, 0].max() < 40 / 255 and wide[0, :, 5].min() > 195 / 255
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "wide.png")
    tall = play(tmp_path, size=(6, 4)).next_hop().picture
    assert tall is not None
    np.testing.assert_array_equal(tall, wide.transpose(0, 2, 1))


def test_a_picture_of_the_size_asked_for_is_shown_pixel_for_pixel(tmp_path: Path, play: Play) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = play(tmp_path).next_hop().picture
    np.testing.assert_array_equal(picture, pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(255))


def test_a_picture_is_shown_as_a_viewer_shows_it(tmp_path: Path, play: Play) -> None:
    clear = Image.new("RGBA", SIZE[::-1], (255, 255, 255, 0))
    clear.putpixel((0, 0), (255, 0, 0, 255))
    clear.save(tmp_path / "1.png")
    Image.fromarray(np.full(SIZE, 128 * 257, np.uint16)).save(tmp_path / "2.png")
    Image.new("L", SIZE[::-1], 50).save(tmp_path / "3.png")
    turned = Image.new("RGB", SIZE)  # stood on its side
    turned.paste((255, 255, 255), (0, 0, 4, 3))
    exif = Image.Exif()
    exif[0x112] = 6
    turned.save(tmp_path / "4.png", exif=exif)
    source = play(tmp_path)
    black, deep, pale, side = (source.next_hop().picture for _ in range(4))
    assert black is not None and side is not None
    assert black.sum() == black[0, 0, 0] == 1
    np.testing.assert_allclose(deep, 128 / 255, rtol=1e-6)
    np.testing.assert_allclose(pale, 50 / 255, rtol=1e-6)
    assert not side[:, :, :3].any() and side[:, :, 3:].all()


def test_what_comes_goes_and_changes_in_a_folder_is_followed(folder: Path, play: Play) -> None:
    told: Told = []
    source = play(folder, tell=lambda *t: told.append(t))
    levels(source, 3)
    grey(folder / "f3.png", 30)
    until(source, lambda shown: shown[-8:] == [10, 20, 30, 100] * 2)
    assert source.what.startswith("frames, 4 pictures, ")
    (folder / "F2.bmp").unlink()
    grey(folder / "f1.PNG", 15)
    os.utime(folder / "f1.PNG", (1, 1))
    until(source, lambda shown: shown[-6:] == [15, 30, 100] * 2)
    assert told == []


def test_a_broken_picture_is_skipped_and_told_once_until_it_is_mended(folder: Path, play: Play) -> None:
    told: Told = []
    Image.effect_noise((60, 40), 50).save(folder / "f5.png")
    (folder / "f5.png").write_bytes((folder / "f5.png").read_bytes()[:900])  # cut, as by an export that goes on
    (folder / "f0.png").write_bytes(b"nothing of a picture")
    source = play(folder, tell=lambda *t: told.append(t))
    assert levels(source, 60) == [10, 20, 100] * 20
    assert [code for code, _ in told] == [422, 422]
    assert told[0][1].startswith("f0.png in frames is no picture that can be read (")
    assert told[1][1].startswith("f5.png in frames is no picture that can be read (")
    grey(folder / "f5.png", 50)
    until(source, lambda shown: shown[-8:] == [10, 20, 50, 100] * 2)
    (folder / "f5.png").write_bytes(b"broken anew")
    until(source, lambda shown: shown[-6:] == [10, 20, 100] * 2)
    assert [code for code, _ in told] == [422, 422, 422]


def test_without_a_picture_the_last_one_stays_until_there_is_one(
    folder: Path, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: Told = []
    source = play(folder, tell=lambda *t: told.append(t))
    for path in list(folder.iterdir()):
        path.unlink()
    until(source, lambda shown: shown[-30:] == [shown[-1]] * 30)
    assert [code for code, _ in told] == [503]
    assert "holds no picture" in told[0][1]  # that there is, or, while they go, that can be read
    folder.rmdir()
    tries = 0
    original = pictures._Folder._names

    def counted(self: pictures._Folder) -> list[str]:
        nonlocal tries
        tries += 1
        return original(self)

    monkeypatch.setattr(pictures._Folder, "_names", counted)
    levels(source, 160)
    assert 10 <= tries <= 20, "four times a second"
    folder.mkdir()
    grey(folder / "new.png", 77)
    until(source, lambda shown: shown[-2:] == [77, 77])
    levels(source, 60)
    assert [code for code, _ in told] == [503, 200]
    assert source.lost_hops == 0


def test_pictures_are_decoded_once_while_they_fit(folder: Path, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[str] = []
    original = pictures._decoded

    def counted(path: Path, size: tuple[int, int]) -> np.ndarray:
        decoded.append(path.name)
        return original(path, size)

    monkeypatch.setattr(pictures, "_decoded", counted)
    monkeypatch.setattr(pictures, "KEPT_BYTES", 2 * 3 * SIZE[0] * SIZE[1])
    source = play(folder)
    assert levels(source, 60) == [10, 20, 100] * 20
    assert decoded[:4] == ["f1.PNG", "F2.bmp", "f10.png", "f10.png"]
    assert set(decoded[2:]) == {"f10.png"}
    grey(folder / "f1.PNG", 15)
    os.utime(folder / "f1.PNG", (1, 1))
    until(source, lambda shown: shown[-6:] == [15, 20, 100] * 2)
    levels(source, 60)  # what was read before its time was set is read once more
    decoded.clear()
    levels(source, 60)
    assert set(decoded) == {"f10.png"}
    (folder / "F2.bmp").unlink()
    until(source, lambda shown: shown[-4:] == [15, 100] * 2)
    levels(source, 60)
    decoded.clear()
    levels(source, 60)
    assert not decoded


# ---- .npy files


@pytest.mark.parametrize("size", [SIZE, (2, 3)])
def test_both_kinds_of_stacks_show_the_same(tmp_path: Path, play: Play, size: tuple[int, int]) -> None:
    stack = np.random.default_rng(1).integers(0, 256, (5, *SIZE, 3), np.uint8)
    np.save(tmp_path / "u.npy", stack)
    np.save(tmp_path / "f.npy", (stack.transpose(0, 3, 1, 2) / 255).astype(">f8"))
    bytes_, floats = play(tmp_path / "u.npy", size), play(tmp_path / "f.npy", size)
    for hop in range(12):
        one, other = bytes_.next_hop().picture, floats.next_hop().picture
        assert one is not None and other is not None and other.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=1e-6 if size == SIZE else 1 / 255)
        expected = stack[hop % 5].transpose(2, 0, 1) / 255
        if size == SIZE:
            np.testing.assert_allclose(one, expected, rtol=1e-6)
        assert other.mean() == pytest.approx(expected.mean(), abs=0.05)
    assert bytes_.what == "u.npy, 5 pictures, 43.1 a second, looped"


def test_values_beyond_0_and_1_are_clipped_and_told_once(tmp_path: Path, play: Play) -> None:
    stack = np.full((2, 3, *SIZE), 0.5, np.float32)
    stack[:, 0, 0, :4] = -3, 255, np.nan, np.inf
    np.save(tmp_path / "f.npy", stack)
    told: Told = []
    source = play(tmp_path / "f.npy", tell=lambda *t: told.append(t))
    for _ in range(5):
        picture = source.next_hop().picture
        assert picture is not None
        assert picture[0, 0].tolist() == [0, 1, 0, 1, 0.5, 0.5]
    assert [code for code, _ in told] == [422]
    assert "not within 0 and 1, as -3;" in told[0][1]


def test_a_stack_that_is_cut_or_written_anew_while_it_plays_goes_on(tmp_path: Path, play: Play) -> None:
    path, told = tmp_path / "s.npy", Told()
    stack = np.full((3, *SIZE, 3), 9, np.uint8) * np.arange(1, 4, dtype=np.uint8)[:, None, None, None]
    np.save(path, np.tile(stack, (2_000, 1, 1, 1)))  # longer than what is read ahead
    source = play(path, tell=lambda *t: told.append(t))
    assert levels(source, 4) == [9, 18, 27, 9]
    os.truncate(path, 128)
    shown = until(source, lambda shown: shown[-30:] == [shown[-1]] * 30)
    assert shown[-1] in (9, 18, 27)
    assert [code for code, _ in told] == [422, 503]
    assert "s.npy breaks off before picture " in told[0][1]
    np.save(path, 2 * stack)
    until(source, lambda shown: shown[-6:] == [18, 36, 54] * 2)
    assert told[2] == (200, "s.npy can be read again")


# ---- what is refused


def _two_numbers(path: Path) -> None:
    np.save(path, np.zeros(2))


def _four_channels(path: Path) -> None:
    np.save(path, np.zeros((2, 4, 4, 4), np.uint8))


def _wide_integers(path: Path) -> None:
    np.save(path, np.zeros((2, 4, 4, 3), np.uint16))


def _floats_last(path: Path) -> None:
    np.save(path, np.zeros((2, 4, 4, 3), np.float32))


def _no_pictures(path: Path) -> None:
    np.save(path, np.zeros((0, 4, 4, 3), np.uint8))


def _turned(path: Path) -> None:
    np.save(path, np.asfortranarray(np.zeros((2, 4, 4, 3), np.uint8)))


def _objects(path: Path) -> None:
    np.save(path, np.array([None, {}]), allow_pickle=True)


def _only_broken(path: Path) -> None:
    path.mkdir()
    (path / "a.png").write_text("broken")


@pytest.mark.parametrize(
    ("make", "words", "code"),
    [
        (Path.mkdir, r"holds no picture; expected files that end in \.png, \.jpg", 422),
        (_only_broken, "holds no picture that can be read; choose another", 422),
        (lambda path: None, "is not there; expected a folder of pictures, or", 404),
        (Path.touch, r"is no \.npy file that can be read; expected \(n, height", 422),
        (_objects, r"is no \.npy file that can be read", 422),
        (_two_numbers, r"is \(2,\) float64; expected \(n, height", 422),
        (_four_channels, r"is \(2, 4, 4, 4\) uint8; ", 422),
        (_wide_integers, r"is \(2, 4, 4, 3\) uint16; ", 422),
        (_floats_last, r"is \(2, 4, 4, 3\) float32; ", 422),
        (_no_pictures, r"n at least 1", 422),
        (_turned, "is in Fortran's order", 422),
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, make: Callable[[Path], None], words: str, code: int) -> None:
    make(tmp_path / "a.npy")
    with pytest.raises(BridgeError, match=words) as error:
        PictureSource(tmp_path / "a.npy", RATE, HOP, SIZE)
    assert error.value.code == code
