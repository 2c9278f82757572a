"""What the VGG tagger is made of, in numbers alone: tags, layers, receptive fields, and when it is not asked at all.

A VGG with five convolutional layers on a mel spectrogram of three seconds, trained on MagnaTagATune.
Source: musicnn 0.1.0 (Pons & Serra 2019), models.py, `vgg`, and configuration.py, `MTT_LABELS`; ISC licence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .anatomy import Layer, output_size

Floats = NDArray[np.float32]

RATE = 16_000  # samples per second
HOP = 256  # samples from one frame to the next
FFT = 512  # samples that a frame sees
BANDS = 96
FRAMES = 187  # of a window
WINDOW = (FRAMES - 1) * HOP  # samples: as many as make FRAMES centred frames
HIDDEN = 128  # channels of every convolutional layer
GATE_DB = -55.0  # RMS in dBFS below which nothing is said to be heard

TAGS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano", "ambient",
    "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals", "no vocals",
    "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft", "sitar", "solo", "man",
    "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal", "beats", "harp", "cello",
    "no voice", "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip


@dataclass(frozen=True)
class Pool:
    """Max over `size`, every `stride`; both (time, frequency). Nothing is padded: an incomplete end is lost."""

    size: tuple[int, int]
    stride: tuple[int, int]


# the first looks at every other band and does not pool over bands: of conv 1, the bands between are never used
POOLS = (
    Pool((4, 1), (2, 2)),
    Pool((2, 2), (2, 2)),
    Pool((2, 2), (2, 2)),
    Pool((2, 2), (2, 2)),
    Pool((4, 4), (4, 4)),
)
KERNEL = 3  # along time and frequency, padded with zeros to keep the size


@dataclass(frozen=True)
class Extent:
    """A layer's size on a clip, and what one of its neurons sees: steps, positions; frames, bands (its receptive
    field), and by how many frames and bands neighbours are apart."""

    name: str
    channels: int
    steps: int
    positions: int
    frames: int
    bands: int
    every_frames: int
    every_bands: int


def extents(frames: int = FRAMES) -> tuple[Extent, ...]:
    """The spectrogram and the convolutional layers of a clip of so many frames, in order; a dense layer sees a window
    of 187 and follows in `tagger_layers`.

    A layer is counted after its max-pool and batch norm, as musicnn gives it out (`pool1` to `pool5`). A clip that is
    too short for a layer has 0 or fewer steps there.
    """
    here = Extent("spectrogram", 1, frames, BANDS, 1, 1, 1, 1)
    found = [here]
    for index, pool in enumerate(POOLS):
        (time, freq), (along, across) = pool.size, pool.stride
        here = Extent(
            f"conv{index + 1}",
            HIDDEN,
            output_size(here.steps, time, 0, along),
            output_size(here.positions, freq, 0, across),
            here.frames + (KERNEL - 1 + time - 1) * here.every_frames,
            here.bands + (KERNEL - 1 + freq - 1) * here.every_bands,
            here.every_frames * along,
            here.every_bands * across,
        )
        found.append(here)
    return tuple(found)


@cache
def tagger_layers() -> tuple[Layer, ...]:
    """Its layers as the wire has them: of each the newest step of a window, channel by channel, low to high frequency.

    spectrogram 96, conv1 to conv5 128 channels each, dense 50 (the logits), tags 50 (their sigmoid).
    frames_per_step counts frames of 16 ms from one step of a window to the next; dense and tags have one step a window.
    receptive_field_octaves is that of a neuron in the middle of its layer: mel bands are narrower at the top.
    """
    found: list[Layer] = []

    def add(name: str, channels: int, positions: int, every: int, frames: int, bands: int) -> None:
        first = found[-1].first_neuron + found[-1].neurons if found else 0
        seconds = ((min(frames, FRAMES) - 1) * HOP + FFT) / RATE
        found.append(Layer(len(found), name, first, channels, positions, every, seconds, octaves(bands)))

    for x in extents():
        add(x.name, x.channels, x.positions, x.every_frames, x.frames, x.bands)
    for name in ("dense", "tags"):
        add(name, len(TAGS), 1, FRAMES, heard_frames(), BANDS)
    return tuple(found)


@cache
def heard_frames() -> int:
    """How many of a window's frames reach the tags: 161. The pools leave the last 26 out, 0.4 s.

    Whoever listens live loses no time by it if the window's last `unheard_samples` are filled with anything.
    """
    sizes = extents()
    last = POOLS[-1].size[0] + (sizes[-1].steps - 1) * POOLS[-1].stride[0] - 1  # index of the last row that is used
    for pool in reversed(POOLS[:-1]):
        last = (last + KERNEL // 2) * pool.stride[0] + pool.size[0] - 1
    return last + KERNEL // 2 + 1


def unheard_samples() -> int:
    """Samples at the end of a window that change no tag."""
    return WINDOW - ((heard_frames() - 1) * HOP + FFT // 2)


def octaves(bands: int) -> float:
    """What so many neighbouring bands span about the middle one, from the lowest's lower edge to the highest's upper
    one; of the whole axis from the lowest's centre, for its lower edge is 0 Hz."""
    edges = band_edges_hz()
    low = max(0, (BANDS - bands) // 2)
    high = min(BANDS, low + bands)
    return math.log2(edges[high + 1] / max(edges[low], edges[1]))


@cache
def band_edges_hz() -> tuple[float, ...]:
    """(98,) edges of the mel bands: band b rises from edge b to b + 1 and falls to b + 2; 0 to 8,000 Hz.

    Source: Slaney (1998), Auditory Toolbox: linear below 1 kHz, 27 steps for a factor of 6.4 above.
    """
    top = 15 + 27 * math.log(RATE / 2 / 1000) / math.log(6.4)
    mels = (top * i / (BANDS + 1) for i in range(BANDS + 2))
    return tuple(mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27) for mel in mels)


def level_db(samples: Floats) -> float:
    """RMS of a sound in dB full scale; -200 for silence and for no sound at all. samples: (n,) float32, -1 to 1."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return 10 * math.log10(max(power, 1e-20))


def gated(tags: Floats, level: float, threshold: float = GATE_DB) -> Floats:
    """The tags, or 0 for all of them where the sound is too quiet to be named.

    On silence the tagger's biases speak, `guitar` first of all. tags: (..., 50) 0 to 1; level, threshold: dBFS.
    What is no number counts as silence.
    """
    return tags if level >= threshold else np.zeros_like(tags)
