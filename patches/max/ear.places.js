// Where the neurons of one layer lie: fills a named matrix of x, y, z, one cell a neuron.
//
// In:  choose LAYER
//      layer NUMBER NAME FIRST CHANNELS POSITIONS ...        what the daemon tells of each layer
//      list REV SNAPSHOT FIRST x y x y ...                   places from the stream `layout`, packed `list`
//      ready REV ..., progress REV ...
// Out: 0 number of the layer's first neuron, 1 how many it has, 2 streams that are wanted, 3 what is to be told
// Arguments: name of the matrix of places, name of the matrix of colours, most values a second of `activations`.
// ES5. What is above "In Max" knows nothing of Max.

inlets = 1;
outlets = 4;

function Places() {
    this.layers = {}; // number: {name, first, count}
    this.chosen = 9;
    this.rev = NaN;
}

Places.prototype.layer = function (number, name, first, channels, positions) {
    this.layers[number] = { name: name, first: first, count: channels * positions };
    return number === this.chosen;
};

Places.prototype.current = function () {
    return this.layers[this.chosen];
};

// Until the layout comes the neurons stand in rows.
Places.prototype.row = function (index) {
    var count = this.current().count;
    var width = Math.ceil(Math.sqrt(count));
    var height = Math.ceil(count / width);
    return [
        width > 1 ? ((index % width) / (width - 1)) * 2 - 1 : 0,
        height > 1 ? 1 - (Math.floor(index / width) / (height - 1)) * 2 : 0,
    ];
};

// A part of the layout as [cell, x, y] of those neurons that are in the chosen layer, of the layout at rest only.
Places.prototype.cells = function (rev, snapshot, first, values) {
    var layer = this.current();
    var out = [];
    if (!layer || snapshot !== 0) return out;
    this.rev = rev;
    for (var i = 0; i + 1 < values.length; i += 2) {
        var cell = first + i / 2 - layer.first;
        if (cell >= 0 && cell < layer.count) out.push([cell, values[i], values[i + 1]]);
    }
    return out;
};

// In Max

var places = new Places();
var names = typeof jsarguments === "undefined" ? [] : jsarguments;
var hertz = names[3] || 10;

// The layer fills both matrices and is asked for.
function show() {
    var layer = places.current();
    if (!layer) return;
    var matrix = new JitterMatrix(names[1]);
    var colours = new JitterMatrix(names[2]);
    matrix.dim = layer.count;
    colours.dim = layer.count;
    colours.setall(0.95, 0.65, 0.25, 0); // amber; how bright, plane 3, comes with the activations
    for (var i = 0; i < layer.count; i++) {
        var at = places.row(i);
        matrix.setcell1d(i, at[0], at[1], 0);
    }
    outlet(1, layer.count);
    outlet(0, layer.first);
    outlet(3, "layer", layer.name, layer.count);
    outlet(2, "want", "layout", "list", 0, places.chosen);
    outlet(2, "want", "activations", "list", hertz, places.chosen);
}

function choose(number) {
    places.chosen = number;
    show();
}

function layer() {
    if (places.layer.apply(places, arrayfromargs(arguments))) show();
}

function list() {
    var a = arrayfromargs(arguments);
    var cells = places.cells(a[0], a[1], a[2], a.slice(3));
    if (!cells.length) return;
    var matrix = new JitterMatrix(names[1]);
    for (var i = 0; i < cells.length; i++) matrix.setcell1d(cells[i][0], cells[i][1], cells[i][2], 0);
}

function ready(rev) {
    outlet(3, "layout", "ready", rev);
}

function progress(rev, level, levels, iteration) {
    outlet(3, "layout", "solving", level + 1, levels, iteration);
}
