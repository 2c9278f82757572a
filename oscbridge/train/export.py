"""A trained ear as files that the daemon loads: weights with statistics, and its sizes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import yaml
from torch import Tensor

from ..ear.filterbank import FilterBank
from ..ear.measuring import measure
from ..ear.network import Ear
from ..ear.reference import Reference, measure_clips, path_of, save_reference
from ..ear.weights import save_ear
from ..files import write_whole

MOST_CLIPS = 64  # that the reference is measured on


def export(ear: Ear, clips: Sequence[Tensor], folder: Path, maps: Tensor | None = None) -> Path:
    """Writes <name>.safetensors, <name>.reference.safetensors and <name>.yaml. Returns the YAML's path.

    ear: trained, batch norms settled; clips: scalograms of held-out music, to measure its neurons on; maps: (ahead,
    encoding, context), those that it was taught to predict with
    """
    ear = copy.deepcopy(ear).cpu().float().eval()
    bank = FilterBank(ear.spec.scalogram)
    statistics = measure(ear, bank, clips)
    weights = folder / f"{ear.spec.name}.safetensors"
    save_ear(ear, statistics, weights)
    chosen = clips[:: max(1, len(clips) // MOST_CLIPS)][:MOST_CLIPS]
    save_reference(Reference(measure_clips(ear, bank, statistics, chosen), maps), path_of(weights))
    path = folder / f"{ear.spec.name}.yaml"
    text = yaml.safe_dump(ear.spec.model_dump(mode="json"), sort_keys=False, default_flow_style=None)
    write_whole(path, text.encode())
    return path
