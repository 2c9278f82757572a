// How bright each neuron is drawn: frames come 43 times a second and in the deep layers change more slowly; between
// them a neuron lights up quickly and fades slowly, as a lamp does, so that the picture flows at any frame rate.

const RISE_S = 0.018;
const FALL_S = 0.11;
const CALM_S = 0.6;
const FRAME_S = 0.0232;
const ONE = 10; // bits of a share: whole numbers take half the time that fractions do

export class Glow {
  /** layers: as in network.js; isCalm: nothing flashes, for those who asked their system for less motion. */
  constructor(neurons, layers, isCalm = false) {
    this.target = new Uint8Array(neurons);
    this.shown = new Uint8Array(neurons);
    this._exact = new Int32Array(neurons); // in 256ths of a byte
    this._runs = layers.map((layer) => {
      const step = FRAME_S * Math.max(layer.framesPerStep, 1);
      const rise = isCalm ? CALM_S : Math.max(RISE_S, step / 2);
      return { first: layer.first, end: layer.first + layer.count, rise, fall: isCalm ? CALM_S : FALL_S + step };
    });
  }

  /** values: bytes of the neurons from `first` on. */
  take(first, values) {
    if (first < 0 || first >= this.target.length) return;
    const room = this.target.length - first;
    this.target.set(values.length > room ? values.subarray(0, room) : values, first);
  }

  /** Moves on by so many seconds; `shown` holds what to draw. */
  advance(seconds) {
    const { target, shown, _exact: exact } = this;
    for (const run of this._runs) {
      const up = Math.ceil((1 - Math.exp(-seconds / run.rise)) * (1 << ONE));
      const down = Math.ceil((1 - Math.exp(-seconds / run.fall)) * (1 << ONE));
      for (let i = run.first; i < run.end; i++) {
        const now = exact[i];
        const away = (target[i] << 8) - now;
        const next = now + ((away * (away > 0 ? up : down)) >> ONE);
        exact[i] = next;
        shown[i] = (next + 128) >> 8;
      }
    }
  }

  darken() {
    this.target.fill(0);
  }
}
