// A list of the layers with what each of them does now. A click lets one stand alone.

import { byId, el, say } from "./dom.js";
import { hears } from "./network.js";
import { css } from "./palette.js";
import { grouped } from "./scales.js";

const FALL_S = 0.18;

export class LayersPanel {
  /** chosen(layer index or -1) when one is to stand alone; selected(layer): it joins the selection. */
  constructor(connection, { chosen, selected }) {
    Object.assign(this, { _chosen: chosen, _selected: selected });
    this._list = byId("layer-list");
    this._means = new Float32Array(0);
    this._shown = new Float32Array(0);
    connection.on("/ear/level/mean", (means) => {
      if (means.length === this._means.length) this._means.set(means);
    });
  }

  begin(layers) {
    this.layers = layers;
    this._means = new Float32Array(layers.length);
    this._shown = new Float32Array(layers.length);
    this._isolated = -1;
    this._bars = layers.map(() => el("span.bar"));
    this._buttons = layers.map((layer) => this._button(layer));
    const rows = layers.map((layer, i) => el("li", {}, this._buttons[i], this._adder(layer)));
    this._list.replaceChildren(...rows);
    const neurons = layers.reduce((sum, layer) => sum + layer.count, 0);
    say(byId("layers-count"), `${layers.length} · ${grouped(neurons)} neurons`);
  }

  _button(layer) {
    const colour = css(layer.index, this.layers.length);
    const bar = this._bars[layer.index];
    bar.style.background = colour;
    const button = el("button.layer", {
      type: "button", "aria-pressed": "false",
      title: `${grouped(layer.channels)} channels of ${layer.positions}: ${grouped(layer.count)} neurons. ${hears(layer)}`.trim(),
      onclick: () => this._chosen(this._isolated === layer.index ? -1 : layer.index),
    }, el("span.number", {}, String(layer.index)), el("span.name", {}, layer.name), el("span.track", {}, bar));
    button.style.setProperty("--hue", colour);
    return button;
  }

  _adder(layer) {
    const words = `Select layer ${layer.name}`;
    return el("button.quiet.adder", { type: "button", title: words, "aria-label": words, onclick: () => this._selected(layer) }, "+");
  }

  isolate(index) {
    this._isolated = index;
    this._list.classList.toggle("isolating", index >= 0);
    this._buttons?.forEach((button, i) => button.setAttribute("aria-pressed", String(i === index)));
  }

  draw(seconds) {
    const down = Math.exp(-seconds / FALL_S);
    for (let i = 0; i < this._means.length; i++) {
      const value = Math.max(this._means[i], this._shown[i] * down + this._means[i] * (1 - down));
      if (Math.abs(value - this._shown[i]) < 5e-4) continue;
      this._shown[i] = value;
      // means of layers are small: a root makes them readable and keeps their order
      this._bars[i].style.transform = `scaleX(${Math.sqrt(Math.min(value, 1)).toFixed(3)})`;
    }
  }

  darken() {
    this._means.fill(0);
  }
}
