import assert from "node:assert/strict";
import { test } from "node:test";

import { BeatClock } from "../../../oscbridge/web/beat_clock.js";
import { breath, eased } from "../../../oscbridge/web/breath.js";
import { Glow } from "../../../oscbridge/web/glow.js";
import { hue } from "../../../oscbridge/web/palette.js";
import { countIn, extent, membersOf, nearest, Places, radiusFor } from "../../../oscbridge/web/places.js";
import { View } from "../../../oscbridge/web/view.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);

test("what lies under the pointer stays there while it zooms, and moves with it while it pans", () => {
  const view = new View();
  view.resize(1000, 600, { top: 40, right: 300, bottom: 100, left: 200 });
  view.fit({ x: 0.1, y: -0.2, reach: 0.5 });
  const at = view.toLayout(300, 200);
  view.zoomAt(300, 200, 3);
  view.toLayout(300, 200).forEach((value, i) => near(value, at[i]));
  view.panBy(25, -40);
  view.toScreen(...at).forEach((value, i) => near(value, [325, 160][i], 1e-6));
  near(view.magnification, 3);
});

test("all of it is fitted into the middle of what panels leave free, y up", () => {
  const view = new View();
  view.resize(1000, 600, { top: 40, right: 300, bottom: 100, left: 200 });
  view.fit({ x: 0.1, y: -0.2, reach: 0.5 });
  assert.deepEqual(view.toScreen(0.1, -0.2).map(Math.round), [450, 270]);
  near(view.zoom, 460);
  assert.ok(view.toScreen(0, 0.5)[1] < view.toScreen(0, 0)[1]);
});

test("breathing goes through every moment, smoothly, and in a circle", () => {
  for (let i = 0; i < 8; i++) {
    const { moments, weights } = breath(i / 8, 8);
    assert.equal(moments[1], i);
    near(weights[1], 1);
  }
  const value = (phase) => {
    const { moments, weights } = breath(phase, 8);
    near(weights.reduce((a, b) => a + b), 1);
    return moments.reduce((sum, moment, i) => sum + weights[i] * Math.cos((2 * Math.PI * moment) / 8), 0);
  };
  for (let phase = 0; phase < 1; phase += 0.01) {
    assert.ok(Math.abs(value(phase + 0.01) - value(phase)) < 0.08);
    near(value(phase), Math.cos(2 * Math.PI * phase), 0.04);
  }
  assert.equal(eased(0.9995, 1, 0.016, 0.3), 1);
});

const LAYERS = [{ first: 0, count: 4, framesPerStep: 1 }, { first: 4, count: 4, framesPerStep: 16 }];

test("a neuron lights up quickly, fades slowly, and comes to its value", () => {
  const glow = new Glow(8, LAYERS);
  glow.take(0, new Uint8Array(8).fill(255));
  glow.advance(0.03);
  assert.ok(glow.shown[0] > 180 && glow.shown[4] < 120, "deep layers glide between their rare frames");
  for (let i = 0; i < 200; i++) glow.advance(0.016);
  assert.deepEqual([...glow.shown], Array(8).fill(255));
  glow.take(2, new Uint8Array(1));
  glow.advance(0.03);
  assert.ok(glow.shown[2] > 100 && glow.shown[1] === 255);
  for (let i = 0; i < 200; i++) glow.advance(0.016);
  assert.equal(glow.shown[2], 0);
});

test("a chunk that is too long, or lies outside, changes nothing that is not there", () => {
  const glow = new Glow(8, LAYERS);
  glow.take(6, new Uint8Array(10).fill(9));
  glow.take(99, new Uint8Array(1));
  glow.take(-1, new Uint8Array(1));
  assert.deepEqual([...glow.target], [0, 0, 0, 0, 0, 0, 9, 9]);
});

const blob = (...values) => new Uint8Array(Float32Array.from(values).buffer);

test("snapshots come in chunks; another layout forgets the older one", () => {
  const places = new Places(3);
  assert.equal(places.take([1, 0, 0, 2, 0, blob(0, 0, 1, 0)]), -1);
  assert.equal(places.isKnown, false);
  assert.equal(places.take([1, 0, 1, 2, 2, blob(0, 2)]), 0);
  assert.equal(places.isKnown, true);
  assert.deepEqual([...places.rest], [0, 0, 1, 0, 0, 2]);
  assert.equal(places.take([1, 2, 0, 1, 0, blob(0, 0, 0, 0, 0, 0)]), 2);
  assert.equal(places.moments, 0, "moment 1 is missing");
  places.take([1, 1, 0, 1, 0, blob(0, 0, 0, 0, 0, 0)]);
  assert.equal(places.moments, 2);
  places.take([2, 0, 0, 1, 0, blob(5, 5, 5, 5, 5, 5)]);
  assert.equal(places.moments, 0);
  assert.equal(places.rest[0], 5);
});

test("a blob that is not aligned is read all the same", () => {
  const places = new Places(1);
  const shifted = new Uint8Array(9);
  shifted.set(blob(0.25, -0.5), 1);
  places.take([1, 0, 0, 1, 0, shifted.subarray(1)]);
  assert.deepEqual([...places.rest], [0.25, -0.5]);
});

test("the nearest neuron, those in a circle, and the circle that holds just so many", () => {
  const places = Float32Array.from([0, 0, 1, 0, 0, 2, 3, 3]);
  assert.equal(nearest(places, 0.9, 0.1, 0.5), 1);
  assert.equal(nearest(places, 10, 10, 0.5), -1);
  assert.equal(countIn(places, 0, 0, 1.5), 2);
  assert.deepEqual([...membersOf(places, 0, 0, 1.5)], [0, 1]);
  for (const count of [1, 2, 3, 4]) assert.equal(countIn(places, 0, 0, radiusFor(places, 0, 0, count)), count);
  const { x, y, reach } = extent(places);
  assert.ok(reach > 1 && Number.isFinite(x + y));
});

test("between beats the phase goes on, and waits for a beat that does not come", () => {
  const clock = new BeatClock();
  clock.beatsPerClip = 4;
  assert.equal(clock.phase(0), 0);
  clock.take([1, 1, 120, 0], 1000);
  near(clock.phase(1250), 0.125);
  near(clock.phase(60_000), 0.25);
  near(clock.lamp(1000), 1);
  assert.ok(clock.lamp(1300) < 0.2);
  clock.take([1, 4, 120, 0.75], 2500);
  clock.take([2, 1, 120, 0], 3000);
  near(clock.loops(3000), 1);
});

test("colours go from amber to rose", () => {
  const [first, last] = [hue(0, 28), hue(27, 28)];
  assert.ok(first[0] > first[1] && first[1] > first[2]);
  assert.ok(last[0] > last[2] && last[2] > last[1]);
});
