// Whether the daemon is there, how it is, and the beat.

import { byId, say } from "./dom.js";
import { bytesPerSecond, duration, grouped, shortNumber } from "./scales.js";

const WORDS = { connecting: "connecting", connected: "connected", lost: "lost, tries again" };

export class StatusBar {
  /** frames(): whole frames received, ever. */
  constructor(connection, creature, clock, frames) {
    Object.assign(this, { _connection: connection, _creature: creature, _clock: clock, _frames: frames });
    this.framesPerSecond = 0;
    this._before = { at: performance.now(), frames: 0, bytes: 0 };
    this._dots = [];
    connection.on("/ear/status", (args) => this._status(args));
    connection.on("/ear/beat", ([bar, beat, bpm]) => this._beat(bar, beat, bpm));
    connection.on("/ear/classes", (args) => this._classes(args));
  }

  show(state) {
    const element = byId("connection");
    element.dataset.state = state;
    say(byId("connection-words"), WORDS[state]);
    document.body.dataset.connection = state;
    byId("hears").hidden = true; // until this network says a word
  }

  setBeats(count) {
    const home = byId("lamps");
    const shown = Math.min(count, 16);
    while (home.children.length < shown) home.append(document.createElement("i"));
    while (home.children.length > shown) home.lastElementChild.remove();
    this._dots = [...home.children];
  }

  _beat(bar, beat, bpm) {
    say(byId("bpm"), `${shortNumber(Math.round(bpm * 10) / 10)} bpm`);
    say(byId("bar-beat"), `${bar}.${beat}`);
  }

  _classes(args) {
    const names = byId("classes").children;
    for (let i = 0; i < names.length; i++) {
      const [name, probability] = [args[2 * i], args[2 * i + 1]];
      names[i].hidden = name === undefined;
      if (name === undefined) continue;
      say(names[i].firstElementChild, String(name).replaceAll("_", " "));
      names[i].style.setProperty("--share", probability.toFixed(2));
    }
    byId("hears").hidden = args.length === 0;
  }

  _status([, , uptime, load, , subscribers, dropped, restarts, state]) {
    const now = performance.now();
    const seconds = (now - this._before.at) / 1000;
    if (seconds > 0.5) {
      const [frames, bytes] = [this._frames(), this._connection.bytesReceived];
      this.framesPerSecond = (frames - this._before.frames) / seconds;
      this.bytesPerSecond = (bytes - this._before.bytes) / seconds;
      this._before = { at: now, frames, bytes };
    }
    say(byId("stat-frames"), `${shortNumber(Math.round(this.framesPerSecond))}/s`);
    say(byId("stat-drawn"), `${shortNumber(Math.round(this._creature.drawnPerSecond))}/s`);
    say(byId("stat-dropped"), grouped(dropped));
    say(byId("stat-restarts"), grouped(restarts));
    say(byId("stat-load"), `${Math.round(100 * load)}%`);
    byId("stats").title = [
      `Daemon ${state}, up for ${duration(uptime)}, ${subscribers} subscriptions.`,
      `The page receives ${bytesPerSecond(this.bytesPerSecond ?? 0)} and needs ${shortNumber(this._creature.mainThreadMs)} ms for a picture.`,
    ].join("\n");
    byId("stats").classList.toggle("troubled", state !== "running");
    say(byId("daemon-state"), state === "running" ? "" : state);
  }

  draw(now) {
    const { _clock: clock } = this;
    const count = this._dots.length;
    if (!count) return;
    const lit = clock.isRunning ? Math.floor(clock.phase(now) * count + 1e-3) % count : -1;
    const lamp = clock.lamp(now);
    this._dots.forEach((dot, i) => {
      const light = i === lit ? (0.35 + 0.65 * lamp).toFixed(2) : "0.14";
      if (dot.dataset.light !== light) {
        dot.dataset.light = light;
        dot.style.opacity = light;
      }
    });
  }
}
