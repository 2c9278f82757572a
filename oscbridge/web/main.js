// Puts the page together: who tells whom, what is subscribed when, and what the tools and keys do.

import { BeatClock } from "./beat_clock.js";
import { ClipView } from "./clip_view.js";
import { ClipsPanel } from "./clips_panel.js";
import { Connection } from "./connection.js";
import { Creature } from "./creature.js";
import { byId, calm } from "./dom.js";
import { DreamPanel } from "./dream_panel.js";
import { showHelp } from "./help.js";
import { Hover } from "./hover.js";
import { listenToKeys } from "./keys.js";
import { LayersPanel } from "./layers_panel.js";
import { Listen } from "./listen.js";
import { MapsPanel } from "./maps_panel.js";
import { ModelMenu } from "./model_menu.js";
import { layerOf } from "./network.js";
import { Overlay } from "./overlay.js";
import { Parameters } from "./parameters.js";
import { Pointer } from "./pointer.js";
import { ScalogramView } from "./scalogram_view.js";
import { Selection } from "./selection.js";
import { SelectionPanel } from "./selection_panel.js";
import { StatusBar } from "./status_bar.js";
import { Tabs } from "./tabs.js";
import { toast } from "./toasts.js";
import { Tools } from "./tools.js";

const LEVELS_HZ = 30;
const MAPS_HZ = 22;
const notice = (words) => {
  byId("notice").hidden = !words;
  byId("notice").textContent = words;
};

