// An alert as a page. It may have come annotated from anywhere, so nothing here relies on its form.

import { copyButton, el, link } from "./dom.js";
import { commandPieces, textParts, valuesOf } from "./highlight.js";
import { indent, parse } from "./json.js";
import { tables } from "./words.js";

/** More of a text than this is not put into the page; to copy or to download, it is whole. */
const LONGEST = 200_000;

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const object = (value) => (isObject(value) ? value : {});
const list = (value) => (Array.isArray(value) ? value : []);
const objects = (value) => list(value).filter(isObject);
const text = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const texts = (value) => list(value).map(text).filter(Boolean);

/** What the page shows of `{view, output, raw, foreign}`. */
export function alertPage({ view, output, raw, foreign }) {
  const alert = parse(view);
  const bewit = object(alert.bewit);
  const values = valuesOf(alert);
  return [
    el("a", { class: "back", href: "#list-panel" }, "Back to the list"),
    foreign && el("p", { class: "notice bad" }, "This line came annotated. It is shown as it came: bewit did not write what it says, and vouches for none of its commands."),
    isObject(bewit.error) ? failure(bewit.error) : advice(alert, bewit, values),
    el(
      "aside",
      { class: "sources", "aria-label": "The line and the alert" },
      source("Line, as it came", raw, raw),
      source("Alert, as JSON", output, indent(output)),
    ),
  ].filter(Boolean);
}

function failure(error) {
  return el("div", { class: "advice" }, el("h3", {}, "This line could not be annotated"), el("p", {}, text(error.code), ": ", text(error.message)));
}

function advice(alert, bewit, values) {
  return el(
    "div",
    { class: "advice" },
    head(alert, bewit),
    assessment(object(bewit.assessment), object(bewit.guidance)),
    actions(bewit, values),
    attack(objects(bewit.attack)),
    entities(object(bewit.entities)),
    severity(object(bewit.severity)),
    tuning(object(bewit.tuning), values),
    guidance(object(bewit.guidance)),
  );
}

function head(alert, bewit) {
  const severity = object(bewit.severity);
  const guidance = object(bewit.guidance);
  const organisation = object(bewit.organisation);
  const disposition = text(object(bewit.assessment).disposition);
  const matched = tables.matched_by[guidance.matched_by];
  return el(
    "header",
    {},
    el(
      "p",
      { class: "badges" },
      levelBadge(text(severity.level), text(severity.score)),
      el("span", { class: `badge disposition ${disposition}` }, dispositionName(disposition)),
    ),
    el("h3", {}, text(bewit.summary) || text(alert.rule)),
    terms([
      ["Rule", text(alert.rule) || text(guidance.rule)],
      ["Time", text(alert.time) || text(object(bewit.input).clock)],
      ["Host", text(alert.hostname)],
      ["Falco's priority", text(alert.priority)],
      ["Advice is", matched && `${matched} (confidence ${text(guidance.confidence)})`],
      ["Cluster", text(organisation.cluster)],
      ["Owner", text(organisation.owner)],
      ["On call", text(organisation.on_call)],
      ["Runbook", organisation.runbook_url && link(text(organisation.runbook_url), text(organisation.runbook_url))],
    ]),
  );
}

/** A severity as a badge; its name is text, so colour is not all that tells. */
export function levelBadge(level, score) {
  return el("span", { class: `badge level ${level}` }, level, score && " ", score && el("span", { class: "score" }, score));
}

/** A disposition for people. */
export function dispositionName(disposition) {
  return disposition.replaceAll("_", " ");
}

