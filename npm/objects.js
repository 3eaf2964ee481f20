/** The annotated alert as an object; `undefined` for a line that is no alert. */
export function annotateObject(annotator, line) {
  const alert = annotator.annotate(line);
  return alert === undefined ? undefined : JSON.parse(alert);
}
