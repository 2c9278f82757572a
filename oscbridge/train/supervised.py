"""The same network trained with labels from scratch: what the essay sets contrastive training against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..ear.anatomy import anatomy
from ..ear.network import Ear
from .contrastive import Score
from .shelf import Track

Labels = Mapping[str, Mapping[str, str]]  # of a track's key: what it is, for each task that asks about it

UNLABELLED = -100  # cross_entropy's own mark
SETTLED = 0.6  # share of a clip after which its contexts have heard enough to be asked


class SupervisedEar(nn.Module):
    """An ear with a linear head for each task, on c. Tracks without a label for a task don't count there."""

    learn: Tensor
    held: Tensor

    def __init__(self, ear: Ear, labels: Labels, learn: Sequence[Track], held: Sequence[Track]) -> None:
        super().__init__()
        self.ear = ear
        channels = anatomy(ear.spec).layers[ear.spec.c_layer].channels
        tasks = sorted({task for own in labels.values() for task in own})
        self.classes = {task: sorted({own[task] for own in labels.values() if task in own}) for task in tasks}
        self.heads = nn.ModuleList(nn.Linear(channels, len(self.classes[task])) for task in tasks)
        self.register_buffer("learn", self._table(labels, learn), persistent=False)
        self.register_buffer("held", self._table(labels, held), persistent=False)

    def _table(self, labels: Labels, tracks: Sequence[Track]) -> Tensor:
        rows = [
            [names.index(own[task]) if task in own else UNLABELLED for task, names in self.classes.items()]
            for own in (labels.get(track.key, {}) for track in tracks)
        ]
        return torch.tensor(rows, dtype=torch.long)

    def forward(self, x: Tensor, tracks: Tensor, validating: bool = False) -> Score:
        """Mean cross entropy over tasks. tracks: (clips,), of those to learn from; validating: of those held out."""
        c = self.ear(x)[self.ear.spec.c_layer][..., 0].transpose(1, 2)
        c = c[:, int(SETTLED * c.shape[1]) :].float()
        targets = (self.held if validating else self.learn)[tracks]
        losses: list[Tensor] = []
        right, asked = x.new_zeros(()), 0
        with torch.autocast(x.device.type, enabled=False):
            for head, target in zip(self.heads.children(), targets.T, strict=True):
                if bool((target == UNLABELLED).all()):
                    blank = torch.stack([p.sum() for p in head.parameters()]).sum()
                    losses.append(0.0 * blank)  # every parameter takes part in every step
                    continue
                logits = head(c).flatten(0, 1)
                wanted = target.repeat_interleave(c.shape[1])
                losses.append(F.cross_entropy(logits, wanted))
                right = right + (logits.argmax(1) == wanted).sum()
                asked += int((wanted != UNLABELLED).sum())
        return Score(torch.stack(losses).mean(), right / max(asked, 1))
