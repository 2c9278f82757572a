"""The network one scalogram column at a time: every layer keeps the few past columns it needs and no more.

Each step works on (positions, channels) matrices, so that a convolution with one output column is a single matrix
product over its windows. The activations equal those of `Ear.forward` on the whole clip.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from .anatomy import Layer, anatomy
from .network import CausalConv2d, CausalMaxPool, ContextBlock, Ear, EncoderBlock
from .product import Product


class EarStream:
    """Streams a folded `Ear`.

    values: (neurons,) float32, the newest activation of every neuron, in the wire's order.
    updated: the layers that changed with the last `push`.
    """

    def __init__(self, ear: Ear) -> None:
        self.layers = anatomy(ear.spec).layers
        self.values = torch.zeros(sum(layer.neurons for layer in self.layers))
        self.updated: list[Layer] = []
        self._blocks = [_Block(block) for block in ear.encoder]  # type: ignore[arg-type]
        self._z = (ear.z.weight[:, 0, 0].T.contiguous(), _bias(ear.z))
        self._context = [_Context(block) for block in ear.context]  # type: ignore[arg-type]
        self._head = None if ear.head is None else Product(ear.head.weight[:, :, 0, 0], _bias(ear.head))

    @torch.inference_mode()
    def push(self, column: Tensor) -> Tensor:
        """Takes in one column, (channels, bins) float32. Returns `values`, which the next call overwrites."""
        self.updated.clear()
        for layer, x in zip(self.layers, self._outputs(column.T), strict=False):
            self.values[layer.span].view(layer.channels, layer.positions).copy_(x.T)
            self.updated.append(layer)
        return self.values

    def _outputs(self, x: Tensor | None) -> Iterator[Tensor]:
        """Every layer's activations, (positions, channels), down to the first pool that waits for its second column."""
        assert x is not None
        yield x
        for block in self._blocks:
            inner = block.inner(x)
            if inner is None:
                return
            yield inner
            x = block.outer(inner)
            yield x
        weight, bias = self._z
        x = ((x * weight).sum(0) + bias).unsqueeze(0)
        yield x
        for context in self._context:
            x = context(x)
            if x is None:
                return
            yield x
        if self._head is not None:
            yield self._head(x).softmax(1)


class _Conv:
    """A convolution over its own short memory."""

    def __init__(self, conv: CausalConv2d) -> None:
        time, freq = conv.kernel_size
        self._pad = int(conv.padding[1])
        self._shape = (time, freq)
        # windows are laid out (time, frequency, channel)
        self._product = Product(conv.weight.permute(0, 2, 3, 1).reshape(conv.out_channels, -1), _bias(conv))
        self._past: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        time, freq = self._shape
        positions, channels = x.shape
        if self._past is None:
            self._past = x.new_zeros(time, positions + 2 * self._pad, channels)
        past = self._past
        if time > 1:
            past[:-1] = past[1:].clone()
        past[-1, self._pad : self._pad + positions] = x
        outputs = past.shape[1] - freq + 1
        windows = past.as_strided((outputs, time, freq * channels), (channels, past.stride(0), 1))
        return self._product(windows.reshape(outputs, -1))


class _Pool:
    """A max-pool that gives a column at every `time`-th call, the first included, and None between."""

    def __init__(self, pool: CausalMaxPool | nn.Module) -> None:
        self._time, self._freq = (pool.time, pool.freq) if isinstance(pool, CausalMaxPool) else (1, 1)
        self._waiting: list[Tensor] = []
        self._calls = 0

    def __call__(self, x: Tensor) -> Tensor | None:
        if self._time == 1:
            return x
        positions = x.shape[0] // self._freq
        self._waiting.append(x[: positions * self._freq].view(positions, self._freq, -1).amax(1))
        self._calls += 1
        if (self._calls - 1) % self._time:
            return None
        column = torch.stack(self._waiting).amax(0)
        self._waiting.clear()
        return column


class _Residual:
    """Centre crop and, where the number of channels changes, a 1x1 convolution."""

    def __init__(self, match: nn.Module) -> None:
        self._match = Product(match.weight[:, :, 0, 0], _bias(match)) if isinstance(match, nn.Conv2d) else None

    def __call__(self, x: Tensor, outer: Tensor) -> Tensor:
        first = (x.shape[0] - outer.shape[0]) // 2
        x = x[first : first + outer.shape[0]]
        return outer.add_(x if self._match is None else self._match(x)).relu_()


class _Block:
    def __init__(self, block: EncoderBlock) -> None:
        self._conv1, self._conv2 = _Conv(block.conv1), _Conv(block.conv2)
        self._pool, self._pool_x = _Pool(block.pool), _Pool(block.pool)
        self._residual = _Residual(block.match)
        self._x: Tensor | None = None

    def inner(self, x: Tensor) -> Tensor | None:
        self._x = self._pool_x(x)
        y = self._pool(self._conv1(x))
        return None if y is None else y.relu_()

    def outer(self, inner: Tensor) -> Tensor:
        assert self._x is not None
        return self._residual(self._x, self._conv2(inner))


class _Context:
    def __init__(self, block: ContextBlock) -> None:
        self._pool, self._conv, self._residual = _Pool(block.pool), _Conv(block.conv), _Residual(block.match)

    def __call__(self, x: Tensor) -> Tensor | None:
        pooled = self._pool(x)
        return None if pooled is None else self._residual(pooled, self._conv(pooled))


def _bias(conv: nn.Conv2d) -> Tensor:
    return conv.bias if conv.bias is not None else conv.weight.new_zeros(conv.out_channels)
