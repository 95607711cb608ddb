import type { ColumnImportance, Table, TableEvaluation, TableModel } from 'simdprop/tabular';

// The work of the page of tables: makes a table from text, trains a model, and measures it.

const MOST_CHARACTERS = 20_000_000;
/** The number of predictions that are shown. */
const SHOWN = 12;

export interface Prediction {
  readonly is: string;
  readonly predicted: string;
  /** The probability of the prediction; undefined for numbers. */
  readonly probability: number | undefined;
}

export interface Trained {
  readonly model: TableModel;
  readonly evaluation: TableEvaluation;
  readonly importance: readonly ColumnImportance[];
  readonly predictions: readonly Prediction[];
  readonly trainingRows: number;
  readonly testRows: number;
}

/** The table of a CSV text. Throws an Error that says what is wrong with the text. */
export async function readTable(text: string): Promise<Table> {
  if (text.length > MOST_CHARACTERS) {
    throw new RangeError(`got ${text.length} characters, want at most ${MOST_CHARACTERS} on this page`);
  }
  const { Table } = await import('simdprop/tabular');
  return Table.fromCsv(text, { name: 'the file' });
}

/** The columns that can be learned. */
export const targetsOf = (table: Table): string[] =>
  table.columns.filter((name) => ['number', 'category', 'boolean'].includes(table.kinds[name]));

const textOf = (value: unknown) =>
  typeof value === 'number' ? String(Number(value.toPrecision(5))) : String(value ?? 'missing');

/** Trains on three quarters of the rows and tests on the others. `epoch` gets the number of each epoch. */
export async function trainOn(table: Table, target: string, epoch: (epoch: number) => void): Promise<Trained> {
  const { TableModel } = await import('simdprop/tabular');
  const { training, test } = table.withoutMissing([target]).split({ test: 0.25, seed: 1 });
  const model = await TableModel.fit(training, { target, seed: 1, onEpoch: ({ epoch: done }) => epoch(done + 1) });
  // the rows of a file are often sorted, so rows from all parts of the test are shown
  const count = Math.min(SHOWN, test.rows);
  const some = test.pick(Array.from({ length: count }, (_, i) => Math.floor((i * test.rows) / count)));
  const answers = model.predict(some);
  const predictions = some.toRecords().map((record, i): Prediction => {
    const { value, probabilities } = answers[i] as { value: unknown; probabilities?: Record<string, number> };
    const predicted = textOf(value);
    return { is: textOf(record[target]), predicted, probability: probabilities?.[predicted] };
  });
  return {
    model,
    evaluation: await model.evaluate(test),
    importance: await model.importance(test, { seed: 1 }),
    predictions,
    trainingRows: training.rows,
    testRows: test.rows,
  };
}
