// What browsers and bundlers get.
export { Annotator, default, initSync } from "./bewit.js";
export { BewitError } from "./error.js";
export { annotateObject } from "./objects.js";
export { AnnotatorStream, records } from "./stream.js";
