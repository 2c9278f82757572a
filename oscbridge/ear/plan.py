"""What a network is before any weight is read: all that those need to know of it who only pass its activations on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BridgeError
from .anatomy import CLASSES, Layer, anatomy
from .spec import EarSpec, ModuleSpec, TaggerSpec, digest_id, ear_id, load_any_spec
from .tagger_anatomy import RATE, TAGS, tagger_layers

SHARE = 0.5  # of a core that looking at windows may take


@dataclass(frozen=True)
class Plan:
    """name: in the YAML; id: name and digest of the weights; layers: in the wire's order; rate: samples a second of
    what it hears; hop: samples from one frame to the next; classes: names of the last layer's neurons, if it is called
    `classes`; are_exclusive: whether one class excludes the others, so that their probabilities add up to 1."""

    name: str
    id: str
    layers: tuple[Layer, ...]
    rate: int
    hop: int
    classes: tuple[str, ...]
    are_exclusive: bool = True

    @property
    def neurons(self) -> int:
        return self.layers[-1].span.stop

    @property
    def hop_s(self) -> float:
        return self.hop / self.rate

    @property
    def inner(self) -> tuple[Layer, ...]:
        """All layers but the classes: a class is no depth of hearing."""
        return self.layers[:-1] if self.layers[-1].name == CLASSES else self.layers


def plan_of(path: Path) -> Plan:
    """Of the network whose YAML that is, if it is an ear or the tagger; any other has to be made to be known. Loads no
    torch. Raises BridgeError with every mistake in it."""
    spec, weights = load_any_spec(path), path.with_suffix(".safetensors")
    assert not isinstance(spec, ModuleSpec)
    if isinstance(spec, TaggerSpec):
        if not weights.is_file():
            raise BridgeError(f"{weights} is not there; take the file that travels with oscbridge", 404)
        # a look changes every layer, whenever it comes
        layers = [replace(layer, frames_per_step=1) for layer in tagger_layers()]
        layers[-1] = replace(layers[-1], name=CLASSES)
        return Plan(spec.name, digest_id(spec.name, weights), tuple(layers), RATE, spec.hop, TAGS, are_exclusive=False)
    return ear_plan(spec, ear_id(spec, weights))


def ear_plan(spec: EarSpec, id: str) -> Plan:
    """Of an ear by its sizes."""
    return Plan(spec.name, id, anatomy(spec).layers, spec.scalogram.rate, spec.scalogram.hop, spec.classes)
