// What reaches the ear, as it comes: time to the left, pitch upwards.

import { byId, fitted, isShown } from "./dom.js";
import { binHertz } from "./network.js";
import { heat } from "./palette.js";
import { hertz, note } from "./scales.js";

const COLUMNS = 512; // 12 s
const AXIS_PX = 38;
const TICKS = [50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const COLOURS = heat();

export class ScalogramView {
  constructor(connection) {
    this._canvas = byId("scalogram");
    this._paper = document.createElement("canvas");
    this._count = 0;
    this._hertz = null;
    this._size = "";
    connection.on("/ear/scalogram", ([, values]) => values instanceof Uint8Array && this._take(values));
  }

  begin(layers) {
    this._hertz = binHertz(layers);
    this._layer = layers[0];
    this._count = 0;
    this._isNew = true;
    this._paper.width = 0;
  }

  _take(values) {
    const bins = values.length;
    if (this._paper.height !== bins || this._paper.width !== COLUMNS) {
      [this._paper.width, this._paper.height] = [COLUMNS, bins];
      this._column = new ImageData(1, bins);
      this._ink = this._paper.getContext("2d", { willReadFrequently: true });
      this._ink.fillStyle = `rgb(${COLOURS[0]} ${COLOURS[1]} ${COLOURS[2]})`;
      this._ink.fillRect(0, 0, COLUMNS, bins);
    }
    const pixels = this._column.data;
    for (let i = 0; i < bins; i++) {
      const from = 4 * values[i];
      const to = 4 * (bins - 1 - i);
      for (let c = 0; c < 4; c++) pixels[to + c] = COLOURS[from + c];
    }
    this._ink.putImageData(this._column, this._count++ % COLUMNS, 0);
    this._isNew = true;
  }

  draw() {
    const canvas = this._canvas;
    const size = `${canvas.clientWidth} ${canvas.clientHeight}`;
    if ((!this._isNew && size === this._size) || !isShown(canvas)) return;
    this._isNew = false;
    this._size = size;
    const { context, width, height } = fitted(canvas);
    context.clearRect(0, 0, width, height);
    const wide = width - AXIS_PX;
    if (this._paper.width) {
      const split = this._count % COLUMNS; // the oldest column
      const scale = wide / COLUMNS;
      context.imageSmoothingEnabled = true;
      const newest = split * scale;
      if (split < COLUMNS) context.drawImage(this._paper, split, 0, COLUMNS - split, this._paper.height, 0, 0, wide - newest, height);
      if (split) context.drawImage(this._paper, 0, 0, split, this._paper.height, wide - newest, 0, newest, height);
    }
    this._axis(context, wide, height);
  }

  _axis(context, wide, height) {
    context.font = '10px system-ui, "Segoe UI", Roboto, sans-serif';
    context.textBaseline = "middle";
    context.fillStyle = "rgb(150 155 175)";
    if (!this._hertz) {
      context.fillText("high", wide + 6, 8);
      context.fillText("low", wide + 6, height - 8);
      return;
    }
    const bins = this._layer.positions;
    const lowest = this._hertz(0);
    const octaves = Math.log2(this._hertz(bins) / lowest);
    let above = Infinity;
    for (const tick of TICKS) {
      const y = height * (1 - Math.log2(tick / lowest) / octaves);
      if (y < 5 || y > height - 5 || above - y < 13) continue;
      above = y;
      context.fillStyle = "rgb(255 255 255 / 0.13)";
      context.fillRect(0, Math.round(y), wide, 1);
      context.fillStyle = "rgb(150 155 175)";
      context.fillText(tick < 1000 ? tick : `${tick / 1000}k`, wide + 6, y);
    }
  }

  /** What lies under a point of the canvas, in words. */
  wordsAt(y) {
    const { clientHeight: height } = this._canvas;
    if (!this._layer) return "";
    const bin = Math.min(this._layer.positions - 1, Math.max(0, Math.floor((1 - y / height) * this._layer.positions)));
    return this._hertz ? `${hertz(this._hertz(bin))}, ${note(this._hertz(bin))}` : `bin ${bin + 1} of ${this._layer.positions}`;
  }
}
