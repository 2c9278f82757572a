// The creature on its canvas: what it knows of the network, where it is looked at from, and the loop that draws it.

import { breath, eased } from "./breath.js";
import { calm } from "./dom.js";
import { Glow } from "./glow.js";
import { Painter } from "./painter.js";
import { countIn, extent, middleOf, nearest, Places } from "./places.js";
import { Sharpness } from "./sharpness.js";
import { View } from "./view.js";

const GLIDE_S = 0.12;
const REST_S = 0.35;
const REFIT_MS = 700;
const SLOW_LOOP_S = 16; // a breath where no beat tells the time
const LOOPS_A_BREATH = 2;

export class Creature {
  /** clock: BeatClock; complain(sentence). */
  constructor(canvas, clock, complain) {
    Object.assign(this, { canvas, _clock: clock, _complain: complain });
    this.view = new View();
    this.layers = [];
    this.places = null;
    this.glow = null;
    this.neurons = 0;
    this.isolated = -1;
    this.breathes = !calm();
    this.isStill = false; // while a hand draws a circle: it counts where neurons rest
    this.brightness = 1;
    this.dotSize = 1;
    this.framesDrawn = 0;
    this.mainThreadMs = 0;
    this.drawnPerSecond = 0;
    this.chosenCount = 0;
    this.onDrawn = []; // called with (now, seconds) after each picture
    this._amount = 0;
    this._mix = breath(0, 0);
    this._veil = 0;
    this._glide = null;
    this._current = null; // places of now, for the pointer
    this._last = 0;
    this._open();
    requestAnimationFrame((now) => this._frame(now));
  }

  get isVisible() {
    return Boolean(this.painter);
  }

