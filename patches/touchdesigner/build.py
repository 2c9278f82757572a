"""Makes the component `oscbridge` in TouchDesigner: drag this file into a network, right-click the DAT, Run Script.

Or, in the Textport (Alt+T), with the path of this file:

    path = 'C:/.../patches/touchdesigner/build.py'; exec(open(path).read())

Run it again to build the component anew: what is set on its first page stays. Only ASCII here, as `open` on Windows
does not expect UTF-8.
"""

import os
import types

import td

NAME = "oscbridge"
SOURCES = ("oscbridge_td", "oscbridge_talk", "oscbridge_client")
SIZE = 1080  # pixels of the rendered picture, which is square
X, Y = 200, 150  # between two operators of the network


class Expression(str):
    """The value of a parameter that is an expression."""


def beside(name):
    """An operator of the component's own network, seen from any operator in it."""
    return Expression(f"parent().op('{name}')")


def control(name, depth=1):
    """A custom parameter of the component."""
    return Expression(f"parent({depth}).par.{name}")


CALLBACKS = {
    "udp_callbacks": """# Every datagram that is not a level comes here.
def onReceive(dat, rowIndex, message, bytes, peer):
    op('oscbridge_client').module.of(dat.parent()).received(bytes)
""",
    "top_callbacks": """# All Script TOPs share this; which one it is, its name tells.
def onSetupParameters(scriptOp):
    return


def onPulse(par):
    return


def onCook(scriptOp):
    op('oscbridge_client').module.of(scriptOp.parent()).cook(scriptOp)
""",
}
EXECUTES = {
    "frame": """def onFrameStart(frame):
    op('oscbridge_client').module.of(me.parent()).frame()
""",
    "controls": """def onValueChange(par, prev):
    op('oscbridge_client').module.of(par.owner).changed(par)


def onPulse(par):
    op('oscbridge_client').module.of(par.owner).pulsed(par)
""",
}

SQUARE = {"outputresolution": "custom", "resolutionw": SIZE, "resolutionh": SIZE}
PIXELS = {"inputfiltertype": "nearest", "filtertype": "nearest"}  # pixels are neurons: nothing may blend them
CLIP = {"playmode": "sequential", "play": 0, "repeat": "on", "cuepoint": 0, "volume": 1}
SCRIPT = dict(PIXELS, callbacks="top_callbacks")

# type, name, column and row, parameters, inputs
NETWORK = (
    ("tableDAT", "classes", (0, 6), {}, ()),
    ("textDAT", "log", (1, 6), {}, ()),
    (
        "udpinDAT", "datagrams", (0, 3),
        {"format": "permessage", "port": control("Replyport"), "callbacks": "udp_callbacks", "clamp": 1, "maxlines": 1},
        (),
    ),
    ("oscinCHOP", "levels", (0, 2), {"port": control("Levelsport")}, ()),
    ("scriptTOP", "activations", (2, 3), SCRIPT, ()),
    ("scriptTOP", "hues", (2, 2), SCRIPT, ()),
    ("scriptTOP", "layout", (2, 1), SCRIPT, ()),
    ("scriptTOP", "scalogram", (2, 0), {"callbacks": "top_callbacks"}, ()),
    ("levelTOP", "bright", (3, 3), dict(PIXELS, brightness1=control("Gain")), ("activations",)),
    ("compositeTOP", "colours", (4, 3), dict(PIXELS, operand="multiply"), ("bright", "hues")),
    (
        "constantMAT", "light", (4, 1),
        {"blending": 1, "srcblend": "one", "destblend": "one", "depthtest": 0, "depthwriting": 0},
        (),
    ),
    ("cameraCOMP", "camera", (5, 1), {"projection": "ortho", "orthowidth": control("View"), "tz": 4}, ()),
    (
        "geometryCOMP", "neurons", (5, 2),
        {
            "material": beside("light"), "instancing": 1, "instanceop": beside("layout"), "instanceactive": "a",
            "instancetx": "r", "instancety": "g", "instancesop": beside("bright"), "instancesx": "r",
            "instancesy": "r", "instancecolorop": beside("colours"), "instancecolormode": "replace",
            "instancer": "r", "instanceg": "g", "instanceb": "b",
        },
        (),
    ),
    (
        "renderTOP", "render", (6, 2),
        dict(SQUARE, camera="camera", geometry="neurons", lights="", format="rgba16float"),
        (),
    ),
    ("blurTOP", "blur", (7, 1), {"size": control("Glowsize")}, ("render",)),
    ("levelTOP", "glow", (8, 1), {"brightness1": control("Glow")}, ("blur",)),
    ("compositeTOP", "picture", (9, 2), {"operand": "add"}, ("render", "glow")),
    ("audiofileinCHOP", "clip_a", (2, -2), CLIP, ()),
    ("audiofileinCHOP", "clip_b", (2, -3), CLIP, ()),
    ("mathCHOP", "gain_a", (3, -2), {"gain": 0, "interppars": 1}, ("clip_a",)),
    ("mathCHOP", "gain_b", (3, -3), {"gain": 0, "interppars": 1}, ("clip_b",)),
    ("mathCHOP", "mix", (4, -2), {"chopop": "add"}, ("gain_a", "gain_b")),
    ("audiodeviceoutCHOP", "sound", (5, -2), {}, ("mix",)),
    ("outTOP", "out1", (10, 2), {}, ("picture",)),
    ("outTOP", "out2", (10, 3), {}, ("colours",)),
    ("outTOP", "out3", (10, 0), {}, ("scalogram",)),
    ("outCHOP", "out4", (10, -1), {}, ("levels",)),
    ("outCHOP", "out5", (10, -2), {}, ("mix",)),
    ("executeDAT", "frame", (1, 5), {"framestart": 1}, ()),
    (
        "parameterexecuteDAT", "controls", (2, 5),
        {"op": Expression("parent()"), "pars": "*", "custom": 1, "builtin": 0, "valuechange": 1, "onpulse": 1},
        (),
    ),
)  # fmt: skip
NEURON = ("rectangleSOP", "neuron", (0, 0), {"sizex": control("Size", 2), "sizey": control("Size", 2)}, ())

