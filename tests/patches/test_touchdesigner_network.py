"""The TouchDesigner patch's network, built in a stub that has only documented operators, parameters and menus."""

from __future__ import annotations

import ast
import inspect
import shutil
import sys

import pytest

from oscbridge.osc import packets

from .td_operators import CALLBACKS, SWITCHES
from .td_patch import FOLDER, TEXTS, built, client_of, run_build
from .td_stub import Kind, Op, Td


def everything(comp: Op) -> list[Op]:
    return [comp, *(op for child in comp.children for op in everything(child))]


def test_one_line_in_the_textport_builds_it_all(monkeypatch, capsys):
    td = Td()
    there = run_build(monkeypatch, td, path=str(FOLDER / "build.py"))
    assert td.project1.op("oscbridge") is there["built"]
    said = capsys.readouterr().out
    assert "built /project1/oscbridge" in said and "by hand" not in said, said


@pytest.mark.parametrize("relative", [False, True])
def test_or_the_file_dragged_in_and_run(monkeypatch, relative):
    td = Td(project_folder=str(FOLDER.parent))
    home = td.root.create(Kind("baseCOMP"), "show")
    dat = home.create(Kind("textDAT"), "build")
    dat.par.file = "touchdesigner/build.py" if relative else str(FOLDER / "build.py")
    run_build(monkeypatch, td, me=dat)
    assert home.op("oscbridge") is not None


def test_or_a_folder_is_asked_for(monkeypatch, capsys):
    td = Td(chosen=str(FOLDER))
    assert run_build(monkeypatch, td)["built"] is td.project1.op("oscbridge")
    assert run_build(monkeypatch, Td(chosen=""))["built"] is None
    assert "no folder was chosen" in capsys.readouterr().out


def test_a_parameter_that_this_version_lacks_is_told_and_the_rest_is_built(monkeypatch, capsys):
    from . import td_stub

    lacking = {k: v for k, v in td_stub.PARAMETERS["mathCHOP"].items() if k != "interppars"}
    monkeypatch.setitem(td_stub.PARAMETERS, "mathCHOP", lacking)
    comp = built(monkeypatch)
    assert comp.op("out5") is not None
    assert "set by hand: gain_a (mathCHOP): interppars = 1" in capsys.readouterr().out


def test_every_expression_leads_somewhere(monkeypatch):
    comp = built(monkeypatch)
    found = [(op, par) for op in everything(comp) for par in op.par.pars.values() if par.expr]
    assert len(found) >= 12
    for op, par in found:
        assert par.eval() is not None, f"{op.path}: {par.name} = {par.expr}"


def test_names_in_parameters_are_operators_of_the_network(monkeypatch):
    comp = built(monkeypatch)
    for op in everything(comp):
        for name in ("callbacks", "camera", "geometry"):
            par = op.par[name]
            if par is not None and par.eval():
                assert op.sibling(par.eval()) is not None, f"{op.path}: {name} = {par.eval()}"


def test_operators_are_fed_and_stand_apart(monkeypatch):
    comp = built(monkeypatch)
    places = [(op.nodeX, op.nodeY) for op in comp.children]
    assert len(set(places)) == len(places)
    for op in comp.children:
        if op.type not in ("scriptTOP", "renderTOP") and op.inputConnectors:
            assert op.inputConnectors[0].source is not None, op.path
    fed = {c.source for op in comp.children for c in op.inputConnectors if c.source is not None}
    for op in comp.children:
        if op.family in ("TOP", "CHOP") and not op.name.startswith("out") and op.name != "sound":
            assert op in fed or op.name == "layout", f"{op.path} leads nowhere"


def test_neurons_are_instances_of_the_textures(monkeypatch):
    comp = built(monkeypatch)
    geometry = comp.op("neurons")
    assert geometry.par.instanceop.eval() is comp.op("layout")
    assert geometry.par.instancecolorop.eval() is comp.op("colours")
    assert geometry.par.instancesop.eval() is comp.op("bright")
    assert [c.type for c in geometry.children] == ["rectangleSOP"], "the torus is gone"
    assert geometry.children[0].par.sizex.eval() == comp.par.Size.eval()
    assert geometry.children[0].render and geometry.children[0].display


