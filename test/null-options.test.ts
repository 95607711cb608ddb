import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { confusionMatrix, learningCurve } from '../src/charts.js';
import { crossValidate } from '../src/cross-validation.js';
import * as simdprop from '../src/index.js';
import { Network } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { loadPredictor } from '../src/predict.js';
import { readPyTorch } from '../src/pytorch.js';
import { writeSafetensors } from '../src/safetensors.js';
import { search } from '../src/search.js';
import { splitData } from '../src/split.js';
import { Encoder, splitWindows, Table, TableModel, windows } from '../src/tabular.js';
import { type Anything, create, layers, messageOf } from './first-calls.js';

// null is no option: it does not mean the default, as undefined does, but is refused with what is wanted. The keys of
// each options object are those that its own error for an unknown key names, so that none is missing here.

const rows = Array.from({ length: 40 }, (_, i) => [i % 7, (i * i) % 5]);
const data = { inputs: rows, targets: rows.map(([a, b]) => Number(a > b)) };
const records = rows.map(([a, b], i) => ({
  a,
  b,
  big: a > b,
  day: new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10),
}));
const table = Table.fromRecords(records);
const network = async () => await create({ layers: [{ units: 1, activation: 'sigmoid' }], task: 'classes' });
const stateDict = readFileSync(new URL('exchange/fixtures/pytorch-state.pt', import.meta.url));
const saved = async () => await (await network()).save();
const inspected = async () => {
  const net = await network();
  net.forward(rows);
  net.backward(data.targets.map((y) => [y]));
  return await net.inspect();
};

type Call = (options: Anything) => unknown;

const { lbfgs, ...stepwise } = {
  sgd: simdprop.sgd, momentum: simdprop.momentum, nesterov: simdprop.nesterov, adagrad: simdprop.adagrad,
  adadelta: simdprop.adadelta, rmsprop: simdprop.rmsprop, adam: simdprop.adam, adamw: simdprop.adamw,
  nadam: simdprop.nadam, lion: simdprop.lion, irprop: simdprop.irprop, lbfgs: simdprop.lbfgs,
}; // biome-ignore format: a list

const { step, exponential, inverseTime, polynomial, cosine, oneCycle, reduceOnPlateau } = simdprop;
/** What schedules need besides or instead of a first rate and a number of steps. */
const NEEDED: Record<string, object> = {
  exponential: { initial: 1, steps: 2, factor: 0.5 },
  oneCycle: { maximum: 1, steps: 9 },
  reduceOnPlateau: { initial: 1 },
};

