// The page: what is put in, what is shown, and what connects them.

import { alertPage, dispositionName, levelBadge } from "./alert.js";
import { Client } from "./client.js";
import { stated } from "./configuration.js";
import { announce, copy, download, el } from "./dom.js";
import { Editor } from "./editor.js";
import { List } from "./list.js";
import { pack, unpack } from "./share.js";
import { LEVELS, tables } from "./words.js";

/** Characters that a text area still edits without a delay. */
const EDITABLE = 256 << 10;
/** Alerts in a report. */
const REPORTED = 500;
/** Milliseconds after the last key. */
const PAUSE = 250;
/** Milliseconds between two views of something that is being read. */
const BETWEEN = 300;

/** Where the alert stands below the list; style.css has the same. */
const NARROW = matchMedia("(max-width: 900px)");

const $ = (id) => document.getElementById(id);

/** The input: bytes as they came, with a name where they are a file. */
let input = { blob: new Blob([]), name: "" };
/** What is being read or was, with all its alerts. */
let reading = { id: 0, alerts: [], counts: null, done: 0, running: false, stopped: false };
/** The settings that the worker was asked to take last. */
let asked = "";
/** Filters, and the alerts that they leave. */
const shownLevels = new Set(LEVELS);
let shown = [];
let drawn = 0;

const client = new Client(onBatch);
const config = new Editor($("config"), $("config-mistakes"), () => later(configure));
const overlay = new Editor($("overlay"), $("overlay-mistakes"), () => later(configure));
const list = new List($("list-panel"), $("list-room"), {
  row: ({ rule, summary, level, score, disposition, failed }) => [
    el("span", { class: "row-head" }, failed ? el("span", { class: "badge" }, "not annotated") : levelBadge(level, String(score)), el("span", { class: "row-rule" }, rule)),
    el("span", { class: "row-summary" }, disposition && disposition !== "suspicious" && el("b", {}, `${dispositionName(disposition)}: `), summary),
  ],
  key: keyOf,
  onSelect: (alert) => showAlert(alert),
  onOpen: () => $("alert").focus(),
  onPick: () => NARROW.matches && $("alert").scrollIntoView(),
});

// Input

function setText(text) {
  input = { blob: new Blob([text]), name: "" };
  $("opened").hidden = true;
  read();
}

/** Takes bytes as they are. They are shown for editing where that changes nothing. */
async function setFile(blob, name) {
  input = { blob, name };
  const mine = input;
  const text = blob.size <= EDITABLE ? await plainText(blob) : undefined;
  if (mine !== input) return;
  $("lines").value = text ?? "";
  $("opened").hidden = text !== undefined;
  $("opened-name").textContent = `${name}, ${size(blob.size)}`;
  await read();
}

/** The bytes as a text that a text area gives back unchanged; nothing where there is none. */
async function plainText(blob) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await blob.arrayBuffer());
    return text.includes("\r") || text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function paste(event) {
  const text = event.clipboardData.getData("text/plain");
  if (text.length <= EDITABLE) return;
  event.preventDefault();
  setFile(new Blob([text]), "Pasted lines");
}

// Settings

async function configure() {
  for (const key of ["schema", "detail"]) holdToConfiguration($(key), key, config.text);
  const settings = { config: config.text, overlay: overlay.text, schema: $("schema").value, detail: $("detail").value };
  if (asked === JSON.stringify(settings)) return;
  asked = JSON.stringify(settings);
  const { part, mistakes = [] } = await client.ask("configure", settings);
  config.show(part === "config" ? mistakes : []);
  overlay.show(part === "overlay" ? mistakes : []);
  const wrong = mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
  $("editors-state").textContent = mistakes.length > 0 ? wrong : "";
  document.body.classList.toggle("stale", mistakes.length > 0);
  if (mistakes.length > 0) announce(`${wrong} in the ${part === "config" ? "configuration" : "overlay"}: ${mistakes[0].message}`);
  // What is wrong changes nothing, so there is nothing to read again.
  if (mistakes.length === 0 || reading.id === 0) await read();
}

/** What the configuration says goes first; the choice beside it then only shows it. */
function holdToConfiguration(select, key, text) {
  const said = stated(text, key);
  const known = [...select.options].some((option) => option.value === said);
  if (known) select.value = said;
  select.disabled = said !== undefined;
  select.title = said === undefined ? "" : "The configuration says so.";
}

// Reading

