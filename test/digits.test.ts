import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packagedData, readDigits } from '../examples/digits/idx.js';
import { saveOutput } from '../examples/digits/save.js';
import { Network } from '../src/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'simdprop-digits-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function digits(...args: string[]): { child: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/digits/main.ts', ...args], { cwd: root });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return { child, finished };
}

interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

it('learns from 2,000 images, prints the accuracy, and saves the network that has it', async () => {
  const output = join(directory, 'net');
  const args = ['--train', '2000', '--epochs', '2', '--hidden', '10', '--output', output];
  const { exitCode, stdout, stderr } = await digits(...args).finished;
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });

  const lines = stdout.split('\n');
  // The output is not a terminal, so there is a line for each epoch, without escape sequences.
  expect(lines.filter((line) => /^epoch [12]\/2 {2}cost 0\.\d{4} {2}test \d\d\.\d\d % /.test(line))).toHaveLength(2);
  expect(stdout).not.toContain('\x1b');
  expect(stdout).not.toContain('\r');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);

  const correct = Number(/^Test accuracy \d\d\.\d\d % \(([\d,]+) of 10,000\)$/m.exec(stdout)![1].replace(',', ''));
  expect(correct).toBeGreaterThan(6000);

  const matrix = lines
    .filter((line) => /^\d \|/.test(line))
    .map((line) => line.slice(3).trim().split(/ +/).map(Number));
  expect(matrix.map((row) => row.length)).toEqual(Array(10).fill(10));
  const test = readDigits(packagedData(), 't10k');
  const counts = Array.from({ length: 10 }, (_, digit) => test.labels.filter((label) => label === digit).length);
  expect(matrix.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual(counts);
  expect(matrix.reduce((sum, row, digit) => sum + row[digit], 0)).toBe(correct);

  const [, digit, taken, times] = /^Most frequent confusions:\n {2}(\d) taken for (\d): (\d+) times$/m.exec(stdout)!;
  const mistakes = matrix.flatMap((row, actual) => row.filter((_, predicted) => predicted !== actual));
  expect(Number(times)).toBe(Math.max(...mistakes));
  expect(matrix[Number(digit)][Number(taken)]).toBe(Number(times));

  const [, index] = /test image (\d+): /.exec(stdout)!;
  expect(test.labels[Number(index)]).toBe(Number(digit));

  const network = await Network.load(readFileSync(output));
  const evaluation = await network.evaluate({ inputs: test.images, targets: test.labels });
  expect(evaluation.correct).toBe(correct);
  expect(evaluation.confusion!.map((row) => [...row])).toEqual(matrix);
  expect(readdirSync(directory)).toEqual(['net']);
});

it('gives the same network for the same seed, and another one for another seed', async () => {
  const paths = await Promise.all(
    ['7', '7', '8'].map(async (seed, run) => {
      const path = join(directory, String(run));
      const args = ['--train', '100', '--epochs', '1', '--hidden', '5', '--seed', seed, '--output', path];
      expect((await digits(...args).finished).exitCode).toBe(0);
      return path;
    }),
  );
  const [first, second, other] = paths.map((path) => readFileSync(path));
  expect(first.equals(second)).toBe(true);
  expect(first.equals(other)).toBe(false);
});

it('stops when the cost is no longer finite, and saves nothing', async () => {
  const output = join(directory, 'net');
  // η λ / n = 0.5 · 1e30 / 20: the first step alone multiplies the weights by -2.5e28, the second overflows float32.
  const args = ['--train', '20', '--l2', '1e30', '--cost', 'categoricalCrossEntropy', '--output', output];
  const { exitCode, stderr } = await digits(...args).finished;
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(
      /^digits: training: epoch 0, step 1: got numbers in layers\[\d\] that are not finite, want [^\n]+ --l2 [^\n]+\n$/,
    ),
  });
  expect(readdirSync(directory)).toEqual([]);
});

it('replaces an old file, and leaves no file behind if it cannot save', () => {
  const path = join(directory, 'net');
  saveOutput(path, Uint8Array.of(1, 2, 3));
  saveOutput(path, Uint8Array.of(4));
  expect([...readFileSync(path)]).toEqual([4]);
  const folder = join(directory, 'folder');
  mkdirSync(folder);
  expect(() => saveOutput(folder, Uint8Array.of(5))).toThrow(`${folder}: not saved: `);
  expect(readdirSync(directory).sort()).toEqual(['folder', 'net']);
});

// Windows has no signals to send.
it.skipIf(process.platform === 'win32')(
  'stops at Ctrl-C with a message and exit code 130, and saves nothing',
  async () => {
    const output = join(directory, 'net');
    const { child, finished } = digits('--epochs', '100000', '--train', '1000', '--output', output);
    let interrupted = false;
    child.stdout!.on('data', (text: string) => {
      if (!interrupted && text.includes('epoch ')) {
        interrupted = child.kill('SIGINT');
      }
    });
    const { exitCode, stderr } = await finished;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'digits: stopped by Ctrl-C: nothing was saved\n' });
    expect(readdirSync(directory)).toEqual([]);
  },
);
