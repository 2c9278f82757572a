"""Makes vgg_tagger.npz: what the VGG tagger answers to 3 s of the bundled loop, worked out a second time.

    pip download --no-deps musicnn==0.1.0
    python tests/ear/goldens/make_vgg_tagger.py musicnn-0.1.0-py3-none-any.whl

Nothing of oscbridge/ear is used: the arrays come from the checkpoint with TensorFlow's names and order, the mel
spectrogram from librosa, the network is plain numpy in float64, channels last, each batch norm by itself. Only the
checkpoint's reader is shared, whose every array carries a checksum.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import soxr

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
SAMPLES = 47_616
POOLS = [((4, 1), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((2, 2), (2, 2)), ((4, 4), (4, 4))]
SOME = slice(0, 128, 9)  # channels that are kept of the larger layers
Arrays = dict[str, np.ndarray]


def norm(x: np.ndarray, arrays: Arrays, index: int) -> np.ndarray:
    name = f"batch_normalization_{index}" if index else "batch_normalization"
    gamma, beta, mean, variance = (
        arrays[f"{name}/{part}"].astype(np.float64) for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta


def convolution(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """x: (time, frequency, in), kernel: (3, 3, in, out); padded with a zero on every side."""
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    time, freq = x.shape[:2]
    total = np.zeros((time, freq, kernel.shape[3])) + bias
    for i in range(3):
        for j in range(3):
            total += padded[i : i + time, j : j + freq] @ kernel[i, j].astype(np.float64)
    return total


def pool(x: np.ndarray, size: tuple[int, int], stride: tuple[int, int]) -> np.ndarray:
    views = np.lib.stride_tricks.sliding_window_view(x, size, axis=(0, 1))
    return views[:: stride[0], :: stride[1]].max((-2, -1))


def spectrogram(audio: np.ndarray) -> np.ndarray:
    """(187, 96), as musicnn computes it, but for the logarithm, which is float32."""
    power = librosa.feature.melspectrogram(y=audio, sr=16_000, hop_length=256, n_fft=512, n_mels=96, pad_mode="reflect")
    return np.log10(10_000 * power.T.astype(np.float16).astype(np.float32) + 1)


def network(mel: np.ndarray, arrays: Arrays) -> list[np.ndarray]:
    """The five pooled maps, (steps, positions, 128) each, and the tags, (50,)."""
    x = norm(mel[:, :, None].astype(np.float64), arrays, 0)
    found = []
    for i, (size, stride) in enumerate(POOLS, 1):
        x = np.maximum(convolution(x, arrays[f"{i}CNN/kernel"], arrays[f"{i}CNN/bias"]), 0)
        x = pool(norm(x, arrays, i), size, stride)
        found.append(x)
    logits = x.reshape(-1) @ arrays["dense/kernel"].astype(np.float64) + arrays["dense/bias"]
    return [*found, 1 / (1 + np.exp(-logits))]


def script() -> Any:
    sys.path.insert(0, str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("convert", ROOT / "scripts" / "convert_vgg_tagger.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    arrays = script().arrays_of(Path(sys.argv[1]))
    samples, rate = soundfile.read(ROOT / "loops" / "guitar_drums.flac", dtype="float32", always_2d=True)
    audio = soxr.resample(samples.mean(1), rate, 16_000)[16_000 : 16_000 + SAMPLES]
    audio = np.rint(audio * 32_767).astype(np.int16)  # as kept: so both are given the same
    mel = spectrogram(audio / np.float32(32_768))
    *maps, tags = network(mel, arrays)
    kept = {f"conv{i}": x[..., SOME] if i < 5 else x for i, x in enumerate(maps, 1)}
    kept["conv1"] = kept["conv1"][::7]
    kept["conv2"] = kept["conv2"][::3]
    kept["bank"] = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96).T
    as_float32 = {name: x.astype(np.float32) for name, x in {**kept, "mel": mel, "tags": tags}.items()}
    np.savez_compressed(HERE / "vgg_tagger.npz", audio=audio, **as_float32)


if __name__ == "__main__":
    main()
