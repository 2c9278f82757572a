// The network's layers, and what can honestly be said of one neuron.

import { hertz, note, shortNumber } from "./scales.js";

const SHIPPED = { bins: 216, binsPerOctave: 24, lowestHz: 40 }; // of the ears that come with oscbridge

/** The arguments of /ear/layer. */
export function layerOf([index, name, first, channels, positions, framesPerStep, seconds, octaves]) {
  return { index, name, first, channels, positions, count: channels * positions, framesPerStep, seconds, octaves };
}

/** The layer a neuron is in, by bisection; null if there is none. */
export function layerAt(layers, neuron) {
  let [low, high] = [0, layers.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const layer = layers[middle];
    if (neuron < layer.first) high = middle - 1;
    else if (neuron >= layer.first + layer.count) low = middle + 1;
    else return layer;
  }
  return null;
}

/** {layer, channel, position} of a neuron, or null. */
export function neuronAt(layers, neuron) {
  const layer = layerAt(layers, neuron);
  if (!layer) return null;
  const within = neuron - layer.first;
  return { layer, channel: Math.floor(within / layer.positions), position: within % layer.positions };
}

/**
 * The frequency of each bin of the scalogram, if it can be known: the width of a bin is told by the layer, the lowest
 * frequency is not, but the ears that come with oscbridge all begin at 40 Hz and have 216 bins.
 */
export function binHertz(layers) {
  const first = layers[0];
  if (!first || first.channels !== 1 || first.positions !== SHIPPED.bins) return null;
  if (Math.round(1 / first.octaves) !== SHIPPED.binsPerOctave) return null;
  return (bin) => SHIPPED.lowestHz * 2 ** (bin / SHIPPED.binsPerOctave);
}

/** Lines for the pointer: [headline, place, what it hears]. value: 0 to 1. */
export function described(layers, neuron, value) {
  const found = neuronAt(layers, neuron);
  if (!found) return null;
  const { layer, channel, position } = found;
  const hz = layer.index === 0 ? binHertz(layers) : null;
  const places = [];
  if (layer.channels > 1) places.push(`channel ${channel}`); // counted from 0, as /ear/select/add wants it
  if (hz) places.push(`${hertz(hz(position))}, ${note(hz(position))}`);
  else if (layer.positions > 1) places.push(`${position + 1} of ${layer.positions} from low to high`);
  return [`${layer.index} ${layer.name}`, places.join(" · ") || "one neuron", hears(layer), Math.round(value * 100)];
}

export function hears(layer) {
  const parts = [];
  if (layer.seconds > 0) parts.push(`the last ${shortNumber(Number(layer.seconds.toPrecision(2)))} s`);
  if (layer.octaves > 0) parts.push(layer.octaves < 0.1 ? "one bin" : `${shortNumber(Number(layer.octaves.toPrecision(2)))} octaves`);
  return parts.length ? `hears ${parts.join(", ")}` : "";
}
