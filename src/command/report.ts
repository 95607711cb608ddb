import { counted } from '../check/errors.js';
import { classificationReport } from '../index.js';
import type { ColumnImportance, TableEvaluation } from '../tabular.js';
import { fit, fold, padEnd, padStart, printable, widthOf } from './terminal.js';

// Evaluations as text.

type Lines = readonly string[];
type Row = readonly [string, ...string[]];

/** A number with four significant digits. */
function short(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return Math.abs(rounded) >= 1e7 ? rounded.toExponential() : String(rounded);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Says that rows are not used, because they have no target. */
export function leftOut(left: number, rows: number): string {
  return `${left} of ${counted(rows, 'row')} ${left === 1 ? 'has no target and is' : 'have no target and are'} left out.`;
}

/** The metrics of an evaluation. `columns`: the width of the terminal. */
export function evaluationLines(evaluation: TableEvaluation, columns: number): Lines {
  if (evaluation.task === 'classes') return classLines(evaluation, columns);
  if (evaluation.task === 'labels') return labelLines(evaluation, columns);
  const { byOutput, targets, samples, cost, costUnits } = evaluation;
  const rows = byOutput.map(({ r2, meanAbsoluteError, meanSquaredError }, k): Row => {
    return [printable(targets[k]), ...[r2, meanAbsoluteError, Math.sqrt(meanSquaredError)].map(short)];
  });
  const titles = columns < 70 ? ['MAE', 'RMSE'] : ['mean absolute error', 'root mean squared error'];
  return [
    ...table([['target', 'R²', ...titles], ...rows], columns),
    '',
    ...pairs([
      ['rows', String(samples)],
      ['cost', short(cost) + (costUnits ? ' (of standardised targets)' : '')],
    ]),
  ];
}

function labelLines(evaluation: TableEvaluation & { task: 'labels' }, columns: number): Lines {
  const { exactMatch, labelAccuracy, microF1, macroF1, byLabel, classes = [], samples, cost } = evaluation;
  const rows = byLabel.map((label, k): Row => [printable(classes[k] ?? String(k)), ...ratios(label)]);
  return [
    ...pairs([
      ['all labels right', `${percent(exactMatch)} of ${counted(samples, 'row')}`],
      ['labels right', percent(labelAccuracy)],
      ['micro F1', short(microF1)],
      ['macro F1', short(macroF1)],
      ['cost', short(cost)],
    ]),
    '',
    ...table([['label', ...RATIOS], ...rows], columns),
  ];
}

const RATIOS = ['precision', 'recall', 'F1', 'rows'] as const;

function ratios({ precision, recall, f1, support }: Record<'precision' | 'recall' | 'f1' | 'support', number>) {
  return [precision.toFixed(3), recall.toFixed(3), f1.toFixed(3), String(support)];
}

/** Names, and values beside them. */
function pairs(rows: readonly (readonly [string, string])[]): Lines {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}`);
}

function classLines(evaluation: TableEvaluation & { task: 'classes' }, columns: number): Lines {
  const { accuracy, correct, samples, cost, confusion, classes = [] } = evaluation;
  const lines = pairs([
    ['accuracy', `${percent(accuracy)} (${correct} of ${counted(samples, 'row')})`],
    ['cost', short(cost)],
  ]);
  if (!confusion) return lines;
  const names = confusion.map((_, k) => printable(classes[k] ?? String(k)));
  const report = classificationReport(confusion).classes;
  const rows = names.map((name, k): Row => [name, ...ratios(report[k])]);
  return [
    ...lines,
    '',
    ...table([['class', ...RATIOS], ...rows], columns),
    '',
    ...fold('Confusion: a row for each true class, a column for each predicted class', columns),
    ...confusionLines(confusion, names, columns),
  ];
}

/** The matrix with the names of the columns, or with their numbers if the names have no room. */
function confusionLines(confusion: readonly ArrayLike<number>[], names: Lines, columns: number): Lines {
  const cells = confusion.map((row) => Array.from(row, String));
  const withNames: Row[] = [['', ...names], ...cells.map((row, k): Row => [names[k], ...row])];
  if (widthOfTable(withNames) <= columns) return table(withNames, columns);
  const numbered = cells.map((row, k): Row => [`${k + 1} ${names[k]}`, ...row]);
  return table([['', ...names.map((_, k) => String(k + 1))], ...numbered], columns);
}

const GAP = '  ';

function widthsOf(rows: readonly Row[]): number[] {
  return rows[0].map((_, column) => Math.max(...rows.map((row) => widthOf(row[column]))));
}

function widthOfTable(rows: readonly Row[]): number {
  return widthsOf(rows).reduce((sum, width) => sum + width + GAP.length, -GAP.length);
}

/** Rows whose first cell is a name, to the left, and whose other cells are to the right. Names are cut to fit. */
function table(rows: readonly Row[], columns: number): Lines {
  const [first, ...widths] = widthsOf(rows);
  const others = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  const room = Math.max(6, Math.min(first, columns - others));
  return rows.map(([name, ...cells]) =>
    [padEnd(fit(name, room), room), ...cells.map((cell, i) => padStart(cell, widths[i]))].join(GAP).trimEnd(),
  );
}

export function importanceLines(columns: readonly ColumnImportance[], width: number): Lines {
  const rows = columns.map(
    ({ column, importance, deviation }): Row => [printable(column), importance.toFixed(4), `± ${deviation.toFixed(4)}`],
  );
  const title = 'Importance: how much worse the result is without the information of a column';
  return [...fold(title, width), ...table(rows, width)];
}

/** The object with plain arrays in place of typed ones, for JSON. */
export function plain(evaluation: TableEvaluation): object {
  const { confusion } = evaluation;
  return { ...evaluation, ...(confusion && { confusion: confusion.map((row) => Array.from(row)) }) };
}
