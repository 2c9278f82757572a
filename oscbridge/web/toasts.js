// What went wrong, at the edge, for a moment.

import { byId, el } from "./dom.js";

const SHOWN_MS = 7000;
const MOST = 3;

/** The same sentence again only lives longer. */
export function toast(words, kind = "trouble") {
  const home = byId("toasts");
  const same = [...home.children].find((child) => child.dataset.words === words);
  if (same) {
    clearTimeout(Number(same.dataset.timer));
    same.dataset.timer = String(setTimeout(() => same.remove(), SHOWN_MS));
    return;
  }
  const made = el(`div.toast.${kind}`, { role: "status" }, words);
  made.dataset.words = words;
  made.dataset.timer = String(setTimeout(() => made.remove(), SHOWN_MS));
  made.addEventListener("click", () => made.remove());
  home.append(made);
  while (home.children.length > MOST) home.firstElementChild.remove();
}
