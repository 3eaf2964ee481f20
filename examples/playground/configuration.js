// Keys of a configuration that the page sets beside those that the user wrote. bewit has taken the text before, so it
// is YAML, and what is no flow mapping has a key a line, all with the same indentation.

const isFlow = (text) => text.trimStart().startsWith("{");
const indentation = (text) => /^( *)[^\s#%-]/m.exec(text)?.[1] ?? "";
const line = (text, key) => new RegExp(`^${indentation(text)}${key} *:[ \\t]*([^#\\r\\n]*)(#.*)?$`, "m");

/** What the configuration says of a top-level key, as text; nothing where it is silent. */
export function stated(text, key) {
  if (!isFlow(text)) return line(text, key).exec(text)?.[1].trim().replace(/^(["'])(.*)\1$/, "$2");
  try {
    const value = JSON.parse(text)[key];
    return value === undefined ? undefined : String(value);
  } catch {
    return undefined;
  }
}

/** The configuration with these top-level keys, whatever it said of them. */
export function withKeys(text, keys) {
  if (isFlow(text)) return JSON.stringify({ ...json(text), ...keys });
  const indent = indentation(text);
  let result = text;
  for (const [key, value] of Object.entries(keys)) {
    const said = `${indent}${key}: ${value}`;
    const known = line(text, key);
    result = known.test(result) ? result.replace(known, () => said) : `${result}\n${said}\n`;
  }
  return result;
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError("here, a configuration in braces has to be JSON");
  }
}
