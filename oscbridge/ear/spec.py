"""The sizes of an ear, as its YAML gives them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import BridgeError
from ..validation import check, read_yaml


class Sizes(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScalogramSpec(Sizes):
    """The constant-Q filter bank. Bin b sits at lowest_hz * 2^(b / bins_per_octave)."""

    rate: int = Field(44_100, ge=8_000, le=192_000)
    hop: int = Field(1_024, ge=64, le=16_384)
    bins: int = Field(216, ge=1, le=1_000)
    bins_per_octave: int = Field(24, ge=1, le=100)
    lowest_hz: float = Field(40.0, ge=10, le=5_000)
    filter_scale: float = Field(0.43, ge=0.05, le=4)
    phase: bool = False

    @property
    def channels(self) -> int:
        return 2 if self.phase else 1

    @property
    def hop_s(self) -> float:
        return self.hop / self.rate

    @property
    def q(self) -> float:
        """Centre frequency by bandwidth (Brown 1991), scaled."""
        return self.filter_scale / (2 ** (1 / self.bins_per_octave) - 1)

    def frequency_hz(self, bin_index: int) -> float:
        return self.lowest_hz * 2.0 ** (bin_index / self.bins_per_octave)

    def kernel_samples(self, bin_index: int) -> int:
        """Length of the bin's kernel: q periods of its frequency."""
        return max(2, round(self.q * self.rate / self.frequency_hz(bin_index)))

    @model_validator(mode="after")
    def _below_nyquist(self) -> ScalogramSpec:
        top = self.frequency_hz(self.bins - 1)
        if top >= self.rate / 2:
            raise ValueError(
                f"its top bin lies at {top:.0f} Hz, at or above half the rate of {self.rate} Hz; take fewer bins"
            )
        return self


Kernel = tuple[int, int]


class EncoderBlockSpec(Sizes):
    """conv1 -> batch norm -> (max-pool) -> ReLU -> conv2 -> batch norm -> + residual -> ReLU.

    Kernels are (time, frequency).
    """

    channels: int = Field(ge=1, le=4_096)
    conv1: Kernel
    conv2: Kernel
    pool: int = Field(1, ge=1, le=2)
    valid: bool = False  # conv 2 is not padded along frequency

    @model_validator(mode="after")
    def _kernels_fit(self) -> EncoderBlockSpec:
        for name, kernel, padded in (("conv1", self.conv1, True), ("conv2", self.conv2, not self.valid)):
            if min(kernel) < 1:
                raise ValueError(f"{name} is {list(kernel)}; a kernel is at least 1 along time and along frequency")
            if padded and kernel[1] % 2 == 0:
                near = f"{kernel[1] - 1} or {kernel[1] + 1}"
                raise ValueError(f"{name} is {list(kernel)}; a padded kernel is odd along frequency, such as {near}")
        return self


class ContextBlockSpec(Sizes):
    """(max-pool) -> conv -> batch norm -> + residual -> ReLU along time."""

    channels: int = Field(ge=1, le=4_096)
    kernel: int = Field(ge=1, le=64)
    pool: int = Field(1, ge=1, le=2)


class EarSpec(Sizes):
    name: str = "ear"
    seed: int = Field(0, ge=0, le=999_999)
    scalogram: ScalogramSpec = ScalogramSpec()
    encoder: tuple[EncoderBlockSpec, ...] = Field(min_length=1)
    context: tuple[ContextBlockSpec, ...] = Field(min_length=1)
    classes: tuple[str, ...] = Field((), max_length=256)  # names of a softmax head on c; none: no head

    @property
    def z_layer(self) -> int:
        """The layer of the encodings, counted as the wire counts: the scalogram is 0."""
        return 1 + 2 * len(self.encoder)

    @property
    def c_layer(self) -> int:
        return self.z_layer + len(self.context)

    @model_validator(mode="after")
    def _has_room(self) -> EarSpec:
        positions = self.scalogram.bins
        for index, block in enumerate(self.encoder):
            positions //= block.pool
            positions -= block.conv2[1] - 1 if block.valid else 0
            if positions < 1:
                raise ValueError(f"encoder block {index} has no frequency position left; take smaller kernels")
        return self


class TaggerSpec(Sizes):
    """The VGG tagger. hop: samples at 16 kHz from one frame to the next."""

    kind: Literal["tagger"]
    name: str = "vgg-tagger"
    hop: int = Field(512, ge=64, le=16_384)


def ear_id(spec: EarSpec, weights: Path) -> str:
    """What a patch may key its caches by: name and digest of the weights, or `<name>-untrained-<seed>`."""
    if not weights.exists():
        return f"{spec.name}-untrained-{spec.seed}"
    return digest_id(spec.name, weights)


def digest_id(name: str, weights: Path) -> str:
    return f"{name}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:8]}"


def load_any_spec(path: Path) -> EarSpec | TaggerSpec:
    """Reads models/<name>.yaml. Raises BridgeError with every mistake in it."""
    data = read_yaml(path)
    if isinstance(data, dict) and data.get("kind") == "tagger":
        return check(TaggerSpec, data, str(path))
    return check(EarSpec, data, str(path))


def load_spec(path: Path) -> EarSpec:
    """The same where it has to be an ear. Raises BridgeError 409 if it is another network."""
    spec = load_any_spec(path)
    if not isinstance(spec, EarSpec):
        raise BridgeError(f"{path.stem} is no ear: it listens and can be selected in, but this takes an ear", 409)
    return spec
