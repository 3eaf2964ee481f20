import { settledLength } from "./bewit.js";

const LINE_FEED = 0x0a;

/** Bytes that are held of a line, or of the pieces of a split one. A longer one passes as it is. */
const HELD = 16 << 20;

/** A stream from log lines to records: bytes in, in chunks of any size; bytes out, in chunks of whole lines. */
export class AnnotatorStream extends TransformStream {
  constructor(annotator) {
    const cutter = new Cutter(annotator);
    const pass = (chunks, controller) => {
      for (const chunk of chunks) {
        controller.enqueue(chunk);
      }
    };
    super({
      transform: (chunk, controller) => pass(cutter.take(chunk), controller),
      flush: (controller) => pass(cutter.end(), controller),
    });
  }
}

/** The records of what gives bytes in chunks of any size, one after the other, without line breaks. */
export async function* records(annotator, chunks) {
  const cutter = new Cutter(annotator);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  const lines = (chunk) => {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop();
    return lines;
  };
  for await (const chunk of Symbol.asyncIterator in chunks || Symbol.iterator in chunks ? chunks : read(chunks)) {
    for (const annotated of cutter.take(chunk)) {
      yield* lines(annotated);
    }
  }
  for (const annotated of cutter.end()) {
    yield* lines(annotated);
  }
  rest += decoder.decode();
  if (rest !== "") {
    yield rest;
  }
}

/** The chunks of a stream, where streams are no iterators: Safari. */
async function* read(stream) {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      yield next.value;
    }
  } finally {
    await reader.cancel();
  }
}

/** Cuts what comes into whole lines that no later line continues, and annotates them. */
class Cutter {
  #annotator;
  /** What is no whole line yet, in the chunks that it came in. */
  #parts = [];
  #held = 0;
  /** In the middle of a line that is too long to be held. */
  #passing = false;

  constructor(annotator) {
    this.#annotator = annotator;
  }

  *take(chunk) {
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError("a chunk must be a Uint8Array; TextEncoderStream makes them of text");
    }
    // Its owner may use it again, and a slice of Node's Buffer would be no copy.
    chunk = new Uint8Array(chunk);
    if (this.#passing && chunk.length > 0) {
      const end = chunk.indexOf(LINE_FEED) + 1 || chunk.length;
      this.#passing = chunk[end - 1] !== LINE_FEED;
      yield chunk.subarray(0, end);
      chunk = chunk.subarray(end);
    }
    this.#hold(chunk);
    if (this.#held <= HELD && !chunk.includes(LINE_FEED)) {
      return;
    }
    const bytes = this.#release();
    const whole = bytes.length > HELD ? bytes.lastIndexOf(LINE_FEED) + 1 : 0;
    const end = settledLength(bytes) || whole;
    if (end > 0) {
      yield this.#annotator.annotateBatch(bytes.subarray(0, end));
    }
    const rest = bytes.slice(end);
    if (rest.length > HELD) {
      this.#passing = true;
      yield rest;
    } else {
      this.#hold(rest);
    }
  }

  *end() {
    const bytes = this.#release();
    if (bytes.length > 0) {
      yield this.#annotator.annotateBatch(bytes);
    }
  }

  #hold(bytes) {
    if (bytes.length > 0) {
      this.#parts.push(bytes);
      this.#held += bytes.length;
    }
  }

  #release() {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : new Uint8Array(this.#held);
    if (this.#parts.length !== 1) {
      let at = 0;
      for (const part of this.#parts) {
        bytes.set(part, at);
        at += part.length;
      }
    }
    this.#parts = [];
    this.#held = 0;
    return bytes;
  }
}
