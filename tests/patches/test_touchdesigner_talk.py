"""The pure part of the TouchDesigner patch: session, clip decks and parameters."""

from __future__ import annotations

import pytest

from oscbridge.settings import parameters

from .td_patch import pure

talk = pure("oscbridge_talk")

WELCOME = ["oscbridge", 1, 0, 77, "http://127.0.0.1:9871", "ear-1", 2, 30]


def session(*streams: str):
    return talk.Session("td", 7000, [talk.Wish(s) for s in streams or ("levels", "clips")])


def welcomed(*streams: str, epoch: int = 77):
    one = session(*streams)
    one.tick(0.0)
    one.heard("/ear/welcome", [*WELCOME[:3], epoch, *WELCOME[4:]], 0.1)
    for number in range(len(one.wishes)):
        one.heard("/ear/done", ["/ear/subscribe", 40 + number, 10.0], 0.2)
    return one


def test_hello_is_said_with_the_reply_port_until_it_is_answered():
    one = session()
    said = [t for t in range(50) if one.tick(t / 10)]
    assert said == [0, 10, 20, 30, 40]
    assert one.tick(5.0) == [("/ear/hello", "td", 7000)]
    answers = one.heard("/ear/welcome", WELCOME, 5.1)
    assert answers[0] == ("/ear/layers",)
    assert [a[:2] for a in answers[1:]] == [("/ear/subscribe", "levels"), ("/ear/subscribe", "clips")]
    assert (one.epoch, one.neurons, one.layers, one.model) == (77, 30, 2, "ear-1")


def test_leases_are_kept_every_three_seconds():
    one = welcomed()
    said = []
    for tenth in range(2, 100):
        one.heard("/ear/alive", [77, 1, 1, 1, 1], tenth / 10)
        said += [(tenth / 10, *say) for say in one.tick(tenth / 10)]
    assert [s[1] for s in said] == ["/ear/sync"] * 3
    assert [s[0] for s in said] == [3.0, 6.0, 9.0]


def test_three_seconds_without_alive_bring_hello_again_and_no_stream_twice():
    one = welcomed()
    assert one.tick(3.05) == [("/ear/sync", 0)]
    assert one.tick(3.2) == [("/ear/hello", "td", 7000)]
    answers = one.heard("/ear/welcome", WELCOME, 3.3)
    assert answers[:2] == [("/ear/unsubscribe", 40), ("/ear/unsubscribe", 41)]
    assert [a[0] for a in answers[2:]] == ["/ear/layers", "/ear/subscribe", "/ear/subscribe"]


def test_another_epoch_brings_hello_again_and_what_was_known_is_void():
    one = welcomed()
    one.heard("/ear/layer", [0, "scalogram", 5, 1, 3], 1.0)
    one.heard("/ear/alive", [78, 1, 1, 1, 1], 1.0)
    assert one.tick(1.01) == [("/ear/hello", "td", 7000)]
    answers = one.heard("/ear/welcome", [*WELCOME[:3], 78, *WELCOME[4:]], 1.1)
    assert answers[0] == ("/ear/layers",), "ids of another epoch are not unsubscribed"
    assert one.epoch == 78 and not one.firsts


def test_two_answers_to_two_hellos_subscribe_once():
    assert welcomed().heard("/ear/welcome", WELCOME, 0.3) == []


def test_a_daemon_that_does_not_know_us_any_more_is_greeted_again():
    one = welcomed()
    one.heard("/ear/fail", ["/ear/select/clear", 403, "say hello first"], 1.0)
    assert one.tick(1.01) == [("/ear/hello", "td", 7000)]


def test_a_stream_is_wanted_otherwise_and_dropped():
    one = welcomed("levels", "activations")
    assert one.want(talk.Wish("activations", "u8", 0, 0.0, "3-5")) == [
        ("/ear/unsubscribe", 41),
        ("/ear/subscribe", "activations", "u8", 0, 0.0, 0.0, "3-5"),
    ]
    one.heard("/ear/done", ["/ear/subscribe", 50, 10.0], 2.0)
    assert one.drop("activations") == [("/ear/unsubscribe", 50)]
    assert one.leave() == [("/ear/unsubscribe", 40)]


