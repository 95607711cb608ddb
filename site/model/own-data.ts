import { dialectOf } from './csv-dialect.js';
import { EXTENT, type Point, type Task } from './datasets.js';
import { cut } from './message.js';
import { linkedPoint, MOST_LINKED_POINTS } from './playground-link.js';
import { LIMITS } from './playground-state.js';

// Points from the text of a CSV file: two columns of numbers, and one to be learned.

const MOST_CHARACTERS = 500_000;

export interface OwnData {
  readonly points: readonly Point[];
  readonly task: Task;
  /** A sentence that says how the columns were read. */
  readonly note: string;
}

/** Loads the code that reads CSV files, which not every visitor needs. */
export const loadReader = () => import('simdprop/csv');

/**
 * Reads the first two columns as x1 and x2 and the last one as what is to be learned: two classes, or numbers. Numbers
 * that do not fit are scaled into the plane. Throws an Error for any other text; its message may quote the text.
 */
export async function readOwnData(text: string): Promise<OwnData> {
  if (text.length > MOST_CHARACTERS) {
    throw new RangeError(`got ${text.length} characters, want at most ${MOST_CHARACTERS}: take a sample of the rows`);
  }
  const { readCsv } = await loadReader();
  const { delimiter, decimal, first } = dialectOf(text);
  // a first row in which no field is a number is a header
  const header = !first.some((field) => field !== '' && Number.isFinite(Number(field.replace(decimal, '.'))));
  const last = first.length - 1;
  if (last < 2) throw new RangeError('got fewer than three columns, want x1, x2 and what is to be learned');
  const columns = { name: 'your data', delimiter, decimal, header, inputs: [0, 1], target: last };
  const named = readCsv(text, { ...columns, labels: true });
  const classes = named.classes ?? [];
  const rows = named.inputs.length / 2;
  if (rows < LIMITS.points.least || rows > LIMITS.points.most) {
    throw new RangeError(`got ${rows} rows, want ${LIMITS.points.least} to ${LIMITS.points.most}`);
  }
  const x1 = scaled(named.inputs.filter((_, i) => i % 2 === 0));
  const x2 = scaled(named.inputs.filter((_, i) => i % 2 === 1));
  const points = (y: ArrayLike<number>) => {
    const made = Array.from({ length: rows }, (_, i) => ({ x1: x1.values[i], x2: x2.values[i], y: y[i] }));
    return rows <= MOST_LINKED_POINTS ? made.map(linkedPoint) : made;
  };
  const where = `${rows} points; x₁ ${x1.note}, x₂ ${x2.note}`;
  if (classes.length === 2) {
    const y = Array.from(named.targets as Int32Array, (label) => 2 * label - 1);
    return {
      points: points(y),
      task: 'classes',
      note: `${where}; ${cut(classes[0])} is orange, ${cut(classes[1])} is blue`,
    };
  }
  if (classes.some((name) => !Number.isFinite(Number(name.replace(decimal, '.'))))) {
    throw new RangeError(`got ${classes.length} classes in the last column, want two, or numbers`);
  }
  const { targets } = readCsv(text, columns);
  const largest = (targets as Float64Array).reduce((most, y) => Math.max(most, Math.abs(y)), 0) || 1;
  const y = (targets as Float64Array).map((value) => value / largest);
  return { points: points(y), task: 'numbers', note: `${where}; numbers divided by ${largest}` };
}

/** Numbers that lie in the plane stay; others are moved and stretched to reach from one side to the other. */
function scaled(values: Float64Array): { values: Float64Array; note: string } {
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const largest = Math.max(Math.abs(least), Math.abs(most));
  if (largest <= EXTENT && largest >= EXTENT / 4) return { values, note: 'as given' };
  const [middle, half] = [(least + most) / 2, (most - least) / 2 || 1];
  return { values: values.map((x) => ((x - middle) / half) * 0.9 * EXTENT), note: `from ${least} to ${most}` };
}
