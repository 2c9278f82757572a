"""What the TouchDesigner patch may use: operator types, their parameters and menus, and the callbacks they call.

From docs.derivative.ca (the pages are named as the operators: OSC In CHOP, UDP In DAT, Script TOP, Geometry COMP, …)
and from the names in scripts that others run in TouchDesigner. Not all that an operator has, but nothing it has not.
"""

from __future__ import annotations

TOP_COMMON = {
    "outputresolution": ("useinput", "eighth", "quarter", "half", "2x", "4x", "8x", "fit", "limit", "custom"),
    "resolutionw": None,
    "resolutionh": None,
    "inputfiltertype": ("nearest", "linear", "mipmap"),
    "filtertype": ("nearest", "linear", "mipmap"),
    "fillmode": ("useinput", "fill", "width", "height", "best", "outside", "nativeres"),
    "npasses": None,
    "chanmask": None,
    "format": ("useinput", "rgba8fixed", "rgba16float", "rgba32float", "mono8fixed", "mono32float", "rg32float"),
}
OPERATE = ("add", "average", "difference", "divide", "inside", "maximum", "minimum", "multiply", "over", "screen")
BLEND = ("zero", "one", "sa", "omsa", "da", "omda", "scol", "omscol", "dcol", "omdcol", "sas")
SWITCH = (0, 1, True, False)
TEXT = {
    "file": None,
    "syncfile": SWITCH,
    "loadonstart": SWITCH,
    "language": ("input", "node", "python", "glsl", "text"),
}
OBJECT = dict.fromkeys(("tx", "ty", "tz", "rx", "ry", "rz", "sx", "sy", "sz", "scale", "lookat"))
COMP_COMMON = {"nodeview": ("default", "opviewer"), "opviewer": None, "externaltox": None}
EXECUTE = TEXT | {"active": SWITCH, "fromop": None}

# by type: parameter -> its menu, or None if it takes any value
PARAMETERS: dict[str, dict[str, tuple[object, ...] | None]] = {
    "baseCOMP": COMP_COMMON,
    "geometryCOMP": OBJECT
    | COMP_COMMON
    | {
        "material": None,
        "instancing": SWITCH,
        "instancecountmode": ("manual", "oplength"),
        "instanceop": None,
        "instanceactive": None,
        "instancecolormode": ("replace", "multiply", "add", "subtract"),
    }
    | {f"instance{what}op": None for what in ("t", "r", "s", "p", "color", "texcoord")}
    | {f"instance{what}{axis}": None for what in "trsp" for axis in "xyz"}
    | {f"instance{channel}": None for channel in "rgba"},
    "cameraCOMP": OBJECT
    | COMP_COMMON
    | {
        "projection": ("perspective", "ortho", "perspectiveortho", "custom"),
        "orthowidth": None,
        "near": None,
        "far": None,
    },
    "rectangleSOP": {"orient": ("xy", "yz", "zx"), "sizex": None, "sizey": None, "tx": None, "ty": None, "tz": None},
    "constantMAT": {
        "colorr": None,
        "colorg": None,
        "colorb": None,
        "alpha": None,
        "blending": SWITCH,
        "blendop": ("add", "subtract", "reversesubtract", "minimum", "maximum"),
        "srcblend": BLEND,
        "destblend": BLEND,
        "depthtest": SWITCH,
        "depthwriting": SWITCH,
    },
    "scriptTOP": TOP_COMMON | {"callbacks": None, "setuppars": None},
    "levelTOP": TOP_COMMON | {"brightness1": None, "gamma1": None, "contrast": None, "opacity": None, "invert": None},
    "compositeTOP": TOP_COMMON | {"operand": OPERATE, "top": None},
    "blurTOP": TOP_COMMON | {"size": None, "method": ("horzvert", "horz", "vert"), "type": None},
    "renderTOP": TOP_COMMON | {"camera": None, "geometry": None, "lights": None, "antialias": None, "render": SWITCH},
    "outTOP": TOP_COMMON | {"label": None},
    "outCHOP": {"label": None},
    "oscinCHOP": {"active": SWITCH, "protocol": None, "netaddress": None, "port": None, "oscaddressscope": None},
    "audiofileinCHOP": {
        "file": None,
        "reloadpulse": None,
        "play": SWITCH,
        "playmode": ("locked", "specify", "sequential", "timecodeop"),
        "speed": None,
        "cue": SWITCH,
        "cuepulse": None,
        "cuepoint": None,
        "repeat": ("off", "on"),
        "mono": SWITCH,
        "volume": None,
        "opentimeout": None,
    },
    "audiodeviceoutCHOP": {"active": SWITCH, "driver": None, "device": None, "volume": None},
    "mathCHOP": {
        "chopop": ("off", "add", "sub", "mul", "div", "avg", "min", "max", "len"),
        "preoff": None,
        "gain": None,
        "postoff": None,
        "interppars": SWITCH,
    },
    "tableDAT": TEXT,
    "textDAT": TEXT,
    "udpinDAT": {
        "protocol": ("msging", "multicastmsging"),
        "address": None,
        "port": None,
        "shared": None,
        "format": ("perbyte", "perline", "permessage"),
        "active": SWITCH,
        "callbacks": None,
        "executeloc": ("current", "callbacks", "op"),
        "fromop": None,
        "clamp": SWITCH,
        "maxlines": None,
        "clear": None,
        "bytes": SWITCH,
    },
    "executeDAT": EXECUTE | dict.fromkeys(("start", "create", "exit", "framestart", "frameend"), SWITCH),
    "parameterexecuteDAT": EXECUTE
    | {"op": None, "pars": None}
    | dict.fromkeys(("custom", "builtin", "valuechange", "valueschanged", "onpulse", "modechange"), SWITCH),
}

INPUTS = {"levelTOP": 1, "compositeTOP": 99, "blurTOP": 1, "outTOP": 1, "scriptTOP": 3}
INPUTS |= {"outCHOP": 1, "mathCHOP": 99, "audiodeviceoutCHOP": 1}

# what TouchDesigner calls, and with which arguments
CALLBACKS = {
    "udpinDAT": {"onReceive": ("dat", "rowIndex", "message", "bytes", "peer")},
    "scriptTOP": {"onSetupParameters": ("scriptOp",), "onPulse": ("par",), "onCook": ("scriptOp",)},
    "executeDAT": {"onFrameStart": ("frame",), "onFrameEnd": ("frame",), "onStart": (), "onCreate": (), "onExit": ()},
    "parameterexecuteDAT": {"onValueChange": ("par", "prev"), "onPulse": ("par",)},
}
SWITCHES = {"onFrameStart": "framestart", "onValueChange": "valuechange", "onPulse": "onpulse"}  # that turn them on