const clock = new BeatClock();
const connection = new Connection({
  open: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`),
  changed: (state, welcome) => changed(state, welcome),
});
let framesReceived = 0;

const creature = new Creature(byId("creature"), clock, notice);
const overlay = new Overlay(byId("overlay"), creature);
const hover = new Hover(creature, overlay);
const selection = new Selection(connection, creature, (regions, weights, count) => {
  creature.choose(weights);
  overlay.show(regions.filter((region) => region.isCircle));
  selectionPanel.show(regions, count);
});
const selectionPanel = new SelectionPanel(selection, connection);
const dream = new DreamPanel(connection);
const layersPanel = new LayersPanel(connection, {
  chosen: (index) => isolate(index),
  selected: (layer) => selection.addLayer(layer, selectionPanel.nextWeight),
});
const scalogram = new ScalogramView(connection);
const maps = new MapsPanel(connection, () => subscribe());
const listen = new Listen(connection, toast);
const clipView = new ClipView(connection, clock, listen);
const clips = new ClipsPanel(connection, listen);
const models = new ModelMenu(connection);
const status = new StatusBar(connection, creature, clock, () => framesReceived);
const parameters = new Parameters(connection, {
  dream: byId("dream-parameters"), clips: byId("clip-parameters"), transport: byId("clip-parameters"),
  player: byId("clip-parameters"), other: byId("settings-parameters"),
}, toast);
parameters.watch("/ear/transport/beats_per_clip", (beats) => {
  clock.beatsPerClip = beats;
  status.setBeats(beats);
});
parameters.watch("/ear/player/crossfade_ms", (ms) => (listen.crossfadeMs = ms));

let layers = [];
connection
  .on("/ear/layer", (args) => {
    layers[args[0]] = layerOf(args);
    if (layers.filter(Boolean).length === connection.welcome?.layers) begin();
  })
  .on("/ear/activations", ([epoch, , chunk, chunks, first, values]) => {
    if (!creature.glow || epoch !== connection.welcome.epoch) return;
    creature.glow.take(first, values);
    if (chunk === chunks - 1 && creature.isVisible) framesReceived++;
  })
  .on("/ear/level/mean", () => !creature.isVisible && framesReceived++)
  .on("/ear/layout/xy", (args) => creature.takePlaces(args))
  .on("/ear/layout/ready", () => selection.ask())
  .on("/ear/layout/progress", ([, level, levels, iteration]) => tools.solving(`level ${level} of ${levels}, step ${iteration}`))
  .on("/ear/beat", (args) => clock.take(args, performance.now()))
  .on("/ear/fail", ([address, code, words]) => {
    const isLacked = /subscribe$/.test(address) && [404, 413, 422].includes(code); // the page asked by itself, of another network
    if (!isLacked) toast(code === 503 ? `${address}: ${words}` : words);
  });

/** Everything that is known belongs to one epoch: it is asked for anew with each welcome. */
function changed(state, welcome) {
  status.show(state);
  models.show(state === "connected" ? welcome : null);
  if (state === "connected") {
    layers = [];
    connection.send("/ear/layers");
    notice(creature.isVisible ? "" : byId("notice").textContent);
    parameters.load();
  } else if (state === "lost") {
    creature.glow?.darken();
    layersPanel.darken();
    maps.darken();
    clock.forget();
  }
}

function begin() {
  const [isolated] = [creature.isolated];
  selection.forget();
  creature.begin(layers);
  layersPanel.begin(layers);
  scalogram.begin(layers);
  dream.forget();
  clipView.forget();
  hover.forget();
  isolate(isolated < layers.length ? isolated : -1);
  // the layout may have come before the layers: asked for again now that there is a place for it
  for (const stream of ["layout", "clips", "dream"]) connection.drop(stream);
  maps.begin(layers);
  subscribe();
  selection.ask();
  clips.ask();
}

/** What is not seen is not sent: a page in a hidden tab costs the network next to nothing. */
function subscribe() {
  if (connection.state !== "connected" || !creature.layers.length) return;
  const isSeen = !document.hidden;
  const want = (is, ...stream) => (is ? connection.want(...stream) : connection.drop(stream[0]));
  want(true, "state");
  want(true, "clips");
  want(creature.isVisible, "layout", "blob");
  want(true, "dream"); // a curve with gaps would tell a wrong story
  want(isSeen, "transport");
  const mapsHz = Math.min(tools.mostHz || MAPS_HZ, MAPS_HZ);
  want(maps.wanted !== "", "maps", "u8", mapsHz, maps.wanted);
  if (creature.isVisible || maps.wanted === "") want(isSeen && creature.isVisible, "activations", "u8", tools.mostHz);
  else want(true, "activations", "u8", mapsHz, maps.vectors);
  want(isSeen, "levels", "", LEVELS_HZ);
  want(isSeen, "selection", "", LEVELS_HZ);
  want(isSeen, "scalogram", "u8");
  want(isSeen, "classes", "", 4);
}

function isolate(index) {
  creature.isolated = index;
  layersPanel.isolate(index);
}

const surface = byId("overlay");
const pointer = new Pointer(surface, () => tools.mode, {
  pan: (dx, dy) => creature.panBy(dx, dy),
  zoom: (x, y, factor) => creature.zoomAt(x, y, factor),
  ask: (at, isTouch) => hover.ask(at, isTouch),
  circle(phase, [sx, sy], [ex, ey]) {
    const [x, y] = creature.view.toLayout(sx, sy);
    const radius = Math.hypot(ex - sx, ey - sy) / creature.view.zoom;
    creature.isStill = phase === "start" || phase === "move";
    hover.ask(null);
    overlay.drawing = null;
    if (creature.isStill) overlay.drawing = { x, y, radius, weight: selectionPanel.nextWeight, neurons: creature.countIn(x, y, radius) };
    else if (phase === "end") circle(x, y, radius);
  },
});

function circle(x, y, radius) {
  if (creature.countIn(x, y, radius)) selection.add(x, y, radius, selectionPanel.nextWeight);
  else toast("No neuron lies in that circle.");
}

const tools = new Tools({ creature, overlay, subscribe, connection, pointer });
byId("selection-clear").addEventListener("click", () => selection.clear());
byId("help-open").addEventListener("click", showHelp);
const tabs = new Tabs(byId("tabs"), resize);

listenToKeys({
  move: (dx, dy) => creature.panBy(dx, dy),
  nearer: () => creature.zoomAt(...middle(), 1.25),
  farther: () => creature.zoomAt(...middle(), 0.8),
  fit: () => creature.fit(true),
  mode: () => tools.setMode(tools.mode === "pan" ? "select" : "pan"),
  middle: () => circle(...creature.view.toLayout(...middle()), 60 / creature.view.zoom),
  dream: () => dream.toggle(),
  restart: () => dream.restart(),
  labels: () => tools.toggleLabels(),
  breathe: () => tools.toggleBreath(),
  full: () => tools.fullScreen(),
  listen: () => listen.toggle(),
  help: showHelp,
  panel: (index) => tabs.at(index),
  mapsBefore: () => maps.step(-1),
  mapsAfter: () => maps.step(1),
  layerBefore: () => isolate(creature.isolated < 0 ? layers.length - 1 : creature.isolated - 1),
  layerAfter: () => isolate(creature.isolated + 1 >= layers.length ? -1 : creature.isolated + 1),
  escape: () => (pointer.isBusy ? pointer.cancel() : selection.clear()),
});

/** The middle of what the panels leave free. */
function middle() {
  const { width, height, inset } = creature.view;
  return [(inset.left + width - inset.right) / 2, (inset.top + height - inset.bottom) / 2];
}

function resize() {
  const stage = byId("stage").getBoundingClientRect();
  const free = byId("free").getBoundingClientRect();
  creature.resize(Math.max(stage.width, 1), Math.max(stage.height, 1), {
    left: free.left - stage.left, top: free.top - stage.top, right: stage.right - free.right, bottom: stage.bottom - free.bottom,
  });
}
for (const id of ["stage", "free"]) new ResizeObserver(resize).observe(byId(id));

creature.onDrawn.push((now, seconds) => {
  hover.draw();
  overlay.draw();
  layersPanel.draw(seconds);
  selectionPanel.draw();
  dream.draw();
  scalogram.draw();
  clipView.draw(now);
  maps.draw(now);
  status.draw(now);
});

byId("scalogram").addEventListener("pointermove", (event) => (event.target.title = scalogram.wordsAt(event.offsetY)));
document.addEventListener("visibilitychange", () => {
  subscribe();
  if (!document.hidden) connection.retryNow();
});
addEventListener("online", () => connection.retryNow());
matchMedia("(prefers-reduced-motion: reduce)").addEventListener("change", () => (creature.breathes = !calm()));

/** Read by tests, and by whoever is curious. */
window.oscbridge = Object.freeze({
  get framesDrawn() { return creature.framesDrawn; },
  get framesReceived() { return framesReceived; },
  get neurons() { return creature.places?.isKnown ? creature.neurons : 0; },
  get selectedNeurons() { return selection.count; },
  get connection() { return connection.state; },
  get mainThreadMs() { return creature.mainThreadMs; },
  get drawnPerSecond() { return creature.drawnPerSecond; },
  get framesPerSecond() { return status.framesPerSecond; },
  get bytesPerSecond() { return status.bytesPerSecond ?? 0; },
  get epoch() { return connection.welcome?.epoch ?? 0; },
  get malformed() { return connection.malformed; },
  get mapsReceived() { return maps.received; },
  get playing() { return listen.playing; },
  get view() { return { x: creature.view.x, y: creature.view.y, zoom: creature.view.zoom, mode: tools.mode }; },
  screenOf(neuron) { return creature.places?.isKnown ? creature.view.toScreen(creature.places.rest[2 * neuron], creature.places.rest[2 * neuron + 1]) : null; },
});

connection.start();