async function read() {
  const kept = list.selected;
  const mine = { id: reading.id + 1, alerts: [], counts: null, done: 0, total: input.blob.size, running: true, stopped: false, kept };
  reading = mine;
  draw();
  const long = setTimeout(() => mine === reading && mine.running && ($("progress").hidden = false), BETWEEN);
  try {
    const { counts, stopped } = await client.ask("read", { id: mine.id, blob: input.blob });
    Object.assign(mine, { counts, stopped });
  } catch (error) {
    mine.fault = error.message;
  }
  mine.running = false;
  clearTimeout(long);
  if (mine !== reading) return;
  $("progress").hidden = true;
  draw();
  $("summary").dataset.read = mine.id;
}

function onBatch({ id, alerts, read: done, counts }) {
  if (id !== reading.id) return;
  for (const alert of alerts) reading.alerts.push(alert);
  Object.assign(reading, { done, counts });
  const first = reading.alerts.length === alerts.length && alerts.length > 0;
  if (first || performance.now() - drawn > BETWEEN) draw();
}

function draw() {
  drawn = performance.now();
  const { alerts, counts, done, total, running } = reading;
  filter();
  $("progress-bar").value = total > 0 ? done / total : 0;
  $("progress-text").textContent = `${size(done)} of ${size(total)}`;
  if (!running || !counts) $("summary").textContent = summary();
  document.body.classList.toggle("has-alerts", alerts.length > 0);
  drawLevels();
  if (list.selected === undefined && shown.length > 0) {
    const { kept } = reading;
    const same = kept ? shown.findIndex((alert) => alert.batch === kept.batch && alert.n === kept.n) : 0;
    if (same >= 0) list.select(same);
    else if (!running) list.select(0);
  } else if (!running && list.selected === undefined) {
    showAlert(undefined);
  }
}

function summary() {
  const { counts, running, stopped, fault, done, total } = reading;
  if (fault) return `Something failed: ${fault}`;
  if (!counts || total === 0) return running && total > 0 ? "Reading…" : "Nothing to read yet.";
  const other = counts.records - counts.alerts;
  const gone = counts.lines - counts.records;
  const alerts = counts.alerts - counts.failed;
  return [
    stopped && `Cancelled after ${size(done)} of ${size(total)}.`,
    `${count(counts.lines, "line")}:`,
    [
      count(alerts, "alert"),
      counts.failed > 0 && `${counts.failed} that could not be annotated`,
      other > 0 && `${count(other, "other line")} that bewit passes on unchanged`,
      gone > 0 && `${count(gone, "line")} joined with others or dropped by min_priority`,
    ]
      .filter(Boolean)
      .join(", ")
      .concat("."),
    shown.length < counts.alerts && `${shown.length} of the alerts are shown.`,
  ]
    .filter(Boolean)
    .join(" ");
}

// Alerts

function filter() {
  const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const disposition = $("disposition").value;
  shown = reading.alerts.filter(
    (alert) =>
      (shownLevels.has(alert.level) || !LEVELS.includes(alert.level)) &&
      (disposition === "" || alert.disposition === disposition) &&
      words.every((word) => alert.rule.toLowerCase().includes(word) || alert.summary.toLowerCase().includes(word)),
  );
  if ($("order").value === "urgent") shown.sort((a, b) => b.score - a.score);
  list.show(shown);
}

function refilter() {
  draw();
  $("summary").textContent = summary();
}

function drawLevels() {
  const counts = Object.groupBy(reading.alerts, (alert) => alert.level);
  for (const button of $("levels").children) {
    const { level } = button.dataset;
    button.replaceChildren(`${level} `, el("span", { class: "count" }, String(counts[level]?.length ?? 0)));
    button.setAttribute("aria-pressed", String(shownLevels.has(level)));
  }
}

/** A name for an alert, of this input under these settings. */
function keyOf({ batch, n }) {
  return `${reading.id}/${batch}/${n}`;
}

let wanted;
async function showAlert(alert) {
  wanted = alert;
  const page = $("alert");
  if (!alert) return page.replaceChildren(reading.alerts.length > 0 ? el("p", { class: "hint" }, "No alert fits the filter.") : "");
  const details = await client.ask("alert", { id: reading.id, batch: alert.batch, n: alert.n });
  if (wanted !== alert || !details) return;
  page.replaceChildren(...alertPage(details));
  page.dataset.shown = keyOf(alert);
}

// Out

async function share() {
  const lines = $("opened").hidden ? $("lines").value : undefined;
  const state = { lines, config: config.text, overlay: overlay.text, schema: $("schema").value, detail: $("detail").value };
  const fragment = lines === undefined || lines.length > EDITABLE ? undefined : await pack(state);
  if (!fragment) return say("This is too much for a link. Share the file, and the settings without lines.");
  history.replaceState(null, "", fragment);
  say((await copy(location.href)) ? "The link is copied. It holds the lines and the settings, and nothing was sent." : "The link is in the address bar. It holds the lines and the settings, and nothing was sent.");
}

