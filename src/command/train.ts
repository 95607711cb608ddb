import { importance, learningCurve } from '../charts.js';
import { counted, quote } from '../check/errors.js';
import { type ActivationName, adam, type EpochReport, type EpochSummary, type History, type Task } from '../index.js';
import { saveFile } from '../io/files.js';
import {
  type Column,
  type CsvStreamOptions,
  type FittedTableModel,
  type Table,
  TableModel,
  type TableModelOptions,
} from '../tabular.js';
import { curveLines } from './curve.js';
import { DATA_FLAGS, formOf, nameOf, readingOf, readTable } from './data-flags.js';
import { EXIT, Interrupted, UsageError } from './failure.js';
import {
  type Arguments,
  type Flags,
  type Given,
  integerOf,
  listOf,
  numberOf,
  parseNumber,
  sizeOf,
  textOf,
  wordOf,
} from './flags.js';
import type { Usage } from './help.js';
import { Messages } from './messages.js';
import { Progress } from './progress.js';
import { evaluationLines, importanceLines, leftOut, plain } from './report.js';
import { checkConfusion, checkOutputs, saveConfusion, saveText } from './save.js';
import { columnsOf, printable, type Terminal, write } from './terminal.js';

// simdprop train

const FLAGS: Flags = {
  target: { value: 'COLUMN', isMultiple: true, help: 'the column to be learned (repeatable)' },
  ignore: { value: 'COLUMN', isMultiple: true, help: 'a column that is no input (repeatable)' },
  task: { value: 'TASK', help: 'classes, labels or numbers; by default it follows from the target' },
  test: {
    value: 'SHARE',
    help: 'of the rows, or their number, held back to measure the result; 0: none (default 0.2)',
  },
  group: { value: 'COLUMN', help: 'no input; rows with the same value in it are all for training, validation or test' },
  'from-end': { help: 'the last rows are for the test, those before them for validation: rows in the order of time' },
  hidden: { value: 'WIDTHS', help: 'of the hidden layers, such as 32,16; none: there are none' },
  activation: { value: 'NAME', help: 'of the hidden layers, such as relu or tanh' },
  dropout: { value: 'SHARE', help: 'of the hidden activations that is dropped in training' },
  l2: { value: 'NUMBER', help: 'the factor of the L2 penalty' },
  epochs: { value: 'COUNT', help: 'at most so many passes over the training rows' },
  patience: { value: 'COUNT', help: 'training ends after so many epochs without a better validation cost' },
  validation: {
    value: 'SHARE',
    help: 'of the training rows, or their number: they decide when training ends; 0: none',
  },
  'learning-rate': { value: 'NUMBER', help: 'of the optimizer, Adam (default 0.015)' },
  'batch-size': { value: 'COUNT', help: 'rows of a step' },
  seed: { value: 'NUMBER', help: 'decides all random numbers (default 0)' },
  save: { value: 'FILE', help: 'writes the model to a file' },
  plot: { value: 'FILE', help: 'writes the learning curve as SVG' },
  'plot-confusion': { value: 'FILE', help: 'writes the confusion matrix as SVG' },
  'plot-importance': { value: 'FILE', help: 'writes the importance of the columns as SVG' },
  importance: { help: 'measures how much each column helps' },
  json: { help: 'prints the results as JSON' },
  quiet: { help: 'no profile, progress and learning curve' },
  ...DATA_FLAGS,
};

export const TRAIN: Usage = {
  usage: '<data.csv> --target <column>',
  summary:
    'Trains a model on a table and measures it on rows that it has not seen. Results are printed to the standard output; the profile of the table, the progress and the learning curve to the standard error.',
  flags: FLAGS,
  examples: [
    'simdprop train iris.csv --target species --save iris.simdprop',
    'simdprop train cars.csv --target price --hidden 32,16 --epochs 200 --plot curve.svg',
  ],
};

/** The largest count of epochs and rows, and the largest factor. */
const MOST = 2 ** 31 - 1;
const LARGEST = 1e30;
const PICTURE = { width: 640 };

