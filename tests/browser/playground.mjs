// The playground in a real browser: node tests/browser/playground.mjs <url> <folder with the native library's output>

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";

import { accessibility, withBrowser } from "./browser.mjs";

const [url, expected] = process.argv.slice(2);
const CORPUS = "tests/corpus";
const LARGE = "target/browser/large.log";
const MEGABYTES = 50;
/** The page is loaded so many times, and the median is told. */
const LOADS = 9;
const SHELL = readFileSync("examples/falco.log", "utf8").split("\n")[1];

/** An alert of a rule whose commands are filled in from the event. */
const POD = JSON.stringify({
  rule: "Terminal shell in container",
  priority: "Notice",
  source: "syscall",
  time: "2026-04-13T17:57:43.700000000Z",
  output: "17:57:43.700000000: Notice A shell was spawned in a container with an attached terminal",
  output_fields: { "container.id": "4cc4da328699", "k8s.ns.name": "shop-eu", "k8s.pod.name": "cart-7f9c6d5b8-x2x4k", "proc.name": "bash", "user.name": "root" },
});

test("playground", (t) =>
  withBrowser(async (browser) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(url).origin });

    /** One aspect of the page, in a page of its own; whatever the browser complains about fails it. */
    const aspect = (name, body, address = url) =>
      t.test(name, async (t) => {
        const page = await context.newPage();
        const complaints = [];
        page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
        page.on("pageerror", (error) => complaints.push(String(error)));
        page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`) && dialog.dismiss());
        page.on("request", (request) => new URL(request.url()).origin !== new URL(url).origin && !request.url().startsWith("blob:") && complaints.push(`request to ${request.url()}`));
        await open(page, address);
        await body(page, t, complaints);
        assert.deepEqual(complaints, []);
        await page.close();
      });

    await t.test("starts, and loads nothing that only some people need", async (t) => {
      const times = [];
      for (let load = 0; load < LOADS; load += 1) {
        // One that has nothing in its cache.
        const fresh = await browser.newContext();
        const page = await fresh.newPage();
        const loaded = [];
        fresh.on("request", (request) => loaded.push(basename(request.url())));
        await page.addInitScript(watchReady);
        await open(page, url);
        times.push(await page.evaluate(() => globalThis.readyAt));
        assert.ok(loaded.includes("bewit_bg.wasm") && !loaded.includes("bewit_overlays_bg.wasm"), loaded.join(", "));
        await fresh.close();
      }
      times.sort((a, b) => a - b);
      // Held to nothing: what else the machine does is in it.
      const [middle, longest] = [times[LOADS >> 1], times.at(-1)].map(Math.round);
      const [{ model }] = cpus();
      t.diagnostic(`ready ${middle} ms after navigation began, ${longest} ms at most: median of ${LOADS} loads, Chromium ${browser.version()}, ${model}, ${cpus().length} cores, load average ${loadavg()[0].toFixed(1)}`);
    });

    await aspect("says what it is before anything is put in", async (page) => {
      assert.equal(await page.textContent("#summary"), "Nothing to read yet.");
      assert.match(await page.textContent("#about"), /^bewit \d+\.\d+\.\d+, catalog .+ ATT&CK \d+/);
    });

    await aspect("is served with the policy that it gives itself", async (page, _t, complaints) => {
      const response = await page.request.get(url);
      const own = await page.getAttribute("meta[http-equiv=Content-Security-Policy]", "content");
      assert.equal(response.headers()["content-security-policy"], `${own}; frame-ancestors 'none'`);
      const refused = await page.evaluate(() => {
        try {
          document.body.innerHTML = "<p>";
        } catch (error) {
          return error.name;
        }
      });
      assert.equal(refused, "TypeError", "the browser refuses HTML from text");
      assert.match(complaints.splice(0).join("\n"), /TrustedHTML/);
    });

    await aspect("shows an example", async (page) => {
      await reads(page, () => page.click("#example"));
      assert.match(await page.textContent("#summary"), /^17 lines: 13 alerts, 4 other lines/);
      assert.equal(await page.locator("#alert h3").count(), 1, "the first alert is open");
    });

    await t.test("gives what the native library gives, over the whole corpus", async (t) => {
      for (const [file, output] of corpus()) {
        await aspectOf(t, context, file, async (page) => {
          await reads(page, () => page.setInputFiles("#file", join(CORPUS, file)));
          const alerts = records(file, output).filter(isAlert);
          assert.equal(await rows(page), alerts.length);
          for (const [at, alert] of alerts.entries()) {
            await select(page, at);
            assert.equal(await copied(page, ".sources section:nth-of-type(2) .copy"), alert);
          }
        });
      }
    });

    await aspect("takes lines from the clipboard", async (page) => {
      await page.evaluate((text) => navigator.clipboard.writeText(text), `${SHELL}\nno alert\n`);
      await page.focus("#lines");
      await reads(page, () => page.keyboard.press("Control+V"));
      assert.match(await page.textContent("#summary"), /^2 lines: 1 alert, 1 other line /);
      assert.equal(await page.textContent(".sources section:nth-of-type(1) code"), SHELL);
    });

    await aspect("takes a file that is dropped, byte for byte", async (page) => {
      await reads(page, () => drop(page, "drop.log", `${SHELL}\r\n`));
      assert.match(await page.textContent("#opened-name"), /^drop\.log, /, "a text area would lose the carriage return");
      assert.equal(await copied(page, ".sources section:nth-of-type(1) .copy"), `${SHELL}\r`);
    });

    await aspect("takes text that is dropped", async (page) => {
      await reads(page, () => drop(page, undefined, `${SHELL}\nno alert\n`));
      assert.match(await page.textContent("#summary"), /^2 lines: 1 alert, 1 other line /);
    });

    await aspect("filters and orders", async (page) => {
      await reads(page, () => page.click("#example"));
      const all = await rows(page);
      await page.fill("#find", "sensitive");
      await drawn(page);
      assert.equal(await rows(page), 2);
      for (const text of await page.locator("[role=option]").allTextContents()) assert.match(text.toLowerCase(), /sensitive/);
      assert.match(await page.textContent("#summary"), /2 of the alerts are shown\.$/);
      await page.fill("#find", "");
      await drawn(page);
      assert.equal(await rows(page), all);
      const scores = async () => (await page.locator("[role=option] .score").allTextContents()).map(Number);
      const before = await scores();
      await page.selectOption("#order", "urgent");
      await drawn(page);
      assert.deepEqual(await scores(), before.toSorted((a, b) => b - a));
      assert.notEqual(await page.locator("[role=option] .badge.low").count(), 0);
      await page.click("[data-level=low]");
      await drawn(page);
      assert.equal(await page.locator("[role=option] .badge.low").count(), 0);
      assert.equal(await page.getAttribute("[data-level=low]", "aria-pressed"), "false");
    });

    await aspect("shows and copies commands, and marks what came from the event", async (page) => {
      await put(page, POD);
      await page.click(".phase.contain summary >> nth=0");
      const [alert] = [JSON.parse(await copied(page, ".sources section:nth-of-type(2) .copy"))];
      const command = alert.bewit.mitigations[0].commands[0];
      const figure = page.locator(".phase.inspect figure").first();
      assert.equal(await figure.locator("code").textContent(), command.line);
      assert.deepEqual(await figure.locator("mark.value").allTextContents(), ["shop-eu", "cart-7f9c6d5b8-x2x4k"]);
      assert.equal(await copied(page, ".phase.inspect figure .copy"), command.line);
    });

    await aspect("shows a command without its values as a template", async (page) => {
      await put(page, POD.replace("cart-7f9c6d5b8-x2x4k", "no pod; name"));
      const template = page.locator("figure", { has: page.locator("mark.hole") }).first();
      assert.match(await template.locator("mark.hole").first().textContent(), /^<.+>$/);
      assert.equal(await template.locator(".copy").first().textContent(), "Copy template");
    });

    await aspect("says where a configuration is wrong, and goes on with the last one", async (page) => {
      await put(page, POD);
      await page.click("#editors summary");
      await page.fill("#config", "keep_raw: true\ndetial: brief\n");
      const mistake = page.locator("#config-mistakes p");
      await mistake.waitFor();
      assert.match(await mistake.textContent(), /^line 2, column 1 .*detial.* did you mean detail\?$/);
      assert.equal(await page.getAttribute("#config", "aria-invalid"), "true");
      await mistake.locator("button").click();
      const at = await page.evaluate(() => [document.activeElement.id, document.activeElement.selectionStart]);
      assert.deepEqual(at, ["config", "keep_raw: true\n".length]);
      assert.equal(await rows(page), 1);
      assert.ok(await page.isVisible("#stale"));
      await page.fill("#config", "detail: brief\n");
      await page.waitForFunction(() => document.querySelector("#alert")?.textContent.includes("Left out by detail: brief"));
      assert.equal(await mistake.count(), 0);
      assert.ok(!(await page.isVisible("#stale")));
      assert.deepEqual(await page.evaluate(() => [document.querySelector("#detail").value, document.querySelector("#detail").disabled]), ["brief", true]);
    });

    await aspect("says where an overlay is wrong, and uses it once it is right", async (page) => {
      await put(page, POD);
      await page.click("#editors summary");
      await page.fill("#overlay", "extend:\n  - rule: Terminal shell in contaner\n    severity: 15\n    severity_why: nobody debugs here\n");
      const mistake = page.locator("#overlay-mistakes p").first();
      await mistake.waitFor();
      assert.match(await mistake.textContent(), /^line \d+, column \d+ .*Terminal shell in container/);
      await page.fill("#overlay", "extend:\n  - rule: Terminal shell in container\n    severity: 15\n    severity_why: nobody debugs here\n");
      await page.waitForFunction(() => document.querySelector("#alert")?.textContent.includes("nobody debugs here"));
      assert.equal(await page.locator("#overlay-mistakes p").count(), 0);
    });

    await aspect("gives brief alerts, and each schema that the build has", async (page) => {
      await put(page, POD);
      const shown = await page.getAttribute("#alert", "data-shown");
      await page.selectOption("#detail", "brief");
      await page.waitForFunction((shown) => document.querySelector("#alert").dataset.shown !== shown, shown);
      const brief = JSON.parse(await copied(page, ".sources section:nth-of-type(2) .copy"));
      assert.ok(brief.bewit.more.length > 0);
      assert.ok(!(await page.isVisible("#schema-reason")), "this build has all");
      for (const [schema, is] of [
        ["ocsf", (alert) => alert.class_uid === 2004 && alert.metadata.product.name === "bewit"],
        ["ecs", (alert) => alert.event?.kind === "alert" && alert.bewit.schema === "bewit.alert/1"],
        ["native", (alert) => alert.bewit.schema === "bewit.alert/1"],
      ]) {
        const before = await page.getAttribute("#alert", "data-shown");
        await page.selectOption("#schema", schema);
        await page.waitForFunction((before) => document.querySelector("#alert").dataset.shown !== before, before);
        const alert = await copied(page, ".sources section:nth-of-type(2) .copy");
        assert.ok(is(JSON.parse(alert)), `${schema}: ${alert}`);
      }
    });

    await aspect("goes into a link, and comes out of it", async (page) => {
      await page.click("#editors summary");
      await page.fill("#config", "organisation:\n  owner: Käse & Söhne\n");
      await put(page, POD);
      const link = await copied(page, "#share");
      assert.ok(link.startsWith(`${url}#s=`), link);
      const other = await context.newPage();
      await open(other, link);
      assert.equal(await other.inputValue("#lines"), POD);
      assert.equal(await other.inputValue("#config"), "organisation:\n  owner: Käse & Söhne\n");
      assert.match(await other.textContent("#alert"), /Käse & Söhne/);
      await other.close();
    });

    await aspect("makes no link of what is too long for one", async (page) => {
      const noise = Array.from({ length: 40_000 }, (_, at) => ((at * 2_654_435_761) >>> 0).toString(36)).join(" ");
      await put(page, noise.slice(0, 200_000));
      await page.click("#share");
      await page.waitForFunction(() => document.querySelector("#share-state").textContent.startsWith("This is too much for a link."));
      assert.equal(new URL(page.url()).hash, "");
    });

    await aspect("says that a link is broken", async (page) => {
      assert.equal(await page.textContent("#share-state"), "The link is broken: what it holds cannot be read.");
    }, `${url}#s=bm9uZQ`);

    await aspect("gives reports to keep, in each format that the build has", async (page) => {
      await reads(page, () => page.click("#example"));
      for (const [format, name, beginning] of [
        ["markdown", "bewit-report.md", "# "],
        ["html", "bewit-report.html", "<!"],
      ]) {
        const button = page.locator(`#report-${format}`);
        if (await button.isDisabled()) {
          assert.equal(await button.getAttribute("title"), "Not in this build");
          continue;
        }
        const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
        assert.equal(download.suggestedFilename(), name);
        const text = readFileSync(await download.path(), "utf8");
        assert.ok(text.startsWith(beginning), text.slice(0, 80));
        assert.match(text, /k8s-master-01/);
      }
    });

    await aspect(`reads ${MEGABYTES} MB beside the page, and stops in the middle`, async (page, t) => {
      const last = large();
      await page.evaluate(watchFrames);
      await page.setInputFiles("#file", LARGE);
      await page.waitForSelector("#progress:not([hidden])");
      const steps = await page.evaluate(async () => {
        const seen = new Set();
        while (seen.size < 4) {
          seen.add(document.querySelector("#progress-bar").value);
          await new Promise(requestAnimationFrame);
        }
        return [...seen];
      });
      assert.deepEqual(steps, steps.toSorted((a, b) => a - b), "progress goes one way");
      await page.click("#cancel");
      await page.waitForSelector("#progress", { state: "hidden" });
      assert.match(await page.textContent("#summary"), /^Cancelled after [\d.]+ MB of 5\d\.\d MB\. .* alerts/);
      assert.ok((await rows(page)) > 0, "what was read stays");

      const begin = performance.now();
      await reads(page, () => page.setInputFiles("#file", LARGE), { timeout: 600_000 });
      const seconds = (performance.now() - begin) / 1000;
      const inPage = await page.locator("[role=option]").count();
      assert.ok(inPage < 60, `${inPage} rows are in the page`);
      const gaps = await page.evaluate(() => globalThis.frameGaps.toSorted((a, b) => b - a));
      t.diagnostic(`${MEGABYTES} MB, ${await rows(page)} alerts, in ${seconds.toFixed(1)} s; longest gaps between frames: ${gaps.slice(0, 5).map(Math.round).join(", ")} ms of ${gaps.length} frames`);

      await page.focus("#list-panel");
      await page.keyboard.press("End");
      await page.waitForFunction(() => document.querySelector("[aria-selected=true]")?.ariaPosInSet === document.querySelector("[role=option]").ariaSetSize);
      await shownRow(page);
      assert.equal(await copied(page, ".sources section:nth-of-type(1) .copy"), last);
    });

    await aspect("lets no line act", async (page) => {
      const html = `<img src=x onerror=alert(1)><script>alert(2)</script><iframe srcdoc="<script>alert(3)</script>">`;
      const fields = { "container.id": html, "proc.cmdline": `a'; ${html} \u202e\u200b`, "k8s.pod.name": html, "k8s.ns.name": html, "user.name": html, "fd.name": "javascript:alert(4)" };
      const hostile = { rule: "Terminal shell in container", priority: "Notice", source: "syscall", time: html, hostname: html, output: html, output_fields: fields, tags: [html, "T1059"] };
      const forged = {
        ...hostile,
        bewit: {
          schema: "bewit.alert/1",
          summary: html,
          severity: { level: html, score: html, why: html },
          assessment: { disposition: html, reasons: [{ text: html, source: "javascript:alert(5)" }, 7, null] },
          attack: [{ technique: "../../x", name: html, tactics: html }],
          entities: { [html]: { [html]: html }, process: 3 },
          mitigations: [{ id: html, phase: "inspect", steps: "no list", commands: [{ line: html, undo: {}, missing: 4 }], references: [{ title: html, url: "javascript:alert(6)" }] }, "text"],
          guidance: { matched_by: "__proto__", references: [{ title: "data", url: "data:text/html,<script>alert(7)</script>" }] },
          organisation: { runbook_url: "javascript:alert(8)" },
        },
      };
      const broken = { rule: 4, bewit: { schema: "bewit.alert/1", severity: [], mitigations: {}, error: { code: html, message: html } } };
      await put(page, [hostile, forged, broken].map((line) => JSON.stringify(line)).join("\n"));
      assert.equal(await rows(page), 3);
      for (const at of [0, 1, 2]) {
        await select(page, at);
        await unfold(page);
        assert.equal(await page.locator(".results :is(img, script, iframe, object, embed, form, style)").count(), 0);
        for (const link of await page.locator(".results a").all()) assert.match(await link.getAttribute("href"), /^(https?:|#list-panel$)/);
        assert.doesNotMatch(await page.textContent(".results"), /[\u202e\u200b]/, "what cannot be seen is spelled out");
      }
      await select(page, 0);
      assert.match(await page.textContent("#alert"), /<img src=x onerror=alert\(1\)>/);
      assert.match(await page.textContent("#alert"), /<U\+202E>/);
      await select(page, 1);
      assert.match(await page.textContent("#alert .notice"), /^This line came annotated\./);
    });

    await aspect("works from the keyboard alone", async (page) => {
      const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
      await page.keyboard.press("Tab");
      assert.equal(await focused(), "skip");
      const order = [];
      for (let tabs = 0; tabs < 5; tabs += 1) {
        await page.keyboard.press("Tab");
        order.push(await focused());
      }
      assert.deepEqual(order, ["A", "example", "open", "clear", "lines"]);
      await page.focus("#example");
      await reads(page, () => page.keyboard.press("Enter"));
      await page.focus(".skip");
      await page.keyboard.press("Enter");
      await page.keyboard.press("ArrowDown");
      assert.equal(await focused(), "list-panel");
      const active = await page.getAttribute("#list-panel", "aria-activedescendant");
      assert.equal(await page.getAttribute(`#${active}`, "aria-selected"), "true");
      assert.equal(await page.getAttribute(`#${active}`, "aria-posinset"), "2");
      await shownRow(page);
      await page.keyboard.press("Enter");
      assert.equal(await focused(), "alert");
      await page.keyboard.press("Tab");
      assert.notEqual(await focused(), "alert", "what is in the alert can be reached");
      assert.equal(await page.getAttribute("#summary", "role"), "status");
    });

    await aspect("sets keys beside those of a configuration, in any form", async (page) => {
      const made = await page.evaluate(async () => {
        const { stated, withKeys } = await import("./configuration.js");
        const texts = ["", "# none\n", "detail: full # so\nlimits:\n  detail: 1\n", "  keep_raw: true\n  detail: 'full'", '{"detail": "full"}', "---\nkeep_raw: true"];
        return texts.map((text) => [stated(text, "detail"), withKeys(text, { detail: "brief" })]);
      });
      assert.deepEqual(made, [
        [undefined, "\ndetail: brief\n"],
        [undefined, "# none\n\ndetail: brief\n"],
        ["full", "detail: brief\nlimits:\n  detail: 1\n"],
        ["full", "  keep_raw: true\n  detail: brief"],
        ["full", '{"detail":"brief"}'],
        [undefined, "---\nkeep_raw: true\ndetail: brief\n"],
      ]);
    });

    await aspect("indents JSON to the digit, and leaves what is none", async (page) => {
      const shown = await page.evaluate(async () => {
        const { indent } = await import("./json.js");
        return ['{"a":[1776103063700000001,{}],"b":{"c":"{\\"\u2028,"}}', "[]", "text, of a line"].map(indent);
      });
      assert.equal(shown[0], '{\n  "a": [\n    1776103063700000001,\n    {}\n  ],\n  "b": {\n    "c": "{\\"\u2028,"\n  }\n}');
      assert.deepEqual(shown.slice(1), ["[]", "text, of a line"]);
    });

    await aspect("finds words of a shell line as a shell does, and the event's values in them", async (page) => {
      const marked = await page.evaluate(async () => {
        const { commandPieces } = await import("./highlight.js");
        const values = ["it's", "cart", "sh", "ns"];
        const line = "sh -c 'echo cart' sh cart 'it'\\''s' ns=ns mycart '<pod.name>' '<cart>'";
        const pieces = commandPieces(line, values, ["pod.name"]);
        return { whole: pieces.flat().map((part) => part.text).join("") === line, marks: pieces.flat().filter((part) => part.kind !== "plain").map((part) => `${part.kind} ${part.text}`) };
      });
      assert.deepEqual(marked, { whole: true, marks: ["value sh", "value cart", "value it'\\''s", "hole <pod.name>", "value cart"] });
    });

    for (const scheme of ["light", "dark"]) {
      for (const width of [1440, 380]) {
        await aspect(`has no obstacles that axe-core finds: ${scheme}, ${width} wide`, async (page) => {
          await page.emulateMedia({ colorScheme: scheme });
          await page.setViewportSize({ width, height: 900 });
          assert.deepEqual(await accessibility(page), []);
          await page.click("#editors summary");
          await page.fill("#config", "detial: brief\n");
          await page.locator("#config-mistakes p").waitFor();
          await reads(page, () => page.click("#example"));
          await unfold(page);
          assert.deepEqual(await accessibility(page), []);
          const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
          assert.ok(content <= view, `the page is ${content} wide in ${view}`);
        });
      }
    }
  }));

