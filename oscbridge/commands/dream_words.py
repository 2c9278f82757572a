"""What the words of `oscbridge dream` mean. Pure: text in, numbers out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..ear.anatomy import Layer
from ..ear.selection import ALL
from ..errors import BridgeError
from ..validation import did_you_mean

# the arguments of Selection.add: layer, first channel, last channel, low, high, weight
Region = tuple[int, int, int, float, float, float]

PARTS = ("layer", "channels", "band", "weight")
EXAMPLE = "layer:block6.conv2 channels:0-1 band:0.2-0.8 weight:1"
_NUMBER = r"[0-9]*\.?[0-9]+|[0-9]+\."
_BAND = re.compile(rf"({_NUMBER})-({_NUMBER})")
_CHANNELS = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_WEIGHT = re.compile(rf"[+-]?(?:{_NUMBER})")


def parse_select(text: str, layers: Sequence[Layer]) -> Region:
    """The region that "layer:block6.conv2 channels:0-1 band:0.2-0.8 weight:1" names; all but the layer may be left out.

    layers: of the ear, in order
    Raises BridgeError with what came and what is expected.
    """
    source = f"--select {text!r}"
    words = _words(text, source)
    if "layer" not in words:
        raise BridgeError(f"{source} names no layer; expected one, as in {EXAMPLE!r}. {_there_are(layers)}")
    layer = layer_named(words["layer"], layers, source)
    first, last = _channels(words.get("channels", "all"), layer, source)
    low, high = _band(words.get("band", "0-1"), source)
    weight = words.get("weight", "1")
    if not _WEIGHT.fullmatch(weight) or not -1 <= float(weight) <= 1:
        raise BridgeError(f"{source}: the weight is {weight!r}; expected -1 to 1; below 0 the neurons are to be silent")
    return layer.index, first, last, low, high, float(weight)


def _words(text: str, source: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for word in text.split():
        name, colon, value = word.partition(":")
        if name not in PARTS or not colon or not value:
            hint = did_you_mean(name, PARTS)
            expected = ", ".join(f"{part}:…" for part in PARTS)
            raise BridgeError(f"{source}: {word!r} is none of {expected}; write it as {EXAMPLE!r}.{hint}")
        if name in words:
            raise BridgeError(f"{source} has {name}: twice; give --select once for each region")
        words[name] = value
    return words


def layer_named(word: str, layers: Sequence[Layer], source: str = "--layer") -> Layer:
    """A layer by its name, its number, or as the essay spells it: block_6_2, ar_block_0, scaleogram.

    Raises BridgeError 404, with all layers, if there is none.
    """
    if word.isascii() and word.isdigit():
        if int(word) < len(layers):
            return layers[int(word)]
        raise BridgeError(f"{source}: there is no layer {word}. {_there_are(layers)}", 404)
    known = {layer.name: layer for layer in layers}
    name = _modern(word.lower())
    if name in known:
        return known[name]
    context = [layer for layer in layers if layer.name == "c" or layer.name.startswith("context")]
    match = re.fullmatch(r"context([0-9]{1,4})", name)  # the last of them is called c
    if match and int(match[1]) < len(context):
        return context[int(match[1])]
    hint = did_you_mean(name, list(known))
    raise BridgeError(f"{source}: there is no layer {word!r}.{hint} {_there_are(layers)}", 404)


def _modern(word: str) -> str:
    if word == "scaleogram":
        return "scalogram"
    word = re.sub(r"^block_([0-9]+)_([12])$", r"block\1.conv\2", word)
    return re.sub(r"^ar_block_([0-9]+)$", r"context\1", word)


def _there_are(layers: Sequence[Layer]) -> str:
    return "The layers are " + ", ".join(f"{layer.index} {layer.name}" for layer in layers)


def _channels(text: str, layer: Layer, source: str) -> tuple[int, int]:
    if text == "all":
        return 0, ALL
    match = _CHANNELS.fullmatch(text)
    if not match:
        raise BridgeError(f"{source}: the channels are {text!r}; expected 0-1, 3 or all")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < layer.channels:
        there = f"0 to {layer.channels - 1}" if layer.channels > 1 else "0 alone"
        raise BridgeError(
            f"{source}: the channels are {text}; {layer.name} has {there}, and the first is not above the last"
        )
    return first, last


def _band(text: str, source: str) -> tuple[float, float]:
    match = _BAND.fullmatch(text)
    if not match or not 0 <= float(match[1]) <= 1 or not 0 <= float(match[2]) <= 1:
        raise BridgeError(f"{source}: the band is {text!r}; expected a part of 0-1, the layer's frequencies: 0.2-0.8")
    low, high = float(match[1]), float(match[2])
    if low >= high:
        raise BridgeError(f"{source}: the band {text} is empty; expected its lower end first, as in 0.2-0.8")
    return low, high


def told(region: Region, layers: Sequence[Layer]) -> str:
    """A region in words, as a title has it; what is not restricted is not told."""
    index, first, last, low, high, weight = region
    layer = layers[index]
    parts = [layer.name]
    if last != ALL and (first, last) != (0, layer.channels - 1):
        parts.append(f"channel {first}" if first == last else f"channels {first}-{last}")
    if (low, high) != (0.0, 1.0):
        parts.append(f"band {low:g}-{high:g}")
    if weight != 1:
        parts.append(f"weight {weight:g}")
    return " ".join(parts)
