// What the panel of feature maps shows of a network, and which channels are worth looking at. Knows nothing of the page.

export const STEPS = 64;
export const SHOWN = 16; // pictures at a time
const STAYS = 2 * SHOWN; // a picture stays in its place as long as its channel is among so many of the liveliest
const ALIKE = 0.8; // channels that correlate more than this show the same thing: one of them will do
const REMEMBERED = 16; // looks

/**
 * The way to the word: {vector, logits, classes}, layers or null. vector: the last layer before logits and classes;
 * logits: the layer before the classes if there is one neuron for each of them.
 */
export function wayOf(layers) {
  const rest = [...layers];
  const classes = rest.at(-1)?.name === "classes" ? rest.pop() : null;
  const logits = classes && rest.at(-1)?.count === classes.count ? rest.pop() : null;
  return { vector: rest.at(-1) ?? null, logits, classes };
}

/** The layer to begin with: the first that fills all pictures, or else fills most of them. */
export function firstShown(layers) {
  return layers.find((layer) => layer.channels >= SHOWN) ?? layers.reduce((most, layer) => (layer.channels > most.channels ? layer : most));
}

/** A filter for these channels of a layer: `3:0-2,3:7`. */
export function filterOf(layer, channels) {
  const runs = [];
  for (const channel of [...channels].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && channel === last[1] + 1) last[1] = channel;
    else runs.push([channel, channel]);
  }
  return runs.map(([a, b]) => (a === b ? `${layer.index}:${a}` : `${layer.index}:${a}-${b}`)).join(",");
}

/** The channels of one page. */
export function pageOf(layer, page) {
  const first = page * SHOWN;
  return Array.from({ length: Math.min(SHOWN, layer.channels - first) }, (_, i) => first + i);
}

export const pagesOf = (layer) => Math.ceil(layer.channels / SHOWN);

/** How many pictures lie side by side. */
export const columnsFor = (count) => (count > 8 ? 4 : count > 1 ? 2 : 1);

/** How much each channel of a layer moves, and which of them do so together, over about the last second. */
export class Liveliness {
  constructor(layer) {
    this._layer = layer;
    this.moves = new Float32Array(layer.channels);
    this._past = [];
  }

  /** values: bytes of the layer's neurons, taken several times a second. share: of this look, 0 to 1. */
  look(values, share) {
    const { positions } = this._layer;
    const before = this._past.at(-1);
    if (before) {
      for (let c = 0; c < this.moves.length; c++) {
        let sum = 0;
        for (let i = c * positions; i < (c + 1) * positions; i++) sum += Math.abs(values[i] - before[i]);
        this.moves[c] += share * (sum / positions - this.moves[c]);
      }
    }
    this._past.push(Uint8Array.from(values));
    if (this._past.length > REMEMBERED) this._past.shift();
  }

  /** The liveliest channels; those of `shown` that still are among them stay where they are. */
  choose(shown = []) {
    const ranked = this._ranked();
    const lively = new Set(ranked.slice(0, STAYS));
    const kept = shown.filter((channel) => lively.has(channel));
    const fresh = ranked.filter((channel) => !kept.includes(channel)).slice(0, SHOWN - kept.length);
    if (!shown.length) return fresh.sort((a, b) => a - b);
    const count = Math.min(SHOWN, ranked.length);
    return Array.from({ length: count }, (_, i) => (lively.has(shown[i]) ? shown[i] : fresh.shift()));
  }

  /** The channels from the liveliest down; those that move as a livelier one does come after all others. */
  _ranked() {
    const ranked = Array.from(this.moves.keys()).sort((a, b) => this.moves[b] - this.moves[a] || a - b);
    const [own, alike] = [[], []];
    for (const channel of ranked) {
      const trace = this._trace(channel);
      const isOwn = own.length < STAYS && own.every((other) => dot(other.trace, trace) < ALIKE);
      (isOwn ? own : alike).push({ channel, trace });
    }
    return [...own, ...alike].map(({ channel }) => channel);
  }

  /** What a channel did, with mean 0 and length 1. */
  _trace(channel) {
    const { positions } = this._layer;
    const trace = new Float32Array(this._past.length * positions);
    this._past.forEach((values, t) => trace.set(values.subarray(channel * positions, (channel + 1) * positions), t * positions));
    const mean = trace.reduce((sum, v) => sum + v, 0) / trace.length;
    const length = Math.sqrt(trace.reduce((sum, v) => sum + (v - mean) ** 2, 0));
    return trace.map((v) => (length ? (v - mean) / length : 0));
  }
}

const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
