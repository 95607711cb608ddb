import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asFlags } from '../src/command/as-flags.js';
import { Table, TableModel } from '../src/tabular.js';
import { createNetwork } from './build.js';
import { simdprop } from './run-command.js';

// Messages of the library name its options. The command translates them into its flags, so that a user can follow them.

const PENGUINS = fileURLToPath(new URL('../bench/data/penguins.csv', import.meta.url));
const asMissing = (text: string) =>
  `--missing "${text}" (and one --missing for each of the 11 texts that are missing now, such as "NA")`;

let folder: string;
let model: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simdprop-messages-'));
  model = join(folder, 'penguins.simdprop');
  const args = ['train', PENGUINS, '--target', 'Species', '--epochs', '1', '--save', model];
  expect((await simdprop(args)).code).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** CSV with this header and `count` rows. */
const table = (header: string, count: number, row: (i: number) => string) =>
  [header, ...Array.from({ length: count }, (_, i) => row(i))].join('\n');
const numbers = table('x,y', 30, (i) => `${i},${i % 2}`);

type Case = readonly [what: string, flags: readonly string[], input: string, code: number, message: string];

const CASES: readonly Case[] = [
  [
    'a text far down in a column of numbers',
    [],
    `${table('x,y', 1100, (i) => `${i},${i % 2}`)}\noops,1`,
    1,
    `row 1102, column "x": got "oops", want a number; the column has had only numbers before; --kind "x=category" takes every text, ${asMissing('oops')} takes this one as missing, too`,
  ],
  [
    'a text in a column that is to have numbers',
    ['--kind', 'x=number'],
    table('x,y', 9, (i) => `t${i},${i % 2}`),
    1,
    `want a number; ${asMissing('t0')} if it stands for a missing value`,
  ],
  [
    'a decimal comma',
    ['--kind', 'x=number'],
    table('x,y', 9, (i) => `"${i},5",${i % 2}`),
    1,
    'want a number with ".": --decimal "," reads numbers such as 0,5; --missing',
  ],
  [
    'a date in another order',
    ['--kind', 'x=date'],
    table('x,y', 9, (i) => `0${i + 1}.02.2026,${i % 2}`),
    1,
    '; --date-order "dmy" reads others; --kind "x=category" takes every text, --missing',
  ],
  [
    'a text that is no yes or no',
    ['--kind', 'x=boolean'],
    table('x,y', 9, (i) => `maybe,${i % 2}`),
    1,
    'want true, false, yes, no, 1 or 0; --kind "x=category" takes every text, --missing',
  ],
  ['a name twice', [], 'x,x,y\n1,2,3\n', 1, 'got "x" as the name of more than one column, want names that differ\n'],
  ['two delimiters', [], 'x;y|z\n1;2|3\n', 1, 'want --delimiter, which says what divides them\n'],
  ['a row that is too long', [], 'x,y\n1,2,3\n', 1, ': the delimiter found is ",", --delimiter sets another\n'],
  ['a comment', ['--delimiter', ','], 'x,y\n# a,b,c\n1,2\n', 1, '2, as in row 1: --comment "#" leaves comments out\n'],
  ['a first row of numbers', [], '1,2\n3,4\n', 1, '--no-header if the first row is a sample, --header if it has the'],
  [
    'a quote that is never closed, in a large file',
    [],
    `x,y\n1,"${'a'.repeat(2 ** 22)}`,
    1,
    'characters, want at most 4194304: perhaps a quote is never closed\n',
  ],
  ['UTF-16 read as UTF-8', [], 'x\0,\0y\0\n', 1, '(of UTF-16: --encoding utf-16le)\n'],
  [
    'an unknown encoding',
    ['--encoding', 'nonsense'],
    numbers,
    2,
    '--encoding: got "nonsense", want the name of an encoding, such as "windows-1252"\n',
  ],
  ['two characters', ['--delimiter', 'xx'], numbers, 2, '--delimiter: got "xx", want one character that is no quote'],
  ['an unknown kind', ['--kind', 'z=number'], numbers, 2, '--kind: got "z", want one of "x", "y"\n'],
  [
    'a kind of no column',
    ['--kind', 'number'],
    numbers,
    2,
    '--kind: got "number", want COLUMN=KIND with one of number,',
  ],
  [
    'a target that is ignored',
    [],
    table('x,y', 30, (i) => `${i},a text of its own ${i}`),
    2,
    '--target: got "y", which is ignored (30 different texts, most of them once), want a column with values: --kind "y=category" keeps them\n',
  ],
  [
    'dates as target',
    ['--task', 'numbers'],
    table('x,y', 20, (i) => `${i},2026-01-${10 + i}`),
    2,
    '--task: got "numbers" for "y", a column of the kind date, want a column of numbers\n',
  ],
  [
    'texts that all differ as the only input',
    [],
    table('x,y', 30, (i) => `a text of its own ${i},${i % 2}`),
    1,
    'the table: got no column with values besides "y", want an input: --kind "x=category" keeps texts\n',
  ],
  [
    'a column without values that is to be one of numbers',
    ['--kind', 'z=number'],
    table('x,z,y', 30, (i) => `${i},,${i % 2}`),
    1,
    'column "z": got no values in the training data, want one or more: --ignore "z" leaves it out\n',
  ],
  ['a test without rows', ['--test', '0.01'], numbers, 2, 'of at least one: --test 0 measures on the training rows\n'],
  [
    'a validation without rows',
    ['--validation', '0.01'],
    numbers,
    2,
    '--validation: got 0.01 of 24 rows, want a part of at least one\n',
  ],
  [
    'classes that all differ',
    ['--task', 'classes'],
    table('x,y', 30, (i) => `${i % 7},${i}`),
    2,
    '--target: got "y", with 30 different values in 30 rows, want values that repeat: 6 rows or more must have the value of another row; --test 0 --validation 0 trains on all rows\n',
  ],
  [
    'classes that all differ, without a test',
    ['--task', 'classes', '--test', '0'],
    table('x,y', 30, (i) => `${i % 7},${i}`),
    2,
    '--target: got "y", with 30 different values in 30 rows, want values that repeat: 6 rows or more must have the value of another row; --validation 0 holds no rows back\n',
  ],
  [
    'a test of more rows than there are',
    ['--test', '30'],
    numbers,
    2,
    '--test: got 30, want a share above 0 and below 1, or a number of rows from 1 to 29\n',
  ],
  [
    'a validation of more rows than there are',
    ['--validation', '24'],
    numbers,
    2,
    '--validation: got 24, want a share',
  ],
  ['groups that are the target', ['--group', 'y'], numbers, 2, '--group: got the target "y", want another column\n'],
  [
    'a class of one group, which is drawn for the test',
    ['--group', 'g', '--seed', '1'],
    table('x,g,y', 100, (i) => `${i},g${i % 10},${i % 10 === 3 ? 'rare' : i % 2 ? 'a' : 'b'}`),
    2,
    '--group: got "rare" of "y" in test rows alone, want each class among the training rows, too; another --seed draws',
  ],
  [
    'a class of the last rows',
    ['--from-end'],
    table('x,y', 40, (i) => `${i},${i > 35 ? 'c' : i % 2 ? 'a' : 'b'}`),
    2,
    '--from-end: got "c" of "y" in test rows alone, want each class among the training rows, too\n',
  ],
  [
    'too few groups for a validation',
    ['--group', 'g', '--test', '0'],
    table('x,g,y', 30, (i) => `${i},g,${i % 2}`),
    2,
    '--group: got 1 group for 2 parts, want at least one group for each part: training and validation (--validation 0 holds no rows back)\n',
  ],
  [
    'too few groups for a test',
    ['--group', 'g'],
    table('x,g,y', 30, (i) => `${i},g,${i % 2}`),
    2,
    '--group: got 1 group for 2 parts, want at least one group for each part: training and test (--test 0 measures on',
  ],
  [
    'a picture that is no SVG',
    ['--plot', 'curve.png'],
    numbers,
    2,
    '--plot: got "curve.png", want a name that ends in .svg\n',
  ],
  [
    'a model in another format',
    ['--save', 'm.onnx'],
    numbers,
    2,
    '--save: got "m.onnx", want a name that ends in .simdprop: simdprop convert writes other formats\n',
  ],
  [
    'a learning rate of 0',
    ['--learning-rate', '0'],
    numbers,
    2,
    '--learning-rate: got "0", want a number from 1e-30 to',
  ],
  ...(
    [
      ['lr', 'learning-rate'],
      ['rate', 'learning-rate'],
      ['output', 'save'],
      ['label', 'target'],
      ['iterations', 'epochs'],
      ['layers', 'hidden'],
      ['batch', 'batch-size'],
      ['sep', 'delimiter'],
      ['test-size', 'test'],
      ['random-state', 'seed'],
      ['weight-decay', 'l2'],
      ['Target', 'target'],
    ] as const
  ).map(
    ([word, flag]): Case => [
      `--${word}`,
      [`--${word}`, '1'],
      numbers,
      2,
      `"--${word}" is no option of this command: did you mean --${flag}?\n`,
    ],
  ),
  [
    'columns to ignore at once',
    ['--ignore', 'x,z'],
    numbers,
    2,
    'want one of "x", "y": --ignore is given once for each column\n',
  ],
  ['--zzz', ['--zzz'], numbers, 2, '"--zzz" is no option of this command\n'],
  [
    'a row that belongs to no group',
    ['--group', 'g'],
    table('x,g,y', 30, (i) => `${i},${i > 3 ? `g${i % 3}` : ''},${i % 2}`),
    2,
    '--group: got "g", with 4 missing values, want none, as such a row may belong to any group: leave such rows out of the file\n',
  ],
  ['no hidden layer', ['--hidden', 'none', '--dropout', '0.1'], numbers, 2, 'a hidden layer, want none, or --hidden\n'],
  ['no validation', ['--validation', '0', '--patience', '3'], numbers, 2, '--patience: got one without validation'],
  ['too many epochs', ['--epochs', '1e10'], numbers, 2, 'got "1e10", want a whole number from 1 to 2147483647\n'],
  ['a seed below 0', ['--seed', '-1'], numbers, 2, 'one that begins with -, want --seed=NUMBER for such a value\n'],
  ['a flag without its value', ['--missing'], numbers, 2, '--missing: got no value, want --missing TEXT\n'],
  ['a value too many', ['--json=1'], numbers, 2, '--json: got a value, want none\n'],
  [
    'categories that make too many inputs',
    ['--kind', 'x=category'],
    table('x,y', 40_000, (i) => `t${i},${i % 2}`),
    1,
    'of 25600 categories, want at most 2 GiB: fewer columns: --ignore leaves one out\n',
  ],
  ['a letter', ['-x'], numbers, 2, '"-x" is no option of this command\n'],
];

