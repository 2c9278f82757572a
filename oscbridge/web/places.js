// Where neurons lie: the snapshots of a layout, as they come in chunks, and questions about them. Arrays of x, y, x, y …

export class Places {
  constructor(neurons) {
    this.neurons = neurons;
    this._forget(0);
  }

  _forget(rev) {
    this.rev = rev;
    this.snapshots = []; // Float32Array (2 × neurons) each; 0 at rest
    this._whole = []; // whether each has come to its end at least once
    this._chunks = []; // numbers of the chunks that have come of each
  }

  /** arguments of /ear/layout/xy. Returns the number of a snapshot that is whole now, else -1. */
  take([rev, snapshot, chunk, chunks, first, blob]) {
    if (rev !== this.rev) this._forget(rev);
    if (snapshot < 0 || snapshot > 64 || first < 0) return -1;
    const count = Math.min(blob.length >> 3, this.neurons - first);
    this.snapshots[snapshot] ??= new Float32Array(2 * this.neurons);
    copyFloats(blob, this.snapshots[snapshot], 2 * first, 2 * count);
    // while it is being solved the same snapshot comes again and again: each time it is whole anew
    if (chunk === 0 || !this._chunks[snapshot]) this._chunks[snapshot] = new Set();
    if (this._chunks[snapshot].add(chunk).size < chunks) return -1;
    this._chunks[snapshot] = null;
    this._whole[snapshot] = true;
    return snapshot;
  }

  /** Whether the snapshot at rest has come in whole at least once. */
  get isKnown() {
    return this._whole[0] === true;
  }

  /** The moments 1 and on that have come, without a gap. */
  get moments() {
    let count = 0;
    while (this._whole[count + 1]) count++;
    return count;
  }

  get rest() {
    return this.snapshots[0] ?? null;
  }

  /** Where everything is now. mix: {moments, weights} of breath.js; amount: 0 at rest to 1. Fills `out`. */
  mixed(mix, amount, out) {
    const rest = this.rest;
    if (!amount || !this.moments) {
      out.set(rest);
      return out;
    }
    const [a, b, c, d] = mix.moments.map((moment) => this.snapshots[moment + 1]);
    const [p, q, r, s] = mix.weights.map((weight) => weight * amount);
    const stay = 1 - amount;
    for (let i = 0; i < out.length; i++) out[i] = stay * rest[i] + p * a[i] + q * b[i] + r * c[i] + s * d[i];
    return out;
  }
}

function copyFloats(blob, into, at, count) {
  // an OSC blob begins at a multiple of 4 of its packet, and a packet at the start of its buffer: a view nearly always
  if (blob.byteOffset % 4 === 0) {
    into.set(new Float32Array(blob.buffer, blob.byteOffset, count), at);
    return;
  }
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  for (let i = 0; i < count; i++) into[at + i] = view.getFloat32(4 * i, true);
}

/** The neuron nearest to (x, y) within `reach`, or -1. */
export function nearest(places, x, y, reach) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < places.length; i += 2) {
    const dx = places[i] - x;
    const dy = places[i + 1] - y;
    const far = dx * dx + dy * dy;
    if (far < least) {
      best = i >> 1;
      least = far;
    }
  }
  return best;
}

/** How many neurons lie in a circle. */
export function countIn(places, x, y, radius) {
  let count = 0;
  const most = radius * radius;
  for (let i = 0; i < places.length; i += 2) {
    const dx = places[i] - x;
    const dy = places[i + 1] - y;
    if (dx * dx + dy * dy <= most) count++;
  }
  return count;
}

/** Their numbers. */
export function membersOf(places, x, y, radius) {
  const members = [];
  const most = radius * radius;
  for (let i = 0; i < places.length; i += 2) {
    const dx = places[i] - x;
    const dy = places[i + 1] - y;
    if (dx * dx + dy * dy <= most) members.push(i >> 1);
  }
  return Uint32Array.from(members);
}

/**
 * The radius of a circle that holds just so many neurons: the wire tells a region's middle and its neurons, and that
 * says how large it is. Half way to the next neuron, so that rounding does not lose the last one.
 */
export function radiusFor(places, x, y, count) {
  if (count < 1) return 0;
  const far = new Float32Array(places.length >> 1);
  for (let i = 0; i < far.length; i++) far[i] = Math.hypot(places[2 * i] - x, places[2 * i + 1] - y);
  far.sort();
  const last = far[Math.min(count, far.length) - 1];
  return count < far.length ? (last + far[count]) / 2 : last * 1.001;
}

/** {x, y, reach}: the middle, and how far out nearly everything lies. */
export function extent(places) {
  const axis = (d) => {
    const values = new Float32Array(places.length >> 1);
    for (let i = 0; i < values.length; i++) values[i] = places[2 * i + d];
    values.sort();
    const at = (share) => values[Math.round(share * (values.length - 1))] ?? 0;
    return (at(0.01) + at(0.99)) / 2;
  };
  const [x, y] = [axis(0), axis(1)];
  const far = new Float32Array(places.length >> 1);
  for (let i = 0; i < far.length; i++) far[i] = Math.hypot(places[2 * i] - x, places[2 * i + 1] - y);
  far.sort();
  return { x, y, reach: (far[Math.round(0.995 * (far.length - 1))] ?? 1) * 1.05 || 1 };
}

/** Where a layer's name belongs: the middle of its neurons, by medians, so that outliers do not pull it away. */
export function middleOf(places, first, count) {
  const step = Math.max(1, Math.floor(count / 2000));
  const [xs, ys] = [[], []];
  for (let i = first; i < first + count; i += step) {
    xs.push(places[2 * i]);
    ys.push(places[2 * i + 1]);
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return [median(xs), median(ys)];
}
