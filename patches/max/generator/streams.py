"""One patch a stream: it asks for the stream, shows it and gives it on."""

from __future__ import annotations

from .client import wants
from .patcher import AMBER, BLUE, GREY, TEXT, VIOLET, WELL, Box, Patch

WIDE = 512.0
BARS = {"setminmax": [0.0, 1.0], "setstyle": 1, "ignoreclick": 1, "contdata": 1, "bgcolor": WELL}
LIST_HZ = 10  # of lists: a layer is up to 42 messages, and Max holds 2,048 before it forgets some
LAYERS = 28


def heading(patch: Patch, name: str, words: str) -> None:
    patch.card((0, 0, patch.width, patch.height))
    patch.note(name, (10, 6, len(name) * 8 + 12, 20), 13.0, TEXT, fontface=1)
    if words:
        patch.note(words, (110, 7, len(words) * 6 + 6, 20))


def bars(patch: Patch, seen: tuple[float, float, float, float], size: int, colour: list[float]) -> Box:
    return patch.ui("multislider", seen, size=size, slidercolor=colour, **BARS)


def chooser(patch: Patch, seen: tuple[float, float, float, float], first: int) -> Box:
    """A box for the number of a layer."""
    number = patch.ui("number", seen, minimum=0, maximum=LAYERS - 1, fontsize=12.0, textcolor=TEXT, bgcolor=WELL)
    patch.wire(patch.obj(f"loadmess {first}"), number)
    return number


def levels(names: str = "ear.") -> Patch:
    patch = Patch(WIDE, 190, names, "Mean and peak of every layer.")
    heading(patch, "levels", "mean of every layer above, peak below")
    wants(patch, "levels - 30.")
    route = patch.obj("route /ear/level/mean /ear/level/peak")
    patch.wire(patch.receives("from"), route)
    patch.wire((route, 0), bars(patch, (10, 30, 492, 88), LAYERS, AMBER))
    patch.wire((route, 1), bars(patch, (10, 122, 492, 34), LAYERS, BLUE))
    patch.note("one layer as a number, at the last outlet", (10, 163, 240, 20))
    number = chooser(patch, (256, 162, 50, 22), 9)
    one = patch.obj("zl.nth 10")
    count = patch.obj("+ 1")  # zl counts from 1
    patch.wire(number, count)
    patch.wire(count, (one, 1))
    patch.wire((route, 0), one)
    bar = patch.ui("slider", (316, 164, 186, 18), orientation=1, floatoutput=1, size=1.0, ignoreclick=1)
    patch.wire((one, 0), bar)
    for index, (source, what) in enumerate(
        (((route, 0), "mean of every layer"), ((route, 1), "peak of every layer"), ((one, 0), "the chosen layer"))
    ):
        patch.wire(source, patch.port("outlet", index + 1, f"{what}, 0 to 1"))
    return patch


def channels(names: str = "ear.") -> Patch:
    patch = Patch(WIDE, 130, names, "A number for every channel of a layer.")
    heading(patch, "channels", "of layer")
    number = chooser(patch, (166, 5, 50, 22), 9)
    patch.note("channels 0 to 255; those from 256 on below", (226, 7, 276, 20))
    patch.wire(number, patch.message("want channels - 20. $1"), patch.sends("want"))
    route = patch.obj("route /ear/channels /ear/channels/0 /ear/channels/256")
    patch.wire(patch.receives("from"), route)
    # frame and layer go; the rest is longer than what a zl takes if it is not told
    low, high = (patch.obj("zl.slice 2 @zlmaxsize 512") for _ in range(2))
    patch.wire((route, 0), low)
    patch.wire((route, 1), low)
    patch.wire((route, 2), high)
    patch.wire((low, 1), bars(patch, (10, 32, 492, 50), 256, AMBER))
    patch.wire((high, 1), bars(patch, (10, 86, 492, 34), 256, VIOLET))
    patch.wire((low, 1), patch.port("outlet", 1, "channels 0 to 255"))
    patch.wire((high, 1), patch.port("outlet", 2, "channels 256 to 511, of layers that have them"))
    return patch


