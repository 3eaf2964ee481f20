// bewit itself. The only module that knows the package.

import init, { Annotator, BewitError } from "./bewit/index.js";
// Not for everybody: how the package's own streams cut what they read.
import { settledLength } from "./bewit/bewit.js";

import { stated, withKeys } from "./configuration.js";
import { digest, splitLines } from "./records.js";

const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** What the page offers. */
const SCHEMAS = ["native", "ocsf", "ecs"];
const REPORTS = ["html", "markdown"];

/** Starts bewit, and says what this build is and which of the schemas and reports it lacks. */
export async function load() {
  await init();
  const annotator = new Annotator();
  const lacking = {
    schemas: await failing(SCHEMAS, (schema) => new Annotator(`schema: ${schema}\n`).free()),
    reports: await failing(REPORTS, (format) => annotator.report("", format)),
  };
  const about = annotator.describe();
  annotator.free();
  return { lacking, about };
}

/** Those with which `make` fails. */
async function failing(names, make) {
  const failed = [];
  for (const name of names) if ((await attempt("config", () => make(name))).mistakes) failed.push(name);
  return failed;
}

/** What `make` makes of a part of the settings, or what is wrong there: `mistakes` of `message`, `line`, `column`. */
async function attempt(part, make) {
  try {
    return { value: await make() };
  } catch (error) {
    const mistakes = error instanceof BewitError ? error.mistakes : [{ message: String(error?.message ?? error) }];
    return { part, mistakes };
  }
}

/** The built-in catalog with a text laid over it; nothing for no text. Most people have none, and need not load this. */
async function compiled(overlay) {
  if (!overlay.trim()) return undefined;
  const { default: init, compileOverlays } = await import("./bewit/overlays.js");
  await init();
  return compileOverlays([overlay]);
}

/** Annotators of one configuration. */
export class Engine {
  /** Alerts as the list needs them, with their lines: small, and each as every other schema has it. */
  #index;
  /** Alerts as the page shows them. */
  #view;
  /** Alerts as the settings say. */
  #output;

  /** `value`, which is an engine, or `part` and `mistakes`. */
  static async make({ config, overlay, schema, detail }) {
    // As it stands, so that mistakes are where the user wrote them.
    const plain = await attempt("config", () => new Annotator(config).free());
    if (plain.mistakes) return plain;
    const catalog = await attempt("overlay", () => compiled(overlay));
    if (catalog.mistakes) return catalog;
    const chosen = { schema: stated(config, "schema") ?? schema, detail: stated(config, "detail") ?? detail };
    return attempt("config", () => {
      const engine = new Engine();
      const make = (keys) => new Annotator(withKeys(config, keys), catalog.value);
      engine.#index = make({ schema: "native", detail: "brief", keep_raw: true });
      engine.#view = make({ schema: "native", detail: chosen.detail });
      engine.#output = chosen.schema === "native" ? engine.#view : make(chosen);
      return engine;
    });
  }

  free() {
    for (const annotator of new Set([this.#index, this.#view, this.#output])) annotator?.free();
  }

  /** The records of a batch, and what the list shows of those that are alerts. `n` is a record's position. */
  list(batch) {
    const records = run(this.#index, batch);
    const alerts = [];
    records.forEach((record, n) => {
      const alert = digest(record);
      if (alert) alerts.push({ ...alert, n });
    });
    return { records, alerts };
  }

  /** One alert of a batch: as shown, as the settings have it, and the line it came from. */
  alert(batch, n) {
    const listed = decoder.decode(run(this.#index, batch)[n]);
    const view = decoder.decode(run(this.#view, batch)[n]);
    const output = this.#output === this.#view ? view : decoder.decode(run(this.#output, batch)[n]);
    // What came annotated goes through as it came, and says whatever its sender wanted.
    const foreign = batch.lines.some((line) => decoder.decode(line) === view);
    const raw = foreign ? view : JSON.parse(listed).bewit.input?.raw ?? view;
    return { view, output, raw, foreign };
  }

  /** Alerts of a batch, a line each. */
  alerts(batch, positions) {
    const records = run(this.#view, batch);
    return positions.map((n) => decoder.decode(records[n]));
  }

  /** A page for people on alerts, a line each. */
  report(alerts, format) {
    return this.#view.report(alerts, format);
  }
}

/** How many of these bytes are whole lines that no later line continues. */
export const settled = settledLength;

/** Bytes as a batch. One JSON document over several lines is one line to bewit. */
export function batchOf(bytes, whole) {
  return { bytes, whole, lines: whole ? [bytes] : splitLines(bytes) };
}

function run(annotator, { bytes, whole }) {
  if (!whole) return splitLines(annotator.annotateBatch(bytes));
  const text = decoder.decode(bytes);
  return [encoder.encode(annotator.annotate(text) ?? text)];
}
