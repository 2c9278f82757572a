// Feature maps as they come: what a layer's channels saw in its last 64 steps, and the way from there to the word.

import { byId, el, fitted, isShown, say } from "./dom.js";
import { STEPS, Liveliness, columnsFor, filterOf, firstShown, pageOf, pagesOf, wayOf } from "./maps.js";
import { ramp } from "./palette.js";
import { grouped, shortNumber } from "./scales.js";

const LOOK_S = 0.1;
const FIRST_LOOKS = 8; // before the liveliest are chosen
const CHOOSE_S = 8; // then they are chosen anew
const GAP_PX = 5;
const WORDS = 6;

export class MapsPanel {
  /** changed() is called when another subscription is wanted. */
  constructor(connection, changed) {
    Object.assign(this, { _changed: changed, _layers: [], _layer: null, _page: -1, _shown: [], received: 0 });
    this._canvas = byId("maps-pictures");
    this._pictures = new Map(); // channel → {values, paper}
    this._paper = document.createElement("canvas");
    byId("maps-layer").addEventListener("change", ({ target }) => this.show(target.selectedIndex));
    const click = (id, take) => byId(id).addEventListener("click", take);
    click("maps-layer-before", () => this.step(-1));
    click("maps-layer-after", () => this.step(1));
    click("maps-before", () => this._turn(-1));
    click("maps-after", () => this._turn(1));
    click("maps-liveliest", () => this._turn(0));
    connection
      .on("/ear/map", (args) => this._take(args))
      .on("/ear/activations", ([epoch, , , , first, values]) => {
        if (epoch === connection.welcome.epoch && this.isOpen) this._hear(first, values);
      })
      .on("/ear/alive", ([, , frame, seconds, microseconds]) => this._tick(frame, seconds + microseconds / 1e6))
      .on("/ear/classes", (args) => this._told(args));
  }

  /** Whether it is seen: nothing is asked for while it is not. */
  get isOpen() {
    return !document.hidden && !document.body.classList.contains("folded") && isShown(this._canvas);
  }

  /** The filter of the maps that are wanted, "" for none. */
  get wanted() {
    return this._layer && this.isOpen ? filterOf(this._layer, this._shown) : "";
  }

  /** A filter for the activations that it needs. */
  get vectors() {
    const { vector, logits } = this._way;
    return [...new Set([this._layer, vector, logits].filter(Boolean).map((layer) => layer.index))].join(",");
  }

  begin(layers) {
    this._layers = layers;
    [this._ticked, this._hopS] = [null, 0];
    this._way = wayOf(layers);
    this._now = new Uint8Array(layers.at(-1).first + layers.at(-1).count);
    say(byId("maps-axes"), layers[0].name === "picture" ? "time →, place ↑" : "time →, pitch ↑");
    byId("maps-layer").replaceChildren(...layers.map((layer) => el("option", {}, `${layer.index} ${layer.name}`)));
    this._beginWay();
    const same = this._layer && layers[this._layer.index]?.name === this._layer.name;
    const { index } = same ? this._layer : firstShown(layers);
    this._layer = null;
    this.show(index);
  }

  /** Another layer; one that is asked for again stays as it is. */
  show(index) {
    const layer = this._layers[index];
    if (!layer || layer === this._layer) return;
    this._layer = layer;
    byId("maps-layer").selectedIndex = index;
    byId("maps-layer-before").disabled = index === 0;
    byId("maps-layer-after").disabled = index === this._layers.length - 1;
    this._colours = ramp(index, this._layers.length);
    this._lively = new Liveliness(layer);
    this._page = pagesOf(layer) > 1 ? -1 : 0;
    [this._looks, this._lookedAt, this._chosenAt] = [0, 0, 0];
    say(byId("maps-shape"), `${STEPS} × ${layer.positions} × ${grouped(layer.channels)}`);
    this._tellShape();
    this._choose(pageOf(layer, 0), true);
  }

