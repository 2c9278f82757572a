// The neuron under the pointer, in words.

import { byId, say } from "./dom.js";
import { described } from "./network.js";

const NEAR_PX = 12;
const FINGER_PX = 26;
const STAYS_MS = 4000; // after a tap

export class Hover {
  constructor(creature, overlay) {
    Object.assign(this, { _creature: creature, _overlay: overlay, _box: byId("hover"), _asked: null });
  }

  /** at: [x, y] on the canvas, null when the pointer has left. */
  ask(at, isTouch = false) {
    this._asked = at;
    this._reach = isTouch ? FINGER_PX : NEAR_PX;
    clearTimeout(this._timer);
    if (at && isTouch) this._timer = setTimeout(() => (this._asked = null), STAYS_MS);
  }

  forget() {
    this._asked = null;
  }

  draw() {
    const { _creature: creature, _overlay: overlay, _box: box } = this;
    const neuron = this._asked ? creature.under(...this._asked, this._reach) : -1;
    overlay.hovered = neuron;
    const words = neuron < 0 ? null : described(creature.layers, neuron, creature.glow.target[neuron] / 255);
    box.hidden = !words;
    if (!words) return;
    const [name, place, hears, percent] = words;
    const [title, where, ear, value] = box.children;
    say(title, name);
    say(where, place);
    say(ear, hears);
    say(value, `${percent}%`);
    const [x, y] = creature.placeOf(neuron);
    const left = Math.min(Math.max(x + 16, 8), creature.view.width - box.offsetWidth - 8);
    const top = y + 16 + box.offsetHeight > creature.view.height - 8 ? y - box.offsetHeight - 12 : y + 14;
    box.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
