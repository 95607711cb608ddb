import { describe, expect, it } from 'vitest';
import { crossValidate } from '../src/cross-validation.js';
import { adam, cosine, Network, sgd } from '../src/index.js';
import { readCsv } from '../src/io/csv.js';
import { splitData } from '../src/split.js';
import { Encoder, Table, TableModel } from '../src/tabular.js';
import { type Anything, create, data, layers, messageOf, x, y } from './first-calls.js';

// First calls of users who know another library. Each message must say how the call is written with simdprop.

const records = [
  { size: 1, color: 'red' },
  { size: 2, color: 'blue' },
  { size: 4, color: 'red' },
];

describe('what was meant is named for', () => {
  const net = create({});
  it.each<[string, (net: Anything) => unknown, string]>([
    ['a misspelt option of create', () => create({ batchsize: 8 }), 'unknown key "batchsize", want inputs, layers, '],
    ['a misspelt option of create', () => create({ batchsize: 8 }), ': did you mean batchSize?'],
    ['the loss', () => create({ loss: 'mse' }), ': did you mean cost?'],
    [
      'the name of a loss',
      () => create({ cost: 'categorical_crossentropy' }),
      ': did you mean categoricalCrossEntropy?',
    ],
    ['a short name', () => create({ cost: 'mse' }), ': did you mean quadratic?'],
    ['other capitals', () => create({ layers: [{ units: 1, activation: 'ReLU' }] }), ': did you mean relu?'],
    ['a misspelt option of a layer', () => create({ layers: [{ unit: 1 }] }), ': did you mean units?'],
    ['the task of regression', () => create({ task: 'regression' }), ': did you mean numbers?'],
    ['an optimizer at create', () => create({ optimizer: adam() }), ': fit takes it'],
    [
      'the rate in fit',
      (n) => n.fit(data, { learningRate: 0.1 }),
      ': an optimizer takes it: fit(data, { optimizer: adam(',
    ],
    ['its short name in fit', (n) => n.fit(data, { lr: 0.1 }), ': an optimizer takes it: fit(data, { optimizer: adam('],
    ['a misspelt option of fit', (n) => n.fit(data, { validation_split: 0.2 }), ': did you mean validationSplit?'],
    ['iterations', (n) => n.fit(data, { iterations: 9 }), ': did you mean epochs?'],
    [
      'a misspelt option of train',
      (n) => n.train(data, { epoch: 9 }),
      'options: got the unknown key "epoch", want epochs, ',
    ],
    ['a misspelt option of fitStream', (n) => n.fitStream(() => [data], { epoch: 9 }), ': did you mean epochs?'],
    ['the keys of brain.js', (n) => n.fit({ input: x, output: y }), ': did you mean inputs?'],
    [
      'a misspelt option of crossValidate',
      () => crossValidate({ inputs: 2, layers }, data, { fold: 2 } as Anything),
      ': did you mean folds?',
    ],
    ['a number of epochs', (n) => n.fit(data, 10), 'options: got 10, want an object such as { epochs: 10 }'],
    ['a rate alone', () => adam(0.1 as Anything), 'adam: got 0.1, want an object such as { learningRate: 0.1 }'],
    ['no rate', () => (sgd as Anything)(), 'sgd: got undefined, want an object such as { learningRate: ... }'],
    [
      'a schedule without a length',
      () => cosine({ initial: 1 } as Anything),
      'cosine: got neither steps nor epochs, want one of them',
    ],
    [
      'a patience',
      (n) => n.fit(data, { validation: data, earlyStopping: 5 }),
      'want an object such as { patience: 5 }',
    ],
    ['a text for a number', () => sgd({ learningRate: '0.1' } as Anything), ': 0.1 without quotes'],
    ['a text for a number', () => cosine({ initial: '1', steps: 9 } as Anything), ': 1 without quotes'],
    [
      'a text for a number',
      (n) => n.fit(data, { epochs: '5' }),
      'epochs: got "5", want an integer from 1 to 2147483647: 5 without quotes',
    ],
    ['a list for a number', (n) => n.fit(data, { epochs: [5] }), 'want an integer from 1 to 2147483647: 5 alone'],
    ['false for none', (n) => n.fit(data, { validation: data, earlyStopping: false }), '; leave it out for none'],
    ['false for none', (n) => n.fit(data, { validation: false }), ': leave it out for none'],
    ['null for none', (n) => n.fit(data, { onEpoch: null }), ': leave it out for none'],
    ['a misspelt option of replayTo', (n) => n.replayTo(1, data, { epoch: 9 }), ': did you mean epochs?'],
    ['inputs of replayTo alone', (n) => n.replayTo(1, x), ': x and y are one argument, { inputs: x, targets: y }'],
    ['a percentage', (n) => n.fit(data, { validation: 20 }), ': options.validationSplit takes a share'],
    ['a percentage of a model', () => TableModel.fit(records, { target: 'color', validation: 20 }), ': 20 % is 0.2'],
    ['no share of a model', () => TableModel.fit(records, { target: 'color', validation: 0 }), ': false for none'],
    [
      'a single choice',
      (n) => n.fit(data, { validationSplit: { share: 0.5, from: 'start' } }),
      'from: got "start", want end',
    ],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(async () => call(await net))).toContain(message);
  });

  it.each<[string, (net: Anything) => unknown]>([
    ['no text', (n) => n.fit(data, { epochs: '0' })],
    ['no text', (n) => n.fit(data, { epochs: '1.5' })],
    ['no text', () => sgd({ learningRate: '-1' } as Anything)],
    ['no text', () => create({ seed: '-1' })],
    ['no list', (n) => n.fit(data, { epochs: [0] })],
    ['no list', (n) => n.fit(data, { epochs: ['5'] })],
    ['no list', (n) => n.fit(data, { epochs: [5, 0] })],
    ['no share', () => TableModel.fit(records, { target: 'color', validation: -1 })],
    ['no share', () => TableModel.fit(records, { target: 'color', validation: 200 })],
  ])('%s whose number would be refused, too', async (_, call) => {
    const message = await messageOf(async () => call(await net));
    expect(message).toMatch(/: got .*, want [^:]*$/);
  });

  it('only once, by calls within calls', async () => {
    const wrong = { target: 'color', validation: 20 };
    expect(await messageOf(() => TableModel.fit(records, wrong))).toMatch(/rows from 1 to 2: 20 % is 0.2$/);
    const early = { target: 'color', monitor: 'mse' as Anything };
    expect(await messageOf(() => TableModel.fit(records, early))).not.toMatch(/(did you mean .*){2}/);
  });

  it('a word in the stack of the error too', async () => {
    const error = await create({ loss: 'mse' }).catch((error: Error) => error);
    expect(error.stack).toContain('did you mean cost?');
  });

  it('no word that is unlike all others, however long it is', async () => {
    expect(await messageOf(() => create({ ['q'.repeat(1e6)]: 1 }))).toMatch(/columns$/);
  });
});

