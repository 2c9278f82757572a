"""The reader of TensorFlow's checkpoints, on bytes made by hand, and the conversion of the tagger."""

from __future__ import annotations

import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from . import taggers

reader = taggers.script("tf_checkpoint")
VALUES = np.array([[1.5, -2.0, 3.25], [0.0, 7.0, -1.0]], np.float32)


def test_the_checksum_is_castagnolis() -> None:
    # RFC 3720, appendix B.4, and the example of LevelDB's crc32c_test.cc
    assert reader.crc32c(bytes(32)) == 0x8A9136AA and reader.crc32c(bytes(range(32))) == 0x46DD794E
    assert reader.crc32c(b"123456789") == 0xE3069283


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _crc(content: bytes) -> bytes:
    return struct.pack("<I", reader.masked(reader.crc32c(content)))


def _block(entries: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """A block whose keys share what they can with the one before."""
    content, before = b"", b""
    for key, value in entries:
        shared = next(
            (i for i, (a, b) in enumerate(zip(key, before, strict=False)) if a != b), min(len(key), len(before))
        )
        content += _varint(shared) + _varint(len(key) - shared) + _varint(len(value)) + key[shared:] + value
        before = key
    content += struct.pack("<II", 0, 1) + bytes([kind])
    return content + _crc(content)


def _entry(array: np.ndarray, offset: int, dtype: int = 1) -> bytes:
    dims = b"".join(b"\x12" + _varint(len(d)) + d for d in (b"\x08" + _varint(n) for n in array.shape))
    place = b"\x20" + _varint(offset) if offset else b""
    return (b"\x08" + _varint(dtype) + b"\x12" + _varint(len(dims)) + dims + place + b"\x28" + _varint(array.nbytes)
            + b"\x35" + _crc(array.tobytes()))  # fmt: skip


def _index(entries: list[tuple[bytes, bytes]], kind: int = 0) -> bytes:
    """A table of two data blocks, a header's entry first."""
    entries = [(b"", b"\x08\x01"), *entries]
    table, handles = b"", []
    for part in filter(None, (entries[:2], entries[2:])):
        block = _block(part, kind)
        handles.append((part[-1][0] + b"~", _varint(len(table)) + _varint(len(block) - 5)))
        table += block
    meta, index = _block([]), _block(handles)
    places = _varint(len(table)) + _varint(len(meta) - 5)
    places += _varint(len(table) + len(meta)) + _varint(len(index) - 5)
    return table + meta + index + places.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def _write(folder: Path, index: bytes | None = None) -> Path:
    """A checkpoint of three arrays; the names of two begin alike, the last is a scalar."""
    more, scalar = np.arange(200, dtype=np.float32), np.array(0.5, np.float32)
    entries = [(b"conv/bias", _entry(VALUES, 0)), (b"conv/kernel", _entry(more, VALUES.nbytes)),
               (b"power", _entry(scalar, VALUES.nbytes + more.nbytes))]  # fmt: skip
    (folder / "x.index").write_bytes(_index(entries) if index is None else index)
    (folder / "x.data-00000-of-00001").write_bytes(VALUES.tobytes() + more.tobytes() + scalar.tobytes())
    return folder / "x"


def test_arrays_come_back_with_names_shapes_and_values(tmp_path: Path) -> None:
    found = reader.read_checkpoint(_write(tmp_path))
    assert list(found) == ["conv/bias", "conv/kernel", "power"]
    assert np.array_equal(found["conv/bias"], VALUES) and np.array_equal(found["conv/kernel"], np.arange(200))
    assert found["power"].shape == () and found["power"] == 0.5
    assert list(reader.read_checkpoint(tmp_path / "x", ["power"])) == ["power"]


def test_a_name_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(reader.BadCheckpoint, match="has no dense; it has conv/bias, conv/kernel, power"):
        reader.read_checkpoint(_write(tmp_path), ["dense"])


def test_every_flipped_bit_of_an_array_or_a_block_is_noticed(tmp_path: Path) -> None:
    prefix = _write(tmp_path)
    data, index = Path(f"{prefix}.data-00000-of-00001"), Path(f"{prefix}.index")
    for path, places in ((data, (0, 23, 100)), (index, (1, 20, len(index.read_bytes()) - 60))):
        good = path.read_bytes()
        for place in places:
            path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
            with pytest.raises(reader.BadCheckpoint):
                reader.read_checkpoint(prefix)
        path.write_bytes(good)


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (b"", "0 bytes"),
        (b"x" * 100, "does not end as"),
        (_index([(b"a", _entry(VALUES, 0))], kind=1), "compressed"),
        (_index([(b"a", _entry(VALUES, 0, dtype=7))]), "type 7"),
        (_index([(b"a", _entry(VALUES, 5_000))]), "0 bytes; expected 24"),
    ],
)
def test_what_it_cannot_read_is_refused_with_the_reason(tmp_path: Path, index: bytes, reason: str) -> None:
    with pytest.raises(reader.BadCheckpoint, match=reason):
        reader.read_checkpoint(_write(tmp_path, index))


def test_a_wheel_becomes_arrays_in_pytorchs_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    convert = taggers.script("convert_vgg_tagger")
    names, rng = convert.names(), np.random.default_rng(0)
    assert len(names) == 36
    shapes = {"dense/kernel": (6, 5), **{f"{i}CNN/kernel": (3, 3, 2, 4) for i in range(1, 6)}}
    arrays = {name: rng.standard_normal(shapes.get(name, (4,))).astype(np.float32) for name in sorted(names)}
    entries, data = [], b""
    for name, array in arrays.items():
        entries.append((name.encode(), _entry(array, len(data))))
        data += array.tobytes()
    wheel = tmp_path / "musicnn.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("musicnn/MTT_vgg/.index", _index(entries))
        archive.writestr("musicnn/MTT_vgg/.data-00000-of-00001", data)
        archive.writestr(convert.LICENCE, "Permission to use")
    monkeypatch.setattr(sys, "argv", ["convert", str(wheel), "--out", str(tmp_path)])
    convert.main()
    found = load_file(tmp_path / "vgg-tagger.safetensors")
    assert found["conv2.weight"].shape == (4, 2, 3, 3) and found["dense.weight"].shape == (5, 6)
    assert found["conv2.weight"][3, 1, 0, 2] == arrays["2CNN/kernel"][0, 2, 1, 3]
    assert np.array_equal(found["norm0.running_var"], arrays["batch_normalization/moving_variance"])
    assert np.array_equal(found["norm5.weight"], arrays["batch_normalization_5/gamma"])
    assert (tmp_path / "vgg-tagger.LICENSE").read_text() == "Permission to use"
