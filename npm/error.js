/** What is wrong with a configuration, with catalog files of your own, or with what they were compiled to. */
export class BewitError extends Error {
  constructor(code, mistakes) {
    super(mistakes.map(sentence).join("\n"));
    this.code = code;
    this.mistakes = mistakes;
  }

  get name() {
    return "BewitError";
  }
}

/** `file:line:column: message`, as far as that is known. */
function sentence({ file, line, column, message }) {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  return place ? `${place}: ${message}` : message;
}

/** What the module calls; `mistakes` are JSON. */
export function bewitError(code, mistakes) {
  return new BewitError(code, JSON.parse(mistakes));
}
