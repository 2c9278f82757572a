"""A matrix product with fixed weights, for the few rows that one hop brings."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PACK_FROM = 100_000  # weights; below this the call costs more than the product


class Product:
    """x -> x @ weight.T + bias.

    weight: (outputs, inputs), bias: (outputs,) float32. Large weights are packed once for oneDNN, as torch's own
    compiler does; with a few rows the plain call would spend half its time on rearranging them, at every hop.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._weight, self._bias = weight.detach().contiguous(), bias.detach()
        self._packed: Tensor | None = None
        self._rows = 0

    @property
    def packable(self) -> bool:
        """Whether this build of torch has the packed product, and it pays."""
        ops = torch.ops.mkldnn
        known = hasattr(ops, "_linear_pointwise") and hasattr(ops, "_reorder_linear_weight")
        known = known and torch._C._has_mkldnn
        return bool(known and self._weight.device.type == "cpu" and self._weight.numel() >= PACK_FROM)

    def __call__(self, x: Tensor) -> Tensor:
        """x: (rows, inputs), the same number of rows at every call. Returns (rows, outputs)."""
        if x.shape[0] != self._rows:
            self._rows = x.shape[0]
            pays = self.packable and self._rows > 1  # one row reads every weight once either way
            self._packed = torch.ops.mkldnn._reorder_linear_weight(self._weight, self._rows) if pays else None
        if self._packed is None:
            return F.linear(x, self._weight, self._bias)
        return torch.ops.mkldnn._linear_pointwise(x, self._packed, self._bias, "none", [], "")
