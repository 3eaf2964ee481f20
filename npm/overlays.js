// What browsers and bundlers get of `bewit/overlays`: a module of its own, for few need it.
import { builtIn } from "./bewit.js";
import { compile } from "./bewit_overlays.js";

export { default, initSync } from "./bewit_overlays.js";

/** What an annotator takes as its catalog: the built-in one, with the texts of overlays laid over it. */
export function compileOverlays(overlays) {
  return compile(builtIn(), overlays);
}
