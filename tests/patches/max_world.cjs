// A small part of Max: enough to run our patches and see what they say. Not Max, but Max's rules as its manual tells
// them: an outlet speaks to its targets from right to left, [t] and [unpack] from right to left, left inlets are hot.
// Here: time, and how a message goes along a cord.
"use strict";

const world = { now: 0, depth: 0, timers: [], serial: 0, receivers: {}, matrices: {}, buffers: {}, files: {}, boxes: [], tempo: 120 };
const heard = { sent: [], errors: [], sound: [], ports: [] };
function later(ms, act) {
    const timer = { at: world.now + ms, order: world.serial++, act, dead: false };
    world.timers.push(timer);
    return timer;
}

function run(ms) {
    const end = world.now + ms;
    for (;;) {
        world.timers = world.timers.filter((t) => !t.dead);
        const due = world.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
        if (!due) break;
        world.now = Math.max(world.now, due.at);
        due.dead = true;
        due.act();
    }
    world.now = end;
}

function emit(box, outlet, atoms) {
    if (++world.depth > 300) throw new Error("stack overflow");
    for (const [target, inlet] of box.cords[outlet] || []) {
        try {
            if (target.take[inlet] === undefined && target.take.any === undefined) throw new Error(`no inlet ${inlet}`);
            (target.take[inlet] || target.take.any)(atoms, inlet);
        } catch (error) {
            heard.errors.push(`${target.kind} ${target.words.join(" ")}: ${JSON.stringify(atoms).slice(0, 80)}: ${error.message}`);
        }
    }
    world.depth--;
}

module.exports = { world, heard, later, run, emit, number: (x) => typeof x === "number" };