  _tellShape() {
    const { positions, channels, framesPerStep } = this._layer;
    const seconds = this._hopS ? `, ${shortNumber(Number((STEPS * framesPerStep * this._hopS).toPrecision(2)))} s` : "";
    say(byId("maps-words"), `H × W × C: ${STEPS} steps${seconds} × ${counted(positions, "position")} × ${counted(channels, "channel")}`);
  }

  /** How long a frame is, from when two of them were heard. */
  _tick(frame, seconds) {
    const before = this._ticked;
    this._ticked = [frame, seconds];
    if (!before || frame <= before[0] || seconds <= before[1]) return;
    this._hopS = (seconds - before[1]) / (frame - before[0]);
    if (this._layer) this._tellShape();
  }

  step(by) {
    if (this._layer) this.show(this._layer.index + by);
  }

  /** by: pages; 0 for the liveliest. */
  _turn(by) {
    if (!this._layer) return;
    const pages = pagesOf(this._layer);
    if (by) this._page = this._page < 0 ? (by > 0 ? 0 : pages - 1) : (this._page + by + pages) % pages;
    else this._page = -1;
    this._choose(by ? pageOf(this._layer, this._page) : this._lively.choose(), false);
  }

  /** isNew: of another layer; else the pictures that stay keep what they show. */
  _choose(channels, isNew) {
    const before = isNew ? new Map() : this._pictures;
    const values = () => new Uint8Array(STEPS * this._layer.positions);
    this._shown = channels;
    this._pictures = new Map(channels.map((channel) => [channel, before.get(channel) ?? { values: values() }]));
    const pages = pagesOf(this._layer);
    for (const id of ["maps-before", "maps-after", "maps-liveliest"]) byId(id).disabled = pages === 1;
    byId("maps-liveliest").setAttribute("aria-pressed", String(this._page < 0));
    const page = pageOf(this._layer, Math.max(this._page, 0));
    const which = page.length > 1 ? `channels ${page[0]}–${page.at(-1)}` : `channel ${page[0]}`;
    say(byId("maps-which"), this._page < 0 ? `${channels.length} of ${grouped(this._layer.channels)}` : which);
    this._canvas.setAttribute("aria-label", `Feature maps of layer ${this._layer.name}: ${counted(channels.length, "channel")}, time to the right, pitch upwards`);
    this._isNew = true;
    this._changed();
  }

  _take([epoch, , layer, channel, steps, positions, first, values]) {
    const picture = this._pictures.get(channel);
    if (!picture || layer !== this._layer.index || steps !== STEPS || positions !== this._layer.positions) return;
    if (first * positions + values.length > picture.values.length) return;
    this.received++;
    picture.values.set(values, first * positions);
    this._isNew = true;
  }

  _hear(first, values) {
    const room = (this._now?.length ?? 0) - first;
    if (room > 0) this._now.set(values.length > room ? values.subarray(0, room) : values, first);
    this._isHeard = true;
  }

  _beginWay() {
    const { vector, logits, classes } = this._way;
    for (const [id, layer] of [["flatten", vector], ["logits", logits]]) {
      byId(`maps-${id}`).parentElement.hidden = !layer;
      if (layer) say(byId(`maps-${id}-words`), id === "flatten" ? `${layer.name}: ${flattened(layer)}` : `${layer.name}: one for each word, ${layer.count}`);
    }
    byId("maps-probabilities").replaceChildren();
    byId("maps-probabilities").hidden = !classes;
    say(byId("maps-probabilities-words"), classes ? `${counted(classes.count, "word")}, the likeliest first` : "this network has learned no words: its last vector is its answer");
  }

  _told(args) {
    if (!this._way?.classes || !this.isOpen) return;
    const list = byId("maps-probabilities");
    const count = Math.min(WORDS, args.length / 2);
    while (list.children.length < count) list.append(el("li", {}, el("span", {}), el("i", {}), el("b", {})));
    for (let i = 0; i < count; i++) {
      const [name, bar, value] = list.children[i].children;
      say(name, args[2 * i]);
      bar.style.setProperty("--share", args[2 * i + 1].toFixed(3));
      say(value, `${Math.round(100 * args[2 * i + 1])}%`);
    }
  }