describe('the way out is named for', () => {
  const net = create({});
  const three = create({ layers: [{ units: 3, activation: 'softmax' }] });
  const table = Table.fromRecords(records);
  const encoder = Encoder.fit(table, { target: 'color' });
  const path = ": readFileSync(path, 'utf8') or (await fetch(url)).text() gets it";

  it.each<[string, (net: Anything, three: Anything) => unknown, string]>([
    ['inputs and targets apart', (n) => n.fit(x, y), 'data: got an array of 4, want an object { inputs, targets }'],
    [
      'inputs and targets apart, with options',
      (n) => n.fit(x, y, { epochs: 1 }),
      'data: got an array of 4, want an object',
    ],
    ['a third argument', (n) => n.fit(data, {}, { epochs: 1 }), 'fit: argument 3: got an object (Object), want none'],
    [
      'inputs of 6 columns for a network of 2',
      (n) => n.fit({ inputs: new Float32Array(120), targets: new Float32Array(20) }),
      'data.targets: got 20 numbers, want 60, 1 for each of 60 samples of 2 inputs: or inputs: 6 at create, if there are 20 samples',
    ],
    [
      'the same with labels',
      (_, n) => n.fit({ inputs: new Float32Array(120), targets: new Uint8Array(20) }),
      'got 20 labels, want 60, one for each sample of 2 inputs: or inputs: 6 at create, if there are 20 samples',
    ],
    [
      'the same with one-hot rows',
      (_, n) => n.fit({ inputs: new Float32Array(120), targets: Array.from({ length: 20 }, () => [0, 1, 0]) }),
      'got 60 numbers, want 180, 3 for each of 60 samples of 2 inputs: or inputs: 6 at create, if there are 20 samples',
    ],
    [
      'a table as data',
      (n) => n.fit(table),
      'data: got an object (Table), want an object { inputs, targets }: TableModel',
    ],
    [
      'a method alone',
      (n) => {
        const { predict } = n;
        predict(x);
      },
      'net.predict: got the method alone, want net.predict(...)',
    ],
    [
      'fit alone',
      (n) => {
        const { fit } = n;
        return fit(data);
      },
      'net.fit: got the method alone, want net.fit(...)',
    ],
    [
      'train alone',
      (n) => {
        const { train } = n;
        train(data);
      },
      'net.train: got the method alone, want net.train(...)',
    ],
    [
      'a method of an encoder alone',
      () => {
        const { encode } = encoder;
        encode(table);
      },
      'encoder.encode: got the method alone, want encoder.encode(...)',
    ],
    [
      'a layer as weights',
      (n) => n.layers[0].setWeights(n.layers[0]),
      'want an array of 2 numbers: its getWeights() and getBiases() return them',
    ],
    [
      'a network in place of options',
      (n) => crossValidate(n, data),
      'network: got an object (Network), want the options of create: each fold has a new one',
    ],
    [
      'data in place of options',
      () => crossValidate({ inputs: 2, layers }, x as Anything, y as Anything),
      'data: got an array of 4, want an object { inputs, targets }',
    ],
    [
      'a path in place of a network',
      () => Network.load('net.bin' as Anything),
      ': readFileSync(path) or fetch(url) gets them',
    ],
    [
      'an address in place of a network',
      () => Network.load(new URL('https://example.org/net') as Anything),
      ': readFileSync(path) or fetch(url) gets them',
    ],
    [
      'a response in place of a network',
      () => Network.load(new Response('') as Anything),
      'got an object (Response), want a Uint8Array or an ArrayBuffer that save() made: await its arrayBuffer()',
    ],
    [
      'a path in place of a text',
      () => readCsv('data/iris.csv'),
      `csv: got "data/iris.csv", want the text of the file${path}`,
    ],
    ['an address in place of a text', () => Table.fromCsv('https://example.org/iris'), path],
    ['a URL in place of a text', () => Table.fromCsv(new URL('https://example.org/iris') as Anything), path],
    [
      'a response in place of a text',
      () => readCsv(new Response('') as Anything),
      'the text of the file: await its text()',
    ],
    [
      'a blob in place of a text',
      () => Table.fromCsv(new Blob(['']) as Anything),
      'the text of the file: await its text()',
    ],
    [
      'bytes in place of a text',
      () => readCsv(new Uint8Array(3) as Anything),
      ': new TextDecoder().decode(bytes) gets it from bytes',
    ],
    [
      'a path in place of a stream',
      () => Table.fromCsvStream('iris.csv' as Anything),
      ': createReadStream(path) or await fetch(url); Table.fromCsv takes a text',
    ],
    [
      'a page of an error',
      () => Table.fromCsvStream(new Response('a\n1', { status: 404 })),
      'csv: got a response of status 404, want one that is ok',
    ],
    ['a table made by new', () => new (Table as Anything)(records), 'Table: got new Table(), want Table.fromRecords, '],
    ['an encoder made by new', () => new (Encoder as Anything)(table), 'Encoder: got new Encoder(), want Encoder.fit('],
    [
      'records in place of a table',
      () => Encoder.fit(records as Anything),
      'want a Table: Table.fromRecords(records) makes one',
    ],
    [
      'a record without values',
      () => encoder.encodeInputs([{}]),
      'data: got records of no values without "size", want it too',
    ],
    [
      'a single record',
      () => encoder.encodeInputs({ size: 1 } as Anything),
      'an array of objects: [record] for a single one',
    ],
    ['the text of an encoder', () => Encoder.fromJSON('{}'), 'encoder: got "{}", want an object: JSON.parse(text)'],
    ['an encoder in place of its JSON', () => Encoder.fromJSON(encoder), 'want the result of its toJSON()'],
    [
      'an option that belongs to the table',
      () => Encoder.fit(table, { target: 'color', encodings: { size: 'oneHot' } }),
      ': the table option { kinds: { "size": "category" } } makes a category',
    ],
  ])('%s', async (_, call, message) => {
    expect(await messageOf(async () => call(await net, await three))).toContain(message);
  });

  it('labels that are integers in floats, but not for one-hot rows', async () => {
    const floats = { inputs: new Float32Array(8), targets: Float32Array.from([2, 1, 0, 2]) };
    const message = await messageOf(async () => (await three).fit(floats));
    expect(message).toMatch(/: labels of classes belong in a Uint8Array or Int32Array$/);
  });
});

