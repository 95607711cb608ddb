import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Table, type TableSplit } from '../src/tabular.js';

// The data sets of the benchmarks of models, and their splits. bench/data/README.md has their sources and licences.

export interface DataSet {
  readonly name: string;
  /** The path of its CSV file, from bench/. */
  readonly file: string;
  readonly target: string;
  readonly task: 'classes' | 'numbers';
  /** Columns that are left out, because they have no values for new rows or say the same as the target. */
  readonly without?: readonly string[];
}

/** The data sets by which the defaults of models are chosen. */
export const CHOSEN_BY: readonly DataSet[] = [
  { name: 'iris', file: 'data/iris.csv', target: 'species', task: 'classes' },
  { name: 'wine', file: 'data/wine.csv', target: 'cultivar', task: 'classes' },
  { name: 'breast cancer', file: 'data/breast-cancer.csv', target: 'diagnosis', task: 'classes' },
  { name: 'digits', file: 'data/digits.csv', target: 'digit', task: 'classes' },
  { name: 'penguins', file: 'data/penguins.csv', target: 'Species', task: 'classes' },
];

/** Columns of numbers in the same data sets, so that the defaults are also chosen by the prediction of numbers. */
export const NUMBERS_CHOSEN_BY: readonly DataSet[] = [
  ['iris', 'petal width (cm)'],
  ['iris', 'sepal length (cm)'],
  ['wine', 'alcohol'],
  ['wine', 'proline'],
  ['wine', 'flavanoids'],
  ['wine', 'color_intensity'],
  ['breast-cancer', 'mean smoothness'],
  ['breast-cancer', 'mean symmetry'],
  ['penguins', 'Body Mass (g)'],
  ['penguins', 'Beak Length (mm)'],
  ['penguins', 'Flipper Length (mm)'],
].map(([set, target]) => ({ name: `${set}, ${target}`, file: `data/${set}.csv`, target, task: 'numbers' }));

/** The data sets of npm run bench:models: those above, and two that had no part in the choice. */
export const COMPARED: readonly DataSet[] = [
  ...CHOSEN_BY,
  { name: 'diabetes', file: 'data/diabetes.csv', target: 'progression', task: 'numbers' },
  {
    name: 'cars',
    file: 'data/cars.csv',
    target: 'Miles_per_Gallon',
    task: 'numbers',
    without: ['Name'],
  },
];

/** The rows that have a target, without the columns that are left out. */
export function readSet({ file, target, task, without = [] }: DataSet): Table {
  const text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8');
  const options = { kinds: task === 'classes' ? ({ [target]: 'category' } as const) : undefined, name: file };
  return Table.fromCsv(text, options).without(without).withoutMissing([target]);
}

/** A fifth of the rows is for the test, with the same share of each class. */
export function splitOf(table: Table, { target, task }: DataSet, seed: number): TableSplit<{ test: number }> {
  return table.split({ test: 0.2, seed, ...(task === 'classes' && { stratify: target }) });
}
