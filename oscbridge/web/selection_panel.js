// The selected regions, each with its weight, and how bright what is selected is.

import { byId, el, say, throttled } from "./dom.js";
import { grouped, shortNumber } from "./scales.js";

export class SelectionPanel {
  constructor(selection, connection) {
    this._selection = selection;
    this._rows = new Map(); // a region's key → its row, so that a slider in the hand stays
    this._weight = byId("next-weight");
    const reading = byId("next-weight-value");
    this._weight.addEventListener("input", () => say(reading, shortNumber(this.nextWeight)));
    connection.on("/ear/selection", ([mean, peak]) => (this._level = [mean, peak]));
  }

  get nextWeight() {
    return this._weight.valueAsNumber / 100;
  }

  show(regions, neurons) {
    this._count = neurons;
    say(byId("selected-count"), neurons ? `${grouped(neurons)} neurons` : "nothing");
    byId("selection-none").hidden = regions.length > 0;
    const list = byId("regions");
    const keys = regions.map((region, i) => (region.name ? `n ${region.name}` : `u ${i}`));
    for (const [key, row] of this._rows) {
      if (keys.includes(key)) continue;
      row.element.remove();
      this._rows.delete(key);
    }
    regions.forEach((region, i) => {
      const row = this._rows.get(keys[i]) ?? this._row(keys[i]);
      row.show(region);
      list.append(row.element);
    });
  }

  _row(key) {
    let region;
    let until = 0;
    const name = el("span.name");
    const count = el("span.count");
    const send = throttled(80, (weight) => this._selection.weigh(region, weight));
    const slider = el("input", { type: "range", min: -100, max: 100, step: 5 });
    slider.addEventListener("input", () => {
      until = performance.now() + 600;
      const weight = slider.valueAsNumber / 100;
      say(count, `${grouped(region.neurons)} × ${shortNumber(weight)}`);
      slider.style.setProperty("--at", `${50 + 50 * weight}%`);
      send(weight);
    });
    const remove = el("button.quiet", { type: "button", onclick: () => this._selection.remove(region) }, "×");
    const element = el("li.region", {}, name, count, remove, slider);
    const row = {
      element,
      show: (next) => {
        region = next;
        say(name, next.name || (next.isCircle ? "circle" : `layer ${next.layer}`));
        say(count, `${grouped(next.neurons)} × ${shortNumber(next.weight)}`);
        remove.setAttribute("aria-label", `Remove ${name.textContent}`);
        slider.setAttribute("aria-label", `Weight of ${name.textContent}`);
        // one without a name would pile up instead of being replaced, one of an older layout would hold others
        slider.disabled = !next.name || next.isStale;
        element.title = next.isStale ? "Drawn in an earlier layout: its neurons have moved apart" : "";
        if (performance.now() < until) return;
        slider.value = Math.round(next.weight * 100);
        slider.style.setProperty("--at", `${50 + next.weight * 50}%`);
      },
    };
    this._rows.set(key, row);
    return row;
  }

  /** With every picture: the sensor's bar. */
  draw() {
    const [mean, peak] = this._count && this._level ? this._level : [0, 0];
    byId("selection-meter").hidden = !this._count;
    byId("selection-mean").style.transform = `scaleX(${mean.toFixed(3)})`;
    byId("selection-peak").style.left = `${(100 * peak).toFixed(1)}%`;
  }
}