# kind, name, label, default, lowest, highest
CONNECTION = (
    ("text", "Status", "Status", "", 0, 0),
    ("text", "Host", "Host", "127.0.0.1", 0, 0),
    ("int", "Port", "Port", 9870, 1, 65535),
    ("int", "Replyport", "Answers To Port", 7000, 1, 65535),
    ("int", "Levelsport", "Levels To Port", 7001, 1, 65535),
    ("pulse", "Connect", "Connect Again", 0, 0, 0),
    ("text", "Filter", "Layer Filter", "", 0, 0),
    ("float", "Gain", "Gain", 1.0, 0, 8),
    ("float", "View", "View Width", 1.2, 0.05, 4),
    ("float", "Size", "Size", 0.007, 0.0005, 0.1),
    ("float", "Glow", "Glow", 0.8, 0, 4),
    ("int", "Glowsize", "Glow Size", 24, 1, 200),
    ("float", "Breathe", "Breathe", 0.0, 0, 1),
    ("float", "Moment", "Moment", 0.0, 0, 1),
    ("toggle", "Play", "Play Clips", 1, 0, 1),
    ("float", "Volume", "Volume", 1.0, 0, 1),
)
SELECT = (
    ("float", "Selectx", "X", 0.0, -1, 1),
    ("float", "Selecty", "Y", 0.0, -1, 1),
    ("float", "Selectradius", "Radius", 0.1, 0, 1),
    ("float", "Selectweight", "Weight", 1.0, -1, 1),
    ("pulse", "Selectcircle", "Select Circle", 0, 0, 0),
    ("pulse", "Selectclear", "Select Nothing", 0, 0, 0),
)
DREAM = tuple(("pulse", "Dream" + verb, "Dream " + verb.title(), 0, 0, 0) for verb in ("start", "stop", "restart"))
LAYOUT = tuple(("pulse", "Layout" + verb, "Layout " + verb.title(), 0, 0, 0) for verb in ("start", "stop"))


def folder():
    """Where the files beside this one are: told by the DAT it was dragged into, by `path`, or else by the user."""
    me = globals().get("me")
    dragged = getattr(getattr(me, "par", None), "file", None)
    for path in (dragged.eval() if dragged is not None else "", globals().get("path", "")):
        where = os.path.join(td.project.folder, os.path.dirname(str(path)))  # a DAT's file may be told from there
        if path and os.path.isfile(os.path.join(where, SOURCES[0] + ".py")):
            return where
    return td.ui.chooseFolder(title="The folder patches/touchdesigner of oscbridge")


def read(where, name):
    with open(os.path.join(where, name + ".py"), encoding="utf-8") as file:
        return file.read()