export async function train({ given, operands }: Arguments, terminal: Terminal): Promise<number> {
  const [path, other] = operands;
  if (operands.length !== 1) {
    const way = other !== undefined && !given.target ? `: --target ${quote(other)} names the column to be learned` : '';
    throw new UsageError(`train: got ${counted(operands.length, 'file')}, want one${way}`);
  }
  const targets = listOf(given, 'target');
  if (!targets) throw new UsageError('--target: got none, want the column to be learned');
  const reading = readingOf(given, nameOf(path));
  const test = sizeOf(given, 'test') ?? 0.2;
  const seed = integerOf(given, 'seed', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const options = modelOptionsOf(given, targets, seed);
  for (const flag of ['ignore', 'group']) {
    const both = targets.find((name) => [given[flag]].flat().includes(name));
    if (both !== undefined) throw new UsageError(`--${flag}: got the target ${quote(both)}, want another column`);
  }
  if (given.group !== undefined && given['from-end'])
    throw new UsageError('--group and --from-end: got both, want one');
  checkOutputs(given, ['save', 'plot', 'plot-confusion', 'plot-importance'], [path]);

  const messages = new Messages(terminal, given.quiet === true);
  const whole = await readUsed(path, reading, given, terminal);
  messages.lines(whole.profile().split('\n'));
  const table = usedRows(whole, targets, given, messages);
  checkConfusion(textOf(given, 'plot-confusion'), learnedFrom(table, targets, given));
  const parts = split(table, targets, test, options, given);
  const validation = validationOf(options.validation, parts.training, given);
  // the column that makes the groups is no input; TableModel.fit itself leaves it out if it holds groups back
  const isGrouped = typeof validation === 'object' && 'group' in validation;
  const training =
    given.group === undefined || isGrouped ? parts.training : parts.training.without([given.group as string]);
  const interrupts = new Interrupts(terminal, messages);
  const progress = new Progress(terminal.err, given.quiet !== true);
  let model: FittedTableModel;
  try {
    model = await TableModel.fit(training, {
      ...options,
      validation,
      signal: interrupts.signal,
      onProgress: (step) => progress.step(step),
      onEpoch: (report: EpochReport) => {
        progress.epoch(report);
        return !interrupts.isAsked;
      },
    });
  } finally {
    progress.end();
    interrupts.end();
  }
  try {
    const facts = { rowsLeft: whole.rows - table.rows, isInterrupted: interrupts.isAsked };
    await report(model, parts, facts, given, terminal, messages);
  } finally {
    model.dispose();
  }
  return interrupts.isAsked ? EXIT.interrupted : EXIT.done;
}

function modelOptionsOf(given: Given, targets: readonly string[], seed: number): TableModelOptions {
  const hidden = textOf(given, 'hidden');
  const validation = sizeOf(given, 'validation');
  const learningRate = numberOf(given, 'learning-rate', 1e-30, LARGEST);
  return {
    target: targets.length === 1 ? targets[0] : targets,
    seed,
    task: wordOf<Task>(given, 'task', ['classes', 'labels', 'numbers']),
    hidden: hidden === undefined ? undefined : widthsOf(hidden),
    activation: textOf(given, 'activation') as ActivationName | undefined,
    dropout: numberOf(given, 'dropout', 0, 0.99),
    l2: numberOf(given, 'l2', 0, LARGEST),
    epochs: integerOf(given, 'epochs', 1, MOST),
    patience: integerOf(given, 'patience', 1, MOST),
    batchSize: integerOf(given, 'batch-size', 1, MOST),
    validation: validation === 0 ? false : validation,
    optimizer: learningRate === undefined ? undefined : adam({ learningRate }),
  };
}

function widthsOf(text: string): number[] {
  if (text === 'none') return [];
  return text.split(',').map((width) => parseNumber('--hidden', width, 1, 65_536, true));
}

/** Reads a table without the values of columns that nothing needs, whatever they hold. */
async function readUsed(path: string, reading: CsvStreamOptions, given: Given, terminal: Terminal) {
  const unused = (listOf(given, 'ignore') ?? []).filter((name) => name !== given.group);
  const ignored = Object.fromEntries(unused.map((name) => [name, 'ignored' as const]));
  try {
    return await readTable(path, { ...reading, kinds: { ...reading.kinds, ...ignored } }, terminal);
  } catch (error) {
    const { message } = error as Error;
    const unknown = unused.find((name) => message.startsWith(`options.kinds: got ${quote(name)},`));
    if (unknown === undefined) throw error;
    const way = unknown.includes(',') ? ': --ignore is given once for each column' : '';
    throw new Error(message.replace('options.kinds', '--ignore') + way, { cause: error });
  }
}

/** The rows that have targets. */
function usedRows(table: Table, targets: readonly string[], given: Given, messages: Messages): Table {
  for (const flag of ['target', 'group']) {
    for (const name of [given[flag] ?? []].flat() as string[]) {
      if (!table.has(name)) throw new Error(unknownColumn(flag, name, table));
    }
  }
  const complete = table.withoutMissing([...new Set(targets)]);
  const left = table.rows - complete.rows;
  if (left > 0) messages.urgent(leftOut(left, table.rows));
  if (complete.rows === 0) throw new Error(`--target: got no row with a value in ${quote(targets.join(', '))}`);
  return complete;
}

function unknownColumn(flag: string, name: string, { columns }: Table): string {
  const shown = columns.slice(0, 20).map((column) => quote(column));
  const near = columns.find((column) => column.toLowerCase() === name.trim().toLowerCase());
  const parts = name.split(',').map((part) => part.trim());
  if (parts.length > 1 && parts.every((part) => columns.includes(part))) {
    return `--${flag}: got ${quote(name)}, want a flag for each column: ${parts.map((part) => `--${flag} ${quote(part)}`).join(' ')}`;
  }
  if (near !== undefined) return `--${flag}: got ${quote(name)}, want ${quote(near)}: capital letters matter`;
  return `--${flag}: got ${quote(name)}, want a column of the table: ${shown.join(', ')}${columns.length > 20 ? ', ...' : ''}`;
}

interface Parts {
  readonly training: Table;
  readonly test?: Table;
}

/** The parts, without columns that are ignored. */
function split(
  table: Table,
  targets: readonly string[],
  test: number,
  { seed }: TableModelOptions,
  given: Given,
): Parts {
  const group = textOf(given, 'group');
  const left = [...new Set(listOf(given, 'ignore'))].filter((name) => name !== group);
  const inputs = table.columns.filter((name) => ![...left, ...targets, group].includes(name));
  if (inputs.length === 0) {
    throw new UsageError('--ignore, --group: got all columns but the target, want one that is an input');
  }
  if (inputs.every((name) => table.column(name).kind === 'ignored')) {
    const others = table.columns
      .filter((name) => !inputs.includes(name))
      .map((name) => quote(name))
      .join(', ');
    const way = `--kind ${quote(`${inputs[0]}=category`, 200)} keeps texts`;
    throw new Error(`the table: got no column with values besides ${others}, want an input: ${way}`);
  }
  const used = left.length > 0 ? table.without(left) : table;
  if (test === 0) return { training: used };
  const way = wayOf(table, targets, seed, given);
  const parts = used.split({ test, ...way });
  const isOfClasses = learnedFrom(table, targets, given) === 'classes';
  if (isOfClasses && ('group' in way || 'from' in way)) checkClasses(parts, targets[0], given);
  return parts;
}

/** The different values of a column. */
function valuesIn(column: Column): Set<unknown> {
  if (column.kind === 'ignored') return new Set();
  if (column.kind !== 'category') return new Set(column.values);
  return new Set(Array.from(new Set(column.codes), (code) => column.categories[code]));
}

/** Refuses test rows of a class that no training row has: groups and the last rows may have classes of their own. */
function checkClasses({ training, test }: Required<Parts>, target: string, given: Given): void {
  const known = valuesIn(training.column(target));
  const unknown = [...valuesIn(test.column(target))].find((value) => !known.has(value));
  if (unknown === undefined) return;
  const [flag, way] = given['from-end'] ? ['from-end', ''] : ['group', '; another --seed draws other groups'];
  const got = `${quote(String(unknown))} of ${quote(target)} in test rows alone`;
  throw new UsageError(`--${flag}: got ${got}, want each class among the training rows, too${way}`);
}

/**
 * The rows that decide when training ends. Like the test rows, they are whole groups with --group, and the last rows
 * with --from-end.
 */
function validationOf(
  given: TableModelOptions['validation'],
  training: Table,
  { group, 'from-end': fromEnd }: Given,
): TableModelOptions['validation'] {
  const size = given ?? TableModel.defaultShareOf(training.rows);
  if (typeof size !== 'number' || (group === undefined && !fromEnd)) return size;
  return {
    ...(size < 1 ? { share: size } : { count: size }),
    ...(fromEnd ? { from: 'end' } : { group: group as string }),
  };
}

/** How the rows for the test and for validation are drawn. */
function wayOf(table: Table, targets: readonly string[], seed: number | undefined, given: Given) {
  if (given['from-end']) return { from: 'end' } as const;
  const group = textOf(given, 'group');
  if (group !== undefined) return { seed, group };
  const isOfClasses = learnedFrom(table, targets, given) === 'classes';
  return { seed, ...(isOfClasses && ({ stratify: targets[0], singles: 'training' } as const)) };
}

/** What a model learns from these targets. */
function learnedFrom(table: Table, targets: readonly string[], given: Given): Task | 'dates' {
  const task = given.task as Task | undefined;
  // TableModel learns some columns of numbers as classes, such as 0 and 1
  const learned = TableModel.withTargets(table, { target: targets, task });
  const kinds = targets.map((name) => learned.column(name).kind);
  if (kinds.includes('date')) return 'dates';
  if (kinds.includes('number')) return 'numbers';
  return targets.length === 1 ? 'classes' : 'labels';
}

async function report(
  model: FittedTableModel,
  { training, test }: Parts,
  { rowsLeft, isInterrupted }: { readonly rowsLeft: number; readonly isInterrupted: boolean },
  given: Given,
  terminal: Terminal,
  messages: Messages,
): Promise<void> {
  const { history, network } = model;
  messages.line('');
  if (terminal.err.isTTY) for (const line of curveLines(history, terminal.err, terminal.env)) messages.line(line);
  const best = history.best ? `, best in epoch ${history.best.epoch + 1}` : '';
  const seconds = (history.elapsedMs / 1000).toFixed(2);
  messages.lines([`${network}: ${counted(history.length, 'epoch')}${best}, ${seconds} s of training.`]);
  for (const warning of history.warnings) messages.urgent(`Warning: ${warning}`);
  messages.line('');

  const paths = Object.fromEntries(
    ['save', 'plot', 'plot-confusion', 'plot-importance'].map((flag) => [flag, textOf(given, flag)]),
  );
  // the model is written first, so that it is not lost if something fails later
  if (paths.save !== undefined) saveFile(paths.save, await model.save());
  if (paths.plot !== undefined) saveText(paths.plot, learningCurve(fromOne(history), PICTURE));
  const measured = test ?? training;
  const evaluation = await model.evaluate(measured);
  const confusionPath = paths['plot-confusion'];
  if (confusionPath !== undefined && !saveConfusion(confusionPath, evaluation, messages)) {
    paths['plot-confusion'] = undefined;
  }
  const wantsImportance = given.importance === true || paths['plot-importance'] !== undefined;
  const columns = wantsImportance ? await model.importance(measured) : undefined;
  if (paths['plot-importance'] !== undefined && columns)
    saveText(paths['plot-importance'], importance(columns, PICTURE));

  const rows = test
    ? counted(test.rows, 'test row')
    : `the ${training.rows} training rows, because there are no test rows`;
  if (given.json) {
    const { length, elapsedMs, stopped, warnings } = history;
    const result = {
      task: model.task,
      targets: model.targets,
      inputs: model.columns,
      parameters: network.parameters,
      rows: { training: training.rows, test: test?.rows ?? 0, withoutTarget: rowsLeft },
      epochs: length,
      bestEpoch: history.best && history.best.epoch + 1,
      stopped: isInterrupted ? 'interrupted' : stopped,
      elapsedMs,
      warnings,
      [test ? 'test' : 'training']: plain(evaluation),
      importance: columns,
      saved: paths.save,
    };
    await write(terminal.out, `${JSON.stringify(result, null, 2)}\n`);
  } else {
    const width = columnsOf(terminal.out);
    const lines = [`Measured on ${rows}:`, ...evaluationLines(evaluation, width)];
    if (columns) lines.push('', ...importanceLines(columns, width));
    await write(terminal.out, `${lines.join('\n')}\n`);
  }
  const saved = Object.values(paths).filter((path) => path !== undefined);
  if (saved.length > 0) messages.line(`\nWritten: ${saved.map(printable).join(', ')}`);
  const form = formOf(given);
  if (paths.save !== undefined && form.length > 0) {
    messages.urgent(
      `The model does not keep how the file was written: predict and evaluate need ${form.join(' ')} too.`,
    );
  }
}

/** Reports whose epochs are counted from 1, as the command counts them everywhere. */
function fromOne(history: History): EpochSummary[] {
  return [...history].map((report) => ({ ...report, epoch: report.epoch + 1 }));
}

/** Ctrl-C ends training after the epoch; a second time, at once. */
class Interrupts {
  isAsked = false;
  readonly #controller = new AbortController();
  readonly #off: () => void;

  constructor(terminal: Terminal, messages: Messages) {
    this.#off = terminal.onInterrupt(() => {
      if (this.isAsked) {
        this.#controller.abort(new Interrupted('interrupted: nothing was saved'));
        return;
      }
      this.isAsked = true;
      messages.urgent(
        '\nInterrupted: training ends after this epoch, and its results are kept. Ctrl-C again ends it at once.',
      );
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    this.#off();
  }
}
