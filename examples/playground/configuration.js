// Keys of a configuration that the page sets beside those that the user wrote.

const isJson = (text) => text.trimStart().startsWith("{");
const line = (key) => new RegExp(`^${key}[ \\t]*:[ \\t]*([^#\\r\\n]*)(#.*)?$`, "m");

/** What the configuration says of a top-level key, as text; nothing where it is silent. */
export function stated(text, key) {
  if (isJson(text)) {
    try {
      const value = JSON.parse(text)[key];
      return value === undefined ? undefined : String(value);
    } catch {
      return undefined;
    }
  }
  return line(key).exec(text)?.[1].trim().replace(/^(["'])(.*)\1$/, "$2");
}

/** The configuration with these top-level keys, whatever it said of them. It must be one that bewit takes. */
export function withKeys(text, keys) {
  if (isJson(text)) return JSON.stringify({ ...JSON.parse(text), ...keys });
  let result = text;
  for (const [key, value] of Object.entries(keys)) {
    const said = `${key}: ${value}`;
    result = line(key).test(result) ? result.replace(line(key), () => said) : `${result}\n${said}\n`;
  }
  return result;
}
