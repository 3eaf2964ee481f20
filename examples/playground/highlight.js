// Which parts of a command came from the event. An alert has words that are filled in already, so this compares them
// with the event's values; a value that happens to be a word of the tool is marked, too.

/** Shorter values are found by accident, inside of other words. */
const SHORTEST_PART = 3;
const WORD = /[\p{L}\p{N}_]/u;
/** Shell words as bewit quotes them: bare, in single quotes, an escaped quote, or some of these in a row. */
const SHELL_WORD = /(?:\\.|[^\s'\\]|'[^']*')+/g;
const HOLE = /<[\w.@-]+>/g;

/** The event's values, the longest first. */
export function valuesOf(alert) {
  const found = new Set();
  const collect = (value) => {
    if (typeof value === "string" || typeof value === "number") found.add(String(value));
    else if (value !== null && typeof value === "object") Object.values(value).forEach(collect);
  };
  collect(alert.output_fields);
  collect(alert.bewit?.entities);
  collect(alert.hostname);
  found.delete("");
  return [...found].sort((a, b) => b.length - a.length);
}

/** A shell line in pieces, words and what is between them, each as a list of `{text, kind}`, where `kind` is `plain`,
 * `value` or `hole`. */
export function commandPieces(line, values, missing) {
  const pieces = [];
  const quoted = values.map((value) => value.replaceAll("'", "'\\''"));
  let from = 0;
  let before = "";
  for (const { 0: word, index } of line.matchAll(SHELL_WORD)) {
    pieces.push([{ text: line.slice(from, index), kind: "plain" }]);
    // A program and a script are the catalog's own: no value gets into them.
    const fixed = from === 0 || before === "-c";
    pieces.push(fixed ? [{ text: word, kind: "plain" }] : textParts(word, quoted, missing));
    from = index + word.length;
    before = word;
  }
  pieces.push([{ text: line.slice(from), kind: "plain" }]);
  return pieces;
}

/** Any other text in parts, such as a manifest. */
export function textParts(text, values, missing) {
  const spans = holes(text, missing);
  const bare = text.replace(/^'([\s\S]*)'$/, "$1");
  for (const value of values) {
    if (value.length < SHORTEST_PART && value !== bare) continue;
    for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) {
      const to = at + value.length;
      const inside = WORD.test(text[at - 1] ?? "") && WORD.test(value[0]);
      const goesOn = WORD.test(text[to] ?? "") && WORD.test(value.at(-1));
      const free = spans.every((span) => to <= span.from || span.to <= at);
      if (!inside && !goesOn && free) spans.push({ from: at, to, kind: "value" });
    }
  }
  spans.sort((a, b) => a.from - b.from);
  const parts = [];
  let from = 0;
  for (const span of spans) {
    parts.push({ text: text.slice(from, span.from), kind: "plain" });
    parts.push({ text: text.slice(span.from, span.to), kind: span.kind });
    from = span.to;
  }
  parts.push({ text: text.slice(from), kind: "plain" });
  return parts.filter((part) => part.text !== "");
}

function holes(text, missing) {
  return [...text.matchAll(HOLE)]
    .filter(([hole]) => missing.includes(hole.slice(1, -1)))
    .map((match) => ({ from: match.index, to: match.index + match[0].length, kind: "hole" }));
}
