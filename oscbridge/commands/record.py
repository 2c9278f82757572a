"""`oscbridge record`: what an ear answers to a loop, and a dream of its, as a file that `oscbridge simulate` plays."""

from __future__ import annotations

import io
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray
from rich.console import Console

from .. import __version__, resources
from ..dream.origins import white_noise
from ..ear.anatomy import Anatomy, anatomy
from ..ear.neurons import Floats
from ..ear.opening import open_ear, open_with_reference
from ..ear.recording import Dreamt, Header, Recording, Step, load_recording, quantised, save_recording, steps_of
from ..ear.scalogram import ScalogramStream
from ..ear.spec import load_spec
from ..ear.streaming import EarStream
from ..ear.weights import LoadedEar
from ..errors import BridgeError
from ..sections import Dream
from ..sound import decode
from .dream_run import Limit, Studio
from .dream_words import Region, parse_select, told

Samples = NDArray[np.float32]

SHORTEST_S, LONGEST_S = 0.5, 600.0
BENT = 0.02  # a whole loop may be made so much longer or shorter, to be a whole number of frames
MARGIN = 4_096  # samples; longer than the resampler's filter
CLIP_S = 4.0
STEPS_A_CLIP = 40
MOST_STEPS = 400  # that are kept


@dataclass(frozen=True)
class Wanted:
    """out: the recording; model: an ear's name or YAML; loop: a sound file, None for the bundled one; seconds: of it;
    clips: that a dream hands over, 0 for no dream; select: what the dream excites, in words."""

    out: Path
    model: str = "ear-half"
    loop: Path | None = None
    seconds: float = 8.0
    clips: int = 2
    select: str = "layer:z channels:0-15"
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))


def record(wanted: Wanted) -> Recording:
    """Records, and writes the file. Raises BridgeError for what the user can mend."""
    if not (math.isfinite(wanted.seconds) and SHORTEST_S <= wanted.seconds <= LONGEST_S):
        raise BridgeError(f"--seconds {wanted.seconds:g}: expected {SHORTEST_S:g} to {LONGEST_S:g}")
    path = resources.model_file(wanted.model)
    body = anatomy(load_spec(path))
    regions = [parse_select(wanted.select, body.layers)] if wanted.clips else []
    loop = None if wanted.loop is None else wanted.loop.expanduser()
    source = loop or resources.loop_file()
    sound = fitted(decode(source, body.spec.scalogram.rate), body, wanted.seconds)
    loaded, _ = open_ear(path)
    values, low, high = quantised(hear(loaded, sound))
    steps, clips, sounds = _dream(path, wanted.clips, regions)
    frames = len(sound) // body.spec.scalogram.hop
    words = f"; its dream: {told(regions[0], body.layers)}" if regions else ""
    header = Header(
        model=loaded.id, trained=loaded.trained, spec=body.spec, frames=frames, steps=steps, clips=clips,
        sound=f"{source.name}, {len(sound) / body.spec.scalogram.rate:.1f} s",
        made=f"oscbridge {__version__} record{words}",
    )  # fmt: skip
    recording = Recording(header, values, low, high, loaded.statistics, sounds)
    save_recording(recording, wanted.out)
    made = load_recording(wanted.out)  # as whoever plays it will
    wanted.console.print(
        f"{wanted.out}: {loaded.id} hears {header.sound}; {frames:,} frames, {made.neurons:,} neurons, "
        f"{len(clips)} clips of a dream, {wanted.out.stat().st_size:,} bytes",
        markup=False,
    )
    return made


def fitted(sound: Samples, body: Anatomy, seconds: float) -> Samples:
    """A loop as a whole number of frames, so that the ear's answers come round with it.

    sound: (n,) at the ear's rate. All of it, if that is meant, is bent by up to 2% (a third of a semitone); else it
    is cut, or begins anew. The slowest layers need their steps to come round soon too, hence the unit.
    """
    hop, unit = body.spec.scalogram.hop, max(1, max(x.frames_per_step for x in body.layers) // 2)
    wanted, whole = seconds * body.spec.scalogram.rate / hop / unit, len(sound) / hop / unit
    units = max(1, round(min(wanted, whole) if abs(wanted - whole) < 1 else wanted))
    samples = units * unit * hop
    if abs(samples / len(sound) - 1) > BENT:
        return np.resize(sound, samples)
    around = sound[np.arange(-MARGIN, len(sound) + MARGIN) % len(sound)]
    bent = np.asarray(soxr.resample(around, len(sound), samples), np.float32)
    first = round(MARGIN * samples / len(sound))
    return np.ascontiguousarray(bent[first : first + samples])


def hear(loaded: LoadedEar, sound: Samples) -> list[Floats]:
    """For each layer (steps, neurons): its answers to a loop that it has heard before. sound: (frames × hop,)."""
    torch.set_num_threads(1)
    hop = loaded.bank.spec.hop
    columns, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    hops = list(torch.from_numpy(sound).reshape(-1, hop))
    layers = stream.layers
    slowest = max(x.frames_per_step for x in layers)
    # until nothing of the silence before is left, in the deepest layer's field; and the pace of all layers begins anew
    memory = max(x.receptive_field_s for x in layers) / loaded.bank.spec.hop_s + 8 * slowest
    turn = math.lcm(len(hops), slowest)
    found: list[list[Floats]] = [[] for _ in layers]
    for frame in range(-turn * math.ceil(memory / turn), turn):
        values = stream.push(columns.push(hops[frame % len(hops)]))
        if frame < 0:
            continue
        for layer in stream.updated:
            if len(found[layer.index]) < steps_of(layer, len(hops)):
                found[layer.index].append(values[layer.span].numpy().copy())
    return [np.stack(rows) for rows in found]


def _dream(
    path: Path, clips: int, regions: list[Region]
) -> tuple[tuple[Step, ...], tuple[Dreamt, ...], tuple[bytes, ...]]:
    """A dream from noise, with a clip every STEPS_A_CLIP steps, as Ogg Vorbis."""
    if not clips:
        return (), (), ()
    model, music, reference = open_with_reference(path)
    samples = round(CLIP_S * model.plan.rate)
    studio = Studio(model, reference, Dream(), Limit(None, None), samples, music)
    dreamer = studio.dreamer(white_noise(samples, Dream().noise_db, Dream().seed), regions)
    steps: list[Step] = []
    handed: list[Dreamt] = []
    sounds: list[bytes] = []
    began = time.monotonic()
    for number in range(1, clips * STEPS_A_CLIP + 1):
        made = dreamer.step()
        at_s = time.monotonic() - began
        if len(steps) < MOST_STEPS:
            steps.append(Step(at_s=at_s, step=number, steps_per_s=number / at_s, score=made.score, loss=made.loss))
        if number % STEPS_A_CLIP == 0:
            handed.append(Dreamt(at_s=at_s, score=made.score, frames=samples))
            sounds.append(_vorbis(dreamer.clip.numpy(), studio.rate))
    return tuple(steps), tuple(handed), tuple(sounds)


def _vorbis(sound: Samples, rate: int) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, sound, rate, format="OGG", subtype="VORBIS")
    return content.getvalue()
