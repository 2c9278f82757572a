"""What `oscbridge dream` understands by --select and --layer."""

from __future__ import annotations

import pytest

from oscbridge.commands.dream_words import layer_named, parse_select, told
from oscbridge.ear.anatomy import anatomy
from oscbridge.errors import BridgeError
from tests.ear import ears

SHIPPED = anatomy(ears.shipped()).layers


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("layer:block6.conv2 channels:0-1 band:0.2-0.8 weight:0.5", (14, 0, 1, 0.2, 0.8, 0.5)),
        ("weight:-1 layer:scalogram", (0, 0, -1, 0.0, 1.0, -1.0)),
        ("layer:1 channels:3", (1, 3, 3, 0.0, 1.0, 1.0)),
        ("layer:z channels:all band:0-.5", (17, 0, -1, 0.0, 0.5, 1.0)),
        ("layer:block_6_2", (14, 0, -1, 0.0, 1.0, 1.0)),
        ("layer:ar_block_0", (18, 0, -1, 0.0, 1.0, 1.0)),
        ("layer:ar_block_8", (26, 0, -1, 0.0, 1.0, 1.0)),
        ("layer:scaleogram", (0, 0, -1, 0.0, 1.0, 1.0)),
        ("layer:classes", (27, 0, -1, 0.0, 1.0, 1.0)),
    ],
)
def test_a_selection_is_read(text: str, region: tuple[float, ...]) -> None:
    assert parse_select(text, SHIPPED) == region


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no layer; expected one, as in 'layer:block6.conv2"),
        ("channels:0", "The layers are 0 scalogram, 1 block0.conv1"),
        ("layer:blok6.conv2", "Did you mean block6.conv2?"),
        ("layer:28", "there is no layer 28. The layers are"),
        ("layer:ar_block_9", "there is no layer 'ar_block_9'"),
        ("layer:z canals:1", "'canals:1' is none of layer:…, channels:…"),
        ("layer:z canals:1", "Did you mean channels?"),
        ("z", "'z' is none of"),
        ("layer:z layer:c", "has layer: twice"),
        ("layer:block0.conv1 channels:0-8", "block0.conv1 has 0 to 7"),
        ("layer:block0.conv1 channels:3-2", "the first is not above the last"),
        ("layer:scalogram channels:1", "scalogram has 0 alone"),
        ("layer:z channels:-1", "expected 0-1, 3 or all"),
        ("layer:z band:0.5-0.5", "the band 0.5-0.5 is empty"),
        ("layer:z band:0.8-0.2", "is empty"),
        ("layer:z band:0-2", "expected a part of 0-1"),
        ("layer:z band:nan-1", "expected a part of 0-1"),
        ("layer:z weight:2", "the weight is '2'; expected -1 to 1"),
        ("layer:z weight:nan", "expected -1 to 1"),
    ],
)
def test_a_selection_that_is_none_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(BridgeError) as refused:
        parse_select(text, SHIPPED)
    assert words in str(refused.value) and f"--select {text!r}" in str(refused.value)


def test_every_layer_is_found_by_name_and_by_number() -> None:
    for layer in SHIPPED:
        assert layer_named(layer.name, SHIPPED) is layer is layer_named(str(layer.index), SHIPPED)


def test_a_title_leaves_out_what_is_not_restricted() -> None:
    assert told((14, 0, 1, 0.2, 1.0, 1.0), SHIPPED) == "block6.conv2 channels 0-1 band 0.2-1"
    assert told((0, 0, 0, 0.0, 1.0, -0.5), SHIPPED) == "scalogram weight -0.5"
    assert told((17, 0, -1, 0.0, 1.0, 1.0), SHIPPED) == "z"
