"""The OSCQuery tree against the address space that it is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from oscbridge.errors import BridgeError
from oscbridge.osc.query import QueryTree, host_info
from oscbridge.osc.space import COMMANDS, AddressSpace
from oscbridge.osc.streams import STREAMS, stream_of
from oscbridge.sections import Settings
from oscbridge.settings import Parameter, changed, parameters

TREE = QueryTree(AddressSpace())
ON_WIRE = [p for p in parameters() if p.on_wire]


def node(path: str, attribute: str = "", settings: Settings | None = None) -> dict[str, Any]:
    told = TREE.answer(path, attribute, settings or Settings())
    assert told is not None
    return told


def walk(at: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield at
    for inner in at.get("CONTENTS", {}).values():
        yield from walk(inner)


def test_the_whole_tree_is_strict_json_and_holds_every_address_once() -> None:
    text = json.dumps(node("/"), allow_nan=False)
    paths = [n["FULL_PATH"] for n in walk(json.loads(text))]
    assert len(paths) == len(set(paths))
    sent = [m.address for kind in STREAMS.values() for m in kind.messages if "<" not in m.address]
    assert {c.address for c in COMMANDS} | {p.address for p in ON_WIRE} | set(sent) <= set(paths)


def test_every_node_is_answered_at_its_own_path_as_in_the_whole() -> None:
    for one in walk(node("/")):
        assert node(one["FULL_PATH"]) == one


@pytest.mark.parametrize("parameter", ON_WIRE, ids=lambda p: p.path)
def test_a_parameter_tells_all_that_a_fader_needs(parameter: Parameter) -> None:
    told = node(parameter.address)
    assert told["TYPE"] == parameter.tag
    assert told["VALUE"] == told["DEFAULT"] == [parameter.to_wire(Settings())]
    assert told["ACCESS"] == (3 if parameter.live else 1)
    assert told["DESCRIPTION"] == parameter.doc
    ranges = told.get("RANGE", [{}])[0]
    if parameter.choices:
        assert ranges == {"VALS": list(parameter.choices)}
    elif isinstance(parameter.of(Settings()), bool):
        assert ranges == {"VALS": [0, 1]}
    else:
        assert (ranges.get("MIN"), ranges.get("MAX")) == (parameter.low, parameter.high)
        assert ("CLIPMODE" in told) == (parameter.low is not None)
    assert ("UNIT" in told) == bool(parameter.unit)
    assert told.get("SCALE", ["linear"]) == [parameter.scale]


def test_units_have_the_names_of_the_proposal() -> None:
    assert node("/ear/listen/gain_db")["UNIT"] == ["gain.db"]
    assert node("/ear/dream/time_shift_s")["UNIT"] == ["time.second"]
    assert node("/ear/transport/lookahead_ms")["UNIT"] == ["time.ms"]


def test_a_command_is_written_only_and_names_its_arguments() -> None:
    told = node("/ear/select/circle")
    assert (told["ACCESS"], told["TYPE"]) == (2, "ffffs")
    assert told["EXTENDED_TYPE"] == ["x", "y", "radius", "weight", "name"]
    assert "VALUE" not in told


def test_what_is_sent_is_read_only() -> None:
    assert (node("/ear/beat")["ACCESS"], node("/ear/beat")["TYPE"]) == (1, "iiff")
    assert node("/ear/activations")["TYPE"] == "iiiiib"


def test_values_are_those_in_force_everywhere_in_the_tree() -> None:
    settings = changed(Settings(), {"dream.step_size": 7.5})
    assert node("/ear/dream/step_size", "VALUE", settings) == {"VALUE": [7.5]}
    assert node("/", "", settings)["CONTENTS"]["ear"]["CONTENTS"]["dream"]["CONTENTS"]["step_size"]["VALUE"] == [7.5]
    assert node("/ear/dream", "CONTENTS", settings)["CONTENTS"]["step_size"]["VALUE"] == [7.5]
    before = node("/ear/dream", settings=settings)
    assert node("/ear/dream/step_size")["VALUE"] == [4.0]
    assert before["CONTENTS"]["step_size"]["VALUE"] == [7.5], "what one reader was told is not changed by another's"


@pytest.mark.parametrize(
    "path, attribute", [("/ear/dream", "VALUE"), ("/ear/sync", "RANGE"), ("/", "TYPE"), ("/ear/beat", "NONSENSE")]
)
def test_an_attribute_that_a_node_lacks_is_no_answer(path: str, attribute: str) -> None:
    assert TREE.answer(path, attribute, Settings()) is None


@pytest.mark.parametrize("path", ["/ear/nope", "/nope", "/ear/dream/step_size/more", "/ear//dream", "/CONTENTS"])
def test_what_is_not_there_is_a_404(path: str) -> None:
    with pytest.raises(BridgeError) as caught:
        TREE.answer(path, "", Settings())
    assert caught.value.code == 404


def test_host_info_tells_both_ways_in() -> None:
    told = host_info("10.0.0.5", 9870, 9871)
    assert (told["OSC_IP"], told["OSC_PORT"], told["OSC_TRANSPORT"]) == ("10.0.0.5", 9870, "UDP")
    assert (told["WS_IP"], told["WS_PORT"]) == ("10.0.0.5", 9871)
    assert told["EXTENSIONS"]["LISTEN"] is True


@pytest.mark.parametrize(
    "address, stream",
    [
        ("/ear/level/peak", "levels"), ("/ear/activations", "activations"), ("/ear/beat", "transport"),
        ("/ear/dream/progress", "dream"), ("/ear/neurons", None), ("/ear/clip/ready", None), ("/ear/hello", None),
    ],
)  # fmt: skip
def test_an_address_is_listened_to_through_its_stream(address: str, stream: str | None) -> None:
    assert stream_of(address) == stream
