// OSC 1.0 packets to messages and back. Only the types of the wire: i f s b, and T F as truth values.

const BUNDLE = "#bundle";
const MAX_DEPTH = 8;
const decoder = new TextDecoder("utf-8");
const encoder = new TextEncoder();

/** One message. types: a letter an argument, for a number does not say whether it is an int or a float. */
export function encode(address, types = "", args = []) {
  const parts = [padded(address), padded("," + types)];
  [...types].forEach((type, i) => parts.push(argument(type, args[i])));
  return joined(parts);
}

/** Messages that take effect together, at once. */
export function bundle(...packets) {
  const head = new Uint8Array(16);
  head.set(encoder.encode(BUNDLE));
  head[15] = 1; // the timetag that means "now"
  const parts = [head];
  for (const packet of packets) parts.push(number("setInt32", packet.byteLength), packet);
  return joined(parts);
}

/**
 * Calls take(address, args) for every message of a packet; bundles are walked. A blob is a view into the packet, so
 * that a frame of 76,959 bytes is not copied. Returns how many could not be read: one bad element loses no other.
 */
export function decode(buffer, take) {
  const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
  return element(bytes, take, 0);
}

function element(bytes, take, depth) {
  try {
    if (bytes[0] === 0x2f) {
      const [address, args] = message(bytes);
      take(address, args);
      return 0;
    }
    const view = viewOf(bytes);
    if (depth > MAX_DEPTH || text(bytes, 0).value !== BUNDLE) return 1;
    let bad = 0;
    for (let at = 16; at + 4 <= bytes.length; ) {
      const size = view.getInt32(at);
      at += 4;
      if (size < 0 || at + size > bytes.length) return bad + 1;
      bad += element(bytes.subarray(at, at + size), take, depth + 1);
      at += size;
    }
    return bad;
  } catch (error) {
    if (error instanceof RangeError) return 1;
    throw error;
  }
}

function message(bytes) {
  const view = viewOf(bytes);
  const address = text(bytes, 0);
  const args = [];
  if (address.end >= bytes.length) return [address.value, args];
  const tags = text(bytes, address.end);
  let at = tags.end;
  for (const tag of tags.value.slice(1)) {
    if (tag === "i") {
      args.push(view.getInt32(at));
      at += 4;
    } else if (tag === "f") {
      args.push(view.getFloat32(at));
      at += 4;
    } else if (tag === "s") {
      const found = text(bytes, at);
      args.push(found.value);
      at = found.end;
    } else if (tag === "b") {
      const size = view.getInt32(at);
      if (size < 0 || at + 4 + size > bytes.length) throw new RangeError("a blob is cut short");
      args.push(bytes.subarray(at + 4, at + 4 + size));
      at += 4 + size + (-size & 3);
    } else if (tag === "T" || tag === "F") {
      args.push(tag === "T" ? 1 : 0);
    } else {
      throw new RangeError(`type ${tag} is not understood`);
    }
  }
  return [address.value, args];
}

function text(bytes, at) {
  const end = bytes.indexOf(0, at);
  if (at >= bytes.length || end < 0) throw new RangeError("a string does not end");
  return { value: decoder.decode(bytes.subarray(at, end)), end: (end & ~3) + 4 };
}

function argument(type, value) {
  if (type === "i") return number("setInt32", Math.round(value));
  if (type === "f") return number("setFloat32", value);
  if (type === "s") return padded(String(value));
  if (type === "b") {
    const blob = new Uint8Array(4 + value.length + (-value.length & 3));
    viewOf(blob).setInt32(0, value.length);
    blob.set(value, 4);
    return blob;
  }
  throw new TypeError(`an OSC argument is i, f, s or b, not ${type}`);
}

function number(set, value) {
  const bytes = new Uint8Array(4);
  viewOf(bytes)[set](0, value);
  return bytes;
}

function padded(string) {
  const raw = encoder.encode(string.replaceAll("\0", ""));
  const bytes = new Uint8Array((raw.length & ~3) + 4);
  bytes.set(raw);
  return bytes;
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