async function aspectOf(t, context, name, body) {
  await t.test(name, async () => {
    const page = await context.newPage();
    await open(page, url);
    await body(page);
    await page.close();
  });
}

async function open(page, address) {
  await page.goto(address);
  await page.waitForSelector("html[data-ready]", { state: "attached" });
}

/** Does something, until what that put in is read, and an alert shown where there is any. */
async function reads(page, action, options) {
  const before = await page.getAttribute("#summary", "data-read");
  await action();
  await page.waitForFunction((before) => document.querySelector("#summary").dataset.read !== before, before, options);
  if ((await rows(page)) > 0) await shownRow(page);
}

/** Types lines, as one edit. */
async function put(page, lines) {
  await reads(page, () => page.fill("#lines", lines));
}

/** How many alerts the list has. */
async function rows(page) {
  const option = page.locator("[role=option]").first();
  return (await option.count()) > 0 ? Number(await option.getAttribute("aria-setsize")) : 0;
}

/** Until the list shows what was last asked of it, which it draws with the next frame. */
async function drawn(page) {
  await page.evaluate(() => new Promise(requestAnimationFrame));
}

/** Until the alert of the selected row is the one that is shown. */
async function shownRow(page) {
  await page.waitForFunction(() => {
    const row = document.querySelector("[role=option][aria-selected=true]");
    return row && row.dataset.alert === document.querySelector("#alert").dataset.shown;
  });
}

