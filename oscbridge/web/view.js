// What part of the layout is seen: pan, zoom and fit. Layout: a unit circle, y up. Screen: CSS pixels, y down.

import { clamp } from "./scales.js";

const MOST = 400; // times as large as when all is seen
const LEAST = 0.3;

export class View {
  constructor() {
    this.x = 0; // what lies in the middle of the screen
    this.y = 0;
    this.zoom = 300; // pixels for 1 of the layout
    this.fitted = 300;
    this.width = 1;
    this.height = 1;
  }

  /** inset: pixels at each border that panels cover: {top, right, bottom, left}. */
  resize(width, height, inset) {
    this.width = width;
    this.height = height;
    this.inset = inset;
  }

  /** box: {x, y, reach}: the middle, and how far out nearly everything lies. */
  fit(box) {
    const { top, right, bottom, left } = this.inset ?? { top: 0, right: 0, bottom: 0, left: 0 };
    const [free, high] = [Math.max(this.width - left - right, 40), Math.max(this.height - top - bottom, 40)];
    this.zoom = this.fitted = Math.min(free, high) / 2 / Math.max(box.reach, 1e-6);
    // the middle of what is free, not of the screen
    this.x = box.x - (left - right) / 2 / this.zoom;
    this.y = box.y + (top - bottom) / 2 / this.zoom;
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.zoom, this.height / 2 - (y - this.y) * this.zoom];
  }

  toLayout(sx, sy) {
    return [this.x + (sx - this.width / 2) / this.zoom, this.y - (sy - this.height / 2) / this.zoom];
  }

  panBy(dx, dy) {
    this.x -= dx / this.zoom;
    this.y += dy / this.zoom;
    const far = 1.5; // beyond the circle there is only darkness to be lost in
    this.x = clamp(this.x, -far, far);
    this.y = clamp(this.y, -far, far);
  }

  /** What lies under (sx, sy) stays there. */
  zoomAt(sx, sy, factor) {
    const [x, y] = this.toLayout(sx, sy);
    this.zoom = clamp(this.zoom * factor, this.fitted * LEAST, this.fitted * MOST);
    this.x = x - (sx - this.width / 2) / this.zoom;
    this.y = y + (sy - this.height / 2) / this.zoom;
  }

  /** How many times larger than when all is seen. */
  get magnification() {
    return this.zoom / this.fitted;
  }
}