function assessment({ disposition, confidence, reasons }, { innocent }) {
  const meaning = tables.disposition[disposition];
  return section(
    "Is it real?",
    el("p", {}, el("strong", {}, dispositionName(text(disposition))), confidence && `, with ${text(confidence)} confidence`, meaning && `: ${meaning}`),
    objects(reasons).map((reason) =>
      el(
        "div",
        { class: "reason" },
        el("p", {}, text(reason.text)),
        reason.confirm && el("p", {}, el("b", {}, "What would settle it: "), text(reason.confirm)),
        el(
          "p",
          { class: "hint" },
          [
            reason.suggests && `speaks for ${dispositionName(text(reason.suggests))}`,
            reason.weight !== undefined && `weight ${text(reason.weight)} of the 60 that convince`,
            texts(reason.fields).length > 0 && `rests on ${texts(reason.fields).join(", ")}`,
            reason.fixed_in && `excluded by upstream's rules from ${text(reason.fixed_in)} on`,
          ]
            .filter(Boolean)
            .join("; "),
          reason.source && " ",
          reason.source && link(text(reason.source), "Where people report it"),
        ),
      ),
    ),
    texts(innocent).length > 0 &&
      el("details", {}, el("summary", {}, "What causes such alerts innocently, most frequent first"), el("ul", {}, texts(innocent).map((cause) => el("li", {}, cause)))),
  );
}

function actions(bewit, values) {
  const mitigations = objects(bewit.mitigations);
  const phases = Object.entries(tables.phase).map(([phase, meaning]) => {
    const members = mitigations.filter((mitigation) => mitigation.phase === phase);
    if (members.length === 0) return null;
    return el(
      "section",
      { class: `phase ${phase}` },
      el("h5", {}, phase, el("small", {}, meaning)),
      members.map((mitigation, index) => action(mitigation, values, phase === "inspect" && index === 0)),
    );
  });
  const more = texts(bewit.more);
  return section(
    "What to do",
    mitigations.length > 0 && el("p", { class: "hint" }, "Marked in commands: ", el("mark", { class: "value" }, "a value of this event"), ", ", el("mark", { class: "hole" }, "<a value that is missing>"), "."),
    phases,
    more.length > 0 && el("p", { class: "hint" }, `Left out by detail: brief: ${more.join(", ")}`),
  );
}

function action(mitigation, values, open) {
  const title = text(mitigation.title) || text(mitigation.id);
  return el(
    "details",
    { class: "action", open },
    el("summary", {}, title),
    mitigation.why && el("p", {}, text(mitigation.why)),
    texts(mitigation.steps).length > 0 && el("ul", {}, texts(mitigation.steps).map((step) => el("li", {}, step))),
    objects(mitigation.commands).map((command) => commandBlock(command, values)),
    objects(mitigation.manifests).map((manifest) => manifestBlock(manifest, values)),
    el(
      "p",
      { class: "hint" },
      [
        texts(mitigation.attack_mitigations).length > 0 && `ATT&CK ${texts(mitigation.attack_mitigations).join(", ")}`,
        mitigation.talon && `Falco Talon ${text(mitigation.talon)}`,
        ...texts(mitigation.benchmarks),
      ]
        .filter(Boolean)
        .join(" · "),
    ),
    references(mitigation.references),
  );
}

function commandBlock(command, values) {
  const line = text(command.line);
  const title = text(command.title);
  const missing = texts(command.missing);
  const undo = Array.isArray(command.undo) ? null : text(command.undo);
  return el(
    "figure",
    { class: `command ${text(command.effect)}` },
    el(
      "figcaption",
      {},
      title && el("span", { class: "title" }, title),
      command.effect && el("span", { class: "badge effect", title: tables.effect[command.effect] }, text(command.effect)),
      command.where && el("span", { class: "badge where", title: tables.where[command.where] }, `on ${text(command.where)}`),
      copyButton(line, title || "command", missing.length > 0 ? "Copy template" : "Copy"),
    ),
    code(commandPieces(line, values, missing), title || "Command"),
    missing.length > 0 && el("p", { class: "hint" }, `A template: the event does not say ${missing.join(", ")}, or not in a form that is safe.`),
    undo && el("div", { class: "undo" }, el("p", { class: "hint" }, "The way back:"), copyButton(undo, `the way back from ${title}`), code(commandPieces(undo, values, missing), "The way back")),
  );
}

