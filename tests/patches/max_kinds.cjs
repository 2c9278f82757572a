// What each object does with what comes into its inlets. An inlet is a function `take[n]` of a list of atoms; a message
// that does not begin with a number begins with its selector, and a bang is ["bang"].
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");
const { world, heard, later, emit, number } = require("./max_world.cjs");

const parse = (text) =>
    (String(text).match(/"[^"]*"|\S+/g) || []).map((w) => (/^-?(\d+\.?\d*|\.\d+)$/.test(w) ? parseFloat(w) : w.replace(/"/g, "")));

const isBang = (a) => a.length === 1 && a[0] === "bang";
const isNumber = (a) => a.length === 1 && number(a[0]);
const needNumber = (a) => {
    if (!isNumber(a)) throw new Error("wants a number");
    return a[0];
};
const whole = (x) => Math.trunc(x);

// a value that is kept and given on
function keeper(box, { clamp }) {
    return (a) => {
        if (!isBang(a)) box.value = clamp(a[0] === "set" ? a[1] : needNumber(a));
        if (a[0] !== "set") emit(box, 0, [box.value]);
    };
}

function hotCold(box, make) {
    box.left = 0;
    box.right = number(box.words[0]) ? box.words[0] : 0;
    box.take[0] = (a) => {
        if (!isBang(a)) box.left = needNumber(a);
        emit(box, 0, [make(box.left, box.right)]);
    };
    box.take[1] = (a) => (box.right = needNumber(a));
}

function choice(box, items) {
    const give = (i) => {
        box.value = i;
        emit(box, 1, [items[i]]);
        emit(box, 0, [i]);
    };
    box.value = 0;
    box.take[0] = (a) => {
        if (a[0] === "setsymbol") {
            if (!items.includes(a[1])) throw new Error("no such item");
            box.value = items.indexOf(a[1]);
        } else give(isBang(a) ? box.value : needNumber(a));
    };
}