def test_a_refused_filter_does_not_shift_the_numbers():
    one = session("levels", "activations", "clips")
    one.tick(0.0)
    one.heard("/ear/welcome", WELCOME, 0.1)
    one.heard("/ear/done", ["/ear/subscribe", 1, 10.0], 0.2)
    one.heard("/ear/fail", ["/ear/subscribe", 422, "no layer 99"], 0.2)
    one.heard("/ear/done", ["/ear/subscribe", 2, 10.0], 0.2)
    assert one.drop("clips") == [("/ear/unsubscribe", 2)]


# clips


def test_a_clip_is_loaded_told_and_started_on_time_and_the_next_goes_into_the_other_deck():
    decks = talk.Decks()
    assert decks.ready(1, "/clips/1.wav", "http://x/1.wav", 0.0) == [("load", "a", 1, "/clips/1.wav")]
    assert decks.opening() == "a"
    assert decks.opened("a") == [("say", "/ear/clip/loaded", 1)] and not decks.opening()
    assert decks.activate(1, 2.0, 1.8) == [] and decks.tick(1.9) == []
    assert decks.tick(1.995) == [("start", "a", 1), ("say", "/ear/clip/started", 1)], "the nearest frame"
    assert decks.ready(2, "", "http://x/2.wav", 3.0) == [("load", "b", 2, "http://x/2.wav")], "by URL from elsewhere"
    decks.opened("b")
    decks.activate(2, 4.0, 3.8)
    assert decks.tick(4.0) == [("start", "b", 2), ("say", "/ear/clip/started", 2)]


def test_the_decks_cross_and_add_up_to_one():
    decks = talk.Decks(fade_s=0.04)
    for clip, deck, at in ((1, "a", 1.0), (2, "b", 2.0)):
        decks.ready(clip, "x", "", at - 0.5)
        decks.opened(deck)
        decks.activate(clip, at, at - 0.2)
        decks.tick(at)
    for late, share in ((0.0, 0.0), (0.01, 0.25), (0.02, 0.5), (0.04, 1.0), (9.0, 1.0)):
        assert decks.gain("b", 2.0 + late) == pytest.approx(share)
        assert decks.gain("a", 2.0 + late) == pytest.approx(1 - share)
    assert talk.Decks().gain("a", 1.0) == 0


def test_a_newer_clip_does_not_take_the_place_of_one_that_is_about_to_start():
    decks = talk.Decks()
    decks.ready(1, "1", "", 0.0)
    decks.opened("a")
    decks.activate(1, 1.0, 0.8)
    assert decks.ready(2, "2", "", 0.9) == []
    assert decks.ready(3, "3", "", 0.95) == []
    assert decks.tick(1.0)[0] == ("start", "a", 1)
    assert decks.tick(1.01) == [] and decks.ready(4, "4", "", 1.02) == [], "the other deck still fades out"
    assert decks.tick(1.05) == [("load", "b", 4, "4")], "the newest of those that waited"


def test_a_newer_clip_waits_for_one_that_may_be_activated_any_moment():
    decks = talk.Decks()
    decks.ready(1, "1", "", 0.0)
    decks.opened("a")
    assert decks.ready(2, "2", "", 0.5) == [] and decks.tick(0.6) == []
    decks.activate(1, 1.0, 0.8)
    assert decks.tick(1.0)[0] == ("start", "a", 1), "on time"
    assert decks.tick(1.05) == [("load", "b", 2, "2")]


def test_a_newer_clip_replaces_one_that_nobody_activates():
    decks = talk.Decks()
    decks.ready(1, "1", "", 0.0)
    decks.opened("a")
    decks.ready(2, "2", "", 0.5)
    assert decks.tick(1.4) == [] and decks.tick(1.6) == [("load", "a", 2, "2")]
    assert decks.activate(1, 2.0, 1.8) == [("load", "a", 1, "1")], "activated all the same: it is loaded again"
    assert decks.tick(2.0) == []
    decks.opened("a")
    assert decks.tick(2.1)[0] == ("start", "a", 1), "late, but it plays"


def test_a_clip_that_cannot_be_opened_is_told_and_the_running_one_loops_on():
    decks = talk.Decks()
    decks.ready(1, "1", "", 0.0)
    decks.opened("a")
    decks.activate(1, 1.0, 0.9)
    decks.tick(1.0)
    decks.ready(2, "gone", "", 2.0)
    assert decks.failed("b", "no such file") == [("say", "/ear/clip/failed", 2, "no such file")]
    assert decks.tick(3.0) == [] and decks.playing == "a" and decks.gain("a", 3.0) == 1


