// The conversation with oscbridge: hello, leases, and the streams that the patch wants.
//
// In:  bang                    once a second
//      /ear/welcome ... and the like, from the daemon
//      want STREAM PACKING HZ [FILTER]     a stream; PACKING "-" is its default, FILTER may be a layer's number
//      unwant STREAM
//      host NAME, port NUMBER              where the daemon is
//      reply NUMBER                        where this patch listens
// Out: 0 to [udpsend], 1 to [udpreceive], 2 what is to be told
// ES5, for Max's [js]. What is above "In Max" knows nothing of Max.

inlets = 1;
outlets = 3;

var SILENCE_S = 3; // without a sign of life the daemon has ended or restarted
var SYNC_S = 2;
var LEASE_S = 10;

// What is said when. Every method returns a list of [outlet, word, ...].
function Session(name, reply) {
    this.name = name;
    this.reply = reply;
    this.connected = false;
    this.epoch = 0;
    this.silent = 0;
    this.seconds = 0;
    this.wishes = {}; // stream: {packing, hz, filter, id}
    this.asked = []; // streams whose subscription is not answered yet, and what was wished then
}

Session.prototype.tick = function () {
    this.seconds++;
    if (!this.connected) return [this.hello()];
    this.silent++;
    if (this.silent > SILENCE_S) return this.lost().concat([this.hello()]);
    return this.seconds % SYNC_S === 0 ? [[0, "/ear/sync", 0]] : [];
};

Session.prototype.hello = function () {
    return [0, "/ear/hello", this.name, this.reply];
};

Session.prototype.lost = function () {
    this.connected = false;
    return [[2, "state", "looking"]];
};

Session.prototype.welcome = function (server, major, minor, epoch, url, model, layers, neurons) {
    this.silent = 0;
    if (this.connected && epoch === this.epoch) return [];
    var out = this.ended(epoch !== this.epoch);
    this.connected = true;
    this.epoch = epoch;
    this.asked = [];
    out.push([2, "state", "connected"], [2, "welcome", model, layers, neurons], [0, "/ear/layers"]);
    for (var stream in this.wishes) out.push(this.ask(stream));
    return out;
};

// Subscriptions of before; those of another run of the daemon ended with it.
Session.prototype.ended = function (forget) {
    var out = [];
    for (var stream in this.wishes) {
        var wish = this.wishes[stream];
        if (wish.id && !forget) out.push([0, "/ear/unsubscribe", wish.id]);
        wish.id = 0;
    }
    return out;
};

Session.prototype.ask = function (stream) {
    var wish = this.wishes[stream];
    this.asked.push({ stream: stream, wish: wish });
    var words = [0, "/ear/subscribe", stream, wish.packing, 0, wish.hz, LEASE_S];
    if (wish.filter !== "") words.push(wish.filter);
    return words;
};

Session.prototype.want = function (stream, packing, hz, filter) {
    var out = this.unwant(stream);
    this.wishes[stream] = { packing: packing === "-" ? "" : packing, hz: hz, filter: filterOf(filter), id: 0 };
    if (this.connected) out.push(this.ask(stream));
    return out;
};

Session.prototype.unwant = function (stream) {
    var wish = this.wishes[stream];
    delete this.wishes[stream];
    return this.connected && wish && wish.id ? [[0, "/ear/unsubscribe", wish.id]] : [];
};

Session.prototype.alive = function (epoch) {
    this.silent = 0;
    if (!this.connected || epoch === this.epoch) return [];
    return this.lost().concat([this.hello()]);
};

// Subscriptions are answered in the order they were asked for.
Session.prototype.done = function (address, id) {
    if (address !== "/ear/subscribe") return [[2, "done", address]];
    var asked = this.asked.shift();
    if (!asked) return [];
    if (this.wishes[asked.stream] !== asked.wish) return [[0, "/ear/unsubscribe", id]];
    asked.wish.id = id;
    return [];
};

Session.prototype.fail = function (address, code, message) {
    if (address === "/ear/subscribe") this.asked.shift();
    if (address === "/ear/unsubscribe") return [];
    return [[2, "refused", address + " " + code + " " + message]];
};

Session.prototype.at = function (word, value) {
    return [[0, word, value]].concat(this.lost());
};

Session.prototype.listen = function (port) {
    this.reply = port;
    return [[1, "port", port]].concat(this.lost());
};

// A filter as a word that nobody takes for a number: 9 becomes 9-9.
function filterOf(filter) {
    if (filter === undefined || filter === "" || filter === "-") return "";
    var text = String(filter);
    return /^[0-9]+$/.test(text) ? text + "-" + text : text;
}

// In Max

var words = typeof jsarguments === "undefined" ? [] : jsarguments;
var session = new Session(words[1] || "Max", words[2] || 7400);

function say(list) {
    for (var i = 0; i < list.length; i++) outlet(list[i][0], list[i].slice(1));
}

function bang() {
    say(session.tick());
}

function want(stream, packing, hz, filter) {
    say(session.want(stream, packing, hz, filter));
}

function unwant(stream) {
    say(session.unwant(stream));
}

function host(name) {
    say(session.at("host", name));
}

function port(number) {
    say(session.at("port", number));
}

function reply(number) {
    say(session.listen(number));
}

function anything() {
    var a = arrayfromargs(arguments);
    if (messagename === "/ear/welcome") say(session.welcome.apply(session, a));
    else if (messagename === "/ear/alive") say(session.alive(a[0]));
    else if (messagename === "/ear/synced") session.silent = 0;
    else if (messagename === "/ear/done") say(session.done(a[0], a[1]));
    else if (messagename === "/ear/fail") say(session.fail(a[0], a[1], a[2]));
}
