// Which clip lies in which of two buffers, and when to change over.
//
// In:  ready CLIP SHA URL PATH RATE FRAMES CHANNELS SCORE     a new clip
//      activate CLIP UNIX_S MICROSECONDS IN_SECONDS BEAT      play it from then on
//      read DECK        [buffer~] has read what it was told to
//      now              the time has come: the patch fades over
//      faded            the fade is over
//      keep NAME        the clip that plays, as NAME-CLIP
//      slot             asks for the path of the clip that plays
// Out: 0 to the daemon, 1 and 2 to the [buffer~] of deck 0 and 1, 3 milliseconds, deck, position: a fade to come,
//      4 what is to be told
// Arguments: the names of the two [buffer~]. ES5. What is above "In Max" knows nothing of Max.

inlets = 1;
outlets = 5;

var FADE_MS = 45; // ends on the beat, as with the daemon's own player
var NONE = -1;

function Decks() {
    this.decks = [null, null]; // {clip, path, rate, frames, loaded}
    this.playing = NONE;
    this.coming = NONE;
    this.fading = false;
    this.waiting = null; // a clip for which no deck is free yet
}

Decks.prototype.free = function () {
    if (this.coming !== NONE || this.fading) return NONE;
    return this.playing === 0 ? 1 : 0;
};

Decks.prototype.ready = function (clip, sha, url, path, rate, frames) {
    if (!path) return [[0, "/ear/clip/failed", clip, "this player reads files of its own computer only"]];
    var entry = { clip: clip, path: String(path).replace(/\\/g, "/"), rate: rate, frames: frames, loaded: false };
    var held = this.deckOf(clip);
    if (held !== NONE && this.decks[held].loaded) return [[0, "/ear/clip/loaded", clip]];
    var deck = this.free();
    if (deck === NONE) {
        this.waiting = entry;
        return [];
    }
    var out = [];
    var before = this.decks[deck];
    // [buffer~] says nothing of a file that it cannot read
    if (before && !before.loaded) out.push([0, "/ear/clip/failed", before.clip, "the file could not be read"]);
    this.decks[deck] = entry;
    out.push([1 + deck, "replace", entry.path]);
    return out;
};

// frames: that the buffer has now
Decks.prototype.read = function (deck, frames) {
    var entry = this.decks[deck];
    if (!entry || entry.loaded) return [];
    if (frames !== entry.frames) {
        this.decks[deck] = null;
        return [[0, "/ear/clip/failed", entry.clip, "the buffer has " + frames + " frames instead of " + entry.frames]];
    }
    entry.loaded = true;
    return [[0, "/ear/clip/loaded", entry.clip], [4, "loaded", entry.clip]];
};

Decks.prototype.deckOf = function (clip) {
    for (var i = 0; i < 2; i++) if (this.decks[i] && this.decks[i].clip === clip) return i;
    return NONE;
};

Decks.prototype.activate = function (clip, seconds, microseconds, inSeconds) {
    var deck = this.deckOf(clip);
    if (deck === NONE || !this.decks[deck].loaded) {
        return [[0, "/ear/clip/failed", clip, "a newer clip took its place"]];
    }
    if (deck === this.playing) return [[0, "/ear/clip/started", clip]];
    var wait = Math.max(0, inSeconds * 1000);
    var lead = Math.min(FADE_MS, wait);
    var length = (this.decks[deck].frames / this.decks[deck].rate) * 1000;
    this.coming = deck;
    // the new clip is heard from just before its end, so that it begins on the beat when the fade is over
    return [[3, wait - lead, deck, lead > 0 ? Math.max(0, length - lead) : 0]];
};

Decks.prototype.now = function () {
    if (this.coming === NONE) return [];
    this.playing = this.coming;
    this.coming = NONE;
    this.fading = true;
    var clip = this.decks[this.playing].clip;
    return [[0, "/ear/clip/started", clip], [4, "playing", clip]];
};

Decks.prototype.faded = function () {
    this.fading = false;
    var entry = this.waiting;
    this.waiting = null;
    return entry ? this.ready(entry.clip, "", "", entry.path, entry.rate, entry.frames) : [];
};

Decks.prototype.keep = function (name) {
    if (this.playing === NONE) return [[4, "refused", "no clip plays yet"]];
    var clip = this.decks[this.playing].clip;
    return [[0, "/ear/clip/keep", clip, name + "-" + clip]];
};

Decks.prototype.slot = function () {
    if (this.playing === NONE) return [[4, "refused", "no clip plays yet"]];
    return [[4, "slot", this.decks[this.playing].clip, this.decks[this.playing].path]];
};

// In Max

var decks = new Decks();

function say(list) {
    for (var i = 0; i < list.length; i++) outlet(list[i][0], list[i].slice(1));
}

function ready(clip, sha, url, path, rate, frames) {
    say(decks.ready(clip, sha, url, path, rate, frames));
}

function activate(clip, seconds, microseconds, inSeconds) {
    say(decks.activate(clip, seconds, microseconds, inSeconds));
}

function read(deck) {
    say(decks.read(deck, new Buffer(jsarguments[1 + deck]).framecount()));
}

function now() {
    say(decks.now());
}

function faded() {
    say(decks.faded());
}

function keep(name) {
    say(decks.keep(String(name)));
}

function slot() {
    say(decks.slot());
}
