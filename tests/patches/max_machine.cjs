// Opens a patch in a small part of Max (max_world.cjs, max_kinds.cjs) and does as it is told: one line of JSON in, one
// line out.
"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");
const { world, heard, run, emit } = require("./max_world.cjs");
const { KINDS, parse } = require("./max_kinds.cjs");

function make(file, words, owner) {
    const text = file.endsWith(".amxd") ? fs.readFileSync(file).subarray(32).toString().replace(/\0$/, "") : fs.readFileSync(file, "utf8");
    return build(JSON.parse(text).patcher, path.dirname(file), words, owner);
}

function build(raw, folder, words, owner) {
    const patch = { folder, owner, boxes: {}, id: owner ? `u${++world.serial}` : "u0" };
    const known = (text) => String(text).replace(/#(\d)/g, (_, n) => (n === "0" ? patch.id : (words[n - 1] ?? 0)));
    for (const { box: saved } of raw.boxes) {
        const all = parse(known(saved.text || ""));
        const at = all.findIndex((w) => String(w).startsWith("@"));
        const attributes = {};
        for (let i = at; at >= 0 && i < all.length; i += 2) attributes[String(all[i]).slice(1)] = all[i + 1];
        const typed = saved.maxclass === "newobj";
        const box = { raw: saved, patch, attributes, take: {}, cords: {}, kind: typed ? all[0] : saved.maxclass };
        box.words = typed ? all.slice(1, at < 0 ? undefined : at) : [];
        box.live = (saved.saved_attribute_attributes || { valueof: {} }).valueof;
        patch.boxes[saved.id] = box;
        world.boxes.push(box);
    }
    for (const { patchline } of raw.lines) {
        const [from, out] = patchline.source;
        const [to, inlet] = patchline.destination;
        const cords = patch.boxes[from].cords;
        (cords[out] = cords[out] || []).push([patch.boxes[to], inlet]);
    }
    const place = ([box]) => box.raw.patching_rect;
    for (const box of Object.values(patch.boxes)) {
        for (const cords of Object.values(box.cords)) cords.sort((a, b) => place(b)[0] - place(a)[0] || place(b)[1] - place(a)[1]);
        const inner = box.raw.patcher
            ? build(box.raw.patcher, folder, [], box)
            : box.kind === "bpatcher" || box.kind.startsWith("ear.")
              ? make(path.join(folder, box.raw.name || `${box.kind}.maxpat`), box.words, box)
              : null;
        if (inner) {
            const inlets = Object.values(inner.boxes).filter((b) => b.kind === "inlet");
            for (const inlet of inlets) box.take[inlet.raw.index - 1] = (a) => emit(inlet, 0, a);
        } else if (box.kind !== "panel") {
            if (!KINDS[box.kind]) throw new Error(`no object ${box.kind}`);
            KINDS[box.kind](box);
        }
    }
    return patch;
}

const named = (name) => {
    const found = world.boxes.filter((b) => b.raw.varname === name || (b.press && b.raw.text === name));
    if (found.length !== 1) throw new Error(`${found.length} boxes are called ${name}`);
    return found[0];
};

const COMMANDS = {
    load({ file, files = {}, tempo = 120 }) {
        Object.assign(world, { files, tempo });
        make(file, [], null);
        for (const box of world.boxes) {
            if (box.live.parameter_initial_enable) box.take[0]([box.value]);
            if (box.load) box.load();
        }
    },
    receive({ message }) {
        world.boxes.filter((b) => b.kind === "udpreceive").forEach((b) => emit(b, 0, message));
    },
    // as if it came from the daemon through the connection of another patch
    spread({ message }) {
        (world.receivers["ear.from"] || []).forEach((r) => emit(r, 0, message));
    },
    run: ({ ms }) => run(ms),
    press: ({ name }) => named(name).press(),
    turn: ({ name, value }) => named(name).take[0]([value]),
    files: ({ files }) => Object.assign(world.files, files),
    tempo({ bpm }) {
        world.tempo = bpm;
        world.boxes.filter((b) => b.changed).forEach((b) => b.changed());
    },
    number({ value }) {
        world.boxes.filter((b) => b.kind === "number").forEach((b) => b.take[0]([value]));
    },
    value: ({ name }) => named(name).value,
    shown: ({ kind }) => world.boxes.filter((b) => b.kind === kind && b.value !== undefined).map((b) => b.value),
    matrix: ({ name }) => {
        const key = Object.keys(world.matrices).find((k) => k.endsWith(name));
        return { dim: world.matrices[key].dim, cells: world.matrices[key].cells };
    },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const { command, ...rest } = JSON.parse(line);
    let result = null;
    try {
        result = COMMANDS[command](rest) ?? null;
    } catch (error) {
        heard.errors.push(String(error.stack));
        world.depth = 0;
    }
    process.stdout.write(JSON.stringify({ result, now: world.now, ...heard }) + "\n");
    Object.values(heard).forEach((list) => (list.length = 0));
});
