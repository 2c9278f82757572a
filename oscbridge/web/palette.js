// The colours of layers: amber where sound comes in, over green and blue to violet and rose at the summary.

const STOPS = [
  [1.0, 0.42, 0.1], [0.98, 0.78, 0.16], [0.3, 0.92, 0.38], [0.1, 0.8, 0.86], [0.22, 0.42, 1.0], [0.62, 0.28, 1.0],
  [1.0, 0.3, 0.62],
];

/** [r, g, b], 0 to 1, as a screen shows them. */
export function hue(layer, layers) {
  const at = (layer / Math.max(layers - 1, 1)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const share = at - below;
  return STOPS[below].map((value, c) => value * (1 - share) + STOPS[below + 1][c] * share);
}

export function css(layer, layers, alpha = 1) {
  return `rgb(${hue(layer, layers).map((v) => Math.round(v * 255)).join(" ")} / ${alpha})`;
}

const darkest = [8, 9, 16];

/** 256 colours of one layer as pixels of an ImageData, from the ground over its hue to nearly white. */
export function ramp(layer, layers) {
  const full = hue(layer, layers).map((v) => 255 * v);
  const bytes = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    const at = i / 255;
    const [from, to, share] = at < 0.6 ? [darkest, full, at / 0.6] : [full, [255, 250, 240], ((at - 0.6) / 0.4) * 0.85];
    for (let c = 0; c < 3; c++) bytes[4 * i + c] = from[c] + share * (to[c] - from[c]);
    bytes[4 * i + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

// From black over violet and rose to pale amber, as in the pictures of dreams; for scalograms.
const HEAT = [
  [5, 5, 10], [34, 10, 60], [95, 18, 110], [160, 40, 110], [215, 70, 80], [245, 125, 55], [253, 190, 80], [252, 240, 190],
];

/** (256, 4) bytes. */
export function heat() {
  const out = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (HEAT.length - 1);
    const below = Math.min(Math.floor(at), HEAT.length - 2);
    for (let c = 0; c < 3; c++) out[4 * i + c] = HEAT[below][c] + (at - below) * (HEAT[below + 1][c] - HEAT[below][c]);
    out[4 * i + 3] = 255;
  }
  return out;
}
