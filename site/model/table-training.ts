import { type ColumnImportance, Table, TableModel } from 'simdprop/tabular';
import { dialectOf } from './csv-dialect.js';
import { cut } from './message.js';

// The work of the page of tables: makes a table from text, trains a model, measures it, and writes its files. A worker
// does it, so that the page stays free however large the table is.

const MOST_CHARACTERS = 20_000_000;
const MOST_COLUMNS = 1000;
/** So that there are two rows in the test, a quarter of them. */
const LEAST_ROWS = 8;
/** The number of predictions that are shown. */
const SHOWN = 12;

/** What the page shows of a table. */
export interface TableFacts {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly kind: string }[];
  /** The columns that can be learned. */
  readonly targets: readonly string[];
}

export interface Prediction {
  readonly is: string;
  readonly predicted: string;
  /** The probability of the prediction; undefined for numbers. */
  readonly probability: number | undefined;
}

/** What a training came to, on the rows of the test. */
export interface Measured {
  readonly metrics: readonly (readonly [name: string, value: number])[];
  readonly importance: readonly ColumnImportance[];
  readonly predictions: readonly Prediction[];
  readonly trainingRows: number;
  readonly testRows: number;
}

/** The files of a model, by what the worker is asked for. */
export const FORMATS = {
  model: { label: 'The model', file: 'model.simdprop' },
  onnx: { label: 'ONNX', file: 'network.onnx' },
  javascript: { label: 'JavaScript module', file: 'network.js' },
  c: { label: 'C header', file: 'network.h' },
} as const;
export type Format = keyof typeof FORMATS;

/** What the worker is asked for. A new table, or `stop`, ends the training at the next epoch. */
export type TableOrder =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'train'; readonly target: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'write'; readonly format: Format };

/** What the worker tells. */
export type TableNews =
  | { readonly kind: 'table'; readonly facts: TableFacts }
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'measures' }
  | { readonly kind: 'trained'; readonly measured: Measured; readonly seconds: number }
  | { readonly kind: 'file'; readonly format: Format; readonly content: Uint8Array<ArrayBuffer> | string }
  | { readonly kind: 'error'; readonly message: string };

/** The table of a CSV text. Throws an Error that says what is wrong with the text. */
export function readTable(text: string): Table {
  if (text.length > MOST_CHARACTERS) {
    throw new RangeError(`got ${text.length} characters, want at most ${MOST_CHARACTERS} on this page`);
  }
  const table = Table.fromCsv(text, { name: 'the file', decimal: dialectOf(text).decimal });
  if (table.columns.length > MOST_COLUMNS) {
    throw new RangeError(`got ${table.columns.length} columns, want at most ${MOST_COLUMNS} on this page`);
  }
  if (table.rows < LEAST_ROWS) throw new RangeError(`got ${table.rows} rows, want ${LEAST_ROWS} or more`);
  if (table.columns.length < 2 || targetsOf(table).length === 0) {
    throw new RangeError('got no column to learn, want two columns or more, one of categories, yes or no, or numbers');
  }
  return table;
}

const targetsOf = (table: Table): string[] =>
  table.columns.filter((name) => ['number', 'category', 'boolean'].includes(table.kinds[name]));

export const factsOf = (table: Table): TableFacts => ({
  rows: table.rows,
  columns: table.columns.map((name) => ({ name, kind: table.kinds[name] })),
  targets: targetsOf(table),
});

const textOf = (value: unknown) =>
  typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value ?? 'missing');

export interface TrainingSteps {
  /** Called after each epoch, with its number from 1. Training ends when it returns false. */
  epoch(epoch: number): boolean;
  /** Called before the model is measured. Returns false if nobody waits for the result. */
  measures(): boolean;
}

/** Trains on three quarters of the rows and measures on the others. */
export async function trainOn(
  table: Table,
  target: string,
  { epoch, measures }: TrainingSteps,
): Promise<{ model: TableModel; measured: Measured | undefined }> {
  const others = table.columns.filter((name) => name !== target);
  if (others.every((name) => table.kinds[name] === 'ignored')) {
    const names = cut(others.join(', '));
    throw new RangeError(`got no column to learn from: ${names} has another value in most rows, or none in any`);
  }
  const { training, test } = table.withoutMissing([target]).split({ test: 0.25, seed: 1 });
  const onEpoch = ({ epoch: done }: { epoch: number }) => epoch(done + 1);
  const model = await TableModel.fit(training, { target, seed: 1, onEpoch });
  if (!measures()) return { model, measured: undefined };
  const metrics = Object.entries(await model.evaluate(test)).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0] !== 'samples',
  );
  const measured = {
    metrics,
    importance: await model.importance(test, { seed: 1 }),
    predictions: predictionsOf(model, test, target),
    trainingRows: training.rows,
    testRows: test.rows,
  };
  return { model, measured };
}

/** Predictions for rows from all parts of the test: the rows of a file are often sorted. */
function predictionsOf(model: TableModel, test: Table, target: string): Prediction[] {
  const count = Math.min(SHOWN, test.rows);
  const some = test.pick(Array.from({ length: count }, (_, i) => Math.floor((i * test.rows) / count)));
  const answers = model.predict(some);
  return some.toRecords().map((record, i) => {
    const { value, probabilities } = answers[i] as { value: unknown; probabilities?: Record<string, number> };
    const predicted = textOf(value);
    return { is: textOf(record[target]), predicted, probability: probabilities?.[predicted] };
  });
}

/** Loads what writes the files, so that they can be had when the connection is lost. */
export const loadWriters = () => Promise.all([import('simdprop/onnx'), import('simdprop/export')]);

/** A file of the model. */
export async function write(model: TableModel, format: Format): Promise<Uint8Array<ArrayBuffer> | string> {
  if (format === 'model') return new Uint8Array(await model.save());
  const [{ writeOnnx }, { writeJavaScript, writeC }] = await loadWriters();
  if (format === 'onnx') return writeOnnx(model.network);
  return format === 'c' ? writeC(model.network) : writeJavaScript(model.network);
}
