// The small tools at the creature's edge, how the picture looks, and what has no panel of its own: presets, layouts.

import { byId, say } from "./dom.js";

export class Tools {
  constructor({ creature, overlay, subscribe, connection, pointer }) {
    Object.assign(this, { _creature: creature, _overlay: overlay, _subscribe: subscribe, _pointer: pointer });
    this.mode = "pan";
    this.mostHz = 0;
    const click = (id, take) => byId(id).addEventListener("click", take);
    click("mode-pan", () => this.setMode("pan"));
    click("mode-select", () => this.setMode("select"));
    click("draw-circle", () => this.setMode("select"));
    click("fit", () => creature.fit(true));
    click("labels", () => this.toggleLabels());
    click("breathe", () => this.toggleBreath());
    click("full", () => this.fullScreen());
    byId("picture-brightness").addEventListener("input", ({ target }) => (creature.brightness = 2 ** (target.valueAsNumber / 25)));
    byId("picture-dots").addEventListener("input", ({ target }) => (creature.dotSize = 2 ** (target.valueAsNumber / 50)));
    byId("picture-hz").addEventListener("change", ({ target }) => {
      this.mostHz = Number(target.value);
      this._subscribe();
    });
    for (const id of ["save", "load"]) click(`preset-${id}`, () => this._preset(connection, `/ear/${id}`));
    byId("preset").addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("click", ({ target }) => {
      const command = target.closest?.("[data-command]")?.dataset.command;
      if (command) connection.send(command);
    });
    document.addEventListener("fullscreenchange", () => document.body.classList.toggle("alone", Boolean(document.fullscreenElement)));
    connection.on("/ear/done", ([command, name]) => {
      if (command === "/ear/save" || command === "/ear/load") say(byId("preset-state"), command === "/ear/save" ? `kept “${name}”` : `“${name}” is back`);
    });
    this._show();
  }

  setMode(mode) {
    this.mode = mode;
    this._pointer.cancel();
    this._show();
  }

  toggleLabels() {
    this._overlay.labels = !this._overlay.showsLabels;
    this._show();
  }

  toggleBreath() {
    this._creature.breathes = !this._creature.breathes;
    this._show();
  }

  /** The creature alone, for a beamer. */
  async fullScreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    try {
      await byId("stage").requestFullscreen();
    } catch {
      const { classList } = document.body; // phones have no full screen for elements
      classList.toggle("with-exit", classList.toggle("alone"));
    }
    return undefined;
  }

  /** What the daemon tells while it solves; it fades by itself when nothing more comes. */
  solving(words) {
    say(byId("solving"), `The layout grows: ${words}`);
    byId("solving").hidden = false;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => (byId("solving").hidden = true), 1500);
  }

  _preset(connection, command) {
    const name = byId("preset-name").value.trim();
    if (name) connection.send(command, "s", [name]);
    else byId("preset-name").focus();
  }

  _show() {
    const press = (id, is) => byId(id).setAttribute("aria-pressed", String(is));
    press("mode-pan", this.mode === "pan");
    press("mode-select", this.mode === "select");
    press("draw-circle", this.mode === "select");
    press("labels", this._overlay.labels === true);
    press("breathe", this._creature.breathes);
    document.body.dataset.mode = this.mode;
  }
}
