// The page: what is put in and what is taken out. What is shown in between is in results.js.

import { Client } from "./client.js";
import { stated } from "./configuration.js";
import { announce, copy, download } from "./dom.js";
import { Editor } from "./editor.js";
import { Results } from "./results.js";
import { pack, unpack } from "./share.js";
import { count, size } from "./words.js";

/** Characters that a text area still edits without a delay. */
const EDITABLE = 256 << 10;
/** Alerts in a report. */
const REPORTED = 500;
/** Milliseconds after the last key. */
const PAUSE = 250;

const $ = (id) => document.getElementById(id);

/** The input: bytes as they came. */
let input = new Blob([]);
/** The settings that the worker was asked to take last. */
let asked = "";

const client = new Client((batch) => results.add(batch));
const results = new Results(client);
const config = new Editor($("config"), $("config-mistakes"), () => later(configure));
const overlay = new Editor($("overlay"), $("overlay-mistakes"), () => later(configure));

// Input

function setText(text) {
  input = new Blob([text]);
  $("opened").hidden = true;
  results.read(input);
}

/** Takes bytes as they are. They are shown for editing where that changes nothing. */
async function setFile(blob, name) {
  input = blob;
  const text = blob.size <= EDITABLE ? await plainText(blob) : undefined;
  if (blob !== input) return;
  $("lines").value = text ?? "";
  $("opened").hidden = text !== undefined;
  $("opened-name").textContent = `${name}, ${size(blob.size)}`;
  await results.read(input);
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
  $("stale").hidden = mistakes.length === 0;
  if (mistakes.length > 0) announce(`${wrong} in the ${part === "config" ? "configuration" : "overlay"}: ${mistakes[0].message}`);
  // What is wrong changes nothing, so there is nothing to read again.
  if (mistakes.length === 0 || results.id === 0) await results.read(input, { keep: true });
}

/** What the configuration says goes first; the choice beside it then only shows it. */
function holdToConfiguration(select, key, text) {
  const said = stated(text, key);
  const known = [...select.options].some((option) => option.value === said);
  if (known) select.value = said;
  select.disabled = said !== undefined;
  select.title = said === undefined ? "" : "The configuration says so.";
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
  const alerts = results.shown.filter((alert) => !alert.failed).slice(0, REPORTED);
  if (alerts.length === 0) return say("There are no alerts to report.");
  try {
    const text = await client.ask("report", { id: results.id, format, alerts: alerts.map(({ batch, n }) => ({ batch, n })) });
    if (text === undefined) return;
    if (format === "html") download("bewit-report.html", "text/html", text);
    else download("bewit-report.md", "text/markdown", text);
    say(alerts.length < results.shown.length ? `The report has the first ${alerts.length} of ${results.shown.length} alerts.` : `The report has ${count(alerts.length, "alert")}.`);
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
  input = new Blob([state.lines]);
  $("opened").hidden = true;
  asked = "";
  await configure();
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
  for (const id of ["schema", "detail"]) $(id).addEventListener("change", configure);
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
