import assert from "node:assert/strict";
import { test } from "node:test";
import init, { Annotator, BewitError, annotateObject } from "bewit";
import initOverlays, { compileOverlays } from "bewit/overlays";

await init();
await initOverlays();

const RULE = `
rules:
  - rule: Acme till opened
    attack: [T1059]
    summary: "{proc.name|A till} was opened."
    why: Tills are opened by hand only.
`;
const TILL = '{"rule":"Acme till opened","priority":"Notice","time":"x","output_fields":{"proc.name":"till"}}';
const SHELL = '{"rule":"Terminal shell in container","priority":"Notice","time":"x"}';

test("an overlay adds a rule, and a later one wins", () => {
  const summary = (overlays) => annotateObject(new Annotator(undefined, compileOverlays(overlays)), TILL).bewit.summary;
  assert.equal(summary([RULE]), "till was opened.");
  assert.equal(summary([RULE, RULE.replace("was opened", "is open")]), "till is open.");
});

test("what is compiled once serves annotators of any configuration", () => {
  const catalog = compileOverlays(["organisation:\n  owner: team-a\n", RULE]);
  for (const [config, owner] of [["detail: brief", "team-a"], ["organisation: {owner: team-b}", "team-b"]]) {
    assert.equal(annotateObject(new Annotator(config, catalog), TILL).bewit.organisation.owner, owner);
  }
});

test("without an overlay the catalog is the built-in one", () => {
  const annotator = new Annotator(undefined, compileOverlays([]));
  assert.equal(annotator.annotate(SHELL), new Annotator().annotate(SHELL));
  assert.equal(annotator.describe(), new Annotator().describe());
});

test("mistakes in overlays name the overlay", () => {
  assert.throws(() => compileOverlays([RULE, RULE.replace("T1059", "T1959")]), (error) => {
    assert.ok(error instanceof BewitError);
    assert.equal(error.code, "overlay");
    const [{ file, line, column, message, suggestion }] = error.mistakes;
    assert.deepEqual([file, line, column, suggestion], ["overlays[1]", 4, 14, "T1059"]);
    assert.match(message, /`T1959` is no technique/);
    return true;
  });
});

test("bytes that are no catalog of this version are refused, and so are too many", () => {
  const catalog = compileOverlays([RULE]);
  for (const [config, bytes, why] of [
    [undefined, new Uint8Array(), /no catalog of version/],
    [undefined, catalog.subarray(1), /no catalog of version/],
    [undefined, catalog.subarray(0, 1000), /damaged/],
    ["limits: {overlay_bytes: 10}", catalog, /overlay_bytes/],
  ]) {
    assert.throws(() => new Annotator(config, bytes), (error) => {
      assert.ok(error instanceof BewitError);
      assert.equal(error.code, "catalog");
      assert.match(error.mistakes[0].message, why);
      return true;
    });
  }
});

