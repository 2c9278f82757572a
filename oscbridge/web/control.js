// One parameter as something to move. It follows the daemon, but never fights the hand that holds it.

import { el, throttled } from "./dom.js";
import { hint } from "./oscquery.js";
import { scale, shortNumber } from "./scales.js";

const STEPS = 1000;
const SEND_MS = 16;
const HAND_MS = 500; // after the last movement echoes may still be under way

/** send(value) is called with what the hand chose. Returns {element, show(value)}. */
export function control(parameter, send) {
  const { address, name, kind, live } = parameter;
  const id = `p${address.replaceAll("/", "-")}`;
  const make = !live ? fixed : { slider, switch: toggle, choice, text: field, number: field }[kind];
  const made = make(parameter, id, send);
  const label = el("label", { for: id }, titleOf(name, parameter.unit));
  const sentence = `${address}\n${hint(parameter, (value) => shortNumber(value, parameter.type === "i"))}`;
  const element = el(`div.param.${live ? kind : "fixed"}`, { title: sentence, "data-address": address }, label, ...made.parts);
  made.input.id = id;
  made.input.setAttribute("aria-description", sentence);
  if (live && parameter.initial !== undefined) {
    element.addEventListener("dblclick", (event) => {
      if (event.target.matches("input[type=text], select")) return;
      made.show(parameter.initial);
      send(parameter.initial);
    });
  }
  made.show(parameter.value);
  return { element, show: made.show, parameter };
}

/** The unit stands beside the number, and need not stand in the name as well. */
export function titleOf(name, unit) {
  const words = name.split("_");
  if (words.length > 1 && words.at(-1) === unit.toLowerCase()) words.pop();
  return words.join(" ");
}

/** Keeps what the daemon says while a hand is on the control, and shows it once the hand has gone. */
function handHeld(input, draw) {
  let until = 0;
  let held = false;
  let last;
  let timer = null;
  const settle = () => {
    clearTimeout(timer);
    const wait = held ? HAND_MS : until - performance.now();
    if (held || wait > 0) timer = setTimeout(settle, Math.max(wait, 20));
    else if (last !== undefined) draw(last);
  };
  input.addEventListener("pointerdown", () => (held = true));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) {
    input.addEventListener(end, () => {
      held = false;
      settle();
    });
  }
  return {
    moved() {
      until = performance.now() + HAND_MS;
      settle();
    },
    show(value) {
      last = value;
      if (!held && performance.now() >= until) draw(value);
    },
    chose(value) {
      last = value;
    },
  };
}

function slider(parameter, id, send) {
  const whole = parameter.type === "i";
  const of = scale({ min: parameter.min, max: parameter.max, log: parameter.log, whole });
  const steps = whole && !parameter.log ? Math.max(1, parameter.max - parameter.min) : STEPS;
  const input = el("input", { type: "range", min: 0, max: steps, step: 1 });
  const number = el("input.value", { type: "text", inputMode: "decimal", "aria-label": `${parameter.name}, value`, autocomplete: "off" });
  const unit = el("span.unit", {}, parameter.unit);
  const write = (value) => {
    const words = shortNumber(value, whole);
    if (document.activeElement !== number) number.value = words;
    input.setAttribute("aria-valuetext", `${words} ${parameter.unit}`.trim());
    input.style.setProperty("--at", `${100 * of.toKnob(value)}%`);
  };
  const draw = (value) => {
    input.value = String(Math.round(of.toKnob(value) * steps));
    write(value);
  };
  const hand = handHeld(input, draw);
  const sendSoon = throttled(SEND_MS, send);
  input.addEventListener("input", () => {
    const value = of.toValue(input.valueAsNumber / steps);
    hand.chose(value);
    hand.moved();
    write(value);
    sendSoon(value);
  });
  typed(number, (value) => {
    hand.chose(value);
    draw(value);
    send(value);
  }, () => draw(of.toValue(input.valueAsNumber / steps)));
  return { input, parts: [el("span.reading", {}, number, unit), input], show: hand.show };
}

function typed(number, accept, giveUp) {
  const done = () => {
    const value = Number(number.value.replace("−", "-").replaceAll(",", ""));
    if (number.value.trim() !== "" && Number.isFinite(value)) accept(value);
    else giveUp();
  };
  let before = "";
  number.addEventListener("focus", () => {
    before = number.value;
    number.select();
  });
  number.addEventListener("blur", () => number.value !== before && done());
  number.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      done();
      before = number.value;
      number.blur();
    } else if (event.key === "Escape") {
      number.value = before;
      number.blur();
    }
    event.stopPropagation();
  });
}

function toggle(parameter, id, send) {
  const input = el("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", () => send(input.checked ? 1 : 0));
  return { input, parts: [input], show: (value) => (input.checked = Boolean(value)) };
}

function choice(parameter, id, send) {
  const input = el("select", {}, ...parameter.choices.map((value) => el("option", { value }, String(value))));
  input.addEventListener("change", () => send(parameter.choices[input.selectedIndex]));
  return { input, parts: [input], show: (value) => (input.selectedIndex = parameter.choices.indexOf(value)) };
}

/** Free text, and numbers that no slider could hit. */
function field(parameter, id, send) {
  const isNumber = parameter.kind === "number";
  const input = el("input", { type: "text", spellcheck: false, autocomplete: "off", placeholder: isNumber ? "" : "default" });
  if (isNumber) input.inputMode = "decimal";
  let last = "";
  const draw = (value) => {
    last = String(value ?? "");
    if (document.activeElement !== input) input.value = last;
  };
  const done = () => {
    if (input.value === last) return;
    const value = isNumber ? Number(input.value) : input.value;
    if (!isNumber || (input.value.trim() && Number.isFinite(value))) send(value);
    else input.value = last;
  };
  input.addEventListener("blur", () => {
    done();
    input.value = last; // what is in force; the daemon's answer follows
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") done();
    if (event.key === "Escape") input.value = last;
    if (event.key === "Enter" || event.key === "Escape") input.blur();
    event.stopPropagation();
  });
  return { input, parts: [input], show: draw };
}

function fixed(parameter) {
  const input = el("output", {});
  const show = (value) => (input.textContent = value === "" || value === undefined ? "default" : String(value));
  return { input, parts: [input], show };
}