  /** now: milliseconds. */
  draw(now) {
    const { isOpen } = this;
    if (isOpen !== this._wasOpen) {
      this._wasOpen = isOpen;
      this._changed();
    }
    if (!this._layer || !isOpen) return;
    this._look(now / 1000);
    const size = `${this._canvas.clientWidth} ${this._canvas.clientHeight}`;
    if (this._isNew || size !== this._size) this._drawPictures();
    [this._isNew, this._size] = [false, size];
    if (!this._isHeard) return;
    this._isHeard = false;
    for (const [id, layer] of [["flatten", this._way.vector], ["logits", this._way.logits]]) {
      if (layer) this._drawStrip(byId(`maps-${id}`), layer);
    }
  }

  _look(now) {
    if (!this._isHeard || now - this._lookedAt < LOOK_S) return;
    this._lookedAt = now;
    this._lively.look(this._now.subarray(this._layer.first, this._layer.first + this._layer.count), 0.15);
    if (this._page >= 0 || ++this._looks < FIRST_LOOKS || now - this._chosenAt < CHOOSE_S) return;
    const chosen = this._lively.choose(this._chosenAt ? this._shown : []);
    this._chosenAt = now;
    if (String(chosen) !== String(this._shown)) this._choose(chosen, false);
  }

  _drawPictures() {
    const { context, width, height } = fitted(this._canvas);
    context.clearRect(0, 0, width, height);
    const columns = columnsFor(this._shown.length);
    const rows = Math.ceil(this._shown.length / columns);
    const wide = (width - (columns - 1) * GAP_PX) / columns;
    const high = (height - (rows - 1) * GAP_PX) / rows;
    context.imageSmoothingEnabled = this._layer.positions > 24; // few positions are shown as the squares that they are
    context.font = '10px system-ui, "Segoe UI", Roboto, sans-serif';
    context.textBaseline = "top";
    this._shown.forEach((channel, i) => {
      const [x, y] = [(i % columns) * (wide + GAP_PX), Math.floor(i / columns) * (high + GAP_PX)];
      this._paint(this._pictures.get(channel).values);
      context.drawImage(this._paper, x, y, wide, high);
      context.strokeStyle = "rgb(255 255 255 / 0.07)";
      context.strokeRect(x + 0.5, y + 0.5, wide - 1, high - 1);
      context.fillStyle = "rgb(8 9 15 / 0.7)";
      context.fillRect(x, y, context.measureText(channel).width + 8, 15);
      context.fillStyle = "rgb(223 226 236)";
      context.fillText(channel, x + 4, y + 3);
    });
  }

  /** One map onto the paper: (steps, positions), time to the right, pitch upwards. */
  _paint(values) {
    const { positions } = this._layer;
    if (this._paper.height !== positions || this._paper.width !== STEPS) {
      [this._paper.width, this._paper.height] = [STEPS, positions];
      this._image = new ImageData(STEPS, positions);
    }
    const pixels = new Uint32Array(this._image.data.buffer);
    for (let step = 0; step < STEPS; step++) {
      for (let p = 0; p < positions; p++) pixels[(positions - 1 - p) * STEPS + step] = this._colours[values[step * positions + p]];
    }
    this._paper.getContext("2d").putImageData(this._image, 0, 0);
  }

  /** A layer's neurons one beside the other. */
  _drawStrip(canvas, layer) {
    const { context, width, height } = fitted(canvas);
    const colours = ramp(layer.index, this._layers.length);
    const image = new ImageData(layer.count, 1);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < layer.count; i++) pixels[i] = colours[this._now[layer.first + i]];
    const paper = document.createElement("canvas");
    [paper.width, paper.height] = [layer.count, 1];
    paper.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(paper, 0, 0, width, height);
  }

  /** The connection is lost: what was seen is over. */
  darken() {
    this._now?.fill(0);
    for (const { values } of this._pictures.values()) values.fill(0);
    this._isNew = this._isHeard = true;
  }
}

const counted = (count, word) => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

const flattened = (layer) => (layer.positions > 1 ? `${layer.positions} × ${layer.channels} = ${grouped(layer.count)} numbers` : counted(layer.count, "number"));
