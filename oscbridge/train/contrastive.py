"""Contrastive predictive coding: from what was heard, tell what comes from what does not.

Source: Immersions, Contrastive Predictive Coding (the losses as printed there); van den Oord, Li & Vinyals (2018),
Representation Learning with Contrastive Predictive Coding.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..ear.anatomy import anatomy
from ..ear.network import Ear
from ..errors import BridgeError
from .spec import TrainSpec


@dataclass(frozen=True)
class Score:
    """loss: mean over predictions, in nats. accuracy: share of predictions whose own encoding scores highest."""

    loss: Tensor
    accuracy: Tensor


class Predictor(nn.Module):
    """A bias-free linear map for each step ahead, from a context to an encoding."""

    def __init__(self, context: int, encoding: int, ahead: int, std: float, seed: int) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(seed)
        self.maps = nn.Parameter(torch.randn(ahead, encoding, context, generator=random) * std)

    def forward(self, c: Tensor) -> Tensor:
        """c: (clips, contexts, context). Returns (clips, contexts, ahead, encoding)."""
        return torch.einsum("nic,kzc->nikz", c, self.maps)


def contrast(predicted: Tensor, future: Tensor, kind: str) -> Score:
    """Scores every prediction against its own encoding and against others.

    predicted: (clips, contexts, ahead, encoding); future: the same shape, what did come
    kind: which encodings a prediction must not be mistaken for.
          "cpc": those of the other clips, of the same context and step;
          "sat": those of all clips at all steps of the same context, each scored by its own step's prediction (score
          across time steps).
    """
    clips, contexts, ahead, _ = predicted.shape
    own = torch.arange(clips, device=predicted.device)
    if kind == "cpc":
        scores = torch.einsum("nikz,mikz->nikm", predicted, future)
        target = own.view(-1, 1, 1).expand(clips, contexts, ahead)
    elif kind == "sat":
        # the score of encoding (m, l) against context n takes map l; the one to find is (n, k)
        table = torch.einsum("nikz,mikz->nimk", predicted, future).reshape(clips, contexts, 1, -1)
        scores = table.expand(-1, -1, ahead, -1)
        target = own.view(-1, 1, 1) * ahead + torch.arange(ahead, device=own.device)
        target = target.expand(clips, contexts, ahead)
    else:
        raise ValueError(kind)
    return _cross_entropy(scores, target)


def contrast_moments(predicted: Tensor, z: Tensor, moment: Tensor) -> Score:
    """The loss "moments": every prediction against the encodings of all clips at all moments.

    Harder than the essay's: the same clip at other times can't be told by its sound, only by rhythm and harmony.

    predicted: (clips, contexts, ahead, encoding); z: (clips, moments, encoding)
    moment: (contexts, ahead), where in z the encoding lies that each prediction is for
    """
    clips, moments, _ = z.shape
    scores = predicted @ z.flatten(0, 1).T
    own = torch.arange(clips, device=z.device).view(-1, 1, 1)
    return _cross_entropy(scores, own * moments + moment)


def _cross_entropy(scores: Tensor, target: Tensor) -> Score:
    flat, target = scores.reshape(-1, scores.shape[-1]), target.reshape(-1)
    loss = F.cross_entropy(flat, target)
    return Score(loss, (flat.detach().argmax(1) == target).float().mean())


class ContrastiveEar(nn.Module):
    """An ear with its predictor: clips in, score out. One module, so that several processes can share the work."""

    moment: Tensor

    def __init__(self, ear: Ear, spec: TrainSpec) -> None:
        super().__init__()
        self.ear, self.spec = ear, spec
        layers = anatomy(ear.spec).layers
        z, c = layers[ear.spec.z_layer], layers[ear.spec.c_layer]
        self._stride = c.frames_per_step // z.frames_per_step  # encodings from one context to the next
        self.predictor = Predictor(c.channels, z.channels, spec.ahead, spec.prediction_std, spec.seed)
        encodings = -(-spec.frames // z.frames_per_step)
        last = encodings - 1 - spec.skip - spec.ahead
        first = -(-spec.first_context // self._stride)
        self.contexts = range(first, last // self._stride + 1)
        if not self.contexts:
            need = (first * self._stride + spec.skip + spec.ahead + 1) * z.frames_per_step
            raise BridgeError(
                f"frames is {spec.frames}, which leaves no context with a future; this ear takes at least {need}, with "
                f"first_context {spec.first_context}, skip {spec.skip} and ahead {spec.ahead}"
            )
        at = torch.tensor(self.contexts) * self._stride
        moment = at.unsqueeze(1) + 1 + spec.skip + torch.arange(spec.ahead)  # (contexts, ahead)
        self.first_moment = int(moment.min())
        self.register_buffer("moment", moment, persistent=False)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: (clips, 1, frames, bins). Returns z (clips, encodings, channels) and c (clips, contexts, channels)."""
        layers = self.ear(x)
        z, c = layers[self.ear.spec.z_layer], layers[self.ear.spec.c_layer]
        return z[..., 0].transpose(1, 2), c[..., 0].transpose(1, 2)[:, self.contexts.start : self.contexts.stop]

    def forward(self, x: Tensor, tracks: Tensor, validating: bool = False) -> Score:
        """tracks: where the clips come from, which needs no telling here. validating: by the essay's contrast, whatever
        is trained with, so that trainings compare."""
        z, c = self.encode(x)
        with torch.autocast(x.device.type, enabled=False):  # scores are sums of hundreds of terms
            z, predicted = z.float(), self.predictor(c.float())
            kind = "cpc" if validating else self.spec.loss
            if kind == "moments":
                return contrast_moments(predicted, z[:, self.first_moment :], self.moment - self.first_moment)
            return contrast(predicted, z[:, self.moment], kind)
