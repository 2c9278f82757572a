"""Layouts as pictures: a dark ground, layers by hue, density by light, edges as faint bundles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from .graph import Network
from .links import Channelwise, Dense, Link, Uniform

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

GROUND = np.array([0.0012, 0.0014, 0.0034], np.float32)
EDGES_A_LINK = 1_500
CURVE = 160  # points along an edge
BUNDLED = 0.8  # how far an edge bends towards the bundle of its ends' channels (Holten 2006, Hierarchical Edge Bundles)


@dataclass(frozen=True)
class Strokes:
    """Edges to draw. ends: (edges, 2) nodes; members: (nodes,) the bundle that each is in: its layer and position;
    layer: (edges,) of the target, for the hue."""

    ends: NDArray[np.int64]
    members: NDArray[np.int64]
    layer: NDArray[np.int64]


def strokes(network: Network, a_link: int = EDGES_A_LINK, seed: int = 0) -> Strokes:
    """A sample of the edges, as many of every link, heavy ones more often."""
    random = torch.Generator().manual_seed(seed)
    ends, layers = [], []
    for link in network.links:
        source, target = network.groups[link.source], network.groups[link.target]
        t, s, tap = _sampled(link, source.channels, target.channels, a_link, random)
        position = torch.randint(target.positions, t.shape, generator=random)
        at = position * link.stride + link.offset + tap
        keep = (at >= 0) & (at < source.positions)
        a = network.spans[link.source].start + s * source.positions + at
        b = network.spans[link.target].start + t * target.positions + position
        ends.append(torch.stack([a[keep], b[keep]], 1).numpy())
        layers.append(np.full(int(keep.sum()), link.target))
    members = np.empty(network.nodes, np.int64)
    first = 0
    for group, span in zip(network.groups, network.spans, strict=True):
        members[span] = first + np.tile(np.arange(group.positions), group.channels)
        first += group.positions
    return Strokes(np.concatenate(ends), members, np.concatenate(layers))


def _sampled(
    link: Link, sources: int, targets: int, count: int, random: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Target channel, source channel and window position of `count` edges."""
    if isinstance(link, Dense):
        weights = link.weights.flatten()
        chosen = torch.multinomial(weights, count, replacement=True, generator=random)
        return chosen // (sources * link.window), chosen // link.window % sources, chosen % link.window
    if isinstance(link, Channelwise):
        chosen = torch.multinomial(link.weights.flatten(), count, replacement=True, generator=random)
        return chosen // link.window, chosen // link.window, chosen % link.window
    assert isinstance(link, Uniform)
    tap = torch.multinomial(link.profile, count, replacement=True, generator=random)
    channels = [torch.randint(n, (count,), generator=random) for n in (targets, sources)]
    return channels[0], channels[1], tap


def palette(layers: int) -> Floats:
    """(layers, 3) linear light: amber where sound comes in, over green and blue to violet and rose at its summary."""
    stops = np.array(
        [[1.0, 0.42, 0.10], [0.98, 0.78, 0.16], [0.30, 0.92, 0.38], [0.10, 0.80, 0.86], [0.22, 0.42, 1.0],
         [0.62, 0.28, 1.0], [1.0, 0.30, 0.62]], np.float32,
    )  # fmt: skip
    at = np.linspace(0, len(stops) - 1, max(layers, 2))[:layers]
    colours = np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], 1)
    return (colours**2.2).astype(np.float32)


def draw(
    positions: Floats, spans: Sequence[slice], *, size: int = 1_600, edges: Strokes | None = None,
    light: Floats | None = None, reach: float | None = None,
) -> Picture:  # fmt: skip
    """positions: (neurons, 2), shown with their middle in the middle; spans: each layer's neurons; light: (neurons,) 0
    to 1, how bright each is now, all alike if not given; reach: what lies this far out meets the border, by default
    nearly all.

    Returns (size, size, 3) uint8, up is positive y.
    """
    colours = palette(len(spans))
    middle = np.percentile(positions, [1, 99], axis=0).mean(axis=0)
    positions = (positions - middle).astype(np.float32)
    reach = reach or reach_of(positions)
    points = np.zeros((size, size, 3), np.float32)
    for span, colour in zip(spans, colours, strict=True):
        shown = np.ones(span.stop - span.start, np.float32) if light is None else light[span]
        points += _counted(positions[span], shown, size, reach)[..., None] * colour
    # a neuron is as large on a poster as on a thumbnail; a crowd is brighter, but never flat white
    dot = size / 1_600
    crowd = _blurred(points, 0.9 * dot) * dot**2
    glow = _blurred(points, 7 * dot) * dot**2
    halo = _blurred(points, 40 * dot) * dot**2
    image = 5.0 * crowd + 3.0 * glow + 2.0 * halo
    if edges is not None:
        image += _bundles(positions, edges, colours, size, reach, light)
    image = _tone(image * (1.0 if light is None else 2.5)) + GROUND
    return (255 * np.clip(image, 0, 1) ** (1 / 2.2) + 0.5).astype(np.uint8)


