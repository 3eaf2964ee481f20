import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import init, { Annotator, AnnotatorStream, records } from "bewit";

await init();

const annotator = new Annotator();
const CORPUS = new URL("./corpus/", import.meta.url);
const read = (name) => readFileSync(new URL(name, CORPUS));

/** Chunks of this size; none for no bytes. */
function* chunks(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

async function streamed(source) {
  const parts = [];
  for await (const part of ReadableStream.from(source).pipeThrough(new AnnotatorStream(annotator))) {
    parts.push(Buffer.from(part));
  }
  return parts;
}

for (const name of readdirSync(CORPUS).filter((name) => name.endsWith(".in"))) {
  test(`${name} comes out the same in chunks of any size`, async () => {
    const [bytes, expected] = [read(name), read(name.replace(/in$/, "out"))];
    for (const size of [7, 1000, bytes.length]) {
      assert.ok(Buffer.concat(await streamed(chunks(bytes, size))).equals(expected), `${size}`);
    }
  });
}

test("what comes out at once is whole lines", async () => {
  const parts = await streamed(chunks(Buffer.from("one\ntwo\r\n\nthree"), 3));
  assert.deepEqual(parts.map(String), ["one\n", "two\r\n", "\n", "three"]);
});

test("pieces of a split line wait for the last one", async () => {
  const piece = (tag) => `2026-04-13T17:57:43.728694426Z stdout ${tag} x\n`;
  const parts = await streamed([piece("F"), piece("P"), piece("P"), piece("F")].map((text) => Buffer.from(text)));
  assert.deepEqual(parts.map(String), [piece("F"), piece("P") + piece("P") + piece("F")]);
});

test("a line of more than 16 MiB passes as it is, and the next one is looked at", async () => {
  const long = Buffer.alloc((16 << 20) + 10, "x");
  const alert = '{"rule":"Terminal shell in container","priority":"Notice","time":"x"}';
  const out = Buffer.concat(await streamed([long, Buffer.from("yz\n"), Buffer.from(`${alert}\n`)]));
  assert.ok(out.subarray(0, long.length).equals(long));
  const [rest, record] = out.subarray(long.length).toString().split("\n");
  assert.equal(rest, "yz");
  assert.equal(JSON.parse(record).bewit.schema, "bewit.alert/1");
});

test("a chunk that is used again by its owner does no harm", async () => {
  const chunk = Buffer.alloc(3);
  async function* source() {
    for (const text of ["one", "\ntw", "o\n"]) {
      chunk.fill(0);
      yield chunk.subarray(0, chunk.write(text));
    }
  }
  const got = [];
  for await (const record of records(annotator, source())) {
    got.push(record);
  }
  assert.deepEqual(got, ["one", "two"]);
});

test("records come one by one, with or without a line break at the end", async () => {
  for (const end of ["", "\n"]) {
    const got = [];
    for await (const record of records(annotator, chunks(Buffer.from(`eins\nzwölf\n\nelf${end}`), 1))) {
      got.push(record);
    }
    assert.deepEqual(got, ["eins", "zwölf", "", "elf"]);
  }
});

test("a stream that is no iterator is read, and closed by who stops early", async () => {
  let closed = false;
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from("one\ntwo\n")),
    cancel: () => void (closed = true),
  });
  for await (const record of records(annotator, { getReader: () => stream.getReader() })) {
    assert.equal(record, "one");
    break;
  }
  assert.ok(closed);
});

test("text is refused: its bytes would be a guess", async () => {
  await assert.rejects(streamed(["text"]), TypeError);
});
