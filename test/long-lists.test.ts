import { describe, expect, it } from 'vitest';
import { Network } from '../src/index.js';
import { Encoder, Table, TableModel } from '../src/tabular.js';
import { type Anything, messageOf } from './first-calls.js';

// Lists that are far too long, or only claim a length, are refused before they are read or copied.

const LONG = 2 ** 32 - 1;
const records = Array.from({ length: 12 }, (_, i) => ({ size: i, kind: 'abc'[i % 3] }));
const table = Table.fromRecords(records);
const encoder = Encoder.fit(table, { target: 'kind' });
const initial = (initializer: object) =>
  Network.create({ inputs: 2, layers: [{ units: 3, initializer: initializer as Anything }] });
const network = () => Network.create({ inputs: 2, layers: [{ units: 3, activation: 'prelu' }] });
const data = { inputs: [[1, 2]], targets: [[1, 2, 3]] };

/** A list of this length whose first items are right. */
function listOf(item: unknown): Anything {
  const list = new Array(LONG);
  for (let i = 0; i < 9; i++) list[i] = item;
  return list;
}

describe('a list of 4,294,967,295 items is refused at once', () => {
  it.each<[string, unknown, (list: Anything) => unknown, string]>([
    ['initial weights', 1, (weights) => initial({ weights }), 'initializer.weights: got 4294967295 numbers, want 6'],
    ['rows of them', [1, 2], (weights) => initial({ weights }), 'initializer.weights: got 8589934590 numbers, want 6'],
    [
      'biases',
      1,
      (biases) => initial({ weights: [1, 2, 3, 4, 5, 6], biases }),
      'biases: got 4294967295 numbers, want 3',
    ],
    ['setWeights', 1, async (l) => (await network()).layers[0].setWeights(l), 'got 4294967295 numbers, want 6'],
    ['setWeights of a unit', 1, async (l) => (await network()).layers[0].setWeights(l, 1), 'numbers, want 2'],
    ['setBiases', 1, async (l) => (await network()).layers[0].setBiases(l), 'got 4294967295 numbers, want 3'],
    ['setSlopes', 1, async (l) => (await network()).layers[0].setSlopes(l), 'got 4294967295 numbers, want 3'],
    [
      'means',
      1,
      async (means) => (await network()).setStandardization({ means, deviations: [1, 1] }),
      'setStandardization.means: got 4294967295 numbers, want 2',
    ],
    [
      'sample weights',
      1,
      async (weights) => (await network()).fit({ ...data, weights }),
      'data.weights: got 4294967295 numbers, want 1',
    ],
    [
      'rows of targets',
      [1, 2, 3],
      async (targets) => (await network()).fit({ ...data, targets }),
      'data.targets: got 12884901885 numbers, want 3, 3 for each of 1 sample of 2 inputs',
    ],
    [
      'targets',
      1,
      async (targets) => (await network()).fit({ ...data, targets }),
      'data.targets: got 4294967295 numbers, want 3, 3 for each of 1 sample of 2 inputs',
    ],
    [
      'names of classes',
      'a',
      async (targets) => (await network()).fit({ ...data, targets, classes: ['a', 'b', 'c'] }),
      'data.targets: got 12884901885 numbers, want 3, 3 for each of 1 sample of 2 inputs',
    ],
    [
      'targets of a batch',
      1,
      async (targets) => (await network()).trainBatch(data.inputs, targets),
      'y: got 4294967295 numbers, want 3, 3 for each of 1 sample of 2 inputs',
    ],
    [
      'weights of a batch',
      1,
      async (weights) => (await network()).trainBatch(data.inputs, data.targets, weights),
      'weights: got 4294967295 numbers, want 1',
    ],
    ['rows of a table', 1, (rows) => table.pick(rows), 'rows[9]: got undefined, want an integer from 0 to 11'],
    ['missing', 'x', (missing) => Table.fromRecords(records, { missing }), 'options.missing: got an array of 429'],
    [
      'order',
      'x',
      (order) => Encoder.fit(table, { encodings: { kind: { as: 'ordinal', order } } }),
      '.order: got an array of 429',
    ],
    ['targets of an encoder', 'a', (target) => Encoder.fit(table, { target }), 'options.target: got an array of 429'],
    ['outputs', 0.5, (outputs) => encoder.decode(outputs, LONG / 3), 'outputs[9]: got undefined, want a number'],
    [
      'weights of a model',
      1,
      (weights) => TableModel.fit(records, { target: 'kind', weights }),
      'options.weights: got 4294967295 numbers, want 12',
    ],
  ])('%s', async (_, item, call, message) => {
    expect(await messageOf(() => call(listOf(item)))).toContain(message);
  });

  it.each<[string, (list: Anything) => unknown, string]>([
    [
      'rows of a table',
      (rows) => table.pick(rows),
      'rows: got an object (Object), want an array of the numbers of rows',
    ],
    [
      'outputs',
      (outputs) => encoder.decode(outputs, 2 ** 31),
      'outputs: got an object (Object), want an array of numbers',
    ],
  ])('an object that only has a length is no list: %s', async (_, call, message) => {
    expect(await messageOf(() => call({ length: 2 ** 31 }))).toContain(message);
  });
});

it('outputs that are not numbers have no answer', () => {
  expect(() => encoder.decode([0, Number.NaN, 1], 1)).toThrow('outputs[1]: got NaN, want a number');
});