async function report(format) {
  const alerts = shown.filter((alert) => !alert.failed).slice(0, REPORTED);
  if (alerts.length === 0) return say("There are no alerts to report.");
  try {
    const text = await client.ask("report", { id: reading.id, format, alerts: alerts.map(({ batch, n }) => ({ batch, n })) });
    if (text === undefined) return;
    if (format === "html") download("bewit-report.html", "text/html", text);
    else download("bewit-report.md", "text/markdown", text);
    say(alerts.length < shown.length ? `The report has the first ${alerts.length} of ${shown.length} alerts.` : `The report has ${count(alerts.length, "alert")}.`);
  } catch (error) {
    say(`There is no report: ${error.message}`);
  }
}

function say(text) {
  $("share-state").textContent = text;
}

async function restore() {
  let state;
  try {
    state = await unpack(location.hash);
  } catch {
    say("The link is broken: what it holds cannot be read.");
  }
  if (!state) return configure();
  config.text = state.config;
  overlay.text = state.overlay;
  if (state.schema && !$("schema").querySelector(`option[value="${CSS.escape(state.schema)}"]`)?.disabled) $("schema").value = state.schema;
  if (state.detail) $("detail").value = state.detail;
  for (const select of [$("schema"), $("detail")]) if (select.selectedIndex < 0) select.selectedIndex = 0;
  $("editors").open = Boolean(state.config || state.overlay);
  $("lines").value = state.lines;
  input = { blob: new Blob([state.lines]), name: "" };
  await configure();
}

// Words

function count(number, thing) {
  return `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
}

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

const timers = new Map();
function later(task) {
  clearTimeout(timers.get(task));
  timers.set(task, setTimeout(task, PAUSE));
}

// Start

async function about() {
  const { lacking, about } = await client.ask("about");
  for (const option of $("schema").options) option.disabled = lacking.schemas.includes(option.value);
  const missing = [...$("schema").options].filter((option) => option.disabled).map((option) => option.text);
  $("schema-reason").hidden = missing.length === 0;
  $("schema-reason").textContent = `Not in this build: ${missing.join(", ")}.`;
  for (const format of lacking.reports) {
    $(`report-${format}`).disabled = true;
    $(`report-${format}`).title = "Not in this build";
  }
  const { version, catalog, rules, attack } = JSON.parse(about);
  $("about").textContent = `bewit ${version}, catalog ${catalog}: guidance of its own for ${rules} rules, ATT&CK ${attack}.`;
}

function connect() {
  for (const level of LEVELS) {
    const toggle = () => {
      if (!shownLevels.delete(level)) shownLevels.add(level);
      refilter();
    };
    $("levels").append(el("button", { type: "button", class: `toggle ${level}`, "data-level": level, "aria-pressed": "true", onclick: toggle }, level));
  }
  for (const disposition of Object.keys(tables.disposition)) $("disposition").append(el("option", { value: disposition }, dispositionName(disposition)));

  const fromText = () => setText($("lines").value);
  $("lines").addEventListener("input", () => later(fromText));
  $("lines").addEventListener("paste", paste);
  $("example").addEventListener("click", async () => {
    const response = await fetch("falco.log");
    await setFile(await response.blob(), "falco.log");
  });
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", ({ target }) => {
    if (target.files[0]) setFile(target.files[0], target.files[0].name);
    target.value = "";
  });
  $("clear").addEventListener("click", () => {
    $("lines").value = "";
    setText("");
    $("lines").focus();
  });
  $("cancel").addEventListener("click", () => client.ask("stop"));
  for (const id of ["schema", "detail"]) $(id).addEventListener("change", configure);
  $("find").addEventListener("input", () => later(refilter));
  for (const id of ["disposition", "order"]) $(id).addEventListener("change", refilter);
  $("share").addEventListener("click", share);
  $("report-html").addEventListener("click", () => report("html"));
  $("report-markdown").addEventListener("click", () => report("markdown"));
  addEventListener("hashchange", restore);

  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) return setFile(file, file.name);
    const text = event.dataTransfer.getData("text/plain");
    if (text) setFile(new Blob([text]), "Dropped lines");
  });
}

connect();
try {
  await about();
  await restore();
} catch (error) {
  $("summary").textContent = `bewit does not start in this browser: ${error.message}`;
}
document.documentElement.dataset.ready = "true";
