// A text of the user's with what is wrong with it.

import { el } from "./dom.js";

/** A text area and the list of mistakes below it. */
export class Editor {
  #area;
  #mistakes;

  constructor(area, mistakes, onChange) {
    this.#area = area;
    this.#mistakes = mistakes;
    area.addEventListener("input", onChange);
  }

  get text() {
    return this.#area.value;
  }

  set text(text) {
    this.#area.value = text;
  }

  /** Says what is wrong; a mistake with a place leads there. */
  show(mistakes) {
    if (mistakes.length > 0) this.#area.setAttribute("aria-invalid", "true");
    else this.#area.removeAttribute("aria-invalid");
    this.#mistakes.replaceChildren(...mistakes.map((mistake) => this.#item(mistake)));
  }

  #item({ message, line, column, suggestion }) {
    const place = line && el("button", { type: "button", onclick: () => this.#goTo(line, column ?? 1) }, `line ${line}, column ${column ?? 1}`);
    // Some messages ask it themselves.
    const meant = suggestion && !message.includes("did you mean") && `; did you mean ${suggestion}?`;
    return el("p", {}, place, place && " ", message, meant);
  }

  /** Columns are characters, what a text area counts are UTF-16 units. */
  #goTo(line, column) {
    const before = this.text.split("\n").slice(0, line - 1);
    const own = [...(this.text.split("\n")[line - 1] ?? "")].slice(0, column - 1);
    const at = before.reduce((sum, text) => sum + text.length + 1, own.join("").length);
    this.#area.focus();
    this.#area.setSelectionRange(at, at + 1);
    const height = this.#area.scrollHeight / Math.max(1, this.text.split("\n").length);
    this.#area.scrollTop = Math.max(0, (line - 3) * height);
  }
}
