export { Annotator, default, initSync } from "./bewit.js";
export type { InitInput, InitOutput, SyncInitInput } from "./bewit.js";
export { BewitError } from "./error.js";
export type { Mistake } from "./error.js";
export { annotateObject } from "./objects.js";
export { AnnotatorStream, records } from "./stream.js";
export type * from "./alert.js";
