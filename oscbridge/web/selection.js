// What is selected, as the daemon tells it: everybody shares one selection, so it is asked for, never remembered.

import { membersOf, radiusFor } from "./places.js";

const EVERY_MS = 1000;

/** The arguments of /ear/selected. A circle comes without layer and channels, and x and y in the place of a band. */
export function regionOf([layer, first, last, low, high, weight, name, neurons]) {
  return layer < 0
    ? { isCircle: true, x: low, y: high, weight, name, neurons, radius: 0 }
    : { isCircle: false, layer, first, last, low, high, weight, name, neurons };
}

/** The message that makes a region anew. */
export function messageOf(region) {
  const { isCircle, x, y, radius, layer, first, last, low, high, weight, name } = region;
  return isCircle
    ? ["/ear/select/circle", "ffffs", [x, y, radius, weight, name]]
    : ["/ear/select/add", "iiifffs", [layer, first, last, low, high, weight, name]];
}

/** A name that no region has. */
export function freeName(regions, stem = "circle") {
  const taken = new Set(regions.map((region) => region.name));
  let number = 1;
  while (taken.has(`${stem} ${number}`)) number++;
  return `${stem} ${number}`;
}

/** Adds the weight of a region of channels to its neurons. */
export function addRegion(region, layers, weights) {
  const layer = layers[region.layer];
  if (!layer) return;
  const [start, end] = band(layer.positions, region.low, region.high);
  for (let channel = region.first; channel <= region.last; channel++) {
    const from = layer.first + channel * layer.positions;
    for (let i = from + start; i < from + end; i++) weights[i] += region.weight;
  }
}

/** The positions that a band touches, at least one: as the daemon counts them. */
export function band(size, low, high) {
  const rounding = 1e-6 * size; // the bounds come as 32-bit floats
  const start = Math.min(Math.floor(low * size + rounding), size - 1);
  return [start, Math.max(Math.ceil(high * size - rounding), start + 1)];
}

export class Selection {
  /** changed(regions, weights, neurons) is told when it is another. */
  constructor(connection, creature, changed) {
    Object.assign(this, { _connection: connection, _creature: creature, _changed: changed });
    this.regions = [];
    this.count = 0;
    this._coming = [];
    this._told = "";
    this._circles = new Map(); // of this network, those in it when it was first seen
    connection.on("/ear/selected", (args) => this._coming.length < 256 && this._coming.push(regionOf(args)));
    connection.on("/ear/done", (args) => {
      if (args[0] === "/ear/select") this._complete(args[2]);
      else if (String(args[0]).startsWith("/ear/select/")) this.ask();
    });
    setInterval(() => !document.hidden && connection.state === "connected" && this.ask(), EVERY_MS);
  }

  ask() {
    this._connection.send("/ear/select");
  }

  add(x, y, radius, weight) {
    const region = { isCircle: true, x, y, radius, weight, name: freeName(this.regions) };
    this._connection.send(...messageOf(region));
  }

  weigh(region, weight) {
    // the radius of a circle that has moved apart is not known; with weight 0 it does not matter
    this._connection.send(...messageOf({ ...region, weight, radius: region.radius || 2 }));
  }

  clear() {
    this._connection.send("/ear/select/clear");
  }

  /** There is no command to take one region away: all others are selected anew, in one bundle so that none is missed. */
  remove(region) {
    const others = this.regions.filter((other) => other !== region);
    if (others.some((other) => other.isStale)) return this.weigh(region, 0);
    this._connection.sendTogether(["/ear/select/clear"], ...others.map(messageOf));
    return this.ask();
  }

  addLayer(layer, weight) {
    this._connection.send("/ear/select/add", "iiifffs", [layer.index, 0, -1, 0, 1, weight, layer.name]);
  }

  /** Another network: what circles are is to be found out again. */
  forget() {
    this._told = "";
    this._circles.clear();
  }

  _complete(count) {
    const regions = this._coming;
    this._coming = [];
    const places = this._creature.places?.isKnown ? this._creature.places : null;
    const told = JSON.stringify([regions, count, places?.rev]);
    if (told === this._told) return;
    this._told = told;
    const weights = new Float32Array(this._creature.neurons);
    for (const region of regions) {
      if (!region.isCircle) addRegion(region, this._creature.layers, weights);
      else if (places) this._addCircle(region, places, weights);
    }
    this.regions = regions;
    this.count = count;
    this._changed(regions, weights, count);
  }

  /**
   * Those who were in it stay selected where a later layout puts them, so they are remembered; then it is a circle no
   * more, and drawing it anew would select others.
   */
  _addCircle(region, places, weights) {
    const { x, y, neurons, weight } = region;
    const key = `${x} ${y} ${neurons}`;
    if (!this._circles.has(key)) {
      if (this._circles.size >= 256) this._circles.clear();
      const radius = radiusFor(places.rest, x, y, neurons);
      this._circles.set(key, { radius, rev: places.rev, members: membersOf(places.rest, x, y, radius) });
    }
    const { radius, rev, members } = this._circles.get(key);
    for (const neuron of members) weights[neuron] += weight;
    region.isStale = rev !== places.rev;
    region.radius = region.isStale ? 0 : radius;
  }
}
