/** Something that is wrong in a text. */
export interface Mistake {
  /** What is wrong, with the value. */
  message: string;
  /** From 1, where it is known. */
  line?: number;
  /** From 1, where it is known. */
  column?: number;
  /** `overlays[0]` for the first overlay. */
  file?: string;
  /** The word that may have been meant. */
  suggestion?: string;
}

/**
 * What is wrong with a configuration (`config`), with catalog files of your own (`overlay`), or with what they were
 * compiled to (`catalog`): it is of another version, damaged, or over `limits.overlay_bytes`.
 */
export class BewitError extends Error {
  readonly code: "config" | "overlay" | "catalog";
  /** At least one. */
  readonly mistakes: Mistake[];
}
