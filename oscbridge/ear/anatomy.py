"""What an ear is made of, from its sizes alone: operations with their cost, layers with their neurons.

Neuron order (the wire relies on it): layer by layer, in a layer channel by channel, in a channel from low to high
frequency. Layer 0 is the scalogram; then the output of every nonlinearity of the encoder, z, and the context
blocks, the last of which is c; then the probabilities of a classifier head, if the ear has one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from .spec import EarSpec

CLASSES = "classes"  # the name of the last layer, if its neurons are probabilities of classes


def output_size(size: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """floor((size - kernel + padding) / stride) + 1, `padding` summed over both ends.

    Source: Dumoulin & Visin (2016), A guide to convolution arithmetic, relationship 6.
    """
    return (size - kernel + padding) // stride + 1


@dataclass(frozen=True)
class Operation:
    """One convolution or pool; kernel and stride are (time, frequency)."""

    name: str
    kind: str  # "cqt" "conv" "pool" "residual" "depthwise" "head"
    channels_in: int
    channels: int
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: int  # along frequency, both ends together, negative if cropped; along time kernel - 1 at the start
    positions_in: int
    positions: int
    frames_per_step: int  # hops from one output to the next
    parameters: int
    macs_per_step: int
    receptive_field_s: float
    receptive_field_octaves: float
    layer: int  # the layer whose neurons it leads to

    @property
    def macs_per_hop(self) -> float:
        return self.macs_per_step / self.frames_per_step

    @property
    def formula(self) -> str:
        """The output size along frequency, worked out."""
        k, s = self.kernel[1], self.stride[1]
        sign = "−" if self.padding < 0 else "+"
        return f"⌊({self.positions_in} − {k} {sign} {abs(self.padding)}) / {s}⌋ + 1 = {self.positions}"


@dataclass(frozen=True)
class Layer:
    """One layer of neurons, as `/ear/layer` tells it."""

    index: int
    name: str
    first_neuron: int
    channels: int
    positions: int
    frames_per_step: int
    receptive_field_s: float
    receptive_field_octaves: float

    @property
    def neurons(self) -> int:
        return self.channels * self.positions

    @property
    def span(self) -> slice:
        return slice(self.first_neuron, self.first_neuron + self.neurons)


@dataclass(frozen=True)
class _Field:
    """Shape and receptive field of a signal on its way through the network."""

    channels: int
    positions: int
    step: int = 1  # frames from one column to the next
    jump: int = 1  # bins from one position to the next
    frames: int = 1
    bins: int = 1


@dataclass(frozen=True)
class Anatomy:
    """Operations and layers of one ear, in the order of computation."""

    spec: EarSpec
    operations: tuple[Operation, ...]
    layers: tuple[Layer, ...]

    @cached_property
    def neurons(self) -> int:
        return sum(layer.neurons for layer in self.layers)

    @cached_property
    def parameters(self) -> int:
        return sum(op.parameters for op in self.operations)

    @cached_property
    def macs_per_hop(self) -> float:
        """Multiply-accumulates a hop costs on average, streamed."""
        return sum(op.macs_per_hop for op in self.operations)

    @cached_property
    def window_macs(self) -> int:
        """Multiply-accumulates of the network (without scalogram) over a whole 4 s window."""
        frames = int(4 / self.spec.scalogram.hop_s)
        steps = ((op.macs_per_step, -(-frames // op.frames_per_step)) for op in self.operations if op.kind != "cqt")
        return sum(macs * count for macs, count in steps)


def anatomy(spec: EarSpec) -> Anatomy:
    """Works out every operation and layer of an ear."""
    return _Walk(spec).done()


class _Walk:
    def __init__(self, spec: EarSpec) -> None:
        self.spec = spec
        self.operations: list[Operation] = []
        self.layers: list[Layer] = []

    def done(self) -> Anatomy:
        s = self.spec.scalogram
        field = _Field(s.channels, s.bins)
        lengths = [s.kernel_samples(b) for b in range(s.bins)]
        # re and im each; the zero half of an octave group's shorter kernels is not counted
        self._record("scalogram", "cqt", field, field, (lengths[0], 1), (1, 1), 0, 0, 2 * sum(lengths))
        self._neurons("scalogram", field)
        for i, block in enumerate(self.spec.encoder):
            name, inner = f"block{i}", field
            inner = self._conv(f"{name}.conv1", inner, block.channels, block.conv1)
            inner = self._pool(f"{name}.pool", inner, block.pool, block.pool)
            self._neurons(f"{name}.conv1", inner)
            inner = self._conv(f"{name}.conv2", inner, block.channels, block.conv2, valid=block.valid)
            self._residual(f"{name}.residual", field, inner)
            self._neurons(f"{name}.conv2", inner)
            field = inner
        field = self._conv("z", field, field.channels, (1, field.positions), valid=True, kind="depthwise")
        self._neurons("z", field)
        for i, context in enumerate(self.spec.context):
            name = f"context{i}" if i + 1 < len(self.spec.context) else "c"
            inner = self._pool(f"{name}.pool", field, context.pool, 1)
            inner = self._conv(name, inner, context.channels, (context.kernel, 1))
            self._residual(f"{name}.residual", field, inner)
            self._neurons(name, inner)
            field = inner
        if self.spec.classes:
            field = self._conv(CLASSES, field, len(self.spec.classes), (1, 1), kind="head")
            self._neurons(CLASSES, field)
        return Anatomy(self.spec, tuple(self.operations), tuple(self.layers))

    def _conv(
        self, name: str, x: _Field, channels: int, kernel: tuple[int, int], valid: bool = False, kind: str = "conv"
    ) -> _Field:
        time, freq = kernel
        padding = 0 if valid else freq - 1
        y = replace(
            x,
            channels=channels,
            positions=output_size(x.positions, freq, padding),
            frames=x.frames + (time - 1) * x.step,
            bins=x.bins + (freq - 1) * x.jump,
        )
        weights = channels * time * freq * (1 if kind == "depthwise" else x.channels)
        # a batch norm has scale and shift, z and the head a bias
        parameters = weights + (channels if kind in ("depthwise", "head") else 2 * channels)
        self._record(name, kind, x, y, kernel, (1, 1), padding, parameters, weights * y.positions)
        return y

    def _pool(self, name: str, x: _Field, time: int, freq: int) -> _Field:
        if time == 1:
            return x
        y = replace(
            x,
            positions=output_size(x.positions, freq, 0, freq),
            step=x.step * time,
            jump=x.jump * freq,
            frames=x.frames + (time - 1) * x.step,
            bins=x.bins + (freq - 1) * x.jump,
        )
        self._record(name, "pool", x, y, (time, freq), (time, freq), 0, 0, 0)
        return y

    def _residual(self, name: str, x: _Field, y: _Field) -> None:
        """x, pooled as y is and cropped to its positions, on to y's channels."""
        if x.channels == y.channels:
            return
        weights = x.channels * y.channels
        time, freq = y.step // x.step, y.jump // x.jump
        source = replace(
            x,
            positions=x.positions // freq,
            step=y.step,
            jump=y.jump,
            frames=x.frames + (time - 1) * x.step,
            bins=x.bins + (freq - 1) * x.jump,
        )
        field = replace(source, channels=y.channels, positions=y.positions)
        crop = y.positions - source.positions
        self._record(name, "residual", source, field, (1, 1), (1, 1), crop, weights, weights * y.positions)

    def _record(
        self,
        name: str,
        kind: str,
        x: _Field,
        y: _Field,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        padding: int,
        parameters: int,
        macs: int,
    ) -> None:
        seconds, octaves = self._extent(y)
        self.operations.append(
            Operation(
                name, kind, x.channels, y.channels, kernel, stride, padding, x.positions, y.positions, y.step,
                parameters, macs, seconds, octaves, len(self.layers),
            )
        )  # fmt: skip

    def _neurons(self, name: str, y: _Field) -> None:
        first = self.layers[-1].first_neuron + self.layers[-1].neurons if self.layers else 0
        seconds, octaves = self._extent(y)
        self.layers.append(Layer(len(self.layers), name, first, y.channels, y.positions, y.step, seconds, octaves))

    def _extent(self, y: _Field) -> tuple[float, float]:
        s = self.spec.scalogram
        seconds = (y.frames - 1) * s.hop_s + s.kernel_samples(0) / s.rate
        return seconds, min(y.bins, s.bins) / s.bins_per_octave
