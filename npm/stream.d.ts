import type { Annotator } from "./bewit.js";

/**
 * A stream from log lines to records: bytes in, in chunks of any size; bytes out, in chunks of whole lines.
 * A line of more than 16 MiB passes as it is.
 */
export class AnnotatorStream extends TransformStream<Uint8Array, Uint8Array> {
  constructor(annotator: Annotator);
}

/**
 * The records of what gives bytes in chunks of any size, one after the other, without line breaks.
 * A line that is no alert is among them, as it came.
 */
export function records(
  annotator: Annotator,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<string, void, void>;
