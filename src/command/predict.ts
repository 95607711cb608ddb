import papaparse from 'papaparse';
import { counted, quote } from '../check/errors.js';
import { type CsvStreamOptions, type Prediction, Table, type TableModel } from '../tabular.js';
import { DATA_FLAGS, kindsForModel, nameOf, readForModel, readingLike, readingOf, sourceOf } from './data-flags.js';
import { EXIT, UsageError } from './failure.js';
import { type Arguments, type Flags, type Given, numberOf } from './flags.js';
import type { Usage } from './help.js';
import { Messages } from './messages.js';
import { loadModel } from './model-file.js';
import { type Terminal, write } from './terminal.js';

// simdprop predict

const FLAGS: Flags = {
  probabilities: { help: 'adds a column with the probability of each class or label' },
  only: { help: 'prints the predictions without the columns of the data' },
  threshold: { value: 'NUMBER', help: 'class 1 of two, or a label, is predicted above this probability' },
  'escape-formulas': {
    help: "puts ' before texts that begin with = + - @ and are no numbers: spreadsheets would run them",
  },
  json: { help: 'prints an array of { value, probabilities } as JSON' },
  ...DATA_FLAGS,
};

export const PREDICT: Usage = {
  usage: '<model> <data.csv>',
  summary: 'Prints the rows of a CSV file with a column "predicted ..." for each target, as CSV.',
  flags: FLAGS,
  examples: [
    'simdprop predict iris.simdprop new.csv > out.csv',
    'simdprop predict iris.simdprop - --probabilities < new.csv',
  ],
};

/** Rows that are read, predicted and written at a time. */
const BLOCK = 10_000;

/** A text that a spreadsheet may run, of one line or more. Numbers, such as -39.1, and signs alone are none. */
const FORMULA = /^(?![+-]?(?:(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)?\s*$)[=+\-@\t\r\n]/i;

export async function predict({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 2)
    throw new UsageError(`predict: got ${counted(operands.length, 'file')}, want a model and a CSV file`);
  const [modelPath, path] = operands;
  const threshold = numberOf(given, 'threshold', -1e30, 1e30);
  const reading = readingOf(given, nameOf(path));
  const model = await loadModel(modelPath);
  try {
    const kinds = kindsForModel(model.encoder.inputKinds, reading.kinds);
    const source = sourceOf(path, terminal);
    const output = given.json ? new JsonOutput(terminal) : new CsvOutput(model, given, terminal);
    const options: CsvStreamOptions = { ...readingLike(model.encoder, reading), kinds, others: 'ignored' };
    await readForModel(nameOf(path), given, async () => {
      for await (const block of Table.blocksFromCsvStream(source, options, BLOCK)) {
        await output.write(block, model.predict(block.table, { threshold }));
      }
    });
    await output.end();
  } finally {
    model.dispose();
  }
  return EXIT.done;
}

/** Rows of the file: as a table, and the fields of each row as texts of the file. */
interface Block {
  readonly table: Table;
  readonly fields: readonly (readonly string[])[];
}

/** An array of the predictions. */
class JsonOutput {
  readonly #terminal: Terminal;
  #separator = '[\n';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async write(_: Block, predictions: readonly Prediction[]): Promise<void> {
    await write(this.#terminal.out, this.#separator + predictions.map((it) => JSON.stringify(it)).join(',\n'));
    this.#separator = ',\n';
  }

  async end(): Promise<void> {
    await write(this.#terminal.out, '\n]\n');
  }
}

/** The rows of the file with columns of the predictions, below a header. */
class CsvOutput {
  readonly #model: TableModel;
  readonly #terminal: Terminal;
  readonly #withData: boolean;
  readonly #withProbabilities: boolean;
  readonly #escapeFormulae: RegExp | false;
  #hasHeader = false;

  constructor(model: TableModel, given: Given, terminal: Terminal) {
    this.#model = model;
    this.#terminal = terminal;
    this.#withData = !given.only;
    this.#withProbabilities = given.probabilities === true;
    this.#escapeFormulae = given['escape-formulas'] === true && FORMULA;
  }

  async write({ table, fields }: Block, predictions: readonly Prediction[]): Promise<void> {
    const rows: unknown[][] = this.#hasHeader ? [] : [this.#header(table.columns)];
    this.#hasHeader = true;
    for (const [i, prediction] of predictions.entries()) {
      rows.push([...(this.#withData ? fields[i] : []), ...cellsOf(this.#model, prediction, this.#withProbabilities)]);
    }
    const text = papaparse.unparse(rows, { escapeFormulae: this.#escapeFormulae, newline: '\n' });
    await write(this.#terminal.out, `${text}\n`);
  }

  /** The names of the columns. One that the file has already is numbered, so that all names differ. */
  #header(columns: readonly string[]): string[] {
    const titles = titlesOf(this.#model, this.#withProbabilities);
    if (!this.#withData) return titles;
    const names = new Set(columns);
    const messages = new Messages(this.#terminal, false);
    for (const title of titles) {
      const name = freeName(title, names);
      names.add(name);
      if (name === title) continue;
      messages.line(`The file has a column ${quote(title)}: that of this prediction is named ${quote(name)}.`);
    }
    return [...names];
  }

  async end(): Promise<void> {}
}

/** The name, or the first one of `name 2`, `name 3`, ... that is not taken. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? name : `${name} ${number}`;
    if (!taken.has(numbered)) return numbered;
  }
}

function titlesOf({ targets, classes, task }: TableModel, withProbabilities: boolean): string[] {
  const predicted = targets.map((name) => `predicted ${name}`);
  if (!withProbabilities || task === 'numbers') return predicted;
  return [...predicted, ...(classes ?? []).map((name) => `probability ${name}`)];
}

function cellsOf(
  { targets, classes = [] }: TableModel,
  { value, probabilities }: Prediction,
  withProbabilities: boolean,
): unknown[] {
  const values =
    typeof value === 'object' && value !== null ? targets.map((name) => value[name as keyof typeof value]) : [value];
  // not Object.values: an object has keys such as "1" before all others
  return withProbabilities && probabilities ? [...values, ...classes.map((name) => probabilities[name])] : values;
}
