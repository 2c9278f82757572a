import assert from "node:assert/strict";
import { test } from "node:test";

import { fadeCurve, samePath, startOf } from "../../../oscbridge/web/listen.js";
import { binHertz, described, layerAt, layerOf, neuronAt } from "../../../oscbridge/web/network.js";
import { hint, parametersIn } from "../../../oscbridge/web/oscquery.js";
import { grouped, hertz, note, scale, shortNumber } from "../../../oscbridge/web/scales.js";
import { addRegion, band, freeName, messageOf, regionOf, Selection } from "../../../oscbridge/web/selection.js";
import { envelope, readWav } from "../../../oscbridge/web/sound_file.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);

test("sliders go from end to end, and there and back", () => {
  for (const range of [{ min: 0, max: 1 }, { min: -60, max: 12 }, { min: 0.1, max: 10, log: true }, { min: 0, max: 40, log: true }]) {
    const of = scale(range);
    assert.equal(of.toValue(0), range.min);
    near(of.toValue(1), range.max, 1e-9);
    for (const knob of [0.1, 0.5, 0.9]) near(of.toKnob(of.toValue(knob)), knob);
  }
  near(scale({ min: 0.1, max: 10, log: true }).toValue(0.5), 1);
  assert.equal(scale({ min: 0, max: 40, log: true }).toKnob(0), 0);
  assert.ok(scale({ min: 0, max: 40, log: true }).toValue(0.001) > 0);
  assert.equal(scale({ min: 1, max: 16, whole: true }).toValue(0.5), 9);
  assert.equal(scale({ min: 0, max: 1 }).toKnob(7), 1);
});

test("numbers, notes and frequencies read well", () => {
  assert.deepEqual([0.5, 0.1234, 12.34, 1234.5, -3, 1e6].map((v) => shortNumber(v)), ["0.5", "0.123", "12.3", "1,235", "−3", "1,000,000"]);
  assert.equal(grouped(76959), "76,959");
  assert.deepEqual([440, 2500, 19_871].map(hertz), ["440 Hz", "2.5 kHz", "19.9 kHz"]);
  assert.deepEqual([440, 261.63, 40].map(note), ["A4", "C4", "D♯1"]);
});

const LAYERS = [
  layerOf([0, "scalogram", 0, 1, 216, 1, 0.37, 1 / 24]), layerOf([1, "conv", 216, 8, 108, 2, 0.44, 0.17]), layerOf([2, "c", 1080, 4, 1, 16, 5.03, 9]),
];

test("neurons are told by layer, channel and place", () => {
  assert.equal(layerAt(LAYERS, 215).name, "scalogram");
  assert.equal(layerAt(LAYERS, 216).name, "conv");
  assert.equal(layerAt(LAYERS, 1084), null);
  assert.deepEqual([neuronAt(LAYERS, 216 + 108 + 5)].map(({ channel, position }) => [channel, position]), [[1, 5]]);
  near(binHertz(LAYERS)(24), 80);
  assert.equal(binHertz([layerOf([0, "scalogram", 0, 1, 48, 1, 0.1, 1 / 12])]), null, "of other ears it is not known");
  assert.match(described(LAYERS, 24, 0.5)[1], /^80 Hz, D♯2$/);
  assert.match(described(LAYERS, 216 + 108 + 5, 1)[1], /channel 1 · 6 of 108 from low/);
  assert.match(described(LAYERS, 1083, 1)[2], /the last 5 s, 9 octaves/);
});

test("parameters are found in the tree, streams and commands are not", () => {
  const node = (address, rest) => ({ FULL_PATH: address, ...rest });
  const tree = { FULL_PATH: "/", CONTENTS: { ear: { FULL_PATH: "/ear", CONTENTS: {
    start: node("/ear/dream/start", { TYPE: "", ACCESS: 2 }),
    stream: node("/ear/level/mean", { TYPE: "f", ACCESS: 1 }),
    step: node("/ear/dream/step_size", { TYPE: "f", ACCESS: 3, VALUE: [4], RANGE: [{ MIN: 0, MAX: 40 }], SCALE: ["log"], UNIT: ["gain.db"], DEFAULT: [4], DESCRIPTION: "How far." }),
    farm: node("/ear/dream/farm", { TYPE: "s", ACCESS: 1, VALUE: [""] }),
    on: node("/ear/player/enabled", { TYPE: "i", ACCESS: 3, VALUE: [0], RANGE: [{ VALS: [0, 1] }] }),
    seed: node("/ear/dream/seed", { TYPE: "i", ACCESS: 3, VALUE: [0], RANGE: [{ MIN: 0, MAX: 999_999 }] }),
    mode: node("/ear/transport/mode", { TYPE: "s", ACCESS: 3, VALUE: ["link"], RANGE: [{ VALS: ["internal", "link"] }] }),
  } } } };
  const found = parametersIn(tree);
  assert.deepEqual(found.map(({ name, kind, live }) => [name, kind, live]), [
    ["step_size", "slider", true], ["farm", "text", false], ["enabled", "switch", true], ["seed", "number", true], ["mode", "choice", true],
  ]);
  assert.equal(hint(found[0], String), "How far. 0 to 40 dB, logarithmic.");
  assert.deepEqual([found[0].log, found[0].initial], [true, 4]);
});

