import type { Alert } from "./alert.js";
import type { Annotator } from "./bewit.js";

/**
 * The annotated alert as an object; `undefined` for a line that is no alert.
 * Integers above `Number.MAX_SAFE_INTEGER` are rounded, as `JSON.parse` does: the text has their digits.
 */
export function annotateObject(annotator: Annotator, line: string): Alert | undefined;
