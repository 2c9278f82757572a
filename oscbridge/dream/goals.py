"""From wishes and a selection to an objective, with what a network can offer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..ear.model import Model
from ..ear.reference import Reference
from ..ear.weights import LoadedEar
from ..errors import BridgeError
from ..sections import Dream as Wishes
from ..validation import did_you_mean
from .circle import LOGITS
from .circles import circle_of
from .objectives import Activate, Answers, Classify, Match, Normal, Objective, Predict, Selected, Style

SKIP = 4  # encodings that are not predicted (Immersions, Experiment)


class Goals:
    """Makes objectives for one network.

    target: (n,) what match and style aim at, may be replaced at any time
    """

    def __init__(self, model: Model, reference: Reference, target: Tensor) -> None:
        self._model, self.target, self._reference = model, target, reference
        self._layers = model.plan.layers
        self._normal = Normal(self._layers, model.statistics)
        self._style: tuple[Style, Tensor] | None = None  # and the target that it was made for

    def objective(self, wishes: Wishes, selected: Selected) -> Objective:
        """Raises BridgeError 409 if nothing is selected, 404 if the network has no such class or no predictions."""
        if wishes.objective == "classify":
            return Classify(LOGITS, self._class(wishes.class_name), self._model.plan.are_exclusive)
        if wishes.objective == "predict":
            return self._predict()
        if selected.is_empty:
            raise BridgeError("nothing is selected; send /ear/select/add or /ear/select/circle first", 409)
        if wishes.objective == "activate":
            return Activate(self._layers, self._normal, self._reference, selected, wishes.emphasis)
        chosen = self._layers_of(selected)
        if wishes.objective == "match":
            return Match(chosen, self._normal)
        return self._style_of(chosen)

    def _predict(self) -> Predict:
        if not isinstance(self._model, LoadedEar):
            raise BridgeError("this network predicts nothing; dream.objective predict is for an ear", 404)
        if self._reference.maps is None:
            raise BridgeError(
                "this ear came without the maps it predicts with (<name>.reference.safetensors beside its "
                "weights), so dream.objective predict is not possible; choose another",
                404,
            )
        spec = self._model.ear.spec
        stride = self._layers[spec.c_layer].frames_per_step // self._layers[spec.z_layer].frames_per_step
        return Predict(spec.z_layer, spec.c_layer, self._reference.maps, SKIP, stride)

    def _style_of(self, chosen: list[int]) -> Style:
        """The one before if it still holds: every fader asks for the objective anew, and hearing the target is long."""
        known = self._style
        if known is None or list(known[0].layers) != chosen or known[1] is not self.target:
            circle = circle_of(self._model, chosen)
            with torch.inference_mode():
                style = Style(chosen, self._normal, circle.answers(circle.hear(self.target[None])))
            known = self._style = (style, self.target)
        return known[0]

    def excitement(self, answers: Answers) -> Tensor:
        """Mean size of all activations of the layers at hand, in standard deviations."""
        inner = range(len(self._model.plan.inner))
        parts = [self._normal(i, x).abs().mean() for i, x in answers.items() if i in inner]
        return torch.stack(parts).mean() if parts else torch.zeros(())

    def _layers_of(self, selected: Selected) -> list[int]:
        firsts = np.array([layer.first_neuron for layer in self._layers])
        return [int(i) for i in np.unique(np.searchsorted(firsts, selected.neurons, "right") - 1)]

    def _class(self, name: str) -> int:
        classes = self._model.plan.classes
        if not classes:
            raise BridgeError("this network has no classes; choose another dream.objective than classify", 404)
        if name not in classes:
            hint = did_you_mean(name, list(classes))
            raise BridgeError(f"dream.class_name is {name[:40]!r}; the classes are {', '.join(classes)}.{hint}", 404)
        return classes.index(name)
