// Plays the clips in this browser: loads each, says so, and changes to the next one on the sample that the daemon names.

const CACHE = 4; // decoded clips: the one that plays, the next, and two that it may go back to
const EDGE_S = 0.006; // at the very start and end of listening

/** (33,) gains of an equal-power fade. */
export function fadeCurve(isIn, points = 33) {
  return Float32Array.from({ length: points }, (_, i) => {
    const angle = ((i / (points - 1)) * Math.PI) / 2;
    return isIn ? Math.sin(angle) : Math.cos(angle);
  });
}

/**
 * When a clip starts, and where in it: its fade ends as the loop does, so it begins with the last of its own loop.
 * in_s: until the loop's end; all in seconds of the sound's clock. What is too late is joined in its middle.
 */
export function startOf(now, inSeconds, fade, duration) {
  const end = now + inSeconds;
  const start = Math.max(end - fade, now);
  const offset = (((start - end) % duration) + duration) % duration;
  return { start, offset, fade: Math.max(end - start, 0) };
}

export class Listen {
  constructor(connection, complain) {
    Object.assign(this, { _connection: connection, _complain: complain });
    this.isOn = false;
    this.playing = 0;
    this.crossfadeMs = 45;
    this._buffers = new Map(); // clip → AudioBuffer
    this._voice = null;
    this._newest = null;
    this.onChanged = () => {};
    connection.on("/ear/clip/ready", ([clip, , url]) => this._ready(clip, url));
    connection.on("/ear/clip/activate", ([clip, , , inSeconds]) => this._activate(clip, inSeconds));
  }

  /** Has to come from a click: browsers make no sound before one. */
  async toggle() {
    if (this.isOn) return this.stop();
    this._context ??= new AudioContext({ latencyHint: "interactive" });
    this._volume ??= this._master();
    this.isOn = true;
    this.onChanged();
    await this._context.resume();
    // announced anew, so that the daemon tells at the next loop's end what is to be played
    this._connection.drop("clips");
    this._connection.want("clips");
  }

  stop() {
    this.isOn = false;
    this.playing = 0;
    this._fadeOut(this._context.currentTime, EDGE_S);
    this._voice = null;
    this._buffers.clear();
    this._context.suspend();
    this._connection.drop("clips");
    this._connection.want("clips"); // as one that only watches
    this.onChanged();
  }

  set volume(value) {
    this._level = value;
    if (this._volume) this._volume.gain.setTargetAtTime(value, this._context.currentTime, 0.02);
  }

  _master() {
    const gain = this._context.createGain();
    gain.gain.value = this._level ?? 1;
    gain.connect(this._context.destination);
    return gain;
  }

  async _ready(clip, url) {
    if (!this.isOn) return;
    try {
      const answer = await fetch(samePath(url));
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const buffer = await this._context.decodeAudioData(await answer.arrayBuffer());
      if (!this.isOn) return;
      this._buffers.set(clip, buffer);
      for (const old of this._buffers.keys()) {
        if (this._buffers.size <= CACHE) break;
        if (old !== this.playing && old !== clip) this._buffers.delete(old);
      }
      this._connection.send("/ear/clip/loaded", "i", [clip]);
    } catch (error) {
      if (!this.isOn) return;
      this._connection.send("/ear/clip/failed", "is", [clip, String(error.message).slice(0, 120)]);
      this._complain(`Clip ${clip} could not be loaded: ${error.message}`);
    }
  }

  _activate(clip, inSeconds) {
    const buffer = this._buffers.get(clip);
    if (!this.isOn || !buffer) return;
    const context = this._context;
    const late = context.outputLatency || context.baseLatency || 0; // what is written now is heard so much later
    const fadeS = this._voice ? Math.min(this.crossfadeMs / 1000, buffer.duration / 2) : EDGE_S;
    const { start, offset, fade } = startOf(context.currentTime, Math.max(inSeconds - late, 0), fadeS, buffer.duration);
    this._fadeOut(start, Math.max(fade, EDGE_S));
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    source.connect(gain).connect(this._volume);
    gain.gain.setValueCurveAtTime(fadeCurve(true), start, Math.max(fade, EDGE_S));
    source.start(start, offset);
    this._voice = { source, gain };
    setTimeout(() => {
      if (!this.isOn || this._voice?.source !== source) return;
      this.playing = clip;
      this._connection.send("/ear/clip/started", "i", [clip]);
      this.onChanged();
    }, Math.max(0, inSeconds * 1000));
  }

  _fadeOut(at, seconds) {
    if (!this._voice) return;
    const { source, gain } = this._voice;
    try {
      gain.gain.setValueCurveAtTime(fadeCurve(false), at, seconds);
    } catch {
      gain.gain.cancelScheduledValues(at); // its own fade is still to come: two clips were activated in one loop
      gain.gain.setTargetAtTime(0, at, seconds / 4);
    }
    source.stop(at + seconds + 0.01);
    source.onended = () => gain.disconnect();
  }
}

/** The URL names the daemon as it sees itself; this page may have come another way, and only its own host is allowed. */
export function samePath(url) {
  return new URL(url, "http://daemon.invalid").pathname;
}
