import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import { Network } from '../src/index.js';
import { Encoder, Table, TableModel } from '../src/tabular.js';
import { type Anything, create, data, layers, messageOf, x, y } from './first-calls.js';

// First calls of users who know Keras, TensorFlow.js, scikit-learn or brain.js. Each message says what was given, what
// is wanted, and what to do.

const rows = Array.from({ length: 30 }, (_, i) => ({ x: i, side: i % 2 ? 'right' : 'left' }));

const XY = 'want an object { inputs, targets }: x and y are one argument, { inputs: x, targets: y }';
const PROGRESS = ': onEpoch: (report) => console.log(report.cost) shows progress';

describe('the way out follows what is wanted', () => {
  const net = create({});
  it.each<[string, (net: Anything) => unknown, string]>([
    // files
    [
      'the text of JSON as a file',
      () => Network.load('{"a":1}' as Anything),
      '; save() writes bytes, which are no JSON',
    ],
    [
      'base64 as a file',
      () => Network.load('QUJD'.repeat(50) as Anything),
      '; Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) decodes base64',
    ],
    ['numbers as a file', () => Network.load([1, 2] as Anything), 'that save() made: Uint8Array.from(bytes)'],
    [
      'bytes that were JSON as a file',
      () => Network.load(JSON.parse(JSON.stringify(Uint8Array.of(1, 2)))),
      ': Uint8Array.from(Object.values(bytes)) gets them from JSON of bytes',
    ],
    ['a path to save', (n) => n.save('m.bin'), '; saveFile(path, bytes) writes what this call returns'],
    [
      'a name in place of options',
      (n) => n.fit({ inputs: x, targets: y }, 'adam' as Anything),
      '; { name: value } for each',
    ],
    // data
    ['inputs and targets apart in fit', (n) => n.fit(x, y), XY],
    ['typed inputs and targets apart', (n) => n.fit(new Float32Array(8), new Float32Array(4)), XY],
    ['inputs and targets apart in evaluate', (n) => n.evaluate(x, y), XY],
    ['inputs and targets apart in trainFor', (n) => n.trainFor(x, y), XY],
    ['validation as a pair', (n) => n.fit(data, { validation: [x, y] }), XY],
    ['validation as a share', (n) => n.fit(data, { validation: 0.2 }), ': options.validationSplit takes a share'],
    [
      'samples of brain.js',
      (n) => n.fit([{ input: [0, 0], output: [0] }]),
      '{ inputs: data.map(({ input }) => input), targets: data.map(({ output }) => output) }',
    ],
    ['several data sets', (n) => n.fit([data, data]), 'fitStream takes data in several parts'],
    ['data where inputs are meant', (n) => n.trainBatch(data), ': its inputs, and its targets apart from them'],
    ['data for predict', (n) => n.predict(data), ': its inputs, and its targets apart from them'],
    ['a tensor', (n) => n.fit({ inputs: { dataSync() {} }, targets: y }), 'its dataSync()'],
    ['a set', (n) => n.fit({ inputs: new Set(x), targets: y }), ': Array.from(values)'],
    [
      'a row for a number',
      (n) => n.fit({ inputs: x, targets: x }),
      'got a row of 2, want 1 number, one for each output',
    ],
    // streams
    ['data as a source', (n) => n.fitStream(data), ': fitStream(() => [data]); fit takes one data set'],
    ['an array as a source', (n) => n.fitStream([data]), ': fitStream(() => parts)'],
    [
      'a source whose next() gives null',
      (n) => n.fitStream(() => ({ [Symbol.asyncIterator]: () => ({ next: () => null }) })),
      'source: the result of next(): got null, want an object { done, value }',
    ],
    // numbers
    [
      'a text of epochs',
      (n) => n.fit(data, { epochs: '10' }),
      'got "10", want an integer from 1 to 2147483647: 10 without',
    ],
    ['a text of units', () => create({ layers: [{ units: '3' }] }), ': 3 without quotes'],
    [
      'an array of inputs',
      () => create({ inputs: [2] }),
      'got an array of 1, want an integer from 1 to 65536: 2 alone',
    ],
    ['percent', (n) => n.fit(data, { validationSplit: 20 }), 'a number of samples from 1 to 3: 20 % is 0.2'],
    ['no share', (n) => n.fit(data, { validationSplit: 0 }), ': leave it out for none'],
    ['a count as share', (n) => n.fit(data, { validationSplit: { share: 2 } }), ': { count: 2 } is a number of them'],
    ['a share as count', (n) => n.fit(data, { validationSplit: { count: 0.5 } }), ': { share: 0.5 } is a share'],
    ['options for milliseconds', (n) => n.trainFor(data, { epochs: 1 }), ': trainFor(data, milliseconds, options)'],
    // networks
    [
      'no inputs',
      () => Network.create({ layers } as Anything),
      'want an integer from 1 to 65536: the number of input columns',
    ],
    [
      'a layer of dropout',
      () => create({ layers: [{ dropout: 0.5 }] }),
      ': every layer has units, such as { units: 10 }',
    ],
    ['no layers', () => create({ layers: [] }), 'got 0 layers, want 1 to 1024'],
    [
      'no activation',
      () => create({ layers: [{ units: 1, activation: null }] }),
      'activation: got null, want one of linear',
    ],
    [
      'numbers as names',
      () => create({ classes: [0, 1] }),
      'classes[0]: got 0, want a string: String(value), or no names',
    ],
    ['early stopping', (n) => n.fit(data, { validation: data, earlyStopping: true }), '; {} has the default patience'],
    // words
    ['hiddenLayers', () => create({ hiddenLayers: [3] }), ': did you mean layers?'],
    ['outputs', () => create({ outputs: 1 }), ': the units of the last layer are the outputs'],
    [
      'activation',
      () => create({ activation: 'relu' }),
      ": each layer has its own: layers: [{ units: 10, activation: 'relu' }]",
    ],
    ['metrics', () => create({ metrics: ['accuracy'] }), ': evaluate returns all metrics of the task'],
    ['random_state', () => create({ random_state: 1 }), ': did you mean seed?'],
    ['alpha', () => create({ alpha: 1 }), ': did you mean l2?'],
    ['type', () => create({ layers: [{ type: 'dense', units: 1 }] }), ': every layer is dense: { units: 10 }'],
    ['logistic', () => create({ layers: [{ units: 1, activation: 'logistic' }] }), ': did you mean sigmoid?'],
    ['identity', () => create({ layers: [{ units: 1, activation: 'identity' }] }), ': did you mean linear?'],
    ['bce', () => create({ cost: 'bce' }), ': did you mean binaryCrossEntropy?'],
    ['mae', () => create({ cost: 'mae' }), ': did you mean meanAbsoluteError?'],
    ['mean_squared_error', () => create({ cost: 'mean_squared_error' }), ': did you mean quadratic?'],
    ['callbacks', (n) => n.fit(data, { callbacks: [] }), PROGRESS],
    ['verbose', (n) => n.fit(data, { verbose: 1 }), PROGRESS],
    ['errorThresh', (n) => n.fit(data, { errorThresh: 0.005 }), ': did you mean stopAt?'],
    ['sampleWeight', (n) => n.fit(data, { sampleWeight: y }), ': the data set has them: { inputs, targets, weights }'],
    ['cv', () => crossValidate({ inputs: 2, layers }, data, { cv: 3 } as Anything), ': did you mean folds?'],
    // tables
    [
      'layers of a model',
      () => TableModel.fit(rows, { target: 'side', layers: [3] } as Anything),
      ': did you mean hidden?',
    ],
    ['y of a model', () => TableModel.fit(rows, { y: 'side' } as Anything), ': did you mean target?'],
    [
      'early_stopping',
      () => TableModel.fit(rows, { target: 'side', early_stopping: true } as Anything),
      ': did you mean patience?',
    ],
    [
      'a text to a model',
      () => TableModel.fit('x,y\n1,2' as Anything, { target: 'y' }),
      ': Table.fromCsv(text) makes a Table of CSV',
    ],
    [
      'rows to a model',
      () => TableModel.fit([[1, 2]], { target: 'y' }),
      ': rows.map(([x, y]) => ({ x, y })) makes objects of rows',
    ],
    [
      'columns to a model',
      () => TableModel.fit({ x: [1], y: [2] } as Anything, { target: 'y' }),
      ': Table.fromColumns(columns) makes a Table',
    ],
    ['a table by new', () => new (Table as Anything)(), 'Table: got new Table(), want Table.fromRecords, '],
    ['an encoder by new', () => new (Encoder as Anything)(), 'Encoder: got new Encoder(), want Encoder.fit('],
    ['rows as columns', () => Table.fromColumns([[1, 2]] as Anything), ': Table.fromRecords(records) takes objects'],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(async () => call(await net))).toContain(message);
  });
});

