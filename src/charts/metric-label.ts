/** Metrics whose names say more in another form. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ['r2', 'R²'],
  ['rocAuc', 'area under the ROC curve'],
  ['topKAccuracy', 'top-k accuracy'],
  ['microF1', 'micro F1'],
  ['macroF1', 'macro F1'],
]);

/** The name of a metric in words: `meanSquaredError` is "mean squared error". */
export function metricLabel(metric: string): string {
  return LABELS.get(metric) ?? metric.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
