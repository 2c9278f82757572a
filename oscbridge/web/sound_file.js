// WAV files of 32-bit floats, and pictures of any sound.

/** {rate, channels, samples (frames × channels)} of a WAV file, or null if it is another kind of file. */
export function readWav(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 12 || tag(view, 0) !== "RIFF" || tag(view, 8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const [name, size] = [tag(view, at), view.getUint32(at + 4, true)];
    if (name === "fmt ") {
      format = { kind: view.getUint16(at + 8, true), channels: view.getUint16(at + 10, true),
        rate: view.getUint32(at + 12, true), bits: view.getUint16(at + 22, true) };
    } else if (name === "data" && format) {
      if (format.bits !== 32 || ![3, 0xfffe].includes(format.kind)) return null;
      const count = Math.min(size, view.byteLength - at - 8) >> 2;
      const bytes = buffer.slice(at + 8, at + 8 + 4 * count); // floats begin where they may, not at multiples of 4
      return { rate: format.rate, channels: format.channels, samples: new Float32Array(bytes) };
    }
    at += 8 + size + (size & 1);
  }
  return null;
}

const tag = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));

/** (2 × columns): lowest and highest sample of each column of a picture. */
export function envelope(samples, columns) {
  const out = new Float32Array(2 * columns);
  for (let column = 0; column < columns; column++) {
    const start = Math.floor((column * samples.length) / columns);
    const end = Math.max(start + 1, Math.floor(((column + 1) * samples.length) / columns));
    let [low, high] = [0, 0];
    for (let i = start; i < end && i < samples.length; i++) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    out[2 * column] = low;
    out[2 * column + 1] = high;
  }
  return out;
}
