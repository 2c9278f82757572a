// The daemon's description of itself as a list of parameters. The tree is read, never assumed.

/** {address, section, name, kind, …} of every parameter in an OSCQuery tree, in its order. */
export function parametersIn(tree) {
  const found = [];
  walk(tree, found);
  return found;
}

function walk(node, found) {
  const parameter = parameterOf(node);
  if (parameter) found.push(parameter);
  for (const child of Object.values(node?.CONTENTS ?? {})) walk(child, found);
}

/** kind: "slider", "number", "switch", "choice", "text"; type: the OSC type to send. null if it is a command. */
export function parameterOf(node) {
  const parts = String(node?.FULL_PATH ?? "").split("/");
  const access = node?.ACCESS;
  if (parts.length !== 4 || !(access & 1) || !node.VALUE?.length || !/^[ifsTF]$/.test(node.TYPE ?? "")) return null;
  const range = node.RANGE?.[0] ?? {};
  const type = node.TYPE;
  const kind = kindOf(type, range);
  return {
    address: node.FULL_PATH,
    section: parts[2],
    name: parts[3],
    type: type === "T" || type === "F" ? "i" : type,
    kind,
    live: (access & 2) !== 0,
    value: node.VALUE?.[0],
    initial: node.DEFAULT?.[0], // ours: where a double click goes back to
    min: range.MIN,
    max: range.MAX,
    choices: kind === "choice" ? range.VALS : [],
    log: first(node.SCALE) === "log",
    unit: unitOf(first(node.UNIT)),
    description: node.DESCRIPTION ?? "",
  };
}

const FEW = 1000; // whole numbers that a slider can still hit

function kindOf(type, range) {
  if (type === "T" || type === "F") return "switch";
  if (range.VALS) return type === "i" && range.VALS.every((v) => v === 0 || v === 1) ? "switch" : "choice";
  if (type === "s") return "text";
  if (!Number.isFinite(range.MIN) || !Number.isFinite(range.MAX)) return "number";
  return type === "i" && range.MAX - range.MIN > FEW ? "number" : "slider";
}

// OSCQuery has names of its own for units, as time.ms; people read signs.
const SIGNS = { db: "dB", second: "s" };

function unitOf(name = "") {
  const last = name.split(".").pop();
  return SIGNS[last] ?? last;
}

const first = (value) => (Array.isArray(value) ? value[0] : value);

/** "How far a step moves … 0 to 40 dB." */
export function hint(parameter, format) {
  const { description, kind, min, max, unit, live } = parameter;
  const range = Number.isFinite(min) && Number.isFinite(max) && kind !== "switch" && kind !== "choice";
  const parts = [description];
  if (range) parts.push(`${format(min)} to ${format(max)}${unit ? ` ${unit}` : ""}${parameter.log ? ", logarithmic" : ""}.`);
  else if (unit) parts.push(`In ${unit}.`);
  if (!live) parts.push("Set in the settings file; takes effect at the next start.");
  return parts.filter(Boolean).join(" ");
}

export async function fetchTree() {
  const answer = await fetch("/?", { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`the daemon's description could not be had: ${answer.status}`);
  return answer.json();
}
