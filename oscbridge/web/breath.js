// The creature breathes: its layouts for the moments of a loop follow each other in a circle.

/**
 * Between which moments the layout stands, and how much of each. The path through the moments is a Catmull-Rom spline,
 * for straight ways from one to the next would jerk at each.
 * phase: 0 to 1 of the circle; moments: how many there are. Returns {moments: [4 indices from 0], weights: [4]}.
 */
export function breath(phase, moments) {
  if (moments < 2) return { moments: [0, 0, 0, 0], weights: [0, moments, 0, 0] };
  const at = (((phase % 1) + 1) % 1) * moments;
  const first = Math.floor(at) % moments;
  const t = at - Math.floor(at);
  const [t2, t3] = [t * t, t * t * t];
  return {
    moments: [-1, 0, 1, 2].map((step) => (first + step + moments) % moments),
    weights: [
      0.5 * (-t3 + 2 * t2 - t),
      0.5 * (3 * t3 - 5 * t2 + 2),
      0.5 * (-3 * t3 + 4 * t2 + t),
      0.5 * (t3 - t2),
    ],
  };
}

/** A value that goes to its aim softly. seconds: in which it gets 63% of the way. */
export function eased(value, aim, elapsed, seconds) {
  const next = aim + (value - aim) * Math.exp(-elapsed / seconds);
  return Math.abs(next - aim) < 1e-3 ? aim : next;
}