async function select(page, at) {
  await page.focus("#list-panel");
  if (at === 0) await page.keyboard.press("Home");
  else if (Number(await page.getAttribute("[aria-selected=true]", "aria-posinset")) !== at + 1) await page.keyboard.press("ArrowDown");
  assert.equal(Number(await page.getAttribute("[aria-selected=true]", "aria-posinset")), at + 1);
  await shownRow(page);
}

/** Opens all that is folded in the alert. */
async function unfold(page) {
  await page.evaluate(() => document.querySelectorAll("#alert details").forEach((details) => (details.open = true)));
}

/** What a button puts on the clipboard. */
async function copied(page, button) {
  await page.evaluate(() => navigator.clipboard.writeText(""));
  await page.click(`${button} >> nth=0`);
  return page.evaluate(async () => {
    for (;;) {
      const text = await navigator.clipboard.readText();
      if (text) return text;
      await new Promise(requestAnimationFrame);
    }
  });
}

/** Drops a file of this name, or text where there is none. */
async function drop(page, name, content) {
  await page.evaluate(
    ([name, content]) => {
      const dataTransfer = new DataTransfer();
      if (name) dataTransfer.items.add(new File([content], name));
      else dataTransfer.setData("text/plain", content);
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    },
    [name, content],
  );
}

