// Plays what is dreamed: each clip in a buffer of its own, faded in so that its first beat falls on the loop's end.
OscBridgeClips {
	classvar shortest = 0.003; // seconds of a fade where there is no time for more

	var <bridge, <server, <out, <fade;
	var <>latency = 0; // seconds that clips sound later: server.latency puts them in time with your patterns
	var <>onStarted;
	var <current; // the clip that plays: an Event with clip, buffer, frames, rate, synth
	var <held; // clip number → such an Event, loaded
	var <amp = 1, loading, failures, booting;

	*new { |bridge, server, out = 0, fade = 0.045| ^super.newCopyArgs(bridge, server ? Server.default, out, fade).init }

	init {
		held = IdentityDictionary.new;
		loading = IdentityDictionary.new;
	}

	// boots the server if need be
	play {
		server.waitForBoot {
			this.prDefine;
			server.sync;
			this.prHearFailures;
			booting = { this.prForget; this.prDefine; bridge.again(\clips) };
			ServerTree.add(booting, server);
			bridge.clips(
				{ |clip, path, rate, frames| this.prReady(clip, path, rate, frames) },
				{ |clip, seconds| this.prActivate(clip, seconds) }
			);
		};
	}

	stop {
		bridge.end(\clips);
		ServerTree.remove(booting, server);
		failures.free;
		if(current.notNil) { this.prRelease(current, 0, fade) };
		current = nil;
		held.do { |entry| entry[\buffer].free };
		held.clear;
	}

	amp_ { |value|
		amp = value;
		if(current.notNil) { current[\synth].set(\amp, amp) };
	}

	// private

	prDefine {
		SynthDef(\oscbridgeClip, { |out = 0, buffer = 0, start = 0, fadeIn = 0.045, fadeOut = 0.045, gate = 1, amp = 1|
			// welch: a sine up and a cosine down, so that the power of two clips together stays the same
			var envelope = EnvGen.ar(Env([0, 1, 0], [fadeIn, fadeOut], \welch, 1), gate, doneAction: 2);
			var sound = PlayBuf.ar(1, buffer, BufRateScale.kr(buffer), startPos: start, loop: 1);
			OffsetOut.ar(out, (sound * envelope * amp.lag(0.05)) ! 2);
		}).add;
	}

	prReady { |clip, path, rate, frames|
		var buffer, entry;
		if(held.includesKey(clip)) { ^bridge.send("/ear/clip/loaded", clip) };
		if(path.isEmpty) { ^this.prFailed(clip, "no path: its file is on another computer") };
		if(File.exists(path).not) { ^this.prFailed(clip, "there is no file " ++ path) };
		// never into a buffer that has been read before: it would keep its old length
		entry = (clip: clip, path: path, rate: rate, frames: frames);
		loading[clip] = entry;
		buffer = Buffer.read(server, path, action: { |read|
			if(loading[clip] === entry) {
				loading.removeAt(clip);
				entry[\frames] = read.numFrames;
				held[clip] = entry;
				bridge.send("/ear/clip/loaded", clip);
				this.prTidy;
			} { read.free };
		});
		entry[\buffer] = buffer;
		SystemClock.sched(5, {
			if(loading[clip] === entry) { loading.removeAt(clip); this.prFailed(clip, "not read within 5 s") };
			nil
		});
	}

	prHearFailures {
		failures.free;
		failures = OSCFunc({ |msg|
			loading.copy.do { |entry|
				if(msg[2].asString.contains(entry[\path])) {
					loading.removeAt(entry[\clip]);
					server.bufferAllocator.free(entry[\buffer].bufnum);
					this.prFailed(entry[\clip], msg[2].asString);
				};
			};
		}, '/fail', server.addr).permanent_(true);
	}

	prFailed { |clip, why|
		"oscbridge: clip %: %".format(clip, why).warn;
		bridge.send("/ear/clip/failed", clip, why);
	}

	// seconds: until the running loop ends. The new clip's end fades in before, as it is a loop
	prActivate { |clip, seconds|
		var entry = held[clip], old = current, at, begin, fadeTime, start;
		if(entry.isNil) { ^this.prFailed(clip, "it is not loaded any more") };
		if(old === entry) { ^this };
		at = seconds + latency;
		fadeTime = if(old.isNil) { shortest } { fade };
		begin = at - fadeTime;
		if(begin < 0) { begin = 0; fadeTime = max(at, shortest) }; // late: it starts where it would be by then
		start = ((begin - at) * entry[\rate]).round.asInteger.wrap(0, entry[\frames] - 1);
		entry[\synth] = Synth.basicNew(\oscbridgeClip, server);
		server.sendBundle(begin, *(
			[entry[\synth].newMsg(server.defaultGroup, [
				out: out, buffer: entry[\buffer].bufnum, start: start, fadeIn: fadeTime, fadeOut: fade, amp: amp
			])] ++ if(old.notNil) { [[\n_set, old[\synth].nodeID, \fadeOut, fadeTime, \gate, 0]] } { [] }
		));
		OSCFunc({
			bridge.send("/ear/clip/started", clip);
			onStarted.value(clip);
		}, '/n_go', server.addr, argTemplate: [entry[\synth].nodeID]).oneShot;
		current = entry;
		if(old.notNil) { this.prLetGo(old, begin + fadeTime) };
	}

	prRelease { |entry, delay, fadeTime|
		server.sendBundle(delay, [\n_set, entry[\synth].nodeID, \fadeOut, fadeTime, \gate, 0]);
		this.prLetGo(entry, delay + fadeTime);
	}

	// its buffer, when it has faded out
	prLetGo { |entry, seconds|
		if(held[entry[\clip]] === entry) { held.removeAt(entry[\clip]) };
		SystemClock.sched(seconds + 0.5, { entry[\buffer].free; nil });
	}

	// the one that plays and the newest three
	prTidy {
		var waiting = held.values.reject { |entry| entry === current };
		waiting.sort { |a, b| a[\clip] > b[\clip] };
		waiting.drop(3).do { |entry|
			held.removeAt(entry[\clip]);
			entry[\buffer].free;
		};
	}

	prForget {
		current = nil;
		held.clear;
		loading.clear;
	}
}
