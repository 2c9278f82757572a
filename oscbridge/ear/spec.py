"""The sizes of an ear, as its YAML gives them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import BridgeError
from ..validation import check, did_you_mean, read_yaml


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


class AudioSpec(Sizes):
    rate: int = Field(16_000, ge=8_000, le=192_000)
    hop: int = Field(512, ge=64, le=16_384)


class PictureSpec(Sizes):
    """Pixels."""

    height: int = Field(64, ge=8, le=1_024)
    width: int = Field(64, ge=8, le=1_024)


class ModuleSpec(Sizes):
    """Any torch.nn.Module.

    model:         "module:function"; the function returns the network. The module lies beside the YAML, or is installed
    weights:       a file beside the YAML, given to the function as `weights`
    input:         what the network takes: sound (batch, samples), a scalogram (batch, channels, columns, bins), or a
                   picture (batch, 3, height, width), 0 to 1, which is of the scalogram until there are others
    window_s:      how much of it at once
    classes:       names of the neurons of the last layer
    probabilities: how these become probabilities; "none": they are already
    """

    kind: Literal["module"]
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    model: str = Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    weights: str = ""
    input: Literal["audio", "scalogram", "picture"] = "scalogram"
    window_s: float = Field(4.0, ge=0.01, le=60)
    audio: AudioSpec = AudioSpec()
    scalogram: ScalogramSpec = ScalogramSpec()
    picture: PictureSpec = PictureSpec()
    classes: tuple[str, ...] = Field((), max_length=1_000)
    probabilities: Literal["softmax", "sigmoid", "none"] = "softmax"

    @property
    def rate(self) -> int:
        return self.audio.rate if self.input == "audio" else self.scalogram.rate

    @property
    def hop(self) -> int:
        return self.audio.hop if self.input == "audio" else self.scalogram.hop

    @property
    def window(self) -> int:
        """Samples of sound, or columns."""
        return max(1, round(self.window_s * self.rate / (1 if self.input == "audio" else self.hop)))

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> ModuleSpec:
        for part, inputs in (("audio", {"audio"}), ("scalogram", {"scalogram", "picture"}), ("picture", {"picture"})):
            if part in self.model_fields_set and self.input not in inputs:
                raise ValueError(f"`{part}` has no effect, for the input is {self.input}; leave it out")
        return self


Spec = EarSpec | TaggerSpec | ModuleSpec
KINDS: dict[str, type[TaggerSpec] | type[ModuleSpec]] = {"tagger": TaggerSpec, "module": ModuleSpec}


def ear_id(spec: EarSpec, weights: Path) -> str:
    """What a patch may key its caches by: name and digest of the weights, or `<name>-untrained-<seed>`."""
    if not weights.exists():
        return f"{spec.name}-untrained-{spec.seed}"
    return digest_id(spec.name, weights)


def digest_id(name: str, weights: Path) -> str:
    return f"{name}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:8]}"


def load_any_spec(path: Path) -> Spec:
    """Reads models/<name>.yaml. Raises BridgeError with every mistake in it."""
    data = read_yaml(path)
    if not isinstance(data, dict) or "kind" not in data:
        return check(EarSpec, data, str(path))
    kind = str(data["kind"])
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise BridgeError(
            f"{path}: kind is {kind[:40]!r}; expected {known}, or none for an ear.{did_you_mean(kind, [*KINDS])}"
        )
    return check(KINDS[kind], data, str(path))


def load_spec(path: Path) -> EarSpec:
    """The same where it has to be an ear. Raises BridgeError 409 if it is another network."""
    spec = load_any_spec(path)
    if not isinstance(spec, EarSpec):
        raise BridgeError(f"{path.stem} is no ear, which this takes", 409)
    return spec
