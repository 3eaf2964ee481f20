// Building the page. Every text that is shown goes through `el`, and it is text: nothing here parses HTML.

/** Characters that show a reader something else than what is there: control characters, and those that change
 * direction or have no width. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** A text with unseen characters spelled out, as in `<U+202E>`. */
export function visible(text) {
  return String(text).replace(UNSEEN, (char) => `<U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}>`);
}

/**
 * An element with attributes and children. Strings become text; `null`, `undefined` and `false` are left out.
 * An attribute that begins with `on` is a listener.
 */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : visible(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : visible(child));
  }
}

/** A link where the address is one of the web, else its text: an address may come out of a line. */
export function link(url, text) {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address?.protocol !== "https:" && address?.protocol !== "http:") return el("span", {}, text);
  return el("a", { href: address.href, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** A button that puts `text` on the clipboard, unchanged, and says so. */
export function copyButton(text, what, label = "Copy") {
  const button = el("button", { type: "button", class: "copy", "aria-label": `${label}: ${what}` }, label);
  button.addEventListener("click", async () => {
    const done = await copy(text);
    button.textContent = done ? "Copied" : "Not copied";
    announce(done ? `Copied: ${what}` : "The browser does not allow this page to copy");
    setTimeout(() => (button.textContent = label), 1500);
  });
  return button;
}

/** Whether the browser took the text. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Offers bytes or text as a file. */
export function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Says something to people who do not see it. */
export function announce(text) {
  document.getElementById("announce").textContent = visible(text);
}
