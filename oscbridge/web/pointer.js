// Mouse, pen and fingers on the creature: one pans or draws a circle, two pinch, the wheel zooms, a tap or a hover asks.

const WHEEL = 0.0016;
const LINE_PX = 24;
const TAP_PX = 6;
const HOVER_MS = 60;

export class Pointer {
  /** on: {pan, zoom, circle(phase, start, end), ask(x, y | null, isTouch)}; mode() is "pan" or "select". */
  constructor(element, mode, on) {
    Object.assign(this, { _element: element, _mode: mode, _on: on });
    this._down = new Map(); // pointer id → {x, y, startX, startY}
    this._circle = null;
    this._askedAt = 0;
    const listen = (name, take) => element.addEventListener(name, take);
    listen("pointerdown", (event) => this._press(event));
    listen("pointermove", (event) => this._move(event));
    for (const end of ["pointerup", "pointercancel"]) listen(end, (event) => this._lift(event));
    listen("pointerleave", (event) => event.pointerType === "mouse" && on.ask(null));
    element.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    listen("contextmenu", (event) => this._down.size && event.preventDefault());
  }

  at(event) {
    const box = this._element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** Gives up the circle that is being drawn. */
  cancel() {
    if (this._circle) this._on.circle("cancel");
    this._circle = null;
  }

  get isBusy() {
    return this._down.size > 0;
  }

  _press(event) {
    if (event.pointerType === "mouse" && event.button > 1) return;
    event.preventDefault(); // no selection of text, no scrolling
    this._element.focus({ preventScroll: true });
    try {
      this._element.setPointerCapture(event.pointerId);
    } catch {
      // a pointer that has gone in the meantime
    }
    const [x, y] = this.at(event);
    this._down.set(event.pointerId, { x, y, startX: x, startY: y });
    if (this._down.size > 1) {
      this.cancel();
    } else if (event.button !== 1 && (this._mode() === "select") !== event.shiftKey) {
      this._circle = [x, y];
      this._on.circle("start", this._circle, [x, y]);
    }
  }

  _move(event) {
    const [x, y] = this.at(event);
    const held = this._down.get(event.pointerId);
    if (!held) {
      if (event.pointerType === "mouse" && performance.now() - this._askedAt > HOVER_MS) {
        this._askedAt = performance.now();
        this._on.ask([x, y], false);
      }
      return;
    }
    const [dx, dy] = [x - held.x, y - held.y];
    if (this._down.size === 2) this._pinch(event.pointerId, x, y);
    else if (this._circle) this._on.circle("move", this._circle, [x, y]);
    else this._on.pan(dx, dy);
    Object.assign(held, { x, y });
  }

  _pinch(id, x, y) {
    const [other] = [...this._down].filter(([key]) => key !== id).map(([, point]) => point);
    const before = this._down.get(id);
    const [was, is] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(x - other.x, y - other.y)];
    this._on.pan((x - before.x) / 2, (y - before.y) / 2);
    if (was > 10 && is > 10) this._on.zoom((x + other.x) / 2, (y + other.y) / 2, is / was);
  }

  _lift(event) {
    const held = this._down.get(event.pointerId);
    if (!this._down.delete(event.pointerId)) return;
    const isTap = Math.hypot(held.x - held.startX, held.y - held.startY) < TAP_PX;
    if (this._circle) {
      const whole = event.type === "pointerup" && !isTap;
      this._on.circle(whole ? "end" : "cancel", this._circle, [held.x, held.y]);
      this._circle = null;
    }
    if (isTap && event.pointerType !== "mouse" && event.type === "pointerup") this._on.ask([held.x, held.y], true);
  }

  _wheel(event) {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? 400 : 1);
    // a pinch on a touchpad comes as a wheel with Ctrl, in much smaller steps
    const factor = Math.exp(-Math.max(-300, Math.min(300, pixels)) * WHEEL * (event.ctrlKey ? 5 : 1));
    this._on.zoom(...this.at(event), factor);
  }
}
