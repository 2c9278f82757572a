// How many pixels are drawn: as many as the screen has, or fewer where the graphics card cannot keep up.

const SLOW_S = 1 / 40;
const PATIENCE_S = 0.8; // that is looked at before deciding
const FEWEST = 5; // pictures of it
const WARM_UP = 4; // the first pictures wait for shaders
const LEAST = 0.5;
const MOST = 2;

export class Sharpness {
  /** isSoftware: no graphics card at all draws, so that it need not be found out. */
  constructor(isSoftware = false) {
    this._share = isSoftware ? LEAST : 1;
    this._count = -WARM_UP;
    this._sum = 0;
    this._before = null; // seconds a picture before the last step down
    this._isSettled = false;
  }

  /** Pixels for one CSS pixel. seconds: since the picture before. */
  next(seconds) {
    if (!this._isSettled && seconds > 0 && this._count++ >= 0) {
      this._sum += seconds;
      if (this._count >= FEWEST && this._sum >= PATIENCE_S) this._decide(this._sum / this._count);
    }
    return Math.max(Math.min(globalThis.devicePixelRatio || 1, MOST) * this._share, LEAST);
  }

  _decide(mean) {
    this._count = this._sum = 0;
    if (this._before !== null && mean > this._before * 0.92) {
      this._share = this._shareBefore; // it did not help: a slow screen, not a slow card
      this._isSettled = true;
    } else if (mean > SLOW_S && this._share > 0.4) {
      [this._before, this._shareBefore] = [mean, this._share];
      this._share *= 0.75;
    } else {
      this._before = null;
    }
  }
}