def test_callbacks_have_the_names_and_arguments_that_touchdesigner_calls(monkeypatch):
    comp = built(monkeypatch)
    seen = set()
    for op in comp.children:
        if op.type not in CALLBACKS:
            continue
        dat = op if op.type.startswith(("execute", "parameterexecute")) else op.sibling(op.par.callbacks.eval())
        functions = {n: f for n, f in vars(dat.module).items() if inspect.isfunction(f)}
        for name, function in functions.items():
            assert tuple(inspect.signature(function).parameters) == CALLBACKS[op.type][name], f"{dat.path}: {name}"
            if op is dat:
                assert op.par[SWITCHES[name]].eval() == 1, f"{name} is never called"
        assert functions
        seen.add(op.type)
    assert seen == set(CALLBACKS)


def test_controls_have_the_daemons_ranges(monkeypatch):
    par = built(monkeypatch).par
    assert (par.Dreamstepsize.normMin, par.Dreamstepsize.normMax, par.Dreamstepsize.eval()) == (0, 40, 4.0)
    assert par.Dreamstepsize.clampMax and par.Dreamstepsize.max == 40
    assert par.Dreamobjective.menuNames == ["activate", "match", "style", "classify", "predict"]
    assert par.Status.readOnly


def test_building_again_keeps_what_was_set(monkeypatch):
    td = Td()
    first = run_build(monkeypatch, td, path=str(FOLDER / "build.py"))["built"]
    first.par.Host, first.par.Gain, first.par.Dreamstepsize = "10.0.0.5", 3.0, 9.0
    second = run_build(monkeypatch, td, path=str(FOLDER / "build.py"))["built"]
    assert second is not first and [c.name for c in td.project1.children] == ["oscbridge"]
    assert (second.par.Host.eval(), second.par.Gain.eval()) == ("10.0.0.5", 3.0)
    assert second.par.Dreamstepsize.eval() == 4.0, "the daemon tells it"


