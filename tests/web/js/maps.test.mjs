import assert from "node:assert/strict";
import { test } from "node:test";

import { Liveliness, columnsFor, filterOf, firstShown, pageOf, pagesOf, wayOf } from "../../../oscbridge/web/maps.js";
import { layerOf } from "../../../oscbridge/web/network.js";

const layers = (...shapes) => {
  let first = 0;
  return shapes.map(([name, channels, positions], i) => {
    const layer = layerOf([i, name, first, channels, positions, 1, 1, 1]);
    first += layer.count;
    return layer;
  });
};
const TAGGER = layers(["spectrogram", 1, 96], ["conv1", 128, 48], ["conv5", 128, 1], ["dense", 50, 1], ["classes", 50, 1]);
const EAR = layers(["scalogram", 1, 216], ["conv", 8, 108], ["c", 256, 1], ["classes", 7, 1]);
const names = (way) => [way.vector, way.logits, way.classes].map((layer) => layer?.name ?? null);

test("the way to the word leads over logits where there is one for each class", () => {
  assert.deepEqual(names(wayOf(TAGGER)), ["conv5", "dense", "classes"]);
  assert.deepEqual(names(wayOf(EAR)), ["c", null, "classes"]);
  assert.deepEqual(names(wayOf(EAR.slice(0, 3))), ["c", null, null], "a network without words");
});

test("sixteen channels are a page, and the first layer that fills one is shown first", () => {
  const [, conv1] = TAGGER;
  assert.equal(pagesOf(conv1), 8);
  assert.deepEqual(pageOf(conv1, 7), Array.from({ length: 16 }, (_, i) => 112 + i));
  assert.deepEqual(pageOf(TAGGER[3], 3), [48, 49]);
  assert.deepEqual([firstShown(TAGGER), firstShown(EAR), firstShown(EAR.slice(0, 2))].map((layer) => layer.name), ["conv1", "c", "conv"]);
  assert.deepEqual([16, 9, 8, 2, 1].map(columnsFor), [4, 4, 2, 2, 1]);
});

test("a filter names runs of channels, whatever their order", () => {
  assert.equal(filterOf(TAGGER[1], pageOf(TAGGER[1], 1)), "1:16-31");
  assert.equal(filterOf(TAGGER[1], [9, 3, 4, 127, 5]), "1:3-5,1:9,1:127");
});

/** What a layer of `channels` × 4 positions does: channel c beats with its own period if it is in `lively`. */
function looked(channels, lively, looks = 12) {
  const [layer] = layers(["conv", channels, 4]);
  const made = new Liveliness(layer);
  for (let t = 0; t < looks; t++) {
    const values = new Uint8Array(layer.count);
    for (const [channel, [size, pattern]] of Object.entries(lively)) {
      for (let p = 0; p < 4; p++) values[4 * channel + p] = (pattern >> ((t * 4 + p) % 24)) & 1 ? size : 0;
    }
    made.look(values, 0.15);
  }
  return made;
}
const PATTERN = (n) => (Math.imul(n + 1, 2654435761) >>> 4) & 0xffffff;

test("the liveliest channels are chosen, of those that move alike one, in the order of their numbers", () => {
  const lively = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [60 - 3 * i, [100 + i, PATTERN(i)]]));
  lively[61] = [250, PATTERN(0)]; // as channel 60, only more so
  const chosen = looked(64, lively).choose();
  assert.equal(chosen.length, 16);
  assert.deepEqual(chosen, [...chosen].sort((a, b) => a - b));
  assert.ok(chosen.includes(61) && !chosen.includes(60), String(chosen));
  assert.equal(chosen.filter((c) => c in lively).length, 16);
});

test("a picture that is still lively stays in its place, one that is not gives it to another", () => {
  const lively = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, [200, PATTERN(i)]]));
  const made = looked(64, lively);
  const before = [40, ...made.choose().slice(1)];
  const after = made.choose(before);
  assert.deepEqual(after.slice(1), before.slice(1));
  assert.ok(after[0] !== 40 && new Set(after).size === 16, String(after));
});

test("a layer with few channels shows them all", () => {
  assert.deepEqual(looked(7, { 3: [9, PATTERN(1)] }).choose(), [0, 1, 2, 3, 4, 5, 6]);
});
