// Puts the clip that plays into a slot of Live's session view, through Live's object model.
//
// In:  slot CLIP PATH      into the first empty slot of the device's own track, or else of the first audio track
// Out: 0 what is to be told
// `ClipSlot.create_audio_clip` is there from Live 12.0.5 on; with an older Live the file's path is told instead.
// ES5. What is above "In Live" knows nothing of Live.

inlets = 1;
outlets = 1;

var FIRST_VERSION = [12, 0, 5];

// version: major, minor, bugfix
function knowsAudioClips(version) {
    for (var i = 0; i < 3; i++) {
        if (version[i] !== FIRST_VERSION[i]) return version[i] > FIRST_VERSION[i];
    }
    return true;
}

// tracks: [{path, audio, slots: [is there a clip, ...]}], the device's own first. The path of an empty slot, or "".
function emptySlot(tracks) {
    for (var i = 0; i < tracks.length; i++) {
        if (!tracks[i].audio) continue;
        for (var slot = 0; slot < tracks[i].slots.length; slot++) {
            if (!tracks[i].slots[slot]) return tracks[i].path + " clip_slots " + slot;
        }
    }
    return "";
}

// In Live

function bare(path) {
    return String(path).replace(/"/g, "");
}

function trackAt(path) {
    var api = new LiveAPI(path);
    var found = { path: bare(api.path), audio: false, slots: [] };
    // only a track of the session has slots, and only one with sound as its input takes a sound file
    if (!/ tracks [0-9]+$/.test(found.path) || Number(api.get("has_audio_input")) !== 1) return found;
    found.audio = true;
    var count = api.getcount("clip_slots");
    for (var i = 0; i < count; i++) {
        var slot = new LiveAPI(found.path + " clip_slots " + i);
        found.slots.push(Number(slot.get("has_clip")) === 1 || Number(slot.get("is_group_slot")) === 1);
    }
    return found;
}

function slot(clip, path) {
    var app = new LiveAPI("live_app");
    var version = [app.call("get_major_version"), app.call("get_minor_version"), app.call("get_bugfix_version")];
    if (!knowsAudioClips(version.map(Number))) {
        outlet(0, "set", "Live 12.0.5 is needed; drag it in by hand: " + path);
        return;
    }
    var tracks = [trackAt("this_device canonical_parent")];
    var count = new LiveAPI("live_set").getcount("tracks");
    for (var i = 0; i < count && !emptySlot(tracks); i++) tracks.push(trackAt("live_set tracks " + i));
    var empty = emptySlot(tracks);
    if (!empty) {
        outlet(0, "set", "no empty slot in an audio track");
        return;
    }
    new LiveAPI(empty).call("create_audio_clip", path);
    outlet(0, "set", "clip " + clip + " is in " + empty);
}