const KINDS = {
    inlet: () => {},
    outlet: (box) => (box.take[0] = (a) => box.patch.owner && emit(box.patch.owner, box.raw.index - 1, a)),
    r: (box) => (world.receivers[box.words[0]] = world.receivers[box.words[0]] || []).push(box),
    s: (box) => (box.take[0] = (a) => (world.receivers[box.words[0]] || []).forEach((r) => emit(r, 0, a))),
    t: (box) =>
        (box.take[0] = (a) => {
            for (let i = box.words.length - 1; i >= 0; i--) {
                const word = box.words[i];
                if (word === "b") emit(box, i, ["bang"]);
                else if (word === "l") emit(box, i, a);
                else emit(box, i, [word === "i" ? whole(needNumber(a)) : needNumber(a)]);
            }
        }),
    route: (box) =>
        (box.take[0] = (a) => {
            const i = box.words.indexOf(a[0]);
            emit(box, i < 0 ? box.words.length : i, i < 0 ? a : a.length > 1 ? a.slice(1) : ["bang"]);
        }),
    routepass: (box) =>
        (box.take[0] = (a) => emit(box, box.words.indexOf(a[0]) < 0 ? box.words.length : box.words.indexOf(a[0]), a)),
    sel: (box) =>
        (box.take[0] = (a) => {
            const i = box.words.indexOf(a[0]);
            emit(box, i < 0 ? box.words.length : i, i < 0 ? a : ["bang"]);
        }),
    prepend: (box) => (box.take[0] = (a) => emit(box, 0, [...box.words, ...a])),
    message: (box) => {
        box.words = parse(box.raw.text);
        box.take[0] = (a) => {
            const given = isBang(a) ? [] : a;
            emit(box, 0, box.words.map((w) => (/^\$\d$/.test(w) ? (given[w[1] - 1] ?? 0) : w)));
        };
    },
    pack: (box) => {
        box.held = box.words.map((w) => w);
        box.words.forEach((_, i) => {
            box.take[i] = (a) => {
                if (!isBang(a)) box.held[i] = needNumber(a);
                if (i === 0) emit(box, 0, [...box.held]);
            };
        });
    },
    unpack: (box) =>
        (box.take[0] = (a) => {
            for (let i = Math.min(a.length, box.words.length) - 1; i >= 0; i--) {
                if (number(a[i]) !== (box.words[i] !== "s")) throw new Error(`part ${i} is of another kind`);
                emit(box, i, [a[i]]);
            }
        }),
    gate: (box) => {
        box.open = 0;
        box.take[0] = (a) => (box.open = needNumber(a));
        box.take[1] = (a) => box.open && emit(box, box.open - 1, a);
    },
    "zl.slice": (box) => {
        const most = box.attributes.zlmaxsize || 256;
        box.take[0] = (a) => {
            const kept = a.slice(0, most);
            if (kept.length > box.words[0]) emit(box, 1, kept.slice(box.words[0]));
            emit(box, 0, kept.slice(0, box.words[0]));
        };
    },
    "zl.nth": (box) => {
        box.n = box.words[0];
        box.take[0] = (a) => a[box.n - 1] !== undefined && emit(box, 0, [a[box.n - 1]]);
        box.take[1] = (a) => (box.n = needNumber(a));
    },
    counter: (box) => {
        box.n = box.words[0] - 1;
        box.take[0] = () => emit(box, 0, [(box.n = box.n >= box.words[1] ? box.words[0] : box.n + 1)]);
    },
    delay: (box) => {
        box.ms = box.words[0] || 0;
        box.take[0] = (a) => {
            if (isNumber(a)) box.ms = a[0];
            if (box.timer) box.timer.dead = true;
            box.timer = later(box.ms, () => emit(box, 0, ["bang"]));
        };
        box.take[1] = (a) => (box.ms = needNumber(a));
    },
    metro: (box) => {
        const beat = () => {
            box.timer = later(box.words[0], beat);
            emit(box, 0, ["bang"]);
        };
        box.take[0] = (a) => {
            if (box.timer) box.timer.dead = true;
            if (needNumber(a)) beat();
        };
    },
    speedlim: (box) => {
        box.free = 0;
        box.take[0] = (a) => {
            const pass = () => {
                box.free = world.now + box.words[0];
                box.timer = null;
                emit(box, 0, box.last);
            };
            box.last = a;
            if (world.now >= box.free) pass();
            else box.timer = box.timer || later(box.free - world.now, pass);
        };
    },
    loadbang: (box) => (box.load = () => emit(box, 0, ["bang"])),
    "live.thisdevice": (box) => (box.load = () => emit(box, 0, ["bang"])),
    loadmess: (box) => (box.load = () => emit(box, 0, box.words)),
    f: (box) => {
        const cut = (x) => (box.kind === "i" ? whole(x) : x);
        box.value = cut(box.words[0] || 0);
        box.take[0] = keeper(box, { clamp: cut });
        box.take[1] = (a) => (box.value = cut(needNumber(a)));
    },
    "+": (box) => hotCold(box, (a, b) => a + b),
    "-": (box) => hotCold(box, (a, b) => a - b),
    dbtoa: (box) => (box.take[0] = (a) => emit(box, 0, [Math.pow(10, needNumber(a) / 20)])),
    comment: (box) => {
        box.value = box.raw.text;
        box.take[0] = (a) => (a[0] === "set" ? (box.value = a.slice(1).join(" ")) : needNumber(["set"]));
    },
    button: (box) => (box.take[0] = () => emit(box, 0, ["bang"])),
    textbutton: (box) => (box.press = () => emit(box, 0, ["bang"])),
    textedit: (box) => (box.type = (text) => emit(box, 0, ["text", text])),
    multislider: (box) =>
        (box.take[0] = (a) => {
            if (!a.every(number)) throw new Error("wants numbers");
            box.value = a;
        }),
    umenu: (box) => choice(box, box.raw.items.filter((x) => x !== ",")),
    "live.text": (box) => (box.press = () => emit(box, 0, [1])),
    "live.menu": (box) => choice(box, box.live.parameter_enum),
    udpsend: (box) => {
        box.take[0] = (a) => (["host", "port"].includes(a[0]) ? heard.ports.push(a) : heard.sent.push(a));
    },
    udpreceive: (box) => {
        box.take[0] = (a) => (a[0] === "port" ? heard.ports.push(["reply", a[1]]) : needNumber(["port"]));
    },
    "buffer~": (box) => {
        box.take[0] = (a) => {
            if (a[0] !== "replace") throw new Error("wants replace");
            if (!(a[1] in world.files)) return heard.errors.push(`buffer~: can't open ${a[1]}`);
            world.buffers[box.words[0]] = world.files[a[1]];
            return later(5, () => emit(box, 1, ["bang"]));
        };
    },
    "jit.matrix": (box) => {
        const [name, planes, type, ...dim] = box.words;
        box.name = name;
        matrixOf(name, planes, type, dim);
        box.take[0] = (a) => (isBang(a) ? emit(box, 0, ["jit_matrix", name]) : needNumber(["bang"]));
    },
    "jit.fill": (box) => {
        const plane = box.words[1] || 0;
        box.offset = [0];
        box.take[0] = (a) => {
            if (a[0] === "offset") box.offset = a.slice(1);
            else {
                const matrix = world.matrices[box.words[0]];
                const first = box.offset[0] + (box.offset[1] || 0) * matrix.dim[0];
                a.forEach((v, i) => matrix.set(first + i, plane, v));
                emit(box, 0, ["bang"]);
            }
        };
    },
    "jit.gl.mesh": (box) => (box.take.any = (a, inlet) => (a[0] === "jit_matrix" ? (box[`in${inlet}`] = a[1]) : needNumber(a))),
    "jit.pworld": (box) => (box.take[0] = () => {}),
    "jit.pwindow": (box) => (box.take[0] = (a) => (box.value = a)),
    "live.path": (box) => (box.take[0] = (a) => a[0] === "path" && emit(box, 0, ["id", 1])),
    "live.observer": (box) => {
        box.take[1] = (a) => a[0] === "id" && emit(box, 0, [world.tempo]);
        box.changed = () => emit(box, 0, [world.tempo]);
    },
};
KINDS.qmetro = (box) => (box.take[0] = () => {}); // nothing is drawn
KINDS.i = KINDS.f;
KINDS.number = (box) => {
    const { minimum: low = -Infinity, maximum: high = Infinity } = box.raw;
    box.value = 0;
    box.take[0] = keeper(box, { clamp: (x) => Math.min(high, Math.max(low, box.kind === "number" ? whole(x) : x)) });
};
KINDS.flonum = KINDS.slider = KINDS.number;
KINDS["live.dial"] = (box) => {
    const { parameter_mmin: low = 0, parameter_mmax: high = 127, parameter_initial: initial = [low] } = box.live;
    box.value = initial[0];
    box.take[0] = keeper(box, { clamp: (x) => Math.min(high, Math.max(low, x)) });
};
KINDS["live.numbox"] = KINDS["live.toggle"] = KINDS["live.dial"];
for (const kind of ["line~", "groove~", "*~", "+~", "-~", "cos~", "sig~", "plugin~", "plugout~", "ezdac~"]) {
    KINDS[kind] = (box) => (box.take.any = (a, inlet) => heard.sound.push([world.now, kind, ...box.words, inlet, ...a]));
}

