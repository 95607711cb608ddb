import { describe, expect, test } from 'vitest';
import type { Contestant } from '../bench/contestants.js';
import { deviationOf, operationsOf } from '../bench/growth.js';
import { type Entry, judge, type Target, tabulate } from '../bench/peers.js';
import { bytesOf, markProduct, type ProductRow, operationsOf as productOperationsOf } from '../bench/products.js';
import { lastError, parseAnswer, Rival } from '../bench/rival.js';
import { roofAt } from '../bench/roofline.js';
import { checkSame, toleranceOf } from '../bench/same-work.js';

// What the benchmarks compare, accept and leave out. A mistake there would not show in their output.

const command = process.execPath;
const contestant = (name: string, kind: Contestant['kind'], threads = 1): Contestant => ({
  name,
  kind,
  threads,
  command,
  args: [],
});

describe('a rival', () => {
  test('answers with milliseconds and a value, and every other answer is an error', () => {
    expect(parseAnswer('x', '1.5 -2')).toEqual({ elapsedMs: 1.5, value: -2 });
    for (const line of ['', '1.5', 'one 2', '-1 2', '1 nan']) {
      expect(() => parseAnswer('x', line)).toThrow(`x: got '${line}', want 'MILLISECONDS VALUE'`);
    }
  });

  test('runs orders once it is ready, whatever it prints before', async () => {
    const script = `console.log('hello'); console.log('ready 7');
      process.stdin.on('data', (line) => console.log(line.toString().startsWith('train 20 3') ? '5 0.25' : '0 0'))`;
    const rival = await Rival.start({ name: 'echo', command, args: ['-e', script] });
    if (!(rival instanceof Rival)) throw new Error(rival);
    expect(rival.version).toBe('7');
    expect(await rival.run({ kind: 'train', samples: 20, argument: 3 })).toEqual({ elapsedMs: 5, value: 0.25 });
    rival.stop();
  });

  test('says why it does not take part', async () => {
    const start = (script: string) => Rival.start({ name: 'x', command, args: ['-e', script] });
    expect(await start("console.log('unavailable no such mode')")).toBe('no such mode');
    expect(await start("throw new TypeError('broken')")).toBe('TypeError: broken');
    expect(await Rival.start({ name: 'x', command: 'simdprop-no-such-program', args: [] })).toContain('ENOENT');
  });

  test('finds the error in everything that it wrote', () => {
    expect(lastError('Traceback\n  File "x"\nModuleNotFoundError: No module\n')).toBe('ModuleNotFoundError: No module');
    expect(lastError('a\nlast line\n')).toBe('last line');
  });
});

describe('peers', () => {
  test('costs may differ by the roundings of the largest sum, in every step', () => {
    const job = { inputs: 4, layers: [{ units: 16, activation: 'relu' }] };
    const tolerance = toleranceOf(job, 2);
    expect(tolerance).toBe(32 * 2 ** -24);
    checkSame('train', 'x', 1 + 31 * 2 ** -24, 1, tolerance);
    expect(() => checkSame('train', 'x', 1 + 33 * 2 ** -24, 1, tolerance)).toThrow(
      /train: got 1.0000019.* of x, want 1/,
    );
    expect(() => checkSame('train', 'x', Number.NaN, 1, tolerance)).toThrow('got NaN of x');
  });

  test('a target is judged by the fastest of its group, round by round', () => {
    const runs = new Map([
      [contestant('simdprop', 'simdprop'), [1, 2, 4]],
      [contestant('slow', 'native'), [9, 9, 9]],
      [contestant('fast', 'native'), [3, 4, 4]],
      [contestant('faster on two', 'native', 2), [2, 2, 2]],
    ]);
    const target = (rivals: Target['rivals'], wanted: number): Target => ({ ours: ['simdprop'], rivals, wanted });
    const [one, any] = judge('train', [target('native, 1 thread', 2), target('native', 2), target('js', 1)], runs);
    expect(one).toMatchObject({ rival: 'fast', ratio: 2, met: true });
    expect(any).toMatchObject({ rival: 'faster on two', ratio: 1, met: false });
    expect(judge('train', [{ ours: ['simdprop, wide'], rivals: 'native', wanted: 1 }], runs)).toEqual([]);
    const [best] = judge('train', [{ ours: ['slow', 'fast', 'gone'], rivals: 'simdprop', wanted: 0.5 }], runs);
    expect(best).toMatchObject({ ours: 'fast', rival: 'simdprop', ratio: 0.5, met: true });
  });

  test('a rival that is missing is in the table with its reason', () => {
    const entry: Entry = {
      contest: 'train',
      contestant: 'X',
      kind: 'js',
      threads: 1,
      version: '',
      note: 'not measured: gone',
    };
    const verdict = {
      contest: 'train',
      ours: 'simdprop',
      rivals: 'js' as const,
      rival: 'Y',
      wanted: 2,
      ratio: 1.5,
      met: false,
    };
    const table = tabulate('train', [entry], [verdict]);
    expect(table).toContain('X: not measured: gone');
    expect(table).toContain('MISSED: simdprop is 1.50x as fast as the best of js (Y), wanted 2.00x');
  });
});