describe('a message of train', () => {
  it.each(CASES)('about %s names flags, and the rest of the way out', async (_, flags, input, code, message) => {
    const result = await simdprop(['train', '-', '--target', 'y', '--quiet', ...flags], { input });
    expect(result.err).toContain(message);
    expect(result).toMatchObject({ code, out: '' });
    // the message names neither an option of the library, nor a function, nor a stack
    expect(result.err).not.toMatch(/\{ \w+:|options\.\w|names\[|Table\.|encoder|table option|\n {4}at /);
    expect(result.err.includes('--help lists the options')).toBe(code === 2);
  });
});

describe('a message of predict and evaluate', () => {
  it.each<[string, string[], number, string]>([
    [
      'a threshold for three classes',
      ['--threshold', '0.5'],
      2,
      '--threshold: got one for 3 classes, want two classes',
    ],
    [
      'another kind than that of the model',
      ['--kind', 'Sex=number'],
      2,
      '--kind: got "Sex=number", want "Sex=category", as the model has learned it',
    ],
    [
      'a kind of an unknown column',
      ['--kind', 'Nope=ignored'],
      2,
      '--kind: got "Nope", want one of "Species", "Island"',
    ],
  ])('about %s names the flag', async (_, flags, code, message) => {
    for (const name of ['predict', 'evaluate']) {
      const { err, ...result } = await simdprop([name, model, PENGUINS, ...flags]);
      expect(result).toEqual({ code, out: '' });
      expect(err).toContain(message);
    }
  });

  it('about a model of a program that refuses some values names no option of that program', async () => {
    const rows = Array.from({ length: 9 }, (_, i) => i);
    const data = Table.fromColumns({ x: rows, size: rows.map((i) => 'sml'[i % 3]), y: rows.map((i) => 'ab'[i % 2]) });
    const strict = { missing: 'refuse', encodings: { size: 'ordinal' } } as const;
    const refusing = await TableModel.fit(data, { target: 'y', epochs: 1, validation: false, ...strict });
    const path = join(folder, 'refusing.simdprop');
    writeFileSync(path, await refusing.save());
    const messageFor = async (input: string) => (await simdprop(['predict', path, '-'], { input })).err;
    expect(await messageFor('x,size\n,s\n')).toBe(
      'simdprop: missing values: got 1 in "x", want none: leave such rows out of the file\n',
    );
    expect(await messageFor('x,size\n1,xl\n')).toBe(
      'simdprop: standard input: row 2, column "size": got a category that the training rows do not have, want one of theirs\n',
    );
  });

  it('about a network that is no model, or of another format, names a command', async () => {
    const messageFor = async (bytes: Uint8Array) => {
      const path = join(folder, 'network.simdprop');
      writeFileSync(path, bytes);
      return (await simdprop(['predict', path, PENGUINS])).err;
    };
    const net = await createNetwork({ inputs: 1, layers: [{ units: 1 }] });
    expect(await messageFor(await net.save())).toMatch(
      /without an encoder, want a model: simdprop info shows this file\n$/,
    );
    expect(await messageFor(new TextEncoder().encode('{"layers":[]}'))).toMatch(
      /got JSON, want a file that simdprop has saved: simdprop convert reads it\n$/,
    );
  });

  it('names the file in whose place there is a folder', async () => {
    for (const [what, args] of [
      ['network', ['info', folder]],
      ['model', ['predict', folder, PENGUINS]],
    ] as const) {
      const { code, err } = await simdprop(args);
      const message = `simdprop: ${JSON.stringify(folder)}: got a folder, want the file of a ${what}\n`;
      expect([code, err]).toEqual([1, message]);
    }
    const { err } = await simdprop(['predict', '-', PENGUINS]);
    expect(err).toContain('the model: got -, want the path of a file');
  });
});

it('names with quotes and control characters stay in quotes', () => {
  const named = (name: string) => `row 2: want a number; the table option { kinds: { ${name}: "category" } } takes it`;
  expect(asFlags(named('"a \\"b\\" } }: \\u202e"'))).toBe(
    'row 2: want a number; --kind "a \\"b\\" } }: \\u202e=category" takes it',
  );
  expect(asFlags('the table option { missing: ["a]", "\\" } b"] } takes')).toBe(
    '--missing "a]" --missing "\\" } b" takes',
  );
});

describe('files to write', () => {
  it('are neither those to read nor each other, so that nothing is lost', async () => {
    const data = join(folder, 'own.csv');
    const link = join(folder, 'link.csv');
    const rows = table('x,y', 30, (i) => `${i},${i % 2 ? 'b' : 'a'}`);
    writeFileSync(data, rows);
    symlinkSync(data, link);
    const before = readFileSync(model);
    for (const flag of ['save', 'plot', 'plot-confusion', 'plot-importance']) {
      const { code, err } = await simdprop([
        'train',
        data,
        '--target',
        'y',
        `--${flag}`,
        flag === 'plot' ? link : data,
      ]);
      expect(err).toContain(`--${flag}: got `);
      expect(err).toContain('which is read too, want the path of another file');
      expect(code).toBe(2);
    }
    for (const flag of ['plot-confusion', 'plot-importance']) {
      const { code, err } = await simdprop(['evaluate', model, PENGUINS, `--${flag}`, model]);
      expect(err).toContain('which is read too, want the path of another file');
      expect(code).toBe(2);
    }
    const both = join(folder, 'both.svg');
    const { code, err } = await simdprop([
      'train',
      data,
      '--target',
      'y',
      '--plot',
      both,
      '--plot-confusion',
      `${folder}/./both.svg`,
    ]);
    expect(err).toContain('which --plot writes, want another file');
    expect(code).toBe(2);
    expect(existsSync(both)).toBe(false);
    expect(readFileSync(data, 'utf8')).toBe(rows);
    expect(readFileSync(model)).toEqual(before);
  });
});

describe('how a file was written', () => {
  const rows = table('a;y', 40, (i) => `${i % 5 ? `${i},5` : '-999'};${2 * i},25`);
  const form = ['--missing=-999', '--missing=?', '--decimal', ','];
  const train = ['train', '-', '--target', 'y', '--epochs', '1', '--quiet'];

  it('is no part of a model but for texts of missing values, and train says which flags predict needs', async () => {
    const path = join(folder, 'form.simdprop');
    const { code, err } = await simdprop([...train, ...form, '--save', path], { input: rows });
    expect(code).toBe(0);
    expect(err).toContain('predict and evaluate need --decimal="," too.');
    const { err: unsaved } = await simdprop([...train, ...form], { input: rows });
    expect(unsaved).not.toContain('predict and evaluate need');
    const kinds = await simdprop([...train, '--kind', 'y=category', '--save', path], { input: numbers });
    expect(kinds.err).not.toContain('predict and evaluate need');
  });

  it('need not be said again for texts of missing values', async () => {
    const path = join(folder, 'missing.simdprop');
    const input = table('a,y', 40, (i) => `${i % 5 ? i : -999},${2 * i}`);
    const { code, err } = await simdprop([...train, '--missing=-999', '--save', path], { input });
    expect([code, err]).not.toContain('predict and evaluate need');
    const predicted = async (cell: string, ...flags: string[]) =>
      (await simdprop(['predict', path, '-', '--only', ...flags], { input: `a,b\n1,x\n${cell},x\n` })).out.split(
        '\n',
      )[2];
    expect(await predicted('-999')).toBe(await predicted('', '--missing='));
    expect(await predicted('-999', '--missing=none')).not.toBe(await predicted('-999'));
    const same = await simdprop(['evaluate', path, '-', '--json'], { input });
    const flagged = await simdprop(['evaluate', path, '-', '--json', '--missing=-999'], { input });
    expect(same.out).toBe(flagged.out);
  });
});

it('a number that is too large is named with the row of the file, in every command', async () => {
  const path = join(folder, 'numbers.simdprop');
  const train = ['train', '-', '--target', 'y', '--epochs', '1', '--quiet', '--save', path];
  expect((await simdprop(train, { input: numbers })).code).toBe(0);
  // behind the first 10,000 rows too, which are predicted together
  for (const before of [1, 12_345]) {
    const input = `${table('x,y', before, (i) => `${i},${i}`)}\n\n1e300,1\n`;
    for (const command of ['predict', 'evaluate']) {
      const { code, err } = await simdprop([command, path, '-'], { input });
      expect(err).toContain(
        `standard input: row ${before + 3}, column "x": got 1e+300, want a number that is finite in 32 bits`,
      );
      expect(code).toBe(1);
    }
  }
  // a row without a target is left out
  const input = 'x,y\n1,1\n2,\n1e300,3\n';
  const { err } = await simdprop(['evaluate', path, '-'], { input });
  expect(err).toContain('standard input: row 4, column "x": got 1e+300');
  // among the last rows, which are those of the test
  const last = `${table('x,y', 40, (i) => `${i},${i}`)}\n1e300,40\n`;
  const trained = await simdprop([...train.slice(0, -2), '--from-end'], { input: last });
  expect(trained.err).toContain('standard input: row 42, column "x": got 1e+300');
});