def scalogram(names: str = "ear.") -> Patch:
    patch = Patch(WIDE, 140, names, "What reaches the network.")
    heading(patch, "scalogram", "216 bins, 24 an octave from 40 Hz; the last 128 below")
    wants(patch, "scalogram list 20.")
    route = patch.obj("route /ear/scalogram")
    values = patch.obj("zl.slice 1 @zlmaxsize 512")
    patch.wire(patch.receives("from"), route, values)
    patch.wire((values, 1), bars(patch, (10, 32, 240, 98), 216, BLUE))
    first = patch.obj("t b l")
    row = patch.obj("counter 0 127")
    fill = patch.obj("jit.fill #0-picture")
    patch.wire((values, 1), first)
    patch.wire((first, 1), fill)
    patch.wire((first, 0), row, patch.message("offset 0 $1"), fill)
    picture = patch.obj("jit.matrix #0-picture 1 float32 216 128")
    patch.wire((fill, 0), picture)
    patch.wire(picture, patch.ui("jit.pwindow", (260, 32, 242, 98), sync=1))
    patch.wire((values, 1), patch.port("outlet", 1, "216 bins, low to high, 0 to 1"))
    return patch


def selection(names: str = "ear.") -> Patch:
    patch = Patch(252, 130, names, "Mean and peak of the selected neurons.")
    heading(patch, "selection", "a sensor of your own")
    wants(patch, "selection - 30.")
    route = patch.obj("route /ear/selection")
    pair = patch.obj("unpack 0. 0.")
    patch.wire(patch.receives("from"), route, pair)
    for index, (word, colour) in enumerate((("mean", AMBER), ("peak", BLUE))):
        y = 36 + 42 * index
        patch.note(word, (10, y, 50, 20))
        shown = patch.ui("flonum", (64, y, 60, 22), ignoreclick=1, textcolor=colour, bgcolor=WELL)
        bar = patch.ui(
            "slider", (132, y + 2, 110, 18), orientation=1, floatoutput=1, size=1.0, ignoreclick=1, knobcolor=colour
        )
        patch.wire((pair, index), shown)
        patch.wire((pair, index), bar)
        patch.wire((pair, index), patch.port("outlet", index + 1, f"{word}, 0 to 1; 0 while nothing is selected"))
    return patch


def classes(names: str = "ear.") -> Patch:
    patch = Patch(252, 130, names, "What it sounds like.")
    heading(patch, "classes", "best first")
    wants(patch, "classes - 10.")
    route = patch.obj("route /ear/classes")
    best = patch.obj("unpack s 0. s 0. s 0. s 0.")
    patch.wire(patch.receives("from"), route, best)
    for index in range(4):
        y = 32 + 23 * index
        label = patch.note("–", (10, y, 90, 20), 12.0, TEXT if index == 0 else GREY)
        patch.wire((best, 2 * index), patch.obj("prepend set"), label)
        bar = patch.ui("slider", (108, y + 2, 134, 16), orientation=1, floatoutput=1, size=1.0, ignoreclick=1)
        patch.wire((best, 2 * index + 1), bar)
    patch.wire(route, patch.port("outlet", 1, "name probability name probability ..., best first"))
    return patch


def layout(names: str = "ear.") -> Patch:
    """An abstraction with the names of two matrices as its arguments."""
    patch = Patch(480, 300, names, "Places of a layer's neurons, in the matrix #1.")
    script = patch.obj(f"js ear.places.js #1 #2 {LIST_HZ}")
    route = patch.obj("route /ear/layer /ear/layout/list /ear/layout/ready /ear/layout/progress")
    patch.wire(patch.receives("from"), route)
    for outlet, word in enumerate(("layer", "list", "ready", "progress")):
        patch.wire((route, outlet), patch.obj(f"prepend {word}"), script)
    patch.wire(patch.port("inlet", 1, "number of a layer"), patch.obj("prepend choose"), script)
    patch.wire((script, 2), patch.sends("want"))
    for outlet, (source, what) in enumerate(
        ((0, "number of the layer's first neuron"), (1, "how many neurons it has"), (3, "what is to be told"))
    ):
        patch.wire((script, source), patch.port("outlet", outlet + 1, what))
    patch.note("places of one layer: in the matrices #1 (x y z) and #2 (red green blue alpha)", (10, 10, 460, 20))
    return patch