/** Files of the corpus, and what the native library makes of them. */
function corpus() {
  const files = readdirSync(expected, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) => readdirSync(join(expected, folder.name)).map((file) => join(folder.name, file)));
  assert.ok(files.length > 0);
  return files.map((file) => [file, readFileSync(join(expected, file), "utf8")]);
}

/** A file with this ending is one alert over several lines. */
function records(file, output) {
  return file.endsWith(".json") ? [output] : output.split("\n").filter(Boolean);
}

function isAlert(record) {
  try {
    return JSON.parse(record).bewit?.schema === "bewit.alert/1";
  } catch {
    return false;
  }
}

/** Writes the corpus again and again, and returns the last line. */
function large() {
  const part = corpus()
    .filter(([file]) => !file.endsWith(".json"))
    .map(([file]) => readFileSync(join(CORPUS, file)).toString("latin1").trimEnd())
    .join("\n");
  const times = Math.ceil((MEGABYTES * 1e6) / (part.length + 1));
  mkdirSync(dirname(LARGE), { recursive: true });
  writeFileSync(LARGE, `${Array(times).fill(part).join("\n")}\n${SHELL}\n`, "latin1");
  return SHELL;
}

/** Runs in the page before its own scripts: when it can be used, in milliseconds from the navigation on. */
function watchReady() {
  const note = () => document.documentElement.dataset.ready && (globalThis.readyAt ??= performance.now());
  new MutationObserver(note).observe(document, { subtree: true, attributeFilter: ["data-ready"] });
}

/** Runs in the page: how long it shows nothing new. */
function watchFrames() {
  globalThis.frameGaps = [];
  let before = performance.now();
  const frame = (now) => {
    globalThis.frameGaps.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
