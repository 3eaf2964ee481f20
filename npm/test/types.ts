// Compiled and not run: what the types promise.
import init, { Annotator, AnnotatorStream, BewitError, annotateObject, initSync, records } from "bewit";
import type { Alert, Level, Mistake } from "bewit";
import initOverlays, { compileOverlays, initSync as initOverlaysSync } from "bewit/overlays";

export async function use(bytes: Uint8Array<ArrayBuffer>, chunks: ReadableStream<Uint8Array>): Promise<Level | undefined> {
  await init();
  await init({ module_or_path: bytes });
  initSync({ module: bytes });
  await initOverlays();
  await initOverlays({ module_or_path: bytes });
  initOverlaysSync({ module: bytes });
  const catalog: Uint8Array = compileOverlays(["rules: []"]);
  // @ts-expect-error texts are compiled first
  new Annotator("detail: brief", ["rules: []"]);
  using annotator = new Annotator("detail: brief", catalog);
  const line: string | undefined = annotator.annotate("x");
  const batch: Uint8Array = annotator.annotateBatch(bytes);
  const report: string = annotator.report(line ?? "", "markdown");
  // @ts-expect-error there is no such format
  annotator.report(report, "pdf");
  for await (const record of records(annotator, chunks)) {
    record.trim();
  }
  chunks.pipeThrough(new AnnotatorStream(annotator));
  const alert: Alert | undefined = annotateObject(annotator, new TextDecoder().decode(batch));
  for (const mitigation of alert?.bewit.mitigations ?? []) {
    for (const command of mitigation.commands ?? []) {
      const ready: boolean | null | undefined = command.ready;
      // @ts-expect-error an effect is one of three
      command.effect === "harmless" || ready;
    }
  }
  return alert?.bewit.severity.level;
}

export function mistakes(error: unknown): Mistake[] {
  return error instanceof BewitError && error.code === "overlay" ? error.mistakes : [];
}