function matrixOf(name, planes, type, dim) {
    const cells = {};
    const matrix = { planes, type, dim, cells, set: (i, p, v) => ((cells[i] = cells[i] || Array(planes).fill(0))[p] = v) };
    return (world.matrices[name] = matrix);
}

KINDS.js = (box) => {
    const source = fs.readFileSync(path.join(box.patch.folder, box.words[0]), "utf8");
    class JitterMatrix {
        constructor(name) {
            this.m = world.matrices[name];
        }
        set dim(n) {
            this.m.dim = [n];
            for (const i of Object.keys(this.m.cells)) if (i >= n) delete this.m.cells[i];
        }
        setcell1d(i, ...values) {
            if (i < 0 || i >= this.m.dim[0]) throw new Error(`cell ${i} of ${this.m.dim[0]}`);
            values.forEach((v, p) => this.m.set(i, p, v));
        }
        setall(...values) {
            for (let i = 0; i < this.m.dim[0]; i++) this.setcell1d(i, ...values);
        }
    }
    class Buffer {
        constructor(name) {
            this.name = name;
        }
        framecount() {
            return world.buffers[this.name] || 0;
        }
    }
    const outlet = (n, ...values) => {
        const atoms = values.flat();
        if (n >= context.outlets || atoms.some((v) => v === undefined || v === null || Number.isNaN(v))) {
            throw new Error(`outlet ${n}: ${JSON.stringify(atoms)}`);
        }
        emit(box, n, atoms);
    };
    const context = vm.createContext({
        outlet, JitterMatrix, Buffer, LiveAPI: world.LiveAPI, jsarguments: box.words, post: () => {},
        arrayfromargs: (args) => Array.from(args), messagename: "",
    });
    vm.runInContext(source, context, { filename: box.words[0] });
    const call = (name, args) => {
        context.messagename = name;
        const handler = typeof context[name] === "function" ? context[name] : context.anything;
        if (!handler) throw new Error(`no function ${name}`);
        handler(...args);
    };
    box.take[0] = (a) => (number(a[0]) ? call(a.length > 1 ? "list" : "msg_float", a) : call(a[0], a.slice(1)));
};

module.exports = { KINDS, parse };
