// A link that holds everything: in its fragment, which browsers do not send.

/** Characters of a fragment that chats and mail still keep whole. */
const LONGEST = 30_000;
/** Bytes that a fragment may unpack to: who made it is not known. */
const LARGEST = 1 << 20;
const NAME = "#s=";

/** The fragment for a state, or nothing where it would be too long. */
export async function pack(state) {
  const bytes = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(JSON.stringify(state)), Infinity);
  let binary = "";
  for (const byte of bytes) {
    binary += String.fromCharCode(byte);
    if (binary.length > LONGEST) return undefined;
  }
  const fragment = NAME + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return fragment.length > LONGEST ? undefined : fragment;
}

/** The state of a fragment, with texts only; nothing where it has none. Throws where it is broken. */
export async function unpack(fragment) {
  if (!fragment.startsWith(NAME)) return undefined;
  const binary = atob(fragment.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/"));
  const packed = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  const bytes = await through(new DecompressionStream("deflate-raw"), packed, LARGEST);
  const state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const text = (key) => (typeof state[key] === "string" ? state[key] : "");
  return { lines: text("lines"), config: text("config"), overlay: text("overlay"), schema: text("schema"), detail: text("detail") };
}

async function through(transform, bytes, largest) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const chunks = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(chunks).arrayBuffer());
    size += value.length;
    if (size > largest) {
      await reader.cancel();
      throw new RangeError("it unpacks to too much");
    }
    chunks.push(value);
  }
}
