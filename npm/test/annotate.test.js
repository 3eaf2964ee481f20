import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import init, { Annotator, BewitError, annotateObject } from "bewit";

await init();

const SHELL =
  '{"rule":"Terminal shell in container","priority":"Notice","time":"2024-10-29T13:40:25.978642167Z",' +
  '"output_fields":{"evt.time":1730209225978642167,"proc.name":"bash","container.id":"4cc4da328699"}}';

test("an alert keeps its digits and gets guidance", () => {
  const annotator = new Annotator();
  const alert = annotator.annotate(SHELL);
  assert.match(alert, /"evt\.time":1730209225978642167/);
  assert.equal(JSON.parse(alert).bewit.schema, "bewit.alert/1");
});

test("a line that is no alert gives nothing", () => {
  assert.equal(new Annotator().annotate("hello"), undefined);
});

test("an alert that the configuration drops gives nothing", () => {
  assert.equal(new Annotator("min_priority: warning").annotate(SHELL), undefined);
});

test("an alert over the limit says so in the record, other text gives nothing", () => {
  const annotator = new Annotator("limits: {line_bytes: 20}");
  assert.equal(JSON.parse(annotator.annotate(SHELL)).bewit.error.code, "line-too-long");
  assert.equal(annotator.annotate("x".repeat(21)), undefined);
});

test("an alert is to be had as an object", () => {
  const annotator = new Annotator();
  assert.equal(annotateObject(annotator, SHELL).bewit.guidance.matched_by, "rule");
  assert.equal(annotateObject(annotator, "hello"), undefined);
});

test("a configuration is YAML or JSON", () => {
  for (const config of ["organisation:\n  owner: team-a\n", '{"organisation":{"owner":"team-a"}}']) {
    const alert = annotateObject(new Annotator(config), SHELL);
    assert.deepEqual(alert.bewit.organisation, { owner: "team-a" });
  }
  assert.ok(new Annotator("").annotate(SHELL));
});

test("a mistake in a configuration has its place and what may have been meant", () => {
  assert.throws(() => new Annotator("detail: brief\nlimits:\n  line_byte: 1\n"), (error) => {
    assert.ok(error instanceof BewitError && error instanceof Error);
    assert.equal(error.name, "BewitError");
    assert.equal(error.code, "config");
    const [{ message, ...where }, ...others] = error.mistakes;
    assert.match(message, /unknown key `line_byte`/);
    assert.deepEqual(where, { line: 3, column: 3, suggestion: "line_bytes" });
    assert.deepEqual(others, []);
    assert.match(error.message, /^3:3: limits: unknown key/);
    return true;
  });
});

test("a configuration cannot name files", () => {
  assert.throws(() => new Annotator("detail: full\noverlays: [acme.yaml]"), (error) => {
    const [{ message, line, column }] = error.mistakes;
    assert.match(message, /there are no files here/);
    assert.deepEqual([error.code, line, column], ["config", 2, 1]);
    return true;
  });
});

const TILL = '{"rule":"Acme till opened","priority":"Notice","time":"x","output_fields":{"proc.name":"till"}}';

test("a report is Markdown, HTML or a layer, and other formats are refused", () => {
  const annotator = new Annotator();
  const alerts = `${annotator.annotate(SHELL)}\nno alert\n${annotator.annotate(TILL)}\n`;
  const report = annotator.report(alerts, "markdown");
  assert.match(report, /Terminal shell in container/);
  assert.match(report, /Acme till opened/);
  assert.match(annotator.report(alerts, "html"), /^<!doctype html>/);
  assert.equal(JSON.parse(annotator.report(alerts, "navigator")).domain, "enterprise-attack");
  assert.throws(() => annotator.report(alerts, "pdf"), TypeError);
});

test("it says what it is", () => {
  const { version } = JSON.parse(readFileSync(new URL("./node_modules/bewit/package.json", import.meta.url)));
  const description = JSON.parse(new Annotator().describe());
  assert.equal(description.version, version);
  assert.equal(description.schema, "bewit.alert/1");
  assert.ok(description.catalog.startsWith(`${version}+`));
});

test("an annotator that was given back is not used again", () => {
  const annotator = new Annotator();
  annotator.free();
  assert.throws(() => annotator.annotate(SHELL));
});
