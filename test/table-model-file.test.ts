import { describe, expect, it } from 'vitest';
import { adam, cosine, irprop, lbfgs, Network, reduceOnPlateau, sgd } from '../src/index.js';
import { Encoder, Table, TableModel, type TableModelOptions } from '../src/tabular.js';

// Whatever its options are, a model that was saved can be loaded, and predicts the same. The names of its network are
// those of its encoder.

const rows = Array.from({ length: 40 }, (_, i) => ({
  x: (i % 2 ? 2 : -2) + Math.sin(i),
  day: new Date(Date.UTC(2020, 0, 1 + i, i)),
  color: i % 7 ? ['red', 'green', 'blue'][i % 3] : null,
  isLarge: i % 5 === 0,
  isOdd: i % 2 === 1,
  count: i % 3,
  price: 1e4 + i,
  side: i % 2 ? 'right' : 'left',
}));

const CASES: [string, object][] = [
  ['no options', {}],
  ['a learning rate that is a function', { optimizer: sgd({ learningRate: (step) => 0.1 / (1 + step) }) }],
  ['a learning rate that falls to the least one', { optimizer: sgd({ learningRate: (step) => (step ? 1e-45 : 0.1) }) }],
  ['a schedule', { optimizer: adam({ learningRate: cosine({ initial: 0.1, epochs: 5 }) }) }],
  ['a schedule that watches the cost', { optimizer: adam({ learningRate: reduceOnPlateau({ initial: 0.1 }) }) }],
  ['L-BFGS', { optimizer: lbfgs() }],
  ['iRPROP+', { optimizer: irprop() }],
  ['functions', { onEpoch: () => {}, onBatch: () => true, onProgress: () => {}, signal: new AbortController().signal }],
  ['the largest seed', { seed: Number.MAX_SAFE_INTEGER }],
  ['the seed -0', { seed: -0 }],
  ['the least penalty', { l2: 5e-324 }],
  ['the largest dropout', { dropout: 1 - 2 ** -53 }],
  ['no hidden layer', { hidden: [] }],
  ['many hidden layers', { hidden: Array(200).fill(1) }],
  ['another activation', { activation: 'hardSigmoid' }],
  ['class weights', { classWeights: { left: 3 } }],
  ['sample weights', { weights: 'count' }],
  ['another monitor', { monitor: 'rocAuc', stopAt: 0.1, trainingMetrics: true }],
  ['options of the core', { network: { batchSize: 5 } }],
  ['the largest batch', { batchSize: 2 ** 31 - 1, patience: 5 }],
  ['a number for missing ones', { missing: 1e308 }],
  ['no marks', { markMissing: false }],
  ['rare categories alone', { rare: 99 }],
  ['an order', { encodings: { color: { as: 'ordinal', order: ['blue', '', 'green', 'red', 'none'] } } }],
  ['parts of dates', { encodings: { day: { parts: ['hour', 'weekday', 'year'], missing: 'refuse' } } }],
  ['other encodings', { encodings: { x: 'asIs', isOdd: 'scale' } }],
  ['numbers', { target: 'price' }],
  ['several numbers', { target: ['price', 'x'] }],
  ['labels', { target: ['isLarge', 'isOdd'] }],
  ['a boolean', { target: 'isOdd' }],
  ['numbers that are classes', { target: 'count', task: 'classes' }],
];

const json = (value: unknown) => JSON.stringify(value);

it.each(CASES)('with %s', async (_, options) => {
  const model = await TableModel.fit(rows, { target: 'side', epochs: 1, ...options } as TableModelOptions);
  const bytes = await model.save();
  const same = await TableModel.load(bytes);
  expect(json(same.predict(rows))).toBe(json(model.predict(rows)));
  expect(json(same.encoder)).toBe(json(model.encoder));
  for (const key of ['task', 'targets', 'columns', 'classes'] as const) expect(same[key]).toEqual(model[key]);
  for (const key of ['classes', 'columns', 'task'] as const) expect(same.network[key]).toEqual(model.network[key]);
  expect(await same.save()).toEqual(bytes);
  model.dispose();
  same.dispose();
});

describe('names', () => {
  it.each<[string, (network: Network) => void, string]>([
    ['classes', (net) => (net.classes = ['up', 'right']), 'network.classes[0]: got "up", want "left", as in the model'],
    ['columns', (net) => (net.columns = ['y', 'color=red']), 'network.columns[0]: got "y", want "x", as in the model'],
    ['no task', (net) => (net.task = undefined), 'got an encoder of 2 inputs and 2 outputs (classes), want 2 inputs'],
  ])(
    'a network with other %s is not saved as part of the model, and such a file is refused',
    async (_, change, error) => {
      const table = rows.map(({ x, side, isOdd }) => ({ x, 'color=red': Number(isOdd), side }));
      const model = await TableModel.fit(table, { target: 'side', epochs: 2 });
      const file = await model.save();
      const predictions = model.predict(table);
      change(model.network);
      await expect(model.save()).rejects.toThrow(`save: ${error}`);
      if (model.network.task) {
        // values and probabilities keep the names of the encoder
        expect(model.predict(table)).toEqual(predictions);
      }
      const network = await Network.load(file);
      change(network);
      await expect(TableModel.load(await network.save())).rejects.toThrow(`load: ${error}`);
    },
  );

  it('a network without names goes with every encoder', async () => {
    const model = await TableModel.fit(rows, { target: ['isLarge', 'isOdd'], epochs: 2 });
    const predictions = model.predict(rows);
    Object.assign(model.network, { classes: undefined, columns: undefined });
    const same = await TableModel.load(await model.save());
    expect(same.network.classes).toBeUndefined();
    expect(same.predict(rows)).toEqual(predictions);
    expect(model.predict(rows)).toEqual(predictions);
  });
});

