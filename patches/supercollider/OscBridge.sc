// The connection to oscbridge: says hello, keeps the leases, and comes back by itself when the daemon restarts.
OscBridge {
	classvar count = 0;

	var <addr, <name;
	var <state = \off; // \off, \looking or \connected
	var <epoch = 0, <model, <url, <layerCount = 0, <neuronCount = 0;
	var <layers; // of the network, as Events with name, first, channels, positions and more
	var <neurons; // FloatArray, the newest value of every neuron that was asked for
	var <x, <y, <rev = -1; // FloatArrays, where every neuron lies, when the layout is whole
	var <>onState, <>onFail, <>onDone, <>onSelected, <>onRoute;
	var number, keys, wishes, waiting, watch, heardAt = 0, token = 0, parts, partsFunc;
	var means, layoutActions, comingRev = -1, isWhole = false, missing = 0, pieces, layoutAt = 0, placing;

	*new { |host = "127.0.0.1", port = 9870, name = "SuperCollider"|
		^super.new.init(NetAddr(host, port), name)
	}

	init { |address, ourName|
		addr = address;
		name = ourName;
		number = count = count + 1;
		keys = Set.new;
		wishes = List.new;
		waiting = List.new;
		layers = [];
		neurons = FloatArray.new;
		layoutActions = List.new;
	}

	// life

	connect {
		if(state != \off) { ^this };
		this.prHearSession;
		this.prChange(\looking);
		this.prHello;
		watch = SkipJack({ this.prWatch }, 1, name: "oscbridge", clock: SystemClock);
		ShutDown.add(this);
	}

	disconnect {
		if(state == \off) { ^this };
		watch.stop;
		this.prEndStreams;
		keys.do { |key| OSCdef(key).free };
		keys.clear;
		if(partsFunc.notNil) { thisProcess.removeOSCRecvFunc(partsFunc) };
		partsFunc = nil;
		ShutDown.remove(this);
		this.prChange(\off);
	}

	free { this.disconnect; wishes.clear }

	doOnShutDown { this.prEndStreams }

	send { |address ... args|
		addr.sendMsg(address, *args.collect { |a| if(a.isKindOf(Boolean)) { a.binaryValue } { a } });
	}

	// parameters

	set { |section, parameter, value| this.send("/ear/" ++ section ++ "/" ++ parameter, value) }

	// asks once: action has the value
	get { |section, parameter, action|
		var address = "/ear/" ++ section ++ "/" ++ parameter;
		OSCFunc({ |msg| action.value(msg[1]) }, address, addr).oneShot;
		this.send(address);
	}

	// follows: action has the value now, and whenever anybody changes it
	parameter { |section, parameter, action|
		var address = "/ear/" ++ section ++ "/" ++ parameter;
		this.prHear(address, { |msg| if(msg.size > 1) { action.value(msg[1]) } });
		this.prWish("state");
		this.send(address);
	}

	// streams: the action is called with what comes. maxHz 0 is every frame

	levels { |action, maxHz = 0|
		this.prHear("/ear/level/mean", { |msg| means = msg[1..].as(FloatArray) });
		this.prHear("/ear/level/peak", { |msg|
			if(means.notNil) { action.value(means, msg[1..].as(FloatArray)) };
		});
		this.prWish("levels", "", maxHz);
	}

	// action: layer, first channel, values
	channels { |filter = "", action, maxHz = 0|
		this.prHear("/ear/channels", { |msg| action.value(msg[2], 0, msg[3..].as(FloatArray)) });
		this.prHearParts(action);
		this.prWish("channels", "", maxHz, filter);
	}

	// action: number of the first neuron, values, frame. They are in `neurons` too
	activations { |filter = "", action, maxHz = 0, packing = "u8"|
		this.prHear("/ear/activations", { |msg|
			var bytes = msg[6];
			var values = if(packing == "f32") { this.class.floats(bytes) } { this.class.bytes(bytes) / 255 };
			this.prTake(msg[5], values, msg[2], action);
		});
		this.prHear("/ear/neurons", { |msg| this.prTake(msg[2], msg[3..].as(FloatArray), msg[1], action) });
		this.prWish("activations", packing, maxHz, filter);
	}

	scalogram { |action, maxHz = 0|
		this.prHear("/ear/scalogram", { |msg|
			action.value(if(msg[2].isKindOf(Int8Array)) { this.class.bytes(msg[2]) / 255 } { msg[2..].as(FloatArray) })
		});
		this.prWish("scalogram", "u8", maxHz);
	}

	selection { |action, maxHz = 0|
		this.prHear("/ear/selection", { |msg| action.value(msg[1], msg[2]) });
		this.prWish("selection", "", maxHz);
	}

	// action: names as symbols, probabilities; the most probable first
	classes { |action, maxHz = 0|
		this.prHear("/ear/classes", { |msg|
			var pairs = msg[1..].clump(2);
			action.value(pairs.collect(_[0]), pairs.collect(_[1]).as(FloatArray));
		});
		this.prWish("classes", "", maxHz);
	}

	// action: x, y, rev, when a layout is whole
	layout { |action, packing = "blob"|
		layoutActions.add(action);
		this.prHear("/ear/layout/ready", { |msg|
			if(msg[1] != comingRev) { this.prNewLayout(msg[1]) };
			isWhole = true;
			this.prPlace;
		});
		this.prHear("/ear/layout/xy", { |msg|
			if(msg[2] == 0) { this.prPiece(msg[1], msg[5], msg[6], msg[6].size div: 8) };
		});
		this.prHear("/ear/layout/list", { |msg|
			if(msg[2] == 0) { this.prPiece(msg[1], msg[3], msg[4..].as(FloatArray), msg.size - 4 div: 2) };
		});
		this.prWish("layout", packing);
	}

	// action: clip, step, steps a second, score, loss
	dream { |action|
		this.prHear("/ear/dream/progress", { |msg| action.value(*msg[1..]) });
		this.prWish("dream");
	}

	// action: bar, beat, bpm, phase
	transport { |action|
		this.prHear("/ear/beat", { |msg| action.value(*msg[1..]) });
		this.prWish("transport");
	}

	// clips are played by OscBridgeClips. ready: clip, path, rate, frames; activate: clip, seconds from now, beat
	clips { |ready, activate|
		this.prHear("/ear/clip/ready", { |msg| ready.value(msg[1], msg[4].asString, msg[5], msg[6]) });
		this.prHear("/ear/clip/activate", { |msg| activate.value(msg[1], msg[4], msg[5]) });
		this.prWish("clips");
	}

	// ends a stream: \levels, \channels ...
	end { |stream|
		wishes.copy.do { |wish|
			if(wish[\stream] == stream.asString) {
				wishes.remove(wish);
				if(wish[\id].notNil) { this.send("/ear/unsubscribe", wish[\id]) };
			};
		};
	}

	// asks for a stream again: it comes as it is now
	again { |stream|
		wishes.do { |wish|
			if(wish[\stream] == stream.asString) {
				if(wish[\id].notNil) { this.send("/ear/unsubscribe", wish[\id]) };
				this.prSubscribe(wish);
			};
		};
	}

	// selecting and dreaming

	select { |layer, first = 0, last = (-1), low = 0, high = 1, weight = 1, region|
		var args = [layer, first, last, low.asFloat, high.asFloat, weight.asFloat];
		this.send("/ear/select/add", *if(region.isNil) { args } { args.add(region) });
	}

	selectCircle { |cx, cy, radius = 0.1, weight = 1, region|
		var args = [cx, cy, radius, weight].collect(_.asFloat);
		this.send("/ear/select/circle", *if(region.isNil) { args } { args.add(region) });
	}

	clear { this.send("/ear/select/clear") }
	selected { this.send("/ear/select") }
	startDream { this.send("/ear/dream/start") }
	stopDream { this.send("/ear/dream/stop") }
	restartDream { this.send("/ear/dream/restart") }
	play { |clip = 0| this.send("/ear/clip/play", clip) }
	keep { |clip, as| this.send("/ear/clip/keep", clip, as) }
	startLayout { this.send("/ear/layout/start") }
	stopLayout { this.send("/ear/layout/stop") }

	// routes: from "layer.3.mean" to "udp://127.0.0.1:57120/light", also without this class

	addRoute { |route, from, to, args = "$value", low = 0, high = 1, curve = 1|
		this.send("/ear/route/add", route, from, to, args, low.asFloat, high.asFloat, curve.asFloat);
	}

	removeRoute { |route = "*"| this.send("/ear/route/remove", route) }
	routes { this.send("/ear/route/list") }

	save { |preset| this.send("/ear/save", preset) }
	load { |preset| this.send("/ear/load", preset) }

	// blobs: an Int8Array has signs

	*bytes { |blob| ^FloatArray.fill(blob.size, { |i| blob[i] & 0xFF }) }

	*floats { |blob|
		^FloatArray.fill(blob.size div: 4, { |i|
			var at = i * 4;
			Float.from32Bits(
				(blob[at] & 0xFF) | ((blob[at + 1] & 0xFF) << 8) | ((blob[at + 2] & 0xFF) << 16)
				| ((blob[at + 3] & 0xFF) << 24)
			)
		})
	}

	// private

	prHear { |address, func|
		var key = ("oscbridge-" ++ number ++ address).asSymbol;
		keys.add(key);
		OSCdef(key, func, address, addr).permanent_(true);
	}

	// parts of a layer come as /ear/channels/<first>, whatever the first is
	prHearParts { |action|
		parts = IdentityDictionary.new;
		if(partsFunc.notNil) { thisProcess.removeOSCRecvFunc(partsFunc) };
		partsFunc = { |msg, time, from|
			var first = parts[msg[0]];
			if(first.isNil) {
				var words = msg[0].asString.split($/);
				first = if(words.size == 4 and: { words[1] == "ear" } and: { words[2] == "channels" }) {
					words[3].asInteger
				} { -1 };
				if(parts.size < 10000) { parts[msg[0]] = first };
			};
			if(first >= 0 and: { from.addr == addr.addr } and: { from.port == addr.port }) {
				action.value(msg[2], first, msg[3..].as(FloatArray));
			};
		};
		thisProcess.addOSCRecvFunc(partsFunc);
	}

	prHearSession {
		this.prHear("/ear/welcome", { |msg| this.prWelcome(msg) });
		this.prHear("/ear/alive", { |msg|
			heardAt = Main.elapsedTime;
			if(state == \connected and: { msg[1] != epoch }) { this.prHello };
		});
		// without a stream there is no /ear/alive
		this.prHear("/ear/status", { |msg|
			heardAt = Main.elapsedTime;
			if(state == \connected and: { msg[1] != epoch }) { this.prHello };
		});
		this.prHear("/ear/layer", { |msg|
			if(msg[1] < layers.size) {
				layers[msg[1]] = (
					name: msg[2], first: msg[3], channels: msg[4], positions: msg[5], framesPerStep: msg[6],
					seconds: msg[7], octaves: msg[8]
				);
			};
		});
		this.prHear("/ear/done", { |msg|
			if(msg[1] == '/ear/subscribe') { this.prGranted(msg[2]) } { onDone.value(*msg[1..]) };
		});
		this.prHear("/ear/fail", { |msg|
			if(msg[1] == '/ear/subscribe') { this.prGranted(nil) };
			if(onFail.notNil) { onFail.value(*msg[1..]) } { ("oscbridge: %: % %".format(*msg[1..])).warn };
		});
		this.prHear("/ear/selected", { |msg| onSelected.value(*msg[1..]) });
		this.prHear("/ear/route", { |msg| onRoute.value(*msg[1..]) });
		wishes.do { |wish| wish[\id] = nil };
	}

	prHello {
		this.send("/ear/hello", name, 0);
	}

	prWatch {
		var now = Main.elapsedTime;
		if(state != \connected or: { now - heardAt > 3 }) {
			this.prChange(\looking);
			this.prHello;
		} {
			token = token + 1;
			if(wishes.isEmpty) { this.send("/ear/status") } { if(token.odd) { this.send("/ear/sync", token) } };
			if(comingRev > rev and: { now - layoutAt > 3 }) { placing = nil; this.prPlace }; // Cmd-period ended it
		};
	}

	prWelcome { |msg|
		var isNew = msg[4] != epoch;
		heardAt = Main.elapsedTime;
		#epoch, url, model, layerCount, neuronCount = msg[4..8];
		if(isNew) {
			layers = Array.newClear(layerCount);
			neurons = FloatArray.newClear(neuronCount);
			rev = -1;
			this.prNewLayout(-1);
		} { this.prEndStreams };
		waiting.clear;
		this.send("/ear/layers");
		wishes.do { |wish| this.prSubscribe(wish) };
		this.prChange(\connected);
	}

	prChange { |new|
		if(new == state) { ^this };
		state = new;
		"oscbridge: % (%:%, heard on port %)".format(state, addr.hostname, addr.port, NetAddr.langPort).postln;
		onState.value(state);
	}

	prWish { |stream, packing = "", maxHz = 0, filter = ""|
		var wish = wishes.detect { |w| w[\stream] == stream and: { w[\filter] == filter.asString } };
		if(wish.notNil) { if(stream == "state") { ^this } } {
			wish = (stream: stream, filter: filter.asString);
			wishes.add(wish);
		};
		if(wish[\id].notNil) { this.send("/ear/unsubscribe", wish[\id]) };
		wish[\packing] = packing.asString;
		wish[\maxHz] = maxHz.asFloat;
		if(state == \connected) { this.prSubscribe(wish) };
	}

	prSubscribe { |wish|
		wish[\id] = nil;
		waiting.add(wish);
		this.send("/ear/subscribe", wish[\stream], wish[\packing], 0, wish[\maxHz], 10.0, wish[\filter]);
	}

	prGranted { |id|
		var wish = waiting.removeAt(0);
		if(wish.isNil or: { id.isNil }) { ^this };
		if(wishes.includes(wish)) { wish[\id] = id } { this.send("/ear/unsubscribe", id) };
	}

	prEndStreams {
		wishes.do { |wish|
			if(wish[\id].notNil) { this.send("/ear/unsubscribe", wish[\id]) };
			wish[\id] = nil;
		};
	}

	prTake { |first, values, frame, action|
		if(first + values.size <= neurons.size) { values.do { |value, i| neurons[first + i] = value } };
		action.value(first, values, frame);
	}

	// Pieces are only kept while they come, or the next ones would be lost: many arrive at once
	prPiece { |aRev, first, piece, size|
		if(aRev < comingRev) { ^this };
		if(aRev > comingRev) { this.prNewLayout(aRev) };
		if(pieces.includesKey(first).not) { missing = missing - size };
		pieces[first] = piece;
		this.prPlace;
	}

	prNewLayout { |aRev|
		comingRev = aRev;
		isWhole = false;
		missing = neuronCount;
		pieces = IdentityDictionary.new;
	}

	// when it is quiet, puts the pieces together; what is missing is asked for again
	prPlace {
		layoutAt = Main.elapsedTime;
		if(placing.notNil) { ^this };
		placing = Routine {
			var quiet = 0.15;
			while { isWhole.not or: { Main.elapsedTime - layoutAt < quiet } } { 0.05.wait };
			if(missing > 0) {
				placing = nil;
				this.again(\layout);
			} { this.prTellLayout };
		}.play(SystemClock);
	}

	prTellLayout {
		var aRev = comingRev, newX = FloatArray.newClear(neuronCount), newY = FloatArray.newClear(neuronCount);
		pieces.copy.keysValuesDo { |first, piece|
			var pairs = if(piece.isKindOf(Int8Array)) { this.class.floats(piece) } { piece };
			pairs.pairsDo { |px, py, i|
				var at = first + (i div: 2);
				if(at < newX.size) { newX[at] = px; newY[at] = py };
			};
			0.001.wait;
		};
		placing = nil;
		if(aRev == comingRev) {
			x = newX;
			y = newY;
			rev = aRev;
			layoutActions.do { |action| action.value(x, y, rev) };
		};
	}
}
