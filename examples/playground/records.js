// Lines in, records out, as bytes. A record is an alert or a line that went through as it came.

const LF = 10;
const decoder = new TextDecoder();

/** The lines of bytes, as views; a last line feed ends the last line. */
export function splitLines(bytes) {
  const lines = [];
  let from = 0;
  while (from < bytes.length) {
    const at = bytes.indexOf(LF, from);
    const to = at < 0 ? bytes.length : at;
    lines.push(bytes.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

/** What the list shows of a record; nothing where it is no alert. */
export function digest(record) {
  if (record[0] !== 0x7b) return undefined;
  let alert;
  try {
    alert = JSON.parse(decoder.decode(record));
  } catch {
    return undefined;
  }
  const { bewit } = alert;
  if (typeof bewit?.schema !== "string" || !bewit.schema.startsWith("bewit.alert/")) return undefined;
  if (bewit.error) {
    return { failed: true, rule: text(bewit.error.code), summary: text(bewit.error.message), level: "low", score: 0, disposition: "", time: "" };
  }
  return {
    failed: false,
    rule: text(alert.rule ?? bewit.guidance?.rule),
    summary: text(bewit.summary),
    level: text(bewit.severity?.level),
    score: Number(bewit.severity?.score) || 0,
    disposition: text(bewit.assessment?.disposition),
    time: text(alert.time ?? bewit.input?.clock),
  };
}

function text(value) {
  return typeof value === "string" ? value : "";
}