def test_a_clip_that_plays_already_or_was_never_announced():
    decks = talk.Decks()
    decks.ready(1, "1", "", 0.0)
    decks.opened("a")
    decks.activate(1, 1.0, 0.9)
    decks.tick(1.0)
    assert decks.ready(1, "1", "", 2.0) == [("say", "/ear/clip/loaded", 1)], "after a new hello"
    assert decks.activate(1, 3.0, 2.9) == [] and decks.tick(3.0) == []
    assert decks.activate(9, 3.0, 2.9) == [("say", "/ear/clip/failed", 9, "it was not announced here")]
    assert decks.ready(1, "other/1", "", 4.0)[0][:3] == ("load", "b", 1), "another daemon's clip of that number"


def test_files_are_remembered_but_not_without_end():
    decks = talk.Decks()
    for clip in range(1, 500):
        decks.ready(clip, str(clip), "", float(clip))
    assert len(decks.files) <= 64 and 499 in decks.files


def test_the_time_of_a_change_is_the_daemons_where_the_clocks_agree():
    unix = 1_800_000_000
    assert talk.moment_of(unix, 500_000, 0.2, unix + 0.310, 50.0) == pytest.approx(50.190), "10 ms late: not counted"
    assert talk.moment_of(unix, 500_000, 0.2, unix + 40.0, 50.0) == pytest.approx(50.2), "another machine's clock"


# parameters


def test_every_row_is_as_the_daemon_declares_it():
    declared = {p.address: p for p in parameters()}
    assert {row[0] for row in talk.PARAMETERS} >= {
        a for a, p in declared.items() if a.startswith("/ear/dream/") and p.live
    }
    for address, kind, low, high, default, choices in talk.PARAMETERS:
        parameter = declared[address]
        assert parameter.field.default == default and type(parameter.field.default) is type(default), address
        assert parameter.choices == choices and parameter.live, address
        assert parameter.tag == {"int": "i", "float": "f"}.get(kind, "s"), address
        if kind in ("int", "float"):
            assert (parameter.low, parameter.high) == (low, high), address


def test_controls_have_names_that_touchdesigner_takes_and_that_differ():
    names = [talk.control_of(row[0]) for row in talk.PARAMETERS]
    assert len(set(names)) == len(names)
    assert all(n.isalnum() and n == n.capitalize() for n in names)
    assert talk.control_of("/ear/dream/step_size") == "Dreamstepsize"


def test_what_the_daemon_tells_is_set_and_not_sent_back():
    controls = talk.Parameters()
    assert controls.turned("Dreamstepsize", 9.0) is None, "before the daemon has told its value"
    assert controls.came("/ear/dream/step_size", 4.0) == ("Dreamstepsize", 4.0)
    assert controls.turned("Dreamstepsize", 4.0) is None
    assert controls.came("/ear/dream/step_size", 4.0) is None
    assert controls.came("/ear/somewhere", 4.0) is None and controls.turned("Gain", 2.0) is None


def test_what_is_turned_is_sent_once_and_its_echo_changes_nothing():
    controls = talk.Parameters()
    controls.came("/ear/dream/step_size", 4.0)
    assert controls.turned("Dreamstepsize", 7.1) == ("/ear/dream/step_size", 7.1)
    assert controls.turned("Dreamstepsize", 7.1) is None
    assert controls.came("/ear/dream/step_size", 7.099999904632568) is None, "as a 32-bit float"
    assert controls.came("/ear/dream/step_size", 5.0) == ("Dreamstepsize", 5.0), "clamped: the control follows"


def test_values_go_in_their_own_types():
    controls = talk.Parameters()
    for address, value in (("/ear/dream/views", 1), ("/ear/dream/width", 1.0), ("/ear/dream/origin", "noise")):
        controls.came(address, value)
    assert controls.turned("Dreamviews", 3.0) == ("/ear/dream/views", 3)
    assert isinstance(controls.turned("Dreamwidth", 0)[1], float)
    assert controls.turned("Dreamorigin", "silence") == ("/ear/dream/origin", "silence")
