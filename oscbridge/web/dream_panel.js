// The dream: its buttons, and how it goes.

import { byId, fitted, isShown, say } from "./dom.js";
import { grouped, shortNumber } from "./scales.js";

const SCORES = 480; // steps that the curve shows
const AWAKE_MS = 2500; // no step for so long, or for four times what a step takes: it has stopped
const LONGEST_MS = 20_000;

export class DreamPanel {
  constructor(connection) {
    this._connection = connection;
    this._scores = new Float32Array(SCORES);
    this._count = 0;
    this._steppedAt = -Infinity;
    this._wasDreaming = null;
    this._facts = null;
    connection.on("/ear/dream/progress", (args) => this._step(args));
    byId("dream-start").addEventListener("click", () => this.start());
    byId("dream-stop").addEventListener("click", () => connection.send("/ear/dream/stop"));
    byId("dream-restart").addEventListener("click", () => this.restart());
    connection.on("/ear/done", ([command]) => {
      if (command === "/ear/dream/start" || command === "/ear/dream/restart") this._waits(false);
      if (command === "/ear/dream/stop") this._steppedAt = -Infinity;
    });
    connection.on("/ear/fail", ([command]) => String(command).startsWith("/ear/dream/") && this._waits(false));
  }

  get isDreaming() {
    const slow = 4000 / Math.max(this._facts?.stepsPerSecond ?? 0, 1e-3);
    return performance.now() - this._steppedAt < Math.min(Math.max(AWAKE_MS, slow), LONGEST_MS);
  }

  start() {
    this._waits(true);
    this._connection.send("/ear/dream/start");
  }

  restart() {
    this._waits(true);
    this._connection.send("/ear/dream/restart");
  }

  toggle() {
    if (this.isDreaming) this._connection.send("/ear/dream/stop");
    else this.start();
  }

  /** Answers come when the first step is made: with a large network that takes seconds. */
  _waits(is) {
    this._isWaiting = is;
    byId("dream-start").classList.toggle("waits", is);
  }

  forget() {
    this._count = 0;
    this._facts = null;
    this._steppedAt = -Infinity;
    this._waits(false);
  }

  _step([clip, step, stepsPerSecond, score]) {
    if (this._facts && step < this._facts.step) this._count = 0; // begun anew
    this._facts = { clip, step, stepsPerSecond, score };
    this._scores[this._count++ % SCORES] = score;
    // the stream tells its last step to whoever subscribes, so only the next one proves that it dreams
    if (this._count > 1) this._steppedAt = performance.now();
    this._isNew = true;
  }

  draw() {
    const is = this.isDreaming;
    if (is !== this._wasDreaming) {
      this._wasDreaming = is;
      document.body.classList.toggle("dreams", is);
      byId("dream-start").disabled = is;
      byId("dream-stop").disabled = !is;
      if (is) this._waits(false);
    }
    if (!this._isNew && !this._isStale()) return;
    this._isNew = false;
    const facts = this._facts;
    const words = !facts ? (this._isWaiting ? "wakes up …" : "")
      : `${is ? `${shortNumber(facts.stepsPerSecond)} steps/s` : "at rest"} · step ${grouped(facts.step)} · score ${shortNumber(facts.score)}`;
    say(byId("dream-state"), words);
    say(byId("score-words"), facts ? words : "no dream yet");
    if (isShown(byId("score"))) this._curve();
  }

  /** Whether the words still tell of steps that no longer come, or the canvas has changed its size. */
  _isStale() {
    const canvas = byId("score");
    const key = `${this.isDreaming} ${this._isWaiting} ${canvas.clientWidth} ${canvas.clientHeight}`;
    if (key === this._key) return false;
    this._key = key;
    return true;
  }

  _curve() {
    const { context, width, height } = fitted(byId("score"));
    context.clearRect(0, 0, width, height);
    const count = Math.min(this._count, SCORES);
    if (count < 2) return;
    const first = this._count - count;
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < count; i++) {
      low = Math.min(low, this._scores[i]);
      high = Math.max(high, this._scores[i]);
    }
    const room = Math.max(high - low, 0.05) * 1.15;
    const y = (score) => height - 5 - ((score - low) / room) * (height - 10);
    const x = (i) => (i / Math.max(count - 1, 60)) * (width - 8);
    context.beginPath();
    for (let i = 0; i < count; i++) context.lineTo(x(i), y(this._scores[(first + i) % SCORES]));
    context.strokeStyle = "rgb(255 122 168)";
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke();
    context.lineTo(x(count - 1), height);
    context.lineTo(0, height);
    const fade = context.createLinearGradient(0, 0, 0, height);
    fade.addColorStop(0, "rgb(255 122 168 / 0.22)");
    fade.addColorStop(1, "rgb(255 122 168 / 0)");
    context.fillStyle = fade;
    context.fill();
    context.beginPath();
    context.arc(x(count - 1), y(this._scores[(this._count - 1) % SCORES]), 3, 0, 2 * Math.PI);
    context.fillStyle = "rgb(255 214 226)";
    context.fill();
  }
}
