import { readFile } from 'node:fs/promises';
import papaparse from 'papaparse';
import { outOfRange } from '../check/errors.js';
import { RowScanner } from '../io/csv-rows.js';
import { divide } from '../io/csv-text.js';
import { type CsvStreamOptions, type Prediction, Table, TableModel } from '../tabular.js';
import { DATA_FLAGS, nameOf, readForModel, readingOf, sourceOf } from './data-flags.js';
import { EXIT, UsageError } from './failure.js';
import { type Arguments, type Flags, numberOf } from './flags.js';
import type { Usage } from './help.js';
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

/** Rows that are predicted and written at a time. */
const BLOCK = 4096;

/** A text that a spreadsheet may run, of one line or more. Numbers, such as -39.1, and signs alone are none. */
const FORMULA = /^(?![+-]?(?:(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?)?\s*$)[=+\-@\t\r\n]/i;

export async function predict({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  if (operands.length !== 2) throw new UsageError(`predict: got ${operands.length} files, want a model and a CSV file`);
  const [modelPath, path] = operands;
  const threshold = numberOf(given, 'threshold', -1e30, 1e30);
  const { encoding, ...reading } = readingOf(given, nameOf(path));
  const model = await loadModel(modelPath);
  try {
    const text = await textOfFile(path, terminal, encoding);
    const kinds = { ...model.encoder.inputKinds, ...reading.kinds };
    const table = await readForModel(nameOf(path), given, () =>
      Table.fromCsv(text, { ...reading, kinds, others: 'ignored' }),
    );
    const rows = fieldsOf(text, reading);
    const settings = { escapeFormulae: given['escape-formulas'] === true && FORMULA, newline: '\n' };
    const csv = (lines: readonly (readonly unknown[])[]) => `${papaparse.unparse(lines as unknown[][], settings)}\n`;
    const names = table.columns;
    if (given.json !== true) {
      await write(
        terminal.out,
        csv([[...(given.only ? [] : names), ...titlesOf(model, given.probabilities === true)]]),
      );
    }
    for (let from = 0; from < table.rows; from += BLOCK) {
      const block = table.slice(from, Math.min(table.rows, from + BLOCK));
      const predictions = model.predict(block, threshold === undefined ? {} : { threshold });
      if (given.json) {
        const list = predictions.map((prediction) => JSON.stringify(prediction)).join(',\n');
        await write(terminal.out, (from === 0 ? '[\n' : ',\n') + list);
        continue;
      }
      const lines = predictions.map((prediction) => {
        const fields = rows.next().value ?? [];
        return [...(given.only ? [] : fields), ...cellsOf(model, prediction, given.probabilities === true)];
      });
      await write(terminal.out, csv(lines));
    }
    if (given.json) await write(terminal.out, '\n]\n');
  } finally {
    model.dispose();
  }
  return EXIT.done;
}

/** Reads a model. Errors name the file. */
export async function loadModel(path: string): Promise<TableModel> {
  if (path === '-') throw new UsageError('the model: got -, want the path of a file');
  const bytes = await readFile(path);
  try {
    return await TableModel.load(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function textOfFile(path: string, terminal: Terminal, encoding = 'utf-8'): Promise<string> {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new UsageError(`--encoding: got ${JSON.stringify(encoding)}, want a name such as windows-1252`);
  }
  const texts: string[] = [];
  try {
    for await (const part of sourceOf(path, terminal)) {
      texts.push(typeof part === 'string' ? part : decoder.decode(part, { stream: true }));
    }
    texts.push(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw outOfRange(nameOf(path), `bytes that are no text in ${encoding}`, 'another --encoding, such as windows-1252');
  }
  return texts.join('');
}

/** The fields of the rows that the table has, as they stand in the file. */
function* fieldsOf(text: string, { name = '', delimiter, comment = '', decimal = '.', header }: CsvStreamOptions) {
  const divided = divide(name, text, delimiter, comment, decimal);
  const rows = new RowScanner(name, divided.text, { delimiter: divided.delimiter, comment });
  if (header !== false) rows.next();
  while (rows.next()) {
    yield rows.quoted ?? divided.text.slice(rows.start, rows.end).split(divided.delimiter);
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
