export { default, initSync } from "./bewit_overlays.js";
export type { InitInput, InitOutput, SyncInitInput } from "./bewit_overlays.js";

/**
 * The built-in catalog with catalog files of your own laid over it, for `new Annotator(config, catalog)`. `overlays` are
 * their texts, as YAML; a later one wins over an earlier one. Both modules have to be loaded: this one, and `bewit`.
 *
 * The bytes are for annotators of the same version of this package.
 *
 * Throws a `BewitError` that says what is wrong with the texts, and where.
 */
export function compileOverlays(overlays: string[]): Uint8Array;
