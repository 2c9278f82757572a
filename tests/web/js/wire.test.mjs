import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Connection } from "../../../oscbridge/web/connection.js";
import { bundle, decode, encode } from "../../../oscbridge/web/osc.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const read = (packet) => {
  const found = [];
  const bad = decode(packet, (address, args) => found.push([address, ...args]));
  return { found, bad };
};

test("packets are those that the daemon's own encoder writes", () => {
  const packets = JSON.parse(readFileSync(new URL("packets.json", import.meta.url)));
  assert.ok(packets.length > 3);
  for (const { address, types, args, bytes } of packets) {
    const given = args.map((value, i) => (types[i] === "b" ? Uint8Array.from(value) : value));
    assert.equal(hex(encode(address, types, given)), bytes);
    const { found, bad } = read(Uint8Array.from(Buffer.from(bytes, "hex")));
    assert.equal(bad, 0);
    const [[name, ...back]] = found;
    assert.equal(name, address);
    assert.deepEqual(back.map((value) => (value instanceof Uint8Array ? [...value] : value)), args);
  }
});

test("bundles are walked, nested ones too, and a broken element loses no other", () => {
  const good = encode("/a", "i", [1]);
  const broken = Uint8Array.from(encode("/b", "s", ["x"])).fill(0x41, 4);
  const { found, bad } = read(bundle(good, broken, bundle(encode("/c", "f", [0.5]))));
  assert.deepEqual(found, [["/a", 1], ["/c", 0.5]]);
  assert.equal(bad, 1);
});

test("a blob is a view into its packet", () => {
  const packet = encode("/b", "ib", [3, new Uint8Array([1, 2, 3, 4, 5])]);
  const [[, , blob]] = read(packet).found;
  assert.equal(blob.buffer, packet.buffer);
  assert.deepEqual([...blob], [1, 2, 3, 4, 5]);
});

test("nothing that comes in raises", () => {
  const whole = encode("/ear/x", "isfb", [1, "word", 0.5, new Uint8Array(9)]);
  for (let end = 0; end < whole.length; end++) assert.doesNotThrow(() => read(whole.subarray(0, end)));
  assert.equal(read(new Uint8Array([1, 2, 3])).bad, 1);
  assert.equal(read(encode("/ear/x", "", []).fill(0x2f)).bad, 1);
});

class Socket {
  constructor() {
    this.readyState = 1;
    this.sent = [];
  }
  send(packet) {
    this.sent.push(...read(packet).found);
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
  says(address, types, args) {
    this.onmessage({ data: encode(address, types, args).buffer });
  }
}

function connected(t, epoch = 7) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const sockets = [];
  const states = [];
  let now = 0;
  const connection = new Connection({
    open: () => sockets[sockets.push(new Socket()) - 1],
    changed: (state, facts) => states.push([state, facts?.epoch]),
    now: () => now,
  });
  const welcome = (socket, number) => socket.says("/ear/welcome", "siiissii", ["oscbridge", 1, 0, number, "", "ear", 28, 76959]);
  connection.start();
  sockets[0].onopen();
  welcome(sockets[0], epoch);
  return { connection, sockets, states, welcome, pass: (ms) => ((now += ms), t.mock.timers.tick(ms)) };
}

const subscribed = (socket) => socket.sent.filter(([address]) => address === "/ear/subscribe").map(([, stream]) => stream);

test("it greets, subscribes, and does both again on a new connection", (t) => {
  const { connection, sockets, states, welcome, pass } = connected(t);
  connection.want("levels");
  assert.deepEqual(sockets[0].sent[0], ["/ear/hello", "browser", 0]);
  assert.deepEqual(subscribed(sockets[0]), ["levels"]);
  sockets[0].close();
  assert.equal(connection.state, "lost");
  pass(1000);
  sockets[1].onopen();
  welcome(sockets[1], 8);
  assert.deepEqual(subscribed(sockets[1]), ["levels"]);
  assert.deepEqual(states.map(([state]) => state), ["connected", "lost", "connected"]);
  assert.equal(states.at(-1)[1], 8);
});

test("attempts become rarer, and a page that is back tries at once", (t) => {
  const { connection, sockets, pass } = connected(t);
  sockets[0].close();
  for (let i = 0; i < 60; i++) {
    pass(1000);
    sockets.at(-1).close();
  }
  assert.ok(sockets.length > 10 && sockets.length < 30, `${sockets.length} attempts in a minute`);
  const before = sockets.length;
  connection.retryNow();
  assert.equal(sockets.length, before + 1);
});

test("another epoch in the same connection begins anew", (t) => {
  const { sockets, states, welcome } = connected(t);
  sockets[0].says("/ear/alive", "iiiii", [9, 1, 1, 1, 1]);
  assert.deepEqual(sockets[0].sent.at(-1), ["/ear/hello", "browser", 0]);
  welcome(sockets[0], 9);
  assert.deepEqual(states.at(-1), ["connected", 9]);
});

test("a subscription that was dropped before its answer came is ended when it comes", (t) => {
  const { connection, sockets } = connected(t);
  connection.want("levels");
  connection.drop("levels");
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 5, 3600]);
  assert.deepEqual(sockets[0].sent.at(-1), ["/ear/unsubscribe", 5]);
});

test("a stream wanted at another rate keeps only the last subscription", (t) => {
  const { connection, sockets } = connected(t);
  connection.want("activations", "u8", 0);
  connection.want("activations", "u8", 11);
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 5, 3600]);
  assert.deepEqual(sockets[0].sent.at(-1), ["/ear/unsubscribe", 5]);
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 6, 3600]);
  connection.drop("activations");
  assert.deepEqual(sockets[0].sent.at(-1), ["/ear/unsubscribe", 6]);
});

test("a stream wanted with another filter is subscribed to anew before the old subscription ends", (t) => {
  const { connection, sockets } = connected(t);
  connection.want("maps", "u8", 20, "3:0-15");
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 5, 3600]);
  const before = sockets[0].sent.length;
  connection.want("maps", "u8", 20, "3:0-15");
  assert.equal(sockets[0].sent.length, before, "nothing for the same");
  connection.want("maps", "u8", 20, "3:16-31");
  assert.deepEqual(sockets[0].sent.slice(before), [["/ear/subscribe", "maps", "u8", 0, 20, 3600, "3:16-31"], ["/ear/unsubscribe", 5]]);
  connection.drop("maps");
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 6, 3600]);
  assert.deepEqual(sockets[0].sent.slice(before + 2), [["/ear/unsubscribe", 6]], "each is ended once");
});

test("under another epoch a subscription with a filter ends, and others begin anew", (t) => {
  const { connection, sockets, welcome } = connected(t);
  connection.want("levels");
  connection.want("maps", "u8", 20, "13:0-15");
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 5, 3600]);
  sockets[0].says("/ear/done", "sif", ["/ear/subscribe", 6, 3600]);
  const before = sockets[0].sent.length;
  welcome(sockets[0], 8);
  assert.deepEqual(sockets[0].sent[before], ["/ear/unsubscribe", 6]);
  assert.deepEqual(subscribed({ sent: sockets[0].sent.slice(before) }), ["levels"]);
  connection.want("maps", "u8", 20, "3:0-15");
  assert.deepEqual(sockets[0].sent.at(-1).slice(0, 2), ["/ear/subscribe", "maps"]);
});

test("silence is a lost connection", (t) => {
  const { connection, pass } = connected(t);
  for (let i = 0; i < 8; i++) pass(1000);
  assert.equal(connection.state, "lost");
});
