// What Node gets of `bewit/overlays`: there, `fetch` reads no files.
import { readFile } from "node:fs/promises";
import load from "./bewit_overlays.js";

export * from "./overlays.js";

export default function init(
  input = { module_or_path: readFile(new URL("bewit_overlays_bg.wasm", import.meta.url)) },
) {
  return load(input);
}
