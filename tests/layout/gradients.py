"""Which neurons a neuron sees, found out from a running network: those to which its gradient is not zero."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from oscbridge.layout.graph import Network
from oscbridge.layout.links import Link


class Trace:
    """The layers of a network, each cut from those before it: so a gradient tells only what is seen directly.

    Layers are (1, channels, along, positions); `along` is the dimension that a graph leaves out.
    """

    def __init__(self) -> None:
        self.outputs: list[Tensor] = []
        self.leaves: list[Tensor] = []

    def cut(self, x: Tensor) -> Tensor:
        """To be called with every layer's output; what it returns goes on to the next."""
        self.outputs.append(x)
        self.leaves.append(x.detach().clone().requires_grad_())
        return self.leaves[-1]

    def gradients(self, along: float) -> NDArray[np.float32]:
        """(neurons, neurons): how much each, at this share (0 to 1) of what is left out, depends on each."""
        rows = []
        for output in self.outputs:
            line = output[0, :, round(along * (output.shape[2] - 1))].flatten()
            found: tuple[Tensor | None, ...] = (None,) * len(self.leaves)
            if line.requires_grad:
                each = torch.eye(len(line))
                found = torch.autograd.grad(
                    line, self.leaves, each, retain_graph=True, allow_unused=True, is_grads_batched=True
                )
            parts = [
                torch.zeros(len(line), leaf[0, :, 0].numel()) if g is None else g[:, 0].sum(2).flatten(1)
                for g, leaf in zip(found, self.leaves, strict=True)
            ]
            rows.append(torch.cat(parts, 1))
        return torch.cat(rows).numpy()


def adjacency(network: Network) -> NDArray[np.float32]:
    """(nodes, nodes): the weight of the edge to each target from each source."""
    sources, targets, weights = network.listed()
    matrix = np.zeros((network.nodes, network.nodes), np.float32)
    np.add.at(matrix, (targets, sources), weights)
    return matrix


def assert_in_proportion(network: Network, gradients: NDArray[np.float32]) -> None:
    """In every link, weights are those that the network has, but for one factor."""
    pairs: dict[tuple[int, int], list[Link]] = {}
    for link in network.links:
        pairs.setdefault((link.target, link.source), []).append(link)
    for (target, source), links in pairs.items():
        alone = [adjacency(Network(network.groups, (link,))) for link in links]
        block = network.spans[target], network.spans[source]
        weights = np.stack([matrix[block].ravel() for matrix in alone], 1)
        expected = gradients[block].ravel()
        factors = np.linalg.lstsq(weights, expected)[0]
        assert (factors > 0).all()
        name = f"{network.groups[source].name} to {network.groups[target].name}"
        np.testing.assert_allclose(weights @ factors, expected, rtol=1e-3, err_msg=name)