/** What each call needs, and the call with options. */
const calls: [name: string, needed: object, call: Call][] = [
  ['Network.create', { inputs: 2, layers }, (options) => Network.create(options)],
  ['a layer', { units: 2 }, (layer) => create({ layers: [layer, { units: 1 }] })],
  ['an initializer', { weights: [1, 2] }, (initializer) => create({ layers: [{ units: 1, initializer }] })],
  ['fit', { epochs: 1 }, async (options) => (await network()).fit(data, options)],
  ['a data set', data, async (set) => (await network()).fit(set, { epochs: 1 })],
  ['train', { epochs: 1 }, async (options) => (await network()).train(data, options).next()],
  ['fitStream', { epochs: 1 }, async (options) => (await network()).fitStream(() => [data], options)],
  ['trainFor', {}, async (options) => (await network()).trainFor(data, 1, options)],
  ['replayTo', { epochs: 9 }, async (options) => (await network()).replayTo(1, data, options)],
  [
    'earlyStopping',
    {},
    async (earlyStopping) => (await network()).fit(data, { epochs: 1, validation: data, earlyStopping }),
  ],
  [
    'validationSplit',
    { share: 0.5 },
    async (validationSplit) => (await network()).fit(data, { epochs: 1, validationSplit }),
  ],
  ['evaluate', {}, async (options) => (await network()).evaluate(data, options)],
  ['classify', {}, async (options) => (await network()).classify(rows, options)],
  ['copyWeights', {}, async (options) => (await network()).copyWeights(await network(), options)],
  ['save', {}, async (options) => (await network()).save(options)],
  ['load', {}, async (options) => Network.load(await saved(), options)],
  ['jacobian', {}, async (options) => (await inspected()).jacobian(rows, options)],
  ['perturb', { layer: 0, unit: 0, amount: 1 }, async (options) => (await inspected()).perturb(options)],
  [
    'checkGradients',
    {},
    async (options) =>
      (await inspected()).checkGradients(
        rows,
        data.targets.map((y) => [y]),
        options,
      ),
  ],
  ...Object.entries({ ...stepwise, lbfgs }).map(([name, make]): [string, object, Call] => [
    name,
    { learningRate: 0.1 },
    make as Call,
  ]),
  ...Object.entries({ step, exponential, inverseTime, polynomial, cosine, oneCycle, reduceOnPlateau }).map(
    ([name, make]): [string, object, Call] => [name, NEEDED[name] ?? { initial: 1, steps: 2 }, make as Call],
  ),
  ['search', { folds: 2, epochs: 1, workers: 0 }, (options) => search({ inputs: 2, layers }, data, options)],
  ['readPyTorch', { activations: ['relu', 'linear'] }, (options) => readPyTorch(stateDict, options)],
  ['writeSafetensors', {}, async (options) => writeSafetensors(await network(), options)],
  ['crossValidate', { folds: 2, epochs: 1 }, (options) => crossValidate({ inputs: 2, layers }, data, options)],
  ['splitData', { test: 3 }, (options) => splitData(data, options)],
  ['Table.fromRecords', {}, (options) => Table.fromRecords(records, options)],
  ['Table.fromCsv', {}, (options) => Table.fromCsv('a,b\n1,2', options)],
  ['table.split', { test: 3 }, (options) => table.split(options)],
  ['Encoder.fit', {}, (options) => Encoder.fit(table, options)],
  ['an encoding', {}, (a) => Encoder.fit(table, { encodings: { a } })],
  ['TableModel.fit', { target: 'big', epochs: 1 }, (options) => TableModel.fit(records, options)],
  [
    'TableModel.predict',
    {},
    async (options) => (await TableModel.fit(records, { target: 'big', epochs: 1 })).predict(records, options),
  ],
  [
    'importance',
    {},
    async (options) => (await TableModel.fit(records, { target: 'big', epochs: 1 })).importance(records, options),
  ],
  ['readCsv', {}, (options) => readCsv('a,b\n1,2\n3,4', options)],
  ['windows', { length: 3 }, (options) => windows([1, 2, 3, 4, 5, 6, 7], options)],
  ['windows of a table', { length: 3 }, (options) => windows(table, options)],
  ['splitWindows', { length: 3, test: 2 }, (options) => splitWindows([1, 2, 3, 4, 5, 6, 7, 8, 9], options)],
  ['loadPredictor', {}, async (options) => loadPredictor(await saved(), options)],
  ['learningCurve', {}, (options) => learningCurve([{ epoch: 0, cost: 1 }], options)],
  ['confusionMatrix', {}, (options) => confusionMatrix([[1, 2], [3, 4]] as Anything, options)],
]; // biome-ignore format: a list

/** The keys that a call knows, from its error for an unknown key. */
async function keysOf(needed: object, call: Call): Promise<string[]> {
  const message = await messageOf(() => call({ ...needed, '?': 1 }));
  const [, keys] = /got the unknown key "\?", want ([\w, ]+)/.exec(message) ?? [];
  expect(keys, message).toBeDefined();
  return keys.split(', ');
}

describe('null in place of an option is refused, undefined means the default', () => {
  it.each(calls)('%s', async (_, needed, call) => {
    expect(await messageOf(() => call(needed))).toBe('no error');
    const keys = await keysOf(needed, call);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(needed)));
    for (const key of keys) {
      const message = await messageOf(() => call({ ...needed, [key]: null }));
      expect([key, message]).toEqual([key, expect.stringMatching(/: got .*, want /)]);
      if (key in needed) continue;
      expect([key, await messageOf(() => call({ ...needed, [key]: undefined }))]).toEqual([key, 'no error']);
    }
  });
});
