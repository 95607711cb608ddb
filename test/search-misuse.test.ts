import { describe, expect, it } from 'vitest';
import { adam, cosine, Network, sgd } from '../src/index.js';
import { integers, logUniform, oneOf, search, uniform } from '../src/search.js';
import { type Anything, expectError } from './expected-errors.js';
import { SEARCHED, searchData } from './searched.js';

// Wrong arguments of search and of choices: every setting is checked before anything is trained.

const data = searchData();
const NETWORK = await Network.create({ inputs: 3, layers: [{ units: 1 }] });
const FEW = { epochs: 1, folds: 2, workers: 0 };

/** Searches with arguments that would not compile. Throws if a training ends. */
const misuse = (network: Anything, set: Anything, options: Anything) =>
  search(network, set, {
    ...FEW,
    onProgress: () => {
      throw new Error('a setting has been trained');
    },
    ...options,
  });

describe('choices', () => {
  it.each<[string, () => unknown, typeof TypeError | typeof RangeError, string]>([
    [
      'oneOf of values',
      () => oneOf(8 as Anything),
      TypeError,
      'oneOf: got 8, want an array of the values: oneOf([8, 16, 32])',
    ],
    ['two arguments', () => oneOf([8], [9] as Anything), TypeError, 'oneOf: argument 2: got an array of 1, want none'],
    ['no values', () => oneOf([]), RangeError, 'oneOf: got an array of 0, want at least one value'],
    [
      'a fraction',
      () => integers(1.5, 3),
      RangeError,
      'integers: from: got 1.5, want an integer from -9007199254740991 to',
    ],
    ['integers downwards', () => integers(3, 2), RangeError, 'integers: to: got 2, want an integer from 3 to'],
    [
      'an empty range',
      () => uniform(1, 1),
      RangeError,
      'uniform: to: got 1, want a number above 1; oneOf([1]) is a single value',
    ],
    ['an infinity', () => uniform(0, 1 / 0), RangeError, 'uniform: to: got Infinity, want a finite number'],
    ['the logarithm of 0', () => logUniform(0, 1), RangeError, 'logUniform: from: got 0, want a positive number'],
    ['a text', () => logUniform('1' as Anything, 2), TypeError, 'logUniform: from: got "1", want a positive number'],
    ['no function', () => oneOf([1]).map(2 as Anything), TypeError, 'map: got 2, want a function'],
  ])('refuse %s', async (_, call, type, message) => {
    await expectError(call, type, new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`));
  });

  it('are no values of create and fit', async () => {
    await expect(Network.create({ inputs: 1, layers: [{ units: oneOf([1]) as Anything }] })).rejects.toThrow(
      'layers[0].units: got an object (Choice), want an integer from 1 to 65536',
    );
    expect(() => structuredClone(oneOf([1]))).toThrow(/a choice: search takes it/);
  });
});

describe('arguments', () => {
  it.each<[string, Anything, Anything, Anything, string]>([
    ['a network', NETWORK, data, {}, 'network: got an object (Network), want the options of create'],
    ['no network', undefined, data, {}, 'network: got undefined, want an object'],
    [
      'an unknown key of create',
      { ...SEARCHED, layer: [] },
      data,
      {},
      'network: got the unknown key "layer", want inputs',
    ],
    [
      'an unknown key of a layer',
      { inputs: 3, layers: [{ units: 1, dropOut: oneOf([0]) }] },
      data,
      {},
      'layers[0]: got the unknown key "dropOut", want units, activation, initializer, bias, dropout, maxNorm: did you mean dropout?',
    ],
    ['an unknown key of fit', SEARCHED, data, { epoch: 3 }, 'options: got the unknown key "epoch", want trials,'],
    ['callbacks of fit', SEARCHED, data, { onEpoch: () => {} }, 'options: got the unknown key "onEpoch", want trials,'],
    ['no data', SEARCHED, undefined, {}, 'data: got undefined, want an object { inputs, targets }'],
    [
      'data of another width',
      { ...SEARCHED, inputs: 7 },
      data,
      {},
      'data.inputs: got 180 numbers, want rows of 7 numbers',
    ],
    [
      'a metric of another task',
      SEARCHED,
      data,
      { metric: 'r2' },
      'options.metric: got "r2", want one of cost, accuracy',
    ],
    [
      'top-k accuracy',
      SEARCHED,
      data,
      { metric: 'topKAccuracy' },
      'options.metric: got "topKAccuracy", want one of cost',
    ],
    [
      'folds and validation data',
      SEARCHED,
      data,
      { validation: data },
      'options.validation: got folds too, want one of them',
    ],
    [
      'two kinds of validation',
      SEARCHED,
      data,
      { folds: undefined, validation: data, validationSplit: 0.2 },
      'options.validationSplit: got validation too',
    ],
    ['too many folds', SEARCHED, data, { folds: 61 }, 'options.folds: got 61, want at most one for each of 60 samples'],
    ['one fold', SEARCHED, data, { folds: 1 }, 'options.folds: got 1, want an integer from 2'],
    [
      'a part of all',
      SEARCHED,
      data,
      { folds: undefined, validationSplit: 1.5 },
      'options.validationSplit: got 1.5, want',
    ],
    [
      'strata without folds',
      SEARCHED,
      data,
      { folds: undefined, validationSplit: 0.5, stratify: true },
      'options.stratify: got one without folds, want folds, or none',
    ],
    [
      'validation data that do not fit',
      SEARCHED,
      data,
      { folds: undefined, validation: { inputs: [1], targets: [1] } },
      'options.validation.inputs: got 1 number, want rows of 3',
    ],
    [
      'a range in a grid',
      { ...SEARCHED, l2: uniform(0, 1) },
      data,
      {},
      'network.l2: got a range of numbers in a grid, want oneOf([...]), or trials: 20 for 20 random draws',
    ],
    [
      'a huge grid',
      { ...SEARCHED, seed: integers(0, 1e6) },
      data,
      {},
      'options: got more than 100000 settings, want fewer, or trials: 20',
    ],
    ['no trials', SEARCHED, data, { trials: 0 }, 'options.trials: got 0, want an integer from 1 to 100000'],
    ['more trials than settings', SEARCHED, data, { trials: 4 }, 'options.trials: got 4, want at most 3, all settings'],
    ['a seed below 0', SEARCHED, data, { seed: -1 }, 'options.seed: got -1, want an integer from 0'],
    ['half a worker', SEARCHED, data, { workers: 0.5 }, 'options.workers: got 0.5, want an integer from 0 to 1024'],
    [
      'a worker as createWorker',
      SEARCHED,
      data,
      { createWorker: {} },
      'options.createWorker: got an object (Object), want a function that returns a Worker',
    ],
    [
      'a signal that is none',
      SEARCHED,
      data,
      { signal: {} },
      'options.signal: got an object (Object), want an AbortSignal',
    ],
    ['progress that is no function', SEARCHED, data, { onProgress: 1 }, 'options.onProgress: got 1, want a function'],
    [
      'an empty path',
      SEARCHED,
      data,
      { log: '' },
      'options.log: got "", want the path of a file, or an object { read(), append(text) }',
    ],
    ['half a log', SEARCHED, data, { log: { read() {} } }, 'options.log: got an object (Object), want the path'],
    [
      'a log that returns bytes',
      SEARCHED,
      data,
      { log: { read: () => new Uint8Array(1), append() {} } },
      'options.log: read(): got Uint8Array of 1 bytes, want the text that was appended',
    ],
    [
      'halving of one setting',
      { ...SEARCHED, layers: [{ units: 1 }] },
      data,
      { epochs: undefined, halving: { budget: 9 } },
      'options.halving: got 1 setting, want two or more',
    ],
    [
      'halving without a budget',
      SEARCHED,
      data,
      { epochs: undefined, halving: {} },
      'options.halving.budget: got undefined, want an integer from 6 to',
    ],
    [
      'a budget that is too small',
      SEARCHED,
      data,
      { epochs: undefined, halving: { budget: 5 } },
      'options.halving.budget: got 5, want an integer from 6 to',
    ],
    [
      'halving that is true',
      SEARCHED,
      data,
      { epochs: undefined, halving: true },
      'options.halving: got true, want an object such as { budget: ... }',
    ],
    [
      'epochs with halving',
      SEARCHED,
      data,
      { halving: { budget: 9 } },
      'options.epochs: got some with halving, want none: its budget says how many',
    ],
    [
      'costs that differ',
      { ...SEARCHED, cost: oneOf(['quadratic', 'binaryCrossEntropy']) },
      data,
      {},
      'options.metric: got "cost" for settings whose costs differ, want another metric, such as "accuracy": costs of different kinds cannot be compared',
    ],
  ])('are refused: %s', async (_, network, set, options, message) => {
    const error = await misuse(network, set, options).then(
      () => 'nothing was refused',
      (reason: Error) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(['TypeError', 'RangeError']).toContain((error as Error).name);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message.startsWith(message)).toBe(true);
  });

  it('suggest what was meant', async () => {
    await expect(misuse(SEARCHED, data, { cv: 3 })).rejects.toThrow(/: did you mean folds\?$/);
    await expect(misuse(SEARCHED, data, { optimiser: adam() })).rejects.toThrow(/: did you mean optimizer\?$/);
    await expect(misuse({ ...SEARCHED, costs: 'huber' }, data, {})).rejects.toThrow(/: did you mean cost\?$/);
    await expect(misuse({ ...SEARCHED, cost: oneOf(['hubber']) }, data, {})).rejects.toThrow(/: did you mean huber\?$/);
  });
});

describe('a wrong value of the last setting', () => {
  it.each<[string, Anything, Anything, string]>([
    [
      'units',
      { inputs: 3, layers: [{ units: oneOf([2, 0]) }, { units: 1 }] },
      {},
      'layers[0].units: got 0, want an integer from 1',
    ],
    [
      'initial weights',
      { ...SEARCHED, layers: [{ units: 1, initializer: oneOf(['zeros', 'none']) }] },
      {},
      'layers[0].initializer: got "none"',
    ],
    ['the batch size', SEARCHED, { batchSize: oneOf([1, -1]) }, 'options.batchSize: got -1, want an integer from 1'],
    [
      'batches',
      SEARCHED,
      { batches: oneOf([30, 31]) },
      'options.batches: got 31, want at most one for each of 30 samples',
    ],
    ['both', SEARCHED, { batches: 2, batchSize: oneOf([undefined, 2]) }, 'options.batches: got batchSize too'],
    [
      'a full batch',
      SEARCHED,
      { optimizer: oneOf([adam(), { name: 'irprop' }]), batchSize: 29 },
      'options.batchSize: got 29, want all 30 samples',
    ],
    [
      'the optimizer',
      SEARCHED,
      { optimizer: { name: 'adam', learningRate: oneOf([0.1, 0]) } },
      'optimizer.learningRate: got 0, want a positive number',
    ],
    [
      'early stopping',
      SEARCHED,
      { earlyStopping: { patience: oneOf([1, 0]) } },
      'options.earlyStopping.patience: got 0, want an integer from 1',
    ],
    [
      'class weights',
      SEARCHED,
      { classWeights: oneOf(['balanced', [1, 2, 3]]) },
      'options.classWeights: got 3 weights, want 2',
    ],
    ['standardised targets', SEARCHED, { standardize: oneOf([true, 'both']) }, 'options.standardize: got'],
    [
      'dropout',
      { inputs: 3, layers: [{ units: 1, dropout: oneOf([0, 0.5]) }] },
      {},
      'layers[0].dropout: got 0.5, want none on the output layer',
    ],
    [
      'what map returns',
      { ...SEARCHED, l2: oneOf([1, 2]).map((x) => (x === 2 ? 'two' : x)) },
      {},
      'l2: got "two", want a number',
    ],
  ])('is refused before the first training: %s', async (_, network, options, message) => {
    const error = await misuse(network, data, options).then(
      () => 'nothing was refused',
      (reason: Error) => reason.message,
    );
    expect(error).not.toBe('a setting has been trained');
    expect(error).toContain(message);
  });
});

describe('functions', () => {
  const cost = {
    value: (a: Float32Array, y: Float32Array) => (a[0] - y[0]) ** 2,
    gradient: (a: Float32Array, y: Float32Array, out: Float32Array) => void out.fill(2 * (a[0] - y[0])),
  };

  it('are refused with workers, and their place is named', async () => {
    const way = ': got a function, want no function: workers cannot be given one; workers: 0 trains in this thread';
    const refused = (network: Anything, options: Anything) => misuse(network, data, { ...options, workers: 2 });
    await expect(refused({ ...SEARCHED, cost }, {})).rejects.toThrow(`network.cost.value${way}`);
    const optimizer = oneOf([
      adam({ learningRate: cosine({ initial: 0.1, epochs: 3 }) }),
      sgd({ learningRate: () => 0.1 }),
    ]);
    await expect(refused(SEARCHED, { optimizer })).rejects.toThrow(`options.optimizer.learningRate${way}`);
    await expect(misuse({ ...SEARCHED, cost }, data, { workers: undefined })).rejects.toThrow(way);
  });

  it('are taken by a search in this thread', async () => {
    const { best } = await search({ ...SEARCHED, cost }, data, FEW);
    expect(best.score).toBeGreaterThan(0);
    const rated = await search(SEARCHED, data, { ...FEW, optimizer: sgd({ learningRate: () => 0.5 }) });
    const plain = await search(SEARCHED, data, { ...FEW, optimizer: sgd({ learningRate: 0.5 }) });
    expect(rated.trials.map(({ score }) => score)).toEqual(plain.trials.map(({ score }) => score));
  });
});
