// What was read: the list of alerts, the one that is open, and what is said of them.

import { alertPage, dispositionName, levelBadge } from "./alert.js";
import { el } from "./dom.js";
import { List } from "./list.js";
import { LEVELS, count, size, tables } from "./words.js";

/** Milliseconds between two views of something that is being read. */
const BETWEEN = 300;
/** Where the alert stands below the list; style.css has the same. */
const NARROW = matchMedia("(max-width: 900px)");

const $ = (id) => document.getElementById(id);

/** Alerts of one input at a time. */
export class Results {
  /** The alerts that the filter leaves: what the worker told of each, `batch` and `n` among it. */
  shown = [];
  #client;
  #list;
  /** What is being read, or was, with all its alerts. */
  #reading = { id: 0, alerts: [], counts: null, done: 0, total: 0, running: false, stopped: false };
  #levels = new Set(LEVELS);
  #drawn = 0;
  /** The alert that is to be open. */
  #wanted;

  constructor(client) {
    this.#client = client;
    this.#list = new List($("list-panel"), $("list-room"), {
      row: rowOf,
      key: (alert) => this.#key(alert),
      onSelect: (alert) => this.#open(alert),
      onOpen: () => $("alert").focus(),
      onPick: () => NARROW.matches && $("alert").scrollIntoView(),
    });
    for (const level of LEVELS) {
      const toggle = () => {
        if (!this.#levels.delete(level)) this.#levels.add(level);
        this.#refilter();
      };
      $("levels").append(el("button", { type: "button", class: `toggle ${level}`, "data-level": level, "aria-pressed": "true", onclick: toggle }, level));
    }
    for (const disposition of Object.keys(tables.disposition)) $("disposition").append(el("option", { value: disposition }, dispositionName(disposition)));
    $("find").addEventListener("input", () => this.#refilter());
    for (const id of ["disposition", "order"]) $(id).addEventListener("change", () => this.#refilter());
    $("cancel").addEventListener("click", () => client.ask("stop"));
  }

  /** Number of the input that is shown; 0 before there was any. */
  get id() {
    return this.#reading.id;
  }

  /** Reads an input to its end. With `keep`, the alert that is open stays so: it is the same input again. */
  async read(blob, { keep = false } = {}) {
    const kept = keep ? this.#list.selected : undefined;
    const mine = { id: this.id + 1, alerts: [], counts: null, done: 0, total: blob.size, running: true, stopped: false, kept };
    this.#reading = mine;
    this.#draw();
    const long = setTimeout(() => mine === this.#reading && ($("progress").hidden = false), BETWEEN);
    try {
      const { counts, stopped } = await this.#client.ask("read", { id: mine.id, blob });
      Object.assign(mine, { counts, stopped });
    } catch (error) {
      mine.fault = error.message;
    }
    mine.running = false;
    clearTimeout(long);
    if (mine !== this.#reading) return;
    $("progress").hidden = true;
    this.#draw();
    $("summary").dataset.read = mine.id;
  }

  /** Takes what the worker tells while it reads. */
  add({ id, alerts, read, counts }) {
    if (id !== this.id) return;
    const all = this.#reading.alerts;
    for (const alert of alerts) all.push(alert);
    Object.assign(this.#reading, { done: read, counts });
    const first = all.length === alerts.length && alerts.length > 0;
    if (first || performance.now() - this.#drawn > BETWEEN) this.#draw();
  }

  #draw() {
    this.#drawn = performance.now();
    const { alerts, counts, done, total, running } = this.#reading;
    this.#filter();
    $("progress-bar").value = total > 0 ? done / total : 0;
    $("progress-text").textContent = `${size(done)} of ${size(total)}`;
    // While it is read, only the bar moves: a summary that changes all the time would be read out all the time.
    if (!running || !counts) $("summary").textContent = this.#summary();
    document.body.classList.toggle("has-alerts", alerts.length > 0);
    this.#drawLevels();
    this.#choose();
  }

  #refilter() {
    this.#draw();
    $("summary").textContent = this.#summary();
  }

  #filter() {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const disposition = $("disposition").value;
    this.shown = this.#reading.alerts.filter(
      (alert) =>
        (this.#levels.has(alert.level) || !LEVELS.includes(alert.level)) &&
        (disposition === "" || alert.disposition === disposition) &&
        words.every((word) => alert.rule.toLowerCase().includes(word) || alert.summary.toLowerCase().includes(word)),
    );
    if ($("order").value === "urgent") this.shown.sort((a, b) => b.score - a.score);
    this.#list.show(this.shown);
  }

  #drawLevels() {
    const members = Object.groupBy(this.#reading.alerts, (alert) => alert.level);
    for (const button of $("levels").children) {
      const { level } = button.dataset;
      button.replaceChildren(`${level} `, el("span", { class: "count" }, String(members[level]?.length ?? 0)));
      button.setAttribute("aria-pressed", String(this.#levels.has(level)));
    }
  }

  /** Opens an alert where none is open: the one that was before, else the first. */
  #choose() {
    const { kept, running } = this.#reading;
    if (this.#list.selected !== undefined) return;
    const before = kept ? this.shown.findIndex((alert) => alert.batch === kept.batch && alert.n === kept.n) : 0;
    if (this.shown.length === 0) {
      if (!running) this.#open(undefined);
    } else if (before >= 0) {
      this.#list.select(before);
    } else if (!running) {
      this.#list.select(0);
    }
  }

  async #open(alert) {
    this.#wanted = alert;
    const page = $("alert");
    if (!alert) return page.replaceChildren(el("p", { class: "hint" }, "No alert fits the filter."));
    let content;
    try {
      const details = await this.#client.ask("alert", { id: this.id, batch: alert.batch, n: alert.n });
      // Nothing where the worker has gone on to other settings.
      if (!details) return;
      content = alertPage(details);
    } catch (error) {
      content = [el("p", { class: "notice bad" }, `This alert cannot be shown: ${error.message}`)];
    }
    if (this.#wanted !== alert) return;
    page.replaceChildren(...content);
    page.dataset.shown = this.#key(alert);
    page.scrollTop = 0;
  }

  /** A name for an alert, of this input under these settings. */
  #key({ batch, n }) {
    return `${this.id}/${batch}/${n}`;
  }

  #summary() {
    const { counts, running, stopped, fault, done, total } = this.#reading;
    if (fault) return `Something failed: ${fault}`;
    if (!counts || total === 0) return running && total > 0 ? "Reading…" : "Nothing to read yet.";
    const other = counts.records - counts.alerts;
    const gone = counts.lines - counts.records;
    const parts = [
      count(counts.alerts - counts.failed, "alert"),
      counts.failed > 0 && `${counts.failed} that could not be annotated`,
      other > 0 && `${count(other, "other line")} that bewit passes on unchanged`,
      gone > 0 && `${count(gone, "line")} joined with others or dropped by min_priority`,
    ];
    const sentences = [
      stopped && `Cancelled after ${size(done)} of ${size(total)}.`,
      `${count(counts.lines, "line")}: ${parts.filter(Boolean).join(", ")}.`,
      this.shown.length < counts.alerts && `${this.shown.length} of the alerts are shown.`,
    ];
    return sentences.filter(Boolean).join(" ");
  }
}

function rowOf({ rule, summary, level, score, disposition, failed }) {
  return [
    el("span", { class: "row-head" }, failed ? el("span", { class: "badge" }, "not annotated") : levelBadge(level, String(score)), el("span", { class: "row-rule" }, rule)),
    el("span", { class: "row-summary" }, disposition && disposition !== "suspicious" && el("b", {}, `${dispositionName(disposition)}: `), summary),
  ];
}
