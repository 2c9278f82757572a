"""A probe becomes a part of the ear: a softmax head on c, whose probabilities go out as the stream `classes`."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor

from ..ear.anatomy import anatomy
from ..ear.filterbank import FilterBank
from ..ear.measuring import NEAR_SILENCE
from ..ear.network import Ear
from ..ear.scalogram import scalogram
from ..ear.weights import STATISTICS
from ..files import write_whole
from .features import Features
from .probes import Probe, Windows, fit_probe

SILENCE = "silence"  # a class of its own: a head must answer, and would name an instrument where nothing sounds
QUIET_CLIPS = 40
QUIET_S = 8.0
LOUDEST_QUIET = 5e-4  # -66 dB


def give_head(model: Path, ear: Ear, features: Features, windows: Windows) -> None:
    """Writes an ear's YAML and weights anew, with a head of a task's classes.

    model: its YAML, the weights beside it; ear: the same, loaded; features: c of all windows, those held out too, which
    the head may learn from now that the probe has been tested
    """
    own = windows.fit | windows.test
    quiet = _silence(ear)
    c = np.concatenate([features[own], quiet])
    labels = np.concatenate([windows.labels[own], np.full(len(quiet), SILENCE)])
    groups = np.concatenate([windows.groups[own], [f"{SILENCE} {i}" for i in range(len(quiet))]])
    probe = fit_probe(c, labels, groups)
    said = probe.probabilities(features[own])
    behaviour = {
        "mean": said.mean(0),
        "std": said.std(0),
        "high": np.percentile(said, 99.5, axis=0),
        "quiet": probe.probabilities(quiet[:2])[1],
    }
    _rewrite_weights(
        model.with_suffix(".safetensors"), probe, behaviour, anatomy(ear.spec).layers[ear.spec.c_layer].span.stop
    )
    text = re.sub(r"^classes:.*\n", "", model.read_text(), flags=re.MULTILINE)
    write_whole(model, f"{text}classes: [{', '.join(probe.classes)}]  # a softmax head on c\n".encode())


def _rewrite_weights(path: Path, probe: Probe, behaviour: dict[str, NDArray[np.float32]], neurons: int) -> None:
    """neurons: of the ear without a head; a head that is there already is replaced."""
    tensors: dict[str, Tensor] = load_file(path)
    tensors["head.weight"] = torch.from_numpy(probe.weight)[:, :, None, None].half()
    tensors["head.bias"] = torch.from_numpy(probe.bias).half()
    for name, values in behaviour.items():
        known = tensors[STATISTICS + name][:neurons]
        tensors[STATISTICS + name] = torch.cat([known, torch.from_numpy(values.astype(np.float16))])
    write_whole(path, save({k: v.contiguous() for k, v in tensors.items()}))


@torch.inference_mode()
def _silence(ear: Ear) -> NDArray[np.float32]:
    """c of exact silence, of an interface's hiss and of soft noise: (QUIET_CLIPS, channels)."""
    spec = ear.spec.scalogram
    bank, random = FilterBank(spec), torch.Generator().manual_seed(0)
    levels = [0.0, *np.geomspace(NEAR_SILENCE, LOUDEST_QUIET, QUIET_CLIPS - 1)]
    clips = [level * torch.randn(int(QUIET_S * spec.rate), generator=random) for level in levels]
    heard = [ear(scalogram(clip, bank).unsqueeze(0))[ear.spec.c_layer][0, :, -1, 0] for clip in clips]
    return np.asarray(torch.stack(heard).numpy(), np.float32)
