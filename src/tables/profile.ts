import { counted, quote } from '../check/errors.js';
import {
  type BooleanColumn,
  type CategoryColumn,
  type Column,
  type DateColumn,
  missingIn,
  type NumberColumn,
} from './column.js';

// The profile of a table: a text with one line for each column.

/** How many of the most frequent categories are shown. */
const MOST_FREQUENT = 3;
/** Columns with fewer rows than this get no hints. */
const LEAST_ROWS = 20;
/** A column with at most this many different whole numbers may hold codes of categories. */
const FEW_NUMBERS = 12;

/** The entry of one column. */
interface Summary {
  readonly text: string;
  readonly hints: readonly string[];
}

export function profileOf(rows: number, columns: ReadonlyMap<string, Column>): string {
  const cells = [...columns].map(([name, column]) => {
    if (column.kind === 'ignored') return [printable(name), column.kind, '', column.reason];
    const missing = missingIn(column, rows);
    const { text, hints } = summaryOf(column, rows - missing);
    const all = missing * 2 > rows ? ['more than half is missing', ...hints] : hints;
    return [printable(name), column.kind, String(missing), all.length > 0 ? `${text} (${all.join('; ')})` : text];
  });
  const lines = align([['column', 'kind', 'missing', 'values'], ...cells]);
  return [`${counted(rows, 'row')}, ${counted(columns.size, 'column')}`, ...lines].join('\n');
}

/** `present`: the number of values that are not missing. */
function summaryOf(column: Exclude<Column, { kind: 'ignored' }>, present: number): Summary {
  if (present === 0) return { text: 'no values', hints: [] };
  if (column.kind === 'category') return categories(column, present);
  if (column.kind === 'boolean') return booleans(column, present);
  return column.kind === 'date' ? dates(column, present) : numbers(column, present);
}

function categories({ codes, categories: names }: CategoryColumn, present: number): Summary {
  const counts = new Array<number>(names.length).fill(0);
  for (const code of codes) if (code >= 0) counts[code]++;
  const order = [...counts.keys()].filter((code) => counts[code] > 0).sort((a, b) => counts[b] - counts[a]);
  const most = order.slice(0, MOST_FREQUENT).map((code) => `${printable(names[code], 20)} ${counts[code]}`);
  const text = `${order.length} different: ${most.join(', ')}${order.length > MOST_FREQUENT ? ', ...' : ''}`;
  return { text, hints: hintsOf(order.length, present) };
}

function booleans({ values }: BooleanColumn, present: number): Summary {
  const count = values.reduce((sum, value) => sum + Number(value === 1), 0);
  const hints = count === 0 || count === present ? ['constant'] : [];
  return { text: `true ${count}, false ${present - count}`, hints };
}

function dates({ values }: DateColumn, present: number): Summary {
  const { sorted, different } = sort(values, present);
  const isWholeDays = sorted.every((time) => time % 86_400_000 === 0);
  const show = (time: number) => new Date(time).toISOString().slice(0, isWholeDays ? -14 : -5);
  const text = `${show(sorted[0])} to ${show(sorted[present - 1])}, ${different} different`;
  return { text, hints: different === 1 ? ['constant'] : [] };
}

function numbers({ values }: NumberColumn, present: number): Summary {
  const { sorted, different } = sort(values, present);
  let mean = 0;
  sorted.forEach((value, i) => {
    mean += (value - mean) / (i + 1);
  });
  const [least, most] = [sorted[0], sorted[present - 1]];
  const text = `${short(least)} to ${short(most)}, mean ${short(mean)}, ${different} different`;
  const isWhole = sorted.every((value) => Number.isInteger(value));
  if (!isWhole) return { text, hints: different === 1 ? ['constant'] : [] };
  const isLong = Math.max(-least, most) > Number.MAX_SAFE_INTEGER;
  const lost = isLong ? ['digits after the 16th are lost: an identifier?'] : [];
  const isFew = different > 1 && different <= FEW_NUMBERS && present >= LEAST_ROWS && present >= 5 * different;
  return {
    text,
    hints: [...hintsOf(different, present), ...lost, ...(isFew ? ['few whole numbers: a category?'] : [])],
  };
}

function hintsOf(different: number, present: number): string[] {
  if (different === 1 && present > 1) return ['constant'];
  return different === present && present >= LEAST_ROWS ? ['every value differs: an identifier?'] : [];
}

/** The values that are not missing, sorted, and how many different ones there are. */
function sort(values: Float64Array, present: number): { sorted: Float64Array; different: number } {
  // sorting puts NaN last
  const sorted = values.slice().sort().subarray(0, present);
  let different = 1;
  for (let i = 1; i < present; i++) if (sorted[i] !== sorted[i - 1]) different++;
  return { sorted, different };
}

/** A number rounded to five significant digits. */
const short = (value: number) => String(Number(value.toPrecision(5)));

/** A name as it is, if a terminal shows it unchanged; else in quotes and escaped. */
function printable(name: string, most?: number): string {
  const quoted = quote(name, most);
  return quoted === `"${name}"` && name === name.trim() && name !== '' ? name : quoted;
}

/** Lines of cells, in columns. The third cell is a number. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map(([name, kind, missing, text]) =>
    [name.padEnd(widths[0]), kind.padEnd(widths[1]), missing.padStart(widths[2]), text].join('  ').trimEnd(),
  );
}
