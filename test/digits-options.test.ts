import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { helpText, parseOptions, trainingCount } from '../examples/digits/options.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const digits = (...args: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'examples/digits/main.ts', ...args], { cwd: root, encoding: 'utf8' });

describe('the options of the digits example', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      help: false,
      hidden: [30],
      activation: 'sigmoid',
      cost: 'quadratic',
      l2: 0,
      learningRate: 3,
      batch: 10,
      epochs: 30,
      seed: 1,
      train: undefined,
      output: 'digits.simdprop',
      data: undefined,
    });
  });

  it('can all be set', () => {
    const args = [
      ['--hidden', '100,50'],
      ['--activation=relu'],
      ['--cost', 'categoricalCrossEntropy'],
      ['--l2', '5e-1'],
      ['--learning-rate', '.25'],
      ['--batch', '32'],
      ['--epochs', '2'],
      ['--seed', '9007199254740991'],
      ['--train', '1000'],
      ['--output=--odd.simdprop'],
      ['--data', 'somewhere'],
    ].flat();
    expect(parseOptions(args)).toEqual({
      help: false,
      hidden: [100, 50],
      activation: 'relu',
      cost: 'categoricalCrossEntropy',
      l2: 0.5,
      learningRate: 0.25,
      batch: 32,
      epochs: 2,
      seed: Number.MAX_SAFE_INTEGER,
      train: 1000,
      output: '--odd.simdprop',
      data: 'somewhere',
    });
    expect(parseOptions(['--no-save']).output).toBeUndefined();
    expect(parseOptions(['-h']).help).toBe(true);
  });

  it.each(['binaryCrossEntropy', 'categoricalCrossEntropy'])('start %s with a smaller learning rate', (cost) => {
    expect(parseOptions(['--cost', cost]).learningRate).toBe(0.5);
    expect(parseOptions(['--cost', cost, '--learning-rate', '3']).learningRate).toBe(3);
  });

  it.each([
    ['--hidden 0', '--hidden: got "0", want an integer from 1 to 65536'],
    ['--hidden 65537', '--hidden: got "65537", want an integer from 1 to 65536'],
    ['--hidden 30,', '--hidden: got "", want an integer from 1 to 65536'],
    ['--hidden 30,x', '--hidden: got "x", want an integer from 1 to 65536'],
    ['--activation softmax', '--activation: got "softmax", want one of sigmoid, tanh, relu, linear'],
    ['--cost Quadratic', 'got "Quadratic", want one of quadratic, binaryCrossEntropy, categoricalCrossEntropy'],
    ['--cost toString', '--cost: got "toString", want one of'],
    ['--l2 -1', '--l2: got "-1", want 0 or a positive 32-bit float'],
    ['--l2 NaN', '--l2: got "NaN", want 0 or a positive 32-bit float'],
    ['--learning-rate 0', '--learning-rate: got "0", want a positive 32-bit float'],
    ['--learning-rate 1e999', '--learning-rate: got "1e999", want a positive 32-bit float'],
    ['--learning-rate 1e300', '--learning-rate: got "1e300", want a positive 32-bit float'],
    ['--learning-rate 1e-50', '--learning-rate: got "1e-50", want a positive 32-bit float'],
    ['--learning-rate 3x', '--learning-rate: got "3x", want a positive 32-bit float'],
    ['--learning-rate 0x10', '--learning-rate: got "0x10", want a positive 32-bit float'],
    ['--batch 0', '--batch: got "0", want an integer from 1 up'],
    ['--batch 1.5', '--batch: got "1.5", want an integer from 1 up'],
    ['--epochs 1e3', '--epochs: got "1e3", want an integer from 1 up'],
    ['--epochs', '--epochs: got nothing, want N'],
    ['--epochs --no-save', '--epochs: got nothing, want N'],
    ['--seed -1', '--seed: got "-1", want an integer from 0 to 9007199254740991'],
    ['--seed 9007199254740992', '--seed: got "9007199254740992", want an integer from 0 to 9007199254740991'],
    ['--train 0', '--train: got "0", want an integer from 1 up'],
    ['--output=', '--output: got nothing, want FILE'],
    ['--data', '--data: got nothing, want DIR'],
    ['--no-save=yes', '--no-save: got "yes", want no value'],
    ['--epoch 3', 'options: got --epoch, want one of --hidden, --activation, --cost, --l2, --learning-rate, --batch'],
    ['--toString 3', 'options: got --toString, want one of'],
    ['-x', 'options: got -x, want one of'],
    ['--batch 5 30', 'argument 3: got "30", want only options (see --help)'],
  ])('refuse %s', (line, message) => {
    expect(() => parseOptions(line.split(' '))).toThrow(message);
  });

  it('are checked against the data', () => {
    expect(trainingCount(parseOptions([]), 500)).toBe(500);
    expect(trainingCount(parseOptions(['--train', '20']), 500)).toBe(20);
    expect(() => trainingCount(parseOptions(['--train', '501']), 500)).toThrow('--train: got 501, want at most 500');
    expect(() => trainingCount(parseOptions(['--train', '9']), 500)).toThrow('--batch: got 10, want at most 9');
  });

  it('are explained within 80 columns', () => {
    const lines = helpText().split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    for (const name of Object.keys(parseOptions([])).filter((key) => key !== 'learningRate')) {
      expect(helpText()).toContain(`--${name} `);
    }
    expect(helpText()).toContain('--learning-rate ');
  });
});

describe('the digits command', { timeout: 60_000 }, () => {
  it('prints its help on stdout and succeeds', () => {
    const { status, stdout, stderr } = digits('--help');
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `${helpText()}\n`, stderr: '' });
  });

  it.each<[string[], number, RegExp]>([
    [['--epochs', 'many'], 2, /^digits: --epochs: got "many", want an integer from 1 up\n$/],
    [
      ['--output', 'no/such/folder/net'],
      2,
      /^digits: --output: got no\/such\/folder\/net, want a file in a folder .*\n$/,
    ],
    [['--output', 'examples'], 2, /^digits: --output: got examples, a folder, want a file\n$/],
    [['--output', '/dev/null'], 2, /^digits: --output: got \/dev\/null, no file, want a file\n$/],
    [['--no-save', '--train', '60001'], 2, /^digits: --train: got 60001, want at most 60000, .*\n$/],
    [['--no-save', '--hidden', '65536,65536'], 2, /^digits: [^\n]+\n$/],
  ])('reports what is wrong with %j in one line on stderr', (args, exitCode, message) => {
    const { status, stdout, stderr } = digits(...args);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: exitCode, stdout: '' });
  });

  it('reports a read-only file before the training, not after it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simdprop-output-'));
    const path = join(directory, 'net');
    writeFileSync(path, 'old', { mode: 0o444 });
    const { status, stdout, stderr } = digits('--output', path);
    rmSync(directory, { recursive: true });
    const message = `digits: --output: got ${path}, a read-only file, want one that may be written\n`;
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: message });
  });

  it('names a missing file, with another exit code', () => {
    const directory = mkdtempSync(join(tmpdir(), 'simdprop-data-'));
    const { status, stdout, stderr } = digits('--no-save', '--data', directory);
    rmSync(directory, { recursive: true });
    const path = join(directory, 'train-images-idx3-ubyte');
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr: `digits: ${path}: no such file, want an IDX file\n`,
    });
  });
});