describe('products and growth', () => {
  const row: ProductRow = {
    product: 'forward 128x128x128',
    operations: 2e6,
    intensity: 20,
    ridge: 3,
    isSquare: true,
    gigaflops: { simdprop: 20, Penryn: 20 },
    shares: { simdprop: 0.9 },
    ratios: { Penryn: 1, Haswell: 0.5 },
  };

  test('marks squares behind OpenBLAS, and large shapes far behind the best square', () => {
    expect(markProduct(row, 40)).toBe('MISSED 1.15x Penryn, 50 % OF THE BEST SQUARE');
    expect(markProduct({ ...row, ratios: { Penryn: 1.2 } }, 30)).toBe('');
    expect(markProduct({ ...row, isSquare: false, operations: 1e6 }, 40)).toBe('');
    expect(markProduct({ ...row, ratios: {} }, 30)).toBe('');
    const larger = { ...row, product: 'forward 256x256x256' };
    expect(markProduct(larger, 30)).toBe('MISSED 1.15x Penryn, MISSED 0.85x Haswell');
    expect(markProduct({ ...larger, ratios: { Penryn: 1.2, Haswell: 0.9 } }, 30)).toBe('');
  });

  test('marks large products that wide mode computes at less than 92 % of its roof', () => {
    const layer = { ...row, product: 'error 128x784x512', isSquare: false, gigaflops: { simdprop: 30 } };
    const shared = (share: number) => ({ ...layer, shares: { simdprop: 0.5, 'simdprop, wide': share } });
    expect(markProduct(shared(0.86), 30)).toBe('WIDE AT 86 % OF ITS ROOF');
    expect(markProduct(shared(0.93), 30)).toBe('');
    expect(markProduct({ ...shared(0.5), product: 'error 128x784x10' }, 30)).toBe('');
    expect(markProduct(layer, 30)).toBe('');
  });

  test('a mark also says if memory is the reason', () => {
    const few = { ...row, isSquare: false, gigaflops: { simdprop: 22.8 }, intensity: 3.87, ridge: 5 };
    expect(markProduct(few, 40)).toBe('57 % OF THE BEST SQUARE, bound by memory: 3.9 operations per byte');
    expect(markProduct({ ...few, ridge: 3 }, 40)).toBe('57 % OF THE BEST SQUARE');
    expect(markProduct({ ...few, gigaflops: { simdprop: 30 } }, 40)).toBe('');
    const shape = { rows: 10, fanIn: 784, units: 128 };
    expect(productOperationsOf(shape)).toBe(2 * 10 * 784 * 128);
    expect(bytesOf(shape)).toBe(4 * (10 * 784 + 784 * 128 + 10 * 128));
  });

  test('a share is of the lower of the two roofs', () => {
    expect(roofAt(1, 50, 20)).toBe(20);
    expect(roofAt(4, 50, 20)).toBe(50);
  });

  test('a step counts three products for each layer, but two for the first', () => {
    expect(operationsOf({ width: 10, depth: 1, batch: 3 })).toBe(2 * 2 * 3 * 100);
    expect(operationsOf({ width: 10, depth: 4, batch: 3 })).toBe(2 * 11 * 3 * 100);
  });

  test('only large steps count for the deviation', () => {
    const step = (operations: number, gigaflops: number) => ({
      axis: 'width',
      size: 1,
      stepMs: 1,
      operations,
      gigaflops,
    });
    expect(deviationOf([step(1e5, 1), step(1e6, 10), step(1e7, 30)])).toBe(3);
    expect(deviationOf([step(1e5, 1)])).toBe(1);
    expect(deviationOf([step(500, 0.1), step(1e3, 1), step(1e6, 10)], 1e3)).toBe(10);
  });
});
