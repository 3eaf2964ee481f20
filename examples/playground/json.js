// JSON as text, to the digit: parsing and writing it again would change large numbers.

/** The document with a member a line. What is no JSON comes out as it is. */
export function indent(json) {
  try {
    JSON.parse(json);
  } catch {
    return json;
  }
  const parts = json.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/gs) ?? [];
  let depth = 0;
  let out = "";
  parts.forEach((part, at) => {
    const newLine = () => `\n${"  ".repeat(depth)}`;
    const opens = parts[at - 1] === "{" || parts[at - 1] === "[";
    if (part === "}" || part === "]") {
      depth = Math.max(0, depth - 1);
      out += opens ? part : newLine() + part;
    } else {
      if (opens) out += newLine();
      out += part;
      if (part === "{" || part === "[") depth += 1;
      if (part === ",") out += newLine();
      if (part === ":") out += " ";
    }
  });
  return out;
}

/** A document whose numbers are exact: those that JavaScript cannot hold become their digits. */
export function parse(json) {
  return JSON.parse(json, (_key, value, context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? context.source : value,
  );
}
