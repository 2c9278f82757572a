// All parameters as controls, made from what the daemon says of itself.

import { control } from "./control.js";
import { el } from "./dom.js";
import { fetchTree, parametersIn } from "./oscquery.js";

const TITLES = {
  listen: "Listening", stream: "Brightness on the wire", layout: "Layout", dream: "How it dreams", clips: "Clips",
  transport: "Beat", player: "Player", model: "Network", server: "Server",
};

// Sections whose parameters are many are shown in groups, each beginning with one of these; it is but a matter of
// reading, and a parameter that nobody here knows of joins the group before it.
const GROUPS = { dream: { objective: "Aim", origin: "Origin", optimizer: "Steps", time_shift_s: "Variations", gradient_noise: "Noise",
  loudness: "Prices", low_db: "Equaliser", farm: "Machines" } };

export class Parameters {
  /** homes: section → element that its controls go into; others go into homes.other. */
  constructor(connection, homes, complain) {
    Object.assign(this, { _connection: connection, _homes: homes, _complain: complain });
    this._controls = new Map();
    this._made = [];
    this._watchers = new Map();
    this._count = 0;
    connection.onOthers((args, address) => this._take(address, args));
    // what was refused has changed nothing: the control goes back to what is in force
    connection.on("/ear/fail", ([address]) => this._controls.get(address)?.show(this.value(address)));
  }

  /** The daemon is another, or new: everything anew. */
  async load() {
    const turn = ++this._count;
    let parameters;
    try {
      parameters = parametersIn(await fetchTree());
    } catch (error) {
      if (turn === this._count) this._complain(`Controls: ${error.message}`);
      return;
    }
    if (turn !== this._count) return;
    this._build(parameters);
  }

  /** told(value) when that parameter is known or changes. */
  watch(address, told) {
    this._watchers.set(address, told);
  }

  value(address) {
    return this._controls.get(address)?.parameter.value;
  }

  _take(address, args) {
    const made = this._controls.get(address);
    if (!made || !args.length) return;
    made.parameter.value = args[0];
    made.show(args[0]);
    this._watchers.get(address)?.(args[0]);
  }

  _build(parameters) {
    const open = new Set(this._made.filter((section) => section.open).map((section) => section.dataset.section));
    const isFirst = !this._made.length;
    for (const section of this._made) section.remove();
    this._controls.clear();
    this._made = [];
    const sections = grouped(parameters);
    const order = [...Object.keys(TITLES), ...sections.keys()];
    for (const section of new Set(order)) {
      const members = sections.get(section) ?? [];
      if (!members.length) continue;
      const home = this._homes[section] ?? this._homes.other;
      const made = el("details.section", { "data-section": section }, el("summary", {}, TITLES[section] ?? section));
      made.open = isFirst ? home.dataset.open?.split(" ").includes(section) ?? false : open.has(section);
      const extra = document.getElementById(`${section}-commands`);
      if (extra) made.append(extra.content.cloneNode(true));
      for (const parameter of members) this._add(made, parameter);
      home.append(made);
      this._made.push(made);
    }
    for (const [address, told] of this._watchers) {
      if (this._controls.has(address)) told(this.value(address));
    }
  }

  _add(section, parameter) {
    const group = GROUPS[parameter.section]?.[parameter.name];
    if (group) section.append(el("h4", {}, group));
    const send = (value) => this._connection.send(parameter.address, parameter.type, [value]);
    const made = control(parameter, send);
    this._controls.set(parameter.address, made);
    section.append(made.element);
  }
}

function grouped(parameters) {
  const map = new Map();
  for (const parameter of parameters) map.set(parameter.section, [...(map.get(parameter.section) ?? []), parameter]);
  return map;
}