def activations(names: str = "ear.") -> Patch:
    patch = Patch(WIDE, 332, names, "Every neuron of a layer as a point where it lies.")
    heading(patch, "activations", "of layer")
    number = chooser(patch, (166, 5, 50, 22), 9)
    told = patch.note("waiting for the layers", (226, 7, 276, 20))
    places = patch.uses("ear.layout", "#0-places #0-colours", 1, ("", "", ""))
    patch.wire(number, places)
    patch.wire((places, 2), patch.obj("prepend set"), told)
    # frame, first neuron, values: the values go where that neuron is in this layer
    route = patch.obj("route /ear/neurons")
    twice, head, body = patch.obj("t l l"), *(patch.obj("zl.slice 2 @zlmaxsize 512") for _ in range(2))
    pair, cell = patch.obj("unpack 0 0"), patch.obj("- 0")
    fill = patch.obj("jit.fill #0-colours 3")
    patch.wire(patch.receives("from"), route, twice)
    patch.wire((twice, 1), head, pair)
    patch.wire((pair, 1), cell)
    patch.wire(cell, patch.obj("prepend offset"), fill)
    patch.wire((twice, 0), body)
    patch.wire((body, 1), fill)
    patch.wire((places, 0), (cell, 1))
    # the camera of a world sees 0.83 up and down from its middle
    mesh = patch.obj("jit.gl.mesh @draw_mode points @point_size 3 @blend_enable 1 @depth_enable 0 @scale 0.8 0.8 1.")
    where = patch.obj("jit.matrix #0-places 3 float32 4480")
    bright = patch.obj("jit.matrix #0-colours 4 float32 4480")
    draw, both = patch.obj("qmetro 33"), patch.obj("t b b")
    patch.wire(patch.obj("loadmess 1"), draw, both)
    patch.wire((both, 1), bright)
    patch.wire(bright, (mesh, 3))
    patch.wire((both, 0), where)
    patch.wire(where, mesh)
    world = patch.ui("jit.pworld", (10, 32, 492, 290), enable=1, fps=30.0, sync=1, erase_color=[0.02, 0.02, 0.03, 1.0])
    patch.wire(patch.obj("loadbang"), patch.message("enable 1"), world)
    patch.wire((body, 1), patch.port("outlet", 1, "values of neurons, 256 at most, 0 to 1"))
    patch.wire(cell, patch.port("outlet", 2, "where in the layer the first of them is, before they come"))
    return patch


def transport(names: str = "ear.") -> Patch:
    patch = Patch(324, 90, names, "Bar, beat and tempo.")
    patch.card((0, 0, patch.width, patch.height))
    patch.note("transport", (10, 6, 90, 20), 13.0, TEXT, fontface=1)
    wants(patch, "transport - 0")
    wants(patch, "state - 0")
    route = patch.obj("route /ear/beat /ear/transport/bpm")
    beat = patch.obj("unpack 0 0 0. 0.")
    patch.wire(patch.receives("from"), route)
    patch.wire((route, 0), beat)
    for index, word in enumerate(("bar", "beat")):
        patch.note(word, (10 + 96 * index, 36, 36, 20))
        shown = patch.ui("number", (46 + 96 * index, 35, 50, 22), ignoreclick=1, textcolor=TEXT, bgcolor=WELL)
        patch.wire((beat, index), shown)
    lamp = patch.ui("button", (202, 34, 24, 24), blinkcolor=AMBER, ignoreclick=1)
    patch.wire((route, 0), lamp)
    patch.note("bpm", (232, 36, 32, 20))
    tempo = patch.ui(
        "flonum", (264, 35, 50, 22), minimum=20.0, maximum=400.0, textcolor=TEXT, bgcolor=WELL,
        varname="transport.bpm",
    )  # fmt: skip
    patch.wire((route, 1), patch.obj("prepend set"), tempo)
    patch.wire(tempo, patch.obj("speedlim 20"), patch.obj("prepend /ear/transport/bpm"), patch.sends("to"))
    phase = patch.ui("slider", (10, 66, 304, 14), orientation=1, floatoutput=1, size=1.0, ignoreclick=1)
    patch.wire((beat, 3), phase)
    patch.wire((route, 0), patch.port("outlet", 1, "bar beat bpm phase, on every beat"))
    return patch
