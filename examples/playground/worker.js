// Everything that takes time. The page asks, this answers; see client.js for the other side.

import { Engine, batchOf, load, settled } from "./engine.js";

/** Bytes of input that are annotated at once. Opening an alert annotates its batch again. */
const BATCH = 64 << 10;
/** A file of one JSON document is not looked for in more bytes than this. */
const DOCUMENT = 1 << 20;

let engine;
/** What is being read: the input, where its batches are, and whether to go on. */
let job = null;

const loaded = load().then(async (about) => {
  engine = (await Engine.make({ config: "", overlay: "", schema: "native", detail: "full" })).value;
  return about;
});
/** The last settings that were asked for: they are taken one after the other, as some take longer than others. */
let configured = loaded;

const requests = {
  /** What this build is, and what it lacks. */
  async about() {
    return loaded;
  },

  /** Takes settings, or says what is wrong with them. */
  configure(settings) {
    configured = configured.then(() => configure(settings));
    return configured;
  },

  /** Reads an input to its end, or until it is stopped. */
  async read({ id, blob }) {
    await loaded;
    if (job) job.stopped = true;
    const mine = { id, blob, batches: [], stopped: false };
    job = mine;
    const counts = { lines: 0, records: 0, alerts: 0, failed: 0 };
    let at = 0;
    if (blob.size > 0 && (await isDocument(blob)) && mine === job) at = list(mine, counts, 0, new Uint8Array(await blob.arrayBuffer()), true);
    while (at < blob.size && !mine.stopped) {
      const bytes = await nextLines(blob, at);
      if (mine.stopped) break;
      at = list(mine, counts, at, bytes, false);
    }
    return { counts, read: at, stopped: mine.stopped };
  },

  /** Stops reading. What was read stays. */
  async stop() {
    if (job) job.stopped = true;
  },

  /** One alert in full. */
  async alert({ id, batch, n }) {
    const bytes = await open(id, batch);
    return bytes && engine.alert(bytes, n);
  },

  /** A page on alerts, given as batches and positions. */
  async report({ id, alerts, format }) {
    const byBatch = Map.groupBy(alerts, (alert) => alert.batch);
    const lines = [];
    for (const [batch, members] of byBatch) {
      const opened = await open(id, batch);
      if (!opened) return undefined;
      lines.push(...engine.alerts(opened, members.map((member) => member.n)));
    }
    return engine.report(lines.join("\n"), format);
  },
};

async function configure(settings) {
  const made = await Engine.make(settings);
  if (made.mistakes) return made;
  // Positions of alerts hold for one configuration only.
  if (job) job.stopped = true;
  job = null;
  engine.free();
  engine = made.value;
  return {};
}

/** Annotates bytes, tells the page, and returns where to go on. */
function list(mine, counts, at, bytes, whole) {
  const batch = batchOf(bytes, whole);
  const { records, alerts } = engine.list(batch);
  const next = at + bytes.length;
  const index = mine.batches.push({ from: at, to: next, whole }) - 1;
  counts.lines += batch.lines.length;
  counts.records += records.length;
  counts.alerts += alerts.length;
  counts.failed += alerts.filter((alert) => alert.failed).length;
  postMessage({
    event: "batch",
    id: mine.id,
    alerts: alerts.map((alert) => ({ ...alert, batch: index })),
    read: next,
    counts,
  });
  return next;
}

/** Whole lines from `at` on, of about a batch; a longer line makes it longer, and so does one that comes in pieces. */
async function nextLines(blob, at) {
  for (let size = BATCH; ; size *= 2) {
    const bytes = new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
    const length = at + size >= blob.size ? bytes.length : settled(bytes);
    if (length > 0) return bytes.subarray(0, length);
  }
}

/** Whether the input is one JSON document over several lines, as people print it. */
async function isDocument(blob) {
  if (blob.size > DOCUMENT) return false;
  const text = (await blob.text()).trim();
  if (!text.startsWith("{") || !text.includes("\n")) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The bytes of a batch again; nothing where the page has gone on to another input. */
async function open(id, index) {
  const mine = job;
  const range = mine?.id === id ? mine.batches[index] : undefined;
  if (!range) return undefined;
  const bytes = new Uint8Array(await mine.blob.slice(range.from, range.to).arrayBuffer());
  return batchOf(bytes, range.whole);
}

onmessage = async ({ data: { call, request, argument } }) => {
  try {
    postMessage({ call, result: await requests[request](argument) });
  } catch (error) {
    postMessage({ call, fault: String(error?.message ?? error) });
  }
};
