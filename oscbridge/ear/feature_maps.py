"""What a picture of a network shows of its layers: a few channels of each, and how sure it is of its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import BridgeError
from .anatomy import Layer, anatomy
from .hearing import heard
from .mel import fitted, log_mel, windows
from .model import Model
from .neurons import Normalizer
from .scalogram import scalogram
from .tagger import VggTagger
from .tagger_anatomy import HOP, RATE, TAGS, WINDOW, extents, gated, heard_frames, level_db, tagger_layers
from .weights import LoadedEar

Floats = NDArray[np.float32]
ALIKE = 0.8  # channels that correlate more than this show the same thing: one of them will do
EVERY = 8  # frames from one of the tagger's windows to the next: 128 ms


@dataclass(frozen=True)
class Maps:
    """A layer's answer to a clip.

    values: (channels, steps, positions) float32, 0 where a neuron is no more active than at rest, but for layer 0,
    whose values are its own; step_s: from one step to the next, the first at 0.
    """

    layer: Layer
    values: Floats
    step_s: float


@dataclass(frozen=True)
class Heard:
    """What a network answers to a clip. maps: of the asked layers, the first what it is given; words: (steps, names)
    probabilities, 0 to 1, from 0 s on every step_s."""

    maps: tuple[Maps, ...]
    names: tuple[str, ...]
    words: Floats
    step_s: float


@torch.inference_mode()
def heard_by_ear(loaded: LoadedEar, audio: Tensor, layers: Sequence[int]) -> Heard:
    """What the ear answers when the clip comes round again, as a loop does: it has heard its end before its start.

    Values are brightness, as on the wire: each neuron from its own mean on music, or near-silence, to its own 99.5th
    percentile.

    audio: (n,) float32 at the ear's rate, a hop or more; layers: which ones, beside the scalogram.
    """
    spec = loaded.ear.spec
    hop, table = spec.scalogram.hop, anatomy(spec).layers
    frames = len(audio) // hop
    if not frames:
        raise BridgeError(f"the sound has {len(audio)} samples; expected at least {hop}")
    # a multiple of every layer's step, so that steps begin where the clip does
    slowest = math.lcm(*(layer.frames_per_step for layer in table))
    before = slowest * math.ceil(table[spec.c_layer].receptive_field_s / spec.scalogram.hop_s / slowest)
    loop = audio[: frames * hop]
    earlier = loop.repeat(math.ceil(before / frames))[-before * hop :]
    found = loaded.ear(scalogram(torch.cat([earlier, loop]), loaded.bank).unsqueeze(0))
    normalizer = Normalizer(table, loaded.statistics, "neuron", 1.0, 0.0)
    raw = np.zeros(anatomy(spec).neurons, np.float32)

    def after(index: int) -> Floats:
        """(channels, steps, positions) of the clip itself."""
        values: Floats = found[index][0, :, before // table[index].frames_per_step :].numpy()
        return values

    def brightness(index: int) -> Floats:
        values, span = after(index), table[index].span
        steps = []
        for t in range(values.shape[1]):
            raw[span] = values[:, t].ravel()
            steps.append(normalizer(raw)[span].reshape(len(values), -1))
        return np.stack(steps, 1)

    maps = [Maps(table[i], brightness(i) if i else after(i), table[i].frames_per_step * spec.scalogram.hop_s)
            for i in (0, *layers)]  # fmt: skip
    words = after(len(table) - 1)[:, :, 0].T if spec.classes else np.zeros((1, 0), np.float32)
    return Heard(tuple(maps), spec.classes, words, table[-1].frames_per_step * spec.scalogram.hop_s)


@torch.inference_mode()
def heard_live(model: Model, audio: Tensor, layers: Sequence[int]) -> Heard:
    """What any network answers to a clip, hop after hop as it would live; it has heard its end before its start.

    Values are brightness, as of heard_by_ear. audio: (n,) float32 at its rate, a hop or more; layers: which ones,
    beside the first.
    """
    hop, table = model.plan.hop, model.plan.layers
    if len(audio) < hop:
        raise BridgeError(f"the sound has {len(audio)} samples; expected at least {hop}")
    normalizer = Normalizer(table, model.statistics, "neuron", 1.0, 0.0)
    parts: dict[int, list[Floats]] = {i: [] for i in (0, *layers)}
    words: list[Floats] = []
    for raw in heard(model, audio):
        bright = normalizer(raw)
        for i, rows in parts.items():
            rows.append((bright if i else raw)[table[i].span].reshape(table[i].channels, -1).copy())
        words.append(raw[table[-1].span].copy() if model.plan.classes else np.zeros(0, np.float32))
    maps = [Maps(table[i], np.stack(rows, 1), model.plan.hop_s) for i, rows in parts.items()]
    return Heard(tuple(maps), model.plan.classes, np.stack(words), model.plan.hop_s)


@torch.inference_mode()
def heard_by_tagger(tagger: VggTagger, audio: Tensor, layers: Sequence[int], gate_db: float) -> Heard:
    """audio: (n,) float32 at 16 kHz, one sample or more; layers: which ones of the first six, beside the spectrogram.

    Values are what a neuron answers more than it does to silence. A moment's tags are those of the window that has it
    in its middle; at the clip's ends of the nearest one, for the tagger needs three seconds. Those of a window that is
    quieter than gate_db, RMS in dBFS, are 0.
    """
    if not len(audio):
        raise BridgeError("the sound has no samples; expected at least one")
    sound = fitted(audio)
    spectrogram = log_mel(sound)
    table, sizes, found = tagger_layers(), extents(), tagger.maps(spectrogram[None])
    last = len(found) - 1
    if any(i > last for i in layers):
        raise BridgeError(f"a layer's maps are asked for that has none; those with maps are 0 to {last}")
    rest = tagger.maps(torch.zeros_like(spectrogram)[None])  # its layer 0 is 0
    above = [(x - y)[0].clamp(min=0).numpy() for x, y in zip(found, rest, strict=True)]
    maps = tuple(Maps(table[i], above[i], sizes[i].every_frames * HOP / RATE) for i in (0, *layers))
    tags = tagger.tags(windows(spectrogram, EVERY)).numpy()
    starts = range(0, len(tags) * EVERY * HOP, EVERY * HOP)
    levels = [level_db(sound[start : start + WINDOW].numpy()) for start in starts]
    rows = np.stack([gated(row, level, gate_db) for row, level in zip(tags, levels, strict=True)])
    middle = heard_frames() // 2 // EVERY
    moments = np.arange(max(1, (len(audio) + HOP * EVERY - 1) // (HOP * EVERY))) - middle
    return Heard(maps, TAGS, rows[np.clip(moments, 0, len(rows) - 1)], EVERY * HOP / RATE)


def liveliest(values: Floats, count: int) -> list[int]:
    """The channels that a layer's answer changes most in, by their standard deviation, no two of them much alike.

    values: (channels, steps, positions). Returns at most `count`, the liveliest first; those that never change are
    not among them.
    """
    flat = values.reshape(len(values), -1).astype(np.float64)
    flat -= flat.mean(1, keepdims=True)
    lengths = np.linalg.norm(flat, axis=1)
    order = [int(i) for i in np.argsort(-lengths, kind="stable") if lengths[i] > 1e-6]
    chosen: list[int] = []
    for i in order:
        if len(chosen) == count:
            break
        if all(abs(flat[i] @ flat[j]) < ALIKE * lengths[i] * lengths[j] for j in chosen):
            chosen.append(i)
    chosen += [i for i in order if i not in chosen][: count - len(chosen)]
    return sorted(chosen, key=order.index)


def stretched(values: Floats) -> Floats:
    """From what is usual at rest, the 5th percentile, to the 99.5th, as 0 to 1. The same shape."""
    low, high = (float(np.percentile(values, p)) for p in (5, 99.5))
    return ((values - low) / np.float32(max(high - low, 1e-6))).clip(0, 1).astype(np.float32)


def most_said(words: Floats, count: int) -> list[int]:
    """The words that are likeliest at their best moment, the likeliest on average first. words: (steps, names)."""
    best = np.argsort(-np.percentile(words, 90, axis=0), kind="stable")[:count]
    return [int(i) for i in best[np.argsort(-words[:, best].mean(0), kind="stable")]]
