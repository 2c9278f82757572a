"""`oscbridge dream`: makes a sound that excites chosen neurons, or does to a network what another sound does."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from torch import Tensor

from .. import resources, settings
from ..daemon.plans import plan_of
from ..ear.opening import open_with_reference
from ..errors import BridgeError
from ..files import write_whole
from ..sections import Dream as Wishes
from ..sections import Settings
from . import dream_picture as picture
from .denormals import flushed_denormals
from .dream_run import UNITS, Dreamed, Limit, Studio, follow, progress_bar
from .dream_sound import check_clip_path, check_folder_path, level_db, make_origin, read_loop, write_sound
from .dream_words import EXAMPLE, Region, layer_named, parse_select, told

SECONDS = 20.0  # of a dream, unless --seconds or --steps says otherwise
SHORTEST_S, LONGEST_S = 0.25, 60.0  # of a clip

# one certain sound needs no robustness, which would blur it, and is nearer to near silence than to noise
RECONSTRUCTION = ("dream.time_shift_s=0", "dream.pitch_shift_bins=0", "dream.noise_db=-70")
ELSEWHERE = {
    "dream.origin": "give --origin noise, silence or a file",
    "dream.origin_clip": "give --origin and a file",
    "dream.target": "give --match or --style and a file",
    "dream.farm": "this command dreams on this machine",
}


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for, as it came.

    model: a network's name or YAML; selects: as parse_select takes them; origin: noise, silence or a file; seconds,
    steps: when a dream ends; length: of a clip in seconds; out: a clip, or a folder if there are several; overrides:
    "dream.name=value"; layers: of a reconstruction, all if none
    """

    out: Path
    model: str = "ear"
    selects: Sequence[str] = ()
    origin: str = "noise"
    seconds: float | None = None
    steps: int | None = None
    length: float = 4.0
    overrides: Sequence[str] = ()
    class_name: str | None = None
    predict: bool = False
    style: Path | None = None
    match: Path | None = None
    every_layer: bool = False
    layers: Sequence[str] = ()
    png: bool = True
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    @property
    def is_reconstruction(self) -> bool:
        return self.match is not None and not self.selects

    def tell(self, text: str) -> None:
        self.console.print(text, markup=False)


