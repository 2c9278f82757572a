// The networks that can listen: which one does, and another at a touch.

import { byId } from "./dom.js";

const LIST = "/ear/model/list";
const LOAD = "/ear/model/load";

export class ModelMenu {
  constructor(connection) {
    Object.assign(this, { _connection: connection, _select: byId("model"), _names: [], _on: "", _id: "" });
    connection.on("/ear/model", ([name, isOn]) => this._named(name, isOn));
    connection.on("/ear/done", ([command]) => command === LIST && this._fill());
    connection.on("/ear/fail", ([command]) => command === LOAD && this._fill());
    this._select.addEventListener("change", () => {
      this._select.disabled = true; // until it has come, or not
      connection.send(LOAD, "s", [this._select.value]);
    });
  }

  show(welcome) {
    this._select.hidden = !welcome;
    if (!welcome) return;
    [this._id, this._on, this._names] = [welcome.model, "", []];
    this._select.title = `${this._id}: choose another network`;
    this._connection.send(LIST);
  }

  _named(name, isOn) {
    this._names.push(name);
    if (isOn) this._on = name;
  }

  _fill() {
    const options = this._names.map((name) => new Option(name, name, false, name === this._on));
    if (!this._on) options.unshift(new Option(this._id, "", false, true)); // it was started by its path: it has no name
    this._select.replaceChildren(...options);
    this._select.disabled = false;
  }
}
