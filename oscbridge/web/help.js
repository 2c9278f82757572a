// All shortcuts at a glance.

import { byId, el } from "./dom.js";
import { SHORTCUTS } from "./keys.js";

export function showHelp() {
  const dialog = byId("help");
  if (dialog.open) {
    dialog.close();
    return;
  }
  if (!dialog.dataset.isFilled) fill(dialog);
  dialog.showModal();
}

function fill(dialog) {
  dialog.dataset.isFilled = "yes";
  const groups = SHORTCUTS.map(([title, rows]) =>
    el("section", {}, el("h3", {}, title), el("dl", {}, ...rows.map((row) => line(row)))));
  byId("help-keys").replaceChildren(...groups);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.stopPropagation(); // or it would be opened again
    dialog.close();
  });
}

function line([keys, words]) {
  return el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", {}, key))), el("dd", {}, words));
}