  _open() {
    try {
      this.painter = new Painter(this.canvas);
      this._sharpness = new Sharpness(this.painter.isSoftware);
    } catch (error) {
      this.painter = null;
      this._complain(error.message);
      return;
    }
    this.canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault(); // or it would never come back
      this.painter = null;
    });
    this.canvas.addEventListener("webglcontextrestored", () => {
      this.painter = new Painter(this.canvas);
      if (this.layers.length) this._upload();
    });
  }

  /** A network is known. */
  begin(layers) {
    this.layers = layers;
    const last = layers[layers.length - 1];
    this.neurons = last.first + last.count;
    this.places = new Places(this.neurons);
    this.glow = new Glow(this.neurons, layers, calm());
    this._current = null;
    this._middles = null;
    this._weights = null;
    this.isolated = -1;
    this.painter?.begin(this.neurons, layers);
  }

  /** arguments of /ear/layout/xy. */
  takePlaces(args) {
    if (!this.places) return;
    const wasKnown = this.places.isKnown && this.places.rev === args[0];
    const whole = this.places.take(args);
    if (whole < 0) return;
    this._arrived = true; // several may be whole before the next picture: they are uploaded once
    if (whole !== 0) return;
    this._middles = null;
    // one that grows is kept in sight, unless the user looks at something else
    const isTime = performance.now() - this._fittedAt > REFIT_MS;
    if (!wasKnown || (isTime && !this._moved)) this.fit(wasKnown);
  }

  choose(weights) {
    this._weights = weights;
    this.chosenCount = weights.reduce((count, weight) => count + (Math.abs(weight) > 1e-6), 0);
    this.painter?.choose(weights);
  }

  _upload() {
    this.painter.begin(this.neurons, this.layers);
    if (this._weights) this.painter.choose(this._weights);
    if (this.places?.isKnown) this._arrived = true;
  }

  resize(width, height, inset) {
    const isFirst = this.view.width <= 1;
    const wasFitted = Math.abs(this.view.magnification - 1) < 1e-6 && !this._moved;
    this.view.resize(width, height, inset);
    if (isFirst || wasFitted) this.fit();
  }

  /** All of it, in what the panels leave free. */
  fit(softly = false) {
    this._moved = false;
    this._fittedAt = performance.now();
    const aim = new View();
    aim.resize(this.view.width, this.view.height, this.view.inset);
    aim.fit(this.places?.isKnown ? extent(this.places.rest) : { x: 0, y: 0, reach: 1 });
    this._glide = softly && !calm() ? aim : null;
    this.view.fitted = aim.zoom;
    if (!this._glide) Object.assign(this.view, { x: aim.x, y: aim.y, zoom: aim.zoom });
    this.changed = true;
  }

  panBy(dx, dy) {
    this._glide = null;
    this._moved = true;
    this.view.panBy(dx, dy);
    this.changed = true;
  }

  zoomAt(x, y, factor) {
    this._glide = null;
    this._moved = true;
    this.view.zoomAt(x, y, factor);
    this.changed = true;
  }

  /** The neuron under a point of the screen, or -1. */
  under(sx, sy, reachPixels) {
    if (!this.places?.isKnown) return -1;
    this._current ??= new Float32Array(2 * this.neurons);
    this.places.mixed(this._mix, this._amount, this._current);
    return nearest(this._current, ...this.view.toLayout(sx, sy), reachPixels / this.view.zoom);
  }

  /** Where a neuron was seen when the pointer last asked. */
  placeOf(neuron) {
    return this.view.toScreen(this._current[2 * neuron], this._current[2 * neuron + 1]);
  }

  countIn(x, y, radius) {
    return this.places?.isKnown ? countIn(this.places.rest, x, y, radius) : 0;
  }

  /** Where each layer's name belongs. */
  get middles() {
    if (!this.places?.isKnown) return [];
    this._middles ??= this.layers.map((layer) => middleOf(this.places.rest, layer.first, layer.count));
    return this._middles;
  }

  _frame(now) {
    requestAnimationFrame((next) => this._frame(next));
    if (document.hidden) return;
    const began = performance.now();
    const seconds = Math.min((now - this._last) / 1000, 0.25);
    this._last = now;
    if (this._glide) this._glideOn(seconds);
    if (this.painter && this.places?.isKnown) this._draw(now, seconds);
    for (const told of this.onDrawn) told(now, seconds);
    this.changed = false;
    this.framesDrawn++;
    this.mainThreadMs += (performance.now() - began - this.mainThreadMs) / Math.min(this.framesDrawn, 30);
    if (seconds > 0) this.drawnPerSecond += (1 / seconds - this.drawnPerSecond) / Math.min(this.framesDrawn, 30);
  }

  _glideOn(seconds) {
    const [view, aim] = [this.view, this._glide];
    const share = 1 - Math.exp(-seconds / GLIDE_S);
    view.x += (aim.x - view.x) * share;
    view.y += (aim.y - view.y) * share;
    view.zoom *= (aim.zoom / view.zoom) ** share;
    if (Math.abs(aim.zoom / view.zoom - 1) < 2e-3 && Math.hypot(aim.x - view.x, aim.y - view.y) * view.zoom < 0.3) {
      Object.assign(view, { x: aim.x, y: aim.y, zoom: aim.zoom });
      this._glide = null;
    }
    this.changed = true;
  }

  _draw(now, seconds) {
    const { view, places } = this;
    if (this._arrived) {
      this.painter.place([places.rest, ...places.snapshots.slice(1, 1 + places.moments)]);
      this._arrived = false;
    }
    const moments = places.moments;
    const phase = this._clock.isRunning ? this._clock.loops(now) / LOOPS_A_BREATH : now / 1000 / SLOW_LOOP_S;
    this._mix = breath(phase, moments);
    this._amount = eased(this._amount, this.breathes && !this.isStill && moments > 1 ? 1 : 0, seconds, REST_S);
    this._veil = eased(this._veil, this.chosenCount ? 0.4 : 0, seconds, REST_S);
    this.glow.advance(seconds);
    const dense = this._sharpness.next(seconds);
    this.painter.resize(Math.round(view.width * dense), Math.round(view.height * dense));
    // nearer, a neuron grows, but slower than the distances between them: so a crowd comes apart
    const near = view.magnification;
    const fits = Math.min(Math.max(view.fitted / 900, 0.55), 2);
    this.painter.draw({
      view, mix: this._mix, amount: this._amount, moments, light: this.glow.shown,
      size: 2.5 * fits * this.dotSize * near ** 0.55, still: 0.05 * Math.min(near ** 0.35, 3), isolated: this.isolated,
      veil: this._veil, exposure: 1.8 * this.brightness * Math.min(near ** 0.5, 2.6),
    });
  }
}
