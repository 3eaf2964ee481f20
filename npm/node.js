// What Node gets: there, `fetch` reads no files.
import { readFile } from "node:fs/promises";
import load from "./bewit.js";

export * from "./index.js";

export default function init(
  input = { module_or_path: readFile(new URL("bewit_bg.wasm", import.meta.url)) },
) {
  return load(input);
}
