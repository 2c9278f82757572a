"""The scripts of the patches for Max and Live: in the JavaScript that Max's [js] knows, and right by themselves."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.need import need

from .max_patches import LIVE, MAX

SCRIPTS = sorted({*MAX.glob("*.js"), LIVE / "ear.live.js"})
# runs an expression in the world that a script makes, without anything of Max
RUN = """
const vm = require("vm"), fs = require("fs");
const context = vm.createContext({said: [], outlet() { context.said.push(Array.from(arguments).flat()); }});
const [, file, before, expression] = process.argv;
vm.runInContext(before, context);
vm.runInContext(fs.readFileSync(file, "utf8"), context);
process.stdout.write(JSON.stringify(vm.runInContext(expression, context)) || "null");
"""


def evaluate(script: Path, expression: str, before: str = "") -> Any:
    node = need("node", package="nodejs")
    done = subprocess.run(
        [node, "-e", RUN, str(script), before, expression], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_it_is_in_the_javascript_of_2009(script: Path) -> None:
    """Max's [js] before version 9 knows nothing newer."""
    source = re.sub(r"//.*|\"(\\.|[^\"\\])*\"|/(\\.|[^/\\\n])+/[a-z]*", "", script.read_text())
    newer = re.findall(r"\b(?:let|const|class|async|await|of)\b|=>|`|\.\.\.|\?\?|\?\.|\*\*", source)
    assert newer == []
    assert re.search(r"^inlets = \d+;$", source, re.MULTILINE) and re.search(r"^outlets = \d+;$", source, re.MULTILINE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_what_is_above_the_line_knows_nothing_of_the_host(script: Path) -> None:
    above, below = re.split(r"^// In (?:Max|Live)$", script.read_text(), flags=re.MULTILINE)
    code = re.sub(r"//.*", "", above)
    assert not re.search(
        r"\b(outlet|post|messagename|jsarguments|JitterMatrix|Buffer|LiveAPI|arrayfromargs)\b\s*[(.\[]", code
    )
    assert "outlet(" in below


@pytest.mark.parametrize(
    ("given", "word"), [(9, "9-9"), ("9", "9-9"), ("", ""), ("-", ""), ("9:0-3", "9:0-3"), ("3,7", "3,7")]
)
def test_a_filter_never_looks_like_a_number(given: str | int, word: str) -> None:
    assert evaluate(MAX / "ear.session.js", f"filterOf({json.dumps(given)})") == word


def test_a_stream_that_is_not_wanted_any_more_is_ended_when_its_answer_comes() -> None:
    said = evaluate(
        MAX / "ear.session.js",
        """(function () {
            var s = new Session("Max", 7400);
            s.want("levels", "-", 30);
            s.welcome("oscbridge", 1, 0, 77, "", "ear-1", 28, 76959);
            var out = s.want("levels", "-", 10);
            return out.concat(s.done("/ear/subscribe", 1, 10), s.done("/ear/subscribe", 2, 10), s.unwant("levels"));
        })()""",
    )
    assert said == [
        [0, "/ear/subscribe", "levels", "", 0, 10, 10],
        [0, "/ear/unsubscribe", 1],
        [0, "/ear/unsubscribe", 2],
    ]


def test_a_refused_stream_leaves_the_others_in_order() -> None:
    said = evaluate(
        MAX / "ear.session.js",
        """(function () {
            var s = new Session("Max", 7400);
            s.want("classes", "-", 1);
            s.want("levels", "-", 1);
            s.welcome("oscbridge", 1, 0, 77, "", "ear-1", 27, 100);
            s.fail("/ear/subscribe", 404, "this network has no classes");
            s.done("/ear/subscribe", 5, 10);
            return s.wishes;
        })()""",
    )
    assert (said["classes"]["id"], said["levels"]["id"]) == (0, 5)


def test_paths_of_windows_are_written_as_max_reads_them() -> None:
    said = evaluate(MAX / "ear.clips.js", 'new Decks().ready(1, "", "", "C:\\\\clips\\\\1.wav", 44100, 100)')
    assert said == [[1, "replace", "C:/clips/1.wav"]]


def test_a_clip_that_plays_is_kept_under_a_name_with_its_number() -> None:
    said = evaluate(
        MAX / "ear.clips.js",
        """(function () {
            var d = new Decks();
            d.ready(7, "", "", "/7.wav", 44100, 100);
            d.read(0, 100);
            var early = d.keep("live");
            d.activate(7, 0, 0, 0);
            d.now();
            return early.concat(d.keep("live"), d.slot());
        })()""",
    )
    assert said == [[4, "refused", "no clip plays yet"], [0, "/ear/clip/keep", 7, "live-7"], [4, "slot", 7, "/7.wav"]]


@pytest.mark.parametrize(
    ("version", "known"),
    [([12, 0, 5], True), ([12, 1, 0], True), ([13, 0, 0], True), ([12, 0, 4], False), ([11, 3, 9], False)],
)
def test_audio_clips_are_made_from_the_version_that_has_them(version: list[int], known: bool) -> None:
    assert evaluate(LIVE / "ear.live.js", f"knowsAudioClips({version})") is known


LIVE_SET = """
var calls = [], version = [12, 1, 0];
var tracks = [
    {audio: 0, slots: [0, 0]},
    {audio: 1, slots: [1, 1, 0]},
    {audio: 1, slots: [0]}
];
function LiveAPI(path) {
    this.where = path === "this_device canonical_parent" ? "live_set tracks 1" : path;
    this.path = '"' + this.where + '"';
}
LiveAPI.prototype.track = function () { return tracks[Number(this.where.split(" ")[2])]; };
LiveAPI.prototype.getcount = function (what) { return what === "tracks" ? tracks.length : this.track().slots.length; };
LiveAPI.prototype.get = function (what) {
    if (what === "has_audio_input") return [this.track().audio];
    if (what === "has_clip") return [this.track().slots[Number(this.where.split(" ")[4])]];
    return [0];
};
LiveAPI.prototype.call = function (name, path) {
    var parts = ["get_major_version", "get_minor_version", "get_bugfix_version"];
    if (parts.indexOf(name) >= 0) return version[parts.indexOf(name)];
    calls.push([this.where, name, path]);
};
"""


def test_a_clip_goes_into_the_first_empty_slot_of_the_devices_own_track() -> None:
    expression = '(slot(7, "/clips/7.wav"), [calls, said])'
    calls, said = evaluate(LIVE / "ear.live.js", expression, LIVE_SET)
    assert calls == [["live_set tracks 1 clip_slots 2", "create_audio_clip", "/clips/7.wav"]]
    assert said == [[0, "set", "clip 7 is in live_set tracks 1 clip_slots 2"]]


def test_a_full_track_gives_way_to_the_next_audio_track_and_an_old_live_is_told_the_file() -> None:
    full = LIVE_SET + "tracks[1].slots = [1, 1];"
    assert evaluate(LIVE / "ear.live.js", '(slot(7, "/7.wav"), calls)', full)[0][0] == "live_set tracks 2 clip_slots 0"
    everywhere = full + "tracks[2].slots = [1];"
    calls, said = evaluate(LIVE / "ear.live.js", '(slot(7, "/7.wav"), [calls, said])', everywhere)
    assert calls == [] and "no empty slot" in said[0][2]
    calls, said = evaluate(
        LIVE / "ear.live.js", '(slot(7, "/7.wav"), [calls, said])', LIVE_SET + "version = [12, 0, 4];"
    )
    assert calls == [] and "/7.wav" in said[0][2]