describe('texts that stand for missing values', () => {
  const csv = `x,color,y\n${Array.from({ length: 40 }, (_, i) => `${i % 5 ? i : -999},${i % 4 ? 'red' : 'unknown'},${2 * i}`).join('\n')}\n`;
  const missing = ['-999', 'unknown'];
  const fit = (table: Table) => TableModel.fit(table, { target: 'y', epochs: 1, seed: 1 });

  it('are kept in the model and its file, and records are read with them', async () => {
    const model = await fit(Table.fromCsv(csv, { missing }));
    const same = await TableModel.load(await model.save());
    for (const { encoder } of [model, same]) {
      expect(encoder.missing).toEqual(missing);
      expect(Object.isFrozen(encoder.missing)).toBe(true);
      expect(Encoder.fromJSON(JSON.parse(JSON.stringify(encoder))).missing).toEqual(missing);
    }
    const none = same.predict({ x: null, color: null }).value;
    expect(same.predict({ x: -999, color: 'unknown' }).value).toBe(none);
    expect(same.predict({ x: '-999', color: null }).value).toBe(none);
    const read = Table.fromCsv(csv, { kinds: same.encoder.inputKinds, missing: same.encoder.missing });
    expect(same.predict(read)[0].value).toBe(none);
    // tables that are made of this one are read with the same option
    const table = Table.fromCsv(csv, { missing });
    for (const part of [table.slice(0, 30), table.pick([1, 2, 3]), table.select(['x', 'y']), table.without(['x'])]) {
      expect(Encoder.fit(part, { target: 'y' }).missing).toEqual(missing);
    }
  });

  it('are none in models of tables without this option, whose files are as before', async () => {
    const model = await fit(Table.fromCsv(csv));
    expect(model.encoder.missing).toBeUndefined();
    expect(Object.keys(model.encoder.toJSON())).toEqual(['version', 'inputs', 'targets']);
    expect((await TableModel.load(await model.save())).encoder.missing).toBeUndefined();
  });

  it('are checked in JSON', () => {
    const json = Encoder.fit(Table.fromCsv(csv, { missing })).toJSON();
    const load = (texts: unknown) => () => Encoder.fromJSON({ ...json, missing: texts });
    expect(load('-999')).toThrow('encoder.missing: got "-999", want an array');
    expect(load([1])).toThrow('encoder.missing[0]: got 1, want a text');
    expect(load(new Array(2 ** 32 - 1))).toThrow('encoder.missing: got an array of 4294967295, want at most 1048576');
  });
});

describe('doubles', () => {
  /** Times in seconds, ten seconds apart; near 1.7e9, floats of 32 bits are 128 apart. */
  const times = Array.from({ length: 200 }, (_, i) => ({
    x: 1.7e9 + 10 * i,
    z: Math.sin(i),
    y: 1.7e9 + 5 * i + 30 * Math.sin(i),
  }));

  it('keep their digits from the table to the prediction', async () => {
    const model = await TableModel.fit(times, { target: 'y', seed: 1 });
    const { meanAbsoluteError = 0, r2 } = await model.evaluate(times);
    expect(r2).toBeGreaterThan(0.999);
    const values = model.predict(times).map(({ value }) => value as number);
    const error = values.reduce((sum, value, i) => sum + Math.abs(value - times[i].y), 0) / 200;
    expect(error).toBeLessThan(10);
    expect(error).toBeCloseTo(meanAbsoluteError, 3);
    // the network itself predicts the same numbers in 32 bits
    const rounded = model.network.predict(model.encoder.encodeInputs(times));
    expect(values.map(Math.fround)).toEqual([...rounded]);
    expect(model.history?.warnings).toEqual([]);
  });

  it('of columns that are not scaled reach the network, which scales them or warns by their name', async () => {
    const options = { target: 'y', encodings: { x: 'asIs' } } as const;
    const model = await TableModel.fit(times, { ...options, epochs: 1 });
    expect(model.history?.warnings).toEqual([
      'data.inputs: column "x" has numbers that 32 bits cannot keep apart, want standardize: true, or the distances from a number near them',
    ]);
    const { encoder } = model;
    expect(encoder.encode(times).inputs).toBeInstanceOf(Float64Array);
    expect(encoder.encodeInputs(times)).toEqual(encoder.encode(times).inputs);
    expect(encoder.encodeInputs(times, 'float32')).toBeInstanceOf(Float32Array);
    const net = await Network.create({ inputs: 2, layers: [{ units: 1, activation: 'linear' }] });
    await net.fit(encoder.encode(times), { standardize: 'both', epochs: 400 });
    expect((await net.evaluate(encoder.encode(times))).r2).toBeGreaterThan(0.999);
    const outputs = net.predict(encoder.encodeInputs(times));
    expect(new Set(outputs).size).toBeGreaterThan(5);
  });
});
