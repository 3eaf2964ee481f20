// The native library has written what it makes of every line of the corpus: here it must be the same, byte for byte.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import init, { Annotator } from "bewit";

await init();

const CORPUS = new URL("./corpus/", import.meta.url);
const files = readdirSync(CORPUS).filter((name) => name.endsWith(".in"));
const read = (name) => readFileSync(new URL(name, CORPUS));

test("there is a corpus", () => assert.ok(files.length > 20));

for (const file of files) {
  test(`the batch ${file}`, () => {
    const annotated = new Annotator().annotateBatch(read(file));
    assert.ok(read(file.replace(/in$/, "out")).equals(annotated));
  });
}

test("every line by itself", () => {
  const annotator = new Annotator();
  const lines = read("lines.json").toString().trimEnd().split("\n");
  assert.ok(lines.length > 400);
  for (const pair of lines) {
    const [line, alert] = JSON.parse(pair);
    assert.equal(annotator.annotate(line) ?? null, alert);
  }
});
