// The beat between the daemon's messages: it tells every beat, and lamps and loops need the time in between.

export class BeatClock {
  constructor() {
    this.beatsPerClip = 8;
    this.bar = 0;
    this.beat = 0;
    this.bpm = 0;
    this._phase = 0;
    this._at = 0;
    this._loops = 0;
  }

  /** arguments of /ear/beat; at: milliseconds of a steady clock. */
  take([bar, beat, bpm, phase], at) {
    if (this.bpm > 0 && phase < this._phase - 1e-6) this._loops++;
    [this.bar, this.beat, this.bpm, this._phase, this._at] = [bar, beat, bpm, phase, at];
  }

  get isRunning() {
    return this.bpm > 0;
  }

  forget() {
    this.bpm = 0;
  }

  /** How much of the loop is over, 0 to 1. */
  phase(at) {
    if (!this.isRunning) return 0;
    return (this._phase + this._since(at)) % 1;
  }

  /** Loops since the page was opened, with their fraction; it never jumps back. */
  loops(at) {
    return this._loops + this._phase + this._since(at);
  }

  /** 1 on the beat, 0 half a beat later: a lamp. */
  lamp(at) {
    if (!this.isRunning) return 0;
    return Math.max(0, 1 - (((at - this._at) / 1000) * this.bpm) / 30);
  }

  _since(at) {
    // not beyond the next beat: if no message comes, the clock waits for it
    const beats = Math.min(Math.max(((at - this._at) / 60_000) * this.bpm, 0), 1);
    return beats / this.beatsPerClip;
  }
}
