// The one WebSocket to the daemon: it greets, subscribes, and comes back by itself when the daemon does.
// Knows nothing of the page; socket and clock are given, so that it runs under a test too.

import { bundle, decode, encode } from "./osc.js";

const LEASE_S = 3600;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;
const SILENT_MS = 6000; // /ear/alive comes every second: a connection silent for so long is none
const STATUS_MS = 1000;

export class Connection {
  /** open: () → WebSocket; changed: (state, facts) is told "connecting", "connected", "lost". */
  constructor({ open, changed = () => {}, now = () => performance.now() }) {
    Object.assign(this, { _open: open, _changed: changed, _now: now });
    this.state = "connecting";
    this.welcome = null;
    this.bytesReceived = 0;
    this.malformed = 0;
    this._takers = new Map();
    this._fallbacks = [];
    this._wanted = new Map(); // stream → {packing, maxHz, filter}
    this._ids = new Map(); // stream → subscription id
    this._asked = []; // streams whose subscription is under way, in order: answers do not name them
    this._socket = null;
    this._timer = null;
    this._wait = FIRST_WAIT_MS;
    this._heardAt = 0;
    for (const [address, take] of [
      ["/ear/welcome", (args) => this._welcomed(args)],
      ["/ear/alive", ([epoch]) => this._epoch(epoch)],
      ["/ear/status", ([epoch]) => this._epoch(epoch)],
      ["/ear/done", (args) => this._done(args)],
      ["/ear/fail", ([address]) => address === "/ear/subscribe" && this._asked.shift()],
    ]) this.on(address, take);
  }

  /** take(args, address) is called for every message on that address. */
  on(address, take) {
    if (!this._takers.has(address)) this._takers.set(address, []);
    this._takers.get(address).push(take);
    return this;
  }

  /** take(args, address) for addresses that nobody else takes: parameters. */
  onOthers(take) {
    this._fallbacks.push(take);
  }

  start() {
    this._connect();
    setInterval(() => this._watch(), STATUS_MS);
  }

  /** Now, instead of after the wait: the network or the page is back. */
  retryNow() {
    if (this.state !== "lost") return;
    clearTimeout(this._timer);
    this._wait = FIRST_WAIT_MS;
    this._connect();
  }

  send(address, types = "", args = []) {
    this.sendPacket(encode(address, types, args));
  }

  sendTogether(...messages) {
    this.sendPacket(bundle(...messages.map((message) => encode(...message))));
  }

  sendPacket(packet) {
    if (this._socket?.readyState === 1) this._socket.send(packet);
  }

  /** Subscribes now, and again whenever the connection is new: with a filter only now, for it names layers. */
  want(stream, packing = "", maxHz = 0, filter = "") {
    const before = this._wanted.get(stream);
    if (before?.packing === packing && before.maxHz === maxHz && before.filter === filter) return;
    const id = this._ids.get(stream);
    this._ids.delete(stream);
    this._wanted.set(stream, { packing, maxHz, filter });
    if (this.state !== "connected") return;
    this._subscribe(stream);
    if (id !== undefined) this.send("/ear/unsubscribe", "i", [id]); // after it: what the daemon remembers goes on
  }

  drop(stream) {
    if (!this._wanted.delete(stream)) return;
    const id = this._ids.get(stream);
    this._ids.delete(stream);
    if (id !== undefined) this.send("/ear/unsubscribe", "i", [id]);
  }

  _connect() {
    this._tell(this.state === "lost" ? "lost" : "connecting");
    this._heardAt = this._now();
    let socket;
    try {
      socket = this._open();
    } catch {
      this._lost();
      return;
    }
    this._socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this._hello();
    socket.onmessage = ({ data }) => this._take(data);
    socket.onclose = () => socket === this._socket && this._lost();
  }

  _hello() {
    this.send("/ear/hello", "si", ["browser", 0]);
  }

  _take(data) {
    this._heardAt = this._now();
    if (typeof data === "string") return;
    this.bytesReceived += data.byteLength;
    this.malformed += decode(data, (address, args) => this._dispatch(address, args));
  }

  _dispatch(address, args) {
    const takers = this._takers.get(address) ?? this._fallbacks;
    for (const take of takers) take(args, address);
  }

  _welcomed([server, major, minor, epoch, url, model, layers, neurons]) {
    const again = this.welcome !== null && this.welcome.epoch === epoch && this.state === "connected";
    this.welcome = { server, version: `${major}.${minor}`, epoch, url, model, layers, neurons };
    if (again) return;
    this._wait = FIRST_WAIT_MS;
    for (const [stream, { filter }] of [...this._wanted]) {
      if (filter) this.drop(stream); // it was written for the layers of another network
    }
    this._ids.clear();
    this._asked.length = 0;
    this._tell("connected");
    for (const stream of this._wanted.keys()) this._subscribe(stream);
    this.send("/ear/status");
  }

  /** Under another epoch all that is known is void: greet again, and the welcome begins anew. */
  _epoch(epoch) {
    if (this.welcome && epoch !== this.welcome.epoch && this.state === "connected") {
      this._tell("connecting");
      this._hello();
    }
  }

  _subscribe(stream) {
    const { packing, maxHz, filter } = this._wanted.get(stream);
    this._asked.push(stream);
    this.send("/ear/subscribe", "ssiffs", [stream, packing, 0, maxHz, LEASE_S, filter]);
  }

  _done([command, id]) {
    if (command !== "/ear/subscribe") return;
    const stream = this._asked.shift();
    if (stream === undefined) return;
    // dropped, or asked for anew, while the answer was on its way: only the last one counts
    if (!this._wanted.has(stream) || this._asked.includes(stream)) this.send("/ear/unsubscribe", "i", [id]);
    else this._ids.set(stream, id);
  }

  _watch() {
    if (this.state === "lost") return;
    if (this._now() - this._heardAt > SILENT_MS) this._socket?.close();
    else if (this.state === "connected") this.send("/ear/status"); // renews the leases, too
    // close() of a dead network may take minutes to be answered
    if (this._now() - this._heardAt > 2 * SILENT_MS) this._lost();
  }

  _lost() {
    const socket = this._socket;
    this._socket = null;
    socket?.close();
    this._ids.clear();
    this._asked.length = 0;
    this._tell("lost");
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._connect(), this._wait * (0.8 + 0.4 * Math.random()));
    this._wait = Math.min(this._wait * 1.6, LONGEST_WAIT_MS);
  }

  _tell(state) {
    const changed = state !== this.state || state === "connected";
    this.state = state;
    if (changed) this._changed(state, this.welcome);
  }
}
