// The newest clip, or the one that plays here, as a waveform with the loop's time running over it.

import { byId, fitted, isShown, say } from "./dom.js";
import { samePath } from "./listen.js";
import { shortNumber } from "./scales.js";
import { envelope, readWav } from "./sound_file.js";

const COLUMNS = 480;

export class ClipView {
  constructor(connection, clock, listen) {
    Object.assign(this, { _canvas: byId("wave"), _clock: clock, _listen: listen });
    this._facts = null;
    this._envelope = null;
    this._isBusy = false;
    connection.on("/ear/clip/ready", ([clip, , url, , rate, frames, , score]) => {
      this._facts = { clip, url, score, seconds: frames / rate };
      this._isNew = true;
    });
  }

  forget() {
    this._facts = this._envelope = null;
    this._isNew = true;
  }

  draw(now) {
    if (!isShown(this._canvas)) return;
    if (this._isNew && !this._isBusy) this._load();
    const { context, width, height } = fitted(this._canvas);
    context.clearRect(0, 0, width, height);
    if (this._envelope) this._wave(context, width, height);
    if (this._clock.isRunning) {
      const x = this._clock.phase(now) * width;
      context.fillStyle = "rgb(255 238 214 / 0.85)";
      context.fillRect(x - 0.5, 0, 1, height);
    }
  }

  _wave(context, width, height) {
    const middle = height / 2;
    const gain = (0.47 * height) / this._peak;
    context.beginPath();
    for (let i = 0; i < COLUMNS; i++) context.lineTo((i / (COLUMNS - 1)) * width, middle - gain * this._envelope[2 * i + 1]);
    for (let i = COLUMNS - 1; i >= 0; i--) context.lineTo((i / (COLUMNS - 1)) * width, middle - gain * this._envelope[2 * i]);
    context.closePath();
    context.fillStyle = "rgb(112 148 255 / 0.75)";
    context.fill();
    context.fillRect(0, middle - 0.5, width, 1);
  }

  /** Only the newest: while one is on its way, those between are passed over. */
  async _load() {
    this._isNew = false;
    const facts = this._facts;
    if (!facts) return say(byId("wave-words"), "no clip yet");
    this._isBusy = true;
    try {
      const answer = await fetch(samePath(facts.url));
      const samples = answer.ok ? await mono(await answer.arrayBuffer()) : null;
      if (samples && facts === this._facts) {
        this._envelope = envelope(samples, COLUMNS);
        this._peak = Math.max(...this._envelope.map(Math.abs), 1e-4);
      }
    } catch {
      // it may be gone already: the next clip comes within a loop
    }
    this._isBusy = false;
    const level = this._envelope ? ` · ${Math.round(20 * Math.log10(this._peak))} dB` : "";
    say(byId("wave-words"), `${facts.clip} · ${shortNumber(facts.seconds)} s · score ${shortNumber(facts.score)}${level}`);
  }
}

async function mono(buffer) {
  const wav = readWav(buffer);
  if (wav && wav.channels === 1) return wav.samples;
  const decoder = new OfflineAudioContext(1, 1, 44_100); // decodes without a click, and without a sound
  return (await decoder.decodeAudioData(buffer)).getChannelData(0);
}