class Builder:
    """missing: what this version of TouchDesigner did not have; told at the end, to be set by hand."""

    def __init__(self, where):
        self.texts = {name: read(where, name) for name in SOURCES}
        self.missing = []

    def build(self, parent):
        """The component, in place of one that is there."""
        old = parent.op(NAME)
        kept = {}
        if old is not None:
            names = [name for kind, name, *_ in CONNECTION if kind != "pulse" and name != "Status"]
            kept = {name: old.par[name].eval() for name in names if old.par[name] is not None}
            old.destroy()
        comp = parent.create(td.baseCOMP, NAME)
        self.controls(comp)
        for name, value in kept.items():
            comp.par[name].val = value
        for column, (name, text) in enumerate(list(self.texts.items()) + list(CALLBACKS.items())):
            dat = self.operator(comp, "textDAT", name, (column, 7))
            self.set(dat, "language", "python")
            dat.text = text
        for kind, name, at, parameters, inputs in NETWORK:
            made = self.operator(comp, kind, name, at)
            for key, value in parameters.items():
                self.set(made, key, value)
            for index, source in enumerate(inputs):
                made.inputConnectors[index].connect(comp.op(source))
            if name in EXECUTES:
                made.text = EXECUTES[name]
        self.shape(comp.op("neurons"))
        self.set(comp, "nodeview", "opviewer")
        self.set(comp, "opviewer", "./out1")
        comp.viewer = True
        return comp

    def shape(self, geometry):
        """What every neuron looks like, in place of the torus that a new Geometry COMP holds."""
        for child in list(geometry.children):
            child.destroy()
        kind, name, at, parameters, _ = NEURON
        made = self.operator(geometry, kind, name, at)
        for key, value in parameters.items():
            self.set(made, key, value)
        made.render = made.display = True

    def operator(self, parent, kind, name, at):
        made = parent.create(getattr(td, kind), name)
        for dat in list(made.docked):
            dat.destroy()  # the empty callbacks that come with it
        made.nodeX, made.nodeY = at[0] * X, at[1] * Y
        return made

    def set(self, made, name, value):
        try:
            par = made.par[name]
            if par is None:
                raise AttributeError(name)
            if isinstance(value, Expression):
                par.expr = str(value)
            else:
                par.val = value
        except Exception as error:  # TouchDesigner's own kinds; one parameter less is no reason to stop
            self.missing.append(f"{made.name} ({made.type}): {name} = {value!r}: {error}")

    def controls(self, comp):
        """The custom parameters."""
        talk = types.ModuleType("oscbridge_talk")
        exec(self.texts["oscbridge_talk"], talk.__dict__)
        rows = {"stream": [], "listen": [], "dream": []}
        for address, kind, low, high, default, choices in talk.PARAMETERS:
            _, _, section, name = address.split("/")
            label = name.replace("_", " ").title()
            rows[section].append((kind, talk.control_of(address), label, default, low, high, choices))
        for title, content in (
            ("Oscbridge", CONNECTION),
            ("Ear", rows["stream"] + rows["listen"]),
            ("Select", SELECT + LAYOUT),
            ("Dream", list(DREAM) + rows["dream"]),
        ):
            page = comp.appendCustomPage(title)
            for row in content:
                self.control(page, *row)
        comp.par.Status.readOnly = True

    @staticmethod
    def control(page, kind, name, label, default, low, high, choices=()):
        make = {"text": page.appendStr, "int": page.appendInt, "float": page.appendFloat, "menu": page.appendMenu}
        make.update(pulse=page.appendPulse, toggle=page.appendToggle)
        par = make[kind](name, label=label)[0]
        if kind == "menu":
            par.menuNames = par.menuLabels = list(choices)
        elif kind in ("int", "float"):
            par.min, par.max, par.clampMin, par.clampMax = low, high, True, True
            par.normMin, par.normMax = low, min(high, 100) if high > 65535 else high
        if kind != "pulse":
            par.default = par.val = default


def run():
    where = folder()
    if not where:
        print("oscbridge: no folder was chosen; nothing was built")
        return None
    me = globals().get("me")
    home = me.parent() if getattr(getattr(me, "par", None), "file", None) is not None else td.op("/project1")
    builder = Builder(where)
    comp = builder.build(home or td.op("/"))
    print(f"oscbridge: built {comp.path}; start `oscbridge run` if it is not running")
    for line in builder.missing:
        print("oscbridge: set by hand: " + line)
    return comp


built = run()
