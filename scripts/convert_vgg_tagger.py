"""Makes models/vgg-tagger.safetensors from the checkpoint that musicnn's wheel carries.

    pip download --no-deps musicnn==0.1.0      # 29 MB; its dependencies are too old to be installed
    python scripts/convert_vgg_tagger.py musicnn-0.1.0-py3-none-any.whl [--out models]

The wheel is only unpacked; nothing of it runs. Arrays are kept as they were trained, float32 and batch norms unfolded:
as float16 they would be 1.2 MB less, but tags would be off by up to 3e-4 and conv 1 by 1e-2 of its deviation.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from tf_checkpoint import read_checkpoint

MODELS = Path(__file__).resolve().parent.parent / "models"
FOLDER = "musicnn/MTT_vgg"
LICENCE = "musicnn-0.1.0.dist-info/LICENSE.md"
CONVOLUTIONS = 5
NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def names() -> dict[str, str]:
    """The checkpoint's name of an array to ours."""
    found = {"dense/kernel": "dense.weight", "dense/bias": "dense.bias"}
    for i in range(CONVOLUTIONS + 1):
        source = f"batch_normalization_{i}" if i else "batch_normalization"
        found |= {f"{source}/{theirs}": f"norm{i}.{ours}" for theirs, ours in NORM.items()}
        if i:
            found |= {f"{i}CNN/kernel": f"conv{i}.weight", f"{i}CNN/bias": f"conv{i}.bias"}
    return found


def turned(array: NDArray[Any]) -> NDArray[Any]:
    """An array as PyTorch has it: (time, frequency, in, out) to (out, in, time, frequency), (in, out) to (out, in)."""
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    elif array.ndim == 2:
        array = array.T
    return np.ascontiguousarray(array, np.float32)


def unpacked(wheel: Path, folder: Path) -> Path:
    """The checkpoint's files, in a folder. Returns their common prefix: theirs are called .index and .data-…"""
    with zipfile.ZipFile(wheel) as archive:
        for name in (".index", ".data-00000-of-00001"):
            (folder / f"vgg{name}").write_bytes(archive.read(f"{FOLDER}/{name}"))
    return folder / "vgg"


def arrays_of(wheel: Path) -> dict[str, NDArray[Any]]:
    """The network's arrays as they are in the checkpoint, by its own names."""
    with tempfile.TemporaryDirectory() as folder:
        return read_checkpoint(unpacked(wheel, Path(folder)), list(names()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=MODELS)
    given = parser.parse_args()
    ours = names()
    tensors = {ours[name]: turned(array) for name, array in arrays_of(given.wheel).items()}
    target = given.out / "vgg-tagger.safetensors"
    target.write_bytes(save(tensors, {"source": "musicnn 0.1.0, MTT_vgg", "licence": "ISC, see vgg-tagger.LICENSE"}))
    with zipfile.ZipFile(given.wheel) as archive:
        (given.out / "vgg-tagger.LICENSE").write_bytes(archive.read(LICENCE))
    values = sum(array.size for array in tensors.values())
    print(f"{target}: {len(tensors)} arrays, {values:,} values, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
