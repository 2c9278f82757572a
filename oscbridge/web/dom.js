// Small help with elements.

/** el("button.primary", {title: "…", onclick}, "text", child …) */
export function el(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Sets text only where it is another: a status line that is written each second else disturbs whoever reads it. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fits a canvas's pixels to its box. Returns its 2D context with CSS pixels as units, its width and its height. */
export function fitted(canvas, most = 2) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const dense = Math.min(window.devicePixelRatio || 1, most);
  const [w, h] = [Math.max(1, Math.round(width * dense)), Math.max(1, Math.round(height * dense))];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(w / Math.max(width, 1), 0, 0, h / Math.max(height, 1), 0, 0);
  return { context, width, height };
}

export const isShown = (element) => element.offsetParent !== null || element.getClientRects().length > 0;

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Calls at most once in `ms`, and always with the last arguments in the end. */
export function throttled(ms, call) {
  let timer = null;
  let waiting = null;
  const run = () => {
    timer = null;
    if (!waiting) return;
    const args = waiting;
    waiting = null;
    timer = setTimeout(run, ms);
    call(...args);
  };
  return (...args) => {
    waiting = args;
    if (!timer) run();
  };
}