def reach_of(positions: Floats) -> float:
    """How far from the centre the border has to be for nearly all to be seen. positions: (neurons, 2)."""
    return float(np.percentile(np.hypot(positions[:, 0], positions[:, 1]), 99.5)) * 1.08 or 1.0


def _counted(positions: Floats, weights: Floats, size: int, reach: float) -> Floats:
    """(size, size): the weights of the points in every pixel, shared among four so that none jumps."""
    x = (positions[:, 0] / reach + 1) * (size / 2) - 0.5
    y = (1 - positions[:, 1] / reach) * (size / 2) - 0.5
    column, row = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    fx, fy = (x - column).astype(np.float32), (y - row).astype(np.float32)
    out = np.zeros(size * size, np.float32)
    for dx, dy, share in ((0, 0, (1 - fx) * (1 - fy)), (1, 0, fx * (1 - fy)), (0, 1, (1 - fx) * fy), (1, 1, fx * fy)):
        c, r = column + dx, row + dy
        inside = (c >= 0) & (c < size) & (r >= 0) & (r < size)
        out += np.bincount(r[inside] * size + c[inside], (share * weights)[inside], size * size).astype(np.float32)
    return out.reshape(size, size)


def _bundles(
    positions: Floats, edges: Strokes, colours: Floats, size: int, reach: float, light: Floats | None
) -> Floats:
    """Edges as curves by way of the middles of their ends' bundles."""
    bundles = int(edges.members.max()) + 1
    count = np.maximum(np.bincount(edges.members, minlength=bundles), 1)
    middle = np.stack([np.bincount(edges.members, positions[:, d], bundles) / count for d in range(2)], 1)
    a, b = positions[edges.ends[:, 0]], positions[edges.ends[:, 1]]
    via_a, via_b = (
        BUNDLED * middle[edges.members[edges.ends[:, i]]] + (1 - BUNDLED) * end for i, end in ((0, a), (1, b))
    )
    weight = (
        np.ones(len(a), np.float32) if light is None else np.sqrt(light[edges.ends[:, 0]] * light[edges.ends[:, 1]])
    )
    t = ((np.arange(CURVE, dtype=np.float32) + 0.5) / CURVE)[:, None, None]
    s = 1 - t
    image = np.zeros((size, size, 3), np.float32)
    for layer, colour in enumerate(colours):
        own = edges.layer == layer
        if own.any():
            curves = s**3 * a[own] + 3 * s * s * t * via_a[own] + 3 * s * t * t * via_b[own] + t**3 * b[own]
            counted = _counted(curves.reshape(-1, 2).astype(np.float32), np.tile(weight[own], CURVE), size, reach)
            image += counted[..., None] * colour
    dot = size / 1_600
    return 0.13 * dot**2 * _blurred(image, 1.1 * dot)


def _tone(light: Floats) -> Floats:
    """Compresses any light to below 1 and keeps its hue; the brightest of it turns a little white."""
    peak = light.max(axis=2, keepdims=True)
    mapped = peak / (1 + peak)
    colour = light * (mapped / np.maximum(peak, 1e-9))
    white = np.clip(mapped - 0.75, 0, 1) * 1.6
    return np.asarray(colour * (1 - white) + mapped * white, np.float32)


def _blurred(image: Floats, sigma: float) -> Floats:
    """A Gaussian blur, per channel."""
    if sigma < 0.3:
        return image
    half = int(3 * sigma + 1)
    kernel = torch.exp(-0.5 * (torch.arange(-half, half + 1) / sigma) ** 2)
    kernel = kernel / kernel.sum()
    x = torch.from_numpy(image).permute(2, 0, 1).unsqueeze(1)
    for shape in ((1, 1, -1, 1), (1, 1, 1, -1)):
        weight = kernel.view(shape)
        pad = [half if d > 1 else 0 for d in weight.shape[2:]]
        x = torch.nn.functional.conv2d(x, weight, padding=pad)
    return x.squeeze(1).permute(1, 2, 0).numpy()
