// A list of any length, of which only the rows that are in view are in the page.

import { el } from "./dom.js";

/** Height of a row; style.css has the same. */
const ROW = 68;
/** Browsers do not make anything much higher. A longer list scrolls in larger steps. */
const HIGHEST = 8_000_000;
/** Rows above and below the view. */
const SPARE = 4;

/** Rows in a listbox: arrows, page and end keys move, Enter opens. */
export class List {
  #box;
  #room;
  #row;
  #key;
  #onSelect;
  #onOpen;
  #rows = [];
  #selected = -1;
  #pending = false;

  /** `row` makes the content of an option and `key` a name for it; `onSelect` is told when another row is selected,
   * `onOpen` of Enter, `onPick` of a click. */
  constructor(box, room, { row, key, onSelect, onOpen, onPick }) {
    this.#box = box;
    this.#room = room;
    this.#row = row;
    this.#key = key;
    this.#onSelect = onSelect;
    this.#onOpen = onOpen;
    box.addEventListener("scroll", () => this.#soon(), { passive: true });
    box.addEventListener("keydown", (event) => this.#press(event));
    box.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      this.select(Number(option.dataset.at));
      onPick();
    });
    new ResizeObserver(() => this.#soon()).observe(box);
  }

  /** Shows these rows. What was selected stays so, where it is still there. */
  show(rows) {
    const before = this.#rows[this.#selected];
    this.#rows = rows;
    this.#selected = before === undefined ? -1 : rows.indexOf(before);
    this.#room.style.height = `${Math.min(rows.length * ROW, HIGHEST)}px`;
    this.#soon();
  }

  get selected() {
    return this.#rows[this.#selected];
  }

  select(at) {
    if (at < 0 || at >= this.#rows.length) return;
    const other = at !== this.#selected;
    this.#selected = at;
    this.#reveal(at);
    this.#draw();
    if (other) this.#onSelect(this.#rows[at]);
  }

  #press(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / ROW) - 1);
    const last = this.#rows.length - 1;
    const at = this.#selected;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: Math.max(at - 1, 0),
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.select(Math.min(Math.max(to, 0), last));
    } else if (event.key === "Enter" && this.selected !== undefined) {
      event.preventDefault();
      this.#onOpen(this.selected);
    }
  }

  /** How far the rows go beyond the room, for each pixel that can be scrolled. */
  get #step() {
    const view = this.#box.clientHeight;
    const room = Math.min(this.#rows.length * ROW, HIGHEST) - view;
    return room > 0 ? (this.#rows.length * ROW - view) / room : 1;
  }

  #reveal(at) {
    const step = this.#step;
    const top = this.#box.scrollTop * step;
    const view = this.#box.clientHeight;
    if (at * ROW < top) this.#box.scrollTop = (at * ROW) / step;
    else if ((at + 1) * ROW > top + view) this.#box.scrollTop = ((at + 1) * ROW - view) / step;
  }

  #soon() {
    if (this.#pending) return;
    this.#pending = true;
    requestAnimationFrame(() => {
      this.#pending = false;
      this.#draw();
    });
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#box;
    const top = scrollTop * this.#step;
    const first = Math.max(0, Math.floor(top / ROW) - SPARE);
    const last = Math.min(this.#rows.length, Math.ceil((top + clientHeight) / ROW) + SPARE);
    const options = [];
    for (let at = first; at < last; at += 1) {
      const option = el(
        "div",
        {
          role: "option",
          id: `row-${at}`,
          class: "row",
          "data-at": at,
          "data-alert": this.#key(this.#rows[at]),
          "aria-selected": at === this.#selected ? "true" : "false",
          "aria-posinset": at + 1,
          "aria-setsize": this.#rows.length,
        },
        this.#row(this.#rows[at]),
      );
      option.style.top = `${at * ROW - top + scrollTop}px`;
      options.push(option);
    }
    this.#room.replaceChildren(...options);
    const inView = this.#selected >= first && this.#selected < last;
    if (inView) this.#box.setAttribute("aria-activedescendant", `row-${this.#selected}`);
    else this.#box.removeAttribute("aria-activedescendant");
  }
}
