// The panels behind tabs. On a phone all of them, on a large screen those that have no place of their own.

export class Tabs {
  constructor(bar, changed) {
    this._tabs = [...bar.querySelectorAll("[role=tab]")];
    this._changed = changed;
    for (const tab of this._tabs) tab.addEventListener("click", () => this.show(tab.dataset.panel, true));
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const shown = this._shown;
      const at = shown.indexOf(document.activeElement);
      const next = shown[(at + step + shown.length) % shown.length];
      next.focus();
      this.show(next.dataset.panel);
    });
    this.show(document.body.dataset.panel);
    addEventListener("resize", () => this._keepShown());
  }

  get _shown() {
    return this._tabs.filter((tab) => tab.getClientRects().length);
  }

  /** A panel by its name; isTap: a second tap on a phone puts the sheet away. */
  show(name, isTap = false) {
    const body = document.body;
    const isAgain = isTap && body.dataset.panel === name && !body.classList.contains("folded");
    body.classList.toggle("folded", isAgain);
    body.dataset.panel = name;
    for (const tab of this._tabs) {
      const is = tab.dataset.panel === name;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
    }
    this._changed();
  }

  at(index) {
    const tab = this._shown[index];
    if (!tab) return;
    this.show(tab.dataset.panel);
    tab.focus();
  }

  /** A panel that has got a place of its own gives its tab's place to another. */
  _keepShown() {
    const shown = this._shown;
    if (shown.length && !shown.some((tab) => tab.dataset.panel === document.body.dataset.panel)) {
      this.show(shown[0].dataset.panel);
    }
  }
}
