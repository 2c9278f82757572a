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
from ..ear.weights import save_ear
from ..files import write_whole


def export(ear: Ear, clips: Sequence[Tensor], folder: Path) -> Path:
    """Writes <name>.safetensors and <name>.yaml. Returns the YAML's path.

    ear: trained, batch norms settled; clips: scalograms of held-out music, to measure its neurons on
    """
    ear = copy.deepcopy(ear).cpu().float().eval()
    statistics = measure(ear, FilterBank(ear.spec.scalogram), clips)
    save_ear(ear, statistics, folder / f"{ear.spec.name}.safetensors")
    path = folder / f"{ear.spec.name}.yaml"
    text = yaml.safe_dump(ear.spec.model_dump(mode="json"), sort_keys=False, default_flow_style=None)
    write_whole(path, text.encode())
    return path
