// Where a slider's knob stands for a value, and how values read. Knobs go from 0 to 1.

const FROM_ZERO = 1e-3; // of the highest value: where a logarithmic slider begins that also has a 0

/** log: whether equal ways of the knob are equal ratios. whole: whether only integers count. */
export function scale({ min, max, log = false, whole = false }) {
  const low = min > 0 ? min : max * FROM_ZERO;
  const zeroAtEnd = log && min <= 0; // a logarithm never gets to 0: the very end of the slider is it
  const round = (value) => (whole ? Math.round(value) : value);
  return {
    toKnob(value) {
      if (!(max > min)) return 0;
      if (!log) return clamp((value - min) / (max - min));
      return value <= low ? 0 : clamp(Math.log(value / low) / Math.log(max / low));
    },
    toValue(knob) {
      const at = clamp(knob);
      if (!log) return round(min + at * (max - min));
      if (at === 0) return zeroAtEnd ? min : low;
      return round(low * (max / low) ** at);
    },
  };
}

export function clamp(value, low = 0, high = 1) {
  return Math.min(high, Math.max(low, value));
}

/** Three digits that mean something, and no zeros that do not. */
export function shortNumber(value, whole = false) {
  if (!Number.isFinite(value)) return "–";
  if (whole || Number.isInteger(value)) return grouped(value);
  const size = Math.abs(value);
  if (size >= 100) return grouped(Math.round(value));
  const digits = size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return String(Number(value.toFixed(digits))).replace("-", "−");
}

export function grouped(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",").replace("-", "−");
}

/** 440 → "440 Hz", 2500 → "2.5 kHz". */
export function hertz(value) {
  return value < 1000 ? `${Math.round(value)} Hz` : `${Number((value / 1000).toFixed(value < 10_000 ? 2 : 1))} kHz`;
}

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

/** The nearest note of equal temperament at a' = 440 Hz. */
export function note(value) {
  const key = Math.round(69 + 12 * Math.log2(value / 440));
  return NAMES[((key % 12) + 12) % 12] + String(Math.floor(key / 12) - 1).replace("-", "−");
}

export function bytesPerSecond(value) {
  return value >= 1e6 ? `${(value / 1e6).toFixed(1)} MB/s` : `${Math.round(value / 1e3)} kB/s`;
}

export function duration(seconds) {
  const s = Math.floor(seconds);
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  if (h) return `${h} h ${m} min`;
  return m ? `${m} min` : `${s} s`;
}
