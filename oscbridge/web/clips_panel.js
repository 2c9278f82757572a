// The clips that are kept: to go back to, to keep under a name, to take home; and to hear them here.

import { byId, el, say } from "./dom.js";
import { samePath } from "./listen.js";
import { shortNumber } from "./scales.js";

const SHOWN = 64;
const SETTLE_MS = 300;

/** The arguments of /ear/clip/held. */
export function heldOf([clip, name, , url, , rate, frames, , score, made]) {
  return { clip, name, url, seconds: frames / rate, score, made };
}

export class ClipsPanel {
  constructor(connection, listen) {
    Object.assign(this, { _connection: connection, _listen: listen, _list: byId("clip-list") });
    this._coming = [];
    this._clips = [];
    this._pinned = 0;
    this._naming = 0;
    this._isUnderHand = false;
    this._list.addEventListener("pointerenter", (event) => (this._isUnderHand = event.pointerType === "mouse"));
    this._list.addEventListener("pointerleave", () => {
      this._isUnderHand = false;
      this._show();
    });
    connection.on("/ear/clip/held", (args) => this._take(heldOf(args)));
    connection.on("/ear/clip/ready", () => this._askSoon());
    connection.on("/ear/done", ([command, argument]) => {
      if (command === "/ear/clip/list") this._complete();
      if (command === "/ear/clip/keep" || command === "/ear/clip/import") this._isWished = true;
      if (this._isWished) this._askSoon();
      if (command === "/ear/clip/play") this._pin(argument);
    });
    byId("play-newest").addEventListener("click", () => this._play(0));
    byId("listen").addEventListener("click", () => listen.toggle());
    byId("listen-volume").addEventListener("input", ({ target }) => (listen.volume = (target.valueAsNumber / 100) ** 2));
    byId("clip-import").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = byId("clip-import-name");
      if (name.value.trim()) connection.send("/ear/clip/import", "s", [name.value.trim()]);
      name.value = "";
      name.blur();
    });
    listen.onChanged = () => this._showListening();
  }

  ask() {
    this._coming = [];
    this._connection.send("/ear/clip/list");
  }

  _askSoon() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.ask(), SETTLE_MS);
  }

  _take(held) {
    this._coming.push(held);
    if (this._coming.length > 4 * SHOWN) this._coming.shift();
  }

  _complete() {
    this._clips = this._coming.reverse(); // the newest first
    this._coming = [];
    // a new row on top would push another one under a pointer that is about to press
    if (!this._isUnderHand || this._isWished) this._show();
    this._isWished = false;
  }

  _play(clip) {
    this._connection.send("/ear/clip/play", "i", [clip]);
  }

  _pin(clip) {
    this._pinned = clip;
    this._show();
  }

  _showListening() {
    const button = byId("listen");
    button.setAttribute("aria-pressed", String(this._listen.isOn));
    say(button, this._listen.isOn ? "Listening here" : "Listen here");
    say(byId("listen-state"), !this._listen.isOn ? "" : this._listen.playing ? `clip ${this._listen.playing}` : "waits for the loop to end");
    this._show();
  }

  _show() {
    say(byId("clips-count"), this._clips.length ? String(this._clips.length) : "none yet");
    byId("clips-none").hidden = this._clips.length > 0;
    byId("play-newest").setAttribute("aria-pressed", String(this._pinned === 0));
    if (this._naming) return; // a list that is made anew would take the name out of the hand
    const focused = document.activeElement?.closest?.("#clip-list [data-key]")?.dataset.key;
    this._list.replaceChildren(...this._clips.slice(0, SHOWN).map((clip, i) => this._row(clip, i === 0)));
    if (focused) this._list.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  _row(held, isNewest) {
    const { clip, name, url, seconds, score, made } = held;
    const marks = [isNewest ? "newest" : "", clip === this._listen.playing ? "heard here" : ""].filter(Boolean).join(", ");
    const when = new Date(made * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const path = samePath(url);
    const file = path.split("/").pop();
    const play = el("button", { type: "button", "data-key": `play${clip}`, title: "From the end of the running loop on, until another is played",
      "aria-pressed": String(clip === this._pinned), onclick: () => this._play(clip) }, "Play");
    const keep = el("button", { type: "button", "data-key": `keep${clip}`, title: "Under a name, for good", onclick: () => this._name(held, row) }, "Keep");
    const save = el("a.button", { href: path, download: name ? `${name}${file.slice(file.lastIndexOf("."))}` : file, "data-key": `save${clip}` }, "Save");
    const row = el("li.clip", { "data-clip": String(clip) },
      el("span.name", {}, name || `clip ${clip}`),
      el("span.facts", {}, [when, `${shortNumber(seconds)} s`, `score ${shortNumber(score)}`, marks].filter(Boolean).join(" · ")),
      el("span.actions", {}, play, keep, save));
    row.classList.toggle("kept", Boolean(name));
    row.classList.toggle("pinned", clip === this._pinned);
    return row;
  }

  /** Asks for the name where the clip stands. */
  _name(held, row) {
    this._naming = held.clip;
    const input = el("input", { type: "text", maxLength: 64, placeholder: "a name", value: held.name, "aria-label": `Name for clip ${held.clip}`, autocomplete: "off" });
    const done = () => {
      this._naming = 0;
      this._show();
    };
    const form = el("form.naming", {}, input, el("button.primary", { type: "submit" }, "Keep"), el("button", { type: "button", onclick: done }, "Not now"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = input.value.trim();
      if (!name) return;
      this._connection.send("/ear/clip/keep", "is", [held.clip, name]);
      done();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") done();
      event.stopPropagation();
    });
    row.querySelector(".actions").replaceWith(form);
    input.focus();
  }
}