test("regions are read, weighed and written back", () => {
  const circle = { ...regionOf([-1, -1, -1, 0.25, -0.5, 1, "circle 1", 2]), radius: 0.1 };
  assert.deepEqual(messageOf(circle), ["/ear/select/circle", "ffffs", [0.25, -0.5, 0.1, 1, "circle 1"]]);
  const block = regionOf([1, 2, 3, 0, 0.5, -1, "", 108]);
  assert.deepEqual(messageOf(block)[2], [1, 2, 3, 0, 0.5, -1, ""]);
  const weights = new Float32Array(1084);
  addRegion(block, LAYERS, weights);
  assert.equal(weights.reduce((sum, weight) => sum - weight, 0), 108);
  assert.equal(weights[216 + 2 * 108], -1);
  assert.deepEqual(band(48, 0.5, 0.5), [24, 25]);
  assert.deepEqual(band(48, 0, 1), [0, 48]);
  assert.equal(freeName([circle, { name: "circle 3" }]), "circle 2");
});

test("a clip's fade ends as the loop does, and one that comes late is joined in its middle", () => {
  const { start, offset, fade } = startOf(10, 0.2, 0.05, 4);
  near(start, 10.15);
  near(offset, 3.95);
  near(fade, 0.05);
  const late = startOf(10, 0, 0.05, 4);
  assert.deepEqual([late.start, late.offset, late.fade], [10, 0, 0]);
  const [up, down] = [fadeCurve(true), fadeCurve(false)];
  up.forEach((value, i) => near(value ** 2 + down[i] ** 2, 1, 1e-6));
  assert.equal(samePath("http://10.0.0.5:9871/files/clips/clip%207.wav"), "/files/clips/clip%207.wav");
});

test("a WAV of floats is read with any chunks before its data, and others are left to the browser", () => {
  const samples = Float32Array.from([0, 0.5, -0.25]);
  const bytes = Buffer.alloc(12 + 24 + 12 + 8 + 12);
  bytes.write("RIFF", 0);
  bytes.write("WAVEfmt ", 8);
  [16, 3 | (1 << 16), 8000, 32_000, 4 | (32 << 16)].forEach((value, i) => bytes.writeUInt32LE(value, 16 + 4 * i));
  bytes.write("fact", 36);
  bytes.writeUInt32LE(4, 40);
  bytes.write("data", 48);
  bytes.writeUInt32LE(12, 52);
  Buffer.from(samples.buffer).copy(bytes, 56);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const wav = readWav(buffer);
  assert.deepEqual([wav.rate, wav.channels, [...wav.samples]], [8000, 1, [0, 0.5, -0.25]]);
  assert.equal(readWav(Uint8Array.from(Buffer.from("fLaC0000000000000000")).buffer), null);
  assert.deepEqual([...envelope(samples, 1)], [-0.25, 0.5]);
  assert.equal(envelope(samples, 10).length, 20);
});

test("a circle's neurons stay selected where a later layout puts them, and it is not drawn anew there", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const takers = {};
  const sent = [];
  const connection = {
    on: (address, take) => (takers[address] = take), send: (...message) => sent.push(message), sendTogether: (...many) => sent.push(many),
  };
  const creature = { neurons: 4, layers: [], places: { isKnown: true, rev: 1, rest: Float32Array.from([0, 0, 1, 0, 0, 2, 3, 3]) } };
  let last;
  const selection = new Selection(connection, creature, (regions, weights) => (last = { regions, weights: [...weights] }));
  const told = (...names) => {
    for (const name of names) takers["/ear/selected"]([-1, -1, -1, 0, 0, 0.5, name, 2]);
    takers["/ear/done"](["/ear/select", names.length, 2]);
  };
  told("a", "b");
  assert.deepEqual(last.weights, [1, 1, 0, 0]);
  assert.ok(last.regions[0].radius > 1 && last.regions[0].radius < 2);
  selection.remove(last.regions[0]);
  assert.deepEqual(sent.at(-2).map(([address]) => address), ["/ear/select/clear", "/ear/select/circle"]);

  creature.places = { isKnown: true, rev: 2, rest: Float32Array.from([9, 9, 9, 9, 0, 0, 0, 0]) };
  told("a", "b");
  assert.deepEqual(last.weights, [1, 1, 0, 0], "not those that lie there now");
  assert.deepEqual([last.regions[0].isStale, last.regions[0].radius], [true, 0]);
  selection.remove(last.regions[0]);
  assert.deepEqual(sent.at(-1).slice(0, 2), ["/ear/select/circle", "ffffs"], "the others are not touched");
  assert.equal(sent.at(-1)[2][3], 0);
});