function manifestBlock(manifest, values) {
  const body = text(manifest.body);
  const missing = texts(manifest.missing);
  const title = text(manifest.title);
  return el(
    "figure",
    { class: "command manifest" },
    el(
      "figcaption",
      {},
      el("span", { class: "title" }, title),
      el("span", { class: "badge" }, text(manifest.kind)),
      copyButton(body, title, missing.length > 0 ? "Copy template" : "Copy"),
    ),
    manifest.apply && el("p", { class: "hint" }, text(manifest.apply)),
    code([textParts(body, values, missing)], title),
  );
}

function attack(techniques) {
  if (techniques.length === 0) return null;
  return section(
    "MITRE ATT&CK",
    el(
      "ul",
      { class: "plain" },
      techniques.map(({ technique, name, tactics, from, superseded_by }) =>
        el(
          "li",
          {},
          technique && link(`https://attack.mitre.org/techniques/${text(technique).replace(".", "/")}/`, text(technique)),
          technique && name && " ",
          text(name),
          texts(tactics).length > 0 && el("span", { class: "hint" }, ` ${texts(tactics).join(", ")}`),
          tables.from[from] && el("span", { class: "hint" }, ` · ${tables.from[from]}`),
          superseded_by && el("span", { class: "hint" }, ` · now ${text(superseded_by)}`),
        ),
      ),
    ),
  );
}

function entities(groups) {
  const rows = Object.entries(groups).flatMap(([group, members]) => Object.entries(object(members)).map(([key, value]) => [`${group} ${key}`, text(value)]));
  return rows.length > 0 && section("Who and what", terms(rows, "entities"));
}

function severity({ level, score, why }) {
  const parts = objects(why);
  return (
    parts.length > 0 &&
    section(
      "Why this severity",
      el("ul", { class: "plain" }, parts.map((part) => el("li", {}, el("span", { class: "add" }, `${part.add < 0 ? "−" : "+"}${Math.abs(Number(part.add) || 0)}`), text(part.text)))),
      el("p", { class: "hint" }, `${text(score)} of 100 is ${text(level)}.`),
    )
  );
}

function tuning({ hook, kind, snippet, note, missing }, values) {
  if (!snippet) return null;
  return section(
    "If it is noise: quiet it in Falco",
    note && el("p", {}, text(note)),
    el(
      "figure",
      { class: "command" },
      el("figcaption", {}, el("span", { class: "title" }, `${text(kind)} ${text(hook)}`), copyButton(text(snippet), "tuning snippet", texts(missing).length > 0 ? "Copy template" : "Copy")),
      code([textParts(text(snippet), values, texts(missing))], "Tuning snippet"),
    ),
  );
}

function guidance(guidance) {
  return section(
    "Why such alerts matter",
    guidance.why && el("p", {}, text(guidance.why)),
    references(guidance.references),
    el("p", { class: "hint" }, `Entry ${text(guidance.entry)}, catalog ${text(guidance.catalog)}`),
  );
}

function references(value) {
  const found = objects(value);
  return found.length > 0 && el("ul", { class: "references" }, found.map(({ title, url }) => el("li", {}, link(text(url), text(title) || text(url)))));
}

function source(title, whole, shown) {
  const cut = shown.length > LONGEST;
  return el(
    "section",
    {},
    el("div", { class: "source-head" }, el("h4", {}, title), copyButton(whole, title)),
    code([[{ text: cut ? shown.slice(0, LONGEST) : shown, kind: "plain" }]], title, "wrap"),
    cut && el("p", { class: "hint" }, `${shown.length - LONGEST} more characters are not shown.`),
  );
}

function section(title, ...children) {
  return el("section", {}, el("h4", {}, title), children);
}

function terms(rows, kind = "") {
  return el(
    "dl",
    { class: kind || null },
    rows.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** A text letter by letter, in pieces that lines break between. It can be scrolled, so it can have the focus. */
function code(pieces, label, kind = "") {
  const marked = (parts) => parts.map((part) => (part.kind === "plain" ? part.text : el("mark", { class: part.kind }, part.text)));
  return el(
    "pre",
    { class: kind || null, tabindex: 0, role: "group", "aria-label": label },
    el("code", {}, pieces.map((parts) => (pieces.length === 1 || /^\s*$/.test(parts[0]?.text ?? "") ? marked(parts) : el("span", { class: "word" }, marked(parts))))),
  );
}
