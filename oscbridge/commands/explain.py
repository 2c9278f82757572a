"""`oscbridge explain`: how a network hears a sound, layer by layer, as one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image

from ..ear.anatomy import Layer, anatomy
from ..ear.feature_maps import Heard, heard_by_ear, heard_by_tagger, heard_live
from ..ear.opening import open_ear, open_model
from ..ear.spec import EarSpec, ModuleSpec, ScalogramSpec, TaggerSpec, load_any_spec
from ..ear.tagger import load_tagger
from ..ear.tagger_anatomy import BANDS, GATE_DB, RATE, band_edges_hz, tagger_layers
from ..errors import BridgeError
from ..files import write_whole
from ..resources import model_file
from ..sound import decode
from .dream_paint import TICKS_HZ
from .dream_words import layer_named
from .explain_picture import Column, Tick, picture

MOST = 6  # layers of a network of one's own
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


@dataclass(frozen=True)
class Wanted:
    """file: the sound, from `start` on for at most `seconds`; models: names or YAMLs; layers:
    names or numbers, a good choice of them if there are none; gate_db: below it the tagger's words count as none."""

    file: Path
    out: Path
    models: Sequence[str] = ("ear",)
    layers: str = ""
    start: float = 0.0
    seconds: float = 16.0
    gate_db: float = GATE_DB


def explain(wanted: Wanted) -> None:
    """Draws the picture and tells what the networks said. Raises BridgeError for a mistake in what is wanted."""
    if wanted.out.suffix.lower() not in FORMATS:
        raise BridgeError(f"--out is {wanted.out}; expected a name that ends with {', '.join(FORMATS)}")
    torch.set_num_threads(1)
    columns = [_column(wanted, model_file(model)) for model in wanted.models]
    content = picture(columns)
    if (kind := FORMATS[wanted.out.suffix.lower()]) != "PNG":
        buffer = io.BytesIO()
        Image.open(io.BytesIO(content)).save(buffer, kind, quality=88, optimize=True)
        content = buffer.getvalue()
    write_whole(wanted.out, content)
    for column in columns:
        print(f"{column.title}: {_said(column.heard)}")
    print(f"written: {wanted.out}")


def _said(heard: Heard) -> str:
    """The likeliest words on average."""
    if not heard.names:
        return "this network has no words"
    mean = heard.words.mean(0)
    return ", ".join(f"{heard.names[i]} {mean[i]:.2f}" for i in (-mean).argsort()[:5])


def _column(wanted: Wanted, path: Path) -> Column:
    spec = load_any_spec(path)
    if isinstance(spec, EarSpec):
        return _ear(wanted, path, spec)
    return _tagger(wanted, path) if isinstance(spec, TaggerSpec) else _own(wanted, path, spec)


def _own(wanted: Wanted, path: Path, spec: ModuleSpec) -> Column:
    model = open_model(path)
    inner = model.plan.inner
    usual = [inner[1 + i * (len(inner) - 1) // MOST].index for i in range(MOST)] if len(inner) > MOST else None
    layers = _layers(wanted.layers, inner, usual or [layer.index for layer in inner[1:]])
    sound = _sound(wanted, model.plan.rate)
    heard = heard_live(model, sound, layers)
    seconds = len(sound) / model.plan.rate
    ticks = [] if spec.input == "audio" else _ticks(spec.scalogram)
    return Column(spec.name, _notes(wanted, seconds), inner[0].name, ticks, heard, seconds)


def _ear(wanted: Wanted, path: Path, spec: EarSpec) -> Column:
    table = anatomy(spec).layers
    blocks = len(spec.encoder)
    # from low, middle and high blocks the first layer, but of the lowest, which answers to near-silence more than to
    # music; and the two summaries
    some = range(min(1, blocks - 1), blocks, math.ceil(blocks / 3))
    usual = [*(1 + 2 * block for block in some), spec.z_layer, spec.c_layer]
    layers = _layers(wanted.layers, table, usual)
    sound = _sound(wanted, spec.scalogram.rate)
    loaded, _ = open_ear(path)
    heard = heard_by_ear(loaded, sound, layers)
    seconds = len(sound) / spec.scalogram.rate
    return Column(
        spec.name if loaded.trained else f"{spec.name}, untrained", _notes(wanted, seconds), "scalogram",
        _ticks(spec.scalogram), heard, seconds,
    )  # fmt: skip


def _tagger(wanted: Wanted, path: Path) -> Column:
    table = tagger_layers()
    with_maps = [layer for layer in table if layer.name not in ("dense", "tags")]
    layers = _layers(wanted.layers, with_maps, [layer.index for layer in with_maps[1:]])
    sound = _sound(wanted, RATE)
    tagger = load_tagger(path.with_suffix(".safetensors"))
    heard = heard_by_tagger(tagger, sound, layers, wanted.gate_db)
    seconds = len(sound) / RATE
    return Column(path.stem, _notes(wanted, seconds), "mel spectrogram", _mel_ticks(), heard, seconds)


def _layers(text: str, table: Sequence[Layer], usual: Sequence[int]) -> list[int]:
    """The layers that a list of names and numbers means, in the network's order; layer 0 is shown anyway."""
    if not text.strip():
        return list(usual)
    named = {layer_named(word.strip(), table, "--layers").index for word in text.split(",")}
    return sorted(named - {0})


def _sound(wanted: Wanted, rate: int) -> torch.Tensor:
    if not (math.isfinite(wanted.start) and wanted.start >= 0 and 0 < wanted.seconds <= 60):
        raise BridgeError(
            f"--start is {wanted.start:g} and --seconds {wanted.seconds:g}; expected 0 or more, and 0 to 60"
        )
    whole = decode(wanted.file, rate)
    part = whole[round(wanted.start * rate) :][: round(wanted.seconds * rate)]
    if len(part) < rate // 10:
        length = len(whole) / rate
        raise BridgeError(f"{wanted.file} has {length:.2f} s; expected a tenth of one or more after --start")
    return torch.from_numpy(part.copy())


def _notes(wanted: Wanted, seconds: float) -> str:
    return f"{wanted.file.name} · {seconds:.1f} s · frequencies x steps x channels"


def _ticks(spec: ScalogramSpec) -> list[Tick]:
    places = [((math.log2(hz / spec.lowest_hz) * spec.bins_per_octave + 0.5) / spec.bins, hz) for hz in TICKS_HZ]
    return [(at, _hz(hz)) for at, hz in places if 0 <= at <= 1]


def _mel_ticks() -> list[Tick]:
    """Band b has its centre at edge b + 1."""
    centres = band_edges_hz()[1:-1]
    found = []
    for hz in (200, 500, 1_000, 2_000, 4_000):
        above = next(b for b, centre in enumerate(centres) if centre >= hz)
        part = (hz - centres[above - 1]) / (centres[above] - centres[above - 1])
        found.append(((above - 1 + part + 0.5) / BANDS, _hz(hz)))
    return found


def _hz(hz: int) -> str:
    return f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz"