describe('a table or records in place of arrays', () => {
  const HINT = 'TableModel and Encoder of simdprop/tabular take tables and records';
  const rows = Table.fromRecords([
    { a: 1, b: 2, y: 0 },
    { a: 3, b: 4, y: 1 },
  ]);
  const records = rows.toRecords();
  const inputs = [
    [1, 2],
    [3, 4],
  ];

  it.each<[string, (data: never) => (network: Network) => unknown]>([
    ['fit', (data) => (network) => network.fit(data)],
    ['evaluate', (data) => (network) => network.evaluate(data)],
    ['trainFor', (data) => (network) => network.trainFor(data, 1)],
    ['fitStream', (data) => (network) => network.fitStream(() => [data])],
    [
      'the validation of fit',
      (data) => (network) => network.fit({ inputs, targets: [[0], [1]] }, { validation: data }),
    ],
    ['inputs', (data) => (network) => network.fit({ inputs: data, targets: [[0], [1]] })],
    ['targets', (data) => (network) => network.fit({ inputs, targets: data })],
    ['predict', (data) => (network) => network.predict(data)],
    ['trainBatch', (data) => (network) => network.trainBatch(data, [[1]])],
    ['activations', (data) => (network) => network.activations(data, 0)],
    ['crossValidate', (data) => () => crossValidate({ inputs: 2, layers: [{ units: 1 }] }, data)],
    ['splitData', (data) => () => splitData(data, { test: 1 })],
  ])('%s: the message names what takes them', async (_, call) => {
    for (const data of [rows, records]) {
      const network = await Network.create({ inputs: 2, layers: [{ units: 1 }] });
      expect(await messageOf(async () => call(data as never)(network))).toContain(HINT);
    }
  });
});