describe('options of any length are refused before they are read', () => {
  /** An array that claims any length. Reading more of it than `most` items throws. */
  const long = (value: unknown, most = 70_000) => {
    let reads = 0;
    return new Proxy([], {
      has: () => true,
      get(target, key) {
        if (key === 'length') return 2 ** 32 - 1;
        if (typeof key === 'symbol' || !/^\d+$/.test(key)) return Reflect.get(target, key);
        if (++reads > most) throw new Error(`${most} items were read`);
        return value;
      },
    }) as Anything;
  };
  const model = (options: object) => TableModel.fit(rows, { target: 'side', ...options });
  it.each<[string, () => unknown, RegExp]>([
    ['hidden', () => model({ hidden: long(5) }), /^options\.hidden: got an array of 4294967295, want at most 1023/],
    ['target', () => model({ target: long('side') }), /^options\.target: got an array of 4294967295, want at most/],
    ['inputs', () => model({ inputs: long('x') }), /^options\.inputs: got an array of 4294967295, want at most the 2/],
    ['classes', () => create({ classes: long('a') }), /^classes: got 4294967295 names, want 2/],
    ['columns', () => create({ columns: long('a') }), /^columns: got 4294967295 names, want 2/],
    ['layers', () => create({ layers: long({ units: 1 }) }), /^layers: got 4294967295 layers, want 1 to 1024/],
    [
      'units',
      () => create({ layers: [{ units: long(1) }] }),
      /^layers\[0\]\.units: got an array of 4294967295, want an/,
    ],
    ['activation', () => create({ layers: [{ units: 2, activation: long('relu') }] }), /got 4294967295 names, want 2/],
    [
      'classWeights',
      async () => (await create({})).fit(data, { classWeights: long(1) }),
      /^options\.classWeights: got 4294967295 weights, want 2/,
    ],
    [
      'names of data',
      async () => (await create({})).fit({ ...data, classes: long('a') }),
      /^data\.classes: got 4294967295/,
    ],
    ['assigned names', async () => Object.assign(await create({}), { columns: long('a') }), /^columns: got 4294967295/],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(call)).toMatch(message);
  });
});
