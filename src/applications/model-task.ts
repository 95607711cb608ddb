import { counted, outOfRange, quote } from '../check/errors.js';
import type { Task } from '../data/task.js';
import type { ConvertedKind } from '../tables/convert.js';
import type { Encoder } from '../tables/encoder.js';
import { Table } from '../tables/table.js';

// What a model learns follows from its target columns. Numbers that stand for classes or labels are converted first, so
// that the encoder sees categories and booleans.

/** The kinds that columns of numbers are converted to before they are learned. */
type Conversions = Readonly<Record<string, ConvertedKind>>;

/**
 * The training table with its targets converted to the kinds in which they are learned. `task`: the option of the user.
 */
export function withTargets(training: Table, target: unknown, task: Task | undefined): Table {
  // names that are given twice are refused later
  const names = [...new Set([target].flat())].filter((name) => training.has(name as string)) as string[];
  const kinds = names.map((name) => training.column(name).kind);
  const numbers = names.filter((_, t) => kinds[t] === 'number');
  if (names.length === 1) {
    const [name] = names;
    checkSingle(name, kinds[0], task);
    if (kinds[0] !== 'number' || task === 'numbers') return training;
    return task === 'classes' || areMarks(training, name, [0, -1]) ? convert(training, names, 'category') : training;
  }
  if (task === 'classes') {
    throw outOfRange('options.task', `"classes" for ${counted(names.length, 'target')}`, 'one target, or "labels"');
  }
  const areAllNumbers = numbers.length === names.length;
  if (task === 'numbers' && !areAllNumbers) throw wrongTask(task, names.join(', '), 'columns of numbers');
  if (task === 'numbers' || (task === undefined && !numbers.every((name) => areMarks(training, name, [0])))) {
    return training;
  }
  return convert(training, numbers, 'boolean');
}

function checkSingle(name: string, kind: string, task: Task | undefined): void {
  if (task === 'labels') throw wrongTask(task, `the column ${quote(name)} alone`, 'two columns or more, or "classes"');
  if (task === 'numbers' && kind !== 'number') {
    throw wrongTask(task, `${quote(name)}, a column of the kind ${kind}`, 'a column of numbers');
  }
}

const wrongTask = (task: Task, got: string, wanted: string) =>
  outOfRange('options.task', `"${task}" for ${got}`, wanted);

/** True if all numbers of a column are 1 or another number, one of `others`, and both occur. */
function areMarks(table: Table, name: string, others: readonly number[]): boolean {
  const column = table.column(name);
  if (column.kind !== 'number') return false;
  const different = new Set(column.values);
  different.delete(Number.NaN);
  return different.size === 2 && different.has(1) && others.some((other) => different.has(other));
}

function convert(table: Table, names: readonly string[], kind: ConvertedKind): Table {
  const kinds: Record<string, ConvertedKind> = Object.fromEntries(names.map((name) => [name, kind]));
  return table.withKinds(kinds);
}

/**
 * Data with targets in the kinds in which they were learned. Records are read in these kinds by the encoder. `where`:
 * what messages call the data.
 */
export function like(where: string, encoder: Encoder, table: Table | readonly object[]): Table | readonly object[] {
  if (!(table instanceof Table)) return table;
  const { kinds } = encoder;
  const names = encoder.targets.filter((name) => table.has(name) && table.column(name).kind === 'number');
  const conversions = names.flatMap((name) => (kinds[name] === 'number' ? [] : [[name, kinds[name]] as const]));
  return table.inKinds(Object.fromEntries(conversions) as Conversions, () => where);
}
