"""The address space: what an address or a pattern names, and what a command accepts."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oscbridge.daemon.session import Session
from oscbridge.errors import BridgeError
from oscbridge.osc.space import COMMANDS, AddressSpace, Command, matches
from oscbridge.settings import parameters

SPACE = AddressSpace()
ADDRESSES = list(SPACE.parameters)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.address)
def test_every_command_has_a_method_that_takes_just_its_arguments(command: Command):
    method = getattr(Session, f"do_{command.method}")
    names = list(inspect.signature(method).parameters.values())[2:]
    optional = [p.default is not inspect.Parameter.empty for p in names]
    assert optional == [a.startswith("[") for a in command.arguments]


def test_every_method_of_a_session_belongs_to_a_command():
    methods = {name.removeprefix("do_") for name in dir(Session) if name.startswith("do_")}
    assert methods == {c.method for c in COMMANDS}


def test_every_address_is_lower_case_words_under_one_root_and_has_one_meaning():
    addresses = [c.address for c in COMMANDS] + [p.address for p in parameters()]
    assert len(set(addresses)) == len(addresses)
    assert all(re.fullmatch(r"/ear(/[a-z][a-z0-9_]*)+", a) for a in addresses)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.address)
def test_every_command_says_what_it_does_and_answers(command: Command):
    assert command.doc.endswith(".") and command.answer.startswith("/ear/")
    assert all(re.fullmatch(r"\[?[ifs]:[a-z_]+\]?", a) for a in command.arguments)


def command(*arguments: str) -> Command:
    return Command("/ear/test", arguments, "/ear/done", "A test.")


@pytest.mark.parametrize(
    "word, value, expected",
    [
        ("i:n", 3, 3),
        ("i:n", 3.0, 3),
        ("i:n", True, 1),
        ("i:n", False, 0),
        ("i:n", -0.0, 0),
        ("f:x", 2, 2.0),
        ("f:x", 0.5, 0.5),
        ("f:x", True, 1.0),
        ("s:t", "a", "a"),
        ("[s:t]", "a", "a"),
    ],
)
def test_a_number_is_taken_as_the_kind_that_is_meant_if_nothing_is_lost(word, value, expected):
    (converted,) = command(word).check([value])
    assert converted == expected and type(converted) is type(expected)


@pytest.mark.parametrize(
    "word, value",
    [
        ("i:n", 0.5),
        ("i:n", "3"),
        ("i:n", float("inf")),
        ("i:n", float("nan")),
        ("i:n", b"3"),
        ("f:x", "0.5"),
        ("f:x", float("nan")),
        ("f:x", float("-inf")),
        ("f:x", b"x"),
        ("s:t", 3),
        ("s:t", b"abc"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_what_came_and_what_is_taken(word, value):
    with pytest.raises(BridgeError) as error:
        command(word).check([value])
    assert error.value.code == 400
    assert str(error.value).endswith(f"takes {word}")
    assert str(value)[:40] in str(error.value)


@pytest.mark.parametrize("arguments", [("s:a", "[i:b]"), ("s:a", "f:x", "[s:t]")])
def test_only_what_stands_in_brackets_may_be_left_out(arguments):
    given_ = {"s": "x", "i": 1, "f": 0.5}
    full = [given_[a.strip("[")[0]] for a in arguments]
    assert len(command(*arguments).check(full)) == len(full)
    assert len(command(*arguments).check(full[:-1])) == len(full) - 1
    for wrong in (full[:-2], [*full, 1]):
        with pytest.raises(BridgeError, match=f"{len(wrong)} arguments came") as error:
            command(*arguments).check(wrong)
        assert error.value.code == 400


def test_a_long_wrong_value_is_told_in_part_only():
    with pytest.raises(BridgeError) as error:
        command("i:n").check(["x" * 60_000])
    assert len(str(error.value)) < 100


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_parameters_own_address_names_it_alone(address):
    assert [p.address for p in SPACE.matching(address)] == [address]


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("/ear/stream/*", ["/ear/stream/normalize", "/ear/stream/gamma", "/ear/stream/floor"]),
        ("/ear/stream/?????", ["/ear/stream/gamma", "/ear/stream/floor"]),
        ("/ear/stream/[f-g]*", ["/ear/stream/gamma", "/ear/stream/floor"]),
        ("/ear/stream/[!f-g]*", ["/ear/stream/normalize"]),
        ("/ear/stream/{gamma,floor}", ["/ear/stream/gamma", "/ear/stream/floor"]),
        ("/*/*/gamma", ["/ear/stream/gamma"]),
        ("/ear/{listen,stream}/g*a*", ["/ear/listen/gain_db", "/ear/stream/gamma"]),
    ],
)
def test_a_pattern_names_what_it_matches(pattern, expected):
    assert [p.address for p in SPACE.matching(pattern)] == expected


@pytest.mark.parametrize(
    "pattern, address, expected",
    [
        ("/a/*", "/a/b/c", False),
        ("/a*", "/a/b", False),
        ("/*", "/", True),
        ("/a?c", "/abc", True),
        ("/a?c", "/ac", False),
        ("/[abc]", "/b", True),
        ("/[!abc]", "/b", False),
        ("/[!abc]", "/d", True),
        ("/[a-c]x", "/bx", True),
        ("/a.c", "/abc", False),
        ("/a+", "/aa", False),
        ("/(a|b)", "/a", False),
        ("/a^", "/a^", True),
        ("/[^a]", "/b", False),
        ("/{ab,cd}e", "/cde", True),
        ("/{ab,cd}e", "/ab", False),
        ("/{a.,b}", "/ac", False),
        ("/[", "/a", False),
        ("/[]", "/a", False),
        ("/{a", "/a", False),
        ("/a}", "/a}", True),
        ("/[z-a]", "/b", False),
        ("/\\d", "/1", False),
    ],
)
def test_osc_patterns_are_those_of_osc_and_not_regular_expressions(pattern, address, expected):
    assert matches(pattern, address) is expected


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.text(st.sampled_from("*?[]{}!-^,\\/.aeg_()|+$"), max_size=70))
def test_no_pattern_raises_anything_but_the_404_that_is_told(text):
    try:
        found = SPACE.matching("/ear/" + text)
    except BridgeError as error:
        assert error.code == 404
    else:
        assert found


def test_a_pattern_of_many_stars_is_not_worked_out():
    assert not matches("/" + "*" * 5, "/a")
    assert not matches("/" + "?" * 65, "/" + "a" * 65)


@pytest.mark.parametrize(
    "address, near",
    [
        ("/ear/stream/gama", "/ear/stream/gamma"),
        ("/ear/subscribed", "/ear/subscribe"),
        ("/ear/strem/floor", "/ear/stream/floor"),
    ],
)
def test_an_unknown_address_names_the_nearest(address, near):
    with pytest.raises(BridgeError) as error:
        SPACE.matching(address)
    assert (str(error.value), error.value.code) == (f"no such address; did you mean {near}?", 404)


@pytest.mark.parametrize("address", ["/live/song/get/tempo", "", "/" + "x" * 60_000])
def test_an_address_like_no_other_is_told_where_all_are_listed(address):
    with pytest.raises(BridgeError, match=r"^no such address; .*ADDRESSES\.md") as error:
        SPACE.matching(address)
    assert error.value.code == 404


def test_a_list_of_the_yaml_has_no_address():
    assert "/ear/server/allow" not in SPACE.parameters
    with pytest.raises(BridgeError):
        SPACE.matching("/ear/server/allow")