@pytest.mark.parametrize("name", [*TEXTS, "build"])
def test_the_texts_run_in_touchdesigners_python(name):
    """3.9 in TouchDesigner 2022, 3.11 since 2023; it has numpy, and no package of ours."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert text.isascii(), "`open` on Windows does not expect UTF-8"
    tree = ast.parse(text, feature_version=(3, 9))
    imported = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    extra = imported - sys.stdlib_module_names
    assert extra <= ({"td"} if name == "build" else {"numpy"}), extra


def test_the_component_needs_no_files_once_it_is_built(monkeypatch, tmp_path):
    for name in (*TEXTS, "build"):
        shutil.copy(FOLDER / f"{name}.py", tmp_path)
    comp = run_build(monkeypatch, Td(), path=str(tmp_path / "build.py"))["built"]
    for file in tmp_path.iterdir():
        file.unlink()
    client = client_of(comp)
    assert client.status() == "waiting for oscbridge at 127.0.0.1:9870"


# what the client does with single messages; the conversation is tested with the daemon


@pytest.fixture
def comp(monkeypatch) -> Op:
    comp = built(monkeypatch)
    client = client_of(comp)
    client.said = []
    client.send = lambda *say: client.said.append(say)
    return comp


def hear(comp: Op, address: str, *args: object) -> None:
    dat = comp.op("datagrams")
    dat.sibling(dat.par.callbacks.eval()).module.onReceive(dat, 0, "", packets.encode(address, *args), None)


def turn(comp: Op, name: str, value: object) -> None:
    comp.par[name].val = value
    comp.op("controls").module.onValueChange(comp.par[name], None)


def test_a_control_turns_a_parameter_and_follows_it(comp):
    client = client_of(comp)
    hear(comp, "/ear/dream/step_size", 4.0)
    turn(comp, "Dreamstepsize", 7.5)
    assert client.said == [("/ear/dream/step_size", 7.5)]
    hear(comp, "/ear/dream/step_size", 2.0)
    assert comp.par.Dreamstepsize.eval() == 2.0
    turn(comp, "Dreamstepsize", 2.0)
    assert len(client.said) == 1, "no echo"


def test_buttons_dream_and_select(comp):
    client, pulse = client_of(comp), comp.op("controls").module.onPulse
    for name, value in (("Selectx", 0.5), ("Selecty", -0.25), ("Selectradius", 0.125)):
        turn(comp, name, value)
    for name in ("Selectcircle", "Dreamstart", "Dreamstop", "Dreamrestart", "Selectclear", "Layoutstart"):
        pulse(comp.par[name])
    assert client.said == [
        ("/ear/select/circle", 0.5, -0.25, 0.125, 1.0, "touchdesigner"),
        ("/ear/dream/start",),
        ("/ear/dream/stop",),
        ("/ear/dream/restart",),
        ("/ear/select/clear",),
        ("/ear/layout/start",),
    ]


def test_what_is_refused_is_in_the_log_and_classes_in_their_table(comp):
    hear(comp, "/ear/fail", "/ear/dream/start", 409, "nothing is selected")
    assert "/ear/dream/start 409 nothing is selected" in comp.op("log").text
    hear(comp, "/ear/classes", "guitar", 0.75, "piano", 0.125)
    assert comp.op("classes").rows == [["guitar", "0.750"], ["piano", "0.125"]]
    for number in range(50):
        hear(comp, "/ear/fail", "/ear/x", 400, str(number))
    assert len(comp.op("log").text.splitlines()) == 20


def test_a_message_with_wrong_arguments_is_logged_and_the_next_is_heard(comp):
    hear(comp, "/ear/activations", 1, 2)
    hear(comp, "/ear/clip/ready", 1)
    hear(comp, "/ear/layout/ready", "odd")
    hear(comp, "/ear/dream/step_size", 3.0)
    assert comp.op("log").text.count("\n") == 2 and comp.par.Dreamstepsize.eval() == 3.0


def test_a_clip_that_is_not_there_is_answered_with_failed(comp):
    client, now = client_of(comp), [100.0]
    client.clock = lambda: now[0]
    hear(comp, "/ear/clip/ready", 3, "0" * 64, "", "/nowhere/3.wav", 44_100, 9, 1, 0.5)
    player = comp.op("clip_a")
    assert (player.par.file.eval(), player.par.cue.eval(), player.par.play.eval()) == ("/nowhere/3.wav", 1, 0)
    comp.op("frame").module.onFrameStart(1)
    assert not [s for s in client.said if s[0].startswith("/ear/clip")], "it is given a moment"
    now[0] += 0.25
    comp.op("frame").module.onFrameStart(2)
    assert client.said[-1] == ("/ear/clip/failed", 3, "cannot read /nowhere/3.wav")


def test_clips_can_be_left_to_others(comp):
    client = client_of(comp)
    hear(comp, "/ear/welcome", "oscbridge", 1, 0, 7, "", "ear", 1, 30)
    assert any(say[1] == "clips" for say in client.said if say[0] == "/ear/subscribe")
    for number in range(len(client.session.wishes)):
        hear(comp, "/ear/done", "/ear/subscribe", 60 + number, 10.0)
    turn(comp, "Play", 0)
    assert client.said[-1][0] == "/ear/unsubscribe"
    turn(comp, "Play", 1)
    assert client.said[-1][:2] == ("/ear/subscribe", "clips")


def test_a_filter_darkens_what_the_last_subscription_left(comp):
    client = client_of(comp)
    hear(comp, "/ear/welcome", "oscbridge", 1, 0, 7, "", "ear", 1, 30)
    for number in range(len(client.session.wishes)):
        hear(comp, "/ear/done", "/ear/subscribe", 60 + number, 10.0)
    turn(comp, "Filter", "3-5")
    assert client.said[-1] == ("/ear/subscribe", "activations", "u8", 0, 0.0, 0.0, "3-5")
    hear(comp, "/ear/activations", 7, 1, 0, 1, 0, bytes([9] * 30))  # was on its way
    hear(comp, "/ear/done", "/ear/subscribe", 99, 10.0)
    for frame in (2, 3):
        hear(comp, "/ear/activations", 7, frame, 0, 1, 5, b"\x08")
    assert client.frames.values.nonzero()[0].tolist() == [5]


def test_other_ports_are_listened_on_and_told_and_the_old_streams_end(comp):
    client, source = client_of(comp), client_of(comp).socket
    hear(comp, "/ear/welcome", "oscbridge", 1, 0, 7, "", "ear", 1, 30)
    hear(comp, "/ear/done", "/ear/subscribe", 60, 10.0)
    turn(comp, "Replyport", 7100)
    assert client.said[-1] == ("/ear/unsubscribe", 60)
    assert client.socket is not source and source.fileno() == -1, "a client of its own"
    comp.op("frame").module.onFrameStart(1)
    assert client.said[-1] == ("/ear/hello", "TouchDesigner", 7100)
    assert comp.op("datagrams").par.port.eval() == 7100
    turn(comp, "Levelsport", 7200)
    hear(comp, "/ear/welcome", "oscbridge", 1, 0, 7, "", "ear", 1, 30)
    assert {say[3] for say in client.said[-12:] if say[:2] == ("/ear/subscribe", "levels")} == {7200}
    assert comp.op("levels").par.port.eval() == 7200
