// Shortcuts. While somebody types, keys are letters.

export const SHORTCUTS = [
  ["Picture", [
    [["←", "→", "↑", "↓"], "move"], [["+", "−"], "nearer, farther"], [["0"], "see all of it"], [["L"], "names of layers"],
    [["B"], "breathing"], [["[", "]"], "one layer alone, the next"], [["F"], "full screen, the creature alone"],
  ]],
  ["Dream", [
    [["S"], "draw circles, or move"], [["Enter"], "select what is in the middle"], [["D"], "dream, or stop"],
    [["R"], "back to the origin"], [["Esc"], "clear the selection"],
  ]],
  ["Page", [[["1", "2", "3", "4"], "the panels, in their order"], [[",", "."], "the maps of the layer before, of the next"],
    [["M"], "hear the clips here"], [["?"], "this help"]]],
];

/** actions: name → function. */
export function listenToKeys(actions) {
  const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  const names = { "+": "nearer", "=": "nearer", "-": "farther", _: "farther", 0: "fit", s: "mode", d: "dream", r: "restart",
    l: "labels", b: "breathe", f: "full", m: "listen", "?": "help", "[": "layerBefore", "]": "layerAfter",
    ",": "mapsBefore", ".": "mapsAfter", Escape: "escape" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    if (target.matches("input[type=text], select, textarea") || document.querySelector("dialog[open]")) return;
    const { key } = event;
    if (moves[key]) {
      if (target.matches("input, [role=tab]")) return; // arrows move the slider, or go to the next tab
      actions.move(...moves[key]);
    } else if (/^[1-9]$/.test(key)) {
      actions.panel(Number(key) - 1);
    } else if (key === "Enter") {
      if (!target.matches("[data-creature], body")) return;
      actions.middle();
    } else {
      const name = names[key.length === 1 ? key.toLowerCase() : key];
      if (!name || (event.repeat && !["nearer", "farther"].includes(name))) return;
      actions[name]();
    }
    event.preventDefault();
  });
}