@flushed_denormals()
def dream(wanted: Wanted) -> None:
    """Dreams, and writes clips and pictures. Raises BridgeError for what the user can mend."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal without → still gets the numbers
    _check_words(wanted)
    limit = _limit(wanted)
    wishes = wishes_of(wanted)
    path = resources.model_file(wanted.model)
    plan = plan_of(path)
    layers = plan.layers
    regions = [parse_select(text, layers) for text in wanted.selects]
    named = [layer_named(word, layers) for word in wanted.layers]
    if not wanted.every_layer and not wanted.is_reconstruction:
        _check_selection(wishes, regions)
    samples = _samples(wanted.length, plan.rate)
    (check_folder_path if wanted.every_layer or wanted.is_reconstruction else check_clip_path)(wanted.out)
    origin = make_origin(wanted.origin, wishes, plan.rate, samples, wanted.tell)
    studio = _studio(wanted, path, plan.rate, wishes, limit, samples)
    if wanted.every_layer or wanted.is_reconstruction:
        from . import dream_layers

        if wanted.every_layer:
            dream_layers.every_layer(wanted, studio, origin)
        else:
            dream_layers.reconstruct(wanted, studio, origin, named)
    else:
        _single(wanted, studio, origin, regions)


def _check_words(wanted: Wanted) -> None:
    """That no two words contradict each other."""
    aims = {
        "--class": wanted.class_name is not None,
        "--predict": wanted.predict,
        "--style": wanted.style is not None,
        "--match": wanted.match is not None,
        "--every-layer": wanted.every_layer,
    }
    given = [name for name, is_given in aims.items() if is_given]
    if len(given) > 1:
        raise BridgeError(f"{' and '.join(given)}: a dream has one aim; give one of them")
    if wanted.selects and given and given[0] in ("--class", "--predict", "--every-layer"):
        raise BridgeError(f"{given[0]} says itself what is dreamed; leave out --select")
    if wanted.layers and not wanted.is_reconstruction:
        raise BridgeError("--layer names the layers that --match reconstructs, without --select; here it means nothing")


def _limit(wanted: Wanted) -> Limit:
    if wanted.seconds is not None and not (wanted.seconds > 0 and math.isfinite(wanted.seconds)):
        raise BridgeError(f"--seconds {wanted.seconds:g}: expected more than 0; a dream takes time")
    if wanted.steps is not None and wanted.steps < 1:
        raise BridgeError(f"--steps {wanted.steps}: expected 1 or more")
    if wanted.seconds is None and wanted.steps is None:
        return Limit(SECONDS, None)
    return Limit(wanted.seconds, wanted.steps)


def _samples(length: float, rate: int) -> int:
    if not SHORTEST_S <= length <= LONGEST_S:
        raise BridgeError(f"--length {length:g}: expected {SHORTEST_S:g} to {LONGEST_S:g} seconds of sound")
    return round(length * rate)


def wishes_of(wanted: Wanted) -> Wishes:
    """The section `dream` as the command line changes it. Raises BridgeError for what is no such wish, or has no effect
    here."""
    for text in wanted.overrides:
        name = text.partition("=")[0].strip()
        if name in ELSEWHERE:
            raise BridgeError(f"--set {text} has no effect here; {ELSEWHERE[name]}")
        if name.partition(".")[0] in Settings.model_fields and not name.startswith("dream."):
            raise BridgeError(f"--set {text} has no effect here; a dream is made by dream.…, see config/default.yaml")
    aim: list[str] = []
    if wanted.class_name is not None:
        aim = ["dream.objective=classify", f"dream.class_name={wanted.class_name}"]
    elif wanted.predict:
        aim = ["dream.objective=predict"]
    elif wanted.style is not None:
        aim = ["dream.objective=style"]
    elif wanted.match is not None:
        aim = ["dream.objective=match"]
    exact = RECONSTRUCTION if wanted.is_reconstruction else ()
    wishes = settings.load(None, [*exact, *wanted.overrides, *aim]).dream
    if wanted.every_layer and wishes.objective != "activate":
        raise BridgeError(f"--every-layer excites layers; dream.objective {wishes.objective} aims elsewhere")
    return wishes


def _check_selection(wishes: Wishes, regions: Sequence[Region]) -> None:
    needs_none = wishes.objective in ("classify", "predict")
    if not regions and not needs_none:
        raise BridgeError(f"nothing is selected; give --select {EXAMPLE!r}, --class, --predict or --every-layer")
    if regions and needs_none:
        raise BridgeError(f"dream.objective {wishes.objective} says itself what is dreamed; leave out --select")


def _studio(wanted: Wanted, path: Path, rate: int, wishes: Wishes, limit: Limit, samples: int) -> Studio:
    target_file = wanted.match or wanted.style
    target = None
    if target_file is not None:
        target = read_loop(target_file.expanduser(), rate, samples, wanted.tell)
    model, music, reference = open_with_reference(path)
    return Studio(model, reference, wishes, limit, samples, music if target is None else target)


def _single(wanted: Wanted, studio: Studio, origin: Tensor, regions: Sequence[Region]) -> None:
    if regions and studio.selected(regions).is_empty:
        raise BridgeError("nothing is selected: the weights of the regions add up to 0")
    dreamer = studio.dreamer(origin, regions)
    title = _title(wanted, studio, regions)
    with progress_bar(wanted.console) as bar:
        dreamed = follow(dreamer, studio.limit, bar, title)
    if dreamed.is_stopped:
        wanted.tell("stopped; what there is is kept")
    write_sound(wanted.out, dreamed.clip, studio.rate)
    wanted.tell(f"{title}: {outcome(dreamed, studio)}, written to {wanted.out}")
    if wanted.png:
        drawn = wanted.out.with_suffix(".png")
        write_whole(drawn, _drawn(wanted, studio, dreamed, title))
        wanted.tell(f"drawn as {drawn}")


def outcome(dreamed: Dreamed, studio: Studio) -> str:
    """What came of it, in a line."""
    unit, level, peak = UNITS[studio.wishes.objective], level_db(dreamed.clip), float(dreamed.clip.abs().max())
    undone = f", {dreamed.undone} of them undone since they were not finite" if dreamed.undone else ""
    return (
        f"score {picture.short(dreamed.before)} → {picture.short(dreamed.after)} ({unit}), {dreamed.steps:,} steps"
        f"{undone}, {dreamed.speed:.1f} steps/s, level {level:.1f} dBFS, peak {peak:.2f}"
    )


def origin_told(wanted: Wanted, wishes: Wishes) -> str:
    if wanted.origin == "noise":
        return f"from noise at {wishes.noise_db:g} dB"
    return "from silence" if wanted.origin == "silence" else f"from {Path(wanted.origin).name}"


def _title(wanted: Wanted, studio: Studio, regions: Sequence[Region]) -> str:
    where = ", ".join(told(region, studio.layers) for region in regions)
    target = (wanted.match or wanted.style or resources.loop_file()).name
    return {
        "activate": where,
        "match": f"as {target} in {where}",
        "style": f"in the style of {target}: {where}",
        "classify": f"class {studio.wishes.class_name}",
        "predict": "what the ear foretells",
    }[studio.wishes.objective]


def _drawn(wanted: Wanted, studio: Studio, dreamed: Dreamed, title: str) -> bytes:
    bank, unit = studio.bank, UNITS[studio.wishes.objective]
    notes = (
        f"{studio.name} · {origin_told(wanted, studio.wishes)} · {dreamed.steps:,} steps · score "
        f"{picture.short(dreamed.before)} to {picture.short(dreamed.after)} {unit}"
    )
    before, after = picture.upright(dreamed.origin, bank), picture.upright(dreamed.clip, bank)
    seconds = studio.samples / studio.rate
    return picture.one_dream(title, notes, before, after, bank.spec, seconds, dreamed.curve, unit)
