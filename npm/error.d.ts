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

/** What is wrong with a configuration (`config`) or with catalog files of your own (`overlay`). */
export class BewitError extends Error {
  readonly code: "config" | "overlay";
  /** At least one. */
  readonly mistakes: Mistake[];
}
