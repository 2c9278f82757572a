// What is written and drawn over the creature: names of layers, circles, the neuron under the pointer.

import { fitted } from "./dom.js";
import { css } from "./palette.js";
import { grouped } from "./scales.js";

const LABELLED_FROM = 1.7; // times magnified: from here on layers are named unless the user says otherwise
const FONT = '500 11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';
const CREAM = "255 238 214";
const COLD = "160 176 255";

export class Overlay {
  constructor(canvas, creature) {
    Object.assign(this, { canvas, _creature: creature });
    this.labels = null; // true, false, or null: when magnified
    this.regions = []; // {name, x, y, radius, weight, neurons} of circles
    this.drawing = null; // {x, y, radius, weight, neurons} under the hand
    this.hovered = -1;
    this._drawn = "";
  }

  get showsLabels() {
    return this.labels ?? this._creature.view.magnification > LABELLED_FROM;
  }

  /** Draws if anything has changed since. */
  draw() {
    const { view, isolated, layers, places } = this._creature;
    const state = [view.x, view.y, view.zoom, view.width, view.height, this.showsLabels, isolated, layers.length,
      places?.rev, this.hovered, this.hovered >= 0 ? this._creature.placeOf(this.hovered) : "",
      JSON.stringify(this.drawing), this._regionsState].join(" ");
    if (state === this._drawn && !this._creature.changed) return;
    this._drawn = state;
    const { context, width, height } = fitted(this.canvas);
    context.clearRect(0, 0, width, height);
    for (const region of this.regions) this._circle(context, region, `${region.name}  ${grouped(region.neurons)}`);
    if (this.drawing) this._circle(context, this.drawing, grouped(this.drawing.neurons), true);
    if (this.showsLabels) this._names(context, width, height);
    if (this.hovered >= 0) this._ring(context);
  }

  show(regions) {
    this.regions = regions.filter((region) => region.radius > 0);
    this._regionsState = JSON.stringify(this.regions);
  }

  _circle(context, { x, y, radius, weight }, words, isDrawing = false) {
    const { view } = this._creature;
    const [sx, sy] = view.toScreen(x, y);
    const r = radius * view.zoom;
    const colour = weight < 0 ? COLD : CREAM;
    context.lineWidth = isDrawing ? 1.5 : 1;
    context.strokeStyle = `rgb(${colour} / ${isDrawing ? 0.95 : 0.25 + 0.45 * Math.abs(weight)})`;
    context.setLineDash(isDrawing ? [5, 4] : []);
    context.beginPath();
    context.arc(sx, sy, r, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    if (isDrawing) {
      context.fillStyle = `rgb(${colour} / 0.05)`;
      context.fill();
    }
    this._write(context, words, sx, sy - r - 9, `rgb(${colour} / 0.9)`);
  }

  _names(context, width, height) {
    const { view, layers, middles, isolated } = this._creature;
    const { inset } = view;
    context.font = FONT;
    const taken = [];
    // large layers first: where two names would meet, the smaller one waits until there is room
    const order = middles.map((_, i) => i).sort((a, b) => (b === isolated) - (a === isolated) || layers[b].count - layers[a].count);
    for (const i of order) {
      const [x, y] = view.toScreen(...middles[i]);
      if (x < inset.left || y < inset.top || x > width - inset.right || y > height - inset.bottom) continue;
      const half = context.measureText(layers[i].name).width / 2 + 8;
      const place = [0, -17, 17, -34, 34].map((dy) => y + dy).find((at) =>
        taken.every(([ox, oy, o]) => Math.abs(ox - x) > half + o || Math.abs(oy - at) > 15));
      if (place === undefined) continue;
      taken.push([x, place, half]);
      const aside = isolated >= 0 && isolated !== i ? 0.25 : 1;
      this._pill(context, x, place, half, aside);
      this._write(context, layers[i].name, x, place, css(i, layers.length, aside));
    }
  }

  _pill(context, x, y, half, aside) {
    context.fillStyle = `rgb(6 7 12 / ${0.62 * aside})`;
    context.beginPath();
    context.roundRect(x - half, y - 8, 2 * half, 16, 8);
    context.fill();
  }

  _ring(context) {
    const [x, y] = this._creature.placeOf(this.hovered);
    context.strokeStyle = "rgb(255 255 255 / 0.9)";
    context.lineWidth = 1.25;
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.stroke();
  }

  _write(context, words, x, y, colour) {
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = "rgb(6 7 12 / 0.75)";
    context.strokeText(words, x, y + 0.5);
    context.fillStyle = colour;
    context.fillText(words, x, y + 0.5);
  }
}
